"""How long to wait after a failed poll, what to say of it, and when to write to the owner. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kollect.errors import NotDeleted, Trouble

LONGEST_PAUSE = timedelta(minutes=15)
ALERT_AFTER = timedelta(minutes=30)


class Change(StrEnum):
    """What differs from the poll before: only this is told, not every repetition."""

    NOTHING = "nothing"
    BROKE = "broke"
    OTHER_TROUBLE = "other trouble"
    WELL_AGAIN = "well again"


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the polling over time."""

    failing_since: datetime | None = None
    failures: int = 0
    title: str = ""
    alerted: bool = False
    slowed: int = 0
    """How many failures of receiving there were one after the other: a reason to poll more seldom.
    """

    def after(self, trouble: Trouble | None, now: datetime) -> tuple[Health, Change]:
        """The health after one more poll, and what changed by it."""
        if trouble is None:
            change = Change.WELL_AGAIN if self.failures else Change.NOTHING
            return Health(alerted=self.alerted), change
        change = Change.NOTHING
        if not self.failures:
            change = Change.BROKE
        elif trouble.title != self.title:
            change = Change.OTHER_TROUBLE
        # mails that stay on the server keep nobody waiting: it is told, and that is all
        failing = not isinstance(trouble, NotDeleted)
        return (
            replace(
                self,
                failing_since=(self.failing_since or now) if failing else None,
                failures=self.failures + 1,
                title=trouble.title,
                slowed=self.slowed + 1 if failing else 0,
            ),
            change,
        )

    def pause(self, interval: timedelta) -> timedelta:
        """Until the next poll: the interval, doubled with each failure but the first, to 15 min."""
        doublings = min(max(self.slowed - 1, 0), 20)
        return max(interval, min(interval * 2**doublings, LONGEST_PAUSE))

    def alert_due(self, now: datetime) -> bool:
        """Has the owner to be told that polling has failed for 30 minutes?"""
        return (
            self.failing_since is not None
            and not self.alerted
            and now - self.failing_since >= ALERT_AFTER
        )

    def all_clear_due(self) -> bool:
        """Was the owner told of a failure that is over?"""
        return self.alerted and self.failing_since is None

    def told(self) -> Health:
        """The owner was told: of the failure, or that it is over."""
        return replace(self, alerted=self.failing_since is not None)
