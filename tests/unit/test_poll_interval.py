"""When the next poll is due, and what a server's complaints do to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.collector.failed_polls import LONGEST_PAUSE, FailureState
from kollect.collector.poll_interval import A_DAY, PollPace, learned, next_poll
from kollect.errors import MailboxBusy, Stage, TooManyLogins, Trouble
from kollect.inbox import mailbox_errors
from kollect.ledger.login_limits import LoginLimit
from kollect.net.server_errors import RECEIVING_ROLE, Peer

WELL = FailureState()
TOO_MANY = TooManyLogins("…", stage=Stage.LOGIN, happened="…", cure="…")
AWAY = Trouble("…", happened="…", cure="…")
MAIL = PollPace(usual=60, busy=15, since_blank=0.0)


@pytest.mark.parametrize(
    ("pace", "failures", "seconds", "slowed"),
    [
        (PollPace(usual=60), 0, 60, ""),
        (PollPace(usual=60, busy=15), 0, 60, ""),
        # customers come in groups
        (MAIL, 0, 15, ""),
        (replace(MAIL, since_blank=179.0), 0, 15, ""),
        (replace(MAIL, since_blank=180.0), 0, 60, ""),
        (replace(MAIL, busy=0), 0, 60, ""),
        (replace(MAIL, usual=10), 0, 10, ""),
        (replace(MAIL, pushed=True), 0, 60, ""),
        # the provider's minimum, or LOGIN-DELAY
        (replace(MAIL, server=30), 0, 30, ""),
        (
            replace(MAIL, server=600),
            0,
            600,
            "このメールサーバは10分に1回までしか受信できません。",
        ),
        (PollPace(usual=900, server=600), 0, 900, ""),
        (
            PollPace(usual=10, server=90),
            0,
            90,
            "このメールサーバは1分30秒に1回までしか受信できません。",
        ),
        (
            PollPace(usual=60, server=7200),
            0,
            7200,
            "このメールサーバは2時間に1回までしか受信できません。",
        ),
        # too many logins
        (replace(MAIL, limit=30), 0, 30, ""),
        (
            replace(MAIL, limit=120),
            0,
            120,
            "受信が多すぎるとサーバに断られたため、2分に1回にしています。",
        ),
        (
            PollPace(usual=60, server=600, limit=120),
            0,
            600,
            "このメールサーバは10分に1回までしか受信できません。",
        ),
        # failures lengthen all of it
        (MAIL, 1, 15, ""),
        (MAIL, 3, 60, ""),
        (PollPace(usual=60), 3, 240, ""),
        (PollPace(usual=60), 20, 900, ""),
    ],
)
def test_when_the_next_poll_is_due(pace: PollPace, failures: int, seconds: int, slowed: str):
    due = next_poll(pace, FailureState(failures=failures))
    assert due.pause == timedelta(seconds=seconds)
    assert due.slowed == slowed


@given(
    usual=st.integers(10, 3600),
    busy=st.integers(0, 600),
    since=st.none() | st.floats(0, 1e6),
    server=st.integers(0, 86400),
    limit=st.integers(0, 900),
    failures=st.integers(0, 50),
)
def test_a_minimum_is_never_undercut(
    usual: int, busy: int, since: float | None, server: int, limit: int, failures: int
):
    pace = PollPace(usual, busy, since, server, limit)
    pause = next_poll(pace, FailureState(failures=failures)).pause.total_seconds()
    assert pause >= max(server, limit, min(busy or usual, usual))
    assert pause <= max(usual, server, limit, LONGEST_PAUSE.total_seconds())


def complained(limit: LoginLimit, waited: int, lived: int = 0) -> LoginLimit:
    return learned(limit, TOO_MANY, waited=waited, stated=False, lived=lambda: lived)


def test_each_complaint_doubles_the_interval_to_a_quarter_of_an_hour():
    limit, seen = LoginLimit(), []
    for at in range(6):
        interval = next_poll(PollPace(usual=60, limit=limit.seconds), WELL).interval
        limit = complained(limit, interval, at)
        seen.append((limit.seconds, limit.since))
    assert seen == [(120, 0), (240, 1), (480, 2), (900, 3), (900, 4), (900, 5)]


def test_a_busy_interval_that_was_too_short_is_doubled_alone():
    limit = complained(LoginLimit(), 15)
    assert next_poll(replace(MAIL, limit=limit.seconds), WELL).interval == 30
    assert next_poll(PollPace(usual=60, limit=limit.seconds), WELL).interval == 60


def test_a_day_without_complaint_halves_it_until_it_limits_nothing():
    limit = LoginLimit(480, 1000)
    seen = []
    for lived in range(1000, 1000 + 8 * A_DAY, A_DAY // 4):
        limit = learned(limit, None, waited=60, stated=False, lived=partial(int, lived))
        seen.append(limit.seconds)
    assert seen == [480] * 4 + [240] * 4 + [120] * 4 + [60] * 4 + [30] * 4 + [0] * 12


def test_after_a_try_with_less_that_failed_it_waits_for_a_day_again():
    limit = learned(LoginLimit(480, 0), None, waited=60, stated=False, lived=lambda: A_DAY)
    limit = complained(limit, 240, A_DAY + 240)
    assert limit == LoginLimit(480, A_DAY + 240)
    assert learned(limit, None, waited=480, stated=False, lived=lambda: 2 * A_DAY) == limit


@pytest.mark.parametrize("trouble", [None, AWAY])
def test_what_says_nothing_of_logins_changes_nothing(trouble: Trouble | None):
    for limit in (LoginLimit(), LoginLimit(120, 50)):
        assert learned(limit, trouble, waited=60, stated=False, lived=lambda: 100) == limit


def test_a_server_away_is_no_proof_that_it_bears_more():
    limit = LoginLimit(120, 0)
    assert learned(limit, AWAY, waited=120, stated=False, lived=lambda: 9 * A_DAY) == limit


def test_a_poll_that_somebody_asked_for_does_not_count_nor_where_the_server_says_its_delay():
    for waited, stated in ((0, False), (60, True)):
        for limit in (LoginLimit(), LoginLimit(120, 7)):
            after = learned(limit, TOO_MANY, waited=waited, stated=stated, lived=lambda: 50)
            assert after.seconds == limit.seconds


def test_a_limit_of_the_future_is_not_kept_for_ever():
    """A backup was put back: the lived time begins again at a smaller number."""
    limit = learned(LoginLimit(120, 10 * A_DAY), None, waited=60, stated=False, lived=lambda: 5)
    assert limit == LoginLimit(120, 5)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("LOGIN-DELAY", "wait"),
        ("", "minimum time between mail checks violation"),
        ("", "Exceeded the login limit for a 15 minute period. Reduce the frequency of requests."),
        ("AUTH", "Account exceeded pop command or bandwidth limits (Failure)"),
        ("SYS/PERM", "Account exceeded command or bandwidth limits."),
        ("", "Attempt to log in within the minimum login delay interval"),
        ("", "Logins must be at least 5 minutes apart"),
        ("LIMIT", "Too many login attempts, please try again later"),
        ("SYS/TEMP", "Too many authentication attempts. Please try again later."),
        ("", "POP access blocked due to excessive usage"),
        ("", "You are checking your mail too often"),
        ("", "login too frequent, wait a moment"),
        ("ALERT", "Rate limit hit."),
        ("UNAVAILABLE", "Temporary authentication failure (rate-limit)"),
    ],
)
def test_words_that_speak_of_too_many_logins(code: str, text: str):
    assert isinstance(refused(code, text), TooManyLogins)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("IN-USE", "Do you have another POP session running?", MailboxBusy),
        ("LIMIT", "Too many simultaneous connections. (Failure)", MailboxBusy),
        (
            "UNAVAILABLE",
            "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
            MailboxBusy,
        ),
        ("SYS/TEMP", "Mail system overloaded", MailboxBusy),
        ("", "too many failed login attempts", MailboxBusy),
        ("AUTH", "Authentication failed.", Trouble),
        ("", "Login failed: unknown user or bad password", Trouble),
        ("AUTH", "Web login required", Trouble),
    ],
)
def test_words_that_do_not(code: str, text: str, kind: type[Trouble]):
    refusal = refused(code, text)
    assert isinstance(refusal, kind)
    assert not isinstance(refusal, TooManyLogins)


def refused(code: str, text: str) -> Trouble:
    peer = Peer(RECEIVING_ROLE, "pop.example.jp", 995)
    return mailbox_errors.of_login(peer, "POP", code, text)
