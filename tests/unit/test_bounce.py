"""Delivery reports as mail servers write them: RFC 3464, and the texts of those that do not."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kollect.decision.bounce import MOST_READ, BounceReport, read_report
from tests.helpers.hostile_mails import HOSTILE

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.jp (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4ABC.1736125200/mx.example.jp"

This is a MIME-encapsulated message.

--4ABC.1736125200/mx.example.jp
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<abc..def@docomo.ne.jp>: host mfsmax.docomo.ne.jp[203.138.180.240] said: 550 Unknown
    user abc..def@docomo.ne.jp (in reply to RCPT TO command)

--4ABC.1736125200/mx.example.jp
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp
X-Postfix-Queue-ID: 4ABC
Arrival-Date: Mon,  6 Jan 2025 10:00:00 +0900 (JST)

Final-Recipient: rfc822; abc..def@docomo.ne.jp
Original-Recipient: rfc822;abc..def@docomo.ne.jp
Action: failed
Status: 5.0.0
Remote-MTA: dns; mfsmax.docomo.ne.jp
Diagnostic-Code: smtp; 550 Unknown user
    abc..def@docomo.ne.jp

--4ABC.1736125200/mx.example.jp
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <shop@example.jp>
From: shop@example.jp
Message-ID: <1.kollect@example.jp>
To: abc..def@docomo.ne.jp
Subject: =?utf-8?B?5Y+X5LuY?=

body
Message-ID: <not.this@example.jp>

--4ABC.1736125200/mx.example.jp--
"""

FROM_POSTFIX = BounceReport(
    recipient="abc..def@docomo.ne.jp",
    status="5.0.0",
    reason="550 Unknown user abc..def@docomo.ne.jp",
    original_message_id="<1.kollect@example.jp>",
    permanent=True,
)

QMAIL = """\
Return-Path: <>
From: MAILER-DAEMON@example.jp
Subject: failure notice

Hi. This is the qmail-send program at example.jp.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<taro@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 unknown user
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <shop@example.jp>
Message-ID:
 <1.kollect@example.jp>
To: taro@example.com

body
"""

EXIM = """\
Return-path: <>
X-Failed-Recipients: taro@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@example.jp>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  taro@example.com
    SMTP error from remote mail server after RCPT TO:<taro@example.com>:
    host mx.example.com [192.0.2.1]: 550 5.1.1 User unknown

------ This is a copy of the message, including all the headers. ------

Message-ID: <1.kollect@example.jp>
"""


def _raw(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_postfix():
    assert read_report(_raw(POSTFIX)) == FROM_POSTFIX


def test_bare_line_feeds():
    assert read_report(POSTFIX.encode()) == FROM_POSTFIX


def test_headers_only_returned():
    headers_only = POSTFIX.replace("message/rfc822", "text/rfc822-headers")
    assert read_report(_raw(headers_only)) == FROM_POSTFIX


def test_international_report():
    """RFC 6533."""
    text = POSTFIX.replace("message/delivery-status", "message/global-delivery-status")
    text = text.replace("message/rfc822", "message/global")
    text = text.replace("rfc822; abc..def@docomo.ne.jp", "utf-8; 太郎@example.jp")
    text = text.replace("Original-Recipient: rfc822;abc..def@docomo.ne.jp\n", "")
    report = read_report(_raw(text))
    assert report.recipient == "太郎@example.jp"
    assert report.original_message_id == "<1.kollect@example.jp>"


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered", "expanded", "", "fail"])
def test_only_failed_is_for_good(action: str):
    report = read_report(_raw(POSTFIX.replace("Action: failed", f"Action: {action}")))
    assert report.permanent is False
    assert report.original_message_id == "<1.kollect@example.jp>"


@pytest.mark.parametrize("action", ["FAILED", "failed (user unknown)", " failed "])
def test_failed_as_it_is_written(action: str):
    assert read_report(_raw(POSTFIX.replace("Action: failed", f"Action: {action}"))).permanent


def test_of_several_recipients_the_one_that_failed():
    other = "Final-Recipient: rfc822; other@example.jp\nAction: delayed\nStatus: 4.0.0\n\n"
    both = POSTFIX.replace("Final-Recipient", other + "Final-Recipient", 1)
    assert read_report(_raw(both)) == FROM_POSTFIX


def test_an_original_recipient_that_was_forwarded_on():
    text = POSTFIX.replace(
        "Final-Recipient: rfc822; abc..def@docomo.ne.jp", "Final-Recipient: rfc822; x@y.jp"
    )
    assert read_report(_raw(text)).recipient == "abc..def@docomo.ne.jp"


def test_no_letter_returned_but_referred_to():
    start, _, _ = POSTFIX.partition(
        "--4ABC.1736125200/mx.example.jp\nContent-Description: Undelivered"
    )
    report = read_report(_raw(start))
    assert report.original_message_id == ""
    assert report.permanent
    referring = "References: <0@example.jp> <1.kollect@example.jp>\n" + start
    assert read_report(_raw(referring)).original_message_id == "<1.kollect@example.jp>"


def test_parts_in_base64_and_quoted_printable():
    status = POSTFIX.partition("message/delivery-status\n\n")[2].partition("\n\n--4ABC")[0]
    letter = POSTFIX.partition("message/rfc822\n\n")[2].partition("\n\n--4ABC")[0]
    coded = POSTFIX.replace(
        f"delivery-status\n\n{status}",
        "delivery-status\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(status.encode()).decode().strip(),
    ).replace(
        f"rfc822\n\n{letter}",
        "rfc822\nContent-Transfer-Encoding: Quoted-Printable\n\n" + letter.replace("@", "=\n=40"),
    )
    assert coded.count("Transfer-Encoding") == 2
    assert read_report(_raw(coded)) == FROM_POSTFIX


def test_report_inside_a_mixed_mail():
    head, _, body = POSTFIX.partition("\n\n")
    mixed = (
        "From: relay@example.jp\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n"
        f"{head[head.index('Content-Type') :]}\n\n{body}\n--outer--\n"
    )
    assert read_report(_raw(mixed)) == FROM_POSTFIX


def test_qmail():
    report = read_report(_raw(QMAIL))
    assert report == BounceReport(
        recipient="taro@example.com",
        status="5.1.1",
        reason="192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 unknown user "
        "Giving up on 192.0.2.1.",
        original_message_id="<1.kollect@example.jp>",
        permanent=True,
    )


def test_old_exim():
    report = read_report(_raw(EXIM))
    assert (report.recipient, report.status, report.permanent) == (
        "taro@example.com",
        "5.1.1",
        True,
    )
    assert report.original_message_id == "<1.kollect@example.jp>"
    assert report.reason.endswith("550 5.1.1 User unknown")


def test_a_warning_in_plain_text_is_not_for_good():
    text = QMAIL.replace("This is a permanent error; I've given up.", "I will go on trying.")
    assert read_report(_raw(text)).permanent is False


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"From: <taro@example.jp>\r\nSubject: \r\n\r\nhello\r\n",
        _raw(QMAIL.replace("MAILER-DAEMON", "taro")),  # a person who quotes one
        b"From: MAILER-DAEMON@example.jp\r\n\r\nnothing to see\r\n",
        b"From: MAILER-DAEMON@example.jp\r\nContent-Type: multipart/report; boundary=x;"
        b" report-type=delivery-status\r\n\r\n"
        b"--x\r\nContent-Type: message/delivery-status\r\n\r\n--x--\r\n",
    ],
)
def test_no_report(raw: bytes):
    assert read_report(raw) is None


