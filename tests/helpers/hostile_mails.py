"""Header blocks made to hurt: every kind of brokenness that mail from outside can have.

`HOSTILE` maps a name to the raw header block, with its empty line where it has one. `ANSWERED`
names those that are blank mails of a real sender all the same, and the address that gets the
answer; nothing else in the corpus may be answered.
"""

from __future__ import annotations

import base64

_REST = b"To: shop@example.jp\r\nDate: Mon, 6 Jan 2025 10:00:00 +0900\r\n\r\n"
_FROM = b"From: <taro@example.jp>\r\n"
_BLANK = b"Subject: \r\n"


def _from(value: bytes) -> bytes:
    return b"From: " + value + b"\r\n" + _BLANK + _REST


def _subject(value: bytes) -> bytes:
    return _FROM + b"Subject: " + value + b"\r\n" + _REST


def _with(lines: bytes) -> bytes:
    return _FROM + _BLANK + lines + _REST


def _b64(text: str, charset: str = "utf-8") -> bytes:
    return base64.b64encode(text.encode(charset))


_NO_SENDER = {
    "no header at all": b"",
    "one line end": b"\r\n",
    "nothing but line ends": b"\r\n" * 50,
    "nothing but NULs": b"\x00" * 1000,
    "every byte": bytes(range(256)) * 4,
    "no From": _BLANK + _REST,
    "empty From": _from(b""),
    "null From": _from(b"<>"),
    "group without members": _from(b"undisclosed-recipients:;"),
    "no at sign": _from(b"<taro.example.jp>"),
    "two at signs": _from(b"<taro@one@example.jp>"),
    "no local part": _from(b"<@example.jp>"),
    "no domain": _from(b"<taro@>"),
    "double dot in domain": _from(b"<taro@example..jp>"),
    "domain literal": _from(b"<taro@[127.0.0.1]>"),
    "space in local part": _from(b"<taro yamada@example.jp>"),
    "space in domain": _from(b"<taro@example .jp>"),
    "address of 300 characters": _from(b"<" + b"a" * 288 + b"@example.jp>"),
    "address of 300 characters by its domain": _from(b"<a@" + b"a." * 148 + b"jp>"),
    "label of 64 characters": _from(b"<taro@" + b"a" * 64 + b".jp>"),
    "100 KB address": _from(b"<" + b"a" * 100_000 + b"@example.jp>"),
    "ten thousand addresses of no use": _from(
        "<a@日..>, ".encode() * 10_000 + b"<taro@example.jp>"
    ),
    "100 KB IDN domain": _from(b"<a@" + "日".encode() * 33_000 + b".jp>"),
    "NUL in address": _from(b"<ta\x00ro@example.jp>"),
    "NUL behind address": _from(b"taro@example.jp\x00"),
    "bare CR and Bcc": _from(b"taro@example.jp\rBcc: victim@example.com"),
    "bare CR in angle": _from(b"<taro@example.jp\rRCPT TO:<victim@example.com>>"),
    "vertical tab": _from(b"<taro@example.jp>\x0bBcc: victim@example.com"),
    "encoded CR LF as address": _from(
        b"=?utf-8?Q?taro=40example.jp=0D=0ABcc:victim=40example.com?="
    ),
    "encoded CR LF in local part": _from(b"<=?utf-8?Q?a=0D=0ABcc:x?=@example.jp>"),
    "encoded word is the address": _from(b"=?utf-8?B?" + _b64("<victim@example.com>") + b"?="),
    "encoded word with a raw angle": _from(b"=?utf-8?Q?a_<victim@example.com>?="),
    "encoded word and null": _from(b"=?utf-8?B?" + _b64("victim@example.com") + b"?= <>"),
    "quoted address and null": _from(b'"victim@example.com" <>'),
    "domain mapped to a slash": _from("<taro@exam℀ple.jp>".encode()),
    "full-width at sign": _from("<taro＠example.jp>".encode()),
    "8-bit bytes of no charset": _from(b"<ta\xff\xfero@example.jp>"),
    "right-to-left override": _from("<ta\u202ero@example.jp>".encode()),
    "zero width space in address": _from("<ta\u200bro@example.jp>".encode()),
    "shell words": _from(b"<`id`;rm -rf /@example.jp>"),
    "semicolons only": _from(b";" * 50_000),
    "commas only": _from(b"," * 50_000),
    "colons only": _from(b":" * 50_000),
    "open brackets": _from(b"<" * 100_000),
    "open comments": _from(b"(" * 100_000),
    "nested comments": _from(b"(" * 50_000 + b")" * 50_000),
    "open quote": _from(b'"' + b"a" * 100_000),
    "backslashes in an open quote": _from(b'"' + b"\\" * 100_001),
    "many open quotes": _from(b'"a" ' * 20_000 + b'"'),
    "quotes in an open bracket": _from(b"<" + b'"a"' * 30_000),
    "at signs": _from(b"@" * 100_000),
    "route without end": _from(b"<" + b"@a," * 30_000 + b">"),
    "escapes without end": _from(b"\x1b$B" * 30_000),
    "half an encoded word, often": _from(b"=?utf-8?B?" * 10_000),
    "From as mbox line only": b"From taro@example.jp Mon Jan  6 10:00:00 2025\r\n" + _BLANK + _REST,
    "name with a space": b"From taro: <taro@example.jp>\r\n" + _BLANK + _REST,
    "colon-less lines only": b"From taro\r\nSubject nothing\r\n\r\n",
    "From in the body": _BLANK + b"\r\n" + _FROM + b"\r\n",
    "continuation first": b" From: <taro@example.jp>\r\n" + _BLANK + _REST,
}

