"""What a user sees and does in a Table, for the tests of the screens that have one."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from kollect.ui.widgets.table import Table
from tests.helpers.ui_driver import all_inside, settle, shown_text


def rows(table: Table) -> list[tuple[str, ...]]:
    """The cells of the rows in view, as they are read."""
    tree = table.tree
    return [tuple(map(str, tree.item(line, "values"))) for line in tree.get_children()]


def column(table: Table, number: int) -> list[str]:
    return [cells[number] if len(cells) > number else "" for cells in rows(table)]


def in_view(table: Table) -> list[int]:
    """The keys of the rows in view."""
    return list(table.row_keys[table.top : table.top + len(rows(table))])


def looks(table: Table, row: int) -> set[str]:
    """The tags of a row in view: "wrong", "mark" …"""
    return set(table.tree.item(table.tree.get_children()[row], "tags"))


def click_row(table: Table, row: int, *, button: int = 1, state: int = 0) -> None:
    """Click on a row in view; `state` holds the modifier keys."""
    line = table.tree.get_children()[row]
    x, y, width, height = table.tree.bbox(line)
    _click(table.tree, x + width // 2, y + height // 2, button=button, state=state)


def click_heading(table: Table, title: str) -> None:
    tree = table.tree
    x = 0
    for name in tree.cget("displaycolumns"):
        width = int(tree.column(name, "width"))
        if name == title:
            _click(tree, x + width // 2, table.heading_height // 2)
            return
        x += width
    raise AssertionError(f"there is no column {title}")


def headings(table: Table) -> list[str]:
    """Of the columns that can be seen, from the left."""
    shown = table.tree.cget("displaycolumns")
    return [str(table.tree.heading(name, "text")) for name in shown]


def menu_of(table: Table) -> tk.Menu:
    """The menu of the right button, which is open."""
    (menu,) = [w for w in table.tree.winfo_children() if isinstance(w, tk.Menu)]
    return menu


def choose_from_menu(table: Table, label: str) -> None:
    menu = menu_of(table)
    labels = {
        menu.entrycget(place, "label"): place
        for place in range((menu.index("end") or 0) + 1)
        if menu.type(place) == "command"
    }
    menu.unpost()
    menu.invoke(labels[label])
    menu.update()


def _click(widget: tk.Misc, x: int, y: int, *, button: int = 1, state: int = 0) -> None:
    widget.event_generate("<Motion>", x=x, y=y)
    widget.event_generate(f"<Button-{button}>", x=x, y=y, state=state)
    widget.event_generate(f"<ButtonRelease-{button}>", x=x, y=y, state=state)
    widget.update()


def in_front(dialog: tk.Misc) -> None:
    """Wait until a dialog has the focus: before that, keys go to the window behind it."""
    settle(dialog, lambda: (at := dialog.focus_get()) and str(at).startswith(f"{dialog}"))


def empty_text(table: Table) -> str:
    """What is said in the middle of a table that has no rows."""
    return "".join(shown_text(label) for label in all_inside(table.tree) if label.winfo_manager())


def scroll_bar(table: Table) -> ttk.Scrollbar:
    """The one on the right."""
    bars = [one for one in all_inside(table) if isinstance(one, ttk.Scrollbar)]
    return next(one for one in bars if str(one.cget("orient")) == "vertical")
