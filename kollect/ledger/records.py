"""What the ledger takes and hands out: a mail's row, a receipt's row, a text. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kollect.delivery.retry_policy import Patience
from kollect.ledger.states import TO_SEND, MailState, ReceiptState


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail seen for the first time, with what was decided about it."""

    uid: str
    fingerprint: str
    kind: str
    reason: str
    address: str
    """As its owner wrote it; empty where the sender is not usable."""
    address_key: str
    subject: str
    message_id: str
    thread: str
    """The ids for `References` of the answer, separated by spaces; already checked."""


@dataclass(frozen=True, slots=True)
class MailRecord:
    """One mail as the ledger knows it."""

    id: int
    mailbox: str
    uid: str
    fingerprint: str
    kind: str
    reason: str
    address: str
    subject: str
    message_id: str
    references: str
    number: int | None
    template: int | None
    reply_message_id: str
    kept: str
    """The file name in kept/; empty where there is no copy."""
    is_complete: bool
    """The copy is the whole mail."""
    step: MailState
    step_at: datetime
    seen_at: datetime
    unknowns: int
    answer: str
    patience: Patience
    """What is remembered of its letter's tries."""

    @property
    def can_be_sent(self) -> bool:
        """A letter is owed, and all that it takes is here."""
        return self.step in TO_SEND and (self.number is not None or self.kept != "")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a letter that is owed stands in the line."""

    row: int
    """The id of its mail's row."""
    is_new: bool
    """Its mail has just arrived."""
    is_put_off: bool
    """It was tried and put off, for its own sake as far as is known."""
    is_refused: bool
    tried: int
    """When, in lived seconds."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One number and its address, a row of 収集結果."""

    number: int
    address: str
    received_at: datetime
    replied_at: datetime | None
    state: ReceiptState
    reason: str
    times: int
    member: bool
    stands_for: int | None = None
    """The member whose new address this number was given to (アドレスの変更)."""
    poster: str = ""
    """The tag of the poster that brought whoever has it; "" for the plain address."""


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a letter's text; never changed once used: it is the record of consent."""

    id: int
    kind: str
    subject: str
    body: str
    since: datetime
