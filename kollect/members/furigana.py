"""What stands in フリガナ while お名前 is typed. Pure.

An input method knows how the kanji that it has just put in were typed; kana are their own reading.
What nobody knows is not guessed, and what somebody has typed into フリガナ is never changed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kollect.members import normalize

Clause = tuple[str, str]
"""A piece of text as an input method has put it in, and how it was typed."""


@dataclass(frozen=True, slots=True)
class Furigana:
    """フリガナ of one form after all that has happened to it; every event makes a new one."""

    kana: str = ""
    """What stands in the field."""
    by_hand: bool = False
    """Somebody has typed it."""
    clauses: tuple[Clause, ...] = ()
    """What the input method has put in on this form, the newest last."""

    def put_in(self, clauses: Iterable[Clause]) -> Furigana:
        """An input method has put these into お名前, which will be told as `named` next."""
        return replace(self, clauses=(*self.clauses, *clauses))

    def named(self, name: str) -> Furigana:
        """お名前 has changed."""
        return self if self.by_hand else replace(self, kana=reading(name, self.clauses))

    def typed(self, kana: str) -> Furigana:
        """Somebody has changed フリガナ; one that was emptied follows the name again."""
        return replace(self, kana=kana, by_hand=bool(kana))


def reading(name: str, clauses: Iterable[Clause]) -> str:
    """How the name is read, in katakana; empty where a part of it is unknown."""
    known = sorted(dict(clauses).items(), key=lambda clause: -len(clause[0]))
    whole = _joined(name, known)
    if whole is None:  # a blank that was put into the middle of a clause
        whole = _joined("".join(name.split()), known)
    return normalize.kana(whole or "")


def _joined(name: str, known: list[Clause]) -> str | None:
    """The readings of all parts, the longest parts first; None where they do not make the name."""
    behind: dict[int, str] = {len(name): ""}
    for place in reversed(range(len(name))):
        rest = [
            kana + behind[place + len(text)]
            for text, kana in known
            if text and name.startswith(text, place) and place + len(text) in behind
        ]
        if not rest and place + 1 in behind and _is_its_own_reading(name[place]):
            rest = [name[place] + behind[place + 1]]
        if rest:
            behind[place] = rest[0]
    return behind.get(0)


def _is_its_own_reading(character: str) -> bool:
    plain = unicodedata.normalize("NFKC", character)
    return all("ぁ" <= c <= "ヿ" or c in " -" for c in plain)
