"""The open connections to the sending server: one as a rule, up to four.

Knows when a further one is worth it, and what one connection has taught about the server for the
others. Which letter goes next is the client's.
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

MOST_CONNECTIONS = 4
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
        self._most = MOST_CONNECTIONS
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
        return sum(connection.protocol.on_way for connection in self._open)

    def server_time(self) -> datetime | None:
        """What the server's clock shows now, where it has said it in its greeting."""
        return self._newest.server_time if self._newest else None

    def make_sure(self, trace: Trace | None = None) -> None:
        """Make sure that there is one. Raises ServerTrouble and its kinds."""
        self._open = [connection for connection in self._open if connection.still_there()]
        if not self._open and self._standby is not None:
            connection = self._standby.take(self._account)
            if connection is not None:
                self.has_delivered = self.has_delivered or connection.protocol.accepted > 0
                self._join(connection)
        if not self._open:
            self._add_first(trace)

    def one_for(self, style: Style, most: int) -> SmtpConnection | None:
        """One on which a letter may begin now; `most` may be on the way on one connection."""
        window = most if self.has_delivered else 1
        for connection in [*self._open]:
            if not connection.protocol.takes(style, window):
                continue
            if connection.lay_idle:
                self.flush()  # what was begun on the others must not wait for its answer
            if connection.still_there():
                return connection
            self._open.remove(connection)
            self._gone.append(connection)
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
        connection = SmtpConnection.open(
            self._account, timeout=timeout, clock=self._clock, trace=trace
        )
        self._join(connection)
        return connection

    def _join(self, connection: SmtpConnection) -> None:
        connection.protocol.extensions_unreliable = self._extensions_unreliable
        self._newest = connection
        self._open.append(connection)

    def flush(self) -> None:
        """Send what is to be sent."""
        for connection in self._open:
            connection.flush()

    def listen(self, seconds: float) -> None:
        """Wait for answers, and take in those that come. Only while letters are on the way."""
        busy = [connection for connection in self._open if connection.protocol.on_way]
        if any(connection.sending or connection.line.has_buffered() for connection in busy):
            seconds = 0
        nearest = min(connection.deadline for connection in busy) - self._clock()
        seconds = max(0.0, min(seconds, nearest))
        if len(busy) > 1:
            select.select([connection.line for connection in busy], [], [], seconds)
            seconds = 0
        for connection in busy:
            if connection.line.wait_readable(seconds):
                connection.read()
            elif self._clock() >= connection.deadline and not connection.sending:
                connection.time_out()

    def take_ended(self) -> list[DeliveryEnded]:
        """The letters that ended since the last call."""
        ended = [one for connection in self._open for one in connection.take_ended()]
        for connection in self._open:
            self._learn(connection.protocol)
        for connection in self._open:
            connection.protocol.extensions_unreliable = self._extensions_unreliable
        return ended

    def _learn(self, protocol: SmtpProtocol) -> None:
        """Take down what this conversation tells of the server, for all that will follow."""
        if protocol.extensions_unreliable and not self._extensions_unreliable:
            self._extensions_unreliable = True
            self._memory.doubt(_SENT_AHEAD, weakly=protocol.unreliable_at_the_end)
            log.debug("%s: only the plain dialogue from here on", self.peer.host)
        if protocol.extensions_worked:
            self._memory.keeps(_SENT_AHEAD)
            protocol.extensions_worked = False
        if self._extensions_unreliable and protocol.sequential_worked is not None:
            self._memory.plainly(_SENT_AHEAD, well=protocol.sequential_worked)
            protocol.sequential_worked = None
        if protocol.rest_worked is not None:
            self._memory.rested(well=protocol.rest_worked)
            protocol.rest_worked = None

    def take_lost(self) -> list[SmtpConnection]:
        """The connections that were lost since the last call."""
        gone, self._gone = self._gone, []
        lost = [connection for connection in self._open if connection.lost]
        if lost:
            self._open = [connection for connection in self._open if not connection.lost]
            if self._open and not all(connection.protocol.answered for connection in lost):
                self._most = len(self._open)  # one more was one too many
        return gone + lost

    def drop_busy(self) -> None:
        """Give up what is on the way."""
        for connection in self._open:
            if connection.protocol.on_way:
                connection.drop()
        self._open = [connection for connection in self._open if not connection.lost]

    def close(self) -> None:
        """Take leave of the server, but for what stands by from now on. Never raises."""
        leaving = [*self._open]
        free = next((connection for connection in leaving if connection.free), None)
        if self._standby and free and self._standby.keep(self._account, free):
            leaving.remove(free)
        for connection in leaving:
            connection.say_goodbye()
        for connection in leaving:
            connection.close()
        self._open.clear()
