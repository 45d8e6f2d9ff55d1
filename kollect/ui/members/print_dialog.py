"""「印刷」 of 会員一覧: what is printed, and for labels which sheet and where on it they begin."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from enum import StrEnum

from kollect.printing.label_sheets import SHEETS, LabelSheet
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.pdf_file import READABLE_PAPER, pdf_buttons
from kollect.ui.widgets.form import Form


class PrintedPaper(StrEnum):
    LIST = "会員一覧"
    LABELS = "宛名ラベル"
    CONSENTS = "承諾の記録"


_HINTS = {
    PrintedPaper.LIST: "いま一覧に出ている会員を、A4の横向きに印刷します。",
    PrintedPaper.LABELS: "いま一覧に出ている会員の宛名です。住所のない方と、退会した方は除きます。",
    PrintedPaper.CONSENTS: "いつ、どの方法で承諾したかの記録です。すべての会員の分を印刷します。",
}


@dataclass(frozen=True, slots=True)
class PrintChoice:
    paper: PrintedPaper
    sheet: LabelSheet
    first: int
    """The place of the first label that is still on the sheet, from 0."""
    opens: bool
    """Opened for printing at once; else saved as a file."""


class PrintDialog(Dialog[PrintChoice | None]):
    """None: nothing is printed."""

    manual = "member-print"

    def __init__(
        self, parent: tk.Misc, last: PrintChoice | None = None, *, protected: bool = False
    ) -> None:
        """`last` is what was printed before. `protected`: the data are, and the paper is not."""
        super().__init__(parent, "印刷", otherwise=None)
        rows = Form(self.body, label_characters=6)
        rows.pack(fill="x")
        self.paper = rows.radios(
            "印刷するもの", {one: one.value for one in PrintedPaper}, below=True
        )
        titles = {one: f"{one.title}（{one.names}）" for one in SHEETS}
        self.sheet = rows.choice("用紙", titles)
        most = max(one.labels for one in SHEETS)
        self.first = rows.number(
            "使い始め", (1, most), characters=4, after="番目のラベルから（左上から右へ数えます）"
        )
        self.hint = rows.note("")
        if protected:
            rows.note(READABLE_PAPER)
        self.paper.value = last.paper if last else PrintedPaper.LIST
        self.sheet.value = last.sheet if last else SHEETS[0]
        self.first.value = 1
        self.paper.on_edit(self._show)
        self._show()
        pdf_buttons(self, self.accept)
        self.start_at(self.paper.widget)

    def accept(self, opens: bool) -> None:
        self.first.clear()
        first = 1
        if self.paper.value is PrintedPaper.LABELS:
            most, typed = self.sheet.value.labels, self.first.value
            if typed is None or not 1 <= typed <= most:
                self.first.show_error(f"1～{most} の数字を入力してください。")
                self.first.focus()
                return
            first = typed
        self.finish(PrintChoice(self.paper.value, self.sheet.value, first - 1, opens))

    def _show(self) -> None:
        self.hint.configure(text=_HINTS[self.paper.value])
        for field in (self.sheet, self.first):
            field.enable(self.paper.value is PrintedPaper.LABELS)
