"""A character and the mark on it as one: か + ゙ is が. Pure.

macOS parts them, in file names and in what its programs export; to a comparison they are then two
texts that look alike. Unicode's whole NFC is more than is wanted: it also puts the common form of a
kanji (U+795E) for that in somebody's passport (U+FA19). HFS+ leaves those alone as well.
"""

from __future__ import annotations

import re
import unicodedata

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
_PARTED = re.compile(f"[^{_MARKS}\uf900-\ufaff][{_MARKS}]+|[\u1100-\u11ff]{{2,}}")
"""A character with marks behind it; the parts of a Korean syllable."""
_SPACING = str.maketrans("\u309b\u309c\uff9e\uff9f", "\u3099\u309a\u3099\u309a")
_SPACING_MARKS = "\u309b\u309c\uff9e\uff9f"
_KANA_AND_SPACING = re.compile("[ぁ-ゖァ-ヺ][\u309b\u309c\uff9e\uff9f]")
"""か゛ as some keyboards give it, and カﾞ with the mark in half width."""


def composed(text: str) -> str:
    """The text with every mark on its character; everything else stays as it is."""
    if text.isascii() or (
        unicodedata.is_normalized("NFC", text) and not any(mark in text for mark in _SPACING_MARKS)
    ):
        return text
    text = _KANA_AND_SPACING.sub(_with_mark, text)
    return _PARTED.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)


def parted(text: str) -> str:
    """The other way to write it, as it may stand in a database that was not asked for one."""
    return "".join(
        one if "\uf900" <= one <= "\ufaff" else unicodedata.normalize("NFD", one) for one in text
    )


def _with_mark(found: re.Match[str]) -> str:
    one = unicodedata.normalize("NFC", found[0].translate(_SPACING))
    return one if len(one) == 1 else found[0]  # あ゛ is a sound that has no character
