"""CSVから取り込み: a file is shown, its columns matched, every wrong line named.

Nothing is written before F12, and nothing at all where one line is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tkinter import ttk
from typing import TypeVar

from kollect.errors import Trouble
from kollect.folder import storage_trouble
from kollect.members.columns import Column
from kollect.members.csv_in import ImportTrouble, Line, Tally, take_in, understood
from kollect.members.table import ENCODINGS, Table
from kollect.members.table import read as read_table
from kollect.screens.dialogs import em
from kollect.screens.fields import ChoiceField
from kollect.screens.form import combobox_of, wrapped
from kollect.screens.jobs import Job
from kollect.screens.member_list import CSV_KINDS
from kollect.screens.member_services import MemberServices
from kollect.screens.scrolled import Scrolled
from kollect.screens.theme import GAP, HALF
from kollect.screens.window import FunctionKey, Screen, Window

T = TypeVar("T")

SAMPLES = 3
TOLD_EVERY = 500
_WORDS: dict[Column | None, str] = {None: "（取り込まない）"} | {c: c.value for c in Column}
_RESULT = (("行", 4), ("内容", 24))
_FIRST = (
    "会員の一覧が入ったCSVファイルを選んでください。1行目は項目の名前（受付番号、お名前など）です。"
    "受付番号かメールアドレスで、空メールを受け付けたお客様と結び付けます。"
)


@dataclass(frozen=True, slots=True)
class _Checked:
    """What F12 would do."""

    new: int
    known: int


class MemberImportScreen(Screen):
    code, heading = "KKRFR105", "CSVから取り込み"

    def __init__(self, window: Window, services: MemberServices) -> None:
        super().__init__(window)
        self._services = services
        self._table: Table | None = None
        self._checked: _Checked | None = None
        self._job: Job | None = None
        self.choices: list[ChoiceField[Column | None]] = []
        """What each column of the file is taken for."""
        self.columnconfigure((0, 1), weight=1, uniform="half")
        self.rowconfigure(1, weight=1)
        top = ttk.Frame(self)
        top.grid(row=0, column=0, columnspan=2, sticky="ew")
        top.columnconfigure(1, weight=1)
        self.choose_button = ttk.Button(top, text="ファイルを選ぶ", width=18, command=self.choose)
        self.choose_button.grid(row=0, column=0, sticky="nw")
        self.about = wrapped(top, _FIRST)
        self.about.grid(row=0, column=1, sticky="ew", padx=(GAP, 0))
        self._build_columns()
        self._build_result()

    def _build_columns(self) -> None:
        frame = ttk.Labelframe(self, text="ファイルの列と、会員の項目", padding=(GAP, HALF))
        frame.grid(row=1, column=0, sticky="nsew", pady=(GAP, 0), padx=(0, GAP))
        self._columns = Scrolled(frame)
        self._columns.pack(fill="both", expand=True)
        self._grid = ttk.Frame(self._columns.inside)
        self._grid.pack(fill="both", expand=True)

    def _build_result(self) -> None:
        frame = ttk.Labelframe(self, text="確認の結果", padding=(GAP, HALF))
        frame.grid(row=1, column=1, sticky="nsew", pady=(GAP, 0))
        frame.columnconfigure(0, weight=1)
        frame.rowconfigure(1, weight=1)
        self.verdict = wrapped(frame, "")
        self.verdict.grid(row=0, column=0, sticky="ew")
        self.stop_button = ttk.Button(frame, text="中止", width=8, command=self._stop)
        self.stop_button.grid(row=0, column=1, sticky="ne")
        self.stop_button.grid_remove()
        self.problems = ttk.Treeview(
            frame, columns=[name for name, _ in _RESULT], show="headings", height=4
        )
        for name, _ in _RESULT:
            self.problems.heading(name, text=name, anchor="w")
        self.problems.grid(row=1, column=0, columnspan=2, sticky="nsew", pady=(HALF, 0))
        bar = ttk.Scrollbar(frame, command=self.problems.yview, takefocus=False)
        bar.grid(row=1, column=2, sticky="ns", pady=(HALF, 0))
        self.problems.configure(yscrollcommand=bar.set)
        self.problems.bind("<<TreeviewSelect>>", lambda event: self._say_problem())
        self.whole = wrapped(frame, "", style="Wrong.TLabel")
        self.whole.grid(row=2, column=0, columnspan=3, sticky="ew")
        self.resized()

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        ready = self._checked is not None and self._job is None
        return [FunctionKey("F12", "取り込み", self.take_in, enabled=ready)]

    def shown(self) -> None:
        self.choose_button.focus_set()

    def leaving(self) -> None:
        self._stop()

    def resized(self) -> None:
        width = em(self)
        for name, characters in _RESULT:
            self.problems.column(name, width=characters * width, stretch=name == "内容")

    # ---- the file ----

    def choose(self) -> None:
        """「ファイルを選ぶ」"""
        path = self.window.dialogs.open_file("取り込むCSVファイル", CSV_KINDS)
        if path is None or self._job is not None:
            return

        def work(job: Job) -> Table:
            return read_table(_octets(path))

        def done(table: Table) -> None:
            self._job = None
            self._show_table(path, table)
            self._check()

        self._show_problems(())
        self._say("読んでいます…", "TLabel")
        self._run(work, done)

    def _show_table(self, path: Path, table: Table) -> None:
        self._table = table
        self.about.configure(
            text=f"{path.name}（{ENCODINGS[table.encoding]}、{len(table.header)}列）\n"
            "列の項目がちがうときは、右側の一覧から選び直してください。"
        )
        for old in self._grid.winfo_children():
            old.destroy()
        self.choices = []
        self._grid.columnconfigure(0, weight=1)
        samples = table.first(SAMPLES)
        for place, (title, column) in enumerate(zip(table.header, table.columns, strict=True)):
            cell = ttk.Frame(self._grid)
            cell.grid(row=place, column=0, sticky="ew", pady=HALF)
            cell.columnconfigure(0, weight=1)
            name = title or f"（{place + 1}列目）"
            wrapped(cell, name, style="Bold.TLabel").grid(row=0, column=0, sticky="ew")
            shown = "、".join(row[place] for row in samples if place < len(row) and row[place])
            wrapped(cell, f"例: {_short(shown)}" if shown else "（空）", style="Faint.TLabel").grid(
                row=1, column=0, sticky="ew"
            )
            combobox = combobox_of(self._grid, _WORDS)
            combobox.grid(row=place, column=1, padx=(GAP, HALF))
            choice = ChoiceField(combobox, ttk.Label(self._grid), _WORDS)
            choice.value = column
            choice.on_edit(self._columns_changed)
            self.choices.append(choice)

    def _columns_changed(self) -> None:
        assert self._table is not None
        try:
            self._table = self._table.with_columns(tuple(one.value for one in self.choices))
        except Trouble as trouble:
            self._refuse(trouble)
            return
        self._check()

    # ---- the check, and the import ----

    def _check(self) -> None:
        """Read every line as an import would, and write nothing."""
        table, now = self._table, self._services.now()
        assert table is not None

        def work(job: Job) -> _Checked | None:
            with self._services.members() as members:
                try:
                    lines = understood(_watched(table, job, self._told), members, now)
                except _Stopped:
                    return None
            return _counted(lines)

        def done(checked: _Checked | None) -> None:
            self._job = None
            self._checked = checked
            if checked is None:
                self._say("確認を中止しました。", "TLabel")
            else:
                self._say(f"まちがいはありません。{_promise(checked)}", "Good.TLabel")
            self._refresh_keys()

        self._checked = None
        self._show_problems(())
        self._say("確認しています…", "TLabel")
        self._run(work, done)

    def take_in(self) -> None:
        """F12: write all of it, or nothing."""
        table, checked, now = self._table, self._checked, self._services.now()
        if table is None or checked is None or self._job is not None:
            return
        if not self.window.dialogs.ask("CSVの取り込み", _promise(checked), yes="取り込む"):
            return

        def work(job: Job) -> Tally | None:
            with self._services.members() as members:
                try:
                    return take_in(_watched(table, job, self._told), members, now)
                except _Stopped:
                    return None

        def done(tally: Tally | None) -> None:
            self._job = None
            if tally is None:
                self._say("取り込みを中止しました。1件も取り込んでいません。", "TLabel")
            else:
                self._checked = None
                self._say(
                    f"取り込みました。新しい会員 {tally.new:,}名、修正 {tally.changed:,}名、"
                    f"変わらなかった方 {tally.same:,}名です。",
                    "Good.TLabel",
                )
            self._refresh_keys()

        self._say("取り込んでいます…", "TLabel")
        self._run(work, done)

    def _run(self, work: Callable[[Job], T], done: Callable[[T], None]) -> None:
        def failed(trouble: Trouble) -> None:
            self._job = None
            self._refuse(trouble)

        self._job = self.window.jobs.run(work, done, owner=self, failed=failed)
        self._refresh_keys()

    def _refuse(self, trouble: Trouble) -> None:
        """Nothing can be imported from this file as it is: say why, line by line."""
        self._checked = None
        if isinstance(trouble, ImportTrouble):
            self._show_problems([(str(one.line), one.message) for one in trouble.problems])
            self._say(
                f"{trouble.title}（{len(trouble.problems)}か所）。1件も取り込んでいません。"
                f"{trouble.cure}",
                "Bad.TLabel",
            )
        else:
            self._say(f"{trouble.title}。{trouble.happened}{trouble.cure}", "Bad.TLabel")
        self._refresh_keys()

    def _told(self, count: int) -> None:
        self._say(f"確認しています… {count:,}行", "TLabel")

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    # ---- how it is shown ----

    def _say(self, text: str, style: str) -> None:
        self.verdict.configure(text=text, style=style)

    def _show_problems(self, rows: Sequence[tuple[str, str]]) -> None:
        self.problems.delete(*self.problems.get_children())
        for row in rows:
            self.problems.insert("", "end", values=row)
        self.whole.configure(text="")

    def _say_problem(self) -> None:
        """A long reason does not fit into the table: below it stands the whole of it."""
        if chosen := self.problems.selection():
            line, message = self.problems.item(chosen[0], "values")
            self.whole.configure(text=f"{line}行目: {message}")

    def _refresh_keys(self) -> None:
        working = self._job is not None
        if working:
            self.stop_button.grid()
        else:
            self.stop_button.grid_remove()
        for choice in self.choices:
            choice.enable(not working)
        if self.window.screen is self:
            self.window.refresh_keys()


class _Stopped(Exception):
    """The user does not want it any more."""


@dataclass(frozen=True, slots=True)
class _Watched(Table):
    """The file, told of while it is read; reading ends where the user wants it to."""

    job: Job
    told: Callable[[int], None]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        for count, row in enumerate(Table.rows(self)):
            if count % TOLD_EVERY == 0:
                if self.job.stopping():
                    raise _Stopped
                self.job.tell(self.told, count)
            yield row


def _watched(table: Table, job: Job, told: Callable[[int], None]) -> Table:
    same = {field.name: getattr(table, field.name) for field in fields(table)}
    return _Watched(**same, job=job, told=told)


def _octets(path: Path) -> bytes:
    """Raises StorageTrouble."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise storage_trouble(error, path) from error


def _counted(lines: Sequence[Line]) -> _Checked:
    known = sum(line.known for line in lines)
    return _Checked(len(lines) - known, known)


def _promise(checked: _Checked) -> str:
    parts = []
    if checked.new:
        parts.append(f"新しい会員 {checked.new:,}名を登録します。")
    if checked.known:
        parts.append(f"登録済みの会員 {checked.known:,}名を、ファイルの内容に合わせます。")
    return "".join(parts) or "このファイルには、会員の行がありません。"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return f"{plain[:40]}…" if len(plain) > 40 else plain
