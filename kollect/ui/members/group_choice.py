"""The field グループ: typed, or chosen from those that there are, by a button beside it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterable
from functools import partial
from tkinter import ttk

from kollect.members import normalize
from kollect.ui.framework.editing import begin_to_edit
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.fields import LineField
from kollect.ui.widgets.form import Form


class GroupChoice:
    def __init__(self, rows: Form, field: LineField) -> None:
        """The button and its key right of `field`."""
        self._field = field
        # a Menubutton is higher than a line of the form
        self._button = ttk.Button(
            rows.beside(field), text="選ぶ ▼", width=7, takefocus=False, command=self._open
        )
        self._button.pack(side="left", padx=(GAP, 0))
        ttk.Label(rows.beside(field), text="↓のキーでも選べます", style="Faint.TLabel").pack(
            side="left", padx=(GAP, 0)
        )
        self._menu = tk.Menu(self._button)
        on_key(field.widget, "<Down>", self._open)
        self.offer(())

    def offer(self, labels: Iterable[str]) -> None:
        """The グループ that there are."""
        self._menu.delete(0, "end")
        for label in labels:
            self._menu.add_command(label=label, command=partial(self._join, label))
        if self._menu.index("end") is None:
            self._menu.add_command(label="まだグループがありません", state="disabled")

    def enable(self, enabled: bool) -> None:
        self._button.configure(state="normal" if enabled else "disabled")

    def _open(self) -> None:
        place = self._button
        # with the first one chosen, so that the arrows and Enter go on from there
        self._menu.tk_popup(place.winfo_rootx(), place.winfo_rooty() + place.winfo_height(), 0)

    def _join(self, label: str) -> None:
        there = normalize.groups(self._field.value)
        if label not in there:
            self._field.value = "、".join((*there, label))
        begin_to_edit(self._field.widget)
        self._field.focus()
