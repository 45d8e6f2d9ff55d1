"""「設定をさがす」 at the window: two fields typed, real servers found, the page filled in."""

from __future__ import annotations

import itertools
import socket
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from tkinter import ttk

import pytest

from kollect.diagnosis.examination import OTHER_SERVER
from kollect.settings import ini_file
from kollect.settings.model import Auth, Protocol, Security, Tls
from kollect.ui.main import Program
from kollect.ui.settings.mail_page import LOGGED_IN, MailPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers import named_hosts, nsd
from tests.helpers.bar_driver import can_press_key
from tests.helpers.certificates import Certificates, make_certificates
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.postfix import Postfix, running_postfix
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

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

DOMAIN = "megane.example"
_users = itertools.count(1)
ZONES = {
    DOMAIN: "@ IN A 127.0.0.1",
    "srv.example": "_imaps._tcp IN SRV 0 1 993 imap.megane.example.\n"
    "_submission._tcp IN SRV 0 1 587 mail.srv.example.",
    "many.example": "\n".join(
        f"{kind} IN SRV {number} 1 993 h{number}.megane.example."
        for kind, numbers in (("_imaps._tcp", range(5)), ("_pop3s._tcp", range(5, 10)))
        for number in numbers
    ),
}


class Servers:
    def __init__(self, certificates: Certificates, dovecot: Dovecot, postfix: Postfix) -> None:
        self.ca_file = str(certificates.ca_file)
        self.dovecot, self.postfix = dovecot, postfix

    @contextmanager
    def at(self, *names: str, sending: str = "") -> Iterator[list[tuple[str, int]]]:
        """These names lead to all of the servers, and `sending` to the Postfix alone."""
        ports = {
            993: self.dovecot.imaps,
            995: self.dovecot.pop3s,
            465: self.postfix.wrapped,
            587: self.postfix.plain,
        }
        hosts = {(name, port): there for name in names for port, there in ports.items()}
        hosts |= {(sending, port): ports[port] for port in (465, 587)}
        with named_hosts.leading(hosts) as looked_up:
            yield looked_up


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    names = [name for domain in ZONES for name in (domain, f"*.{domain}")]
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"), *names)
    with ExitStack() as stack:
        dovecot = stack.enter_context(running_dovecot(certificates))
        postfix = stack.enter_context(running_postfix(certificates, dovecot))
        yield Servers(certificates, dovecot, postfix)


@pytest.fixture(scope="module")
def dns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with nsd.serving(tmp_path_factory.mktemp("nsd"), ZONES) as at:
        yield at


