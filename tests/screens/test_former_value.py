"""「この内容に戻す」 in 修正の履歴: one field of the form as it stood before, all else as it is."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.members.repository import Members
from kollect.threads.background_thread import local_now
from kollect.ui.main import Program
from kollect.ui.members.member_edit import MemberEditScreen
from tests.helpers.member_samples import YAMADA, by_hand, numbers, register, stored
from tests.helpers.ui_driver import Person, click, settle

MOVED = replace(YAMADA, phone="03-9999-0000", note="犬がいる", groups=())


@pytest.fixture
def database(program: Program) -> Path:
    path = program.workspaces.real.folder.database
    numbers(path, "taro@docomo.ne.jp")
    register(path, YAMADA)
    with closing(Members(path)) as members:
        members.update(MOVED, local_now(), "CSV")
        members.stop_member(1001, local_now(), "会員一覧")
    return path


@pytest.fixture
def edit(program: Program, database: Path) -> MemberEditScreen:
    edit = program.window.open(
        MemberEditScreen, program.workspaces, program.go, stored(database, 1001)
    )
    edit.notebook.select(1)
    settle(edit, lambda: len(edit.history.table.row_keys) == 5)
    return edit


def choose(edit: MemberEditScreen, database: Path, what: str) -> str:
    """The line of the history about this; returns how the button is then."""
    with closing(Members(database)) as members:
        lines = [change.what for change in members.changes(1001)]
    edit.history.table.show_row(lines.index(what))
    edit.update()
    return str(edit.history.button.cget("state"))


@pytest.mark.parametrize("what", ["電話番号", "グループ", "備考"])
def test_the_field_is_as_before_and_all_else_as_it_is(
    edit: MemberEditScreen, dialogs: Person, database: Path, what: str
):
    assert choose(edit, database, what) == "normal"
    dialogs.answers.append("戻す")
    click(edit.history.button)
    settle(edit, lambda: edit.window.status_text == "前の内容に戻しました。")
    part = {"電話番号": "phone", "グループ": "groups", "備考": "note"}[what]
    assert stored(database, 1001) == replace(MOVED, **{part: getattr(YAMADA, part)})
    assert dialogs.asked[-1][1].startswith(f"{what}を「")
    with closing(Members(database)) as members:
        newest, *_, was = [one for one in members.changes(1001) if one.what == what]
        assert (newest.former, newest.present) == (was.present, was.former)
        assert newest.source == "会員一覧"
    assert not edit.has_unsaved_changes()


def test_it_asks_first(edit: MemberEditScreen, dialogs: Person, database: Path):
    choose(edit, database, "電話番号")
    dialogs.answers.append("キャンセル")
    click(edit.history.button)
    assert stored(database, 1001) == MOVED


@pytest.mark.parametrize("what", ["会員登録", "配信停止"])
def test_an_event_is_not_put_back(edit: MemberEditScreen, database: Path, what: str):
    assert choose(edit, database, what) == "disabled"


@pytest.mark.parametrize("what", ["メール配信", "承諾日", "承諾方法", "アドレスの変更", "受付番号"])
def test_nor_a_consent_or_an_address(edit: MemberEditScreen, database: Path, what: str):
    by_hand(database, f"UPDATE member_change SET field = '{what}' WHERE field = '備考'")
    edit.on_show()
    settle(edit, lambda: edit.history.chosen and not edit.is_busy)
    with closing(Members(database)) as members:
        edit.history.show(members.changes(1001))
    assert choose(edit, database, what) == "disabled"


def test_what_is_so_already_is_said(edit: MemberEditScreen, dialogs: Person, database: Path):
    with closing(Members(database)) as members:
        members.update(YAMADA, local_now(), "CSV")
        changes = members.changes(1001)
    edit.on_show()
    settle(edit, lambda: len(edit.history.table.row_keys) == 8)
    edit.put_back([one for one in changes if one.what == "電話番号"][-1])
    settle(edit, lambda: "いまの内容と同じです" in edit.window.status_text)


def test_what_is_no_value_any_more_is_said(edit: MemberEditScreen, database: Path):
    by_hand(database, "UPDATE member_change SET former = '12' WHERE field = '電話番号'")
    with closing(Members(database)) as members:
        change = next(c for c in members.changes(1001) if c.what == "電話番号")
    edit.put_back(change)
    assert edit.window.status_text.startswith("この内容には戻せません。電話番号: ")
    assert stored(database, 1001) == MOVED


def test_what_is_unsaved_is_saved_first(edit: MemberEditScreen, dialogs: Person, database: Path):
    edit.fields.note.value = "猫もいる"
    choose(edit, database, "電話番号")
    click(edit.history.button)
    assert dialogs.asked[-1][0] == "先に修正を保存してください"
    assert stored(database, 1001) == MOVED
