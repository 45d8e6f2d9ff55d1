"""One request of a table for rows: they are handed over, or it is told that they cannot be had."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from typing import TypeVar

from kollect.errors import Trouble
from kollect.ui.framework.jobs import Jobs
from kollect.ui.widgets.table_columns import TableRow

T = TypeVar("T")
Rows = Mapping[int, TableRow]


class Take:
    """Call it with the rows. Where there are none, `failed`: the table asks again by itself."""

    def __init__(self, take: Callable[[Rows], None], failed: Callable[[], bool]) -> None:
        self._take = take
        self._failed = failed

    def __call__(self, rows: Rows) -> None:
        self._take(rows)

    def failed(self) -> bool:
        """The rows cannot be had now. Whether that is news, and is to be told."""
        return self._failed()

    def by_job(
        self,
        jobs: Jobs,
        work: Callable[[], T],
        rows_of: Callable[[T], Rows],
        *,
        owner: tk.Misc,
        told: Callable[[Trouble], None] | None = None,
    ) -> None:
        """Do `work` in a thread, and take the rows that `rows_of` makes of its result in Tk's.

        `told` is given the first trouble of a row of them; by default the error dialog shows it.
        """

        def done(found: T) -> None:
            try:
                rows = rows_of(found)
            except BaseException:
                if self.failed():
                    raise
            else:
                self(rows)

        def failed(trouble: Trouble) -> None:
            if self.failed():
                (told or jobs.show_trouble)(trouble)

        jobs.run(lambda job: work(), done, owner=owner, failed=failed)