@pytest.fixture
def screen(
    program: Program, servers: Servers, dns: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> SettingsScreen:
    """「メールの設定」 of a shop that has nothing yet but whom to believe."""
    monkeypatch.setenv(OTHER_SERVER, f"{dns[0]}:{dns[1]}")
    program.workspaces.real.folder.prepare()
    settings = program.workspaces.real.readable_settings()
    ini_file.save(
        program.workspaces.real.folder.ini, replace(settings, tls=Tls(ca_file=servers.ca_file))
    )
    program.workspaces.real.reload()
    press(program.window.root, "4")
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    settle(screen, lambda: can_press_key(screen.window))
    screen.select(MailPage)
    screen.update()
    return screen


def texts(widget: tk.Misc) -> str:
    return "".join(shown_text(one).replace("\n", "") for one in all_inside(widget))


def search(
    screen: SettingsScreen,
    dialogs: Person,
    work: Callable[[tk.Misc], None],
    *answers: str,
) -> None:
    """Press the button, work with the dialog; `answers` are given to what it asks."""
    dialogs.answers.extend([work, *answers])
    click(labelled(screen.mail, "設定をさがす"))


def address() -> str:
    return f"info{next(_users)}@{DOMAIN}"


def test_from_two_fields_and_enter_to_what_can_be_saved_and_collects(
    program: Program, screen: SettingsScreen, dialogs: Person, servers: Servers
):
    shop = address()

    def work(dialog: tk.Misc) -> None:
        settle(screen, lambda: dialog.focus_get() is dialog.address.widget)
        type_in(dialog.address.widget, shop)
        press(dialog, "Return")
        type_in(dialog.focus_get(), servers.dovecot.password)
        press(dialog, "Return")  # in the last field: the blue button
        settle(screen, lambda: not dialog.winfo_exists())

    with servers.at("mail.megane.example"):
        search(screen, dialogs, work, "調べる")
    page = screen.mail
    assert dialogs.asked[-1][0] == "インターネットで調べます"
    assert page.address.value == shop
    assert (page.receive_host.value, page.receive_port.value) == ("mail.megane.example", 995)
    assert (page.protocol.value, page.security.value) == (Protocol.POP3, Security.SSL)
    assert (page.send_host.value, page.send_port.value) == ("mail.megane.example", 465)
    assert (page.auth.value, page.send_account.value) == (Auth.SSL, shop)
    assert page.passwords().send == page.passwords().receive == servers.dovecot.password
    assert screen.window.status_text == f"{DOMAIN} の設定を入れました（6か所）。{LOGGED_IN}"
    press(screen, "F12")
    settle(screen, lambda: not screen.is_busy)
    stored = ini_file.load(program.workspaces.current.folder.ini)
    assert stored.receive.host == "mail.megane.example"
    assert servers.dovecot.password not in program.workspaces.current.folder.ini.read_text("utf-8")


def test_without_the_word_no_dns_and_no_web_and_it_is_asked_only_once(
    screen: SettingsScreen, dialogs: Person, servers: Servers
):
    shop = address()

    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, shop)
        type_in(dialog.password.widget, "wrong")
        press(dialog, "Return")
        settle(screen, lambda: "断られました" in texts(dialog))
        assert dialog.focus_get() is dialog.password.widget
        type_in(dialog.focus_get(), servers.dovecot.password)
        press(dialog, "Return")
        settle(screen, lambda: not dialog.winfo_exists())

    with servers.at("imap.megane.example", "smtp.megane.example") as looked_up:
        search(screen, dialogs, work, "調べずにさがす")
    assert not [name for name, port in looked_up if port == 443]
    assert screen.mail.receive_host.value == "imap.megane.example"
    assert len([title for title, _ in dialogs.asked if title == "インターネットで調べます"]) == 1


def test_going_back_from_the_question_leaves_everything(
    screen: SettingsScreen, dialogs: Person, servers: Servers
):
    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, address())
        type_in(dialog.password.widget, "x")
        press(dialog, "Return")
        assert not dialog.running
        press(dialog, "Escape")

    with servers.at() as looked_up:
        search(screen, dialogs, work, "戻る")
    assert looked_up == []
    assert screen.mail.address.value == ""


def test_a_server_of_another_name_gets_no_password_unasked(
    screen: SettingsScreen, dialogs: Person, servers: Servers
):
    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, f"info{next(_users)}@srv.example")
        type_in(dialog.password.widget, servers.dovecot.password)
        press(dialog, "Return")
        settle(screen, lambda: "サーバが見つかりませんでした" in texts(dialog))
        press(dialog, "Return")
        settle(screen, lambda: not dialog.winfo_exists())

    with servers.at("imap.megane.example", sending="mail.srv.example"):
        search(screen, dialogs, work, "調べる", "このサーバは使わない", "送って確かめる")
    asked = [text for title, text in dialogs.asked if "パスワードを送りますか" in title]
    assert len(asked) == 2 and "imap.megane.example" in asked[0]
    assert "mail.srv.example" not in asked[0]
    assert screen.mail.receive_host.value == "imap.megane.example"
    assert screen.mail.send_host.value == "mail.srv.example"


