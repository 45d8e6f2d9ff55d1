"""A screen or dialog that is closed leaves nothing behind, in Tk or in memory, however often."""

from __future__ import annotations

import gc
import os
import tkinter as tk
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from tkinter import ttk

import pytest

from kollect.ui.framework import editing
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.window import Screen
from kollect.ui.main import Program
from tests.helpers.ui_driver import all_inside, settle
from tests.screens.every import DIALOGS, END_BY_THEMSELVES, NOT_OPENED, SCREENS, fill, kinds, make

TIMES = int(os.environ.get("KOLLECT_OPENINGS", "30"))
"""One thing left at each opening is plain after so many; 200 take a quarter of an hour."""
BEFORE = 3
"""So often first: the parts of Tk are loaded, and caches are filled."""
SLACK = 3
"""What waits at one moment and not at another, as the timer of a pump."""


@pytest.fixture
def shop(program: Program) -> Program:
    fill(program)
    return program


def test_every_screen_and_dialog_is_tried():
    assert {kind for kind, _ in SCREENS.values()} | NOT_OPENED == kinds(Screen)
    assert {kind for kind, _ in DIALOGS.values()} | END_BY_THEMSELVES == kinds(Dialog)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCREENS)
def test_screens_leave_nothing(shop: Program, name: str):
    _, go = SCREENS[name]

    def once() -> None:
        screen = go(shop)
        shop.window.root.update()
        type_into_all(screen)
        assert shop.window.screen is screen
        shop.window.back(confirm=False)

    assert grown_by(shop.window.root, once) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_leave_nothing(shop: Program, name: str):
    root = shop.window.root
    kind, given, named = make(shop, name)

    def once() -> None:
        dialog = kind(root, *given, **named)
        type_into_all(dialog)
        dialog.after(1, dialog.cancel)
        dialog.run()

    assert grown_by(root, once) == {}


def type_into_all(window: tk.Misc) -> None:
    """A letter into each field, and the menu of its right button: what typing alone leaves."""
    for widget in all_inside(window):
        if isinstance(widget, ttk.Entry | tk.Text) and str(widget.cget("state")) == "normal":
            widget.event_generate("<FocusIn>")
            widget.insert("end", "1")
            widget.event_generate("<KeyRelease-1>")
            editing.context_menu(widget)


def grown_by(root: tk.Tk, once: Callable[[], None]) -> dict[str, int]:
    """What there is more of after so many times, and still more after as many again.

    What is kept only until the next comes along is no more after the second half.
    """
    for _ in range(BEFORE):
        once()
    counts = [counted(root)]
    for _ in range(2):
        for _ in range(TIMES // 2):
            once()
        settle(root, lambda: counted(root)["jobs"] <= counts[0]["jobs"])
        counts.append(counted(root))
    first, second = (after - before for before, after in pairwise(counts))
    grown = {what: min(first[what], second[what]) for what in first}
    return {what: n for what, n in grown.items() if n > SLACK}


def counted(root: tk.Tk) -> Counter[str]:
    root.update()
    gc.collect()
    call, split = root.tk.call, root.tk.splitlist
    objects = Counter(type(one).__module__ for one in gc.get_objects())
    return Counter(
        {
            "variables": len(split(call("info", "globals"))),
            "commands": len(split(call("info", "commands"))),
            "timers": len(split(call("after", "info"))),
            "images": len(split(call("image", "names"))),
            "fonts": len(split(call("font", "names"))),
            "widgets": widgets(root, "."),
            "bindings": len(split(call("bind", "."))) + len(split(call("bind", "all"))),
            "jobs": objects["kollect.ui.framework.jobs"],
            "objects": sum(n for module, n in objects.items() if module.startswith("kollect.")),
        }
    )


def widgets(root: tk.Tk, path: str) -> int:
    children = root.tk.splitlist(root.tk.call("winfo", "children", path))
    return len(children) + sum(widgets(root, str(child)) for child in children)
