"""What a kollect.db, sound or damaged, tells when asked one question; nothing is changed by it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from kollect.errors import DataCodeTrouble
from kollect.storage.database import Row
from kollect.storage.database_driver import connect, sqlite3

ABSURD = 10**12
"""No shop gives such a number: where a file says so, a bit has fallen over."""


def last_number(database: Path) -> int | None:
    """The last number a file knows of, given or passed over; None where it cannot tell."""
    row = asked(
        database,
        "SELECT max(number), (SELECT value FROM meta WHERE key = 'number_floor') FROM receipt",
    )
    if row is None:
        return None
    given, floor = row
    last = max(given or 0, int(floor) - 1 if str(floor).isdecimal() else 0)
    return last if 0 < last < ABSURD else None


def given_and_seen(database: Path) -> tuple[int, int] | None:
    """The last number that was given, and how many mails were ever seen."""
    return asked(
        database,
        "SELECT coalesce((SELECT max(number) FROM receipt), 0),"
        " coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'mail'), 0)",
    )


def receipts_and_members(database: Path) -> tuple[int, int] | None:
    """How many of both it holds; None also where it is of a version that knew no members."""
    return asked(
        database,
        "SELECT (SELECT count(*) FROM receipt),"
        " (SELECT count(*) FROM member WHERE state <> 'merged')",
    )


def changed_members(database: Path, copy: Path) -> int:
    """How many members were registered, corrected or told something of since the copy was made."""
    known = asked(copy, "SELECT coalesce(max(id), 0) FROM member_change") or (0,)
    found = asked(
        database, f"SELECT count(DISTINCT number) FROM member_change WHERE id > {int(known[0])}"
    )
    return found[0] if found else 0


def identity(database: Path) -> str | None:
    """What a ledger and all its copies have in common; None where it is missing or broken."""
    row = asked(database, "SELECT value FROM meta WHERE key = 'install_id'")
    return row[0] if row else None


def asked(database: Path, question: str) -> Row | None:
    """The first row of an answer; None where the file is not there, cannot tell, or needs a code
    that nobody has told.
    """
    try:
        with closing(connect(database, "ro")) as db:
            row: Row | None = db.execute(question).fetchone()
            return row
    except (sqlite3.Error, UnicodeDecodeError, DataCodeTrouble):
        return None
