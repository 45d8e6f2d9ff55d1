"""Reading a mail from its bytes: fields, subject, sender, ids; whatever the bytes are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.mail import address
from kollect.mail.message import HEADER_LIMIT, Mail, is_former, split
from tests.helpers.hostile_mails import ANSWERED, HOSTILE

# --- fields


def test_fields_are_named_in_lower_case_unfolded_and_raw():
    mail = Mail.read(b"X-A: b\r\n  c\r\n\td\r\nFrom : <a@b.jp> \r\nX-A:\xff\r\n\r\nX-Body: no\r\n")
    assert mail.fields == (("x-a", b"b  c\td"), ("from", b"<a@b.jp>"), ("x-a", b"\xff"))
    assert mail.first("x-a") == b"b  c\td"
    assert mail.every("x-a") == (b"b  c\td", b"\xff")
    assert mail.first("x-body") is None
    assert mail.every("x-body") == ()
    assert mail.names == {"x-a", "from"}


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r\r\n"])
def test_any_line_end(line_end: bytes):
    raw = line_end.join([b"From: <a@b.jp>", b"Subject:", b" hello", b"", b"Subject: body", b""])
    mail = Mail.read(raw)
    assert (mail.sender, mail.subject) == ("a@b.jp", "hello")
    head, body = split(raw)
    assert head.startswith(b"From:")
    assert body == b"Subject: body" + line_end


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (b"", (b"", b"")),
        (b"A: b", (b"A: b", b"")),
        (b"A: b\r\n", (b"A: b\r\n", b"")),
        (b"A: b\r\n\r\n", (b"A: b\r", b"")),
        (b"\r\nbody", (b"", b"body")),
        (b"A: b\n\n\nbody", (b"A: b", b"\nbody")),
    ],
)
def test_split(raw: bytes, parts: tuple[bytes, bytes]):
    assert split(raw) == parts


def test_lines_that_are_no_field_are_passed_over():
    mail = Mail.read(
        b"From x Mon Jan  6 10:00:00 2025\r\n lost\r\nno colon\r\nbad name: x\r\n: none\r\n"
        b"Subject: here\r\n>From: <b@b.jp>\r\nFrom: <a@b.jp>\r\n\r\n"
    )
    assert [name for name, _ in mail.fields] == ["subject", ">from", "from"]
    assert mail.sender == "a@b.jp"


def test_a_block_cut_off_by_a_limit_has_no_subject_that_can_be_trusted():
    block = b"From: <a@b.jp>\r\nX-Long: " + b"a" * HEADER_LIMIT
    assert Mail.read(block).subject is None
    assert Mail.read(block + b"\r\n\r\n").subject == ""


def test_content_type():
    mail = Mail.read(
        b"Content-Type: Multipart/REPORT; report-type=delivery-status;\r\n"
        b'\tBoundary="a;b c"\r\n\r\n'
    )
    assert mail.content_type == "multipart/report"
    assert mail.parameter("report-type") == "delivery-status"
    assert mail.parameter("boundary") == "a;b c"
    assert mail.parameter("charset") == ""
    assert Mail.read(b"").content_type == ""
    assert Mail.read(b"Content-Type: \xff/;;;=\r\n\r\n").parameter("a") == ""


# --- subject

SUBJECTS = {
    b"hello": "hello",
    b"=?utf-8?B?56m644Oh44O844Or?=": "空メール",
    b"=?UTF-8?q?=E7=A9=BA?= =?UTF-8?Q?=E3=83=A1?=\t=?UTF-8?B?44O844Or?=": "空メール",
    b"=?utf-8?Q?a_b?= c =?utf-8?Q?d?=e": "a b c de",
    b"=?utf-8?Q?=E7=A9?= =?utf-8?Q?=BA?=": "空",  # one character in two words
    b"=?utf-8?B?56m644O?= =?utf-8?B?h44O844Or?=": "空メール",  # base64 cut anywhere
    b"=?utf-8?B?56m6?= =?iso-2022-jp?B?GyRCJWEbKEI=?=": "空メ",
    b"=?utf-8?B?56m644Oh44O844Or": "=?utf-8?B?56m644Oh44O844Or",
    b"=?iso-2022-jp?B?GyRCNnUlYSE8JWsbKEI=?=": "空メール",
    b"=?ISO-2022-JP?B?GyRCNnUlYQ==?= =?ISO-2022-JP?B?ITwlaxsoQg==?=": "空メール",  # no escape
    b"=?ISO-2022-JP?B?GyRCLSEtahsoQg==?=": "①㈱",
    b"=?ISO-2022-JP?B?GyhJNl4bKEI=?=": "ｶﾞ",
    b"=?iso-2022-jp?Q?=1B$B6u=1B(B?=": "空",
    b"=?Shift_JIS?B?i/M=?=": "空",
    b"=?shift_jis?B?h0A=?=": "①",
    b"=?windows-31j?B?h0A=?=": "①",
    b"=?CP932?B?h0A=?=": "①",
    b"=?EUC-JP?B?raE=?=": "①",
    b"=?gb2312?B?1eKzyA==?=": "这橙",
    b"=?GBK?B?6U0=?=": "镸",
    b"=?ks_c_5601-1987?B?sKE=?=": "가",
    b"=?big5?B?pKQ=?=": "中",
    b"=?koi8-r?B?8NLJ18XU?=": "Привет",
    b"=?iso-8859-1?Q?caf=E9?=": "café",
    b"=?iso-8859-1?Q?=93a=94?=": "“a”",
    b"=?iso-8859-15?Q?=A4?=": "€",
    b"=?utf-7?Q?+MEI-?=": "あ",
    b"=?utf-8*ja-JP?Q?=E7=A9=BA?=": "空",
    b"=?us-ascii?Q?=E7=A9=BA?=": "空",  # declared wrongly
    b"=?unknown-8bit?B?i/M=?=": "空",
    b"=?utf-8?B?56m6=?=": "空",  # padding wrong
    b"=?utf-8?B?YQ?=": "a",  # padding missing
    b"=?utf-8?B?YQ==Yg==?=": "ab",  # padding in the middle
    b"=?utf-8?B?56m6 44Oh?=": "空メ",  # a space inside
    b"=?utf-8?Q?a b=zz=?=": "a b=zz=",
    "空メール".encode(): "空メール",
    "空メール".encode("cp932"): "空メール",
    "空メール".encode("euc_jp"): "空メール",
    "空メール".encode("iso2022_jp"): "空メール",
    "ﾃｽﾄ".encode("cp932"): "ﾃｽﾄ",
    "空 ".encode() + b"=?utf-8?Q?a?=": "空 a",
    b"=?x-nobody?Q?a?=": None,
    b"a =?x-nobody?Q?a?= b": None,
    b"=?utf-8?Q?=FF?=": None,
    b"=?utf-8?B?Y?=": None,
    b"=?utf-8?Q?=FF?= =?utf-8?Q?CAg?=": None,  # no base64, though it would read as spaces
    b"=?iso-2022-jp?B?GyRCNnU=?= =?iso-2022-jp?B?YQ==?=": "空a",  # each by itself
    b"=?base64?B?YQ==?=": None,
    b"=?rot13?Q?a?=": None,
    b"=?idna?Q?a?=": None,
    b"\xff\xfe\x81": None,
}


@pytest.mark.parametrize(("raw", "text"), SUBJECTS.items(), ids=map(str, SUBJECTS))
def test_subject(raw: bytes, text: str | None):
    mail = Mail.read(b"Subject: " + raw + b"\r\n\r\n")
    assert mail.subject == text
    assert mail.subject_for_people
    assert mail.subject_for_people.isprintable()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", ""),
        (b"=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        (b"a\x00\x07\x1b[31m", "a"),
        ("a\u202eb\u2028c".encode(), "ab c"),
        (b"=?utf-8?B?56m6gICA?=", "空\ufffd\ufffd\ufffd"),
        (b"=?iso-2022-jp?B?GyRCNnUk?=", "空\ufffd"),
        (b"=?x-nobody?Q?a?=", "=?x-nobody?Q?a?="),
        (b"a" * 300, "a" * 99 + "…"),
    ],
)
def test_subject_for_people_is_one_printable_line(raw: bytes, shown: str):
    seen = Mail.read(b"Subject: " + raw + b"\r\n\r\n").subject_for_people
    assert seen.startswith(shown) if raw.endswith(b"[31m") else seen == shown


# --- sender

SENDERS = {
    # as the phones and web mails of Japan write it
    b"taro@docomo.ne.jp": "taro@docomo.ne.jp",
    b"<taro@docomo.ne.jp>": "taro@docomo.ne.jp",
    b"Taro_Yamada@i.softbank.jp": "Taro_Yamada@i.softbank.jp",
    b"abc..def@docomo.ne.jp": "abc..def@docomo.ne.jp",
    b"<abc..def@docomo.ne.jp>": "abc..def@docomo.ne.jp",
    b"<abc.@ezweb.ne.jp>": "abc.@ezweb.ne.jp",
    b"abc.@ezweb.ne.jp": "abc.@ezweb.ne.jp",
    b"<.abc@docomo.ne.jp>": ".abc@docomo.ne.jp",
    b'"abc..def"@docomo.ne.jp': '"abc..def"@docomo.ne.jp',
    b'<"abc..def"@docomo.ne.jp>': '"abc..def"@docomo.ne.jp',
    b'"abc..def@docomo.ne.jp" <abc..def@docomo.ne.jp>': "abc..def@docomo.ne.jp",
    b"abc..def@docomo.ne.jp <abc..def@docomo.ne.jp>": "abc..def@docomo.ne.jp",
    b"=?UTF-8?B?5bGx55Sw5aSq6YOO?= <taro@gmail.com>": "taro@gmail.com",
    b"=?utf-8?Q?=E5=B1=B1=E7=94=B0?=<taro@icloud.com>": "taro@icloud.com",
    b"=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <taro@yahoo.co.jp>": "taro@yahoo.co.jp",
    b'"=?Shift_JIS?B?jlKTYw==?=" <taro@outlook.jp>': "taro@outlook.jp",
    b'"Yamada, Taro" <taro@outlook.jp>': "taro@outlook.jp",
    b"Yamada, Taro <taro@outlook.jp>": "taro@outlook.jp",
    b"taro@au.com (=?utf-8?Q?=E5=B1=B1?=)": "taro@au.com",
    b"taro@au.com (a (b (c)) <no@x.jp>)": "taro@au.com",
    b"(comment) taro@au.com": "taro@au.com",
    b"Taro (home, sweet) <taro@au.com> (end)": "taro@au.com",
    b"taro@example.jp, jiro@example.jp": "taro@example.jp",
    b"Taro <taro@example.jp>, Jiro <jiro@example.jp>": "taro@example.jp",
    b"nobody, Jiro <jiro@example.jp>": "jiro@example.jp",
    b"Family: Taro <taro@example.jp>, jiro@example.jp;": "taro@example.jp",
    b"Nobody:;, jiro@example.jp": "jiro@example.jp",
    b"<@relay.jp,@other.jp:taro@example.jp>": "taro@example.jp",
    b"< taro@example.jp >": "taro@example.jp",
    b'"a\\"b" <taro@example.jp>': "taro@example.jp",
    b'"<no@x.jp>" <taro@example.jp>': "taro@example.jp",
    b'<"a>b,c;d"@example.jp>': '"a>b,c;d"@example.jp',
    b":-) <taro@example.jp>": "taro@example.jp",
    b"Taro [shop] <taro@example.jp>": "taro@example.jp",
    b"mailto:taro@example.jp": "taro@example.jp",
    # international
    "山田 <taro@example.jp>".encode(): "taro@example.jp",
    "山田 <太郎@example.jp>".encode(): "太郎@example.jp",
    "<taro@日本語.jp>".encode(): "taro@日本語.jp",
    b"<taro@xn--wgv71a119e.jp>": "taro@xn--wgv71a119e.jp",
    # raw bytes and broken names
    "山田 <taro@example.jp>".encode("cp932"): "taro@example.jp",
    "山田 <taro@example.jp>".encode("euc_jp"): "taro@example.jp",
    '"能ソ" <taro@example.jp>'.encode("cp932"): "taro@example.jp",
    "表@ <taro@example.jp>".encode("cp932"): "taro@example.jp",
    b"\x1b$B;3ED\x1b(B <taro@example.jp>": "taro@example.jp",
    b'"\x1b$B;3ED\x1b(B" <taro@example.jp>': "taro@example.jp",
    b'\x1b$B<>",;:(\\@@\x1b(B <taro@example.jp>': "taro@example.jp",
    b'\x1b$B"<\x1b(J <taro@example.jp>, <jiro@example.jp>': "taro@example.jp",
    b'\x1b$B<>",;: <taro@example.jp>': "taro@example.jp",
    b"\x1b(I<>@\x1b(B <taro@example.jp>": "taro@example.jp",
    b'"Taro <taro@example.jp>': "taro@example.jp",
    b'Taro" <taro@example.jp>': "taro@example.jp",
    b"Taro (home <taro@example.jp>": "taro@example.jp",
    b'"Taro <taro@example.jp>"': "taro@example.jp",
    b"> <taro@example.jp>": "taro@example.jp",
    b"<Taro <taro@example.jp>": "taro@example.jp",
    # no names
    b"=?utf-8?B?PHZpY3RpbUBleGFtcGxlLmNvbT4=?= <taro@example.jp>": "taro@example.jp",
    b"=?utf-8?Q?<victim@example.com>,?= <taro@example.jp>": "taro@example.jp",
    b"=?utf-8?Q?x_<victim@example.com>?=": "",
    b"=?utf-8?Q?victim=40example.com?= <>": "",
    b"=?utf-8?Q?a?=@example.jp": "",
    b"<=?utf-8?Q?a=0D=0ABcc:x?=@example.jp>": "",
    b'"victim@example.com" <>': "",
    b'"Victim <victim@example.com>" <>': "",
    b"": "",
    b"<>": "",
    b"Taro": "",
    b"undisclosed-recipients:;": "",
    b"taro.example.jp": "",
    b"taro@one@example.jp": "",
    b"ta ro@example.jp": "",
    b"<ta ro@example.jp>": "",
    b"TARO YAMADA@EXAMPLE.JP": "",
    b"Taro yamada@one.jp jiro@two.jp": "",
    b"ta(c)ro@example.jp": "",
    b"taro@example.jp\rBcc: victim@example.com": "",
    b"<taro@example.jp>\x00": "",
    b"<" + b"a" * 243 + b"@example.jp>": "a" * 243 + "@example.jp",
    b"<" + b"a" * 244 + b"@example.jp>": "",
    # what stands around it by mistake
    **dict.fromkeys(
        (
            b"<taro@example.jp",
            b"taro@example.jp>",
            b'"Taro" <<taro@example.jp>>',
            b"=?UTF-8?Q?r_f=C3=BCr_At?= <taro@example.jp",
            b"'taro@example.jp'",
            b"'taro@example.jp",
            b"taro@example.jp'",
            b"<'taro@example.jp'>",
            b"taro@example.jp (Yamada (Taro)",
            b"(taro@example.jp",
            b"taro@example.jp)",
            b"<mailto:taro@example.jp>",
            b"MAILTO:taro@example.jp>",
            b"<SMTP:taro@example.jp>",
            b"[mailto:taro@example.jp]",
            b"taro@example.jp<mailto:taro@example.jp>",
            b"taro@example.jp\x1b(B",
            b"taro@example.jp\x1b",
            b"taro@example.jp.",
            b"<taro@example.jp.>",
            b"[taro@example.jp]",
            b"<taro@example.jp]",
            b'taro@example.jp"',
            b'"taro@example.jp',
            b'Taro "taro@example.jp',
            b"< taro@example.jp",
            b'"taro@example.jp" <taro@example.jp',
            b'"Taro"<taro@example.jp',
            b"<taro@example.jp (",
            b"`taro@example.jp`",
            b"*taro@example.jp*",
            b"taro@example.jp?",
            b"<taro@example.jp\\>",
            b"=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= taro@example.jp",
            "山田 taro@example.jp".encode(),
            "taro@example.jp 山田 太郎".encode(),
            b"Taro Yamada taro@example.jp",
            b"Taro taro@example.jp>",
            b"<mailto:taro@example.jp?subject=x&body=y>",
            "\ufefftaro@example.jp\u200b".encode(),
            "\u2068<taro@example.jp\u2069".encode(),
            *(
                f"{left}taro@example.jp{right}".encode()
                for left, right in ("＜＞", "〈〉", "「」", "（）", "“”", "【】")
            ),
        ),
        "taro@example.jp",
    ),
    b"abc..def@docomo.ne.jp>": "abc..def@docomo.ne.jp",
    b"<abc.@ezweb.ne.jp": "abc.@ezweb.ne.jp",
    b"'.abc@ezweb.ne.jp'": ".abc@ezweb.ne.jp",
    b'<"abc..def"@docomo.ne.jp': '"abc..def"@docomo.ne.jp',
    b"O'Brien <o'brien@example.jp": "o'brien@example.jp",
    b"<taro@one.jp> jiro@two.jp>": "taro@one.jp",
    b"taro@one.jp> jiro@two.jp>": "",
    b"(taro@one.jp jiro@two.jp": "",
    b"<taro@[192.0.2.1]>": "",
    b"<\xff\xfe@example.jp>": "",
}


@pytest.mark.parametrize(("raw", "sender"), SENDERS.items(), ids=lambda value: str(value)[:60])
def test_sender(raw: bytes, sender: str):
    assert Mail.read(b"From: " + raw + b"\r\nSubject:\r\n\r\n").sender == sender


def test_sender_of_a_folded_field():
    mail = Mail.read(b"From: =?utf-8?Q?a?=\r\n =?utf-8?Q?b?=\r\n\t<taro@example.jp>\r\n\r\n")
    assert mail.sender == "taro@example.jp"


def test_the_first_of_two_from_fields_that_has_an_address():
    assert Mail.read(b"From: x\r\nFrom: <a@b.jp>\r\nFrom: <c@b.jp>\r\n\r\n").sender == "a@b.jp"


# --- what may be copied, and what identifies


@pytest.mark.parametrize(
    ("raw", "message_id"),
    [
        (b"<a.b@c.jp>", "<a.b@c.jp>"),
        (b" <a@b>  (added)", "<a@b>"),
        (b"<no-at-sign>", "<no-at-sign>"),
        (b"", ""),
        (b"a@b.jp", ""),
        (b"<>", ""),
        (b"<a b@c.jp>", ""),
        (b"<a\rBcc: x@y.jp>", ""),
        (b"<a\x00@b>", ""),
        (b"<\xe3\x81\x82@b>", ""),
        (b"<" + b"a" * 249 + b">", ""),
        (b"<a", ""),
    ],
)
def test_message_id_is_safe_to_copy(raw: bytes, message_id: str):
    assert Mail.read(b"Message-ID: " + raw + b"\r\n\r\n").message_id == message_id


def test_references_are_safe_and_few():
    mail = Mail.read(b"References: <a@b> bad <c d> <e@f>\r\n <g@h>\r\nIn-Reply-To: <i@j>\r\n\r\n")
    assert mail.references == ("<a@b>", "<e@f>", "<g@h>")
    assert Mail.read(b"In-Reply-To: <i@j>\r\n\r\n").references == ("<i@j>",)
    assert Mail.read(b"\r\n").references == ()
    many = b"References: " + b" ".join(b"<%d@b>" % n for n in range(1000))
    assert Mail.read(many).references == ("<0@b>", *(f"<{n}@b>" for n in range(991, 1000)))


HEAD = [
    b"Return-Path: <a@b.jp>",
    b"Received: from b by c; Mon, 23 Nov 2026 10:00:01 +0900",
    b"Received: from a\r\n\tby b; Mon, 23 Nov 2026 10:00:00 +0900",
    b"Message-ID: <1@b.jp>",
    b"Date: Mon, 23 Nov 2026 09:59:58 +0900",
    b"Subject: a\r\n b",
    b"From: <a@b.jp>",
]
BARE = [HEAD[0], b"Subject: ", b"From: <a@b.jp>", b"To: shop@shop.example"]


def block(lines: list[bytes]) -> bytes:
    return b"\r\n".join([*lines, b"", b""])


def changed_on_the_way(lines: list[bytes]) -> list[list[bytes]]:
    """What servers, virus scanners and POP filters make of a header that lies in the box."""
    other_subject = [b"Subject: [SPAM] a" if x.startswith(b"Subject") else x for x in lines]
    return [
        [*lines, b"X-UIDL: 12345"],
        [b"Status: RO", *lines],
        [lines[0], b"X-UID: 1", b"X-Status: A", b"X-Keywords:\r\n\t\r\n ", *lines[1:]],
        [*lines[:2], b"x-mozilla-status: 0001", b"X-Mozilla-Status2: 00000000", *lines[2:]],
        [b"Content-Length: 5", *lines, b"Lines: 1"],
        [*lines, b"X-Antivirus: Scanner (VPS 261127-0, 2026/11/27), Inbound message"],
        [*lines, b"X-Antivirus-Status: Clean", b"X-Spam-Score: 1.3"],
        [*lines, b"X-Filter-Link: http://127.0.0.1:8080/jump?view=17"],
        [b"Received: from pop.b.jp by localhost with POP3 (fetcher); now", *lines],
        other_subject,
        [line.replace(b"\r\n", b"\r\n ") for line in lines],
        [*lines, b"garbage that is no field"],
    ]


@pytest.mark.parametrize("lines", [HEAD, BARE], ids=["whole", "bare"])
@pytest.mark.parametrize("change", range(len(changed_on_the_way(HEAD))))
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_fingerprint_outlives_what_is_changed_on_the_way(
    change: int, lines: list[bytes], line_end: bytes
):
    before = Mail.read(block(lines) + b"body")
    changed = block(changed_on_the_way(lines)[change]).replace(b"\r\n", line_end)
    assert Mail.read(changed).fingerprint == before.fingerprint


def test_a_received_on_top_is_not_the_oldest():
    on_top = [HEAD[0], b"Received: from d by e; later", *HEAD[1:]]
    assert Mail.read(block(on_top)).fingerprint == Mail.read(block(HEAD)).fingerprint


@pytest.mark.parametrize(
    ("of", "other"),
    [
        (HEAD, [*HEAD[:3], b"Message-ID: <2@b.jp>", *HEAD[4:]]),
        (HEAD, [*HEAD[:4], b"Date: Mon, 23 Nov 2026 09:59:59 +0900", *HEAD[5:]]),
        (HEAD, [*HEAD[:6], b"From: <c@b.jp>"]),
        (HEAD, [*HEAD[:2], HEAD[2].replace(b"10:00:00", b"10:00:09"), *HEAD[3:]]),
        (HEAD[1:3] + BARE, [HEAD[1], HEAD[2].replace(b":00 +", b":07 +"), *BARE]),
        (BARE, [*BARE[:3], b"To: other@shop.example"]),
    ],
)
def test_fingerprint_tells_mails_apart(of: list[bytes], other: list[bytes]):
    assert Mail.read(block(of)).fingerprint != Mail.read(block(other)).fingerprint


def test_a_fingerprint_of_a_version_before_is_known_as_such():
    mail = Mail.read(block(HEAD))
    # as version 1 wrote it, computed by its own code
    assert mail.former_fingerprint == (
        "3954a6ca4368e87e0a721a6d212bf1c9e4f16a794003282b51e0df46c5dff6af"
    )
    assert is_former(mail.former_fingerprint)
    assert not is_former(mail.fingerprint)
    assert not is_former("")


# --- whatever the bytes are


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers(name: str):
    started = time.process_time()
    mail = Mail.read(HOSTILE[name])
    _look_at_everything(mail)
    assert time.process_time() - started < 2  # nothing grows with the square of the length
    assert mail.sender in ("", ANSWERED.get(name, "taro@example.jp"))


def _look_at_everything(mail: Mail) -> None:
    assert mail.sender == "" or address.is_usable(mail.sender)
    assert mail.subject_for_people.isprintable()
    assert len(mail.subject_for_people) <= 100
    for copied in (mail.message_id, *mail.references):
        assert copied.isascii()
        assert copied.isprintable()
        assert " " not in copied
        assert len(copied) <= 250
    assert len(mail.references) <= 10
    assert len(mail.fingerprint) == 66
    assert isinstance(mail.content_type + mail.parameter("boundary"), str)
    assert hash(mail) == hash(Mail.read(mail.block))


TOKENS = (
    b"From: |Subject: |Message-ID: |References: |Content-Type: |; boundary=|X-UIDL: 1|\r\n|\n |\r"
    b"|\x00|=?utf-8?B?|=?iso-2022-jp?Q?|?=|44CA|=0D=0A|\x1b$B|\x1b(B|\x1b(I|\x82\xa0|\xe3\x81\x82"
    b'|<taro@example.jp>|taro..@docomo.ne.jp|"|(|)|<|>|,|:|;|@|\\'
)
PIECES = st.one_of(st.binary(max_size=12), st.sampled_from(TOKENS.split(b"|")))
HEADERS = st.lists(PIECES, max_size=40).map(b"".join)


@settings(max_examples=100, deadline=None)
@given(HEADERS)
def test_any_bytes_make_a_mail(raw: bytes):
    _look_at_everything(Mail.read(raw))
    _look_at_everything(Mail.read(b"From: " + raw))
    _look_at_everything(Mail.read(b"Subject: " + raw))
