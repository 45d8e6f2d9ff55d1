"""The connection to kollect.db with short ways to ask it, for the rooms of the members.

As durable as the ledger's (it is the same): what `transaction` has committed survives a power cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kollect.storage.database import Database, rows_of


class Queries(Database):
    """Every method raises `errors.StorageTrouble` where the file cannot be read or written."""

    def each(self, sql: str, *values: object) -> Iterator[tuple]:
        """The rows one by one; memory does not grow with their number."""
        with self._translated():
            yield from rows_of(self._db, sql, values)

    def rows(self, sql: str, *values: object) -> list[tuple]:
        with self._translated():
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple | None:
        with self._translated():
            return self._db.execute(sql, values).fetchone()

    def change(self, sql: str, *values: object) -> int:
        """Returns how many rows were changed."""
        with self._translated():
            return self._db.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: Iterable[tuple]) -> int:
        with self._translated():
            return self._db.executemany(sql, rows).rowcount

    def insert(self, sql: str, *values: object) -> int:
        """Returns the new row's id."""
        with self._translated():
            return self._db.execute(sql, values).lastrowid or 0
