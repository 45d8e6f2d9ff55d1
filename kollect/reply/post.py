"""Hands letters to the sending server, over one to four connections, and tells how each one ended.

Knows how many letters may be on the way, when to open and to give up a connection, and when to
leave a server in peace. What is said on a connection is the dialogue's; the ledger is the caller's.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable, Iterable, Iterator

from kollect.connection import Trace
from kollect.errors import ServerTrouble
from kollect.reply import troubles
from kollect.reply.channel import Channel
from kollect.reply.dialogue import Delivery, Ended, Style
from kollect.reply.outcome import Ending, Letter, Outcome
from kollect.reply.session import open_session
from kollect.reply.waiting import Queue
from kollect.settings.model import Send, Tls

log = logging.getLogger(__name__)

MOST_ON_WAY = 20
"""Letters handed over whose ending the caller has not yet written down: what a crash may repeat."""
MOST_CHANNELS = 4
LONG_QUEUE = 40
"""So many letters waiting are worth further connections."""

_TICK_SECONDS = 1.0
_LINGER_SECONDS = 0.02
"""An ending waits so long for others, that they share one commit."""
_BATCH = 10
_EXTRA_SECONDS = 10.0
"""Patience with the opening of a further connection."""
_MOST_TRIES = 3
_MOST_PUT_OFF = 10
"""Letters in a row that the server puts off before it is left in peace."""
_MOST_BARREN = 2
"""Connections in a row that are lost before a letter was decided on."""
_PEACE_SECONDS = 60.0
_RETURNED_AT_ONCE = 100


class Post:
    """The way out. Connections are kept from one `deliver` to the next, until `close`."""

    def __init__(
        self,
        send: Send,
        tls: Tls,
        sender: str,
        password: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._tls = tls
        self._sender = sender
        self._password = password
        self._clock = clock
        self._channels: list[Channel] = []
        self._most_channels = MOST_CHANNELS
        self._lied = False
        self._proven = False
        """A letter has gone through: the server is believed about its extensions."""
        self._stopping = False
        self._put_off = 0
        self._barren = 0
        self._left_in_peace_until = 0.0
        self.trouble: ServerTrouble | None = None
        """Why the last letters came back unsent, where it was not for their own sake."""

    def __repr__(self) -> str:
        return f"Post({self._send.host}:{self._send.port})"

    def connect(self, trace: Trace | None = None) -> None:
        """Make sure that there is a connection. Raises ServerTrouble and its kinds.

        `trace` is told each step as it begins.
        """
        self._channels = [channel for channel in self._channels if channel.still_there()]
        if not self._channels:
            self._open(self._send.timeout_seconds, trace)

    def deliver(self, letters: Iterable[Letter]) -> Iterator[list[Outcome]]:
        """Send the letters; yields their endings, as many as are known at the time, each once.

        Letters are taken from `letters` as there is room for them. Never more than 20 are handed
        over whose ending the caller has not seen *and* written down: it does so before it asks for
        the next list. An empty list comes about once a second while nothing happens.

        Raises ServerTrouble (LoginTrouble, CertificateTrouble) where no connection can be made to
        begin with: then nothing was sent, and the letters taken were given back as LATER. Trouble
        that comes later only shows in the endings, and in `trouble`.
        """
        queue = Queue(letters)
        if self._stopping or not queue.first():
            return
        if self._clock() >= self._left_in_peace_until:
            self.trouble = None
            self._put_off = self._barren = 0
            try:
                self.connect()
            except ServerTrouble as trouble:
                yield _returned(queue.taken(), trouble.title)
                raise
            try:
                yield from self._work_off(queue)
            finally:  # the caller broke off: what is on the way is given up
                for channel in self._channels:
                    if channel.dialogue.on_way:
                        channel.drop()
                self._channels = [channel for channel in self._channels if not channel.lost]
        yield from self._give_back(queue)

    def stop_soon(self) -> None:
        """Take no new letters; `deliver` ends when the answers under way have come."""
        self._stopping = True

    def close(self) -> None:
        """Take leave of the server. Never raises."""
        for channel in self._channels:
            channel.say_goodbye()
        for channel in self._channels:
            channel.close()
        self._channels.clear()

    # --- the loop

    def _work_off(self, queue: Queue) -> Iterator[list[Outcome]]:
        """Send until the queue is empty, the server wants its peace, or it is time to stop."""
        known: list[Outcome] = []
        known_since = last_told = self._clock()
        while True:
            self._feed(queue, known)
            for channel in self._channels:
                channel.flush()
            self._settle(queue, known)
            now = self._clock()
            done = not self._on_way() and self._finished(queue)
            if not known:
                known_since = now
            linger = known_since + _LINGER_SECONDS - now
            if known and (done or len(known) >= _BATCH or linger <= 0):
                yield known
                known, last_told = [], self._clock()
            elif now - last_told >= _TICK_SECONDS:
                yield []
                last_told = self._clock()
            elif self._on_way():
                tick = last_told + _TICK_SECONDS - now
                self._listen(min(tick, linger) if known else tick)
                self._settle(queue, known)
            if done and not known:
                return

    def _finished(self, queue: Queue) -> bool:
        return self._stopping or self._at_peace() or not queue.first()

    def _at_peace(self) -> bool:
        return self.trouble is not None

    def _on_way(self) -> int:
        return sum(channel.dialogue.on_way for channel in self._channels)

    def _feed(self, queue: Queue, known: list[Outcome]) -> None:
        """Begin as many letters as may be on the way."""
        while not self._stopping and not self._at_peace():
            if self._on_way() + len(known) >= MOST_ON_WAY or not (delivery := queue.first()):
                return
            if not self._channels and not self._reopen():
                return
            dialogue = self._channels[0].dialogue
            if obstacle := dialogue.impossible(delivery.letter):
                known.append(Outcome(queue.take().letter.key, Ending.REFUSED, 0, obstacle))
                continue
            if not _file_is_there(delivery.letter):
                known.append(_later(queue.take(), "転送するメールのファイルを読めません。"))
                continue
            style = dialogue.style_for(delivery.letter)
            channel = self._one_that_takes(style)
            if channel is None and self._may_grow(style, queue):
                channel = self._grow()
            if channel is None:
                return
            channel.begin(queue.take())

    def _one_that_takes(self, style: Style) -> Channel | None:
        window = MOST_ON_WAY if self._proven else 1
        for channel in [*self._channels]:
            if not channel.dialogue.takes(style, window):
                continue
            if channel.still_there():
                return channel
            self._channels.remove(channel)
        return None

    def _listen(self, seconds: float) -> None:
        """Wait for answers, and take in those that come."""
        busy = [channel for channel in self._channels if channel.dialogue.on_way]
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
                channel.give_up()

    # --- endings

    def _settle(self, queue: Queue, known: list[Outcome]) -> None:
        """Sort what has ended, and drop the connections that were lost."""
        for channel in self._channels:
            for ended in channel.take_ended():
                self._sort(ended, queue, known)
            if channel.dialogue.lied and not self._lied:
                self._lied = True
                log.info("送信サーバが高速な手順に対応していないため、ふつうの手順で送ります")
        for channel in self._channels:
            channel.dialogue.lied = self._lied
        lost = [channel for channel in self._channels if channel.lost]
        if not lost:
            return
        self._channels = [channel for channel in self._channels if not channel.lost]
        for channel in lost:
            if channel.dialogue.answered:
                self._barren = 0
            elif self._channels:
                self._most_channels = len(self._channels)  # one more was one too many
            else:
                self._barren += 1
                if self._barren >= _MOST_BARREN:
                    self._leave_in_peace(
                        troubles.keeps_hanging_up(channel.line.peer, channel.why_lost)
                    )

    def _sort(self, ended: Ended, queue: Queue, known: list[Outcome]) -> None:
        delivery, outcome = ended.delivery, ended.outcome
        if outcome is None:
            if delivery.tries < _MOST_TRIES:
                queue.put_back(delivery)
                return
            outcome = _later(delivery, "何度か試しましたが、送れませんでした。")
        known.append(outcome)
        if outcome.ending is Ending.ACCEPTED:
            self._proven = True
        if outcome.ending is not Ending.LATER:
            self._put_off = 0
            return
        self._put_off += 1
        if ended.fatal or self._put_off >= _MOST_PUT_OFF:
            peer = self._channels[0].line.peer
            detail = f"{outcome.code or ''} {outcome.text}".strip()
            why = troubles.sending_refused if ended.ours else troubles.refused_for_now
            self._leave_in_peace(why(peer, detail))

    def _leave_in_peace(self, trouble: ServerTrouble) -> None:
        self.trouble = trouble
        self._left_in_peace_until = self._clock() + _PEACE_SECONDS

    def _give_back(self, queue: Queue) -> Iterator[list[Outcome]]:
        """What is left of the queue when no more is to be sent now."""
        why = self.trouble.title if self.trouble else "プログラムを終了するため、次回に送ります。"
        while not self._stopping and queue.at_least(_RETURNED_AT_ONCE):
            yield _returned(queue.taken(), why)
        if rest := queue.taken():
            yield _returned(rest, why)

    # --- connections

    def _open(self, timeout: float, trace: Trace | None = None) -> Channel:
        session = open_session(self._send, self._tls, self._password, timeout=timeout, trace=trace)
        session.line.settimeout(self._send.timeout_seconds)
        channel = Channel(
            session,
            self._sender,
            timeout=self._send.timeout_seconds,
            final_timeout=self._send.final_timeout_seconds,
            clock=self._clock,
        )
        channel.dialogue.lied = self._lied
        self._channels.append(channel)
        return channel

    def _reopen(self) -> bool:
        try:
            self._open(self._send.timeout_seconds)
        except ServerTrouble as trouble:
            self._leave_in_peace(trouble)
            return False
        return True

    def _may_grow(self, style: Style, queue: Queue) -> bool:
        """One connection is enough where letters stream; else a long queue is worth some more."""
        return (
            style is not Style.STREAM
            and self._proven
            and not self._lied
            and len(self._channels) < self._most_channels
            and queue.at_least(LONG_QUEUE)
        )

    def _grow(self) -> Channel | None:
        for channel in self._channels:
            channel.flush()  # so that the server has work while the new line is opened
        try:
            return self._open(min(_EXTRA_SECONDS, self._send.timeout_seconds))
        except ServerTrouble as trouble:
            log.debug("no further connection: %s %s", trouble.title, trouble.detail)
            self._most_channels = max(1, len(self._channels))
            return None


def _file_is_there(letter: Letter) -> bool:
    try:
        return letter.file is None or letter.file.stat().st_size == letter.file_size
    except OSError:
        return False


def _later(delivery: Delivery, why: str) -> Outcome:
    return Outcome(delivery.letter.key, Ending.LATER, 0, why)


def _returned(deliveries: list[Delivery], why: str) -> list[Outcome]:
    return [_later(delivery, why) for delivery in deliveries]
