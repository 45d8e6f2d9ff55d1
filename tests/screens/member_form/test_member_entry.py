"""How the membership form fills itself, and what it says at once: 会員登録 and 会員の修正."""

from __future__ import annotations

import statistics
import tkinter as tk
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.members.member import Member
from kollect.members.repository import Members
from kollect.threads.background_thread import local_now
from kollect.ui.main import Program
from kollect.ui.members.home_by_postcode import TownDialog
from kollect.ui.members.kana_proposal import ReadingCapture
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.members.member_form_fields import MemberFormFields
from kollect.ui.members.member_list import MemberListScreen
from tests.helpers.clerk import FORMS, play
from tests.helpers.member_samples import YAMADA, numbers, register, stored
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    focus,
    press,
    settle,
    shown_text,
    type_in,
    type_letters_on,
)


@pytest.fixture
def fields(screen: MemberFormScreen) -> MemberFormFields:
    return screen.fields


def here(screen: tk.Misc) -> object:
    return screen.focus_get()


# --- 郵便番号


def test_the_postcode_fills_the_address_and_the_number_of_the_house_is_typed_on(
    screen: MemberFormScreen, fields: MemberFormFields
):
    type_in(fields.postcode.widget, "530000")
    assert fields.home.value == ""
    type_letters_on(fields.postcode.widget, "1")
    assert fields.home.value == "大阪府大阪市北区梅田", "with its last digit"
    press(screen, "Return")
    assert here(screen) is fields.home.widget
    assert fields.postcode.value == "530-0001"
    type_letters_on(fields.home.widget, "1-2-3")
    assert fields.home.value == "大阪府大阪市北区梅田1-2-3", "nothing was selected"


def test_the_number_of_the_house_goes_before_the_building(
    screen: MemberFormScreen, fields: MemberFormFields
):
    type_in(fields.postcode.widget, "1006001")
    press(screen, "Tab")
    type_letters_on(fields.home.widget, "3-2-5")
    assert fields.home.value == "東京都千代田区霞が関3-2-5　霞が関ビル　1階"


def test_behind_an_organisation_nothing_is_missing(
    screen: MemberFormScreen, fields: MemberFormFields
):
    type_in(fields.postcode.widget, "163-8001")
    press(screen, "Return")
    type_letters_on(fields.home.widget, "A")
    assert fields.home.value == "東京都新宿区西新宿2丁目8-1　東京都庁A"


def test_several_towns_are_chosen_by_keys(
    screen: MemberFormScreen, fields: MemberFormFields, dialogs: Person
):
    def by_arrows(dialog: TownDialog) -> None:
        settle(dialog, lambda: dialog.focus_get() is dialog.tree)
        press(dialog, "Down", "Return")

    dialogs.answers.append(by_arrows)
    type_in(fields.postcode.widget, "4980000")
    press(screen, "Return")
    assert fields.home.value == "三重県桑名郡木曽岬町"
    assert here(screen) is fields.home.widget
    type_letters_on(fields.home.widget, "1")
    assert fields.home.value == "三重県桑名郡木曽岬町1"


def test_several_towns_are_chosen_by_a_digit(
    screen: MemberFormScreen, fields: MemberFormFields, dialogs: Person
):
    dialogs.answers.append(lambda dialog: press(dialog, "3"))
    type_in(fields.postcode.widget, "4411324")
    press(screen, "Return")
    assert fields.home.value == "愛知県新城市内井道"


def test_no_town_chosen_fills_nothing_and_is_not_asked_again(
    screen: MemberFormScreen, fields: MemberFormFields, dialogs: Person
):
    dialogs.answers.append(lambda dialog: press(dialog, "Escape"))
    type_in(fields.postcode.widget, "4980000")
    press(screen, "Return")
    assert fields.home.value == ""
    focus(fields.postcode.widget)
    press(screen, "Return")
    assert len(dialogs.asked) == 1


def test_by_the_mouse_it_is_said_and_nobody_has_to_answer(
    screen: MemberFormScreen, fields: MemberFormFields, dialogs: Person
):
    type_in(fields.postcode.widget, "4980000")
    click(fields.note.widget)
    settle(screen, lambda: "2か所" in fields.postcode.error)
    dialogs.answers.append(lambda dialog: press(dialog, "1"))
    focus(fields.postcode.widget)
    press(screen, "Return")
    assert fields.home.value == "愛知県弥富市"
    assert dialogs.answers == type(dialogs.answers)()


def test_an_unknown_postcode_is_said_and_changes_nothing(
    screen: MemberFormScreen, fields: MemberFormFields
):
    type_in(fields.postcode.widget, "5300001")
    type_in(fields.postcode.widget, "9999999")
    press(screen, "Return")
    assert "郵便番号の表にありません" in fields.postcode.error
    assert fields.home.value == "大阪府大阪市北区梅田"
    assert here(screen) is fields.home.widget, "it may be a new one: the way is free"
    type_in(fields.postcode.widget, "999")
    assert not fields.postcode.error


