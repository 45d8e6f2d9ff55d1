"""The start at the login, the end with the session, what a crash leaves, and leaving a PC."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest

from kollect.app.crash_report import CrashReport
from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.desktop.autostart import autostart_command
from kollect.settings import ini_file
from kollect.settings.model import Passwords, Settings
from kollect.storage.data_folder import DataFolder
from kollect.ui.main import Program
from kollect.ui.settings.control_page import ControlPage
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import can_press_key
from tests.helpers.delay_proxy import delayed
from tests.helpers.live_shop import shop, start
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.ui_driver import (
    Person,
    click,
    labelled,
    press,
    settle,
    until,
    window_named,
    windows_seen,
    xdotool,
)
from tests.screens.conftest import StartProcess

pytestmark = pytest.mark.real


class Lock:
    """In the place of the folder's lock, which this process does not need."""

    def listen(self, wanted: object) -> None:
        """Nobody else is started here."""


def at_login(settings: Settings, *, on: bool = True) -> Settings:
    return replace(settings, collect=replace(settings.collect, start_at_login=on))


def through(settings: Settings, port: int) -> Settings:
    return replace(settings, receive=replace(settings.receive, port=port))


@pytest.fixture
def customer(server: DemoServer) -> Customer:
    return Customer(server, "hanako..yamada.@docomo.ne.jp", "山田花子")


@pytest.fixture
def saved(folder: DataFolder, server: DemoServer) -> DataFolder:
    folder.prepare()
    ini_file.save(folder.ini, at_login(shop(server)))
    return folder


