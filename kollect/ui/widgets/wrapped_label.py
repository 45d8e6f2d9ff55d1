"""Labels that break their lines to their width, as a Japanese reader expects.

Tk breaks a line at its last blank, however far back, or in the middle of a word, and lets a line
begin with 「。」.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any

from kollect.printing.line_breaking import fold

_AT_ONCE = 32
_BORDER = 6
"""Pixels that a label keeps around its words, and a little for rounding."""
_STEADY = 2
"""Pixels by which a width may change without another fold."""
UNTIL_KNOWN = 16
"""Full-width characters a line is given while the width of a label is not known yet."""


class LetterWidths:
    """How wide each letter is in a font, asked for once."""

    def __init__(self, widget: tk.Misc) -> None:
        self._tk = widget.tk
        self._font = ""
        self._measured = ""
        self._widths: dict[str, float] = {}

    def use(self, font: str) -> None:
        """From now on of this font, in the size that it has by now."""
        self._font = font
        size = str(self._tk.call("font", "actual", font))
        if size != self._measured:
            self._widths.clear()
            self._measured = size

    def of(self, letter: str) -> float:
        """Pixels."""
        if letter not in self._widths:  # of many at once, as one is rounded to a whole pixel
            wide = self._tk.call("font", "measure", self._font, letter * _AT_ONCE)
            self._widths[letter] = int(wide) / _AT_ONCE
        return self._widths[letter]


class WrappedLabel(ttk.Label):
    """A label with folded lines: to its width (grid it with sticky="ew"), or to `characters`."""

    def __init__(
        self, parent: tk.Misc, text: str, *, style: str = "TLabel", characters: int = 0
    ) -> None:
        super().__init__(parent, style=style, justify="left")
        self._characters = characters
        self._known = 0
        self._widths = LetterWidths(self)
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
        self._widths.use(str(font) or "TkDefaultFont")
        width = float(self._known - _BORDER)
        if self._characters or width <= 0:
            width = self._widths.of("国") * (self._characters or UNTIL_KNOWN)
        folded = fold(self.text, width, self._widths.of)
        if folded != str(self.cget("text")):
            super().configure(text=folded)
