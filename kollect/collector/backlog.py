"""How fast replies leave that waited over an outage: a server that is well again is not flooded.

The rule: what a poll could not send because the sending server was away, or took no more, goes at
the pace of a usual メール発信 (60 a minute, 1,000 an hour, all letters counted): in each poll as
much as there is room for, the rest in the next one. Replies to mails of the last five minutes go
before it, whose senders stand at the counter. Everything else goes at once, however much it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kollect.members.pace import Pace, allowance
from kollect.register.entry import Entry
from kollect.register.ledger import Ledger

JUST_ARRIVED = timedelta(minutes=5)
PACE = Pace()
_NOTE = "waited up to"


class Backlog:
    """As one poll finds it."""

    def __init__(self, ledger: Ledger, lived: int, now: datetime) -> None:
        self.line = now - JUST_ARRIVED
        """Mails seen at this moment or later have just arrived."""
        self._waited_up_to = int(ledger.noted(_NOTE) or 0)
        """The last row that there was in an outage."""
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
            if entry.id > self._waited_up_to:
                gone.append(entry)
            elif self.room > 0:
                self.room -= 1
                gone.append(entry)
            else:
                self.kept_back += 1
        return gone


def begin_outage(ledger: Ledger) -> None:
    """The sending server takes no letters: what is owed now waits for it."""
    ledger.note(_NOTE, str(ledger.last_mail()))


def _moment(lived: int) -> datetime:
    """Lived seconds as a time, from which `pace` counts."""
    return datetime.fromtimestamp(lived, UTC)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
