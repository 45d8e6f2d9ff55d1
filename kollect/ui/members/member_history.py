"""What has been with a member: 修正の履歴 with every former value, and 送ったメール."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Generic, TypeVar

from kollect.mailing.recipients import SentMail
from kollect.members.member_reader import MemberChange
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
    ) -> None:
        super().__init__(parent)
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


def corrections(parent: tk.Misc) -> HistoryList[MemberChange]:
    columns = (
        TableColumn("日時", 9),
        TableColumn("どこで", 6, narrow=4),
        TableColumn("項目", 5.5, narrow=4),
        TableColumn("前の内容", 9, stretch=True),
        TableColumn("新しい内容", 9, stretch=True),
    )
    return HistoryList(parent, columns, _correction, _both_values)


def _correction(change: MemberChange) -> TableRow:
    former, present = (" ".join(text.split()) for text in (change.former, change.present))
    when = f"{change.at.astimezone():%Y/%m/%d %H:%M}"
    return TableRow((when, change.source, change.what, former, present))


def _both_values(change: MemberChange) -> str:
    if not (change.former or change.present):
        return ""
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
