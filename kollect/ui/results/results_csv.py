"""「CSVへ取り出し」 of 収集結果: the rows that are shown, in a thread that can be stopped."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from kollect.errors import Trouble
from kollect.ui.framework.csv_file import ask_csv_file
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window

if TYPE_CHECKING:
    from kollect.app.results_service import ResultsService


class CsvExport:
    def __init__(
        self,
        window: Window,
        records: ResultsService,
        *,
        owner: tk.Misc,
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called when writing begins and when it is over."""
        self._window = window
        self._records = records
        self._owner = owner
        self._changed = changed
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def start(self, numbers: Sequence[int]) -> None:
        """The receipts of these numbers, in this order."""
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

        def done(said: str) -> None:
            self._over()
            if said:
                self._window.say_done(said)
            else:
                self._window.say_not_done("取り出しを中止しました。")

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
