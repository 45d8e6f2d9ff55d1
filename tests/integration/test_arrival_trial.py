"""「自分の携帯・Gmailで試す」 on real servers: sent, answered, returned, removed; no number."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from kollect.app import arrival_trial
from kollect.app.arrival_trial import ArrivalTrial, EchoKind, SentTrial, TrialEcho
from kollect.app.mail_test import MailTest
from kollect.errors import ServerTrouble
from kollect.ledger.ledger import Ledger
from kollect.settings.model import Charset, Passwords, Settings, Shop
from kollect.storage.database_driver import sqlite3
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix
from tests.helpers.scripted_smtp import At, ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for
from tests.integration.test_mail_test import real

SHOP_NAME = "喫茶こもれび"


def now() -> datetime:
    return datetime.now().astimezone()


@pytest.fixture
def settings(dovecot: Dovecot, postfix: Postfix) -> Settings:
    settings = real(dovecot, postfix)
    dovecot.empty(settings.receive.account)
    return replace(settings, shop=Shop(name=SHOP_NAME), forward_address="boss@forwarded.example")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_EVERY", "ASK_EVERY", "POLL_EVERY"):
        monkeypatch.setattr(arrival_trial, name, 0.2)


@pytest.fixture
def trial(tmp_path: Path, settings: Settings, dovecot: Dovecot) -> ArrivalTrial:
    passwords = Passwords(dovecot.password, dovecot.password)
    return ArrivalTrial(settings, passwords, tmp_path / "kollect.db", now)


@pytest.fixture
def shop(tmp_path: Path, settings: Settings, dovecot: Dovecot) -> ShopProgram:
    return ShopProgram(tmp_path, settings, dovecot.password)


@pytest.fixture
def owner(settings: Settings) -> str:
    """An address outside, another one in each test."""
    return f"owner.of.{settings.receive.account}@docomo.ne.jp"


def sent_mail(postfix: Postfix, owner: str) -> bytes:
    [sent] = postfix.wait_for(owner)
    return sent


def subject(mail: Message) -> str:
    return str(make_header(decode_header(mail["Subject"])))


def answer_to(raw: bytes, owner: str, **fields: str) -> bytes:
    """As a phone answers: the subject with Re:, In-Reply-To, nothing of our header."""
    mail = message_from_bytes(raw)
    answer = MIMEText("届きました", "plain", "utf-8")
    answer["From"], answer["To"] = owner, mail["From"]
    answer["Subject"] = f"Re: {subject(mail)}"
    answer["In-Reply-To"] = mail["Message-ID"]
    answer["Message-ID"] = f"<answer@{owner.partition('@')[2]}>"
    for name, value in fields.items():
        del answer[name.replace("_", "-")]
        if value:
            answer[name.replace("_", "-")] = value
    return answer.as_bytes()


def echo_of(trial: ArrivalTrial, sent: SentTrial) -> TrialEcho:
    echo = trial.wait(sent, lambda: False, seconds=20)
    assert echo is not None
    return echo


def clean(trial: ArrivalTrial) -> str:
    with closing(Ledger(trial.database)) as ledger:
        mark = ledger.mark("test")
    steps: list[str] = []
    test = MailTest(
        trial.settings, trial.passwords, mark, lambda step: steps.append(step.happened), now
    )
    assert test.clean()
    return steps[-1]


pytestmark = pytest.mark.real


@pytest.mark.parametrize("charset", Charset)
def test_it_goes_out_as_the_replies_do_and_says_what_to_do(
    trial: ArrivalTrial, postfix: Postfix, owner: str, charset: Charset
):
    settings = replace(trial.settings, collect=replace(trial.settings.collect, charset=charset))
    sent = replace(trial, settings=settings).send(owner)
    assert (sent.to, sent.refusal) == (owner, "")
    mail = message_from_bytes(sent_mail(postfix, owner))
    assert sent.code in subject(mail) and sent.code in mail["Message-ID"]
    assert SHOP_NAME in str(make_header(decode_header(mail["From"])))
    assert mail["Auto-Submitted"] == "auto-generated"
    with closing(Ledger(trial.database)) as ledger:
        assert ledger.mark("test") not in mail.as_string(), "the secret stays at home"
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    body = payload.decode(str(mail.get_content_charset()))
    assert "そのまま返信" in body and "http" not in body


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"In_Reply_To": ""},
        {"Subject": ""},
        {"Subject": "届いたよ"},
        {"Auto_Submitted": "auto-replied"},
    ],
    ids=["answer", "no reference", "no subject", "another subject", "a program's"],
)
def test_the_answer_is_no_blank_mail_and_is_not_forwarded(
    trial: ArrivalTrial,
    shop: ShopProgram,
    dovecot: Dovecot,
    postfix: Postfix,
    owner: str,
    fields: dict[str, str],
):
    sent = trial.send(owner)
    box = trial.settings.receive.account
    dovecot.deliver(box, answer_to(sent_mail(postfix, owner), owner, **fields))
    customer = f"{box}.customer@au.com"
    dovecot.deliver(box, blank(customer, 1))
    report = shop.report()
    assert report.accepted == 1, "the customer's alone"
    assert report.forwarded == 0 and report.kept == 0
    assert len(postfix.wait_for(customer)) == 1
    assert len(postfix.received(owner)) == 1, "nothing else was sent to the owner"
    assert len(dovecot.mails(box)) == 1, "the answer lies there"

    heard = replace(trial, collects=lambda: True)
    assert echo_of(heard, sent) == TrialEcho(EchoKind.ANSWER)
    assert echo_of(trial, sent) == TrialEcho(EchoKind.ANSWER), "also where nobody collects"

    assert shop.report().accepted == 0
    assert "1通" in clean(trial)
    assert dovecot.mails(box) == []
    assert shop.report().ignored == 0


AUTHENTICATED = (
    b"Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])\r\n"
    b"\tby mx.box.example (Postfix) with ESMTPS id 5; Sat, 28 Nov 2026 10:00:03 +0900\r\n"
    b"Authentication-Results: mx.box.example; spf=softfail smtp.mailfrom=shop.example;\r\n"
    b" dkim=none; dmarc=fail header.from=shop.example\r\n"
)
CODES = ["returned.spf_fail", "returned.dkim_none", "returned.dmarc_fail"]


@pytest.mark.parametrize("collects", [True, False])
@pytest.mark.parametrize("way", ["attached", "pasted"])
def test_our_header_that_came_along_with_the_answer_is_read(
    trial: ArrivalTrial,
    shop: ShopProgram,
    dovecot: Dovecot,
    postfix: Postfix,
    owner: str,
    way: str,
    collects: bool,
):
    sent = trial.send(owner)
    arrived = AUTHENTICATED + sent_mail(postfix, owner)
    if way == "attached":
        answer: Message = MIMEMultipart()
        answer.attach(MIMEText("転送します", "plain", "utf-8"))
        answer.attach(MIMEMessage(message_from_bytes(arrived)))
    else:
        answer = MIMEText("ソースです\n\n" + arrived.decode(), "plain", "utf-8")
    answer["From"], answer["Subject"] = owner, f"Fwd: {sent.code}"
    dovecot.deliver(trial.settings.receive.account, answer.as_bytes())
    if collects:
        shop.report()
    echo = echo_of(replace(trial, collects=lambda: collects), sent)
    assert echo.kind is EchoKind.ANSWER
    assert [one.code for one in echo.findings] == CODES


REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@mail.hoster.example>
To: {shop}
Subject: Undelivered Mail Returned to Sender
Return-Path: <>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.hoster.example

Final-Recipient: rfc822; {owner}
Action: failed
Status: 5.2.0
Diagnostic-Code: smtp; 550 Unknown user {owner}

--b
Content-Type: text/rfc822-headers

{header}
--b--
"""


