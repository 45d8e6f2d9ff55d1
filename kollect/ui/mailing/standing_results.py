"""What a 誕生日メール or ステップメール has sent, and what it has not, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mailing.mailing_states import Mailing, RecipientState
from kollect.mailing.schedule import StandingKind
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_words import DEAD, MAILING_STATE_LABELS, WHY_LEFT_OUT, count
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.dates import day_text, moment_text
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

if TYPE_CHECKING:
    from kollect.mailing.standing import NotSent, StandingMailing

_Sent = Mapping[int, tuple[Mailing, Mapping[RecipientState, int]]]
_NOTHING_SENT = "まだ送ったものはありません。"
_NOTHING_LEFT = "送らなかったものはありません。"


class StandingResultsScreen(Screen):
    code, heading = "KKRMS107", "自動で送ったもの"
    manual = "standing-results"

    def __init__(
        self, window: Window, workspaces: ActiveWorkspace, go: Navigator, one: StandingMailing
    ) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._one = one
        self._sent: _Sent = {}
        self._not_sent: list[NotSent] = []
        is_birthday = one.rule.kind is StandingKind.BIRTHDAY
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        wrapped(self, f"「{one.subject}」　{one.name}").grid(
            row=0, column=0, sticky="ew", pady=(0, GAP)
        )
        self.notebook = ttk.Notebook(self)
        self.notebook.grid(row=1, column=0, sticky="nsew")
        self.notebook.enable_traversal()
        self.sent = Table(
            self.notebook,
            (
                TableColumn("発信日時", 9, narrow=8),
                TableColumn("状態", 6),
                TableColumn("見出", 14, stretch=True),
                TableColumn("送信済", 6, right=True),
                TableColumn("不達", 3, right=True),
            ),
            self._fetch_sent,
            opened=lambda identity: self.open_selected(),
            chosen=self.refresh_keys,
        )
        self.not_sent = Table(
            self.notebook,
            (
                TableColumn("受付番号", 5.5),
                TableColumn("お名前", 7.5),
                TableColumn("お誕生日" if is_birthday else "送る日", 6.5),
                TableColumn("理由", 8.5),
                TableColumn("くわしく", 15, stretch=True),
            ),
            self._fetch_not_sent,
        )
        self.notebook.add(self.sent, text="送ったもの")
        self.notebook.add(self.not_sent, text="送らなかったもの")
        self.notebook.bind("<<NotebookTabChanged>>", lambda event: self._turned())

    def function_keys(self) -> Sequence[FunctionKey]:
        there = self._is_sent_in_front and self.sent.current is not None
        return [FunctionKey("F12", "開く", self.open_selected, enabled=there)]

    def on_show(self) -> None:
        self._turned()
        self._load()

    def on_text_size(self) -> None:
        self.sent.on_text_size()
        self.not_sent.on_text_size()

    @property
    def _is_sent_in_front(self) -> bool:
        return bool(self.notebook.index("current") == 0)

    def _turned(self) -> None:
        if self.window.screens and self.window.screen is self:
            self.window.refresh_keys()
            (self.sent if self._is_sent_in_front else self.not_sent).focus_rows()

    def _load(self) -> None:
        def work(job: Job) -> tuple[_Sent, list[NotSent]]:
            current = self._workspaces.current
            with current.standing_mailings() as standing, current.outbox() as outbox:
                made = standing.sent_by(self._one.id)
                sent = {one: (outbox.mailing(one), outbox.counts(one)) for one in made}
                return sent, standing.not_sent(self._one.id)

        def done(found: tuple[_Sent, list[NotSent]]) -> None:
            self._sent, self._not_sent = found
            self.sent.show(list(self._sent), keep=True)
            self.not_sent.show(list(range(len(self._not_sent))), keep=True)
            self.sent.say_nothing_there("" if self._sent else _NOTHING_SENT)
            self.not_sent.say_nothing_there("" if self._not_sent else _NOTHING_LEFT)
            self.notebook.tab(
                self.not_sent,
                text=f"送らなかったもの（{len(self._not_sent):,}）"
                if self._not_sent
                else "送らなかったもの",
            )
            self.refresh_keys()

        self.work(work, done)

    def _fetch_sent(self, identities: Sequence[int], take: Take) -> None:
        take({identity: _sent_row(*self._sent[identity]) for identity in identities})

    def _fetch_not_sent(self, places: Sequence[int], take: Take) -> None:
        take({place: self._not_sent_row(self._not_sent[place]) for place in places})

    def _not_sent_row(self, one: NotSent) -> TableRow:
        number = self._workspaces.current.number_text(one.number)
        words = one.reason.value, WHY_LEFT_OUT[one.reason]
        return TableRow((number, one.name, day_text(one.day), *words))

    def open_selected(self) -> None:
        """「開く」: what became of each mail."""
        if self._is_sent_in_front and self.sent.current is not None:
            self.window.open(MailingProgressScreen, self._workspaces, self._go, self.sent.current)


def _sent_row(mailing: Mailing, counts: Mapping[RecipientState, int]) -> TableRow:
    total = sum(counts.values()) - counts.get(RecipientState.LEFT_OUT, 0)
    dead = count(counts, DEAD)
    return TableRow(
        (
            *(moment_text(mailing.started_at), MAILING_STATE_LABELS[mailing.state]),
            *(mailing.subject, f"{counts.get(RecipientState.SENT, 0):,} ／ {total:,}"),
            f"{dead:,}" if dead else "",
        )
    )
