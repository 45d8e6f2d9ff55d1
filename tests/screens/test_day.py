"""A day's story, from the empty program to its end: by keyboard only, then by mouse only.

On a real Dovecot and a real SMTP server. Letters come from the keyboard in both.
"""

from __future__ import annotations

import email
import email.policy
import smtplib
import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk
from typing import Any, Protocol

import pytest

from kollect.settings import ini_file
from kollect.ui.collecting.screen import CollectingScreen
from kollect.ui.log.screen import LogScreen
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.settings.settings_page import SettingsPage
from tests.helpers.bar_driver import can_press_key
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.post_office import PostOffice
from tests.helpers.table_driver import rows
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    shown_text,
    type_letters,
)

pytestmark = pytest.mark.real

SHOP, USER, OWNER = "shop@shop.example", "day", "owner@owner.example"
CUSTOMER = "hanako..yamada.@docomo.ne.jp"


@pytest.fixture
def post(dovecot: Dovecot) -> Iterator[PostOffice]:
    dovecot.empty(USER)
    with PostOffice(dovecot, USER, SHOP) as post:
        yield post


class Hands(Protocol):
    """What a person does with the program."""

    def menu(self, place: int) -> None: ...
    def tab(self, page: SettingsPage) -> None: ...
    def push(self, button: tk.Misc) -> None: ...
    def key(self, name: str, label: str) -> None:
        """A key of the bottom bar."""

    def write(self, entry: tk.Misc, text: str) -> None: ...
    def choose(self, box: ttk.Combobox, place: int) -> None: ...


