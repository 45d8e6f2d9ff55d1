"""「CSVへ取り出し」: asks for the kind and the place of the file, writes it, and opens it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from kollect.desktop.open_file import open_file
from kollect.errors import Trouble
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window

if TYPE_CHECKING:
    from kollect.app.results_service import ResultsService

ENCODINGS = {"シフトJIS": "cp932", "UTF-8": "utf-8-sig"}
_KINDS = (("CSVファイル（Excelなど）", "*.csv"),)


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
        if self.busy or (where := self._ask_where(len(numbers))) is None:
            return
        path, encoding = where

        def work(job: Job) -> bool:
            def told(count: int) -> None:
                job.report(
                    self._window.set_status, f"取り出しています… {count:,} ／ {len(numbers):,}件"
                )

            if not self._records.write_csv(path, numbers, encoding, job.stopping, told):
                return False
            open_file(path)
            return True

        def done(written: bool) -> None:
            self._over()
            if written:
                self._window.say_done(f"{len(numbers):,}件を「{path.name}」へ取り出しました。")
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

    def _ask_where(self, count: int) -> tuple[Path, str] | None:
        dialogs = self._window.dialogs
        cancel = "キャンセル"
        kind = dialogs.choose(
            "CSVへ取り出し",
            f"表示している {count:,}件を、Excel などで開けるファイルに取り出します。\n"
            "文字の種類を選んでください。ふつうは「UTF-8」です。"
            "開いたときに文字が読めない古いソフトには、「シフトJIS」を使います。",
            (cancel, *ENCODINGS),
        )
        if kind == cancel:
            return None
        path = dialogs.save_as("CSVへ取り出し", f"収集結果-{date.today():%Y%m%d}.csv", _KINDS)
        return (path, ENCODINGS[kind]) if path else None
