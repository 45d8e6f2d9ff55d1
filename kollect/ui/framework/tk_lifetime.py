"""What goes with its widget: Tk's variables, what is called when they change, timers.

Tk keeps them until they are taken away by name, and they keep in Python whatever they call: a
screen of the past, with all that was typed into it. tkinter takes away only what `bind` and
`command` have made. So variables and timers are made here, tied to a widget.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable
from typing import Any, TypeVar

V = TypeVar("V", bound=tk.Variable)


def text_variable(owner: tk.Misc, value: str = "") -> tk.StringVar:
    return _tied(owner, tk.StringVar(owner, value))


def number_variable(owner: tk.Misc, value: int = 0) -> tk.IntVar:
    return _tied(owner, tk.IntVar(owner, value))


def tick_variable(owner: tk.Misc, *, value: bool = False) -> tk.BooleanVar:
    return _tied(owner, tk.BooleanVar(owner, value))


class Timer:
    """One call later. A new one takes the place of the one that waits; it goes with its widget."""

    def __init__(self, owner: tk.Misc, call: Callable[[], object]) -> None:
        self._owner = owner
        self._call = call
        self._waiting = ""

    @property
    def waits(self) -> bool:
        return bool(self._waiting)

    def start(self, milliseconds: int | None) -> None:
        """None: as soon as Tk has nothing else to do."""
        self.cancel()
        if milliseconds is None:
            self._waiting = self._owner.after_idle(self._due)
        else:
            self._waiting = self._owner.after(milliseconds, self._due)
        _ties_of(self._owner)[self._waiting] = self.cancel

    def cancel(self) -> None:
        waiting = self._forget()
        if waiting:
            with contextlib.suppress(tk.TclError):  # the whole program is going
                self._owner.after_cancel(waiting)

    def _due(self) -> None:
        self._forget()
        self._call()

    def _forget(self) -> str:
        waiting, self._waiting = self._waiting, ""
        _ties_of(self._owner).pop(waiting, None)
        return waiting


def later(owner: tk.Misc, milliseconds: int, call: Callable[..., object], *args: Any) -> None:
    """Call once, if `owner` is still there then."""
    Timer(owner, lambda: call(*args)).start(milliseconds)


def when_idle(owner: tk.Misc, call: Callable[..., object], *args: Any) -> None:
    """Call as soon as Tk has nothing else to do, if `owner` is still there then."""
    Timer(owner, lambda: call(*args)).start(None)


def when_gone(widget: tk.Misc, call: Callable[[], object]) -> None:
    """Call when this widget is destroyed."""
    _ties_of(widget)[str(id(call))] = call


_Ties = dict[str, Callable[[], object]]
_TIES = "_kollect_ties"


def _ties_of(widget: tk.Misc) -> _Ties:
    ties: _Ties | None = vars(widget).get(_TIES)
    if ties is None:
        ties = vars(widget)[_TIES] = {}
        widget.bind("<Destroy>", lambda event: _gone(event, widget), add="+")
    return ties


def _gone(event: tk.Event, widget: tk.Misc) -> None:
    if event.widget is widget:  # a window is told of what stands in it, too
        ties = _ties_of(widget)
        while ties:
            ties.popitem()[1]()


def _tied(owner: tk.Misc, variable: V) -> V:
    when_gone(owner, lambda: _forget(owner, variable))
    return variable


def _forget(owner: tk.Misc, variable: tk.Variable) -> None:
    with contextlib.suppress(tk.TclError):  # the whole program is going
        for modes, name in variable.trace_info():
            # tkinter takes them as it gave them; its stub knows of a single mode only
            variable.trace_remove(modes, name)  # type: ignore[arg-type]
        owner.tk.globalunsetvar(str(variable))
