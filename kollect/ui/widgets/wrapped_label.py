"""Breaks Japanese text into lines as a reader expects, and labels that do so to their width.

Tk breaks a line at its last blank, however far back, or in the middle of a word, and lets a line
begin with 「。」. Here the rules of JIS X 4051 that matter in labels are kept.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

NOT_FIRST = frozenset(
    "、。，．・：；？！」』）］｝】〉》〕ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々…)]},.:;?!%"
)
NOT_LAST = frozenset("「『（［｛【〈《〔([{")
_AT_ONCE = 32
_BORDER = 6
"""Pixels that a label keeps around its words, and a little for rounding."""
_STEADY = 2
"""Pixels by which a width may change without another fold."""
UNTIL_KNOWN = 16
"""Full-width characters a line is given while the width of a label is not known yet."""


def fold(text: str, width: float, measure: Callable[[str], float]) -> str:
    """The text with line ends put in, so that no line is wider than `width` where that can be."""
    return "\n".join(_fold_line(line, width, measure) for line in text.split("\n"))


def _fold_line(line: str, width: float, measure: Callable[[str], float]) -> str:
    lines: list[str] = []
    here, used = "", 0.0
    for piece in _pieces(line):
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


def _pieces(line: str) -> list[str]:
    """What may not be broken: words, and a character with the marks that belong to it."""
    pieces: list[str] = []
    for letter in line:
        if pieces and _belongs(pieces[-1][-1], letter):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _belongs(before: str, letter: str) -> bool:
    if letter in NOT_FIRST or before in NOT_LAST or letter == " ":
        return True
    return before.isascii() and letter.isascii() and before != " "


class WrappedLabel(ttk.Label):
    """A label with folded lines: to its width (grid it with sticky="ew"), or to `characters`."""

    def __init__(
        self, parent: tk.Misc, text: str, *, style: str = "TLabel", characters: int = 0
    ) -> None:
        super().__init__(parent, style=style, justify="left")
        self._characters = characters
        self._known = 0
        self._widths: dict[str, float] = {}
        self._measured = ""
        self.text = text
        """The text as it was given; cget("text") has the line ends."""
        self._refold()
        self.bind("<Configure>", self._resized)

    def configure(self, cnf: Any = None, **options: Any) -> Any:
        if "text" in options:
            self.text = str(options.pop("text"))
            super().configure(cnf, **options)
            self._refold()
            return None
        return super().configure(cnf, **options)

    def _resized(self, event: tk.Event) -> None:
        # a grid that is too narrow for its columns shifts them by a pixel with every new fold,
        # which would be answered by another fold, and so on for ever
        if abs(event.width - self._known) > _STEADY:
            self._known = event.width
            self._refold()

    def _refold(self) -> None:
        font = str(self.cget("font")) or ttk.Style(self).lookup(str(self.cget("style")), "font")
        self._font = str(font) or "TkDefaultFont"
        size = str(self.tk.call("font", "actual", self._font))
        if size != self._measured:
            self._widths.clear()
            self._measured = size
        width = float(self._known - _BORDER)
        if self._characters or width <= 0:
            width = self._measure("国") * (self._characters or UNTIL_KNOWN)
        folded = fold(self.text, width, self._measure)
        if folded != str(self.cget("text")):
            super().configure(text=folded)

    def _measure(self, letter: str) -> float:
        if letter not in self._widths:  # of many at once, as one is rounded to a whole pixel
            wide = self.tk.call("font", "measure", self._font, letter * _AT_ONCE)
            self._widths[letter] = int(wide) / _AT_ONCE
        return self._widths[letter]
