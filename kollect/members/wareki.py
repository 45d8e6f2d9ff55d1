"""Dates as people write them, in 西暦 and in 和暦. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone

_ERAS = (
    ("令和", "R", date(2019, 5, 1)),
    ("平成", "H", date(1989, 1, 8)),
    ("昭和", "S", date(1926, 12, 25)),
    ("大正", "T", date(1912, 7, 30)),
    ("明治", "M", date(1868, 10, 23)),
)
"""Each with its first day, the newest first."""

_USUAL = re.compile("([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
"""Nearly every date in a file: a hundred thousand of them should take no second."""
_PARTED = re.compile(r"([0-9]{1,4}|元)[-/.,・年\s]+([0-9]{1,2})[-/.,・月\s]+([0-9]{1,2})\s*日?")
_SOLID = re.compile("([0-9]{4}|[0-9]{2})([0-9]{2})([0-9]{2})")
_ERA = re.compile(
    rf"({'|'.join(f'{name}|{name[0]}|{letter}' for name, letter, _ in _ERAS)})[\s.]*(.*)"
)
_TIME = re.compile(
    r"[T\s]\s*(?:午前|午後|AM|PM)?\s*([0-9]{1,2})[:時][0-9]{1,2}(?:[:分][0-9]{1,2}(?:[.,][0-9]+)?秒?)?分?"
    r"(?:\s*(?:AM|PM|JST))?\s*(Z|UTC|GMT|(?:UTC|GMT)?[+-][0-9]{2}:?(?:[0-9]{2})?)?"
    r"(?:\s*(?:\[[^]]*\]|\([^)]*\)|JST))?$"
)
"""What databases put behind a date: 1985/01/02 0:00:00, 1985-01-01T15:00:00.000Z."""
_DAY_IN_ZONE = re.compile(r"(?<=-[0-9]{2})(Z|\+[0-9]{2}:[0-9]{2})$")
"""A date of XML: 1985-01-02+09:00."""
_WEEKDAY = re.compile(
    r"[\s,]*[(\[]?\s*(?:(?<=[\s(\[日])[日月火水木金土](?:曜日?)?|[日月火水木金土]曜日?"
    r"|(?:SUN|MON|TUE|WED|THU|FRI|SAT)[A-Z]*\.?)\s*[)\]]?(?=\s*$|[T\s]\s*[0-9]{1,2}:)"
)
_WEEKDAY_BEFORE = re.compile(
    r"(?:[日月火水木金土](?:曜日?)?[\s,]+|(?:SUN|MON|TUE|WED|THU|FRI|SAT)[A-Z]*\.?[\s,]+)(?=[0-9A-Z])"
)
_OTHER_YEAR = re.compile(r"\s*[(\[](?:西暦)?[^()\[\]0-9]{0,4}(?:[0-9]{1,4}|元)年?[)\]]")
"""1985年1月2日（昭和60年）: the year once more, by the other calendar."""
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[A-Z]*\.?"
_ENGLISH = re.compile(
    rf"(?:(?P<one>[0-9]{{1,2}})[\s-]+{_MONTH}|{_MONTH.replace('month', 'first')}\s+"
    r"(?P<other>[0-9]{1,2}))[\s,-]+(?P<year>[0-9]{4})(?![0-9])"
)
"""2-Jan-1985, Jan 2, 1985: what a spreadsheet in another language, or a program, writes."""
_DAY_ZERO = date(1899, 12, 30)
"""Excel counts the days from here, for every date after February 1900."""
_JAPAN = timezone(timedelta(hours=9))
_DASHES = re.compile("[‐‑‒–—―−ー]")

_HOW = "1985/1/2、昭和60年1月2日、S60.1.2 のように入力してください。"


class NotADate(ValueError):
    """The text is no date. Says in Japanese why, and what would be one."""


def read(text: str) -> date:
    """The date that is meant: 1985/1/2, 19850102, 昭和60年1月2日, S60.1.2, 令和元年5月1日.

    Raises NotADate; also for a year of two digits without an era, which could mean either calendar.
    """
    if usual := _USUAL.fullmatch(text):
        year, month, day = map(int, usual.groups())
        return _day(year, month, day, f"{year}年{month}月{day}日")
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text)).strip().upper()
    plain = _DAY_IN_ZONE.sub("", plain)
    plain = _WEEKDAY_BEFORE.sub("", _OTHER_YEAR.sub("", plain))
    plain = _ENGLISH.sub(_in_figures, plain, count=1)
    plain = _WEEKDAY.sub("", plain).removesuffix("生").rstrip(" .")
    if ends := _TIME.search(plain):
        plain, later = plain[: ends.start()].strip(), _days_later(ends[1], ends[2] or "")
        begun = read(plain)
        return begun + timedelta(days=later) if later and begun < date.max else begun
    era = _ERA.fullmatch(plain)
    rest = era[2] if era else plain
    parts = _SOLID.fullmatch(rest) or _PARTED.fullmatch(rest)
    if parts is None:
        raise NotADate(f"日付として読めません。{_HOW}")
    year, month, day = (1 if part == "元" else int(part) for part in parts.groups())
    if era:
        return _of_era(era[1], year, month, day)
    if parts[1] == "元" or len(parts[1]) < 4:
        raise NotADate(f"西暦か和暦か、区別できません。{_HOW}")
    return _day(year, month, day, f"{year}年{month}月{day}日")


def of_spreadsheet(cell: str) -> str:
    """A cell with a date; where it holds the number that a spreadsheet has for one, that date.

    Five digits only, 1927 to 2079: 1985 alone may be a year.
    """
    if not re.fullmatch("[1-6][0-9]{4}", cell):
        return cell
    return f"{_DAY_ZERO + timedelta(days=int(cell)):%Y/%m/%d}"


def written(day: date) -> str:
    """The date in 和暦: 昭和60年1月2日. A day before 明治 in 西暦."""
    for name, _, first in _ERAS:
        if day >= first:
            year = day.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


def _in_figures(found: re.Match[str]) -> str:
    month = _MONTHS.index(found["month"] or found["first"]) + 1
    return f"{found['year']}/{month}/{found['one'] or found['other']}"


def _days_later(hour: str, zone: str) -> int:
    """How many days later it is in Japan: midnight there is 15:00 of the day before in UTC."""
    zone = "+00:00" if zone in ("Z", "UTC", "GMT") else zone.lstrip("UTCGM")
    if not zone or int(hour) > 23:
        return 0
    sign, hours, minutes = zone[0], int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 14 or minutes > 59:
        raise NotADate(f"時差が正しくありません（{zone}）。{_HOW}")
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1)
    there = datetime(2000, 1, 2, int(hour), tzinfo=timezone(offset))
    return (there.astimezone(_JAPAN).date() - there.date()).days


def _of_era(sign: str, year: int, month: int, day: int) -> date:
    place = next(i for i, (name, letter, _) in enumerate(_ERAS) if sign in (name, name[0], letter))
    name, _, first = _ERAS[place]
    said = f"{name}{year}年{month}月{day}日"
    if not 1 <= year <= 99:
        raise NotADate(f"{said}という日はありません。{_HOW}")
    meant = _day(first.year + year - 1, month, day, said)
    if meant < first or (place > 0 and meant >= _ERAS[place - 1][2]):
        raise NotADate(f"{said}という日はありません（{written(meant)}ではありませんか）。")
    return meant


def _day(year: int, month: int, day: int, said: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NotADate(f"{said}という日はありません。{_HOW}") from None
