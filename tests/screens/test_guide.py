"""The menu says what to do next, and every screen what runs."""

from __future__ import annotations

import tkinter as tk
from contextlib import closing
from dataclasses import replace

import pytest

from kollect.app.first_steps import FirstStep
from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.ledger.ledger import Ledger
from kollect.settings.model import Collect, Passwords
from kollect.ui.collecting.screen import CollectingScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.main import Program
from kollect.ui.menu import READY, MenuScreen, not_running
from kollect.ui.own_phone_dialog import WAITING, OwnPhoneDialog
from kollect.ui.papers.screen import PapersScreen
from kollect.ui.settings.mail_test_page import SUCCEEDED
from kollect.ui.settings.mail_test_page import Test as MailTest
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import can_press_key
from tests.helpers.member_samples import numbers
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    settle_jobs,
    shown_text,
    type_letters_on,
)
from tests.screens.every import fill


def steps_of(program: Program) -> dict[FirstStep, str]:
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    settle(menu, menu.steps.winfo_ismapped)
    return {step: shown_text(button) for step, button in menu.steps.buttons.items()}


def read(widget: tk.Misc) -> str:
    return "\n".join(shown_text(one) for one in all_inside(widget))


def strip_of(program: Program) -> str:
    return "　".join(shown_text(one) for one in all_inside(program.window.strip))


def test_the_first_step_is_next(program: Program):
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    assert steps_of(program)[FirstStep.MAIL] == "① メールの設定 ▶"
    click(menu.steps.buttons[FirstStep.MAIL])
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    assert screen.notebook.select() == str(screen.mail)


@pytest.mark.real
def test_step_by_step_until_the_shop_runs(program: Program, server: DemoServer):
    workspace = program.workspaces.real
    workspace.save(demo_settings(server), Passwords(server.password, server.password))
    press(program.window.root, "7")
    assert isinstance(program.window.screen, PapersScreen)
    workspace.papers_made()
    workspace.protect_later()
    for test in ("send", "receive"):
        workspace.test_mail(
            test, workspace.settings(), workspace.passwords(), lambda step: None, lambda: False
        )
    press(program.window.root, "Escape")
    settle(
        program.window.root,
        lambda: (
            steps_of(program)[FirstStep.PAPERS].endswith("✓")
            and steps_of(program)[FirstStep.MAIL].endswith("✓")
        ),
    )
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    press(menu, "1")
    settle(menu, lambda: "待機中" in strip_of(program) and "次の受信" in strip_of(program))
    press(program.window.root, "Escape")
    settle(menu, lambda: steps_of(program)[FirstStep.COLLECT].endswith("✓"))
    assert steps_of(program)[FirstStep.TRY].endswith("▶")


def test_a_shop_with_customers_has_no_checklist(program: Program):
    fill(program)
    with closing(Ledger(program.workspaces.real.folder.database)) as ledger:
        assert ledger.get_metadata("papers") == ""
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    menu.on_show()
    settle(menu, lambda: not menu.steps.winfo_ismapped())


@pytest.mark.real
def test_a_shop_that_collects_nothing_is_told_so(program: Program, server: DemoServer):
    workspace = program.workspaces.real
    settings = demo_settings(server)
    workspace.save(settings, Passwords(server.password, server.password))
    numbers(workspace.folder.database, "kyaku@docomo.ne.jp")
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    menu.on_show()
    settle(menu, menu.notice.winfo_ismapped)
    said = "".join(shown_text(one) for one in all_inside(menu.notice)).replace("\n", "")
    for words in (
        "いまは、メールを集めていません",
        "「メール収集の起動」",
        "「Windowsログイン時の起動」",
    ):
        assert words in said
    assert "メールを集めていません" in strip_of(program)
    by_itself = replace(settings, collect=replace(settings.collect, start_at_login=True))
    workspace.save(by_itself, Passwords(server.password, server.password))
    assert "Windows" not in not_running(workspace), "it is set already"
    program.go.begin_collecting()
    press(program.window.root, "Escape")
    settle(menu, lambda: menu.winfo_ismapped() and not menu.notice.winfo_ismapped())


@pytest.mark.real
def test_the_end_of_the_first_steps_is_said(program: Program, server: DemoServer):
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    settle(menu, menu.steps.winfo_ismapped)
    workspace = program.workspaces.real
    workspace.save(demo_settings(server), Passwords(server.password, server.password))
    program.go.begin_collecting()
    settle(program.window.root, lambda: program.go.tray.status.last is not None)
    numbers(workspace.folder.database, "kyaku@docomo.ne.jp")
    press(program.window.root, "Escape")
    settle(menu, lambda: not menu.steps.winfo_manager())
    assert program.window.status_text == READY


