"""収集結果表示: the receipts, the mails that were not answered, and both over time."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.events import CollectorEvent, Phase, PhaseChanged, PollFinished
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.navigator import Navigator
from kollect.ui.results.chart import ResultsChart
from kollect.ui.results.kept_tab import KeptMailsTab
from kollect.ui.results.receipts_tab import ResultsList
from kollect.ui.results.results_print_dialog import ResultsPaper

if TYPE_CHECKING:  # which are loaded when a row is opened
    from kollect.members.member import Member

_NO_CHANGE = ("left", "seconds")
"""Counts of a poll that say nothing of what is shown here."""


class ResultsScreen(Screen):
    code, heading = "KKRZS401", "収集結果表示"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        records = workspaces.current.results()
        self.notebook = ttk.Notebook(self)
        self.notebook.pack(fill="both", expand=True)
        self.notebook.enable_traversal()
        self.list = ResultsList(
            self.notebook, window, workspaces, records, go.arrival_sheet, self.open_member
        )
        self.kept = KeptMailsTab(self.notebook, window, workspaces, records)
        self.chart = ResultsChart(
            self.notebook, window, records, lambda: self.list.print(ResultsPaper.MONTH)
        )
        self._has_sent = False
        """Letters have been sent since the rows were read."""
        self.tabs = (self.list, self.kept, self.chart)
        for tab in self.tabs:
            self.notebook.add(tab, text=tab.title)
        self.notebook.bind("<<NotebookTabChanged>>", lambda event: self._turned())

    @property
    def tab(self) -> ResultsList | KeptMailsTab | ResultsChart:
        """The one in front."""
        return self.tabs[self.notebook.index("current")]

    def function_keys(self) -> Sequence[FunctionKey]:
        return self.tab.function_keys()

    def manual_page(self) -> str:
        return self.tab.manual

    def on_show(self) -> None:
        self.tab.on_show()

    def search_entry(self) -> tk.Misc | None:
        return self.tab.search_entry()

    def on_close(self) -> None:
        self.list.on_close()

    def on_collector_event(self, news: CollectorEvent) -> None:
        """After a poll that changed something, or sent a letter, the rows are read again."""
        for tab in (self.list, self.kept):
            tab.letters.on_collector_event(news)
        if news == PhaseChanged(Phase.REPLYING):
            self._has_sent = True
        if not isinstance(news, PollFinished) or self.window.screen is not self:
            return
        counts = news.report.as_json()
        if self._has_sent or any(counts[name] for name in counts if name not in _NO_CHANGE):
            self._has_sent = False
            self.tab.refresh()

    def on_text_size(self) -> None:
        for tab in self.tabs:
            tab.on_text_size()

    def show_unregistered(self) -> None:
        """The numbers that wait for their membership form."""
        self.notebook.select(self.list)
        self.list.filter.show_unregistered()

    def open_member(self, number: int) -> None:
        """The member with this number, or whose new address it was given to; else 会員登録."""
        if self.is_busy:
            return

        def work(job: Job) -> Member | None:
            with self._workspaces.current.members() as members:
                return members.get(members.stands_for(number) or number)

        def done(member: Member | None) -> None:
            if self.window.screen is not self:
                return
            if member is None:
                self._go.registration(number)
            else:
                self._go.member(member)

        self.work(work, done, busy=True)

    def _turned(self) -> None:
        if self.window.screen is self:
            self.window.refresh_keys()
            self.tab.on_show()
