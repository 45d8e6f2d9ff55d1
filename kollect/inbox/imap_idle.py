"""One wait for mail on a line to an IMAP server: what comes, in the order in which it comes.

What it means is `idle_states`' table. Nothing here waits longer than somebody who wakes it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from kollect.errors import ServerTrouble
from kollect.inbox.idle_states import (
    ANSWERED_WITHIN,
    BEGIN,
    OVER,
    REISSUED_AFTER,
    UNANSWERED,
    Arrivals,
    Silence,
    Step,
    WaitEvent,
    WaitState,
    after,
    event_of,
)
from kollect.net.connection import Line
from kollect.threads.background_thread import LOOK_AT_CLOCK
from kollect.threads.two_clocks import TwoClocks
from kollect.threads.wake_event import WakeEvent

log = logging.getLogger(__name__)

_MOST_OCTETS = 1024 * 1024
"""So much may be said in one IDLE; each line counts a little more."""
_PER_LINE = 64
_REASONS = (WaitEvent.NEWS, WaitEvent.DUE, WaitEvent.WOKEN)


@dataclass(frozen=True, slots=True)
class WaitTimes:
    """Seconds; see `idle_states`."""

    reissue: float = REISSUED_AFTER
    answer: float = ANSWERED_WITHIN
    look_at_clock: float = LOOK_AT_CLOCK


class IdleWait:
    """One wait, in the thread that polls. `steady` and `wall` are the two clocks."""

    def __init__(
        self,
        line: Line,
        arrivals: Arrivals,
        silence: Silence,
        times: WaitTimes,
        *,
        steady: Callable[[], float],
        wall: Callable[[], float],
        hasty: bool = True,
    ) -> None:
        """`hasty`: after news the end of IDLE is not waited for, which saves a round trip."""
        self._line = line
        self._arrivals = arrivals
        self._silence = silence
        self._times = times
        self._steady = steady
        self._clocks = TwoClocks(wall(), steady())
        self._wall = wall
        self._state = WaitState.LOOK
        self._reason: WaitEvent | None = None
        self._commands = 0
        self._tag = b""
        self._octets = 0
        self._ends: dict[WaitEvent, float] = {}
        """When what happens by time alone."""
        self._woken = False
        self._hasty = hasty
        self.unfinished = b""
        """The tag of the IDLE whose end is still to come."""

    def run(
        self,
        seconds: float,
        wake: WakeEvent,
        *,
        stopping: Callable[[], bool],
        begun: Callable[[], None],
    ) -> tuple[WaitState, WaitEvent | None]:
        """Wait for a reason to poll, for so many seconds at most; returns how the wait has ended,
        and the reason if there is one.

        `begun` is called as soon as the server has promised to tell of mails. It takes no longer
        than it takes the server to answer DONE, once `wake` is set; where `stopping` says yes, it
        ends at once. Raises OSError where the PC gives nothing to be woken by.
        """
        wake.fileno()
        self._ends = {WaitEvent.DUE: self._steady() + seconds}
        told = False
        self._go(BEGIN)
        while self._state not in OVER:
            event = self._next(wake, stopping)
            if event is None:
                continue
            if event in _REASONS and self._reason is not WaitEvent.NEWS:
                self._reason = event
            idling = self._state is WaitState.IDLE
            self._go(after(self._state, event))
            if self._hasty and idling and event is WaitEvent.NEWS:
                self._state, self.unfinished = WaitState.POLL, self._tag
            if self._state in OVER:
                log.debug("%s: the wait is over: %s", self._line.peer.host, event)
            elif self._state is WaitState.IDLE and not told:
                told = True
                begun()
        return self._state, self._reason

    def _go(self, step: Step) -> None:
        """Say what is to be said, and be there."""
        before, self._state = self._state, step.state
        now = self._steady()
        if step.say:
            try:
                self._say(step.say)
            except ServerTrouble:
                if step.state not in OVER:
                    self._state = after(step.state, WaitEvent.CUT).state
                return
            self._ends[WaitEvent.LATE] = now + self._times.answer
        if step.state is WaitState.IDLE and before is not WaitState.IDLE:
            self._silence.begin(now)
            self._ends[WaitEvent.OLD] = now + self._times.reissue

    def _say(self, command: str) -> None:
        if command == "DONE":
            self._line.send(b"DONE\r\n")
            return
        self._commands += 1
        self._octets = 0
        self._tag = b"PUSH%d" % self._commands  # the library's have four letters up to P
        self._line.send(b"%s %s\r\n" % (self._tag, command.encode()))

    def _next(self, wake: WakeEvent, stopping: Callable[[], bool]) -> WaitEvent | None:
        """What happens next; None: nothing but that the clock was looked at."""
        wake.quiet()  # before the looks: what is wanted after them ends the wait below
        if stopping():
            return WaitEvent.STOP
        if wake.is_set() and not self._woken:
            self._woken = True
            return self._jumped(0.0) or WaitEvent.WOKEN
        when, what = self._first_end()
        left = min(max(0.0, when - self._steady()), self._times.look_at_clock)
        there = self._line.wait_line(left, wake)
        if jumped := self._jumped(left):
            return jumped
        if there:
            return self._heard()
        if self._steady() < when:
            return None
        self._ends.pop(what, None)
        return what

    def _first_end(self) -> tuple[float, WaitEvent]:
        ends = {what: when for what, when in self._ends.items() if self._counts(what)}
        if self._state is WaitState.IDLE and (silent := self._silence.ends) is not None:
            ends[WaitEvent.SILENT] = silent
        what = min(ends, key=ends.__getitem__, default=WaitEvent.ASIDE)
        return ends.get(what, self._steady() + self._times.look_at_clock), what

    def _counts(self, what: WaitEvent) -> bool:
        match what:
            case WaitEvent.LATE:
                return self._state in UNANSWERED
            case WaitEvent.OLD:
                return self._state is WaitState.IDLE
        return True

    def _jumped(self, asked: float) -> WaitEvent | None:
        if self._clocks.jumped(self._wall(), self._steady(), asked):
            return WaitEvent.JUMPED
        return None

    def _heard(self) -> WaitEvent:
        try:
            line = self._line.readline()
        except ServerTrouble:
            return WaitEvent.CUT
        self._octets += len(line) + _PER_LINE
        if self._octets > _MOST_OCTETS:
            return WaitEvent.CUT
        event = event_of(line, self._tag, self._arrivals)
        if self._state is WaitState.IDLE:
            self._silence.hear(event, self._steady())
        return event
