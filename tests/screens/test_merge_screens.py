"""統合 on the screens: from two rows of 会員一覧 or a member's form; what stays is chosen; back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tkinter import ttk

import pytest

from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member import Member
from kollect.members.member_filter import EVERYBODY
from kollect.members.merge import MemberMerges
from kollect.members.merge_rules import MergeField
from kollect.members.repository import Members
from kollect.settings.model import Shop
from kollect.threads.background_thread import local_now
from kollect.ui.main import Program
from kollect.ui.members.bulk_menu import MERGE
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.members.merge_dialogs import MergeDialog, MergeWithDialog
from kollect.ui.widgets.fields import RadioField
from tests.helpers.member_samples import YAMADA, numbers, register, stored
from tests.helpers.table_driver import choose_from_menu, menu_of
from tests.helpers.ui_driver import Person, all_inside, click, press, settle, type_in

TWIN = Member(1002, "山田　太朗", phone=YAMADA.phone, note="犬がいる", groups=("朝市",))
OTHER = Member(1003, "加藤　次郎")


@pytest.fixture
def database(program: Program) -> Path:
    path = program.workspaces.real.folder.database
    numbers(path, "taro@docomo.ne.jp", "taro@gmail.com", "jiro@docomo.ne.jp")
    register(path, YAMADA, TWIN, OTHER)
    return path


@pytest.fixture
def screen(program: Program, database: Path) -> MemberListScreen:
    screen = program.window.open(MemberListScreen, program.workspaces, program.go)
    settle(screen, lambda: list(screen.table.row_keys) == [1001, 1002, 1003])
    return screen


@pytest.fixture
def edit(program: Program, database: Path) -> MemberEditScreen:
    edit = program.window.open(
        MemberEditScreen, program.workspaces, program.go, stored(database, 1002)
    )
    settle(edit, lambda: edit.history.table.row_keys)
    return edit


def by_menu(screen: MemberListScreen, label: str) -> None:
    screen.table.focus_rows()
    press(screen, "Shift-F10")
    choose_from_menu(screen.table, label)


def pick(choice: RadioField[int], place: int) -> None:
    """Click on the value in this column."""
    variable = str(choice.widget.cget("variable"))
    row = [
        button
        for button in all_inside(choice.widget.winfo_toplevel())
        if isinstance(button, ttk.Radiobutton) and str(button.cget("variable")) == variable
    ]
    click(row[place])
    assert choice.value == place


def test_two_rows_become_one(screen: MemberListScreen, dialogs: Person, database: Path):
    def keep(dialog: MergeDialog) -> None:
        assert list(dialog.choices) == [
            field for field in MergeField if field is not MergeField.PHONE
        ]
        assert dialog.stays.value == 0
        assert {choice.value for choice in dialog.choices.values()} == {0}
        dialog.accept()

    screen.table.select((0, 1))
    screen.update()
    dialogs.answers.append(keep)
    by_menu(screen, MERGE)
    settle(screen, lambda: screen.window.status_text == "1002 を 1001 に統合しました。")
    settle(screen, lambda: list(screen.table.row_keys) == [1001, 1003])
    assert stored(database, 1001) == replace(YAMADA, groups=("常連", "朝市"), note="犬がいる")
    assert stored(database, 1002) is None


def test_enter_alone_keeps_what_is_proposed(
    screen: MemberListScreen, dialogs: Person, database: Path
):
    rows = 0

    def walk(dialog: MergeDialog) -> None:
        nonlocal rows
        settle(dialog, lambda: dialog.focus_get() is dialog.stays.widget)
        while dialog.winfo_exists():
            press(dialog, "Return")
            rows += 1

    screen.table.select((0, 1))
    screen.update()
    dialogs.answers.append(walk)
    by_menu(screen, MERGE)
    settle(screen, lambda: screen.window.status_text == "1002 を 1001 に統合しました。")
    assert rows == len(MergeField) + 1, "the number, all that differs, and the button"


@pytest.mark.parametrize("places", [(0,), (0, 1, 2)])
def test_only_two_can_be_merged(screen: MemberListScreen, places: tuple[int, ...]):
    screen.table.select(places)
    screen.update()
    screen.table.focus_rows()
    press(screen, "Shift-F10")
    menu = menu_of(screen.table)
    assert str(menu.entrycget(MERGE, "state")) == "disabled"
    menu.unpost()


def test_the_other_number_stays_and_what_is_filled_in_is_chosen(
    screen: MemberListScreen, dialogs: Person, database: Path
):
    def work(dialog: MergeDialog) -> None:
        pick(dialog.stays, 1)
        assert dialog.stays.value == 1
        assert dialog.choices[MergeField.NAME].value == 1, "of two names that of the one that stays"
        assert dialog.choices[MergeField.KANA].value == 0, "the other has none"
        pick(dialog.choices[MergeField.ADDRESS], 0)
        press(dialog, "F12")

    screen.table.select((0, 1))
    screen.update()
    dialogs.answers.append(work)
    by_menu(screen, MERGE)
    settle(screen, lambda: list(screen.table.row_keys) == [1002, 1003])
    found = stored(database, 1002)
    assert (found.name, found.kana) == (TWIN.name, YAMADA.kana)
    assert found.standing.address == "taro@docomo.ne.jp"


def test_a_choice_of_the_user_is_kept_when_the_number_changes(
    screen: MemberListScreen, dialogs: Person
):
    def work(dialog: MergeDialog) -> None:
        for place in (1, 0):
            pick(dialog.choices[MergeField.NAME], place)
        pick(dialog.stays, 1)
        assert dialog.choices[MergeField.NAME].value == 0
        press(dialog, "Escape")

    screen.table.select((0, 1))
    screen.update()
    dialogs.answers.append(work)
    by_menu(screen, MERGE)
    settle(screen, lambda: not dialogs.answers)
    assert list(screen.table.row_keys) == [1001, 1002, 1003]


def test_what_the_no_of_one_means_is_said_before(
    screen: MemberListScreen, dialogs: Person, database: Path
):
    with closing(Members(database)) as members:
        members.stop_member(1002, local_now(), "会員一覧")

    def work(dialog: MergeDialog) -> None:
        assert "配信停止になります" in dialog.outcome.text
        dialog.accept()

    screen.table.select((0, 1))
    screen.update()
    dialogs.answers.append(work)
    by_menu(screen, MERGE)
    settle(screen, lambda: list(screen.table.row_keys) == [1001, 1003])
    assert stored(database, 1001).standing.stopped_at is not None


def test_from_the_form_and_back(edit: MemberEditScreen, dialogs: Person, database: Path):
    def with_whom(dialog: MergeWithDialog) -> None:
        assert dialog.number.value == "1001", "who has the same telephone is proposed"
        for wrong in ("", "1002"):
            type_in(dialog.number.widget, wrong)
            press(dialog, "Return")
            assert "もう一方" in dialog.number.error
        type_in(dialog.number.widget, "1001")
        press(dialog, "Return")

    def other(dialog: MergeDialog) -> None:
        pick(dialog.stays, 1)
        dialog.accept()

    dialogs.answers += [with_whom, other]
    click(edit.buttons["ほかの会員と統合"])
    settle(edit, lambda: edit.who.cget("text").startswith("1001"))
    settle(edit, lambda: edit.history.part_button.winfo_manager())
    assert edit.window.status_text == "1002 を 1001 に統合しました。"
    edit.notebook.select(1)
    edit.update()
    dialogs.answers.append("取り消す")
    click(edit.history.part_button)
    settle(edit, lambda: not edit.history.part_button.winfo_manager())
    assert "1002 は別の会員です" in edit.window.status_text
    assert (stored(database, 1001), stored(database, 1002)) == (YAMADA, TWIN)


def test_a_number_that_is_nobodys(edit: MemberEditScreen, dialogs: Person):
    def with_whom(dialog: MergeWithDialog) -> None:
        type_in(dialog.number.widget, "4711")
        press(dialog, "Return")

    dialogs.answers.append(with_whom)
    click(edit.buttons["ほかの会員と統合"])
    settle(edit, lambda: dialogs.troubles)
    assert "4711" in dialogs.troubles[0].happened


def test_the_page_turns_over_a_number_that_is_gone(
    program: Program, database: Path, dialogs: Person
):
    edit = program.window.open(
        MemberEditScreen, program.workspaces, program.go, stored(database, 1001), [1001, 1002, 1003]
    )
    settle(edit, lambda: edit.history.table.row_keys)
    with closing(MemberMerges(database)) as members:
        members.merge(1001, 1002, (), local_now(), "会員一覧")
    edit.turn_page(1)
    settle(edit, lambda: edit.who.cget("text").startswith("1003"))


def test_a_mail_that_came_back_once_is_said(program: Program, database: Path):
    now = local_now()
    with closing(Outbox(database)) as outbox:
        mailing = outbox.save("お知らせ", "★名前★ 様\n", RateLimit(0, 0), now)
        outbox.start(
            mailing, EVERYBODY, now, shop=Shop(name="店", address="東京都"),
            mail_address="a@b.example", letter_domain="b.example",
        )  # fmt: skip
        (letter,) = outbox.take(mailing, 0, 1, now)
        before = now - timedelta(days=1)
        outbox.bounced(letter.letter_id, "", "550 5.1.1 unknown", before, now)
    edit = program.window.open(
        MemberEditScreen, program.workspaces, program.go, stored(database, 1001)
    )
    settle(edit, lambda: "1回戻ってきました" in edit.condition.text)