def report_of(sent: bytes, trial: ArrivalTrial, owner: str) -> bytes:
    header = sent.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode()
    text = REPORT.format(shop=trial.settings.mail_address, owner=owner, header=header)
    return text.encode()


@pytest.mark.parametrize("collects", [True, False])
def test_a_delivery_report_is_told_where_it_is_waited_for_and_forwarded_to_nobody(
    trial: ArrivalTrial,
    shop: ShopProgram,
    dovecot: Dovecot,
    postfix: Postfix,
    owner: str,
    collects: bool,
):
    box = trial.settings.receive.account
    dovecot.deliver(box, blank(owner, 1))
    shop.report()  # the owner has a number, too: it says nothing of that
    dovecot.deliver(box, report_of(b"Message-ID: <other@shop.example>\n\n", trial, "x@au.com"))
    sent = trial.send(owner)
    mail = next(m for m in postfix.wait_for(owner, 2) if sent.code.encode() in m)
    dovecot.deliver(box, report_of(mail, trial, owner))
    if collects:
        assert shop.report().forwarded == 1, "the report about something else"
        assert dovecot.mails(box) == []
    echo = echo_of(replace(trial, collects=lambda: collects), sent)
    assert echo == TrialEcho(EchoKind.RETURNED, f"550 Unknown user {owner}")
    with closing(sqlite3.connect(trial.database)) as db:
        assert db.execute("SELECT state, reason FROM receipt").fetchall() == [("replied", "")]


