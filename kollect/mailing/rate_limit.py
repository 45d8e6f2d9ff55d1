"""How fast a mailing may go: providers cap mails a minute and an hour. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_ROUNDED = timedelta(seconds=1)
"""The ledger keeps whole seconds: a letter may be so much younger than it looks."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """0: as fast as the server takes them."""

    per_minute: int = 60
    per_hour: int = 1000

    @property
    def memory(self) -> timedelta:
        """For so long a letter counts."""
        longest = HOUR if self.per_hour else MINUTE if self.per_minute else timedelta()
        return longest + _ROUNDED if longest else longest


@dataclass(frozen=True, slots=True)
class Allowance:
    letters: int
    """So many may be sent now."""
    wait: timedelta
    """Until one may be sent, where none may now."""


def allowance(pace: RateLimit, tries: Sequence[datetime], now: datetime, most: int) -> Allowance:
    """How many letters may be handed over now, at most `most`, after those of the times `tries`."""
    letters, wait = most, timedelta()
    for limit, span in ((pace.per_minute, MINUTE), (pace.per_hour, HOUR)):
        if not limit:
            continue
        recent = sorted(at for at in tries if at + span + _ROUNDED > now)
        letters = min(letters, max(0, limit - len(recent)))
        if len(recent) >= limit:
            # room comes when so many have grown old that less than the limit are left
            wait = max(wait, recent[len(recent) - limit] + span + _ROUNDED - now)
    return Allowance(letters, wait)
