"""The fields of メール発信, second step: whom the mail is for, and how fast it goes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from tkinter import ttk
from typing import Any

from kollect.desktop.ime import InputMode
from kollect.mailing.rate_limit import RateLimit
from kollect.members import normalize, wareki
from kollect.members.member import Sex
from kollect.members.member_filter import AgeRange, MemberFilter
from kollect.threads.background_thread import local_now
from kollect.ui.mailing.mailing_words import PACE_NOTE
from kollect.ui.members.member_form_fields import switch_ime
from kollect.ui.widgets.fields import Field, LineField
from kollect.ui.widgets.form import Form

_EVERYBODY = "すべての会員"
_OLDEST = 130
_MONTHS = {0: "すべて"} | {month: f"{month}月" for month in range(1, 13)}
_SEXES: dict[Sex | None, str] = {None: "すべて"} | {sex: sex or "記入なし" for sex in Sex}
_LAST_MAILS = {
    0: "しぼらない",
    30: "30日以上メールを送っていない方",
    90: "90日以上メールを送っていない方",
    180: "半年以上メールを送っていない方",
    365: "1年以上メールを送っていない方",
}
_MOST_A_MINUTE, _MOST_AN_HOUR = 6000, 100_000


@dataclass(slots=True)
class KeptChoices:
    """What was chosen in the second step, while the first one is looked at once more."""

    whom: tuple[Any, ...] = ()
    when: tuple[Any, ...] = ()


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
        self.birth_month = form.choice("誕生月", _MONTHS)
        self.sex = form.choice("性別", _SEXES, beside=self.birth_month)
        self.youngest = form.line("年齢", characters=5, after="歳から")
        self.oldest = form.line("", characters=5, after="歳まで", beside=self.youngest)
        form.note("生年月日を登録した方だけにしぼります。", under_fields=True)
        self.last_mail = form.choice("前回の発信", _LAST_MAILS)
        self.birth_month.value, self.sex.value, self.last_mail.value = 0, None, 0
        switch_ime(self.text.widget, InputMode.HIRAGANA)
        for plain in (self.since, self.until, self.youngest, self.oldest):
            switch_ime(plain.widget, InputMode.PLAIN)
        self._narrowing: tuple[Field[Any], ...] = (
            *(self.text, self.since, self.until, self.birth_month, self.sex),
            *(self.youngest, self.oldest, self.last_mail),
        )
        for field in (self.group, *self._narrowing):
            field.on_edit(edited)

    @property
    def values(self) -> tuple[Any, ...]:
        """As they stand there, for `show`."""
        return self._chosen_group, *(field.value for field in self._narrowing)

    def show(self, values: Sequence[Any]) -> None:
        group, *others = values
        if group:
            self._groups = ["", group]
            self._box.configure(values=[_EVERYBODY, group])
            self._box.current(1)
        for field, value in zip(self._narrowing, others, strict=True):
            field.value = value

    @property
    def _chosen_group(self) -> str:
        return self._groups[max(0, self._box.current())]

    @property
    def _box(self) -> ttk.Combobox:
        return self.group.widget

    def choice(self) -> MemberFilter | None:
        """What was chosen; None where a date makes no sense, which is said beside it."""
        since, until = _day(self.since), _day(self.until)
        now = local_now()
        ages = self._ages(now.date())
        if self.wrong():
            return None
        if since and until and until < since:
            self.until.show_error("「から」の日より前の日です。")
            return None
        return MemberFilter(
            text=self.text.value,
            group=self._chosen_group,
            since=_midnight(since),
            until=_midnight(until and until + timedelta(days=1)),
            birth_month=self.birth_month.value,
            sex=self.sex.value,
            ages=ages,
            not_written_since=(
                now - timedelta(days=self.last_mail.value) if self.last_mail.value else None
            ),
        )

    def _ages(self, today: date) -> AgeRange | None:
        """None: any age, or one that makes no sense, which is said beside it."""
        youngest, oldest = _years(self.youngest), _years(self.oldest)
        if youngest is None and oldest is None:
            return None
        ages = AgeRange(youngest or 0, _OLDEST if oldest is None else oldest, today)
        if ages.oldest < ages.youngest:
            self.oldest.show_error("「から」の年齢より小さい年齢です。")
        return ages

    def wrong(self) -> list[Field[Any]]:
        """The fields with something red beside them."""
        dated = (self.since, self.until, self.youngest, self.oldest)
        return [field for field in dated if field.error]

    def offer_groups(self, groups: Sequence[tuple[str, int]]) -> None:
        """Each グループ with how many are in it; what was chosen stays chosen."""
        chosen = self._chosen_group
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


def _years(field: LineField) -> int | None:
    field.clear()
    typed = normalize.narrow(field.value).removesuffix("歳")
    if not typed:
        return None
    if not typed.isdecimal() or int(typed) > _OLDEST:
        field.show_error("年齢を数字で入力してください。例: 20")
        return None
    return int(typed)


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time()).astimezone() if day else None
