"""What a page of the built-in manual is made of. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done one after the other, numbered."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """What stands on the screen, or a word, and what it means."""

    heading: str
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeyLines:
    """Keys, as the bar at the bottom names them, and what they do."""

    items: tuple[tuple[str, str], ...]
    heading: str = "キー"


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawing of how everything works together."""


Part = Words | Steps | Explained | KeyLines | Picture


@dataclass(frozen=True, slots=True)
class ManualPage:
    name: str
    """By which a screen asks for it."""
    group: str
    """Under which it stands in the list of all pages."""
    title: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All that can be read on it, line by line."""
        return "\n".join((self.title, *(line for part in self.parts for line in _lines(part))))

    def explained(self) -> Iterator[str]:
        """The labels whose meaning it tells."""
        for part in self.parts:
            if isinstance(part, Explained):
                yield from (label for label, _ in part.items)


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Words(text):
            yield text
        case Steps(steps):
            yield from steps
        case Explained(heading, items) | KeyLines(items, heading):
            yield heading
            for label, meaning in items:
                yield label
                yield meaning
        case Picture():
            pass


def pattern(words: str) -> re.Pattern[str] | None:
    """What finds these words in a text whose lines may have been broken anywhere; None for none.

    ＦｕＬＬ-width, half-width and capital letters are the same.
    """
    words = words.strip()
    if not words:
        return None
    spellings = dict.fromkeys((words, unicodedata.normalize("NFKC", words)))
    found = "|".join("\n?".join(map(re.escape, one)) for one in spellings)
    return re.compile(found, re.IGNORECASE)
