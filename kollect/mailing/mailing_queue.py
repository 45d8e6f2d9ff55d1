"""The letters of one round of a mailing, as the client pulls them: as late as possible, and no
faster than the pace allows.

Up to the instant before MAIL it counts what others have written into the file, in this program or
another one: a 配信停止, a 退会, a pause. So a letter that waits for its turn at the server, or was
put back when a line was lost, is asked once more each time that it is begun.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from kollect.errors import StorageTrouble
from kollect.ledger.lived_clock import LivedClock, lived_moment
from kollect.mailing.mailing_states import UNFINISHED, Mailing, MailingRecipient
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit, allowance
from kollect.smtp.outgoing import OutgoingMail

RECIPIENTS_AT_ONCE = 100
"""So many letters are taken from the outbox, and marked SENDING, with one commit."""
_ASKED_AT_ONCE = 200


class RateGate:
    """Lets through as many letters as the pace allows."""

    def __init__(self, pace: RateLimit, tries: list[datetime]) -> None:
        """`tries`: when letters, of any mailing, were handed over before."""
        self._pace = pace
        self._tries = deque(sorted(tries))
        self._room = 0

    def room(self, now: datetime) -> int:
        """So many may go now."""
        if not self._room:
            self._forget(now)
            self._room = allowance(self._pace, tuple(self._tries), now, _ASKED_AT_ONCE).letters
        return self._room

    def wait(self, now: datetime) -> timedelta:
        """Until one may go, where none may now."""
        return allowance(self._pace, tuple(self._tries), now, 1).wait

    def passed(self, now: datetime) -> None:
        self._room -= 1
        if self._pace.memory:
            self._tries.append(now)

    def _forget(self, now: datetime) -> None:
        while self._tries and self._tries[0] + self._pace.memory < now:
            self._tries.popleft()


class MailingQueue:
    """An iterator that ends where the pace is used up, and goes on when asked again later.

    First those that were not put off before; those have their turn in the end, each once.
    """

    def __init__(
        self,
        outbox: Outbox,
        mailing: Mailing,
        write: Callable[[MailingRecipient], OutgoingMail | None],
        closed: Callable[[], bool],
        now: Callable[[], datetime],
        on_dropped: Callable[[MailingRecipient], None],
    ) -> None:
        """`write` gives None for a parcel of which it has disposed itself; while `closed` says yes,
        nothing is handed out. `dropped` is told of a letter that was, and may not begin any more.
        """
        self._outbox = outbox
        self._mailing = mailing
        self._write = write
        self._closed = closed
        self._now = now
        self._dropped = on_dropped
        self._began = now()
        self._clock = LivedClock(outbox.file, now)
        self._gate = RateGate(mailing.pace, outbox.tries(mailing.pace, self._clock.tick()))
        self._after = 0
        self._taken: deque[MailingRecipient] = deque()
        """Marked SENDING, not handed over yet."""
        self._change_token: object = None
        """As they were taken. While it is the same, nothing stands against any of them."""
        counts = outbox.counts(mailing.id)
        self._owed = sum(counts.get(step, 0) for step in UNFINISHED)
        self._to_try_again = 0
        self.second_turn = False
        """It is the turn of those that were put off before."""
        self.exhausted = False
        """Nothing is left in this turn."""
        self.trouble: StorageTrouble | None = None
        """Why no letter is handed out any more: that it is cannot be written down."""

    def __iter__(self) -> MailingQueue:
        return self

    def __next__(self) -> OutgoingMail:
        try:
            return self._next()
        except StorageTrouble as trouble:
            # raised here, it would take with it what became of those on the way
            self.trouble = trouble
            raise StopIteration from trouble

    def _next(self) -> OutgoingMail:
        while not self._closed() and self.trouble is None:
            if not self._taken and not self._take():
                break
            recipient = self._taken.popleft()
            self._gate.passed(self._lived())
            if letter := self._write(recipient):
                return replace(
                    letter,
                    still_allowed=partial(self._still_allowed, recipient, self._change_token),
                )
        raise StopIteration

    def _still_allowed(self, recipient: MailingRecipient, change_token: object) -> bool:
        """`change_token`: as it was when the letter was taken, with others or before them."""
        try:
            if self._outbox.change_token() == change_token or self._outbox.still_allowed(
                recipient, self._now()
            ):
                return True
        except StorageTrouble as trouble:  # as in `__next__`; the letter was not begun
            self.trouble = trouble
            self._taken.appendleft(recipient)
        self._dropped(recipient)
        return False

    def __length_hint__(self) -> int:
        """So that nobody has to take letters to learn whether many are waiting."""
        try:
            return max(0, min(self._owed + len(self._taken), self._gate.room(self._lived())))
        except StorageTrouble as trouble:
            self.trouble = trouble  # as in `__next__`
            return 0

    def wait(self) -> timedelta:
        """Until the pace allows the next letter."""
        return self._gate.wait(self._lived())

    def _lived(self) -> datetime:
        """The pace is kept by what is lived through: no clock that is set lets anybody wait."""
        return lived_moment(self._clock.lived())

    def begin_second_turn(self) -> None:
        self.second_turn, self.exhausted = True, False
        # counted: where the clock is set back in between, no date tells which had their turn
        self._to_try_again = self._outbox.put_off(self._mailing.id, self._began, self._now())

    def give_back(self) -> None:
        """What was taken and not handed over stays owed."""
        waiting = [recipient.id for recipient in self._taken]
        self._taken.clear()
        if waiting:
            self._outbox.give_back(waiting, self._now())

    def _take(self) -> bool:
        now = self._now()
        most = min(RECIPIENTS_AT_ONCE, self._gate.room(self._lived()))
        if self.second_turn:
            most = min(most, self._to_try_again)
        if not most:
            self.exhausted = self.second_turn and not self._to_try_again
            return False
        self._change_token = self._outbox.change_token()
        if self.second_turn:
            found = self._outbox.take_put_off(self._mailing.id, self._began, most, now)
            self._to_try_again -= len(found)
        else:
            found = self._outbox.take_fresh(self._mailing.id, self._after, most, now)
            self._after = found[-1].id if found else self._after
        self._taken.extend(found)
        self._owed -= len(found)
        self.exhausted = not found
        return bool(found)
