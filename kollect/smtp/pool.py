"""The open connections to the sending server: one as a rule, up to four.

Knows when a further one is worth it, and what one connection has taught about the server for the
others. Which letter goes next is the post's.
"""

from __future__ import annotations

import logging
import select
from collections.abc import Callable
from datetime import datetime

from kollect.errors import ServerTrouble
from kollect.net.connection import Trace
from kollect.net.server_errors import SMTP, Peer
from kollect.net.server_memory import memory_of
from kollect.smtp.protocol import SmtpProtocol
from kollect.smtp.smtp_connection import SmtpAccount, SmtpConnection
from kollect.smtp.standby import Standby, make_room
from kollect.smtp.transaction import DeliveryEnded, Style

log = logging.getLogger(__name__)

MOST_CHANNELS = 4
_SENT_AHEAD = "letters"
"""What the memory of a server calls letters that do not wait for each answer."""

_EXTRA_SECONDS = 10.0
"""Patience with the opening of a further connection."""


class ConnectionPool:
    """Kept open until `close`, or until the server closes them."""

    def __init__(
        self, account: SmtpAccount, clock: Callable[[], float], standby: Standby | None = None
    ) -> None:
        """`standby` lends the first connection where it has one, and may keep it afterwards."""
        self._account = account
        self._clock = clock
        self._standby = standby
        self._open: list[SmtpConnection] = []
        self._gone: list[SmtpConnection] = []
        """Closed by the server, or confused, before the letter that was to begin there."""
        self._most = MOST_CHANNELS
        self._memory = memory_of(SMTP, account.send.host, account.send.port)
        self._extensions_unreliable = not self._memory.believed
        self._newest: SmtpConnection | None = None
        self.has_delivered = False
        """A letter has gone through: the server is believed about its extensions."""

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def first(self) -> SmtpConnection:
        """One of them: what the server offers, it offers on all."""
        return self._open[0]

    @property
    def peer(self) -> Peer:
        return self.first.line.peer

    @property
    def on_way(self) -> int:
        """Letters that were begun and have not ended."""
        return sum(channel.dialogue.on_way for channel in self._open)

    def server_time(self) -> datetime | None:
        """What the server's clock shows now, where it has said it in its greeting."""
        return self._newest.server_time if self._newest else None

    def make_sure(self, trace: Trace | None = None) -> None:
        """Make sure that there is one. Raises ServerTrouble and its kinds."""
        self._open = [channel for channel in self._open if channel.still_there()]
        if not self._open and self._standby is not None:
            channel = self._standby.take(self._account)
            if channel is not None:
                self.has_delivered = self.has_delivered or channel.dialogue.accepted > 0
                self._join(channel)
        if not self._open:
            self._add_first(trace)

    def one_for(self, style: Style, most: int) -> SmtpConnection | None:
        """One on which a letter may begin now; `most` may be on the way on one connection."""
        window = most if self.has_delivered else 1
        for channel in [*self._open]:
            if not channel.dialogue.takes(style, window):
                continue
            if channel.lay_idle:
                self.flush()  # what was begun on the others must not wait for its answer
            if channel.still_there():
                return channel
            self._open.remove(channel)
            self._gone.append(channel)
        return None

    def may_grow(self, style: Style) -> bool:
        """One is enough where letters stream; else a long queue is worth a further one."""
        believed = self.has_delivered and not self._extensions_unreliable
        return style is not Style.CHUNKED and believed and 0 < len(self._open) < self._most

    def grow(self) -> SmtpConnection | None:
        """Open a further one; None where the server has no more."""
        self.flush()  # so that the server has work in the meantime
        try:
            return self._add(min(_EXTRA_SECONDS, self._account.send.timeout_seconds))
        except ServerTrouble as trouble:
            log.debug("no further connection: %s %s", trouble.title, trouble.detail)
            self._most = max(1, len(self._open))
            return None

    def _add_first(self, trace: Trace | None) -> None:
        send = self._account.send
        try:
            self._add(send.timeout_seconds, trace)
        except ServerTrouble:
            if not make_room(send.host, send.port):
                raise
            self._add(send.timeout_seconds, trace)

    def _add(self, timeout: float, trace: Trace | None = None) -> SmtpConnection:
        channel = SmtpConnection.open(
            self._account, timeout=timeout, clock=self._clock, trace=trace
        )
        self._join(channel)
        return channel

    def _join(self, channel: SmtpConnection) -> None:
        channel.dialogue.extensions_unreliable = self._extensions_unreliable
        self._newest = channel
        self._open.append(channel)

    def flush(self) -> None:
        """Send what is to be sent."""
        for channel in self._open:
            channel.flush()

    def listen(self, seconds: float) -> None:
        """Wait for answers, and take in those that come. Only while letters are on the way."""
        busy = [channel for channel in self._open if channel.dialogue.on_way]
        if any(channel.sending or channel.line.has_buffered() for channel in busy):
            seconds = 0
        nearest = min(channel.deadline for channel in busy) - self._clock()
        seconds = max(0.0, min(seconds, nearest))
        if len(busy) > 1:
            select.select([channel.line for channel in busy], [], [], seconds)
            seconds = 0
        for channel in busy:
            if channel.line.wait_readable(seconds):
                channel.read()
            elif self._clock() >= channel.deadline and not channel.sending:
                channel.time_out()

    def take_ended(self) -> list[DeliveryEnded]:
        """The letters that ended since the last call."""
        ended = [one for channel in self._open for one in channel.take_ended()]
        for channel in self._open:
            self._learn(channel.dialogue)
        for channel in self._open:
            channel.dialogue.extensions_unreliable = self._extensions_unreliable
        return ended

    def _learn(self, dialogue: SmtpProtocol) -> None:
        """Take down what this conversation tells of the server, for all that will follow."""
        if dialogue.extensions_unreliable and not self._extensions_unreliable:
            self._extensions_unreliable = True
            self._memory.doubt(_SENT_AHEAD, weakly=dialogue.unreliable_at_the_end)
            log.debug("%s: only the plain dialogue from here on", self.peer.host)
        if dialogue.extensions_worked:
            self._memory.keeps(_SENT_AHEAD)
            dialogue.extensions_worked = False
        if self._extensions_unreliable and dialogue.sequential_worked is not None:
            self._memory.plainly(_SENT_AHEAD, well=dialogue.sequential_worked)
            dialogue.sequential_worked = None
        if dialogue.rest_worked is not None:
            self._memory.rested(well=dialogue.rest_worked)
            dialogue.rest_worked = None

    def take_lost(self) -> list[SmtpConnection]:
        """The connections that were lost since the last call."""
        gone, self._gone = self._gone, []
        lost = [channel for channel in self._open if channel.lost]
        if lost:
            self._open = [channel for channel in self._open if not channel.lost]
            if self._open and not all(channel.dialogue.answered for channel in lost):
                self._most = len(self._open)  # one more was one too many
        return gone + lost

    def drop_busy(self) -> None:
        """Give up what is on the way."""
        for channel in self._open:
            if channel.dialogue.on_way:
                channel.drop()
        self._open = [channel for channel in self._open if not channel.lost]

    def close(self) -> None:
        """Take leave of the server, but for what stands by from now on. Never raises."""
        leaving = [*self._open]
        free = next((channel for channel in leaving if channel.free), None)
        if self._standby and free and self._standby.keep(self._account, free):
            leaving.remove(free)
        for channel in leaving:
            channel.say_goodbye()
        for channel in leaving:
            channel.close()
        self._open.clear()
