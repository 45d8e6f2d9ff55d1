"""The resident collector over hours, with a clock that the test turns."""

from __future__ import annotations

import email
import email.policy
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.collector.events import Phase
from kollect.collector.worker import CollectorWorker
from kollect.errors import StorageTrouble
from kollect.storage.log_sentences import TROUBLE
from tests.helpers.faults import ERRORS, raising
from tests.helpers.mail_samples import blank
from tests.helpers.played_hours import Hours
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import Act, ScriptedSmtp
from tests.helpers.shop import settings_for

OWNER = "owner@owner.example"
DOWN = Faults(answers={"PASS": b"-ERR [SYS/TEMP] maintenance\r\n"})


@pytest.fixture
def servers() -> Iterator[tuple[ScriptedPop3, ScriptedSmtp]]:
    with ScriptedPop3() as pop3, ScriptedSmtp() as smtp:
        yield pop3, smtp


@pytest.fixture
def hours(servers: tuple[ScriptedPop3, ScriptedSmtp], tmp_path: Path) -> Hours:
    pop3, smtp = servers
    settings = replace(settings_for(pop3.port, smtp.port), alert_address=OWNER)
    return Hours(tmp_path, settings)


def test_pauses_grow_while_the_server_is_away(
    hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp], caplog: pytest.LogCaptureFixture
) -> None:
    pop3, smtp = servers
    pop3.faults = [DOWN]
    caplog.set_level(logging.INFO)
    ended = hours.polls(8)
    pauses = [(one.next_at - one.at).total_seconds() for one in ended if one.next_at]
    assert pauses == [60, 120, 240, 480, 900, 900, 900, 900]
    warned = [r.getMessage() for r in caplog.records if r.levelno == TROUBLE]
    assert len(warned) == 1, warned
    alerts = [
        email.message_from_bytes(kept.data, policy=email.policy.default) for kept in smtp.kept
    ]
    assert [alert["To"] for alert in alerts] == [OWNER]
    assert "止まっています" in alerts[0]["Subject"]

    pop3.faults = [Faults()]
    pop3.put(blank("a@b.example", 1))
    [_, well] = hours.polls(2)
    assert well.trouble is None
    assert well.next_at and well.next_at - well.at == timedelta(seconds=15), "a customer came"
    told = [r.getMessage() for r in caplog.records]
    assert len([line for line in told if "元どおり" in line]) == 1
    subjects = [
        email.message_from_bytes(kept.data, policy=email.policy.default)["Subject"]
        for kept in smtp.kept
    ]
    assert len([subject for subject in subjects if "元に戻りました" in subject]) == 1
    assert len(subjects) == 3


def test_the_phases_are_told(hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp]) -> None:
    servers[0].put(blank("a@b.example", 1))
    hours.polls(1)
    assert hours.phases == [Phase.RECEIVING, Phase.REPLYING, Phase.RECEIVING, Phase.WAITING]


def test_a_stick_that_is_pulled_out_and_put_back(
    hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp], tmp_path: Path
) -> None:
    pop3, smtp = servers
    pop3.put(blank("a@b.example", 1))
    worker = hours.worker
    assert worker.once()[1] is None
    for name in ("kollect.db", "kollect.db-wal", "kollect.db-shm"):
        (tmp_path / name).rename(tmp_path / f"away-{name}")
    pop3.put(blank("c@d.example", 2))
    for _ in range(2):
        _, trouble = worker.once()
        assert isinstance(trouble, StorageTrouble)
    assert len(pop3.mails) == 1
    assert not (tmp_path / "kollect.db").exists()
    for name in ("kollect.db", "kollect.db-wal", "kollect.db-shm"):
        away = tmp_path / f"away-{name}"
        if away.exists():
            away.rename(tmp_path / name)
    report, trouble = worker.once()
    assert trouble is None
    assert report.accepted == 1
    worker.close()
    assert [kept.recipients[0] for kept in smtp.kept] == ["a@b.example", "c@d.example"]


