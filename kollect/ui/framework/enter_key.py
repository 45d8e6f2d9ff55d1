"""The way of the Enter key through a form: from field to field, past the buttons, to the main one.

In the last field of a dialog it presses the main button; in a screen it goes to F12, so that what
is saved is seen before. A window says what its end is by binding `LAST_FIELD`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _tkinter import TkappType

LAST_FIELD = "<<LastField>>"
"""Sent to the window when Enter was pressed in its last field."""

_STOPS = frozenset(
    ("TEntry", "TSpinbox", "TCombobox", "TRadiobutton", "TCheckbutton", "Text", "Treeview")
)
"""What something is put into or chosen from."""


def enter(widget: tk.Misc) -> None:
    """Enter was pressed in this widget: on to the next field, or to the end of the window."""
    window = widget.winfo_toplevel()
    for path in stops_after(widget.tk, str(widget), str(window)):
        if is_stop(widget.tk, path):
            widget.tk.call("tk::TabToWindow", path)  # as Tab does: what stands there is selected
            return
    window.event_generate(LAST_FIELD)


def stops_after(tcl: TkappType, path: str, window: str) -> Iterator[str]:
    """All widgets after this one in the order of Tab, to the end of its window."""
    yield from _inside(tcl, path)
    while path != window:
        parent = str(tcl.call("winfo", "parent", path))
        brothers = [str(one) for one in tcl.splitlist(tcl.call("winfo", "children", parent))]
        for brother in brothers[brothers.index(path) + 1 :]:
            if str(tcl.call("winfo", "toplevel", brother)) == window:
                yield brother
                yield from _inside(tcl, brother)
        path = parent


def _inside(tcl: TkappType, path: str) -> Iterator[str]:
    window = str(tcl.call("winfo", "toplevel", path))
    for child in map(str, tcl.splitlist(tcl.call("winfo", "children", path))):
        if str(tcl.call("winfo", "toplevel", child)) == window:
            yield child
            yield from _inside(tcl, child)


def is_stop(tcl: TkappType, path: str) -> bool:
    if str(tcl.call("winfo", "class", path)) not in _STOPS:
        return False
    # Tk's own answer, as for Tab; it does not look at the state where `takefocus` is just 1
    return _is_enabled(tcl, path) and bool(tcl.getboolean(tcl.call("tk::FocusOK", path)))


def _is_enabled(tcl: TkappType, path: str) -> bool:
    try:
        return not tcl.getboolean(tcl.call(path, "instate", "disabled"))
    except tk.TclError:  # not one of ttk's
        return str(tcl.call(path, "cget", "-state")) != "disabled"
