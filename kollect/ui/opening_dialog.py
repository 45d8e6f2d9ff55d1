"""The data are made ready, which is to be waited for: a change of the protection that was broken
off is gone on with, or very many rows are looked through.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk
from typing import TypeVar

from kollect.app.preflight import Watch
from kollect.errors import Trouble
from kollect.ui.framework.dialogs import Dialog, TroubleDialog, paragraph
from kollect.ui.framework.jobs import Job, Jobs, watch_of
from kollect.ui.framework.theme import HALF, WIDE

T = TypeVar("T")

_MOVES_EVERY_MS = 40


@dataclass(frozen=True, slots=True)
class OpeningWords:
    title: str
    text: str
    skip: str
    """The button that ends the looking; empty: there is none."""


GOING_ON = OpeningWords(
    "データの保護の続き",
    "データの保護の作業が、前に途中で止まりました。いま、その続きを行っています。"
    "データは失われていません。\n"
    "終わると、この窓は自動で閉じます。パソコンの電源を切らずに、お待ちください。",
    "",
)
LOOKING = OpeningWords(
    "データの確認",
    "集めたデータが壊れていないか、確かめています。受付の件数が多いと、15秒ほどかかります。\n"
    "終わると、この窓は自動で閉じます。",
    "確かめずに始める",
)
_LOOKED_THROUGH = "確かめています…"


class OpeningDialog(Dialog[T]):
    """Begins by itself, and answers with what `work` has found; it cannot be left before."""

    manual = "id"

    def __init__(
        self,
        parent: tk.Misc,
        jobs: Jobs,
        words: OpeningWords,
        work: Callable[[Watch], T],
        *,
        otherwise: T,
    ) -> None:
        """`work` is called in a thread. `otherwise`: the answer where it fails, which is told."""
        super().__init__(parent, words.title, otherwise=otherwise)
        self._words = words
        paragraph(self.body, words.text).pack(anchor="w")
        self.bar = ttk.Progressbar(self.body, maximum=1.0)
        self.bar.pack(fill="x", pady=(WIDE, 0))
        self.told = ttk.Label(self.body)
        self.told.pack(anchor="w", pady=(HALF, 0))
        self._show(None)
        if words.skip:
            (self.skip_button,) = self.buttons((words.skip, self.cancel), main=None)

        def do(job: Job) -> T:
            return work(watch_of(job, self._show))

        self._job = jobs.run(do, self.finish, owner=self, failed=self._failed)

    def cancel(self) -> None:
        """Where there is the button for it; a change goes to its end."""
        if self._words.skip:
            self._job.stop()

    def _show(self, part: float | None) -> None:
        if part is not None:
            self.bar.stop()
            self.bar.configure(mode="determinate", value=part)
            self.told.configure(text=f"書き直しています… {part:.0%}")
        elif str(self.bar.cget("mode")) != "indeterminate":
            self.bar.configure(mode="indeterminate")
            self.bar.start(_MOVES_EVERY_MS)
            self.told.configure(text=_LOOKED_THROUGH)

    def _failed(self, trouble: Trouble) -> None:
        TroubleDialog(self, trouble).run()
        self.destroy()
