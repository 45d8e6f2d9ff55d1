"""メール発信, first step: what is written, beside the mail as each member will see it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.desktop.ime import InputMode
from kollect.letters.letter_check import LetterKind, TextRemark, gaps, remarks
from kollect.mailing import mailing_text
from kollect.mailing.mailing_states import Mailing
from kollect.mailing.rate_limit import RateLimit
from kollect.settings.model import Shop
from kollect.threads.background_thread import local_now
from kollect.ui.framework.editing import begin_to_edit
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.mailing.mailing_dialogs import SampleDialog
from kollect.ui.mailing.mailing_fields import KeptChoices
from kollect.ui.mailing.mailing_preview import MemberPreview
from kollect.ui.mailing.text_dialog import choose_text
from kollect.ui.members.member_form_fields import switch_ime
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import Form
from kollect.ui.widgets.letter_check_strip import LetterCheckStrip
from kollect.ui.widgets.scroll_frame import ScrollFrame
from kollect.ui.widgets.two_columns import TwoColumns
from kollect.ui.widgets.wrapped_label import WrappedLabel

_ANY_SHOP = Shop(name="店", address="住所")
"""For what is wrong with the text alone."""
_LINES = 8
_GAPS_NAMED = 3


class MailingComposeScreen(Screen):
    code, heading = "KKRMS102", "メール発信（1. 文章を書く）"
    manual = "mailing-compose"

    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        draft: Mailing | None = None,
        *,
        as_copy: bool = False,
    ) -> None:
        """`as_copy`: begin a new draft with the words of that mailing."""
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._id = None if draft is None or as_copy else draft.id
        self._pace = draft.pace if draft is not None else RateLimit()
        self._settings = workspaces.current.settings()
        self._former: tuple[str, str] | None = None
        """What stood there before 「文例」."""
        self._chosen = KeptChoices()
        scrolled = ScrollFrame(self)
        scrolled.pack(fill="both", expand=True)
        inside = scrolled.inside
        both = TwoColumns(inside, 6, 5)
        both.pack(fill="both", expand=True)
        both.rowconfigure(1, weight=1)
        self.missing = ShopNotice(both, go.shop_settings)
        self.missing.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, GAP))
        form = Form(both, label_characters=4)
        form.grid(row=1, column=0, rowspan=2, sticky="nsew")
        self._build_form(form)
        self.preview = MemberPreview(both, window, workspaces)
        self.preview.grid(row=1, column=1, sticky="nsew", padx=(WIDE, 0))
        self.check = LetterCheckStrip(both, self._remarks, scrolled.see)
        self.check.grid(row=2, column=1, sticky="ew", padx=(WIDE, 0), pady=(HALF, 0))
        both.settle()
        if draft is not None:
            self.subject.value, self.body.value = draft.subject, draft.body
        self._saved = self._text  # a copy too: nobody has typed anything yet
        for field in (self.subject, self.body):
            field.on_edit(self.refresh)
        self.refresh()

    def _build_form(self, form: Form) -> None:
        self.subject = form.line("見出", characters=20)
        self.subject.widget.pack(fill="x", expand=True)
        self.texts_button = ttk.Button(
            form.beside(self.subject), text="文例", width=8, command=self.choose_text
        )
        self.texts_button.pack(side="right", padx=(GAP, 0), before=self.subject.widget)
        place = form.row(label="差し込み")
        self.inserts = [
            ttk.Button(
                place,
                text=mark,
                width=2 * len(mark),
                command=partial(self.insert, mark),
            )
            for mark in mailing_text.PLACEHOLDERS
        ]
        for button in self.inserts:
            button.pack(side="left", padx=(0, HALF))
        self.body = form.text("本文", lines=_LINES, characters=20)
        form.fill_height(self.body)
        form.note(
            "差し込みのボタンを押すと、カーソルの場所に入ります。"
            "送るときに、会員ごとの名前や番号に変わります。",
            under_fields=True,
        )
        row = form.row(under_fields=True)
        self.try_button = ttk.Button(row, text="自分に試し送信", width=18, command=self.try_out)
        self.try_button.pack(side="left", pady=(HALF, 0))
        self.former_button = ttk.Button(
            row, text="前の文章に戻す", width=18, command=self.bring_back
        )
        self._last: tk.Misc = self.body.widget
        for field in (self.subject, self.body):
            field.widget.bind("<FocusIn>", self._entered, add=True)
            switch_ime(field.widget, InputMode.HIRAGANA)

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        ready = not self.is_busy
        return [
            FunctionKey("F9", "下書き保存", self.save, enabled=ready),
            FunctionKey("F12", "送る相手を選ぶ", self.go_on, enabled=ready),
        ]

    def on_show(self) -> None:
        self._settings = self._workspaces.current.settings()
        self.missing.show(self._settings.shop)
        self.preview.load()
        self.refresh()
        if _lacking(self._settings.shop, "店名", "住所"):
            self.missing.button.focus_set()
        else:
            (self.body if self.subject.value else self.subject).focus()

    def has_unsaved_changes(self) -> bool:
        return self._text != self._saved

    def save_before_leaving(self, then: Callable[[], None]) -> None:
        self._save(then)

    # ---- the text ----

    @property
    def _text(self) -> tuple[str, str]:
        return self.subject.value, self.body.value

    def insert(self, mark: str) -> None:
        """Put a placeholder where the cursor was last."""
        if self._last is self.body.widget:
            self.body.insert(mark)
        else:
            entry = self.subject.widget
            if entry.selection_present():
                entry.delete("sel.first", "sel.last")
            entry.insert("insert", mark)
            begin_to_edit(entry)
            entry.focus_set()

    def choose_text(self) -> None:
        """「文例」: begin with a text that is there already, or keep this one for another time."""
        if (chosen := choose_text(self.window, self._workspaces, *self._text)) is not None:
            self._retype(chosen)
            self.body.focus()

    def bring_back(self) -> None:
        """「前の文章に戻す」: what stood there before 「文例」. Once more: the other one again."""
        if self._former is not None:
            self._retype(self._former)

    def _retype(self, text: tuple[str, str]) -> None:
        former = self._text
        self.subject.retype(text[0])
        self.body.retype(text[1])
        self.refresh()
        if any(part.strip() for part in former):
            self._former = former
            self.former_button.pack(side="left", padx=(GAP, 0), pady=(HALF, 0))

    def _entered(self, event: tk.Event) -> None:
        self._last = event.widget

    def refresh(self) -> None:
        """Let the preview follow what is typed."""
        subject, body = self._text
        self.preview.write(subject, body, self._settings)
        self.check.edited()

    def _remarks(self) -> list[TextRemark] | None:
        """文面の点検, with the placeholders of a mailing; None while nothing is written."""
        subject, body = self._text
        if not (subject.strip() or body.strip()):
            return None
        wrong = [
            TextRemark(f"{starred} は使えません。", f"{right} と書いてください。", serious=True)
            for starred, right in mailing_text.misspelt(subject, body).items()
        ]
        odd = [
            TextRemark(
                f"{starred} は差し込みの言葉ではないため、そのままの文字で送ります。",
                "名前や番号を入れるところなら、「差し込み」のボタンで入れ直してください。",
            )
            for starred in mailing_text.unfilled(subject, body)
        ]
        found = remarks(
            subject,
            body,
            shop_name=self._settings.shop.name,
            charset=self._settings.collect.charset,
            kind=LetterKind.MAILING,
        )
        return [*wrong, *found, *odd]

    def _all_right(self) -> bool:
        """Say beside the fields what is wrong, and go to the first."""
        subject, body = self._text
        wrong = (
            (self.subject, mailing_text.problems(subject, "文", _ANY_SHOP)),
            (self.body, mailing_text.problems("題", body, _ANY_SHOP)),
        )
        first = None
        for field, problems in wrong:
            field.clear()
            if problems:
                field.show_error("\n".join(problems))
                first = first or field
        if first is not None:
            first.focus()
            self.window.say_not_done("赤い字のところを直してください。")
            return False
        if lacking := _lacking(self._settings.shop, "店名", "住所"):
            self.missing.button.focus_set()
            self.window.say_not_done(f"「ID」で{'と'.join(lacking)}を入力してください。")
            return False
        return True

    # ---- what can be done ----

    def save(self) -> None:
        """「下書き保存」: however unfinished it is."""
        self._save(lambda: self.window.say_done("下書きを保存しました。"))

    def go_on(self) -> None:
        """「送る相手を選ぶ」: what is written is saved as a draft before."""
        from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen

        if self._all_right() and self._gaps_are_meant():
            self._save(
                lambda: self.window.open(
                    MailingRecipientsScreen, self._workspaces, self._go, self._id, self._chosen
                )
            )

    def _gaps_are_meant(self) -> bool:
        """Whether the text has no ○月○日 left in it, or somebody wants it so."""
        left = gaps(*self._text)
        if not left:
            return True
        named = "、".join(f"「{gap}」" for gap in left[:_GAPS_NAMED])
        more = "など" if len(left) > _GAPS_NAMED else ""
        go_on = self.window.dialogs.confirm(
            "うめていないところがあります",
            f"{named}{more}が、そのままになっています。このまま送ると、会員にも○のまま届きます。",
            yes="このまま進む",
            no="文章を直す",
            careful=True,
        )
        if not go_on:
            self.body.focus()
        return go_on

    def try_out(self) -> None:
        """「自分に試し送信」: the very mail, to an address of one's own."""
        if self._all_right():
            self._go.prerequisites.ensure(self._try_out)

    def _try_out(self) -> None:
        to = self.window.dialogs.show(SampleDialog, self._go.mailings.sample_address())
        if to is None:
            return
        subject, body = self._text

        def done(result: None) -> None:
            self.window.say_done(
                f"{to} にテストメールを送りました。届いたメールを確かめてください。"
            )

        self.window.set_status(f"{to} に送っています…")
        self.work(lambda job: self._go.mailings.send_sample(to, subject, body), done, busy=True)

    def _save(self, then: Callable[[], object]) -> None:
        subject, body = self._text
        if self._id is not None and (subject, body) == self._saved:
            then()
            return
        identity, pace = self._id, self._pace

        def work(job: Job) -> int:
            with self._workspaces.current.outbox() as outbox:
                if identity is None:
                    return outbox.save(subject, body, pace, local_now())
                # the next step may have saved another pace meanwhile
                outbox.rewrite(identity, subject, body, outbox.mailing(identity).pace)
                return identity

        def done(identity: int) -> None:
            self._id, self._saved = identity, (subject, body)
            then()

        self.work(work, done, busy=True)

    def busy_changed(self) -> None:
        self.try_button.configure(state="disabled" if self.is_busy else "normal")


