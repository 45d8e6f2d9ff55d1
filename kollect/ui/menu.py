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
from kollect.app.first_steps import FirstStep, Progress, done_steps, is_mail_entered, put_off
from kollect.app.workspace import Workspace
from kollect.errors import Trouble
from kollect.settings.validation import ready_to_collect
from kollect.ui.first_steps_panel import FirstStepsPanel
from kollect.ui.framework import tk_windows
from kollect.ui.framework.dialogs import Dialog, em, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.window import Screen, Window
from kollect.ui.own_phone_dialog import OwnPhoneDialog
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:  # which imports this
    from kollect.ui.navigator import Navigator

_NOT_COLLECTING = "空メールを受け取り、受付番号の返信を始めます。"
_COLLECTING = "いま収集しています。そのようすを見ます。"
_IN_TROUBLE = "エラーが出ています。わけと直し方を見ます。"
NOT_RUNNING = (
    "いまは、メールを集めていません。「メール収集の起動」を押すと、空メールへの返信を始めます。"
)
BY_ITSELF = (
    "いつも自動で始めるには、「緒言設定」の「制御情報」で"
    "「Windowsログイン時の起動」に印を付けます。"
)
READY = "準備は終わりました。お客様の空メールに、自動で返信します。"
"""The first number was given, so that はじめに goes."""
BACK = "お店の設定とデータに戻りました。"
"""After the demo, where nothing is left to be done first."""
REGISTER = "会員登録"
LATER, OPEN_PROTECTION = "あとで", "保護の画面を開く"
WIDEST, LOW = 56, 22
"""Full-width characters: the menu is no wider; below this height it leaves out what can wait."""


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
            _NOT_COLLECTING,
            go.start_collecting,
        ),
        MenuEntry("収集結果表示", "集めたメールアドレスと受付番号を見ます。", go.results),
        MenuEntry("ログの表示", "いつ何があったかの記録を見ます。", go.log),
        MenuEntry("緒言設定", "メールのサーバや、お客様への文章を決めます。", go.settings),
        MenuEntry(
            REGISTER,
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
    if workspace.in_demo and workspace.collecting:
        return "デモで収集しています。「お客様の携帯」で空メールを送ってみてください。"
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


def not_running(workspace: Workspace) -> str:
    """That a shop which could collect mail does not, and how to begin; empty where it does."""
    settings = workspace.readable_settings()
    if workspace.collecting or workspace.in_demo or ready_to_collect(settings):
        return ""
    return NOT_RUNNING if settings.collect.start_at_login else f"{NOT_RUNNING}\n{BY_ITSELF}"


class MenuScreen(Screen):
    code, heading, back_label = "KKRMN101", "メニュー", "終了"
    manual = "menu"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self.buttons: list[ttk.Button] = []
        self._hints: list[WrappedLabel] = []
        self._each = 0
        """What one entry asks of the height, one below the other."""
        self._middle = ttk.Frame(self)
        self._middle.place(relx=0.5, rely=0.5, anchor="center")
        self._line = wrapped(self._middle, "")
        self._line.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, WIDE))
        self.steps = FirstStepsPanel(
            self._middle,
            {
                FirstStep.MAIL: self._set_up_mail,
                FirstStep.SHOP: go.shop_settings,
                FirstStep.DATA: self._protect,
                FirstStep.PAPERS: go.papers,
                FirstStep.COLLECT: go.start_collecting,
                FirstStep.TRY: self._try,
            },
        )
        self._ended = ""
        """What is to be said as soon as it is known what is next."""
        self.steps.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(0, GAP))
        self.steps.grid_remove()
        self.notice = ttk.Frame(self._middle, style="Notice.TFrame", padding=(GAP, HALF))
        """Where はじめに stood before."""
        self._noticed = wrapped(self.notice, "", style="Notice.TLabel")
        self._noticed.pack(fill="x")
        self._notice_text = ""
        self.notice.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(0, GAP))
        self.notice.grid_remove()
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
            if entry.label == REGISTER:
                self._form_button, self._form_text = button, str(button.cget("text"))
        for button in self.steps.buttons.values():
            on_key(button, "<Up>", self.buttons[-1].focus_set)
            on_key(button, "<Down>", self.buttons[0].focus_set)
        self._ignore_count = go.unregistered.watch(self._show_unregistered)
        self._show_unregistered()
        self._ignore_news = go.tray.watch(self._show_collecting)
        self._arrange()
        for one in (self, self.notice):
            one.bind("<Configure>", lambda event: self._arrange())

    def on_show(self) -> None:
        workspace = self._workspaces.current
        self._line.configure(text=state_of_things(workspace))
        self._show_collecting()
        self.buttons[0].focus_set()
        self._load_steps()

    def on_close(self) -> None:
        self._ignore_count()
        self._ignore_news()

    def _show_collecting(self) -> None:
        """Beside the first button: whether mail is collected, and whether that goes well."""
        hint = _NOT_COLLECTING
        if self._workspaces.current.collecting:
            hint = _IN_TROUBLE if self._go.tray.status.trouble is not None else _COLLECTING
        if hint != self._hints[0].text:
            self._hints[0].configure(text=hint)

    def _show_unregistered(self) -> None:
        """「会員登録（未登録 4件）」"""
        count = str(self._go.unregistered)
        self._form_button.configure(
            text=f"{self._form_text}（{count}）" if count else self._form_text
        )

    def lead_on(self, ended: str) -> None:
        """Say that something has ended, and what is next: the focus is on that step."""
        self._ended = ended
        self._load_steps()

    def _say_ended(self, following: FirstStep | None) -> None:
        if not self._ended:
            return
        ended, self._ended = self._ended, ""
        if following is None:
            self.window.say_done(f"{ended}{BACK}")
        else:
            self.window.say_done(f"{ended}次は「{self.steps.following_name}」です。")
            self.steps.buttons[following].focus_set()

    def _load_steps(self) -> None:
        """The checklist is there until the first customer has a number; never in the demo."""
        workspace = self._workspaces.current

        def done(progress: Progress) -> None:
            if workspace is not self._workspaces.current:
                return
            settings = workspace.readable_settings()
            steps = done_steps(settings, progress, collecting=workspace.collecting)
            if FirstStep.TRY in steps or workspace.in_demo:
                if self.steps.winfo_manager() and workspace.collecting and not workspace.in_demo:
                    self.window.say_done(READY)
                self.steps.grid_remove()
                self._show_notice(not_running(workspace))
                self._say_ended(None)
            else:
                self._show_notice("")
                entered = is_mail_entered(settings)
                former = self.steps.following
                following = self.steps.show(steps, put_off(progress), mail_entered=entered)
                self.steps.grid()
                self._focus_following(former)
                if entered:
                    following = f"{state_of_things(workspace)}\n{following}"
                if not self._has_trouble():
                    self._line.configure(text=following)
                self._say_ended(self.steps.following)
            self._arrange()

        self.work(
            lambda job: workspace.progress(), done, failed=lambda trouble: self._say_ended(None)
        )

    def _show_notice(self, text: str) -> None:
        self._notice_text = text
        self._noticed.configure(text=text)
        if text:
            self.notice.grid()
        else:
            self.notice.grid_remove()

    def _focus_following(self, former: FirstStep | None) -> None:
        """Enter does what is next, where the user has gone nowhere else meanwhile. `former`: what
        was next before.
        """
        following = self.steps.following
        begun_at: list[tk.Misc] = [self.buttons[0], self.winfo_toplevel()]  # has no focus yet
        if former is not None:
            begun_at.append(self.steps.buttons[former])
        if following is not None and tk_windows.last_focused(self) in begun_at:
            self.steps.buttons[following].focus_set()

    def _set_up_mail(self) -> None:
        """「メールの設定」: the page, and once it is filled in, its test."""
        if is_mail_entered(self._workspaces.current.readable_settings()):
            self._go.mail_test()
        else:
            self._go.mail_settings()

    def _protect(self) -> None:
        """「データの保護」, which may wait."""
        workspace = self._workspaces.current
        if workspace.protected:
            self._go.data_protection()
            return
        answer = self.window.dialogs.choose(
            FirstStep.DATA,
            "USBメモリやパソコンをなくしても、お客様のアドレスやお名前を読まれないように、データを"
            "暗号化できます。紙に印刷する「復元シート」が1枚要りますので、プリンタのあるときに"
            "してください。5分ほどで終わります。\n\n"
            f"「{LATER}」を選んでも、メールの収集は始められます。「緒言設定」の「ID」で、いつでも"
            "始められます。",
            (LATER, OPEN_PROTECTION),
        )
        if answer == OPEN_PROTECTION:
            self._go.data_protection()
        elif answer == LATER:
            self.work(lambda job: workspace.protect_later(), lambda result: self._load_steps())

    def _has_trouble(self) -> bool:
        try:
            self._workspaces.current.settings()
        except Trouble:
            return True
        return False

    def _try(self) -> None:
        """「自分の携帯で試す」"""
        workspace = self._workspaces.current
        address = workspace.readable_settings().mail_address
        if not address or not workspace.collecting:
            self._go.start_collecting()
            return
        workspace.expect_customer()
        if self.window.dialogs.show(
            OwnPhoneDialog, address, lambda: self._go.tray.status, self._go.tray.watch
        ):
            self._go.arrival_trial()

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
        # by the window alone: what is as high as its words would never come to rest
        small = self.winfo_height() < LOW * em(self)
        notice = self._notice_text.partition("\n")[0] if small else self._notice_text
        if notice != self._noticed.text:
            self._noticed.configure(text=notice)
        above = self._line.winfo_reqheight()
        if self.steps.winfo_manager():
            above += self.steps.winfo_reqheight() + self.winfo_pixels(GAP)
        if self.notice.winfo_manager():
            above += self.notice.winfo_reqheight() + self.winfo_pixels(GAP)
        room = self.winfo_height() - above - 4 * self.winfo_pixels(WIDE)
        low = self.winfo_height() > 1 and room < each * len(self.buttons)
        rows = (len(self.buttons) + 1) // 2 if low else len(self.buttons)
        tight = low and room < each * rows
        style = "LowMenu.TButton" if tight else "Menu.TButton"
        if tight and (self.steps.winfo_manager() or self.notice.winfo_manager()):
            self._line.grid_remove()  # the blue button says what is next
        else:
            self._line.grid()
        for place, (button, hint) in enumerate(zip(self.buttons, self._hints, strict=True)):
            column, row = divmod(place, rows)
            padx = ((GAP, 0) if column else (0, GAP)) if low else 0
            button.configure(style=style)
            button.grid(row=row + 2, column=column, sticky="ew", pady=HALF, padx=padx)
            if low:
                hint.grid_remove()
            else:
                hint.grid(row=row + 2, column=1, sticky="ew", padx=(WIDE, 0))
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

    manual = "how"

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "コレクトへようこそ", otherwise=None)
        paragraph(
            self.body,
            "コレクトは、お客様が送った空メールを受け取り、受付番号を自動で返信するプログラムです。\n"
            "はじめに、どちらかを選んでください。",
        ).pack(anchor="w", pady=(0, WIDE))
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
