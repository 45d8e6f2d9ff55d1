"""Numbers given and members registered, for the tests and the pictures of their screens."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from kollect.ledger.ledger import Ledger
from kollect.ledger.states import MailState
from kollect.members.member import Consent, Member, Sex
from kollect.members.repository import Members
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import NOW, numbered

YAMADA = Member(
    1001,
    "山田　太郎",
    kana="ヤマダ　タロウ",
    birthday=date(1985, 1, 2),
    sex=Sex.MALE,
    phone="090-1234-5678",
    postcode="160-0023",
    home="東京都新宿区西新宿1-2-3",
    groups=("常連",),
    consent=Consent(True, date(2026, 11, 20), "会員登録用紙"),
)


def numbers(database: Path, *addresses: str) -> list[int]:
    """Give a number to each address, and have the letter with it delivered."""
    with closing(Ledger(database)) as ledger:
        both = [numbered(ledger, address) for address in addresses]
        rows, given = [row for row, _ in both], [number for _, number in both]
        ledger.replied(given, NOW)
        for step in (MailState.SENDING, MailState.SENT):
            ledger.move(rows, step, NOW)
    return given


def register(database: Path, *present: Member) -> None:
    with closing(Members(database)) as members:
        for member in present:
            members.register(member, datetime.now(UTC))


def stored(database: Path, number: int) -> Member | None:
    with closing(Members(database)) as members:
        return members.get(number)


def by_hand(database: Path, sql: str) -> None:
    """Change what the program would not."""
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(sql)
