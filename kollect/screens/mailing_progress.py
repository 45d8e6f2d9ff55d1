"""メール発信, the sending: how far it is, what it waits for, what became of each mail.

The sending itself goes on whether this screen is open or not; past mailings are looked at here too.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from tkinter import ttk

from kollect.collector.mailing_reports import MailingNews, MailingTrouble, Progress
from kollect.collector.standing import Standing, wait_text
from kollect.errors import Trouble
from kollect.folder import storage_trouble
from kollect.members.csv_out import STEP_WORDS, mailing_csv
from kollect.members.mailing import Mailing, MailingState, Parcel, Step
from kollect.members.pace import Pace
from kollect.screens.collecting import TroublePanel
from kollect.screens.fields import ChoiceField
from kollect.screens.form import combobox_of, wrapped
from kollect.screens.jobs import Job
from kollect.screens.mailing_dialogs import LetterDialog
from kollect.screens.mailing_services import NO_MAILING, MailingServices
from kollect.screens.mailing_words import (
    ALL,
    DEAD,
    FILTERS,
    LEFT_OUT,
    STATE_WORDS,
    UNSURE,
    about,
    count,
    estimate,
)
from kollect.screens.table import Table, TableColumn, TableRow, Take
from kollect.screens.theme import GAP, HALF, WIDE
from kollect.screens.window import FunctionKey, Screen, Window

TABLE_EVERY_MS = 1000
"""The table follows the sending no faster than an eye."""
CSV_KINDS = (("CSVファイル（Excel）", "*.csv"),)
_GOING = (MailingState.SENDING, MailingState.PAUSED)


class MailingProgressScreen(Screen):
    code, heading = "KKRMS104", "メール発信（発信のようす）"

    def __init__(self, window: Window, services: MailingServices, mailing: int) -> None:
        super().__init__(window)
        self._services = services
        self._id = mailing
        self.mailing: Mailing | None = None
        self.counts: Mapping[Step, int] = {}
        self._busy = self._loading = False
        self._load_again = False
        self._timer = self._table_timer = ""
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self.panel = ProgressPanel(self, self.stop)
        self.panel.grid(row=0, column=0, sticky="ew")
        self.trouble = TroublePanel(self, window.dialogs.trouble)
        self.trouble.grid(row=1, column=0, sticky="ew", pady=(GAP, 0))
        self.trouble.grid_remove()
        self._build_filter().grid(row=2, column=0, sticky="ew", pady=GAP)
        self.table = Table(
            self,
            (
                TableColumn("受付番号", 5.5),
                TableColumn("お名前", 8),
                TableColumn("メールアドレス", 12, stretch=True),
                TableColumn("結果", 8),
                TableColumn("日時", 8),
                TableColumn("理由・サーバの返事", 11),
            ),
            self._fetch,
            opened=lambda place: self.look(),
        )
        self.table.grid(row=3, column=0, sticky="nsew")
        self._unwatch = services.watch(self._told)

    def _build_filter(self) -> ttk.Frame:
        bar = ttk.Frame(self)
        ttk.Label(bar, text="会員ごとの結果").pack(side="left", padx=(0, HALF))
        words = {word: f"{word}　{'　' * 5}" for word in FILTERS}
        box = combobox_of(bar, words)
        box.pack(side="left")
        self.filter = ChoiceField(box, ttk.Label(bar), words)
        self.filter.value = ALL
        self.filter.on_edit(self._refill)
        self.letter_button = ttk.Button(bar, text="送った内容を見る", command=self.show_letter)
        self.letter_button.pack(side="right")
        return bar

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        state = self.mailing.state if self.mailing else None
        keys = []
        if state is MailingState.SENDING:
            keys.append(FunctionKey("F9", "一時停止", self.pause, enabled=not self._busy))
        elif state is MailingState.PAUSED:
            keys.append(FunctionKey("F9", "再開", self.resume, enabled=not self._busy))
        there = self.mailing is not None and not self._busy
        return [*keys, FunctionKey("F12", "CSVへ取り出し", self.export, enabled=there)]

    def shown(self) -> None:
        self.table.focus_rows()
        self._load()

    def leaving(self) -> None:
        self._unwatch()
        for timer in (self._timer, self._table_timer):
            if timer:
                self.after_cancel(timer)

    def resized(self) -> None:
        self.table.resized()

    # ---- how it stands ----

    def _load(self) -> None:
        """Read it anew; what the sender told is only about a mailing that goes on."""
        if self._loading:
            self._load_again = True
            return
        self._loading, self._load_again = True, False

        def work(job: Job) -> tuple[Mailing, Mapping[Step, int]]:
            with self._services.outbox() as outbox:
                return outbox.mailing(self._id), outbox.counts(self._id)

        def done(found: tuple[Mailing, Mapping[Step, int]]) -> None:
            self._loading = False
            before = self.mailing and self.mailing.state
            self.mailing, self.counts = found
            if self.window.screen is self and self.mailing.state is not before:
                self.window.refresh_keys()
            self._show()
            self._refill()
            if self._load_again:
                self._load()

        def failed(trouble: Trouble) -> None:
            self._loading = False
            self.window.dialogs.trouble(trouble)

        self.window.jobs.run(work, done, owner=self, failed=failed)

    def _told(self, news: MailingNews) -> None:
        if news.mailing not in (self._id, NO_MAILING):
            return
        if isinstance(news, Progress) and self.mailing is not None:
            self.counts = news.counts
            self._show()
            if not self._table_timer:
                self._table_timer = self.after(TABLE_EVERY_MS, self._refill)
        else:
            self._load()

    def _show(self) -> None:
        """The panel above, with what the sender told last."""
        if self.mailing is None:
            return
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        news = self._services.latest(self._id)
        now = self._services.now()
        going = self.mailing.state is MailingState.SENDING
        progress = news if isinstance(news, Progress) and going else None
        self.panel.show(self.mailing, self.counts, progress, now)
        trouble = news if isinstance(news, MailingTrouble) else None
        if trouble is not None and self.mailing.state in _GOING:
            self.trouble.show(Standing(trouble=trouble.trouble, since=trouble.at, failures=1))
            self.trouble.grid()
            self.panel.wait(trouble.next_at, now, "もう一度試すまで")
        else:
            self.trouble.grid_remove()
        if going and self.panel.waiting:
            self._timer = self.after(1000 - now.microsecond // 1000, self._show)

    # ---- the results ----

    def _refill(self) -> None:
        if self._table_timer:
            self.after_cancel(self._table_timer)
            self._table_timer = ""
        word = self.filter.value
        wanted = count(self.counts, word)
        if len(self.table.keys) == wanted and self._filled == word:
            self.table.refresh()
        else:
            same = self._filled == word
            self.table.show(range(wanted), top=self.table.top if same else None, keep=same)
        self._filled = word
        self.table.say_nothing_there("" if wanted else "この結果の会員はいません。")
        box = self.filter.widget
        assert isinstance(box, ttk.Combobox)
        words = [f"{one}（{count(self.counts, one):,}名）" for one in FILTERS]
        if list(box.cget("values")) != words:
            place = box.current()
            box.configure(values=words)
            box.current(place)

    _filled = ""

    def _fetch(self, places: Sequence[int], take: Take) -> None:
        steps = FILTERS[self.filter.value]

        def work(job: Job) -> dict[int, TableRow]:
            with self._services.outbox() as outbox:
                parcels = outbox.page(self._id, places[0], len(places), *steps)
            return {place: _row(parcel) for place, parcel in zip(places, parcels, strict=False)}

        self.window.jobs.run(work, take, owner=self)

    def look(self) -> None:
        """Enter on a row: all that is known of this mail, however long the server's words are."""
        place = self.table.current
        if place is None:
            return
        steps = FILTERS[self.filter.value]

        def work(job: Job) -> list[Parcel]:
            with self._services.outbox() as outbox:
                return outbox.page(self._id, place, 1, *steps)

        def done(found: list[Parcel]) -> None:
            for one in found:
                self.window.dialogs.tell(
                    f"{one.number}　{one.name} 様",
                    f"{one.address}\n\n{STEP_WORDS[one.step]}　"
                    f"{one.step_at.astimezone():%Y/%m/%d %H:%M:%S}\n{one.answer}",
                )

        self.window.jobs.run(work, done, owner=self)

    def show_letter(self) -> None:
        """「送った内容を見る」"""
        if self.mailing is not None:
            settings = self._services.settings()
            sender = f"{settings.shop.name} <{settings.mail_address}>"
            self.window.dialogs.show(LetterDialog, self.mailing, sender)

    def export(self) -> None:
        """「CSVへ取り出し」: everybody, with what became of it."""
        name = f"発信結果-{self._services.now():%Y%m%d}.csv"
        path = self.window.dialogs.save_as("発信の結果をCSVへ取り出し", name, CSV_KINDS)
        if path is None:
            return

        def work(job: Job) -> None:
            with self._services.outbox() as outbox:
                data = mailing_csv(outbox.each(self._id))
            try:
                path.write_bytes(data)
            except OSError as error:
                raise storage_trouble(error, path) from error

        def done(result: None) -> None:
            self._set_busy(False)
            self.window.say(f"「{path.name}」に取り出しました。")

        self._set_busy(True)
        self.window.jobs.run(work, done, owner=self, failed=self._failed)

    # ---- on and off ----

    def pause(self) -> None:
        """「一時停止」"""
        self._turn(self._services.pause, "一時停止しました。「再開」で続きを送ります。")

    def resume(self) -> None:
        """「再開」"""
        self._services.ready(lambda: self._turn(self._services.resume, "続きを送ります。"))

    def stop(self) -> None:
        """「中止」"""
        left = count(self.counts, "これから送る")
        if self.window.dialogs.ask(
            "発信の中止",
            f"まだ送っていない {left:,}名には、このメールを送りません。\n"
            "中止すると、続きを送ることはできません。少しのあいだ止めるときは、"
            "「一時停止」を押してください。",
            yes="中止する",
            no="中止しない",
            careful=True,
        ):
            self._turn(self._services.stop, "発信を中止しました。")

    def _turn(self, act: Callable[[int], None], word: str) -> None:
        def done(result: None) -> None:
            self._set_busy(False)
            self.window.say(word)
            self._load()

        self._set_busy(True)
        self.window.jobs.run(lambda job: act(self._id), done, owner=self, failed=self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self._set_busy(False)
        self.window.dialogs.trouble(trouble)
        self._load()

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.panel.stop_button.configure(state="disabled" if busy else "normal")
        if self.window.screen is self:
            self.window.refresh_keys()


class ProgressPanel(ttk.Frame):
    """State and numbers in large letters, the bar, the speed, and what it waits for."""

    def __init__(self, parent: tk.Misc, stop: Callable[[], None]) -> None:
        super().__init__(parent, style="Paper.TFrame", padding=(WIDE, GAP))
        self.columnconfigure(1, weight=1)
        self.waiting = False
        """A countdown is shown."""
        self.subject = wrapped(self, "", style="PaperBold.TLabel")
        self.subject.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.whom = wrapped(self, "", style="PaperFaint.TLabel")
        self.whom.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(0, HALF))
        self.state = ttk.Label(self, style="State.TLabel")
        self.state.grid(row=2, column=0, sticky="w")
        self.numbers = ttk.Label(self, style="State.TLabel")
        self.numbers.grid(row=2, column=1, sticky="e")
        self.bar = ttk.Progressbar(self, maximum=1.0)
        self.bar.grid(row=3, column=0, columnspan=2, sticky="ew", pady=HALF)
        self.speed = ttk.Label(self, style="Paper.TLabel")
        self.speed.grid(row=4, column=0, columnspan=2, sticky="w")
        self.others = ttk.Label(self, style="Paper.TLabel")
        self.others.grid(row=4, column=1, sticky="e")
        self.stop_button = ttk.Button(self, text="中止", width=10, command=stop)
        self.stop_button.grid(row=0, column=2, rowspan=2, sticky="ne", padx=(GAP, 0))

    def show(
        self,
        mailing: Mailing,
        counts: Mapping[Step, int],
        progress: Progress | None,
        now: datetime,
    ) -> None:
        self.subject.configure(text=mailing.subject)
        started = mailing.started_at
        when = f"　{started.astimezone():%Y/%m/%d %H:%M} 発信" if started else ""
        self.whom.configure(text=f"送る相手: {mailing.chosen}{when}")
        self.state.configure(text=STATE_WORDS[mailing.state])
        total = sum(counts.values()) - counts.get(Step.LEFT_OUT, 0)
        sent = counts.get(Step.SENT, 0)
        self.numbers.configure(text=f"{sent:,} / {total:,} 名に送信済")
        left = count(counts, "これから送る") + counts.get(Step.UNKNOWN, 0)
        self.bar.configure(value=(total - left) / total if total else 1.0)
        others = [
            f"{word} {number:,}名"
            for word in (DEAD, UNSURE, LEFT_OUT)
            if (number := count(counts, word))
        ]
        self.others.configure(text="　".join(others))
        self.waiting = False
        self.speed.configure(text=self._pace_text(mailing, left, progress, now))
        if mailing.state in _GOING:
            self.stop_button.grid()
        else:
            self.stop_button.grid_remove()

    def _pace_text(
        self, mailing: Mailing, left: int, progress: Progress | None, now: datetime
    ) -> str:
        match mailing.state:
            case MailingState.PAUSED:
                return f"あと {left:,}名に送ります。「再開」を押すと、続きを送ります。"
            case MailingState.SENDING if progress is None:
                return "まもなく送り始めます。"
            case MailingState.SENDING:
                if progress.waiting_until and progress.waiting_until > now:
                    self.waiting = True
                    wait = wait_text(progress.waiting_until - now)
                    return f"次の送信まで あと {wait}（{_limits(mailing.pace)}）"
                span = estimate(left, mailing.pace, measured=progress.per_minute)
                return f"1分あたり {progress.per_minute:,}通　終わるまで あと {about(span)}"
        ended = mailing.ended_at
        return f"{ended.astimezone():%Y/%m/%d %H:%M} に終わりました。" if ended else ""

    def wait(self, until: datetime | None, now: datetime, what: str) -> None:
        """It waits because of trouble."""
        if until is None:
            self.speed.configure(text="直してから「再開」を押すと、続きを送ります。")
        elif until > now:
            self.waiting = True
            self.speed.configure(text=f"{what} あと {wait_text(until - now)}（自動で続けます）")


def _limits(pace: Pace) -> str:
    parts = [
        f"{span}に{most:,}通まで"
        for span, most in (("1分", pace.per_minute), ("1時間", pace.per_hour))
        if most
    ]
    return "・".join(parts) or "サーバの都合"


def _row(parcel: Parcel) -> TableRow:
    looks = {Step.UNDELIVERABLE: "wrong", Step.LEFT_OUT: "faint"}
    waiting = parcel.step is Step.WAITING
    return TableRow(
        (
            *(str(parcel.number), parcel.name, parcel.address, STEP_WORDS[parcel.step]),
            "" if waiting else f"{parcel.step_at.astimezone():%m/%d %H:%M:%S}",
            parcel.answer if parcel.step is not Step.SENT else "",
        ),
        looks.get(parcel.step, ""),
    )