class Keyboard:
    """The focus goes where Tab and the keys bring it, never by itself."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root

    def menu(self, place: int) -> None:
        press(self._root, str(place))

    def tab(self, page: SettingsPage) -> None:
        notebook = page.master
        for _ in range(10):
            if notebook.select() == str(page):
                return
            press(self._root, "Control-Tab")
        raise AssertionError(f"no way to the tab {page.title}")

    def push(self, button: tk.Misc) -> None:
        self._reach(button)
        press(self._root, "space")

    def key(self, name: str, label: str) -> None:
        press(self._root, name)

    def write(self, entry: tk.Misc, text: str) -> None:
        self._reach(entry)
        press(self._root, "Control-a")
        type_letters(entry, text)

    def choose(self, box: ttk.Combobox, place: int) -> None:
        self._reach(box)
        press(self._root, "Down")
        popped = opened_list(box)
        for _ in range(place - box.current()):
            box.tk.call("event", "generate", popped, "<Down>")
        box.tk.call("event", "generate", popped, "<Return>")
        settle(box, lambda: box.current() == place)

    def _reach(self, widget: tk.Misc) -> None:
        passed = []
        for _ in range(80):
            at = self._root.focus_get()
            if at is widget:
                return
            passed.append(str(at))
            press(self._root, "Tab")
        raise AssertionError(f"Tab does not lead to {widget}: {passed}")


class Mouse:
    """What is out of sight is brought there by the wheel, as far as it goes."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root

    def menu(self, place: int) -> None:
        button = next(
            widget
            for widget in all_inside(self._root)
            if shown_text(widget).startswith(f"{place}　")
        )
        self.push(button)

    def tab(self, page: SettingsPage) -> None:
        notebook = page.master
        place = notebook.index(page)
        x = next(
            x
            for x in range(notebook.winfo_width())
            if notebook.identify(x, 12) and notebook.index(f"@{x},12") == place
        )
        for event in ("<Motion>", "<Button-1>", "<ButtonRelease-1>"):
            notebook.event_generate(event, x=x + 15, y=12)
        settle(notebook, lambda: notebook.select() == str(page))

    def push(self, button: tk.Misc) -> None:
        self._bring(button)
        click(button)

    def key(self, name: str, label: str) -> None:
        self.push(labelled(self._root, label))

    def write(self, entry: tk.Misc, text: str) -> None:
        self.push(entry)
        settle(entry, lambda: entry.focus_get() is entry)
        press(self._root, "Control-a")
        type_letters(entry, text)

    def choose(self, box: ttk.Combobox, place: int) -> None:
        self.push(box)
        popped = opened_list(box)
        x, y, wide, high = box.tk.splitlist(box.tk.call(popped, "bbox", place))
        at = ("-x", int(x) + int(wide) // 2, "-y", int(y) + int(high) // 2)
        for event in ("<Motion>", "<Button-1>", "<ButtonRelease-1>"):
            box.tk.call("event", "generate", popped, event, *at)
        settle(box, lambda: box.current() == place)

    def _bring(self, widget: tk.Misc) -> None:
        settle(widget, widget.winfo_ismapped)
        for _ in range(60):
            x = widget.winfo_rootx() + widget.winfo_width() // 2
            y = widget.winfo_rooty() + widget.winfo_height() // 2
            if self._root.winfo_containing(x, y) is widget:
                return
            below = y > self._root.winfo_rooty() + self._root.winfo_height() // 2
            widget.event_generate("<Button-5>" if below else "<Button-4>")
            widget.update()
        raise AssertionError(f"the wheel does not bring {widget} into sight")


def opened_list(box: ttk.Combobox) -> str:
    """The list of a combobox as soon as it has dropped down; tkinter knows no such widget."""
    popped = f"{box.tk.call('ttk::combobox::PopdownWindow', box)}.f.l"
    settle(box, lambda: int(box.tk.call("winfo", "viewable", popped)))
    return popped


@pytest.mark.parametrize("kind", [Keyboard, Mouse])
def test_a_day(
    kind: type[Hands],
    program: Program,
    dialogs: Person,
    root: tk.Tk,
    dovecot: Dovecot,
    post: PostOffice,
):
    hands = kind(root)  # type: ignore[call-arg]
    settle(root, lambda: root.focus_get() is not None)

    # the settings
    hands.menu(4)
    screen = in_front(program, SettingsScreen)
    settle(screen, lambda: can_press_key(screen.window))
    hands.tab(screen.mail)
    enter_mail_settings(hands, screen.mail, dovecot, post)
    hands.key("F12", "F12:設定実行")
    settle(root, lambda: program.window.status_text == "設定を保存しました。")
    assert ini_file.load(program.workspaces.real.folder.ini).mail_address == SHOP

    # the three tests
    hands.tab(screen.test)
    for label in ("送信のテスト", "受信のテスト", "テスト後処理"):
        tried(hands, screen.test, label)
    assert dovecot.mails(USER) == []
    hands.key("Escape", "ESC:前画面")
    in_front(program, MenuScreen)

    # a customer
    hands.menu(1)
    collecting = in_front(program, CollectingScreen)
    settle(root, lambda: program.go.tray.status.last is not None)
    with smtplib.SMTP("127.0.0.1", post.port, local_hostname="phone") as phone:
        phone.sendmail(CUSTOMER, [SHOP], blank(CUSTOMER))
    hands.push(collecting.buttons["今すぐ受信"])
    settle(root, lambda: post.to(CUSTOMER))
    (letter,) = post.to(CUSTOMER)
    assert "1001" in str(email.message_from_bytes(letter, policy=email.policy.default)["Subject"])
    settle(root, lambda: not program.workspaces.current.worker.busy)

    # what came of it
    hands.push(collecting.buttons["収集結果表示"])
    results = in_front(program, ResultsScreen)
    settle(root, lambda: rows(results.list.table))
    ((number, address, *_),) = rows(results.list.table)
    assert (number, address) == ("1001", CUSTOMER)
    hands.key("Escape", "ESC:前画面")
    hands.push(in_front(program, CollectingScreen).buttons["ログの表示"])
    log = in_front(program, LogScreen)
    said = f"受付番号 1001 を返信しました: {CUSTOMER}"
    settle(root, lambda: any(said in cells for row in rows(log.table) for cells in row))
    hands.key("Escape", "ESC:前画面")

    # the end
    dialogs.answers.append("OK")
    hands.push(in_front(program, CollectingScreen).buttons["処理の終了"])
    in_front(program, MenuScreen)
    assert not program.workspaces.current.collecting
    dialogs.answers.append("OK")
    program.go.shutdown.quit()
    root.mainloop()  # which ends with the window
    assert dialogs.asked[-1][0] == "終了の確認"
    assert not dialogs.troubles
    assert dovecot.mails(USER) == []


def in_front(program: Program, kind: type[Any]) -> Any:
    settle(program.window.root, lambda: isinstance(program.window.screen, kind))
    return program.window.screen


def enter_mail_settings(hands: Hands, page: MailPage, dovecot: Dovecot, post: PostOffice) -> None:
    """From the top, as they stand on the tab."""
    hands.write(page.address.widget, SHOP)
    hands.choose(page.security.widget, 2)
    hands.write(page.receive_host.widget, "127.0.0.1")
    hands.write(page.receive_port.widget, str(dovecot.pop3))
    hands.write(page.receive_account.widget, USER)
    hands.write(page.receive_password.widget, dovecot.password)
    hands.write(page.send_host.widget, "127.0.0.1")
    hands.write(page.send_port.widget, str(post.port))
    hands.push(labelled(page, "受信用のアカウントを複写する"))
    hands.write(page.fields["forward", "address"].widget, OWNER)


def tried(hands: Hands, page: MailTestPage, label: str) -> None:
    hands.push(labelled(page, label))
    settle(page, lambda: not page.running, seconds=90)
    texts = [shown_text(widget) for widget in all_inside(page)]
    is_well = "取り除きました" if label == "テスト後処理" else "テストは成功しました。"
    assert any(is_well in text for text in texts), texts
    assert "✗" not in texts
