"""The whole program: the first start, the demo and back, the second start, the end."""

from __future__ import annotations

import contextlib
import subprocess
import time
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from kollect.desktop.lock import FolderLock
from kollect.settings import ini_file
from kollect.settings.model import Passwords, Receive, Send, Settings
from kollect.storage.data_folder import DataFolder
from kollect.ui.main import Program
from kollect.ui.menu import FirstStartDialog, MenuScreen
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import can_press_key
from tests.helpers.display import start as another_display
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    settle_jobs,
    type_in,
    until,
    window_named,
    windows_seen,
    xdotool,
)
from tests.screens.conftest import StartProcess, close

READY = Settings(
    mail_address="karamail@example.jp",
    receive=Receive(host="pop.example.jp", account="kara"),
    send=Send(host="smtp.example.jp", account="kara"),
)


@pytest.fixture
def lock(folder: DataFolder) -> Iterator[FolderLock]:
    folder.prepare()
    with FolderLock(folder.path) as lock:
        yield lock


@pytest.fixture
def started(
    root: tk.Tk, dialogs: Person, folder: DataFolder, lock: FolderLock
) -> Iterator[Program]:
    program = Program(root, folder, lambda root: dialogs)
    yield program
    close(program)


class TestMenu:
    def test_the_entries_stand_in_their_order(self, program: Program):
        menu = program.window.screen
        assert isinstance(menu, MenuScreen)
        labels = [str(button.cget("text")).split("　", 1) for button in menu.buttons]
        assert labels == [
            ["1", "メール収集の起動"],
            ["2", "収集結果表示"],
            ["3", "ログの表示"],
            ["4", "緒言設定"],
            ["5", "会員登録"],
            ["6", "メール発信"],
            ["7", "店頭ポスター・登録用紙"],
            ["8", "終了"],
        ]

    def test_digits_arrows_and_enter_work_the_menu(self, program: Program, dialogs: Person):
        menu = program.window.screen
        assert isinstance(menu, MenuScreen)
        settle_jobs(menu)  # from the step that is next, down to the menu
        press(menu, "Down", "Down", "Down", "Down")
        assert menu.focus_get() is menu.buttons[3]
        press(menu, "Down")
        after = next(b for b in menu.buttons[4:] if "disabled" not in b.state())
        assert menu.focus_get() is after, "what cannot be pressed is passed over"
        press(menu, "Up", "Return")
        assert isinstance(program.window.screen, SettingsScreen)
        press(menu, "Escape")
        dialogs.answers.append("キャンセル")
        press(menu, "8")
        assert dialogs.asked[-1] == ("終了の確認", "終了してよければ、OKを押してください。")
        dialogs.answers.append("キャンセル")
        press(menu, "Escape")
        assert program.window.screen is menu

    def test_the_end_is_the_end(self, program: Program, dialogs: Person):
        dialogs.answers.append("OK")
        program.window.root.after(50, lambda: program.window.screen.digit(8))
        program.window.root.mainloop()
        with pytest.raises(tk.TclError):
            program.window.root.winfo_exists()

    def test_the_cross_of_the_window_asks_too(self, program: Program, dialogs: Person):
        dialogs.answers.append("キャンセル")
        program.window.root.tk.call(*program.window.root.protocol("WM_DELETE_WINDOW").split())
        assert dialogs.asked[-1][0] == "終了の確認"

    def test_collecting_without_settings_leads_to_them(self, program: Program, dialogs: Person):
        dialogs.answers.append("設定する")
        press(program.window.root, "1")
        screen = program.window.screen
        assert isinstance(screen, SettingsScreen)
        assert isinstance(screen.pages[screen.notebook.index("current")], MailPage)
        assert screen.focus_get() is screen.mail.address.widget
        assert not screen.mail.address.error, "red only when it is due"

    def test_an_unknown_password_is_asked_for_and_kept(self, program: Program, dialogs: Person):
        program.workspaces.real.save(READY, Passwords())
        collected: list[int] = []
        program.go.begin_collecting = lambda: collected.append(1)  # type: ignore[method-assign]

        def refuse(dialog: tk.Misc) -> None:
            press(dialog, "F12")
            assert dialog.fields["receive"].error
            press(dialog, "Escape")

        def answer(dialog: tk.Misc) -> None:
            for name in ("receive", "send"):
                dialog.fields[name].value = f"{name}-geheim"
            press(dialog, "F12")

        dialogs.answers.append(refuse)
        press(program.window.root, "1")
        settle(program.window.root, lambda: not dialogs.answers)
        assert not collected
        dialogs.answers.append(answer)
        press(program.window.root, "1")
        settle(program.window.root, lambda: collected)
        assert program.workspaces.real.passwords() == Passwords("receive-geheim", "send-geheim")


