"""CSVから取り込み: a file is shown, its columns matched, every wrong line named.

Nothing is written before F12, and nothing at all where one line is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tkinter import ttk
from typing import TypeVar

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.members.csv_encoding import ENCODINGS
from kollect.members.csv_import import (
    CsvLine,
    ImportCounts,
    ImportTrouble,
    in_words,
    take_in,
    understood,
)
from kollect.members.csv_table import CsvTable
from kollect.members.csv_table import read as read_table
from kollect.storage_errors import storage_trouble
from kollect.threads.background_thread import local_now
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.members.member_csv import CSV_KINDS
from kollect.ui.members.member_import_columns import ImportColumns
from kollect.ui.members.member_import_result import ImportResult
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import wrapped

T = TypeVar("T")

TOLD_EVERY = 500
_FIRST = (
    "会員の一覧が入ったCSVファイルを選んでください。1行目は項目の名前（受付番号、お名前など）です。"
    "受付番号かメールアドレスで、空メールを受け付けたお客様と結び付けます。"
)


class MemberImportScreen(Screen):
    code, heading = "KKRFR105", "CSVから取り込み"
    manual = "member-import"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._table: CsvTable | None = None
        self._checked: Sequence[CsvLine] | None = None
        """What F12 would write."""
        self._job: Job | None = None
        self.columnconfigure((0, 1), weight=1, uniform="half")
        self.rowconfigure(1, weight=1)
        top = ttk.Frame(self)
        top.grid(row=0, column=0, columnspan=2, sticky="ew")
        top.columnconfigure(1, weight=1)
        self.choose_button = ttk.Button(top, text="ファイルを選ぶ", width=18, command=self.choose)
        self.choose_button.grid(row=0, column=0, sticky="nw")
        self.about = wrapped(top, _FIRST)
        self.about.grid(row=0, column=1, sticky="ew", padx=(GAP, 0))
        self.matched = ImportColumns(self, self._columns_changed)
        self.matched.grid(row=1, column=0, sticky="nsew", pady=(GAP, 0), padx=(0, GAP))
        self.result = ImportResult(self, self._stop)
        self.result.grid(row=1, column=1, sticky="nsew", pady=(GAP, 0))

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        ready = bool(self._checked) and self._job is None
        return [FunctionKey("F12", "取り込み", self.take_in, enabled=ready)]

    def on_show(self) -> None:
        self.choose_button.focus_set()

    def on_close(self) -> None:
        self._stop()

    def on_text_size(self) -> None:
        self.result.on_text_size()

    # ---- the file ----

    def choose(self) -> None:
        """「ファイルを選ぶ」"""
        path = self.window.dialogs.open_file("取り込むCSVファイル", CSV_KINDS)
        if path is None or self._job is not None:
            return

        def work(job: Job) -> CsvTable:
            return read_table(_octets(path))

        def done(table: CsvTable) -> None:
            self._job = None
            self._table = table
            self.about.configure(
                text=f"{path.name}（{ENCODINGS[table.encoding]}、{len(table.header)}列）\n"
                "列の項目がちがうときは、右側の一覧から選び直してください。"
            )
            self.matched.show(table)
            self._check()

        self.result.clear()
        self.result.set_text("読んでいます…")
        self._run(work, done)

    def _columns_changed(self) -> None:
        assert self._table is not None
        try:
            self._table = self._table.with_columns(self.matched.chosen)
        except Trouble as trouble:
            self._refuse(trouble)
            return
        self._check()

    # ---- the check, and the import ----

    def _check(self) -> None:
        """Read every line as an import would, and write nothing."""
        table, now = self._table, local_now()
        assert table is not None

        def work(job: Job) -> list[CsvLine] | None:
            with self._workspaces.current.members() as members:
                try:
                    return understood(_Watched.over(table, self._tell_from(job)), members, now)
                except _Stopped:
                    return None

        def done(lines: list[CsvLine] | None) -> None:
            self._job = None
            self._checked = lines
            if lines is None:
                self.result.set_text("確認を中止しました。")
            else:
                self.result.set_text(f"まちがいはありません。{_promise(lines)}", "Good.TLabel")
                self.result.show_lines(lines, self._workspaces.current.number_text)
            self._show_working()

        self._checked = None
        self.result.clear()
        self.result.set_text("確認しています…")
        self._run(work, done)

    def take_in(self) -> None:
        """F12: write all of it, or nothing."""
        table, checked, now = self._table, self._checked, local_now()
        if table is None or not checked or self._job is not None:
            return
        if not self.window.dialogs.confirm("CSVの取り込み", _promise(checked), yes="取り込む"):
            return

        def work(job: Job) -> ImportCounts | None:
            tell = self._tell_from(job)
            with self._workspaces.current.members() as members:
                try:
                    return take_in(_Watched.over(table, tell), members, now, tell)
                except _Stopped:
                    return None

        def done(tally: ImportCounts | None) -> None:
            self._job = None
            if tally is None:
                self.result.set_text("取り込みを中止しました。1件も取り込んでいません。")
            else:
                self._checked = None
                self.result.set_text(
                    f"取り込みました。新しい会員 {tally.new:,}名、修正 {tally.changed:,}名、"
                    f"変わらなかった方 {tally.same:,}名です。{in_words(tally.held)}",
                    "Bad.TLabel" if tally.held else "Good.TLabel",
                )
            self._show_working()

        self.result.set_text("取り込んでいます…")
        self._run(work, done)

    def _tell_from(self, job: Job) -> Callable[[int, int], None]:
        """From the work's thread: how far it is. Raises _Stopped where the user wants no more."""

        def tell(done: int, of: int) -> None:
            if done % TOLD_EVERY == 0:
                if job.stopping():
                    raise _Stopped
                job.report(self._told, done, of)

        return tell

    def _told(self, done: int, of: int) -> None:
        if of:
            self.result.set_text(f"取り込んでいます… {done:,} / {of:,}名")
        else:
            self.result.set_text(f"確認しています… {done:,}行")

    def _run(self, work: Callable[[Job], T], done: Callable[[T], None]) -> None:
        def failed(trouble: Trouble) -> None:
            self._job = None
            self._refuse(trouble)

        self._job = self.work(work, done, failed=failed)
        self._show_working()

    def _refuse(self, trouble: Trouble) -> None:
        """Nothing can be imported from this file as it is: say why, line by line."""
        self._checked = None
        if isinstance(trouble, ImportTrouble):
            self.result.show_problems(trouble.problems)
            self.result.set_text(
                f"{trouble.title}（{len(trouble.problems)}か所）。1件も取り込んでいません。"
                f"{trouble.cure}",
                "Bad.TLabel",
            )
        else:
            self.result.set_text(f"{trouble.title}。{trouble.happened}{trouble.cure}", "Bad.TLabel")
        self._show_working()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _show_working(self) -> None:
        self.result.working(self._job is not None)
        self.matched.enable(self._job is None)
        self.refresh_keys()


class _Stopped(Exception):
    """The user does not want it any more."""


@dataclass(frozen=True, slots=True)
class _Watched(CsvTable):
    """The file, told of while it is read; what `tell` raises ends the reading."""

    tell: Callable[[int, int], None]

    @classmethod
    def over(cls, table: CsvTable, tell: Callable[[int, int], None]) -> CsvTable:
        same = {field.name: getattr(table, field.name) for field in fields(table)}
        return cls(**same, tell=tell)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        for count, row in enumerate(CsvTable.rows(self)):
            self.tell(count, 0)  # of how many, is not known yet
            yield row


def _octets(path: Path) -> bytes:
    """Raises StorageTrouble."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise storage_trouble(error, path) from error


def _promise(lines: Sequence[CsvLine]) -> str:
    known = sum(line.known for line in lines)
    new = len(lines) - known
    parts = []
    if new:
        parts.append(f"新しい会員 {new:,}名を登録します。")
    if known:
        parts.append(f"登録済みの会員 {known:,}名を、ファイルの内容に合わせます。")
    return "".join(parts) or "このファイルには、会員の行がありません。"
