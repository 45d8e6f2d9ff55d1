"""The bar at the bottom of the window, found by what stands on its buttons."""

from __future__ import annotations

from tkinter import ttk

from kollect.ui.framework.function_bar import FunctionBar
from kollect.ui.framework.window import Window
from tests.helpers.ui_driver import all_inside, shown_text


def bar_of(window: Window) -> FunctionBar:
    return next(one for one in all_inside(window.root) if isinstance(one, FunctionBar))


def buttons_of(window: Window) -> list[ttk.Button]:
    return [one for one in all_inside(bar_of(window)) if isinstance(one, ttk.Button)]


def key_button(window: Window, key: str = "F12") -> ttk.Button:
    """The button 「F12:…」."""
    return next(one for one in buttons_of(window) if shown_text(one).startswith(f"{key}:"))


def can_press_key(window: Window, key: str = "F12") -> bool:
    return not key_button(window, key).instate(["disabled"])