def test_nobody_is_agreed_to_unseen(screen: SettingsScreen, dialogs: Person, servers: Servers):
    """A zone with many names: those that do not stand in the question get nothing."""

    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, f"info{next(_users)}@many.example")
        type_in(dialog.password.widget, servers.dovecot.password)
        press(dialog, "Return")
        settle(screen, lambda: "サーバが見つかりませんでした" in texts(dialog))
        press(dialog, "Escape")

    with servers.at(*(f"h{number}.megane.example" for number in (8, 9))) as looked_up:
        search(screen, dialogs, work, "調べる", "送って確かめる")
    asked = next(text for title, text in dialogs.asked if "パスワードを送りますか" in title)
    named = {f"h{number}.megane.example" for number in range(10) if f"h{number}." in asked}
    assert len(named) == 4
    tried = {name for name, _ in looked_up if name.endswith(".megane.example")}
    assert tried == named


def test_nothing_found_leads_to_the_templates(
    screen: SettingsScreen, dialogs: Person, servers: Servers
):
    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, address())
        type_in(dialog.password.widget, "x")
        press(dialog, "Return")
        settle(screen, lambda: "サーバが見つかりませんでした" in texts(dialog))
        assert not labelled(dialog, "サーバの欄だけ入力する").winfo_ismapped()
        click(labelled(dialog, "テンプレートから選ぶ"))

    def choose(dialog: tk.Misc) -> None:
        type_in(dialog.table.search, "ocn")
        click(labelled(dialog, "この内容を入力する"))

    with servers.at():
        search(screen, dialogs, work, "調べる", choose)
    assert screen.mail.receive_host.value == "pop.ocn.ne.jp"


def test_a_providers_address_needs_no_question(screen: SettingsScreen, dialogs: Person):
    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, "shop@gmail.com")
        press(dialog, "F12")
        settle(screen, lambda: not dialog.winfo_exists())

    search(screen, dialogs, work)
    page = screen.mail
    assert page.receive_host.value == "imap.gmail.com"
    assert "アプリ パスワード" in texts(page), "it stays under the password"
    assert "フリーメールはご利用頂けません" in texts(page)
    assert page.focus_get() is page.receive_password.widget
    assert screen.window.status_text == "Gmail の設定を入れました（8か所）。"
    type_in(page.address.widget, "shop@megane.example")
    page.update()
    assert "フリーメール" not in texts(page)


def test_microsoft_is_told_and_not_filled_in(screen: SettingsScreen, dialogs: Person):
    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, "shop@outlook.jp")
        type_in(dialog.password.widget, "x")
        press(dialog, "Return")
        assert "コレクトでは使えません" in texts(dialog)
        press(dialog, "Escape")

    search(screen, dialogs, work)
    assert screen.mail.receive_host.value == ""


@pytest.mark.parametrize(
    ("typed", "password"), [("", ""), ("info", "x"), ("info@megane.example", "")]
)
def test_what_is_missing_is_said_beside_its_field(
    screen: SettingsScreen, dialogs: Person, typed: str, password: str
):
    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, typed)
        type_in(dialog.password.widget, password)
        press(dialog, "F12")
        field = dialog.password if "@" in typed else dialog.address
        assert field.error
        assert dialog.focus_get() is field.widget
        press(dialog, "Escape")

    search(screen, dialogs, work)


def test_silent_servers_freeze_nothing_and_can_be_stopped(
    screen: SettingsScreen, dialogs: Person, servers: Servers
):
    heart = Heartbeat(screen)

    def work(dialog: tk.Misc) -> None:
        type_in(dialog.address.widget, address())
        type_in(dialog.password.widget, "x")
        press(dialog, "Return")
        settle(screen, lambda: heart.beats > 20)
        assert dialog.running
        click(labelled(dialog, "中止"))
        settle(screen, lambda: not dialog.running)
        assert "中止しました。" in texts(dialog)
        press(dialog, "Return")
        settle(screen, lambda: dialog.running)
        press(dialog, "Escape")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        hosts = {(f"{name}.{DOMAIN}", p): port for name in ("imap", "pop", "mail", "smtp")
                 for p in (993, 995, 465, 587)}  # fmt: skip
        with named_hosts.leading(hosts):
            silence = heart.during(lambda: search(screen, dialogs, work, "調べずにさがす"))
    assert silence < LONGEST_SILENCE
    assert screen.mail.address.value == ""