@pytest.mark.expects_errors
def test_a_fault_of_our_own_does_not_end_the_collecting(
    hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers[0].put(blank("a@b.example", 1))
    with monkeypatch.context() as patch:
        patch.setattr("kollect.collector.record_mails.decide", lambda *_: 1 / 0)
        [ended] = hours.polls(1)
    assert ended.trouble is not None
    assert "誤り" in ended.trouble.title
    assert len(servers[0].mails) == 1
    [ended] = hours.polls(1)
    assert ended.report.accepted == 1


PARTS = (
    "kollect.collector.worker.poll",
    "kollect.collector.worker.open_mailbox",
    "kollect.collector.worker.Ledger",
    "kollect.collector.worker.KeptFolder",
    "kollect.collector.record_mails.decide",
    "kollect.collector.worker.CollectorWorker._open_ledger",
)
"""Without these no poll is possible."""
PARTS_BESIDE = (
    "kollect.collector.worker.upkeep",
    "kollect.collector.worker.send_alert",
)
"""What belongs to no mail: the poll itself is as well as ever."""


@pytest.mark.expects_errors
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("part", PARTS)
def test_whatever_part_falls_it_is_told_and_tried_again(
    hours: Hours,
    servers: tuple[ScriptedPop3, ScriptedSmtp],
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    error: BaseException,
) -> None:
    servers[0].put(blank("a@b.example", 1))
    with monkeypatch.context() as patch:
        patch.setattr(part, raising(error))
        ended = hours.polls(2)
    assert all(one.trouble is not None and one.trouble.cure for one in ended)
    assert hours.phases[-1] is Phase.ERROR
    [ended] = hours.polls(1)
    assert (ended.trouble, ended.report.accepted) == (None, 1)


@pytest.mark.expects_errors
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("part", PARTS_BESIDE)
def test_what_is_beside_the_mails_does_not_stop_them(
    hours: Hours,
    servers: tuple[ScriptedPop3, ScriptedSmtp],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
    error: BaseException,
) -> None:
    pop3, smtp = servers
    monkeypatch.setattr(part, raising(error))
    pop3.faults = [DOWN]
    hours.polls(8)  # long enough that the owner is to be told
    pop3.faults = [Faults()]
    pop3.put(blank("a@b.example", 1))
    [_, ended] = hours.polls(2)
    assert ended.trouble is None
    assert "a@b.example" in [kept.recipients[0] for kept in smtp.kept]
    told = [r for r in caplog.records if r.exc_info and r.exc_info[1] is error]
    assert len(told) == 1, "once, not at each poll"


@pytest.mark.expects_errors
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_a_listener_that_falls_stops_no_mail(
    hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp], error: BaseException
) -> None:
    pop3, smtp = servers
    pop3.put(blank("a@b.example", 1))
    worker = CollectorWorker(
        hours.worker._folder, hours.worker._load, raising(error), now=lambda: hours.now
    )
    report, trouble = worker.once()
    worker.close()
    assert (report.accepted, trouble) == (1, None)
    assert [kept.recipients[0] for kept in smtp.kept] == ["a@b.example"]


@pytest.mark.expects_errors
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_the_thread_goes_on_where_its_very_loop_falls(
    hours: Hours,
    servers: tuple[ScriptedPop3, ScriptedSmtp],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    """The screen says エラー with a cause and a cure, and 「今すぐ受信」 does it at once."""
    servers[0].put(blank("a@b.example", 1))
    worker = hours.worker
    monkeypatch.setattr(worker, "_one_poll", raising(error))
    hours._left = 2
    worker.start()
    until(lambda: hours.ended)
    assert worker.alive
    [fell] = hours.ended
    assert fell.trouble is not None and fell.trouble.cure and fell.next_at is not None
    assert hours.phases == [Phase.ERROR]
    monkeypatch.undo()
    worker.poll_now()
    assert worker.join(30)
    assert hours.ended[-1].trouble is None
    assert hours.ended[-1].report.accepted == 1


def until(there: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not there():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_an_alert_that_cannot_be_sent_is_told_once(
    hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp], caplog: pytest.LogCaptureFixture
) -> None:
    servers[0].faults = [Faults(), DOWN]
    caplog.set_level(logging.INFO)
    hours.settings = replace(hours.settings, send=replace(hours.settings.send, port=1))
    hours.polls(12)
    lines = [r.getMessage() for r in caplog.records]
    assert len([line for line in lines if "お知らせのメール" in line]) == 1, lines


def test_the_end_does_not_wait_for_the_answer_to_an_alert(
    hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp]
) -> None:
    pop3, smtp = servers
    pop3.faults = [Faults(), DOWN]
    patient = replace(hours.settings.send, final_timeout_seconds=600)
    hours.settings = replace(hours.settings, send=patient)
    hours.polls(1)
    hours.now += timedelta(minutes=1)
    hours.polls(1)
    hours.now += timedelta(hours=1)
    smtp.script.fault = lambda at: Act.HANG if at.verb in ("DOT", "BDAT") else None
    hours.worker.start()
    deadline = time.monotonic() + 60
    while not any("BDAT" in line for lines in smtp.commands for line in lines):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    hours.worker.stop()
    assert hours.worker.join(30)


def test_a_stop_between_two_steps_is_seen(
    hours: Hours, servers: tuple[ScriptedPop3, ScriptedSmtp], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it falls, the worker does not sleep through it."""
    worker = hours.worker
    clear = worker._wake.clear

    def stop_just_before() -> None:
        worker.stop()
        clear()

    monkeypatch.setattr(worker._wake, "clear", stop_just_before)
    worker.start()
    assert worker.join(30)
    assert hours.ended == []
