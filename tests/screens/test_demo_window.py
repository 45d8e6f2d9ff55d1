"""The demo with a window: mails from the 携帯 and back to it, and the real things untouched."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.demo import server as demo_server
from kollect.demo.server import DemoServer
from kollect.demo.session import DemoSession, number_in
from kollect.desktop.lock import FolderLock
from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member_filter import EVERYBODY
from kollect.settings.model import Passwords, Settings, TextSize
from kollect.storage.data_folder import DataFolder
from kollect.storage_errors import storage_trouble
from kollect.threads.background_thread import local_now
from kollect.ui.collecting.screen import CollectingScreen
from kollect.ui.demo.phone_window import PhoneWindow
from kollect.ui.demo_mode import TITLE_NOTE
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from tests.helpers.live_shop import shop, start
from tests.helpers.member_shop import SHOP, guest, join
from tests.helpers.ui_driver import (
    Person,
    click,
    cut_off,
    focus,
    labelled,
    press,
    settle,
    window_named,
)
from tests.screens.conftest import close

pytestmark = pytest.mark.real

NOT_THE_SHOPS = {"demo", "kollect.lock", "kollect.running", "kollect.fault", "kollect.window"}
"""What comes and goes with the program, or is about its window."""


def contents(folder: DataFolder) -> dict[str, bytes]:
    """Every file of the real settings and data, whole.

    Without what SQLite leaves beside a file that was only looked at: a log of changes (-wal), which
    must be empty, and the index to it.
    """
    found = {}
    for path in sorted(folder.path.rglob("*")):
        place = path.relative_to(folder.path)
        if path.is_file() and place.parts[0] not in NOT_THE_SHOPS:
            found[place.as_posix()] = path.read_bytes()
    return {
        name: content
        for name, content in found.items()
        if not name.endswith("-shm") and not (name.endswith("-wal") and not content)
    }


def begin(program: Program) -> PhoneWindow:
    """The demo as `kollect demo` and 「デモで試す」 begin it."""
    program.go.demo.begin(program.go.start_collecting)
    root = program.window.root
    settle(root, lambda: program.go.demo.phone is not None)
    settle(root, lambda: isinstance(program.window.screen, CollectingScreen))
    phone = program.go.demo.phone
    assert phone is not None
    settle(root, phone.winfo_viewable)
    return phone


def in_the_way(way: str, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps a demo from beginning."""
    match way:
        case "folder":
            (program.workspaces.real.folder.path / "demo").write_text("in the way")
        case "port":
            monkeypatch.setattr(demo_server, "HOST", "192.0.2.1")  # no address of this computer
        case "disk":
            full = storage_trouble(
                OSError(errno.ENOSPC, "No space left"), program.workspaces.real.folder.path
            )
            monkeypatch.setattr("kollect.app.workspace.ini_file.save", raising(full))
        case "fault":
            monkeypatch.setattr(
                "kollect.app.workspace.ini_file.save", raising(RuntimeError("of ours"))
            )


def raising(error: BaseException) -> Callable[..., None]:
    def fall(*_: object, **__: object) -> None:
        raise error

    return fall


def letters(server: DemoServer) -> list[object]:
    return [mail for n in range(12) for mail in server.mailbox(guest(n)).mails]


@pytest.fixture
def phone(program: Program) -> PhoneWindow:
    return begin(program)


def mails(phone: PhoneWindow) -> str:
    return phone.mails.get("1.0", "end-1c")


def choose(phone: PhoneWindow, place: int) -> None:
    """Another person, from the list of the phones."""
    phone.who.current(place)
    phone.who.event_generate("<<ComboboxSelected>>")
    phone.update()


