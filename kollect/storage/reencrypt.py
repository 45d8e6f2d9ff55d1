"""A database written again under another key, or without one, and compared with what it came from.

Knows nothing of folders and file names: what takes whose place is `protection.conversion`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from kollect.desktop import files
from kollect.storage.database_driver import (
    corrupt,
    open_with,
    quoted,
    result_code,
    sqlite3,
    uri_of,
)

Watch = Callable[[int], bool]
"""Told how many octets are written so far; answers whether to go on."""

_STEPS_OF_PROGRESS = 20_000
"""So many steps of SQLite's machine between two words of progress."""
_PLAIN = b"SQLite format 3\0"
_PAGE = 4096
_SAMPLES = 16


class WritingStopped(Exception):
    """`watch` has said so; what was written so far is to be removed."""


def present_key(database: Path, keys: Iterable[bytes | None]) -> bytes | None:
    """By which of these keys the file opens (None: it is plain). Raises sqlite3.Error where none
    fits or it cannot be read.
    """
    refusal: sqlite3.Error = corrupt("no key was given")
    for key in keys:
        try:
            open_with(key, database, "rw").close()
            return key
        except sqlite3.Error as error:
            if result_code(error) != sqlite3.SQLITE_NOTADB:
                raise
            refusal = error
    raise refusal


def write_with_key(
    source: Path, present: bytes | None, target: Path, key: bytes | None, watch: Watch
) -> None:
    """Write all that is in `source` into the new file `target`, and make sure that it is there.

    `source` is one file afterwards, without a write-ahead log. Raises sqlite3.Error, OSError and
    WritingStopped.
    """
    files.remove(target)
    with closing(open_with(present, source, "rw")) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute(f"ATTACH DATABASE ? AS written KEY {quoted(key)}", (uri_of(target, "rwc"),))
        db.execute("PRAGMA written.synchronous = FULL")
        stopped = False

        def look() -> bool:
            nonlocal stopped
            stopped = stopped or not watch(os.path.getsize(target))
            return stopped

        db.set_progress_handler(look, _STEPS_OF_PROGRESS)
        try:
            db.execute("SELECT sqlcipher_export('written')").fetchall()
            db.execute(f"PRAGMA written.user_version = {version}")
            _compare(db)
        except sqlite3.OperationalError as error:
            if stopped:
                raise WritingStopped from error
            raise
        finally:
            db.set_progress_handler(None, 0)
        db.execute("DETACH DATABASE written")
    with closing(open_with(key, target, "ro")) as db:
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise corrupt(found)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def looks_encrypted(database: Path) -> bool:
    """Whether every page looks like random octets, as none of a plain file does, be it damaged.

    For a file that nothing in this process has open: on Linux closing it would drop their locks.
    """
    try:
        pages = database.stat().st_size // _PAGE
        with database.open("rb") as file:
            if pages == 0 or file.read(len(_PLAIN)) == _PLAIN:
                return False
            step = max(1, pages // _SAMPLES)
            return all(_is_random(file, page) for page in range(0, pages, step))
    except OSError:
        return False


def _is_random(file: BinaryIO, page: int) -> bool:
    file.seek(page * _PAGE)
    octets = file.read(_PAGE)
    return len(zlib.compress(octets, 1)) >= len(octets)


def _compare(db: sqlite3.Connection) -> None:
    """Every table of `main` row by row with that of `written`. Raises what damage would."""
    tables = db.execute(
        "SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE"
        " 'sqlite_stat%'"
    ).fetchall()
    for table, _ in tables:
        described = db.execute(f'PRAGMA main.table_info("{table}")').fetchall()
        columns = [f'"{row[1]}"' for row in described]
        keys = [f'"{row[1]}"' for row in sorted(described, key=lambda row: row[5]) if row[5]]
        by = ["rowid"] if _has_rowid(db, table) else keys
        same = " AND ".join(f"a.{column} IS b.{column}" for column in (*by, *columns))
        found = db.execute(
            f'SELECT (SELECT count(*) FROM main."{table}"),'
            f' (SELECT count(*) FROM written."{table}"),'
            f' (SELECT count(*) FROM main."{table}" a JOIN written."{table}" b ON {same})'
        ).fetchone()
        if len({*found}) != 1:
            raise corrupt(f"{table}: {found[0]} rows, {found[1]} written, {found[2]} the same")
    descriptions = [
        sorted(db.execute(f"SELECT type, name, sql FROM {of}.sqlite_master WHERE sql <> ''"))
        for of in ("main", "written")
    ]
    if descriptions[0] != descriptions[1]:
        raise corrupt("the tables' descriptions differ")


def _has_rowid(db: sqlite3.Connection, table: str) -> bool:
    try:
        db.execute(f'SELECT rowid FROM main."{table}" LIMIT 0')
    except sqlite3.OperationalError:
        return False
    return True
