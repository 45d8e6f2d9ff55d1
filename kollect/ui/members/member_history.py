"""What has been with a member: 修正の履歴 with every former value, and 送ったメール."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Generic, TypeVar

from kollect.mailing.recipients import SentMail
from kollect.members.former_value import is_of_form
from kollect.members.member_reader import MemberChange
from kollect.members.merge_rules import Merger
from kollect.members.repository import STOPPED
from kollect.ui.framework.theme import HALF
from kollect.ui.mailing.mailing_words import result
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

T = TypeVar("T")


class HistoryList(ttk.Frame, Generic[T]):
    """A list, the newest first; below it stands the whole of what is chosen in it."""

    def __init__(
        self,
        parent: tk.Misc,
        columns: Sequence[TableColumn],
        row: Callable[[T], TableRow],
        whole: Callable[[T], str],
        *,
        nothing: str = "",
        chosen: Callable[[], None] = lambda: None,
    ) -> None:
        """`chosen`: another event is, or other ones are shown."""
        super().__init__(parent)
        self._told = chosen
        self._row, self._whole, self._nothing = row, whole, nothing
        self._events: Sequence[T] = ()
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.table = Table(self, columns, self._fetch, chosen=self._say_whole)
        self.table.grid(row=0, column=0, sticky="nsew")
        self.whole = wrapped(self, "")
        self.whole.grid(row=1, column=0, sticky="ew", pady=(HALF, 0))

    def show(self, events: Sequence[T]) -> None:
        self._events = events
        self.table.show(range(len(events)))
        self.table.say_nothing_there("" if events else self._nothing)

    def on_text_size(self) -> None:
        self.table.on_text_size()

    def _fetch(self, places: Sequence[int], take: Take) -> None:
        take({place: self._row(self._events[place]) for place in places})

    def _say_whole(self) -> None:
        """A long address or 備考 does not fit into the list."""
        place = self.table.current
        self.whole.configure(text="" if place is None else self._whole(self._events[place]))
        self._told()

    @property
    def chosen(self) -> T | None:
        place = self.table.current
        return None if place is None else self._events[place]


class Corrections(HistoryList[MemberChange]):
    """修正の履歴, with 「この内容に戻す」 for what stood in a field of the form."""

    def __init__(
        self,
        parent: tk.Misc,
        put_back: Callable[[MemberChange], None],
        part: Callable[[Merger], None],
    ) -> None:
        columns = (
            TableColumn("日時", 9),
            TableColumn("どこで", 6, narrow=4),
            TableColumn("項目", 5.5, narrow=4),
            TableColumn("前の内容", 9, stretch=True),
            TableColumn("新しい内容", 9, stretch=True),
        )
        super().__init__(parent, columns, _correction, _both_values, chosen=self._show_button)
        self._put_back, self._part = put_back, part
        self._merger: Merger | None = None
        self.button = ttk.Button(self, text="この内容に戻す", width=16, command=self._pressed)
        self.button.grid(row=1, column=1, sticky="ne", padx=(HALF, 0), pady=(HALF, 0))
        self.part_button = ttk.Button(self, text="統合を取り消す", width=16, command=self._parted)
        self.table.grid(columnspan=3)
        self._show_button()

    def show_all(self, changes: Sequence[MemberChange], merger: Merger | None) -> None:
        """`merger`: the last 統合 of this member, which can be taken back."""
        self._merger = merger
        self.show(changes)
        if merger is None:
            self.part_button.grid_remove()
        else:
            self.part_button.grid(row=1, column=2, sticky="ne", padx=(HALF, 0), pady=(HALF, 0))

    def _parted(self) -> None:
        if self._merger is not None:
            self._part(self._merger)

    def _show_button(self) -> None:
        can = self.chosen is not None and is_of_form(self.chosen)
        self.button.configure(state="normal" if can else "disabled")

    def _pressed(self) -> None:
        if self.chosen is not None:
            self._put_back(self.chosen)


def _correction(change: MemberChange) -> TableRow:
    former, present = (" ".join(text.split()) for text in (change.former, change.present))
    when = f"{change.at.astimezone():%Y/%m/%d %H:%M}"
    return TableRow((when, change.source, change.what, former, present))


def _both_values(change: MemberChange) -> str:
    if not (change.former or change.present):
        return ""
    if change.what == STOPPED:
        return f"お申し出のあったメールアドレス: {change.present}"
    former, present = change.former or "（なし）", change.present or "（なし）"
    return f"前の内容: {former}\n新しい内容: {present}"


def mails(parent: tk.Misc) -> HistoryList[SentMail]:
    columns = (
        TableColumn("日時", 9),
        TableColumn("見出", 13, stretch=True),
        TableColumn("結果", 6.5),
    )
    nothing = "「メール発信」で送ったメールは、まだありません。"
    return HistoryList(parent, columns, _mail, lambda told: told.answer, nothing=nothing)


def _mail(told: SentMail) -> TableRow:
    when = f"{told.at.astimezone():%Y/%m/%d %H:%M}"
    return TableRow((when, told.subject, result(told.step, told.answer)))
