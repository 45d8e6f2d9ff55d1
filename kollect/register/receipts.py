"""収集結果 as the ledger has it: reading only, for screens, lists and files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from kollect.register.database import connect, to_text, to_time, translated
from kollect.register.entry import Receipt
from kollect.register.receipt import ReceiptState
from kollect.register.schema import refuse_newer

_COLUMNS = (
    "number, address, received_at, replied_at, state, reason, times, EXISTS"
    " (SELECT 1 FROM member WHERE member.number = receipt.number AND member.state = 'active')"
)


class Receipts:
    """A reader of kollect.db, usable beside the collector. Belongs to one thread.

    Raises `errors.StorageTrouble` where the file cannot be read. Makes no file: a Ledger does.
    """

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

    def all(self) -> Iterator[Receipt]:
        """Every receipt in the order of the numbers."""
        return self._rows("1 ORDER BY number")

    def of_number(self, number: int) -> Receipt | None:
        return next(self._rows("number = ?", number), None)

    def of_address(self, address_key: str) -> list[Receipt]:
        """The receipts of an address, the newest first."""
        return list(self._rows("address_key = ? ORDER BY number DESC", address_key))

    def counts(self, since: datetime) -> tuple[int, int]:
        """How many numbers were given since then, and in all."""
        with translated(self._path):
            return self._db.execute(
                "SELECT (SELECT count(*) FROM receipt WHERE received_at >= ?),"
                " (SELECT count(*) FROM receipt)",
                (to_text(since),),
            ).fetchone()

    def _rows(self, where: str, *values: object) -> Iterator[Receipt]:
        with translated(self._path), closing(self._db.cursor()) as cursor:
            cursor.execute(f"SELECT {_COLUMNS} FROM receipt WHERE {where}", values)
            for number, address, received, replied, state, reason, times, member in cursor:
                yield Receipt(
                    number=number,
                    address=address,
                    received_at=to_time(received),
                    replied_at=to_time(replied) if replied else None,
                    state=ReceiptState(state),
                    reason=reason,
                    times=times,
                    member=bool(member),
                )
