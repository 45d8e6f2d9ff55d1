"""When what sends itself is due: 予約配信, 誕生日メール, ステップメール. Pure.

A 予約 goes at its time; where that lies between 21:00 and 8:00 and 「夜間にも送る」 was not wanted,
at the next 8:00. A birthday mail goes at 9:00, so many days before the birthday; a step at 9:00, so
many days after the registration. Who was registered that very day gets it a little after that.

    now is …                       a 予約                   an occasion of a member
    -----------------------------  -----------------------  -------------------------------------
    before its time                WAIT                     WAIT
    night, and not wanted          WAIT                     WAIT
    up to a day after it           GO                       GO
    more than a day after it       ASK: nobody knows        LATE: it is not sent, and is listed
                                   whether it is still      with the reason
                                   wanted
    whatever, by a date that may   ASK, where it is due     WAIT, until the date may be believed
    be wrong (`Lived.is_dependable`)
    -                              -                        NONE: it was due before the mail was
                                                            switched on

All is reckoned in the local time of the shop: `zone` None is the PC's own. Who was born on 29
February is greeted on 28 February in a year without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

NIGHT_BEGINS, NIGHT_ENDS = time(21), time(8)
MORNING = time(9)
"""When birthday mails and steps go; the screens and the manual say it too, the README as well."""
AFTER_REGISTRATION = timedelta(minutes=10)
"""So that a form typed wrong can be put right before a mail goes to its member."""
LATE = timedelta(days=1, hours=1)
"""A day. The hour is for a shop that switches its PC on at about the same time each day."""
SAME_BIRTHDAY = timedelta(days=180)
"""Two birthdays of a member nearer than that are one, whose date was put right in between."""
MOST_DAYS_BEFORE, MOST_DAYS_AFTER = 60, 365
MOST_STEPS = 5


class Turn(StrEnum):
    NONE = "none"
    WAIT = "wait"
    GO = "go"
    ASK = "ask"
    LATE = "late"


class StandingKind(StrEnum):
    BIRTHDAY = "birthday"
    STEP = "step"


# --- the local day and its night


def local_moment(day: date, clock: time, zone: tzinfo | None = None) -> datetime:
    """When the shop's clock shows this, in UTC: only so are two moments compared rightly where a
    summer time lies between them."""
    naive = datetime.combine(day, clock)
    local = naive.replace(tzinfo=zone) if zone is not None else naive.astimezone()
    return local.astimezone(UTC)


def local_day(moment: datetime, zone: tzinfo | None = None) -> date:
    return moment.astimezone(zone).date()


def night_ends(moment: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Where it is night at this moment, its end; else None."""
    local = moment.astimezone(zone)
    if local.time() >= NIGHT_BEGINS:
        return local_moment(local.date() + timedelta(days=1), NIGHT_ENDS, zone)
    if local.time() < NIGHT_ENDS:
        return local_moment(local.date(), NIGHT_ENDS, zone)
    return None


def goes_at(due: datetime, night: bool, zone: tzinfo | None = None) -> datetime:
    """When what is due then can go; `night`: also at night."""
    return due if night else night_ends(due, zone) or due


def rests_until(
    due: datetime | None, night: bool, now: datetime, zone: tzinfo | None = None
) -> datetime | None:
    """Until when a mailing that has begun sends nothing; None: it sends.

    `due` is None for one that somebody has begun by hand: it goes at any hour.
    """
    return None if due is None or night else night_ends(now, zone)


def is_late(due: datetime, night: bool, now: datetime, zone: tzinfo | None = None) -> bool:
    """Is it too late to go on with what was due then, without a question?"""
    return now - goes_at(due, night, zone) > LATE


# --- 予約配信


def reservation_turn(
    due: datetime,
    night: bool,
    now: datetime,
    *,
    dependable: bool = True,
    zone: tzinfo | None = None,
) -> Turn:
    """What becomes of a 予約 at this moment: WAIT, GO or ASK."""
    goes = goes_at(due, night, zone)
    if now < goes:
        return Turn.WAIT
    if not dependable or is_late(due, night, now, zone):
        return Turn.ASK
    return Turn.WAIT if rests_until(due, night, now, zone) else Turn.GO


