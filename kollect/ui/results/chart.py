"""「グラフ」: how many numbers were given, per day, per time of day and by poster, as bars."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import date
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.printing.axis import ticks
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import (
    ACCENT,
    ACCENT_DARK,
    ACCENT_PALE,
    BOLD_FONT,
    FAINT,
    GAP,
    HALF,
    INK,
    LINE,
    PAPER,
    SMALL_FONT,
    WIDE,
)
from kollect.ui.framework.tk_lifetime import number_variable
from kollect.ui.framework.window import FunctionKey, Window
from kollect.ui.widgets.bars import Chart, label_every, per_day, per_hour, per_poster
from kollect.ui.widgets.dates import Period, days_of, moments
from kollect.ui.widgets.fields import ChoiceField, RadioField
from kollect.ui.widgets.form import combobox_of, wrapped

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.app.results_service import ResultsService

_PERIODS = {period: period.value for period in Period if period is not Period.GIVEN}
_POSTER = "poster"
_KINDS = {"day": "日ごと", "hour": "時間帯ごと", _POSTER: "ポスターごと"}


class ResultsChart(ttk.Frame):
    title = "グラフ"
    manual = "chart"

    def __init__(
        self,
        parent: tk.Misc,
        window: Window,
        records: ResultsService,
        print_month: Callable[[], None],
    ) -> None:
        """`print_month` makes 月報."""
        super().__init__(parent, padding=GAP)
        self._records = records
        self._print_month = print_month
        self._searches: LatestOnly[tuple[Chart, bool]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        unseen = ttk.Label(self)  # these fields cannot be wrong
        top = ttk.Frame(self)
        top.grid(row=0, column=0, sticky="ew")
        ttk.Label(top, text="期間").pack(side="left")
        periods = combobox_of(top, _PERIODS)
        periods.pack(side="left", padx=(HALF, WIDE))
        self.period = ChoiceField(periods, unseen, _PERIODS)
        self.period.value = Period.DAYS_30
        self._kinds = ttk.Frame(top)
        self._kinds.pack(side="left")
        self._unseen = unseen
        self._has_posters = False
        self.kind = self._build_kinds()
        self.chart = Chart("", (), "")
        self.bars = BarChart(self)
        self.bars.grid(row=1, column=0, sticky="nsew", pady=GAP)
        self.summary = wrapped(self, "")
        self.summary.grid(row=2, column=0, sticky="ew")
        self.period.on_edit(self.refresh)

    def _build_kinds(self) -> RadioField[str]:
        """By the poster only where there are any."""
        for old in self._kinds.winfo_children():
            old.destroy()
        words = {one: word for one, word in _KINDS.items() if one != _POSTER or self._has_posters}
        variable = number_variable(self)
        buttons = []
        for place, word in enumerate(words.values()):
            button = ttk.Radiobutton(self._kinds, text=word, value=place, variable=variable)
            button.pack(side="left", padx=(0, WIDE))
            buttons.append(button)
        field = RadioField(buttons, self._unseen, variable, list(words))
        field.value = "day"
        field.on_edit(self.refresh)
        return field

    def function_keys(self) -> Sequence[FunctionKey]:
        return [
            FunctionKey("F5", "最新の表示", self.refresh),
            FunctionKey("F11", "月報", self._print_month),
        ]

    def search_entry(self) -> tk.Misc | None:
        return None

    def on_show(self) -> None:
        self.period.focus()
        self.refresh()

    def on_text_size(self) -> None:
        self.bars.draw()

    def refresh(self) -> None:
        """Count again and draw."""
        today = date.today()
        first, last = days_of(self.period.value, today)
        since, until = moments(first, last)
        kind = self.kind.value

        def work() -> tuple[Chart, bool]:
            names = self._records.poster_names()
            if kind == _POSTER:
                return per_poster(self._records.by_poster(since, until), names), bool(names)
            hours = self._records.hours(since, until)
            if kind == "hour":
                return per_hour(hours), bool(names)
            return per_day(hours, first, min(last or today, today)), bool(names)

        def done(found: tuple[Chart, bool]) -> None:
            self.chart, has_posters = found
            if has_posters and not self._has_posters:
                self._has_posters = True
                self.kind = self._build_kinds()
                self.kind.value = kind
            self.bars.show(self.chart)
            self.summary.configure(text=self.chart.summary)

        self._searches.submit(work, done)


class BarChart(tk.Canvas):
    """Draws a Chart as large as it is itself. A bar under the pointer tells what it is."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(
            parent,
            background=PAPER,
            highlightthickness=1,
            highlightbackground=LINE,
            width=300,
            height=120,
        )
        self._chart = Chart("", (), "")
        self._left = self._slot = 0.0
        self._told = 0
        self.bind("<Configure>", lambda event: self.draw())
        self.bind("<Motion>", lambda event: self._point(event.x))
        self.bind("<Leave>", lambda event: self._tell(""))

    def show(self, chart: Chart) -> None:
        self._chart = chart
        self.draw()

    def draw(self) -> None:
        """Everything again, in the present size of the letters."""
        self.delete("all")
        chart, width, height = self._chart, self.winfo_width(), self.winfo_height()
        if not chart.bars or width < 50 or height < 50:
            return
        line = int(self.tk.call("font", "metrics", SMALL_FONT, "-linespace"))
        top, bottom, right = 2.4 * line, height - 1.6 * line, width - line
        parts = max(1, min(5, int((bottom - top) / (1.15 * line))))
        marks = ticks(max(bar.count for bar in chart.bars), parts)
        left = max(self._measure(f"{mark:,}") for mark in marks) + line
        scale = (bottom - top) / marks[-1]
        self.create_text(left, 0.5 * line, text=chart.title, anchor="nw", font=BOLD_FONT, fill=INK)
        for mark in marks:
            y = bottom - mark * scale
            self.create_line(left, y, right, y, fill=INK if mark == 0 else ACCENT_PALE)
            self.create_text(
                left - line / 2, y, text=f"{mark:,}", anchor="e", font=SMALL_FONT, fill=FAINT
            )
        self._left, self._slot = left, (right - left) / len(chart.bars)
        gap = self._slot * (0.25 if self._slot > 4 else 0.0)
        counts_fit = self._slot > self._measure(f"{max(b.count for b in chart.bars):,}") + 4
        widest = max(self._measure(bar.label) for bar in chart.bars)
        every = label_every(widest + line / 2, self._slot)
        for place, bar in enumerate(chart.bars):
            x = left + place * self._slot
            y = bottom - bar.count * scale
            if bar.count:
                self.create_rectangle(
                    x + gap / 2, y, x + self._slot - gap / 2, bottom,
                    fill=ACCENT, outline="", activefill=ACCENT_DARK,
                )  # fmt: skip
            middle = x + self._slot / 2
            if bar.count and counts_fit:
                self.create_text(
                    middle, y, text=f"{bar.count:,}", anchor="s", font=SMALL_FONT, fill=INK
                )
            if place % every == 0:
                self.create_text(
                    middle, bottom + line / 4, text=bar.label, anchor="n", font=SMALL_FONT, fill=INK
                )
        self._told = self.create_text(
            right, 0.5 * line, text="", anchor="ne", font=BOLD_FONT, fill=ACCENT_DARK
        )

    def _point(self, x: int) -> None:
        place = int((x - self._left) // self._slot) if self._slot else -1
        if x >= self._left and 0 <= place < len(self._chart.bars):
            bar = self._chart.bars[place]
            self._tell(f"{bar.words}　{bar.count:,}件")
        else:
            self._tell("")

    def _tell(self, text: str) -> None:
        if self._chart.bars:
            self.itemconfigure(self._told, text=text)

    def _measure(self, text: str) -> int:
        return int(self.tk.call("font", "measure", SMALL_FONT, text))
