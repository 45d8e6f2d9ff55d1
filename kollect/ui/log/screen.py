"""ログの表示: a month of the log as a table, the way to a day, a search, a copy for Notepad."""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.events import CollectorEvent, PollFinished
from kollect.desktop.open_file import open_file
from kollect.storage import event_log
from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.key_bindings import instead
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP, HALF, MARK, TEXT_FONT, WIDE, colour
from kollect.ui.framework.tk_lifetime import text_variable, tick_variable
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.log import log_lines
from kollect.ui.log.log_search import LogSearch
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.counts import count_text
from kollect.ui.widgets.dates import day_text, day_words, read_day
from kollect.ui.widgets.fields import CheckboxField, LineField
from kollect.ui.widgets.form import combobox_of, text_of, wrapped
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

_NO_LOG = "まだ記録はありません。"
_NO_FAULTS = "エラーの記録はありません。"
_MONTHS = {"": "2026年12月"}
"""For the width of the list until the months are known."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was read from the disk."""

    months: tuple[str, ...]
    """Those that have a log, the newest first."""
    month: str
    lines: list[str]
    place: int | None
    """Where to go; None: to the end."""


class LogScreen(Screen):
    code, heading = "KKRZS501", "ログの表示"
    manual = "log"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._months: tuple[str, ...] = ()
        self._month = ""
        self._all: list[str] = []
        """The lines of the month."""
        self._lines: list[str] = []
        """Those that are shown."""
        self._places: Sequence[int] = ()
        """Where these stand among all."""
        self._any = False
        """F12 has something to write."""
        self._reads: LatestOnly[Shown | None] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        self._build_place()
        self.search = LogSearch(
            self,
            window,
            self._lines_now,
            self._found,
            lambda: workspaces.current.protected,
        )
        self.search.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        self.faults_only, self.details = (
            self._tick(column, word, action)
            for column, (word, action) in enumerate(
                (("エラーだけ", self._narrow), ("詳細も", self._found)), start=5
            )
        )
        columns = (
            TableColumn("日時", 10.4),
            TableColumn("種類", 3.5),
            TableColumn("内容", 19, stretch=True),
        )
        self.table = Table(
            self,
            columns,
            self._fetch,
            opened=lambda key: self.text.focus_set(),
            chosen=self._chosen,
            menu=self._fill_menu,
            memory=window.memory.columns("log"),
        )
        self.table.grid(row=2, column=0, columnspan=2, sticky="nsew", pady=GAP)
        self.text = text_of(self, lines=2)
        self.text.configure(state="disabled", undo=False, wrap="char")
        self.text.tag_configure("mark", background=colour(self, MARK))
        self.text.grid(row=3, column=0, sticky="ew")
        self.count = ttk.Label(self)
        self.count.grid(row=3, column=1, sticky="se", padx=(GAP, 0))
        self.table.tree.bind("<<Copy>>", lambda event: self.copy())
        self.search.attach(self.table)

    def _build_place(self) -> None:
        row = ttk.Frame(self)
        row.grid(row=0, column=0, columnspan=2, sticky="ew")
        row.columnconfigure(6, weight=1)
        ttk.Label(row, text="月").grid(row=0, column=0)
        self.month = combobox_of(row, _MONTHS)
        self.month.grid(row=0, column=1, padx=(HALF, GAP))
        self.month_button = ttk.Button(row, text="月指定", width=8, command=self.show_month)
        self.month_button.grid(row=0, column=2, padx=(0, WIDE))
        ttk.Label(row, text="日").grid(row=0, column=3)
        day = text_variable(self)
        # typed, or chosen among the days that have entries
        entry = ttk.Combobox(
            row, width=11, textvariable=day, font=TEXT_FONT, postcommand=self._offer_days
        )
        entry.bind("<<ComboboxSelected>>", lambda event: self.go_to_day())
        entry.grid(row=0, column=4, padx=(HALF, GAP))
        self.day_button = ttk.Button(
            row, text="指定日の場所に位置づけ", width=24, command=self.go_to_day
        )
        self.day_button.grid(row=0, column=5)
        error = wrapped(row, "", style="Wrong.TLabel")
        error.grid(row=1, column=3, columnspan=4, sticky="ew")
        error.grid_remove()
        self.day = LineField(entry, error, day)
        self.day.value = day_text(date.today())
        # Enter does what the button beside the field does; from the day it goes on to its lines
        for key in ("<Return>", "<KP_Enter>"):
            self.month.bind(key, lambda event: self.show_month())
            entry.bind(key, instead(self.go_to_day))

    def _tick(self, column: int, word: str, action: Callable[[], None]) -> CheckboxField:
        variable = tick_variable(self)
        button = ttk.Checkbutton(self.search, text=word, variable=variable)
        button.grid(row=0, column=column, padx=(GAP, 0))
        field = CheckboxField(button, ttk.Label(self), variable)
        field.on_edit(action)
        return field

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        return [
            FunctionKey("F5", "最新の表示", self.refresh),
            FunctionKey("F12", "外部へ取り出し", self.export, enabled=self._any),
        ]

    def search_entry(self) -> tk.Misc:
        return self.search.wanted.widget

    def on_show(self) -> None:
        self.month.focus_set()
        if self._month:
            self.refresh()
        else:
            self._read("", None)

    def on_collector_event(self, news: CollectorEvent) -> None:
        """The newest month grows while it is looked at."""
        newest = self._months[:1] in ((), (self._month,))
        if isinstance(news, PollFinished) and self.window.screen is self and newest:
            self.refresh()

    def on_text_size(self) -> None:
        self.table.on_text_size()

    # ---- months and days ----

    def show_month(self) -> None:
        """「月指定」"""
        if self._months:
            self._read(self._months[self.month.current()], None)

    def refresh(self) -> None:
        """Read the month again. Whoever is at its end stays there, anybody else where he is."""
        at, last = self.table.at, len(self._lines) - 1
        place = self._places[at] if at is not None and at < last else None
        self._read(self._month, place, keep=True)

    def go_to_day(self) -> None:
        """「指定日の場所に位置づけ」: the first line of that day, or of the next one with any."""
        day = read_day(self.day.value, date.today())
        self.window.set_status("")
        if day is None:
            self.day.show_error("日付は 2026/11/5 のように入力してください。")
            self.day.focus()
            return
        self.day.clear()
        self.day.value = day_text(day)
        folder = self._folder()

        def work() -> Shown | None:
            months = event_log.months(folder)
            for month in months:
                if month >= log_lines.month_of(day):
                    lines = event_log.read_month(folder, month)
                    place = log_lines.place_of_day(lines, day)
                    if place is not None:
                        return Shown(tuple(reversed(months)), month, lines, place)
            return None

        def done(shown: Shown | None) -> None:
            if shown is None:
                self.window.say_not_done(f"{day_words(day)}からあとの記録はありません。")
                return
            self._show(shown, at_top=True)
            self.table.focus_rows()
            there = log_lines.day_of(shown.lines[shown.place or 0])
            if there == day:
                self.window.set_status(f"{day_words(day)}の記録です。")
            elif there is not None:
                self.window.set_status(
                    f"{day_words(day)}の記録はありません。次の{day_words(there)}を表示しました。"
                )

        self._reads.submit(work, done)

    def _read(self, month: str, place: int | None, *, keep: bool = False) -> None:
        """Show a month, the newest one where none is named."""
        folder = self._folder()

        def work() -> Shown:
            months = tuple(reversed(event_log.months(folder)))
            which = month or (months[0] if months else log_lines.month_of(date.today()))
            return Shown(months, which, event_log.read_month(folder, which), place)

        def done(shown: Shown | None) -> None:
            if shown is not None:
                self._show(shown, keep=keep)

        self._reads.submit(work, done)

    def _show(self, shown: Shown, *, at_top: bool = False, keep: bool = False) -> None:
        new_month = shown.month != self._month
        self._month, self._all = shown.month, shown.lines
        self._choose_lines()
        months = shown.months if shown.month in shown.months else (shown.month, *shown.months)
        self._months = months
        self.month.configure(values=[log_lines.month_words(month) for month in months])
        if new_month or self.month.current() < 0:
            self.month.current(months.index(shown.month))
        self.search.forget()
        self.table.show(range(len(self._lines)), top=self.table.top if keep else None, keep=keep)
        last = len(self._lines) - 1
        if not keep or shown.place is None:
            at = last if shown.place is None else bisect_left(self._places, shown.place)
            self.table.show_row(min(at, last), at_top=at_top)
        self._say_how_many()
        self.search.search(go=False)

    def _choose_lines(self) -> None:
        if self.faults_only.value:
            self._places = [n for n, line in enumerate(self._all) if log_lines.is_fault(line)]
            self._lines = [self._all[place] for place in self._places]
        else:
            self._places, self._lines = range(len(self._all)), self._all

    def _narrow(self) -> None:
        """「エラーだけ」: the line at hand, or the next of those that are left, stays in sight."""
        at = self.table.at
        place = self._places[at] if at is not None else 0
        self._choose_lines()
        self.search.forget()
        self.table.show(range(len(self._lines)))
        self.table.show_row(min(bisect_left(self._places, place), len(self._lines) - 1))
        self._say_how_many()
        self.search.search(go=False)

    def _say_how_many(self) -> None:
        narrowed = self.faults_only.value
        self.count.configure(text=count_text(len(self._lines), len(self._all), narrowed=narrowed))
        nothing = _NO_FAULTS if narrowed and self._all else _NO_LOG
        self.table.say_nothing_there("" if self._lines else nothing)
        if self._any is not bool(self._all):
            self._any = bool(self._all)
            self.refresh_keys()

    def _offer_days(self) -> None:
        """Before the list of days drops down: those with entries, the newest first."""
        found = [day_text(day) for day in reversed(log_lines.days(self._all))]
        box = self.day.widget
        assert isinstance(box, ttk.Combobox)
        box.configure(values=found)

    # ---- the rows ----

    def _fetch(self, places: Sequence[int], take: Take) -> None:
        hits = self.search.hits_among(places)
        rows = {}
        for place in places:
            values = self._parts(place)
            look = "wrong" if values[1] == log_lines.FAULT else ""
            rows[place] = TableRow(values, f"{look} mark".strip() if place in hits else look)
        take(rows)

    def _parts(self, place: int) -> tuple[str, str, str]:
        """As `log_lines.parts`; the technical words only where somebody wants or looks for them."""
        when, kind, text = log_lines.parts(self._lines[place])
        what, detail = log_lines.split_detail(text)
        looked_for = bool(self.search.text) and bool(log_lines.find([detail], self.search.text))
        return when, kind, text if self.details.value or looked_for else what

    def _chosen(self) -> None:
        """Show the whole of the line."""
        at = self.table.at
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        if at is not None:
            self.text.insert("1.0", self._parts(at)[2])
            self.search.mark_words(self.text)
        self.text.configure(state="disabled")
        self.search.tell()

    def _lines_now(self) -> list[str]:
        return self._lines

    def _found(self) -> None:
        """Other lines are marked now."""
        self.table.refresh()
        self._chosen()

    def _fill_menu(self, menu: tk.Menu) -> None:
        menu.add_command(label="コピー", accelerator="Ctrl+C", command=self.copy)
        everything = range(len(self._lines))
        menu.add_command(
            label="すべて選択", accelerator="Ctrl+A", command=lambda: self.table.select(everything)
        )

    def copy(self) -> str:
        places = self.table.selection
        if places:
            self.clipboard_clear()
            self.clipboard_append("\n".join(self._lines[place] for place in places))
            self.window.say_done(f"{len(places):,}行をコピーしました。")
        return "break"

    def export(self) -> None:
        """「外部へ取り出し」: a copy of the month, opened with the system's program for .TXT."""
        folder, month = self._folder(), self._month

        def work(job: Job) -> str:
            path = event_log.export_month(folder, month)
            open_file(path)
            return path.name

        def done(name: str) -> None:
            self.window.say_done(f"「{name}」として取り出しました。")

        self.work(work, done)

    def _folder(self) -> DataFolder:
        return self._workspaces.current.folder
