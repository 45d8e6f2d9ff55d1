"""The program, with somebody looking at its windows: `python seen_program.py CODE -- …`.

CODE is the folder whose `kollect` is started, which may be an older version's; what stands behind
`--` is for the program. Whoever connects to the socket named by SEEN_SOCKET is told what can be
seen at this moment, as one JSON list of `Seen`: not what the program knows, but what it shows, as a
screen reader would say it. Nothing can be done this way: hands are xdotool's.

SEEN_HOSTS names servers, as `named_hosts` has them, and passwords are kept in memory.
"""

from __future__ import annotations

import json
import os
import runpy
import socket
import sys
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from tkinter import ttk
from typing import TypedDict

SOCKET, HOSTS = "SEEN_SOCKET", "SEEN_HOSTS"
_TAB = 12
"""Pixels below the upper edge of a notebook are its tabs."""


class Seen(TypedDict):
    """One widget, where it is on the screen; in pixels."""

    kind: str
    """Tk's class, or Tab."""
    text: str
    """Its words, or what stands in the field; a folded text in one line."""
    left: int
    top: int
    width: int
    height: int
    enabled: bool
    focused: bool


def look(root: tk.Tk) -> list[Seen]:
    """What is there, wholly in sight and under no other window of the program."""
    focused = str(root.tk.call("focus"))
    there = [widget for widget in _inside(root) if _is_in_sight(widget)]
    tabs = [tab for widget in there if isinstance(widget, ttk.Notebook) for tab in _tabs(widget)]
    return [*(_seen(widget, focused) for widget in there), *tabs]


def _seen(widget: tk.Misc, focused: str) -> Seen:
    return Seen(
        kind=widget.winfo_class(),
        text=_text(widget).replace("\n", ""),
        left=widget.winfo_rootx(),
        top=widget.winfo_rooty(),
        width=widget.winfo_width(),
        height=widget.winfo_height(),
        enabled=_is_enabled(widget),
        focused=str(widget) == focused,
    )


def _tabs(notebook: ttk.Notebook) -> Iterator[Seen]:
    """Where each tab can be clicked: Tk tells only which one is at a place."""
    places: dict[int, list[int]] = {}
    for across in range(notebook.winfo_width()):
        try:
            places.setdefault(notebook.index(f"@{across},{_TAB}"), []).append(across)
        except tk.TclError:  # beside them
            continue
    for number, across in places.items():
        yield Seen(
            kind="Tab",
            text=str(notebook.tab(number, "text")),
            left=notebook.winfo_rootx() + across[0],
            top=notebook.winfo_rooty() + _TAB,
            width=len(across),
            height=1,
            enabled=True,
            focused=False,
        )


def _text(widget: tk.Misc) -> str:
    if isinstance(widget, tk.Text):
        return widget.get("1.0", "end-1c")
    if isinstance(widget, tk.Entry):  # ttk's too
        return "●" * len(widget.get()) if widget.cget("show") else widget.get()
    try:
        return str(widget.cget("text"))
    except tk.TclError:
        return ""


def _is_enabled(widget: tk.Misc) -> bool:
    try:
        return str(widget.cget("state")) != "disabled"
    except tk.TclError:
        return True


def _is_in_sight(widget: tk.Misc) -> bool:
    if not widget.winfo_viewable():
        return False
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    middle = (left + widget.winfo_width() // 2, top + widget.winfo_height() // 2)
    there = widget.winfo_containing(*middle)
    return there is not None and str(there).startswith(str(widget))


def _inside(widget: tk.Misc) -> Iterator[tk.Misc]:
    yield widget
    for child in widget.winfo_children():
        yield from _inside(child)


def _tell_who_asks(root: tk.Tk) -> None:
    """Tk's own loop asks for it, also while a dialog waits: no thread."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.environ[SOCKET])
    listener.listen()

    def answer(file: object, mask: int) -> None:
        line, _ = listener.accept()
        with line:
            line.sendall(json.dumps(look(root)).encode())

    root.createfilehandler(listener, tk.READABLE, answer)


def main() -> None:
    code = sys.argv[1]
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import keyring

    from tests.helpers import memory_keyring, named_hosts

    sys.path[0] = code  # whose `kollect` it is; `tests` is known by now
    keyring.set_keyring(memory_keyring.MemoryKeyring())
    begin = tk.Tk.__init__

    def begin_seen(root: tk.Tk, *given: object, **named: object) -> None:
        begin(root, *given, **named)  # type: ignore[arg-type]
        _tell_who_asks(root)

    tk.Tk.__init__ = begin_seen  # type: ignore[method-assign]
    hosts = {(name, port): there for name, port, there in json.loads(os.environ[HOSTS])}
    sys.argv[:] = ["kollect", *sys.argv[sys.argv.index("--") + 1 :]]
    with named_hosts.leading(hosts):
        runpy.run_module("kollect", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
