"""A reader of kollect.db, usable beside the collector: changes nothing and makes no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from kollect.storage.database import Row, rows_of, translated
from kollect.storage.database_driver import connect
from kollect.storage.schema import refuse_newer

KEYS_PER_QUERY = 500
"""So many values are bound to one statement; old SQLite takes no more than 999."""


class Reader:
    """Belongs to one thread. Raises `errors.StorageTrouble` where the file cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with translated(path):
            self._db = connect(path, "rw")
            try:
                refuse_newer(self._db)
                self._db.execute("PRAGMA query_only = ON")
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _select(self, statement: str, values: Sequence[object] = ()) -> Iterator[Row]:
        with translated(self._path):
            yield from rows_of(self._db, statement, values)

    def _select_by(self, statement: str, keys: Sequence[int]) -> Iterator[Row]:
        """The rows for these keys, in no order; the statement ends with `IN`."""
        for start in range(0, len(keys), KEYS_PER_QUERY):
            part = keys[start : start + KEYS_PER_QUERY]
            yield from self._select(f"{statement} ({', '.join('?' * len(part))})", part)
