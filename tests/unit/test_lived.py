"""The time that was lived through, whatever the clock on the wall says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_clock import LivedClock, running_seconds
from kollect.ledger.lived_time import Look, begun, from_json, later, to_json
from kollect.storage.queries import Queries

DAY = 86400
"""In lived seconds."""
START = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ONE_DAY = timedelta(days=1)


class Clocks:
    """A PC's two clocks, played: time passes on both, the wall clock can be set."""

    def __init__(self) -> None:
        self.wall = START
        self.running = 0.0
        self.run = 0

    def pass_(self, span: timedelta) -> None:
        self.wall += span
        self.running += span.total_seconds()

    def set(self, by: timedelta) -> None:
        self.wall += by

    def switched_off(self, span: timedelta) -> None:
        self.wall += span
        self.running = 0.0
        self.run += 1

    def clock(self, file: Ledger | Queries) -> LivedClock:
        return LivedClock(file, lambda: self.wall, running=lambda: self.running, run=str(self.run))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "kollect.db")) as opened:
        yield opened


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def run_for(clocks: Clocks, clock: LivedClock, span: timedelta, step: timedelta = HOUR) -> None:
    """Poll as the program does."""
    clock.tick()
    while span > timedelta():
        clocks.pass_(min(step, span))
        clock.tick()
        span -= step


# --- the table


def test_what_is_polled_through_is_lived_through(ledger: Ledger, clocks: Clocks):
    clock = clocks.clock(ledger)
    run_for(clocks, clock, 6 * ONE_DAY)
    assert clock.lived() == 6 * DAY
    assert clock.is_trusted()


def test_a_night_counts_whole(ledger: Ledger, clocks: Clocks):
    clocks.clock(ledger).tick()
    clocks.switched_off(14 * HOUR)
    clock = clocks.clock(ledger)
    assert clock.lived() == 14 * 3600
    assert clock.is_trusted()


@pytest.mark.parametrize("days", [2, 6, 40, 400])
def test_a_shop_that_was_closed_has_lived_one_day(ledger: Ledger, clocks: Clocks, days: int):
    clocks.clock(ledger).tick()
    clocks.switched_off(days * ONE_DAY)
    assert clocks.clock(ledger).lived() == DAY


@pytest.mark.parametrize("days", [2, 31, 365, 3650])
def test_a_clock_ahead_for_one_poll_costs_no_more_than_a_day(
    ledger: Ledger, clocks: Clocks, days: int
):
    clock = clocks.clock(ledger)
    run_for(clocks, clock, ONE_DAY)
    clocks.set(days * ONE_DAY)
    clocks.pass_(MINUTE)
    assert not clock.is_trusted()
    clocks.set(-days * ONE_DAY)
    clocks.pass_(MINUTE)
    assert clock.lived() == 2 * DAY + 60
    assert not clock.is_trusted(), "it has jumped again"
    run_for(clocks, clock, ONE_DAY - MINUTE)
    assert not clock.is_trusted()
    run_for(clocks, clock, MINUTE)
    assert clock.is_trusted()


@pytest.mark.parametrize("back", [MINUTE, HOUR, ONE_DAY, 365 * ONE_DAY])
def test_set_back_it_counts_what_the_program_ran(ledger: Ledger, clocks: Clocks, back: timedelta):
    clock = clocks.clock(ledger)
    run_for(clocks, clock, HOUR)
    clocks.set(-back)
    run_for(clocks, clock, HOUR)
    assert clock.lived() == 2 * 3600


@pytest.mark.parametrize("back", [MINUTE, HOUR, ONE_DAY, 365 * ONE_DAY])
def test_set_back_over_a_restart_it_counts_nothing(ledger: Ledger, clocks: Clocks, back: timedelta):
    run_for(clocks, clocks.clock(ledger), HOUR)
    clocks.switched_off(-back)
    assert clocks.clock(ledger).lived() == 3600


def test_a_clock_behind_and_right_again_makes_nothing_old(ledger: Ledger, clocks: Clocks):
    """A letter that was put off while the battery was empty must not look years old later."""
    clocks.set(-4000 * ONE_DAY)
    clock = clocks.clock(ledger)
    run_for(clocks, clock, HOUR)
    first = clock.lived()
    clocks.set(4000 * ONE_DAY)
    clocks.pass_(MINUTE)
    assert clock.lived() - first <= DAY
    assert not clock.is_trusted()


