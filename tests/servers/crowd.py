"""A database with very many members, made at once."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

from kollect.ledger.ledger import Ledger
from kollect.members.member import Member
from kollect.members.member_filter import search_text
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import numbered


def fill_members(path: Path, many: int) -> None:
    """Make `path` with `many` members, written past Members: only what reads them matters."""
    with closing(Ledger(path)) as ledger, ledger.transaction():
        numbered(ledger, "first@x.jp")
    dice = random.Random(5)

    def person(number: int) -> Member:
        return Member(
            number,
            "".join(dice.choices("山田太郎花子佐藤鈴木高橋伊渡辺中村小林加吉", k=4)),
            kana="".join(dice.choices("アイウエオカキクケコサシスセソタチツテト", k=8)),
            phone=f"090{dice.randrange(10**8):08}",
            home=f"神奈川県横浜市西区{dice.randrange(9)}-{dice.randrange(99)}",
            groups=("常連",) if number % 3 == 0 else (),
        )

    with closing(sqlite3.connect(path)) as db, db:
        for number in range(2001, 2001 + many):
            address, one = f"{dice.randrange(10**9):x}.{number}@docomo.ne.jp", person(number)
            db.execute(
                "INSERT INTO receipt (number, address, address_key, received_at, state, template)"
                " VALUES (?, ?, ?, '2026-01-01T00:00:00Z', 'replied', 1)",
                (number, address, address),
            )
            db.execute(
                "INSERT INTO member (number, name, kana, sex, phone, postcode, home, note, consent,"
                " consent_how, registered_at, search)"
                " VALUES (?, ?, ?, '', ?, '', ?, '', 0, '', '2026-01-01T00:00:00Z', ?)",
                (number, one.name, one.kana, one.phone, one.home, search_text(one, address)),
            )
