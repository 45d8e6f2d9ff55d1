"""From 収集結果表示 to 会員登録 and to the member; 未登録 in the filter, the strip and the menu."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tkinter import ttk

import pytest

from kollect.collector.events import Phase, PhaseChanged, WaitChanged
from kollect.members.address_change import AddressChanges
from kollect.settings.model import TextSize
from kollect.ui.main import Program
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.menu import MenuScreen
from kollect.ui.results.screen import ResultsScreen
from tests.helpers.member_samples import YAMADA, numbers, register
from tests.helpers.receipt_samples import fill_receipts
from tests.helpers.table_driver import choose_from_menu, click_row
from tests.helpers.ui_driver import (
    all_inside,
    click,
    cut_off,
    labelled,
    press,
    settle,
    shown_text,
    type_in,
)
from tests.screens.every import fill

NOW = datetime.now().astimezone().replace(microsecond=0)


@pytest.fixture
def database(program: Program) -> Path:
    """1001 is a member, 1005 its new address, 1002 has withdrawn; 1003 and 1004 wait."""
    path = program.workspaces.real.folder.database
    people = ("taro", "hanako", "jiro", "ken", "taro.new")
    numbers(path, *(f"{one}@docomo.ne.jp" for one in people))
    register(path, YAMADA, replace(YAMADA, number=1002, name="佐藤　花子"))
    members = AddressChanges(path)
    members.withdraw(1002, NOW, "会員一覧")
    members.change_address(1001, 1005, NOW, "会員一覧")
    members.close()
    program.go.unregistered.count_again()
    return path


@pytest.fixture
def screen(program: Program, database: Path) -> ResultsScreen:
    press(program.window.root, "2")
    return results(program, 1005, 1004, 1003, 1002, 1001)


def results(program: Program, *listed: int) -> ResultsScreen:
    screen = program.window.screen
    assert isinstance(screen, ResultsScreen)
    settle(screen, lambda: list(screen.list.table.row_keys) == list(listed))
    return screen


def strip_of(program: Program) -> str:
    return "　".join(shown_text(one) for one in all_inside(program.window.strip))


def at_number(screen: ResultsScreen, number: int) -> None:
    """The row of this number is the one that the keys move."""
    table = screen.list.table
    table.focus_rows()
    press(screen, "Home", *["Down"] * list(table.row_keys).index(number))
    assert table.current == number


def form_of(program: Program, number: int) -> MemberFormScreen:
    settle(program.window.root, lambda: isinstance(program.window.screen, MemberFormScreen))
    form = program.window.screen
    assert isinstance(form, MemberFormScreen)
    settle(form, lambda: form.focus_get() is form.fields.name.widget)
    assert form.number.value == str(number)
    return form


def member_of(program: Program) -> MemberEditScreen:
    settle(program.window.root, lambda: isinstance(program.window.screen, MemberEditScreen))
    edit = program.window.screen
    assert isinstance(edit, MemberEditScreen)
    return edit


def test_enter_opens_the_form_with_the_number_looked_up(screen: ResultsScreen, program: Program):
    at_number(screen, 1004)
    assert "Enterキーで会員登録か会員の修正を開きます。" in screen.list.about.text
    press(screen, "Return")
    form = form_of(program, 1004)
    assert shown_text(form.address) == "ken@docomo.ne.jp"
    type_in(form.fields.name.widget, "高橋　健")
    press(form, "F12")
    settle(form, lambda: form.number.value == "")
    settle(form, lambda: "未登録 1件" in strip_of(program))
    press(form, "Escape")
    settle(screen, lambda: program.window.screen is screen)
    table = screen.list.table
    settle(screen, lambda: screen.focus_get() is table.tree)
    assert table.current == 1004, "the next number is one key away"


def test_a_double_click_opens_whoever_is_registered(screen: ResultsScreen, program: Program):
    click_row(screen.list.table, 4)
    click_row(screen.list.table, 4)
    edit = member_of(program)
    assert edit.fields.name.value == YAMADA.name


def test_a_number_that_stands_for_a_membership_opens_that_member(
    screen: ResultsScreen, program: Program
):
    at_number(screen, 1005)
    press(screen, "Return")
    assert member_of(program).fields.name.value == YAMADA.name


def test_who_withdrew_is_opened_too(screen: ResultsScreen, program: Program):
    at_number(screen, 1002)
    press(screen, "Return")
    assert member_of(program).fields.name.value == "佐藤　花子"


def test_the_menu_of_a_row_opens_it(screen: ResultsScreen, program: Program):
    click_row(screen.list.table, 2, button=3)
    choose_from_menu(screen.list.table, "会員登録・会員の修正")
    form_of(program, 1003)


def test_a_half_filled_form_below_is_left_alone(program: Program, database: Path):
    press(program.window.root, "5")
    below = program.window.screen
    assert isinstance(below, MemberFormScreen)
    type_in(below.fields.name.widget, "書きかけ")
    settle(below, lambda: "未登録 2件" in strip_of(program))
    click(labelled(program.window.strip, "未登録 2件"))
    screen = results(program, 1004, 1003)
    at_number(screen, 1003)
    press(screen, "Return")
    form = form_of(program, 1003)
    assert form is not below
    assert below.fields.name.value == "書きかけ"


def test_unregistered_is_a_choice_of_the_filter(screen: ResultsScreen, program: Program):
    choice = screen.list.filter.receipt_state.widget
    assert isinstance(choice, ttk.Combobox)
    choice.current(list(choice.cget("values")).index("未登録"))
    choice.event_generate("<<ComboboxSelected>>")
    results(program, 1004, 1003)
    assert "2件" in shown_text(screen.list.count)
    type_in(screen.list.filter.text.widget, "jiro")
    results(program, 1003)
    click(screen.list.filter.clear_button)
    results(program, 1005, 1004, 1003, 1002, 1001)


def test_the_strip_counts_and_opens_them(screen: ResultsScreen, program: Program, database: Path):
    settle(screen, lambda: "未登録 2件" in strip_of(program))
    type_in(screen.list.filter.text.widget, "taro")
    results(program, 1005, 1001)
    screen.notebook.select(screen.chart)
    click(labelled(program.window.strip, "未登録 2件"))
    results(program, 1004, 1003)
    assert screen.tab is screen.list
    assert screen.list.filter.text.value == ""


def test_what_was_done_on_a_screen_is_counted_when_it_is_left(
    screen: ResultsScreen, program: Program, database: Path
):
    settle(screen, lambda: "未登録 2件" in strip_of(program))
    staying = time.monotonic() + 1.5  # the strip looks once a second at what is in front
    settle(screen, lambda: time.monotonic() > staying)
    register(database, *(replace(YAMADA, number=number) for number in (1003, 1004)))
    press(screen, "Escape")
    settle(screen, lambda: "未登録" not in strip_of(program), seconds=5)


def test_new_numbers_are_counted(screen: ResultsScreen, program: Program, database: Path):
    """Those that a poll has given; told by the collector's own count."""
    settle(screen, lambda: "未登録 2件" in strip_of(program))
    numbers(database, "new@docomo.ne.jp")
    program.go.tray.status.counted(6, 6, NOW.date())
    program.go.tray.tell()
    settle(screen, lambda: "未登録 3件" in strip_of(program))


