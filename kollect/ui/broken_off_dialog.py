"""A change of the protection that was broken off is gone on with: to be waited for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TypeVar

from kollect.errors import Trouble
from kollect.ui.framework.dialogs import Dialog, TroubleDialog, paragraph
from kollect.ui.framework.jobs import Job, Jobs
from kollect.ui.framework.theme import WIDE

T = TypeVar("T")

TITLE = "データの保護の続き"
_WHAT = (
    "データの保護の作業が、前に途中で止まりました。いま、その続きを行っています。"
    "データは失われていません。\n"
    "終わると、この窓は自動で閉じます。しばらくお待ちください。"
)


class BrokenOffDialog(Dialog[T]):
    """Begins by itself, and answers with what `work` has found; it cannot be left before."""

    manual = "id"

    def __init__(self, parent: tk.Misc, jobs: Jobs, work: Callable[[], T], *, otherwise: T) -> None:
        """`work` is called in a thread. `otherwise`: the answer where it fails, which is told."""
        super().__init__(parent, TITLE, otherwise=otherwise)
        paragraph(self.body, _WHAT).pack(anchor="w")
        bar = ttk.Progressbar(self.body, mode="indeterminate")
        bar.pack(fill="x", pady=(WIDE, 0))
        bar.start(40)

        def do(job: Job) -> T:
            return work()

        jobs.run(do, self.finish, owner=self, failed=self._failed)

    def cancel(self) -> None:
        """There is nothing to go back to."""

    def _failed(self, trouble: Trouble) -> None:
        TroubleDialog(self, trouble).run()
        super().cancel()
