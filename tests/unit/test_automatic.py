"""Which mails a program wrote (RFC 3834), and which only look a little like it."""

from __future__ import annotations

import pytest

from kollect.decision.automatic import why_automatic
from kollect.mail.message import Mail

AUTOMATIC = [
    b"Auto-Submitted: auto-replied",
    b"Auto-Submitted: auto-generated",
    b"Auto-Submitted: auto-notified; owner-email=a@b.jp",
    b"auto-submitted: AUTO-REPLIED (vacation)",
    b"Auto-Submitted: yes",
    b"Auto-Submitted:",
    b"Auto-Submitted: no\r\nAuto-Submitted: auto-replied",
    b"Auto-Submitted: not",
    b"Return-Path: <>",
    b"Return-Path: < >",
    b"Return-Path:\r\n <>",
    b"Precedence: bulk",
    b"Precedence: Junk",
    b"Precedence: list",
    b"Precedence: auto_reply",
    b"Precedence:  BULK (newsletter)",
    b"Precedence: first-class\r\nPrecedence: bulk",
    b"List-Id: <x.example.jp>",
    b"List-Unsubscribe: <mailto:x@example.jp>",
    b"List-Post: NO",
    b"LIST-HELP: x",
    b"X-Auto-Response-Suppress: All",
    b"X-Auto-Response-Suppress: OOF, AutoReply",
    b"X-Auto-Response-Suppress: oof",
    b"X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply",
    b"X-Auto-Response-Suppress: DR,RN,ALL",
    b"X-Auto-Response-Suppress: RN;autoreply (x)",
    b"X-Auto-Response-Suppress: DR\r\nX-Auto-Response-Suppress: All",
    b"X-Autoreply: yes",
    b"X-Autorespond: yes",
    b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
]

WRITTEN_BY_A_PERSON = [
    b"",
    b"Auto-Submitted: no",
    b"Auto-Submitted: No (really)",
    b"Auto-Submitted: no; x=y",
    b"Return-Path: <taro@docomo.ne.jp>",
    b"Return-Path: taro@docomo.ne.jp",
    b"Return-Path: <taro@docomo.ne.jp>\r\nReturn-Path: <>",  # the last server writes the first one
    b"Precedence: normal",
    b"Precedence: first-class",
    b"Precedence: urgent\r\nImportance: high",
    b"X-List-Price: 100",
    b"Listing: a",
    b"X-Auto-Response-Suppress: None",
    b"X-Auto-Response-Suppress: DR",
    b"X-Auto-Response-Suppress: DR, RN, NRN",
    b"X-Auto-Response-Suppress:  dr ,NDR,rn;  nrn",
    b"X-Auto-Response-Suppress:",
    b"X-Auto-Response-Suppress: OOFs, Allow",
    b"Content-Type: multipart/mixed; boundary=x",
    b"X-Mailer: iPhone Mail (21F90)",
    b"Feedback-ID: a:b",
]


@pytest.mark.parametrize("header", AUTOMATIC, ids=str)
def test_automatic(header: bytes):
    assert why_automatic(Mail.read(b"From: <taro@docomo.ne.jp>\r\n" + header + b"\r\n\r\n"))


@pytest.mark.parametrize("header", WRITTEN_BY_A_PERSON, ids=str)
def test_written_by_a_person(header: bytes):
    mail = Mail.read(b"From: <taro@docomo.ne.jp>\r\n" + header + b"\r\n\r\n")
    assert why_automatic(mail) is None


@pytest.mark.parametrize(
    "sender",
    [
        "mailer-daemon@example.jp",
        "MAILER-DAEMON@docomo.ne.jp",
        "Mailer.Daemon@example.jp",
        "mailerdaemon@example.jp",
        "postmaster@ezweb.ne.jp",
        "Postmaster+x@example.jp",
        "no-reply@example.jp",
        "noreply@example.jp",
        "NoReply@example.jp",
        "no_reply@example.jp",
        "no.reply@example.jp",
        "noreply-foo@example.jp",
        "noreply2025@example.jp",
        "shop-noreply@example.jp",
        "shop.no-reply.jp@example.jp",
        "shop+noreply@example.jp",
        "do-not-reply@example.jp",
        "donotreply@example.jp",
        "DoNotReply_shop@example.jp",
        "do.not.reply@example.jp",
        "do_not_reply@example.jp",
        "dont-reply@example.jp",
        '"no-reply"@example.jp',
        '"..noreply"@example.jp',
    ],
)
def test_senders_that_are_programs(sender: str):
    assert why_automatic(Mail.read(f"From: Name <{sender}>\r\n\r\n".encode()))


@pytest.mark.parametrize(
    "sender",
    [
        "noriko@docomo.ne.jp",
        "noriko-reply@docomo.ne.jp",
        "no@example.jp",
        "reply@example.jp",
        "replynow@example.jp",
        "nora.epply@example.jp",
        "minoreply@example.jp",
        "yukino.replyko@example.jp",
        "postman@example.jp",
        "postmasters@example.jp",
        "daemon@example.jp",
        "mailer@example.jp",
        "taro@noreply.example.jp",
        "taro@postmaster.jp",
        "donut@example.jp",
        "bulk@example.jp",
    ],
)
def test_senders_that_are_people(sender: str):
    assert why_automatic(Mail.read(f"From: no-reply <{sender}>\r\n\r\n".encode())) is None


def test_a_mail_server_without_an_address():
    assert why_automatic(Mail.read(b"From: MAILER-DAEMON (Mail Delivery System)\r\n\r\n"))
    assert why_automatic(Mail.read(b"From: Mail Delivery System <MAILER-DAEMON>\r\n\r\n"))
    assert why_automatic(Mail.read(b"From: Taro\r\n\r\n")) is None


@pytest.mark.parametrize("header", AUTOMATIC, ids=str)
def test_the_reason_is_a_japanese_sentence(header: bytes):
    reason = why_automatic(Mail.read(header + b"\r\n\r\n"))
    assert reason is not None
    assert "です" in reason
    assert reason.endswith("。")
