"""「印刷」 of 収集結果表示: the list that is shown, or 月報 of a month."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kollect.printing.month_pages import month_words
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.pdf_file import READABLE_PAPER, pdf_buttons
from kollect.ui.widgets.form import Form


class ResultsPaper(StrEnum):
    LIST = "収集結果"
    MONTH = "月報"


@dataclass(frozen=True, slots=True)
class ResultsPrintChoice:
    paper: ResultsPaper
    month: date
    """Its first day; of 月報."""
    opens: bool
    """Opened for printing at once; else saved as a file."""

    @property
    def name(self) -> str:
        """What the paper and its file are called."""
        if self.paper is ResultsPaper.LIST:
            return self.paper
        return f"{self.paper}-{self.month:%Y-%m}"


class ResultsPrintDialog(Dialog[ResultsPrintChoice | None]):
    """None: nothing is printed."""

    manual = "results-print"

    def __init__(
        self,
        parent: tk.Misc,
        count: int,
        months: Sequence[date],
        paper: ResultsPaper,
        *,
        protected: bool = False,
    ) -> None:
        """`count` rows are listed; `months`, the newest first, have numbers. `protected`: the data
        are, and the paper is not; the numbers of 月報 name nobody.
        """
        super().__init__(parent, "印刷", otherwise=None)
        self._list = f"表示している {count:,}件を、A4の横向きの一覧にします。" + (
            f"\n{READABLE_PAPER}" if protected else ""
        )
        rows = Form(self.body, label_characters=6)
        rows.pack(fill="x")
        self.paper = rows.radios("印刷するもの", {one: one.value for one in ResultsPaper})
        self.month = rows.choice("月", {one: month_words(one) for one in months})
        self.hint = rows.note("")
        self.paper.value = paper
        # whoever prints 月報 wants the month that is over, where there is one
        self.month.value = months[1] if len(months) > 1 else months[0]
        self.paper.on_edit(self._show)
        self._show()
        pdf_buttons(self, self.accept)
        self.start_at(self.paper.widget)

    def accept(self, opens: bool) -> None:
        self.finish(ResultsPrintChoice(self.paper.value, self.month.value, opens))

    def _show(self) -> None:
        is_month = self.paper.value is ResultsPaper.MONTH
        self.month.enable(is_month)
        self.hint.configure(
            text="受付、登録、退会、メール発信などの数を、前の月とくらべるA4の1枚です。"
            if is_month
            else self._list
        )
