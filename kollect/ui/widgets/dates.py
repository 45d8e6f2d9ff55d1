"""Days and periods as people type and choose them. Pure."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from enum import StrEnum

_DATE = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.時]?(\d\d)分?)?[:時]?")
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)")
_NEAR = timedelta(days=180)
_WEEKDAYS = "月火水木金土日"


class Period(StrEnum):
    TODAY = "今日"
    WEEK = "7日間"
    DAYS_30 = "30日間"
    THIS_MONTH = "今月"
    LAST_MONTH = "先月"
    ALL = "すべて"
    GIVEN = "指定"


def days_of(period: Period, today: date) -> tuple[date | None, date | None]:
    """The first and the last day; None where there is no limit."""
    match period:
        case Period.TODAY:
            return today, today
        case Period.WEEK:
            return today - timedelta(days=6), today
        case Period.DAYS_30:
            return today - timedelta(days=29), today
        case Period.THIS_MONTH:
            return today.replace(day=1), last_of_month(today)
        case Period.LAST_MONTH:
            last = today.replace(day=1) - timedelta(days=1)
            return last.replace(day=1), last
        case _:
            return None, None


def moments(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """From the midnight before the first day to the midnight after the last, here."""
    return (
        midnight(first) if first else None,
        midnight(last + timedelta(days=1)) if last and last < date.max else None,
    )


def midnight(day: date) -> datetime:
    """The beginning of a day in the time zone of this PC."""
    return datetime.combine(day, time.min).astimezone()


def last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def read_day(text: str, today: date) -> date | None:
    """2026/11/5, 2026-11-05, 20261105, 11/5 (the nearest one, rather a past one), 5 (of this
    month), in any width; None for what is no day.
    """
    text = "".join(unicodedata.normalize("NFKC", text).split())
    if found := _DIGITS.fullmatch(text) or _DATE.fullmatch(text):
        year, month, day = found.groups()
        if year:
            return _date(int(year), int(month), int(day))
        this_year = _date(today.year, int(month), int(day))
        if this_year is None or this_year - today > _NEAR:
            return _date(today.year - 1, int(month), int(day))
        return this_year
    if re.fullmatch(r"\d{1,2}日?", text):
        return _date(today.year, today.month, int(text.rstrip("日")))
    return None


def read_coming_day(text: str, today: date) -> date | None:
    """As `read_day`; without a year the next such day, and 5 is the next fifth of a month."""
    text = "".join(unicodedata.normalize("NFKC", text).split())
    if (found := _DATE.fullmatch(text)) and not found[1]:
        month, day = int(found[2]), int(found[3])
        years = (_date(today.year + ahead, month, day) for ahead in range(9))  # 29 February
        return next((one for one in years if one and one >= today), None)
    if re.fullmatch(r"\d{1,2}日?", text):
        day = int(text.rstrip("日"))
        months = (
            (today.year + (today.month + n) // 12, (today.month + n) % 12 + 1) for n in range(-1, 3)
        )
        days = (_date(year, month, day) for year, month in months)
        return next((one for one in days if one and one >= today), None)
    return read_day(text, today)


def read_clock(text: str) -> time | None:
    """10:00, 10時, 10時30分, 1030, 10, in any width; None for what is no time of day."""
    text = "".join(unicodedata.normalize("NFKC", text).split())
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year >= 1900 else None
    except ValueError:
        return None


def day_text(day: date) -> str:
    return f"{day:%Y/%m/%d}"


def day_words(day: date) -> str:
    """11月5日（木）"""
    return f"{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def moment_text(moment: datetime | None) -> str:
    """A time as tables show it, here; empty for none."""
    return f"{moment.astimezone():%Y/%m/%d %H:%M}" if moment else ""


def short_moment_text(moment: datetime | None, today: date) -> str:
    """The same in less room: 11/23 10:05, or the day alone where it was in another year."""
    if moment is None:
        return ""
    here = moment.astimezone()
    return f"{here:%m/%d %H:%M}" if here.year == today.year else f"{here:%Y/%m/%d}"
