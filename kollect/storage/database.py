"""One connection to kollect.db: opened safely, every change whole or not at all.

Knows how SQLite behaves, not what the tables hold.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeVar

from kollect.desktop import files, volume
from kollect.errors import StorageTrouble
from kollect.storage import database_driver
from kollect.storage.database_driver import (
    connect,
    connect_with_key,
    corrupt,
    open_with,
    result_code,
    sqlite3,
)
from kollect.storage.database_errors import database_trouble
from kollect.storage.schema import TYPES, migrate, refuse_newer, version_to_leave
from kollect.storage_errors import storage_trouble

E = TypeVar("E", bound=StrEnum)

Row = tuple[Any, ...]
"""What was asked for, in the order of the question; its reader knows what each value is."""

BLOCK = 200
"""Rows that are fetched at once: in a fraction of a millisecond, and worked on in some."""

_OUR_FAULTS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""Raised where this program is wrong, not the disk; nobody should be sent to look at the disk."""


@lru_cache(maxsize=16)
def to_text(moment: datetime) -> str:
    """An aware time as the tables hold it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=64)
def to_time(text: str) -> datetime:
    """What `to_text` has written. Raises `errors.StorageTrouble` for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise broken_value(text) from error
    if moment.tzinfo is None:
        raise broken_value(text)
    return moment


def to_day(text: str) -> date:
    """A date as the tables hold it. Raises `errors.StorageTrouble` for anything else."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise broken_value(text) from error


def to_number(text: str) -> int:
    """A number that is held as a text. Raises `errors.StorageTrouble` for anything else."""
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        raise broken_value(text) from error


def one_of(kind: type[E], word: str) -> E:
    """A word of a list. Raises `errors.StorageTrouble` for one that is not in it."""
    try:
        return kind(word)
    except ValueError as error:
        raise broken_value(word) from error


def broken_value(value: object) -> StorageTrouble:
    """What to say of a value that nobody can have written: the file is damaged."""
    return database_trouble(corrupt(f"not a value of this column: {value!r}"), Path("kollect.db"))


def return_under_way(database: Path) -> Path:
    """The file that exists while `backup.go_back` puts a copy in the place of the database."""
    return database.with_name(f"{database.name}.restoring")


def former_of(file: Path) -> Path:
    """What a file is called while `protection.conversion` puts a new one in its place."""
    return file.with_name(f"{file.name}.former")


def trouble(error: sqlite3.Error, path: Path) -> StorageTrouble:
    """Why SQLite could not read or write the file."""
    if result_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        # so it says of its -shm file on a read-only or a full disk; writing something tells why
        try:
            files.try_writing(path.parent)
        except OSError as reason:
            return storage_trouble(reason, path)
    return database_trouble(error, path)


def translated(path: Path) -> AbstractContextManager[None]:
    """What SQLite cannot read or write is an `errors.StorageTrouble`."""
    return _Translated(path)


class _Translated(AbstractContextManager[None]):
    """A class, because it stands around every statement: a generator costs four times as much."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: object
    ) -> None:
        if error is None or isinstance(error, _OUR_FAULTS):
            return
        if isinstance(error, sqlite3.Error):
            raise trouble(error, self._path) from error
        if isinstance(error, UnicodeDecodeError) and not is_about_schema(error):
            return
        if isinstance(error, UnicodeDecodeError):
            raise broken_value(error.object) from error


def is_about_schema(error: UnicodeDecodeError) -> bool:
    """Whether the driver meant to say that the tables' own description is damaged, and could not:
    the piece that it quotes, or the type of a column, is no UTF-8.
    """
    quoted = error.object
    return quoted.startswith(b"malformed database schema") or any(
        len(quoted) == len(word) and sum(a != b for a, b in zip(quoted, word, strict=True)) == 1
        for word in TYPES
    )


def rows_of(db: sqlite3.Connection, statement: str, values: Sequence[object]) -> Iterator[Row]:
    """The rows that the statement finds, one by one; memory holds a block of them.

    Python's lock is let go at each row that SQLite fetches, for too short a time to be taken, yet
    long enough for a thread that waits for it to begin its waiting again: fetched one at a time
    between the work on them, rows kept the window still for seconds.
    """
    cursor = db.cursor()
    try:
        cursor.execute(statement, values)
        while block := cursor.fetchmany(BLOCK):
            yield from block
    finally:
        with suppress(sqlite3.ProgrammingError):  # left half-way, and closed with its connection
            cursor.close()


@dataclass(slots=True)
class _Link:
    """What those share that write on one connection."""

    db: sqlite3.Connection
    identity: str = ""
    depth: int = 0
    """Transactions that are open, one in the other."""


