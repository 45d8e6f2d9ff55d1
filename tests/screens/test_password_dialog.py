"""「パスワードの入力」 on a PC that knows none of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kollect.settings.model import Passwords, Send
from kollect.ui.framework.window import Window
from kollect.ui.settings.password_dialog import PasswordDialog
from tests.helpers.ui_driver import Person, all_inside, press, shown_text, type_in
from tests.screens.every import SHOP

BOTH = ("receive", "send")


def ask(window: Window, dialogs: Person, work, settings=SHOP, *, is_kept: bool = True):
    dialogs.answers.append(work)
    return window.dialogs.show(PasswordDialog, settings, Passwords(), BOTH, is_kept=is_kept)


def test_one_account_has_one_password(window: Window, dialogs: Person):
    def work(dialog: PasswordDialog) -> None:
        type_in(dialog.fields["receive"].widget, "secret")
        press(dialog, "F12")

    assert ask(window, dialogs, work) == Passwords("secret", "secret")


def test_what_was_typed_for_sending_stays(window: Window, dialogs: Person):
    def work(dialog: PasswordDialog) -> None:
        type_in(dialog.fields["receive"].widget, "secret")
        type_in(dialog.fields["send"].widget, "other")
        type_in(dialog.fields["receive"].widget, "secrets")
        press(dialog, "F12")

    assert ask(window, dialogs, work) == Passwords("secrets", "other")


def test_two_accounts_have_two(window: Window, dialogs: Person):
    def work(dialog: PasswordDialog) -> None:
        type_in(dialog.fields["receive"].widget, "secret")
        press(dialog, "F12")
        assert dialog.fields["send"].error
        dialog.cancel()

    two = replace(SHOP, send=Send(host="smtp.example.jp", account="another"))
    assert ask(window, dialogs, work, two) is None


def test_they_can_be_read_while_they_are_typed(window: Window, dialogs: Person):
    def work(dialog: PasswordDialog) -> None:
        entry = dialog.fields["receive"].widget
        assert entry.cget("show")
        dialog.reveal.widget.invoke()
        assert not entry.cget("show")
        dialog.reveal.widget.invoke()
        assert entry.cget("show")
        dialog.cancel()

    ask(window, dialogs, work)


@pytest.mark.parametrize("is_kept", [True, False])
def test_only_what_is_so_is_promised(window: Window, dialogs: Person, is_kept: bool):
    def work(dialog: PasswordDialog) -> None:
        text = "".join(shown_text(one) for one in all_inside(dialog))
        assert ("このパソコンが覚えます" in text) is is_kept
        assert ("起動するたびに" in text) is not is_kept
        dialog.cancel()

    ask(window, dialogs, work, is_kept=is_kept)
