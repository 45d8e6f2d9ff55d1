"""What was collected in one data folder, for the screens that show it, and what staff do there.

Everything here takes its time and belongs into a thread; the database is opened for each piece of
work and closed after it, so that nothing holds a USB stick or stands in the way of a backup.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from kollect.app import manual_actions
from kollect.delivery.carriers import CarrierRefusals, by_carrier
from kollect.errors import StorageTrouble, Trouble
from kollect.ledger.kept_folder import KeptFolder
from kollect.ledger.kept_query import KeptMail, KeptMails
from kollect.ledger.ledger import Ledger
from kollect.ledger.letter_query import LetterProgress, Letters
from kollect.ledger.posters import Posters
from kollect.ledger.receipt_query import ReceiptQuery
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.records import Receipt
from kollect.ledger.states import in_words
from kollect.mail import address
from kollect.mail.body import MailBody, read_contents
from kollect.mail.foreign_text import exact
from kollect.mail.message import HEADER_LIMIT, Mail
from kollect.mail.plus_address import poster_of
from kollect.members.repository import Members
from kollect.reports.month_facts import MonthFacts, months_with_numbers, read_month_facts
from kollect.settings.model import Settings
from kollect.settings.number_format import number_text
from kollect.storage import export
from kollect.storage.csv_format import csv_bytes
from kollect.storage.data_folder import DataFolder
from kollect.storage.protection_mark import is_marked

log = logging.getLogger(__name__)

T = TypeVar("T")

SHOWN_FOR = timedelta(days=31)
"""Copies are kept for 30 days from when they were written, a little after the mail was seen."""
MOST_READ = 2 * 1024 * 1024
"""Octets of a kept mail that are read for looking at it."""
ROWS_AT_ONCE = 1000

HEADER = ("受付番号", "メールアドレス", "受付日時", "返信日時", "状態", "回数", "会員", "ポスター")


@dataclass(frozen=True, slots=True)
class SearchResult(Generic[T]):
    """The answer to a search: the keys of all that was found, and the rows one looks at first."""

    keys: array[int] = field(default_factory=lambda: array("q"))
    total: int = 0
    """How many there are without any condition."""
    top: int = 0
    """The place of the first row to be in view."""
    rows: dict[int, T] = field(default_factory=dict)


class ResultsService:
    """Every method raises `errors.Trouble`."""

    def __init__(
        self,
        folder: DataFolder,
        settings: Callable[[], Settings],
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._now = now
        self._migrated = False

    @property
    def protected(self) -> bool:
        """Whether the data are encrypted, which a file that is exported is not."""
        return is_marked(self._folder.database)

    # ---- 収集結果 ----

    def find(
        self, wanted: ReceiptQuery, *, at: int | None = None, rows: int = 0
    ) -> SearchResult[Receipt]:
        """The receipts wanted, with so many rows: the first ones, or those from the number `at`."""
        if not self._folder.database.exists():
            return SearchResult()
        with self._receipts() as receipts:
            keys = receipts.numbers(wanted)
            top = _place(keys, at)
            return SearchResult(
                keys, receipts.total(), top, receipts.some(_around(keys, top, rows))
            )

    def receipts(self, numbers: Sequence[int]) -> dict[int, Receipt]:
        with self._receipts() as receipts:
            return receipts.some(numbers)

    def each(self, numbers: Sequence[int]) -> Iterator[Receipt]:
        """Those receipts of these numbers that are there, in this order; memory holds a block."""
        with self._receipts() as receipts:
            for start in range(0, len(numbers), ROWS_AT_ONCE):
                part = numbers[start : start + ROWS_AT_ONCE]
                rows = receipts.some(part)
                yield from (rows[n] for n in part if n in rows)

    def poster_names(self) -> dict[str, str]:
        """The names of the posters with an address of their own, by their tags."""
        if not self._folder.database.exists():
            return {}
        with self._receipts() as receipts:
            return receipts.poster_names()

    def by_poster(self, since: datetime | None, until: datetime | None) -> dict[str, int]:
        """How many numbers each poster has brought in that time, as `Receipts.by_poster`."""
        if not self._folder.database.exists():
            return {}
        with self._receipts() as receipts:
            return receipts.by_poster(since, until)

    def hours(self, since: datetime | None, until: datetime | None) -> list[tuple[datetime, int]]:
        """How many numbers were given in each hour of that time, as `Receipts.hours`."""
        if not self._folder.database.exists():
            return []
        with self._receipts() as receipts:
            return receipts.hours(since, until)

    def months(self, today: date) -> list[date]:
        """Those with numbers, as `months_with_numbers`."""
        self._migrate_if_there()
        return months_with_numbers(self._folder.database, today)

    def month_facts(self, month: date, today: date) -> MonthFacts:
        """What 月報 tells of the month with this first day."""
        self._migrate()
        return read_month_facts(self._folder.database, month, today)

    def refusals(self, since: datetime) -> tuple[CarrierRefusals, ...]:
        """The replies that did not arrive since then, by carrier; the most refused first."""
        if not self._folder.database.exists():
            return ()
        with self._receipts() as receipts:
            return by_carrier(
                (who, answer, given.astimezone()) for who, answer, given in receipts.refused(since)
            )

    def resend(self, numbers: Sequence[int]) -> list[int]:
        """再送. Returns the rows of the letters that bring these numbers; who waits for one already
        gets no second one.
        """
        settings = self._settings()
        waiting = self.letters_owed(numbers)
        receipts = self.receipts([n for n in numbers if n not in waiting])
        rows = list(waiting.values())
        if receipts:
            with closing(Ledger(self._folder.database)) as ledger:
                now = self._now()
                rows += manual_actions.resend(ledger, settings, receipts.values(), now)
        return rows

    def letters_owed(self, numbers: Sequence[int]) -> dict[int, int]:
        """Those of the numbers that a letter is waiting for, each with the row of its letter."""
        with self._letters() as letters:
            return letters.owed(numbers)

    def letters(self, rows: Sequence[int]) -> list[LetterProgress]:
        """What became of the letters of these rows."""
        with self._letters() as letters:
            return letters.progress(rows)

    def write_csv(
        self,
        path: Path,
        numbers: Sequence[int],
        encoding: str,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda count: None,
    ) -> bool:
        """The receipts of these numbers, in this order, as a table for a spreadsheet.

        `progress` gets how many are done. Returns False, and writes nothing, where it was stopped.
        """
        digits, posters = self.digits(), self.poster_names()

        def table() -> Iterator[Sequence[object]]:
            for place, receipt in enumerate(self.each(numbers)):
                if place % ROWS_AT_ONCE == 0:
                    if stopping():
                        return
                    progress(place)
                yield csv_row(receipt, digits, posters)

        octets = csv_bytes(HEADER, table(), encoding)
        if stopping():
            return False
        export.write(path, octets)
        return True

    # ---- 対象外・保留 ----

    def find_kept(
        self, text: str, *, at: int | None = None, rows: int = 0
    ) -> SearchResult[KeptMail]:
        """The kept mails with these words, the newest first; `at` and `rows` as in `find`."""
        if not self._folder.database.exists():
            return SearchResult()
        since = self._now() - SHOWN_FOR
        with self._kept() as mails:
            everything = mails.ids(since)
            keys = mails.ids(since, text) if text.strip() else everything
            top = _place(keys, at)
            return SearchResult(keys, len(everything), top, mails.some(_around(keys, top, rows)))

    def kept_mails(self, ids: Sequence[int]) -> dict[int, KeptMail]:
        with self._kept() as mails:
            return mails.some(ids)

    def read_kept(self, mail: KeptMail) -> MailBody:
        """What stands in the copy of a mail."""
        kept = KeptFolder(self._folder.kept_dir)
        copy = kept.copy(mail.file)
        if not copy.exists() and self._folder.kept_dir.is_dir():
            raise StorageTrouble(
                "このメールの中身は、もうありません",
                happened="対象外のメールを保存しておくのは30日間です。そのあとは自動で消します。",
                cure="差出人のアドレスに、用件をたずねてください。",
                detail=str(copy.path),
            )
        raw = kept.head(mail.file, MOST_READ + 1)
        return read_contents(raw[:MOST_READ], whole=mail.whole and len(raw) <= MOST_READ)

    def forward(self, mail: KeptMail) -> int:
        """Forward the kept copy to 「対象外メールの送信先」. Returns the row of the letter."""
        settings = self._settings()
        self.read_kept(mail)  # says so when it is gone
        with closing(Ledger(self._folder.database)) as ledger:
            return manual_actions.forward(ledger, settings, mail, self._now())

    def give_number(self, mail: KeptMail, to: str) -> int:
        """A number for an address. Raises `states.AlreadyNumbered`."""
        settings = self._settings()
        with closing(Ledger(self._folder.database)) as ledger:
            tags = Posters.beside(ledger).tags()
            poster = poster_of(self._head(mail), settings.mail_address, tags)
            return manual_actions.give_number(ledger, settings, mail, to, self._now(), poster)

    def _head(self, mail: KeptMail) -> Mail:
        """Of its copy; an empty one where that is gone."""
        try:
            return Mail.read(KeptFolder(self._folder.kept_dir).head(mail.file, HEADER_LIMIT))
        except StorageTrouble:
            return Mail.read(b"")

    def stop_mails(self, mail: KeptMail) -> list[int]:
        """配信停止 for the address of this mail. Returns the members that it is new for."""
        self._migrate()
        with closing(Members(self._folder.database)) as members:
            stopped = members.stop(address.key(mail.address), self._now(), "対象外・保留")
        for number in stopped:
            log.info(
                "会員 %d へのメールの配信を止めました: %s（画面から）", number, exact(mail.address)
            )
        return stopped

    def _receipts(self) -> Receipts:
        self._migrate()
        return Receipts(self._folder.database)

    def _letters(self) -> Letters:
        self._migrate()
        return Letters(self._folder.database)

    def _kept(self) -> KeptMails:
        self._migrate()
        return KeptMails(self._folder.database)

    def _migrate_if_there(self) -> None:
        if self._folder.database.exists():
            self._migrate()

    def _migrate(self) -> None:
        """A reader needs the tables of this version; a Ledger brings older ones to it."""
        if not self._migrated:
            Ledger(self._folder.database).close()
            self._migrated = True

    def digits(self) -> int:
        """How many digits a 受付番号 is written with; where the settings are wrong, as it is."""
        try:
            return self._settings().collect.number_digits
        except Trouble:
            return 0


def csv_row(receipt: Receipt, digits: int, posters: Mapping[str, str]) -> tuple[object, ...]:
    """Under `HEADER`; `posters` are the names by the tags."""
    return (
        number_text(receipt.number, digits),
        receipt.address,
        _local(receipt.received_at),
        _local(receipt.replied_at),
        in_words(receipt.state, receipt.reason),
        receipt.times,
        "会員" if receipt.member else "",
        posters.get(receipt.poster, receipt.poster),
    )


def _local(moment: datetime | None) -> str:
    """As Excel reads a time, in the time of this PC."""
    return f"{moment.astimezone():%Y/%m/%d %H:%M}" if moment else ""


def _place(keys: array[int], key: int | None) -> int:
    try:
        return keys.index(key) if key is not None else 0
    except ValueError:
        return 0


def _around(keys: array[int], top: int, rows: int) -> array[int]:
    return keys[max(0, top - rows) : top + 2 * rows] if top else keys[:rows]
