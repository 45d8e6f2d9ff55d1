"""What became of a mailing, as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable

from kollect.delivery.refusal import is_refusal
from kollect.mailing.mailing_states import MailingRecipient, RecipientState
from kollect.members.csv_export import minute_text
from kollect.settings.number_format import number_text
from kollect.storage.csv_format import csv_bytes

_MAILING_HEADER = ("受付番号", "お名前", "メールアドレス", "結果", "日時", "理由")
STEP_WORDS = {
    RecipientState.WAITING: "未送信",
    RecipientState.SENDING: "送信中",
    RecipientState.UNKNOWN: "未確認（もう一度送ります）",
    RecipientState.DEFERRED: "後でもう一度送ります",
    RecipientState.SENT: "送信済",
    RecipientState.UNDELIVERABLE: "不達",
    RecipientState.UNCERTAIN: "未確認",
    RecipientState.LEFT_OUT: "対象外",
}

REFUSED = "断られました"


def result_word(step: RecipientState, answer: str) -> str:
    """What became of a letter; 不達 only where its mailbox is to blame."""
    return (
        REFUSED if step is RecipientState.UNDELIVERABLE and is_refusal(answer) else STEP_WORDS[step]
    )


def mailing_csv(
    recipients: Iterable[MailingRecipient], encoding: str = "utf-8-sig", digits: int = 0
) -> bytes:
    """What became of a mailing, a row for each who was chosen."""
    rows = (
        (
            *(number_text(one.number, digits), one.name, one.address),
            result_word(one.step, one.answer),
            *(minute_text(one.step_at), one.answer),
        )
        for one in recipients
    )
    return csv_bytes(_MAILING_HEADER, rows, encoding)
