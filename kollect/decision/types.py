"""What can be decided about a mail, and what the decision needs to know. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kollect.settings.model import DuplicateAction


class Kind(StrEnum):
    """The rows of the table in `decide`, by what happens to the mail."""

    TEST = "test"
    """Our own test mail: left on the server."""
    LOOP = "loop"
    """From ourselves, or our own reply come back: kept, deleted, never answered or forwarded."""
    BOUNCE = "bounce"
    """A delivery report for one of our replies: the receipt is marked; then as out of scope."""
    AUTOMATIC = "automatic"
    """Written by a program: never answered; then as out of scope."""
    NEW = "new"
    """A blank mail of an address without a number: number given, 受付完了メール."""
    DUPLICATE = "duplicate"
    """A blank mail of an address with a number: the same number again, ★2★."""
    RENUMBER = "renumber"
    """A blank mail of an address with a number, which gets a further one by setting."""
    IGNORED = "ignored"
    """A blank mail of an address with a number, deleted without an answer by setting."""
    BRAKED = "braked"
    """One blank mail too many from this address: counted, kept, deleted, not answered."""
    PAUSED = "paused"
    """A new address during a flood: left on the server until the flood is over."""
    STOP = "stop"
    """A member asks to stop the mails: stopped at once, one confirmation."""
    STOP_UNANSWERED = "stop_unanswered"
    """The same, sent by a program or one too many from this address: stopped, kept, not confirmed.
    """
    STOP_PERHAPS = "stop_perhaps"
    """A member's mail with a word of no somewhere inside: as out of scope, and stands out."""
    OUT_OF_SCOPE = "out_of_scope"
    """Any other mail: forwarded and kept."""


@dataclass(frozen=True, slots=True)
class Decision:
    kind: Kind
    reason: str
    """One Japanese sentence; the ledger keeps it, the staff read it."""
    address: str = ""
    """The sender as written, where there is a usable one."""
    number: int | None = None
    """The number the address has already."""


@dataclass(frozen=True, slots=True)
class SenderHistory:
    """What the ledger knows about the sender of a mail at this moment."""

    number: int | None = None
    replies_last_hour: int = 0
    replies_last_day: int = 0
    flooded: bool = False
    """More new addresses than allowed came within the last hour."""
    member: int | None = None
    """The number of the member with this address, also of one who has withdrawn."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the decision needs of the settings and of the installation."""

    own_address: str
    """The plain one; with a tag (`mail.plus_address`) it is ours too."""
    blank_subjects: tuple[str, ...]
    duplicate_action: DuplicateAction
    replies_per_hour: int
    replies_per_day: int
    test_mark: str
    """The value of `X-Kollect-Test` in this installation's own test mails."""
    reply_mark: str
    """The value of `X-Kollect-Reply` in everything this installation sends."""
