"""A poll against every fault of a server, then a poll without it: everybody is answered, once."""

from __future__ import annotations

import email
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.settings.model import Collect
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_pop3 import CAPABILITIES, Faults, ScriptedPop3
from tests.helpers.scripted_smtp import Act, At, Script, ScriptedSmtp
from tests.helpers.shop import OWNER, ShopProgram, settings_for

PASSWORD = "S3cret-pw!"
CUSTOMERS = tuple(f"guest..{n}@docomo.ne.jp" for n in range(5))
MAILS = (
    *(blank(sender, n) for n, sender in enumerate(CUSTOMERS)),
    blank("x@y.example", 9, subject="Question"),
)
EVERYBODY = Counter([*CUSTOMERS, OWNER])
PLAIN = tuple(c for c in CAPABILITIES if c != "PIPELINING")


def shop_on(
    pop3: ScriptedPop3, smtp: ScriptedSmtp, folder: Path, *, pop3_wait: float, smtp_wait: float
) -> ShopProgram:
    settings = settings_for(pop3.port, smtp.port)
    receive = replace(settings.receive, timeout_seconds=pop3_wait)
    send = replace(settings.send, timeout_seconds=smtp_wait, final_timeout_seconds=smtp_wait)
    return ShopProgram(folder, replace(settings, receive=receive, send=send), PASSWORD)


def letters(smtp: ScriptedSmtp) -> Counter[str]:
    """How many letters each recipient has, a repeat under the same Message-ID counted once."""
    seen = {
        (mail.recipients[0], email.message_from_bytes(mail.data)["Message-ID"])
        for mail in smtp.kept
    }
    return Counter(recipient for recipient, _ in seen)


@pytest.mark.parametrize("capabilities", [CAPABILITIES, PLAIN], ids=["pipelined", "plain"])
@pytest.mark.parametrize(
    "command",
    ["GREETING", "CAPA", "USER", "PASS", "UIDL", "LIST", "TOP 3 0", "RETR 6", "DELE 4", "QUIT"],
)
@pytest.mark.parametrize("kind", ["hang", "cut_before", "cut_inside"])
def test_the_mailbox_fails_at_each_command(
    tmp_path: Path, command: str, kind: str, capabilities: tuple[str, ...]
) -> None:
    fault = replace(Faults(capabilities=capabilities), **{kind: frozenset({command})})
    well = Faults(capabilities=capabilities)
    with ScriptedPop3(MAILS, [fault, fault, well]) as pop3, ScriptedSmtp() as smtp:
        shop = shop_on(pop3, smtp, tmp_path, pop3_wait=0.3, smtp_wait=10)
        started = time.monotonic()
        shop.poll()
        assert time.monotonic() - started < 60  # it hangs nowhere
        pop3.faults = [well]
        for _ in range(2):
            report, trouble = shop.poll()
        assert trouble is None
        assert (report.left, report.deferred) == (0, 0)
        assert not pop3.mails
        assert letters(smtp) == EVERYBODY
        assert len(smtp.kept) == len(MAILS)
        assert sorted(r.number for r in shop.receipts()) == list(range(1001, 1006))


@pytest.mark.parametrize("script", [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "RSET", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("act", [Act.HANG, Act.CUT, Act.KEEP_AND_CUT, Act.KEEP_AND_HANG])
def test_the_sending_server_fails_at_each_command(
    tmp_path: Path, verb: str, act: Act, script: tuple[bool, bool]
) -> None:
    pipelining, chunking = script
    failed: list[At] = []

    def fault(at: At) -> Act | None:
        if at.verb == ("BDAT" if chunking and verb in ("DATA", "DOT") else verb):
            failed.append(at)
            return act if len(failed) in (1, 2) else None
        return None

    with (
        ScriptedPop3(MAILS) as pop3,
        ScriptedSmtp(Script(pipelining=pipelining, chunking=chunking, fault=fault)) as smtp,
    ):
        shop = shop_on(pop3, smtp, tmp_path, pop3_wait=10, smtp_wait=0.3)
        for _ in range(4):
            report, trouble = shop.poll()
        assert trouble is None
        assert (report.left, report.deferred) == (0, 0)
        assert not pop3.mails
        assert letters(smtp) == EVERYBODY
        assert len(smtp.kept) <= len(MAILS) + 2 * len(failed)
        assert [r.number for r in shop.receipts()] == list(range(1001, 1006))


ODD = {
    "UIDL with one id for all": Faults(uids=dict.fromkeys(range(1, 7), "same")),
    "UIDL with an id twice": Faults(uids={2: "twice", 5: "twice"}),
    "UIDL without ids": Faults(lines={"UIDL": b"1\n2\n3\n4\n5\n6\n"}),
    "UIDL with nothing": Faults(lines={"UIDL": b""}),
    "UIDL with half of them": Faults(lines={"UIDL": b"1 one\n3 three\n5 five\n"}),
    "UIDL backwards": Faults(lines={"UIDL": b"6 f\n5 e\n4 d\n3 c\n2 b\n1 a\n"}),
    "UIDL with words": Faults(lines={"UIDL": b"hello\n1 a\n-1 x\n2 b\n\n3 c\n4 d\n5 e\n6 f\n"}),
    "UIDL with long ids": Faults(uids={n: "x" * 600 + str(n) for n in range(1, 7)}),
    "UIDL refused": Faults(answers={"UIDL": b"-ERR no\r\n"}),
    "LIST with words": Faults(lines={"LIST": b"hello\n1 12\n2 many\n"}),
    "LIST with nothing": Faults(lines={"LIST": b""}),
    "LIST refused": Faults(answers={"LIST": b"-ERR no\r\n"}),
    "both refused": Faults(answers={"LIST": b"-ERR no\r\n", "UIDL": b"-ERR no\r\n"}),
    "no TOP": Faults(missing=frozenset({"TOP"}), capabilities=("UIDL", "USER")),
    "no CAPA, no UIDL, no TOP": Faults(missing=frozenset({"TOP", "UIDL"}), capabilities=None),
    "lines ended by LF": Faults(bare_lf=True),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_answers(tmp_path: Path, name: str) -> None:
    odd = ODD[name]
    dies = replace(odd, cut_before=frozenset({"QUIT"}))
    with ScriptedPop3(MAILS, [dies, odd]) as pop3, ScriptedSmtp() as smtp:
        shop = shop_on(pop3, smtp, tmp_path, pop3_wait=5, smtp_wait=5)
        shop.poll()
        assert len(pop3.mails) == len(MAILS)
        for _ in range(3):
            if pop3.mails:
                shop.report()
        assert not pop3.mails
        assert letters(smtp) == EVERYBODY
        assert len(smtp.kept) == len(MAILS)
        assert {r.address for r in shop.receipts()} == set(CUSTOMERS)


@pytest.mark.slow
def test_ten_thousand_mails(tmp_path: Path) -> None:
    mails = [blank(f"guest..{n}@docomo.ne.jp", n) for n in range(10_000)]
    with ScriptedPop3(mails) as pop3, ScriptedSmtp(quick=True) as smtp:
        shop = shop_on(pop3, smtp, tmp_path, pop3_wait=30, smtp_wait=30)
        shop.change(collect=Collect(new_per_hour=20_000))
        started = time.monotonic()
        report = shop.report()
        assert time.monotonic() - started < 200  # 4 s here
        assert (report.accepted, report.left, report.deferred) == (10_000, 0, 0)
        assert not pop3.mails
        assert [kept.recipients[0] for kept in smtp.kept] == [
            f"guest..{n}@docomo.ne.jp" for n in range(10_000)
        ]
