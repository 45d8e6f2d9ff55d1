"""収集結果 as a file: 「CSVへ取り出し」 and 「印刷」 of the rows that are shown, in a thread."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.threads.background_thread import local_now
from kollect.ui.framework.csv_file import ask_csv_file
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.pdf_file import PaperMade, ask_pdf_place
from kollect.ui.framework.window import Window
from kollect.ui.results import results_print
from kollect.ui.results.results_print_dialog import (
    ResultsPaper,
    ResultsPrintChoice,
    ResultsPrintDialog,
)

if TYPE_CHECKING:
    from kollect.app.results_service import ResultsService

T = TypeVar("T")

_STOPPED = "印刷を中止しました。"


class ResultsFiles:
    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        records: ResultsService,
        *,
        owner: tk.Misc,
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called when writing begins and when it is over."""
        self._window = window
        self._workspaces = workspaces
        self._records = records
        self._owner = owner
        self._changed = changed
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def export(self, numbers: Sequence[int]) -> None:
        """「CSVへ取り出し」: the receipts of these numbers, in this order."""
        if self.busy:
            return
        what, name = f"{len(numbers):,}件", f"収集結果-{date.today():%Y%m%d}.csv"
        target = ask_csv_file(
            self._window.dialogs,
            f"表示している {what}",
            name,
            protected=self._records.protected,
        )
        if target is None:
            return

        def work(job: Job) -> str:
            def told(count: int) -> None:
                job.report(
                    self._window.set_status, f"取り出しています… {count:,} ／ {len(numbers):,}件"
                )

            if not self._records.write_csv(
                target.path, numbers, target.encoding, job.stopping, told
            ):
                return ""
            return target.finish(what)

        self._run(work, self._window.say_done, "取り出しを中止しました。")

    def print(self, numbers: Sequence[int], paper: ResultsPaper = ResultsPaper.LIST) -> None:
        """「印刷」: these rows as a list on paper, or 月報; `paper` is proposed."""
        if self.busy:
            return
        today = local_now().date()

        def ask(months: list[date]) -> None:
            choice = self._window.dialogs.show(
                ResultsPrintDialog, len(numbers), months, paper, protected=self._records.protected
            )
            if choice is not None:
                self._make(choice, numbers, today)

        self._run(lambda job: self._records.months(today), ask, _STOPPED)

    def _make(self, choice: ResultsPrintChoice, numbers: Sequence[int], today: date) -> None:
        current = self._workspaces.current

        def work(job: Job) -> PaperMade | None:
            def told(doing: str, count: int) -> bool:
                job.report(self._window.set_status, f"{doing}… {count:,} ／ {len(numbers):,}件")
                return not job.stopping()

            shop = current.settings().shop.name
            if choice.paper is ResultsPaper.MONTH:
                facts = self._records.month_facts(choice.month, today)
                return results_print.make_month(facts, shop=shop, today=today)
            return results_print.make(self._records, numbers, told, shop=shop, today=today)

        def made(paper: PaperMade) -> None:
            target = ask_pdf_place(
                self._window.dialogs,
                choice.name,
                paper,
                opens=choice.opens,
            )
            if target is not None:
                self._run(
                    lambda job: target.finish(current.folder), self._window.say_done, _STOPPED
                )

        self._run(work, made, _STOPPED)

    def _run(
        self, work: Callable[[Job], T | None], then: Callable[[T], None], stopped: str
    ) -> None:
        """`then` with what it made; nothing where it was stopped."""

        def done(made: T | None) -> None:
            self._over()
            if made:
                then(made)
            else:
                self._window.say_not_done(stopped)

        def failed(trouble: Trouble) -> None:
            self._over()
            self._window.dialogs.show_error(trouble)

        self._job = self._window.jobs.run(work, done, owner=self._owner, failed=failed)
        self._changed()

    def stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _over(self) -> None:
        self._job = None
        self._window.set_status("")
        self._changed()
