"""The lines of a log as ログの表示 needs them: their parts, their days, what is found. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date

from kollect.storage import log_sentences

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (\S+) (.*)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d\d-\d\d ")

_DETAIL = re.compile(r"（(\w+(?:\.\w+)*: .* ← [^ :]+:\d+ .*)）$", re.DOTALL)
"""As `storage.event_log` writes an exception behind the words of an event."""

FAULT = "エラー"
_WORTH_A_LOOK = (FAULT, "注意")
LOOK_UP_EVERY = 5000
"""Lines, after which a search asks whether it is still wanted."""


WHEN = "%Y/%m/%d %H:%M:%S"
"""How `parts` gives it."""


def parts(line: str) -> tuple[str, str, str]:
    """When, what kind, what; a line that is not ours is all text."""
    found = _LINE.fullmatch(line)
    if found is None:
        return "", "", line
    # older logs have a reply that failed under 情報
    kind = FAULT if log_sentences.is_fault(found[3]) else found[2]
    return found[1].replace("-", "/"), kind, found[3]


def is_fault(line: str) -> bool:
    """What the screens show in red. 注意 too: under that older logs have every trouble."""
    found = _LINE.fullmatch(line)
    return found is not None and (found[2] in _WORTH_A_LOOK or log_sentences.is_fault(found[3]))


def split_detail(text: str) -> tuple[str, str]:
    """What happened, and the technical words at its end: the fault's places in the program."""
    found = _DETAIL.search(text)
    return (text[: found.start()], found[1]) if found else (text, "")


def days(lines: Sequence[str]) -> list[date]:
    """Those with entries, in their order."""
    found = {line[:10]: line for line in lines if _DAY.match(line)}
    return [day for line in found.values() if (day := day_of(line))]


def day_of(line: str) -> date | None:
    try:
        return date.fromisoformat(line[:10]) if _DAY.match(line) else None
    except ValueError:
        return None


def place_of_day(lines: Sequence[str], day: date) -> int | None:
    """The first line of this day, or of the next one that has any."""
    wanted = f"{day:%Y-%m-%d}"
    for place, line in enumerate(lines):
        if line[:10] >= wanted and day_of(line):
            return place
    return None


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def month_words(month: str) -> str:
    """2026年11月"""
    year, number = month.split("-")
    return f"{year}年{int(number)}月"


def find(
    lines: Sequence[str], text: str, stopping: Callable[[], bool] = lambda: False
) -> list[int]:
    """The places of the lines with this text, without regard to case or width."""
    text = text.strip()
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded:
        return []
    found = []
    for place, line in enumerate(lines):
        if place % LOOK_UP_EVERY == 0 and stopping():
            return []
        if text in line or folded in line.casefold():
            found.append(place)
    return found
