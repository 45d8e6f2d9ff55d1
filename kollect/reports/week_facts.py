"""Reads what the weekly report tells: the database, the copies of it, the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from kollect.delivery.carriers import by_carrier
from kollect.errors import StorageTrouble
from kollect.ledger.receipt_rows import Receipts
from kollect.reports.period_counts import Periods
from kollect.reports.weekly_report import WeekFacts, troubles
from kollect.storage import backup, event_log
from kollect.storage.data_folder import DataFolder

_WEEK = timedelta(days=7)


def read_week(folder: DataFolder, since: datetime, until: datetime) -> WeekFacts:
    """The facts of this week, told in its zone. Raises `errors.StorageTrouble`."""
    with Periods(folder.database) as periods, Receipts(folder.database) as receipts:
        refused = [
            (who, answer, given.astimezone(since.tzinfo))
            for who, answer, given in receipts.refused(since, until)
        ]
        copies = backup.backups(folder.backup_dir)
        return WeekFacts(
            since=since,
            until=until,
            week=periods.counts(since, until),
            before=periods.counts(since - _WEEK, since),
            members_now=periods.members_now(),
            unregistered_now=periods.unregistered_now(),
            owed_now=periods.owed_now(),
            refusals=by_carrier(refused),
            last_backup=backup.day_of(copies[0]) if copies else None,
            troubles=troubles(_log(folder, since, until), since, until),
        )


def _log(folder: DataFolder, since: datetime, until: datetime) -> Iterator[str]:
    """A log that cannot be read keeps no report from going out."""
    for month in sorted({f"{since:%Y-%m}", f"{until:%Y-%m}"}):
        with suppress(StorageTrouble):
            yield from event_log.read_month(folder, month)
