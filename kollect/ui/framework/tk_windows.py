"""Windows that Tk makes for itself: on Linux its file dialog, everywhere the list of a combobox.

tkinter has no object for them: in an event it gives their name, and where it is asked for one it
raises KeyError. Whatever is bound to a whole class of widgets, or asks who has the focus or the
grab, meets them, and does so by these functions.
"""

from __future__ import annotations

import contextlib
import logging
import re
import tkinter as tk
from collections.abc import Callable
from typing import Any

from kollect.threads import safe_thread

log = logging.getLogger(__name__)

_FOREIGN = "foreign"
_LIST = ".popdown"
_CALL = re.compile(r'^if \{"\[(?P<call>.*)\]" == "break"\} break$', re.S)

Handler = Callable[[tk.Event], Any]


def bind_class(root: tk.Misc, name: str, event: str, handler: Handler) -> None:
    """Bind for all widgets of a class that are ours; Tk's own go on doing what Tk gave them.

    Raises TclError where this system has no such key.
    """
    tk_does = str(root.bind_class(name, event))
    root.bind_class(name, event, _only_ours(handler))
    call = _CALL.match(str(root.bind_class(name, event)).strip())
    if call is not None and tk_does.strip():
        script = f"switch -- [{call['call']}] break break {_FOREIGN} {{{tk_does}}}"
        root.tk.call("bind", name, event, script)


def add_to_class(root: tk.Misc, name: str, event: str, handler: Handler) -> None:
    """The same, besides what Tk does there itself."""
    root.bind_class(name, event, _only_ours(handler), add="+")


def bind_all(root: tk.Misc, event: str, handler: Handler) -> None:
    """Bind for all widgets that are ours."""
    root.bind_all(event, _only_ours(handler))


def hear_background_errors(root: tk.Misc) -> None:
    """What goes wrong in Tk's own scripts is no box of Tk's in English: nobody can answer that.

    Nor is it for the shop's log: faults of ours reach Tk as exceptions, and are told as such.
    """

    def heard(message: str, *options: object) -> None:
        with contextlib.suppress(*safe_thread.FAULTS):
            log.debug("%s %s", message, options)

    root.tk.createcommand("kollect_background_error", heard)
    root.tk.call("interp", "bgerror", "", "kollect_background_error")


def _only_ours(handler: Handler) -> Handler:
    return lambda event: handler(event) if isinstance(event.widget, tk.Misc) else _FOREIGN


def is_grabbed(root: tk.Misc) -> bool:
    """Whether a dialog, ours or one of Tk's, wants its answer first."""
    return bool(grab_holder(root))


def grab_holder(root: tk.Misc) -> str:
    """The name of the widget that has the grab, whoever made it; empty where there is none."""
    return str(root.tk.call("grab", "current", "."))


def close_list(root: tk.Misc) -> None:
    """Fold up the list of a combobox that is open: what stands above it would vanish with it."""
    holder = grab_holder(root)
    if holder.endswith(_LIST):
        root.tk.call("ttk::combobox::Unpost", holder.removesuffix(_LIST))


def focused(widget: tk.Misc) -> tk.Misc | None:
    """Which widget of ours has the focus; None also while it is in a window of Tk's own."""
    return known(widget, str(widget.tk.call("focus")))


def last_focused(widget: tk.Misc) -> tk.Misc | None:
    """Which widget of this window has the focus, or had it last; the window itself: none yet."""
    return known(widget, str(widget.tk.call("focus", "-lastfor", widget)))


def known(root: tk.Misc, path: str) -> tk.Misc | None:
    """The widget of this name; None where tkinter has none."""
    try:
        found = root.nametowidget(path) if path else None
    except KeyError:
        return None
    return found if isinstance(found, tk.Misc) else None


def nearest(root: tk.Misc, path: str) -> tk.Misc:
    """The window of this name, or of ours the one that it stands in front of."""
    while path and path != ".":
        found = known(root, path)
        if found is not None and not isinstance(found, tk.Menu):  # which is a window by itself
            return found.winfo_toplevel()
        path = path.rpartition(".")[0]
    return root.winfo_toplevel()


def is_zoomed(root: tk.Tk) -> bool:
    """Whether the window fills the screen."""
    try:
        return bool(root.attributes("-zoomed"))
    except tk.TclError:  # Windows has it as a state
        return root.state() == "zoomed"


def set_zoomed(root: tk.Tk) -> None:
    """Let the window fill the screen. On Windows it is shown by that."""
    try:
        root.attributes("-zoomed", True)
    except tk.TclError:
        root.state("zoomed")
