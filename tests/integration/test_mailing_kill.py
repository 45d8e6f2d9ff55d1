"""SIGKILL of the real process at random moments while mails go out to all members.

`KOLLECT_KILLS=20 KOLLECT_LETTERS=1000 ./build.sh test tests/integration/test_mailing_kill.py -s`
does it at length.
"""

from __future__ import annotations

import email
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.mailing.mailing_states import MailingState, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.settings import ini_file
from tests.helpers.delay_proxy import delayed
from tests.helpers.member_shop import SHOP, begin, guest, join
from tests.helpers.scripted_smtp import Script, ScriptedSmtp
from tests.helpers.shop import settings_for

LETTERS = int(os.environ.get("KOLLECT_LETTERS", "200"))
MOST_ON_WAY = 20
TOP = Path(__file__).resolve().parents[2]


def resume(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kollect", "send", "--resume", "--json", "--data", str(data)],
        cwd=TOP,
        env=os.environ | {"KOLLECT_RECEIVE_PASSWORD": "x"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(int(os.environ.get("KOLLECT_KILLS", "2"))))
def test_killed_at_random_moments_until_all_have_it(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    plain = bool(seed % 2)
    script = Script(pipelining=not plain, chunking=not plain)
    database = tmp_path / "kollect.db"
    # some way off, so that most kills fall between a letter and its answer
    with ScriptedSmtp(script) as smtp, delayed(smtp.port, 0.01 if plain else 0.1) as port:
        settings = replace(settings_for(1, port), shop=SHOP)
        ini_file.save(tmp_path / "kollect.ini", settings)
        join(database, [guest(n) for n in range(LETTERS)])
        mailing = begin(database)
        kills = 0
        while True:
            process = resume(tmp_path)
            # so many letters later, wherever the program is by then
            enough = len(smtp.kept) + chance.randint(1, LETTERS // 3)
            while len(smtp.kept) < enough and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.1))
            if process.poll() is None:
                process.kill()
                process.communicate()
                kills += 1
                assert len(smtp.kept) <= LETTERS + MOST_ON_WAY * kills, "more than were on the way"
                continue
            out, err = process.communicate()
            assert process.returncode == 0, (out, err)
            break
        letters = Counter(
            (kept.recipients[0], email.message_from_bytes(kept.data)["Message-ID"])
            for kept in smtp.kept
        )
    with closing(Outbox(database)) as outbox:
        assert outbox.mailing(mailing).state is MailingState.DONE
        assert outbox.counts(mailing) == {RecipientState.SENT: LETTERS}
        known = {(recipient.address, recipient.letter_id) for recipient in outbox.each(mailing)}
    assert set(letters) == known, "a letter for nobody, or under another Message-ID"
    repeated = letters.total() - LETTERS
    print(f"{kills} kills, {repeated} letters repeated")
    assert repeated <= MOST_ON_WAY * kills
    assert max(letters.values()) <= kills + 1
