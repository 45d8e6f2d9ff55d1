"""Files of kollect.db as former versions of the program have written them.

Each is the dump of a file in tests/data, made by the program that had that version of the tables:
three receipts in different states, a 再送, a strike; version 3 also with members and a mailing,
version 4 with a changed address and a draft.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from kollect.storage.database_driver import sqlite3

_DUMPS = Path(__file__).parents[1] / "data"


def make_old_file(path: Path, version: int) -> None:
    """Write such a file of that version, 1, 3 or 4, to `path`."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript((_DUMPS / f"version{version}.sql").read_text(encoding="utf-8"))
