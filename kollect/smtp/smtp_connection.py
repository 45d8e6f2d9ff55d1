"""One connection to the sending server with its conversation: the octets out, the answers in.

Decides nothing about letters (that is `protocol` and `transaction`) nor about other connections
(`client`). How long it waits for an answer is a setting (`settings.model.Send`).
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kollect.errors import ServerTrouble
from kollect.mail.server_date import date_in
from kollect.net.connection import Trace
from kollect.settings.model import Send, Tls
from kollect.smtp.protocol import OutOfStep, SmtpProtocol
from kollect.smtp.replies import MalformedReply, ReplyReader
from kollect.smtp.smtp_login import SmtpSession, open_session
from kollect.smtp.transaction import Delivery, DeliveryEnded

log = logging.getLogger(__name__)

_IDLE_SECONDS = 5.0
"""A connection that was quiet for longer is asked whether it is still there."""
_PROBE_SECONDS = 3.0
"""Patience with the answer: a new connection costs less than waiting for one that is dead."""
_QUIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """Where letters are handed over, and as whom. A connection is good for this and nothing else:
    whatever changes in it, certificates to be believed as well, wants another one."""

    send: Send
    tls: Tls
    sender: str
    password: str = field(repr=False)


class SmtpConnection:
    """Used until `lost`; what became of its letters is taken with `take_ended`."""

    def __init__(
        self,
        session: SmtpSession,
        sender: str,
        *,
        timeout: float,
        final_timeout: float,
        clock: Callable[[], float],
    ) -> None:
        self.line = session.line
        self.protocol = SmtpProtocol(session.offers, sender)
        self.lost = False
        self.why_lost = ""
        self._reader = ReplyReader(self.line.shown)
        self._out: list[bytes] = []
        self._timeout = timeout
        self._final_timeout = final_timeout
        self._clock = clock
        self._since = clock()
        """When something was last sent to a quiet server, or heard from it."""
        said = date_in(session.greeting)
        self._greeted = None if said is None else (said, self._since)

    @classmethod
    def open(
        cls,
        account: SmtpAccount,
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        trace: Trace | None = None,
    ) -> SmtpConnection:
        """Connect, encrypt and log in, each step within `timeout` seconds; `trace` is told each as
        it begins. Raises ServerTrouble and its kinds, and then leaves nothing open.
        """
        send = account.send
        session = open_session(send, account.tls, account.password, timeout=timeout, trace=trace)
        session.line.settimeout(send.timeout_seconds)
        return cls(
            session,
            account.sender,
            timeout=send.timeout_seconds,
            final_timeout=send.final_timeout_seconds,
            clock=clock,
        )

    @property
    def server_time(self) -> datetime | None:
        """What the server's clock shows now, where it has said it in its greeting."""
        if self._greeted is None:
            return None
        said, at = self._greeted
        return said + timedelta(seconds=self._clock() - at)

    def begin(self, delivery: Delivery) -> None:
        """Begin a letter; it goes out with the next `flush`. One that may not go ends at once."""
        was_quiet = not self.protocol.on_way
        if commands := self.protocol.begin(delivery):
            self._out.append(commands)
            if was_quiet:
                self._since = self._clock()

    def flush(self) -> None:
        """Send what is to be sent; of a mail on disk one piece. Waits at most the time-out."""
        try:
            if self._out:
                data = b"".join(self._out)
                self._out.clear()
                self.line.send(data)
            if self.protocol.body:
                self._send_piece()
        except ServerTrouble as trouble:
            self._lose(trouble, in_sending=True)

    def _send_piece(self) -> None:
        body = self.protocol.body
        assert body is not None
        try:
            piece, last = next(body)
        except OSError as error:
            # The server waits for the rest: only a dropped line tells it that none will come.
            log.warning("転送するメールのファイルを読めません（%s）", error)
            self._lose_for(f"メールのファイルを読めません: {error}", in_sending=True)
            return
        self.line.send(piece)
        self._since = self._clock()
        if last:
            self.protocol.body_sent()

    @property
    def sending(self) -> bool:
        """There is more to send than was sent."""
        return self.protocol.body is not None and not self.lost

    def read(self) -> None:
        """Take in what has come; only when there is something."""
        try:
            data = self.line.read_some()
            self._since = self._clock()
            for answer in self._reader.feed(data):
                self._out.append(self.protocol.receive(answer))
                if self.protocol.closing:
                    self._hang_up(f"421 {answer.text}")
                    return
        except ServerTrouble as trouble:
            self._lose(trouble)
        except (OutOfStep, MalformedReply) as confusion:
            self.protocol.extensions_unreliable = True
            log.debug("%s: out of step: %s", self.line.peer.host, confusion)
            self._lose_for("送信サーバの答えが、送った命令と合いません。")

    @property
    def deadline(self) -> float:
        """When the next answer must have come (RFC 5321 section 4.5.3.2)."""
        final = self.protocol.waits_for_final
        return self._since + (self._final_timeout if final else self._timeout)

    def time_out(self) -> None:
        """The deadline has passed."""
        self._lose(self.line.peer.timeout_error(self.line.stage, None, heard=True))

    @property
    def lay_idle(self) -> bool:
        """So long that `still_there` will ask the server, and wait for its answer."""
        return self._lay_idle_for(_IDLE_SECONDS)

    def _lay_idle_for(self, seconds: float) -> bool:
        return not self.protocol.on_way and self._clock() - self._since >= seconds

    @property
    def free(self) -> bool:
        """Nothing is on the way, and the next letter may begin here."""
        return not (self.lost or self.protocol.on_way or self.protocol.closing)

    def still_there(self, *, heard_within: float = _IDLE_SECONDS) -> bool:
        """Whether a letter may begin here; a connection that lay idle is asked first.

        Nothing is on the way, so nothing is lost with it.
        """
        if self.lost:
            return False
        if self.protocol.on_way:
            return True
        try:
            if self.line.wait_readable(0):  # a server says something unasked only to take its leave
                raise MalformedReply("unasked")
            if not self._lay_idle_for(heard_within):
                return True
            self.line.settimeout(min(_PROBE_SECONDS, self._timeout))
            self.line.send(b"RSET\r\n")
            answer = None
            while answer is None:
                answer = next(self._reader.feed(self.line.read_some()), None)
            if not answer.good:
                raise MalformedReply(f"{answer.code} to RSET")
        except (ServerTrouble, MalformedReply) as trouble:
            log.debug("idle connection closed by the server: %s", trouble)
            self._hang_up(str(trouble))
            return False
        self.line.settimeout(self._timeout)
        self._since = self._clock()
        return True

    def take_ended(self) -> list[DeliveryEnded]:
        """The letters that ended since the last call."""
        ended, self.protocol.ended = self.protocol.ended, []
        return ended

    def say_goodbye(self) -> None:
        """Send QUIT. Never raises."""
        with contextlib.suppress(ServerTrouble):
            self.line.settimeout(_QUIT_SECONDS)
            self.line.send(b"QUIT\r\n")

    def close(self) -> None:
        """Wait shortly for the answer to QUIT, and close. Never raises."""
        with contextlib.suppress(ServerTrouble):
            self.line.readline()
        self.lost = True
        self.line.close()

    def drop(self) -> None:
        """Close at once. Never raises."""
        self.lost = True
        self.line.abort()

    def _lose(self, trouble: ServerTrouble, *, in_sending: bool = False) -> None:
        self._lose_for(trouble.title, in_sending=in_sending)

    def _lose_for(self, why: str, *, in_sending: bool = False) -> None:
        self.protocol.lost(why, in_sending=in_sending)
        self._hang_up(why)

    def _hang_up(self, why: str) -> None:
        self.why_lost = why
        self._out.clear()
        self.drop()
