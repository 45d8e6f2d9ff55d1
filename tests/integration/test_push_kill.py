"""SIGKILL of the resident process between push and reply, on a real Dovecot and Postfix.

`KOLLECT_KILLS=100 ./build.sh test tests/integration/test_push_kill.py -s` kills it a hundred times.
"""

from __future__ import annotations

import email
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.ledger.receipt_rows import Receipts
from kollect.settings import ini_file
from kollect.settings.model import Tls
from tests.helpers.delay_proxy import delayed
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix
from tests.helpers.resident import by_imap, until
from tests.helpers.shop import settings_for

TOP = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KOLLECT_KILLS", "6"))
DOMAIN = "customer.example"


def collect(data: Path, password: str) -> subprocess.Popen[bytes]:
    """Stays, and waits by push."""
    return subprocess.Popen(
        [sys.executable, "-m", "kollect", "collect", "--data", str(data)],
        cwd=TOP,
        env=os.environ | {"KOLLECT_RECEIVE_PASSWORD": password},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def log_of(data: Path) -> str:
    return "".join(file.read_text("utf-8", "replace") for file in (data / "log").glob("*.txt"))


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(120 + 15 * KILLS)
def test_killed_between_push_and_reply(dovecot: Dovecot, postfix: Postfix, tmp_path: Path) -> None:
    """Each time customers write while it waits, and it is killed a moment after they were told of:
    from before the poll to after the reply. Nobody is left without a number, nobody has two, and a
    letter is repeated under its own number only.
    """
    chance = random.Random(KILLS)
    user = f"pushkilled{os.getpid()}"
    dovecot.empty(user)
    senders: list[str] = []
    with delayed(postfix.plain, 0.03) as port:
        settings = by_imap(settings_for(dovecot.imap, port, user))
        settings = replace(
            settings,
            collect=replace(settings.collect, interval_seconds=3600),
            send=replace(settings.send, host="localhost"),
            tls=Tls(ca_file=postfix.ca_file),
        )
        ini_file.save(tmp_path / "kollect.ini", settings)
        process = collect(tmp_path, dovecot.password)
        try:
            for begun in range(1, KILLS + 1):
                until(lambda count=begun: log_of(tmp_path).count("すぐ知らせて") == count)
                fresh = [f"{user}g{len(senders) + n}@{DOMAIN}" for n in range(chance.randint(1, 3))]
                senders += fresh
                at = len(senders)
                dovecot.deliver(user, *(blank(one, at + n) for n, one in enumerate(fresh)))
                time.sleep(chance.uniform(0.4, 1.0))  # Dovecot tells of them after half a second
                process.kill()
                process.wait()
                process = collect(tmp_path, dovecot.password)
            until(lambda: not dovecot.mails(user) and all(map(postfix.received, senders)))
        finally:
            process.kill()
            process.communicate()
    reader = Receipts(tmp_path / "kollect.db")
    receipts = list(reader.all())
    reader.close()
    assert sorted(r.address for r in receipts) == sorted(senders)
    assert [r.number for r in receipts] == list(range(1001, 1001 + len(senders)))
    repeated = 0
    for receipt in receipts:
        letters = [email.message_from_bytes(raw) for raw in postfix.received(receipt.address)]
        assert {str(receipt.number) in email_text(letter) for letter in letters} == {True}
        assert len({letter["Message-ID"] for letter in letters}) == 1
        repeated += len(letters) - 1
    print(f"{KILLS} kills, {len(senders)} mails, {repeated} letters repeated")
    assert repeated <= 20 * KILLS


def email_text(letter: email.message.Message) -> str:
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode("utf-8")
