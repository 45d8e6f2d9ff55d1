"""What the collector told, as one picture: the state, what is wrong, what a balloon says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from kollect.collector.events import (
    Held,
    LogEntry,
    Phase,
    PhaseChanged,
    PollFinished,
    PollReport,
    WaitChanged,
)
from kollect.collector.status import (
    MOST_EVENTS,
    CollectorStatus,
    StatusChange,
    StatusColor,
    report_text,
    wait_text,
)
from kollect.errors import Trouble
from kollect.ui.tray_tooltip import tooltip

NOW = datetime(2026, 11, 23, 14, 0, 0, tzinfo=timezone(timedelta(hours=9)))
AWAY = Trouble("受信サーバにつながりません", happened="…", cure="…")
REFUSED = Trouble("ログインできません", happened="…", cure="…")


def ended(trouble: Trouble | None = None, *, minute: int = 0, accepted: int = 0) -> PollFinished:
    at = NOW + timedelta(minutes=minute)
    return PollFinished(at, PollReport(accepted=accepted), trouble, at + timedelta(minutes=1))


@pytest.fixture
def standing() -> CollectorStatus:
    standing = CollectorStatus()
    standing.begin(NOW)
    return standing


def test_the_light_follows_the_phase(standing: CollectorStatus):
    assert CollectorStatus().color is StatusColor.WAITING
    assert standing.color is StatusColor.WORKING
    standing.apply(PhaseChanged(Phase.REPLYING))
    assert standing.color is StatusColor.WORKING
    standing.apply(PhaseChanged(Phase.WAITING))
    standing.apply(ended())
    assert standing.color is StatusColor.WAITING
    assert standing.next_at == NOW + timedelta(minutes=1)
    standing.apply(PhaseChanged(Phase.RECEIVING))
    assert standing.next_at is None, "it is here"


def test_why_polls_are_far_apart_is_known_until_a_poll_ends_otherwise(standing: CollectorStatus):
    assert standing.slowed == ""
    seldom = replace(ended(), slowed="10分に1回")
    standing.apply(seldom)
    assert standing.slowed == "10分に1回"
    standing.apply(PhaseChanged(Phase.RECEIVING))
    assert standing.slowed == "10分に1回", "the panel does not jump at each poll"
    standing.running = False
    assert standing.slowed == ""
    standing.running = True
    standing.apply(ended())
    assert standing.slowed == ""


def test_what_cannot_be_written_is_told_while_the_poll_stands_still(standing: CollectorStatus):
    standing.apply(PhaseChanged(Phase.REPLYING))
    told = [
        standing.apply(Held(NOW, REFUSED, NOW + timedelta(seconds=seconds)))
        for seconds in (1, 2, 4)
    ]
    assert told == [StatusChange.BROKE, None, None]
    assert (standing.phase, standing.color, standing.failures) == (
        Phase.ERROR,
        StatusColor.ERROR,
        3,
    )
    assert standing.next_at == NOW + timedelta(seconds=4)
    assert standing.trouble is REFUSED
    assert standing.last is None, "the poll is not over"
    assert standing.apply(ended()) is StatusChange.WELL_AGAIN
    assert standing.trouble is None


def test_an_error_is_told_once_and_its_end_once(standing: CollectorStatus):
    told = [standing.apply(ended(trouble)) for trouble in (None, AWAY, AWAY, REFUSED, None, None)]
    assert told == [None, StatusChange.BROKE, None, None, StatusChange.WELL_AGAIN, None]
    assert [event.text for event in standing.events] == [
        "メールの収集を始めました。",
        "エラー: 受信サーバにつながりません",
        "エラー: ログインできません",
        "元どおり受信できるようになりました。",
    ]


def test_it_stays_red_while_it_is_tried_again(standing: CollectorStatus):
    standing.apply(ended(AWAY, minute=1))
    standing.apply(PhaseChanged(Phase.RECEIVING))
    assert standing.color is StatusColor.ERROR
    standing.apply(ended(AWAY, minute=2))
    assert (standing.trouble, standing.failures) == (AWAY, 2)
    assert standing.since == NOW + timedelta(minutes=1)
    standing.apply(ended(REFUSED, minute=3))
    assert (standing.trouble, standing.failures) == (REFUSED, 1), "counted for itself"
    assert standing.since == NOW + timedelta(minutes=3)
    assert standing.color is StatusColor.ERROR
    standing.apply(ended(minute=3))
    assert (standing.trouble, standing.failures, standing.since) == (None, 0, None)
    assert standing.color is StatusColor.WORKING, "until the phase says otherwise"


def test_the_events_are_bounded_and_counted(standing: CollectorStatus):
    for number in range(MOST_EVENTS + 50):
        standing.apply(LogEntry(NOW, f"{number}"))
    assert len(standing.events) == MOST_EVENTS
    assert standing.events[-1].text == f"{MOST_EVENTS + 49}"
    assert standing.event_count == MOST_EVENTS + 51


def test_numbers_are_counted_again_when_they_may_have_changed(standing: CollectorStatus):
    assert standing.count_is_old(NOW), "never counted"
    standing.counted(3, 12, NOW.date())
    assert not standing.count_is_old(NOW)
    standing.apply(ended())
    assert not standing.count_is_old(NOW)
    assert standing.count_is_old(NOW + timedelta(days=1)), "today is another day"
    standing.apply(ended(accepted=1))
    assert standing.count_is_old(NOW)


def test_waiting_by_push_is_said_instead_of_a_time(standing: CollectorStatus):
    standing.counted(3, 12, NOW.date())
    standing.apply(PhaseChanged(Phase.WAITING))
    standing.apply(ended())
    standing.apply(WaitChanged(by_push=True, next_at=NOW + timedelta(minutes=5)))
    assert standing.state_text == "待機中（届きしだい返信します）"
    assert standing.next_at == NOW + timedelta(minutes=5)
    assert standing.color is StatusColor.WAITING
    text = tooltip(standing, "コレクト")
    assert text == "コレクト: 待機中（届きしだい返信します）\n今日の受付 3件"
    standing.apply(WaitChanged(by_push=False, next_at=NOW + timedelta(minutes=1)))
    assert standing.state_text == "待機中"
    assert "次の受信 14:01:00" in tooltip(standing, "コレクト")
    standing.apply(WaitChanged(by_push=True, next_at=NOW))
    standing.apply(PhaseChanged(Phase.RECEIVING))
    assert (standing.state_text, standing.by_push) == ("受信中", False)


def test_the_tooltip_is_short_and_says_what_counts(standing: CollectorStatus):
    standing.counted(12345678, 99, date(2026, 11, 23))
    standing.apply(PhaseChanged(Phase.WAITING))
    standing.apply(ended())
    assert tooltip(standing, "コレクト") == (
        "コレクト: 待機中\n今日の受付 12,345,678件\n次の受信 14:01:00"
    )
    standing.apply(PhaseChanged(Phase.ERROR))
    standing.apply(ended(AWAY))
    text = tooltip(standing, "コレクト（デモ）")
    assert text.startswith("コレクト（デモ）: エラー\n")
    assert len(text) < 128, "Windows shows no more"
    assert tooltip(CollectorStatus(), "コレクト").startswith("コレクト: 収集していません")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0秒"), (0.4, "0秒"), (59, "59秒"), (60, "1分00秒"), (905, "15分05秒")],
)
def test_waiting_times_as_people_say_them(seconds: float, text: str):
    assert wait_text(timedelta(seconds=seconds)) == text


def test_what_a_poll_brought():
    assert report_text(PollReport()) == "新しいメールはありませんでした"
    assert "サーバに残っているメール 2通" in report_text(PollReport(left=2))
    assert report_text(PollReport(accepted=2, forwarded=1, left=7)) == "受付 2件、転送 1件"
