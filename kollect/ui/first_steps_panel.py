"""はじめに: the checklist of the menu, until the first customer has a number."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection, Mapping
from functools import partial
from tkinter import ttk

from kollect.app.first_steps import FirstStep
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF

COLUMNS = 3
_HINTS = {
    FirstStep.MAIL: "お店のメールアドレスとサーバを入力します。",
    FirstStep.SHOP: "返信やポスターに使う、店名と住所を入力します。",
    FirstStep.DATA: "なくしても読まれないように、データを暗号化します。「あとで」も選べます。",
    FirstStep.PAPERS: "お客様に空メールを送っていただくための、ポスターと用紙を印刷します。",
    FirstStep.COLLECT: "空メールを受け取り、受付番号の返信を始めます。",
    FirstStep.TRY: "ご自分の携帯から空メールを送り、受付番号が届くことを確かめます。",
}


_NUMBERS = "①②③④⑤⑥"
"""Not plain digits: those are the keys of the menu below."""
_TEST = "メールの設定のテスト"
"""What is left of 「メールの設定」 once it is filled in."""
_TEST_HINT = "「まとめてテスト」を押して、送受信を確かめます。"


class FirstStepsPanel(ttk.Labelframe):
    """A button for each step: ✓ is done, － is put off, the blue one is next.

    The marks stand behind the words, which so stay where they are.
    """

    def __init__(self, parent: tk.Misc, actions: Mapping[FirstStep, Callable[[], None]]) -> None:
        super().__init__(parent, text="はじめに", padding=(GAP, HALF))
        self.buttons: dict[FirstStep, ttk.Button] = {}
        self.following: FirstStep | None = None
        """What is next; None: everything is done."""
        self.following_name = ""
        """As its button has it."""
        for place, (step, action) in enumerate(actions.items()):
            row, column = divmod(place, COLUMNS)
            self.columnconfigure(column, weight=1, uniform="step")
            button = ttk.Button(self, command=action)
            button.grid(row=row, column=column, sticky="ew", padx=HALF, pady="1p")
            for key, ahead in (("Left", -1), ("Right", 1)):
                on_key(button, f"<{key}>", partial(self._focus, place + ahead))
            self.buttons[step] = button

    def _focus(self, place: int) -> None:
        buttons = list(self.buttons.values())
        buttons[place % len(buttons)].focus_set()

    def show(
        self, done: Collection[FirstStep], later: Collection[FirstStep], *, mail_entered: bool
    ) -> str:
        """Mark what is done, and what is put off. Returns what is next, in a sentence.

        `mail_entered`: of 「メールの設定」, the test alone is left.
        """
        behind = {*done, *later}
        following = next((step for step in self.buttons if step not in behind), None)
        self.following = following
        is_test = following is FirstStep.MAIL and mail_entered
        self.following_name = _TEST if is_test else following or ""
        for number, (step, button) in zip(_NUMBERS, self.buttons.items(), strict=True):
            mark = ""
            if step in done:
                mark = "✓"
            elif step in later:
                mark = "－"
            elif step is following:
                mark = "▶"
            name = self.following_name if step is following else step
            button.configure(
                text=f"{number} {name} {mark}".rstrip(),
                style="Step.Primary.TButton" if step is following else "Step.TButton",
            )
        if following is None:
            return ""
        return f"次は「{self.following_name}」です。{_TEST_HINT if is_test else _HINTS[following]}"
