"""How fast the replies that piled up during an outage are sent: the server is not flooded.

The rule: what a poll could not send because the sending server was away, or took no more, goes at
the pace of a usual メール発信 (60 a minute, 1,000 an hour, all letters counted): in each poll as
much as there is room for, the rest in the next one. Replies to mails of the last five minutes go
before it, whose senders stand in the shop. Everything else goes at once, however much it is.
"""

from __future__ import annotations

from datetime import timedelta

from kollect.collector.poll_context import PollContext
from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_clock import lived_moment
from kollect.ledger.records import MailRecord
from kollect.mailing.rate_limit import RateLimit, allowance

JUST_ARRIVED = timedelta(minutes=5)
PACE = RateLimit()
_NOTE, _NOTIFIED = "waited up to", "backlog"


class Backlog:
    """As one poll finds it."""

    def __init__(self, context: PollContext) -> None:
        self._context = context
        self.line = context.now() - JUST_ARRIVED
        """Mails seen at this moment or later have just arrived."""
        self._waited_up_to = context.metadata.get_metadata_number(_NOTE)
        """The last row that there was in an outage."""
        self._room: int | None = None
        """So many of the backlog may still go in this poll; None: nobody has asked yet."""
        self._kept_back = 0
        """Letters that wait for the next one."""

    def let_through(self, entries: list[MailRecord]) -> list[MailRecord]:
        """Those that may go now."""
        gone = []
        for entry in entries:
            if entry.id > self._waited_up_to or self._passes():
                gone.append(entry)
            else:
                self._kept_back += 1
        return gone

    def _passes(self) -> bool:
        if self._room is None:
            self._room = self._room_now()
        if not self._room:
            return False
        self._room -= 1
        return True

    def _room_now(self) -> int:
        ledger, time = self._context.ledger, self._context.clock.tick()
        since = int(time.seconds - PACE.memory.total_seconds())
        tries = [lived_moment(tried) for tried in ledger.tries(since)]
        tries += self._context.members.tries(PACE, time)
        # the moments are whole seconds: without this one, a poll a minute would find no room
        later = lived_moment(time.seconds + 1)
        return allowance(PACE, tries, later, PACE.per_hour).letters

    def report(self) -> None:
        """Notify once, when letters have to wait for the pace."""
        context = self._context
        is_new = context.metadata.set_metadata(_NOTIFIED, "yes" if self._kept_back else "")
        if self._kept_back and is_new:
            context.notify(
                f"たまっていた返信を、1分に{PACE.per_minute}通までの速さで順に送ります"
                f"（残り {self._kept_back:,}通）。"
            )


def begin_outage(ledger: Ledger) -> None:
    """The sending server takes no letters: what is owed now waits for it."""
    ledger.set_metadata(_NOTE, str(ledger.last_mail()))