# --- 誕生日メール and ステップメール


@dataclass(frozen=True, slots=True)
class StandingRule:
    """As far as it decides when something is due."""

    kind: StandingKind
    days: int
    """Before the birthday, or after the registration."""
    since: datetime
    """Switched on: nothing that was due before."""
    settled_to: date
    """The last day of which every occasion was decided."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that a member is to get once."""

    day: date
    """The birthday, or the day of the step: by it the occasion is known."""
    due: datetime


def celebrated(birthday: date, year: int) -> date | None:
    """The birthday in that year; None in the year of the birth and before.

    `birthdays_to_ask` is the way back.
    """
    if year <= birthday.year:
        return None
    try:
        return birthday.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 2, 28)


def days_to_decide(
    rule: StandingRule, now: datetime, zone: tzinfo | None = None
) -> tuple[date, date]:
    """The first and the last day on which something may be due that is not decided yet.

    Today is always among them, also where a clock that was ahead has settled more.
    """
    today = local_day(now, zone)
    first = max(rule.settled_to + timedelta(days=1), local_day(rule.since, zone))
    return min(first, today), today


def settled_by(now: datetime, zone: tzinfo | None = None) -> date:
    """The last day of which nothing can become due any more, when all is decided at this moment,
    by day."""
    return local_day(now, zone) - timedelta(days=1)


def occasions(
    rule: StandingRule,
    birthday: date | None,
    registered: datetime,
    now: datetime,
    zone: tzinfo | None = None,
) -> Iterator[Occasion]:
    """What a member has in the days to decide, due or not yet, oldest first."""
    first, last = days_to_decide(rule, now, zone)
    joined = local_day(registered, zone)
    for day in _days(rule, birthday, joined, first, last):
        ahead = timedelta(days=rule.days if rule.kind is StandingKind.BIRTHDAY else 0)
        sent_on = day - ahead
        if first <= sent_on <= last and sent_on >= joined:
            due = local_moment(sent_on, MORNING, zone)
            yield Occasion(day, max(due, registered.astimezone(UTC) + AFTER_REGISTRATION))


def _days(
    rule: StandingRule, birthday: date | None, joined: date, first: date, last: date
) -> Iterator[date]:
    if rule.kind is StandingKind.STEP:
        yield joined + timedelta(days=rule.days)
    elif birthday is not None:
        # the birthday of a mail that goes in December may be in January
        for year in range(first.year, last.year + 2):
            if day := celebrated(birthday, year):
                yield day


def birthdays_to_ask(first: date, last: date, days: int) -> list[str]:
    """The birthdays, as MM-DD, of all whose mail goes on one of these days."""
    span = min((last - first).days, 366)
    found: dict[str, None] = {}
    for n in range(span + 1):
        day = last - timedelta(days=n - days)
        found[f"{day:%m-%d}"] = None
        if (day.month, day.day) == (2, 28):
            found["02-29"] = None
    return list(found)


def occasion_turn(
    rule: StandingRule, occasion: Occasion, now: datetime, zone: tzinfo | None = None
) -> Turn:
    """What becomes of it at this moment, by a date that may be believed: NONE, WAIT, GO or LATE."""
    if occasion.due < rule.since:
        return Turn.NONE
    goes = goes_at(occasion.due, night=False, zone=zone)
    if now < goes or night_ends(now, zone):
        return Turn.WAIT
    return Turn.LATE if now - goes > LATE else Turn.GO


def next_look(now: datetime, zone: tzinfo | None = None) -> datetime:
    """When occasions have to be looked for again: at the end of the night, in the morning."""
    today = local_day(now, zone)
    moments = (
        local_moment(day, clock, zone)
        for day in (today, today + timedelta(days=1))
        for clock in (NIGHT_ENDS, MORNING)
    )
    return next(moment for moment in moments if moment > now)
