"""When a subject is blank, so that the mail is a 空メール. Pure.

The body does not count: phones put a signature there.
"""

from __future__ import annotations

import re
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

_LONGEST_TAGGED = 200
_SPAM = (
    r"(?:(?:spam|junk|meiwaku|ube|uce|bulk)(?:\s?-?(?:e?-?mail|message))?"
    r"|スパム(?:メール)?|ジャンク(?:メール)?|迷惑(?:メール)?|広告メール"
    r"|phish(?:ing)?|フィッシング|virus|unchecked|unverified"
    r"|ext(?:ernal)?(?:\s?-?(?:e?-?mail|sender))?"
    r"|(?:社)?外部(?:からの)?(?:メール)?|社外(?:メール)?)"
)
_BEFORE_IT = (
    r"(?:(?:probable|probably|possible|possibly|likely|suspected|suspect|suspicious|potential"
    r"|detected|definite|maybe|norton|anti|marked\sas|this\sis"
    r"|caution|warning|警告|注意)[\s_:!-]*){0,2}"
)
_BEHIND_IT = (
    r"(?:[\s_:?!-]*(?:low|medium|high|score|level|detected|suspected|判定|疑い|の疑い|の疑いあり"
    r"|の可能性|の可能性あり|かも|注意|警告|\(?\d{1,3}(?:\.\d{1,2})?\)?|[*+#x]{1,20})){0,3}"
)
_OPEN, _CLOSED = r"[^\w\s\])>}】》]{1,20}", r"[^\w\s\[(<{【《]{1,20}"
_TAG = rf"{_OPEN}\s?{_BEFORE_IT}{_SPAM}{_BEHIND_IT}\s?{_CLOSED}"
_TAG_BEFORE = re.compile(rf"(?:{_TAG}|{_SPAM}\s?[:>])\s*")
_TAG_BEHIND = re.compile(rf"\s*{_TAG}\Z")
"""`[SPAM]`, `***SPAM***`, `{Spam?}`, 【迷惑メール】, `[SPAM 5.3]`, `SPAM:` …, as filters of hosters
and of the shop's own PC write them, and [EXTERNAL], 【社外】 of
companies. The word alone may be a person's."""


def is_blank(subject: str | None, blank_subjects: tuple[str, ...]) -> bool:
    """Whether nobody wrote anything there. None, a subject that cannot be read, is not blank.

    `blank_subjects` are phrases that count as nothing, because some phones cannot send an empty
    subject; they are compared without regard to width, case and space around them. What a filter
    has put before or behind, as `[SPAM]`, is not the sender's, and counts as nothing too.
    """
    if subject is None:
        return False
    if all(map(_is_inkless, subject)):
        return True
    if len(subject) > _LONGEST_PHRASE:
        return False
    text = folded(subject)
    rest = without_tags(text)
    return (rest != text and not rest) or _bare(rest) in _phrases(tuple(blank_subjects))


def without_tags(text: str) -> str:
    """A folded text without the tags of filters at its beginning and its end."""
    while True:
        rest = _TAG_BEFORE.sub("", _TAG_BEHIND.sub("", text[:_LONGEST_TAGGED]))
        if rest == text[:_LONGEST_TAGGED]:
            return text
        text = rest.strip(" :-") + text[_LONGEST_TAGGED:]


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
    return frozenset(_bare(folded(phrase)) for phrase in blank_subjects)


def _bare(phrase: str) -> str:
    """Programs put one and the same phrase into brackets of any kind, or into none."""
    return phrase.strip(" ()[]{}<>〈〉《》「」『』【】〔〕") or phrase
