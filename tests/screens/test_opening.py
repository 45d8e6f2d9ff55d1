"""The start with very many rows: that they are looked through can be seen, and ended."""

from __future__ import annotations

import threading
import tkinter as tk
from collections.abc import Callable
from functools import partial

import pytest

from kollect.app import preflight
from kollect.app.preflight import Watch
from kollect.desktop.lock import FolderLock
from kollect.settings import ini_file
from kollect.storage import backup
from kollect.storage.data_folder import DataFolder
from kollect.ui import startup
from kollect.ui.framework.window import Window
from kollect.ui.opening_dialog import LOOKING, OpeningDialog
from tests.bench import ledger_bench
from tests.helpers.ui_driver import Person, click, press, settle, window_named, xdotool
from tests.screens.conftest import StartProcess
from tests.screens.test_app import READY


@pytest.mark.real
@pytest.mark.slow
def test_a_large_ledger_is_looked_through_in_sight(start_process: StartProcess, folder: DataFolder):
    folder.prepare()
    ini_file.save(folder.ini, READY)
    ledger_bench.build(folder.database, 400_000, 50_000)
    start_process()
    dialog = window_named(LOOKING.title)
    xdotool("windowfocus", "--sync", dialog)
    xdotool("key", "Escape")
    window_named("KKRMN101")


class Look:
    """A look at the data that lasts until it is told not to go on."""

    def __init__(self) -> None:
        self.parts: tuple[float | None, ...] = (None,)
        self.stopped = threading.Event()

    def __call__(self, folder: DataFolder, watch: Watch = preflight.wait) -> None:
        while all(map(watch, self.parts)):
            self.stopped.wait(0.01)
        self.stopped.set()


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    made = Look()
    monkeypatch.setattr(startup, "come_inside", made)
    monkeypatch.setattr(startup, "AT_ONCE", 0.0)
    return made


Ended = Callable[[OpeningDialog[None]], None]


@pytest.mark.parametrize(
    "end",
    [lambda dialog: press(dialog, "Escape"), lambda dialog: click(dialog.skip_button)],
    ids=["Escape", "button"],
)
def test_who_does_not_want_to_wait_need_not(
    folder: DataFolder, root: tk.Tk, dialogs: Person, look: Look, end: Ended
):
    def work(dialog: OpeningDialog[None]) -> None:
        assert dialog.told.cget("text") == "確かめています…"
        assert str(dialog.bar.cget("mode")) == "indeterminate"
        look.parts = (0.25,)  # a change that was broken off, found only now
        settle(dialog, lambda: dialog.told.cget("text") == "書き直しています… 25%")
        assert float(dialog.bar.cget("value")) == 0.25
        look.parts = (None,)
        settle(dialog, lambda: dialog.told.cget("text") == "確かめています…")
        end(dialog)
        settle(root, lambda: not dialog.winfo_exists())

    dialogs.answers.append(work)
    lock = FolderLock(folder.path)
    try:
        made = partial(Window, root, dialogs=dialogs)
        assert startup.come_in(folder, lock, made, unseen=False) is None
    finally:
        lock.release()
    assert look.stopped.is_set()


def test_at_the_login_nobody_waits_in_front_of_it(
    folder: DataFolder, look: Look, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(startup, "come_inside", lambda folder, watch: None)
    lock = FolderLock(folder.path)
    try:
        assert startup.come_in(folder, lock, no_window, unseen=True) is None
    finally:
        lock.release()


def no_window() -> Window:
    pytest.fail("a window")


def test_the_look_ends_when_the_time_is_over(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    """The pages too, not only the values: a slow stick takes minutes for them."""
    folder.prepare()
    ledger_bench.build(folder.database, 30_000, 10_000)
    asked = []

    def go_on() -> bool:
        asked.append(None)
        return True

    monkeypatch.setattr(backup, "SECONDS_AT_START", -1.0)
    assert backup.damage_at_a_glance(folder.database, go_on=go_on) is None
    assert len(asked) == 1
