"""What 月報 tells of one month, beside the month before. No customer is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from kollect.delivery.carriers import Carrier, carrier_of
from kollect.ledger.posters import PLAIN_ADDRESS
from kollect.ledger.receipt_rows import Receipts
from kollect.reports.period_counts import PeriodCounts, Periods

_MONTH = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})(?:月)?")
FIRST_YEAR, LAST_YEAR = 2000, 2999
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True)
class CarrierCount:
    """What customers of one provider did: their numbers, and replies that did not arrive."""

    carrier: Carrier
    received: int
    received_before: int
    not_arrived: int


@dataclass(frozen=True, slots=True)
class PosterCount:
    tag: str
    """"" is the plain address."""
    name: str
    received: int
    received_before: int


@dataclass(frozen=True, slots=True)
class MonthFacts:
    month: date
    """Its first day."""
    until: date
    """The last day that is counted: of the month that runs, today."""
    counts: PeriodCounts
    before: PeriodCounts
    days: tuple[int, ...]
    """受付 of each day of the month, from the first to the last, also of those that are to come."""
    carriers: tuple[CarrierCount, ...]
    """Those with any number, the most first."""
    posters: tuple[PosterCount, ...]
    """The plain address first; none where the shop has no posters with an address of their own."""
    members_now: int

    @property
    def is_over(self) -> bool:
        return self.until == last_day(self.month)


def month_of(text: str) -> date | None:
    """The first day of a month as people write it: 2026-11, 2026/11, 2026年11月."""
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        return None
    year, month = int(found[1]), int(found[2])
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        return None
    return date(year, month, 1)


def month_before(month: date) -> date:
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_after(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_day(month: date) -> date:
    return month_after(month) - timedelta(days=1)


def months_with_numbers(database: Path, today: date) -> list[date]:
    """The months from the first number on to the present one, the newest first; at most ten years.

    Raises `errors.StorageTrouble`.
    """
    first = None
    if database.exists():
        with Periods(database) as periods:
            first = periods.first_moment()
    oldest = (first.astimezone().date() if first else today).replace(day=1)
    months = [today.replace(day=1)]
    while months[-1] > oldest and len(months) < MOST_MONTHS:
        months.append(month_before(months[-1]))
    return months


def read_month_facts(database: Path, month: date, today: date) -> MonthFacts:
    """The facts of the month with this first day, by the clock of this PC. Raises
    `errors.StorageTrouble`."""
    span, earlier = _span(month), _span(month_before(month))
    with Periods(database) as periods, Receipts(database) as receipts:
        days = [0] * last_day(month).day
        for hour, count in receipts.hours(*span):  # Japan is whole hours away from UTC
            days[hour.astimezone().day - 1] += count
        return MonthFacts(
            month=month,
            until=min(last_day(month), max(month, today)),
            counts=periods.counts(*span),
            before=periods.counts(*earlier),
            days=tuple(days),
            carriers=_carriers(periods.domains(*span), periods.domains(*earlier)),
            posters=_posters(
                receipts.poster_names(), receipts.by_poster(*span), receipts.by_poster(*earlier)
            ),
            members_now=periods.members_now(),
        )


def _span(month: date) -> tuple[datetime, datetime]:
    """From its first moment to that of the next month."""
    first, after = (
        datetime.combine(day, time()).astimezone() for day in (month, month_after(month))
    )
    return first, after


def _carriers(
    now: Mapping[str, tuple[int, int]], before: Mapping[str, tuple[int, int]]
) -> tuple[CarrierCount, ...]:
    received: Counter[Carrier] = Counter()
    not_arrived: Counter[Carrier] = Counter()
    earlier: Counter[Carrier] = Counter()
    for domain, (count, lost) in now.items():
        received[carrier_of(f"@{domain}")] += count
        not_arrived[carrier_of(f"@{domain}")] += lost
    for domain, (count, _) in before.items():
        earlier[carrier_of(f"@{domain}")] += count
    found = [
        CarrierCount(one, received[one], earlier[one], not_arrived[one])
        for one in Carrier
        if received[one] or earlier[one]
    ]
    return tuple(sorted(found, key=lambda one: (-one.received, -one.received_before)))


def _posters(
    names: Mapping[str, str], now: Mapping[str, int], before: Mapping[str, int]
) -> tuple[PosterCount, ...]:
    if not names:
        return ()
    known = {"": PLAIN_ADDRESS, **names}
    return tuple(
        PosterCount(tag, name, now.get(tag, 0), before.get(tag, 0)) for tag, name in known.items()
    )
