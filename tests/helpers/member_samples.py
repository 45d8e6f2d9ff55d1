"""Numbers given and members registered, for the tests and the pictures of their screens."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from kollect.ledger.ledger import Ledger
from kollect.ledger.states import MailState
from kollect.members.member import Consent, Member, Sex
from kollect.members.member_filter import search_text
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


def crowd(database: Path, count: int) -> None:
    """So many members, written past Members: only what reads them is under test."""
    numbers(database, "first@x.jp")
    dice = random.Random(5)
    with closing(sqlite3.connect(database)) as db, db:
        for number in range(2001, 2001 + count):
            address = f"{dice.randrange(10**9):x}.{number}@docomo.ne.jp"
            one = Member(
                number,
                "".join(dice.choices("山田太郎花子佐藤鈴木高橋伊渡辺中村小林加吉", k=4)),
                kana="".join(dice.choices("アイウエオカキクケコサシスセソタチツテト", k=8)),
                phone=f"090-{dice.randrange(10**4):04}-{dice.randrange(10**4):04}",
            )
            db.execute(
                "INSERT INTO receipt (number, address, address_key, received_at, state, template)"
                " VALUES (?, ?, ?, '2026-01-01T00:00:00Z', 'replied', 1)",
                (number, address, address),
            )
            db.execute(
                "INSERT INTO member (number, name, kana, sex, phone, postcode, home, note, consent,"
                " consent_how, registered_at, search)"
                " VALUES (?, ?, ?, '', ?, '', '', '', 0, '', '2026-01-01T00:00:00Z', ?)",
                (number, one.name, one.kana, one.phone, search_text(one, address)),
            )
