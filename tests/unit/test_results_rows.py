"""What 収集結果表示 says of a receipt, and when it offers the sheet 「返信が届かないとき」."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kollect.ledger.records import Receipt
from kollect.ledger.states import ReceiptState
from kollect.ui.results.results_rows import about, has_not_arrived

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
UNKNOWN_USER = "550 Unknown user a@docomo.ne.jp"


def receipt(state: ReceiptState, address: str, reason: str) -> Receipt:
    return Receipt(1001, address, NOW, None, state, reason, 1, False)


@pytest.mark.parametrize(
    ("state", "address", "reason", "helps"),
    [
        (ReceiptState.UNDELIVERABLE, "a@docomo.ne.jp", UNKNOWN_USER, True),
        (ReceiptState.REFUSED, "a@docomo.ne.jp", UNKNOWN_USER, True),
        (ReceiptState.PENDING, "a@docomo.ne.jp", UNKNOWN_USER, True),
        (ReceiptState.REFUSED, "a@ezweb.ne.jp", "550 <a@ezweb.ne.jp>: User unknown", True),
        (ReceiptState.REFUSED, "a@softbank.ne.jp", "554 Transaction failed", True),
        (ReceiptState.REFUSED, "a@rakumail.jp", "550 5.7.1 Blocked by recipient", True),
        (ReceiptState.REFUSED, "a@icloud.com", "550 5.7.1 [CS01] local policy", True),
        (ReceiptState.REPLIED, "a@gmail.com", "450 later", True),
        (ReceiptState.REFUSED, "a@docomo.ne.jp", "550 5.7.1 SPF check failed", False),
        (ReceiptState.REFUSED, "a@office.example", "554 Transaction failed", False),
        (ReceiptState.PENDING, "a@docomo.ne.jp", "450 try again", False),
        (ReceiptState.PENDING, "a@docomo.ne.jp", "", False),
        (ReceiptState.REPLIED, "a@docomo.ne.jp", "", False),
    ],
)
def test_the_sheet_is_offered_for_every_refusal_that_it_may_cure(
    state: ReceiptState, address: str, reason: str, helps: bool
):
    """docomo says no at RCPT (不達) or behind the letter (断られました)."""
    assert has_not_arrived(receipt(state, address, reason)) is helps


@pytest.mark.parametrize(
    "state", [ReceiptState.UNDELIVERABLE, ReceiptState.REFUSED, ReceiptState.PENDING]
)
def test_a_refusal_that_may_be_the_customers_filter_is_told_as_that(state: ReceiptState):
    text = about(receipt(state, "a@docomo.ne.jp", UNKNOWN_USER))
    assert text.startswith("届きません（受信拒否の設定かもしれません）。")
    assert text.endswith(f"（サーバの答え: {UNKNOWN_USER}）")
    assert ("もう一度送ってみます" in text) is (state is ReceiptState.PENDING)
