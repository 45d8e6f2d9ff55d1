"""What is raised in any thread that serves the window: it goes on, and the user is told."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kollect.demo.server import DemoServer
from kollect.desktop import tray as tray_module
from kollect.desktop.lock import FolderLock, notify_running_instance
from kollect.desktop.session_end import SessionWatch
from kollect.desktop.tray import Tray, TrayAction, TrayColor
from kollect.threads import safe_thread
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.window import Screen, Window
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take
from tests.helpers.faults import ERRORS, raising
from tests.helpers.table_driver import rows
from tests.helpers.ui_driver import Person, settle, until

pytestmark = pytest.mark.expects_errors

each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)


# ---- jobs of screens ----


@each_error
def test_a_job_that_falls_is_told(window: Window, dialogs: Person, error: BaseException):
    window.jobs.run(raising(error), lambda result: None, owner=window.root)
    settle(window.root, lambda: dialogs.troubles)
    assert "プログラムの誤り" in dialogs.troubles[0].title
    assert dialogs.troubles[0].cure


@each_error
def test_what_is_done_with_a_result_may_fall(window: Window, dialogs: Person, error: BaseException):
    after: list[int] = []
    window.jobs.run(lambda job: 1, raising(error), owner=window.root)
    settle(window.root, lambda: dialogs.troubles)
    window.jobs.run(lambda job: 2, after.append, owner=window.root)
    settle(window.root, lambda: after)


def test_a_thread_that_cannot_be_begun_is_told(
    window: Window, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    """As on a PC without memory. The screen's own way of failing is gone as ever."""
    failed: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", raising(RuntimeError("can't start new thread")))
        window.jobs.run(lambda job: 1, lambda result: None, owner=window.root, failed=failed.append)
    settle(window.root, lambda: failed)


@each_error
def test_a_call_of_another_thread_may_fall(window: Window, dialogs: Person, error: BaseException):
    after: list[int] = []
    window.tk_calls.call(raising(error))
    window.tk_calls.call(after.append, 1)
    settle(window.root, lambda: after and dialogs.troubles)


@each_error
def test_tks_own_loop_goes_on(root: tk.Tk, error: BaseException):
    """In a button, a timer, an event: also what tkinter itself lets through."""
    dialogs = Person(root)
    window = Window(root, dialogs=dialogs)
    seen: list[int] = []
    root.after(1, raising(error))
    root.after(60, lambda: seen.append(1))
    root.after(120, window.close)
    window.live()
    assert seen
    assert [trouble.title for trouble in dialogs.troubles] == ["プログラムの誤りが起きました"]


# ---- searches and lists ----


@each_error
def test_a_search_goes_on_after_a_fault_in_its_answer(
    window: Window, dialogs: Person, error: BaseException
):
    found: list[str] = []
    latest: LatestOnly[str] = LatestOnly(window.jobs, window.root, dialogs.show_error)

    def done(answer: str) -> None:
        if answer == "a":
            raise error
        found.append(answer)

    latest.submit(lambda: "a", done)
    latest.submit(lambda: "ab", done)
    settle(window.root, lambda: found == ["ab"])
    latest.submit(lambda: "abc", done)
    settle(window.root, lambda: found == ["ab", "abc"])
    assert not latest.busy


@each_error
def test_a_search_goes_on_after_a_fault_of_the_search(
    window: Window, dialogs: Person, error: BaseException
):
    found: list[str] = []
    latest: LatestOnly[str] = LatestOnly(window.jobs, window.root, dialogs.show_error)
    latest.submit(raising(error), found.append)
    settle(window.root, lambda: dialogs.troubles)
    latest.submit(lambda: "b", found.append)
    settle(window.root, lambda: found)


class Rows(Screen):
    code, heading = "TEST", "行"

    def __init__(self, window: Window, fail: Callable[[int], None]) -> None:
        super().__init__(window)
        self.asked = 0
        self.fail = fail
        self.table = Table(self, (TableColumn("番号", 6),), self._fetch)
        self.table.pack(fill="both", expand=True)

    def _fetch(self, keys: Any, take: Take) -> None:
        self.asked += 1
        asked = self.asked

        def work() -> list[int]:
            self.fail(asked)
            return list(keys)

        take.by_job(
            self.window.jobs,
            work,
            lambda found: {key: TableRow((str(key),)) for key in found},
            owner=self,
        )


