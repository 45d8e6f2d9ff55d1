"""メール発信: the drafts and all mailings that were sent, with what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mailing.mailing_events import MailingEvent, MailingProgress
from kollect.mailing.mailing_states import Mailing, MailingState, RecipientState
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_words import DEAD, MAILING_STATE_LABELS, count
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.dates import moment_text
from kollect.ui.widgets.form import button_row, wrapped
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

_NOTE = "会員の皆様へ、お知らせのメールを送ります。送るのは、メール配信を承諾された会員だけです。"
_EMPTY = "メールはまだありません。\n「F9:新しく書く」を押して、書き始めてください。"

_Counts = Mapping[RecipientState, int]


class MailingListScreen(Screen):
    code, heading = "KKRMS101", "メール発信"
    manual = "mailing"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._mailings: dict[int, Mailing] = {}
        self._counts: dict[int, _Counts] = {}
        self._loads: LatestOnly[tuple[list[Mailing], dict[int, _Counts]]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        wrapped(self, _NOTE).grid(row=0, column=0, sticky="ew", pady=(0, GAP))
        self.table = Table(
            self,
            (
                TableColumn("状態", 5.6),
                TableColumn("見出", 15, stretch=True),
                TableColumn("発信日時", 9, narrow=8.8),
                TableColumn("送る相手", 8),
                TableColumn("送信済", 6, right=True),
                TableColumn("不達", 3, right=True),
            ),
            self._fetch,
            opened=lambda identity: self.open_selected(),
            chosen=self._chosen,
            memory=window.memory.columns("mailings"),
        )
        self.table.grid(row=1, column=0, sticky="nsew")
        buttons, made = button_row(
            self,
            {
                "写して新しく書く": self.copy,
                "下書きを削除": self.discard,
                "日時の変更": self.change_time,
                "予約の取り消し": self.cancel_reservation,
            },
        )
        self.copy_button, self.discard_button, self.time_button, self.cancel_button = made
        buttons.grid(row=2, column=0, sticky="w", pady=(GAP, 0))
        self._unwatch = go.mailings.watch(self._told)
        self._chosen()

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        return [
            FunctionKey("F8", "自動で送る", self._go.standing_mailings),
            FunctionKey("F9", "新しく書く", self.write),
            FunctionKey("F12", "開く", self.open_selected, enabled=self.chosen is not None),
        ]

    def on_show(self) -> None:
        self.table.focus_rows()
        self._load()

    def on_close(self) -> None:
        self._unwatch()

    def on_text_size(self) -> None:
        self.table.on_text_size()

    @property
    def chosen(self) -> Mailing | None:
        """The mailing of the selected row."""
        return None if self.table.current is None else self._mailings.get(self.table.current)

    # ---- the rows ----

    def _load(self) -> None:
        """Read the list; asked for again meanwhile, it is read once more after that."""

        def work() -> tuple[list[Mailing], dict[int, _Counts]]:
            with self._workspaces.current.outbox() as outbox:
                found = outbox.mailings(by_itself=False)  # those have a list of their own
                sent = [mailing for mailing in found if mailing.state is not MailingState.DRAFT]
                return found, {mailing.id: outbox.counts(mailing.id) for mailing in sent}

        def done(found: tuple[list[Mailing], dict[int, _Counts]]) -> None:
            mailings, self._counts = found
            known, self._mailings = self._mailings, {mailing.id: mailing for mailing in mailings}
            identities = list(self._mailings)  # the newest first
            self.table.show(identities, self._rows(identities), keep=True)
            if known and identities and identities[0] not in known:
                self.table.show_row(0)  # the one just written: the keys are about it
            self.table.say_nothing_there("" if mailings else _EMPTY)
            self._chosen()

        self._loads.submit(work, done)

    def _fetch(self, identities: Sequence[int], take: Take) -> None:
        take(self._rows(identities))

    def _rows(self, identities: Iterable[int]) -> dict[int, TableRow]:
        return {i: _row(self._mailings[i], self._counts.get(i, {})) for i in identities}

    def _told(self, news: MailingEvent) -> None:
        """The sender tells how far it is."""
        mailing = self._mailings.get(news.mailing)
        known = mailing is not None and mailing.state is MailingState.SENDING
        if known and isinstance(news, MailingProgress):
            self._counts[news.mailing] = news.counts
            self.table.refresh()
        else:
            self._load()

    def _chosen(self) -> None:
        mailing = self.chosen
        _enable(self.copy_button, mailing is not None)
        _enable(self.discard_button, mailing is not None and mailing.state is MailingState.DRAFT)
        reserved = mailing is not None and mailing.state is MailingState.SCHEDULED
        for button in (self.time_button, self.cancel_button):
            _enable(button, reserved)
        if mailing is not self._shown_keys:
            self.refresh_keys()
        self._shown_keys = mailing

    _shown_keys: Mailing | None = None

    # ---- what can be done ----

    def write(self) -> None:
        """「新しく書く」"""
        self.window.open(MailingComposeScreen, self._workspaces, self._go)

    def open_selected(self) -> None:
        """「開く」: a draft to go on writing, anything else to see what became of it."""
        mailing = self.chosen
        if mailing is None:
            return
        if mailing.state is MailingState.DRAFT:
            self.window.open(MailingComposeScreen, self._workspaces, self._go, mailing)
        else:
            self.window.open(MailingProgressScreen, self._workspaces, self._go, mailing.id)

    def copy(self) -> None:
        """「写して新しく書く」"""
        if self.chosen is not None:
            self.window.open(
                MailingComposeScreen, self._workspaces, self._go, self.chosen, as_copy=True
            )

    def change_time(self) -> None:
        """「日時の変更」"""
        if self.chosen is not None:
            self._go.change_reservation(self.chosen)

    def cancel_reservation(self) -> None:
        """「予約の取り消し」"""
        mailing = self.chosen
        if mailing is None or not self.window.dialogs.confirm(
            "予約の取り消し",
            f"「{mailing.subject}」の予約を取り消しますか？\n"
            "まだ1通も送っていません。文章は下書きに戻り、送る相手は選び直しになります。",
            yes="取り消す",
            no="戻る",
            careful=True,
        ):
            return

        self.work(
            lambda job: self._go.mailings.cancel_reservation(mailing.id),
            lambda result: self.window.say_done("予約を取り消しました。下書きに戻りました。"),
        )

    def discard(self) -> None:
        """「下書きを削除」"""
        mailing = self.chosen
        if mailing is None or not self.window.agrees(
            "下書きの削除",
            f"下書き「{mailing.subject or '（見出なし）'}」を削除しますか？\n"
            "削除すると、元に戻せません。",
            yes="削除する",
            otherwise="削除していません。",
        ):
            return

        def work(job: Job) -> None:
            with self._workspaces.current.outbox() as outbox:
                outbox.discard(mailing.id)

        self.work(work, lambda result: self._load())


def _enable(button: ttk.Button, enabled: bool) -> None:
    button.configure(state="normal" if enabled else "disabled")


def _row(mailing: Mailing, counts: _Counts) -> TableRow:
    subject = mailing.subject or "（見出なし）"
    if mailing.state is MailingState.DRAFT:
        return TableRow((MAILING_STATE_LABELS[mailing.state], subject, "", "", "", ""), "faint")
    when = mailing.due_at if mailing.state is MailingState.SCHEDULED else mailing.started_at
    started = moment_text(when)
    total = sum(counts.values()) - counts.get(RecipientState.LEFT_OUT, 0)
    dead = count(counts, DEAD)
    return TableRow(
        (
            *(MAILING_STATE_LABELS[mailing.state], subject, started, mailing.chosen),
            *(f"{counts.get(RecipientState.SENT, 0):,} ／ {total:,}", f"{dead:,}" if dead else ""),
        )
    )
