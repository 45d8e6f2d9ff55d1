"""Reports of servers that write for people only: which letter, to whom, for good or not."""

from __future__ import annotations

import pytest

from kollect.decision.bounce import BounceReport, read_report

KDDI = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@ezweb.example>
Subject: Mail System Error - Returned Mail
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/plain; charset=ISO-2022-JP
Content-Transfer-Encoding: 7bit

次のあて先へのメッセージはエラーのため送信できませんでした。

 Recipient: <taro@ezweb.example>

>>> RCPT TO:<taro@ezweb.example>
<<< 550 <taro@ezweb.example>: User unknown

--x--
"""

EXCHANGE = """\
Return-Path: <>
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@phone.example>
Subject: Undeliverable: number
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain; charset="utf-8"

Delivery has failed to these recipients or groups:

taro@phone.example (taro@phone.example)<mailto:taro@phone.example>
The email address you entered couldn't be found.

Diagnostic information for administrators:

Generating server: TY2PR01.prod.outlook.example

taro@phone.example
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup'

Original message headers:

Received: from mail.shop.example (203.0.113.9)
X-Kollect-Reply: 0123456789abcdef
Message-ID: <renamed-0001@relay.example>
--x--
"""

EXCHANGE_PAGE = """\
Return-Path: <>
From: postmaster@phone.example
Subject: =?utf-8?B?6YWN5L+h5LiN6IO9?=
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/html; charset="utf-8"

<html><body><p>Your message to <a href="mailto:taro@phone.example">taro@phone.example</a>
couldn't be delivered.</p><p>Remote Server returned &#39;550 5.1.1 RESOLVER.ADR.RecipNotFound; not
found&#39;</p></body></html>
--x--
"""

QMAIL_WITHOUT_CODES = """\
Return-Path: <>
From: MAILER-DAEMON@phone.example
Subject: failure notice

Hi. This is the qmail-send program at phone.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<taro@phone.example>:
Sorry, no mailbox here by that name.

--- Below this line is a copy of the message.

Return-Path: <shop@shop.example>
Message-ID: <1.kollect@shop.example>
To: taro@phone.example

500 circulars for the first 550 guests
"""

EXIM = """\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.phone.example>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  taro@phone.example
    host mail.phone.example [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<taro@phone.example>:
    550 5.1.1 <taro@phone.example>: Recipient address rejected: User unknown
"""

POSTFIX_TEXT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender

This is the mail system at host mx.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<taro@phone.example>: host mail.phone.example[192.0.2.1] said: 550 5.1.1
    <taro@phone.example>: Recipient address rejected: User unknown (in reply to RCPT TO command)
"""

SENDMAIL = """\
Return-Path: <>
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>
Subject: Returned mail: see transcript for details

   ----- The following addresses had permanent fatal errors -----
<taro@phone.example>
    (reason: 550 5.1.1 <taro@phone.example>... User unknown)

   ----- Transcript of session follows -----
... while talking to mail.phone.example.:
>>> DATA
<<< 550 5.1.1 <taro@phone.example>... User unknown
"""

CARRIER = """\
Return-Path: <>
From: Postmaster@phone.example
Subject: Mail System Error - Returned Mail

This Message was undeliverable due to the following reason:

Each of the following recipients was rejected by a remote mail server.
The reasons given by the server are included to help you determine why
each recipient was rejected.

    Recipient: <taro@phone.example>
    Reason:    Unknown user

Please reply to <postmaster@phone.example>
if you feel this message to be in error.
"""

GMAIL = """\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: shop@shop.example
References: <1.kollect@shop.example>
In-Reply-To: <1.kollect@shop.example>
X-Failed-Recipients: taro@phone.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)

** Address not found **

Your message wasn't delivered to taro@phone.example because the address couldn't be found, or is
unable to receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.
"""

FINAL = {
    "KDDI": KDDI,
    "Exchange": EXCHANGE,
    "Exchange, a page": EXCHANGE_PAGE,
    "qmail without codes": QMAIL_WITHOUT_CODES,
    "Exim": EXIM,
    "Postfix, the text alone": POSTFIX_TEXT,
    "sendmail": SENDMAIL,
    "a carrier, no code": CARRIER,
    "Gmail": GMAIL,
}


def read(text: str) -> BounceReport | None:
    charset = "iso-2022-jp" if "ISO-2022-JP" in text else "utf-8"
    return read_report(text.replace("\n", "\r\n").encode(charset))


@pytest.mark.parametrize("text", FINAL.values(), ids=FINAL)
def test_for_good(text: str):
    report = read(text)
    assert report is not None
    assert report.failed
    assert report.permanent
    taro = "taro@ezweb.example" if text is KDDI else "taro@phone.example"
    assert report.recipient == taro
    assert report.named[0] == taro
    assert report.reason
    assert report.reason.isprintable()


@pytest.mark.parametrize(
    "said",
    [
        "<taro@phone.example>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
        "I'm not going to try again; this message has been in the queue too long.\n",
        "An error occurred while trying to deliver the mail to the following recipients:\n"
        "taro@phone.example\n",
    ],
)
def test_given_up_without_a_verdict_about_the_mailbox(said: str):
    report = read(f"From: MAILER-DAEMON@mx.example\n\n{said}")
    assert report is not None
    assert report.recipient == "taro@phone.example"
    assert report.failed
    assert not report.permanent


@pytest.mark.parametrize(
    "said",
    [
        "** アドレスが見つかりません **\n\ntaro@phone.example というアドレスが見つからないか、"
        "メールを受信できないため、メールは配信されませんでした。\n",
        "送信先: taro@phone.example\n指定されたユーザーは存在しないため、配信できませんでした。\n",
        "was not delivered to:\n  taro@phone.example\nbecause:\n  User taro (taro@phone.example)"
        " not listed in Domino Directory\n",
    ],
)
def test_no_such_mailbox_in_words_alone(said: str):
    head = "From: MAILER-DAEMON@mx.example\nContent-Type: text/plain; charset=utf-8\n\n"
    report = read(head + said)
    assert report is not None
    assert report.recipient == "taro@phone.example"
    assert report.permanent


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("KDDI", "550 <taro@ezweb.example>: User unknown"),
        ("Exchange", "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not"),
        ("Exchange, a page", "550 5.1.1 RESOLVER.ADR.RecipNotFound"),
        ("qmail without codes", "Sorry, no mailbox here by that name."),
        ("Postfix, the text alone", "said: 550 5.1.1 <taro@phone.example>: Recipient address"),
        ("sendmail", "550 5.1.1 <taro@phone.example>... User unknown"),
        ("Gmail", "550 5.1.1 The email account that you tried to reach does not exist."),
    ],
)
def test_the_reason_is_the_servers(name: str, reason: str):
    report = read(FINAL[name])
    assert report is not None
    assert reason in report.reason


