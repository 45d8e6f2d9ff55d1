"""The icon in a real tray: its colours, its clicks and its menu, and desktops that have none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
import tkinter as tk
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kollect.collector.events import PollFinished, PollReport
from kollect.demo.server import DemoServer
from kollect.desktop.tray import COLOURS, Tray, TrayAction, TrayColor
from kollect.errors import Trouble
from kollect.settings import ini_file
from kollect.storage.data_folder import DataFolder
from kollect.ui.collecting.screen import CollectingScreen
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.tray_controller import GOES_ON, TrayController
from tests.helpers import display as displays
from tests.helpers.live_shop import shop, start
from tests.helpers.ui_driver import PATIENCE, Person, settle, window_named, xdotool

pytestmark = pytest.mark.real


@pytest.fixture
def collecting(program: Program, server: DemoServer) -> Iterator[Program]:
    """The program while it waits for the next poll."""
    wait_for(lambda: not icon_window())
    start(program, shop(server))
    settle(program.window.root, lambda: program.go.tray.status.next_at is not None)
    settle(program.window.root, lambda: icon_window() and is_coloured(TrayColor.WAITING))
    yield program


def wait_for(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def icon_window() -> str:
    """The id of the icon's window as soon as the tray shows it; empty where there is none.

    The one of the test before must be gone: when it goes, the tray moves what stands beside it.
    """
    found = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--classname", "^kollect-tray$"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    return found[-1] if found else ""


def icon_colour() -> tuple[int, ...]:
    """What most of the icon is painted in; black for none."""
    window = icon_window()
    if not window:
        return (0, 0, 0)  # without a window `import` would wait for a click on one, for ever
    got = subprocess.run(
        ["import", "-silent", "-window", window, "-depth", "8", "rgb:-"],
        capture_output=True,
        check=False,
    ).stdout
    pixels = Counter(tuple(got[at : at + 3]) for at in range(0, len(got), 3))
    saturated = {p: n for p, n in pixels.items() if max(p) - min(p) > 40} or {(0, 0, 0): 1}
    return max(saturated, key=lambda pixel: saturated[pixel])


def is_coloured(color: TrayColor) -> bool:
    return icon_colour() == tuple(bytes.fromhex(COLOURS[color][1:]))


def click_icon(button: int) -> None:
    xdotool("mousemove", "--window", icon_window(), "8", "8", "click", str(button))


def icon_menu(program: Program) -> tk.Menu:
    """The menu of the icon, which has been asked for."""
    tray, root = program.go.tray, program.window.root
    settle(root, lambda: (menu := tray._menu) and menu.winfo_exists() and menu.winfo_ismapped())
    return tray._menu


def menu_entries(menu: tk.Menu) -> list[str]:
    """From the top; a line between them is empty."""
    places = range((menu.index("end") or 0) + 1)
    return [str(menu.entrycget(n, "label")) if menu.type(n) == "command" else "" for n in places]


def click_entry(menu: tk.Menu, place: int) -> None:
    x = menu.winfo_rootx() + menu.winfo_width() // 2
    y = menu.winfo_rooty() + menu.yposition(place) + 8
    xdotool("mousemove", str(x), str(y), "click", "1")


def hide(program: Program) -> None:
    """The window's ×, as the window manager asks for it."""
    root = program.window.root
    root.tk.call(*root.protocol("WM_DELETE_WINDOW").split())
    settle(root, lambda: root.state() == "withdrawn")


class TestIcon:
    @pytest.fixture
    def wishes(self) -> list[TrayAction]:
        return []

    @pytest.fixture
    def tray(self, display: str, wishes: list[TrayAction]) -> Iterator[Tray]:
        wait_for(lambda: not icon_window())
        tray = Tray(wishes.append)
        tray.start()
        wait_for(tray.is_there)
        yield tray
        tray.stop()

    def test_it_shows_each_state(self, tray: Tray):
        for color in (*TrayColor, TrayColor.WAITING):
            tray.show(color, f"コレクト: {color}")
            wait_for(lambda color=color: icon_window() and is_coloured(color))
        name = xdotool("getwindowname", icon_window())
        assert name == "コレクト: blue"

    def test_both_buttons_are_heard(self, tray: Tray, wishes: list[TrayAction]):
        tray.show(TrayColor.WAITING, "コレクト")
        wait_for(icon_window)
        time.sleep(0.3)
        click_icon(1)
        wait_for(lambda: wishes == [TrayAction.SHOW])
        click_icon(3)
        wait_for(lambda: wishes == [TrayAction.SHOW, TrayAction.MENU])

    def test_it_goes_and_comes_back(self, tray: Tray):
        tray.show(TrayColor.ERROR, "コレクト")
        wait_for(icon_window)
        tray.hide()
        wait_for(lambda: not icon_window())
        tray.show(TrayColor.WORKING, "コレクト")
        wait_for(lambda: icon_window() and is_coloured(TrayColor.WORKING))

    def test_its_end_leaves_nothing(self, tray: Tray):
        tray.show(TrayColor.WAITING, "コレクト")
        wait_for(icon_window)
        tray.balloon("", "")
        tray.stop()
        assert not tray._thread.is_alive()
        wait_for(lambda: not icon_window())
        tray.show(TrayColor.WAITING, "too late")
        tray.stop()

    def test_waiting_costs_nothing(self, tray: Tray):
        tray.show(TrayColor.WAITING, "コレクト")
        wait_for(icon_window)
        time.sleep(0.5)
        task = f"/proc/self/task/{tray._thread.native_id}/schedstat"
        before = read_nanoseconds(task)
        time.sleep(2)
        assert read_nanoseconds(task) - before < 1_000_000