class TestPhone:
    def test_a_blank_mail_comes_back_with_a_big_number(self, phone: PhoneWindow):
        assert "空メールを送る」を押してください" in mails(phone)
        click(labelled(phone, "空メールを送る"))
        settle(phone, lambda: "1001" in mails(phone))
        assert "空メール（件名なし）を送りました" in mails(phone)
        assert "受付番号は1001です" in mails(phone)
        assert phone.mails.get(*phone.mails.tag_ranges("number")).strip() == "1001"
        assert phone.state_line.text == "メールが届きました。"

    def test_the_same_customer_again_keeps_the_number(self, phone: PhoneWindow):
        assert "disabled" in phone.again.state(), "there is nothing yet to send again"
        click(phone.blank)
        settle(phone, lambda: "1001" in mails(phone))
        assert "disabled" in phone.blank.state()
        click(labelled(phone, "もう一度送る"))
        settle(phone, lambda: "受付済みです" in mails(phone))
        assert [note.number for note in phone.handset.notes if not note.sent] == ["1001", "1001"]

    def test_a_mail_with_a_subject_goes_to_the_owner(self, phone: PhoneWindow):
        click(labelled(phone, "件名をつけて送る"))
        settle(phone, lambda: "「営業時間について」を送りました" in mails(phone))
        asked, owner = phone.handset, len(phone.who["values"]) - 1
        choose(phone, owner)
        settle(
            phone,
            lambda: "日曜日は何時まで開いていますか。" in mails(phone).replace("\n", ""),
        )
        assert not [note for note in asked.notes if not note.sent]
        for button in (phone.blank, phone.again, phone.question):
            assert "disabled" in button.state()

    def test_new_customers_get_new_numbers(self, phone: PhoneWindow):
        for expected in ("1001", "1002", "1003"):
            click(phone.blank)
            settle(phone, lambda number=expected: number in mails(phone))
            click(labelled(phone, "新しいお客様"))
            assert mails(phone).startswith("まだメールはありません。")
        choose(phone, 0)
        assert "1001" in mails(phone), "each phone keeps its mails"

    def test_keyboard_only(self, phone: PhoneWindow):
        focus(phone.blank)
        press(phone, "Return")
        settle(phone, lambda: "1001" in mails(phone))
        assert phone.focus_get() is phone.again
        press(phone, "Return")
        settle(phone, lambda: "受付済みです" in mails(phone))

    def test_it_hides_and_comes_back(self, phone: PhoneWindow, root: tk.Tk):
        phone.tk.call(*phone.protocol("WM_DELETE_WINDOW").split())
        settle(phone, lambda: not phone.winfo_viewable())
        click(labelled(root, "お客様の携帯"))
        settle(phone, phone.winfo_viewable)

    def test_it_stands_beside_the_window(self, phone: PhoneWindow, root: tk.Tk):
        settle(root, lambda: phone.winfo_rootx() >= root.winfo_rootx() + root.winfo_width())
        assert phone.winfo_rootx() + phone.winfo_width() <= root.winfo_screenwidth()
        assert root.winfo_rootx() >= 0

    def test_it_can_be_read_at_every_size(self, phone: PhoneWindow, program: Program):
        click(phone.blank)
        settle(phone, lambda: "1001" in mails(phone))
        for size in TextSize:
            program.window.set_text_size(size)
            settle(phone)
            assert not cut_off(phone)
            assert not cut_off(program.window.root)

    def test_before_collecting_has_begun_it_says_so(self, program: Program):
        program.go.demo.begin()
        root = program.window.root
        settle(root, lambda: program.go.demo.phone)
        phone = program.go.demo.phone
        assert isinstance(program.window.screen, MenuScreen)
        click(phone.blank)
        settle(phone, lambda: "「メール収集の起動」を押してください" in phone.state_line.text)
        focus(root)
        press(root, "1")
        settle(root, lambda: "1001" in mails(phone))

    def test_a_server_that_is_gone_is_told(
        self, phone: PhoneWindow, program: Program, dialogs: Person
    ):
        program.workspaces.current.server.stop()
        click(phone.blank)
        settle(phone, lambda: dialogs.troubles)
        assert dialogs.troubles[0].title == "携帯からメールを送れません"
        assert "disabled" not in phone.blank.state()


