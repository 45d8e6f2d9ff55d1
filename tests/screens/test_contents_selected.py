"""What stands in a field is replaced by typing, unless a click has said where to type."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any

import pytest

from kollect.errors import LoginTrouble, Stage
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.editing import can_edit, context_menu
from kollect.ui.framework.theme import TEXT_FONT
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.main import Program
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.ui_driver import Person, click, focus, press, settle, type_letters_on
from tests.screens.every import DIALOGS, SCREENS, fill, make, member


@pytest.fixture
def shop(program: Program) -> Program:
    fill(program)
    return program


@pytest.fixture
def two(program: Program) -> tuple[ttk.Entry, ttk.Entry]:
    """Two filled fields on an otherwise empty window."""
    made = []
    for text in ("first", "second"):
        entry = ttk.Entry(program.window.screen, font=TEXT_FONT)
        entry.insert(0, text)
        entry.place(x=10, y=10 + 60 * len(made))
        entry.lift()
        made.append(entry)
    settle(program.window.root, made[1].winfo_ismapped)
    return made[0], made[1]


def selected(entry: ttk.Entry) -> str:
    return entry.selection_get() if entry.selection_present() else ""


def typed(entry: ttk.Entry, text: str) -> str:
    """What stands there after somebody has typed this."""
    type_letters_on(entry, text)
    return entry.get()


@pytest.mark.parametrize("way", ["Tab", "Return", "program"])
def test_by_the_keyboard_and_by_the_program(two: tuple[ttk.Entry, ttk.Entry], way: str):
    first, second = two
    focus(first)
    assert typed(first, "new") == "new"
    if way == "program":
        second.focus_set()
    else:
        press(first, way)
    settle(first, lambda: first.focus_get() is second)
    assert typed(second, "other") == "other"
    assert not first.selection_present()
    focus(first)
    assert typed(first, "x") == "x", "each time that it is come to"


def test_a_click_says_where_to_type(two: tuple[ttk.Entry, ttk.Entry]):
    first, second = two
    focus(first)
    click(second)
    settle(first, lambda: first.focus_get() is second)
    assert not second.selection_present()
    assert typed(second, "s") == "seconds"
    focus(first)
    second.focus_set()
    settle(first, lambda: first.focus_get() is second)
    assert selected(second) == "seconds", "not for ever"


def test_what_is_half_typed_stays_behind_a_menu_and_a_dialog(
    program: Program, two: tuple[ttk.Entry, ttk.Entry]
):
    first, _ = two
    focus(first)
    typed(first, "half")
    menu = context_menu(first)
    menu.tk_popup(5, 5)
    menu.unpost()
    box = tk.Toplevel(first)
    settle(box, box.winfo_viewable)
    focus(box)
    box.destroy()
    focus(first)
    assert typed(first, "d") == "halfd"


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_begins_so(shop: Program, name: str):
    screen = SCREENS[name][1](shop)
    settle(screen)
    at = screen.focus_get()
    if isinstance(at, ttk.Entry) and can_edit(at):
        assert selected(at) == at.get()


@pytest.mark.parametrize("name", DIALOGS)
def test_every_dialog_begins_so(shop: Program, dialogs: Person, name: str):
    kind, given, named = make(shop, name)

    def look(dialog: Dialog[Any]) -> None:
        settle(dialog, lambda: dialog.focus_get() is not None)
        at = dialog.focus_get()
        if isinstance(at, ttk.Entry) and can_edit(at):
            assert selected(at) == at.get()
        dialog.cancel()

    dialogs.answers.append(look)
    dialogs.show(kind, *given, **named)


def test_the_password_at_fault_is_typed_anew(shop: Program):
    trouble = LoginTrouble(
        "受信サーバにログインできません",
        stage=Stage.LOGIN,
        happened="パスワードが違います。",
        cure="「メールの設定」のパスワードを確かめてください。",
    )
    shop.go.mend_mail_settings(trouble)
    screen = shop.window.screen
    assert isinstance(screen, SettingsScreen)
    entry = screen.mail.receive_password.widget
    settle(screen, lambda: screen.focus_get() is entry)
    assert entry.get() == "one"
    assert typed(entry, "Aki2028") == "Aki2028"


def test_a_placeholder_is_followed_by_what_is_typed_next(shop: Program):
    screen = shop.window.open(MailingComposeScreen, shop.workspaces, shop.go)
    focus(screen.subject.widget)
    typed(screen.subject.widget, "to")
    focus(screen.preview)
    screen.insert("★名前★")
    settle(screen, lambda: screen.focus_get() is screen.subject.widget)
    assert typed(screen.subject.widget, "x") == "to★名前★x"


@pytest.mark.parametrize("kind", [MemberFormScreen, MemberEditScreen])
@pytest.mark.parametrize("begun", ["", "vip"])
def test_enter_leaves_the_notes_as_every_field_and_shift_makes_a_line(
    shop: Program, kind: type[Any], begun: str
):
    given = (member(shop),) if kind is MemberEditScreen else ()
    screen = shop.window.open(kind, shop.workspaces, shop.go, *given)
    fields = screen.fields
    fields.enable(True)
    fields.note.value = begun
    for key in ("Return", "KP_Enter"):
        focus(fields.note.widget)
        press(screen, key)
        settle(screen, lambda: screen.focus_get() is fields.consent.widget)
        assert fields.note.value == begun
    focus(fields.note.widget)
    fields.note.widget.mark_set("insert", "end-1c")
    press(screen, "Shift-Return")
    assert fields.note.value == f"{begun}\n"
    assert screen.focus_get() is fields.note.widget


def test_enter_leaves_the_address_of_the_shop_too(shop: Program):
    screen = SCREENS["ID"][1](shop)
    assert isinstance(screen, SettingsScreen)
    assert isinstance(screen.page, IdPage)
    address, before = screen.shop.fields["shop", "address"], "東京都新宿区西新宿1-2-3"
    focus(address.widget)
    press(screen, "Return")
    settle(screen, lambda: screen.focus_get() is screen.shop.fields["shop", "phone"].widget)
    assert address.value == before
