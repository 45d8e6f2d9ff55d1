"""Protected data on a PC that does not know their code: it is asked for once."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from kollect.app.preflight import Watch
from kollect.errors import DataCodeTrouble, Trouble
from kollect.ui.framework.dialogs import Dialog, TroubleDialog, paragraph
from kollect.ui.framework.jobs import Job, Jobs, watch_of
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.form import Form

TITLE = "復元コードの入力"
_WHY = (
    "このフォルダのデータは保護（暗号化）されています。データは壊れていません。"
    "このパソコンで使うには、復元シートに印刷されている復元コード（27文字）を入力してください。"
)
_KEPT = "一度入力すると、このパソコンが覚えます（USBメモリには残しません）。"
_NOT_KEPT = "このパソコンには覚えさせる場所がないため、起動するたびに入力が必要です。"


def why_asked(*, is_kept: bool) -> str:
    """At the start. `is_kept`: this PC will know the code from now on."""
    return f"{_WHY}{_KEPT if is_kept else _NOT_KEPT}"


GONE_ON_WITH = "前に途中で止まった、データの保護の続きを行っています"
_HOW = "大文字でも小文字でも、ハイフンや空白があってもなくてもかまいません。"


class CodeDialog(Dialog[bool]):
    """Answers whether the data are open now."""

    def __init__(
        self,
        parent: tk.Misc,
        jobs: Jobs,
        unlock: Callable[[str, Watch], None],
        *,
        why: str,
        leave: str = "終了する",
    ) -> None:
        """`unlock` takes what was typed, may take a while, and raises Trouble; what it tells of
        meanwhile is shown.
        """
        super().__init__(parent, TITLE, otherwise=False)
        self._jobs = jobs
        self._unlock = unlock
        self._working = False
        paragraph(self.body, why).pack(anchor="w", pady=(0, GAP))
        form = Form(self.body)
        form.pack(fill="x")
        self.code = form.line("復元コード", characters=36)
        form.note(_HOW, under_fields=True)
        self.state_line = paragraph(self.body, "")
        self.state_line.pack(anchor="w", pady=(GAP, 0))
        self.choices = self.buttons((leave, self.cancel), ("OK", self.accept))
        self.start_at(self.code.widget)
        on_key(self, "<F12>", self.accept)

    def cancel(self) -> None:
        if not self._working:
            super().cancel()

    def accept(self) -> None:
        """「OK」"""
        if self._working:
            return
        self.code.show_error("")
        self._set_working(True)
        text = self.code.value

        def work(job: Job) -> None:
            self._unlock(text, watch_of(job, self._show))

        self._jobs.run(work, lambda result: self.finish(True), owner=self, failed=self._failed)

    def _show(self, part: float | None) -> None:
        if part is not None:
            self.state_line.configure(text=f"{GONE_ON_WITH}… {part:.0%}")

    def _failed(self, trouble: Trouble) -> None:
        self._set_working(False)
        if isinstance(trouble, DataCodeTrouble):
            self.code.show_error(f"{trouble.happened}{trouble.cure}")
            self.code.focus()
        else:
            TroubleDialog(self, trouble).run()

    def _set_working(self, working: bool) -> None:
        self._working = working
        self.state_line.configure(text="データを開いています。お待ちください…" if working else "")
        for button in self.choices:
            button.configure(state="disabled" if working else "normal")
