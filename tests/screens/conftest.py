"""A real window on a real display, with a person in place of the message boxes."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Iterator

import pytest

from kollect.screens.window import Window
from tests.screens.hands import Person


@pytest.fixture
def root(display: str) -> Iterator[tk.Tk]:
    root = tk.Tk(className="Kollect")
    yield root
    with contextlib.suppress(tk.TclError):  # the test may have closed it
        for timer in root.tk.splitlist(root.tk.call("after", "info")):
            root.after_cancel(timer)
        root.destroy()


@pytest.fixture
def dialogs(root: tk.Tk) -> Person:
    return Person(root)


@pytest.fixture
def window(root: tk.Tk, dialogs: Person) -> Window:
    window = Window(root, dialogs=dialogs)
    window.identify("TEST", locked=False)
    return window
