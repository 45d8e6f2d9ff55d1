"""What is shown of a kept mail: readable, harmless, and never an exception."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.contents import Contents, read_contents


def contents(head: str, body: bytes = b"") -> Contents:
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
