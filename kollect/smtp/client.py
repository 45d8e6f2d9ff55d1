"""Hands letters to the sending server, over one to four connections, and tells how each one ended.

Knows how many letters may be on the way, and when the caller should write down how they ended. When
and how long a server is left alone is in `back_off`; what is said on a connection is the
protocol's; the ledger is the caller's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from kollect.errors import ServerTrouble
from kollect.net.connection import Trace
from kollect.settings.model import Send, Tls
from kollect.smtp import smtp_errors
from kollect.smtp.back_off import BackOff
from kollect.smtp.letter_queue import Queue
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from kollect.smtp.pool import ConnectionPool
from kollect.smtp.smtp_connection import SmtpAccount, SmtpConnection
from kollect.smtp.standby import Standby
from kollect.smtp.transaction import Delivery, DeliveryEnded

MOST_ON_WAY = 20
"""Letters handed over whose ending the caller has not yet written down: what a crash may repeat."""
LONG_QUEUE = 40
"""So many letters waiting are worth further connections."""

_TICK_SECONDS = 1.0
_LINGER_SECONDS = 0.05
"""An ending waits so long for others, that they share one commit."""
_BATCH = 10
_MOST_TRIES = 3
_RETURNED_AT_ONCE = 100


class SmtpClient:
    """The way out. Connections are kept from one `deliver` to the next, until `close`; with a
    `standby` one of them may be older, and outlives it."""

    def __init__(
        self,
        send: Send,
        tls: Tls,
        sender: str,
        password: str,
        *,
        standby: Standby | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._pool = ConnectionPool(SmtpAccount(send, tls, sender, password), clock, standby)
        self._stopping = False
        self._back_off = BackOff()
        self._begun = 0
        """Letters, in the whole life of this client."""
        self._account_rejected: ServerTrouble | None = None
        """The server has something against the shop, not against the recipient it said it to, and
        has taken no letter that was begun after that."""
        self._account_rejected_at = 0
        self._rejected_all_along: ServerTrouble | None = None
        """As above, at the end of the last `deliver`."""
        self.doubt: ServerTrouble | None = None
        """The last refusal that may be about the shop, in words for people."""

    def connect(self, trace: Trace | None = None) -> None:
        """Make sure that there is a connection. Raises ServerTrouble and its kinds.

        `trace` is told each step as it begins.
        """
        self._pool.make_sure(trace)

    def deliver(self, letters: Iterable[OutgoingMail]) -> Generator[list[Outcome], None, None]:
        """Send the letters; yields their endings, as many as are known at the time, each once.

        Letters are taken from `letters` as there is room for them; one that says no before its MAIL
        (`OutgoingMail.still_allowed`) has no ending. Never more than 20 are handed
        over whose ending the caller has not seen *and* written down: it does so before it asks for
        the next list. An empty list comes about once a second while nothing happens.

        Raises ServerTrouble (LoginTrouble, CertificateTrouble) where no connection can be made to
        begin with: then nothing was sent, and the letters taken were given back as LATER. Trouble
        that comes later only shows in the endings, and in `trouble`.
        """
        queue = Queue(letters)
        if self._stopping or not queue.first():
            return
        if self._back_off.end(self._clock()):
            self._rejected_all_along = None
            try:
                self.connect()
            except ServerTrouble as trouble:
                yield _returned(queue.taken(), trouble.title)
                raise
            try:
                yield from self._work_off(queue)
            finally:  # where the caller broke off, what is on the way is given up
                self._pool.drop_busy()
            # as "relay access denied": said to each recipient
            self._rejected_all_along = self._account_rejected
        yield from self._give_back(queue)

    @property
    def trouble(self) -> ServerTrouble | None:
        """Why the last letters came back unsent, where it was not for their own sake."""
        return self._back_off.trouble or self._rejected_all_along

    @property
    def server_time(self) -> datetime | None:
        """What the server's clock shows now, where it has said it."""
        return self._pool.server_time()

    def stop_soon(self) -> None:
        """Take no new letters; `deliver` ends when the answers under way have come."""
        self._stopping = True

    @property
    def on_way(self) -> int:
        """Letters that were begun and have not ended."""
        return self._pool.on_way

    def back_off(self, trouble: ServerTrouble) -> None:
        """Begin no other letter for a minute; what was not begun comes back."""
        self._back_off.begin(trouble, self._clock())

    def close(self) -> None:
        """Take leave of the server. Never raises."""
        self._pool.close()

    # --- the loop

    def _work_off(self, queue: Queue) -> Iterator[list[Outcome]]:
        """Send until the queue is empty, it is time to back off or to stop."""
        known: list[Outcome] = []
        known_since = last_told = self._clock()
        while True:
            self._feed(queue, known)
            self._pool.flush()
            self._settle(queue, known)
            now = self._clock()
            done = not self._pool.on_way and self._finished(queue)
            if not known:
                known_since = now
            linger = known_since + _LINGER_SECONDS - now
            if known and (done or len(known) >= _BATCH or linger <= 0):
                yield known
                known, last_told = [], self._clock()
            elif now - last_told >= _TICK_SECONDS:
                yield []
                last_told = self._clock()
            elif self._pool.on_way:
                tick = last_told + _TICK_SECONDS - now
                self._pool.listen(min(tick, linger) if known else tick)
                self._settle(queue, known)
            if done and not known:
                return

    def _finished(self, queue: Queue) -> bool:
        return self._stopping or self._back_off.trouble is not None or not queue.first()

    def _feed(self, queue: Queue, known: list[Outcome]) -> None:
        """Begin as many letters as may be on the way."""
        while not self._stopping and self._back_off.trouble is None:
            if self._pool.on_way + len(known) >= MOST_ON_WAY:
                return
            delivery = queue.first()
            if delivery is None or not self._connected():
                return
            letter = delivery.letter
            if obstacle := self._pool.first.protocol.impossible(letter):
                queue.take()
                known.append(Outcome(letter.key, DeliveryStatus.REFUSED, 0, obstacle))
            elif not _file_is_there(letter):
                queue.take()
                known.append(_later(delivery, "転送するメールのファイルを読めません。"))
            elif connection := self._room_for(letter, queue):
                delivery = queue.take()
                self._begun += 1
                delivery.place = self._begun
                connection.begin(delivery)
            else:
                return

    def _connected(self) -> bool:
        if not self._pool:
            try:
                self._pool.make_sure()
            except ServerTrouble as trouble:
                self.back_off(trouble)
        return bool(self._pool)

    def _room_for(self, letter: OutgoingMail, queue: Queue) -> SmtpConnection | None:
        style = self._pool.first.protocol.style_for(letter)
        connection = self._pool.one_for(style, MOST_ON_WAY)
        if connection is None and self._pool.may_grow(style) and queue.is_long(LONG_QUEUE):
            connection = self._pool.grow()
        return connection

    # --- endings

    def _settle(self, queue: Queue, known: list[Outcome]) -> None:
        """Sort what has ended, and draw the conclusions from connections that were lost."""
        for ended in self._pool.take_ended():
            self._sort(ended, queue, known)
        for connection in self._pool.take_lost():
            if connection.protocol.answered:
                self._back_off.connection_answered()
            elif not self._pool and self._back_off.connection_failed():
                why = smtp_errors.keeps_hanging_up(connection.line.peer, connection.why_lost)
                self.back_off(why)

    def _sort(self, ended: DeliveryEnded, queue: Queue, known: list[Outcome]) -> None:
        if ended.called_off:
            return
        delivery, outcome = ended.delivery, ended.outcome
        if outcome is None:
            if delivery.tries < _MOST_TRIES:
                queue.put_back(delivery)
                return
            outcome = _later(delivery, "何度か試しましたが、送れませんでした。")
        known.append(outcome.heard(delivery.place, self._begun))
        detail = f"{outcome.code or ''} {outcome.text}".strip()
        if ended.ours:
            self._account_rejected = smtp_errors.sending_refused(self._pool.peer, detail)
            self._account_rejected_at = self._begun
        match outcome.status:
            case DeliveryStatus.ACCEPTED:
                self._pool.has_delivered = True
                if delivery.place > self._account_rejected_at:
                    self._account_rejected = None
            case DeliveryStatus.DOUBTED:
                # whether no other letter would fare better, is the caller's to say
                self.doubt = smtp_errors.refusing(self._pool.peer, detail)
                return
            case DeliveryStatus.LATER:
                too_many = self._back_off.letter_put_off()
                if ended.fatal or too_many:
                    why = smtp_errors.sending_refused if ended.ours else smtp_errors.refused_for_now
                    self.back_off(why(self._pool.peer, detail))
                return
        self._back_off.letter_decided()

    def _give_back(self, queue: Queue) -> Iterator[list[Outcome]]:
        """What is left of the queue when no more is to be sent now."""
        why = self.trouble.title if self.trouble else "プログラムを終了するため、次回に送ります。"
        while not self._stopping and queue.at_least(_RETURNED_AT_ONCE):
            yield _returned(queue.taken(), why)
        if rest := queue.taken():
            yield _returned(rest, why)


def _file_is_there(letter: OutgoingMail) -> bool:
    try:
        if letter.file is None:
            return True
        with letter.file.open("rb") as raw:
            return raw.seek(0, os.SEEK_END) == letter.file_size
    except OSError:
        return False


def _later(delivery: Delivery, why: str) -> Outcome:
    return Outcome(delivery.letter.key, DeliveryStatus.LATER, 0, why)


def _returned(deliveries: list[Delivery], why: str) -> list[Outcome]:
    return [replace(_later(delivery, why), tried=False) for delivery in deliveries]