def test_the_menu_says_how_many_wait(program: Program, database: Path):
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    button = menu.buttons[4]
    settle(menu, lambda: shown_text(button) == "5　会員登録（未登録 2件）")
    register(database, *(replace(YAMADA, number=number) for number in (1003, 1004)))
    program.go.unregistered.count_again()
    settle(menu, lambda: shown_text(button) == "5　会員登録")


def test_from_the_list_of_members_to_the_form(program: Program, database: Path):
    press(program.window.root, "5")
    form = program.window.screen
    press(form, "F8")
    settle(form, lambda: isinstance(program.window.screen, MemberListScreen))
    click(labelled(program.window.root, "F8:会員登録"))
    assert program.window.screen is form


@pytest.mark.parametrize("size", [TextSize.NORMAL, TextSize.HUGE])
@pytest.mark.parametrize("geometry", ["1024x560", "1366x728"])
def test_a_large_count_is_not_cut_off(program: Program, geometry: str, size: TextSize):
    fill_receipts(program.workspaces.real.folder, 12_345, NOW)
    program.window.root.geometry(geometry)
    program.window.set_text_size(size)
    program.go.unregistered.count_again()
    root = program.window.root
    program.window.screen.on_show()
    settle(root, lambda: "未登録 12,345件" in strip_of(program))
    root.update()
    assert cut_off(root) == []


def test_in_a_narrow_window_the_state_is_said_shortly(program: Program):
    """Rather than that the mailing at the end is cut off."""
    fill(program)
    root, status = program.window.root, program.go.tray.status
    program.window.set_text_size(TextSize.HUGE)
    status.begin(NOW)
    status.apply(PhaseChanged(Phase.WAITING))
    status.apply(WaitChanged(by_push=True, next_at=NOW))
    status.counted(6, 40, NOW.date())
    root.geometry("1366x728")
    settle(
        root, lambda: "待機中（届きしだい返信します）　今日 6件　未登録 38件" in strip_of(program)
    )
    settle(root, lambda: "発信 一時停止中 0/2" in strip_of(program))
    root.minsize(1, 1)
    root.geometry("860x560")
    settle(root, lambda: "待機中　今日 6件　未登録 38件" in strip_of(program))
    root.update()
    for one in program.window.strip.winfo_children():
        assert one.winfo_width() >= one.winfo_reqwidth(), shown_text(one)
