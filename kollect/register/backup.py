"""The daily copy of kollect.db, the check at start, and the way back to a good copy.

A copy is made by SQLite's backup API while the program works, synced, then renamed; seven are kept.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from kollect.folder import database_trouble, storage_trouble

KEEP = 7
_NAME = re.compile(r"kollect-(\d{4})(\d\d)(\d\d)\.db")
_GIVEN = re.compile(r"受付番号 (\d+) を発行しました")


@dataclass(frozen=True, slots=True)
class Loss:
    """What going back to a copy costs, in numbers."""

    backup: Path
    made_on: date
    last_number: int | None
    """The last number the copy knows."""
    highest_number: int | None
    """The highest number known to have been given, from the damaged file and from the logs."""

    def __str__(self) -> str:
        if self.highest_number is None or self.highest_number == self.last_number:
            return "この控えのあとに発行した受付番号は、見つかっていません。"
        first = 1 if self.last_number is None else self.last_number + 1
        return (
            f"受付番号 {first} ～ {self.highest_number} の記録が失われます"
            "（これらの番号は、ほかのお客様に二度と発行しません）。"
        )


def make_backup(database: Path, folder: Path, today: date) -> Path | None:
    """Make today's copy unless it is there; keep the newest seven. Returns the new file.

    Raises `errors.StorageTrouble`; an unfinished copy is never left under a good name.
    """
    target = folder / f"kollect-{today:%Y%m%d}.db"
    if target.exists():
        return None
    part = target.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            closing(sqlite3.connect(database, timeout=10.0)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            source.backup(copy, pages=2000, sleep=0.01)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
        for old in backups(folder)[KEEP:]:
            old.unlink(missing_ok=True)
    except sqlite3.Error as error:
        raise database_trouble(error, target) from error
    except OSError as error:
        raise storage_trouble(error, target) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return target


def backups(folder: Path) -> list[Path]:
    """The copies that are there, the newest first."""
    with suppress(OSError):
        return sorted((p for p in folder.iterdir() if _NAME.fullmatch(p.name)), reverse=True)
    return []


def damage(database: Path) -> str | None:
    """What SQLite's quick check says against the file; None where it is sound or not there yet."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(database, timeout=10.0)) as db:
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            raise database_trouble(error, database) from error
        return str(error)
    return None if found == "ok" else found


def newest_good(folder: Path) -> Path | None:
    """The newest copy that passes the check."""
    return next((copy for copy in backups(folder) if damage(copy) is None), None)


def loss(database: Path, backup: Path, log_lines: Iterable[str]) -> Loss:
    """What would be lost by going on with `backup`. `log_lines`: the logs, for the numbers given since."""
    logged = [int(found[1]) for line in log_lines if (found := _GIVEN.search(line))]
    known = [n for n in (_last_number(database), _last_number(backup), *logged) if n is not None]
    year, month, day = _NAME.fullmatch(backup.name).groups()  # type: ignore[union-attr]
    return Loss(
        backup,
        date(int(year), int(month), int(day)),
        _last_number(backup),
        max(known, default=None),
    )


def go_back(database: Path, chosen: Loss, now: datetime) -> Path | None:
    """Go on with a copy: the damaged file is set aside (its name is returned), never deleted.

    The numbers that were given since are never given again.
    """
    aside = database.with_name(f"{database.name}.damaged-{now:%Y%m%d-%H%M%S}")
    part = database.with_suffix(".part")
    try:
        with (
            closing(sqlite3.connect(chosen.backup)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            source.backup(copy)
            if chosen.highest_number is not None:
                copy.execute(
                    "INSERT INTO meta (key, value) VALUES ('number_floor', ?)"
                    " ON CONFLICT DO UPDATE SET value = excluded.value",
                    (str(chosen.highest_number + 1),),
                )
                copy.commit()
        for ending in ("-wal", "-shm"):
            beside = database.with_name(database.name + ending)
            if beside.exists():
                beside.replace(aside.with_name(aside.name + ending))
        moved = database.exists()
        if moved:
            database.replace(aside)
        part.replace(database)
    except sqlite3.Error as error:
        raise database_trouble(error, chosen.backup) from error
    except OSError as error:
        raise storage_trouble(error, database) from error
    return aside if moved else None


def _last_number(database: Path) -> int | None:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
            return db.execute("SELECT max(number) FROM receipt").fetchone()[0]
    except (sqlite3.Error, ValueError):
        return None