def test_what_tells_which_letter_it_was():
    exchange = read(EXCHANGE)
    assert exchange is not None
    assert exchange.mark == "0123456789abcdef"
    assert exchange.ids == ("<renamed-0001@relay.example>",)
    gmail = read(GMAIL)
    assert gmail is not None
    assert gmail.ids == ("<1.kollect@shop.example>",)
    qmail = read(QMAIL_WITHOUT_CODES)
    assert qmail is not None
    assert qmail.ids == ("<1.kollect@shop.example>",)


def test_a_references_of_its_own_does_not_hide_the_letter():
    """Some servers thread their own reports; what is returned goes before it."""
    report = read(GMAIL.replace("<1.kollect@shop.example>", "<thread@mx.example>", 1))
    assert report is not None
    assert report.ids == ("<thread@mx.example>", "<1.kollect@shop.example>")
    assert report.named[0] == "taro@phone.example"


@pytest.mark.parametrize(
    "text",
    [
        QMAIL_WITHOUT_CODES.replace("This is a permanent error; I've given up.", "I will try on."),
        EXIM.replace("This is a permanent error", "No action is required").replace(
            "could not be delivered to", "has been delayed for"
        ),
        POSTFIX_TEXT.replace("could not\nbe delivered", "has not yet been delivered").replace(
            "550 5.1.1", "450 4.2.0"
        ),
        CARRIER.replace("was undeliverable", "is delayed")
        .replace("rejected", "busy")
        .replace("Unknown user", "452 too busy"),
        "From: MAILER-DAEMON@mx.example\n\nWARNING MESSAGE ONLY\nYOU DO NOT NEED TO RESEND\n"
        "<taro@phone.example>... Deferred: 451 4.7.1 try later\n",
        "From: MAILER-DAEMON@mx.example\n\ntaro@phone.example へのメールの配送が遅延しています。\n",
    ],
)
def test_a_delay_is_no_failure(text: str):
    report = read(text)
    assert report is not None
    assert not report.failed
    assert not report.permanent


@pytest.mark.parametrize(
    ("status", "diagnostic", "permanent"),
    [
        ("5.1.1", "550 5.1.1 no", True),
        ("5.0.0", "550 Unknown user", True),
        ("4.4.7", "", False),
        ("4.4.1", "connect to mx: Connection timed out", False),
        ("4.4.7", "550 4.4.7 QUEUE.Expired; message expired", False),
        ("4.0.0", "550 5.1.1 user unknown", True),
        ("", "450 4.2.0 try later", False),
        ("", "452 try later", False),
        ("", "550 no", True),
        ("", "", True),
    ],
)
def test_a_4xx_is_no_verdict_on_the_mailbox(status: str, diagnostic: str, permanent: bool):
    text = (
        "From: MAILER-DAEMON@mx.example\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"
        "--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; taro@phone.example\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {diagnostic}\n\n--x--\n"
    )
    report = read(text)
    assert report is not None
    assert report.failed
    assert report.permanent == permanent


@pytest.mark.parametrize(
    "why",
    [
        "connect to mail.phone.example[192.0.2.1]: No route to host",
        "452 4.2.2 too many messages",
        "I'm not going to try again; this message has been in the queue too long. (#4.4.1)",
        "As their mailbox is full",
    ],
)
def test_given_up_without_a_word_about_the_mailbox(why: str):
    report = read(QMAIL_WITHOUT_CODES.replace("Sorry, no mailbox here by that name.", why))
    assert report is not None
    assert report.failed
    assert not report.permanent
    assert report.reason == why


def test_yahoo_as_it_says_it():
    report = read(
        "From: MAILER-DAEMON@yahoo.example\nSubject: Delivery failure\n\n"
        "Message from yahoo.example.\n"
        "Unable to deliver message to the following address(es).\n\n<taro@phone.example>:\n"
        "This user doesn't have a yahoo.example account (taro@phone.example)\n"
    )
    assert report is not None
    assert report.permanent
    assert report.recipient == "taro@phone.example"


def test_numbers_in_what_is_returned_say_nothing():
    text = QMAIL_WITHOUT_CODES.replace("This is a permanent error; I've given up.", "I will retry.")
    report = read(text)
    assert report is not None
    assert not report.failed


def test_a_quoted_address_is_named_as_it_is():
    report = read(POSTFIX_TEXT.replace("taro@phone", '"a..b"@phone'))
    assert report is not None
    assert '"a..b"@phone.example' in report.named
