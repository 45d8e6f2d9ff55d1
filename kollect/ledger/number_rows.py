"""The ledger's chapter of numbers: which address has which, and what became of its letter."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.states import AlreadyNumbered, MailState, ReceiptState
from kollect.storage import highest_number
from kollect.storage.backup import WENT_BACK
from kollect.storage.database import Database, to_number, to_text
from kollect.storage.highest_number import Highest
from kollect.threads.background_thread import local_now

log = logging.getLogger(__name__)

_AT_ONCE = 250
OF_ADDRESS = (
    "address_key = ? AND (stands_for IS NULL"
    " OR EXISTS (SELECT 1 FROM member WHERE member.number = receipt.number))"
)
"""The numbers of an address, each to be read as `coalesce(stands_for, number)`: where its member
was merged into another (統合), the address has that one's. One that was handed in for
アドレスの変更 is not among them: the address has the member's own number now, or is a former one of
the member's."""
_NUMBER = "max(coalesce(stands_for, number))"


@dataclass(frozen=True, slots=True)
class Behind:
    """The database is an older one than that which gave the last numbers."""

    last: int | None
    """The last number that it knows."""
    highest: int
    """The highest one that was given."""

    def __str__(self) -> str:
        return f"{self.happened}{self.cure}"

    @property
    def happened(self) -> str:
        since = "" if self.last is None else f"{self.last + 1} から "
        lost = f"{since}{self.highest} まで"
        knows = "1つもありません" if self.last is None else f"{self.last} までです"
        return (
            f"受付の記録（kollect.db）が、以前の写しと入れ替わっています。この記録にある受付番号は"
            f"{knows}が、受付番号 {self.highest} まで発行したことが分かっています。"
            f"受付番号 {lost}のお客様の記録がありません。"
        )

    @property
    def cure(self) -> str:
        return (
            f"同じ番号をほかのお客様に発行しないように、次は {self.highest + 1} から発行します。"
            "新しいほうの kollect.db があれば、コレクトを終了してから元に戻してください。"
        )