class TestAtTheLogin:
    def test_it_collects_and_nothing_is_seen(
        self, start_process: StartProcess, saved: DataFolder, customer: Customer
    ):
        customer.send_blank()
        process = start_process("--tray")
        until(lambda: customer.read() or customer.received)
        assert "1001" in customer.received[0].subject
        assert windows_seen() == []
        second = start_process()
        assert second.communicate(timeout=30) == ("", "")
        assert second.returncode == 0
        window_named("コレクト (KKRZS301)")
        assert process.poll() is None

    def test_the_entry_is_there_and_starts_this_program_with_its_data(
        self, start_process: StartProcess, saved: DataFolder, customer: Customer, tmp_path: Path
    ):
        start_process()
        window_named("KKRMN101")
        until(autostart_command)
        start_process.kill_all()
        customer.send_blank()
        line = (autostart_command() or "").replace("\\\\", "\\").replace("%%", "%")
        with subprocess.Popen(["sh", "-c", f"exec {line}"], cwd=tmp_path) as process:
            try:
                until(lambda: customer.read() or customer.received)
                assert windows_seen() == []
            finally:
                process.kill()

    def test_what_is_missing_brings_the_window(
        self, start_process: StartProcess, saved: DataFolder, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("KOLLECT_SEND_PASSWORD")
        start_process("--tray")
        window_named("パスワードの入力")
        window_named("KKRMN101")

    def test_unfinished_settings_bring_the_window(
        self, start_process: StartProcess, folder: DataFolder
    ):
        start_process("--tray")
        window_named("メールの設定が終わっていません")
        window_named("KKRMN101")


class TestTheEntry:
    def test_it_follows_the_setting(self, program: Program, server: DemoServer):
        program.workspaces.real.save(shop(server), Passwords())
        screen = settings_of(program)
        screen.select(ControlPage)
        tick = screen.control.fields["collect", "start_at_login"]
        for on in (True, False):
            click(tick.widget)
            press(screen, "F12")
            settle(screen, lambda: not screen.is_busy)
            assert bool(autostart_command()) is on

    def test_one_that_cannot_be_written_is_told_and_the_settings_are_saved(
        self, program: Program, server: DemoServer, dialogs: Person, tmp_path: Path
    ):
        (tmp_path / "config").write_text("a file in its place")
        program.workspaces.real.save(shop(server), Passwords())
        screen = settings_of(program)
        screen.select(ControlPage)
        click(screen.control.fields["collect", "start_at_login"].widget)
        press(screen, "F12")
        settle(screen, lambda: dialogs.troubles)
        assert dialogs.troubles[0].title == "ログイン時の起動を変えられません"
        assert ini_file.load(program.workspaces.real.folder.ini).collect.start_at_login

    def test_the_demo_leaves_it_alone(self, program: Program, server: DemoServer, root: tk.Tk):
        program.go.save_settings(at_login(shop(server)), Passwords())
        entered = autostart_command()
        program.go.demo.begin()
        settle(root, lambda: program.go.demo.phone)
        program.go.save_settings(
            at_login(program.workspaces.current.settings(), on=False), Passwords()
        )
        assert autostart_command() == entered
        program.go.demo.end()
        settle(root, lambda: not program.go.demo.changing)
        assert autostart_command() == entered

    def test_it_is_mended_at_the_start(self, program: Program, server: DemoServer, root: tk.Tk):
        program.workspaces.real.save(at_login(shop(server)), Passwords())
        program.after_start(Lock(), False)  # type: ignore[arg-type]
        settle(root, autostart_command)
        assert "--tray" in (autostart_command() or "")
        assert str(program.workspaces.real.folder.path) in (autostart_command() or "")


def settings_of(program: Program) -> SettingsScreen:
    program.go.settings()
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    settle(screen, lambda: can_press_key(screen.window))
    return screen


class TestTheSession:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_its_end_ends_the_program_without_a_question(
        self, start_process: StartProcess, saved: DataFolder, customer: Customer, number: int
    ):
        customer.send_blank()
        process = start_process("--tray")
        until(lambda: customer.read() or customer.received)
        process.send_signal(number)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0
        assert not (saved.path / "kollect.running").exists()
        assert not (saved.path / "kollect.fault").exists()

    def test_in_the_middle_of_a_poll_nothing_is_lost(
        self, start_process: StartProcess, saved: DataFolder, server: DemoServer
    ):
        customers = [Customer(server, f"guest{n}@docomo.ne.jp", f"客{n}") for n in range(3)]
        for customer in customers:
            customer.send_blank()
        with delayed(server.pop3_port, 0.4) as slow:
            ini_file.save(saved.ini, through(shop(server), slow))
            process = start_process("--tray")
            until((saved.path / "kollect.db").exists)
            process.terminate()
            assert process.communicate(timeout=60) == ("", "")
            assert process.returncode == 0
        ini_file.save(saved.ini, shop(server))
        start_process("--tray")
        for customer in customers:
            until(lambda customer=customer: customer.read() or customer.received)
        given = [customer.received[0].subject for customer in customers]
        assert [subject for subject in given if "1001" in subject] == given[:1]
        assert len(set(given)) == 3

    def test_a_question_on_the_screen_does_not_hold_it_up(
        self, start_process: StartProcess, saved: DataFolder
    ):
        process = start_process()
        window = window_named("KKRMN101")
        xdotool("windowfocus", "--sync", window)
        xdotool("key", "8")
        window_named("終了の確認")
        process.terminate()
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0
        logged = "".join(path.read_text("utf-8") for path in saved.log_dir.glob("2*.txt"))
        assert "エラー" not in logged

    def test_after_sleep_mail_is_looked_for(
        self, program: Program, server: DemoServer, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("kollect.ui.main.AFTER_SLEEP_MS", 1)
        screen = start(program, shop(server))
        before = program.go.tray.status.last
        program.session_resumed()
        settle(screen, lambda: program.go.tray.status.last is not before)


class TestAfterACrash:
    def test_the_next_start_says_so_once(self, start_process: StartProcess, saved: DataFolder):
        process = start_process()
        window_named("KKRMN101")
        os.kill(process.pid, signal.SIGABRT)  # as Tcl ends a program in which it finds a fault
        process.communicate()
        process = start_process()
        window_named("前回、コレクトが途中で止まりました")
        (kept,) = saved.log_dir.glob("crash-*.txt")
        assert "Fatal Python error: Aborted" in kept.read_text("utf-8")
        (month,) = saved.log_dir.glob("2*.txt")
        assert kept.name in month.read_text("utf-8")
        process.terminate()
        process.communicate(timeout=30)
        start_process()
        window_named("KKRMN101")
        assert not any("途中で止まりました" in name for name in windows_seen())

    def test_killed_or_without_power_it_was_no_fault(
        self, start_process: StartProcess, saved: DataFolder
    ):
        process = start_process()
        window_named("KKRMN101")
        process.kill()
        process.communicate()
        start_process()
        window_named("KKRMN101")
        assert not any("途中で止まりました" in name for name in windows_seen())

    @pytest.mark.expects_errors
    @pytest.mark.parametrize("told_at_once", [True, False])
    def test_an_exception_that_ended_it_is_told_now_or_at_the_next_start(
        self, folder: DataFolder, told_at_once: bool
    ):
        folder.prepare()
        told: list[BaseException] = []

        def tell(error: BaseException) -> bool:
            told.append(error)
            return told_at_once

        try:
            with (
                pytest.raises(RuntimeError),
                CrashReport(folder, tell) as before,
            ):
                assert before is None
                raise RuntimeError("gone")
            assert [str(error) for error in told] == ["gone"]
            (month,) = folder.log_dir.glob("2*.txt")
            assert "RuntimeError: gone" in month.read_text("utf-8")
            with CrashReport(folder, tell) as crashed:
                assert (crashed is None) is told_at_once
                assert crashed is None or "RuntimeError: gone" in crashed.detail
            with CrashReport(folder, tell) as crashed:
                assert crashed is None
        finally:
            faulthandler.enable()  # pytest's own


class TestLeavingThisPC:
    @pytest.fixture
    def ring(self, folder: DataFolder) -> Iterator[MemoryKeyring]:
        before, ring = keyring.get_keyring(), MemoryKeyring()
        keyring.set_keyring(ring)
        yield ring
        keyring.set_keyring(before)

    def test_passwords_and_entry_go_and_the_data_stay(
        self,
        ring: MemoryKeyring,
        program: Program,
        server: DemoServer,
        dialogs: Person,
        root: tk.Tk,
    ):
        program.go.save_settings(at_login(shop(server)), Passwords("receive-geheim", "send-geheim"))
        assert autostart_command()
        assert len(ring.kept) == 2
        start(program, shop(server))
        program.go.save_settings(at_login(shop(server)), Passwords("receive-geheim", "send-geheim"))
        before = program.workspaces.real.folder.ini.read_bytes()
        screen = settings_of(program)
        screen.select(IdPage)
        dialogs.answers.append("キャンセル")
        click(labelled(screen.shop, "このパソコンの登録を消す"))
        assert len(ring.kept) == 2
        dialogs.answers.append("消して終了する")
        click(labelled(screen.shop, "このパソコンの登録を消す"))
        root.mainloop()
        assert ring.kept == {}
        assert autostart_command() is None
        assert program.workspaces.real.folder.ini.read_bytes() == before
        assert program.workspaces.real.folder.database.exists()
        assert not program.workspaces.real.collecting

    def test_in_the_demo_there_is_nothing_to_forget(self, program: Program, root: tk.Tk):
        program.go.demo.begin()
        settle(root, lambda: program.go.demo.phone)
        screen = settings_of(program)
        assert "disabled" in screen.shop.forget_button.state()
        assert str(program.workspaces.real.folder.path / "demo") == screen.shop.folder.value


def test_the_id_tab_says_where_the_data_are(root: tk.Tk, dialogs: Person, folder: DataFolder):
    program = Program(root, folder, lambda root: dialogs, given=True)
    program.show_menu()
    screen = settings_of(program)
    screen.select(IdPage)
    assert screen.shop.folder.value == str(folder.path)
    assert labelled(screen.shop, "起動するときに指定された場所です。")
    program.workspaces.close()
