"""Which receipts 収集結果表示 shows: words, a period, a state or 未登録.

Knows nothing of the table below.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from tkinter import ttk

from kollect.ledger.posters import PLAIN_ADDRESS
from kollect.ledger.states import RECEIPT_STATE_TEXTS, ReceiptState
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT, WIDE
from kollect.ui.framework.tk_lifetime import text_variable
from kollect.ui.widgets.dates import Period, day_text, days_of, moments, read_day
from kollect.ui.widgets.fields import ChoiceField, LineField
from kollect.ui.widgets.form import combobox_of, wrapped

WRONG_DAY = "日付は 2026/11/5 のように入力してください。"
_PERIODS = {period: period.value for period in Period}


class Registration(StrEnum):
    MISSING = "未登録"
    """The number waits for its membership form."""


_STATES: dict[ReceiptState | Registration | None, str] = {
    None: "すべて",
    **{state: RECEIPT_STATE_TEXTS[state] for state in ReceiptState},
    Registration.MISSING: Registration.MISSING.value,
}


@dataclass(frozen=True, slots=True)
class Conditions:
    text: str
    since: datetime | None
    until: datetime | None
    state: ReceiptState | None
    unregistered: bool
    poster: str | None
    """The tag; "" of the plain address; None: whatever it was sent to."""


ANY_POSTER = "すべて"


class ReceiptFilter(ttk.Frame):
    """`changed` is called with every letter and every choice."""

    def __init__(self, parent: tk.Misc, changed: Callable[[], None]) -> None:
        super().__init__(parent)
        self._changed = changed
        self._has_posters = False
        row = ttk.Frame(self)
        row.pack(fill="x")
        unseen = ttk.Label(self)  # these fields cannot be wrong
        ttk.Label(row, text="さがす").pack(side="left")
        words = text_variable(self)
        entry = ttk.Entry(row, width=18, textvariable=words, font=TEXT_FONT)
        entry.pack(side="left", padx=(HALF, WIDE))
        self.text = LineField(entry, unseen, words)
        ttk.Label(row, text="期間").pack(side="left")
        periods = combobox_of(row, _PERIODS)
        periods.pack(side="left", padx=(HALF, WIDE))
        self.period = ChoiceField(periods, unseen, _PERIODS)
        ttk.Label(row, text="状態").pack(side="left")
        states = combobox_of(row, _STATES)
        states.pack(side="left", padx=(HALF, WIDE))
        self.receipt_state = ChoiceField(states, unseen, _STATES)
        self.clear_button = ttk.Button(row, text="条件を消す", width=12, command=self.clear)
        self.clear_button.pack(side="left")
        self._more = ttk.Frame(self)
        """What is not always there."""
        self.poster = self._build_posters(unseen)
        self._days = ttk.Frame(self._more)
        self.first, self.last = self._build_days()
        self._put_back()
        for field in (self.text, self.receipt_state, self.poster, self.first, self.last):
            field.on_edit(self._edited)
        self.period.on_edit(self._period_chosen)
        self._show_whether_any()

    def _build_posters(self, unseen: ttk.Label) -> ChoiceField[str | None]:
        self._posters = ttk.Frame(self._more)
        ttk.Label(self._posters, text="ポスター").pack(side="left")
        words: dict[str | None, str] = {None: ANY_POSTER}
        combobox = combobox_of(self._posters, words)
        combobox.pack(side="left", padx=(HALF, WIDE))
        return ChoiceField(combobox, unseen, words)

    def offer_posters(self, names: Mapping[str, str]) -> None:
        """Their names by their tags; where there are none, nothing is asked."""
        words: dict[str | None, str] = {None: ANY_POSTER, "": PLAIN_ADDRESS}
        words.update(names.items())
        stays = self.poster.offer(words)
        self._has_posters = bool(names)
        self._place_more()
        if not stays:
            self._edited()

    def _place_more(self) -> None:
        for part, there in (
            (self._posters, self._has_posters),
            (self._days, self.period.value is Period.GIVEN),
        ):
            part.pack_forget()
            if there:
                part.pack(side="left", fill="x", expand=part is self._days)
        if self._has_posters or self.period.value is Period.GIVEN:
            self._more.pack(fill="x", pady=(GAP, 0))
        else:
            self._more.pack_forget()

    def _build_days(self) -> tuple[LineField, LineField]:
        row = self._days
        row.columnconfigure(5, weight=1)
        error = wrapped(row, "", style="Wrong.TLabel")
        error.grid(row=0, column=5, sticky="ew", padx=(GAP, 0))
        error.grid_remove()
        made = []
        for column, label in ((0, "受付日"), (2, "～")):
            ttk.Label(row, text=label).grid(row=0, column=column, padx=(0, HALF))
            variable = text_variable(self)
            entry = ttk.Entry(row, width=12, textvariable=variable, font=TEXT_FONT)
            entry.grid(row=0, column=column + 1, padx=(0, HALF))
            entry.bind("<FocusOut>", lambda event: self._check_days())
            made.append(LineField(entry, error, variable))
        ttk.Label(row, text="まで", style="Faint.TLabel").grid(row=0, column=4)
        return made[0], made[1]

    def conditions(self, today: date) -> Conditions | None:
        """What is asked for; None while a day is only half typed."""
        first, last = days_of(self.period.value, today)
        if self.period.value is Period.GIVEN:
            if self._wrong_day(today):
                return None
            first, last = (read_day(field.value, today) for field in (self.first, self.last))
        since, until = moments(first, last)
        chosen = self.receipt_state.value
        unregistered = chosen is Registration.MISSING
        state = chosen if isinstance(chosen, ReceiptState) else None
        return Conditions(self.text.value, since, until, state, unregistered, self.poster.value)

    def _wrong_day(self, today: date) -> tuple[LineField, str] | None:
        """The field with a day that cannot be, and what is wrong with it."""
        days = []
        for field in (self.first, self.last):
            day = read_day(field.value, today)
            if day is None and field.value.strip():
                return field, WRONG_DAY
            days.append(day)
        if days[0] and days[1] and days[0] > days[1]:
            return self.last, "終わりの日が、始めの日より前になっています。"
        return None

    def _check_days(self) -> None:
        """Whoever has finished typing a day hears what is wrong with it."""
        if wrong := self._wrong_day(date.today()):
            field, text = wrong
            field.show_error(text)

    @property
    def any(self) -> bool:
        """Does anything keep receipts out?"""
        return bool(
            self.text.value.strip()
            or self.period.value is not Period.ALL
            or self.receipt_state.value is not None
            or self.poster.value is not None
        )

    def clear(self) -> None:
        """「条件を消す」"""
        self._put_back()
        self.text.focus()
        self._edited()

    def show_unregistered(self) -> None:
        """All numbers that wait for their membership form, and no others."""
        self._put_back()
        self.receipt_state.value = Registration.MISSING
        self._edited()

    def _put_back(self) -> None:
        self.text.value = ""
        self.period.value = Period.ALL
        self.receipt_state.value = None
        self.poster.value = None
        self._place_more()

    def _period_chosen(self) -> None:
        if self.period.value is Period.GIVEN:
            if not self.last.value:
                today = date.today()
                self.first.value = day_text(today.replace(day=1))
                self.last.value = day_text(today)
            self._place_more()
            self.first.focus()
        else:
            self._place_more()
        self._edited()

    def _edited(self) -> None:
        self._show_whether_any()
        self._changed()

    def _show_whether_any(self) -> None:
        self.clear_button.configure(state="normal" if self.any else "disabled")
