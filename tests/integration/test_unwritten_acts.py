"""SQLite refuses, at any statement and for any reason, and at times after the commit was done all
the same: no letter twice. As `test_unwritten`, but within the process: quick enough for hundreds.

`KOLLECT_TROUBLES=1000 ./build.sh test tests/integration/test_unwritten_acts.py` plays a thousand.
"""

from __future__ import annotations

import email
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kollect.errors import StorageTrouble
from kollect.ledger import commit_retry
from kollect.ledger.states import ReceiptState
from kollect.mailing.mailing_states import MailingState, RecipientState
from kollect.storage import database_driver
from kollect.storage.database_driver import sqlite3
from tests.helpers.mail_samples import blank
from tests.helpers.member_shop import SHOP, Mailer, begin, guest, join
from tests.helpers.power_cut import CHANGES, Sqlite
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import Script, ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for

MAILS = 15
CODES = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)


class Refusals:
    """Refuses the acts whose number lies in one of the ranges."""

    def __init__(self, chance: random.Random, acts: int) -> None:
        self.acts = 0
        self.refused = 0
        self._chance = chance
        self._bad: set[int] = set()
        for _ in range(chance.randint(1, 3)):
            first = chance.randrange(1, acts)
            self._bad |= set(range(first, first + chance.choice((1, 1, 2, 5, 20))))

    def act(self, sql: str, do: Callable[[], Any]) -> Any:
        self.acts += 1
        if self.acts not in self._bad:
            return do()
        self.refused += 1
        if sql.startswith("COMMIT") and self._chance.random() < 0.5:
            do()  # on the disk, and yet the disk says no at its last step
        error = sqlite3.OperationalError("played")
        error.sqlite_errorcode = self._chance.choice(CODES)
        raise error


@contextmanager
def refusing(refusals: Refusals) -> Iterator[None]:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            run = super().execute
            if sql.lstrip().startswith((*CHANGES, "ROLLBACK", "SELECT", "PRAGMA journal")):
                return refusals.act(sql, lambda: run(sql, *values))
            return run(sql, *values)

        def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
            run = super().executemany
            return refusals.act(sql, lambda: run(sql, values))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_driver, "sqlite3", Sqlite(Connection))
        patch.setattr(database_driver, "WAIT_FOR_OTHERS", 0.05)
        patch.setattr(commit_retry, "_FIRST_PAUSE", 0.001)
        patch.setattr(commit_retry, "_LONGEST_PAUSE", 0.002)
        yield


def letters(smtp: ScriptedSmtp) -> Counter[str]:
    return Counter(email.message_from_bytes(kept.data)["Message-ID"] for kept in smtp.kept)


TROUBLES = range(int(os.environ.get("KOLLECT_TROUBLES", "40")))


@pytest.mark.slow
@pytest.mark.parametrize("seed", TROUBLES)
def test_replies(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    mails = [blank(f"guest{n}@docomo.ne.jp", n) for n in range(MAILS)]
    script = Script(pipelining=bool(seed % 3), chunking=bool(seed % 2))
    with ScriptedPop3(mails) as pop3, ScriptedSmtp(script) as smtp:
        settings = replace(settings_for(pop3.port, smtp.port), forward_address="")
        shop = ShopProgram(tmp_path, settings, "S3cret-pw!")
        refusals = Refusals(chance, 250)
        with refusing(refusals):
            for _ in range(12):
                try:
                    shop.poll()
                except StorageTrouble:
                    continue
        for _ in range(3):
            shop.poll()
        assert not pop3.mails
        assert {receipt.state for receipt in shop.receipts()} == {ReceiptState.REPLIED}
        assert (set(letters(smtp).values()), letters(smtp).total()) == ({1}, MAILS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", TROUBLES)
def test_mailing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    script = Script(pipelining=bool(seed % 3), chunking=bool(seed % 2))
    with ScriptedSmtp(script) as smtp:
        mailer = Mailer(tmp_path, replace(settings_for(1, smtp.port), shop=SHOP))
        join(mailer.database, [guest(n) for n in range(MAILS)])
        mailing = begin(mailer.database)
        with refusing(Refusals(chance, 150)):
            for _ in range(8):
                mailer.once()
        for _ in range(3):
            mailer.once()
        assert mailer.mailing(mailing).state is MailingState.DONE
        assert {recipient.step for recipient in mailer.parcels(mailing)} == {RecipientState.SENT}
        assert (set(letters(smtp).values()), letters(smtp).total()) == ({1}, MAILS)
