"""The search in ログの表示: as you type, with 「前へ」「次へ」, and marks on what was found."""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from tkinter import ttk

from kollect.storage.masked import masked
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT
from kollect.ui.framework.tk_lifetime import number_variable, text_variable
from kollect.ui.framework.window import Window
from kollect.ui.log import log_lines
from kollect.ui.widgets.fields import LineField
from kollect.ui.widgets.table import Table

MASKED = "データを保護しているので、アドレスは ha***@… のように隠れています。受付番号でさがせます。"


class LogSearch(ttk.Frame):
    """A row above the table it moves; `attach` that before anything else."""

    def __init__(
        self,
        parent: tk.Misc,
        window: Window,
        lines: Callable[[], list[str]],
        found: Callable[[], None],
        is_masked: Callable[[], bool],
    ) -> None:
        """`lines`: those that are searched; `found`: other ones have been found now. `is_masked`:
        the log hides the addresses.
        """
        super().__init__(parent)
        self._window = window
        self._lines = lines
        self._found = found
        self._is_masked = is_masked
        self._hits: list[int] = []
        self._questions: LatestOnly[list[int]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self.columnconfigure(4, weight=1)
        ttk.Label(self, text="さがす").grid(row=0, column=0)
        words = text_variable(self)
        entry = ttk.Entry(self, width=24, textvariable=words, font=TEXT_FONT)
        entry.grid(row=0, column=1, padx=(HALF, GAP))
        # "break": here Enter goes through what was found, not to the next field
        for key in ("<Return>", "<KP_Enter>"):
            entry.bind(key, lambda event: self.go(+1) or "break")
        entry.bind("<Shift-Return>", lambda event: self.go(-1) or "break")
        self.wanted = LineField(entry, ttk.Label(self), words)
        self.wanted.on_edit(lambda: self.search(go=True))
        self.before_button = ttk.Button(self, text="前へ", width=8, command=lambda: self.go(-1))
        self.before_button.grid(row=0, column=2, padx=(0, GAP))
        self.next_button = ttk.Button(self, text="次へ", width=8, command=lambda: self.go(+1))
        self.next_button.grid(row=0, column=3)
        self.told = ttk.Label(self)
        self.told.grid(row=0, column=4, sticky="w", padx=GAP)

    def attach(self, table: Table) -> None:
        """The table whose rows are the lines."""
        self._table = table
        entry = self.wanted.widget
        on_key(entry, "<Down>", table.focus_rows)
        for widget in (table.tree, entry):
            on_key(widget, "<F3>", lambda: self.go(+1))
            on_key(widget, "<Shift-F3>", lambda: self.go(-1))
        self.tell()

    @property
    def text(self) -> str:
        return self.wanted.value.strip()

    @property
    def hits(self) -> Sequence[int]:
        """The places of the lines that were found."""
        return self._hits

    def hits_among(self, places: Sequence[int]) -> set[int]:
        """Those of these places, which follow each other, where something was found."""
        first, last = bisect_left(self._hits, places[0]), bisect_right(self._hits, places[-1])
        return set(self._hits[first:last])

    def forget(self) -> None:
        """There are other lines now."""
        self._hits = []

    def search(self, *, go: bool) -> None:
        """Find the lines again; `go` to the nearest one above where there is one."""
        lines, text = self._lines(), self.wanted.value
        is_masked = bool(self.text) and self._is_masked()
        if is_masked:
            text = masked(text)  # an address is found as the log has it
        if not self.text and not self._hits:
            self.tell()
            return

        def done(hits: list[int]) -> None:
            if lines is not self._lines():
                return
            self._hits = hits
            if hits and go:
                at = bisect_right(hits, self._table.at or 0) - 1
                self._table.show_row(hits[max(0, at)])
            if self.text and not hits and is_masked:
                self._window.set_status(MASKED)
            elif self._window.status_text == MASKED:
                self._window.set_status("")
            self._found()

        self._questions.submit(lambda: log_lines.find(lines, text), done)

    def go(self, step: int) -> str:
        """「次へ」「前へ」: from the last line on with the first one again, and the other way."""
        if not self._hits:
            return "break"
        at = self._table.at or 0
        if step > 0:
            number = bisect_right(self._hits, at)
            if number == len(self._hits):
                self._window.set_status("終わりまで調べました。初めに戻ります。")
        else:
            number = bisect_left(self._hits, at) - 1
            if number < 0:
                self._window.set_status("初めまで調べました。終わりに戻ります。")
        self._table.show_row(self._hits[number % len(self._hits)])
        return "break"

    def tell(self) -> None:
        """How many lines were found, and which of these one is at."""
        at, told = self._table.at, ""
        if self.text and not self._hits:
            told = "見つかりません"
        elif self.text:
            number = bisect_left(self._hits, at or 0)
            here = number < len(self._hits) and self._hits[number] == at
            told = f"{number + 1:,} ／ {len(self._hits):,}件" if here else f"{len(self._hits):,}件"
        self.told.configure(text=told)
        for button in (self.before_button, self.next_button):
            button.configure(state="normal" if self._hits and self.text else "disabled")

    def mark_words(self, text: tk.Text) -> None:
        """Give what was searched for the tag "mark"."""
        start, length = "1.0", number_variable(self)
        while self.text and (
            start := text.search(self.text, start, "end", nocase=True, count=length)
        ):
            end = f"{start} + {length.get()} chars"
            text.tag_add("mark", start, end)
            start = end
