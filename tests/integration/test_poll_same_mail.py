"""The same mail is the same mail, whatever is changed in its header at each retrieval; another one
under the same id is another one."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.mail.message import Mail
from kollect.settings.model import Protocol
from kollect.storage.database_driver import sqlite3
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_pop3 import CAPABILITIES, Faults, ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import OWNER, PASSWORD, ShopProgram, settings_for

NO_UIDL = Faults(missing=frozenset({"UIDL"}), capabilities=("TOP", "USER"))
BLANK = blank("a@b.example", 1)
QUESTION = blank("x@y.example", 2, subject="question")
BOTH = Counter(["a@b.example", OWNER])

Scanner = Callable[[bytes, int], bytes]


def below_the_header(field: str) -> Scanner:
    return lambda raw, n: raw.replace(b"\r\n\r\n", f"\r\n{field.format(n)}\r\n\r\n".encode(), 1)


def on_top(field: str) -> Scanner:
    return lambda raw, n: f"{field.format(n)}\r\n".encode() + raw


def refolded(raw: bytes, n: int) -> bytes:
    return raw.replace(b"\r\n\tby ", b"\r\n" + b" " * (n + 1) + b"by ")


def in_the_subject(raw: bytes, n: int) -> bytes:
    return re.sub(rb"Subject: ([^\r]+)", rb"Subject: [SPAM %d] \1" % n, raw)


SCANNERS: dict[str, Scanner] = {
    "a number a session": below_the_header("X-Antivirus: Scanner (VPS 26{:04}-0, 2026/11/27)"),
    "a link": below_the_header("X-Filter-Link: http://127.0.0.1:8080/jump?view={}"),
    "a status": below_the_header("X-Spam-Status: No, score={}"),
    "a Received on top": on_top("Received: from pop.b.example by filter id {}; now"),
    "a Received by POP3": below_the_header("Received: from pop by localhost with POP3 id {}"),
    "a status on top": on_top("X-UIDL: {}\r\nStatus: RO\r\nX-Mozilla-Status: 0001"),
    "the subject": in_the_subject,
    "folding": refolded,
}


def answered(smtp: ScriptedSmtp) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in smtp.kept)


def polls_with(
    scanner: Scanner,
    pop3: ScriptedPop3,
    shop: ShopProgram,
    mails: list[bytes],
    faults: list[Faults],
) -> None:
    """A poll with each of these faults, the mails looking different in each."""
    uids = [pop3.put(raw) for raw in mails]
    for n, fault in enumerate(faults, 1):
        for uid, raw in zip(uids, mails, strict=True):
            if uid in pop3.mails:
                pop3.mails[uid] = scanner(raw, n)
        pop3.faults = [fault]
        shop.poll()


@pytest.mark.parametrize("well", [Faults(), NO_UIDL], ids=["UIDL", "no UIDL"])
@pytest.mark.parametrize("name", SCANNERS)
def test_a_farewell_that_is_lost_costs_no_second_answer(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, name: str, well: Faults
) -> None:
    lost = replace(well, cut_before=frozenset({"QUIT"}))
    mails = [BLANK, QUESTION] if name != "the subject" else [QUESTION, BLANK]
    polls_with(SCANNERS[name], pop3, shop, mails, [lost, lost, well])
    assert answered(smtp) == BOTH
    assert not pop3.mails
    assert [receipt.times for receipt in shop.receipts()] == [1]
    assert len(shop.kept()) == 1


@pytest.mark.parametrize("well", [Faults(), NO_UIDL], ids=["UIDL", "no UIDL"])
@pytest.mark.parametrize("name", SCANNERS)
def test_a_letter_that_is_put_off_is_counted_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, name: str, well: Faults
) -> None:
    smtp.script.fault = lambda at: "450 4.2.1 later" if at.verb == "RCPT" else None
    polls_with(SCANNERS[name], pop3, shop, [BLANK, QUESTION], [well, well])
    smtp.script.fault = None
    shop.report()
    assert answered(smtp) == BOTH
    assert not pop3.mails
    assert [receipt.times for receipt in shop.receipts()] == [1]


def test_imap_too(smtp: ScriptedSmtp, tmp_path: Path) -> None:
    with ScriptedImap([BLANK, QUESTION]) as imap:
        settings = settings_for(imap.port, smtp.port)
        receive = replace(settings.receive, protocol=Protocol.IMAP)
        shop = ShopProgram(tmp_path, replace(settings, receive=receive), PASSWORD)
        for n in range(3):
            imap.mails = {
                uid: SCANNERS["a number a session"](raw, n) for uid, raw in imap.mails.items()
            }
            imap.faults = ImapFaults(cut=("STORE",) if n < 2 else ())
            shop.poll()
        assert answered(smtp) == BOTH
        assert not imap.mails


OTHERS = {
    "Message-ID": BLANK.replace(b"Message-ID: <1.", b"Message-ID: <2."),
    "Date": re.sub(rb"(?m)^Date: .*$", b"Date: Mon, 23 Nov 2026 10:00:07 +0900 (JST)\r", BLANK),
    "From": BLANK.replace(b"From: a@b.example", b"From: c@b.example"),
    "Received": BLANK.replace(b"id 00000001", b"id 00000002"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_mail_under_the_same_id_is_another_mail(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, other: str
) -> None:
    uid = pop3.put(BLANK)
    shop.report()
    pop3.mails[uid] = OTHERS[other]
    assert shop.report().left == 0
    assert sum(answered(smtp).values()) == 2


def without(raw: bytes, *names: str) -> bytes:
    for name in names:
        raw = re.sub(rb"(?m)^%s:[^\n]*\n(?:[ \t][^\n]*\n)*" % name.encode(), b"", raw)
    return raw


@pytest.mark.parametrize(
    "missing", [("Message-ID",), ("Message-ID", "Date"), ("Message-ID", "Date", "Return-Path")]
)
@pytest.mark.parametrize("well", [Faults(), NO_UIDL], ids=["UIDL", "no UIDL"])
def test_two_blank_mails_of_one_customer_without_names_are_two(
    shop: ShopProgram,
    pop3: ScriptedPop3,
    smtp: ScriptedSmtp,
    missing: tuple[str, ...],
    well: Faults,
) -> None:
    """And neither of them is doubled by a farewell that is lost."""
    first, second = without(BLANK, *missing), without(blank("a@b.example", 2), *missing)
    lost = replace(well, cut_before=frozenset({"QUIT"}))
    polls_with(SCANNERS["a number a session"], pop3, shop, [first, second], [lost, well])
    assert answered(smtp) == Counter({"a@b.example": 2})
    assert [receipt.times for receipt in shop.receipts()] == [2]
    assert not pop3.mails


def with_rows_of_a_version_before(folder: Path, mails: list[bytes]) -> None:
    """Turn the fingerprints into what it wrote: a hash over the whole block."""
    former = {mail.fingerprint: mail.former_fingerprint for mail in map(Mail.read, mails)}
    db = sqlite3.connect(folder / "kollect.db")
    with db:
        for now, then in former.items():
            db.execute("UPDATE mail SET fingerprint = ? WHERE fingerprint = ?", (then, now))
            db.execute("UPDATE mail SET uid = ? WHERE uid = ?", (f"hash:{then}", f"hash:{now}"))
    assert db.execute("SELECT count(*) FROM mail WHERE fingerprint LIKE '2:%'").fetchone() == (0,)
    db.close()


@pytest.mark.parametrize("well", [Faults(), NO_UIDL], ids=["UIDL", "no UIDL"])
@pytest.mark.parametrize("end", ["lost", "kept", "waiting"])
def test_mails_that_a_version_before_has_seen_are_known(
    shop: ShopProgram,
    pop3: ScriptedPop3,
    smtp: ScriptedSmtp,
    tmp_path: Path,
    well: Faults,
    end: str,
) -> None:
    mails = [BLANK, QUESTION, without(blank("c@d.example", 3), "Message-ID")]
    for raw in mails:
        pop3.put(raw)
    there = dict(pop3.mails)
    pop3.faults = [replace(well, cut_before=frozenset({"QUIT"})) if end == "lost" else well]
    if end == "waiting":
        smtp.script.fault = lambda at: "450 4.2.1 later" if at.verb == "RCPT" else None
    shop.poll()
    with_rows_of_a_version_before(tmp_path, mails)
    pop3.mails = there  # "kept": the server says OK and shows them again
    pop3.faults = [well]
    smtp.script.fault = None
    report = shop.report()
    assert (report.left, report.accepted, report.duplicate) == (0, 0, 0)
    assert answered(smtp) == BOTH + Counter(["c@d.example"])
    assert not pop3.mails


def test_a_row_of_a_version_before_is_known_behind_a_virus_scanner(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    scanner = SCANNERS["a number a session"]
    uid = pop3.put(scanner(BLANK, 1))
    pop3.faults = [Faults(cut_before=frozenset({"QUIT"}))]
    shop.poll()
    with_rows_of_a_version_before(tmp_path, [scanner(BLANK, 1)])
    pop3.faults = [Faults()]
    pop3.mails[uid] = scanner(BLANK, 2)
    assert shop.report().left == 0
    assert answered(smtp) == Counter(["a@b.example"])


def test_a_mail_in_the_place_of_a_row_of_a_version_before_is_not_deleted_unread(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    uid = pop3.put(BLANK)
    pop3.faults = [Faults(cut_before=frozenset({"QUIT"}))]
    shop.poll()
    with_rows_of_a_version_before(tmp_path, [BLANK])
    pop3.faults = [Faults()]
    for raw in (blank("a@b.example", 7), blank("c@d.example", 8)):
        pop3.mails[uid] = raw
        shop.report()
    assert answered(smtp) == Counter({"a@b.example": 2, "c@d.example": 1})


@pytest.mark.parametrize("capabilities", [CAPABILITIES, ("TOP", "USER")])
def test_new_ids_for_all_mails_make_no_new_mails(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, capabilities: tuple[str, ...]
) -> None:
    numbers = itertools.count(1)
    scanner = SCANNERS["a number a session"]
    pop3.put(BLANK)
    for n in range(3):
        pop3.mails = {f"new{next(numbers)}": scanner(BLANK, n)}
        lost = frozenset({"QUIT"}) if n < 2 else frozenset()
        pop3.faults = [Faults(capabilities=capabilities, cut_before=lost)]
        shop.poll()
    assert answered(smtp) == Counter(["a@b.example"])
    assert not pop3.mails
