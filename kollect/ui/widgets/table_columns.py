"""The columns of a Table: their widths, their headings, which of them the rows are sorted by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk
from typing import Literal

from kollect.ui.framework.dialogs import em
from kollect.ui.framework.theme import CELL_PADDING

LEAST = 4
"""Full-width characters: no column is made narrower by hand."""
LEAST_STRETCHING = 8
"""The same for what stretches, by itself: with less, every line would be cut."""
_FRAME = 4
"""Pixels of a Treeview beside its columns, at the most."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    title: str
    characters: float
    """Width in full-width characters."""
    narrow: float = 0.0
    """Width where the table has not room for all columns, of one that stretches the least; 0: the
    same, or `LEAST_STRETCHING`. Where even that is too much, one can scroll sideways.
    """
    spare: bool = False
    """Left out where the table has not room for all columns."""
    stretch: bool = False
    right: bool = False
    """Numbers: their ends are below each other."""
    sort: Callable[[], None] | None = None
    """What a click on its heading does."""


@dataclass(frozen=True, slots=True)
class TableRow:
    values: Sequence[str]
    look: str = ""
    """"faint", "wrong", "mark" or "wrong mark"; empty: as usual."""


class TableColumns:
    """Gives a Treeview its columns."""

    def __init__(self, tree: ttk.Treeview, columns: Sequence[TableColumn]) -> None:
        self._tree = tree
        self._columns = tuple(columns)
        tree.configure(columns=[column.title for column in columns])
        for column in columns:
            side: Literal["e", "w"] = "e" if column.right else "w"
            tree.heading(column.title, text=column.title, anchor=side, command=column.sort or "")
            tree.column(column.title, anchor=side)

    def too_wide(self) -> bool:
        """Is there not room for all columns in their full width?"""
        wanted = sum(self._pixels(column.characters) for column in self._columns)
        return 1 < self._tree.winfo_width() < wanted + _FRAME

    def set_widths(self, *, narrow: bool) -> None:
        """As many characters as each one wants; those that stretch share what is left."""
        room = max(1, self._tree.winfo_width() - _FRAME)
        shown = [column for column in self._columns if not (narrow and column.spare)]
        self._tree.configure(displaycolumns=[column.title for column in shown])
        leasts = {column: self._pixels(_least(column, narrow=narrow)) for column in shown}
        stretching = [column for column in shown if column.stretch]
        # Treeview itself shares out only what room comes later
        rest = room - sum(leasts[column] for column in shown if not column.stretch)
        for column in shown:
            width = leasts[column]
            if column.stretch:
                least, width = width, max(width, rest // len(stretching))
            else:
                least = min(width, self._pixels(LEAST))
            self._tree.column(column.title, width=width, minwidth=least, stretch=column.stretch)

    def _pixels(self, characters: float) -> int:
        """The width of so many full-width characters and of the air beside them."""
        return round(characters * em(self._tree)) + 2 * self._tree.winfo_pixels(CELL_PADDING)

    def mark_sorted(self, title: str, *, descending: bool) -> None:
        for column in self._columns:
            mark = (" ▼" if descending else " ▲") if column.title == title else ""
            self._tree.heading(column.title, text=f"{column.title}{mark}")


def _least(column: TableColumn, *, narrow: bool) -> float:
    if narrow and column.stretch:
        return column.narrow or min(column.characters, LEAST_STRETCHING)
    return (narrow and column.narrow) or column.characters
