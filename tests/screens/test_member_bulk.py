"""一括操作: several rows of 会員一覧 chosen, and one thing done to all of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from kollect.members.member import Consent, Member, MemberState
from kollect.ui.main import Program
from kollect.ui.members.group_dialogs import IntoGroupDialog, OutOfGroupDialog
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.menu import MenuScreen
from tests.helpers.member_samples import YAMADA, numbers, register, stored
from tests.helpers.table_driver import choose_from_menu, click_row, menu_of
from tests.helpers.ui_driver import (
    Person,
    click,
    labelled,
    press,
    settle,
    type_in,
    type_letters,
)
from tests.servers.crowd import fill_members

SATO = Member(1002, "佐藤　花子", groups=("朝市",))
KATO = Member(1003, "加藤　次郎", consent=Consent(True, YAMADA.consent.on, "電話"))


@pytest.fixture
def database(program: Program) -> Path:
    path = program.workspaces.real.folder.database
    numbers(path, "taro@docomo.ne.jp", "hanako@ezweb.ne.jp", "jiro@docomo.ne.jp")
    register(path, YAMADA, SATO, KATO)
    return path


@pytest.fixture
def screen(program: Program, database: Path) -> MemberListScreen:
    screen = program.window.open(MemberListScreen, program.workspaces, program.go)
    settle(screen, lambda: list(screen.table.row_keys) == [1001, 1002, 1003])
    return screen


def choose(screen: MemberListScreen, *places: int) -> None:
    screen.table.select(places)
    screen.update()


def by_menu(screen: MemberListScreen, label: str) -> None:
    """With the menu key, as with the right button."""
    screen.table.focus_rows()
    press(screen, "Shift-F10")
    choose_from_menu(screen.table, label)


def groups(database: Path, *whose: int) -> list[tuple[str, ...]]:
    members = [stored(database, number) for number in whose]
    return [one.groups for one in members if one]


def said(screen: MemberListScreen, text: str) -> None:
    settle(screen, lambda: text in screen.window.status_text)


def test_how_many_are_chosen_is_said(screen: MemberListScreen):
    count = screen.files.count
    assert str(count.cget("text")) == "全体 3件"
    screen.table.focus_rows()
    press(screen, "Shift-Down")
    assert str(count.cget("text")) == "選択 2件 ／ 全体 3件"
    press(screen, "Control-a")
    assert str(count.cget("text")) == "選択 3件 ／ 全体 3件"
    press(screen, "Up")
    assert str(count.cget("text")) == "全体 3件"


def test_into_a_group_by_the_button_and_keys(
    screen: MemberListScreen, dialogs: Person, database: Path
):
    def work(dialog: IntoGroupDialog) -> None:
        press(dialog, "F12")
        assert "入力してください" in dialog.groups.error
        type_letters(dialog, "vip")
        press(dialog, "Return")

    choose(screen, 0, 2)
    dialogs.answers.append(work)
    screen.bulk_button.invoke()
    settle(screen, screen.bulk_menu.winfo_ismapped)
    assert screen.bulk_menu.entrycget("active", "label") == "グループに入れる"
    screen.bulk_menu.unpost()
    screen.bulk_menu.invoke("active")
    said(screen, "2名を「vip」に入れました。")
    assert groups(database, 1001, 1002, 1003) == [("常連", "vip"), ("朝市",), ("vip",)]
    tree = screen.table.tree
    settle(screen, lambda: tree.item(tree.get_children()[2], "values")[6] == "vip")
    assert screen.table.selection == [1001, 1003], "they stay chosen"
    assert "vip" in screen.group.cget("values")


def test_out_of_a_group_that_they_are_in(screen: MemberListScreen, dialogs: Person, database: Path):
    def work(dialog: OutOfGroupDialog) -> None:
        assert dialog.one.widget.cget("values") == ("常連", "朝市")
        dialog.one.value = "朝市"
        press(dialog, "F12")

    choose(screen, 0, 1, 2)
    dialogs.answers.append(work)
    by_menu(screen, "グループから外す")
    said(screen, "1名を「朝市」から外しました。ほかの 2名は、入っていません。")
    assert groups(database, 1001, 1002, 1003) == [("常連",), (), ()]


def test_who_is_in_no_group_is_said(screen: MemberListScreen):
    choose(screen, 2)
    by_menu(screen, "グループから外す")
    said(screen, "どのグループにも入っていません")


def test_mails_stopped_with_the_count_asked(
    screen: MemberListScreen, dialogs: Person, database: Path
):
    choose(screen, 0, 1)
    dialogs.answers.append("キャンセル")
    by_menu(screen, "配信停止")
    assert "選んだ 2名へのメール" in dialogs.asked[-1][1]
    dialogs.answers.append("配信を止める")
    by_menu(screen, "配信停止")
    said(screen, "2名への配信を止めました。")
    stopped = [bool((one := stored(database, n)) and one.standing.stopped_at) for n in (1001, 1003)]
    assert stopped == [True, False]
    dialogs.answers.append("配信を止める")
    by_menu(screen, "配信停止")
    said(screen, "変わったところはありません。選んだ 2名は、すでに配信停止か退会です。")


def test_withdrawn_together(screen: MemberListScreen, dialogs: Person, database: Path):
    choose(screen, 1, 2)
    dialogs.answers.append("退会にする")
    by_menu(screen, "退会")
    said(screen, "2名を退会にしました。")
    states = [one.standing.state for n in (1001, 1002, 1003) if (one := stored(database, n))]
    assert states == [MemberState.ACTIVE, MemberState.WITHDRAWN, MemberState.WITHDRAWN]


def test_only_the_chosen_go_out_as_csv(screen: MemberListScreen, dialogs: Person, tmp_path: Path):
    choose(screen, 0, 2)
    dialogs.answers += ["古いソフト用", tmp_path / "会員.csv"]
    by_menu(screen, "CSVへ取り出し")
    said(screen, "保存しました")
    table = list(csv.reader(io.StringIO((tmp_path / "会員.csv").read_text("cp932"))))
    assert [row[0] for row in table] == ["受付番号", "1001", "1003"]


def test_what_is_out_of_sight_is_not_chosen(screen: MemberListScreen):
    choose(screen, 0, 1, 2)
    type_in(screen.search, "docomo")
    settle(screen, lambda: list(screen.table.row_keys) == [1001, 1003])
    assert screen.table.selection == [1001, 1003]


def test_the_menu_of_a_row_has_all_that_can_be_done(screen: MemberListScreen):
    click_row(screen.table, 1, button=3)
    menu = menu_of(screen.table)
    there = [menu.entrycget(n, "label") for n in range(10) if menu.type(n) == "command"]
    menu.unpost()
    assert there == [
        *("会員を開く", "グループに入れる", "グループから外す", "配信停止", "退会"),
        *("CSVへ取り出し", "2名を統合", "すべて選択"),
    ]
    assert screen.table.selection == [1002], "the row under the pointer is the one that is meant"


def test_nobody_chosen_nothing_to_do(screen: MemberListScreen):
    click_row(screen.table, 0, state=0x4)
    assert screen.table.selected_count == 0
    assert str(screen.bulk_button.cget("state")) == "disabled"
    screen.table.focus_rows()
    press(screen, "Shift-F10")
    menu = menu_of(screen.table)
    menu.unpost()
    states = [str(menu.entrycget(place, "state")) for place in (2, 3, 4, 5, 6)]
    assert states == ["disabled"] * 5


@pytest.mark.parametrize("leave", [False, True], ids=["中止", "ESC"])
def test_stopped_in_the_middle_nobody_is_changed(program: Program, dialogs: Person, leave: bool):
    fill_members(program.workspaces.real.folder.database, 20_000)
    program.show_menu()
    screen = program.window.open(MemberListScreen, program.workspaces, program.go)
    settle(screen, lambda: len(screen.table.row_keys) == 20_000)
    choose(screen, *range(20_000))
    dialogs.answers.append("退会にする")
    by_menu(screen, "退会")
    assert "選んだ 20,000名を退会" in dialogs.asked[-1][1]
    settle(screen, lambda: "退会にしています… " in program.window.status_text)
    assert str(screen.bulk_button.cget("state")) == "disabled"
    settle(screen, lambda: " ／ 20,000名" in program.window.status_text)
    if leave:
        screen.table.focus_rows()
        press(screen, "Escape")
        settle(program.window.root, lambda: isinstance(program.window.screen, MenuScreen))
    else:
        click(labelled(screen, "中止"))
    settle(
        program.window.root,
        lambda: program.window.status_text == "中止しました。1名も変えていません。",
    )
    with program.workspaces.current.members() as members:
        assert not [one for one in members.each() if one.standing.withdrawn_at]
        assert len(members.changes(2001)) == 0
