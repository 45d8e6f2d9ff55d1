"""The daily copy of kollect.db, the check at start, and the way back to a good copy.

A copy is made by SQLite's backup API while the program works, checked, synced, then renamed;
`data_folder.BACKUPS_KEPT` of them are kept. Only copies of one and the same ledger lie beside each
other.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from kollect.desktop import files
from kollect.errors import StorageTrouble
from kollect.storage import highest_number, integrity
from kollect.storage.data_folder import BACKUPS_KEPT
from kollect.storage.database import return_under_way, to_text, trouble
from kollect.storage.database_driver import (
    connect,
    connect_with_key,
    corrupt,
    open_with,
    result_code,
    sqlite3,
)
from kollect.storage.database_errors import cause_in_database
from kollect.storage.database_glance import asked, given_and_seen, identity, last_number
from kollect.storage.export import cannot_write
from kollect.storage.numbers_in_log import numbers_given
from kollect.storage.schema import migrate
from kollect.storage_errors import cause_of, storage_trouble

WENT_BACK = "went back"
"""The note of when this file was put into the place of a newer one."""
SPARE = 100
"""So many numbers are passed over where only the log tells which was the last: a power cut takes
the last lines of a log with it.
"""
SECONDS_AT_START = 15.0
"""So long the file is read before the menu is there, at the most: a million receipts or two, half
as many encrypted ones. Every copy that is made is read to its end, once a day.
"""
_NAME = re.compile(r"kollect-(\d{4})(\d\d)(\d\d)\.db")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class DataLoss:
    """What going back to a copy costs, in numbers."""

    backup: Path
    made_on: date
    last_number: int | None
    """The last number the copy knows."""
    highest_number: int | None
    """The highest number known to have been given, from the damaged file and from the logs."""
    next_number: int | None
    """No number below this one is given any more."""

    def __str__(self) -> str:
        if self.highest_number is None or self.highest_number == self.last_number:
            told = "この控えのあとに発行した受付番号は、見つかっていません。"
        else:
            first = "" if self.last_number is None else f"{self.last_number + 1} から "
            told = (
                f"受付番号 {first}{self.highest_number} までの記録が失われます"
                "（これらの番号を、ほかのお客様に発行することはありません）。"
            )
        if self.next_number is not None:
            told += f"次の受付番号は {self.next_number} 以降になります。"
        return told


def make_backup(database: Path, folder: Path, today: date, *, removing: bool = True) -> Path | None:
    """Make today's copy unless it is there; keep the newest (`BACKUPS_KEPT`), or all without
    `removing`. Returns the new file.

    Raises `errors.StorageTrouble`, also where the database is damaged or is another one than the
    copies were made of: the good copies then stay as they are.
    """
    ours, theirs = identity(database), _identity_of_copies(folder)
    if ours and theirs and ours != theirs:
        raise StorageTrouble(
            "受付の記録が入れ替わっています",
            happened=f"「{database}」は、backup フォルダの控えとは別の、新しい記録です。"
            "元の kollect.db が消されたか、移されたようです。",
            cure="元の kollect.db を戻すか、コレクトを終了して起動し直し、控えに戻してください。"
            "はじめからやり直すときは、backup フォルダを別の場所へ移してください。",
        )
    target = folder / f"kollect-{today:%Y%m%d}.db"
    if target.exists():
        return None
    part = target.with_suffix(".part")
    try:
        folder.mkdir(exist_ok=True)  # without parents: a pulled-out stick is not rebuilt
        _copy(database, part)
        if found := damage(part):
            raise corrupt(found)
        files.replace(part, target)
        files.sync_folder(folder)
    except sqlite3.Error as error:
        raise trouble(error, database) from error
    except OSError as error:
        raise storage_trouble(error, target) from error
    finally:
        with suppress(OSError):
            files.remove(part)
    copies = _in_order(backups(folder), today)
    # the one that knows most stays too: an older file may have been put in the database's place
    fullest = max(copies, key=lambda copy: _mails_seen(copy)[0])  # the first of equals
    for old in copies[BACKUPS_KEPT:] if removing else ():
        if old not in (target, fullest):  # whatever date the clock has given it
            with suppress(OSError):  # somebody is looking at it
                files.remove(old)
    return target


def _in_order(copies: list[Path], today: date) -> list[Path]:
    """The newest first; those last that a clock which was ahead has dated: the ones dated
    right shall not give way to them."""
    return sorted(copies, key=lambda copy: copy.name > f"kollect-{today:%Y%m%d}.db")


def backups(folder: Path) -> list[Path]:
    """The copies that are there, the newest first."""
    with suppress(OSError):
        return sorted((p for p in folder.iterdir() if _NAME.fullmatch(p.name)), reverse=True)
    return []


def damage(database: Path, folder: Path | None = None) -> str | None:
    """Why the file cannot be worked with, in technical words; None where it is sound, or neither it
    nor copies of it (in `folder`) are there yet.

    Raises `errors.StorageTrouble` where the disk does not let itself be read.
    """
    return _damage(database, folder, None)


def damage_at_a_glance(
    database: Path, folder: Path | None = None, *, go_on: Callable[[], bool] = lambda: True
) -> str | None:
    """As `damage`, for the start: the file is read for some seconds at the most, and only while
    `go_on` says so.
    """
    ends = time.monotonic() + SECONDS_AT_START
    return _damage(database, folder, lambda: go_on() and time.monotonic() < ends)


def _damage(database: Path, folder: Path | None, go_on: Callable[[], bool] | None) -> str | None:
    if os.path.exists(return_under_way(database)):
        return "going back to a copy was interrupted"
    if os.path.exists(database):
        # the log of an older or a newer file may have been left beside it: both are then mixed
        has_log = os.path.exists(database.with_name(database.name + "-wal"))
        try:
            with closing(connect(database, "rw")) as db:
                found = (
                    integrity.wrong(db)
                    if go_on is None
                    else integrity.wrong_at_a_glance(db, go_on, perhaps_mixed=has_log)
                )
        except sqlite3.Error as error:
            if not is_damage(error):
                raise trouble(error, database) from error
            found = str(error)
        if found is not None:
            return found
    if folder is not None:
        copied = _identity_of_copies(folder)
        if copied and copied != identity(database):
            return "missing or made anew, though there are copies of another one"
    return None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file is damaged, not that the disk does not let it be read."""
    return result_code(error) in _DAMAGED