class TestFirstStart:
    def test_the_settings_are_offered(
        self, started: Program, lock: FolderLock, dialogs: Person, root: tk.Tk
    ):
        dialogs.answers.append(lambda dialog: press(dialog, "2"))
        started.start(lock, demo=False)
        settle(root, lambda: isinstance(started.window.screen, SettingsScreen))
        screen = started.window.screen
        assert isinstance(screen.pages[screen.notebook.index("current")], MailPage)

    def test_it_can_be_put_off(
        self, started: Program, lock: FolderLock, dialogs: Person, root: tk.Tk
    ):
        dialogs.answers.append(lambda dialog: press(dialog, "Escape"))
        started.start(lock, demo=False)
        settle(root, lambda: not dialogs.answers)
        assert isinstance(started.window.screen, MenuScreen)

    def test_nothing_is_offered_once_there_are_settings(
        self, started: Program, lock: FolderLock, dialogs: Person, root: tk.Tk
    ):
        started.workspaces.real.save(READY, Passwords())
        started.start(lock, demo=False)
        settle(root, lambda: True)
        root.update()
        assert not dialogs.asked
        labels = [str(w.cget("text")) for w in all_inside(root) if w.winfo_class() == "TLabel"]
        assert any("karamail@example.jp" in label for label in labels)

    def test_the_dialog_has_both_choices(self, program: Program):
        dialog = FirstStartDialog(program.window.root)
        assert labelled(dialog, "1　デモで試す")
        assert labelled(dialog, "2　メールの設定をする")
        dialog.destroy()


class TestDemo:
    def test_there_and_back_leaves_the_real_things_byte_for_byte(
        self, started: Program, lock: FolderLock, dialogs: Person, root: tk.Tk, folder: DataFolder
    ):
        started.workspaces.real.save(READY, Passwords("a", "b"))
        started.start(lock, demo=False)
        root.update()
        before = {
            path.name: path.read_bytes()
            for path in folder.path.iterdir()
            if path.suffix in (".ini", ".db", ".bak")
        }
        press(root, "4")
        screen = started.window.screen
        settle(root, lambda: can_press_key(screen.window))
        screen.select(MailPage)
        dialogs.answers.append(lambda dialog: click(labelled(dialog, "デモ設定を行う")))
        click(labelled(screen.mail, "デモ用設定/解除"))
        settle(root, lambda: isinstance(started.window.screen, MenuScreen))
        assert started.workspaces.current.in_demo
        assert "id = DEMO" in root.title()
        assert started.workspaces.current.folder.path != folder.path
        press(root, "4")
        screen = started.window.screen
        settle(root, lambda: can_press_key(screen.window))
        assert screen.mail.receive_host.value == "127.0.0.1"
        type_in_interval(screen, "33")
        press(screen, "F12")
        settle(root, lambda: not screen.is_busy)
        screen.select(MailPage)
        dialogs.answers.append(lambda dialog: click(labelled(dialog, "デモ設定の解除")))
        click(labelled(screen.mail, "デモ用設定/解除"))
        settle(root, lambda: isinstance(started.window.screen, MenuScreen))
        assert not started.workspaces.current.in_demo
        assert "id = TEST" in root.title()
        assert not (folder.path / "demo").exists()
        after = {name: (folder.path / name).read_bytes() for name in before}
        assert after == before
        assert ini_file.load(folder.ini) == started.workspaces.current.settings() == READY

    def test_after_a_crash_in_the_demo_the_real_things_are_there(
        self, started: Program, lock: FolderLock, root: tk.Tk, folder: DataFolder, dialogs: Person
    ):
        started.workspaces.real.save(READY, Passwords("a", "b"))
        before = folder.ini.read_bytes()
        started.start(lock, demo=True)
        settle(root, lambda: started.workspaces.current.in_demo)
        # the crash: nothing is closed in order, and it starts again
        started.workspaces.current.server.stop()
        again = Program(tk.Tk(), folder, lambda root: dialogs)
        assert again.workspaces.current.settings() == READY
        assert folder.ini.read_bytes() == before
        again.window.close()
        again.workspaces.real.close()


