"""The connection to kollect.db with short ways to ask it, for the rooms of the members.

As durable as the ledger's (it is the same): what `transaction` has committed survives a power cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kollect.storage.database import Database, Row, rows_of

LISTED = "(SELECT value FROM json_each(?))"
"""Many values bound as one, by `json.dumps`: the statement stays the same, and is prepared once."""


class Queries(Database):
    """Every method raises `errors.StorageTrouble` where the file cannot be read or written."""

    def each(self, sql: str, *values: object) -> Iterator[Row]:
        """The rows one by one; memory does not grow with their number."""
        with self._translated():
            yield from rows_of(self._db, sql, values)

    def rows(self, sql: str, *values: object) -> list[Row]:
        with self._translated():
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> Row | None:
        with self._translated():
            found: Row | None = self._db.execute(sql, values).fetchone()
            return found

    def change(self, sql: str, *values: object) -> int:
        """Returns how many rows were changed."""
        with self._translated():
            return self._db.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: Iterable[Row]) -> int:
        with self._translated():
            return self._db.executemany(sql, rows).rowcount

    def insert(self, sql: str, *values: object) -> int:
        """Returns the new row's id."""
        with self._translated():
            return self._db.execute(sql, values).lastrowid or 0
