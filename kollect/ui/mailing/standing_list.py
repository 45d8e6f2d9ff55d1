"""自動で送るメール: 誕生日メール and ステップメール, on and off, and how much each has sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mailing.mailing_events import MailingEvent
from kollect.mailing.schedule import StandingKind
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.mailing.mailing_words import EACH_MORNING
from kollect.ui.navigator import Navigator
from kollect.ui.status_strip import READ_AFTER_MS
from kollect.ui.widgets.form import button_row, wrapped
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

if TYPE_CHECKING:
    from kollect.mailing.standing import StandingMailing

_NOTE = (
    f"お誕生日や登録の日から数えて、毎{EACH_MORNING}に自動で送ります。送るのは、承諾された会員だけです。"
    "その時刻に動いていなかったときは、1日以内なら次に動いたときに送り、"
    "それより遅れた分は送らずに「送ったもの・送らなかったもの」に残します。"
)
_EMPTY = (
    "自動で送るメールはまだありません。\n"
    "「誕生日メールを追加」か「ステップメールを追加」を押してください。"
)
KIND_WORDS = {StandingKind.BIRTHDAY: "誕生日メール", StandingKind.STEP: "ステップメール"}
ON, OFF = "入", "切"

_Totals = tuple[int, int]


class StandingListScreen(Screen):
    code, heading = "KKRMS105", "自動で送るメール"
    manual = "standing"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._found: dict[int, tuple[StandingMailing, _Totals]] = {}
        self._loads: LatestOnly[dict[int, tuple[StandingMailing, _Totals]]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        wrapped(self, _NOTE).grid(row=0, column=0, sticky="ew", pady=(0, GAP))
        self.table = Table(
            self,
            (
                TableColumn("状態", 3),
                TableColumn("種類", 7.5),
                TableColumn("送る日", 7.5),
                TableColumn("見出", 14, stretch=True),
                TableColumn("送った数", 5.5, right=True),
                TableColumn("送らなかった数", 8.5, right=True),
            ),
            self._fetch,
            opened=lambda identity: self.open_selected(),
            chosen=self._chosen,
            memory=window.memory.columns("standing"),
        )
        self.table.grid(row=1, column=0, sticky="nsew")
        buttons, made = button_row(
            self,
            {
                "誕生日メールを追加": lambda: self.add(StandingKind.BIRTHDAY),
                "ステップメールを追加": lambda: self.add(StandingKind.STEP),
                "削除": self.remove,
            },
        )
        self.birthday_button, self.step_button, self.remove_button = made
        buttons.grid(row=2, column=0, sticky="w", pady=(GAP, 0))
        self._soon = Timer(self, self._load)
        self._unwatch = go.mailings.watch(self._told)
        self._chosen()

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        one = self.chosen
        there = one is not None and not self.is_busy
        word = "切にする" if one is not None and one.active else "入にする"
        return [
            FunctionKey("F8", "送ったもの", self.show_results, enabled=there),
            FunctionKey("F9", word, self.switch, enabled=there),
            FunctionKey("F12", "直す", self.open_selected, enabled=there),
        ]

    def on_show(self) -> None:
        self.table.focus_rows()
        self._load()

    def on_close(self) -> None:
        self._unwatch()

    def on_text_size(self) -> None:
        self.table.on_text_size()

    @property
    def chosen(self) -> StandingMailing | None:
        """The one of the selected row."""
        found = None if self.table.current is None else self._found.get(self.table.current)
        return found[0] if found else None

    # ---- the rows ----

    def _load(self) -> None:
        def work() -> dict[int, tuple[StandingMailing, _Totals]]:
            with self._workspaces.current.standing_mailings() as standing:
                return {one.id: (one, standing.totals(one.id)) for one in standing.all()}

        def done(found: dict[int, tuple[StandingMailing, _Totals]]) -> None:
            known, self._found = self._found, found
            identities = list(found)
            self.table.show(identities, self._rows(identities), keep=True)
            new = [place for place, one in enumerate(identities) if known and one not in known]
            if new:
                self.table.show_row(new[0])  # the one just written: the keys are about it
            self.table.say_nothing_there("" if found else _EMPTY)
            self._chosen()

        self._loads.submit(work, done)

    def _fetch(self, identities: Sequence[int], take: Take) -> None:
        take(self._rows(identities))

    def _rows(self, identities: Iterable[int]) -> dict[int, TableRow]:
        return {identity: _row(*self._found[identity]) for identity in identities}

    def _told(self, news: MailingEvent) -> None:
        if not self._soon.waits:  # progress is told a few times a second
            self._soon.start(READ_AFTER_MS)

    def _chosen(self) -> None:
        self.remove_button.configure(state="normal" if self.chosen is not None else "disabled")
        if self.chosen != self._shown_keys:
            self._shown_keys = self.chosen
            self.refresh_keys()

    _shown_keys: StandingMailing | None = None

    # ---- what can be done ----

    def add(self, kind: StandingKind) -> None:
        """「誕生日メールを追加」「ステップメールを追加」"""
        self._edit(kind, None)

    def open_selected(self) -> None:
        """「直す」"""
        if (one := self.chosen) is not None:
            self._edit(one.rule.kind, one)

    def _edit(self, kind: StandingKind, one: StandingMailing | None) -> None:
        from kollect.ui.mailing.standing_edit import StandingEditScreen

        self.window.open(StandingEditScreen, self._workspaces, self._go, kind, one)

    def show_results(self) -> None:
        """「送ったもの」"""
        from kollect.ui.mailing.standing_results import StandingResultsScreen

        if (one := self.chosen) is not None:
            self.window.open(StandingResultsScreen, self._workspaces, self._go, one)

    def switch(self) -> None:
        """「入にする」「切にする」"""
        one = self.chosen
        if one is None:
            return
        active = not one.active

        def done(result: None) -> None:
            words = "これから自動で送ります。" if active else "自動で送るのをやめました。"
            self.window.say_done(f"「{one.subject}」: {words}")
            self._load()

        def act() -> None:
            self.work(
                lambda job: self._go.mailings.switch_standing(one.id, active), done, busy=True
            )

        if active:
            self._go.prerequisites.ensure(act)
        else:
            act()

    def remove(self) -> None:
        """「削除」"""
        one = self.chosen
        if one is None or not self.window.dialogs.confirm(
            "自動で送るメールの削除",
            f"「{one.subject}」（{KIND_WORDS[one.rule.kind]}、{one.name}）を削除しますか？\n"
            "これからは送りません。もう送ったものの記録は、会員ごとに残ります。\n"
            "しばらく止めるだけのときは、「切にする」を押してください。",
            yes="削除する",
            careful=True,
        ):
            return

        def work(job: Job) -> None:
            self._go.mailings.remove_standing(one.id)

        self.work(work, lambda result: self._load(), busy=True)

    def busy_changed(self) -> None:
        state = "disabled" if self.is_busy else "normal"
        for button in (self.birthday_button, self.step_button):
            button.configure(state=state)


def _row(one: StandingMailing, totals: _Totals) -> TableRow:
    sent, not_sent = totals
    return TableRow(
        (
            *(ON if one.active else OFF, KIND_WORDS[one.rule.kind], one.name, one.subject),
            *(f"{sent:,}" if sent else "", f"{not_sent:,}" if not_sent else ""),
        ),
        "" if one.active else "faint",
    )
