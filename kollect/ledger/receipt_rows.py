"""収集結果 as the ledger has it: reading only, for screens, lists and files."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime

from kollect.ledger.receipt_query import ReceiptQuery, clauses
from kollect.ledger.records import Receipt
from kollect.ledger.states import ReceiptState
from kollect.storage.database import Row, one_of, to_text, to_time
from kollect.storage.reader import Reader

_RECEIPT = (
    "SELECT number, address, received_at, replied_at, state, reason, times, EXISTS"
    " (SELECT 1 FROM member WHERE member.number = coalesce(receipt.stands_for, receipt.number)"
    " AND member.state = 'active'), stands_for, poster FROM receipt"
)


CAME = f"state <> '{ReceiptState.BROUGHT}'"
"""By a blank mail, and not out of a list of customers from before."""


class Receipts(Reader):
    def all(self) -> Iterator[Receipt]:
        """Every receipt in the order of the numbers."""
        return map(receipt_of, self._select(f"{_RECEIPT} ORDER BY number"))

    def of_address(self, address_key: str) -> list[Receipt]:
        """The receipts of an address, the newest first."""
        where = "WHERE address_key = ? ORDER BY number DESC"
        return list(map(receipt_of, self._select(f"{_RECEIPT} {where}", (address_key,))))

    def numbers(self, wanted: ReceiptQuery) -> array[int]:
        """The numbers of all receipts that are wanted, in the order wanted."""
        where, values = clauses(wanted)
        return array(
            "q", (n for (n,) in self._select(f"SELECT number FROM receipt {where}", values))
        )

    def some(self, numbers: Sequence[int]) -> dict[int, Receipt]:
        """Those receipts of these numbers that are there."""
        rows = self._select_by(f"{_RECEIPT} WHERE number IN", numbers)
        return {row[0]: receipt_of(row) for row in rows}

    def refused(
        self, since: datetime, until: datetime | None = None
    ) -> list[tuple[str, str, datetime]]:
        """The address, the server's words and the time of the number of each reply that did not
        arrive, of numbers given in that time; of a million the newest ten thousand.
        """
        ends = to_text(until) if until else "9999"
        rows = self._select(
            "SELECT address, reason, received_at FROM receipt"
            " WHERE state IN (?, ?) AND reason <> '' AND received_at >= ? AND received_at < ?"
            " ORDER BY number DESC LIMIT 10000",
            (ReceiptState.UNDELIVERABLE, ReceiptState.REFUSED, to_text(since), ends),
        )
        return [(str(who), str(reason), to_time(given)) for who, reason, given in rows]

    def total(self) -> int:
        total: int
        ((total,),) = self._select("SELECT count(*) FROM receipt")
        return total

    def counts(self, since: datetime) -> tuple[int, int]:
        """How many numbers were given to blank mails since then, and how many there are in all."""
        ((given, total),) = self._select(
            f"SELECT (SELECT count(*) FROM receipt WHERE received_at >= ? AND {CAME}),"
            " (SELECT count(*) FROM receipt)",
            (to_text(since),),
        )
        return given, total

    def hours(self, since: datetime | None, until: datetime | None) -> list[tuple[datetime, int]]:
        """How many numbers were given to blank mails in each hour of that time; hours without one
        are left out."""
        rows = self._select(
            "SELECT substr(received_at, 1, 13), count(*) FROM receipt"
            f" WHERE received_at >= ? AND received_at < ? AND {CAME} GROUP BY 1 ORDER BY 1",
            (to_text(since) if since else "", to_text(until) if until else "9999"),
        )
        return [(to_time(f"{hour}:00:00Z"), count) for hour, count in rows]

    def by_poster(self, since: datetime | None, until: datetime | None) -> dict[str, int]:
        """How many numbers were given in that time to blank mails by each poster's tag; "" is the
        plain address."""
        rows = self._select(
            "SELECT poster, count(*) FROM receipt"
            f" WHERE received_at >= ? AND received_at < ? AND {CAME} GROUP BY poster",
            (to_text(since) if since else "", to_text(until) if until else "9999"),
        )
        return dict(rows)

    def poster_names(self) -> dict[str, str]:
        """The names of the posters by their tags, in the order in which they were made."""
        return dict(self._select("SELECT tag, name FROM poster ORDER BY id"))


def receipt_of(row: Row) -> Receipt:
    """Of the columns that `_RECEIPT` asks for."""
    number, address, received, replied, state, reason, times, member, stands_for, poster = row
    return Receipt(
        number=number,
        address=address,
        received_at=to_time(received),
        replied_at=to_time(replied) if replied else None,
        state=one_of(ReceiptState, state),
        reason=reason,
        times=times,
        member=bool(member),
        stands_for=stands_for,
        poster=poster,
    )