class TestRealThings:
    @pytest.fixture
    def before(self, program: Program, server: DemoServer) -> dict[str, bytes]:
        """The files of a shop that has collected for real, and collects no more."""
        screen = start(program, shop(server))
        press(screen, "Escape")
        program.workspaces.current.stop_collecting()
        settle(program.window.root, lambda: not program.workspaces.current.collecting)
        program.go.tray.forget()
        return contents(program.workspaces.real.folder)

    def test_they_come_back_byte_for_byte(
        self, program: Program, before: dict[str, bytes], root: tk.Tk
    ):
        phone = begin(program)
        assert root.title() == f"コレクト (KKRZS301) id = DEMO (保守可) {TITLE_NOTE}"
        click(phone.blank)
        settle(phone, lambda: "1001" in mails(phone))
        assert contents(program.workspaces.real.folder) == before, "in the middle of the demo too"
        click(labelled(root, "デモ設定の解除"))
        settle(root, lambda: not program.go.demo.changing)
        assert not program.workspaces.current.in_demo
        settle(root, lambda: program.window.status_text.startswith("デモを終わりました。次は「"))
        menu = program.window.screen
        assert isinstance(menu, MenuScreen)
        assert menu.steps.following is not None
        next_button = menu.steps.buttons[menu.steps.following]
        settle(root, lambda: root.focus_get() is next_button)
        assert program.window.status_text.endswith(f"次は「{menu.steps.following_name}」です。")
        assert TITLE_NOTE not in root.title()
        assert isinstance(program.window.screen, MenuScreen)
        assert not program.window.banner.winfo_ismapped()
        with pytest.raises(tk.TclError):
            phone.winfo_viewable()
        assert contents(program.workspaces.real.folder) == before
        assert not (program.workspaces.real.folder.path / "demo").exists()
        assert not program.workspaces.current.collecting

    def test_collecting_goes_on_where_the_demo_interrupted_it(
        self, program: Program, server: DemoServer, root: tk.Tk
    ):
        start(program, shop(server))
        phone = begin(program)
        demo = program.workspaces.current
        click(phone.blank)
        settle(phone, lambda: "1001" in mails(phone))
        click(labelled(root, "デモ設定の解除"))
        settle(
            root,
            lambda: (
                program.workspaces.current is program.workspaces.real
                and program.workspaces.current.collecting
            ),
        )
        assert not demo.collecting
        settle(root, lambda: isinstance(program.window.screen, CollectingScreen))
        told = program.window.screen.events.text.get("1.0", "end")
        assert "1001" not in told, "what happened in the demo stays there"

    def test_where_it_cannot_begin_the_real_things_stay_in_force(
        self, program: Program, before: dict[str, bytes], dialogs: Person, root: tk.Tk
    ):
        (program.workspaces.real.folder.path / "demo").write_text("in the way")
        program.go.demo.begin()
        settle(root, lambda: dialogs.troubles)
        assert not program.workspaces.current.in_demo
        assert program.go.demo.phone is None
        assert contents(program.workspaces.real.folder) == before
        (program.workspaces.real.folder.path / "demo").unlink()
        begin(program)

    @pytest.mark.parametrize("way", ["folder", "port", "disk", "fault"])
    @pytest.mark.expects_errors
    def test_a_demo_that_cannot_begin_interrupts_nothing(
        self,
        program: Program,
        server: DemoServer,
        dialogs: Person,
        root: tk.Tk,
        monkeypatch: pytest.MonkeyPatch,
        way: str,
    ):
        """Collecting and メール発信 go on as they were, and no server stays behind."""
        start(program, shop(server))
        program.go.mailings.go_on()
        before = program.workspaces.real.worker
        in_the_way(way, program, monkeypatch)
        program.go.demo.begin()
        settle(root, lambda: dialogs.troubles and not program.go.demo.changing)
        assert not program.workspaces.current.in_demo
        settle(root, lambda: program.workspaces.real.collecting and program.workspaces.real.mailing)
        assert program.workspaces.real.worker is not before
        settle(root, lambda: isinstance(program.window.screen, CollectingScreen))
        settle(root, lambda: program.go.tray.status.last is not None)
        servers = [one for one in threading.enumerate() if one.name == "demo mail server"]
        assert len(servers) == 1, "the shop's own, which the test plays"

    def test_a_mailing_goes_on_after_the_demo(
        self, program: Program, server: DemoServer, root: tk.Tk
    ):
        program.workspaces.real.save(replace(shop(server), shop=SHOP), Passwords())
        database = program.workspaces.real.folder.database
        join(database, [guest(n) for n in range(12)])
        with closing(Outbox(database)) as outbox:
            draft = outbox.save("入荷", "★名前★様", RateLimit(per_minute=60), local_now())
        program.go.mailings.start(draft, EVERYBODY)
        settle(root, lambda: len(letters(server)) >= 2)
        phone = begin(program)
        assert not program.workspaces.real.mailing
        assert phone.winfo_exists()
        click(labelled(root, "デモ設定の解除"))
        settle(
            root,
            lambda: (
                program.workspaces.current is program.workspaces.real
                and program.workspaces.real.mailing
            ),
        )
        settle(root, lambda: len(letters(server)) == 12)
        with closing(Outbox(database)) as outbox:
            settle(root, lambda: outbox.mailing(draft).state is MailingState.DONE)

    def test_the_end_of_the_program_ends_the_demo(
        self, program: Program, before: dict[str, bytes], dialogs: Person, root: tk.Tk
    ):
        begin(program)
        settle(root, lambda: program.go.tray.status.next_at is not None)
        dialogs.answers.append("OK")
        program.go.shutdown.quit()
        root.mainloop()  # which ends with the window
        assert contents(program.workspaces.real.folder) == before
        assert not (program.workspaces.real.folder.path / "demo").exists()