def test_another_postcode_replaces_what_was_filled_in(
    screen: MemberFormScreen, fields: MemberFormFields
):
    type_in(fields.postcode.widget, "5300001")
    type_in(fields.postcode.widget, "1000001")
    assert fields.home.value == "東京都千代田区千代田"


@pytest.mark.parametrize(
    ("answer", "home"), [("そのまま", "名古屋市中区1-2"), ("入れかえる", "大阪府大阪市北区梅田")]
)
def test_a_typed_address_is_replaced_after_a_question_only(
    screen: MemberFormScreen, fields: MemberFormFields, dialogs: Person, answer: str, home: str
):
    type_in(fields.home.widget, "名古屋市中区1-2")
    dialogs.answers.append(answer)
    type_in(fields.postcode.widget, "5300001")
    assert fields.home.value == "名古屋市中区1-2"
    press(screen, "Return")
    assert fields.home.value == home
    assert "大阪府大阪市北区梅田" in dialogs.asked[0][1]


def test_an_address_in_that_town_is_no_question(
    screen: MemberFormScreen, fields: MemberFormFields, dialogs: Person
):
    type_in(fields.home.widget, "大阪市北区 梅田１－２－３")
    type_in(fields.postcode.widget, "5300001")
    press(screen, "Return")
    assert dialogs.asked == []
    assert fields.home.value == "大阪市北区 梅田１－２－３"


def test_a_member_that_is_corrected_keeps_the_address_unless_the_postcode_changes(
    program: Program, screen: MemberFormScreen, database: Path, dialogs: Person
):
    register(database, replace(YAMADA, postcode="100-0001", home="大阪府のどこか"))
    edit = opened_by_page_up(screen)
    focus(edit.fields.postcode.widget)
    press(edit, "Return")
    assert not edit.has_unsaved_changes()
    dialogs.answers.append("入れかえる")
    type_in(edit.fields.postcode.widget, "5300001")
    press(edit, "Return")
    assert edit.fields.home.value == "大阪府大阪市北区梅田"


# --- フリガナ


def test_the_reading_of_the_input_method(
    screen: MemberFormScreen, fields: MemberFormFields, monkeypatch: pytest.MonkeyPatch
):
    """Windows tells it; here it is played, the rest is the program."""
    told = [("山田", "ﾔﾏﾀﾞ")]

    def take(capture: ReadingCapture) -> list[tuple[str, str]]:
        taken, told[:] = told[:], []
        return taken

    monkeypatch.setattr(ReadingCapture, "take", take)
    type_in(fields.name.widget, "山田")
    assert fields.kana.value == "ヤマダ"
    told.append(("太郎", "ﾀﾛｳ"))
    type_in(fields.name.widget, "山田　太郎")
    assert fields.kana.value == "ヤマダ　タロウ"
    type_in(fields.kana.widget, "やまた")
    press(screen, "Return")
    assert fields.kana.value == "ヤマタ", "as it is kept"
    type_in(fields.name.widget, "さとう")
    assert fields.kana.value == "ヤマタ", "typed by hand"
    fields.empty()
    type_in(fields.name.widget, "山田")
    assert fields.kana.value == "", "the next customer's name may be read otherwise"


# --- 電話番号


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("0665551234", "06-6555-1234"), ("０４２２－４５－１１５１", "0422-45-1151")],
)
def test_the_telephone_number_is_parted_when_it_is_left(
    screen: MemberFormScreen, fields: MemberFormFields, typed: str, shown: str
):
    type_in(fields.phone.widget, typed)
    press(screen, "Return")
    assert fields.phone.value == shown


def test_a_number_that_is_too_short_is_said_at_once(
    screen: MemberFormScreen, fields: MemberFormFields
):
    type_in(fields.phone.widget, "06655512")
    press(screen, "Return")
    assert "06 で始まる電話番号は10けたです。いま8けたあります。" in fields.phone.error
    assert here(screen) is fields.phone.widget


# --- who it may be


def test_the_same_telephone_number_is_named_and_nobody_is_held_up(
    screen: MemberFormScreen, fields: MemberFormFields, database: Path
):
    register(database, replace(YAMADA, phone="06-6555-1234"))
    type_in(fields.phone.widget, "0665551234")
    press(screen, "Return")
    assert here(screen) is fields.postcode.widget
    settle(screen, lambda: fields.phone.error)
    assert fields.phone.error == "1001 山田　太郎 様と同じ電話番号です。"
    type_in(fields.phone.widget, "0665551235")
    assert not fields.phone.error


def test_the_same_name_and_birthday_is_named(
    screen: MemberFormScreen, fields: MemberFormFields, database: Path
):
    register(database, YAMADA)
    with closing(Members(database)) as members:
        members.withdraw(1001, local_now(), "会員一覧")
    type_in(fields.name.widget, "山田太郎")
    press(screen, "Return")
    type_in(fields.birthday.widget, "S60.1.2")
    press(screen, "Return")
    settle(screen, lambda: fields.birthday.error)
    assert fields.birthday.error == "1001 山田　太郎 様（退会）と同じお名前と生年月日です。"


