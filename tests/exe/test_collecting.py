"""kollect.exe with real mails: a Dovecot and a Postfix on the Linux side, TLS all the way."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace

import pytest

from kollect.settings import ini_file
from kollect.settings.model import Protocol
from tests.exe import desktop_driver
from tests.exe.shops import WITH_SUBJECT, passwords, settings_with_tls, subject
from tests.exe.wine import Stick
from tests.helpers.delay_proxy import delayed
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import settings_for
from tests.integration.test_kill import MAILS, repeats

PUSH_BEGUN = "サーバがすぐ知らせてくれます"
"""In the log, once the server has promised it."""


@pytest.mark.parametrize("protocol", Protocol)
def test_real_mails_get_their_numbers(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str, protocol: Protocol
):
    settings = settings_with_tls(dovecot, postfix, user)
    if protocol is Protocol.IMAP:
        receive = replace(settings.receive, protocol=protocol, port=dovecot.imaps)
        settings = replace(settings, receive=receive)
    ini_file.save(stick.folder / "kollect.ini", settings)
    first, second = f"{user}..a@docomo.ne.jp", f"{user}@customer.example"
    dovecot.deliver(user, blank(first, 1), blank(second, 2), WITH_SUBJECT, blank(first, 4))

    done = stick.run("collect", "--once", "--json", **passwords(dovecot, postfix))
    assert done.code == 0, done
    counts = json.loads(done.out)
    assert (counts["accepted"], counts["duplicate"], counts["forwarded"]) == (2, 1, 1)
    assert dovecot.mails(user) == []
    assert {subject(raw) for raw in postfix.wait_for(first, 2)} == {
        "受付番号は1001です",
        "受付済みです（受付番号 1001）",
    }
    assert subject(*postfix.wait_for(second)) == "受付番号は1002です"

    numbers = json.loads(stick.run("results", "--json").out)
    told = [(one["number"], one["address"], one["state"], one["times"]) for one in numbers]
    assert told == [(1001, first, "replied", 2), (1002, second, "replied", 1)]
    assert dovecot.password.encode() not in stick.everything() + done.err.encode()


def test_by_push_a_mail_is_answered_as_it_comes(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str
):
    """No poll is due for an hour, the safety poll in five minutes."""
    settings = settings_with_tls(dovecot, postfix, user)
    receive = replace(settings.receive, protocol=Protocol.IMAP, port=dovecot.imaps)
    collect = replace(settings.collect, interval_seconds=3600)
    ini_file.save(stick.folder / "kollect.ini", replace(settings, receive=receive, collect=collect))
    started = stick.start("collect", **passwords(dovecot, postfix))

    def waits() -> bool:
        logs = (stick.folder / "log").glob("*.txt")
        return any(PUSH_BEGUN in log.read_text("utf-8-sig") for log in logs)

    desktop_driver.wait_until(waits, "it does not wait by push")
    for number in (1, 2):
        customer = f"{user}{number}@customer.example"
        dovecot.deliver(user, blank(customer, number))
        assert subject(*postfix.wait_for(customer)) == f"受付番号は{1000 + number}です"
    assert started.running
    stick.kill()


def test_the_mail_test_finds_its_way(stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str):
    settings = settings_with_tls(dovecot, postfix, user)
    ini_file.save(stick.folder / "kollect.ini", settings)
    done = stick.run(
        "check",
        "--json",
        KOLLECT_RECEIVE_PASSWORD="not the password",
        KOLLECT_SEND_PASSWORD=postfix.password,
    )
    assert done.code == 4
    steps = json.loads(done.out)["steps"]
    assert [step["ok"] for step in steps].count(False) >= 1
    assert steps[0]["ok"]


def test_killed_while_letters_go_out_it_keeps_its_promises(
    stick: Stick, dovecot: Dovecot, user: str
):
    """As by power cuts at some moments of the same work: numbers without a gap, everybody answered,
    and a repeated letter is the same letter.
    """
    chance = random.Random(4)
    senders = [f"guest..{number}@docomo.ne.jp" for number in range(MAILS)]
    dovecot.deliver(user, *(blank(sender, number) for number, sender in enumerate(senders)))
    database = stick.folder / "kollect.db"
    collect = ("collect", "--once", "--json")
    password = {"KOLLECT_RECEIVE_PASSWORD": dovecot.password}
    kills = 0
    with ScriptedSmtp() as smtp, delayed(smtp.port, 0.3) as port:
        ini_file.save(stick.folder / "kollect.ini", settings_for(dovecot.pop3, port, user))
        for letters in (0, 1, 15, 1):
            enough = len(smtp.kept) + letters
            started = stick.start(*collect, **password)
            while started.running and (len(smtp.kept) < enough or not database.exists()):
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.2))
            kills += started.running
            stick.kill()
        assert kills >= 2, "it was too quick to be killed"
        for _ in range(20):  # a session that was killed may hold the mailbox for a moment
            done = stick.run(*collect, **password)
            if done.code != 4:
                break
            time.sleep(0.2)
        assert done.code == 0, done
        assert json.loads(done.out)["left"] == 0
        assert dovecot.mails(user) == []
        again = repeats(stick.folder, smtp, senders)
        print(f"{kills} kills, {again} letters repeated")
        assert again <= 20 * kills
    assert stick.nobody_left()