def damage_trouble(database: Path) -> StorageTrouble | None:
    """What to say where the file is damaged, every value read; None where it is sound."""
    try:
        found = damage(database)
    except StorageTrouble as trouble_with_disk:
        return trouble_with_disk
    return None if found is None else trouble(corrupt(found), database)


def newest_good(folder: Path) -> Path | None:
    """The copy that knows most, of those that pass the check."""
    # not by the name alone: a PC whose clock was wrong for a day left a copy with a date of its own
    by_content = sorted(backups(folder), key=_mails_seen, reverse=True)
    return next((copy for copy in by_content if damage(copy) is None), None)


def day_of(copy: Path) -> date:
    """When one of `backups` was made."""
    named = _NAME.fullmatch(copy.name)
    assert named is not None  # a copy is one of `backups`, which go by this name
    return date(*map(int, named.groups()))


def loss(database: Path, backup: Path, log_lines: Iterable[str]) -> DataLoss:
    """What would be lost by going on with `backup`. `log_lines`: for the numbers given since."""
    made_on = day_of(backup)
    logged = list(numbers_given(log_lines, made_on - timedelta(days=1)))
    in_backup, in_database = last_number(backup), last_number(database)
    interrupted = last_number(return_under_way(database))
    beside = _number_beside(database, identity(backup))
    told = [n for n in (in_backup, *logged) if n is not None]
    sure = [n for n in (in_database, interrupted, beside) if n is not None]
    highest_known = max((*told, *sure), default=None)
    following = None
    if highest_known is not None:
        following = highest_known + 1 + (0 if sure and max(sure) >= max(told, default=0) else SPARE)
    return DataLoss(backup, made_on, in_backup, highest_known, following)


def holds_data(database: Path) -> bool:
    """Whether it is there and more than an empty file, which is a new ledger to SQLite."""
    return os.path.exists(database) and os.path.getsize(database) > 0


def first_after(log_lines: Iterable[str], database: Path | None = None) -> int | None:
    """The first number that a new kollect.db may give; None where neither the log nor the
    file beside `database` tells of any.
    """
    logged = max(numbers_given(log_lines), default=0)
    beside = (_number_beside(database) if database else None) or 0
    if not logged and not beside:
        return None
    return beside + 1 if beside >= logged else logged + 1 + SPARE


def older_than(database: Path, folder: Path) -> Path | None:
    """The newest good copy, where it knows all that the database knows and more numbers besides: an
    older file was put in the place of the database.
    """
    ledger = identity(database)
    copy = newest_good(folder)
    if copy is None or ledger is None or identity(copy) != ledger:
        return None
    ours, theirs = given_and_seen(database), given_and_seen(copy)
    if ours is None or theirs is None:
        return None
    return copy if theirs[0] > ours[0] and theirs[1] >= ours[1] else None


def numbers_of_copies(folder: Path, ledger: str) -> Iterator[int]:
    """The last number that each copy of this ledger knows."""
    for copy in backups(folder):
        if identity(copy) == ledger and (last := last_number(copy)):
            yield last


def is_copied_in(folder: Path, ledger: str) -> bool:
    """Whether the copies that are there were made of this ledger."""
    return _identity_of_copies(folder) == ledger


def start_new_database(database: Path, first: int, now: datetime) -> None:
    """Make a kollect.db where there is none any more, that gives no number below `first`.

    It is there whole or not at all. What is left of the old one is set aside. Raises
    `errors.StorageTrouble`.
    """
    part = database.with_name(database.name + ".part")
    try:
        files.remove(part)
        with closing(connect(part, "rwc")) as new:
            migrate(new)
            _note(new, "number_floor", str(first))
        _set_aside(database, _aside(database, now))
        files.replace(part, database)
        files.sync_folder(database.parent)
    except sqlite3.Error as error:
        raise trouble(error, database) from error
    except OSError as error:
        raise storage_trouble(error, database) from error
    finally:
        with suppress(OSError):
            files.remove(part)


