"""Keys and mouse on a Table: as in every list of files that the user knows."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kollect.ui.framework.key_bindings import on_key

if TYPE_CHECKING:
    from kollect.ui.widgets.table import Table

FillMenu = Callable[[tk.Menu], None]

_SHIFT, _CONTROL = 0x1, 0x4
_WHEEL_ROWS = 3
_ASIDE = 60
"""Pixels that a key moves the columns: Treeview's unit is one."""
_WHEEL_CLICK = 120
"""Windows' delta for one click of the wheel; a touchpad sends parts of it."""


class TableBindings:
    def __init__(
        self, table: Table, opened: Callable[[int], None], fill_menu: FillMenu | None
    ) -> None:
        """`fill_menu` puts what can be done with the selected rows into the right button's menu."""
        self._table = table
        self._opened = opened
        self._fill_menu = fill_menu
        self._anchor: int | None = None
        """The key of the row where a selection with Shift or with the mouse begins."""
        self._menu: tk.Menu | None = None
        self._dragging = False
        self._turned = 0
        tree = table.tree
        for name, step in (("Up", -1), ("Down", 1), ("Prior", None), ("Next", None)):
            for extend in (False, True):
                modifier = "Shift-" if extend else ""
                tree.bind(f"<{modifier}{name}>", self._mover(name, step, extend=extend))
        for name in ("Home", "End"):
            for modifier in ("", "Control-", "Shift-", "Control-Shift-"):
                tree.bind(
                    f"<{modifier}{name}>", self._mover(name, None, extend="Shift" in modifier)
                )
        for name, step in (("<Left>", -1), ("<Right>", 1)):
            on_key(tree, name, partial(self._aside, step))
        for name in ("<Return>", "<KP_Enter>"):
            tree.bind(name, lambda event: self._open())
        tree.bind("<Control-a>", lambda event: self._all())
        tree.bind("<Button-1>", self._pressed)
        tree.bind("<B1-Motion>", self._dragged)
        tree.bind("<ButtonRelease-1>", lambda event: self._released())
        tree.bind("<Double-Button-1>", self._double)
        tree.bind("<Button-3>", self._menu_at_pointer)
        for name in ("<Shift-F10>", "<App>", "<Menu>"):
            with contextlib.suppress(tk.TclError):  # one of them is unknown to each system
                on_key(tree, name, self._menu_at_row)
        tree.bind("<MouseWheel>", lambda event: self._wheel(event.delta))
        tree.bind("<Button-4>", lambda event: self._wheel(_WHEEL_CLICK))
        tree.bind("<Button-5>", lambda event: self._wheel(-_WHEEL_CLICK))
        tree.bind("<Shift-MouseWheel>", lambda event: self._aside(-1 if event.delta > 0 else 1))
        tree.bind("<Shift-Button-4>", lambda event: self._aside(-1))
        tree.bind("<Shift-Button-5>", lambda event: self._aside(1))

    def _mover(self, name: str, step: int | None, *, extend: bool) -> Callable[[tk.Event], str]:
        def move(event: tk.Event) -> str:
            table = self._table
            at = table.at if table.at is not None else -1
            to = {
                "Home": 0,
                "End": len(table.row_keys) - 1,
                "Prior": at - table.room,
                "Next": at + table.room,
            }.get(name, at + (step or 0))
            self._go(to, extend=extend)
            return "break"

        return move

    def _go(self, to: int, *, extend: bool) -> None:
        table = self._table
        start = table.at
        table.go(to)
        if table.at is None:
            return
        if not extend:
            self._anchor = None
            table.select((table.at,))
            return
        anchor = place_among(table.row_keys, self._anchor)
        if anchor is None:
            anchor = start if start is not None else table.at
            self._anchor = table.row_keys[anchor]
        low, high = sorted((anchor, table.at))
        table.select(range(low, high + 1))

    def _aside(self, step: int) -> str:
        """Left and right, where there are columns out of sight."""
        self._table.tree.xview_scroll(step * _ASIDE, "units")
        return "break"

    def _open(self) -> str:
        if self._table.current is not None:
            self._opened(self._table.current)
        return "break"

    def _all(self) -> str:
        self._table.select(range(len(self._table.row_keys)))
        return "break"

    # ---- the menu of the right button ----

    def _menu_at_pointer(self, event: tk.Event) -> str:
        table = self._table
        place = self._row_at(event.y)
        if _is_heading(table, event):
            table.headings.pop_up(event)
        elif self._fill_menu and 0 <= place < len(table.row_keys):
            table.focus_rows()
            if not table.is_selected(place):
                self._go(place, extend=False)
            self._pop_up(event.x_root, event.y_root)
        return "break"

    def _menu_at_row(self) -> str:
        """The one of the row; where rows have none, the one of the headings."""
        table = self._table
        if self._fill_menu is None:
            table.headings.pop_up_at(table.tree.winfo_rootx(), table.tree.winfo_rooty())
        elif table.at is not None:
            below = min(max(0, table.at - table.top), table.room) + 1
            y = table.heading_height + below * table.line_height
            self._pop_up(table.tree.winfo_rootx() + 40, table.tree.winfo_rooty() + y)
        return "break"

    def _pop_up(self, x: int, y: int) -> None:
        if self._menu is not None:
            self._menu.destroy()
        self._menu = tk.Menu(self._table.tree)
        assert self._fill_menu is not None
        self._fill_menu(self._menu)
        try:
            self._menu.tk_popup(x, y)
        finally:
            self._menu.grab_release()

    # ---- mouse ----

    def _row_at(self, y: int) -> int:
        table = self._table
        return table.top + (y - table.heading_height) // table.line_height

    def _pressed(self, event: tk.Event) -> str | None:
        table = self._table
        if _is_heading(table, event):
            table.headings.pressed(event)
            return None  # Treeview's own: widths of columns, clicks on headings
        table.focus_rows()
        place = self._row_at(event.y)
        if 0 <= place < len(table.row_keys):
            self._dragging = True
            if int(event.state) & _CONTROL:
                self._anchor = table.row_keys[place]
                table.go(place)
                table.toggle(place)
            else:
                extend = bool(int(event.state) & _SHIFT)
                self._go(place, extend=extend)
                if not extend:
                    self._anchor = table.row_keys[place]
        return "break"

    def _dragged(self, event: tk.Event) -> str | None:
        if not self._dragging:
            return None
        self._go(self._row_at(event.y), extend=True)
        return "break"

    def _released(self) -> str | None:
        if not self._dragging:
            self._table.headings.released()
            return None
        self._dragging = False
        return "break"

    def _double(self, event: tk.Event) -> str | None:
        if _is_heading(self._table, event):
            return None
        if 0 <= self._row_at(event.y) < len(self._table.row_keys):
            self._open()
        return "break"

    def _wheel(self, delta: int) -> str:
        self._turned += delta * _WHEEL_ROWS
        rows = int(self._turned / _WHEEL_CLICK)
        self._turned -= rows * _WHEEL_CLICK
        if rows:
            self._table.scroll_to(self._table.top - rows)
        return "break"


def _is_heading(table: Table, event: tk.Event) -> bool:
    return table.tree.identify_region(event.x, event.y) in ("heading", "separator")


def place_among(keys: Sequence[int], key: int | None) -> int | None:
    """Where a key stands among the others; None where it does not."""
    if key is None:
        return None
    try:
        return keys.index(key)
    except ValueError:
        return None