_NOT_BLANK = {
    "encoded CR LF in subject": _subject(b"=?utf-8?Q?a=0D=0ABcc:_victim=40example.com?="),
    "unknown charset": _subject(b"=?x-no-such-charset?B?" + _b64("   ") + b"?="),
    "charset that compresses": _subject(b"=?zlib?B?eJxjAAAAAQAB?="),
    "charset that is a path": _subject(b"=?../../etc/passwd?Q?_?="),
    "charset with a NUL": _subject(b"=?utf\x008?Q?_?="),
    "charset in 8 bit": _subject(b"=?\xe3\x80\x80?Q?_?="),
    "charset undefined": _subject(b"=?undefined?Q?_?="),
    "charset idna": _subject(b"=?idna?Q?_?="),
    "no charset": _subject(b"=??Q?_?="),
    "not base64": _subject(b"=?utf-8?B?!!!!?="),
    "one letter of base64": _subject(b"=?utf-8?B?Q?="),
    "invalid UTF-8": _subject(b"=?utf-8?B?gICA?="),
    "half an encoded word": _subject(b"=?utf-8?B?"),
    "equals sign": _subject(b"=?utf-8?Q?=?="),
    "broken JIS pair": _subject(b"=?iso-2022-jp?B?GyRCIhsoQg==?="),
    "JIS emoji of a phone": _subject(b"=?iso-2022-jp?B?GyRCdUEbKEI=?="),
    "raw 8-bit of no charset": _subject(b"\xff\xfe\xff"),
    "raw Shift_JIS words": _subject("空メール".encode("cp932")),
    "raw EUC-JP words": _subject("空メール".encode("euc_jp")),
    "raw JIS words": _subject("空メール".encode("iso2022_jp")),
    "unknown escape": _subject(b"\x1b$A1234"),
    "second subject has words": _FROM + _BLANK + b"Subject: hello\r\n" + _REST,
    "100 KB subject": _subject(b"a" * 100_000),
    "100 KB of spaces and a letter": _subject(b" " * 100_000 + b"a"),
    "10,000 broken words": _subject(b"=?utf-8?B?!?= " * 10_000),
    "10,000 unknown charsets": _subject(b" ".join(b"=?x%d?Q?_?=" % n for n in range(10_000))),
    "question marks": _subject(b"=?" * 50_000),
    "subject with bare CR": _subject(b"\ra"),
    "cut off before the subject": _FROM + b"X-Long: " + b"a" * 300_000,
}

