"""A hostile mailbox on a real Dovecot is emptied; nothing in it is answered that should not be."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.settings.model import Collect
from tests.helpers.dovecot import Dovecot
from tests.helpers.hostile_mails import ANSWERED, HOSTILE
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import OWNER, ShopProgram, settings_for


def lf(raw: bytes) -> bytes:
    """As it lies in a Maildir."""
    return raw.replace(b"\r\n", b"\n")


@pytest.mark.real
def test_the_corpus_on_dovecot(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver("hostile", *(lf(raw) for raw in HOSTILE.values()))
    with ScriptedSmtp() as smtp:
        shop = ShopProgram(
            tmp_path, settings_for(dovecot.pop3, smtp.port, "hostile"), dovecot.password
        )
        report = shop.report()
        answered = {kept.recipients[0] for kept in smtp.kept} - {OWNER}
    assert answered <= set(ANSWERED.values())
    # a mail of no octets cannot be told from one that the server does not hand over
    assert report.left == 1
    assert dovecot.mails("hostile") == [b""]
    assert report.accepted + report.duplicate + report.kept >= len(HOSTILE) - 1


def test_the_corpus_byte_for_byte(tmp_path: Path) -> None:
    """Dovecot mends some of it on the way; this server does not."""
    with ScriptedPop3(HOSTILE.values()) as pop3, ScriptedSmtp() as smtp:
        shop = ShopProgram(tmp_path, settings_for(pop3.port, smtp.port), pop3.password)
        report = shop.report()
        left = list(pop3.mails.values())
        answered = {kept.recipients[0] for kept in smtp.kept} - {OWNER}
        for kept in smtp.kept:
            head = kept.data.partition(b"\r\n\r\n")[0]
            assert b"\nbcc:" not in head.lower()
            assert len(kept.recipients) == 1
    assert (report.left, left) == (1, [b""])
    assert answered == set(ANSWERED.values())


def test_fuzzed_mails_are_emptied(tmp_path: Path) -> None:
    chance = random.Random(5)
    mails = []
    for raw in [*HOSTILE.values()][:60] * 3:
        body = bytearray(raw[:4000])
        for _ in range(chance.randrange(1, 12)):
            if body:
                body[chance.randrange(len(body))] = chance.randrange(256)
        mails.append(bytes(body))
    with ScriptedPop3(mails) as pop3, ScriptedSmtp() as smtp:
        shop = ShopProgram(tmp_path, settings_for(pop3.port, smtp.port), pop3.password)
        shop.change(collect=Collect(new_per_hour=10_000))
        report, trouble = shop.poll()
        assert trouble is None
        left = list(pop3.mails.values())
        assert (report.left, left) == (mails.count(b""), [b""] * mails.count(b""))


@pytest.mark.real
@pytest.mark.slow
def test_a_mail_of_50_megabytes_is_forwarded_whole(dovecot: Dovecot, tmp_path: Path) -> None:
    line = b"0123456789abcdef" * 4 + b"\n"
    raw = lf(blank("big@b.example", 1, subject="Photos")) + line * (50 * 1024 * 1024 // len(line))
    dovecot.deliver("big", raw, lf(blank("small@b.example", 2)))
    with ScriptedSmtp() as smtp:
        shop = ShopProgram(tmp_path, settings_for(dovecot.pop3, smtp.port, "big"), dovecot.password)
        shop.change(receive=replace(shop.settings.receive, timeout_seconds=60))
        report = shop.report()
        assert (report.forwarded, report.accepted, report.left) == (1, 1, 0)
        [forwarded] = [kept.data for kept in smtp.kept if kept.recipients[0] == OWNER]
        assert raw.replace(b"\n", b"\r\n").rstrip() in forwarded
    assert not dovecot.mails("big")
