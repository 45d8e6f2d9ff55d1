"""A kept mail as a row of 「対象外・保留」, with what became of it in a few words.

Why it got no answer (理由) is written by `decision`, when the mail comes, and kept with it.
"""

from __future__ import annotations

from datetime import date

from kollect.decision.types import Kind
from kollect.ledger.kept_query import KeptMail
from kollect.ledger.states import TO_SEND, MailState
from kollect.mail.foreign_text import exact
from kollect.settings.number_format import number_text
from kollect.ui.widgets.dates import moment_text, short_moment_text
from kollect.ui.widgets.table import TableColumn, TableRow

COLUMNS = (
    TableColumn("届いた日時", 8.8, narrow=6.2),
    TableColumn("差出人", 15, stretch=True),
    TableColumn("見出", 14, stretch=True),
    TableColumn("扱い", 9.5, narrow=9),
)


def row_of(mail: KeptMail, digits: int, short_for: date | None = None) -> TableRow:
    """`short_for`: there is little room, and it is this day."""
    values = (
        short_moment_text(mail.seen_at, short_for) if short_for else moment_text(mail.seen_at),
        exact(mail.address) or "（読み取れません）",
        mail.subject or "（見出なし）",
        handling(mail, digits),
    )
    return TableRow(values, "wrong" if says_no_perhaps(mail) else "")


def says_no_perhaps(mail: KeptMail) -> bool:
    """A member who is still written to may have asked for an end of it: somebody has to look."""
    return mail.kind == Kind.STOP_PERHAPS and mail.written_to is not None


def handling(mail: KeptMail, digits: int) -> str:
    """What became of a mail, in a few words."""
    if says_no_perhaps(mail):
        return "配信停止の希望？"
    if mail.by_hand is not None and mail.by_hand.number is not None:
        return f"番号 {number_text(mail.by_hand.number, digits)} を発行"
    step = mail.by_hand.step if mail.by_hand is not None else mail.step
    if step in TO_SEND:
        return "返信待ち" if mail.number else "転送待ち"
    if mail.number:
        return f"番号 {number_text(mail.number, digits)}（不達）"
    if step is MailState.SENT or (mail.by_hand is None and mail.answer.startswith("2")):
        return "転送済み"
    return "転送できず" if mail.answer or mail.by_hand else "保存のみ"
