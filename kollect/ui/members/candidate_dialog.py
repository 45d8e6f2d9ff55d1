"""Which of several customers is meant, where a part of an address fits more than one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from kollect.ledger.states import in_words
from kollect.mail.foreign_text import exact
from kollect.members.member import MemberState
from kollect.members.member_reader import Candidate
from kollect.settings.number_format import number_text
from kollect.ui.framework.dialogs import Dialog, em, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP

_COLUMNS = (("受付番号", 6), ("メールアドレス", 18), ("受付日時", 10), ("状態", 5), ("会員", 9))
_ROWS = 10


class CandidateDialog(Dialog[Candidate | None]):
    """Answers with the one that was chosen by Enter or a double click, or None."""

    def __init__(
        self,
        parent: tk.Misc,
        found: Sequence[Candidate],
        *,
        there_are_more: bool,
        digits: int = 0,
    ) -> None:
        super().__init__(parent, "お客様を選ぶ", otherwise=None)
        text = f"{len(found)}件見つかりました。お客様を選んでください。"
        if there_are_more:
            text = (
                f"{len(found)}件以上あります（新しい順）。"
                "見つからないときは、もっと長く入力してください。"
            )
        paragraph(self.body, text).pack(anchor="w", pady=(0, GAP))
        table = ttk.Frame(self.body)
        table.pack(fill="both", expand=True)
        self.tree = ttk.Treeview(
            table,
            columns=[name for name, _ in _COLUMNS],
            show="headings",
            height=min(_ROWS, len(found)),
            selectmode="browse",
        )
        width = em(self)
        for name, characters in _COLUMNS:
            self.tree.heading(name, text=name, anchor="w")
            self.tree.column(name, width=characters * width, stretch=name == "メールアドレス")
        bar = ttk.Scrollbar(table, command=self.tree.yview, takefocus=False)
        bar.pack(side="right", fill="y")  # first: where the list is too wide, the bar stays
        self.tree.pack(side="left", fill="both", expand=True)
        self.tree.configure(yscrollcommand=bar.set)
        self._of = {self.tree.insert("", "end", values=_values(one, digits)): one for one in found}
        first = next(iter(self._of))
        self.tree.selection_set(first)
        self.tree.focus(first)
        self.tree.bind("<Return>", lambda event: self.accept())
        self.tree.bind("<KP_Enter>", lambda event: self.accept())
        self.tree.bind("<Double-Button-1>", lambda event: self.accept())
        on_key(self, "<F12>", self.accept)
        self.buttons(("キャンセル", self.cancel), ("選ぶ", self.accept))
        self.start_at(self.tree)

    def accept(self) -> None:
        if chosen := self.tree.selection():
            self.finish(self._of[chosen[0]])


def _values(one: Candidate, digits: int) -> tuple[str, ...]:
    receipt, member = one.receipt, one.member
    who = ""
    if member is not None:
        gone = member.standing.state is MemberState.WITHDRAWN
        who = f"{member.name}（退会）" if gone else member.name
    return (
        number_text(receipt.number, digits),
        exact(receipt.address),
        f"{receipt.received_at.astimezone():%Y/%m/%d %H:%M}",
        in_words(receipt.state, receipt.reason),
        who,
    )
