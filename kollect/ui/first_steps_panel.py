"""はじめに: the checklist of the menu, until the first customer has a number."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection, Mapping
from tkinter import ttk

from kollect.app.first_steps import FirstStep
from kollect.ui.framework.theme import GAP, HALF

COLUMNS = 3
_HINTS = {
    FirstStep.MAIL: "お店のメールアドレスとサーバを入力します。",
    FirstStep.TEST: "「送信のテスト」「受信のテスト」「テスト後処理」を順に押します。",
    FirstStep.SHOP: "返信やポスターに使う、店名と住所を入力します。",
    FirstStep.PAPERS: "お客様に空メールを送っていただくための、ポスターと用紙を印刷します。",
    FirstStep.COLLECT: "空メールを受け取り、受付番号の返信を始めます。",
    FirstStep.TRY: "ご自分の携帯から空メールを送り、受付番号が届くことを確かめます。",
}


class FirstStepsPanel(ttk.Labelframe):
    """A button for each step: ✓ is done, the blue one is next."""

    def __init__(self, parent: tk.Misc, actions: Mapping[FirstStep, Callable[[], None]]) -> None:
        super().__init__(parent, text="はじめに", padding=(GAP, HALF))
        self.buttons: dict[FirstStep, ttk.Button] = {}
        self.following: FirstStep | None = None
        """What is next; None: everything is done."""
        for place, (step, action) in enumerate(actions.items()):
            row, column = divmod(place, COLUMNS)
            self.columnconfigure(column, weight=1, uniform="step")
            button = ttk.Button(self, command=action)
            button.grid(row=row, column=column, sticky="ew", padx=HALF, pady="1p")
            self.buttons[step] = button

    def show(self, done: Collection[FirstStep]) -> str:
        """Mark what is done. Returns what is next, in a sentence."""
        following = next((step for step in self.buttons if step not in done), None)
        self.following = following
        for number, (step, button) in enumerate(self.buttons.items(), start=1):
            mark = "✓" if step in done else "▶" if step is following else "　"
            button.configure(
                text=f"{mark} {number}　{step}",
                style="Step.Primary.TButton" if step is following else "Step.TButton",
            )
        return f"次は「{following}」です。{_HINTS[following]}" if following is not None else ""
