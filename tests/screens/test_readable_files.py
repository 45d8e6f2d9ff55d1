"""Every file with customers in it that leaves a protected folder: it is said that anybody can read
it, before it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kollect.protection import conversion
from kollect.storage.export import READABLE
from kollect.ui.framework import pdf_file
from kollect.ui.framework.pdf_file import READABLE_PAPER
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.main import Program
from kollect.ui.members.member_import import MemberImportScreen
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.members.print_dialog import PrintDialog
from kollect.ui.results.screen import ResultsScreen
from tests.helpers.protected_shop import CODE, restart
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    settle_jobs,
    shown_text,
)
from tests.screens.every import SCREENS, fill


@pytest.fixture(params=[True, False], ids=["protected", "plain"])
def protected(request: pytest.FixtureRequest, program: Program) -> Iterator[bool]:
    folder = program.workspaces.real.folder
    fill(program)
    if request.param:
        program.workspaces.real.come_to_rest()
        conversion.turn_on(folder, CODE)
    yield request.param
    restart(folder)


def result_rows(program: Program, dialogs: Person) -> None:
    screen = SCREENS["収集結果"][1](program)
    assert isinstance(screen, ResultsScreen)
    press(screen, "F12")


def members(button: str) -> Callable[[Program, Person], None]:
    def do(program: Program, dialogs: Person) -> None:
        screen = SCREENS["会員一覧"][1](program)
        assert isinstance(screen, MemberListScreen)
        settle(screen, lambda: screen.table.row_keys)
        click(labelled(screen, button))

    return do


def mailing_rows(program: Program, dialogs: Person) -> None:
    screen = SCREENS["発信のようす"][1](program)
    assert isinstance(screen, MailingProgressScreen)
    settle_jobs(screen)
    screen.export()


TABLES = {
    "収集結果": result_rows,
    "会員一覧": members("CSVへ取り出し"),
    "承諾の記録": members("承諾の記録"),
    "発信結果": mailing_rows,
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table(table: str, program: Program, dialogs: Person, protected: bool):
    dialogs.answers.append("キャンセル")
    TABLES[table](program, dialogs)
    assert not dialogs.answers
    assert (READABLE in dialogs.asked[-1][1]) is protected


def test_a_paper(program: Program, dialogs: Person, protected: bool):
    seen: list[str] = []

    def work(dialog: PrintDialog) -> None:
        seen.extend(shown_text(widget).replace("\n", "") for widget in all_inside(dialog))
        press(dialog, "Escape")

    screen = SCREENS["会員一覧"][1](program)
    settle_jobs(screen)
    dialogs.answers.append(work)
    press(screen, "F11")
    assert (READABLE_PAPER in seen) is protected


def test_one_that_is_only_shown_is_removed_at_the_end_and_written_over_where_protected(
    program: Program,
    dialogs: Person,
    protected: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    shown: list[Path] = []
    monkeypatch.setattr(pdf_file, "open_file", shown.append)
    screen = SCREENS["会員一覧"][1](program)
    settle_jobs(screen)
    dialogs.answers.append(lambda dialog: click(labelled(dialog, "開いて印刷")))
    press(screen, "F11")
    settle(screen, lambda: shown)
    (pdf,) = shown
    workspace = program.workspaces.real
    assert pdf.is_relative_to(workspace.folder.path), "not on the PC to which the stick is lent"
    octets = tmp_path / "octets"
    octets.hardlink_to(pdf)  # what a search of the stick finds, where names no longer count
    assert octets.read_bytes().startswith(b"%PDF")
    workspace.close()
    assert not pdf.exists() and not workspace.folder.temporary_dir.exists()
    assert (set(octets.read_bytes()) == {0}) is protected


def test_lines_that_are_to_be_mended(
    program: Program, dialogs: Person, protected: bool, tmp_path: Path
):
    source = tmp_path / "members.csv"
    source.write_text("受付番号,お名前\n1003,鈴木\n4711,幽霊\n", "utf-8")
    screen = SCREENS["CSVから取り込み"][1](program)
    assert isinstance(screen, MemberImportScreen)
    dialogs.answers += [source, "キャンセル"]
    click(screen.choose_button)
    settle_jobs(screen)
    click(screen.result.good_button)
    assert not dialogs.answers
    assert (READABLE in dialogs.asked[-1][1]) is protected
