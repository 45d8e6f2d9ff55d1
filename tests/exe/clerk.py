"""What a clerk does at the window of kollect.exe: the ways through its screens, by keys."""

from __future__ import annotations

from tests.exe import desktop_driver
from tests.exe.wine import Started, Stick

MENU, SETTINGS, COLLECTING, LOG = "KKRMN101", "KKRZS101", "KKRZS301", "KKRZS501"
"""Titles, or what stands in them."""
WELCOME, PASSWORDS = "コレクトへようこそ", "パスワードの入力"
QUESTION = "^コレクト$"
"""Every question and message; its heading stands in it."""
TO_TRAY = ("Right",) * 4 + ("space",)
"""「トレイへ」, from the button on which メール収集 begins."""
SHOW, POLL_NOW, END = 1, 2, 6
"""Places on the icon's menu, whose line before the last is not counted."""


def start(stick: Stick, **environment: str) -> Started:
    """A double click, in a shop that has its settings: the menu."""
    started = stick.start(**environment)
    desktop_driver.bring(MENU)
    return started


def start_collecting(stick: Stick, **environment: str) -> Started:
    """「メール収集の起動」, on a PC that knows the passwords."""
    started = start(stick, **environment)
    desktop_driver.keys("1")
    collecting()
    return started


def collecting() -> None:
    """メール収集 is there, and its icon: that takes Wine's focus when it appears."""
    desktop_driver.wait_for_window(COLLECTING)
    desktop_driver.tray_icon()
    desktop_driver.bring(COLLECTING)


def enter_passwords(*passwords: str) -> None:
    """Answer the question for them."""
    desktop_driver.bring(PASSWORDS)
    first, *others = passwords
    desktop_driver.type_in(first)
    desktop_driver.fill(*others)
    desktop_driver.keys("F12")
    desktop_driver.wait_until_gone(PASSWORDS)


def go_to_tray(*keys: str) -> None:
    """By the window's ×, or by other keys."""
    desktop_driver.bring(COLLECTING)
    desktop_driver.keys(*(keys or (desktop_driver.CLOSE,)))
    desktop_driver.wait_until_gone(COLLECTING)


def open_settings() -> str:
    """「緒言設定」, from the menu; returns its window, when it can be saved."""
    desktop_driver.bring(MENU)
    desktop_driver.keys("4")
    window = settings_window()
    desktop_driver.at_rest(window)  # the bar is there before the page, and no field has the focus
    desktop_driver.keys("shift+Tab")  # from the first field to the tabs
    return window


def settings_window() -> str:
    """緒言設定, once it has got the passwords from the PC."""
    window = desktop_driver.bring(SETTINGS)
    desktop_driver.wait_until(lambda: desktop_driver.main_key_works(window), "F12 stays grey")
    return window


def quit_from_menu() -> None:
    """「終了」, confirmed."""
    desktop_driver.bring(MENU)
    desktop_driver.keys("Escape")
    _confirm()


def quit_from_tray() -> None:
    """「処理の終了」 on the icon's menu, which ends the collecting; then 「終了」."""
    desktop_driver.choose_in_tray(END)
    _confirm()
    quit_from_menu()


def _confirm() -> None:
    desktop_driver.bring(QUESTION)
    desktop_driver.keys("Return")
