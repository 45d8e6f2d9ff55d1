"""「対象外・保留」: the mails that got no number; to be read, forwarded, or given one by hand."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from tkinter import ttk
from typing import TYPE_CHECKING, TypeVar

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.ledger.kept_query import KeptMail
from kollect.ledger.states import AlreadyNumbered
from kollect.mail.foreign_text import exact
from kollect.settings.number_format import number_text
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT, WIDE
from kollect.ui.framework.tk_lifetime import text_variable, when_idle
from kollect.ui.framework.window import FunctionKey, Window
from kollect.ui.results.kept_dialogs import KeptMailAction, MailDialog, NumberDialog
from kollect.ui.results.kept_rows import COLUMNS, row_of, says_no_perhaps
from kollect.ui.results.resend_dialog import LetterWatch
from kollect.ui.widgets.counts import count_text
from kollect.ui.widgets.fields import LineField
from kollect.ui.widgets.form import button_row, wrapped
from kollect.ui.widgets.table import Table, TableRow, Take

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.app.results_service import ResultsService, SearchResult
    from kollect.mail.body import MailBody

T = TypeVar("T")

_NONE = "対象外のメールはありません。"
_NOT_FOUND = "見つかりません。別の言葉でさがしてください。"
_MOST_KNOWN = 5000


class KeptMailsTab(ttk.Frame):
    title = "対象外・保留"
    manual = "kept"

    def __init__(
        self, parent: tk.Misc, window: Window, workspaces: ActiveWorkspace, records: ResultsService
    ) -> None:
        super().__init__(parent, padding=GAP)
        self._window = window
        self._workspaces = workspaces
        self._records = records
        self._known: dict[int, KeptMail] = {}
        self._searches: LatestOnly[SearchResult[KeptMail]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self.letters = LetterWatch(window, workspaces, owner=self, changed=self.refresh)
        self._busy = False
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self._build_search()
        self.table = Table(
            self,
            COLUMNS,
            self._fetch,
            opened=lambda key: self.look(),
            chosen=self._chosen,
            menu=self._fill_menu,
            memory=window.memory.columns("kept"),
        )
        self.table.grid(row=1, column=0, sticky="nsew", pady=GAP)
        self.about = wrapped(self, " ", style="Faint.TLabel")
        self.about.grid(row=2, column=0, sticky="ew", pady=(0, HALF))
        below = ttk.Frame(self)
        below.grid(row=3, column=0, sticky="ew")
        below.columnconfigure(1, weight=1)
        buttons, self.buttons = button_row(
            below,
            {
                "内容を見る": self.look,
                "転送する": self.forward,
                "受付番号を発行": self.give_number,
                "配信停止にする": self.stop_mails,
            },
        )
        buttons.grid(row=0, column=0)
        self.count = ttk.Label(below)
        self.count.grid(row=0, column=1, sticky="e")
        self.table.tree.bind("<<Copy>>", lambda event: self.copy_address())
        self._chosen()

    def _build_search(self) -> None:
        top = ttk.Frame(self)
        top.grid(row=0, column=0, sticky="ew")
        top.columnconfigure(2, weight=1)
        ttk.Label(top, text="さがす").grid(row=0, column=0)
        words = text_variable(self)
        entry = ttk.Entry(top, width=18, textvariable=words, font=TEXT_FONT)
        entry.grid(row=0, column=1, padx=(HALF, WIDE))
        self.text = LineField(entry, ttk.Label(self), words)
        self.text.on_edit(lambda: self._search(keep=False, at=None))
        for key in ("<Down>", "<Return>", "<KP_Enter>"):
            entry.bind(key, lambda event: self._into_table())
        note = "受付番号を返信しなかったメールを、30日のあいだ保存しています。"
        wrapped(top, note, style="Faint.TLabel").grid(row=0, column=2, sticky="ew")

    # ---- as a tab ----

    def function_keys(self) -> Sequence[FunctionKey]:
        return [FunctionKey("F5", "最新の表示", self.refresh)]

    def search_entry(self) -> tk.Misc:
        return self.text.widget

    def on_show(self) -> None:
        self.text.focus()
        self.refresh()

    def on_text_size(self) -> None:
        self.table.on_text_size()

    # ---- the search ----

    def refresh(self) -> None:
        """Show the same again as it is now."""
        self._search(keep=True, at=self.table.top_key)

    def _search(self, *, keep: bool, at: int | None) -> None:
        text, rows = self.text.value, self.table.room + 20

        def done(found: SearchResult[KeptMail]) -> None:
            self._known = dict(found.rows)
            shown = self._rows(found.rows)
            self.table.show(found.keys, shown, top=found.top, keep=keep)
            nothing = _NOT_FOUND if text.strip() else _NONE
            self.table.say_nothing_there("" if found.keys else nothing)
            narrowed = bool(text.strip())
            self.count.configure(text=count_text(len(found.keys), found.total, narrowed=narrowed))

        self._searches.submit(lambda: self._records.find_kept(text, at=at, rows=rows), done)

    def _fetch(self, ids: Sequence[int], take: Take) -> None:
        def rows(mails: dict[int, KeptMail]) -> dict[int, TableRow]:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known |= mails
            when_idle(self, self._chosen)
            return self._rows(mails)

        take.by_job(
            self._window.jobs,
            lambda: self._records.kept_mails(ids),
            rows,
            owner=self,
            told=self._say_trouble,
        )

    def _rows(self, mails: Mapping[int, KeptMail]) -> dict[int, TableRow]:
        short_for = date.today() if self.table.is_narrow else None
        digits = self._records.digits()
        return {identity: row_of(mail, digits, short_for) for identity, mail in mails.items()}

    def _say_trouble(self, trouble: Trouble) -> None:
        self._window.say_not_done(f"{trouble.title}。{trouble.cure}")

    def _into_table(self) -> str:
        self.table.focus_rows()
        return "break"

    @property
    def mail(self) -> KeptMail | None:
        """The selected one."""
        return self._known.get(self.table.current or -1)

    def _chosen(self) -> None:
        mail = self.mail
        self.about.configure(text=f"理由: {mail.reason}" if mail else " ")
        for button in self.buttons:
            button.configure(state="normal" if mail else "disabled")
        if mail is None or mail.written_to is None:
            self.buttons[-1].configure(state="disabled")  # nobody to be stopped
        stands_out = mail is not None and says_no_perhaps(mail)
        self.about.configure(style="Wrong.TLabel" if stands_out else "Faint.TLabel")

    # ---- what can be done with a mail ----

    def _fill_menu(self, menu: tk.Menu) -> None:
        menu.add_command(label="内容を見る", accelerator="Enter", command=self.look)
        menu.add_command(label="転送する", command=self.forward)
        menu.add_command(label="受付番号を発行", command=self.give_number)
        if self.mail is not None and self.mail.written_to is not None:
            menu.add_command(label="配信停止にする", command=self.stop_mails)
        menu.add_separator()
        menu.add_command(label="差出人をコピー", accelerator="Ctrl+C", command=self.copy_address)

    def copy_address(self) -> str:
        if (mail := self.mail) and mail.address:
            self.clipboard_clear()
            self.clipboard_append(mail.address)
            self._window.say_done(f"「{exact(mail.address)}」をコピーしました。")
        return "break"

    def look(self) -> None:
        """「内容を見る」: as text; nothing in it is run, opened or fetched."""
        if (mail := self.mail) is None:
            return

        def done(contents: MailBody) -> None:
            wish = self._window.dialogs.show(MailDialog, mail, contents)
            if wish is KeptMailAction.FORWARD:
                self._forward(mail)
            elif wish is KeptMailAction.NUMBER:
                self._ask_address(mail)
            elif wish is KeptMailAction.STOP:
                self._stop_mails(mail)

        self._run(lambda: self._records.read_kept(mail), done)

    def forward(self) -> None:
        """「転送する」"""
        if self.mail is not None:
            self._forward(self.mail)

    def give_number(self) -> None:
        """「受付番号を発行」"""
        if self.mail is not None:
            self._ask_address(self.mail)

    def stop_mails(self) -> None:
        """「配信停止にする」"""
        if self.mail is not None and self.mail.written_to is not None:
            self._stop_mails(self.mail)

    def _stop_mails(self, mail: KeptMail) -> None:
        number = number_text(mail.written_to or 0, self._records.digits())
        if not self._window.dialogs.confirm(
            "配信停止",
            f"会員 {number}（{exact(mail.address)}）へのメールの配信を止めます。\n"
            "確認のメールは送りません。再開するには、お客様の新しい承諾が必要です。",
            yes="配信を止める",
        ):
            return

        def done(stopped: list[int]) -> None:
            self._window.say_done(f"{exact(mail.address)} へのメールの配信を止めました。")
            self.refresh()

        self._run(lambda: self._records.stop_mails(mail), done)

    def _forward(self, mail: KeptMail) -> None:
        try:
            to = self._workspaces.current.settings().forward_address
        except Trouble as trouble:
            self._window.dialogs.show_error(trouble)
            return
        if to and not self._window.dialogs.confirm(
            "メールの転送",
            f"このメールを「対象外メールの送信先」（{to}）へ転送します。\nよろしいですか？",
            yes="転送する",
        ):
            return
        self._run(lambda: [self._records.forward(mail)], self.letters.follow)

    def _ask_address(self, mail: KeptMail) -> None:
        to = self._window.dialogs.show(NumberDialog, mail)
        if to is None:
            return

        def work() -> dict[int, int] | AlreadyNumbered:
            try:
                number = self._records.give_number(mail, to)
            except AlreadyNumbered as has_one:
                return has_one
            return {number: 0} | self._records.letters_owed([number])

        def done(given: dict[int, int] | AlreadyNumbered) -> None:
            digits = self._records.digits()
            if not isinstance(given, AlreadyNumbered):
                ((number, row),) = given.items()
                told = f"受付番号 {number_text(number, digits)} を発行しました。"
                self.letters.follow([row], told=told)
            elif self._window.dialogs.confirm(
                "受付番号があります",
                f"{exact(to)} には、受付番号 {number_text(given.number, digits)} を"
                "発行してあります。\n"
                "この番号を、もう一度お知らせしますか？",
                yes="再送する",
            ):
                numbers = [given.number]
                self._run(
                    lambda: self._records.resend(numbers),
                    lambda rows: self.letters.follow(rows, again=True),
                )

        self._run(work, done)

    def _run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """One thing at a time: a second click while the first is worked on does nothing."""
        if self._busy:
            return
        self._busy = True

        def over(result: T) -> None:
            self._busy = False
            done(result)

        def failed(trouble: Trouble) -> None:
            self._busy = False
            self._window.dialogs.show_error(trouble)

        def job(job: Job) -> T:
            return work()

        self._window.jobs.run(job, over, owner=self, failed=failed)
