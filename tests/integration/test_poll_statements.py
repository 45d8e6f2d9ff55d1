"""What one poll asks of the ledger, counted in SQL statements: no load of the machine changes it.

A stick answers slowly, and the customer waits at the counter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kollect.collector.worker import CollectorWorker
from kollect.ledger.ledger import Ledger
from kollect.settings.model import Collect, Passwords
from kollect.storage.data_folder import DataFolder
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for

PASSWORD = "S3cret-pw!"


@pytest.fixture
def pop3() -> Iterator[ScriptedPop3]:
    with ScriptedPop3() as server:
        yield server


@pytest.fixture
def shop(pop3: ScriptedPop3, tmp_path: Path) -> Iterator[ShopProgram]:
    """On a day like any other: there were mails before."""
    with ScriptedSmtp() as smtp:
        settings = settings_for(pop3.port, smtp.port)
        settings = replace(settings, collect=Collect(new_per_hour=1_000_000))
        shop = ShopProgram(tmp_path, settings, PASSWORD)
        pop3.put(blank("first@docomo.ne.jp", 1_000))
        assert shop.report().accepted == 1
        yield shop


def statements(shop: ShopProgram) -> list[str]:
    """Those of one poll in which everything goes well."""
    seen: list[str] = []
    with closing(Ledger(shop.folder / "kollect.db")) as ledger:
        ledger._db.set_trace_callback(seen.append)
        report, trouble = shop.poll_on(ledger)
        ledger._db.set_trace_callback(None)
    assert (trouble, report.left, report.deferred) == (None, 0, 0)
    return seen


def reads_of_mails(seen: list[str]) -> list[str]:
    return [one for one in seen if one.startswith("SELECT id, mailbox, uid")]


def test_an_empty_poll_reads_a_little_and_writes_nothing(shop: ShopProgram) -> None:
    seen = statements(shop)
    assert len(seen) <= 5, seen
    assert all(one.startswith("SELECT") for one in seen)


def test_one_blank_mail(shop: ShopProgram, pop3: ScriptedPop3) -> None:
    pop3.put(blank("guest@docomo.ne.jp"))
    seen = statements(shop)
    assert len(seen) <= 25, seen


def test_one_blank_mail_with_all_that_the_resident_program_does_beside(
    shop: ShopProgram, pop3: ScriptedPop3
) -> None:
    now = datetime.now(UTC)  # the mail is of today: nothing speaks of a wrong clock
    passwords = Passwords(PASSWORD, PASSWORD)
    worker = CollectorWorker(
        DataFolder(shop.folder), lambda: (shop.settings, passwords), lambda news: None,
        now=lambda: now,
    )  # fmt: skip
    seen: list[str] = []
    worker.once()  # the day's work is done
    assert worker._ledger is not None
    worker._ledger._db.set_trace_callback(seen.append)
    pop3.put(blank("guest@docomo.ne.jp"))
    report, trouble = worker.once()
    worker.close()
    assert (report.accepted, trouble) == (1, None)
    assert len(seen) <= 25, seen


# each letter may be settled in a commit of its own, where the server's answers come one by one
@pytest.mark.parametrize(("mails", "most"), [(10, 13), (250, 11)])
def test_many_blank_mails(shop: ShopProgram, pop3: ScriptedPop3, mails: int, most: int) -> None:
    for n in range(mails):
        pop3.put(blank(f"guest{n}@docomo.ne.jp", n))
    assert len(statements(shop)) <= mails * most


def test_the_rows_of_a_batch_are_read_once(shop: ShopProgram, pop3: ScriptedPop3) -> None:
    for n in range(250):
        pop3.put(blank(f"guest{n}@docomo.ne.jp", n))
    reads = reads_of_mails(statements(shop))
    assert len([one for one in reads if "uid IN" in one]) == 1
    assert len(reads) == 2, "and what should still be there, of mails seen before"
