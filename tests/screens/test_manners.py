"""The manners of every screen (design §7): what is said goes again, blue does, nothing is lost."""

from __future__ import annotations

import tkinter as tk
from contextlib import closing
from tkinter import ttk

import pytest

from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member_filter import MemberOrder
from kollect.members.repository import Members
from kollect.settings.model import TextSize
from kollect.threads.background_thread import local_now
from kollect.ui.framework import function_bar
from kollect.ui.framework.dialogs import QuestionDialog
from kollect.ui.framework.function_bar import StatusKind
from kollect.ui.framework.window import Window
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.main import Program
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.menu import MenuScreen
from kollect.ui.settings.control_page import ControlPage
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.mail_test_page import Test as MailTest
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import bar_of, can_press_key, key_button
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    focus,
    labelled,
    press,
    settle,
    shown_text,
    type_in,
)
from tests.screens.every import fill, member


@pytest.fixture
def shop(program: Program) -> Program:
    fill(program)
    return program


def shop_page(program: Program) -> SettingsScreen:
    screen = program.window.open(SettingsScreen, program.workspaces, program.go, IdPage)
    settle(screen, lambda: screen.function_keys()[0].enabled)
    return screen


class TestStatusLine:
    def test_what_was_saved_goes_at_the_next_change(self, shop: Program):
        screen = shop_page(shop)
        name = screen.shop.fields["shop", "name"].widget
        type_in(name, "book")
        press(screen, "F12")
        settle(screen, lambda: shop.window.status_text == "設定を保存しました。")
        assert shown_text(bar_of(shop.window).status_label) == "✓ 設定を保存しました。"
        type_in(name, "books")
        assert shop.window.status_text == ""

    def test_a_result_fades(self, shop: Program, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(function_bar, "FADES_MS", 20)
        shop.window.say_done("済みました。")
        settle(shop.window.root, lambda: not shop.window.status_text)

    def test_what_is_going_on_stays(self, shop: Program, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(function_bar, "FADES_MS", 0)
        shop.window.set_status("送っています…")
        bar_of(shop.window).clear_result()
        settle(shop.window.root)
        assert shop.window.status_text == "送っています…"

    def test_what_is_wrong_is_red(self, shop: Program):
        screen = shop_page(shop)
        type_in(screen.shop.fields["shop", "id"].widget, "")
        screen.shop.fields["shop", "phone"].value = "1" * 80
        press(screen, "F12")
        assert shown_text(bar_of(shop.window).status_label).startswith("✗ 直すところが")
        assert str(bar_of(shop.window).status_label.cget("style")) == StatusKind.NOT_DONE.style


class TestUnsaved:
    def test_saved_and_back(self, shop: Program, dialogs: Person):
        screen = shop_page(shop)
        type_in(screen.shop.fields["shop", "name"].widget, "books")
        dialogs.answers.append("保存して戻る")
        press(screen, "Escape")
        settle(shop.window.root, lambda: isinstance(shop.window.screen, MenuScreen))
        assert shop.workspaces.real.settings().shop.name == "books"

    def test_what_cannot_be_saved_keeps_the_screen(self, shop: Program, dialogs: Person):
        screen = shop_page(shop)
        type_in(screen.shop.fields["shop", "phone"].widget, "1" * 80)
        dialogs.answers.append("保存して戻る")
        press(screen, "Escape")
        assert shop.window.screen is screen
        assert screen.shop.fields["shop", "phone"].error

    def test_a_correction_of_a_member(self, shop: Program, dialogs: Person):
        screen = shop.window.open(MemberEditScreen, shop.workspaces, shop.go, member(shop))
        type_in(screen.fields.note.widget, "vip")
        dialogs.answers.append("保存して戻る")
        press(screen, "Escape")
        settle(shop.window.root, lambda: isinstance(shop.window.screen, MenuScreen))
        assert member(shop).note == "vip"

    def test_a_registration(self, shop: Program, dialogs: Person):
        screen = shop.window.open(MemberFormScreen, shop.workspaces, shop.go)
        type_in(screen.number.widget, "1005")
        press(screen, "Return")
        settle(screen, lambda: tk_focus(screen) is screen.fields.name.widget)
        type_in(screen.fields.name.widget, "Sato")
        dialogs.answers.append("保存して戻る")
        press(screen, "Escape")
        settle(shop.window.root, lambda: isinstance(shop.window.screen, MenuScreen))
        with closing(Members(shop.workspaces.real.folder.database)) as members:
            found = members.get(1005)
        assert found is not None
        assert found.name == "Sato"

    def test_a_letter_becomes_a_draft(self, shop: Program, dialogs: Person):
        screen = shop.window.open(MailingComposeScreen, shop.workspaces, shop.go)
        type_in(screen.subject.widget, "hello")
        dialogs.answers.append("保存して戻る")
        press(screen, "Escape")
        settle(shop.window.root, lambda: isinstance(shop.window.screen, MenuScreen))
        with closing(Outbox(shop.workspaces.real.folder.database)) as outbox:
            assert outbox.mailings()[0].subject == "hello"

    def test_back_over_two_screens_when_saved(self, shop: Program, dialogs: Person):
        below = shop.window.open(MailingListScreen, shop.workspaces, shop.go)
        screen = shop.window.open(MailingComposeScreen, shop.workspaces, shop.go)
        type_in(screen.subject.widget, "hello")
        dialogs.answers.append("保存して戻る")
        shop.go.mailing_list()
        settle(shop.window.root, lambda: shop.window.screen is below)


def tk_focus(window: tk.Misc) -> tk.Misc | None:
    name = str(window.tk.call("focus"))
    return window.nametowidget(name) if name else None


def test_blue_is_the_act_and_the_focus_on_the_safe_one(window: Window, dialogs: Person):
    blue: list[str] = []

    def act(dialog: QuestionDialog) -> None:
        blue.extend(
            shown_text(one)
            for one in all_inside(dialog)
            if isinstance(one, ttk.Button) and str(one.cget("style")) == "Primary.TButton"
        )
        press(dialog, "Return")

    dialogs.answers.append(act)
    question = ("送信", "送りますか？", ("戻る", "発信する"))
    assert dialogs.show(QuestionDialog, *question, careful=True) == "戻る"
    assert blue == ["発信する"]


def texts(window: tk.Misc) -> list[str]:
    return [shown_text(one) for one in all_inside(window)]


def top_is_in_sight(screen: SettingsScreen) -> bool:
    return labelled(screen.mail, "テンプレート").winfo_rooty() > screen.mail.winfo_rooty()


class TestMemberForm:
    @pytest.mark.parametrize("key", ["Return", "Tab"])
    def test_a_wrong_date_or_telephone_number_is_said_at_once(self, shop: Program, key: str):
        screen = shop.window.open(MemberFormScreen, shop.workspaces, shop.go)
        for field, wrong, right in (
            (screen.fields.birthday, "1990/13/1", "1990/1/3"),
            (screen.fields.phone, "090-12", "090-1234-5678"),
            (screen.fields.postcode, "100-1", "100-0001"),
        ):
            type_in(field.widget, wrong)
            press(screen, key)
            assert tk_focus(screen) is field.widget
            assert field.error
            type_in(field.widget, right)
            assert not field.error
            press(screen, key)
            assert tk_focus(screen) is not field.widget

    def test_the_day_is_told_in_both_calendars(self, shop: Program):
        screen = shop.window.open(MemberFormScreen, shop.workspaces, shop.go)
        type_in(screen.fields.birthday.widget, "S60.1.2")
        assert any(text.startswith("1985年1月2日（昭和60年）") for text in texts(screen))
        type_in(screen.fields.birthday.widget, "1990/13/1")
        assert any("S60.1.2" in text for text in texts(screen))


class TestSettings:
    def test_the_first_visit_is_not_red(self, program: Program, dialogs: Person):
        dialogs.answers.append("設定する")
        press(program.window.root, "1")
        screen = program.window.screen
        assert isinstance(screen, SettingsScreen)
        assert [field.error for page in screen.pages for field in page.fields.values()] == [
            "" for page in screen.pages for _ in page.fields
        ]
        assert tk_focus(screen) is screen.mail.address.widget
        press(screen, "Return")
        settle(screen)
        assert top_is_in_sight(screen), "the row with テンプレート"

    def test_the_menu_opens_the_page_that_is_missing(self, program: Program):
        press(program.window.root, "4")
        screen = program.window.screen
        assert isinstance(screen, SettingsScreen)
        assert screen.notebook.select() == str(screen.mail)

    def test_else_the_first_field_of_the_first_page(self, shop: Program):
        press(shop.window.root, "4")
        screen = shop.window.screen
        assert isinstance(screen, SettingsScreen)
        settle(screen)
        assert tk_focus(screen) is next(iter(screen.control.fields.values())).widget

    def test_the_frames_around_a_field_are_not_scrolled_to(self, shop: Program):
        screen = shop.window.open(SettingsScreen, shop.workspaces, shop.go, MailPage)
        settle(screen, lambda: screen.function_keys()[0].enabled)
        focus(screen.notebook)
        focus(screen.mail.address.widget)
        done: list[bool] = []
        screen.after(100, lambda: done.append(True))
        settle(screen, lambda: done)
        assert top_is_in_sight(screen)

    def test_what_was_selected_is_so_no_longer_in_another_field(self, shop: Program):
        screen = shop.window.open(SettingsScreen, shop.workspaces, shop.go, ControlPage)
        settle(screen, lambda: screen.function_keys()[0].enabled)
        interval = screen.control.fields["collect", "interval_seconds"].widget
        focus(interval)
        interval.selection_range(0, "end")
        press(screen, "Return")
        settle(screen, lambda: not interval.selection_present())


def test_a_new_mailing_is_the_one_selected(shop: Program):
    screen = shop.window.open(MailingListScreen, shop.workspaces, shop.go)
    settle(screen, lambda: screen.chosen is not None)
    with closing(Outbox(shop.workspaces.real.folder.database)) as outbox:
        newest = outbox.save("NEW", "text", RateLimit(), local_now())
    screen.on_show()
    settle(screen, lambda: screen.chosen is not None and screen.chosen.id == newest)


def test_a_sorted_list_is_shown_from_its_top(shop: Program):
    screen = shop.window.open(MemberListScreen, shop.workspaces, shop.go)
    settle(screen, lambda: screen.table.row_keys)
    shown: list[object] = []
    real = screen.table.show

    def show(*given: object, **named: object) -> None:
        shown.append(named.get("top"))
        real(*given, **named)  # type: ignore[arg-type]

    screen.table.show = show  # type: ignore[method-assign]
    screen.sort(MemberOrder.KANA)
    settle(screen, lambda: shown)
    assert shown == [0]


class TestBlue:
    def test_on_the_page_of_tests_it_is_the_test(self, shop: Program):
        screen = shop.window.open(SettingsScreen, shop.workspaces, shop.go, MailTestPage)
        settle(screen, lambda: can_press_key(shop.window))
        blue = [
            one
            for one in all_inside(shop.window.root)
            if isinstance(one, ttk.Button)
            and one.winfo_viewable()
            and "Primary" in str(one.cget("style"))
        ]
        assert blue == [screen.test.buttons[MailTest.ALL]]
        screen.select(IdPage)
        settle(screen, lambda: "Primary" in str(key_button(shop.window).cget("style")))


def test_with_the_largest_letters_the_whole_form_is_in_sight(shop: Program):
    root = shop.window.root
    screen = shop.window.open(MemberFormScreen, shop.workspaces, shop.go)
    root.geometry("1366x697")
    shop.window.set_text_size(TextSize.HUGE)
    last = screen.fields.consent_on.widget

    def ends(one: tk.Misc) -> int:
        return one.winfo_rooty() + one.winfo_height()

    settle(screen, lambda: screen.scrolled.winfo_width() > 1300)
    settle(screen, lambda: ends(last) <= ends(screen.scrolled))
