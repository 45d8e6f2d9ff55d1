"""What 収集結果表示 asks of the ledger: searches, orders, periods, on a real kollect.db."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_query import ReceiptOrder, ReceiptQuery
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import ReceiptState
from kollect.mail import address
from kollect.members.address_change import AddressChanges
from tests.helpers.member_samples import YAMADA

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
PEOPLE = (
    "Taro@docomo.ne.jp",
    "hanako..love@docomo.ne.jp",
    '"ken..z"@docomo.ne.jp',
    "yuki123@gmail.com",
    "100%natural_x@gmail.com",
)


@pytest.fixture
def receipts(tmp_path: Path):
    path = tmp_path / "kollect.db"
    with closing(Ledger(path)) as ledger, ledger.transaction():
        template = ledger.template_in_force("acknowledgement", "s", "b", NOW)
        for hour, mail in enumerate(PEOPLE):
            ledger.give_number(
                mail, address.key(mail), NOW + timedelta(hours=hour), first=121, template=template
            )
        ledger.receipt_state(122, ReceiptState.REPLIED, NOW + timedelta(hours=9))
        ledger.receipt_state(121, ReceiptState.REPLIED, NOW + timedelta(hours=10))
        ledger.receipt_state(124, ReceiptState.UNDELIVERABLE, NOW, "550 no such user")
        ledger.count_again(123)
    with Receipts(path) as reader:
        yield reader


def numbers(receipts: Receipts, **conditions: object) -> list[int]:
    return list(receipts.numbers(ReceiptQuery(**conditions)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [125, 124, 123, 122, 121]),
        ("taro", [121]),
        ("TARO", [121]),
        ("ｔａｒｏ＠", [121]),
        ("docomo", [123, 122, 121]),
        ("docomo love", [122]),
        ('"ken..z', [123]),
        ("n..z", [123]),
        ("%", [125]),
        ("_", [125]),
        ("'; DROP TABLE receipt", []),
        ("zzz", []),
        ("12", [125, 124, 123, 122, 121]),
        ("123", [123, 124]),  # the number typed comes first, then yuki123
        ("0123", [123]),
        ("23", [124]),  # no number begins so
    ],
)
def test_words_are_found_in_addresses_and_at_the_beginning_of_numbers(
    receipts: Receipts, text: str, found: list[int]
):
    assert numbers(receipts, text=text) == found


@pytest.mark.parametrize(
    ("order", "rising"),
    [
        (ReceiptOrder.NUMBER, [121, 122, 123, 124, 125]),
        (ReceiptOrder.ADDRESS, [125, 122, 123, 121, 124]),
        (ReceiptOrder.RECEIVED, [121, 122, 123, 124, 125]),
        (ReceiptOrder.REPLIED, [123, 124, 125, 122, 121]),
        (ReceiptOrder.STATE, [121, 122, 123, 125, 124]),
        (ReceiptOrder.TIMES, [121, 122, 124, 125, 123]),
    ],
)
def test_every_column_sorts_both_ways(receipts: Receipts, order: ReceiptOrder, rising: list[int]):
    assert numbers(receipts, order=order, descending=False) == rising
    assert numbers(receipts, order=order, descending=True) == rising[::-1]


def test_members_can_be_sorted_together(receipts: Receipts):
    assert set(numbers(receipts, order=ReceiptOrder.MEMBER)) == {121, 122, 123, 124, 125}


def test_a_period_includes_its_first_moment_and_not_its_last(receipts: Receipts):
    hour = timedelta(hours=1)
    assert numbers(receipts, since=NOW + hour, until=NOW + 3 * hour) == [123, 122]
    assert numbers(receipts, since=NOW + 9 * hour) == []


def test_a_state_alone_and_with_words(receipts: Receipts):
    assert numbers(receipts, state=ReceiptState.UNDELIVERABLE) == [124]
    assert numbers(receipts, state=ReceiptState.REPLIED, text="taro") == [121]


def test_a_number_without_a_member_waits_for_its_form(receipts: Receipts, tmp_path: Path):
    """Withdrawn is registered; a number that a member's new address was given is the member's."""
    assert numbers(receipts, unregistered=True) == [125, 124, 123, 122, 121]
    with closing(AddressChanges(tmp_path / "kollect.db")) as members:
        for number in (121, 122):
            members.register(replace(YAMADA, number=number), NOW)
        members.withdraw(122, NOW, "会員一覧")
        members.change_address(121, 125, NOW, "会員一覧")
        assert members.unregistered() == 2
        assert numbers(receipts, unregistered=True) == [124, 123]
        members.register(replace(YAMADA, number=124), NOW)
        assert members.unregistered() == 1
    assert numbers(receipts, unregistered=True, text="docomo") == [123]
    assert numbers(receipts, unregistered=True, text="gmail") == []
    assert numbers(receipts, unregistered=True, since=NOW + timedelta(hours=3)) == []


def test_rows_are_read_for_the_numbers_asked_for(receipts: Receipts):
    rows = receipts.some([125, 121, 999])
    assert set(rows) == {121, 125}
    assert rows[121].address == "Taro@docomo.ne.jp"
    assert rows[121].state is ReceiptState.REPLIED
    assert receipts.total() == 5


def test_receipts_are_counted_by_the_hour(receipts: Receipts):
    hour = NOW.replace(minute=0)
    assert receipts.hours(None, None) == [(hour + timedelta(hours=n), 1) for n in range(5)]
    assert receipts.hours(NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == [
        (hour + timedelta(hours=1), 1)
    ]