_AUTOMATIC = {
    "auto-submitted twice": _with(b"Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n"),
    "auto-submitted folded": _with(b"Auto-Submitted:\r\n auto-generated\r\n"),
    "auto-submitted empty": _with(b"Auto-Submitted:\r\n"),
    "auto-submitted with comment": _with(b"Auto-Submitted: (no) auto-replied; x=no\r\n"),
    "space before the colon": _with(b"Precedence : bulk\r\n"),
    "upper case": _with(b"PRECEDENCE: BULK\r\n"),
    "null return path with spaces": b"Return-Path: < >\r\n" + _with(b""),
    "behind a line without colon": _with(b"garbage\r\nList-Id: <x.example.jp>\r\n"),
    "the ten thousandth field": _with(b"X-A: b\r\n" * 10_000 + b"List-Unsubscribe: <x>\r\n"),
    "behind NULs": _with(b"X-A: \x00\x00\r\nAuto-Submitted: auto-replied\r\n"),
}

_ANSWERED_BLOCKS = {
    "mbox line first": (b"From x Mon Jan  6 10:00:00 2025\r\n" + _with(b""), "taro@example.jp"),
    "byte order mark": (b"\xef\xbb\xbf" + _with(b""), "taro@example.jp"),
    "bare line feeds": (_with(b"").replace(b"\r\n", b"\n"), "taro@example.jp"),
    "doubled carriage returns": (_with(b"").replace(b"\r\n", b"\r\r\n"), "taro@example.jp"),
    "no empty line": (_FROM + _BLANK, "taro@example.jp"),
    "no line end": (b"Subject:\r\nFrom: taro@example.jp", "taro@example.jp"),
    "colon-less line": (b"garbage\r\n" + _with(b"more garbage\r\n"), "taro@example.jp"),
    "10,000 fields": (_with(b"X-A: b\r\n" * 10_000), "taro@example.jp"),
    "100 KB line": (_with(b"X-A: " + b"b" * 100_000 + b"\r\n"), "taro@example.jp"),
    "10,000 continuation lines": (_with(b"X-A: b\r\n" + b" c\r\n" * 10_000), "taro@example.jp"),
    "NULs in another field": (_with(b"X-A: \x00\x00\r\n"), "taro@example.jp"),
    "8-bit field name": (_with(b"X-\xff\xfe: b\r\n"), "taro@example.jp"),
    "raw JIS name with brackets": (
        _from(b'\x1b$B<>"@,(;:\x1b(B <taro@example.jp>'),
        "taro@example.jp",
    ),
    "raw JIS name without end": (_from(b'\x1b$B<>"@,(;: <taro@example.jp>'), "taro@example.jp"),
    "raw Shift_JIS name ends in a backslash": (
        _from('"能ソ" <taro@example.jp>'.encode("cp932")),
        "taro@example.jp",
    ),
    "unbalanced quote": (_from(b'"taro <taro@example.jp>'), "taro@example.jp"),
    "deep comments, then an address": (
        _from(b"(" * 9_999 + b"<taro@example.jp>"),
        "taro@example.jp",
    ),
    "address in an encoded name": (
        _from(b"=?utf-8?B?" + _b64('"<victim@example.com>"') + b"?= <taro@example.jp>"),
        "taro@example.jp",
    ),
    "raw address in an encoded name": (
        _from(b"=?utf-8?Q?<victim@example.com>,?= <taro@example.jp>"),
        "taro@example.jp",
    ),
    "encoded CR LF in the name": (
        _from(b"=?utf-8?Q?a=0D=0ABcc:victim=40example.com?= <taro@example.jp>"),
        "taro@example.jp",
    ),
    "Message-ID with CR and spaces": (
        _with(b"Message-ID: <a b\rBcc: victim@example.com>\r\n"),
        "taro@example.jp",
    ),
    "100 KB of References": (
        _with(b"References: " + b"<a@b> " * 16_000 + b"\r\n"),
        "taro@example.jp",
    ),
    "1 MB blank subject": (_subject(b"=?utf-8?B?44CA?= " * 60_000), "taro@example.jp"),
}

HOSTILE: dict[str, bytes] = {
    **_NO_SENDER,
    **_NOT_BLANK,
    **_AUTOMATIC,
    **{name: block for name, (block, _) in _ANSWERED_BLOCKS.items()},
}
"""Name to header block."""

ANSWERED: dict[str, str] = {name: address for name, (_, address) in _ANSWERED_BLOCKS.items()}
"""Those that are rightly answered, and to whom; nothing else in HOSTILE may be."""