def read_nanoseconds(path: str) -> int:
    with open(path) as file:
        return int(file.read().split()[0])


class TestWindowAndIcon:
    def test_the_cross_hides_and_a_click_brings_back(self, collecting: Program):
        root = collecting.window.root
        place = root.geometry()
        for _ in range(2):
            hide(collecting)
            click_icon(1)
            settle(root, lambda: root.state() == "normal")
            settle(root, lambda: root.focus_get() is not None)
        assert isinstance(collecting.window.screen, CollectingScreen)
        assert root.geometry() == place, "it comes back to where it was"

    def test_the_tooltip_says_today_and_next(self, collecting: Program):
        def name() -> str:
            return xdotool("getwindowname", icon_window())

        settle(collecting.window.root, lambda: "次の受信" in name())
        assert name().startswith("コレクト: 待機中\n今日の受付 0件\n次の受信 ")

    def test_the_menu_has_its_entries_and_they_work(self, collecting: Program, dialogs: Person):
        root = collecting.window.root
        hide(collecting)
        click_icon(3)
        menu = icon_menu(collecting)
        # the tray is at the lower edge: the menu is above it, and its last entry the nearest
        assert menu_entries(menu) == [
            *("処理の終了", "", "設定", "ログの表示", "収集結果表示", "今すぐ受信", "表示"),
        ]
        under = root.winfo_pointery() - menu.winfo_rooty()
        assert under > menu.winfo_height(), "no entry is under the pointer"
        before = collecting.go.tray.status.last
        click_entry(menu, 5)
        settle(root, lambda: collecting.go.tray.status.last is not before)
        assert root.state() == "withdrawn", "looking for mail shows nothing"
        settle(root, lambda: not menu.winfo_ismapped())
        click_icon(3)
        menu = icon_menu(collecting)
        dialogs.answers.append("キャンセル")
        settle(root, lambda: not collecting.workspaces.current.worker.busy)
        click_entry(menu, 0)
        settle(root, lambda: not dialogs.answers)
        assert dialogs.asked[-1][0] == "メール収集の終了の確認"
        assert collecting.workspaces.current.collecting

    @pytest.mark.parametrize(
        ("wish", "name"),
        [
            (TrayAction.RESULTS, "ResultsScreen"),
            (TrayAction.LOG, "LogScreen"),
            (TrayAction.SETTINGS, "SettingsScreen"),
        ],
    )
    def test_screens_from_the_menu(self, collecting: Program, wish: TrayAction, name: str):
        root = collecting.window.root
        hide(collecting)
        for _ in range(2):
            collecting.go.tray._wished(wish)
            settle(root, lambda: root.state() == "normal")
            assert type(collecting.window.screen).__name__ == name
        assert len(collecting.window.screens) == 3, "each once"

    def test_an_error_turns_it_red_until_it_is_well(
        self,
        collecting: Program,
        monkeypatch: pytest.MonkeyPatch,
        server: DemoServer,
    ):
        root = collecting.window.root
        hide(collecting)
        monkeypatch.setenv("KOLLECT_RECEIVE_PASSWORD", "wrong")
        collecting.workspaces.current.poll_now()
        settle(root, lambda: is_coloured(TrayColor.ERROR))
        monkeypatch.setenv("KOLLECT_RECEIVE_PASSWORD", server.password)
        collecting.workspaces.current.poll_now()
        settle(root, lambda: is_coloured(TrayColor.WAITING))

    def test_the_end_of_the_collecting_takes_the_icon_along_and_brings_the_menu(
        self, collecting: Program, dialogs: Person
    ):
        """As the manual has it: 「処理の終了」 ends the monitoring, wherever it is chosen."""
        root = collecting.window.root
        hide(collecting)
        settle(root, lambda: not collecting.workspaces.current.worker.busy)
        dialogs.answers.append("OK")
        collecting.go.tray._wished(TrayAction.END)
        settle(root, lambda: not collecting.workspaces.current.collecting)
        settle(root, lambda: isinstance(collecting.window.screen, MenuScreen))
        settle(root, lambda: root.state() == "normal")
        wait_for(lambda: not icon_window())
        assert collecting.window.status_text == "メールの収集を終わりました。"
        dialogs.answers.append("OK")
        collecting.go.shutdown.quit()
        root.mainloop()
        assert not [t for t in threading.enumerate() if t.name in ("tray", "collector")]


