"""Enter alone leads through every screen and dialog, field by field, and never throws input away.

The keys come from outside, through the window manager, as a user's do.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any

import pytest

from kollect.settings.model import Passwords
from kollect.ui.framework import enter_key
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.editing import is_field
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.main import Program
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.menu import FirstStart, FirstStartDialog
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.pin_dialogs import NewPinDialog
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import bar_of, can_press_key, key_button
from tests.helpers.ui_driver import Person, focus, settle, type_in, xdotool
from tests.screens.every import DIALOGS, SCREENS, SHOP, fill, make

_CHOSEN = (ttk.Radiobutton, ttk.Checkbutton)
MOST = 40
"""Presses; no form has so many fields."""


@pytest.fixture
def shop(program: Program) -> Program:
    fill(program)
    return program


def enter(window: tk.Misc, key: str = "Return") -> None:
    """Press it, and let Tk take it in."""
    came: list[object] = []
    window.bind_all("<KeyRelease>", lambda event: came.append(event), add="+")
    xdotool("key", key)
    settle(window, lambda: came)
    window.unbind_all("<KeyRelease>")


def where(window: tk.Misc) -> tk.Misc | None:
    return window.nametowidget(name) if (name := str(window.tk.call("focus"))) else None


def first_stop(inside: tk.Misc) -> tk.Misc | None:
    top = str(inside.winfo_toplevel())
    for path in enter_key.stops_after(inside.tk, str(inside), top):
        if path.startswith(f"{inside}.") and enter_key.is_stop(inside.tk, path):
            return inside.nametowidget(path)
    return None


def values(inside: tk.Misc) -> dict[str, Any]:
    """What stands in every field; a text to be read only is folded anew where there is room."""
    found: dict[str, Any] = {}
    for widget in inside.winfo_children():
        found |= values(widget)
        if isinstance(widget, tk.Text) and widget.cget("state") == "normal":
            found[str(widget)] = widget.get("1.0", "end-1c")
        elif isinstance(widget, ttk.Entry):
            found[str(widget)] = widget.get()
    return found


def walk(inside: tk.Misc, ends: Any) -> list[tk.Misc]:
    """Press Enter until `ends` says that this is the end; in a text, which takes it, Tab."""
    stops: list[tk.Misc] = []
    for _ in range(MOST):
        at = where(inside)
        assert at is not None
        if isinstance(at, ttk.Treeview) or ends(at):
            return [*stops, at]
        assert not isinstance(at, ttk.Button), f"{at} {at.cget('text')}"
        assert at not in stops, f"round in circles at {at}"
        stops.append(at)
        if isinstance(at, tk.Text):
            enter_key.enter(at)  # a user takes Tab, past the buttons
        else:
            enter(inside)
    raise AssertionError(f"no end: {stops}")


@pytest.mark.parametrize("name", SCREENS)
def test_through_a_screen_to_f12(shop: Program, dialogs: Person, name: str):
    screen = SCREENS[name][1](shop)
    root, bar = shop.window.root, bar_of(shop.window)
    start = first_stop(screen)
    if start is None:  # buttons only: the arrows and Enter work them
        return
    focus(start)
    before = values(screen)
    stays: list[tk.Misc] = []

    def ends(at: tk.Misc) -> bool:
        # where there is no F12 that could be pressed, the last field keeps the focus
        stays.append(at)
        return str(at).startswith(f"{bar}.") or stays[-2:-1] == [at]

    if name == "会員登録":
        type_in(screen.number.widget, "1005")  # type: ignore[attr-defined]
        enter(root)
        settle(root, lambda: where(root) is not screen.number.widget)  # type: ignore[attr-defined]
        before = values(screen)
    try:
        stops = walk(screen, ends)
    except AssertionError as failure:
        if "round in circles" not in str(failure) or stays[-1] is not stays[-2]:
            raise
        stops = stays
    assert shop.window.screen is screen
    assert not dialogs.asked
    last = stops[-1]
    if isinstance(last, ttk.Button):
        assert last is key_button(shop.window)
    after = values(screen)
    assert {path: text for path, text in after.items() if text != before.get(path)} == {}


@pytest.mark.parametrize("name", [n for n in DIALOGS if n != FirstStartDialog.__name__])
@pytest.mark.parametrize("key", ["Return", "KP_Enter"])
def test_through_a_dialog_to_its_main_button(shop: Program, dialogs: Person, name: str, key: str):
    kind, given, named = make(shop, name)
    pressed: list[str] = []

    def act(dialog: Dialog[Any]) -> None:
        main = dialog.main_button
        assert main is not None
        assert main.cget("text") not in ("キャンセル", "いいえ"), "the one that does it"
        main.configure(command=lambda: pressed.append(str(main.cget("text"))))
        fields, typed = 0, values(dialog)
        settle(dialog, lambda: where(dialog) not in (None, dialog))
        while not pressed and fields < MOST:
            at = where(dialog)
            if isinstance(at, ttk.Treeview):
                pressed.append("a row is taken")
                break
            assert at is main or is_field(at) or isinstance(at, _CHOSEN), f"{at}"
            fields += 1
            if isinstance(at, ttk.Entry) and not at.get():
                type_in(at, "1234")
                typed = values(dialog)  # of another field too, which may follow this one
            enter(dialog, key)
        assert values(dialog) == typed, "what was typed still stands there"
        dialog.cancel()

    dialogs.answers.append(act)
    dialogs.show(kind, *given, **named)
    assert len(pressed) == 1


def test_the_welcome_takes_the_choice_that_has_the_focus(shop: Program, dialogs: Person):
    """The only dialog without a main button: its choices stand one below the other."""

    def act(dialog: FirstStartDialog) -> None:
        settle(dialog, lambda: isinstance(where(dialog), ttk.Button))
        assert FirstStart.DEMO in str(where(dialog).cget("text"))  # type: ignore[union-attr]
        xdotool("key", "Return")
        settle(shop.window.root, lambda: not dialog.winfo_exists())

    dialogs.answers.append(act)
    assert dialogs.show(FirstStartDialog) is FirstStart.DEMO


def test_the_new_pin_is_set_by_enter_alone(shop: Program, dialogs: Person):
    def act(dialog: NewPinDialog) -> None:
        settle(dialog, lambda: where(dialog) is dialog.pin.widget)
        xdotool("type", "4711")
        settle(dialog, lambda: dialog.pin.value == "4711")
        enter(dialog)
        settle(dialog, lambda: where(dialog) is dialog.again.widget)
        xdotool("type", "4711")
        settle(dialog, lambda: dialog.again.value == "4711")
        xdotool("key", "Return")
        settle(shop.window.root, lambda: not dialog.winfo_exists())

    dialogs.answers.append(act)
    assert dialogs.show(NewPinDialog) == "4711"


def test_mail_settings_go_from_the_receiving_to_the_sending_account(shop: Program):
    screen = shop.window.open(SettingsScreen, shop.workspaces, shop.go, MailPage)
    settle(screen, lambda: can_press_key(screen.window))
    focus(screen.mail.receive_password.widget)
    visited = walk(screen, lambda at: str(at).startswith(f"{bar_of(shop.window)}."))
    there = [screen.mail.send_account.widget, screen.mail.send_password.widget]
    assert [stop for stop in visited if stop in there] == there


def test_the_subject_leads_to_the_text(shop: Program):
    screen = shop.window.open(MailingComposeScreen, shop.workspaces, shop.go)
    focus(screen.subject.widget)
    enter(screen)
    assert where(screen) is screen.body.widget


def test_enter_begins_in_the_first_field_where_nothing_has_the_focus(shop: Program):
    screen = SCREENS["ID"][1](shop)
    root = shop.window.root
    focus(root)
    enter(root)
    assert is_field(where(root))
    assert str(where(root)).startswith(f"{screen}.")


def test_f12_keeps_the_focus_when_the_bar_is_built_anew(shop: Program):
    """Enter on F12 saves; the keys are built anew meanwhile, and the next Enter still finds F12."""
    screen = shop.window.open(MemberFormScreen, shop.workspaces, shop.go)
    bar_of(shop.window).focus_main()
    settle(screen, lambda: where(screen) is key_button(shop.window))
    shop.window.refresh_keys()
    settle(screen, lambda: where(screen) is key_button(shop.window))


def test_a_locked_page_has_no_f12_to_go_to(shop: Program):
    from dataclasses import replace

    from kollect.settings import pin

    locked = replace(SHOP, shop=replace(SHOP.shop, pin=pin.hashed("4711")))
    shop.workspaces.real.save(locked, Passwords("one", "two"))
    screen = SCREENS["制御情報"][1](shop)
    focus(screen.notebook)  # type: ignore[attr-defined]
    enter(screen)
    assert where(screen) is screen.notebook  # type: ignore[attr-defined]