def test_the_first_start_leads_straight_into_it(root: tk.Tk, dialogs: Person, folder: DataFolder):
    folder.prepare()
    with FolderLock(folder.path) as lock:
        program = Program(root, folder, lambda root: dialogs)
        dialogs.answers.append(lambda dialog: press(dialog, "1"))
        program.start(lock, demo=False)
        settle(root, lambda: isinstance(program.window.screen, CollectingScreen))
        settle(root, program.go.demo.phone.winfo_viewable)
        close(program)


Run = Callable[..., subprocess.Popen[bytes]]


class TestProcess:
    """`kollect demo` as it is started, and killed."""

    @pytest.fixture
    def run(self, display: str, folder: DataFolder) -> Iterator[Run]:
        processes: list[subprocess.Popen[bytes]] = []

        def run(*arguments: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", "kollect", *arguments, "--data", str(folder.path)],
                env=os.environ | {"DISPLAY": display},
                cwd=Path(__file__).parents[2],
            )
            processes.append(process)
            return process

        yield run
        for process in processes:
            process.kill()
            process.wait()

    @pytest.fixture
    def before(self, program: Program, server: DemoServer) -> dict[str, bytes]:
        """The files of a real shop; its window is gone."""
        start(program, shop(server))
        program.workspaces.current.close()
        program.window.root.withdraw()
        program.window.root.update()
        return contents(program.workspaces.real.folder)

    def test_killed_in_the_middle_the_next_start_has_the_real_things(
        self, run: Run, folder: DataFolder, before: dict[str, bytes]
    ):
        for _ in range(2):
            process = run("demo")
            window_named("KKRZS301")
            window_named("お客様の携帯")
            deadline = time.monotonic() + 20
            while not (folder.path / "demo" / "kollect.db").exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.kill()
            process.wait()
            assert contents(folder) == before
        run()
        window_named("コレクト (KKRMN101) id = DEMO (保守可)")
        assert contents(folder) == before


class TestNumber:
    def test_found_by_the_wording_of_the_shop(self):
        wordings = ("番号 ★1★ です", "本文\n  お客様は★1★番、計★1★\n", "前の番号は ★2★")
        assert number_in(("番号 0042 です", ""), wordings) == "0042"
        assert number_in(("", "本文\n  お客様は7番、計7\n"), wordings) == "7"
        assert number_in(("前の番号は 1001", ""), wordings) == "1001"
        assert number_in(("2026年のご案内", "電話 03-1234"), wordings) == ""
        assert number_in(("1001",), ()) == ""

    def test_the_people_have_addresses_of_their_own(self):
        session = DemoSession(DemoServer(), Settings)
        people = [*session.everybody(), *(session.new_customer() for _ in range(9))]
        assert len({person.address for person in people}) == len(people)
        assert len({person.name for person in people}) == len(people)
