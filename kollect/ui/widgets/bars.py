"""Receipts in each hour as the bars of a chart: per day, per month, per time of day, or by
poster. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kollect.ledger.posters import PLAIN_ADDRESS
from kollect.ui.widgets.dates import day_words

MOST_DAYS = 100
"""More bars than that cannot be told apart: then a bar is a month."""

Hours = Sequence[tuple[datetime, int]]
"""The beginnings of hours, and how many numbers were given in each."""


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    """Under it, where there is room."""
    words: str
    """What it stands for: 11月5日（木）."""
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    bars: tuple[Bar, ...]
    summary: str


def per_day(hours: Hours, first: date | None, last: date) -> Chart:
    """A bar for each day, or each month where there are too many days.

    `first` None: from the first receipt on.
    """
    days: Counter[date] = Counter()
    for hour, count in hours:  # Japan is whole hours away from UTC, so no hour is in two days
        days[hour.astimezone().date()] += count
    start = first or min(days, default=last)
    if (last - start).days >= MOST_DAYS:
        return _per_month(days, start, last)
    every = [start + timedelta(days=n) for n in range((last - start).days + 1)]
    bars = tuple(Bar(f"{day.month}/{day.day}", day_words(day), days[day]) for day in every)
    average = f"1日平均 {sum(bar.count for bar in bars) / max(1, len(bars)):.1f}件"
    return Chart("1日ごとの受付（件）", bars, _summary(bars, average))


def _per_month(days: Counter[date], start: date, last: date) -> Chart:
    months: Counter[tuple[int, int]] = Counter()
    for day, count in days.items():
        months[day.year, day.month] += count
    every = []
    year, month = start.year, start.month
    while (year, month) <= (last.year, last.month):
        every.append((year, month))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    bars = tuple(
        Bar(f"{year % 100}/{month}", f"{year}年{month}月", months[year, month])
        for year, month in every
    )
    average = f"1か月平均 {sum(bar.count for bar in bars) / max(1, len(bars)):,.0f}件"
    return Chart("1か月ごとの受付（件）", bars, _summary(bars, average))


def per_hour(hours: Hours) -> Chart:
    """A bar for each hour of the day, all days together."""
    counts: Counter[int] = Counter()
    for hour, count in hours:
        counts[hour.astimezone().hour] += count
    bars = tuple(Bar(str(hour), f"{hour}時台", counts[hour]) for hour in range(24))
    return Chart("時間帯ごとの受付（件）　0時台～23時台", bars, _summary(bars, ""))


def per_poster(counts: Mapping[str, int], names: Mapping[str, str]) -> Chart:
    """A bar for each poster and one for the plain address; `counts` and `names` by the tags."""
    known: dict[str, str] = {"": PLAIN_ADDRESS}
    known.update(names)
    bars = tuple(Bar(name, name, counts.get(tag, 0)) for tag, name in known.items())
    return Chart("ポスターごとの受付（件）", bars, _summary(bars, ""))


def label_every(width: float, slot: float) -> int:
    """Every so manieth bar has room for a label of this width."""
    steps = (1, 2, 3, 5, 7, 10, 14, 20, 30)
    return next((step for step in steps if step * slot >= width), steps[-1])


def _summary(bars: Sequence[Bar], average: str) -> str:
    total = sum(bar.count for bar in bars)
    if not total:
        return "この期間の受付はありません。"
    best = max(bars, key=lambda bar: bar.count)
    parts = [f"合計 {total:,}件", average, f"いちばん多いのは {best.words} の {best.count:,}件"]
    return "　".join(part for part in parts if part)