@each_error
def test_rows_that_could_not_be_had_come_by_themselves(
    window: Window, dialogs: Person, error: BaseException
):
    def fail(asked: int) -> None:
        if asked < 3:
            raise error

    screen = window.open(Rows, fail)
    screen.table.show(range(1000))
    tree = screen.table.tree
    settle(screen, lambda: tree.get_children() and tree.item(tree.get_children()[0], "values"))
    assert screen.asked == 3
    assert len(dialogs.troubles) == 1, "told once, not at each try"


def test_rows_asked_for_anew_are_asked_for_at_once(window: Window, dialogs: Person):
    failing = True

    def fail(asked: int) -> None:
        if failing:
            raise RuntimeError

    screen = window.open(Rows, fail)
    screen.table.show(range(10))
    settle(screen, lambda: dialogs.troubles)
    failing = False
    screen.table.show(range(10))
    settle(screen, lambda: rows(screen.table))
    assert screen.asked == 2


# ---- threads beside the window ----


@each_error
def test_a_tray_that_falls_is_told_of(monkeypatch: pytest.MonkeyPatch, error: BaseException):
    """The window comes back where it was hidden: nobody could find it again."""
    wishes: list[TrayAction] = []
    monkeypatch.setattr(Tray, "_next", raising(error))
    monkeypatch.setattr(tray_module, "_make", lambda wished, refused: Nothing())
    tray = Tray(wishes.append)
    tray.start()
    until(lambda: wishes == [TrayAction.LOST])
    assert not tray.is_there()
    tray.show(TrayColor.WAITING, "コレクト")  # whoever knows nothing of it
    tray.stop()


class Nothing:
    there = True

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


@each_error
def test_a_second_start_is_heard_after_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
):
    called: list[int] = []
    faults = [error]
    from kollect.desktop import lock as module

    wish = module._wish

    def fall_once(line: socket.socket, token: bytes) -> bytes:
        if faults:
            raise faults.pop()
        return wish(line, token)

    monkeypatch.setattr(module, "_wish", fall_once)
    monkeypatch.setattr(safe_thread, "FIRST_PAUSE", 0.05)
    with FolderLock(tmp_path) as lock:
        lock.listen(lambda: called.append(1))
        until(lambda: notify_running_instance(tmp_path))
        until(lambda: called)


@each_error
def test_the_end_of_the_session_is_survived(error: BaseException):
    watch = SessionWatch(ending=raising(error), resumed=raising(error))
    watch._end()
    watch._resume()


def cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


@pytest.mark.parametrize("fall", [*map(raising, ERRORS), cancel_all])
def test_the_demos_server_is_there_again_with_its_mails(
    monkeypatch: pytest.MonkeyPatch, fall: Callable[[], None]
):
    monkeypatch.setattr(safe_thread, "FIRST_PAUSE", 0.05)
    with DemoServer() as server:
        ports, loop = (server.smtp_port, server.pop3_port), server._loop
        box = server.mailbox(server.shop_address)
        assert loop is not None
        loop.call_soon_threadsafe(fall)
        if fall is cancel_all:
            until(lambda: server._loop is not loop)
        until(lambda: all(map(answers, ports)))
        assert (server.smtp_port, server.pop3_port) == ports
        assert server.mailbox(server.shop_address) is box


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            return line.recv(3) in (b"+OK", b"220")
    except OSError:
        time.sleep(0.05)
        return False


def test_a_screen_that_cannot_be_made_leaves_the_one_before(window: Window, dialogs: Person):
    before = window.open(Rows, lambda asked: None)

    class Broken(Screen):
        code, heading = "TEST", "壊れた画面"

        def __init__(self, window: Window) -> None:
            super().__init__(window)
            raise RuntimeError

    there = window.content.winfo_children()
    window.root.after(1, lambda: window.open(Broken))
    settle(window.root, lambda: dialogs.troubles)
    assert window.screen is before
    assert window.content.winfo_children() == there
