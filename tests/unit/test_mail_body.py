"""What is shown of a kept mail: readable, harmless, and never an exception."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.mail.body import MailBody, read_contents
from kollect.mail.mail_parts import MailParts


def contents(head: str, body: bytes = b"") -> MailBody:
    return read_contents(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body, whole=True)


def test_a_plain_mail():
    shown = contents(
        "From: =?utf-8?B?6Yi05pyo?= <suzuki@docomo.ne.jp>\nSubject: hello\n"
        "Date: Mon, 23 Nov 2026 10:00:00 +0900\nContent-Type: text/plain; charset=utf-8",
        "こんにちは\r\nさようなら\r\n".encode(),
    )
    assert shown.sender == "鈴木 <suzuki@docomo.ne.jp>"
    assert shown.subject == "hello"
    assert shown.date == "Mon, 23 Nov 2026 10:00:00 +0900"
    assert shown.text == "こんにちは\nさようなら"
    assert shown.attachments == ()
    assert shown.whole


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("iso-2022-jp", b"\x1b$B$3$s\x1b(B", "こん"),
        ("iso-2022-jp", "①㈱".encode("cp932"), "①㈱"),
        ("shift_jis", "髙橋①".encode("cp932"), "髙橋①"),
        ("euc-jp", "こん".encode("euc-jp"), "こん"),
        ("utf-8", "こん".encode("cp932"), "こん"),  # it claims what it is not
        ("no-such-charset", "こん".encode(), "こん"),
        ('"; rm -rf /"', "こん".encode(), "こん"),
        ("", "こん".encode("cp932"), "こん"),
        ("us-ascii", b"\xff\xfe\x81", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_charsets_are_read_whatever_they_claim(charset: str, body: bytes, text: str):
    assert text in contents(f"Content-Type: text/plain; charset={charset}", body).text


def test_attachments_are_only_named():
    shown = contents(
        'Content-Type: multipart/mixed; boundary="b"',
        b"--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
        b'--b\r\nContent-Type: application/x-msdownload; name="setup.exe"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA\r\n"
        b"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''"
        b"%E5%86%99%E7%9C%9F.html\r\n\r\n<p>x</p>\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nsecret\r\n--b--\r\n",
    )
    assert shown.text == "hi"
    assert shown.attachments == (
        "setup.exe（application/x-msdownload、約1KB）",
        "写真.html（text/html、約1KB）",
        "ほかのメール（転送されたもの）",
    )


def test_html_becomes_words_and_nothing_of_it_runs():
    page = (
        b"<html><head><title>t</title><style>p{}</style></head><body onload='x()'>"
        b"<p>one</p><script>alert(1)</script><div>two&amp;three</div>"
        b"<img src='http://spy.example/x.gif'><a href='javascript:x'>four</a></body>"
    )
    assert contents("Content-Type: text/html", page).text == "one\n\ntwo&threefour"


def test_plain_text_is_preferred_to_html():
    shown = contents(
        'Content-Type: multipart/alternative; boundary="b"',
        b"--b\r\nContent-Type: text/html\r\n\r\n<b>bold</b>\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n",
    )
    assert shown.text == "plain"


def test_invisible_and_turning_characters_are_left_out():
    shown = contents(
        "Content-Type: text/plain; charset=utf-8", "a\u202egnp.exe\u200b\x07\x1b[2Jb".encode()
    )
    assert shown.text == "agnp.exe[2Jb"


def test_a_part_of_a_mail_says_so():
    assert not read_contents(b"Subject: x\r\n\r\nhalf", whole=False).whole
    assert not contents("Subject: x", b"long " * 50_000).whole


def test_too_deep_for_the_parser_is_shown_as_it_is():
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(1200)
    )
    shown = read_contents(deep, whole=True)
    assert shown.text.startswith("--b0\nContent-Type: multipart/mixed")
    assert not shown.whole


@pytest.mark.parametrize(
    "page", [b"<!" * 100_000, b"<a" * 100_000, b"<!--" * 60_000, b"<script>" + b"</s" * 60_000]
)
def test_html_made_to_hurt_costs_no_more_than_other_html(page: bytes):
    started = time.process_time()
    contents("Content-Type: text/html", page)
    assert time.process_time() - started < 5


@given(st.binary(max_size=2000))
@settings(max_examples=100, deadline=None)
def test_any_octets_are_contents(raw: bytes):
    shown = read_contents(raw, whole=True)
    assert "\0" not in shown.text + shown.subject + shown.sender


@given(
    st.lists(
        st.sampled_from(
            [
                *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n", b"--b--\r\n"),
                *(b"\r\n", b"Content-Type: text/html\r\n", b"Content-Type: message/rfc822\r\n"),
                *(
                    b"Content-Transfer-Encoding: base64\r\n",
                    b"Content-Type: text/plain;charset\r\n",
                ),
                *(b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 644 x\r\n", b"=?x?b?=\r\n"),
                *(b"Content-Disposition: attachment; filename*0*=x'y'%zz\r\n", b"\xff\xfe", b"AAA"),
                *(b"Content-Type: message/delivery-status\r\n", b"<p", b"Content-Type:\r\n"),
            ]
        ),
        max_size=14,
    ).map(b"".join)
)
@settings(max_examples=100, deadline=None)
def test_any_order_of_the_parts_of_mails_is_contents(raw: bytes):
    assert isinstance(read_contents(raw, whole=True).text, str)


HEAD = b"From: a@b.jp\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"


def nested(depth: int, text: bytes) -> bytes:
    heads = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    return b"From: a@b.jp\r\n" + heads + b"\r\n" + text


def parts(count: int, head: bytes, body: bytes) -> bytes:
    return HEAD + (b"--b\r\n" + head + b"\r\n\r\n" + body + b"\r\n") * count + b"--b--\r\n"


TEXT = b"abc def ghi\r\n" * 150_000
MADE_TO_HURT = {
    "300 nested parts": nested(300, TEXT),
    "30 nested parts": nested(29, TEXT),
    "50,000 parts": parts(50_000, b"Content-Type: text/plain", b"hello"),
    "50,000 pages": parts(40_000, b"Content-Type: text/html", b"<p>hello"),
    "50,000 attachments": parts(40_000, b"Content-Type: x/y; name=a", b"QUJD"),
    "parts without an end of the head": HEAD + b"--b\r\nA: b\r\n" * 180_000,
    "lines that could be delimiters": HEAD + b"--x\n" * 500_000,
    "parameters": parts(450, b"Content-Type: text/plain" + b";a" * 2000, b"hello"),
    "parameters in pieces": parts(450, b"Content-Type: x/y" + b";name*0=a" * 400, b"hello"),
    "fields": parts(1, b"Content-X: y\r\n" * 150_000 + b"A: b", b"hello"),
    "a head without an end": HEAD + b"--b\r\n" + b"Content-Type: x\r\n " * 110_000,
    "long boundaries": HEAD + (b"--b\r\nContent-Type: multipart/x; boundary=" + b"c" * 4000) * 400,
    "one text": parts(1, b"Content-Type: text/plain", TEXT),
    "one page": parts(1, b"Content-Type: text/html", b"<p>abc" * 330_000),
    "a text in no charset": parts(1, b"Content-Type: text/plain; charset=x", b"\x81\xff" * 999_999),
}


@pytest.mark.parametrize("raw", MADE_TO_HURT.values(), ids=MADE_TO_HURT)
def test_a_mail_of_2_mb_costs_less_than_a_second(raw: bytes):
    started = time.process_time()
    shown = read_contents(raw[: 2 * 1024 * 1024], whole=True)
    assert time.process_time() - started < 1, "0.3 s of work at the most, however busy the PC is"
    assert len(shown.attachments) <= 50


def test_of_very_many_parts_the_first_are_shown():
    shown = read_contents(parts(50_000, b"Content-Type: text/plain", b"hello"), whole=True)
    assert shown.text.startswith("hello\n\nhello")
    assert not shown.whole
    few = read_contents(parts(40, b"Content-Type: text/plain", b"hello"), whole=True)
    assert few.text.count("hello") == 40
    assert few.whole


def test_what_stands_before_and_behind_parts_is_for_nobody():
    raw = (
        b'Content-Type: multipart/mixed; boundary="a"\r\n\r\nbefore\r\n--a\r\n'
        b'Content-Type: multipart/alternative; boundary="a-b"\r\n\r\nbefore\r\n'
        b"--a-b  \r\n\r\none\r\n--a-b--\r\nbehind\r\n"
        b"--a\r\n\r\ntwo\r\n\r\n--aa\r\n--a--\r\nbehind\r\n--a\r\n\r\nbehind\r\n"
    )
    for text in (raw, raw.replace(b"\r\n", b"\n")):
        shown = read_contents(text, whole=True)
        assert shown.text == "one\n\ntwo\n\n--aa"
        assert shown.whole


def test_an_inner_container_ends_with_the_outer_one():
    shown = contents(
        "Content-Type: multipart/mixed; boundary=o",
        b"--o\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\none\r\n"
        b"--o\r\n\r\ntwo\r\n--i\r\nnot a part any more\r\n--o--",
    )
    assert shown.text == "one\n\ntwo\n--i\nnot a part any more"


def test_a_digest_holds_mails():
    shown = contents(
        "Content-Type: multipart/digest; boundary=d",
        b"--d\r\n\r\nSubject: a\r\n\r\none\r\n--d\r\n\r\nSubject: b\r\n\r\ntwo\r\n--d--\r\n",
    )
    assert shown.attachments == ("ほかのメール（転送されたもの）",) * 2


def test_a_container_of_nothing_is_shown_as_it_is():
    shown = contents("Content-Type: multipart/mixed; boundary=b", b"no boundary anywhere\r\n")
    assert shown.text == "no boundary anywhere"


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_parts_are_those_of_the_parser_of_python(data: st.DataObject):
    """For mails as programs write them."""

    def made(depth: int) -> Message:
        if depth and data.draw(st.booleans()):
            outer = MIMEMultipart(data.draw(st.sampled_from(["mixed", "alternative", "related"])))
            for _ in range(data.draw(st.integers(1, 3))):
                outer.attach(made(depth - 1))
            return outer
        text = data.draw(st.text("abあ\n-=", max_size=30))
        if data.draw(st.booleans()):
            return MIMEText(text, "plain", data.draw(st.sampled_from(["utf-8", "iso-2022-jp"])))
        return MIMEApplication(text.encode())

    raw = made(3).as_bytes(policy=policy.SMTP)
    theirs = [
        (part.get_content_type(), part.get_payload(decode=True))
        for part in message_from_bytes(raw).walk()
        if not part.is_multipart()
    ]
    assert [(part.kind, part.octets()) for part in MailParts(raw)] == theirs
