"""How much time was lived through, whatever the clock on the wall says. Pure.

The date of a shop's PC may be wrong: an empty battery, a mistyped year, the time server that puts
it right later. Spans that decide about a customer's letter are therefore counted in lived seconds,
a number that only grows; and what is thrown away for being old waits until the date has stood a
while.

From one look at the clocks to the next (`ran`: what the monotonic clock says meanwhile; it is known
within one run of the program and counts the PC's sleep, where the system lets it):

    the wall clock went …              lived by it            the date
    ---------------------------------  ---------------------  -----------------------------------
    on, about as long as we ran        that long, at most     goes on standing: by what was lived,
                                       a day                  an hour a look at most
    on, by up to a day more (sleep,    that long, at most     goes on standing, likewise
    a night switched off)              a day
    on, by more than that              a day                  stands anew (JUMPED AHEAD)
      … over a restart, by a week at   a day                  as before, or, had it stood its day,
      the most (the shop was closed)                          anew
    back (beyond a few minutes: SET    what we ran; over a    goes on standing
    BACK)                              restart: nothing
    back by more than a day            likewise               stands anew

The date is trusted when it has stood for a day of running. The day that is under way does not begin
anew after a weekend, or a shop that is open for four hours a day would never come to its end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

LONG_CLOSED = timedelta(days=60)
"""How long a shop may be closed: its date then moves on by as much."""
_HOUR, _DAY, _WEEK = 3600.0, 86400.0, 7 * 86400.0
_JUMP = _DAY + _HOUR
"""More than a day. The hour is for who starts the program once a day, at about the same time."""
_SET_BACK = 300.0
"""A time server puts most clocks back by less, which nobody has to hear of."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the clocks showed at one moment."""

    wall: datetime
    running: float
    """Seconds of a clock that nobody sets."""
    run: str
    """In which run of the program: the seconds of another one are another clock's."""


@dataclass(frozen=True, slots=True)
class Move:
    """The wall clock went where time does not lead by itself."""

    before: datetime
    """What it would show."""
    after: datetime
    known: bool
    """Seen while the program ran; else the PC may just have been switched off so long."""
    lived: float
    """When it was, in lived seconds."""

    @property
    def ahead(self) -> timedelta:
        """Negative: it was set back."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Lived:
    seconds: float
    """Lived through since the ledger began; never less than before."""
    look: Look
    stood: float
    """Seconds of running for which the date has stood; not counted beyond a day."""
    move: Move | None = None
    """The last one."""

    @property
    def is_trusted(self) -> bool:
        """May things be given up, or thrown away, for being old by this date?"""
        return self.stood >= _DAY

    def is_dependable(self, *, found_wrong: bool) -> bool:
        """May something be begun, such as a mail on a birthday, because it is this day by this
        date?

        Not after a jump, before the date has stood for a day of running; but a PC that was switched
        off for a holiday has not jumped. `found_wrong`: the servers, when they were last asked,
        told another time.
        """
        if self.is_trusted:
            return True
        move = self.move
        was_closed = move is not None and not move.known and timedelta() < move.ahead <= LONG_CLOSED
        return was_closed and not found_wrong

    @property
    def jumped_over(self) -> timedelta:
        """So much older than it is something may look, by the last jump ahead."""
        move = self.move
        return move.ahead if move and move.ahead.total_seconds() > _JUMP else timedelta()

    def age(self, moment: datetime) -> timedelta:
        """How long ago something was written down with this date.

        A date in the future of now counts as now: as of when the clock was put right. What was
        written down before the date jumped ahead may be of yesterday: since then it has aged by
        what was lived.
        """
        move = self.move
        since_move = timedelta(seconds=self.seconds - move.lived if move else 0.0)
        if moment > self.look.wall:
            return since_move
        if move and self.jumped_over and moment <= move.before:
            return move.before - moment + since_move
        return self.look.wall - moment


def begun(look: Look) -> Lived:
    """A new ledger: there is nothing yet that could be taken for old."""
    return Lived(0.0, look, _DAY)


def later(state: Lived, look: Look) -> Lived:
    """What was lived through since the last look."""
    before = state.look
    went = (look.wall - before.wall).total_seconds()
    ran = max(0.0, look.running - before.running) if look.run == before.run else None
    lived = min(max(went, ran or 0.0, 0.0), _DAY)
    ahead = went - (ran or 0.0)
    jumped = abs(ahead) > _JUMP
    move = state.move
    if jumped or ahead < -_SET_BACK:
        would_show = look.wall - timedelta(seconds=ahead)
        known = ran is not None or ahead < 0
        move = Move(would_show, look.wall, known, state.seconds)
    stood = min(state.stood + min(lived, _HOUR), _DAY)
    if jumped:
        was_closed = ran is None and 0 < ahead <= _WEEK
        stood = state.stood if was_closed and not state.is_trusted else 0.0
    return Lived(state.seconds + lived, look, stood, move)


def to_json(state: Lived) -> str:
    """As the ledger keeps it."""
    move = state.move
    return json.dumps(
        {
            "lived": round(state.seconds, 3),
            "wall": state.look.wall.isoformat(),
            "running": round(state.look.running, 3),
            "run": state.look.run,
            "stood": round(state.stood, 3),
            "move": move
            and [move.before.isoformat(), move.after.isoformat(), move.known, move.lived],
        }
    )


def from_json(text: str) -> Lived:
    """Raises ValueError, as for what a bit has made of it that fell over."""
    try:
        found = json.loads(text)
        look = Look(_moment(found["wall"]), float(found["running"]), str(found["run"]))
        move = None
        if found["move"]:
            before, after, known, lived = found["move"]
            move = Move(_moment(before), _moment(after), bool(known), float(lived))
        state = Lived(float(found["lived"]), look, float(found["stood"]), move)
    except (TypeError, KeyError, IndexError, AttributeError) as wrong:
        raise ValueError(text) from wrong
    if not (isfinite(look.running) and isfinite(move.lived if move else 0.0)):
        raise ValueError(text)
    if not (0 <= state.seconds < float("inf") and 0 <= state.stood <= _DAY):
        raise ValueError(text)
    return state


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
