"""One connection to the sending server that stands by between the letters: the customer at the
counter does not wait for its opening.

It is opened, or asked whether it lives, in a thread beside the fetching; it lies idle while
customers come, and is left with QUIT after that. Trouble in all this is nobody's until a letter is
owed. Knows nothing of letters.

    nothing ── get_ready ──▶ being opened ──▶ lies idle ── take ──▶ lent ── keep ──▶ lies idle
                                                 ├── get_ready ──▶ asked (dead: opened anew)
                                                 └── four minutes, other settings, `end` ──▶ QUIT
                                                 └── the PC has slept ──▶ dropped
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial

from kollect.errors import ServerTrouble
from kollect.net.server_errors import SMTP
from kollect.net.server_memory import ServerMemory, memory_of
from kollect.smtp.smtp_connection import SmtpAccount, SmtpConnection
from kollect.threads import safe_thread
from kollect.threads.two_clocks import TwoClocks

log = logging.getLogger(__name__)

IDLE_SECONDS = 240.0
"""After the last letter. Servers wait five minutes for the next command (RFC 5321 section
4.5.3.2.7); who leaves before that is not thrown out."""
_HEARD_WITHIN = 3.0
"""Seconds. A connection that was heard of so shortly before is not asked again: some servers count
commands that bring them no letter."""
_YOUNG = 30.0
"""Seconds. A connection that was opened so shortly before is as good as one opened now."""
_TROUBLE_HOLDS = 10.0
"""Seconds. So long what went wrong beside the fetching is the answer for a letter, too: the account
of a shop with a wrong password is not tried twice in one poll."""
_LOOK = 10.0
"""Seconds between two looks at the clocks."""


class Standby:
    """All methods may be called from any thread; none but `take` and `end` waits."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._account: SmtpAccount | None = None
        """For whom there is, or is to be, a connection."""
        self._idle: SmtpConnection | None = None
        self._fresh = False
        """It was opened, and nobody has used it yet."""
        self._used_at = 0.0
        self._clocks = TwoClocks(wall(), clock())
        self._wanted = False
        """The helper is to open a connection, or to ask the one that there is."""
        self._working_for: SmtpAccount | None = None
        self._leaving: list[SmtpConnection] = []
        """Still to be taken leave of."""
        self._helper: threading.Thread | None = None
        self._trouble: tuple[ServerTrouble, float] | None = None
        self._failed = False
        """The last opening beside the fetching: not tried again before one for a letter went well,
        or accounts would be locked by mails that nobody answers."""
        _standbys.add(self)

    def stay_for(self, account: SmtpAccount) -> None:
        """From here on it is about this one: a connection for another one is taken leave of."""
        with self._changed:
            self._serve(account)

    def get_ready(self, account: SmtpAccount) -> None:
        """A letter will probably be owed soon: have a connection by then."""
        with self._changed:
            self._serve(account)
            self._notice_sleep()
            if not self._failed and self._working_for != account:
                self._wanted = True
                self._call_helper()

    def take(self, account: SmtpAccount) -> SmtpConnection | None:
        """The connection, alive as far as anybody can tell; None where there is none. It is lent
        until `keep`.

        Waits for an opening that is under way. Raises ServerTrouble and its kinds, where that has
        just failed.
        """
        with self._changed:
            self._serve(account)
            while self._working_for == account or (self._wanted and self._working_for is None):
                self._changed.wait()
            self._wanted = False  # the helper is busy with a server that nobody wants any more
            self._notice_sleep()
            trouble, self._trouble = self._trouble, None
            connection, self._idle = self._idle, None
            young = self._fresh and self._clock() - self._used_at < _YOUNG
        if trouble and self._clock() - trouble[1] < _TROUBLE_HOLDS:
            raise trouble[0]
        if connection is None or not connection.still_there():
            return None
        connection.protocol.unproven = not (young or _memory(account).takes_after_rest)
        return connection

    def keep(self, account: SmtpAccount, connection: SmtpConnection) -> bool:
        """Have it stand by from now on, after a letter. False: it is not wanted, and stays the
        caller's."""
        with self._changed:
            self._trouble, self._failed = None, False
            wanted = account == self._account and self._idle is None
            if not wanted or self._working_for is not None or not _memory(account).may_rest:
                return False
            self._lay_down(connection, fresh=False)
            return self._call_helper()

    def end(self) -> None:
        """Take leave of the server; nothing is left open. Waits some seconds at the most."""
        with self._changed:
            self._serve(None)
            self._wanted = False
            leaving, self._leaving = self._leaving, []
            self._changed.notify_all()
        _take_leave(leaving)

    def leave(self, host: str, port: int) -> bool:
        """Take leave of this server, where a connection with it lies idle. Returns whether one
        did."""
        with self._changed:
            idle, account = self._idle, self._account
            if idle is None or account is None:
                return False
            if (account.send.host, account.send.port) != (host, port):
                return False
            self._idle = None
            self._changed.notify_all()
        _take_leave([idle])
        return True

    # --- under the lock

    def _serve(self, account: SmtpAccount | None) -> None:
        """From here on it is about this one. A connection for another one is not used any more."""
        if account == self._account:
            return
        self._account = account
        self._trouble, self._failed = None, False
        if self._idle is not None:
            self._leaving.append(self._idle)
            self._idle = None
            self._changed.notify_all()

    def _lay_down(self, connection: SmtpConnection, *, fresh: bool) -> None:
        self._idle, self._fresh = connection, fresh
        self._used_at = self._clock()
        self._clocks = TwoClocks(self._wall(), self._used_at)

    def _call_helper(self) -> bool:
        """Have the helper look what there is to do. False where no thread is to be had: then it is
        as if nobody had asked."""
        self._changed.notify_all()
        if self._helper is not None:
            return True
        self._helper = safe_thread.thread(self._help, name="sending standby", fell=self._fell)
        try:
            self._helper.start()
        except RuntimeError as error:
            log.debug("no thread: %s", error)
            self._helper, self._wanted, self._idle = None, False, None
        return self._helper is not None

    def _notice_sleep(self) -> None:
        """A line over which the PC has slept is dead, whatever it looks like: nobody asks it."""
        slept = self._clocks.jumped(self._wall(), self._clock(), asked=_LOOK)
        if slept and self._idle is not None:
            self._idle.drop()
            self._idle = None

    # --- the helper's thread

    def _help(self) -> None:
        while (work := self._next()) is not None:
            work()

    def _next(self) -> Callable[[], None] | None:
        """What is to be done; None where there is nothing to be looked after any more."""
        with self._changed:
            while True:
                if self._wanted and self._account is not None:
                    self._wanted = False
                    self._working_for = self._account
                    connection, self._idle = self._idle, None
                    return partial(self._make_ready, self._account, connection)
                if self._leaving:
                    leaving, self._leaving = self._leaving, []
                    return partial(_take_leave, leaving)
                self._notice_sleep()
                if self._idle is None:
                    self._helper = None
                    return None
                left = self._used_at + self._idle_seconds - self._clock()
                if left > 0:
                    self._changed.wait(min(left, _LOOK))
                else:
                    self._leaving.append(self._idle)
                    self._idle = None

    def _make_ready(self, account: SmtpAccount, connection: SmtpConnection | None) -> None:
        fresh, trouble = False, None
        try:
            if connection is None or not connection.still_there(heard_within=_HEARD_WITHIN):
                connection, fresh = None, True
                timeout = account.send.timeout_seconds
                connection = SmtpConnection.open(account, timeout=timeout, clock=self._clock)
        except ServerTrouble as failed:
            trouble = failed
            log.debug("no connection beside the fetching: %s %s", failed.title, failed.detail)
        with self._changed:
            self._working_for = None
            wanted = account == self._account
            if trouble and wanted:
                self._trouble, self._failed = (trouble, self._clock()), True
            if connection and wanted and fresh:
                self._lay_down(connection, fresh=True)
            elif connection and wanted:
                self._idle = connection
                self._clocks = TwoClocks(self._wall(), self._clock())
            elif connection:
                self._leaving.append(connection)
            self._changed.notify_all()

    def _fell(self, error: BaseException) -> None:
        """By a fault of ours, which is in the log: the letters go without a standby."""
        with self._changed:
            self._helper, self._working_for, self._wanted = None, None, False
            if self._idle is not None:
                self._idle.drop()
                self._idle = None
            self._changed.notify_all()


_standbys: weakref.WeakSet[Standby] = weakref.WeakSet()


def make_room(host: str, port: int) -> bool:
    """Somebody wants a connection with this server, which may take one at a time only: end those
    that lie idle. Returns whether there were any."""
    left = [standby.leave(host, port) for standby in list(_standbys)]
    return any(left)


def _memory(account: SmtpAccount) -> ServerMemory:
    return memory_of(SMTP, account.send.host, account.send.port)


def _take_leave(connections: list[SmtpConnection]) -> None:
    for connection in connections:
        connection.say_goodbye()
    for connection in connections:
        connection.close()
