"""How long to wait after a failed poll, what to say of it, and when to write to the owner. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kollect.errors import NotDeleted, Trouble

LONGEST_PAUSE = timedelta(minutes=15)
ALERT_AFTER = timedelta(minutes=30)


class FailureChange(StrEnum):
    """What differs from the poll before: only this is notified, not every repetition."""

    NOTHING = "nothing"
    BROKE = "broke"
    OTHER_TROUBLE = "other trouble"
    WELL_AGAIN = "well again"


@dataclass(frozen=True, slots=True)
class FailureState:
    """The state of the polling over time."""

    failing_since: datetime | None = None
    failures: int = 0
    title: str = ""
    alerted: bool = False

    def after(self, trouble: Trouble | None, now: datetime) -> tuple[FailureState, FailureChange]:
        """The state after one more poll, and what this poll changed.

        Mails that cannot be deleted keep nobody waiting: the poll itself notifies of them, once.
        """
        if trouble is None or isinstance(trouble, NotDeleted):
            change = FailureChange.WELL_AGAIN if self.failures else FailureChange.NOTHING
            return FailureState(alerted=self.alerted), change
        change = FailureChange.NOTHING
        if not self.failures:
            change = FailureChange.BROKE
        elif trouble.title != self.title:
            change = FailureChange.OTHER_TROUBLE
        return (
            replace(
                self,
                failing_since=self.failing_since or now,
                failures=self.failures + 1,
                title=trouble.title,
            ),
            change,
        )

    def pause(self, interval: timedelta) -> timedelta:
        """Until the next poll: the interval, doubled with each failure but the first, to 15 min."""
        doublings = min(max(self.failures - 1, 0), 20)
        return max(interval, min(interval * (1 << doublings), LONGEST_PAUSE))

    def alert_due(self, now: datetime) -> bool:
        """Must the owner be told that polling has failed for 30 minutes?"""
        return (
            self.failing_since is not None
            and not self.alerted
            and now - self.failing_since >= ALERT_AFTER
        )

    def all_clear_due(self) -> bool:
        """Was the owner told of a failure that is over?"""
        return self.alerted and self.failures == 0

    def with_alert_sent(self) -> FailureState:
        """The owner was told: of the failure, or that it is over."""
        return replace(self, alerted=self.failures > 0)