def test_in_the_demo_nothing_is_searched(
    program: Program, screen: SettingsScreen, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(type(program.workspaces.current), "in_demo", True)
    click(labelled(screen.mail, "設定をさがす"))
    assert dialogs.asked[-1][0] == "デモの途中です"
    monkeypatch.undo()


# ---- the page itself ----


def top_of(widget: tk.Misc) -> int:
    return widget.winfo_rooty()


def test_two_columns_from_1366_and_nothing_scrolls(screen: SettingsScreen):
    root, page = screen.window.root, screen.mail
    root.geometry("1366x697+0+0")  # what title bar and taskbar leave of 768
    settle(root, lambda: root.winfo_width() == 1366)
    settle(root, lambda: top_of(page.receive_host.widget) < top_of(page.receive_password.widget))
    settle(
        root, lambda: page.send_host.widget.winfo_rootx() > page.receive_host.widget.winfo_rootx()
    )
    settle(root, lambda: not [
        one for one in page.scrolled.winfo_children()
        if isinstance(one, ttk.Scrollbar) and one.winfo_ismapped()
    ])  # fmt: skip
    forward = page.fields["forward", "address"].widget
    assert forward.winfo_rooty() + forward.winfo_height() < root.winfo_rooty() + 697
    root.geometry("1024x524+0+0")
    settle(root, lambda: top_of(page.send_host.widget) > top_of(page.receive_password.widget))


def test_tab_goes_in_reading_order_in_both(screen: SettingsScreen):
    root, page = screen.window.root, screen.mail
    order = []
    for size in ("1366x697+0+0", "1024x524+0+0"):
        root.geometry(size)
        settle(root)
        here: tk.Misc = page.address.widget
        reached = []
        for _ in range(30):
            here = here.tk_focusNext()
            reached.append(str(here))
        order.append(reached)
        fields = [
            page.receive_host, page.receive_port, page.receive_account, page.receive_password,
            page.send_host, page.send_port, page.send_account, page.send_password,
            page.fields["forward", "address"], page.fields["alert", "address"],
        ]  # fmt: skip
        places = [reached.index(str(field.widget)) for field in fields]
        assert places == sorted(places)
        assert reached[0] == str(labelled(page, "設定をさがす"))
    assert order[0] == order[1]


def test_a_field_that_is_in_sight_moves_nothing(screen: SettingsScreen):
    root, page = screen.window.root, screen.mail
    root.geometry("1024x524+0+0")
    settle(root)
    page.scrolled.scroll(-100)
    settle(root)
    before = top_of(page.reveal_tick)
    for field in (page.address, page.receive_host, page.address):
        field.focus()
        for _ in range(10):
            settle(root)
        assert top_of(page.reveal_tick) == before
    page.fields["forward", "address"].focus()
    settle(root, lambda: top_of(page.reveal_tick) < before)


def test_sending_follows_receiving_until_something_else_is_typed(screen: SettingsScreen):
    page = screen.mail
    type_in(page.receive_account.widget, "kara")
    type_in(page.receive_password.widget, "geheim")
    assert (page.send_account.value, page.send_password.value) == ("kara", "geheim")
    type_in(page.send_account.widget, "other")
    type_in(page.receive_account.widget, "kara2")
    type_in(page.receive_password.widget, "geheim2")
    assert (page.send_account.value, page.send_password.value) == ("other", "geheim2")
