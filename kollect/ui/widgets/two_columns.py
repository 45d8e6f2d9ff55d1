"""Two columns side by side whose widths depend on the window alone, whatever is written in them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

from kollect.ui.widgets.wrapped_label import WrappedLabel


class TwoColumns(ttk.Frame):
    """Grid the two sides into the columns 0 and 1, then call `settle`."""

    def __init__(self, parent: tk.Misc, left: int, right: int) -> None:
        """`left` and `right` are in which ratio the width is shared."""
        super().__init__(parent)
        self.columnconfigure(0, weight=left, uniform="half")
        self.columnconfigure(1, weight=right, uniform="half")

    def settle(self) -> None:
        """Let texts that fold ask for no width: one that grew would push the other column."""
        for label in _folded(self):
            label.configure(width=1)


def _folded(widget: tk.Misc) -> Iterator[WrappedLabel]:
    for child in widget.winfo_children():
        if isinstance(child, WrappedLabel):
            yield child
        yield from _folded(child)
