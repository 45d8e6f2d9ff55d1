"""「控え」 on the page 「ID」: the list, back to one while mail is collected, one written out."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.app import backup_service
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.errors import StorageTrouble
from kollect.settings.model import Passwords
from kollect.storage import backup
from kollect.storage.database_driver import sqlite3
from kollect.ui.main import Program
from kollect.ui.settings.backups_dialog import GO_BACK, BackupsDialog, size_text
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import can_press_key
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_samples import YAMADA, numbers, register
from tests.helpers.ui_driver import Person, click, press, settle

DAY = timedelta(days=1)


def given(database: Path) -> list[int]:
    with closing(sqlite3.connect(database)) as db:
        return [number for (number,) in db.execute("SELECT number FROM receipt ORDER BY 1")]


@pytest.fixture
def shop(program: Program, server: DemoServer) -> Program:
    """Two copies, and two numbers and a member since the newer one; real servers."""
    real = program.workspaces.real
    real.save(demo_settings(server), Passwords())
    folder = real.folder
    numbers(folder.database, "1@docomo.ne.jp")
    backup.make_backup(folder.database, folder.backup_dir, NOW.date() - DAY)
    numbers(folder.database, "2@docomo.ne.jp", "3@docomo.ne.jp")
    backup.make_backup(folder.database, folder.backup_dir, NOW.date())
    numbers(folder.database, "4@docomo.ne.jp", "5@docomo.ne.jp")
    register(folder.database, replace(YAMADA, number=1001))
    return program


def id_page(program: Program) -> IdPage:
    screen = program.window.open(SettingsScreen, program.workspaces, program.go, IdPage)
    settle(screen, lambda: can_press_key(screen.window))
    return screen.shop


def ready(dialog: BackupsDialog) -> None:
    settle(dialog, lambda: dialog.back_button.instate(["!disabled"]))


def test_the_list_and_what_each_would_cost(shop: Program, dialogs: Person):
    def look(dialog: BackupsDialog) -> None:
        ready(dialog)
        rows = [dialog.table.tree.item(line)["values"] for line in dialog.table.tree.get_children()]
        assert [row[1:3] for row in rows] == [["3件", "0名"], ["1件", "0名"]]
        assert "1004 から 1005 まで" in dialog.cost_label.text
        assert "（1名分）" in dialog.cost_label.text
        press(dialog, "Down")
        settle(dialog, lambda: "1002 から 1005 まで" in dialog.cost_label.text)
        press(dialog, "Escape")

    dialogs.answers.append(look)
    click(id_page(shop).backups.list_button)
    assert not dialogs.answers
    assert len(given(shop.workspaces.real.folder.database)) == 5


def test_back_while_mail_is_collected(shop: Program, dialogs: Person, server: DemoServer):
    workspace = shop.workspaces.real
    folder = workspace.folder
    workspace.start_collecting()
    shop.go.mailings.go_on()
    copies = folder.backup_dir
    settle(shop.window.root, lambda: len(backup.backups(copies)) == 3)  # it has made today's
    first = workspace.worker

    def work(dialog: BackupsDialog) -> None:
        ready(dialog)
        press(dialog, "Down")
        settle(dialog, lambda: "1004 から 1005 まで" in dialog.cost_label.text)
        ready(dialog)
        dialogs.answers.append(GO_BACK)
        press(dialog, "Return")
        settle(dialog.master, lambda: not dialog.winfo_exists())

    dialogs.answers.append(work)
    click(id_page(shop).backups.list_button)
    title, told = dialogs.asked[-1]
    assert title == "控えに戻しました"
    aside = next(folder.path.glob("kollect.db.before-*"))
    assert aside.name in told
    assert given(folder.database) == [1001, 1002, 1003]
    assert given(aside) == [1001, 1002, 1003, 1004, 1005]
    settle(shop.window.root, lambda: workspace.collecting and workspace.mailing)
    assert workspace.worker is not first, "it collects again, on the copy"
    log = "".join(path.read_text("utf-8") for path in folder.log_dir.glob("2*.txt"))
    assert "控えに戻しました" in log
    assert log.count("に戻します") == 1


def test_a_no_to_the_question_touches_nothing(shop: Program, dialogs: Person):
    def work(dialog: BackupsDialog) -> None:
        ready(dialog)
        dialogs.answers.append("やめる")
        press(dialog, "Return")
        assert dialog.winfo_exists()
        press(dialog, "Escape")

    dialogs.answers.append(work)
    click(id_page(shop).backups.list_button)
    assert len(given(shop.workspaces.real.folder.database)) == 5


def test_a_damaged_copy_is_told_and_cannot_be_chosen(shop: Program, dialogs: Person):
    newest = backup.backups(shop.workspaces.real.folder.backup_dir)[0]
    newest.write_bytes(b"\xe5" * newest.stat().st_size)

    def look(dialog: BackupsDialog) -> None:
        settle(dialog, lambda: "この控えは壊れています" in dialog.cost_label.text)
        assert dialog.back_button.instate(["disabled"])
        press(dialog, "Return")
        press(dialog, "Down")
        ready(dialog)
        press(dialog, "Escape")

    dialogs.answers.append(look)
    click(id_page(shop).backups.list_button)


def test_what_fails_on_the_way_is_told_and_collecting_goes_on(
    shop: Program, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    workspace = shop.workspaces.real
    workspace.start_collecting()
    release = threading.Event()

    def full(*_: object, **__: object) -> None:
        release.wait(30)
        raise StorageTrouble("ディスクの空きがありません", happened="いっぱい。", cure="空けて。")

    monkeypatch.setattr(backup, "go_back", full)

    def work(dialog: BackupsDialog) -> None:
        ready(dialog)
        dialogs.answers.append(GO_BACK)
        press(dialog, "Return")
        settle(dialog, lambda: not workspace.collecting)
        press(dialog, "Escape")
        assert dialog.winfo_exists(), "it cannot be left half-way"
        release.set()
        settle(dialog, lambda: dialogs.troubles)
        assert "いまの記録のまま" in dialog.cost_label.text
        press(dialog, "Escape")

    dialogs.answers.append(work)
    click(id_page(shop).backups.list_button)
    assert [trouble.title for trouble in dialogs.troubles] == ["ディスクの空きがありません"]
    settle(shop.window.root, lambda: workspace.collecting)
    assert len(given(workspace.folder.database)) == 5


def test_not_in_the_middle_of_a_test_of_the_mail(
    shop: Program, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    page = id_page(shop)
    monkeypatch.setattr(MailTestPage, "running", property(lambda self: True))
    click(page.backups.list_button)
    assert dialogs.asked[-1][0] == "メールの設定のテストの途中です"


def test_written_out_and_said_that_anybody_can_read_it(
    shop: Program, dialogs: Person, tmp_path: Path
):
    page = id_page(shop)
    target = tmp_path / "stick.db"
    dialogs.answers.extend(("場所を選ぶ", target))
    click(page.backups.out_button)
    settle(page, lambda: "読めることを確かめました" in shop.window.status_text)
    assert "だれでも読めます" in dialogs.asked[-2][1]
    assert given(target) == given(shop.workspaces.real.folder.database)
    assert backup.damage(target) is None


def test_a_stick_that_is_gone_is_told(shop: Program, dialogs: Person, tmp_path: Path):
    page = id_page(shop)
    dialogs.answers.extend(("場所を選ぶ", tmp_path / "gone" / "a.db"))
    click(page.backups.out_button)
    settle(page, lambda: dialogs.troubles)
    assert "USBメモリが抜けていませんか" in dialogs.troubles[0].happened
    settle(page, lambda: page.backups.out_button.instate(["!disabled"]))


def test_whoever_may_not_change_the_settings_may_not_do_this_either(shop: Program, dialogs: Person):
    page = id_page(shop)
    page.enable(False)
    for button in (page.backups.list_button, page.backups.out_button):
        assert button.instate(["disabled"])


def test_without_a_copy_it_says_when_there_will_be_one(program: Program, dialogs: Person):
    def look(dialog: BackupsDialog) -> None:
        settle(dialog, lambda: not backup_service.copies(program.workspaces.real.folder))
        assert dialog.back_button.instate(["disabled"])
        press(dialog, "Escape")

    dialogs.answers.append(look)
    click(id_page(program).backups.list_button)


@pytest.mark.parametrize(
    ("octets", "text"), [(10, "1 KB"), (120_400, "120 KB"), (1_250_000, "1.2 MB")]
)
def test_sizes(octets: int, text: str):
    assert size_text(octets) == text
