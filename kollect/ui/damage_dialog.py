"""kollect.db is damaged or gone: go on with the newest good copy, and what that costs?"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from kollect.errors import Trouble
from kollect.storage.backup import DataLoss
from kollect.ui.framework.dialogs import Dialog, TroubleDialog, paragraph
from kollect.ui.framework.jobs import Job, Jobs
from kollect.ui.framework.theme import GAP

DAMAGED = (
    "受付の記録が壊れています",
    "受付の記録（kollect.db）が壊れているか、別のものと入れ替わっています。停電や、"
    "USBメモリの抜き差しが原因のことがあります。",
)
LOST = (
    "受付の記録が見つかりません",
    "受付の記録（kollect.db）がなくなっています。ほかの場所に移した覚えがあるときは、"
    "「終了する」を押して、元の場所に戻してください。",
)


class DamageDialog(Dialog[bool]):
    """Answers whether the program may go on: the copy is then in the place of the damaged file."""

    manual = "backups"

    def __init__(
        self,
        parent: tk.Misc,
        jobs: Jobs,
        cost: DataLoss,
        *,
        there: bool,
        go_back: Callable[[], None],
    ) -> None:
        """`there`: a damaged file is there. `go_back` takes a while, and raises Trouble."""
        title, happened = DAMAGED if there else LOST
        super().__init__(parent, title, otherwise=False, is_heading=True)
        self._jobs = jobs
        self._go_back = go_back
        self._working = False
        made = cost.made_on
        for heading, text in (
            (
                "何が起きたか",
                f"{happened}まだ処理していないメールは、サーバに残っています。",
            ),
            (
                "どうすればよいか",
                f"{made.year}年{made.month}月{made.day}日に作った控えがあります。"
                "この控えに戻して、続けられます。",
            ),
            (
                "控えに戻すと失われるもの",
                f"{cost}控えを作ったあとの会員の登録や修正も、やり直しになります。",
            ),
        ):
            paragraph(self.body, heading, style="Faint.TLabel").pack(anchor="w", pady=(GAP, 0))
            paragraph(self.body, text).pack(anchor="w")
        kept = "元のファイルは消さずに、名前を変えて残します。" if there else ""
        self.state_line = paragraph(self.body, kept)
        self.state_line.pack(anchor="w", pady=(GAP, 0))
        self.choices = self.buttons(("終了する", self.cancel), ("控えに戻して続ける", self.accept))

    def cancel(self) -> None:
        if not self._working:
            super().cancel()

    def accept(self) -> None:
        """「控えに戻して続ける」"""
        self._set_working(True)
        self.state_line.configure(text="控えに戻しています。しばらくお待ちください…")

        def work(job: Job) -> None:
            self._go_back()

        def failed(trouble: Trouble) -> None:
            self._set_working(False)
            self.state_line.configure(text="控えに戻せませんでした。")
            TroubleDialog(self, trouble).run()

        self._jobs.run(work, lambda result: self.finish(True), owner=self, failed=failed)

    def _set_working(self, working: bool) -> None:
        self._working = working
        for button in self.choices:
            button.configure(state="disabled" if working else "normal")
