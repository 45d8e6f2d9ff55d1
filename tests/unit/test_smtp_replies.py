"""Answers of real servers, and what they do to a letter: said of the customer, or of the shop."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.smtp.capabilities import Capabilities
from kollect.smtp.dot_stuffing import stuffed, stuffed_whole
from kollect.smtp.outgoing import DeliveryStatus
from kollect.smtp.replies import (
    MalformedReply,
    ReplyReader,
    SmtpReply,
    Verb,
    classify_reply,
    refuses_parameters,
    refuses_syntax,
)

OF_THE_CUSTOMER = [
    "550 5.1.1 <a@b.jp>: Recipient address rejected: User unknown in relay recipient table",
    "550 5.1.1 The email account that you tried to reach does not exist. gsmtp",
    "552 5.2.2 Mailbox full",
    "552 5.2.2 <a@b.jp>: Recipient address rejected: sending quota of this mailbox",
    "553 sorry, no mailbox here by that name (#5.1.1)",
    "554 5.2.1 The user you are trying to contact is receiving mail too quickly",
]
DOUBTFUL = [
    "550 Requested action not taken: mailbox unavailable",
    "551 User not local",
    "550 5.7.1 Message rejected by the recipient's policy",
    "554 5.7.1 Spam message rejected",
    "554 Transaction failed. Reject due to policy restrictions.",
]
OF_THE_SHOP = [
    "530 5.7.0 Authentication required",
    "530 5.5.1 Authentication Required. Learn more",
    "530 5.7.57 Client not authenticated to send mail",
    "535 5.7.8 Error: authentication failed",
    "538 5.7.11 Encryption required",
    "550 5.7.1 Unable to relay",
    "554 5.7.1 <a@b.jp>: Relay access denied",
    "550 relay not permitted",
    "550 5.7.1 Relaying denied. Proper authentication required.",
    "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "553 5.7.1 <shop@shop.example>: Sender address rejected: not owned by user shop",
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    "550 5.4.5 Daily user sending limit exceeded",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit",
    "550 5.1.8 Sender domain not found",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "550-5.7.26 This mail is unauthenticated",
    "550 Please login first",
]


def answer(line: str) -> SmtpReply:
    return SmtpReply(int(line[:3]), line[4:])


@pytest.mark.parametrize("verb", [Verb.RCPT, Verb.DATA, Verb.DOT, Verb.BDAT])
@pytest.mark.parametrize("line", OF_THE_CUSTOMER)
def test_said_of_the_customer(line: str, verb: Verb):
    found = classify_reply(verb, answer(line))
    assert found.status is DeliveryStatus.REFUSED
    assert found.text == line[4:]
    assert not found.ours


@pytest.mark.parametrize("verb", [Verb.RCPT, Verb.DATA, Verb.DOT, Verb.BDAT])
@pytest.mark.parametrize("line", DOUBTFUL)
def test_what_may_be_said_of_either_waits(line: str, verb: Verb):
    found = classify_reply(verb, answer(line))
    assert found.status is DeliveryStatus.DOUBTED
    assert found.text == line[4:]
    assert not found.ours


@pytest.mark.parametrize("verb", [Verb.RCPT, Verb.DATA, Verb.DOT, Verb.BDAT])
@pytest.mark.parametrize("line", OF_THE_SHOP)
def test_said_of_the_shop(line: str, verb: Verb):
    found = classify_reply(verb, answer(line))
    assert found.status is DeliveryStatus.LATER
    assert found.ours and not found.fatal(verb)
    assert line[4:] in found.text
    assert not refuses_syntax(answer(line))


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("line", ["450 4.2.0 greylisted", "451 later", "452 4.3.1 full", "421 bye"])
def test_four_hundreds_are_for_later(line: str, verb: Verb):
    found = classify_reply(verb, answer(line))
    assert found.status is DeliveryStatus.LATER
    assert not found.ours


def test_no_to_mail_is_never_the_customers_fault():
    for line in [*OF_THE_CUSTOMER, *DOUBTFUL, *OF_THE_SHOP]:
        found = classify_reply(Verb.MAIL, answer(line))
        assert found.status is DeliveryStatus.LATER
        assert found.fatal(Verb.MAIL)


@pytest.mark.parametrize(
    "line", ["552 message size exceeds fixed limit", "554 5.3.4 Message too big", "550 5.2.3 big"]
)
@pytest.mark.parametrize("verb", [Verb.MAIL, Verb.DOT, Verb.BDAT])
def test_a_letter_too_large_is_refused(line: str, verb: Verb):
    assert classify_reply(verb, answer(line)).status is DeliveryStatus.REFUSED


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("501 5.1.3 Bad recipient address syntax", True),
        ("500 Syntax error", True),
        ("553 5.1.3 The recipient address <a..b@c> is not a valid RFC 5321 address. gsmtp", True),
        ("555 5.5.2 Syntax error, goodbye. gsmtp", True),
        ("550 5.1.3 bad address syntax", True),
        ("550 5.1.1 User unknown", False),
        ("450 4.1.3 syntax", False),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", False),
    ],
)
def test_refused_for_the_form_of_the_address(line: str, expected: bool):
    assert refuses_syntax(answer(line)) is expected


def test_refused_for_the_parameters():
    assert refuses_parameters(answer("555 5.5.4 Unsupported option: SIZE=1"))
    assert not refuses_parameters(answer("550 5.7.1 no"))


# --- the reader


def test_many_lines_are_one_answer():
    reader = ReplyReader()
    raw = b"550-5.7.26 This mail is\r\n550-5.7.26 unauthenticated.\r\n550 5.7.26 gsmtp\r\n250 ok\n"
    assert list(reader.feed(raw)) == [
        SmtpReply(550, "5.7.26 This mail is unauthenticated. gsmtp"),
        SmtpReply(250, "ok"),
    ]


def test_an_answer_may_be_bare():
    assert list(ReplyReader().feed(b"250\r\n354 \r\n")) == [SmtpReply(250, ""), SmtpReply(354, "")]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 30)))
def test_pieces_do_not_matter(cuts: list[int]):
    raw = b"250-a\r\n250 b\r\n354 go\r\n550-x\r\n550-y\r\n550 \xe3\x81\x82\r\n"
    reader = ReplyReader()
    found: list[SmtpReply] = []
    at = 0
    for cut in [*cuts, len(raw)]:
        found += reader.feed(raw[at : at + cut])
        at += cut
    assert found == [SmtpReply(250, "a b"), SmtpReply(354, "go"), SmtpReply(550, "x y あ")]


RUBBISH = [
    *(b"+OK POP3 ready\r\n", b"\r\n", b"25 ok\r\n", b"250ok\r\n", b"199 x\r\n", b"600 x\r\n"),
    *(b"250-a\r\n251 b\r\n", b"2\xb250 x\r\n", b"x" * 20000, b"250-x\r\n" * 300),
]


@pytest.mark.parametrize("raw", RUBBISH)
def test_what_is_no_answer_is_garbled(raw: bytes):
    with pytest.raises(MalformedReply):
        list(ReplyReader().feed(raw))


def test_good_answers_before_garbage_count():
    found = []
    with pytest.raises(MalformedReply):
        for one in ReplyReader().feed(b"250 ok\r\nrubbish\r\n"):
            found.append(one)
    assert found == [SmtpReply(250, "ok")]


def test_nothing_unprintable_gets_into_a_text():
    (found,) = ReplyReader().feed(b"550 no\x1b[31m\x00\x07 \xe2\x80\xa8 way\r\n")
    assert found.text == "no [31m way"


def test_offers():
    found = Capabilities.read(
        ["pipelining", "SIZE 70000", "8BITMIME", "auth plain login", "AUTH=CRAM-MD5", "", "SIZE x"]
    )
    assert found == Capabilities(
        pipelining=True,
        eight_bit=True,
        size=True,
        largest=70000,
        auth=frozenset({"PLAIN", "LOGIN", "CRAM-MD5"}),
    )
    assert Capabilities.read(["SIZE"]) == Capabilities(size=True)
    assert Capabilities.read(["SIZE ²"]).largest == 0


@pytest.mark.parametrize(
    "size", ["9" * 5000, "9" * 19, "-5", "+5", "1_000", "٣", "0x10", "1e9", "007"]
)
def test_a_size_that_is_no_number_is_as_if_it_had_not_been_said(size: str):
    assert Capabilities.read([f"SIZE {size}"]) == Capabilities(size=True)


# --- dots

_BODY = st.lists(
    st.sampled_from([b"\r\n", b".", b"..", b"a", b"\r\n.\r\n", b"\r", b"\n", b"text"]), max_size=12
)


def unstuffed(raw: bytes) -> bytes:
    """As a server undoes it (RFC 5321 section 4.5.2), line by line."""
    assert raw.endswith(b"\r\n.\r\n") or raw == b".\r\n"
    lines = raw[: -len(b".\r\n")].split(b"\r\n")
    assert b"." not in lines
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


@settings(max_examples=100, deadline=None)
@given(_BODY, st.integers(1, 5))
def test_dots_are_doubled_wherever_the_pieces_end(parts: list[bytes], step: int):
    body = b"".join(parts)
    whole = stuffed_whole(body)
    expected = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    assert unstuffed(whole) == expected
    for pieces in (parts, [body[at : at + step] for at in range(0, len(body), step)]):
        sent = list(stuffed(pieces))
        assert b"".join(piece for piece, _ in sent) == whole
        assert [last for _, last in sent] == [False] * (len(sent) - 1) + [True]
