"""A page that scrolls comes to rest at every height, whatever folds its words in it."""

from __future__ import annotations

import _tkinter
import tkinter as tk
from tkinter import ttk

from kollect.ui.framework.window import Window
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame

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
