"""Breaks Japanese text into lines as a reader expects, on paper and on the screen. Pure.

The rules of JIS X 4051 that matter in labels and letters are kept (禁則): no line begins with a
「。」 or a small kana, none ends with an opening bracket, no word of letters is divided.
"""

from __future__ import annotations

from collections.abc import Callable

NOT_FIRST = frozenset(
    "、。，．・：；？！」』）］｝】〉》〕ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々ゝゞ…％)]},.:;?!%"
)
NOT_LAST = frozenset("「『（［｛【〈《〔([{")


def fold(text: str, width: float, measure: Callable[[str], float]) -> str:
    """The text with line ends put in, so that no line is wider than `width` where that can be."""
    return "\n".join(_fold_line(line, width, measure) for line in text.split("\n"))


def _fold_line(line: str, width: float, measure: Callable[[str], float]) -> str:
    lines: list[str] = []
    here, used = "", 0.0
    for piece in pieces(line):
        wide = sum(measure(c) for c in piece.rstrip(" "))
        if here and used + wide > width:
            lines.append(here.rstrip(" "))
            here, used = "", 0.0
        for letter in piece:  # a word that is wider than a whole line is broken where it must be
            step = measure(letter)
            if here and used + step > width and letter not in NOT_FIRST and letter != " ":
                lines.append(here)
                here, used = "", 0.0
            here += letter
            used += step
    return "\n".join([*lines, here])


def pieces(line: str) -> list[str]:
    """What may not be broken: words, and a character with the marks that belong to it."""
    made: list[str] = []
    for letter in line:
        if made and _belongs(made[-1][-1], letter):
            made[-1] += letter
        else:
            made.append(letter)
    return made


def _belongs(before: str, letter: str) -> bool:
    if letter in NOT_FIRST or before in NOT_LAST or letter == " ":
        return True
    return before.isascii() and letter.isascii() and before != " "
