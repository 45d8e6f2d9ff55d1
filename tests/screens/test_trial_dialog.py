"""「自分の携帯・Gmailで試す」 as its user has it: sent, answered, refused, pasted."""

from __future__ import annotations

import threading
import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from tkinter import ttk

import pytest

from kollect.app import arrival_trial
from kollect.app.first_steps import FirstStep
from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.diagnosis.examination import OTHER_SERVER
from kollect.diagnosis.trial_advice import TrialWord
from kollect.settings.model import Auth, Passwords, Settings, TextSize
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.own_phone_dialog import NO_REPLY
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.settings.trial_dialog import MOST_PASTED, TrialDialog
from tests.helpers.bar_driver import can_press_key
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    shown_text,
    type_in,
)
from tests.unit.test_authentication_results import GMAIL, GMAIL_FAILED, SENT

pytestmark = pytest.mark.real

BUTTON = "自分の携帯・Gmailで試す"
OWNER = "tencho..7@docomo.ne.jp"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_EVERY", "ASK_EVERY", "POLL_EVERY"):
        monkeypatch.setattr(arrival_trial, name, 0.2)


@pytest.fixture
def screen(program: Program, server: DemoServer) -> SettingsScreen:
    program.workspaces.real.save(demo_settings(server), Passwords(server.password, server.password))
    press(program.window.root, "4")
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    settle(screen, lambda: can_press_key(screen.window))
    screen.select(MailTestPage)
    screen.update()
    return screen


def texts(widget: tk.Misc) -> list[str]:
    """All that can be read just now."""
    return [shown_text(w) for w in all_inside(widget) if shown_text(w) and w.winfo_ismapped()]


def read(widget: tk.Misc) -> str:
    return "\n".join(texts(widget))


def try_out(screen: SettingsScreen, dialogs: Person, act: Callable[[TrialDialog], None]) -> None:
    done: list[bool] = []

    def acts(dialog: TrialDialog) -> None:
        act(dialog)
        done.append(True)
        if dialog.winfo_exists():
            dialog.cancel()

    dialogs.answers.append(acts)
    click(labelled(screen.test, BUTTON))
    assert done


def send(dialog: TrialDialog, to: str = OWNER) -> None:
    type_in(dialog.to.widget, to)
    click(dialog.send_button)
    settle(dialog, lambda: dialog.is_sent)


def paste(dialog: TrialDialog, text: str) -> str:
    dialog.clipboard_clear()
    dialog.clipboard_append(text)
    click(dialog.source_text)
    dialog.source_text.event_generate("<<Paste>>")
    dialog.update()
    return read(dialog)


def test_each_word_leads_to_the_steps_for_that_carrier(
    screen: SettingsScreen, dialogs: Person, server: DemoServer
):
    def act(dialog: TrialDialog) -> None:
        type_in(dialog.to.widget, OWNER)
        assert "docomoのアドレスです。" in texts(dialog)
        send(dialog)
        assert len(server.mailbox(OWNER).mails) == 1
        click(dialog.word_buttons[TrialWord.ARRIVED])
        shown = read(dialog)
        assert "docomoに届いています" in shown and "黄色い警告" in shown
        click(dialog.word_buttons[TrialWord.IN_JUNK])
        shown = read(dialog)
        assert "迷惑メールとみなしました" in shown and "届いています" not in shown
        assert "受信リスト設定" in shown and "「shop.example」を登録" in shown
        click(dialog.word_buttons[TrialWord.NOT_THERE])
        shown = read(dialog)
        assert "届いていません" in shown and "Gmailのアドレスにも" in shown
        assert not dialog.source_text.winfo_ismapped(), "of what is not there is no source"
        send(dialog, "tencho@gmail.com")
        assert "届いていません" not in read(dialog), "that was of the one before"
        click(dialog.word_buttons[TrialWord.NOT_THERE])
        assert "Gmailのアドレスにも" not in read(dialog)

    try_out(screen, dialogs, act)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "メールアドレスを入力"),
        ("09012345678", "メールアドレスを入力"),
        ("tencho@", "メールアドレスを入力"),
        ("own", "お店のアドレスです"),
    ],
)
def test_what_is_no_address_of_the_owner_is_said_at_the_field(
    screen: SettingsScreen, dialogs: Person, server: DemoServer, typed: str, words: str
):
    def act(dialog: TrialDialog) -> None:
        type_in(dialog.to.widget, server.shop_address if typed == "own" else typed)
        click(dialog.send_button)
        assert words in dialog.to.error
        assert dialog.focus_get() is dialog.to.widget
        assert not dialog.is_sent
        type_in(dialog.to.widget, "Ｔｅｎｃｈｏ＠ｇｍａｉｌ．ｃｏｍ　")
        click(dialog.send_button)
        settle(dialog, lambda: dialog.is_sent)
        assert len(server.mailbox("Tencho@gmail.com").mails) == 1, "as a Japanese keyboard types"

    try_out(screen, dialogs, act)


