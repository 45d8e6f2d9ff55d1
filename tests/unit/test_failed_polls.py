"""How long to wait after failures, what is told, and when the owner hears of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.collector.failed_polls import ALERT_AFTER, LONGEST_PAUSE, FailureChange, FailureState
from kollect.errors import NotDeleted, Stage, Trouble
from tests.helpers.ledger_samples import NOW

MINUTE = timedelta(minutes=1)
AWAY = Trouble("サーバに接続できません", happened="…", cure="…", detail="1")
AWAY_AGAIN = Trouble("サーバに接続できません", happened="また", cure="…", detail="2")
LOGIN = Trouble("ログインできません", happened="…", cure="…")


def lived(polls: Iterable[Trouble | None]) -> tuple[FailureState, list[FailureChange]]:
    """The health after these polls, a minute apart, and what was told of each."""
    health, told = FailureState(), []
    for minute, trouble in enumerate(polls):
        health, change = health.after(trouble, NOW + minute * MINUTE)
        told.append(change)
    return health, told


def test_only_a_change_is_told():
    _, told = lived([None, None, AWAY, AWAY_AGAIN, LOGIN, LOGIN, None, None, AWAY])
    assert told == [
        FailureChange.NOTHING,
        FailureChange.NOTHING,
        FailureChange.BROKE,
        FailureChange.NOTHING,
        FailureChange.OTHER_TROUBLE,
        FailureChange.NOTHING,
        FailureChange.WELL_AGAIN,
        FailureChange.NOTHING,
        FailureChange.BROKE,
    ]


@pytest.mark.parametrize(
    "seconds, pauses",
    [
        (60, [60, 60, 120, 240, 480, 900, 900]),
        (10, [10, 10, 20, 40, 80, 160, 320, 640, 900, 900]),
        (600, [600, 600, 900, 900]),
        (3600, [3600, 3600, 3600]),
    ],
)
def test_pauses_grow_to_a_quarter_of_an_hour(seconds: int, pauses: list[int]):
    interval = timedelta(seconds=seconds)
    for failures, pause in enumerate(pauses):
        health, _ = lived([AWAY] * failures)
        assert health.pause(interval) == timedelta(seconds=pause), failures


def test_one_good_poll_ends_the_long_pauses():
    health, _ = lived([AWAY] * 9 + [None])
    assert health.pause(MINUTE) == MINUTE


@settings(max_examples=60, deadline=None)
@given(
    failures=st.integers(0, 10_000),
    seconds=st.integers(10, 3600),
)
def test_a_pause_is_never_shorter_than_the_interval_nor_without_end(failures: int, seconds: int):
    interval = timedelta(seconds=seconds)
    pause = FailureState(failures=failures).pause(interval)
    assert interval <= pause <= max(interval, LONGEST_PAUSE)
    assert pause <= FailureState(failures=failures + 1).pause(interval)


def test_the_owner_is_told_after_half_an_hour_once():
    health, _ = lived([AWAY] * 3)
    began = NOW
    assert not health.alert_due(began + ALERT_AFTER - timedelta(seconds=1))
    assert health.alert_due(began + ALERT_AFTER)
    health = health.with_alert_sent()
    assert not health.alert_due(began + 10 * ALERT_AFTER)
    assert not health.all_clear_due()
    health, _ = health.after(LOGIN, began + ALERT_AFTER)
    assert not health.alert_due(began + 10 * ALERT_AFTER), "still the same failure to the owner"


def test_the_owner_hears_that_it_is_over_once():
    health, _ = lived([AWAY] * 3)
    health = health.with_alert_sent()
    health, _ = health.after(None, NOW + ALERT_AFTER)
    assert health.all_clear_due()
    health, _ = health.after(None, NOW + ALERT_AFTER + MINUTE)
    assert health.all_clear_due(), "until it was told"
    health = health.with_alert_sent()
    assert not health.all_clear_due()
    assert health == FailureState()


def test_a_short_failure_is_nothing_to_write_about():
    health, _ = lived([AWAY] * 29 + [None])
    assert not health.alert_due(NOW + 10 * ALERT_AFTER)
    assert not health.all_clear_due()


def test_the_half_hour_begins_with_each_failure_anew():
    health, _ = lived([AWAY] * 20 + [None] + [AWAY] * 20)
    assert not health.alert_due(NOW + 41 * MINUTE)
    assert health.alert_due(NOW + 21 * MINUTE + ALERT_AFTER)


def test_an_alert_that_could_not_be_sent_is_due_again():
    health, _ = lived([AWAY] * 40)
    assert health.alert_due(NOW + 40 * MINUTE)
    health, _ = health.after(AWAY, NOW + 41 * MINUTE)
    assert health.alert_due(NOW + 41 * MINUTE)


def test_who_was_told_of_a_failure_but_not_of_its_end_is_not_told_of_the_next():
    """To the owner it is one failure; the word that it is over comes when it can be sent."""
    health, _ = lived([AWAY] * 2)
    health = health.with_alert_sent()
    health, _ = health.after(None, NOW + ALERT_AFTER)
    health, change = health.after(AWAY, NOW + 2 * ALERT_AFTER)
    assert change is FailureChange.BROKE
    assert not health.alert_due(NOW + 9 * ALERT_AFTER)
    health, _ = health.after(None, NOW + 9 * ALERT_AFTER)
    assert health.all_clear_due()


STAYS = NotDeleted("残る", stage=Stage.RECEIVE, happened="", cure="")


def test_mails_that_cannot_be_deleted_keep_nobody_waiting():
    health, told = lived([STAYS] * 60)
    assert told == [FailureChange.NOTHING] * 60, "the poll itself tells it"
    assert health.pause(MINUTE) == MINUTE
    assert not health.alert_due(NOW + timedelta(days=1)), "the alert says that nothing is received"


def test_receiving_again_ends_the_alert_though_nothing_can_be_deleted():
    health, _ = lived([AWAY])
    health, change = health.with_alert_sent().after(STAYS, NOW)
    assert change is FailureChange.WELL_AGAIN
    assert health.all_clear_due()
    assert not health.with_alert_sent().alerted