def test_the_answer_to_another_trial_is_not_this_ones(
    trial: ArrivalTrial, shop: ShopProgram, dovecot: Dovecot, postfix: Postfix, owner: str
):
    first = trial.send(owner)
    dovecot.deliver(trial.settings.receive.account, answer_to(sent_mail(postfix, owner), owner))
    shop.report()
    second = trial.send(owner)
    for collects in (True, False):
        one = replace(trial, collects=lambda collects=collects: collects)
        assert one.wait(second, lambda: False, seconds=0.5) is None
        assert echo_of(one, first).kind is EchoKind.ANSWER


def test_the_mail_itself_come_back_by_a_forwarding_is_no_answer(
    trial: ArrivalTrial, shop: ShopProgram, dovecot: Dovecot, postfix: Postfix, owner: str
):
    sent = trial.send(owner)
    box = trial.settings.receive.account
    dovecot.deliver(box, sent_mail(postfix, owner))
    report = shop.report()
    assert (report.accepted, report.forwarded, len(dovecot.mails(box))) == (0, 0, 1)
    for collects in (True, False):
        one = replace(trial, collects=lambda collects=collects: collects)
        assert one.wait(sent, lambda: False, seconds=0.5) is None
    assert "1通" in clean(trial)


def test_waiting_wakes_the_collector_and_can_be_stopped(trial: ArrivalTrial, owner: str):
    sent = trial.send(owner)
    woken: list[int] = []
    stop = threading.Event()
    waiting = replace(trial, collects=lambda: True, poll_now=lambda: woken.append(1))
    threading.Timer(1, stop.set).start()
    assert waiting.wait(sent, stop.is_set) is None
    assert len(woken) >= 2


def test_a_mailbox_that_cannot_be_read_is_said(trial: ArrivalTrial, owner: str):
    sent = trial.send(owner)
    wrong = replace(trial, passwords=replace(trial.passwords, receive="not-this-one"))
    with pytest.raises(ServerTrouble, match=r"パスワード|ログイン"):
        wrong.wait(sent, lambda: False, seconds=5)


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as smtp:
        yield smtp


def scripted(tmp_path: Path, smtp: ScriptedSmtp, verb: str, answer: str) -> ArrivalTrial:
    def fault(at: At) -> str | None:
        return answer if at.verb == verb else None

    smtp.script.fault = fault
    smtp.script.chunking = False
    return ArrivalTrial(settings_for(1, smtp.port), Passwords("x", "x"), tmp_path / "k.db", now)


@pytest.mark.parametrize("verb", ["RCPT", "DOT"])
def test_a_refusal_at_once_comes_back_with_its_words(tmp_path: Path, smtp: ScriptedSmtp, verb: str):
    """docomo says it at RCPT or behind the letter."""
    trial = scripted(tmp_path, smtp, verb, "550 Unknown user me@docomo.ne.jp")
    assert trial.send("me@docomo.ne.jp").refusal == "550 Unknown user me@docomo.ne.jp"


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("RCPT", "450 4.2.0 try again"),
        ("MAIL", "550 5.7.60 not your address"),
        ("DOT", "554 5.7.1 daily sending limit exceeded"),
        ("RCPT", "554 5.7.1 relay access denied"),
    ],
)
def test_what_is_no_refusal_of_the_owners_carrier_is_trouble(
    tmp_path: Path, smtp: ScriptedSmtp, verb: str, answer: str
):
    with pytest.raises(ServerTrouble) as told:
        scripted(tmp_path, smtp, verb, answer).send("me@docomo.ne.jp")
    assert told.value.happened and told.value.cure
