"""The mails of which there is a copy in kept/, as 「対象外・保留」 shows them: reading only."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.receipt_query import search_words
from kollect.ledger.states import MailState
from kollect.storage.database import Row, one_of, to_text, to_time
from kollect.storage.reader import Reader

_MAIL = (
    "SELECT id, kind, reason, address, subject, message_id, thread, number, kept, whole, step,"
    " answer, seen_at, (SELECT number FROM member WHERE mail.address_key <> ''"
    " AND (number IN (SELECT coalesce(receipt.stands_for, receipt.number) FROM receipt"
    " JOIN member AS own ON own.number = receipt.number"
    " WHERE receipt.address_key = mail.address_key)"
    # who has left it, where nobody has it now: as `Members.stop`
    " OR number IN (SELECT coalesce(own.stands_for, own.number) FROM former_address AS former"
    " JOIN receipt AS own USING (number) WHERE former.address_key = mail.address_key AND NOT EXISTS"
    " (SELECT 1 FROM receipt JOIN member USING (number)"
    " WHERE receipt.address_key = former.address_key)))"
    " AND member.state = 'active' AND member.stopped_at IS NULL LIMIT 1) FROM mail"
)


@dataclass(frozen=True, slots=True)
class ByHand:
    """What staff decided about a kept mail, and what became of it."""

    number: int | None
    """The number that was given; None: it was forwarded."""
    step: MailState


@dataclass(frozen=True, slots=True)
class KeptMail:
    id: int
    kind: str
    reason: str
    address: str
    """Empty where the sender cannot be read."""
    subject: str
    message_id: str
    thread: str
    number: int | None
    """The number that the program answered it with."""
    file: str
    whole: bool
    """The copy is the whole mail."""
    step: MailState
    answer: str
    """What the sending server said."""
    seen_at: datetime
    by_hand: ByHand | None = None
    written_to: int | None = None
    """The member at this address, or who has left it for another, who may be written to; None:
    there is none (any more)."""


class KeptMails(Reader):
    def ids(self, since: datetime, text: str = "") -> array[int]:
        """The mails kept since then, the newest first. `text`: words of the sender, the subject."""
        words = search_words(text)
        found = " AND instr(lower(address || ' ' || subject), ?)" * len(words)
        rows = self._select(
            "SELECT id FROM mail WHERE kept <> '' AND mailbox <> ? AND seen_at >= ?"
            f"{found} ORDER BY seen_at DESC, id DESC",
            (MANUAL, to_text(since), *words),
        )
        return array("q", (identity for (identity,) in rows))

    def some(self, ids: Sequence[int]) -> dict[int, KeptMail]:
        """Those mails that are there."""
        mails = list(self._select_by(f"{_MAIL} WHERE id IN", ids))
        by_hand = self._by_hand()
        return {row[0]: _kept_mail(row, by_hand.get(row[8])) for row in mails}

    def _by_hand(self) -> dict[str, ByHand]:
        """By the name of the copy. A number counts more than a forwarding."""
        rows = self._select(
            # these rows never leave a server; said so for the sake of the partial index
            "SELECT kept, number, step FROM mail WHERE mailbox = ? AND step <> 'gone'"
            " AND kept <> '' ORDER BY number IS NOT NULL, id",
            (MANUAL,),
        )
        return {file: ByHand(number, one_of(MailState, step)) for file, number, step in rows}


def _kept_mail(row: Row, by_hand: ByHand | None) -> KeptMail:
    *fields, whole, step, answer, seen_at, member = row
    return KeptMail(
        *(*fields, bool(whole), one_of(MailState, step), answer, to_time(seen_at), by_hand, member)
    )
