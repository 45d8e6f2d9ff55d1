"""Waiting for mail in IDLE (RFC 2177), as a table: what comes, what is said, how long it
lasts, where it ends. Pure.

    LOOK ──OK──▶ ASKED ──"+"──▶ IDLE ──news──▶ LEAVING ──OK──▶ POLL
      ▲   (NOOP)       (IDLE)     │ (DONE)
      └──────OK── RENEWING ◀──old─┘ (DONE)

A wait begins with a look (NOOP), because some servers tell only then what has come since the last
listing. News at any time are a reason to poll, and so are a poll that is due and somebody who wakes
us; but the command on its way is answered first, and DONE is never sent before the "+". After news
that come in IDLE the OK for DONE is read with the poll's first answer, if the server bears that.

Where the line is lost before there is a reason to poll, the wait is LOST and nothing is urgent:
the next poll comes when it would have come without IDLE. With a reason to poll at hand another
line is opened at once (ANEW).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

REISSUED_AFTER = 540.0
"""Seconds in one IDLE. RFC 2177 allows 29 minutes; routers forget quiet lines after ten."""
ANSWERED_WITHIN = 15.0
"""Seconds for the answer to NOOP, IDLE or DONE."""
_SHORTEST_SILENCE = 30.0
"""Seconds for which every server may be silent."""
_MOST_LOST = 3
_SHORT = 60.0
"""Seconds. So many waits lost one after the other, each within this time, are one too many."""
_MOST_UNTOLD = 3
"""Mails found by polls that no push had told of, until the server is believed to tell of none."""
_MOST_FRUITLESS = 5
"""Pushes one after the other with no new mail behind them, until one is not followed at once."""

NEVER_PUSHES = "メールが届いてもサーバが知らせないため"
REFUSES = "サーバが「届いたらすぐ知らせる」（IDLE）を断ったため"
LOSES_LINE = "知らせを待つ間に、接続がたびたび切れるため"


class WaitState(StrEnum):
    LOOK = "look"
    ASKED = "asked"
    IDLE = "idle"
    CALLED_OFF = "called off"
    """IDLE is on its way and not wanted any more."""
    RENEWING = "renewing"
    LEAVING = "leaving"
    POLL = "poll"
    """Over: poll, on this line."""
    ANEW = "anew"
    """Over: poll at once, on another line."""
    LOST = "lost"
    """Over: the line is lost."""
    REFUSED = "refused"
    """Over: this server lets nobody wait."""
    STOPPED = "stopped"
    """Over: the program ends."""


OVER = frozenset(
    {WaitState.POLL, WaitState.ANEW, WaitState.LOST, WaitState.REFUSED, WaitState.STOPPED}
)
UNANSWERED = frozenset(
    {
        WaitState.LOOK,
        WaitState.ASKED,
        WaitState.CALLED_OFF,
        WaitState.RENEWING,
        WaitState.LEAVING,
    }
)
"""A command is on its way."""


class WaitEvent(StrEnum):
    # the server's
    INVITED = "+"
    OK = "tagged OK"
    NO = "tagged NO or BAD"
    NEWS = "more mails"
    STILL_HERE = "untagged OK"
    ASIDE = "anything else"
    BYE = "BYE"
    # the line's
    CUT = "line closed"
    LATE = "no answer in time"
    SILENT = "silent for too long"
    JUMPED = "the PC has slept"
    # ours
    OLD = "long enough in one IDLE"
    DUE = "a poll is due"
    WOKEN = "somebody wants a poll"
    STOP = "the program ends"


class Step(NamedTuple):
    state: WaitState
    say: str = ""
    """The command that is sent; "": none."""


_S, _E = WaitState, WaitEvent
_ENDS = (_E.BYE, _E.CUT, _E.LATE, _E.SILENT, _E.JUMPED)
_REASONS = (_E.NEWS, _E.DUE, _E.WOKEN)
_TABLE: dict[tuple[WaitState, WaitEvent], Step] = {
    (_S.LOOK, _E.OK): Step(_S.ASKED, "IDLE"),
    (_S.LOOK, _E.NO): Step(_S.LOST),
    (_S.ASKED, _E.INVITED): Step(_S.IDLE),
    (_S.ASKED, _E.OK): Step(_S.REFUSED),
    (_S.ASKED, _E.NO): Step(_S.REFUSED),
    (_S.IDLE, _E.OK): Step(_S.LOST),
    (_S.IDLE, _E.NO): Step(_S.LOST),
    (_S.IDLE, _E.OLD): Step(_S.RENEWING, "DONE"),
    (_S.CALLED_OFF, _E.INVITED): Step(_S.LEAVING, "DONE"),
    (_S.CALLED_OFF, _E.OK): Step(_S.POLL),
    (_S.CALLED_OFF, _E.NO): Step(_S.POLL),
    (_S.RENEWING, _E.OK): Step(_S.LOOK, "NOOP"),
    (_S.RENEWING, _E.NO): Step(_S.LOST),
    (_S.LEAVING, _E.OK): Step(_S.POLL),
    (_S.LEAVING, _E.NO): Step(_S.POLL),
    **{(_S.LOOK, reason): Step(_S.LEAVING) for reason in _REASONS},
    **{(_S.ASKED, reason): Step(_S.CALLED_OFF) for reason in _REASONS},
    **{(_S.IDLE, reason): Step(_S.LEAVING, "DONE") for reason in _REASONS},
    **{(_S.RENEWING, reason): Step(_S.LEAVING) for reason in _REASONS},
    **{
        (state, end): Step(_S.ANEW if state in (_S.CALLED_OFF, _S.LEAVING) else _S.LOST)
        for state in (*UNANSWERED, _S.IDLE)
        for end in _ENDS
    },
    **{(state, _E.STOP): Step(_S.STOPPED) for state in UNANSWERED},
    (_S.IDLE, _E.STOP): Step(_S.STOPPED, "DONE"),
}
BEGIN = Step(_S.LOOK, "NOOP")


def after(state: WaitState, event: WaitEvent) -> Step:
    """Where the wait goes; what is not in the table changes nothing.

    Raises ValueError for a wait that is over.
    """
    if state in OVER:
        raise ValueError(f"over: {state}")
    return _TABLE.get((state, event), Step(state))


_COUNT = re.compile(rb"\* (\d{1,10}) (EXISTS|RECENT|EXPUNGE)\s*\Z", re.IGNORECASE)
_TAGGED = re.compile(rb"(\S+) (OK|NO|BAD)\b", re.IGNORECASE)
_LITERAL = re.compile(rb"\{\d+\+?\}\Z")


class Arrivals:
    """What the server says of how many mails there are: were some told of since the last listing?

    Some servers say the same number again and again; only a larger one is news.
    """

    def __init__(self) -> None:
        self._exists: int | None = None
        """None: not known, so that any number is news."""
        self._recent = 0
        self.unseen = False
        """More mails were told of after the last listing had begun."""

    @property
    def exists(self) -> int | None:
        """How many mails there are, as far as the server has said; None: not known."""
        return self._exists

    def opened(self) -> None:
        """The mailbox was opened: what was said until now is where we begin."""
        self.unseen = False

    def listed(self) -> None:
        """A listing begins: it will have all that was told of before."""
        self.unseen = False

    def deleted(self) -> None:
        """Mails were deleted, and not every server says how many are left."""
        self._exists = None

    def hear(self, line: bytes) -> bool:
        """Take in one line of the server; is it news?"""
        found = _COUNT.match(line)
        if found is None:
            return False
        number, what = int(found[1]), found[2].upper()
        news = False
        if what == b"EXPUNGE":
            if self._exists is not None:
                self._exists = max(0, self._exists - 1)
        elif what == b"EXISTS":
            news = self._exists is None or number > self._exists
            self._exists = number
        else:
            news = number > self._recent
            self._recent = number
        self.unseen |= news
        return news


def event_of(line: bytes, tag: bytes, arrivals: Arrivals) -> WaitEvent:
    """What a line of the server means while the command `tag` is on its way."""
    if line.startswith(b"+"):
        return WaitEvent.INVITED
    if line[:5].upper() == b"* BYE":
        return WaitEvent.BYE
    if _LITERAL.search(line):
        return WaitEvent.CUT  # nothing that is said here has one: it is out of step
    if line.startswith(b"* "):
        if arrivals.hear(line):
            return WaitEvent.NEWS
        return WaitEvent.STILL_HERE if line[2:5].upper() == b"OK " else WaitEvent.ASIDE
    found = _TAGGED.match(line)
    if found is None or found[1] != tag:
        return WaitEvent.ASIDE
    return WaitEvent.OK if found[2].upper() == b"OK" else WaitEvent.NO


class Silence:
    """How long the server may be silent in IDLE, by how often it has said "Still here"."""

    def __init__(self) -> None:
        self._interval = 0.0
        self._here_at: float | None = None
        self._heard_at = 0.0

    def begin(self, now: float) -> None:
        """In IDLE from now on."""
        self._here_at, self._heard_at = None, now

    def hear(self, event: WaitEvent, now: float) -> None:
        self._heard_at = now
        if event is WaitEvent.STILL_HERE:
            # the first comes as early as the server likes: only two say how often
            if self._here_at is not None:
                self._interval = max(self._interval, now - self._here_at)
            self._here_at = now

    @property
    def ends(self) -> float | None:
        """When it is too long; None: it has never said how often it speaks."""
        if not self._interval:
            return None
        return self._heard_at + max(2 * self._interval, _SHORTEST_SILENCE)


@dataclass(frozen=True, slots=True)
class PushTrust:
    """How well a server has told of mails so far, and whether it is worth waiting for that."""

    untold: int = 0
    """Mails found by polls that were due, since a push told of one."""
    lost: int = 0
    """Waits one after the other that ended early with the line."""
    fruitless: int = 0
    """Pushes one after the other that brought nothing."""
    broken: str = ""
    """Why it is not worth it; "": it is."""

    def after_poll(self, reason: WaitEvent | None, found: int) -> PushTrust:
        """A poll for this reason has found so many new mails."""
        if reason is WaitEvent.NEWS:
            if not found:
                return replace(self, fruitless=self.fruitless + 1)
            return replace(self, untold=0, fruitless=0, lost=0)
        if reason is not WaitEvent.DUE:
            return self
        untold = self.untold + found
        return replace(self, untold=untold, broken=NEVER_PUSHES if untold >= _MOST_UNTOLD else "")

    def after_wait(self, end: WaitState, lasted: float) -> PushTrust:
        """A wait has ended so, after so many seconds."""
        match end:
            case WaitState.REFUSED:
                return replace(self, broken=REFUSES)
            case WaitState.LOST:
                lost = self.lost + 1 if lasted < _SHORT else 0
                return replace(self, lost=lost, broken=LOSES_LINE if lost >= _MOST_LOST else "")
            case WaitState.POLL if lasted >= _SHORT:
                return replace(self, lost=0)
        return self

    @property
    def cries_wolf(self) -> bool:
        """The next push need not be followed at once."""
        return self.fruitless >= _MOST_FRUITLESS

    def rested(self) -> PushTrust:
        """Pushes were not followed for a while."""
        return replace(self, fruitless=0)
