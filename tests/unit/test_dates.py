"""Days and periods as people type and choose them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from kollect.ui.widgets.dates import (
    Period,
    day_words,
    days_of,
    midnight,
    moment_text,
    moments,
    read_clock,
    read_coming_day,
    read_day,
    short_moment_text,
)

TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.TODAY, "2026-03-15", "2026-03-15"),
        (Period.WEEK, "2026-03-09", "2026-03-15"),
        (Period.DAYS_30, "2026-02-14", "2026-03-15"),
        (Period.THIS_MONTH, "2026-03-01", "2026-03-31"),
        (Period.LAST_MONTH, "2026-02-01", "2026-02-28"),
    ],
)
def test_a_period_is_whole_days(period: Period, first: str, last: str):
    assert days_of(period, TODAY) == (date.fromisoformat(first), date.fromisoformat(last))


def test_last_month_of_january_is_december():
    assert days_of(Period.LAST_MONTH, date(2026, 1, 31))[0] == date(2025, 12, 1)


def test_without_a_limit_there_is_none():
    assert days_of(Period.ALL, TODAY) == (None, None)
    assert moments(None, None) == (None, None)


def test_the_last_day_is_in_it_to_its_end():
    since, until = moments(TODAY, TODAY)
    assert since == midnight(TODAY)
    assert until == midnight(TODAY + timedelta(days=1))
    assert until.utcoffset() is not None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026/3/5", "2026-03-05"),
        ("2026-03-05", "2026-03-05"),
        ("2026.3.5", "2026-03-05"),
        ("20260305", "2026-03-05"),
        ("２０２６／３／５", "2026-03-05"),
        ("2026年3月5日", "2026-03-05"),
        (" 3/5 ", "2026-03-05"),
        ("3月5日", "2026-03-05"),
        ("12/25", "2025-12-25"),  # rather three months ago than in nine
        ("4/1", "2026-04-01"),
        ("5", "2026-03-05"),
        ("5日", "2026-03-05"),
        ("2024/2/29", "2024-02-29"),
    ],
)
def test_a_day_is_read_as_it_is_typed(typed: str, meant: str):
    assert read_day(typed, TODAY) == date.fromisoformat(meant)


@pytest.mark.parametrize(
    "typed", ["", "明日", "2026/13/1", "2026/2/30", "2/29", "99", "0", "1/1/1", "0026/1/1", "2026"]
)
def test_what_is_no_day_is_none(typed: str):
    assert read_day(typed, TODAY) is None


def test_times_are_shown_here_and_shorter_where_there_is_little_room():
    moment = datetime(2026, 3, 5, 1, 2, tzinfo=UTC)
    here = moment.astimezone()
    assert moment_text(moment) == f"{here:%Y/%m/%d %H:%M}"
    assert short_moment_text(moment, TODAY) == f"{here:%m/%d %H:%M}"
    assert short_moment_text(moment, date(2027, 1, 1)) == f"{here:%Y/%m/%d}"
    assert moment_text(None) == short_moment_text(None, TODAY) == ""
    assert day_words(date(2026, 11, 5)) == "11月5日（木）"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026/11/1", date(2026, 11, 1)),
        ("20261201", date(2026, 12, 1)),
        ("12/1", date(2026, 12, 1)),
        ("１２月１日", date(2026, 12, 1)),
        ("11/28", date(2026, 11, 28)),
        ("11/27", date(2027, 11, 27)),
        ("2/29", date(2028, 2, 29)),
        ("5", date(2026, 12, 5)),
        ("30日", date(2026, 11, 30)),
        ("31", date(2026, 12, 31)),
        ("2/30", None),
        ("32", None),
        ("あした", None),
        ("", None),
    ],
)
def test_a_coming_day(text: str, day: date | None):
    assert read_coming_day(text, date(2026, 11, 28)) == day


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("10:00", time(10)),
        ("１０：００", time(10)),
        ("10時", time(10)),
        ("9時30分", time(9, 30)),
        ("1030", time(10, 30)),
        ("930", time(9, 30)),
        ("9", time(9)),
        ("0:00", time(0)),
        ("24:00", None),
        ("10:60", None),
        ("10:7", None),
        ("朝", None),
        ("", None),
    ],
)
def test_a_time_of_day(text: str, clock: time | None):
    assert read_clock(text) == clock