def answer(server: DemoServer, to: str) -> None:
    customer = Customer(server, to, "店長")
    [sent] = customer.read()
    customer.send(f"Re: {sent.subject}", "届きました")


@pytest.mark.parametrize("collecting", [True, False])
def test_the_answer_is_told_as_soon_as_it_is_back_and_gets_no_number(
    program: Program,
    screen: SettingsScreen,
    dialogs: Person,
    server: DemoServer,
    collecting: bool,
):
    if collecting:
        program.workspaces.real.start_collecting()

    def act(dialog: TrialDialog) -> None:
        send(dialog)
        answer(server, OWNER)
        settle(dialog, lambda: "返信が戻ってきました" in read(dialog))
        assert "docomoに届いています" in read(dialog)

    try_out(screen, dialogs, act)
    assert program.workspaces.real.count(datetime.now().astimezone()) == (0, 0)
    click(labelled(screen.test, "テスト後処理"))
    settle(screen, lambda: not screen.test.running)
    assert "1通" in read(screen.test)
    assert list(server.mailbox(server.shop_address).mails) == []


@pytest.mark.parametrize("verb", ["RCPT", "DOT"])
def test_a_refusal_at_once_is_told_with_its_meaning(
    screen: SettingsScreen, dialogs: Person, verb: str
):
    with ScriptedSmtp() as smtp:
        smtp.script.chunking = False
        smtp.script.fault = lambda at: "550 Unknown user x" if at.verb == verb else None
        screen.mail.send_port.value, screen.mail.fields["send", "auth"].value = (
            smtp.port,
            Auth.NO,
        )

        def act(dialog: TrialDialog) -> None:
            send(dialog)
            shown = read(dialog)
            assert "docomo: 宛先がないか、受信拒否の設定です。（550 Unknown user x）" in shown
            assert "受信リスト設定" in shown and "届きましたか" not in shown

        try_out(screen, dialogs, act)


def test_trouble_with_the_server_is_said_and_can_be_tried_again(
    screen: SettingsScreen, dialogs: Person, server: DemoServer
):
    right = screen.mail.send_port.value
    screen.mail.send_port.value = 1

    def act(dialog: TrialDialog) -> None:
        type_in(dialog.to.widget, OWNER)
        click(dialog.send_button)
        settle(dialog, lambda: "ポート番号" in read(dialog))
        assert str(dialog.send_button["state"]) == "normal"
        assert not dialog.is_sent

    try_out(screen, dialogs, act)
    screen.mail.send_port.value = right
    try_out(screen, dialogs, send)


def test_a_mailbox_that_cannot_be_read_leaves_the_words(screen: SettingsScreen, dialogs: Person):
    screen.mail.receive_password.value = "not-this-one"

    def act(dialog: TrialDialog) -> None:
        send(dialog)
        settle(dialog, lambda: "返信は確かめられません" in read(dialog))
        click(dialog.word_buttons[TrialWord.ARRIVED])
        assert "届いています" in read(dialog)

    try_out(screen, dialogs, act)


def test_the_source_is_read_as_soon_as_it_is_pasted(
    screen: SettingsScreen, dialogs: Person, server: DemoServer
):
    shop = server.shop_address

    def ours(text: str) -> str:
        return text.replace("touroku@shop.example", shop)

    def act(dialog: TrialDialog) -> None:
        send(dialog, "tencho@gmail.com")
        click(dialog.word_buttons[TrialWord.ARRIVED])
        assert "メッセージのソースを表示" in read(dialog)
        shown = paste(dialog, ours(GMAIL_FAILED + SENT))
        assert "送信サーバの届け出（SPF）" in shown and shown.count("✗") >= 2
        shown = paste(dialog, ours(GMAIL + SENT))
        assert "署名がついていて、正しいものです。" in shown
        assert "届け出に入っていません" not in shown, "that was of the one before"
        assert "ホームページ" in paste(dialog, "<!DOCTYPE html><html><body>Gmail</body></html>")
        assert "ソースではない" in paste(dialog, "よろしくお願いします")
        assert "上のほうが足りません" in paste(dialog, ours(SENT[SENT.index("From:") :]))
        assert "からのメールです" in paste(dialog, GMAIL + SENT.replace(SHOP, "x@other.example"))
        heart = Heartbeat(dialog)
        whole = ours(GMAIL + SENT) + "\n" + ("x" * 75 + "\n") * 140_000
        assert len(whole) > 10_000_000
        assert heart.during(lambda: paste(dialog, whole)) < 3 * LONGEST_SILENCE
        assert "始めのほうだけ" in read(dialog) and "正しいものです" in read(dialog)
        assert len(dialog.source_text.get("1.0", "end-1c")) == MOST_PASTED
        dialog.clipboard_clear()
        dialog.source_text.event_generate("<<Paste>>")
        dialog.update()
        assert "コピーされた文字がありません" in read(dialog)
        dialog.source_text.insert("1.0", ours(GMAIL + SENT))
        click(dialog.read_button)
        assert "正しいものです" in read(dialog)

    try_out(screen, dialogs, act)


