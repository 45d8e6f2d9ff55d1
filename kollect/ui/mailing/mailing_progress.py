"""メール発信, the sending: how far it is, what it waits for, what became of each mail.

The sending itself goes on whether this screen is open or not; past mailings are looked at here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.status import CollectorStatus
from kollect.errors import Trouble
from kollect.mailing.mailing_csv import mailing_csv
from kollect.mailing.mailing_events import NO_MAILING, MailingEvent, MailingFailed, MailingProgress
from kollect.mailing.mailing_states import Mailing, MailingState, RecipientState
from kollect.storage import export
from kollect.threads.background_thread import local_now
from kollect.ui.collecting.screen import TroublePanel
from kollect.ui.framework.csv_file import ask_csv_file
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.mailing.mailing_dialogs import LetterDialog
from kollect.ui.mailing.mailing_panel import GOING, ProgressPanel
from kollect.ui.mailing.mailing_results import MailingResults
from kollect.ui.mailing.mailing_words import WAITING, count
from kollect.ui.navigator import Navigator

TABLE_EVERY_MS = 1000
"""The table follows the sending no faster than an eye."""
LOW = 20
"""Full-width characters: a screen that is lower has not room for everything."""


class MailingProgressScreen(Screen):
    code, heading = "KKRMS104", "メール発信（発信のようす）"
    manual = "mailing-progress"

    def __init__(
        self, window: Window, workspaces: ActiveWorkspace, go: Navigator, mailing: int
    ) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._id = mailing
        self.mailing: Mailing | None = None
        self.counts: Mapping[RecipientState, int] = {}
        self._loads: LatestOnly[tuple[Mailing, Mapping[RecipientState, int]]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self._countdown = Timer(self, self._show)
        self._table_soon = Timer(self, self._refill)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        self.panel = ProgressPanel(self, self.stop)
        self.panel.grid(row=0, column=0, sticky="ew")
        self.trouble = TroublePanel(self, window.dialogs.show_error, go.mend_mail_settings)
        self.trouble.grid(row=1, column=0, sticky="ew", pady=(GAP, 0))
        self.trouble.grid_remove()
        self.results = MailingResults(self, window, workspaces, mailing, self.show_letter)
        self.results.grid(row=2, column=0, sticky="nsew")
        self._unwatch = go.mailings.watch(self._told)
        self.bind("<Configure>", lambda event: self._fit(), add="+")

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        state = self.mailing.state if self.mailing else None
        keys = []
        if state is MailingState.SENDING:
            keys.append(FunctionKey("F9", "一時停止", self.pause, enabled=not self.is_busy))
        elif state is MailingState.PAUSED:
            keys.append(FunctionKey("F9", "再開", self.resume, enabled=not self.is_busy))
        there = self.mailing is not None and not self.is_busy
        return [*keys, FunctionKey("F12", "CSVへ取り出し", self.export, enabled=there)]

    def on_show(self) -> None:
        self.results.table.focus_rows()
        self._load()

    def on_close(self) -> None:
        self._unwatch()

    def on_text_size(self) -> None:
        self.results.resized()
        self._fit()

    def _fit(self) -> None:
        self.panel.be_low(1 < self.winfo_height() < LOW * em(self))

    # ---- how it stands ----

    def _load(self) -> None:
        """Read it anew; what the sender told is only about a mailing that goes on."""

        def work() -> tuple[Mailing, Mapping[RecipientState, int]]:
            with self._workspaces.current.outbox() as outbox:
                return outbox.mailing(self._id), outbox.counts(self._id)

        def done(found: tuple[Mailing, Mapping[RecipientState, int]]) -> None:
            before = self.mailing and self.mailing.state
            self.mailing, self.counts = found
            if self.window.screen is self and self.mailing.state is not before:
                self.window.refresh_keys()
            self._show()
            self._refill()

        self._loads.submit(work, done)

    def _told(self, news: MailingEvent) -> None:
        if news.mailing not in (self._id, NO_MAILING):
            return
        if isinstance(news, MailingProgress) and self.mailing is not None:
            self.counts = news.counts
            self._show()
            if not self._table_soon.waits:
                self._table_soon.start(TABLE_EVERY_MS)
        else:
            self._load()

    def _show(self) -> None:
        """The panel above, with what the sender told last."""
        if self.mailing is None:
            return
        self._countdown.cancel()
        news = self._go.mailings.latest(self._id)
        now = local_now()
        going = self.mailing.state is MailingState.SENDING
        progress = news if isinstance(news, MailingProgress) and going else None
        self.panel.show(self.mailing, self.counts, progress, now)
        trouble = news if isinstance(news, MailingFailed) else None
        if trouble is not None and self.mailing.state in GOING:
            self.trouble.show(
                CollectorStatus(trouble=trouble.trouble, since=trouble.at, failures=1)
            )
            self.trouble.grid()
            self.panel.wait(trouble.next_at, now, "もう一度試すまで")
        else:
            self.trouble.grid_remove()
        if going and self.panel.waiting:
            self._countdown.start(1000 - now.microsecond // 1000)

    def _refill(self) -> None:
        self._table_soon.cancel()
        self.results.show(self.counts)

    # ---- what was written, and the results as a file ----

    def show_letter(self) -> None:
        """「送った内容を見る」"""
        if self.mailing is not None:
            settings = self._workspaces.current.settings()
            sender = f"{settings.shop.name} <{settings.mail_address}>"
            self.window.dialogs.show(LetterDialog, self.mailing, sender)

    def export(self) -> None:
        """「CSVへ取り出し」: everybody, with what became of it."""
        name = f"発信結果-{local_now():%Y%m%d}.csv"
        target = ask_csv_file(
            self.window.dialogs,
            "会員ごとの結果",
            name,
            protected=self._workspaces.current.protected,
        )
        if target is None:
            return

        def work(job: Job) -> str:
            with self._workspaces.current.outbox() as outbox:
                recipients = list(outbox.each(self._id))
            digits = self._workspaces.current.digits
            export.write(target.path, mailing_csv(recipients, target.encoding, digits))
            return target.finish(f"{len(recipients):,}件")

        self.work(work, self.window.say_done, failed=self._failed, busy=True)

    # ---- on and off ----

    def pause(self) -> None:
        """「一時停止」"""
        self._turn(self._go.mailings.pause, "一時停止しました。「再開」で続きを送ります。")

    def resume(self) -> None:
        """「再開」"""
        self._go.prerequisites.ensure(
            lambda: self._turn(self._go.mailings.resume, "続きを送ります。")
        )

    def stop(self) -> None:
        """「中止」"""
        left = count(self.counts, WAITING)
        if self.window.agrees(
            "発信の中止",
            f"まだ送っていない {left:,}名には、このメールを送りません。\n"
            "中止すると、続きを送ることはできません。少しのあいだ止めるときは、"
            "「一時停止」を押してください。",
            yes="中止する",
            no="中止しない",
            otherwise="中止していません。",
        ):
            self._turn(self._go.mailings.stop, "発信を中止しました。")

    def _turn(self, act: Callable[[int], None], word: str) -> None:
        def done(result: None) -> None:
            self.window.say_done(word)
            self._load()

        self.work(lambda job: act(self._id), done, failed=self._failed, busy=True)

    def _failed(self, trouble: Trouble) -> None:
        self.window.dialogs.show_error(trouble)
        self._load()

    def busy_changed(self) -> None:
        self.panel.stop_button.configure(state="disabled" if self.is_busy else "normal")
