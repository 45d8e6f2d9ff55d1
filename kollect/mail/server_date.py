"""The date that somebody else's clock has written into a line, as a server's greeting. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# RFC 5322 section 3.3; two digits of a year are of before 2000
_DATE = re.compile(
    rf"(?<![0-9])([0-3]?[0-9])[ \t]+({'|'.join(_MONTHS)})[a-z]*[ \t]+([0-9]{{4}})[ \t]+"
    r"([0-2][0-9]):([0-5][0-9])(?::([0-6][0-9]))?"
    r"[ \t]+(?:([+-])([0-9]{2})([0-9]{2})\b|(?:GMT|UTC|UT|Z)\b)",
    re.IGNORECASE | re.ASCII,
)


def date_in(text: str) -> datetime | None:
    """The last date in it, as in a Received field behind the semicolon; None where there is none
    whose zone is told in figures."""
    dates = _DATE.findall(text[-1000:])
    if not dates:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = dates[-1]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        return datetime(
            *(int(year), _MONTHS.index(month.lower()) + 1, int(day)),
            *(int(hour), int(minute), min(int(second or 0), 59)),
            tzinfo=timezone(-offset if sign == "-" else offset),
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
