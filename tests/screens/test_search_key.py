"""Ctrl+F goes to 「さがす」 wherever there is one; what is typed next is what is searched for."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

import pytest

from kollect.ui.main import Program
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    focus,
    labelled,
    press,
    settle,
    shown_text,
    type_letters,
)
from tests.screens.every import DIALOGS, SCREENS, fill, make

SEARCHED = {
    *("収集結果", "対象外・保留", "ログの表示", "会員一覧", "送る相手を選ぶ"),
    *("TemplateDialog", "ExplanationDialog", "ManualDialog"),
}


@pytest.fixture
def shop(program: Program) -> Program:
    fill(program)
    return program


def search_of(window: tk.Misc) -> ttk.Entry | None:
    """The entry that follows the word 「さがす」, where that can be seen."""
    inside = [one for one in all_inside(window) if one.winfo_viewable()]
    for place, one in enumerate(inside):
        if shown_text(one) == "さがす":
            return next(w for w in inside[place:] if w.winfo_class() == "TEntry")
    return None


def tried(window: tk.Misc, start: tk.Misc, *, searched: bool) -> None:
    entry = search_of(window)
    assert (entry is not None) == searched
    focus(start)
    press(start, "Control-f")
    if entry is None:
        assert start.focus_get() is start
        return
    assert start.focus_get() is entry
    type_letters(entry, "abc")
    focus(start)
    press(start, "Control-F")
    type_letters(entry, "x")
    assert entry.get() == "x", "what stood there is searched for no longer"


@pytest.mark.parametrize("name", SCREENS)
def test_on_every_screen(shop: Program, name: str):
    _, go = SCREENS[name]
    screen = go(shop)
    settle(screen, screen.winfo_viewable)
    tried(screen, labelled(shop.window.root, "ESC:前画面"), searched=name in SEARCHED)
    shop.window.back(confirm=False)


@pytest.mark.parametrize("name", sorted(DIALOGS.keys() & SEARCHED))
def test_in_dialogs(shop: Program, dialogs: Person, name: str):
    def act(dialog: tk.Toplevel) -> None:
        settle(dialog, lambda: search_of(dialog))
        button = next(one for one in all_inside(dialog) if isinstance(one, ttk.Button))
        tried(dialog, button, searched=True)
        press(dialog, "Escape")

    kind, given, named = make(shop, name)
    dialogs.answers.append(act)
    dialogs.show(kind, *given, **named)