def test_a_weekend_only_delays(ledger: Ledger, clocks: Clocks):
    for _ in range(3):
        for _ in range(5):
            run_for(clocks, clocks.clock(ledger), 8 * HOUR)
            clocks.switched_off(16 * HOUR)
        clock = clocks.clock(ledger)
        assert clock.is_trusted(), "on Saturday morning"
        clocks.switched_off(2 * ONE_DAY)
        assert not clocks.clock(ledger).is_trusted(), "on Monday"


def test_a_shop_open_for_four_hours_a_day_comes_to_trust_its_date(ledger: Ledger, clocks: Clocks):
    trusted = []
    for _ in range(4):
        for _ in range(5):
            run_for(clocks, clocks.clock(ledger), 3 * HOUR)
            trusted.append(clocks.clock(ledger).is_trusted())
            clocks.switched_off(21 * HOUR)
        clocks.switched_off(2 * ONE_DAY)
    assert any(trusted[5:])


def test_a_program_that_is_started_once_a_day_trusts_its_date(ledger: Ledger, clocks: Clocks):
    for _ in range(3):
        clocks.clock(ledger).tick()
        clocks.switched_off(ONE_DAY + 10 * MINUTE)
    assert clocks.clock(ledger).is_trusted()


def test_two_looks_are_no_day_of_running(ledger: Ledger, clocks: Clocks):
    clocks.clock(ledger).tick()
    clocks.switched_off(45 * ONE_DAY)
    clocks.clock(ledger).tick()
    clocks.switched_off(ONE_DAY)
    assert not clocks.clock(ledger).is_trusted()


def test_a_day_of_sleep_is_no_day_of_running(ledger: Ledger, clocks: Clocks):
    clock = clocks.clock(ledger)
    clock.tick()
    clocks.set(45 * ONE_DAY)
    clock.tick()
    clocks.pass_(3 * ONE_DAY)
    assert not clock.is_trusted()


def test_a_minute_or_two_of_the_time_server_are_no_move(ledger: Ledger, clocks: Clocks):
    clock = clocks.clock(ledger)
    for _ in range(20):
        run_for(clocks, clock, HOUR)
        clocks.set(-2 * MINUTE)
    assert clock.tick().move is None


@pytest.mark.parametrize("by", [-HOUR, -ONE_DAY, 2 * ONE_DAY, 366 * ONE_DAY])
def test_what_the_clock_did_is_remembered(ledger: Ledger, clocks: Clocks, by: timedelta):
    clock = clocks.clock(ledger)
    run_for(clocks, clock, HOUR)
    clocks.set(by)
    run_for(clocks, clock, HOUR)
    move = clocks.clock(ledger).tick().move
    assert move is not None
    assert move.known
    assert move.ahead == by


def test_what_was_written_before_a_jump_has_aged_by_what_was_lived(ledger: Ledger, clocks: Clocks):
    clock = clocks.clock(ledger)
    clock.tick()
    before = clocks.wall
    run_for(clocks, clock, HOUR)
    clocks.set(45 * ONE_DAY)
    clocks.pass_(MINUTE)
    assert HOUR < clock.age(before) <= ONE_DAY + HOUR + MINUTE
    assert clock.age(clocks.wall) == timedelta()
    after = clocks.wall
    clocks.set(-45 * ONE_DAY)
    clocks.pass_(MINUTE)
    assert clock.age(before) == HOUR + 2 * MINUTE
    assert clock.age(after) == MINUTE, "the future counts as now: since the clock was put right"
    run_for(clocks, clock, 2 * ONE_DAY)
    assert clock.age(after) == 2 * ONE_DAY + MINUTE


def test_a_date_of_the_future_without_any_move_is_of_now(ledger: Ledger, clocks: Clocks):
    assert clocks.clock(ledger).age(clocks.wall + 400 * ONE_DAY) == timedelta()


def test_who_is_told_another_date_doubts_its_own(ledger: Ledger, clocks: Clocks):
    clock = clocks.clock(ledger)
    run_for(clocks, clock, ONE_DAY)
    clock.doubt()
    assert not clock.is_trusted()
    run_for(clocks, clock, ONE_DAY)
    assert clock.is_trusted()


# --- kept in the file


