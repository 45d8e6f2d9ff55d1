"""POP3 while customers stand at the counter: how soon the next one is answered, and how often a
server lets itself be asked. Time is played."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.collector.events import PollFinished
from kollect.errors import TooManyLogins
from kollect.net import server_memory
from kollect.settings.model import Collect, Receive, Security, Settings, Tls
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.played_hours import Hours
from tests.helpers.scripted_pop3 import CAPABILITIES, Faults, ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import settings_for

HOTMAIL = b"-ERR Exceeded the login limit for a 15 minute period. Reduce the frequency.\r\n"
GMAIL = b"-ERR [AUTH] Account exceeded pop command or bandwidth limits (Failure)\r\n"
REFUSING = Faults(answers={"PASS": HOTMAIL})


def pauses(ended: list[PollFinished]) -> list[float]:
    return [(one.next_at - one.at).total_seconds() for one in ended if one.next_at]


@pytest.fixture
def pop3() -> Iterator[ScriptedPop3]:
    server_memory.forget_all()
    with ScriptedPop3() as server:
        yield server
    server_memory.forget_all()


@pytest.fixture
def shop(pop3: ScriptedPop3, smtp: ScriptedSmtp) -> Settings:
    return settings_for(pop3.port, smtp.port)


def play(folder: Path, settings: Settings, count: int) -> list[PollFinished]:
    """`count` polls of a program that was just started, the last one's pause included."""
    return Hours(folder, settings).polls(count + 1)[:count]


@pytest.mark.real
def test_the_next_customer_of_a_group_is_answered_within_the_busy_interval(
    dovecot: Dovecot, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    settings = settings_for(0, smtp.port)
    receive = Receive(
        host=dovecot.host,
        port=dovecot.pop3s,
        security=Security.SSL,
        account="counter",
        timeout_seconds=20,
    )
    hours = Hours(tmp_path, replace(settings, receive=receive, tls=Tls(ca_file=dovecot.ca_file)))
    dovecot.empty("counter")
    dovecot.deliver("counter", blank("first@a.example", 1))
    hours.polls(1)
    came = []
    for number in range(2, 14):
        arrived = hours.ended[-1].at + timedelta(seconds=1)
        dovecot.deliver("counter", blank(f"c{number}@a.example", number))
        [answered] = hours.polls(1)
        assert answered.trouble is None and answered.report.accepted == 1
        came.append((answered.at - arrived).total_seconds())
        hours.now += timedelta(seconds=1)
    assert len(smtp.kept) == 13
    assert max(came) <= 15
    quiet = [hours.polls(1)[0].at for _ in range(20)]
    steps = {round((b - a).total_seconds()) for a, b in itertools.pairwise(quiet)}
    assert steps == {15, 60}, "busy for three minutes, then as ever"
    assert dovecot.mails("counter") == []


def test_three_minutes_after_the_last_blank_mail_it_is_as_ever(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path
) -> None:
    pop3.put(blank("a@b.example", 1))
    assert pauses(play(tmp_path, shop, 15)) == [15] * 12 + [60] * 3


@pytest.mark.parametrize(
    ("collect", "expected"),
    [(Collect(busy_interval_seconds=0), 60), (Collect(interval_seconds=10), 10)],
    ids=["off", "the usual one is shorter"],
)
def test_where_there_is_nothing_to_hurry(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path, collect: Collect, expected: int
) -> None:
    pop3.put(blank("a@b.example", 1))
    assert pauses(play(tmp_path, replace(shop, collect=collect), 3)) == [expected] * 3


def test_a_mail_that_is_not_blank_hurries_nobody(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path
) -> None:
    pop3.put(blank("a@b.example", 1, subject="hello"))
    assert pauses(play(tmp_path, shop, 2)) == [60, 60]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("LOGIN-DELAY 30", 30),
        ("LOGIN-DELAY 300", 300),
        ("login-delay 120", 120),
        ("LOGIN-DELAY", 15),
        ("LOGIN-DELAY soon", 15),
        ("LOGIN-DELAY 99999", 15),
    ],
)
def test_login_delay_is_obeyed(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path, said: str, expected: int
) -> None:
    pop3.faults = [Faults(capabilities=(*CAPABILITIES, said))]
    pop3.put(blank("a@b.example", 1))
    ended = play(tmp_path, shop, 3)
    assert pauses(ended) == [expected] * 3
    for one in ended:
        assert ("このメールサーバは" in one.slowed) == (expected > 60)


