"""The 「お客様の携帯」 on a display that is too narrow for both windows as they are."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from kollect.settings.model import TextSize
from kollect.ui.main import Program
from tests.helpers.display import start
from tests.helpers.ui_driver import settle


@pytest.fixture(scope="module")
def display(display: str) -> Iterator[str]:
    """As most small notebooks have it."""
    yield from start("1366x768x24")


def right_of(window: tk.Misc) -> int:
    return window.winfo_rootx() + window.winfo_width()


def test_the_window_gives_way_and_comes_back(program: Program, root: tk.Tk):
    settle(root, lambda: root.winfo_width() > 1000)
    before = root.winfo_width()
    program.go.demo.begin()
    settle(root, lambda: program.go.demo.phone and program.go.demo.phone.winfo_viewable())
    phone = program.go.demo.phone
    settle(root, lambda: 795 < root.winfo_width() < before)
    settle(root, lambda: phone.winfo_rootx() >= right_of(root))
    settle(root, lambda: right_of(phone) <= 1366)
    assert root.winfo_rootx() >= 0
    program.go.demo.close()
    settle(root, lambda: root.winfo_width() == before)


def test_larger_letters_do_not_push_it_off_the_display(program: Program, root: tk.Tk):
    program.go.demo.begin()
    settle(root, lambda: program.go.demo.phone and program.go.demo.phone.winfo_viewable())
    phone = program.go.demo.phone
    settle(root, lambda: phone.winfo_rootx() >= right_of(root))
    program.window.set_text_size(TextSize.HUGE)
    settle(root, lambda: root.winfo_width() > 990)
    settle(root, lambda: right_of(phone) <= 1366 and phone.winfo_rootx() > 0)