def test_a_member_is_not_like_itself(screen: MemberFormScreen, database: Path):
    register(database, YAMADA)
    edit = opened_by_page_up(screen)
    looked: list[object] = []
    focus(edit.fields.phone.widget)
    press(edit, "Return")
    edit.work(lambda job: None, looked.append)  # begun after that look
    settle(edit, lambda: looked)
    assert not edit.fields.phone.error


# --- the form before, and the rest


def opened_by_page_up(screen: MemberFormScreen) -> MemberEditScreen:
    press(screen, "Prior")
    settle(screen, lambda: screen.window.screen is not screen)
    edit = screen.window.screen
    assert isinstance(edit, MemberEditScreen)
    return edit


def test_the_form_before_and_the_next(screen: MemberFormScreen, database: Path, dialogs: Person):
    with closing(Members(database)) as members:
        members.register(Member(1003, "三番"), local_now() - timedelta(minutes=2))
        members.register(Member(1001, "一番"), local_now() - timedelta(minutes=1))
    type_in(screen.fields.name.widget, "途中")
    edit = opened_by_page_up(screen)
    assert edit.fields.name.value == "一番", "the last one registered"
    press(edit, "Prior")
    settle(edit, lambda: edit.fields.name.value == "三番")
    press(edit, "Prior")
    settle(edit, lambda: edit.window.status_text == "最初の会員です。")
    type_in(edit.fields.name.widget, "参番")
    dialogs.answers.append("保存して移る")
    press(edit, "Next")
    settle(edit, lambda: edit.fields.name.value == "一番")
    corrected = stored(database, 1003)
    assert corrected is not None
    assert corrected.name == "参番"
    settle(edit)
    assert edit.fields.name.value == "一番", "what was saved does not come back over it"
    press(edit, "Next")
    settle(edit, lambda: screen.window.screen is screen)
    assert screen.fields.name.value == "途中", "what was begun is there again"


def test_from_the_list_in_the_order_of_the_list(
    program: Program, screen: MemberFormScreen, database: Path
):
    for number, name in ((1003, "三番"), (1001, "一番"), (1002, "二番")):
        register(database, Member(number, name))
    press(screen, "F8")
    found = program.window.screen
    assert isinstance(found, MemberListScreen)
    settle(found, lambda: len(found.table.row_keys) == 3)
    found.open_member(1002)
    settle(found, lambda: program.window.screen is not found)
    edit = program.window.screen
    assert isinstance(edit, MemberEditScreen)
    press(edit, "Next")
    settle(edit, lambda: edit.fields.name.value == "三番")
    press(edit, "Next")
    settle(edit, lambda: edit.window.status_text == "最後の会員です。")
    press(edit, "Prior")
    settle(edit, lambda: edit.fields.name.value == "二番")
    assert program.window.screen is edit


def test_page_up_before_the_first_member(screen: MemberFormScreen):
    press(screen, "Prior")
    settle(screen, lambda: screen.window.status_text == "まだ登録した会員がいません。")


def test_the_groups_are_reached_by_keys(screen: MemberFormScreen, database: Path):
    register(database, replace(YAMADA, groups=("常連", "週末")))
    shown = screen.fields
    press(screen, "F8")
    press(screen.window.screen, "Escape")
    settle(screen, lambda: screen.window.screen is screen)
    menu = next(one for one in all_inside(screen) if isinstance(one, tk.Menu))
    settle(screen, lambda: menu.index("end") == 1)
    focus(shown.groups.widget)
    press(screen, "Down")
    settle(screen, menu.winfo_viewable)
    menu.invoke(1)
    menu.unpost()
    settle(screen)
    assert shown.groups.value == "週末"


def test_how_many_were_registered_today(screen: MemberFormScreen, database: Path):
    settle(screen, lambda: "本日の登録 0名" in [shown_text(one) for one in all_inside(screen)])
    type_in(screen.number.widget, "1001")
    press(screen, "Return")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    type_in(screen.fields.name.widget, "山田")
    press(screen, "F12")
    settle(screen, lambda: "本日の登録 1名" in [shown_text(one) for one in all_inside(screen)])


def test_a_wrong_date_is_said_at_once(screen: MemberFormScreen, fields: MemberFormFields):
    type_in(fields.birthday.widget, "1990/13/1")
    press(screen, "Return")
    assert "1990年13月1日という日はありません" in fields.birthday.error
    assert here(screen) is fields.birthday.widget


def test_f12_once_too_often_says_nothing(screen: MemberFormScreen):
    press(screen, "F12")
    assert not screen.number.error
    assert here(screen) is screen.number.widget


# --- a whole form


def test_a_form_takes_seventy_keys(screen: MemberFormScreen, database: Path):
    """As a mean; it depends on the names. And comes out as it stands on paper, landlines parted."""
    numbers(database, "four@docomo.ne.jp", "five@docomo.ne.jp")
    measured = play(screen, by_hand=False)
    assert statistics.mean(keys for keys, _ in measured) <= 70
    for form in FORMS:
        member = stored(database, form.number)
        assert member is not None
        assert (member.name, member.kana) == (form.name, form.kana)
        assert member.home == f"{form.town.text}{form.house}"
        assert member.phone.replace("-", "") == form.phone
        assert "-" in member.phone
        assert member.consent.given
