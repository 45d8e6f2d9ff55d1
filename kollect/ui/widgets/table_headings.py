"""The headings of a Table under the mouse: columns drawn to another width, and their menu."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from kollect.ui.framework.tk_lifetime import tick_variable
from kollect.ui.widgets.table_columns import TableColumns

RESET_WIDTHS, RESET = "列の幅を元に戻す", "すべて元に戻す"
TO_LEFT, TO_RIGHT = "「{}」を左へ", "「{}」を右へ"


class TableHeadings:
    def __init__(
        self, tree: ttk.Treeview, columns: TableColumns, changed: Callable[[], None]
    ) -> None:
        """`changed` lays the columns out again."""
        self._tree = tree
        self._columns = columns
        self._changed = changed
        self._drawn = ""
        self._menu: tk.Menu | None = None

    def pressed(self, event: tk.Event) -> None:
        """The left button, on a heading or on the line beside it."""
        is_line = self._tree.identify_region(event.x, event.y) == "separator"
        self._drawn = self._columns.at(event.x) if is_line else ""

    def released(self) -> None:
        if self._drawn:
            self._columns.keep_width(self._drawn)
            self._drawn = ""
            self._changed()

    def pop_up(self, event: tk.Event) -> None:
        """The right button on a heading: which columns, in which order, how wide."""
        self.pop_up_at(event.x_root, event.y_root, self._columns.at(event.x))

    def pop_up_at(self, x: int, y: int, title: str = "") -> None:
        """The same by a key, of no column."""
        if self._menu is not None:
            self._menu.destroy()
        self._menu = self.menu(title)
        try:
            self._menu.tk_popup(x, y)
        finally:
            self._menu.grab_release()

    def menu(self, title: str) -> tk.Menu:
        """For the column of this title, or for none."""
        columns, menu = self._columns, tk.Menu(self._tree)
        for one in columns.titles:
            ticked = tick_variable(menu, value=columns.is_wanted(one))
            menu.add_checkbutton(
                label=one,
                variable=ticked,
                command=self._then(partial(columns.want, one, not columns.is_wanted(one))),
            )
        menu.add_separator()
        if title:
            for label, step in ((TO_LEFT, -1), (TO_RIGHT, +1)):
                menu.add_command(
                    label=label.format(title),
                    command=self._then(partial(columns.move, title, step)),
                    state="normal" if columns.can_move(title, step) else "disabled",
                )
        menu.add_command(label=RESET_WIDTHS, command=self._then(columns.reset_widths))
        menu.add_command(
            label=RESET,
            command=self._then(columns.reset),
            state="normal" if columns.is_changed else "disabled",
        )
        menu.update_idletasks()
        if menu.winfo_reqheight() > menu.winfo_screenheight():  # many columns in large letters
            menu.delete(len(columns.titles))
            menu.entryconfigure(len(columns.titles), columnbreak=True)
        return menu

    def _then(self, act: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            act()
            self._changed()

        return run
