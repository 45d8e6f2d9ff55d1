"""When the weekly report is due, and that each goes out once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.reports.report_schedule import (
    ReportMemory,
    from_json,
    last_due,
    planned,
    to_json,
    week_before,
)
from kollect.settings.model import ReportSettings, Weekday
from tests.helpers.ledger_samples import JST

WEEKLY = ReportSettings(weekly=True)
MONDAY = date(2026, 11, 23)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=JST)


def since_last_week() -> ReportMemory:
    """The report of the week before is done."""
    memory, due = planned(ReportMemory(), WEEKLY, at(16, 10))
    assert due is None, "switched on after nine: the next one is in a week"
    return memory


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (at(23, 8, 59), MONDAY - timedelta(days=7)),
        (at(23, 9), MONDAY),
        (at(24, 0), MONDAY),
        (at(29, 23, 59), MONDAY),
        (at(30, 8, 59), MONDAY),
        (at(30, 9), MONDAY + timedelta(days=7)),
    ],
)
def test_it_is_due_from_its_hour_on_until_the_next_one(now: datetime, day: date):
    assert last_due(WEEKLY, now) == day


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
    st.sampled_from(Weekday),
    st.integers(8, 20),
)
def test_the_last_due_day_is_that_weekday_of_the_last_seven_days(now, weekday, hour):
    now = now.replace(tzinfo=JST)
    day = last_due(ReportSettings(True, weekday, hour), now)
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=JST)
    assert list(Weekday)[day.weekday()] is weekday
    assert timedelta() <= now - moment < timedelta(days=7)


def test_it_is_about_the_seven_days_before_its_day():
    since, until = week_before(MONDAY, at(25, 14))
    assert (since, until) == (at(16, 0), at(23, 0))


def test_off_it_is_never_due_and_nothing_is_remembered():
    off = ReportSettings()
    assert planned(since_last_week(), off, at(23, 9)) == (ReportMemory(), None)
    assert to_json(ReportMemory()) == ""


def test_once_a_week():
    memory = since_last_week()
    memory, due = planned(memory, WEEKLY, at(23, 9))
    assert due == MONDAY
    memory = memory.trying(due, "<1@x>").with_done(due)
    for moment in (at(23, 9, 1), at(24, 12), at(30, 8, 59)):
        assert planned(memory, WEEKLY, moment) == (memory, None)
    assert planned(memory, WEEKLY, at(30, 9))[1] == date(2026, 11, 30)


def test_a_pc_that_was_off_on_the_day_sends_it_later_in_the_week():
    assert planned(since_last_week(), WEEKLY, at(27, 13))[1] == MONDAY


def test_of_several_weeks_missed_the_last_is_due():
    memory = since_last_week()
    assert planned(memory, WEEKLY, at(30, 13))[1] == date(2026, 11, 30)


@pytest.mark.parametrize(
    "changed", [replace(WEEKLY, weekday=Weekday.FRI), replace(WEEKLY, hour=12)]
)
def test_another_day_or_hour_sends_nothing_at_once(changed: ReportSettings):
    memory, due = planned(since_last_week(), changed, at(25, 15))
    assert due is None
    assert planned(memory, changed, at(25, 15, 1))[1] is None
    following = last_due(changed, at(25, 15)) + timedelta(days=7)
    moment = datetime.combine(following, at(1, changed.hour).timetz())
    assert planned(memory, changed, moment)[1] == following


def test_switched_off_and_on_it_begins_anew():
    memory, _ = planned(since_last_week(), ReportSettings(), at(20, 9))
    memory, due = planned(memory, WEEKLY, at(24, 9))
    assert due is None, "Monday's was not asked for"


def test_a_clock_that_was_ahead_neither_repeats_nor_keeps_back():
    memory = since_last_week().with_done(MONDAY)
    ahead = date(2027, 3, 1)
    memory = memory.with_done(ahead)
    assert planned(memory, WEEKLY, at(25, 10))[1] is None, "this week's is done"
    assert planned(memory, WEEKLY, at(30, 10))[1] == date(2026, 11, 30)


def test_after_a_crash_it_is_repeated_once_under_the_same_name():
    memory = since_last_week().trying(MONDAY, "<first@x>")
    assert memory.may_try(MONDAY)
    again = memory.trying(MONDAY, "<second@x>")
    assert again.letter_id == "<first@x>"
    assert not again.may_try(MONDAY)
    assert again.may_try(MONDAY + timedelta(days=7)), "another week's has its own tries"


def test_what_the_server_did_not_take_may_be_tried_as_often_as_it_takes():
    memory = since_last_week()
    for n in range(5):
        assert memory.may_try(MONDAY)
        memory = memory.trying(MONDAY, f"<{n}@x>").not_taken()
        assert memory.letter_id == "<0@x>", "it is one letter, however often it is tried"
    assert from_json(to_json(memory)).put_off == 5
    assert memory.trying(MONDAY + timedelta(days=7), "<next@x>").put_off == 0


def test_the_memory_comes_back_and_does_not_grow():
    memory = since_last_week().trying(MONDAY, "<a@x>")
    assert from_json(to_json(memory)) == memory
    for week in range(100):
        memory = memory.with_done(MONDAY + timedelta(weeks=week))
    assert len(memory.done) == 20
    assert len(to_json(memory)) < 500


@pytest.mark.parametrize("broken", ["{", "[]", "7", '{"tries": "x"}', '{"done": 3}', "null"])
def test_a_memory_that_makes_no_sense_is_as_new(broken: str):
    assert from_json(broken) == ReportMemory()