def test_two_clocks_on_one_file_count_once(tmp_path: Path, ledger: Ledger, clocks: Clocks):
    """The collector's and the mailing's, each in its thread."""
    with closing(Queries(tmp_path / "kollect.db")) as other:
        one, two = clocks.clock(ledger), clocks.clock(other)
        one.tick()
        for _ in range(50):
            clocks.pass_(7 * MINUTE)
            one.tick()
            clocks.pass_(7 * MINUTE)
            two.tick()
        assert two.lived() == one.lived() == 50 * 14 * 60


def test_what_is_written_with_it_is_never_ahead_of_it(
    tmp_path: Path, ledger: Ledger, clocks: Clocks
):
    """A crash after the commit, and the clock set back meanwhile: the count still goes on."""
    clock = clocks.clock(ledger)
    clock.tick()
    clocks.pass_(MINUTE)
    with ledger.transaction():
        stamp = clock.lived()
        ledger.set_metadata("stamp", str(stamp))
    clocks.switched_off(-ONE_DAY)
    assert clocks.clock(ledger).lived() >= stamp


def test_an_idle_program_writes_once_in_ten_minutes(ledger: Ledger, clocks: Clocks):
    clock = clocks.clock(ledger)
    clock.tick()
    before = ledger._db.total_changes
    run_for(clocks, clock, 10 * HOUR, step=MINUTE)
    assert 50 <= ledger._db.total_changes - before <= 61


def test_fractions_of_a_second_are_not_lost(ledger: Ledger, clocks: Clocks):
    clock = clocks.clock(ledger)
    clock.tick()
    for _ in range(300):
        clocks.pass_(timedelta(seconds=0.3))
        with ledger.transaction():
            clock.tick()
    assert clock.lived() in (89, 90)


@pytest.mark.parametrize("damaged", ["{", '{"lived": -5}', "[]", "null", '{"lived": 1e999}', "\0"])
def test_a_damaged_count_begins_anew_and_makes_nothing_old(
    ledger: Ledger, clocks: Clocks, damaged: str
):
    clock = clocks.clock(ledger)
    run_for(clocks, clock, ONE_DAY)
    ledger.set_metadata("lived", damaged)
    clock = clocks.clock(ledger)
    assert clock.lived() == 0
    assert not clock.is_trusted()
    run_for(clocks, clock, ONE_DAY)
    assert clock.is_trusted()


@pytest.mark.parametrize(("day", "trusted"), [("2026-11-27", True), ("2026-09-01", False)])
def test_a_ledger_of_a_version_that_did_not_count(
    ledger: Ledger, clocks: Clocks, day: str, trusted: bool
):
    ledger.set_metadata("upkeep", day)
    clock = clocks.clock(ledger)
    assert clock.is_trusted() is trusted
    assert clock.tick().move is None or not trusted


def test_the_clock_that_nobody_sets_goes_on():
    before = running_seconds()
    assert running_seconds() >= before > 0


# --- any day of any PC

seconds = st.floats(-1e9, 1e9, allow_nan=False)
FIRST_SECOND = datetime(1970, 1, 1, tzinfo=UTC)
"""No PC shows an earlier one."""
steps = st.lists(st.tuples(seconds, st.floats(0, 1e7), st.booleans()), max_size=20)


@given(steps)
def test_it_never_goes_back_and_no_look_counts_more_than_a_day(moves):
    state, run, wall, running = begun(Look(START, 0.0, "0")), 0, START, 0.0
    for went, ran, restarted in moves:
        if restarted:
            run, running = run + 1, 0.0
        wall, running = max(_moved(wall, went), FIRST_SECOND), running + ran
        after = later(state, Look(wall, running, str(run)))
        assert 0 <= after.seconds - state.seconds <= DAY + 0.001
        assert 0 <= after.stood <= min(DAY, state.stood + 3600)
        assert from_json(to_json(after)).is_trusted == after.is_trusted
        state = after


@given(st.lists(st.floats(-1e9, 1e9).filter(lambda s: abs(s) > DAY + 3600), min_size=1))
def test_right_after_a_jump_nothing_is_trusted(jumps):
    state, wall = begun(Look(START, 0.0, "0")), START
    for went in jumps:
        wall = _moved(wall, went)
        state = later(state, Look(wall, 0.0, "0"))
        assert not state.is_trusted


def _moved(wall: datetime, seconds_on: float) -> datetime:
    """Within the years that a PC can show."""
    moved = wall + timedelta(seconds=seconds_on)
    return moved if 1970 <= moved.year < 3000 else START
