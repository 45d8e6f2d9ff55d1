"""A damaged or lost kollect.db at the start: the choice to go on with the newest good copy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.app.recovery import cost_of_going_back
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.settings import ini_file
from kollect.storage.backup import SPARE, make_backup
from kollect.storage.data_folder import DataFolder
from kollect.ui.damage_dialog import DAMAGED, LOST, DamageDialog
from kollect.ui.framework.window import Window
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.ui_driver import (
    all_inside,
    press,
    settle,
    shown_text,
    until,
    window_named,
    windows_seen,
    xdotool,
)
from tests.screens.conftest import StartProcess
from tests.screens.test_app import READY

pytestmark = pytest.mark.real


def serve(folder: DataFolder, customers: range) -> None:
    with closing(Ledger(folder.database)) as ledger, ledger.transaction():
        for customer in customers:
            numbered(ledger, f"{customer}@docomo.ne.jp")


def numbers(database: Path) -> list[int]:
    with closing(Receipts(database)) as receipts:
        return sorted(receipt.number for receipt in receipts.all())


@pytest.fixture
def copied(folder: DataFolder) -> DataFolder:
    """Three receipts in the copy of yesterday, two since; the log knows of all."""
    folder.prepare()
    ini_file.save(folder.ini, READY)
    serve(folder, range(3))
    yesterday = NOW.date() - timedelta(days=1)
    make_backup(folder.database, folder.backup_dir, yesterday)
    serve(folder, range(3, 5))
    lines = [
        f"{NOW:%Y-%m-%d} 10:00:00 情報 受付番号 {number} を発行しました: x@docomo.ne.jp\n"
        for number in numbers(folder.database)
    ]
    (folder.log_dir / f"{NOW:%Y-%m}.txt").write_text("".join(lines), "utf-8")
    return folder


def break_it(folder: DataFolder) -> bytes:
    """As a dying stick does: nothing of it can be read."""
    rubbish = b"\xe5" * folder.database.stat().st_size
    folder.database.write_bytes(rubbish)
    for beside in folder.path.glob("kollect.db-*"):
        beside.unlink()
    return rubbish


def answer(dialog: str, key: str) -> None:
    xdotool("windowfocus", "--sync", dialog)
    xdotool("key", key)


def test_enter_goes_on_with_the_copy(start_process: StartProcess, copied: DataFolder):
    given = numbers(copied.database)
    rubbish = break_it(copied)
    process = start_process()
    answer(window_named(DAMAGED[0]), "Return")
    window_named("KKRMN101")
    assert numbers(copied.database) == given[:3]
    (aside,) = copied.path.glob("kollect.db.damaged-*")
    assert aside.read_bytes() == rubbish
    process.kill()
    process.communicate()
    serve(copied, range(9, 10))
    assert numbers(copied.database)[-1] > given[-1], "no number is given twice"
    logged = "".join(path.read_text("utf-8") for path in copied.log_dir.glob("2*.txt"))
    assert "控えに戻しました" in logged
    assert aside.name in logged


def test_escape_ends_and_touches_nothing(start_process: StartProcess, copied: DataFolder):
    rubbish = break_it(copied)
    process = start_process()
    answer(window_named(DAMAGED[0]), "Escape")
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 5
    assert copied.database.read_bytes() == rubbish
    assert not any("KKRMN101" in name for name in windows_seen())


def test_at_the_login_it_is_asked_too(start_process: StartProcess, copied: DataFolder):
    copied.database.unlink()
    start_process("--tray")
    dialog = window_named(LOST[0])
    assert not copied.database.exists(), "made anew, it would give the old numbers once more"
    answer(dialog, "Return")
    until(copied.database.exists)


def test_without_a_copy_there_is_only_advice(start_process: StartProcess, copied: DataFolder):
    break_it(copied)
    for copy in copied.backup_dir.iterdir():
        copy.unlink()
    process = start_process()
    answer(window_named("受付の記録が壊れています"), "Return")
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 5


@pytest.fixture
def lost(copied: DataFolder) -> DataFolder:
    """Nothing is left but the log."""
    for file in (*copied.path.glob("kollect.db*"), *copied.backup_dir.iterdir()):
        file.unlink()
    return copied


def test_lost_without_a_copy_one_may_begin_anew_after_the_numbers_of_the_log(
    start_process: StartProcess, lost: DataFolder
):
    process = start_process()
    question = window_named(LOST[0])
    answer(question, "Tab")
    answer(question, "Return")
    window_named("KKRMN101")
    process.kill()
    process.communicate()
    serve(lost, range(9, 10))
    assert numbers(lost.database) == [1005 + 1 + SPARE]
    assert "新しく作りました" in "".join(p.read_text("utf-8") for p in lost.log_dir.glob("2*.txt"))


def test_an_older_file_put_back_is_told(start_process: StartProcess, folder: DataFolder):
    folder.prepare()
    ini_file.save(folder.ini, READY)
    serve(folder, range(3))
    older = folder.database.read_bytes()
    serve(folder, range(3, 5))
    folder.database.write_bytes(older)
    process = start_process()
    window_named("受付の記録が以前のものになっています")
    process.kill()
    process.communicate()
    serve(folder, range(9, 10))
    assert numbers(folder.database) == [1001, 1002, 1003, 1006]


def test_lost_without_a_copy_enter_ends_and_makes_nothing(
    start_process: StartProcess, lost: DataFolder
):
    process = start_process()
    answer(window_named(LOST[0]), "Return")
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 5
    assert not lost.database.exists()


class Copying:
    """The way back to the copy, as slow as a test wants it."""

    def __init__(self) -> None:
        self.times = 0
        self.may_end = threading.Event()

    def __call__(self) -> None:
        self.times += 1
        assert self.may_end.wait(60)


class TestDialog:
    @pytest.fixture
    def copying(self) -> Iterator[Copying]:
        copying = Copying()
        yield copying
        copying.may_end.set()

    @pytest.fixture
    def dialog(
        self, window: Window, copied: DataFolder, copying: Copying
    ) -> Iterator[DamageDialog]:
        break_it(copied)
        cost = cost_of_going_back(copied)
        assert cost is not None
        dialog = DamageDialog(window.root, window.jobs, cost, there=True, go_back=copying)
        dialog.deiconify()
        settle(dialog, dialog.winfo_viewable)
        yield dialog
        dialog.destroy()

    def test_what_is_lost_is_said_in_numbers(self, dialog: DamageDialog):
        said = "".join(shown_text(widget) for widget in all_inside(dialog))
        yesterday = NOW.date() - timedelta(days=1)
        assert f"{yesterday.year}年{yesterday.month}月{yesterday.day}日に作った控え" in said
        assert "受付番号 1004 から 1005 までの記録が失われます" in said
        assert "次の受付番号は" in said

    def test_it_is_done_once_and_not_broken_off(self, dialog: DamageDialog, copying: Copying):
        dialog.choices[1].focus_force()
        settle(dialog, lambda: dialog.focus_get() is dialog.choices[1])
        press(dialog, "Return", "Return", "Escape")
        settle(dialog, lambda: copying.times)
        assert dialog.winfo_exists()
        assert "お待ちください" in dialog.state_line.text
        copying.may_end.set()
        settle(dialog.master, lambda: not dialog.winfo_exists())
        assert copying.times == 1
        assert dialog.answer is True
