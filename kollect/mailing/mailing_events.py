"""What the sending of メール発信 tells those who listen: how far it is, what it waits for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kollect.errors import Trouble
from kollect.mailing.mailing_states import UNFINISHED, MailingState, RecipientState

NO_MAILING = 0
"""In news that are about no single mailing."""


@dataclass(frozen=True, slots=True)
class MailingProgress:
    """How far a mailing is: a few times a second while letters go out, and once for each wait."""

    at: datetime
    mailing: int
    counts: Mapping[RecipientState, int]
    """How many letters stand at each step; 0 is left out."""
    per_minute: int
    """The speed: letters that the server took within the last minute."""
    waiting_until: datetime | None = None
    """Nothing goes out until then: for the pace, or to try again what was put off."""
    tomorrow: int = 0
    """So many were refused and are the last ones: they are tried again tomorrow."""

    @property
    def sent(self) -> int:
        return self.counts.get(RecipientState.SENT, 0)

    @property
    def left(self) -> int:
        """Letters still owed."""
        return sum(self.counts.get(step, 0) for step in UNFINISHED)

    @property
    def total(self) -> int:
        """All but those who were left out."""
        return sum(self.counts.values()) - self.counts.get(RecipientState.LEFT_OUT, 0)


@dataclass(frozen=True, slots=True)
class MailingEnded:
    """Nothing more goes out of this mailing: DONE, or PAUSED or STOPPED as somebody asked."""

    at: datetime
    mailing: int
    state: MailingState
    counts: Mapping[RecipientState, int]


@dataclass(frozen=True, slots=True)
class MailingFailed:
    """Letters do not go out. It goes on by itself at `next_at`; None: it was paused, and somebody
    has to look and to resume it.
    """

    at: datetime
    mailing: int
    trouble: Trouble
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReservationMissed:
    """The time of a 予約 went by more than a day ago, or the date may be wrong: somebody has to say
    what is to become of it. Told once.
    """

    at: datetime
    mailing: int


@dataclass(frozen=True, slots=True)
class ReservationChanged:
    """A 予約 was made, changed or taken back on a screen."""

    at: datetime
    mailing: int


MailingEvent = (
    MailingProgress | MailingEnded | MailingFailed | ReservationMissed | ReservationChanged
)
