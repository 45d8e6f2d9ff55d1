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
from kollect.errors import StorageTrouble, Trouble
from kollect.members.csv_check import NEXT_NUMBER, CheckedFile, CsvLine, check, wrong_rows_csv
from kollect.members.csv_import import ImportCounts, in_words, take_in
from kollect.members.csv_table import CsvTable
from kollect.members.csv_table import read as read_table
from kollect.storage import export
from kollect.storage_errors import storage_trouble
from kollect.threads.background_thread import local_now
from kollect.ui.framework.csv_file import CSV_KINDS
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.members.member_import_columns import ImportColumns
from kollect.ui.members.member_import_result import ImportResult
from kollect.ui.members.stop_button import Stopped
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import wrapped

T = TypeVar("T")

TOLD_EVERY = 500
_FIRST = (
    "会員の一覧が入ったCSVファイルを選んでください。1行目は項目の名前（受付番号、お名前など）です。"
    "受付番号かメールアドレスで、空メールを受け付けたお客様と結び付けます。まだ空メールの届いていない、"
    "以前からのお客様も、メールアドレスがあれば取り込めます。"
)


class MemberImportScreen(Screen):
    code, heading = "KKRFR105", "CSVから取り込み"
    manual = "member-import"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._table: CsvTable | None = None
        self._source: Path | None = None
        self._checked: CheckedFile | None = None
        """What F12 would write, or why it cannot."""
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
        self.result = ImportResult(self, self._stop, self.take_in_good)
        self.result.grid(row=1, column=1, sticky="nsew", pady=(GAP, 0))

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        return [FunctionKey("F12", "取り込み", self.take_in, enabled=self._is_ready)]

    @property
    def _is_ready(self) -> bool:
        """The whole file is good, and nothing is under way."""
        checked = self._checked
        return (
            checked is not None
            and bool(checked.good)
            and not checked.problems
            and self._job is None
        )

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
            self._table, self._source = table, path
            self.about.configure(
                text=f"{path.name}（{len(table.header)}列）\n"
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

        def work(job: Job) -> CheckedFile | None:
            with self._workspaces.current.member_import() as (members, numbers):
                watched = _Watched.over(table, self._tell_from(job))
                try:
                    return check(watched, members, numbers, now)
                except Stopped:
                    return None

        def done(checked: CheckedFile | None) -> None:
            self._job = None
            self._checked = checked
            if checked is None:
                self.result.set_text("確認を中止しました。")
            elif checked.problems:
                self.result.show_problems(checked.problems)
                self.result.set_text(_what_is_wrong(checked), "Bad.TLabel")
            else:
                self.result.set_text(
                    f"まちがいはありません。{_promise(checked.good)}", "Good.TLabel"
                )
                self.result.show_lines(checked.good, self._workspaces.current.number_text)
            self._show_working()

        self._checked = None
        self.result.clear()
        self.result.set_text("確認しています…")
        self._run(work, done)

    def take_in(self) -> None:
        """F12: write all of it, or nothing."""
        checked = self._checked
        if (
            self._is_ready
            and checked is not None
            and self.window.dialogs.confirm("CSVの取り込み", _promise(checked.good), yes="取り込む")
        ):
            self._take_in()

    def take_in_good(self) -> None:
        """「正しい行だけ取り込む」: the others go into a file, to be mended."""
        table, checked = self._table, self._checked
        if table is None or checked is None or self._job is not None:
            return
        wrong, good = len(checked.wrong_rows), len(checked.good)
        if not self.window.dialogs.confirm(
            "正しい行だけ取り込む",
            f"まちがいのある {wrong:,}行を除いて、{good:,}行を取り込みます。"
            f"{_promise(checked.good)}\n"
            "除いた行は、まちがいの理由と一緒に CSV に保存します。直して、もう一度取り込めます。"
            + (f"\n\n{export.READABLE}" if self._workspaces.current.protected else ""),
            yes="保存して取り込む",
        ):
            return
        path = self.window.dialogs.save_as(
            "まちがいのある行を保存", f"まちがいのある行-{local_now():%Y%m%d}.csv", CSV_KINDS
        )
        if path is not None:
            source = self._source
            self._take_in(
                lambda wrong: export.write(path, wrong_rows_csv(table, wrong), source=source)
            )

    def _take_in(self, leave_out: Callable[[CheckedFile], None] | None = None) -> None:
        table, now = self._table, local_now()
        assert table is not None

        def work(job: Job) -> ImportCounts | None:
            tell = self._tell_from(job)
            with self._workspaces.current.member_import() as (members, numbers):
                watched = _Watched.over(table, tell)
                try:
                    return take_in(watched, members, numbers, now, tell, leave_out=leave_out)
                except Stopped:
                    return None

        def done(tally: ImportCounts | None) -> None:
            self._job = None
            if tally is None:
                self.result.set_text("取り込みを中止しました。1件も取り込んでいません。")
            else:
                self._checked = None
                self.result.set_text(
                    f"取り込みました。新しい会員 {tally.new:,}名{_of_them(tally.brought)}、"
                    f"修正 {tally.changed:,}名、変わらなかった方 {tally.same:,}名です。"
                    f"{in_words(tally.held)}",
                    "Bad.TLabel" if tally.held else "Good.TLabel",
                )
            self._show_working()

        self.result.set_text("取り込んでいます…")
        self._run(work, done, writes=True)

    def _tell_from(self, job: Job) -> Callable[[int, int], None]:
        """From the work's thread: how far it is. Raises Stopped where the user wants no more."""

        def tell(done: int, of: int) -> None:
            if done % TOLD_EVERY == 0:
                if job.stopping():
                    raise Stopped
                job.report(self._told, done, of)

        return tell

    def _told(self, done: int, of: int) -> None:
        if of:
            self.result.set_text(f"取り込んでいます… {done:,} ／ {of:,}名")
        else:
            self.result.set_text(f"確認しています… {done:,}行")

    def _run(
        self, work: Callable[[Job], T], done: Callable[[T], None], *, writes: bool = False
    ) -> None:
        """Work that `writes` what was checked can be begun again where a file could not be
        written."""

        def failed(trouble: Trouble) -> None:
            self._job = None
            again = writes and isinstance(trouble, StorageTrouble)
            self._refuse(trouble, self._checked if again else None)

        self._job = self.work(work, done, failed=failed)
        self._show_working()

    def _refuse(self, trouble: Trouble, still_good: CheckedFile | None = None) -> None:
        """Nothing can be imported from this file as it is: say why. `still_good`: it can, when
        what stood in the way is gone."""
        self._checked = still_good
        self.result.set_text(f"{trouble.title}。{trouble.happened}{trouble.cure}", "Bad.TLabel")
        self._show_working()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _show_working(self) -> None:
        checked = self._checked
        partly = checked is not None and bool(checked.problems) and bool(checked.good)
        self.result.working(self._job is not None, partly=partly)
        self.matched.enable(self._job is None)
        self.refresh_keys()


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


def _what_is_wrong(checked: CheckedFile) -> str:
    rows = len(checked.wrong_rows)
    text = f"取り込めない行が {rows:,}行あります。まだ1件も取り込んでいません。"
    if checked.good:
        return f"{text}直してもう一度選ぶか、「正しい行だけ取り込む」を押してください。"
    return f"{text}これらの行を直して、もう一度選んでください。"


def _promise(lines: Sequence[CsvLine]) -> str:
    known = sum(line.known for line in lines)
    new = len(lines) - known
    parts = []
    if new:
        brought = sum(bool(line.brought) for line in lines)
        parts.append(f"新しい会員 {new:,}名{_of_them(brought)}を登録します。")
        if any(line.member.number == NEXT_NUMBER for line in lines):
            parts.append("受付番号のない方には、次の番号から順に発行します（メールは送りません）。")
    if known:
        parts.append(f"登録済みの会員 {known:,}名を、ファイルの内容に合わせます。")
    return "".join(parts) or "このファイルには、会員の行がありません。"


def _of_them(brought: int) -> str:
    """Customers from before among the new members."""
    return f"（うち、空メールの届いていない以前からの方 {brought:,}名）" if brought else ""
