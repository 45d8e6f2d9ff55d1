"""The menu: one button and one digit for each thing to do."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.workspace import Workspace
from kollect.errors import Trouble
from kollect.settings.validation import ready_to_collect
from kollect.ui.framework.dialogs import Dialog, em, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.window import Screen, Window
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:  # which imports this
    from kollect.ui.navigator import Navigator

WIDEST = 56
"""Full-width characters."""


@dataclass(frozen=True, slots=True)
class MenuEntry:
    label: str
    hint: str
    action: Callable[[], None] | None
    """None: not there yet; the hint says so."""


def menu_entries(go: Navigator) -> list[MenuEntry]:
    """What there is to do, in the order of the manual."""
    return [
        MenuEntry(
            "メール収集の起動",
            "空メールを受け取り、受付番号の返信を始めます。",
            go.start_collecting,
        ),
        MenuEntry("収集結果表示", "集めたメールアドレスと受付番号を見ます。", go.results),
        MenuEntry("ログの表示", "いつ何があったかの記録を見ます。", go.log),
        MenuEntry("緒言設定", "メールのサーバや、お客様への文章を決めます。", go.settings),
        MenuEntry(
            "会員登録",
            "用紙の受付番号から会員を登録します。一覧や修正もここからです。",
            go.members,
        ),
        MenuEntry(
            "メール発信",
            "会員の皆様へ、お知らせのメールを送ります。",
            go.mailing_list,
        ),
        MenuEntry(
            "店頭ポスター・登録用紙",
            "QRコード入りのポスターと、会員登録用紙を印刷します。",
            go.papers,
        ),
        MenuEntry("終了", "コレクトを終わります。", go.shutdown.quit),
    ]


def state_of_things(workspace: Workspace) -> str:
    """The line above the menu: what the user should know now."""
    if workspace.in_demo:
        return (
            "デモで動いています。「メール収集の起動」を押してから、"
            "「お客様の携帯」で空メールを送ってみてください。"
        )
    try:
        found = workspace.settings()
    except Trouble:
        return "設定に誤りがあります。「緒言設定」で直してください。"
    if ready_to_collect(found):
        return "メールの設定がまだです。はじめに「緒言設定」で入力してください。"
    name = f"{found.shop.name}　" if found.shop.name else ""
    return f"{name}受付用のメールアドレス: {found.mail_address}"


class MenuScreen(Screen):
    code, heading, back_label = "KKRMN101", "メニュー", "終了"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self.buttons: list[ttk.Button] = []
        self._hints: list[WrappedLabel] = []
        self._each = 0
        """What one entry asks of the height, one below the other."""
        self._middle = ttk.Frame(self)
        self._middle.place(relx=0.5, rely=0.5, anchor="center")
        self._line = wrapped(self._middle, "")
        self._line.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, WIDE))
        for place, entry in enumerate(menu_entries(go)):
            button = ttk.Button(
                self._middle,
                text=f"{place + 1}　{entry.label}",
                style="Menu.TButton",
                width=28,
                command=entry.action or (lambda: None),
                state="normal" if entry.action else "disabled",
            )
            self.buttons.append(button)
            self._hints.append(wrapped(self._middle, entry.hint, style="Faint.TLabel"))
            for key, step in (("Up", -1), ("Down", 1)):
                on_key(button, f"<{key}>", partial(self._step, place, step))
        self._arrange()
        self.bind("<Configure>", lambda event: self._arrange())

    def on_show(self) -> None:
        self._line.configure(text=state_of_things(self._workspaces.current))
        self.buttons[0].focus_set()

    def on_text_size(self) -> None:
        for button in self.buttons:
            button.configure(style="Menu.TButton")
        self._each = 0
        self._arrange()

    def _arrange(self) -> None:
        """One below the other with their hints; on a low screen in two columns without them."""
        if not self._each:  # while they still have their full height
            self._each = self.buttons[0].winfo_reqheight() + 2 * self.winfo_pixels(HALF)
        each = self._each
        room = self.winfo_height() - self._line.winfo_reqheight() - 4 * self.winfo_pixels(WIDE)
        low = self.winfo_height() > 1 and room < each * len(self.buttons)
        rows = (len(self.buttons) + 1) // 2 if low else len(self.buttons)
        style = "LowMenu.TButton" if low and room < each * rows else "Menu.TButton"
        for place, (button, hint) in enumerate(zip(self.buttons, self._hints, strict=True)):
            column, row = divmod(place, rows)
            padx = ((GAP, 0) if column else (0, GAP)) if low else 0
            button.configure(style=style)
            button.grid(row=row + 1, column=column, sticky="ew", pady=HALF, padx=padx)
            if low:
                hint.grid_remove()
            else:
                hint.grid(row=row + 1, column=1, sticky="ew", padx=(WIDE, 0))
        widest = WIDEST * em(self)
        self._middle.place_configure(width=min(round(0.88 * self.winfo_width()), widest))
        self._middle.columnconfigure(0, weight=1 if low else 0, uniform="half" if low else "")
        self._middle.columnconfigure(1, weight=1, uniform="half" if low else "")

    def digit(self, number: int) -> None:
        if number <= len(self.buttons):
            self.buttons[number - 1].invoke()

    def go_back(self) -> None:
        """ESC on the menu is 「終了」, the last entry."""
        self.buttons[-1].invoke()

    def _step(self, place: int, step: int) -> None:
        for ahead in range(1, len(self.buttons)):
            button = self.buttons[(place + step * ahead) % len(self.buttons)]
            if "disabled" not in button.state():
                button.focus_set()
                return


class FirstStart(StrEnum):
    DEMO = "デモで試す"
    SETTINGS = "メールの設定をする"


class FirstStartDialog(Dialog[FirstStart | None]):
    """What to do first; None where the user just wants to look at the menu."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "コレクトへようこそ", otherwise=None)
        paragraph(self.body, "コレクトへようこそ", bold=True).pack(anchor="w")
        paragraph(
            self.body,
            "お客様が送った空メールを受け取り、受付番号を自動で返信するプログラムです。\n"
            "はじめに、どちらかを選んでください。",
        ).pack(anchor="w", pady=(GAP, WIDE))
        choices = (
            (FirstStart.DEMO, "設定なしで、受付から返信までのようすを見ることができます。"),
            (FirstStart.SETTINGS, "お店のメールアドレスとサーバを入力して、使い始めます。"),
        )
        made = []
        for number, (choice, text) in enumerate(choices, start=1):
            button = ttk.Button(
                self.body,
                text=f"{number}　{choice}",
                style="Menu.TButton",
                width=28,
                command=partial(self.finish, choice),
            )
            button.pack(fill="x", pady=(HALF, 0))
            paragraph(self.body, text, style="Faint.TLabel").pack(anchor="w", pady=(0, GAP))
            self.bind(f"<Key-{number}>", partial(self._typed, choice))
            made.append(button)
        self.buttons(("あとで決める", self.cancel), main=None)
        self.start_at(made[0])

    def _typed(self, choice: FirstStart, event: tk.Event) -> None:
        self.finish(choice)
