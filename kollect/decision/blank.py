"""When a subject is blank, so that the mail is a 空メール. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_INKLESS_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
"""Spaces, separators, controls, and format characters as U+200B and the soft hyphen."""

_INK_IN_WINDOWS = frozenset(map(chr, range(0x80, 0xA0))) - {"\x85"}
"""Controls to Unicode; where they are met, they are the quotes of Windows read wrongly."""

_INKLESS_LETTERS = frozenset(
    "\u034f\u115f\u1160\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10)))
)
"""Joiners, Hangul fillers, the empty Braille cell, variation selectors: nothing to the eye."""

_LONGEST_PHRASE = 200


def is_blank(subject: str | None, blank_subjects: tuple[str, ...]) -> bool:
    """Whether nobody wrote anything there. None, a subject that cannot be read, is not blank.

    `blank_subjects` are phrases that count as nothing, because some phones cannot send an empty
    subject; they are compared without regard to width, case and space around them.
    """
    if subject is None:
        return False
    if all(map(_is_inkless, subject)):
        return True
    if len(subject) > _LONGEST_PHRASE:
        return False
    return folded(subject) in _phrases(tuple(blank_subjects))


def _is_inkless(character: str) -> bool:
    if unicodedata.category(character) in _INKLESS_CATEGORIES:
        return character not in _INK_IN_WINDOWS
    return character in _INKLESS_LETTERS


def folded(text: str) -> str:
    """The text for comparing: width, case, the space around it and what has no ink do not count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(
        character for character in text if character.isspace() or not _is_inkless(character)
    )
    return " ".join(visible.split())


@lru_cache(maxsize=8)
def _phrases(blank_subjects: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(folded, blank_subjects))
