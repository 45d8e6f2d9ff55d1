"""Addresses: who can be answered, who is the same person, what goes over the wire."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.mail import address

USABLE = [
    "taro@example.jp",
    "Taro.Yamada@Example.JP",
    "abc..def@docomo.ne.jp",
    "abc.@ezweb.ne.jp",
    ".abc@docomo.ne.jp",
    "...a...@docomo.ne.jp",
    "a-b_c.d/e?f+g@docomo.ne.jp",
    "-abc-@softbank.ne.jp",
    "!#$%&'*+-/=?^_`{|}~@example.jp",
    '"abc..def"@docomo.ne.jp',
    '"a@b"@example.jp',
    '"a>b,c"@example.jp',
    r'"a\"b\\c"@example.jp',
    "taro@localhost",
    "taro@mail.xn--wgv71a119e.jp",
    "taro@日本語.jp",
    "taro@日本語。jp",
    "太郎@example.jp",
    "太郎@日本語.jp",
    "a" * 64 + "@" + "b" * 63 + ".jp",
    "a" * (254 - 11) + "@example.jp",
]

UNUSABLE = [
    "",
    "@",
    "taro",
    "taro@",
    "@example.jp",
    "<>",
    "<taro@example.jp>",
    "taro@@example.jp",
    "ta@ro@example.jp",
    "ta ro@example.jp",
    " taro@example.jp",
    "taro@example.jp ",
    "taro@exam ple.jp",
    "taro@example..jp",
    "taro@.example.jp",
    "taro@example.jp.",
    "taro@-example.jp",
    "taro@example-.jp",
    "taro@exa!mple.jp",
    "taro@[192.0.2.1]",
    "taro@" + "b" * 64 + ".jp",
    "a" * (254 - 10) + "@example.jp",
    "あ" * 90 + "@example.jp",
    "taro@" + "a." * 130 + "jp",
    "taro@" + "日" * 100 + ".jp",
    "taro\r\nBcc: x@example.jp",
    "taro@example.jp\r\n",
    "taro@example.jp\n",
    "ta\x00ro@example.jp",
    "ta\x7fro@example.jp",
    "ta\tro@example.jp",
    '"ta ro"@example.jp',
    '"taro@example.jp',
    'ta"ro@example.jp',
    '""@example.jp',
    "ta(ro)@example.jp",
    "ta,ro@example.jp",
    "ta\\ro@example.jp",
    "a:b@example.jp",
    "ta\u3000ro@example.jp",
    "ta\u200bro@example.jp",
    "ta\u202ero@example.jp",
    "taro＠example.jp",
    "taro@exam℀ple.jp",  # IDNA makes "a/c" of it
    "taro@x＠y.jp",  # and "@" of this
    "taro@\udce3\udc81.jp",
    "\udce3\udc81@example.jp",
]


@pytest.mark.parametrize("text", USABLE, ids=ascii)
def test_usable(text: str):
    assert address.is_usable(text)


@pytest.mark.parametrize("text", UNUSABLE, ids=ascii)
def test_not_usable(text: str):
    assert not address.is_usable(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("taro@example.jp", "TARO@EXAMPLE.JP"),
        ('"abc..def"@DOCOMO.ne.jp', "abc..def@docomo.ne.jp"),
        ('"Abc."@ezweb.ne.jp', "abc.@EZWEB.ne.jp"),
        (r'"a\bc"@example.jp', "abc@example.jp"),
        ("taro@日本語.jp", "taro@xn--wgv71a119e.jp"),
        ("taro@ｅｘａｍｐｌｅ.jp", "taro@example.jp"),
        ("taro@BÜCHER.example", "taro@xn--bcher-kva.example"),
        ("ÄB@example.jp", "äb@example.jp"),
        ("か\u3099@example.jp", "が@example.jp"),
    ],
)
def test_the_same_person(one: str, other: str):
    assert address.key(one) == address.key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("abc.def@docomo.ne.jp", "abc..def@docomo.ne.jp"),
        ("abc@docomo.ne.jp", "abc.@docomo.ne.jp"),
        ("taro@example.jp", "taro@example.com"),
        ("taro+a@example.jp", "taro@example.jp"),
        (r'"\"a\""@example.jp', "a@example.jp"),
    ],
)
def test_not_the_same_person(one: str, other: str):
    assert address.key(one) != address.key(other)


@pytest.mark.parametrize(
    ("plain", "in_quotes"),
    [
        ("abc..def@docomo.ne.jp", '"abc..def"@docomo.ne.jp'),
        (".Abc.@docomo.ne.jp", '".Abc."@docomo.ne.jp'),
        ('"abc..def"@docomo.ne.jp', '"abc..def"@docomo.ne.jp'),
        ('a"b@example.jp', r'"a\"b"@example.jp'),
        ("nobody", "nobody"),
    ],
)
def test_quoted(plain: str, in_quotes: str):
    assert address.quoted(plain) == in_quotes


@pytest.mark.parametrize(
    ("text", "on_the_wire"),
    [
        ("Abc..def@Docomo.ne.jp", ("Abc..def@Docomo.ne.jp", False)),
        ("taro@日本語.jp", ("taro@xn--wgv71a119e.jp", False)),
        ("太郎@example.jp", ("太郎@example.jp", True)),
        ("太郎@日本語.jp", ("太郎@xn--wgv71a119e.jp", True)),
        ("nobody", ("nobody", False)),
        ("taro@日本語..jp", ("taro@日本語..jp", True)),
    ],
)
def test_wire(text: str, on_the_wire: tuple[str, bool]):
    assert address.wire(text) == on_the_wire


ODD_TEXT = st.text(st.one_of(st.characters(), st.sampled_from('@."\\<> aA\r\n。日ß')), max_size=40)


@settings(max_examples=100, deadline=None)
@given(ODD_TEXT)
def test_nothing_raises_and_nothing_usable_is_dangerous(text: str):
    address.key(text)
    address.quoted(text)
    spelled, needs_smtputf8 = address.wire(text)
    assert needs_smtputf8 or spelled.isascii()
    if address.is_usable(text):
        assert len(spelled.encode()) <= 254
        assert spelled.rpartition("@")[2].isascii()
        assert not any(c.isspace() or ord(c) < 32 for c in spelled)


LOCAL = st.text(st.sampled_from("abcXYZ019.-_+/?"), min_size=1, max_size=20)


@settings(max_examples=100, deadline=None)
@given(LOCAL, st.sampled_from(["docomo.ne.jp", "ezweb.ne.jp", "日本語.jp"]))
def test_every_address_of_a_phone_is_one_person_with_and_without_quotes(local: str, domain: str):
    written = f"{local}@{domain}"
    assert address.is_usable(written)
    assert address.is_usable(address.quoted(written))
    assert address.key(address.quoted(written)) == address.key(written.upper())
    assert address.key(address.wire(written)[0]) == address.key(written)
