"""The 「お客様の携帯」 on a display with room for one window only: nothing stays covered."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.session import Handset
from kollect.ui.main import Program
from tests.helpers.display import start
from tests.helpers.ui_driver import click, labelled, settle


@pytest.fixture(scope="module")
def display(display: str) -> Iterator[str]:
    """The smallest that we promise."""
    yield from start("1024x600x24")


def is_above(window: tk.Misc, other: tk.Misc) -> bool:
    return bool(window.tk.call("wm", "stackorder", window, "isabove", other))


@pytest.fixture
def phone(program: Program, root: tk.Tk) -> tk.Toplevel:
    program.go.demo.begin()
    settle(root, lambda: program.go.demo.phone and program.go.demo.phone.winfo_viewable())
    phone = program.go.demo.phone
    assert phone is not None
    settle(root, lambda: is_above(phone, root))
    settle(root, lambda: phone.winfo_rootx() < root.winfo_rootx() + root.winfo_width())
    return phone


def test_the_window_that_is_wanted_comes_to_the_front(
    program: Program, root: tk.Tk, phone: tk.Toplevel
):
    program.window.raise_up()
    settle(root, lambda: is_above(root, phone))
    click(labelled(root, "お客様の携帯"))
    settle(root, lambda: is_above(phone, root))


def test_what_arrives_behind_the_window_is_said_there(
    program: Program, root: tk.Tk, phone: tk.Toplevel
):
    server = program.workspaces.current.server
    assert server is not None
    hanako = "hanako..yamada.@docomo.ne.jp"
    server.mailbox(hanako).add(f"To: {hanako}\r\nSubject: 1001\r\n\r\n1001\r\n".encode())
    said = "山田 花子さんの携帯に、メールが届きました。"
    settle(root, lambda: program.window.status_text == said)


def test_the_owner_is_no_san():
    customer = Customer(DemoServer(), "owner@shop.example", "店長")
    assert Handset("店長（対象外メール）", customer, can_send=False).called == "店長"
    assert Handset("山田 花子（docomo）", customer).called == "山田 花子さん"
