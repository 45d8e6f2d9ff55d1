"""A table of any length: only the rows in view exist, the others are fetched when they are reached.

Knows keys and texts, not what they are of; its owner fetches the rows, in a thread.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from tkinter import ttk

from kollect.ui.framework.screen_memory import ColumnMemory
from kollect.ui.framework.theme import FAINT, MARK, STRIPE, WRONG, colour
from kollect.ui.framework.tk_lifetime import Timer, later, when_idle
from kollect.ui.widgets.row_request import Rows, Take
from kollect.ui.widgets.table_bindings import FillMenu, TableBindings, place_among
from kollect.ui.widgets.table_columns import TableColumn, TableColumns, TableRow
from kollect.ui.widgets.table_headings import TableHeadings

__all__ = ["Table", "TableColumn", "TableRow", "Take"]

SOON_MS = 20
_AHEAD = 100
"""So many rows above and below those in view are fetched with them: scrolling finds them there."""
_MOST_KNOWN = 5000


_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 1000, 30_000
"""Until rows that could not be had are asked for again; doubled each time."""


class Table(ttk.Frame):
    """`fetch(keys, take)` has the rows of these keys handed to `take`, at once or later.

    Rows that could not be had are asked for again until they are there.
    """

    def __init__(
        self,
        parent: tk.Misc,
        columns: Sequence[TableColumn],
        fetch: Callable[[Sequence[int], Take], None],
        *,
        opened: Callable[[int], None] = lambda key: None,
        chosen: Callable[[], None] = lambda: None,
        menu: FillMenu | None = None,
        memory: ColumnMemory | None = None,
    ) -> None:
        """`opened`: Enter or a double click on a row; `chosen`: other rows are selected; `menu`
        fills the menu of the right button; `memory` is what the user has done to the columns.
        """
        super().__init__(parent)
        self._fetch = fetch
        self._chosen = chosen
        self._keys: Sequence[int] = ()
        self._top = 0
        self._at: int | None = None
        """The place of the row that the keys move."""
        self._selected: set[int] = set()
        self._known: dict[int, TableRow] = {}
        self._room_before = self._width_before = 0
        self._asking = False
        self._failures = 0
        self._again = Timer(self, self._paint)
        self._round = 0
        self.is_narrow = False
        """There is not room for all columns in their full width: owners shorten their texts."""
        self._told: tuple[int | None, int, int] = (None, 0, 0)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.tree = ttk.Treeview(self, show="headings", height=3, selectmode="none", takefocus=True)
        self._columns = TableColumns(self.tree, columns, memory)
        self.headings = TableHeadings(self.tree, self._columns, self._columns_changed)
        for tag, (part, ours) in _LOOKS.items():
            self.tree.tk.call(self.tree, "tag", "configure", tag, f"-{part}", colour(self, ours))
        self.tree.grid(row=0, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(self, command=self._scrolled, takefocus=False)
        self._bar.grid(row=0, column=1, sticky="ns")
        self._across = ttk.Scrollbar(
            self, orient="horizontal", command=self.tree.xview, takefocus=False
        )
        self._across.grid(row=1, column=0, sticky="ew")
        self._across.grid_remove()
        self.tree.configure(xscrollcommand=self._moved_across)
        self._nothing = ttk.Label(self.tree, style="PaperFaint.TLabel", justify="center")
        self.on_text_size()
        self.tree.bind("<Configure>", lambda event: self._fit())
        TableBindings(self, opened, menu)

    # ---- what its owner does ----

    @property
    def current(self) -> int | None:
        """The key of the row that the keys move."""
        return None if self._at is None else self._keys[self._at]

    @property
    def selection(self) -> list[int]:
        """The keys of the selected rows, in their order."""
        if len(self._selected) <= 1:
            return list(self._selected)
        return [key for key in self._keys if key in self._selected]

    @property
    def selected_count(self) -> int:
        return len(self._selected)

    @property
    def row_keys(self) -> Sequence[int]:
        return self._keys

    @property
    def top_key(self) -> int | None:
        """The key of the uppermost row in view; None while that is the first of all."""
        return self._keys[self._top] if 0 < self._top < len(self._keys) else None

    @property
    def room(self) -> int:
        """How many whole rows there is room for."""
        line = self.line_height
        return max(1, (self.tree.winfo_height() - self.heading_height - 2) // line)

    def show(
        self,
        keys: Sequence[int],
        rows: Rows | None = None,
        *,
        top: int | None = None,
        keep: bool = False,
    ) -> None:
        """Show these rows; those in `rows` need not be fetched.

        `keep`: what is selected stays so as far as it is still there; else the first is selected.
        `top` is the first row in view; None: so that the selected one can be seen.
        """
        before = self.current if keep else None
        self._keys = keys
        self._known = dict(rows or {})
        self._begin_again()
        self._top = top or 0
        if keep and self._selected:
            self._selected &= set(keys)
        else:
            self._selected = set()
        self._at = place_among(keys, before)
        if self._at is None:
            self._at = 0 if keys else None
        if not self._selected and self._at is not None:
            self._selected = {keys[self._at]}
        if top is None and self._at is not None:
            self.go(self._at)
        self._keep_in_range()
        self._paint()
        self._tell()

    def refresh(self) -> None:
        """Have the rows in view fetched again; until then they stay as they are."""
        self._known.clear()
        self._begin_again()
        self._paint()

    def _begin_again(self) -> None:
        """What is still on its way is not waited for."""
        self._round += 1
        self._asking = False
        self._again.cancel()

    def say_nothing_there(self, text: str) -> None:
        """What stands in the middle of the empty table."""
        self._nothing.configure(text=text)
        if text:
            # below the headings, which are about a line high
            self._nothing.place(relx=0.5, rely=0.5, y=self.line_height // 2, anchor="center")
        else:
            self._nothing.place_forget()

    def mark_sorted(self, title: str, *, descending: bool) -> None:
        """Show by which column the rows are sorted, and which way."""
        self._columns.mark_sorted(title, descending=descending)

    def focus_rows(self) -> None:
        self.tree.focus_set()

    def offer_column(self, title: str, there: bool) -> None:
        """Whether there is anything to be seen in this column; else it is not there at all."""
        if self._columns.offer(title, there):
            self._columns_changed()

    def _columns_changed(self) -> None:
        """Others can be seen, or with another width: the texts may have to be shorter now."""
        self.is_narrow = self._columns.too_wide()
        self._columns.set_widths(narrow=self.is_narrow)
        self.refresh()

    def on_text_size(self) -> None:
        """Letters have another size."""
        self._columns.set_widths(narrow=self.is_narrow)
        when_idle(self, self._fit)

    # ---- moving and selecting, for the keys and the mouse ----

    @property
    def line_height(self) -> int:
        return int(ttk.Style(self).lookup("Treeview", "rowheight") or 20)

    @property
    def heading_height(self) -> int:
        first = self.tree.get_children()[:1]
        box = self.tree.bbox(first[0]) if first else ""
        return box[1] if box else self.line_height

    @property
    def at(self) -> int | None:
        return self._at

    def is_selected(self, place: int) -> bool:
        return self._keys[place] in self._selected

    def go(self, place: int) -> None:
        """Move to the row at this place, or the nearest there is, and see it."""
        if self._keys:
            self._at = max(0, min(place, len(self._keys) - 1))
            if self._at < self._top:
                self._top = self._at
            elif self._at >= self._top + self.room:
                self._top = self._at - self.room + 1

    def select(self, places: Iterable[int]) -> None:
        """Select the rows at these places and no others."""
        if isinstance(places, range) and places.step == 1:
            self._selected = set(self._keys[places.start : places.stop])
        else:
            self._selected = {self._keys[place] for place in places}
        self._paint()
        self._tell()

    def toggle(self, place: int) -> None:
        self._selected ^= {self._keys[place]}
        self._paint()
        self._tell()

    def show_row(self, place: int, *, at_top: bool = False) -> None:
        """Go to a row and select it alone; some rows above it are in view, or it is `at_top`."""
        if not 0 <= place < len(self._keys):
            return
        if at_top:
            self._top = place
        elif not self._top <= place < self._top + self.room:
            self._top = place - self.room // 3
        self._at = place
        self._keep_in_range()
        self.select((place,))

    def scroll_to(self, top: int) -> None:
        self._top = top
        self._keep_in_range()
        self._paint()

    @property
    def top(self) -> int:
        return self._top

    # ---- the rows in view ----

    def _tell(self) -> None:
        now = (self.current, len(self._selected), self._round)
        if now != self._told:
            self._told = now
            self._chosen()

    def _fit(self) -> None:
        if self.winfo_exists():
            before = (self._width_before, self.is_narrow)
            self._width_before, self.is_narrow = self.tree.winfo_width(), self._columns.too_wide()
            if before != (self._width_before, self.is_narrow):
                self._columns.set_widths(narrow=self.is_narrow)
            if self.is_narrow is not before[1]:
                self.refresh()
            if self._top <= (self._at or 0) < self._top + self._room_before:
                self.go(self._at or 0)  # where it could be seen, it still can
            self._room_before = self.room
            self._keep_in_range()
            self._paint()

    def _keep_in_range(self) -> None:
        self._top = max(0, min(self._top, len(self._keys) - self.room))

    def _paint(self) -> None:
        tree, room = self.tree, self.room
        lines = tree.get_children()
        count = min(room, len(self._keys) - self._top)
        for _ in range(len(lines), count):
            tree.insert("", "end")
        if len(lines) > count:
            tree.delete(*lines[count:])
        if count and not lines:  # how high the headings are is known only with a row below them
            later(self, SOON_MS, self._fit)
        missing = False
        for place, line in enumerate(tree.get_children(), self._top):
            key = self._keys[place]
            row = self._known.get(key)
            if row is None:
                missing = True
            elif key in self._selected:
                tree.item(line, values=tuple(row.values), tags=())
            else:
                stripe = ("stripe",) if place % 2 and "mark" not in row.look else ()
                tree.item(line, values=tuple(row.values), tags=(*row.look.split(), *stripe))
            if key in self._selected:
                tree.selection_add(line)
            else:
                tree.selection_remove(line)
            if place == self._at:
                tree.focus(line)
        tree.yview_moveto(0)
        whole = max(1, len(self._keys))
        self._bar.set(self._top / whole, min(1.0, (self._top + room) / whole))
        if missing:
            self._ask()

    def _ask(self) -> None:
        """Have the rows around those in view fetched, one request at a time."""
        if self._asking or self._again.waits:
            return
        self._asking = True
        around = self._keys[max(0, self._top - _AHEAD) : self._top + self.room + _AHEAD]
        this_round = self._round

        def take(rows: Rows) -> None:
            if this_round != self._round:
                return
            self._asking = False
            self._failures = 0
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known |= {key: TableRow(()) for key in around}  # those that are gone meanwhile
            self._known |= rows
            self._paint()

        def failed() -> bool:
            if this_round != self._round:
                return False
            self._asking = False
            self._failures += 1
            pause = _FIRST_PAUSE_MS * 2 ** min(self._failures - 1, 10)
            self._again.start(min(pause, _LONGEST_PAUSE_MS))
            return self._failures == 1

        request = Take(take, failed)
        try:
            self._fetch(around, request)
        except BaseException:
            if request.failed():
                raise

    def _scrolled(self, how: str, amount: str, unit: str = "") -> None:
        """As the scroll bar says it: moveto 0.3, scroll 1 units, scroll -1 pages."""
        if how == "moveto":
            self.scroll_to(round(float(amount) * len(self._keys)))
        else:
            self.scroll_to(self._top + int(amount) * (self.room if unit == "pages" else 1))

    def _moved_across(self, first: float, last: float) -> None:
        """The lower bar is there where columns are out of sight."""
        self._across.set(first, last)
        if float(first) <= 0.0 and float(last) >= 1.0:
            self._across.grid_remove()
        else:
            self._across.grid()


_LOOKS = {
    "stripe": ("background", STRIPE),
    "faint": ("foreground", FAINT),
    "wrong": ("foreground", WRONG),
    "mark": ("background", MARK),
}
