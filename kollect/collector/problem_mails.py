"""Mails at which the session died: tried last, and after a few times left alone for a while.

So one mail that cuts the line does not block the others for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from kollect.collector.poll_context import PollContext
from kollect.storage.log_sentences import CUTS_THE_LINE

LEFT_ALONE = (
    (3, timedelta(minutes=15)),
    (4, timedelta(hours=1)),
    (5, timedelta(hours=6)),
    (6, timedelta(days=1)),
)
"""After how many lost sessions a mail is left alone, and for how long. Short at first: where the
line itself is bad it hits any mail that is next, and its sender waits for an answer."""


class ProblemMails:
    """The problem mails that one poll knows of: read from the ledger, added to during the poll."""

    def __init__(self, context: PollContext) -> None:
        self._ledger = context.ledger
        self._mailbox = context.mailbox
        self._clock = context.clock
        self._now = context.now
        self._notify = context.notify
        self._failures: list[tuple[str, int, datetime]] | None = None
        """As the ledger has them; None: not read yet, or changed since."""

    def without_blocked(self, uids: Iterable[str]) -> list[str]:
        """These mails, except those to be left alone; what cut the line lately comes last."""
        suspect: set[str] = set()
        blocked: set[str] = set()
        if self._failures is None:
            self._failures = self._ledger.failures(self._mailbox)
        if self._failures:
            time = self._clock.tick()
            for uid, failures, at in self._failures:
                age = time.age(at)
                if age < LEFT_ALONE[-1][1]:
                    suspect.add(uid)
                if at > time.look.wall:  # by a clock that was ahead: the next date will be right
                    continue
                if any(failures >= least and age < pause for least, pause in LEFT_ALONE):
                    blocked.add(uid)
        return sorted((uid for uid in uids if uid not in blocked), key=suspect.__contains__)

    def record_failure(self, uid: str) -> None:
        """The session died at this mail."""
        if self._count(uid) == LEFT_ALONE[0][0]:
            self._notify(CUTS_THE_LINE)

    def leave_alone(self, uid: str) -> None:
        """This mail must not be fetched again at every poll."""
        self._count(uid)

    def _count(self, uid: str) -> int:
        self._failures = None
        return self._ledger.record_failure(self._mailbox, uid, self._now())