def type_in_interval(screen: SettingsScreen, text: str) -> None:
    type_in(screen.control.fields["collect", "interval_seconds"].widget, text)


@pytest.mark.real
def keys_end(process: subprocess.Popen[str], window: str) -> bool:
    """Whether ESC has ended it: a key that comes before the window has the focus is lost."""
    with contextlib.suppress(AssertionError):  # the window has gone meanwhile
        xdotool("windowfocus", window)
        xdotool("key", "Escape")
    return process.poll() is not None


class TestProcess:
    """The program as it is started, seen from outside."""

    def test_a_second_start_shows_the_first_and_ends(
        self, start_process: StartProcess, folder: DataFolder
    ):
        folder.prepare()
        ini_file.save(folder.ini, READY)
        first = start_process()
        window = window_named("KKRMN101")
        time.sleep(0.5)
        xdotool("windowminimize", "--sync", window)
        second = start_process()
        out, err = second.communicate(timeout=60)
        assert (second.returncode, out, err) == (0, "", "")
        window_named("KKRMN101")
        assert first.poll() is None

    def test_a_second_start_on_another_desktop_says_so(
        self, start_process: StartProcess, folder: DataFolder
    ):
        folder.prepare()
        ini_file.save(folder.ini, READY)
        first = start_process()
        window_named("KKRMN101")
        until((folder.path / "kollect.running").exists)
        with contextlib.contextmanager(another_display)() as elsewhere:
            second = StartProcess(folder, elsewhere)
            process = second()
            dialog = window_named("別の画面で動いています")
            until(lambda: keys_end(process, dialog))
            assert process.communicate(timeout=60) == ("", "")
            assert process.returncode == 2
            second.kill_all()
        assert first.poll() is None

    def test_data_that_onedrive_copies_are_warned_of_once(self, display: str, tmp_path: Path):
        folder = DataFolder(tmp_path / "OneDrive - 店" / "コレクト")
        folder.prepare()
        ini_file.save(folder.ini, READY)
        start = StartProcess(folder, display)
        start()
        window_named("OneDrive のフォルダにあります")
        start.kill_all()
        again = StartProcess(folder, display)
        again()
        window_named("KKRMN101")
        until((folder.path / "kollect.running").exists)  # what is to be said is said by then
        settled = time.monotonic() + 2
        until(lambda: time.monotonic() > settled)
        assert not [title for title in windows_seen() if "OneDrive" in title]
        again.kill_all()

    def test_keys_from_outside_end_it(self, start_process: StartProcess, folder: DataFolder):
        folder.prepare()
        ini_file.save(folder.ini, READY)
        process = start_process()
        window = window_named("KKRMN101")
        assert xdotool("getwindowname", window) == "コレクト (KKRMN101) id = TEST (保守可)"
        time.sleep(0.5)
        xdotool("windowfocus", "--sync", window)
        xdotool("key", "8")
        window_named("終了の確認")
        time.sleep(0.5)
        xdotool("key", "Return")
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")

    def test_a_folder_that_cannot_be_used_is_told(
        self, start_process: StartProcess, folder: DataFolder
    ):
        folder.path.parent.mkdir(exist_ok=True)
        folder.path.write_text("this is a file")
        process = start_process()
        window_named("フォルダを作れません")
        time.sleep(0.5)
        xdotool("key", "Escape")
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (5, "", "")