class NumberRows(Database):
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._given = 0
        """The last number that was given in the transaction that is open."""
        self._highest = 0
        """No number up to this one is given; known beside the database."""
        self._keeping_failed = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As `Database.transaction`; the numbers given are then known outside the database too."""
        outermost = not self._db.in_transaction
        before = self._given = 0 if outermost else self._given
        try:
            with super().transaction():
                yield
        except BaseException:
            self._given = before  # what was given within this block is not given
            raise
        if outermost and self._given:
            given, self._given = self._given, 0
            self._keep_highest(given)

    def last_number(self) -> int | None:
        """The highest number in the database; None where there is none."""
        with self._translated():
            row: tuple[int | None] = self._db.execute("SELECT max(number) FROM receipt").fetchone()
            return row[0]

    def keep_highest(self) -> None:
        """Write the last number down beside the database."""
        last = self.last_number()
        if last is not None:
            self._keep_highest(last)

    def _keep_highest(self, last: int) -> None:
        self._highest = max(self._highest, last)
        try:
            highest_number.keep(self._path, Highest(last, self._link.identity))
            self._keeping_failed = False
        except OSError as error:
            # the log tells the numbers too: no reason to leave the customers without an answer
            if not self._keeping_failed:
                log.warning(
                    "%s に書けません。次回また試します（%s）",
                    highest_number.file_for(self._path).name,
                    error,
                )
            self._keeping_failed = True

    def catch_up(self, given: int) -> bool:
        """Give no number up to `given`, which is known from elsewhere to have been given.

        Returns whether the database was behind; what sends itself then asks, as after
        `backup.go_back`.
        """
        with self._translated():
            last, floor = self._last_and_floor()
        if given < max(last + 1, floor):
            return False
        with self.transaction():
            self._db.executemany(
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET value = excluded.value",
                [
                    ("number_floor", str(given + 1)),
                    ("behind", str(given)),
                    (WENT_BACK, to_text(local_now())),
                ],
            )
        self._highest = max(self._highest, given)
        return True

    def behind(self) -> Behind | None:
        """What `catch_up` has found; until a number above it was given."""
        with self._translated():
            row = self._db.execute("SELECT value FROM meta WHERE key = 'behind'").fetchone()
        last = self.last_number()
        if row is None or (last or 0) > to_number(row[0]):
            return None
        return Behind(last, to_number(row[0]))

    def _last_and_floor(self) -> tuple[int, int]:
        last, floor = self._db.execute(
            "SELECT (SELECT max(number) FROM receipt),"
            " (SELECT value FROM meta WHERE key = 'number_floor')"
        ).fetchone()
        return last or 0, to_number(floor or "0")

    def known(self, address_key: str, now: datetime) -> tuple[int | None, int, int]:
        """The number of an address (its newest) and how many of its mails of the last hour and
        the last day were, or are to be, answered.
        """
        with self._translated():
            number = self._db.execute(
                f"SELECT {_NUMBER} FROM receipt WHERE {OF_ADDRESS}", (address_key,)
            ).fetchone()[0]
        if number is None:
            return None, 0, 0  # every answer gave or named a number
        return number, *self.answered_lately(address_key, now)

    def answered_lately(self, address_key: str, now: datetime) -> tuple[int, int]:
        """How many of an address's mails of the last hour and the last day were, or are to be,
        answered; also of an address that a member has left, which has no number any more.
        """
        with self._translated():
            day, hour = self._db.execute(
                "SELECT count(*), coalesce(sum(seen_at > ?), 0) FROM mail"
                " WHERE address_key = ? AND seen_at > ? AND seen_at <= ?"
                " AND kind IN ('new', 'duplicate', 'renumber', 'stop') AND mailbox <> ?",
                (
                    to_text(now - timedelta(hours=1)),
                    *(address_key, to_text(now - timedelta(days=1)), to_text(now), MANUAL),
                ),
            ).fetchone()
        return hour, day

    def numbered_within(self, span: timedelta, now: datetime) -> int:
        """How many numbers were given to blank mails in the time before `now`.

        What a clock that was wrong has written down as later does not count: it would stop the
        numbering for years.
        """
        with self._translated():
            row: tuple[int] = self._db.execute(
                "SELECT count(*) FROM receipt WHERE received_at > ? AND received_at <= ?"
                " AND state <> ?",
                (to_text(now - span), to_text(now), ReceiptState.BROUGHT),
            ).fetchone()
            return row[0]

    def give_number(
        self,
        address: str,
        address_key: str,
        now: datetime,
        *,
        first: int,
        template: int,
        again: bool = False,
        state: ReceiptState = ReceiptState.PENDING,
        poster: str = "",
    ) -> int:
        """Give the next number to an address; `again` allows one that has a number already, which
        otherwise is an AlreadyNumbered. `poster` is the tag of the one that brought it.

        Belongs into the transaction that records the mail, so that no number is without its letter.
        """
        # within another transaction nothing of its own: the one change is the last statement
        with self._translated() if self._link.depth else self.transaction():
            old, last, floor = self._db.execute(
                f"SELECT (SELECT {_NUMBER} FROM receipt WHERE {OF_ADDRESS}),"
                " (SELECT max(number) FROM receipt),"
                " (SELECT value FROM meta WHERE key = 'number_floor')",
                (address_key,),
            ).fetchone()
            if old is not None and not again:
                raise AlreadyNumbered(old)
            number = self._next(first, last or 0, to_number(floor or "0"))
            self._insert(
                number, address, address_key, now, state, template, old is not None, poster
            )
            self._given = number
            return number

    def is_address_of(self, number: int, address_key: str) -> bool:
        """Whether mails to this address are mails to the member with this number."""
        with self._translated():
            row = self._db.execute(
                "SELECT 1 FROM receipt WHERE number = ? AND address_key = ?", (number, address_key)
            ).fetchone()
        return row is not None

    def next_number(self, first: int) -> int:
        """The one that `give_number` would give."""
        with self._translated():
            last, floor = self._last_and_floor()
        return self._next(first, last, floor)

    def _next(self, first: int, last: int, floor: int) -> int:
        return max(first, last + 1, floor, self._highest + 1)

    def keep_number(
        self, number: int, address: str, address_key: str, now: datetime, template: int
    ) -> None:
        """A customer from before keeps the number that the shop had given, which must be below the
        next. Raises AlreadyNumbered where the address has one, or somebody has this one.
        """
        with self._translated() if self._link.depth else self.transaction():
            (old,) = self._db.execute(
                f"SELECT {_NUMBER} FROM receipt WHERE {OF_ADDRESS} OR number = ?",
                (address_key, number),
            ).fetchone()
            if old is not None:
                raise AlreadyNumbered(old)
            self._insert(
                number, address, address_key, now, ReceiptState.BROUGHT, template, renumbered=False
            )

    def _insert(
        self,
        number: int,
        address: str,
        address_key: str,
        now: datetime,
        state: ReceiptState,
        template: int,
        renumbered: bool,
        poster: str = "",
    ) -> None:
        self._db.execute(
            "INSERT INTO receipt (number, address, address_key, received_at, state, template,"
            " renumbered, poster) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, address, address_key, to_text(now), state, template, renumbered, poster),
        )

    def count_again(self, number: int) -> None:
        """One more blank mail from the address of this number."""
        with self._translated():
            self._db.execute("UPDATE receipt SET times = times + 1 WHERE number = ?", (number,))

    def replied(self, numbers: Iterable[int], now: datetime) -> None:
        """The letters with these numbers were taken by the sending server."""
        moment = to_text(now)
        numbers = list(numbers)
        with self._translated():
            for start in range(0, len(numbers), _AT_ONCE):
                part = numbers[start : start + _AT_ONCE]
                self._db.execute(
                    "UPDATE receipt SET state = ?, reason = '', replied_at = ?"
                    f" WHERE number IN ({', '.join('?' * len(part))})",
                    (ReceiptState.REPLIED, moment, *part),
                )

    def receipt_state(
        self, number: int, state: ReceiptState, now: datetime, reason: str = ""
    ) -> None:
        """What became of the letter with this number. An answer once delivered stays delivered."""
        if state is ReceiptState.REPLIED:
            self.replied([number], now)
            return
        with self._translated():
            self._db.execute(
                "UPDATE receipt SET state = ?, reason = ? WHERE number = ? AND state <> ?",
                (state, reason, number, ReceiptState.REPLIED),
            )

    def bounced(
        self, letter_id: str, recipient_key: str, reason: str, since: datetime
    ) -> int | None:
        """Mark the receipt whose letter came back 不達: found by the letter's Message-ID, or where
        the report names none, by the recipient of a letter sent after `since`. Returns the number,
        if one was meant. An address that a member has left says nothing of the present one.
        """
        with self.transaction():
            number, to = self.sent(letter_id, recipient_key, since) or (None, "")
            if number is not None:
                self._db.execute(
                    "UPDATE receipt SET state = ?, reason = ? WHERE address_key = ? AND (number = ?"
                    " OR number = (SELECT stands_for FROM receipt WHERE number = ?))",
                    (ReceiptState.UNDELIVERABLE, reason, to, number, number),
                )
        return number

    def sent(self, letter_id: str, recipient_key: str, since: datetime) -> tuple[int, str] | None:
        """The number in a letter that was sent, found as in `bounced`, and the key of the address
        that it went to.
        """
        row: tuple[int, str] | None
        with self._translated():
            if letter_id:
                # the second condition changes nothing, but lets SQLite use its partial index
                row = self._db.execute(
                    "SELECT number, address_key FROM mail WHERE letter_id = ? AND letter_id <> ''"
                    " AND number IS NOT NULL",
                    (letter_id,),
                ).fetchone()
            else:
                row = self._db.execute(
                    "SELECT number, address_key FROM mail WHERE address_key = ? AND seen_at > ?"
                    " AND step NOT IN (?, ?) AND number IS NOT NULL"
                    " ORDER BY seen_at DESC, id DESC LIMIT 1",
                    (recipient_key, to_text(since), MailState.OWED, MailState.DEFERRED),
                ).fetchone()
        return row

    def seems_lost(self, number: int, address_key: str, reason: str) -> None:
        """Somebody says that a letter with this number did not arrive at this address, and it
        cannot be proved: that is shown (`states.in_words`) as long as it is the number's address,
        and changes nothing else.
        """
        with self._translated():
            self._db.execute(
                "UPDATE receipt SET reason = ?"
                " WHERE number = ? AND address_key = ? AND state IN (?, ?)",
                (reason, number, address_key, ReceiptState.REPLIED, ReceiptState.UNKNOWN),
            )

    def heard_from(self, address_key: str) -> None:
        """A mail came from this address: what seemed lost was not."""
        with self._translated():
            self._db.execute(
                "UPDATE receipt SET reason = '' WHERE address_key = ? AND state = ?"
                " AND reason <> ''",
                (address_key, ReceiptState.REPLIED),
            )
            self._db.execute("DELETE FROM returned_letter WHERE address_key = ?", (address_key,))
