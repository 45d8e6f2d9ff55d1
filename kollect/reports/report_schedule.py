"""When 「1週間のまとめ」 is due, and the memory by which each goes out once. Pure.

A report is known by its day, the chosen weekday on or after which it goes out, and is about the
seven days before that day. What `ReportMemory` holds at each moment, and what a crash then leaves:

    moment                      written down                  a start after a crash here
    --------------------------  ----------------------------  -----------------------------------
    switched on, another day    the day that was last due,    the next one goes out
    or hour chosen              as done: nothing at once
    it is due                   -                             sends it
    about to be sent            `begun`, `tries` 1, its       sends it once more, under the same
                                Message-ID                    Message-ID: the owner may have two
    about to be sent again      `tries` 2                     does not send it a third time
    the server said "later",    `tries` 0, `put_off` counted  sends it, under the same Message-ID
    or could not be reached
    the server has it, has      its day in `done`             does nothing
    refused it, or may have it

A PC that is off on the day sends it at its next start, as long as the next one is not due. Of
several weeks that were missed only the last is told. Days that are done are kept by name: a clock
that was ahead for a while, and is put right, neither repeats a report nor keeps one back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from kollect.settings.model import ReportSettings, Weekday

_WEEK = timedelta(days=7)
_DAYS_REMEMBERED = 20
_MOST_TRIES = 2


@dataclass(frozen=True, slots=True)
class ReportMemory:
    """What is kept over restarts."""

    schedule: str = ""
    """The weekday and hour that `done` is about; empty: the report is switched off."""
    done: tuple[str, ...] = ()
    """The days of the reports that need nothing more, ISO 8601, the newest last."""
    begun: str = ""
    """The day of the report that was last about to be sent, while it is not done."""
    tries: int = 0
    """Of which nothing is known of how they ended."""
    letter_id: str = ""
    put_off: int = 0
    """How often the server would not take it."""

    def may_try(self, day: date) -> bool:
        return self.begun != day.isoformat() or self.tries < _MOST_TRIES

    def trying(self, day: date, letter_id: str) -> ReportMemory:
        """About to send it; to be written down before. `letter_id` counts for the first try."""
        if self.begun != day.isoformat():
            return replace(self, begun=day.isoformat(), tries=1, letter_id=letter_id, put_off=0)
        return replace(self, tries=self.tries + 1)

    def surely_not_sent(self) -> ReportMemory:
        """It is tried again under the same Message-ID."""
        return replace(self, tries=0)

    def not_taken(self) -> ReportMemory:
        """The server would not take it, and may at another time."""
        return replace(self.surely_not_sent(), put_off=self.put_off + 1)

    def with_done(self, day: date) -> ReportMemory:
        done = (*(one for one in self.done if one != day.isoformat()), day.isoformat())
        return ReportMemory(self.schedule, done[-_DAYS_REMEMBERED:])


def planned(
    memory: ReportMemory, settings: ReportSettings, now: datetime
) -> tuple[ReportMemory, date | None]:
    """The memory as it must be written down, and the day of the report that is due, if one is."""
    if not settings.weekly:
        return ReportMemory(), None
    day = last_due(settings, now)
    schedule = f"{settings.weekday} {settings.hour}"
    if memory.schedule != schedule:
        return replace(memory, schedule=schedule).with_done(day), None
    return memory, None if day.isoformat() in memory.done else day


def last_due(settings: ReportSettings, now: datetime) -> date:
    """The newest day whose hour has come, by the clock of this PC."""
    wanted = list(Weekday).index(settings.weekday)
    today = now.date() if now.hour >= settings.hour else now.date() - timedelta(days=1)
    return today - timedelta(days=(today.weekday() - wanted) % 7)


def week_before(day: date, now: datetime) -> tuple[datetime, datetime]:
    """The seven days that the report of this day is about, in the zone of `now`."""
    end = datetime.combine(day, time(), now.tzinfo)
    return end - _WEEK, end


def to_json(memory: ReportMemory) -> str:
    """As the ledger keeps it; empty for what needs no memory."""
    if memory == ReportMemory():
        return ""
    return json.dumps(
        {
            "schedule": memory.schedule,
            "done": list(memory.done),
            "begun": memory.begun,
            "tries": memory.tries,
            "letter": memory.letter_id,
            "put off": memory.put_off,
        }
    )


def from_json(text: str) -> ReportMemory:
    """What a fallen bit has made senseless is as if the report had just been switched on."""
    try:
        found = json.loads(text) if text else {}
        return ReportMemory(
            str(found.get("schedule", "")),
            tuple(str(day) for day in found.get("done", ())),
            str(found.get("begun", "")),
            int(found.get("tries", 0)),
            str(found.get("letter", "")),
            int(found.get("put off", 0)),
        )
    except (ValueError, TypeError, AttributeError):
        return ReportMemory()
