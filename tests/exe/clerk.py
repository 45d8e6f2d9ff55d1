"""What a clerk does at the window of kollect.exe: the ways through its screens, by keys."""

from __future__ import annotations

from tests.exe import desk
from tests.exe.wine import Started, Stick

MENU, SETTINGS, COLLECTING, LOG = "KKRMN101", "KKRZS101", "KKRZS301", "KKRZS501"
"""Titles, or what stands in them."""
WELCOME, PASSWORDS = "コレクトへようこそ", "パスワードの入力"
GOODBYE = "終了の確認|メールを処理しています"
TO_TRAY = ("Right",) * 4 + ("space",)
"""「トレイへ」, from the button on which メール収集 begins."""
SHOW, POLL_NOW, QUIT = 1, 2, 5
"""Places on the icon's menu."""


def start(stick: Stick, **environment: str) -> Started:
    """A double click, in a shop that has its settings: the menu."""
    started = stick.start(**environment)
    desk.bring(MENU)
    return started


def start_collecting(stick: Stick, **environment: str) -> Started:
    """「メール収集の起動」, on a PC that knows the passwords."""
    started = start(stick, **environment)
    desk.keys("1")
    collecting()
    return started


def collecting() -> None:
    """メール収集 is there, and its icon: that takes Wine's focus when it appears."""
    desk.wait_for_window(COLLECTING)
    desk.tray_icon()
    desk.bring(COLLECTING)


def enter_passwords(*passwords: str) -> None:
    """Answer the question for them."""
    desk.bring(PASSWORDS)
    first, *others = passwords
    desk.type_in(first)
    desk.fill(*others)
    desk.keys("F12")
    desk.wait_until_gone(PASSWORDS)


def go_to_tray(*keys: str) -> None:
    """By the window's ×, or by other keys."""
    desk.bring(COLLECTING)
    desk.keys(*(keys or (desk.CLOSE,)))
    desk.wait_until_gone(COLLECTING)


def open_settings() -> str:
    """「緒言設定」, from the menu; returns its window, when it can be saved."""
    desk.bring(MENU)
    desk.keys("4")
    return settings_window()


def settings_window() -> str:
    """緒言設定, once it has got the passwords from the PC."""
    window = desk.bring(SETTINGS)
    desk.wait_until(lambda: desk.main_key_works(window), "F12 stays grey")
    return window


def quit_from_menu() -> None:
    """「終了」, confirmed."""
    desk.bring(MENU)
    desk.keys("Escape")
    _confirm()


def quit_from_tray() -> None:
    desk.choose_in_tray(QUIT)
    _confirm()


def _confirm() -> None:
    desk.bring(GOODBYE)
    desk.keys("Return")