class FakeTray:
    """Remembers what would be told; balloons have no window of ours to look at."""

    def __init__(self, wished: Callable[[TrayAction], None]) -> None:
        self.balloons: list[tuple[str, str]] = []

    has_balloons = True

    def start(self) -> None: ...
    def is_there(self, patience: float = 0) -> bool:
        return True

    def show(self, color: TrayColor, tooltip: str) -> None: ...
    def hide(self) -> None: ...
    def stop(self) -> None: ...
    def balloon(self, title: str, text: str) -> None:
        self.balloons.append((title, text))


def test_balloons_for_the_first_error_and_for_the_recovery(program: Program):
    made: list[FakeTray] = []

    def make(wished: Callable[[TrayAction], None]) -> FakeTray:
        made.append(FakeTray(wished))
        return made[-1]

    resident = TrayController(program.window, program.workspaces, program.go, make)
    resident.begin()
    trouble = Trouble("つながりません", happened="サーバが答えません。", cure="…")
    at = resident.status.events[-1].at
    for what in (None, trouble, trouble, None):
        resident.on_collector_event(PollFinished(at, PollReport(), what, at))
    assert made[0].balloons == [
        ("メールの受信に問題があります", "つながりません\nサーバが答えません。"),
        ("メールの受信が元に戻りました", "届いていた空メールにも、順に返信します。"),
    ]


class TestWithoutTray:
    """The program as it is started, on a display with a window manager and nothing else."""

    @pytest.fixture
    def bare(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExitStack]:
        if missing := [name for name in displays.NEEDED if shutil.which(name) is None]:
            pytest.skip(f"not installed: {' '.join(missing)}")
        with ExitStack() as stack:
            name = displays.start_display(stack, displays.SCREEN)
            monkeypatch.setenv("DISPLAY", name)
            displays.start_program(stack, "openbox", "--sm-disable")
            displays.wait_for_window_manager()
            yield stack

    @pytest.fixture
    def window(self, bare: ExitStack, folder: DataFolder, server: DemoServer) -> str:
        """The id of the window in which mail is collected."""
        folder.prepare()
        ini_file.save(folder.ini, shop(server))
        process = subprocess.Popen(
            [sys.executable, "-m", "kollect", "--data", str(folder.path)],
            cwd=Path(__file__).parents[2],
        )
        bare.callback(process.wait)
        bare.callback(process.kill)
        window = window_named("KKRMN101")
        time.sleep(0.5)
        xdotool("windowfocus", "--sync", window)
        xdotool("key", "1")
        return window_named("KKRZS301")

    def test_it_is_minimised_instead_and_said_once(self, window: str):
        xdotool("key", "alt+F4")
        dialog = window_named("画面を小さくします")
        time.sleep(0.3)
        xdotool("windowfocus", "--sync", dialog)
        xdotool("key", "Return")
        wait_for(lambda: state_of(window) == "Iconic")
        for _ in range(2):
            xdotool("windowmap", "--sync", window)
            wait_for(lambda: state_of(window) == "Normal")
            xdotool("windowfocus", "--sync", window)
            xdotool("key", "alt+F4")
            wait_for(lambda: state_of(window) == "Iconic")

    def test_a_tray_that_comes_later_is_used_and_one_that_goes_gives_the_window_back(
        self, window: str, bare: ExitStack
    ):
        tray = subprocess.Popen(
            ["trayer", "--edge", "bottom", "--widthtype", "request", "--height", "28"],
            stderr=subprocess.DEVNULL,
        )
        bare.callback(tray.wait)
        bare.callback(tray.kill)
        wait_for(icon_window)
        xdotool("windowfocus", "--sync", window)
        xdotool("key", "alt+F4")
        dialog = window_named(GOES_ON)
        time.sleep(0.3)
        xdotool("windowfocus", "--sync", dialog)
        xdotool("key", "Return")
        wait_for(lambda: state_of(window) == "Withdrawn")
        tray.kill()
        wait_for(lambda: state_of(window) == "Iconic")


def state_of(window: str) -> str:
    """As the window manager tells it (ICCCM 4.1.3.1)."""
    told = subprocess.run(
        ["xprop", "-id", window, "WM_STATE"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"window state: (\w+)", told)
    return found[1] if found else "Withdrawn"


def test_without_a_display_there_is_no_icon_and_no_harm(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISPLAY", ":9999")
    tray = Tray(lambda wish: None)
    tray.start()
    assert not tray.is_there()
    tray.show(TrayColor.WAITING, "コレクト")
    tray.stop()
    assert not tray._thread.is_alive()