class ShopNotice(ttk.Frame):
    """What the footer lacks that the law asks for, and the way to enter it; else nothing."""

    def __init__(self, parent: tk.Misc, enter_shop: Callable[[], None]) -> None:
        super().__init__(parent, style="Notice.TFrame", padding=(GAP, HALF))
        self.columnconfigure(0, weight=1)
        self.text = WrappedLabel(self, "", style="Notice.TLabel")
        self.text.grid(row=0, column=0, sticky="ew")
        self.button = ttk.Button(self, text="「ID」で入力する", width=18, command=enter_shop)
        self.button.grid(row=0, column=1, padx=(GAP, 0))

    def show(self, shop: Shop) -> None:
        needed = _lacking(shop, "店名", "住所")
        wanted = _lacking(shop, "電話番号")
        if needed:
            text = (
                f"{'と'.join(needed)}がまだ入力されていません。お知らせのメールには、"
                "送る人の名前と住所を書くことが、法律で決められています。"
            )
            if wanted:
                text += "電話番号も入力してください。"
        elif wanted:
            text = (
                "電話番号が入力されていません。お客様のお問い合わせ先として、"
                "入力することをお勧めします（このままでも送れます）。"
            )
        else:
            self.grid_remove()
            return
        self.text.configure(text=text)
        self.grid()


def _lacking(shop: Shop, *words: str) -> list[str]:
    values = {"店名": shop.name, "住所": shop.address, "電話番号": shop.phone}
    return [word for word in words if not values[word].strip()]
