"""The life of a mailing, and of each letter in it, as tables. Pure.

A letter (a parcel, until it is written) moves through these steps. `+` is what surely holds when
one is found in the step after a crash, `-` what may or may not have happened outside.

    step           + surely                                  - perhaps
    -------------  ----------------------------------------  -------------------------------------
    WAITING        recipient and Message-ID are written      nothing was sent
    SENDING        the letter was about to be sent           the server has it (the crash fell
                                                             before its 250 was written down):
                                                             sent again
    UNKNOWN        the letter was complete, no answer came   the server has it: sent once more,
                                                             alone
    DEFERRED       the server said "later", or refused it    nothing: sent again in the next round
                   as it may refuse every letter now
    SENT           the server's 250 is written down          it will come back as 不達
    UNDELIVERABLE  refused for good, or come back
    UNCERTAIN      it will not be sent again                 the server has it
    LEFT_OUT       it was not and will not be sent

Before each SENDING, and once more in the instant before MAIL, it is looked whether the member has
withdrawn, stopped, taken back the consent or become 不達 meanwhile: that letter goes to LEFT_OUT,
or to UNCERTAIN where it was tried before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kollect.delivery.retry_policy import MOST_UNKNOWN, Patience
from kollect.mailing.rate_limit import RateLimit


class RecipientState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    UNCERTAIN = "uncertain"
    LEFT_OUT = "left_out"


MOVES: dict[RecipientState, frozenset[RecipientState]] = {
    RecipientState.WAITING: frozenset({RecipientState.SENDING, RecipientState.LEFT_OUT}),
    RecipientState.SENDING: frozenset(
        {
            RecipientState.SENDING,
            RecipientState.SENT,
            RecipientState.UNKNOWN,
            RecipientState.DEFERRED,
            RecipientState.UNDELIVERABLE,
        }
        | {RecipientState.UNCERTAIN, RecipientState.LEFT_OUT}
    ),
    RecipientState.UNKNOWN: frozenset({RecipientState.SENDING, RecipientState.UNCERTAIN}),
    RecipientState.DEFERRED: frozenset(
        {RecipientState.SENDING, RecipientState.LEFT_OUT, RecipientState.UNDELIVERABLE}
    ),
    RecipientState.SENT: frozenset({RecipientState.UNDELIVERABLE}),
    RecipientState.UNCERTAIN: frozenset({RecipientState.UNDELIVERABLE}),
    RecipientState.UNDELIVERABLE: frozenset(),
    RecipientState.LEFT_OUT: frozenset(),
}
UNFINISHED = (
    RecipientState.WAITING,
    RecipientState.SENDING,
    RecipientState.UNKNOWN,
    RecipientState.DEFERRED,
)
"""A letter is still owed."""


class MailingState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    """予約: its letters are written down, and wait for its time."""
    SENDING = "sending"
    PAUSED = "paused"
    STOPPED = "stopped"
    """送信の中止: what was not sent by then will not be."""
    DONE = "done"


STATE_MOVES: dict[MailingState, frozenset[MailingState]] = {
    MailingState.DRAFT: frozenset({MailingState.SCHEDULED, MailingState.SENDING}),
    MailingState.SCHEDULED: frozenset({MailingState.DRAFT, MailingState.SENDING}),
    MailingState.SENDING: frozenset({MailingState.PAUSED, MailingState.STOPPED, MailingState.DONE}),
    MailingState.PAUSED: frozenset({MailingState.SENDING, MailingState.STOPPED, MailingState.DONE}),
    MailingState.STOPPED: frozenset(),
    MailingState.DONE: frozenset(),
}


class IllegalRecipientMove(ValueError):
    """A step that does not follow from the present one; nothing was changed."""


class ExclusionReason(StrEnum):
    """Why somebody who was chosen gets no letter, in the words of screens and results."""

    WITHDRAWN = "退会"
    STOPPED = "配信停止"
    NO_CONSENT = "承諾なし"
    UNDELIVERABLE = "不達"
    SAME_ADDRESS = "同じメールアドレス"
    """Another number of the same address gets it."""
    MERGED = "統合"
    """Another number of the same person gets it."""
    CALLED_OFF = "送信の中止"
    TOO_LATE = "1日以上遅れ"
    """What is sent by itself, and was due while the PC was off."""


class SendResult(StrEnum):
    """How one sending ended; the same words as `smtp.outgoing.DeliveryStatus`, which is not known
    here.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    DOUBTED = "doubted"
    UNKNOWN = "unknown"


def step_after(
    fate: SendResult, *, unknowns: int, too_old: bool = False, called_off: bool = False
) -> RecipientState:
    """Where a letter goes from SENDING; `unknowns`: how often its fate was unknown before;
    `too_old`: the server has said "later" for as long as it is tried."""
    match fate:
        case SendResult.ACCEPTED:
            return RecipientState.SENT
        case SendResult.REFUSED:
            return RecipientState.UNDELIVERABLE
        case SendResult.UNKNOWN:
            over = called_off or unknowns + 1 >= MOST_UNKNOWN
            return RecipientState.UNCERTAIN if over else RecipientState.UNKNOWN
        case SendResult.LATER if too_old:
            return RecipientState.UNDELIVERABLE
        case SendResult.LATER | SendResult.DOUBTED:
            return RecipientState.LEFT_OUT if called_off else RecipientState.DEFERRED


@dataclass(frozen=True, slots=True)
class Mailing:
    id: int
    subject: str
    body: str
    footer: str
    """Fixed when the sending begins, as subject and body are: it is what the members were told."""
    chosen: str
    """Who was chosen, in words."""
    pace: RateLimit
    state: MailingState
    made_at: datetime
    """Of a 予約: when its moment was chosen."""
    started_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None = None
    """Begun by the clock: a 予約, or what is sent by itself. None: somebody has begun it."""
    night: bool = False
    """That goes out from 21:00 to 8:00 too."""
    standing: int | None = None
    """The 誕生日メール or ステップメール that it is of."""


@dataclass(frozen=True, slots=True)
class MailingRecipient:
    """One letter of a mailing, as far as it goes without knowing how letters are written."""

    id: int
    mailing: int
    number: int
    name: str
    address: str
    """As its owner wrote it."""
    letter_id: str
    """The Message-ID, the same for every repeat."""
    step: RecipientState
    unknowns: int
    """Over 0: to be sent alone, in the plain dialogue."""
    answer: str
    """The server's words, or an ExclusionReason."""
    step_at: datetime
    patience: Patience
    """What is remembered of its tries."""


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What became of a parcel that was handed over."""

    id: int
    fate: SendResult
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a choice reaches."""

    chosen: int
    left_out: Mapping[ExclusionReason, int]
    outside: int = 0
    """Members of today who do not fit the choice; 0 once the letters are written down."""

    @property
    def reached(self) -> int:
        return self.chosen - sum(self.left_out.values())
