"""A text to be read, in lines that begin as a Japanese reader expects, and its scroll bar."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from kollect.printing.line_breaking import fold
from kollect.ui.framework.theme import TEXT_FONT
from kollect.ui.widgets.form import text_of
from kollect.ui.widgets.wrapped_label import LetterWidths

_END = "line-end"
"""The tag of line ends that were put in: they are not copied."""
_EDGE = 12
"""Pixels that a Text keeps around its words, and a little for rounding."""


class FoldedText(ttk.Frame):
    """Nobody writes into it. Its height is that of the text, from `lines` up to `most`."""

    def __init__(
        self, parent: tk.Misc, *, lines: int, characters: int, most: int = 0, style: str = "TFrame"
    ) -> None:
        """`most`: 0 for as high as it is made."""
        super().__init__(parent, style=style)
        self._least, self._most = lines, most
        self._rows: Sequence[str] = ()
        self._tag = ""
        self._indent = 0.0
        self._width = 0
        self._widths = LetterWidths(self)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.text = text_of(self, lines=lines, characters=characters)
        self.text.configure(state="disabled", undo=False, wrap="char")
        self.text.grid(row=0, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(self, command=self.text.yview, takefocus=False)
        # its place is always there: a bar that came and went would change the width, and so the
        # need for itself
        self.columnconfigure(1, minsize=self._bar.winfo_reqwidth())
        self.text.configure(yscrollcommand=self._scrolled)
        self.text.bind("<Configure>", self._resized)
        self.text.bind("<<Copy>>", lambda event: self._copy())

    def show(self, text: str) -> None:
        """This text instead of the one before."""
        self.show_rows(text.split("\n"))

    def show_rows(self, rows: Sequence[str], tag: str = "", *, indent: float = 0.0) -> None:
        """A row each, with its `tag`; what stands behind a tab in it hangs so far in, in pixels."""
        self._rows, self._tag, self._indent = rows, tag, indent
        self._fold()

    def refold(self) -> None:
        """Letters have another size."""
        self._fold()

    @property
    def plain(self) -> str:
        """What is shown, without the line ends that were put in."""
        return "\n".join(self._rows)

    def _fold(self) -> None:
        self._widths.use(TEXT_FONT)
        room = self.text.winfo_width() - _EDGE
        if room <= _EDGE:
            room = round(self._widths.of("国") * int(self.text.cget("width")) / 2)
        text, lines = self.text, 0
        text.configure(state="normal")
        text.delete("1.0", "end")
        for number, row in enumerate(self._rows):
            if number:
                text.insert("end", "\n")
            before, tab, said = row.rpartition("\t")
            folded = fold(said, room - self._indent, self._widths.of).split("\n")
            lines += len(folded)
            text.insert("end", before + tab + folded[0], self._tag)
            for line in folded[1:]:
                text.insert("end", "\n", _END, tab + line, self._tag)
        if self._most:
            text.configure(height=max(self._least, min(self._most, lines)))
        text.configure(state="disabled")

    def _resized(self, event: tk.Event) -> None:
        if event.width != self._width:
            self._width = event.width
            self._fold()

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(first) <= 0.0 and float(last) >= 1.0:
            self._bar.grid_remove()
        else:
            self._bar.grid(row=0, column=1, sticky="ns")

    def _copy(self) -> str:
        with contextlib.suppress(tk.TclError):  # nothing is selected
            pieces = self.text.dump("sel.first", "sel.last", text=True, tag=True)
            self.clipboard_clear()
            self.clipboard_append(_without_ends(pieces))
        return "break"


def _without_ends(pieces: Sequence[tuple[str, str, str]]) -> str:
    copied, skip = "", False
    for kind, value, _ in pieces:
        if value == _END and kind in ("tagon", "tagoff"):
            skip = kind == "tagon"
        elif kind == "text" and not skip:
            copied += value
    return copied