def go_back(
    database: Path,
    chosen: DataLoss,
    now: datetime,
    *,
    named: str = "damaged",
    prepare: Callable[[Path], None] = lambda copy: None,
) -> Path | None:
    """Go on with a copy: the present file is set aside, never deleted; its new name, in which
    `named` says what it is, is returned.

    The numbers that were given since are never given again; what sends itself asks before it sends
    what may have been sent since. `prepare` gets the new file before it
    is put in the place of the old one. A crash in between leaves a file by which `damage` tells
    it, and from which nothing but a further `go_back` leads on.
    """
    aside = _aside(database, now, named)
    ready = return_under_way(database)
    part = ready.with_name(ready.name + ".part")
    try:
        key = _copy(chosen.backup, part, floor=chosen.next_number, went_back=now)
        prepare(part)
        _close_as_one_file(part, key)
        files.replace(part, ready)
        _set_aside(database, aside)
        files.replace(ready, database)
        files.sync_folder(database.parent)
    except sqlite3.Error as error:
        raise trouble(error, database) from error
    except OSError as error:
        if not _is_there(aside):
            with suppress(OSError):
                files.remove(ready)
        raise storage_trouble(error, database) from error
    finally:
        for left in _files_of(part):  # `prepare` may have opened it
            with suppress(OSError):
                files.remove(left)
    return aside if _is_there(aside) else None


def write_out(database: Path, target: Path) -> None:
    """Put a whole copy of the database there, in the place of an older one; it is tried before it
    gets that name. Raises StorageTrouble, and then what was there still is.
    """
    part = target.with_name(target.name + ".part")
    try:
        key = _copy(database, part)  # with the key of this folder, wherever it goes
        with closing(open_with(key, part, "rw")) as copy:
            if found := integrity.wrong(copy):
                raise trouble(corrupt(found), database)
        files.give_usual_rights(part)
        files.replace(part, target)
        files.sync_folder(target.parent)
    except sqlite3.Error as error:
        if result_code(error) in _DAMAGED or not os.path.exists(database):
            raise trouble(error, database) from error
        raise cannot_write(target, cause_in_database(error, part), error) from error
    except OSError as error:
        raise cannot_write(target, cause_of(error), error) from error
    finally:
        for left in _files_of(part):
            with suppress(OSError):
                files.remove(left)


def _aside(database: Path, now: datetime, named: str = "damaged") -> Path:
    return database.with_name(f"{database.name}.{named}-{now:%Y%m%d-%H%M%S}")


def _set_aside(database: Path, aside: Path) -> None:
    """Its write-ahead log too: SQLite would read it into whatever comes in its place."""
    # the database first: where another program holds it, nothing has happened yet
    for old, new in zip(_files_of(database), _files_of(aside), strict=True):
        if old.exists():
            files.replace(old, new)


def _is_there(database: Path) -> bool:
    """Whether anything is there of it, be it empty or a write-ahead log alone."""
    return any(file.exists() for file in _files_of(database))


def _files_of(database: Path) -> list[Path]:
    return [
        database.with_name(database.name + ending) for ending in ("", "-wal", "-shm", "-journal")
    ]


def _copy(
    source: Path, target: Path, *, floor: int | None = None, went_back: datetime | None = None
) -> bytes | None:
    """Copy a database that may be in use, as one file, on disk when this returns.

    With `floor`, no number below it is given by the copy; with `went_back` it knows that it was put
    into the place of a newer one then. Returns the key that both have.
    """
    files.remove(target)
    old, key = connect_with_key(source, "ro")
    with closing(old), closing(open_with(key, target, "rwc")) as new:
        # all pages in one step: in steps it would begin again at every commit of the collector
        old.backup(new)
        if floor is not None:
            _note(new, "number_floor", str(floor))
        if went_back is not None:
            _note(new, WENT_BACK, to_text(went_back))
    _close_as_one_file(target, key)
    return key


def _close_as_one_file(target: Path, key: bytes | None) -> None:
    """Whoever has written there: a copy is one file, without a -wal beside it, and on disk."""
    with closing(open_with(key, target, "rw")) as new:
        new.execute("PRAGMA journal_mode = DELETE")
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _note(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET value = excluded.value",
        (key, value),
    )


def _number_beside(database: Path, ledger: str | None = None) -> int | None:
    """The highest number by the file beside it; None where it tells of another ledger."""
    there = highest_number.read(database)
    if there is None or (ledger is not None and there.ledger != ledger):
        return None
    return there.number


def _mails_seen(copy: Path) -> tuple[int, str]:
    """Grows with every mail that was ever seen; among equals the newest by name."""
    row = asked(copy, "SELECT seq FROM sqlite_sequence WHERE name = 'mail'")
    return (row[0] if row else 0, copy.name)


def _identity_of_copies(folder: Path) -> str | None:
    return next(filter(None, map(identity, backups(folder))), None)
