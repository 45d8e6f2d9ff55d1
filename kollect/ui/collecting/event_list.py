"""The last events, one coloured line a mail, the newest on top: it is always the one in view."""

from __future__ import annotations

import tkinter as tk
from datetime import date, datetime
from itertools import islice
from tkinter import ttk

from kollect.collector.status import MOST_EVENTS, CollectorStatus
from kollect.ui.collecting import event_lines
from kollect.ui.framework.theme import BOLD_FONT, FAINT, GOOD, INK, WRONG, colour
from kollect.ui.widgets.form import text_of

_COLOURS = {
    event_lines.GOOD: GOOD,
    event_lines.BAD: WRONG,
    event_lines.FAINT: FAINT,
    event_lines.PLAIN: INK,
}


class EventList(ttk.Frame):
    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.text = text_of(self, lines=3)
        self.text.grid(row=0, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self, command=self.text.yview, takefocus=False)
        bar.grid(row=0, column=1, sticky="ns")
        self.text.configure(
            yscrollcommand=bar.set,
            state="disabled",
            undo=False,
            cursor="arrow",
            wrap="char",  # Japanese has no blanks to break at
            spacing3="2p",
        )
        self._shown: tuple[int, int] = (0, 0)
        self._count = 0
        self.resize()

    def resize(self) -> None:
        """Lines that are broken go on behind the time and the mark."""
        text = self.text
        for look, ours in _COLOURS.items():
            text.tag_configure(look, foreground=colour(self, ours))
        text.tag_configure("time", foreground=colour(self, FAINT))
        text.tag_configure("new", font=BOLD_FONT)
        measure = text.tk.call
        time = int(measure("font", "measure", BOLD_FONT, "00/00 00:00  "))
        behind = time + int(measure("font", "measure", BOLD_FONT, "✓  "))
        text.configure(tabs=(time, behind))
        text.tag_configure("line", lmargin2=behind)

    def show(self, status: CollectorStatus) -> None:
        """Put on top what has come since the last time."""
        which = id(status), status.remembered
        if which != self._shown:
            self._shown, self._count = which, 0
            self._clear()
        fresh = min(status.event_count - self._count, len(status.events))
        self._count = status.event_count
        if not fresh:
            return
        text, today = self.text, datetime.now().astimezone().date()
        text.configure(state="normal")
        text.tag_remove("new", "1.0", "end")
        for event in islice(status.events, len(status.events) - fresh, None):
            self._insert(event.at, event_lines.line_of(event.text), today)
        text.tag_add("new", "1.0", "1.end")
        text.delete(f"{MOST_EVENTS + 1}.0", "end")
        text.configure(state="disabled")

    def _insert(self, at: datetime, line: event_lines.EventLine, today: date) -> None:
        """On top; what waits for this, said of the same number, goes."""
        text, tags = self.text, ["line", line.look]
        if line.number:
            tag = f"number {line.number}"
            if place := text.tag_ranges(tag):
                text.delete(place[0], place[-1])
            if line.is_open:
                tags.append(tag)
        time = event_lines.time_of(at, today)
        # the time has the tag of the number too: the line goes whole
        text.insert(
            "1.0", f"{time}\t", ("time", *tags[:1], *tags[2:]), f"{line.mark}\t{line.text}\n", tags
        )

    def _clear(self) -> None:
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        self.text.configure(state="disabled")
