"""How long the ledger takes among very many receipts.

    python -m tests.bench.ledger_bench [--receipts 1000000] [--mails 200000] [--protected]

Builds a kollect.db with so many receipts and, as the ledger forgets mails 90 days after they are
gone, somewhat fewer mails; then asks it what the collector and the screens ask, each time for
another address, and prints a table. Exit code 1 where an address takes 1 ms or longer to look up
(0.2 ms in a protected folder; the rows of the specification); the others are for comparison.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.records import NewMail
from kollect.ledger.states import MailState
from kollect.protection import conversion, recovery_code
from kollect.storage.data_folder import DataFolder
from kollect.storage.database import to_text
from kollect.storage.database_driver import sqlite3

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BOX = "shop@shop.example"
FIRST = 1001
TARGET_MS = 1.0
TARGET_PROTECTED_MS = 0.2
HOSTS = ("docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "gmail.example", "icloud.example")


def key(n: int) -> str:
    """The address of the customer `n`; neighbours in number are none in the index."""
    return f"{(n * 2654435761) % 2**32:08x}.{n}@{HOSTS[n % len(HOSTS)]}"


def letter_id(n: int) -> str:
    return f"<{(n * 2246822519) % 2**32:032x}.{n}@shop.example>"


def build(path: Path, receipts: int, mails: int) -> None:
    """A ledger that has seen all these customers, the last ones lately; nothing is owed."""
    ledger = Ledger(path)
    template = ledger.template_in_force("acknowledgement", "★1★", "★1★\n", NOW)
    ledger.close()

    def moment(n: int) -> str:
        return to_text(NOW - timedelta(seconds=30 * (receipts - n)))

    def receipt_rows() -> Iterator[tuple]:
        for n in range(receipts):
            yield FIRST + n, key(n), key(n), moment(n), moment(n), template

    def mail_rows() -> Iterator[tuple]:
        for n in range(receipts - mails, receipts):
            yield (
                *(BOX, f"uid{n}", f"{n:064x}", key(n), key(n), f"<{n}@mail.example>", FIRST + n),
                *(template, letter_id(n), moment(n), moment(n)),
            )

    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.executemany(
            "INSERT INTO receipt (number, address, address_key, received_at, replied_at, state,"
            " template) VALUES (?, ?, ?, ?, ?, 'replied', ?)",
            receipt_rows(),
        )
        db.executemany(
            "INSERT INTO mail (mailbox, uid, fingerprint, kind, reason, address, address_key,"
            " subject, message_id, thread, number, template, letter_id, step, step_at, seen_at)"
            " VALUES (?, ?, ?, 'new', '空メールです。', ?, ?, '', ?, '', ?, ?, ?, 'gone', ?, ?)",
            mail_rows(),
        )
        db.commit()


def timed(ask: Callable[[int], object], customers: list[int]) -> list[float]:
    """Milliseconds of each question."""
    took = []
    for n in customers:
        began = time.perf_counter()
        ask(n)
        took.append((time.perf_counter() - began) * 1000)
    return took


def take(ledger: Ledger, n: int) -> None:
    """A blank mail of somebody new, from the look-up to the commit."""
    who = f"new{n}@{HOSTS[0]}"
    with ledger.transaction():
        ledger.known(who, NOW)
        number = ledger.give_number(who, who, NOW, first=FIRST, template=1)
        seen = NewMail(f"new{n}", f"new{n}", "new", "", who, who, "", "", "")
        ledger.record(
            BOX, seen, MailState.OWED, NOW, template=1, number=number, letter_domain="shop.example"
        )


def measure(path: Path, receipts: int, mails: int) -> list[tuple[str, list[float]]]:
    ledger, reader = Ledger(path), Receipts(path)
    hour = timedelta(hours=1)
    rng = random.Random(1)
    anybody = rng.sample(range(receipts), min(2000, receipts))
    lately = rng.sample(range(receipts - mails, receipts), min(500, mails))
    questions: list[tuple[str, Callable[[int], object], list[int]]] = [
        ("an address looked up (known)", lambda n: ledger.known(key(n), NOW), anybody),
        ("an address nobody has", lambda n: ledger.known(f"x{key(n)}", NOW), anybody),
        ("the receipts of an address", lambda n: reader.of_address(key(n)), anybody),
        ("the receipt of a number", lambda n: reader.some([FIRST + n])[FIRST + n], anybody),
        ("the letter of a report", lambda n: ledger.bounced(letter_id(n), "", "", NOW), lately),
        (
            "the recipient of a report",
            lambda n: ledger.bounced("", key(n), "", NOW - timedelta(days=7)),
            lately,
        ),
        (
            "250 mails by their ids",
            lambda n: ledger.known_mails(BOX, [f"uid{m}" for m in range(n, n + 250)]),
            lately[:100],
        ),
        ("numbers of the last hour", lambda _: ledger.numbered_within(hour, NOW), lately),
        ("letters owed", lambda _: ledger.owed(0, 100), lately),
        ("mails still there", lambda _: list(ledger.still_there(BOX)), lately),
        ("a new mail taken in, committed", lambda n: take(ledger, n), lately),
        ("all receipts counted", lambda _: reader.counts(NOW - timedelta(days=1)), lately[:20]),
    ]  # fmt: skip
    rows = [(name, timed(ask, customers)) for name, ask, customers in questions]
    reader.close()
    ledger.close()
    return rows


def protect(path: Path) -> None:
    began, told = time.perf_counter(), 0

    def progress(done: int, total: int) -> bool:
        nonlocal told
        told += 1
        return True

    folder = DataFolder(path.parent)
    folder.prepare()
    conversion.turn_on(folder, recovery_code.from_random(bytes(17)), progress)
    seconds = time.perf_counter() - began
    print(f"encrypted in {seconds:.0f} s, progress told {told} times\n", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--receipts", type=int, default=1_000_000)
    options.add_argument("--mails", type=int, default=200_000)
    options.add_argument("--protected", action="store_true", help="encrypt it before it is asked")
    chosen = options.parse_args()
    mails = min(chosen.mails, chosen.receipts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kollect.db"
        began = time.perf_counter()
        build(path, chosen.receipts, mails)
        size = path.stat().st_size / 1e6
        print(
            f"{chosen.receipts:,} receipts, {mails:,} mails, {size:.0f} MB,"
            f" built in {time.perf_counter() - began:.0f} s\n"
        )
        if chosen.protected:
            protect(path)
        rows = measure(path, chosen.receipts, mails)
    print(f"{'milliseconds':34}{'median':>9}{'99 %':>9}{'worst':>9}")
    for name, took in rows:
        worst = sorted(took)[int(len(took) * 0.99)]
        print(f"{name:34}{statistics.median(took):9.3f}{worst:9.3f}{max(took):9.3f}")
    typical = statistics.median(rows[0][1])
    target = TARGET_PROTECTED_MS if chosen.protected else TARGET_MS
    met = typical < target
    verdict = "met" if met else "MISSED"
    print(f"\n{rows[0][0]}: {typical:.3f} ms, target under {target:g} ms: {verdict}")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
