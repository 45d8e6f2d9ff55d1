"""CSVから取り込み, the right half: what F12 would do line by line, or what is wrong in which."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from kollect.members.csv_check import NEXT_NUMBER, CsvLine, LineProblem
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.theme import GAP, HALF, WRONG
from kollect.ui.widgets.folded_text import FoldedText
from kollect.ui.widgets.form import wrapped

MOST_SHOWN = 200
"""So many lines show whether the columns were matched as they should be."""
_LINE_CHARACTERS = 4.5
"""Room for 「1000行目」, in full-width characters."""


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
        self.lines = FoldedText(self, lines=4, characters=20)
        """Each line of the file in a paragraph: however long a reason is, it is read whole."""
        self.lines.text.configure(spacing3=3)
        self.lines.text.tag_configure("wrong", foreground=WRONG)
        self.lines.grid(row=1, column=0, columnspan=2, sticky="nsew", pady=(HALF, 0))
        self.working(False)
        self.on_text_size()

    def on_text_size(self) -> None:
        self.lines.text.configure(tabs=(self._tab,))
        self.lines.refold()

    @property
    def _tab(self) -> int:
        return round(_LINE_CHARACTERS * em(self))

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
        self._show([(str(one.line), one.message) for one in problems], "wrong")

    def show_lines(self, lines: Sequence[CsvLine], number: Callable[[int], str]) -> None:
        """Who is registered, and who is corrected."""
        shown = [(str(line.line), _in_words(line, number)) for line in lines[:MOST_SHOWN]]
        if more := len(lines) - len(shown):
            shown.append(("…", f"ほか {more:,}行"))
        self._show(shown)

    def _show(self, rows: Sequence[tuple[str, str]], look: str = "") -> None:
        text = [f"{line}行目\t{said}" if line != "…" else f"…\t{said}" for line, said in rows]
        self.lines.show_rows(text, look, indent=self._tab)


def _in_words(line: CsvLine, number: Callable[[int], str]) -> str:
    what = "登録済み" if line.known else "新しい会員"
    also = "、退会" if line.withdrawn else "、配信停止" if line.stopped else ""
    if line.brought:
        what = "以前からのお客様"
    own = line.member.number
    whose = number(own) if own != NEXT_NUMBER else "次の番号"
    return f"{whose}　{line.member.name} 様（{what}{also}）"
