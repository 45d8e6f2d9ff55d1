"""「控えの一覧」: the daily copies, what going back to one would cost, and going back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from tkinter import ttk

from kollect.app import backup_service
from kollect.app.backup_service import BackupCopy, ReturnCost
from kollect.errors import Trouble
from kollect.storage.data_folder import BACKUPS_KEPT, DataFolder
from kollect.ui.framework.dialogs import Dialog, Dialogs, em, paragraph
from kollect.ui.framework.jobs import Job, Jobs
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

GO_BACK = "この控えに戻す"
NOTHING = "控えはまだありません。収集しているあいだに、1日に1つ、自動で作ります。"
KEPT = (
    "配信停止と退会のお申し出は、いまのものが残ります。送りかけのメール発信は、一時停止になります。"
    "いまの記録は消さずに、名前を変えて残します。"
)
_WEEKDAYS = "月火水木金土日"


class BackupsDialog(Dialog[Path | None]):
    """Answers with the file that the records of before are in now; None: nothing was changed."""

    manual = "backups"

    def __init__(
        self,
        parent: tk.Misc,
        folder: DataFolder,
        jobs: Jobs,
        dialogs: Dialogs,
        go_back: Callable[[ReturnCost], Path | None],
    ) -> None:
        """`go_back` is called in a thread of its own; it takes a while, and raises Trouble."""
        super().__init__(parent, "控えの一覧", otherwise=None)
        self._folder = folder
        self._jobs = jobs
        self._dialogs = dialogs
        self._go_back = go_back
        self._copies: Sequence[BackupCopy] = ()
        self._cost: ReturnCost | None = None
        self._is_working = False
        self._looks: LatestOnly[ReturnCost] = LatestOnly(jobs, self, self._refused)
        paragraph(
            self.body,
            f"受付と会員の記録の写しです。毎日1つ作り、{BACKUPS_KEPT}日分を残します。",
            characters=_WIDTH,
        ).pack(anchor="w", pady=(0, GAP))
        # the words first: where there is little room, the table gives way
        self.kept_label = wrapped(self.body, KEPT, style="Faint.TLabel")
        self.kept_label.pack(side="bottom", fill="x")
        self.cost_label = wrapped(self.body, "")
        self.cost_label.pack(side="bottom", fill="x", pady=(GAP, 0))
        one = em(self)
        table = ttk.Frame(self.body, width=_WIDTH * one, height=_HEIGHT * one)
        table.pack(fill="both", expand=True)
        table.pack_propagate(False)
        self.table = Table(
            table,
            (
                TableColumn("作った日", 11, stretch=True),
                TableColumn("受付", 6, right=True),
                TableColumn("会員", 6, right=True),
                TableColumn("大きさ", 6, right=True),
            ),
            self._fetch,
            opened=lambda key: self.accept(),
            chosen=self._chosen,
        )
        self.table.pack(fill="both", expand=True)
        self.close_button, self.back_button = self.buttons(
            ("閉じる", self.cancel), (GO_BACK, self.accept)
        )
        self.start_at(self.table.tree)
        self._enable()
        jobs.run(
            lambda job: backup_service.copies(folder),
            self._show,
            owner=self,
            failed=self._refused,
        )

    def cancel(self) -> None:
        if not self._is_working:
            super().cancel()

    def accept(self) -> None:
        """「この控えに戻す」: after a question; then nothing else can be done until it is over."""
        cost = self._cost
        if cost is None or self._is_working:
            return
        if not self._dialogs.confirm(
            f"{GO_BACK}？",
            f"{day_text(cost.loss.made_on)}の控えに戻します。\n{cost_text(cost)}\n"
            "そのあいだ、メールの収集と発信を止めます。終わると、自動でまた始めます。",
            yes=GO_BACK,
            no="やめる",
            careful=True,
        ):
            return
        self._set_working(True)
        self.cost_label.configure(
            text="途中のメールを済ませてから、控えに戻します。しばらくお待ちください…"
        )

        def work(job: Job) -> Path | None:
            return self._go_back(cost)

        def failed(trouble: Trouble) -> None:
            self._set_working(False)
            self.cost_label.configure(text="控えに戻せませんでした。いまの記録のままです。")
            self._dialogs.show_error(trouble)

        self._jobs.run(work, self.finish, owner=self, failed=failed)

    def _show(self, found: list[BackupCopy]) -> None:
        self._copies = found
        self.table.say_nothing_there("" if found else NOTHING)
        self.table.show(range(len(found)))

    def _fetch(self, keys: Sequence[int], take: Take) -> None:
        take({key: TableRow(_cells(self._copies[key])) for key in keys})

    def _chosen(self) -> None:
        """Find out what this one would cost; a large one takes a while to be checked."""
        self._cost = None
        self._enable()
        key = self.table.current
        if key is None:
            self.cost_label.configure(text="")
            return
        path = self._copies[key].path
        self.cost_label.configure(text="この控えを調べています…")
        self._looks.submit(lambda: backup_service.cost_of(self._folder, path), self._found)

    def _found(self, cost: ReturnCost) -> None:
        if self._is_working:
            return
        self._cost = cost
        self.cost_label.configure(text=cost_text(cost))
        self._enable()

    def _refused(self, trouble: Trouble) -> None:
        self.cost_label.configure(text=str(trouble))

    def _set_working(self, working: bool) -> None:
        self._is_working = working
        self._enable()

    def _enable(self) -> None:
        usable = self._cost is not None and not self._is_working
        self.back_button.configure(state="normal" if usable else "disabled")
        self.close_button.configure(state="disabled" if self._is_working else "normal")


_WIDTH, _HEIGHT = 36, 14
"""Full-width characters: the dialog, and its table of seven rows."""


def cost_text(cost: ReturnCost) -> str:
    """What going back loses, in numbers."""
    members = (
        f"そのあとの会員の登録や修正（{cost.members:,}名分）は、やり直しになります。"
        if cost.members
        else "そのあとに登録や修正をした会員はいません。"
    )
    return f"{cost.loss}{members}"


def day_text(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def _cells(copy: BackupCopy) -> tuple[str, ...]:
    receipts = "－" if copy.receipts is None else f"{copy.receipts:,}件"
    members = "－" if copy.members is None else f"{copy.members:,}名"
    return day_text(copy.made_on), receipts, members, size_text(copy.size)


def size_text(octets: int) -> str:
    return f"{octets / 1e6:,.1f} MB" if octets >= 1e6 else f"{max(1, round(octets / 1000))} KB"
