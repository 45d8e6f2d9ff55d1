"""The mail as the customer will see it, beside the form in which it is written."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from kollect.ui.framework.theme import BOLD_FONT, GAP, HALF, WIDE
from kollect.ui.widgets.folded_text import FoldedText
from kollect.ui.widgets.form import wrapped

MOST = 16
"""Lines of a letter that are shown without scrolling where there is room."""


class MailPreview(ttk.Labelframe):
    def __init__(
        self, parent: tk.Misc, *, lines: int = 6, characters: int = 24, most: int = MOST
    ) -> None:
        """Asks for so many lines of a letter, and for more of a longer one, up to `most`."""
        super().__init__(parent, text="お客様に届くメール（見本）", padding=(GAP, HALF))
        paper = ttk.Frame(self, style="Paper.TFrame", padding=(WIDE, GAP))
        paper.pack(fill="both", expand=True)
        paper.columnconfigure(1, weight=1)
        paper.rowconfigure(4, weight=1)
        self._lines = []
        for row, label in enumerate(("差出人", "見出")):
            ttk.Label(paper, text=label, style="PaperFaint.TLabel").grid(
                row=row, column=0, sticky="nw", padx=(0, GAP), pady="1p"
            )
            line = wrapped(paper, "", style="Paper.TLabel")
            line.grid(row=row, column=1, sticky="ew")
            self._lines.append(line)
        self._lines[1].configure(font=BOLD_FONT)
        ttk.Frame(paper, style="Line.TFrame", height=1).grid(
            row=2, column=0, columnspan=2, sticky="ew", pady=GAP
        )
        self._body = FoldedText(
            paper, lines=lines, characters=characters, most=max(lines, most), style="Paper.TFrame"
        )
        self._body.text.configure(highlightthickness=0, padx=0, takefocus=False)
        self._body.grid(row=4, column=0, columnspan=2, sticky="nsew")
        self._note = wrapped(paper, "", style="PaperFaint.TLabel")
        self._note.grid(row=5, column=0, columnspan=2, sticky="ew", pady=(HALF, 0))

    def show(self, *, sender: str, subject: str, body: str, note: str = "") -> None:
        self._lines[0].configure(text=sender or "（店のメールアドレス）")
        self._lines[1].configure(text=subject or "（見出なし）")
        self._body.show(body)
        self._note.configure(text=note)
        if note:
            self._note.grid()
        else:
            self._note.grid_remove()

    @property
    def text(self) -> str:
        """What can be read there: subject and body."""
        return f"{self._lines[1].text}\n{self._body.plain}"
