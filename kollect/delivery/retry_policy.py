"""How long a letter is tried, and when a refusal ends it: for replies and メール発信 alike. Pure.

* **4xx**: for five days, counted from the first one to this very letter. A reply is tried again at
  each poll (`collector.send_replies`), a letter of a mailing in its next round
  (`mailing.mailing_worker`).
* **No answer** to the whole letter: sent once more, not a third time.
* **A doubtful refusal** (`refusal`): it waits. It is about this letter alone, and ends it, when two
  letters begun after it was heard are taken in the same round. Where no such letter comes, it is
  tried again beside the next ones, and ends after the same refusal at three tries on two days.
* **Three in a row**, without a letter taken in between, are about the shop: no other is begun.

Spans are in lived seconds (`ledger.lived_clock`), never by the age of a mail or the PC's date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from kollect.delivery.refusal import same

K = TypeVar("K")

GIVE_UP_AFTER = 5 * 86400
"""Lived seconds of 4xx (RFC 5321 section 4.5.4.1)."""
MOST_UNKNOWN = 2
"""A letter whose fate is unknown is sent once more, not a third time."""
MOST_REFUSED = 3
"""Doubtful refusals in a row: that is about us, and no other letter would fare better."""
ENOUGH_TAKEN = 2
"""One alone may have met the moment at which an hour's quota had room for one."""
LEAST_TRIES = 3
TWO_DAYS = 20 * 3600
"""Lived seconds from the first to the last of these tries: from one evening to the next afternoon,
and beyond a quota that begins again at midnight."""
TOMORROW = 12 * 3600
"""Seconds after which the last letters of a mailing are tried again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """What is remembered of a letter's tries. Moments are in lived seconds."""

    later_since: int | None = None
    """The first 4xx to this letter."""
    refused_since: int | None = None
    """The first of the same refusals in a row."""
    refusals: int = 0
    """So many of them."""
    answer: str = ""
    """The server's last words, with the code."""

    def after(self, answer: str, lived: int) -> Patience:
        """What is remembered after a try that the server answered so; nothing new where it did not
        answer."""
        if is_put_off(answer):
            since = lived if self.later_since is None else self.later_since
            return Patience(since, None, 0, answer)
        if not _REFUSED.match(answer):
            return self
        if self.refused_since is not None and same(self.answer, answer):
            return replace(self, refusals=self.refusals + 1, answer=answer)
        return replace(self, refused_since=lived, refusals=1, answer=answer)

    def is_over(self, lived: int) -> bool:
        """The server has said "later" for five days. Asked when it says so once more."""
        since = lived if self.later_since is None else self.later_since
        return lived - since > GIVE_UP_AFTER

    def is_refused(self, lived: int) -> bool:
        """The same refusal at three tries on two days."""
        since = lived if self.refused_since is None else self.refused_since
        return self.refusals >= LEAST_TRIES and lived - since >= TWO_DAYS

    def is_refused_as_the_shop(self, lived: int) -> bool:
        """A refusal in words about the shop, to this letter alone, for five days."""
        return self.refused_since is not None and lived - self.refused_since > GIVE_UP_AFTER


def is_put_off(answer: str) -> bool:
    """Does the server say "later" to this very letter?"""
    return bool(_PUT_OFF.match(answer))


_PUT_OFF = re.compile(r"4[0-9]{2}\b")
_REFUSED = re.compile(r"5[0-9]{2}\b")


@dataclass(slots=True)
class _Doubt(Generic[K]):
    key: K
    until: int
    """The last letter that was begun before it was heard."""
    taken: int = 0
    """Letters begun after it that the server took."""


class Doubts(Generic[K]):
    """The refusals of one round whose meaning is open. Letters are numbered as they are begun."""

    def __init__(self) -> None:
        self._open: dict[K, _Doubt[K]] = {}
        self.in_a_row = 0
        """Since the last letter that was taken."""

    def copy(self) -> Doubts[K]:
        """The same, with a life of its own from here on."""
        other = Doubts[K]()
        other._open = {key: replace(doubt) for key, doubt in self._open.items()}
        other.in_a_row = self.in_a_row
        return other

    def refused(self, key: K, begun: int) -> None:
        """`begun`: so many letters had been begun when the refusal was heard."""
        self._open[key] = _Doubt(key, begun)
        self.in_a_row += 1

    def taken(self, place: int) -> list[K]:
        """The letter that was begun as number `place` was taken. Returns those whose refusal was
        theirs alone, as is now clear; they are forgotten.
        """
        self.in_a_row = 0
        for doubt in self._open.values():
            doubt.taken += doubt.until < place
        alone = [doubt.key for doubt in self._open.values() if doubt.taken >= ENOUGH_TAKEN]
        self.forget(alone)
        return alone

    def forget(self, keys: Iterable[K]) -> None:
        for key in keys:
            self._open.pop(key, None)

    @property
    def about_us(self) -> bool:
        """No other letter would fare better."""
        return self.in_a_row >= MOST_REFUSED

    def left(self) -> list[K]:
        """Those whose meaning is still open, in the order in which they were refused."""
        return list(self._open)

    def undisproved(self) -> list[K]:
        """Those after which nothing was taken at all."""
        return [doubt.key for doubt in self._open.values() if not doubt.taken]
