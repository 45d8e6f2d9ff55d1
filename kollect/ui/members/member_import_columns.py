"""CSVから取り込み, the left half: the columns of the file, and what each is taken for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.members.csv_columns import CsvColumn
from kollect.members.csv_table import CsvTable
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.widgets.fields import ChoiceField
from kollect.ui.widgets.form import combobox_of, wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame

SAMPLES = 3
_LONGEST_SAMPLE = 40
_WORDS: dict[CsvColumn | None, str] = {None: "（取り込まない）"} | {c: c.value for c in CsvColumn}


class ImportColumns(ttk.Labelframe):
    """`edited` is called when the user takes a column for something else."""

    def __init__(self, parent: tk.Misc, edited: Callable[[], None]) -> None:
        super().__init__(parent, text="ファイルの列と、会員の項目", padding=(GAP, HALF))
        self._edited = edited
        self.choices: list[ChoiceField[CsvColumn | None]] = []
        scrolled = ScrollFrame(self)
        scrolled.pack(fill="both", expand=True)
        self._grid = ttk.Frame(scrolled.inside)
        self._grid.pack(fill="both", expand=True)
        self._grid.columnconfigure(0, weight=1)

    @property
    def chosen(self) -> tuple[CsvColumn | None, ...]:
        return tuple(choice.value for choice in self.choices)

    def show(self, table: CsvTable) -> None:
        for old in self._grid.winfo_children():
            old.destroy()
        self.choices = []
        samples = table.first(SAMPLES)
        for place, (title, column) in enumerate(zip(table.header, table.columns, strict=True)):
            filled = (row[place] for row in samples if place < len(row) and row[place])
            self._add(place, title, _short("、".join(filled)), column)

    def enable(self, enabled: bool) -> None:
        for choice in self.choices:
            choice.enable(enabled)

    def _add(self, place: int, title: str, sample: str, column: CsvColumn | None) -> None:
        cell = ttk.Frame(self._grid)
        cell.grid(row=place, column=0, sticky="ew", pady=HALF)
        cell.columnconfigure(0, weight=1)
        name = wrapped(cell, title or f"（{place + 1}列目）", style="Bold.TLabel")
        name.grid(row=0, column=0, sticky="ew")
        example = wrapped(cell, f"例: {sample}" if sample else "（空）", style="Faint.TLabel")
        example.grid(row=1, column=0, sticky="ew")
        combobox = combobox_of(self._grid, _WORDS)
        combobox.grid(row=place, column=1, padx=(GAP, HALF))
        choice = ChoiceField(combobox, ttk.Label(self._grid), _WORDS)
        choice.value = column
        choice.on_edit(self._edited)
        self.choices.append(choice)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return f"{plain[:_LONGEST_SAMPLE]}…" if len(plain) > _LONGEST_SAMPLE else plain
