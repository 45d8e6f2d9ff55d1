"""CSVから取り込み, the right half: what F12 would do line by line, or what is wrong in which."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from kollect.members.csv_check import NEXT_NUMBER, CsvLine, LineProblem
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.widgets.form import wrapped

MOST_SHOWN = 200
"""So many lines show whether the columns were matched as they should be."""
_COLUMNS = (("行", 4), ("内容", 24))


class ImportResult(ttk.Labelframe):
    """`stop` is what the button does that is there while `working`; `take_in_good` that which is
    there where a part of the file is good.
    """

    def __init__(
        self, parent: tk.Misc, stop: Callable[[], None], take_in_good: Callable[[], None]
    ) -> None:
        super().__init__(parent, text="確認の結果", padding=(GAP, HALF))
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.verdict = wrapped(self, "")
        self.verdict.grid(row=0, column=0, sticky="ew")
        self.stop_button = ttk.Button(self, text="中止", width=8, command=stop)
        self.stop_button.grid(row=0, column=1, sticky="ne")
        self.good_button = ttk.Button(
            self, text="正しい行だけ取り込む", width=22, command=take_in_good
        )
        self.good_button.grid(row=3, column=0, columnspan=3, sticky="e", pady=(HALF, 0))
        names = [name for name, _ in _COLUMNS]
        self.lines = ttk.Treeview(self, columns=names, show="headings", height=4)
        for name in names:
            self.lines.heading(name, text=name, anchor="w")
        self.lines.grid(row=1, column=0, columnspan=2, sticky="nsew", pady=(HALF, 0))
        bar = ttk.Scrollbar(self, command=self.lines.yview, takefocus=False)
        bar.grid(row=1, column=2, sticky="ns", pady=(HALF, 0))
        self.lines.configure(yscrollcommand=bar.set)
        self.lines.bind("<<TreeviewSelect>>", lambda event: self._say_whole())
        self.whole = wrapped(self, "")
        self.whole.grid(row=2, column=0, columnspan=3, sticky="ew")
        self.working(False)
        self.on_text_size()

    def on_text_size(self) -> None:
        width = em(self)
        for name, characters in _COLUMNS:
            self.lines.column(name, width=characters * width, stretch=name == "内容")

    def set_text(self, text: str, style: str = "TLabel") -> None:
        self.verdict.configure(text=text, style=style)

    def working(self, working: bool, *, partly: bool = False) -> None:
        """Show the button 「中止」 while working, or the other where the file is `partly` good."""
        there = {self.stop_button: working, self.good_button: partly and not working}
        for button, shown in there.items():
            if shown:
                button.grid()
            else:
                button.grid_remove()

    def clear(self) -> None:
        self._show(())

    def show_problems(self, problems: Sequence[LineProblem]) -> None:
        self.whole.configure(style="Wrong.TLabel")
        self._show([(str(one.line), one.message) for one in problems])

    def show_lines(self, lines: Sequence[CsvLine], number: Callable[[int], str]) -> None:
        """Who is registered, and who is corrected."""
        self.whole.configure(style="TLabel")
        shown = [(str(line.line), _in_words(line, number)) for line in lines[:MOST_SHOWN]]
        if more := len(lines) - len(shown):
            shown.append(("…", f"ほか {more:,}行"))
        self._show(shown)

    def _show(self, rows: Sequence[tuple[str, str]]) -> None:
        self.lines.delete(*self.lines.get_children())
        for row in rows:
            self.lines.insert("", "end", values=row)
        self.whole.configure(text="")

    def _say_whole(self) -> None:
        """A long reason does not fit into the list: below it stands the whole of it."""
        if chosen := self.lines.selection():
            line, text = map(str, self.lines.item(chosen[0], "values"))
            self.whole.configure(text=f"{line}行目: {text}" if line != "…" else "")


def _in_words(line: CsvLine, number: Callable[[int], str]) -> str:
    what = "登録済み" if line.known else "新しい会員"
    also = "、退会" if line.withdrawn else "、配信停止" if line.stopped else ""
    if line.brought:
        what = "以前からのお客様"
    own = line.member.number
    whose = number(own) if own != NEXT_NUMBER else "次の番号"
    return f"{whose}　{line.member.name} 様（{what}{also}）"
