"""Keys that do something, as against characters that are typed.

What an input method has put together, Tk on Windows hands on character by character, as presses of
keys whose number is the character's: "p" has the number of F1, "{" that of F12, "(" that of the
arrow down, "]" that of the menu key. No such key has a character, so one that has was typed.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any


def on_key(widget: tk.Misc, sequence: str, act: Callable[[], object]) -> None:
    """Have `act` done when this key, which types nothing, is pressed."""
    widget.bind(sequence, pressed(act))


def pressed(act: Callable[[], object]) -> Callable[[tk.Event[Any]], object]:
    """The handler for `on_key`; also for a whole class of widgets."""
    return lambda event: None if is_typed(event) else act()


def instead(act: Callable[[], object]) -> Callable[[tk.Event[Any]], str]:
    """A handler that does this, in place of what Tk does there."""

    def handler(event: tk.Event[Any]) -> str:
        act()
        return "break"

    return handler


def is_typed(event: tk.Event[Any]) -> bool:
    """Whether the event is a character of a text, not a key of the keyboard."""
    return bool(event.char) and event.char.isprintable()
