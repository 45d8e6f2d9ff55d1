"""What servers and strangers write reaches no terminal, log or screen as anything but words."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.commands.output import print_json
from kollect.errors import Trouble
from kollect.ledger.receipt_rows import Receipts
from kollect.settings import ini_file
from kollect.settings.model import Auth, Protocol
from kollect.storage import event_log
from kollect.storage.data_folder import DataFolder
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for
from tests.integration.test_commands import kollect

PASSWORD = "S3cret-pw!"
BLOB = base64.b64encode(f"\0shop\0{PASSWORD}".encode()).decode()
BAD = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\u200b\u009b31m\U000e0041\ufeff\ue000"
WORDS = f"sor{BAD}ry {PASSWORD} {BLOB}"
FORBIDDEN = (*"\x1b\x07\u202e\u2066\u200b\u009b\U000e0041\ufeff\ue000", PASSWORD, BLOB)


def is_harmless(text: str) -> None:
    assert not [ascii(one) for one in FORBIDDEN if one in text], ascii(text)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """With a log, which takes what any part of the program says at any level it shows."""
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    with event_log.install(folder):
        yield folder


def polled(shop: ShopProgram, folder: DataFolder) -> str:
    """Everything that a poll has said, written down or left to be shown."""
    _, trouble = shop.poll()
    texts = shop.told()
    if trouble is not None:
        logging.getLogger("kollect.test").warning("%s", trouble)
        texts += [str(trouble), trouble.detail]
    texts += [
        line for month in event_log.months(folder) for line in event_log.read_month(folder, month)
    ]
    reader = Receipts(shop.folder / "kollect.db")
    texts += [f"{receipt.address} {receipt.reason}" for receipt in reader.all()]
    reader.close()
    return "\n".join(texts)


@pytest.mark.parametrize("command", ["RETR", "TOP", "UIDL", "STAT", "DELE", "QUIT", "PASS", "CAPA"])
@pytest.mark.parametrize("kind", ["-ERR {}", "-ERR [X{}] no", "?{}"])
def test_pop3(folder: DataFolder, scripted_smtp: ScriptedSmtp, command: str, kind: str) -> None:
    faults = Faults(answers={command: f"{kind.format(WORDS)}\r\n".encode()})
    mails = [blank("a@customer.example", 1), blank("b@customer.example", 2, subject="hello")]
    with ScriptedPop3(mails, faults, password=PASSWORD) as pop3:
        settings = settings_for(pop3.port, scripted_smtp.port)
        receive = replace(settings.receive, timeout_seconds=1)
        shop = ShopProgram(folder.path, replace(settings, receive=receive), PASSWORD)
        is_harmless(polled(shop, folder))


@pytest.mark.parametrize("command", ["FETCH", "SEARCH", "SELECT", "STORE", "EXPUNGE", "AUTH"])
@pytest.mark.parametrize("kind", ["TAG NO {}", "TAG BAD {}", "* BYE {}", "* NO {}\r\nTAG NO {}"])
def test_imap(folder: DataFolder, scripted_smtp: ScriptedSmtp, command: str, kind: str) -> None:
    answer = f"{kind.replace('{}', WORDS)}\r\n".encode()
    faults = ImapFaults(
        answers={command: answer, "LOGIN": answer} if command == "AUTH" else {command: answer}
    )
    mails = [blank("a@customer.example", 1), blank("b@customer.example", 2, subject="hello")]
    with ScriptedImap(mails, faults, password=PASSWORD) as imap:
        settings = settings_for(imap.port, scripted_smtp.port)
        receive = replace(settings.receive, protocol=Protocol.IMAP, timeout_seconds=1)
        shop = ShopProgram(folder.path, replace(settings, receive=receive), PASSWORD)
        is_harmless(polled(shop, folder))


@pytest.mark.parametrize(
    "verb", ["GREETING", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "BDAT"]
)
@pytest.mark.parametrize("code", ["550 5.1.1", "450 4.7.1", "421 4.3.2", "554", "2"])
@pytest.mark.parametrize("chunking", [False, True])
def test_smtp(
    folder: DataFolder, scripted_smtp: ScriptedSmtp, verb: str, code: str, chunking: bool
) -> None:
    script = scripted_smtp.script
    script.chunking = chunking
    script.mechanisms, script.accounts = ("PLAIN",), {"shop": PASSWORD}
    script.fault = lambda at: f"{code} {WORDS}" if at.verb == verb else None
    with ScriptedPop3([blank("a@customer.example", 1)], password=PASSWORD) as pop3:
        settings = settings_for(pop3.port, scripted_smtp.port)
        send = replace(settings.send, auth=Auth.YES, account="shop", timeout_seconds=1)
        shop = ShopProgram(folder.path, replace(settings, send=send), PASSWORD)
        is_harmless(polled(shop, folder))


def test_mails(folder: DataFolder, scripted_smtp: ScriptedSmtp, capsys) -> None:
    coded = base64.b64encode(f"hello{BAD}".encode()).decode()
    sender = "tar\u0336o\u0301@customer.example"
    mails = [
        f"From: x{BAD} <{sender}>\r\nSubject: =?UTF-8?B?{coded}?=\r\n\r\nx\r\n".encode(),
        f"From: {sender}\r\nSubject: \r\n\r\n".encode(),
        f"From: MAILER-DAEMON@x.example\r\nSubject: no\r\n\r\n<{sender}>:\r\n{BAD}\r\n".encode(),
    ]
    with ScriptedPop3(mails, password=PASSWORD) as pop3:
        shop = ShopProgram(folder.path, settings_for(pop3.port, scripted_smtp.port), PASSWORD)
        said = polled(shop, folder)
    is_harmless(said.replace(sender, ""))
    assert "tar\\u{336}ó@customer.example" in said
    assert f"<{sender}>".encode() in b"".join(  # answered as it is on the wire
        one.encode() for session in scripted_smtp.commands for one in session
    ) or [kept for kept in scripted_smtp.kept if "tar\u0336o\u0301@" in kept.recipients[0]]
    [receipt] = shop.receipts()
    assert receipt.address == sender
    print_json({"address": receipt.address})
    assert json.loads(capsys.readouterr().out) == {"address": sender}


@pytest.mark.real
def test_the_terminal(scripted_smtp: ScriptedSmtp, tmp_path: Path) -> None:
    """`collect`, `check`, `results` and `log` as they are called, with a login that is echoed."""
    script = scripted_smtp.script
    script.mechanisms, script.accounts = ("PLAIN",), {"shop": PASSWORD}
    script.fault = lambda at: f"550 5.1.1 {WORDS}" if at.verb == "RCPT" else None
    faults = Faults(answers={"RETR": f"-ERR {WORDS}\r\n".encode()})
    mails = [blank("a@customer.example", 1), blank("b@customer.example", 2, subject="hello")]
    with ScriptedPop3(mails, faults, password=PASSWORD) as pop3:
        settings = settings_for(pop3.port, scripted_smtp.port)
        send = replace(settings.send, auth=Auth.YES, account="shop")
        ini_file.save(tmp_path / "kollect.ini", replace(settings, send=send))
        for arguments in (
            ("collect", "--once"),
            ("collect", "--once", "--json"),
            ("check",),
            ("check", "--json"),
            ("results",),
            ("results", "--json"),
            ("log",),
        ):
            ran = kollect(*arguments, data=tmp_path, password=PASSWORD)
            is_harmless(ran.stdout + ran.stderr)
    [written] = (tmp_path / "log").glob("*.txt")
    assert "31mry" in written.read_text("utf-8"), "the words themselves are there"


def test_a_trouble_is_one_of_words(folder: DataFolder) -> None:
    """The last net under a log: whoever forgets to look still writes nothing that harms."""
    log = logging.getLogger("kollect.test")
    log.warning("%s", Trouble("x", happened=BAD, cure=BAD))
    [line] = event_log.read_month(folder, event_log.months(folder)[0])
    is_harmless(line.replace("\ue000", ""))
