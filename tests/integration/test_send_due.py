"""`send --due`: the real program, a real Postfix, and SIGKILL at random moments."""

from __future__ import annotations

import email
import email.policy
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import StandingKind
from kollect.mailing.standing import StandingMailings
from kollect.members.member_filter import EVERYBODY
from kollect.members.repository import Members
from kollect.settings import ini_file
from tests.helpers.delay_proxy import delayed
from tests.helpers.dovecot import Dovecot
from tests.helpers.member_shop import SHOP, begin, guest, join, stop
from tests.helpers.postfix import Postfix
from tests.helpers.scripted_smtp import Script, ScriptedSmtp
from tests.helpers.shop import settings_for
from tests.integration.test_commands import SECRET, encrypted, environment

TOP = Path(__file__).resolve().parents[2]
LETTERS = int(os.environ.get("KOLLECT_LETTERS", "60"))
MOST_ON_WAY = 20
MOST_KILLS = int(os.environ.get("KOLLECT_DUE_KILLS", "4"))
NOON = 12 - datetime.now(UTC).hour
"""Hours east of Greenwich where it is noon now: there is the shop, whenever the tests run."""


def send(data: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kollect", "send", *options, "--json", "--data", str(data)],
        cwd=TOP,
        env=environment(SECRET) | {"TZ": f"KOL{-NOON}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(data: Path, code: int = 0) -> dict[str, object]:
    process = send(data, "--due")
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, (out, err)
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def today() -> date:
    return (datetime.now(UTC) + timedelta(hours=NOON)).date()


def reserve(database: Path, due: datetime, *, night: bool = False) -> int:
    with closing(Outbox(database)) as outbox:
        mailing = outbox.save("★店名★の予約", "★名前★様\n", RateLimit(0, 0), due)
        outbox.reserve(
            mailing, EVERYBODY, due,
            due=due, night=night, shop=SHOP, letter_domain="shop.example",
        )  # fmt: skip
    return mailing


def birthdays(database: Path, born: date) -> int:
    """Everybody's, and the mail for it, switched on yesterday."""
    now = datetime.now(UTC)
    with closing(Members(database)) as members, members.transaction():
        for one in list(members.each()):
            members.update(replace(one, birthday=born), now, "会員一覧")
    with closing(Outbox(database)) as outbox:
        standing = StandingMailings(outbox)
        identity = standing.add(
            StandingKind.BIRTHDAY, 3, "お誕生日", "★名前★様\n", now - timedelta(days=1)
        )
        standing.switch(identity, True, now - timedelta(days=1), SHOP)
    return identity


@pytest.mark.real
def test_what_is_due_reaches_a_real_postfix_once(
    dovecot: Dovecot, postfix: Postfix, tmp_path: Path
) -> None:
    postfix.empty()
    settings = replace(encrypted(dovecot, postfix, "due"), shop=SHOP)
    ini_file.save(tmp_path / "kollect.ini", settings)
    database = tmp_path / "kollect.db"
    join(database, [guest(1), guest(2), guest(3)], datetime.now(UTC) - timedelta(days=40))
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    due, later = reserve(database, now - hour), reserve(database, now + hour)
    missed = reserve(database, now - 50 * hour)
    birthdays(database, (today() + timedelta(days=3)).replace(year=1984))
    stop(database, guest(2))
    first = ran(tmp_path, code=3)
    assert (first["sent"], first["left"], first["missed"]) == (4, 0, [missed])
    letters = [
        email.message_from_bytes(raw, policy=email.policy.default)
        for raw in postfix.wait_for(guest(1), 2)
    ]
    assert {letter["Subject"] for letter in letters} == {"テスト商店の予約", "お誕生日"}
    for letter in letters:
        assert "件名を「配信停止」にしたメール" in letter.get_content()
        assert letter["List-Unsubscribe"]
        assert letter["Auto-Submitted"] is None
    again = ran(tmp_path, code=3)
    assert (again["sent"], again["mailings"]) == (0, [])
    postfix.delivered()
    assert not postfix.received(guest(2))
    assert len(postfix.received(guest(3))) == 2
    with closing(Outbox(database)) as outbox:
        states = {one.id: one.state for one in outbox.mailings()}
    assert states[due] is MailingState.DONE
    assert states[later] is states[missed] is MailingState.SCHEDULED


@pytest.mark.slow
def test_what_nobody_may_want_any_more_is_left_alone(tmp_path: Path) -> None:
    """Begun by hand, or late: `send --resume` is for that. Also beside a new mailing."""
    database = tmp_path / "kollect.db"
    with ScriptedSmtp(Script()) as smtp:
        settings = replace(settings_for(1, smtp.port), shop=SHOP)
        ini_file.save(tmp_path / "kollect.ini", settings)
        now = datetime.now(UTC)
        join(database, [guest(1), guest(2)], now - timedelta(days=40))
        hand = begin(database)
        late, fresh = reserve(database, now - timedelta(days=5)), reserve(database, now)
        with closing(Outbox(database)) as outbox:
            for one in (late, fresh):
                outbox.begin_reserved(one, now, shop=SHOP, mail_address="shop@shop.example")
        found = ran(tmp_path, code=3)
        assert (found["mailings"], found["left_alone"]) == ([fresh], [hand, late])
        assert len(smtp.kept) == 2
        (tmp_path / "body.txt").write_text("お待ちしています。\n", "utf-8")
        new = send(tmp_path, "--subject", "入荷", "--body-file", str(tmp_path / "body.txt"))
        assert new.wait(60) == 0
        assert len(smtp.kept) == 4
        with closing(Outbox(database)) as outbox:
            assert [one.id for one in outbox.mailings(MailingState.SENDING)] == [late, hand]
        assert send(tmp_path, "--resume").wait(60) == 0
        assert len(smtp.kept) == 8


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(int(os.environ.get("KOLLECT_KILLS", "2"))))
def test_killed_at_random_moments_each_due_mail_comes_and_none_anew(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    plain = bool(seed % 2)
    script = Script(pipelining=not plain, chunking=not plain)
    database = tmp_path / "kollect.db"
    with ScriptedSmtp(script) as smtp, delayed(smtp.port, 0.01 if plain else 0.1) as port:
        settings = replace(settings_for(1, port), shop=SHOP)
        ini_file.save(tmp_path / "kollect.ini", settings)
        joined = datetime.now(UTC) - timedelta(days=40)
        join(database, [guest(n) for n in range(1, LETTERS + 1)], joined)
        reserve(database, datetime.now(UTC) - timedelta(hours=1))
        identity = birthdays(database, (today() + timedelta(days=3)).replace(year=1984))
        kills = 0
        while True:
            process = send(tmp_path, "--due")
            # in the beginning, where all is written down, or so many letters later
            if chance.random() < 0.5:
                time.sleep(chance.uniform(0.1, 0.6))
            else:
                enough = len(smtp.kept) + chance.randint(1, LETTERS // 2)
                while len(smtp.kept) < enough and process.poll() is None:
                    time.sleep(0.002)
            if process.poll() is None and kills < MOST_KILLS:
                process.kill()
                process.communicate()
                kills += 1
                continue
            out, err = process.communicate()
            assert process.returncode == 0, (out, err)
            break
        letters = Counter(
            (
                kept.recipients[0],
                email.message_from_bytes(kept.data, policy=email.policy.default)["Subject"],
                email.message_from_bytes(kept.data)["Message-ID"],
            )
            for kept in smtp.kept
        )
    assert len(letters) == 2 * LETTERS, "one Message-ID for each mail that is due"
    assert len({(to, subject) for to, subject, _ in letters}) == 2 * LETTERS
    assert letters.total() - 2 * LETTERS <= MOST_ON_WAY * kills
    with closing(Outbox(database)) as outbox:
        assert {one.state for one in outbox.mailings()} == {MailingState.DONE}
        assert StandingMailings(outbox).totals(identity) == (LETTERS, 0)
    print(f"{kills} kills, {letters.total() - 2 * LETTERS} letters repeated")
