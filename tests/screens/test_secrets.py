"""What was typed is not kept longer than its field, and a password not even so long."""

from __future__ import annotations

import gc
import tkinter as tk
import weakref
from pathlib import Path

from kollect.ui.framework.editing import UndoHistory
from kollect.ui.framework.window import Screen, Window
from kollect.ui.settings.pin_dialogs import AskPinDialog
from kollect.ui.widgets.form import Form
from tests.helpers.ui_driver import Person, focus, settle, type_in

PASSWORD = "Himitsu-9137"


class Fields(Screen):
    code, heading = "TEST", "項目"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        form = Form(self)
        form.pack()
        self.name = form.line("名前")
        self.password = form.line("パスワード", secret=True)


def steps(entry: tk.Misc) -> list[str]:
    return UndoHistory.of(entry)._steps  # type: ignore[arg-type]


def test_a_password_is_in_no_history(window: Window):
    screen = window.open(Fields)
    entry = screen.password.widget
    type_in(entry, PASSWORD)
    screen.password.reveal(True)
    type_in(entry, PASSWORD * 2)
    assert steps(entry) == [""]
    entry.event_generate("<<Undo>>")
    assert screen.password.value == PASSWORD * 2, "nothing is taken back that was not kept"


def test_nor_one_that_is_shown_from_the_beginning(window: Window):
    screen = window.open(Fields)
    screen.password.reveal(True)
    type_in(screen.password.widget, PASSWORD)
    assert steps(screen.password.widget) == [""]


def test_a_history_goes_with_its_field(window: Window):
    window.open(Fields)
    screen = window.open(Fields)
    for field in (screen.name, screen.password):
        type_in(field.widget, PASSWORD)
    gone = [weakref.ref(screen), weakref.ref(screen.name.widget)]
    history = weakref.ref(UndoHistory.of(screen.name.widget))  # type: ignore[arg-type]
    window.back(confirm=False)
    del screen, field
    settle(window.root)
    gc.collect()
    assert [one() for one in (*gone, history)] == [None] * 3


def test_what_was_typed_in_a_dialog_is_nowhere_afterwards(window: Window, dialogs: Person):
    def act(dialog: AskPinDialog) -> None:
        focus(dialog.pin.widget)
        type_in(dialog.pin.widget, "91370246")
        dialog.cancel()

    dialogs.answers.append(act)
    dialogs.show(AskPinDialog, lambda typed: False, Path("kollect.ini"))
    window.root.update()
    gc.collect()
    call = window.root.tk.call
    values = [
        str(call("set", f"::{name}"))
        for name in window.root.tk.splitlist(call("info", "globals", "PY_VAR*"))
    ]
    assert "91370246" not in values
    texts = [one for one in gc.get_objects() if isinstance(one, list) and 0 < len(one) < 50]
    assert not [one for one in texts if any(part == "91370246" for part in one)]
