"""Tk's own file dialog, as it comes up on Linux, worked with real keys and a real mouse.

Its widgets are of the same classes as ours, and tkinter knows none of them.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import ttk
from typing import Any

import pytest

from kollect.errors import Trouble
from kollect.ui.framework.dialogs import Dialogs, QuestionDialog
from kollect.ui.framework.window import Window
from tests.helpers.ui_driver import PATIENCE, settle, xdotool

NAME = "会員一覧.csv"
KINDS = (("CSVファイル", "*.csv"),)
Step = Callable[[], object]
"""Asked again and again until it says yes."""


class Heard(Dialogs):
    """The real thing, but for troubles, of which there should be none."""

    def __init__(self, root: tk.Misc) -> None:
        super().__init__(root)
        self.troubles: list[Trouble] = []

    def show_error(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)


@pytest.fixture
def dialogs(root: tk.Tk) -> Iterator[Heard]:
    heard = Heard(root)
    yield heard
    assert heard.troubles == []


class Hand:
    """Works with the dialog while the program waits for it."""

    def __init__(self, root: tk.Tk, box: str = ".__tk_filedialog") -> None:
        self.root = root
        self.box = box
        self._waits = 0
        self._steps: list[Step] = []

    def then(self, act: Callable[[], object], until: Step = lambda: True) -> Hand:
        self._steps += [lambda: act() or True, until]
        return self

    def start(self) -> None:
        self._steps.insert(0, self.has_focus)
        self.root.after(50, self._next)

    def _next(self) -> None:
        self._waits += 1
        if self._waits > 20 * PATIENCE:
            self.root.tk.call("destroy", self.box)  # else the test would wait for ever
            raise AssertionError("the file dialog does not answer")
        if self._steps and self._steps[0]():
            self._steps.pop(0)
            self._waits = 0
        if self._steps:
            self.root.after(50, self._next)

    def there(self) -> bool:
        call = self.root.tk.call
        exists = call("winfo", "exists", self.box)
        return bool(exists) and bool(call("winfo", "viewable", self.box))

    def has_focus(self) -> bool:
        return self.there() and str(self.root.tk.call("focus")).startswith(f"{self.box}.")

    def key(self, *keys: str) -> Hand:
        return self.then(lambda: xdotool("key", *keys))

    def type(self, text: str) -> Hand:
        return self.then(
            lambda: xdotool("type", text), lambda: text in str(self.root.tk.call(self.entry, "get"))
        )

    @property
    def entry(self) -> str:
        return f"{self.box}.contents.f2.ent"

    def click(self, widget: str, *, times: int = 1, at: tuple[int, int] | None = None) -> Hand:
        def act() -> None:
            call, path = self.root.tk.call, f"{self.box}.{widget}"
            x, y = at or (call("winfo", "width", path) // 2, call("winfo", "height", path) // 2)
            x, y = x + call("winfo", "rootx", path), y + call("winfo", "rooty", path)
            xdotool("mousemove", str(x), str(y), "click", "--repeat", str(times), "1")

        return self.then(act)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def open_window(window: Window) -> Window:
    window.root.deiconify()
    settle(window.root, window.root.winfo_viewable)
    return window


def test_save_under_a_typed_name_by_enter(open_window: Window, here: Path, dialogs: Heard):
    hand = Hand(open_window.root)
    hand.key("ctrl+a", "BackSpace").type("kaiin.csv").key("Return").start()
    assert dialogs.save_as("保存", NAME, KINDS) == here / "kaiin.csv"


def test_save_by_the_proposed_name_and_a_click(open_window: Window, here: Path, dialogs: Heard):
    Hand(open_window.root).click("contents.f2.ok").start()
    assert dialogs.save_as("保存", NAME, KINDS) == here / NAME


def test_it_speaks_japanese(open_window: Window, here: Path, dialogs: Heard):
    hand = Hand(open_window.root)
    words: list[str] = []

    def read(path: str) -> None:
        for child in open_window.root.tk.splitlist(
            open_window.root.tk.call("winfo", "children", path)
        ):
            if open_window.root.tk.call("winfo", "class", child) in ("TButton", "TLabel"):
                words.append(str(open_window.root.tk.call(child, "cget", "-text")))
            read(str(child))

    hand.then(lambda: read(hand.box)).key("Escape").start()
    dialogs.save_as("保存", NAME, KINDS)
    assert {"ファイル名(N):", "保存(S)", "キャンセル(C)"} <= set(words)
    assert not [word for word in words if "File" in word or "Cancel" in word]


@pytest.mark.parametrize("way", ["key", "mouse"])
def test_cancel(open_window: Window, here: Path, dialogs: Heard, way: str):
    hand = Hand(open_window.root)
    (hand.key("Escape") if way == "key" else hand.click("contents.f2.cancel")).start()
    assert dialogs.save_as("保存", NAME, KINDS) is None


def test_what_fields_of_ours_can_do_harms_nothing_there(
    open_window: Window, here: Path, dialogs: Heard
):
    """Every key and button that is bound to all fields, in the field for the name."""
    hand = Hand(open_window.root)
    hand.type("x").key("ctrl+z", "ctrl+y", "ctrl+a", "shift+F10", "Menu", "F12", "F5", "1", "Tab")
    hand.key("space", "shift+Tab", "ctrl+v", "KP_1")
    for button in ("3", "4", "5"):
        hand.then(lambda button=button: xdotool("click", button))
    hand.then(lambda: hand.root.tk.call("focus", hand.entry))
    hand.key("ctrl+slash", "BackSpace").type("all.csv").key("Return").start()
    assert dialogs.save_as("保存", NAME, KINDS) == here / "all.csv"


@pytest.mark.parametrize("way", ["typed", "double click"])
def test_open(open_window: Window, here: Path, dialogs: Heard, way: str):
    (here / "old.csv").write_text("受付番号\n")
    hand = Hand(open_window.root)
    if way == "typed":
        hand.type("old.csv").key("Return")
    else:
        hand.click("contents.icons.cHull.canvas", times=2, at=(20, 12))
    hand.start()
    assert dialogs.open_file("ファイルを選ぶ", KINDS) == here / "old.csv"


def test_overwriting_is_asked(open_window: Window, here: Path, dialogs: Heard):
    (here / NAME).write_text("")
    hand = Hand(open_window.root)
    message = f"{hand.box}.__tk__messagebox"

    def asked() -> bool:
        return bool(hand.root.tk.call("winfo", "exists", message)) and str(
            hand.root.tk.call("focus")
        ).startswith(message)

    hand.then(lambda: xdotool("key", "Return"), asked)
    hand.then(lambda: xdotool("key", "alt+y")).start()
    assert dialogs.save_as("保存", NAME, KINDS) == here / NAME


@pytest.mark.expects_errors
def test_a_fault_meanwhile_is_told_above_it(
    root: tk.Tk, here: Path, monkeypatch: pytest.MonkeyPatch
):
    """The box that tells of it stands above the file dialog, and that goes on afterwards."""
    dialogs = Dialogs(root)
    window = Window(root, dialogs=dialogs)
    settle(root, root.winfo_viewable)
    shown: list[str] = []

    def fault() -> None:
        root.after(300, close)
        raise ValueError("in the middle")

    def close() -> None:
        boxes = [w for w in _all(root) if isinstance(w, tk.Toplevel)]
        shown.extend(box.iconname() for box in boxes)
        for box in boxes:
            box.cancel()  # type: ignore[attr-defined]

    hand = Hand(root)
    hand.then(lambda: root.after(1, fault), lambda: shown)
    hand.then(lambda: None, lambda: str(root.tk.call("grab", "current", ".")) == hand.box)
    hand.then(lambda: root.tk.call("focus", "-force", hand.entry), hand.has_focus)
    hand.key("Return").start()
    assert dialogs.save_as("保存", NAME, KINDS) == here / NAME
    assert shown == ["プログラムの誤りが起きました"]
    assert window.status_text == ""


@pytest.mark.expects_errors
@pytest.mark.parametrize(
    "error", [RuntimeError, MemoryError, RecursionError, UnicodeError, SystemExit]
)
def test_a_fault_while_telling_of_a_fault_ends_nothing(
    root: tk.Tk, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
):
    window = Window(root)
    monkeypatch.setattr(window.dialogs, "show_error", _raising(error))
    after: list[str] = []

    def fault() -> None:
        root.after(50, lambda: after.append("still here"))
        root.after(100, window.close)
        raise error("first")

    root.after(1, fault)
    window.live()
    assert after == ["still here"]


def test_a_list_that_drops_down_takes_no_part(open_window: Window, dialogs: Heard):
    """tkinter has no object for it either: neither for its focus nor for its events."""
    root = open_window.root
    box = ttk.Combobox(open_window.content, values=("一", "二"), state="readonly")
    box.grid(row=1, column=0)
    settle(root, box.winfo_viewable)
    box.focus_force()
    settle(root, lambda: str(root.tk.call("focus")) == str(box))
    box.event_generate("<Down>")
    settle(root, lambda: "popdown" in str(root.tk.call("focus")))
    open_window.raise_up()
    assert dialogs.parent() is root or dialogs.parent() is box.winfo_toplevel()

    def answer() -> None:
        boxes = [w for w in _all(root) if isinstance(w, QuestionDialog) and w.grab_status()]
        for one in boxes:
            one.cancel()
        if not boxes:
            root.after(50, answer)

    root.after(50, answer)
    dialogs.show_info("お知らせ", "文")


def _all(widget: tk.Misc) -> Iterator[Any]:
    yield widget
    for child in widget.winfo_children():
        yield from _all(child)


def _raising(error: type[BaseException]) -> Callable[..., None]:
    def raise_it(*_: object) -> None:
        raise error("while telling")

    return raise_it
