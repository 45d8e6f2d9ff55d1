"""How fast replies leave that have waited: a server that is well again is not flooded.

The rule: what this poll has found goes at once. What was written down before this poll and is still
owed goes at the pace of a usual メール発信 (60 a minute, 1,000 an hour, all letters counted): in
each poll as much as there is room for, the rest in the next one. Replies to mails of the last five
minutes go first, whose senders stand at the counter; so does what staff asked for just now.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kollect.members.pace import Pace, allowance
from kollect.register.entry import Entry
from kollect.register.ledger import Ledger
from kollect.register.mails import MANUAL

JUST_ARRIVED = timedelta(minutes=5)
PACE = Pace()


class Backlog:
    def __init__(self, ledger: Ledger, lived: int, now: datetime) -> None:
        self.line = now - JUST_ARRIVED
        """Mails seen at this moment or later have just arrived."""
        self._before = ledger.last_mail()
        tries = [_moment(tried) for tried in ledger.tries(lived - _seconds(PACE.memory))]
        # the moments are whole seconds: without this one, a poll a minute would find no room
        later = _moment(lived) + timedelta(seconds=1)
        self.room = allowance(PACE, tries, later, PACE.per_hour).letters
        """So many of the backlog may still go in this poll."""
        self.kept_back = 0
        """Letters that wait for the next one."""

    def let_through(self, entries: list[Entry]) -> list[Entry]:
        """Those that may go now."""
        gone = []
        for entry in entries:
            asked_for = entry.mailbox == MANUAL and entry.seen_at >= self.line
            if entry.id > self._before or asked_for:
                gone.append(entry)
            elif self.room > 0:
                self.room -= 1
                gone.append(entry)
            else:
                self.kept_back += 1
        return gone


def _moment(lived: int) -> datetime:
    """Lived seconds as a time, from which `pace` counts."""
    return datetime.fromtimestamp(lived, UTC)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
