"""When the next poll is due, and what rules it. Pure.

what is known                              from poll to poll
-----------------------------------------  ---------------------------------------------------
nothing                                    「受信チェック間隔」
a blank mail came within three minutes     `busy_interval_seconds`, where that is less: customers
                                           come in groups. Not where the server tells of mails
the provider wants no less, or the server  at least that
says LOGIN-DELAY (RFC 2449 section 6.5)
the server has said "too many logins"      at least twice what was waited until then, to 15
                                           minutes; half of it after each day without complaint
the poll failed                            all that, and longer with each failure (`failed_polls`)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from kollect.collector.failed_polls import LONGEST_PAUSE, FailureState
from kollect.errors import TooManyLogins, Trouble
from kollect.ledger.login_limits import LoginLimit

BUSY_FOR = 180.0
"""Seconds after a blank mail in which the next customer is expected."""
A_DAY = 86400
"""In lived seconds: after it a server that has complained is asked more often again."""
_FORGOTTEN = 15
"""A limit of so many seconds or fewer limits nothing."""


@dataclass(frozen=True, slots=True)
class PollPace:
    """What the settings, the server and the last polls say of the interval, all in seconds."""

    usual: int
    """「受信チェック間隔」"""
    busy: int = 0
    """0: none."""
    since_blank: float | None = None
    """Since the last poll that brought a blank mail; None: there was none."""
    server: int = 0
    """What the provider or the server itself wants at least; 0: nothing is said."""
    limit: int = 0
    """What is learned from its complaints; 0: it did not complain."""
    pushed: bool = False
    """The server tells of mails by itself."""


@dataclass(frozen=True, slots=True)
class PollDue:
    pause: timedelta
    """Until the next poll."""
    interval: int
    """Seconds that would be between polls if none had failed."""
    slowed: str
    """Why that is more than the settings say, as a sentence for the screen; mostly empty."""


def next_poll(pace: PollPace, health: FailureState) -> PollDue:
    """When the next poll is due, reckoned from the end of the last one."""
    expecting = pace.since_blank is not None and pace.since_blank < BUSY_FOR and not pace.pushed
    wanted = min(pace.busy, pace.usual) if expecting and pace.busy else pace.usual
    interval = max(wanted, pace.server, pace.limit)
    slowed = ""
    if interval > pace.usual:
        slowed = _limited(interval) if pace.limit > pace.server else _prescribed(interval)
    return PollDue(health.pause(timedelta(seconds=interval)), interval, slowed)


def learned(
    limit: LoginLimit,
    trouble: Trouble | None,
    *,
    waited: int,
    stated: bool,
    lived: Callable[[], int],
) -> LoginLimit:
    """What is known of the server's limit after a poll that ended with this trouble.

    `waited`: the interval in force before it; 0 where somebody asked for the poll before its time,
    which is not the interval's fault. `stated`: the server says by itself how long it wants.
    `lived` says what is lived through, in seconds; asked only where that counts.
    """
    complained = isinstance(trouble, TooManyLogins)
    if not (complained or limit.seconds):
        return limit  # as nearly always: nothing is asked of the ledger
    now = lived()
    if complained:
        if stated or not waited:
            return LoginLimit(limit.seconds, now) if limit.seconds else limit
        longest = int(LONGEST_PAUSE.total_seconds())
        return LoginLimit(min(2 * max(waited, limit.seconds), longest), now)
    if limit.since > now:  # of another ledger's life: a backup was put back
        return LoginLimit(limit.seconds, now)
    if trouble is None and now - limit.since >= A_DAY:
        half = limit.seconds // 2
        return LoginLimit(half, now) if half > _FORGOTTEN else LoginLimit()
    return limit


def _prescribed(seconds: int) -> str:
    return f"このメールサーバは{_span(seconds)}に1回までしか受信できません。"


def _limited(seconds: int) -> str:
    return f"受信が多すぎるとサーバに断られたため、{_span(seconds)}に1回にしています。"


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "時間"), (minutes, "分"), (rest, "秒"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)
