"""A text as it is set in type: without what no reader sees, and a font has no shape for. Pure."""

from __future__ import annotations

import unicodedata

from kollect.mail.nfc import composed

_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
"""Joiners and fillers that are no format characters to Unicode."""


def printable(text: str) -> str:
    """The text without marks that are not seen: U+200B and the like, and the variation selectors
    that choose between the shapes of one kanji, or a coloured picture.
    """
    return "".join(
        " " if one.isspace() else one for one in composed(text) if one.isspace() or _is_seen(one)
    )


def is_picture(one: str) -> bool:
    """Whether it is no letter of a name: an emoji, a sign, the colour of a skin."""
    return unicodedata.category(one) in ("So", "Sk", "Sm", "Me", "Mn", "Cn", "Co")


def _is_seen(one: str) -> bool:
    code = ord(one)
    is_selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F
    is_format = unicodedata.category(one) in ("Cf", "Cc", "Cs")
    return not (is_selector or is_format or one in _UNSEEN)
