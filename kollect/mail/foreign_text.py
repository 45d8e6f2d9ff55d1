"""Text that somebody else wrote, made fit to be shown: a server's answer, a subject, a file's name.

Whatever comes in, what goes out can neither command a terminal nor turn the direction of writing,
break a line, hide anything or cover the text beside it. What people write with stays: every script
with the marks it needs, emoji with their joiners, the variants of ideographs in names. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 20_000
"""Characters that are looked at; no line for people is longer."""
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What does the worst harm where it is shown, for lines that are nobody's alone: the log."""
_MOST_MARKS = 3
"""Marks on one letter: Thai and Vietnamese need two, the rest only covers the lines around."""
_JOINER, _KEYCAP = "\u200d", "\u20e3"
_TEXT_OR_PICTURE = "\ufe0e\ufe0f"
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffc"
)
"""Letters, marks and signs by their category, and yet nothing to be seen."""
_OVERLAYS = re.compile("[\u0334-\u0338\u20d0-\u20f0\u0488\u0489\ua670-\ua672\u1abe\u0322]")
"""Marks that go through or around the letter before them."""
_HARMLESS = (
    "!-~\u3001\u3002\u3005-\u3011\u3041-\u3096\u309b-\u309e\u30a1-\u30fe"
    "\u4e00-\u9fff\uff01-\uff5e\uff61-\uff9f"
)
_PLAIN_LINE = re.compile(f"[{_HARMLESS}]+(?: [{_HARMLESS}]+)*")
"""Nearly all that there is: not looked at letter by letter."""
_PLAIN_TEXT = re.compile(f"[ {_HARMLESS}]*")
_LINE_END = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_EMPTY_LINES = re.compile(r"\n{3,}")


def one_line(text: str, most: int = 200) -> str:
    """The text as one line of at most `most` characters; "" where there is nothing to see."""
    return cut(visible(text), most)


def cut(text: str, most: int) -> str:
    """At most `most` characters, the last one telling that there were more."""
    return text if len(text) <= most else text[: most - 1] + "…"


def visible(text: str) -> str:
    """All of it in one line, with single spaces and nothing that cannot be seen."""
    text = unicodedata.normalize("NFC", text[:LONGEST])
    if _PLAIN_LINE.fullmatch(text):
        return text
    return " ".join("".join(kept for _, kept in _kept(text)).split())


def several_lines(text: str) -> str:
    """The text with its lines; never more than one empty line between two."""
    lines = _LINE_END.sub("\n", text).split("\n")
    return _EMPTY_LINES.sub("\n\n", "\n".join(_line(line) for line in lines)).strip("\n")


def _line(line: str) -> str:
    if _PLAIN_TEXT.fullmatch(line):
        return line.rstrip()
    line = unicodedata.normalize("NFC", line)
    return "".join("" if _CONTROL.match(c) else kept for c, kept in _kept(line)).rstrip()


def exact(text: str) -> str:
    """An address or another name that must not pass for a different one.

    Here what cannot be shown is not left out but written as `\\u{200b}`.
    """
    if text.isascii() and text.isprintable():
        return text[:LONGEST]
    text = unicodedata.normalize("NFC", text[:LONGEST])
    return "".join(
        " " if c == " " else kept if kept.strip() else f"\\u{{{ord(c):x}}}"
        for c, kept in _kept(text)
    )


def _kept(text: str) -> Iterator[tuple[str, str]]:
    """Each character, with what is shown of it: itself, a space, or nothing."""
    base, marks = "", 0
    """The last character that stands for itself, and how many marks it bears already."""
    for place, character in enumerate(text):
        shown = character
        category = unicodedata.category(character)
        if character.isspace() or category == "Cc":
            shown = " "  # a control parted what stood on its two sides
        elif character in _TEXT_OR_PICTURE:
            shown = character if _is_picture(base) or (base in "0123456789#*" and base) else ""
        elif character == _JOINER:
            after = text[place + 1 : place + 2]
            shown = character if _is_picture(base) and _is_picture(after) else ""
        elif character in _INVISIBLE:
            shown = " "
        elif category[0] == "M":
            marks += 1
            shown = character if _bears(base, character, marks) else ""
            yield character, shown
            continue
        elif category[0] == "C" and not (category == "Cn" and _is_emoji(character)):
            shown = ""
        yield character, shown
        if shown and shown not in _TEXT_OR_PICTURE + _JOINER:
            base, marks = shown, 0


def _is_emoji(character: str) -> bool:
    """By its place; also one that is newer than Python's own tables."""
    return "\U0001f000" <= character <= "\U0001faff"


def _is_picture(character: str) -> bool:
    """An emoji or a sign that may be one."""
    return bool(character) and (
        _is_emoji(character)
        or "\u2190" <= character <= "\u2bff"
        or character in "\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299"
    )


def _bears(base: str, mark: str, marks: int) -> bool:
    """Whether a mark is part of how the letter is written, not something laid over the text."""
    if mark == _KEYCAP:
        return bool(base) and base in "0123456789#*"
    if "\U000e0100" <= mark <= "\U000e01ef" or "\ufe00" <= mark <= "\ufe02":
        return _is_ideograph(base) and marks == 1  # 葛󠄀, 辻󠄀: which form of it stands in a name
    if "\ufe00" <= mark <= "\ufe0f" or _OVERLAYS.match(mark):
        return False
    # what belongs to a Latin letter was made one character with it (NFC)
    is_letter = base > "\u024f" and unicodedata.category(base)[0] in "LM"
    return is_letter and marks <= _MOST_MARKS


def _is_ideograph(character: str) -> bool:
    return bool(character) and (
        "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )
