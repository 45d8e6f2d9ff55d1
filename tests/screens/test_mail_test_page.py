"""「メールの設定のテスト」 on real servers: ✓ and ✗, cause and cure, a certificate pinned."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from typing import Any

import pytest

from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.errors import Certificate, Stage
from kollect.net.server_memory import memory_of
from kollect.settings import ini_file
from kollect.settings.model import Passwords, Protocol, Security
from kollect.ui.main import Program
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage, certificate_text
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.widgets.fields import Field
from tests.helpers.bar_driver import can_press_key
from tests.helpers.dovecot import Dovecot
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    shown_text,
    threads_of,
    type_in,
)

pytestmark = pytest.mark.real


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


@pytest.fixture
def screen(program: Program, server: DemoServer) -> SettingsScreen:
    """緒言設定 with the demo server's settings saved, on the tab of the test."""
    program.workspaces.real.save(
        demo_settings(server), Passwords(receive=server.password, send=server.password)
    )
    press(program.window.root, "4")
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    settle(screen, lambda: can_press_key(screen.window))
    screen.select(MailTestPage)
    screen.update()
    return screen


def texts(widget: tk.Misc) -> list[str]:
    return [shown_text(w) for w in all_inside(widget) if shown_text(w)]


def change(screen: SettingsScreen, field: Field[Any], text: str) -> None:
    """Type something else on the tab of the mail settings, and come back."""
    screen.select(MailPage)
    screen.update()
    type_in(field.widget, text)
    screen.select(MailTestPage)
    screen.update()


def run(screen: SettingsScreen, label: str) -> list[str]:
    """Press a button of the tab and wait for the end of its test; what can be read then."""
    click(labelled(screen.test, label))
    return ended(screen)


def ended(screen: SettingsScreen) -> list[str]:
    settle(screen, lambda: not screen.test.running)
    return texts(screen.test)


def test_all_three_in_a_row_and_nothing_is_left(
    program: Program, screen: SettingsScreen, server: DemoServer
):
    Customer(server, "taro@docomo.example", "太郎").send_blank()
    shown = run(screen, "まとめてテスト")
    assert "テストは成功しました。" in shown
    headings = [text for text in shown if text[:2] in ("1 ", "2 ", "3 ")]
    assert headings[-3:] == ["1 送信のテスト", "2 受信のテスト", "3 テスト後処理"]
    assert "テストメールが届いています。" in shown
    assert any("取り除きました" in text for text in shown)
    assert len(server.mailbox(server.shop_address).mails) == 1, "the customer's mail is there"
    assert program.workspaces.current.progress().tested, "the checklist knows it"


def test_a_mail_that_was_not_sent_is_not_waited_for(screen: SettingsScreen, server: DemoServer):
    change(screen, screen.mail.send_password, "wrong")
    shown = run(screen, "まとめてテスト")
    assert "1 送信のテスト" in shown and "3 テスト後処理" in shown
    assert "2 受信のテスト" not in shown
    assert shown.count("✗") == 1, "receiving would do, the clean-up shows it"


def test_a_login_that_is_refused_is_refused_once(screen: SettingsScreen, server: DemoServer):
    screen.mail.show_passwords(Passwords(receive="wrong", send=server.password))
    shown = run(screen, "まとめてテスト")
    assert "2 受信のテスト" in shown
    assert "3 テスト後処理" not in shown
    assert shown.count("✗") == 1


@pytest.mark.parametrize("size", ["1366x697", "1024x524"])
def test_the_buttons_stay_and_only_the_results_scroll(screen: SettingsScreen, size: str):
    root = screen.window.root
    root.geometry(f"{size}+0+0")
    settle(root, lambda: root.winfo_width() == int(size[:4]))
    places = {label: labelled(screen.test, label).winfo_rooty() for label in LABELS}
    run(screen, "まとめてテスト")
    settle(root)
    screen.test.scrolled.scroll(100)
    settle(root)
    assert places == {label: labelled(screen.test, label).winfo_rooty() for label in LABELS}
    for label in (*LABELS, "中止"):
        button = labelled(screen.test, label)
        assert button.winfo_ismapped()
        assert button.winfo_rooty() > screen.test.winfo_rooty()


def test_what_went_wrong_is_in_sight_at_the_end(screen: SettingsScreen):
    root = screen.window.root
    root.geometry("1024x524+0+0")
    change(screen, screen.mail.send_password, "wrong")
    run(screen, "まとめてテスト")
    cross = labelled(screen.test, "✗")
    page = screen.test.scrolled
    settle(root, lambda: page.winfo_rooty() <= cross.winfo_rooty())
    settle(root, lambda: cross.winfo_rooty() < page.winfo_rooty() + page.winfo_height())


def test_tab_comes_to_the_buttons_before_the_results(screen: SettingsScreen):
    here: tk.Misc = screen.notebook
    reached = []
    for _ in range(len(LABELS)):
        here = here.tk_focusNext()
        reached.append(shown_text(here))
    assert reached == list(LABELS)


LABELS = (
    *("まとめてテスト", "送信のテスト", "受信のテスト", "テスト後処理", "届くかどうかの診断"),
    "自分の携帯・Gmailで試す",
)


def test_send_receive_and_clean_up_and_nothing_else_is_touched(
    screen: SettingsScreen, server: DemoServer
):
    Customer(server, "taro@docomo.example", "太郎").send_blank()
    shown = run(screen, "送信のテスト")
    assert "テストは成功しました。" in shown
    assert "✗" not in shown
    assert {Stage.LOOKUP, Stage.CONNECT, Stage.LOGIN, Stage.SEND} <= set(shown)
    assert shown.count("✓") == sum(text.endswith(" 秒") for text in shown) >= 4
    shown = run(screen, "受信のテスト")
    assert "テストメールが届いています。" in shown
    assert {Stage.MAILBOX, Stage.RECEIVE} <= set(shown)
    shown = run(screen, "テスト後処理")
    assert shown.count("テストメールとその返信を1通、サーバから取り除きました。") == 2, (
        "its step, and the end"
    )
    assert "テストは成功しました。" not in shown
    assert "サーバに、テストメールはありません。" in run(screen, "テスト後処理")
    assert len(server.mailbox(server.shop_address).mails) == 1, "the customer's mail is there"


def test_values_that_are_not_saved_are_the_ones_tried(
    program: Program, screen: SettingsScreen, server: DemoServer
):
    before = ini_file.load(program.workspaces.current.folder.path / "kollect.ini")
    change(screen, screen.mail.receive_password, "wrong")
    shown = run(screen, "受信のテスト")
    assert shown[shown.index("✗") + 1] == Stage.LOGIN
    assert any("パスワードを入力し直して" in text for text in shown)
    assert "詳細" in shown
    assert ini_file.load(program.workspaces.current.folder.path / "kollect.ini") == before


def test_the_detail_of_a_failure_unfolds_in_place(screen: SettingsScreen, dialogs: Person):
    change(screen, screen.mail.receive_password, "wrong-password-17")
    run(screen, "受信のテスト")
    click(labelled(screen.test, "詳細"))
    detail = [one for one in all_inside(screen.test) if isinstance(one, tk.Text)]
    assert detail[0].get("1.0", "end-1c").strip()
    assert "wrong-password-17" not in detail[0].get("1.0", "end")
    assert not dialogs.troubles
    click(labelled(screen.test, "詳細"))
    assert not detail[0].winfo_exists()


def test_a_closed_port_is_told_with_what_to_do(screen: SettingsScreen):
    change(screen, screen.mail.send_port, "1")
    shown = run(screen, "送信のテスト")
    assert shown[shown.index("✗") + 1] == Stage.CONNECT
    assert any("ポート番号" in text for text in shown)


def test_waiting_for_mail_can_be_stopped_and_freezes_nothing(screen: SettingsScreen):
    heart = Heartbeat(screen)

    def work() -> None:
        click(labelled(screen.test, "受信のテスト"))
        settle(screen, lambda: "✓" in texts(screen.test))
        settle(screen, lambda: heart.beats > 20)
        assert screen.test.running, "no test mail was sent: it is waiting"
        click(screen.test.stop_button)
        settle(screen, lambda: not screen.test.running)

    assert heart.during(work) < LONGEST_SILENCE
    assert "テストを中止しました。" in texts(screen.test)


def test_going_back_stops_a_test_that_is_under_way(screen: SettingsScreen):
    click(labelled(screen.test, "受信のテスト"))
    assert threads_of("screen job")
    press(screen, "Escape")
    settle(screen.window.root, lambda: not threads_of("screen job"), seconds=5)


def test_an_untrusted_certificate_is_shown_and_can_be_pinned(
    program: Program, screen: SettingsScreen, dialogs: Person, dovecot: Dovecot
):
    dovecot.empty("shop")
    dovecot.deliver("shop", b"From: taro@example.com\r\nSubject: hello\r\n\r\nhello\r\n")
    mail = screen.mail
    mail.protocol.value, mail.security.value = Protocol.POP3, Security.SSL
    mail.receive_host.value, mail.receive_port.value = dovecot.host, dovecot.pop3s
    mail.receive_account.value = "shop"
    mail.receive_password.value = dovecot.password
    shown = run(screen, "テスト後処理")
    assert shown[shown.index("✗") + 1] == Stage.CERTIFICATE
    assert "この証明書を信頼する" in shown
    (told,) = [text for text in shown if text.startswith("持ち主:")]
    dialogs.answers.append("キャンセル")
    click(labelled(screen.test, "この証明書を信頼する"))
    assert told in dialogs.asked[-1][1], "what is trusted is shown once more"
    assert screen.gather().tls.trusted_fingerprints == ()
    dialogs.answers.append("この証明書を信頼する")
    click(labelled(screen.test, "この証明書を信頼する"))
    assert len(screen.gather().tls.trusted_fingerprints) == 1
    assert screen.has_unsaved_changes()
    shown = ended(screen)
    assert "✗" not in shown
    assert len(dovecot.mails("shop")) == 1, "only our own test mails are removed"
    press(screen, "F12")
    settle(screen, lambda: not screen.is_busy)
    stored = ini_file.load(program.workspaces.current.folder.path / "kollect.ini")
    assert stored.tls.trusted_fingerprints == screen.gather().tls.trusted_fingerprints


def test_a_server_that_no_longer_encrypts_can_be_allowed_to(
    screen: SettingsScreen, dialogs: Person
):
    """「今後は暗号化しない」, behind a question; it counts at once, without F12."""
    send = screen.gather().send
    memory = memory_of("smtp", send.host, send.port)
    memory.has_offered_encryption()
    shown = run(screen, "送信のテスト")
    assert shown[shown.index("✗") + 1] == Stage.ENCRYPT
    assert any("割り込み" in text for text in shown)
    dialogs.answers.append("キャンセル")
    click(labelled(screen.test, "今後は暗号化しない"))
    assert "盗み見" in dialogs.asked[-1][1]
    assert memory.encrypts
    assert "✗" in run(screen, "送信のテスト")
    dialogs.answers.append("今後は暗号化しない")
    click(labelled(screen.test, "今後は暗号化しない"))
    settle(screen, lambda: "求めません" in screen.window.status_text)
    assert "テストは成功しました。" in ended(screen), "what is mended is tried at once"
    assert not screen.has_unsaved_changes()


def test_a_certificate_is_told_so_that_it_can_be_compared():
    text = certificate_text(
        Certificate("ab" * 32, "CN=mail.example.jp", "CN=CA", ("mail.example.jp",), "2027-01-01")
    )
    assert "mail.example.jp" in text
    assert "ABAB ABAB" in text
    assert "2027-01-01" in text
