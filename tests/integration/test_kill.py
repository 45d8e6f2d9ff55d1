"""SIGKILL of the real process at random moments, on a real Dovecot, until all is done.

`KOLLECT_KILLS=100 ./build.sh test tests/integration/test_kill.py -s` does it a hundred times.
"""

from __future__ import annotations

import email
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from kollect.ledger.receipt_rows import Receipts
from kollect.settings import ini_file
from tests.helpers.delay_proxy import delayed
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_smtp import Script, ScriptedSmtp
from tests.helpers.shop import settings_for

MAILS = 40
LONGEST = 1.0
"""Seconds that a run may live before it is killed; later ones live longer, or on a busy PC, where a
start takes as long as that, nothing would ever be done.
"""
TOP = Path(__file__).resolve().parents[2]
_boxes = itertools.count(1)


def collect(data: Path, password: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kollect", "collect", "--once", "--json", "--data", str(data)],
        cwd=TOP,
        env=os.environ | {"KOLLECT_RECEIVE_PASSWORD": password},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_done(dovecot: Dovecot, chance: random.Random, *, plain: bool) -> tuple[int, int]:
    """Kill and start again until a run ends by itself. Returns (kills, repeated letters).

    The sending server is some way off, so that most kills fall between a letter and its answer.
    """
    user = f"killed{os.getpid()}x{next(_boxes)}"
    senders = [f"guest..{n}@docomo.ne.jp" for n in range(MAILS)]
    dovecot.deliver(user, *(blank(sender, n) for n, sender in enumerate(senders)))
    kills = 0
    script = Script(pipelining=not plain, chunking=not plain)
    with (
        tempfile.TemporaryDirectory() as name,
        ScriptedSmtp(script) as smtp,
        delayed(smtp.port, 0.01 if plain else 0.1) as port,
    ):
        data = Path(name)
        ini_file.save(data / "kollect.ini", settings_for(dovecot.pop3, port, user))
        while True:
            process = collect(data, dovecot.password)
            try:
                out, err = process.communicate(timeout=chance.uniform(0.2, LONGEST + kills / 10))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                continue
            report = json.loads(out)
            if "error" not in report:
                break
            # a session that was killed may hold the mailbox for a moment
            assert process.returncode == 4, (out, err)
            time.sleep(0.1)
        assert (report["left"], report["deferred"]) == (0, 0)
        assert dovecot.mails(user) == []
        return kills, repeats(data, smtp, senders)


def repeats(data: Path, smtp: ScriptedSmtp, senders: list[str]) -> int:
    """Check the promises; returns how many letters went out twice."""
    reader = Receipts(data / "kollect.db")
    receipts = list(reader.all())
    reader.close()
    assert [r.address for r in receipts] == senders
    assert [r.number for r in receipts] == list(range(1001, 1001 + MAILS))
    letters = Counter()
    for kept in smtp.kept:
        letter = email.message_from_bytes(kept.data)
        letters[kept.recipients[0], letter["Message-ID"], letter["Subject"]] += 1
    assert len(letters) == MAILS, "a repeat with another number or Message-ID"
    assert {recipient for recipient, *_ in letters} == set(senders)
    return letters.total() - MAILS


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(int(os.environ.get("KOLLECT_KILLS", "6"))))
def test_killed_at_random_moments_until_done(dovecot: Dovecot, seed: int) -> None:
    kills, again = until_done(dovecot, random.Random(seed), plain=bool(seed % 2))
    print(f"{kills} kills, {again} letters repeated")
    assert again <= 20 * kills