SHOP = "touroku@shop.example"


def test_the_diagnosis_follows_where_it_is_asked_for(
    screen: SettingsScreen, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(OTHER_SERVER, "127.0.0.1:9")

    def act(dialog: TrialDialog) -> None:
        send(dialog)
        click(dialog.word_buttons[TrialWord.NOT_THERE])
        click(labelled(dialog, "届くかどうかの診断"))

    try_out(screen, dialogs, act)
    settle(screen, lambda: not screen.test.running)
    assert "差出人のアドレスと送信サーバ" in read(screen.test)


def test_it_ends_with_its_window(screen: SettingsScreen, dialogs: Person):
    def waiting() -> bool:
        return any(one.name == "screen job" for one in threading.enumerate())

    def act(dialog: TrialDialog) -> None:
        send(dialog)
        assert waiting()
        press(dialog, "Escape")
        assert not dialog.winfo_exists()

    try_out(screen, dialogs, act)
    settle(screen, lambda: not waiting())


@pytest.mark.parametrize("size", [TextSize.NORMAL, TextSize.HUGE])
def test_the_keyboard_comes_to_everything_and_nothing_is_cut_off(
    program: Program, screen: SettingsScreen, dialogs: Person, size: TextSize
):
    program.window.set_text_size(size)

    def act(dialog: TrialDialog) -> None:
        type_in(dialog.to.widget, OWNER)
        press(dialog, "Return")
        settle(dialog, lambda: dialog.is_sent)
        assert dialog.focus_get() is dialog.word_buttons[TrialWord.ARRIVED]
        press(dialog, "Tab", "space")
        assert "迷惑メールとみなしました" in read(dialog)
        here: tk.Misc = dialog.to.widget
        reached = [here]
        while (here := here.tk_focusNext()) is not dialog.to.widget:
            reached.append(here)
            assert len(reached) < 20
        buttons = [
            w for w in all_inside(dialog) if isinstance(w, ttk.Button) and w.winfo_ismapped()
        ]
        assert {*buttons, dialog.source_text} <= {*reached}
        assert dialog.winfo_rooty() + dialog.winfo_height() <= dialog.winfo_screenheight()
        for label in (w for w in all_inside(dialog) if isinstance(w, ttk.Label)):
            if label.winfo_ismapped():
                assert label.winfo_reqwidth() <= label.winfo_width() + 1, shown_text(label)

    try_out(screen, dialogs, act)


def test_it_waits_for_the_end_of_the_demo(program: Program, screen: SettingsScreen):
    def to_demo() -> None:
        program.go.demo.begin()

    screen.window.leave(to_demo, "進む")
    settle(
        screen.window.root,
        lambda: program.workspaces.current.in_demo and not program.go.demo.changing,
    )
    demo = program.window.open(SettingsScreen, program.workspaces, program.go, MailTestPage)
    settle(demo, lambda: can_press_key(demo.window))
    click(labelled(demo.test, BUTTON))
    assert "デモを終えてから" in read(demo.test)


def settings_of(server: DemoServer) -> Settings:
    settings = demo_settings(server)
    return replace(settings, shop=replace(settings.shop, id="S1"))


def test_the_checklist_offers_both(
    program: Program,
    dialogs: Person,
    server: DemoServer,
):
    """「自分の携帯で試す」 is a real blank mail; where no reply comes, this is one click away."""
    program.workspaces.real.save(settings_of(server), Passwords(server.password, server.password))
    program.workspaces.real.start_collecting()
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    menu.on_show()

    def act(dialog: TrialDialog) -> None:
        send(dialog)
        assert len(server.mailbox(OWNER).mails) == 1, "with the password that this PC knows"
        dialog.cancel()

    dialogs.answers += [lambda dialog: click(labelled(dialog, NO_REPLY)), act]
    menu.steps.buttons[FirstStep.TRY].invoke()
    assert dialogs.asked[-1][0] == BUTTON
