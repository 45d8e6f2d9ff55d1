"""The columns of a Table: their widths, their headings, which of them the rows are sorted by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from tkinter import ttk
from typing import Literal

from kollect.storage.screen_layout import ColumnLayout
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.screen_memory import ColumnMemory
from kollect.ui.framework.theme import CELL_PADDING

ROOMY = 1.5
"""So many times as wide as they need to be are first the columns that stretch, then the other texts
at the most, in a wide window.
"""
LEAST = 4
"""Full-width characters: no column is made narrower by hand."""
LEAST_STRETCHING = 8
"""The same for what stretches, by itself: with less, every line would be cut."""
_FRAME = 4
"""Pixels of a Treeview beside its columns, at the most."""
_THINNEST_FRAME = 2
"""The same at the least, as on Windows."""
_INSIDE = 4
"""Pixels that Tk leaves beside the words of a cell besides its padding (Tk 8.6)."""


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
    extra: bool = False
    """Seen only where the user chooses it by the menu on the headings."""
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
    """Gives a Treeview its columns, as the user wants them."""

    def __init__(
        self,
        tree: ttk.Treeview,
        columns: Sequence[TableColumn],
        memory: ColumnMemory | None = None,
    ) -> None:
        self._tree = tree
        self._columns = tuple(columns)
        self._memory = memory or ColumnMemory()
        self._narrow = False
        self._absent: frozenset[str] = frozenset()
        tree.configure(columns=[column.title for column in columns])
        for column in columns:
            side: Literal["e", "w"] = "e" if column.right else "w"
            tree.heading(column.title, text=column.title, anchor=side, command=column.sort or "")
            tree.column(column.title, anchor=side)

    @property
    def titles(self) -> tuple[str, ...]:
        """Of all columns that can be chosen, as they come."""
        return tuple(one.title for one in self._columns if one.title not in self._absent)

    def offer(self, title: str, there: bool) -> bool:
        """There is something to be seen in this column, or nothing any more, so that it cannot even
        be chosen. Returns whether that is new."""
        before = self._absent
        self._absent = before - {title} if there else before | {title}
        return self._absent != before

    @property
    def is_changed(self) -> bool:
        """The user has changed something."""
        return self._memory.layout != ColumnLayout()

    def is_wanted(self, title: str) -> bool:
        """Whether the user wants to see it; where there is no room, it may be left out."""
        column, layout = self._named(title), self._memory.layout
        return title in layout.shown if column.extra else title not in layout.hidden

    def want(self, title: str, wanted: bool) -> None:
        """Show a column, or show it no longer; the last one stays."""
        layout = self._memory.layout
        if not wanted and len(self._wanted()) == 1:
            return
        if self._named(title).extra:
            self._memory.layout = replace(layout, shown=_with(layout.shown, title, wanted))
        else:
            self._memory.layout = replace(layout, hidden=_with(layout.hidden, title, not wanted))

    def move(self, title: str, step: int) -> None:
        """Let a column change places with the one beside it that can be seen."""
        there = [column.title for column in self._shown()]
        place = there.index(title) + step if title in there else -1
        if 0 <= place < len(there):
            order = [column.title for column in self._in_order()]
            one, other = order.index(title), order.index(there[place])
            order[one], order[other] = order[other], order[one]
            self._memory.layout = replace(self._memory.layout, order=tuple(order))

    def can_move(self, title: str, step: int) -> bool:
        there = [column.title for column in self._shown()]
        return title in there and 0 <= there.index(title) + step < len(there)

    def keep_width(self, title: str) -> None:
        """The user has drawn this column to the width that it has now."""
        widths = self._memory.layout.widths
        pixels = int(self._tree.column(title, "width")) - self._air()
        width = round(max(1, pixels) / em(self._tree), 2)
        self._memory.layout = replace(self._memory.layout, widths={**widths, title: width})

    def reset_widths(self) -> None:
        self._memory.layout = replace(self._memory.layout, widths={})

    def reset(self) -> None:
        """As they come."""
        self._memory.layout = ColumnLayout()

    def at(self, x: int) -> str:
        """The title of the column there; empty right of them all."""
        number = self._tree.identify_column(x).lstrip("#")
        shown = self._shown()
        return shown[int(number) - 1].title if number and 0 < int(number) <= len(shown) else ""

    def too_wide(self) -> bool:
        """Is there not room for all columns in their full width? Where a table is as wide as it
        asks to be, there is, whatever frame the theme draws.
        """
        wanted = sum(self._pixels(self._full(column)) for column in self._wanted())
        return 1 < self._tree.winfo_width() < wanted + _THINNEST_FRAME

    def set_widths(self, *, narrow: bool) -> None:
        """As many characters as each one wants. What is left goes to those that stretch; once they
        are `ROOMY`, a third of it to the other texts, until these are so too.
        """
        self._narrow = narrow
        room = max(1, self._tree.winfo_width() - _FRAME)
        drawn = self._memory.layout.widths
        shown = self._shown()
        self._tree.configure(displaycolumns=[column.title for column in shown])
        leasts = {
            column: self._pixels(drawn.get(column.title) or _least(column, narrow=narrow))
            for column in shown
        }
        stretching = [column for column in shown if column.stretch and column.title not in drawn]
        texts = [c for c in shown if not (c in stretching or c.right or c.title in drawn)]
        spare = room - sum(leasts.values())
        spare -= int((ROOMY - 1) * sum(leasts[column] for column in stretching))
        if stretching and texts and spare > 0:
            roomy = min(ROOMY, 1 + spare / 3 / sum(leasts[column] for column in texts))
            leasts |= {column: int(leasts[column] * roomy) for column in texts}
        # Treeview itself shares out only what room comes later
        rest = max(0, room - sum(leasts.values()))
        for column in shown:
            width, stretches = leasts[column], column in stretching
            if stretches:
                least, width = width, width + rest // len(stretching)
            else:
                least = min(width, self._pixels(LEAST))
            self._tree.column(column.title, width=width, minwidth=least, stretch=stretches)

    def _pixels(self, characters: float) -> int:
        """The width of so many full-width characters and of the air beside them."""
        return round(characters * em(self._tree)) + self._air()

    def _air(self) -> int:
        return 2 * (self._tree.winfo_pixels(CELL_PADDING) + _INSIDE)

    def mark_sorted(self, title: str, *, descending: bool) -> None:
        for column in self._columns:
            mark = (" ▼" if descending else " ▲") if column.title == title else ""
            self._tree.heading(column.title, text=f"{column.title}{mark}")

    def _named(self, title: str) -> TableColumn:
        return next(column for column in self._columns if column.title == title)

    def _full(self, column: TableColumn) -> float:
        return self._memory.layout.widths.get(column.title) or column.characters

    def _in_order(self) -> list[TableColumn]:
        order = self._memory.layout.order
        places = {title: place for place, title in enumerate(order)}
        # one that came with a later version stands where it comes, among those that are known
        return sorted(
            (column for column in self._columns if column.title not in self._absent),
            key=lambda column: places.get(column.title, self._columns.index(column)),
        )

    def _wanted(self) -> list[TableColumn]:
        there = [column for column in self._in_order() if self.is_wanted(column.title)]
        return there or [self._columns[0]]

    def _shown(self) -> list[TableColumn]:
        wanted = self._wanted()
        return [c for c in wanted if not (self._narrow and c.spare)] or wanted


def _with(titles: tuple[str, ...], title: str, there: bool) -> tuple[str, ...]:
    others = tuple(one for one in titles if one != title)
    return (*others, title) if there else others


def _least(column: TableColumn, *, narrow: bool) -> float:
    if narrow and column.stretch:
        return column.narrow or min(column.characters, LEAST_STRETCHING)
    return (narrow and column.narrow) or column.characters