class Database:
    """Belongs to one thread; several may be open on one file.

    Every method raises `errors.StorageTrouble` where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not os.path.exists(path) and os.path.exists(former_of(path)):
            raise StorageTrouble(
                "データの保護の切り替えが途中で止まっています",
                happened="データを保護する（または解除する）作業が、途中で止まっています。",
                cure="コレクトを終了して起動し直してください。続きから始めます。",
                detail=str(former_of(path)),
            )
        # os.path, as Path.exists raises where a folder may not be looked into
        if not os.path.exists(path) and os.path.exists(return_under_way(path)):
            # a new file here would give the old numbers once more
            raise StorageTrouble(
                "控えに戻す途中で止まっています",
                happened="受付の記録を控えに戻す作業が、途中で止まっています。",
                cure="コレクトを終了して起動し直し、もう一度控えに戻してください。",
                detail=str(return_under_way(path)),
            )
        with translated(path):
            self._link = _Link(connect(path, "rwc"))
            try:
                refuse_newer(self._db)
                _tune(self._db, path)
                if version := version_to_leave(self._db):
                    _keep(self._db, path, version)
                migrate(self._db)
                self._link.identity = _identity_of(self._db)
            except BaseException:
                self._db.close()
                raise

    @property
    def _db(self) -> sqlite3.Connection:
        return self._link.db

    @classmethod
    def beside(cls, other: Database) -> Self:
        """On a connection that is open already: what both write may stand in one transaction."""
        shared = cls.__new__(cls)
        shared._path, shared._link = other._path, other._link
        return shared

    def reopen(self) -> None:
        """Go on with a new connection, also for those `beside`, after a commit that failed.

        Only so does a disk that was away come back, and nothing half-done stays behind. Raises
        `errors.StorageTrouble`, and then goes on with the old one, where the file is not there or
        is another one.
        """
        with self._translated():
            new = connect(self._path, "rw")
            try:
                # not before it is known whose file it is: an empty one would become a database
                ours, found = self._link.identity, _identity_of(new)
                if ours != found:
                    raise StorageTrouble(
                        "受付の記録が入れ替わっています",
                        happened=f"「{self._path}」が、別の記録に変わっています。",
                        cure="元の kollect.db を、元の場所に戻してください。",
                        detail=f"{ours} {found}",
                    )
                _tune(new, self._path)
            except BaseException:
                new.close()
                raise
        old, self._link.db = self._link.db, new
        with suppress(sqlite3.Error):
            old.close()

    def close(self) -> None:
        with self._translated():
            self._db.close()

    @property
    def in_transaction(self) -> bool:
        """What is written now goes to disk with the rest of it, at no cost of its own."""
        return self._db.in_transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the outermost block has ended."""
        undo: tuple[str, ...]
        begin, end, undo = ("BEGIN IMMEDIATE",), ("COMMIT",), ("ROLLBACK",)
        if self._link.depth:
            begin, end = ("SAVEPOINT part",), ("RELEASE part",)
            undo = ("ROLLBACK TO part", "RELEASE part")
        elif self._db.in_transaction:
            self.reopen()  # one that failed and could not be undone: within it nothing is committed
        with self._translated():
            self._run(begin)
            self._link.depth += 1
            try:
                yield
                self._run(end)
            except BaseException:
                if self._db.in_transaction:  # after some errors SQLite has rolled back by itself
                    self._run(undo)
                raise
            finally:
                self._link.depth -= 1

    def _whole(self, rows: int) -> AbstractContextManager[None]:
        """Around one change of so many rows that may turn out to be illegal. One row alone has
        changed or has not: there is nothing half-done that would have to be undone."""
        stuck = self._db.in_transaction and not self._link.depth
        return self.transaction() if rows > 1 or stuck else self._translated()

    def _run(self, statements: tuple[str, ...]) -> None:
        for statement in statements:
            self._db.execute(statement)

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._path)


def _tune(db: sqlite3.Connection, path: Path) -> None:
    _journal(db, "DELETE" if volume.on_network(path.parent) else "WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")


def _identity_of(db: sqlite3.Connection) -> str:
    """What a ledger and all its copies have in common."""
    row = db.execute("SELECT value FROM meta WHERE key = 'install_id'").fetchone()
    return row[0] if row else ""


def copy_before(database: Path, version: int) -> Path:
    """What is kept of a file of that version, beside the daily copies, before it is changed."""
    return database.parent / "backup" / f"kollect-version{version}.db"


def _keep(db: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the file before it is brought to another version; the first copy of a version stays."""
    target = copy_before(path, version)
    if target.exists():
        return
    part = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        target.parent.mkdir(exist_ok=True)
        probe, key = connect_with_key(path, "ro")
        probe.close()
        with closing(open_with(key, part, "rwc")) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a -wal beside it
            whole = version_to_leave(copy) == version  # a second program may have been faster
        if whole:
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            files.replace(part, target)
            files.sync_folder(target.parent)
    except OSError as error:
        raise storage_trouble(error, target) from error
    finally:
        with suppress(OSError):
            files.remove(part)


def _journal(db: sqlite3.Connection, mode: str) -> None:
    """WAL: readers and one writer beside each other. DELETE: for a folder on another computer,
    where a write-ahead log is not safe; one that a file has from before ends here.
    """
    ends = time.monotonic() + database_driver.WAIT_FOR_OTHERS
    while True:
        try:
            db.execute(f"PRAGMA journal_mode = {mode}")
            return
        except sqlite3.OperationalError as error:
            # for this lock SQLite does not wait by itself: another one is switching the file
            if result_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.02)