def test_a_delay_for_this_account_alone_is_asked_for_after_the_login(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path
) -> None:
    pop3.faults = [Faults(capabilities=(*CAPABILITIES, "LOGIN-DELAY 240 USER"))]
    assert pauses(play(tmp_path, shop, 2)) == [240, 240]
    [first, *_] = pop3.sessions
    words = [command.partition(" ")[0] for command in first]
    assert words.index("PASS") < len(words) - 1 - words[::-1].index("CAPA")


@pytest.mark.parametrize("answer", [HOTMAIL, GMAIL], ids=["Hotmail", "Gmail"])
def test_too_many_logins_double_the_interval_and_are_remembered(
    shop: Settings,
    pop3: ScriptedPop3,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    answer: bytes,
) -> None:
    caplog.set_level(logging.INFO)
    pop3.faults = [Faults(), Faults(answers={"PASS": answer}), Faults()]
    ended = play(tmp_path, shop, 4)
    assert isinstance(ended[1].trouble, TooManyLogins)
    assert pauses(ended) == [60, 120, 120, 120]
    assert ended[2].slowed == "受信が多すぎるとサーバに断られたため、2分に1回にしています。"
    assert [r.getMessage() for r in caplog.records].count(ended[2].slowed) == 1
    restarted = play(tmp_path, shop, 2)
    assert pauses(restarted) == [120, 120], "a restart forgets nothing"
    other = replace(shop, receive=replace(shop.receive, account="other"))
    pop3.user = "other"
    assert pauses(play(tmp_path, other, 1)) == [60], "the limit is this account's"


def test_a_server_that_goes_on_complaining_is_asked_every_quarter_of_an_hour_at_most(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path
) -> None:
    pop3.faults = [REFUSING]
    waited = pauses(play(tmp_path, shop, 8))
    assert waited == sorted(waited)
    assert waited[-1] == 900 == max(waited)
    pop3.faults = [Faults()]
    assert pauses(play(tmp_path, shop, 2)) == [900, 900], "carefully"


def test_after_a_day_without_complaint_it_is_as_fast_as_ever(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path
) -> None:
    pop3.faults = [Faults(), REFUSING, Faults()]
    hours = Hours(tmp_path, shop)
    hours.polls(4)
    seen = []
    for _ in range(6):
        seen += pauses(hours.polls(1))
        hours.now += timedelta(hours=9)
    assert seen == [120] * 3 + [60] * 3


def test_a_poll_that_somebody_asked_for_too_early_lengthens_nothing(
    shop: Settings, pop3: ScriptedPop3, tmp_path: Path
) -> None:
    hours = Hours(tmp_path, shop)
    pop3.faults = [Faults(), REFUSING, Faults()]
    hours.polls(1)
    hours.now -= timedelta(seconds=50)
    hours.polls(1)
    assert hours.ended[-1].slowed == ""
    assert isinstance(hours.ended[-1].trouble, TooManyLogins)
    hours.polls(2)
    assert hours.ended[-1].slowed == ""


def test_a_customer_who_is_expected_is_looked_for_as_often_as_after_a_blank_mail(
    tmp_path: Path, shop: Settings
) -> None:
    hours = Hours(tmp_path, shop)
    assert pauses(hours.polls(2))[:1] == [60]
    hours.worker.expect_customer()
    soon = pauses(hours.polls(20))
    assert soon[:12] == [15] * 12
    assert soon[-2] == 60
