"""When what sends itself is due: the table of the clock, by rows and by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.ledger.lived_time import Look, begun, later
from kollect.mailing import schedule
from kollect.mailing.schedule import (
    LATE,
    StandingKind,
    StandingRule,
    Turn,
    celebrated,
    goes_at,
    local_moment,
    night_ends,
    occasion_turn,
    occasions,
    reservation_turn,
)

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(text: str, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# --- the night


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-11-28T08:00", None),
        ("2026-11-28T20:59:59", None),
        ("2026-11-28T21:00", "2026-11-29T08:00"),
        ("2026-11-28T23:59", "2026-11-29T08:00"),
        ("2026-11-29T00:00", "2026-11-29T08:00"),
        ("2026-11-29T07:59:59", "2026-11-29T08:00"),
        ("2026-12-31T22:00", "2027-01-01T08:00"),
    ],
)
def test_the_night_is_from_21_to_8(moment: str, end: str | None):
    assert night_ends(at(moment), TOKYO) == (at(end) if end else None)


def test_the_night_of_a_summer_time_is_an_hour_shorter_or_longer():
    evening, morning = at("2026-03-07T21:00", NEW_YORK), at("2026-03-08T08:00", NEW_YORK)
    assert night_ends(evening, NEW_YORK) == morning
    assert morning.astimezone(UTC) - evening.astimezone(UTC) == timedelta(hours=10)
    assert local_moment(date(2026, 3, 8), time(9), NEW_YORK) == datetime(2026, 3, 8, 13, tzinfo=UTC)
    assert local_moment(date(2026, 3, 7), time(9), NEW_YORK) == datetime(2026, 3, 7, 14, tzinfo=UTC)


def test_without_a_zone_it_is_the_clock_of_this_pc():
    here = datetime.combine(date(2026, 11, 28), time(9)).astimezone()
    assert local_moment(date(2026, 11, 28), time(9)) == here


# --- 予約配信


@pytest.mark.parametrize(
    ("due", "night", "now", "turn"),
    [
        ("2026-12-01T10:00", False, "2026-12-01T09:59:59", Turn.WAIT),
        ("2026-12-01T10:00", False, "2026-12-01T10:00", Turn.GO),
        ("2026-12-01T10:00", False, "2026-12-02T10:00", Turn.GO),
        ("2026-12-01T10:00", False, "2026-12-02T11:00", Turn.GO),
        ("2026-12-01T10:00", False, "2026-12-02T11:00:01", Turn.ASK),
        ("2026-12-01T10:00", False, "2027-12-01T10:00", Turn.ASK),
        # the PC comes on in the night
        ("2026-12-01T10:00", False, "2026-12-01T21:00", Turn.WAIT),
        ("2026-12-01T10:00", True, "2026-12-01T21:00", Turn.GO),
        ("2026-12-01T10:00", False, "2026-12-02T08:00", Turn.GO),
        ("2026-12-01T08:00", False, "2026-12-02T08:00:30", Turn.GO),
        ("2026-12-01T10:00", False, "2026-12-02T23:00", Turn.ASK),
        # due in the night
        ("2026-12-01T22:00", False, "2026-12-01T22:00", Turn.WAIT),
        ("2026-12-01T22:00", True, "2026-12-01T22:00", Turn.GO),
        ("2026-12-01T22:00", False, "2026-12-02T08:00", Turn.GO),
        ("2026-12-01T22:00", False, "2026-12-03T08:30", Turn.GO),
        ("2026-12-01T22:00", False, "2026-12-03T09:30", Turn.ASK),
        ("2026-12-01T22:00", True, "2026-12-02T23:30", Turn.ASK),
    ],
)
def test_a_reservation(due: str, night: bool, now: str, turn: Turn):
    assert reservation_turn(at(due), night, at(now), zone=TOKYO) is turn


def test_by_a_date_that_may_be_wrong_nothing_goes_that_is_not_asked_about():
    due = at("2026-12-01T10:00")
    turn = reservation_turn(due, False, at("2026-12-01T10:30"), dependable=False, zone=TOKYO)
    assert turn is Turn.ASK
    turn = reservation_turn(due, False, at("2026-12-01T09:30"), dependable=False, zone=TOKYO)
    assert turn is Turn.WAIT


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(MOMENTS, MOMENTS, st.booleans(), st.sampled_from([TOKYO, NEW_YORK]))
def test_no_reservation_is_early_late_or_at_night(
    due: datetime, now: datetime, night: bool, zone: ZoneInfo
):
    turn = reservation_turn(due, night, now, zone=zone)
    assert turn in (Turn.WAIT, Turn.GO, Turn.ASK)
    if turn is Turn.GO:
        assert goes_at(due, night, zone) <= now <= goes_at(due, night, zone) + LATE
        assert night or night_ends(now, zone) is None
    if turn is Turn.ASK:
        assert now - due > LATE
    if turn is Turn.WAIT and now > due:
        assert not night


@given(MOMENTS, st.booleans(), st.sampled_from([TOKYO, NEW_YORK]))
def test_a_pc_that_is_never_off_sends_it_within_the_minute(
    due: datetime, night: bool, zone: ZoneInfo
):
    goes = goes_at(due, night, zone)
    assert goes - due <= timedelta(hours=12)
    assert reservation_turn(due, night, goes, zone=zone) is Turn.GO


# --- the clock


def looked(*moves: tuple[timedelta, timedelta | None]):
    """A ledger of long ago, then so much on the wall and so much that the PC ran (None: off)."""
    wall, running, run = LONG_AGO, 0.0, 0
    state = begun(Look(wall, running, "0"))
    for went, ran in moves:
        wall += went
        running = 0.0 if ran is None else running + ran.total_seconds()
        run += ran is None
        state = later(state, Look(wall, running, str(run)))
    return state


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("moves", "found_wrong", "dependable"),
    [
        ([], False, True),
        ([(HOUR, HOUR)] * 30, False, True),
        ([(DAY, None)], False, True),
        ([(3 * DAY, None)], False, True),
        ([(12 * DAY, None)], False, True),
        ([(12 * DAY, None)], True, False),
        ([(400 * DAY, None)], False, False),
        ([(3 * DAY, DAY * 3)], False, True),
        ([(400 * DAY, HOUR)], False, False),
        ([(3 * DAY, HOUR)], False, False),
        ([(-3 * DAY, HOUR)], False, False),
        ([(-400 * DAY, None)], False, False),
        ([(400 * DAY, HOUR)] + [(HOUR, HOUR)] * 24, False, True),
    ],
)
def test_which_date_may_be_believed(
    moves: list[tuple[timedelta, timedelta | None]], found_wrong: bool, dependable: bool
):
    assert looked(*moves).is_dependable(found_wrong=found_wrong) is dependable


# --- birthdays and steps


def rule(kind: StandingKind, days: int, since: str = "2026-01-01T10:00", settled: str = ""):
    moment = at(since)
    to = date.fromisoformat(settled) if settled else moment.date() - DAY
    return StandingRule(kind, days, moment, to)


@pytest.mark.parametrize(
    ("birthday", "year", "day"),
    [
        (date(1985, 6, 1), 2026, date(2026, 6, 1)),
        (date(1984, 2, 29), 2026, date(2026, 2, 28)),
        (date(1984, 2, 29), 2028, date(2028, 2, 29)),
        (date(1984, 2, 29), 2100, date(2100, 2, 28)),
        (date(2026, 6, 1), 2026, None),
        (date(2026, 6, 1), 2025, None),
    ],
)
def test_the_birthday_of_a_year(birthday: date, year: int, day: date | None):
    assert celebrated(birthday, year) == day


JOINED = at("2025-05-05T12:00")


def due_of(
    one: StandingRule, birthday: date | None, joined: datetime, now: str
) -> list[tuple[str, str, Turn]]:
    moment = at(now)
    return [
        (
            f"{each.day}",
            f"{each.due.astimezone(TOKYO):%m-%d %H:%M}",
            occasion_turn(one, each, moment, TOKYO),
        )
        for each in occasions(one, birthday, joined, moment, TOKYO)
    ]


@pytest.mark.parametrize(
    ("days", "birthday", "settled", "now", "found"),
    [
        (
            0,
            "1985-06-01",
            "2026-05-31",
            "2026-06-01T08:59",
            [("2026-06-01", "06-01 09:00", "wait")],
        ),
        (0, "1985-06-01", "2026-05-31", "2026-06-01T09:00", [("2026-06-01", "06-01 09:00", "go")]),
        (
            0,
            "1985-06-01",
            "2026-05-31",
            "2026-06-01T21:00",
            [("2026-06-01", "06-01 09:00", "wait")],
        ),
        (0, "1985-06-01", "2026-05-31", "2026-06-02T10:00", [("2026-06-01", "06-01 09:00", "go")]),
        (
            0,
            "1985-06-01",
            "2026-05-31",
            "2026-06-02T10:01",
            [("2026-06-01", "06-01 09:00", "late")],
        ),
        (0, "1985-06-01", "2026-06-01", "2026-06-02T09:00", []),
        (0, "1985-06-02", "2026-05-31", "2026-06-01T09:00", []),
        (7, "1985-06-08", "2026-05-31", "2026-06-01T09:00", [("2026-06-08", "06-01 09:00", "go")]),
        (7, "1985-01-03", "2026-12-26", "2026-12-27T09:00", [("2027-01-03", "12-27 09:00", "go")]),
        (0, "1984-02-29", "2026-02-27", "2026-02-28T09:00", [("2026-02-28", "02-28 09:00", "go")]),
        (0, "1984-02-29", "2028-02-27", "2028-02-28T09:00", []),
        (0, "1984-02-29", "2028-02-27", "2028-02-29T09:00", [("2028-02-29", "02-29 09:00", "go")]),
        (1, "1984-02-29", "2026-02-26", "2026-02-27T09:00", [("2026-02-28", "02-27 09:00", "go")]),
        (1, "1984-03-01", "2028-02-28", "2028-02-29T09:00", [("2028-03-01", "02-29 09:00", "go")]),
        # a clock that was ahead has settled too much
        (0, "1985-06-01", "2030-01-01", "2026-06-01T09:00", [("2026-06-01", "06-01 09:00", "go")]),
        # three days off: those of yesterday morning and today still go
        (
            0,
            "1985-06-01",
            "2026-05-30",
            "2026-06-03T09:30",
            [("2026-06-01", "06-01 09:00", "late")],
        ),
        # the year's wait is over two new years
        (
            0,
            "1985-01-01",
            "2025-12-30",
            "2027-01-01T09:00",
            [("2026-01-01", "01-01 09:00", "none"), ("2027-01-01", "01-01 09:00", "go")],
        ),
    ],
)
def test_birthdays(
    days: int, birthday: str, settled: str, now: str, found: list[tuple[str, str, str]]
):
    one = rule(StandingKind.BIRTHDAY, days, settled=settled)
    assert due_of(one, date.fromisoformat(birthday), JOINED, now) == found


def test_who_joins_on_the_day_gets_it_a_little_later_and_who_joins_after_it_not():
    one = rule(StandingKind.BIRTHDAY, 7, settled="2026-05-31")
    birthday = date(1985, 6, 8)
    joined = at("2026-06-01T14:00")
    assert due_of(one, birthday, joined, "2026-06-01T14:10") == [
        ("2026-06-08", "06-01 14:10", Turn.GO)
    ]
    joined = at("2026-06-02T09:00")
    assert due_of(one, birthday, joined, "2026-06-02T14:10") == []


@pytest.mark.parametrize(
    ("days", "joined", "settled", "now", "found"),
    [
        (0, "2026-06-01T14:00", "2026-05-31", "2026-06-01T14:09", [("06-01 14:10", "wait")]),
        (0, "2026-06-01T14:00", "2026-05-31", "2026-06-01T14:10", [("06-01 14:10", "go")]),
        (0, "2026-06-01T06:00", "2026-05-31", "2026-06-01T08:30", [("06-01 09:00", "wait")]),
        (0, "2026-06-01T20:55", "2026-05-31", "2026-06-01T22:00", [("06-01 21:05", "wait")]),
        (0, "2026-06-01T20:55", "2026-05-31", "2026-06-02T08:00", [("06-01 21:05", "go")]),
        (0, "2026-06-01T23:55", "2026-05-31", "2026-06-02T08:00", [("06-02 00:05", "go")]),
        (0, "2026-06-01T23:55", "2026-05-31", "2026-06-03T09:01", [("06-02 00:05", "late")]),
        (7, "2026-06-01T14:00", "2026-06-07", "2026-06-08T09:00", [("06-08 09:00", "go")]),
        (30, "2026-06-01T14:00", "2026-06-30", "2026-07-01T09:00", [("07-01 09:00", "go")]),
        (365, "2026-06-01T14:00", "2027-05-31", "2027-06-01T09:00", [("06-01 09:00", "go")]),
        (7, "2026-06-01T14:00", "2026-06-06", "2026-06-07T09:00", []),
    ],
)
def test_steps(days: int, joined: str, settled: str, now: str, found: list[tuple[str, str]]):
    one = rule(StandingKind.STEP, days, settled=settled)
    assert [(due, turn) for _, due, turn in due_of(one, None, at(joined), now)] == found


def test_nothing_that_was_due_before_it_was_switched_on():
    one = rule(StandingKind.STEP, 7, since="2026-06-08T09:01")
    joined = at("2026-06-01T14:00")
    assert due_of(one, None, joined, "2026-06-08T12:00") == [
        ("2026-06-08", "06-08 09:00", Turn.NONE)
    ]
    one = rule(StandingKind.STEP, 7, since="2026-06-08T09:00")
    assert due_of(one, None, joined, "2026-06-08T12:00") == [("2026-06-08", "06-08 09:00", Turn.GO)]


@given(
    st.dates(date(1920, 1, 1), date(2010, 12, 31)),
    st.integers(0, schedule.MOST_DAYS_BEFORE),
    st.lists(st.integers(1, 70), min_size=20, max_size=60),
    st.sampled_from([TOKYO, NEW_YORK]),
)
def test_every_birthday_of_years_is_decided_once_however_often_the_pc_is_off(
    birthday: date, days: int, pauses: list[int], zone: ZoneInfo
):
    """The program looks at odd hours; what it has decided it remembers, as the table does."""
    now = start = datetime(2026, 1, 1, 0, 30, tzinfo=zone)
    one = StandingRule(StandingKind.BIRTHDAY, days, start, start.date() - DAY)
    decided: dict[date, Turn] = {}
    for hours in pauses * 8:
        now += timedelta(hours=hours)
        for each in occasions(one, birthday, JOINED, now, zone):
            turn = occasion_turn(one, each, now, zone)
            if turn in (Turn.GO, Turn.LATE) and each.day not in decided:
                decided[each.day] = turn
                assert (now - goes_at(each.due, False, zone) > LATE) == (turn is Turn.LATE)
        if night_ends(now, zone) is None:
            one = replace(one, settled_to=schedule.settled_by(now, zone))
    certain = now - timedelta(days=4)
    expected = {
        day
        for year in range(start.year, now.year + 2)
        if (day := celebrated(birthday, year))
        and start < local_moment(day - days * DAY, schedule.MORNING, zone) < certain
    }
    assert expected <= set(decided)
    for day in decided:
        assert celebrated(birthday, day.year) == day


def test_the_birthdays_that_are_asked_for():
    asked = schedule.birthdays_to_ask(date(2026, 2, 27), date(2026, 2, 28), 0)
    assert set(asked) == {"02-27", "02-28", "02-29"}
    assert len(schedule.birthdays_to_ask(date(2020, 1, 1), date(2026, 1, 1), 0)) == 366
    asked = schedule.birthdays_to_ask(date(2026, 12, 27), date(2026, 12, 27), 7)
    assert asked == ["01-03"]


@given(MOMENTS, st.sampled_from([TOKYO, NEW_YORK]))
def test_the_next_look_is_at_8_or_9_and_misses_nothing(now: datetime, zone: ZoneInfo):
    look = schedule.next_look(now, zone)
    assert timedelta() < look - now <= timedelta(hours=24)
    assert look.astimezone(zone).time() in (schedule.NIGHT_ENDS, schedule.MORNING)