def test_a_mailing_that_waits_is_told_on_every_screen(program: Program):
    fill(program)
    press(program.window.root, "2")
    settle(program.window.root, lambda: "発信 一時停止中 0/2" in strip_of(program))
    click(labelled(program.window.strip, "発信 一時停止中 0/2"))
    assert isinstance(program.window.screen, MailingProgressScreen)


@pytest.mark.real
def test_a_wrong_password_is_mended_where_it_stands_and_tried_at_once(
    program: Program, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    with DemoServer() as server:
        monkeypatch.setenv("KOLLECT_RECEIVE_PASSWORD", "wrong")
        monkeypatch.setenv("KOLLECT_SEND_PASSWORD", server.password)
        settings = demo_settings(server)
        program.workspaces.real.save(settings, Passwords("wrong", server.password))
        program.go.begin_collecting()
        screen = program.window.screen
        assert isinstance(screen, CollectingScreen)
        settle(screen, screen.trouble.winfo_ismapped)
        click(screen.trouble.mend)
        mending = program.window.screen
        assert isinstance(mending, SettingsScreen)
        password = mending.mail.receive_password.widget
        settle(mending, lambda: mending.focus_get() is password)
        trouble = program.go.tray.status.trouble
        assert trouble is not None
        type_letters_on(password, "typed")
        assert mending.mail.receive_password.value == "typed", "not behind the old one"
        press(mending, "F12")
        said = f"設定は保存しましたが、まだ直っていません（{trouble.title}）。"
        settle(mending, lambda: program.window.status_text == said)
        monkeypatch.setenv("KOLLECT_RECEIVE_PASSWORD", server.password)
        press(mending, "F12")
        settle(
            mending, lambda: program.window.status_text == "設定を保存しました。受信できました。"
        )
        assert program.go.tray.status.trouble is None


def test_enter_does_what_is_next(program: Program):
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    following = menu.steps.buttons[FirstStep.MAIL]
    settle(menu, lambda: menu.focus_get() is following)
    press(menu, "Right", "Left", "Left")
    assert menu.focus_get() is menu.steps.buttons[FirstStep.TRY]
    press(menu, "Down")
    assert menu.focus_get() is menu.buttons[0]
    menu.on_show()
    settle(menu, lambda: menu.focus_get() is following)
    press(menu, "Return")
    assert isinstance(program.window.screen, SettingsScreen)
    assert program.window.screen.page is program.window.screen.mail


def test_who_has_gone_elsewhere_meanwhile_stays_there(program: Program):
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    steps_of(program)
    menu.on_show()
    press(menu, "Down")
    settle_jobs(menu)
    assert menu.focus_get() is menu.buttons[1]


@pytest.mark.real
def test_enter_begins_the_test_and_the_phone_is_answered_soon(
    program: Program, dialogs: Person, server: DemoServer
):
    workspace = program.workspaces.real
    settings = replace(demo_settings(server), collect=Collect(interval_seconds=3600))
    workspace.save(settings, Passwords(server.password, server.password))
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    menu.on_show()
    settle_jobs(menu)
    press(menu, "Return")
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen) and screen.page is screen.test
    settle(screen, lambda: can_press_key(screen.window))
    settle(screen, lambda: screen.focus_get() is screen.test.buttons[MailTest.ALL])
    press(screen, "Return")
    settle(screen, lambda: SUCCEEDED in read(screen.test))
    press(screen, "Escape")
    program.go.begin_collecting()
    status = program.go.tray.status
    settle(program.window.root, lambda: status.last is not None)
    first = status.last
    press(program.window.root, "Escape")
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    customer = Customer(server, "tencho@docomo.ne.jp", "店長")

    def watch_it_come(dialog: OwnPhoneDialog) -> None:
        settle(dialog, lambda: status.last is not first)  # at once, not in an hour
        settle(dialog, lambda: "次の受信まで あと" in shown_text(dialog.next_label))
        assert shown_text(dialog.state_label) == WAITING
        assert server.shop_address in read(dialog)
        customer.send_blank()
        settle(dialog, lambda: "✓" in shown_text(dialog.state_label))
        assert customer.address in shown_text(dialog.state_label)
        assert "準備は終わり" in shown_text(dialog.next_label)
        focused = dialog.focus_get()
        assert focused is dialog.main_button and shown_text(focused) == "閉じる"
        dialog.cancel()

    dialogs.answers.append(watch_it_come)
    settle_jobs(menu)
    menu.steps.buttons[FirstStep.TRY].invoke()
    assert status.last is not None and status.last.next_at is not None
    assert (status.last.next_at - status.last.at).total_seconds() <= 15
