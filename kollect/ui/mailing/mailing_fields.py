"""The fields of メール発信, second step: whom the mail is for, and how fast it goes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from tkinter import ttk
from typing import Any

from kollect.desktop.ime import InputMode
from kollect.mailing.rate_limit import RateLimit
from kollect.members import wareki
from kollect.members.member_filter import MemberFilter
from kollect.ui.mailing.mailing_words import PACE_NOTE
from kollect.ui.members.member_form_fields import switch_ime
from kollect.ui.widgets.fields import Field, LineField
from kollect.ui.widgets.form import Form

_EVERYBODY = "すべての会員"
_MOST_A_MINUTE, _MOST_AN_HOUR = 6000, 100_000


class WhomFields:
    """グループ, a search, the days of the registration. `edited` is called for each change."""

    def __init__(self, form: Form, edited: Callable[[], None]) -> None:
        self._groups: list[str] = [""]
        self.group = form.choice("グループ", {"": _EVERYBODY + "　" * 4})
        self._box.configure(values=[_EVERYBODY])
        self.group.value = ""
        self.text = form.line("さがす", characters=26)
        form.note("名前・住所・番号などの一部。何も入れなければ、しぼりません。", under_fields=True)
        self.since = form.line("登録日", characters=14, after="から")
        self.until = form.line("", characters=14, after="まで")
        form.note("例: 2026/4/1、R8.4.1。空なら、しぼりません。", under_fields=True)
        switch_ime(self.text.widget, InputMode.HIRAGANA)
        for day in (self.since, self.until):
            switch_ime(day.widget, InputMode.PLAIN)
        for field in (self.group, self.text, self.since, self.until):
            field.on_edit(edited)

    @property
    def _box(self) -> ttk.Combobox:
        return self.group.widget

    def choice(self) -> MemberFilter | None:
        """What was chosen; None where a date makes no sense, which is said beside it."""
        since, until = _day(self.since), _day(self.until)
        if self.wrong():
            return None
        if since and until and until < since:
            self.until.show_error("「から」の日より前の日です。")
            return None
        return MemberFilter(
            text=self.text.value,
            group=self._groups[max(0, self._box.current())],
            since=_midnight(since),
            until=_midnight(until and until + timedelta(days=1)),
        )

    def wrong(self) -> list[Field[Any]]:
        """The fields with something red beside them."""
        return [field for field in (self.since, self.until) if field.error]

    def offer_groups(self, groups: Sequence[tuple[str, int]]) -> None:
        """Each グループ with how many are in it; what was chosen stays chosen."""
        chosen = self._groups[max(0, self._box.current())]
        self._groups = ["", *(label for label, _ in groups)]
        words = [_EVERYBODY, *(f"{label}（{count}名）" for label, count in groups)]
        self._box.configure(values=words)
        self._box.current(self._groups.index(chosen) if chosen in self._groups else 0)


class PaceFields:
    def __init__(self, form: Form, edited: Callable[[], None]) -> None:
        freely = "通まで（0: 制限しない）"
        self.per_minute = form.number("1分に", (0, _MOST_A_MINUTE), after=freely)
        self.per_hour = form.number("1時間に", (0, _MOST_AN_HOUR), after=freely)
        form.note(PACE_NOTE)
        self.show(RateLimit())
        for field in (self.per_minute, self.per_hour):
            field.on_edit(edited)

    def show(self, pace: RateLimit) -> None:
        self.per_minute.value, self.per_hour.value = pace.per_minute, pace.per_hour

    @property
    def pace(self) -> RateLimit:
        """As it stands there; where a field makes no sense, as usual."""
        usual = RateLimit()
        minute, hour = self.per_minute, self.per_hour
        return RateLimit(
            usual.per_minute if minute.fault() else minute.value or 0,
            usual.per_hour if hour.fault() else hour.value or 0,
        )

    def wrong(self) -> list[Field[Any]]:
        """The fields that make no sense; that is said beside them."""
        found: list[Field[Any]] = []
        for field in (self.per_minute, self.per_hour):
            field.clear()
            if fault := field.fault():
                field.show_error(fault)
                found.append(field)
        return found


def _day(field: LineField) -> date | None:
    field.clear()
    typed = field.value.strip()
    if not typed:
        return None
    try:
        return wareki.read(typed)
    except wareki.NotADate as wrong:
        field.show_error(str(wrong))
        return None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time()).astimezone() if day else None
