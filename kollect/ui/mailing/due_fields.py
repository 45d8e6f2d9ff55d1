"""When a mailing goes: at once, or as a 予約 at a day and a time; what that means is said there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from kollect.desktop.ime import InputMode
from kollect.mailing.mailing_states import Mailing
from kollect.mailing.schedule import local_moment, night_ends
from kollect.threads.background_thread import local_now
from kollect.ui.framework.dialogs import Dialog, em, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.members.member_form_fields import switch_ime
from kollect.ui.widgets.dates import day_text, day_words, read_clock, read_coming_day
from kollect.ui.widgets.fields import CheckboxField, Field, LineField
from kollect.ui.widgets.form import Form

_PROPOSED = time(10)
_FARTHEST = timedelta(days=366)
POWER_NOTE = (
    "その時刻に、このパソコンの電源が入っていて、コレクトが動いている必要があります。"
    "動いていなかったときは、1日以内なら次に動いたときに送り、それより遅れたときは、"
    "送るかどうかをうかがいます。"
)
NIGHT = "夜間（21:00～8:00）にも送る"


class SendWhen(StrEnum):
    NOW = "すぐに送る"
    LATER = "日時を決めて送る"


class MomentFields:
    """日付, 時刻 and 「夜間にも送る」."""

    def __init__(self, form: Form, edited: Callable[[], None]) -> None:
        self._edited = edited
        self.day: LineField = form.line("日付", characters=14, after="例: 2026/12/1、12/1")
        self.clock: LineField = form.line("時刻", characters=14, after="例: 10:00、9時30分")
        self.night: CheckboxField = form.checkbox(NIGHT)
        for field in (self.day, self.clock):
            switch_ime(field.widget, InputMode.PLAIN)
            field.on_edit(self._changed)
        self.night.on_edit(self._changed)

    def propose(self, due: datetime | None = None, *, night: bool = False) -> None:
        """This moment, or tomorrow morning."""
        tomorrow = local_now().date() + timedelta(days=1)
        here = due.astimezone() if due else datetime.combine(tomorrow, _PROPOSED)
        self.day.value, self.clock.value = day_text(here.date()), f"{here:%H:%M}"
        self.night.value = night

    def read(self) -> datetime | None:
        """When it is due; None where that makes no sense, which is said beside the field."""
        now = local_now()
        for field in (self.day, self.clock):
            field.clear()
        day = read_coming_day(self.day.value, now.date())
        if day is None:
            self.day.show_error("日付として読めません。例: 2026/12/1")
        clock = read_clock(self.clock.value)
        if clock is None:
            self.clock.show_error("時刻として読めません。例: 10:00")
        if day is None or clock is None:
            return None
        if day < now.date():
            self.day.show_error("過ぎた日です。これからの日を入力してください。")
        elif day > now.date() + _FARTHEST:
            self.day.show_error("1年より先の日です。1年以内の日を入力してください。")
        elif (due := local_moment(day, clock).astimezone()) <= now:
            self.clock.show_error("過ぎた時刻です。これからの時刻を入力してください。")
        else:
            return due
        return None

    def check(self) -> datetime | None:
        """As `read`, and says what will happen in the night."""
        due = self.read()
        if due is not None and not self.night.value and (ends := night_ends(due)):
            self.clock.show_notice(f"夜間には送りません。{moment_words(ends)} に送ります。")
        return due

    def wrong(self) -> list[Field[str]]:
        if self.check() is not None:
            return []
        return [field for field in (self.day, self.clock) if field.error]

    def _changed(self) -> None:
        self.check()
        self._edited()


class DueFields:
    """「送る日時」"""

    def __init__(self, form: Form, edited: Callable[[], None]) -> None:
        self._edited = edited
        self.when = form.radios("", {one: one.value for one in SendWhen})
        self._rows = form.row()
        """Seen where a moment is to be chosen."""
        inside = form.beneath(self._rows)
        self.moment = MomentFields(inside, edited)
        inside.note(POWER_NOTE)
        self.when.value = SendWhen.NOW
        self.moment.propose()
        self.when.on_edit(self._chosen)
        self._rows.grid_remove()

    @property
    def values(self) -> tuple[Any, ...]:
        """As they stand there, for `show`."""
        moment = self.moment
        return self.when.value, moment.day.value, moment.clock.value, moment.night.value

    def show(self, values: Sequence[Any]) -> None:
        moment = self.moment
        self.when.value, moment.day.value, moment.clock.value, moment.night.value = values
        self._fold()

    @property
    def reserved(self) -> bool:
        return self.when.value is SendWhen.LATER

    def due(self) -> datetime | None:
        """None: at once, or a moment that makes no sense."""
        return self.moment.check() if self.reserved else None

    def wrong(self) -> list[Field[str]]:
        return self.moment.wrong() if self.reserved else []

    def _chosen(self) -> None:
        self._fold()
        if self.reserved:
            self.moment.day.focus()
        self._edited()

    def _fold(self) -> None:
        if self.reserved:
            self._rows.grid()
            self.moment.check()
        else:
            self._rows.grid_remove()


class ReservationDialog(Dialog["tuple[datetime, bool] | None"]):
    """「日時の変更」: answers with the moment, and whether it goes out at night too."""

    manual = "mailing-recipients"

    def __init__(self, parent: tk.Misc, mailing: Mailing) -> None:
        super().__init__(parent, "日時の変更", otherwise=None)
        subject = paragraph(self.body, f"「{mailing.subject}」", bold=True)
        subject.pack(anchor="w", pady=(0, GAP))
        form = Form(self.body, label_characters=4)
        form.pack(fill="x")
        self.moment = MomentFields(form, lambda: None)
        due = mailing.due_at
        self.moment.propose(due if due and due > local_now() else None, night=mailing.night)
        self.moment.check()
        paragraph(self.body, POWER_NOTE, style="Faint.TLabel").pack(anchor="w", pady=(GAP, 0))
        self.buttons(("キャンセル", self.cancel), ("この日時に送る", self.accept))
        self.start_at(self.moment.day.widget)
        on_key(self, "<F12>", self.accept)
        self.minsize(30 * em(self), 1)

    def accept(self) -> None:
        if wrong := self.moment.wrong():
            wrong[0].focus()
            return
        due = self.moment.read()
        assert due is not None, "nothing is wrong"
        self.finish((due, self.moment.night.value))


def moment_words(moment: datetime) -> str:
    """12月1日（火）10:00"""
    here = moment.astimezone()
    return f"{day_words(here.date())}{here.hour}:{here:%M}"