def test_the_reason_is_one_line_of_bounded_length():
    raw = _raw(POSTFIX.replace("550 Unknown", "550\x07\x1b[31m " + "あ" * 5000 + " Unknown"))
    report = read_report(raw)
    assert report.reason.isprintable()
    assert len(report.reason) <= 300


def test_only_the_beginning_of_a_long_mail_is_read():
    start, last, rest = POSTFIX.partition(
        "--4ABC.1736125200/mx.example.jp\nContent-Description: Un"
    )
    long = _raw(start + last + rest) + b"a" * 1_000_000
    assert read_report(long) == FROM_POSTFIX
    late = _raw(start) + b"a" * MOST_READ + b"\r\n" + _raw(last + rest)
    assert read_report(late).original_message_id == ""


def _nested(depth: int) -> bytes:
    heads = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    return b"".join(heads) + b"a"


HURTFUL = {
    "nested": _nested(3000),
    "many parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 50_000,
    "many recipients": b"Content-Type: message/delivery-status\r\n\r\n"
    + b"Action: x\r\n\r\n" * 20_000,
    "spaces": b"From: mailer-daemon\r\n\r\n" + b" " * 250_000,
    "at signs": b"From: mailer-daemon\r\n\r\n" + b"a@" * 120_000,
    "almost empty lines": b"From: mailer-daemon\r\n\r\na@b:\r\n" + b"\n \t" * 80_000,
    "message ids": b"From: mailer-daemon\r\n\r\na@b.jp\r\n" + b"Message-ID: <\r\n" * 17_000,
}


@pytest.mark.parametrize("raw", HURTFUL.values(), ids=HURTFUL)
def test_nothing_takes_long(raw: bytes):
    started = time.process_time()
    read_report(raw)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers(name: str):
    report = read_report(HOSTILE[name])
    assert report is None or not report.permanent


LINES = st.lists(
    st.one_of(
        st.sampled_from(_raw(POSTFIX + QMAIL + EXIM).splitlines(True)), st.binary(max_size=10)
    ),
    max_size=60,
).map(b"".join)
HEADS = st.sampled_from([_raw(text).partition(b"\r\n\r\n")[0] for text in (POSTFIX, QMAIL, EXIM)])


@settings(max_examples=100, deadline=None)
@given(HEADS, LINES)
@example(_raw(QMAIL).partition(b"\r\n\r\n")[0], b"\x00@\x00")
def test_any_bytes(head: bytes, body: bytes):
    for raw in (body, head + b"\r\n\r\n" + body):
        report = read_report(raw)
        if report is not None:
            assert (report.recipient + report.status + report.reason).isprintable()
            assert (report.original_message_id or "<>").isprintable()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 60), st.binary(max_size=10))
def test_a_damaged_report(start: int, length: int, patch: bytes):
    raw = _raw(POSTFIX)
    start = start * len(raw) // 1000
    read_report(raw[:start] + patch + raw[start + length :])
    read_report(raw[:start])
