"""A page that scrolls comes to rest at every height, whatever folds its words in it."""

from __future__ import annotations

import _tkinter
import tkinter as tk
from tkinter import ttk

import pytest

from kollect.ui.framework.window import Window
from kollect.ui.widgets.form import Form, wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame
from tests.helpers.ui_driver import all_inside, focus, settle, shown_text

MOST_EVENTS = 3000
"""Some dozens are needed."""
TEXTS = (
    "空メールを受ける、専用のアドレスです。プロバイダがわかれば、残りの欄を入れる案内が出ます。",
    "プロバイダを選ぶと、サーバの名前や番号が入ります。",
    "パソコンが安全に覚え、設定ファイルには書きません。",
    "お問い合わせなどを受け取る、お店の方のアドレスです。専用のアドレスとは別のものにしてください。",
)


def comes_to_rest(root: tk.Tk) -> bool:
    return any(not root.tk.dooneevent(_tkinter.DONT_WAIT) for _ in range(MOST_EVENTS))


def test_the_bar_does_not_come_and_go_for_ever(window: Window):
    root = window.root
    top = tk.Toplevel(root)
    scrolled = ScrollFrame(top)
    scrolled.pack(fill="both", expand=True)
    inside = ttk.Frame(scrolled.inside)
    inside.pack(fill="both", expand=True)
    inside.columnconfigure(0, weight=1)
    for text in TEXTS:
        wrapped(inside, text).grid(sticky="ew")
    restless = []
    for height in range(60, 180, 2):
        for width in (397, 410, 423):
            top.geometry(f"{width}x{height}")
            if not comes_to_rest(root):
                restless.append((width, height))
    assert restless == []


def bars(scrolled: ScrollFrame) -> list[tk.Misc]:
    children = scrolled.winfo_children()
    return [one for one in children if isinstance(one, ttk.Scrollbar) and one.winfo_ismapped()]


def test_the_bar_goes_when_it_is_needed_no_longer_however_it_came_to_that(window: Window):
    """Words that fold anew while a page is laid out keep the bar for a moment, and no longer."""
    root = window.root
    top = tk.Toplevel(root)
    top.geometry("400x300")
    scrolled = ScrollFrame(top)
    scrolled.pack(fill="both", expand=True)
    inside = ttk.Frame(scrolled.inside, width=100)
    inside.pack(fill="x")
    for height in (900, 100, 900, 100, 900, 100, 900, 100):
        inside.configure(height=height)
        root.update()
    settle(root, lambda: not bars(scrolled))
    inside.configure(height=900)
    settle(root, lambda: bool(bars(scrolled)))


def test_a_widget_in_sight_moves_nothing_and_another_just_comes_into_it(window: Window):
    root = window.root
    top = tk.Toplevel(root)
    top.geometry("400x300")
    scrolled = ScrollFrame(top)
    scrolled.pack(fill="both", expand=True)
    rows = [ttk.Frame(scrolled.inside, width=100, height=20) for _ in range(40)]
    for row in rows:
        row.pack(anchor="w")
    settle(root, lambda: bool(bars(scrolled)))
    for row in (rows[0], rows[14], rows[5]):  # wholly in sight, though without any margin
        scrolled.see(row)
        for _ in range(20):
            settle(root)
        assert rows[0].winfo_rooty() == scrolled.winfo_rooty()
    scrolled.see(rows[30])
    settle(root, lambda: rows[0].winfo_rooty() < scrolled.winfo_rooty())
    assert rows[30].winfo_rooty() + 20 <= scrolled.winfo_rooty() + 300


def test_what_gets_lower_than_the_place_scrolled_to_stays_in_sight(window: Window):
    """A canvas takes off what it shows nothing of, and then tells it no new height."""
    root = window.root
    top = tk.Toplevel(root)
    top.geometry("400x300")
    scrolled = ScrollFrame(top)
    scrolled.pack(fill="both", expand=True)
    above = ttk.Frame(scrolled.inside, width=100, height=4000)
    last = ttk.Frame(scrolled.inside, width=100, height=20)
    for row in (above, last):
        row.pack(anchor="w")
    settle(root, lambda: bool(bars(scrolled)))
    scrolled.see(last)
    settle(root, lambda: last.winfo_rooty() + 20 <= scrolled.winfo_rooty() + 300)
    above.configure(height=1000)
    settle(root, lambda: last.winfo_viewable(), seconds=3)
    assert scrolled.winfo_rooty() <= last.winfo_rooty() <= scrolled.winfo_rooty() + 280


@pytest.mark.parametrize("focused_before", [True, False])
def test_what_is_wrong_with_a_field_is_seen_with_it(window: Window, focused_before: bool):
    top = tk.Toplevel(window.root)
    top.geometry("420x200")
    scrolled = ScrollFrame(top)
    scrolled.pack(fill="both", expand=True)
    form = Form(scrolled.inside)
    form.pack(fill="x")
    fields = [form.line(f"{number}") for number in range(20)]
    settle(top, top.winfo_viewable)
    for field in (fields[5], fields[15]):
        if focused_before:
            focus(field.widget)
            settle(top)
        field.show_error("とても長い説明です。" * 6)
        focus(field.widget)
        (error,) = [
            one
            for one in all_inside(form)
            if shown_text(one) and "長い説明" in shown_text(one) and one.winfo_ismapped()
        ]

        def is_whole(error: tk.Misc = error) -> bool:
            end = error.winfo_rooty() + error.winfo_height()
            return scrolled.winfo_rooty() <= error.winfo_rooty() and end <= (
                scrolled.winfo_rooty() + scrolled.winfo_height()
            )

        settle(top, is_whole)
        field.clear()
