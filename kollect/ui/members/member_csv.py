"""Below 会員一覧: the members and 承諾の記録 out as CSV and on paper, and the way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from tkinter import ttk
from typing import Any, TypeVar

from kollect.app.active_workspace import ActiveWorkspace
from kollect.members.csv_export import consents_csv, members_csv
from kollect.members.member_filter import MemberFilter
from kollect.members.repository import Members
from kollect.storage import export
from kollect.threads.background_thread import local_now
from kollect.ui.framework.csv_file import ask_csv_file
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.pdf_file import PaperMade, ask_pdf_place
from kollect.ui.framework.window import Screen, Window
from kollect.ui.members import member_print
from kollect.ui.members.print_dialog import PrintChoice, PrintDialog
from kollect.ui.members.stop_button import StopButton
from kollect.ui.widgets.form import button_row

T = TypeVar("T")
Watched = Callable[[Iterable[T]], Iterator[T]]

Make = Callable[[Members, Watched[Any], str], bytes]
"""The octets of a table, in an encoding."""

TOLD_EVERY = 1000


class MemberFiles(ttk.Frame):
    def __init__(
        self,
        parent: Screen,
        window: Window,
        workspaces: ActiveWorkspace,
        choice: Callable[[], MemberFilter],
        *,
        take_in: Callable[[], None],
        numbers: Callable[[], Sequence[int]],
        changed: Callable[[], None],
    ) -> None:
        """`choice` says who is listed, `numbers` in which order; `take_in` opens the import;
        `changed`: something that 「中止」 stops has begun, or is over.
        """
        super().__init__(parent)
        self._window = window
        self._workspaces = workspaces
        self._choice = choice
        self._numbers = numbers
        self._printed: PrintChoice | None = None
        """What was printed last, proposed again."""
        self.columnconfigure(1, weight=1)
        buttons, _ = button_row(
            self,
            {
                "CSVへ取り出し": self.export,
                "CSVから取り込み": take_in,
                "承諾の記録": self.export_consents,
            },
        )
        buttons.grid(row=0, column=0)
        self.stop_button = StopButton(self, window, changed)
        self.stop_button.grid(row=0, column=1, sticky="w")
        self.stop_button.grid_remove()
        self.count = ttk.Label(self)
        """How many are listed."""
        self.count.grid(row=0, column=2, sticky="e")

    def export(self) -> None:
        """「CSVへ取り出し」: the members that are listed."""
        choice = self._choice()
        self._write(
            "一覧の会員",
            "会員一覧",
            lambda members, watched, encoding: members_csv(
                watched(members.each(choice)), encoding, self._workspaces.current.digits
            ),
        )

    def export_chosen(self, numbers: Sequence[int]) -> None:
        """「CSVへ取り出し」 of 一括操作: these members, in this order."""
        self._write(
            f"選んだ {len(numbers):,}名の会員",
            "会員一覧",
            lambda members, watched, encoding: members_csv(
                watched(members.one_by_one(numbers)), encoding, self._workspaces.current.digits
            ),
        )

    def export_consents(self) -> None:
        """「承諾の記録」: of all members, whatever is listed."""
        self._write(
            "承諾の記録",
            "承諾の記録",
            lambda members, watched, encoding: consents_csv(
                watched(members.consents()), encoding, self._workspaces.current.digits
            ),
        )

    def _write(self, what: str, name: str, make: Make) -> None:
        if self.stop_button.busy:
            return
        target = ask_csv_file(
            self._window.dialogs,
            what,
            f"{name}-{local_now():%Y%m%d}.csv",
            protected=self._workspaces.current.protected,
        )
        if target is None:
            return

        def work(job: Job) -> str:
            written = 0

            def watched(rows: Iterable[T]) -> Iterator[T]:
                nonlocal written
                for count, row in enumerate(rows):
                    if count % TOLD_EVERY == 0:
                        if job.stopping():
                            return
                        job.report(self._window.set_status, f"取り出しています… {count:,}件")
                    written = count + 1
                    yield row

            with self._workspaces.current.members() as members:
                data = make(members, watched, target.encoding)
            if job.stopping():
                return ""
            export.write(target.path, data)
            return target.finish(f"{written:,}件")

        self._run(work, self._window.say_done, "取り出しを中止しました。")

    def print(self) -> None:
        """「印刷」: the members that are listed, in their order, or 承諾の記録."""
        if self.stop_button.busy:
            return
        choice = self._window.dialogs.show(
            PrintDialog, self._printed, protected=self._workspaces.current.protected
        )
        if choice is None:
            return
        self._printed = choice
        numbers, current = self._numbers(), self._workspaces.current

        def work(job: Job) -> PaperMade | None:
            def told(doing: str, count: int) -> bool:
                job.report(self._window.set_status, f"{doing}… {count:,}件")
                return not job.stopping()

            with current.members() as members:
                return member_print.make(
                    choice,
                    members,
                    numbers,
                    told,
                    shop=current.settings().shop.name,
                    digits=current.digits,
                    today=local_now().date(),
                )

        self._run(work, lambda made: self._made(choice, made), "印刷を中止しました。")

    def _made(self, choice: PrintChoice, made: PaperMade) -> None:
        """It is made: put it where it is wanted."""
        self._window.set_status("")
        current = self._workspaces.current
        target = ask_pdf_place(
            self._window.dialogs,
            choice.paper,
            made,
            opens=choice.opens,
        )
        if target is not None:
            self._run(
                lambda job: target.finish(current.folder),
                self._window.say_done,
                "印刷を中止しました。",
            )

    def _run(
        self, work: Callable[[Job], T | None], then: Callable[[T], None], stopped: str
    ) -> None:
        """Do it in a thread, with 「中止」 beside the buttons; `then` with what it made, if any."""

        def done(made: T | None) -> None:
            if made:
                then(made)
            else:
                self._window.say_not_done(stopped)

        self.stop_button.run(work, done)
