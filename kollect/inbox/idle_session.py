"""The IMAP session that stays open between two polls, and waits there for mail.

A poll takes it, works through the mailbox and offers it back; in between the server tells in IDLE
that mails have come (`imap_idle`). What is told is only a reason to poll. Where a server cannot
do that, or does not do what it announces, nothing is kept, and polls come by the clock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kollect.errors import ServerTrouble
from kollect.inbox.idle_states import PushTrust, Silence, WaitEvent, WaitState
from kollect.inbox.imap_idle import IdleWait, WaitTimes
from kollect.threads.wake_event import WakeEvent

if TYPE_CHECKING:  # an unused library costs a third of a second at every start
    from kollect.inbox.imap_client import Client

log = logging.getLogger(__name__)

_TRIED_AGAIN_AFTER = 86400.0
"""Seconds until a server is given another chance."""
_NO_WAKING = "このパソコンでは、待つのを途中でやめる仕組みが使えないため"


@dataclass(frozen=True, slots=True)
class Waited:
    """How a wait has ended."""

    poll_at_once: bool
    by_news: bool = False
    """The server has told of a mail."""
    given_up: str = ""
    """Why there will be no such waits for now."""


class IdleSession:
    """At most one, of one account. Belongs to the thread that polls."""

    def __init__(
        self,
        times: WaitTimes | None = None,
        *,
        steady: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._times = times or WaitTimes()
        self._steady = steady
        self._wall = wall
        self._client: Client | None = None
        self._account: object = None
        self._forget_server()

    def _forget_server(self) -> None:
        self._trust = PushTrust()
        self._broken_at = 0.0
        self._silence = Silence()
        self._reason: WaitEvent | None = None
        """Why the poll was made that comes, or has come."""
        self._found = 0
        """New mails that it has found."""
        self._validity = 0
        self._largest: int | None = None
        """UID."""
        self._lent: Client | None = None
        """The one that the present poll has begun with."""
        self._hasty = True
        """This server bears a command right behind the DONE that ends IDLE."""

    # --- the poll's side

    def take(self, account: object) -> Client | None:
        """The session kept for this account, if there is one; whether it lives is not known."""
        if account != self._account:
            self.drop()
            self._forget_server()
            self._account = account
        client, self._client = self._client, None
        if client is None:
            self._reason = None  # what a poll finds on a new line was not to be told on this one
        self._lent = client
        return client

    def offer(self, account: object, client: Client, uids: Iterable[int], validity: int) -> bool:
        """Keep this one, in which the mailbox with these mails is open. False: it is not wanted."""
        self._count(uids, validity)
        if client is not self._lent and self._reason is WaitEvent.NEWS:
            self._hasty = False  # the session was lost behind it; perhaps for that very reason
        self._lent = None
        if self._trust.broken:
            if self._steady() - self._broken_at < _TRIED_AGAIN_AFTER:
                return False
            self._trust = PushTrust()
        try:
            if account != self._account or not client.has_capability("IDLE"):
                return False
        except Exception as failure:  # the library's, of whatever kind; the poll has gone well
            log.debug("%s: no capabilities: %s", client.line.peer.host, failure)
            return False
        client.line.keep_alive()
        self._client = client
        return True

    def _count(self, uids: Iterable[int], validity: int) -> None:
        there = list(uids)
        if validity != self._validity:
            self._validity, self._largest = validity, None
        if self._largest is not None:
            self._found += sum(uid > self._largest for uid in there)
        self._largest = max([*there, self._largest or 0])

    # --- the collector's side

    @property
    def waits(self) -> bool:
        """There is a session in which can be waited."""
        return self._client is not None

    def wait(
        self,
        seconds: float,
        wake: WakeEvent,
        *,
        stopping: Callable[[], bool],
        begun: Callable[[], None],
    ) -> Waited:
        """Wait for a reason to poll, for so many seconds at most; see `imap_idle.IdleWait.run`.

        Comes back at once where there is no session to wait in, and no reason to poll either.
        """
        client = self._client
        self._judge(self._trust.after_poll(self._reason, self._found))
        self._reason, self._found = None, 0
        if client is None:
            return Waited(False)
        if self._trust.broken:
            return self._give_up()
        if self._trust.cries_wolf:
            self._trust = self._trust.rested()
            return Waited(False)
        if client.arrivals.unseen:
            self._reason = WaitEvent.NEWS
            return Waited(True, by_news=True)
        began = self._steady()
        wait = IdleWait(
            client.line, client.arrivals, self._silence, self._times,
            steady=self._steady, wall=self._wall, hasty=self._hasty,
        )  # fmt: skip
        try:
            end, self._reason = wait.run(seconds, wake, stopping=stopping, begun=begun)
        except OSError as failure:
            log.debug("nothing to be woken by: %s", failure)
            self._judge(PushTrust(broken=_NO_WAKING))
            return self._give_up()
        client.pass_over(wait.unfinished)
        self._judge(self._trust.after_wait(end, self._steady() - began))
        if end in (WaitState.LOST, WaitState.ANEW):
            self._client = None
            client.line.abort()
        if self._trust.broken:
            return self._give_up()
        by_news = self._reason is WaitEvent.NEWS
        return Waited(end in (WaitState.POLL, WaitState.ANEW), by_news=by_news)

    def _judge(self, trust: PushTrust) -> None:
        if trust.broken and not self._trust.broken:
            self._broken_at = self._steady()
        self._trust = trust

    def _give_up(self) -> Waited:
        why = self._trust.broken
        self.drop()
        return Waited(False, given_up=why)

    def drop(self) -> None:
        """Log out without waiting for an answer. Never raises."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(ServerTrouble):
                client.line.send(b"BYE1 LOGOUT\r\n")
            client.line.close()
