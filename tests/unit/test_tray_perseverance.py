"""A tray icon that Windows refuses, as it does while somebody logs in."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from kollect.desktop import tray as tray_module
from kollect.desktop.tray import (
    EVERY_SECONDS,
    FOR_SECONDS,
    Perseverance,
    Tray,
    TrayAction,
    TrayColor,
)


def test_it_is_tried_every_few_seconds_for_a_minute():
    trying = Perseverance()
    assert trying.pause(0) is None
    trying.refused(0)
    assert trying.pause(0) == trying.pause(FOR_SECONDS) == EVERY_SECONDS
    trying.refused(10)
    assert trying.pause(FOR_SECONDS + 1) is None, "the minute began at the first refusal"
    trying.refused(FOR_SECONDS + 2)
    assert trying.pause(FOR_SECONDS + 3) == EVERY_SECONDS, "something changed: a minute more"
    trying.taken()
    assert trying.pause(FOR_SECONDS + 3) is None


class Explorer:
    """Windows' taskbar: takes icons, or is too busy to."""

    def __init__(self) -> None:
        self.refuses = 0
        self.asked: queue.Queue[bool] = queue.Queue()
        self.icon = ""

    def ask(self, tooltip: str) -> bool:
        taken = not self.refuses
        if self.refuses:
            self.refuses -= 1
        else:
            self.icon = tooltip
        self.asked.put(taken)
        return taken


class PlayedIcon:
    """As WindowsIcon does it, with an Explorer of ours."""

    there = True

    def __init__(self, explorer: Explorer, refused: Callable[[], None]) -> None:
        self._explorer = explorer
        self._refused = refused
        self._trying = Perseverance()
        self.tooltip = ""

    def show(self, color: TrayColor, tooltip: str) -> None:
        self.tooltip = tooltip
        self.ask()

    def ask(self) -> None:
        if self._explorer.ask(self.tooltip):
            self._trying.taken()
        else:
            self._trying.refused(time.monotonic())
            self._refused()

    def pause(self) -> float | None:
        return self._trying.pause(time.monotonic())

    def mend(self) -> None:
        if self._explorer.ask(self.tooltip):
            self._trying.taken()

    def hide(self) -> None: ...
    def balloon(self, title: str, text: str) -> None: ...
    def close(self) -> None: ...
    def listen(self) -> None: ...
    def wake(self) -> None: ...


@pytest.fixture
def explorer() -> Explorer:
    return Explorer()


@pytest.fixture
def tray(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tray]:
    monkeypatch.setattr(tray_module, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(tray_module, "_make", lambda wished, refused: PlayedIcon(explorer, refused))
    tray = Tray(lambda wish: None)
    tray.start()
    assert tray.is_there()
    yield tray
    tray.stop()


def test_an_icon_that_is_refused_at_the_login_comes_by_itself(tray: Tray, explorer: Explorer):
    explorer.refuses = 7
    tray.show(TrayColor.WAITING, "待機中")
    answers = [explorer.asked.get(timeout=30) for _ in range(8)]
    assert answers == [False] * 7 + [True]
    assert explorer.icon == "待機中"
    with pytest.raises(queue.Empty):  # then nobody is asked any more
        explorer.asked.get(timeout=0.2)


def test_what_changes_meanwhile_is_shown(tray: Tray, explorer: Explorer):
    explorer.refuses = 20
    tray.show(TrayColor.WAITING, "待機中")
    tray.show(TrayColor.ERROR, "エラー")
    while not explorer.asked.get(timeout=30):
        pass
    assert explorer.icon == "エラー"


def test_a_refusal_in_another_thread_is_mended_too(tray: Tray, explorer: Explorer):
    """pystray adds the icon again by itself when Explorer says that its taskbar is new."""
    tray.show(TrayColor.WAITING, "待機中")
    assert explorer.asked.get(timeout=30)
    explorer.icon, explorer.refuses = "", 3
    threading.Thread(target=tray._icon.ask).start()
    answers = [explorer.asked.get(timeout=30) for _ in range(4)]
    assert answers == [False] * 3 + [True]
    assert explorer.icon == "待機中"


if sys.platform == "win32":
    from kollect.desktop import tray_windows
    from kollect.desktop.tray_windows import WindowsIcon

    class Shell:
        """In the place of Shell_NotifyIconW, which refuses so many times; with what was asked."""

        def __init__(self) -> None:
            self.refuses = 0
            self.codes: list[int] = []

        def __call__(self, code: int, data: object) -> int:
            self.codes.append(code)
            taken = not self.refuses
            self.refuses = max(0, self.refuses - 1)
            return int(taken)

    ADD, MODIFY = 0, 1
    FIRST = [MODIFY, ADD]
    """What pystray asks for where there is no icon yet."""

    @pytest.fixture
    def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
        shell = Shell()
        monkeypatch.setattr(tray_windows.win32, "Shell_NotifyIcon", shell)
        return shell

    @pytest.fixture
    def told() -> list[str]:
        return []

    @pytest.fixture
    def icon(shell: Shell, told: list[str]) -> Iterator[WindowsIcon]:
        icon = WindowsIcon("kollect", told.append, lambda: told.append("refused"))
        yield icon
        icon.close()

    def test_windows_is_asked_again_until_it_takes_the_icon(
        icon: WindowsIcon, shell: Shell, told: list[str]
    ):
        shell.refuses = 5
        icon.show(TrayColor.WAITING, "待機中")
        assert shell.codes == FIRST
        assert told == ["refused"]
        assert icon.pause() == EVERY_SECONDS
        icon.mend()
        assert shell.codes[2:] == [MODIFY, ADD]
        assert icon.pause() == EVERY_SECONDS
        icon.mend()
        assert shell.codes[4:] == [MODIFY, ADD]
        assert icon.pause() is None

    def test_one_that_was_taken_too_late_is_not_added_twice(icon: WindowsIcon, shell: Shell):
        shell.refuses = 2
        icon.show(TrayColor.WAITING, "待機中")
        icon.mend()
        assert shell.codes == [*FIRST, MODIFY]
        assert icon.pause() is None

    def test_a_change_that_is_refused_brings_it_back(icon: WindowsIcon, shell: Shell):
        icon.show(TrayColor.WAITING, "待機中")
        assert icon.pause() is None
        shell.refuses = 2
        icon.show(TrayColor.WAITING, "受信中")
        assert icon.pause() == EVERY_SECONDS
        icon.mend()
        assert shell.codes == [*FIRST, MODIFY, MODIFY, ADD]
        assert icon.pause() is None

    def test_after_the_minute_it_is_lost_until_something_changes(
        icon: WindowsIcon, shell: Shell, told: list[str], monkeypatch: pytest.MonkeyPatch
    ):
        shell.refuses = 1000
        icon.show(TrayColor.WAITING, "待機中")
        assert icon.there
        now = time.monotonic() + FOR_SECONDS + 1
        monkeypatch.setattr(time, "monotonic", lambda: now)
        icon.mend()
        assert told == ["refused", TrayAction.LOST]
        assert not icon.there
        assert icon.pause() is None
        shell.refuses = 0
        icon.show(TrayColor.WAITING, "受信中")
        assert icon.there

    def test_a_hidden_one_stays_hidden(icon: WindowsIcon, shell: Shell):
        shell.refuses = 2
        icon.show(TrayColor.WAITING, "待機中")
        icon.hide()
        before = len(shell.codes)
        icon.mend()
        assert len(shell.codes) == before
        assert icon.pause() is None
