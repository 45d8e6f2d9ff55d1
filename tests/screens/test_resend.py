"""「再送」 and its like end in a sentence: sent, and when; or not, and why. On a real server."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace

import pytest

from kollect.collector.events import Phase, PhaseChanged, PollFinished, PollReport
from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.settings.model import Passwords
from kollect.storage.database_driver import sqlite3
from kollect.threads.background_thread import local_now
from kollect.ui.framework.function_bar import StatusKind
from kollect.ui.main import Program
from kollect.ui.results.kept_dialogs import NumberDialog
from kollect.ui.results.screen import ResultsScreen
from tests.helpers.table_driver import column, in_front
from tests.helpers.ui_driver import Person, click, labelled, press, settle

pytestmark = pytest.mark.real

LONG_AGO = "2026-01-05T10:00:00.000000Z"


@pytest.fixture
def hanako(server: DemoServer) -> Customer:
    return Customer(server, "hanako..yamada.@docomo.ne.jp", "山田花子")


@pytest.fixture
def screen(program: Program, server: DemoServer, hanako: Customer) -> ResultsScreen:
    """While mail is collected; Hanako has got her number, long ago."""
    settings = replace(demo_settings(server), forward_address="tencho@shop.example")
    program.workspaces.real.save(settings, Passwords())
    press(program.window.root, "2")
    screen = program.window.screen
    assert isinstance(screen, ResultsScreen)
    program.workspaces.current.start_collecting()
    program.go.tray.begin()
    hanako.send_blank()
    program.workspaces.current.poll_now()
    settle(screen, lambda: column(screen.list.table, 4) == ["送信済"])
    settle(screen, lambda: not program.go.tray.status.working)
    with closing(sqlite3.connect(program.workspaces.current.folder.database)) as db, db:
        db.execute("UPDATE receipt SET replied_at = ?", (LONG_AGO,))
    press(screen, "F5")
    settle(screen, lambda: column(screen.list.table, 3)[0].startswith("2026/01/05"))
    return screen


def ends_with(program: Program, kind: StatusKind, pattern: str) -> None:
    """The line says this in the end, with the mark of what fades."""
    root = program.window.root
    settle(root, lambda: re.fullmatch(pattern, program.window.status_text))
    labelled(root, f"{kind.mark}{program.window.status_text}")


def test_a_number_sent_again_is_said_to_be_sent_and_its_row_changes(
    screen: ResultsScreen, program: Program, dialogs: Person
):
    dialogs.answers.append("再送する")
    click(labelled(screen, "再送"))
    ends_with(program, StatusKind.DONE, r"1001 にもう一度送りました（\d\d:\d\d）")
    settle(screen, lambda: column(screen.list.table, 3)[0].startswith(f"{local_now():%Y/%m/%d}"))


def test_what_cannot_be_sent_is_said_with_the_reason_once_and_goes_out_later(
    screen: ResultsScreen, program: Program, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KOLLECT_SEND_PASSWORD", "wrong")
    program.workspaces.current.save(program.workspaces.current.settings(), Passwords())
    settle(screen, lambda: not program.go.tray.status.working)
    dialogs.answers.append("再送する")
    click(labelled(screen, "再送"))
    ends_with(
        program,
        StatusKind.NOT_DONE,
        r"1001 には、まだ送れていません。.+。次の受信のときに、もう一度送ります。",
    )


def test_the_same_from_the_form_of_a_member(
    screen: ResultsScreen, program: Program, dialogs: Person
):
    press(screen, "Escape")
    press(program.window.root, "5")
    form = program.window.screen
    press(form, "1", "0", "0", "1", "Return")
    settle(form, lambda: "送信済" in form.condition.text)  # type: ignore[attr-defined]
    dialogs.answers.append("再送する")
    press(form, "F9")
    ends_with(program, StatusKind.DONE, r"1001 にもう一度送りました（\d\d:\d\d）")
    today = f"{local_now():%Y/%m/%d}"
    settle(form, lambda: today in form.condition.text)  # type: ignore[attr-defined]


def test_a_forwarded_mail_and_a_number_by_hand_are_said_too(
    screen: ResultsScreen, program: Program, server: DemoServer, dialogs: Person
):
    ichiro = Customer(server, "ichiro@phone.example", "佐藤一郎")
    ichiro.send("受付おねがいします", "会員になりたいです")
    screen.notebook.select(1)
    program.workspaces.current.poll_now()
    settle(screen, lambda: column(screen.kept.table, 3) == ["転送済み"])
    settle(screen, lambda: not program.go.tray.status.working)
    dialogs.answers.append("転送する")
    click(labelled(screen.kept, "転送する"))
    ends_with(program, StatusKind.DONE, r"メールを転送しました（\d\d:\d\d）")

    def take_his_address(dialog: NumberDialog) -> None:
        in_front(dialog)
        press(dialog, "Return")

    dialogs.answers.append(take_his_address)
    click(labelled(screen.kept, "受付番号を発行"))
    ends_with(program, StatusKind.DONE, r"1002 に送りました（\d\d:\d\d）")


def test_a_letter_of_before_that_goes_out_now_changes_its_row_too(
    screen: ResultsScreen, program: Program
):
    """None of the counts of a poll speaks of it."""
    with closing(sqlite3.connect(program.workspaces.current.folder.database)) as db, db:
        db.execute("UPDATE receipt SET state = 'pending', replied_at = NULL")
    program.window.on_collector_event(PhaseChanged(Phase.REPLYING))
    program.window.on_collector_event(PollFinished(local_now(), PollReport(), None, None))
    settle(screen, lambda: column(screen.list.table, 4) == ["未送信"])
