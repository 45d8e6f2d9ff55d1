"""Function keys and the like, as against the characters of an input method on Windows."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from kollect.ui.framework import key_bindings
from kollect.ui.framework.function_bar import FunctionKey
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.screen import Screen
from kollect.ui.framework.window import Window
from kollect.ui.settings.pin_dialogs import NewPinDialog
from tests.helpers.ui_driver import press

SCREENS = Path(key_bindings.__file__).parent
BOUND = re.compile(r"\bbind(_class|_all)?\([^)]*[\"']<(\w+-)*F[\d{]")


def handed_on(widget: tk.Misc, sequence: str, character: str) -> None:
    """What Tk does for a press of this key, with the character that it says it has.

    Windows is not here, and X11 has no such keys: the script that Tk would run is run.
    """

    def quoted(word: str) -> str:  # as Tk does, one element of a list
        return str(widget.tk.call("format", "%s", (word,)))

    script = widget.bind(sequence)
    assert script, f"nothing is bound to {sequence}"
    values = {"%A": character, "%W": str(widget), "%T": "2", "%#": "1"}
    filled = re.sub("%[#a-zA-Z]", lambda field: quoted(values.get(field[0], "??")), script)
    widget.tk.eval(filled)


class Typing(Screen):
    """A screen on which every function key does something."""

    code, heading = "KKRTEST1", "試験"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.done: list[str] = []

    def function_keys(self) -> list[FunctionKey]:
        return [
            FunctionKey(f"F{n}", "実行", lambda n=n: self.done.append(f"F{n}"))
            for n in range(2, 13)
        ]


@pytest.mark.parametrize(("first", "number"), [("q", 2), ("w", 8), ("{", 12)])
def test_a_character_is_no_function_key(window: Window, first: str, number: int):
    screen = window.open(Typing)
    name = f"F{number}"
    handed_on(window.root, f"<{name}>", first)
    assert screen.done == []
    handed_on(window.root, f"<{name}>", "")
    assert screen.done == [name]
    press(screen, name)
    assert screen.done == [name, name]


@pytest.mark.parametrize("character", ["", "\x1b", "\x7f"])
@pytest.mark.parametrize("sequence", ["<F12>", "<Down>", "<Shift-F10>"])
def test_a_key_without_a_character_is_one(root: tk.Tk, sequence: str, character: str):
    done: list[int] = []
    on_key(root, sequence, lambda: done.append(1))
    handed_on(root, sequence, character)
    assert done


@pytest.mark.parametrize("character", ["p", "{", "(", "ｱ", "漢", "😀", "~"])
def test_whatever_can_be_printed_is_typed(root: tk.Tk, character: str):
    on_key(root, "<F12>", lambda: pytest.fail("pressed"))
    handed_on(root, "<F12>", character)


@pytest.fixture
def dialog(window: Window) -> Iterator[NewPinDialog]:
    dialog = NewPinDialog(window.root)
    yield dialog
    dialog.destroy()


def test_a_dialog_does_not_take_a_brace_for_its_f12(dialog: NewPinDialog):
    handed_on(dialog, "<F12>", "{")
    assert not dialog.pin.error
    handed_on(dialog, "<F12>", "")
    assert dialog.pin.error


def test_every_function_key_is_bound_in_this_way():
    found = [
        f"{path.name}: {line.strip()}"
        for path in SCREENS.glob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if BOUND.search(line) and not any(asks in line for asks in ("_menu_at_widget", "pressed("))
    ]
    assert not found
