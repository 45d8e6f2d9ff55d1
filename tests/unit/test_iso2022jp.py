"""ISO-2022-JP as phones send it and old phones can read it (code page 50220)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.mail import iso2022jp


def _cells() -> Iterator[str]:
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xEB)]:
        for trail in range(0x40, 0xFD):
            with suppress(UnicodeDecodeError):
                text = bytes((lead, trail)).decode("cp932")
                if len(text) == 1:
                    yield text


IN_JIS_X_0208 = list(_cells())
"""Every cell that Windows fills, but for the NEC-selected IBM characters."""


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"plain ~ \\ text", "plain ~ \\ text"),
        (b'\x1b$B$"$$\x1b(B', "あい"),
        (b'\x1b$@$"$$\x1b(J', "あい"),  # JIS C 6226, and back by JIS Roman
        (b"a\x1b(J\\~", "a\\~"),  # the yen sign of JIS Roman is what everybody uses as backslash
        (b"\x1b$B-!-j-5\x1b(B", "①㈱Ⅰ"),  # NEC row 13
        (b"\x1b$B|b\x1b(B", "髙"),  # NEC-selected IBM characters
        (b"\x1b(I6^\x1b(B", "ｶﾞ"),  # half-width kana by escape
        (b"\xb6\xde", "ｶﾞ"),  # and in 8 bits
        (b'\x1b$B$"$$', "あい"),  # no escape at the end
        (b'\x1b$B$"\r\nabc', "あ\r\nabc"),  # a line end returns to ASCII
        (b'\x1b$B$"\n\x1b$B$$', "あ\nい"),
        (b'\x1b$B$" $$\x1b(B', "あ い"),  # a space within the kanji
        (b'\x1b$B!A!]!B!q!r"L!=\x1b(B', "～－∥￠￡￢―"),  # as Windows reads them
        (b"\x1b$(D0!\x1b(B", "丂"),  # JIS X 0212
        (b"\x1b$B\x1b(B", ""),
    ],
)
def test_decode(raw: bytes, text: str):
    assert iso2022jp.decode(raw) == text


@pytest.mark.parametrize(
    ("raw", "replaced"),
    [
        (b'\x1b$B$"$\x1b(Bb', "あ\ufffdb"),  # half a pair
        (b"\x1b$BuA\x1b(B", "\ufffd"),  # a phone's own emoji: no such cell
        (b'\x1b$B$"\xff\xff\x1b(B', "あ\ufffd"),
        (b"\x1b(I\x7f\x1b(B", "\ufffd"),
        (b"\x81", "\ufffd"),
        (b"a\x1b$A12", None),  # an escape of another encoding
        (b"a\x1b", None),
    ],
)
def test_what_cannot_be_read_raises_or_is_marked(raw: bytes, replaced: str | None):
    with pytest.raises(UnicodeDecodeError):
        iso2022jp.decode(raw)
    marked = iso2022jp.decode(raw, "replace")
    assert replaced is None or marked == replaced


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("", b""),
        ("plain ~ \\ text\r\n", b"plain ~ \\ text\r\n"),
        ("あい", b'\x1b$B$"$$\x1b(B'),
        ("①㈱", b"\x1b$B-!-j\x1b(B"),
        ("あ①", b'\x1b$B$"-!\x1b(B'),
        ("あ\r\nい", b'\x1b$B$"\x1b(B\r\n\x1b$B$$\x1b(B'),
        ("①\r\n①", b"\x1b$B-!\x1b(B\r\n\x1b$B-!\x1b(B"),
        ("ｶﾞｷﾞﾊﾟｳﾞｱ", "ガギパヴア".encode("iso2022_jp")),
        ("ﾜﾞｱﾟﾞ", "ワ゛ア゜゛".encode("iso2022_jp")),  # composed by Unicode, not by JIS
        ("｡｢｣､･ｰ", "。「」、・ー".encode("iso2022_jp")),
        ("〜～−－‖∥", b"\x1b$B!A!A!]!]!B!B\x1b(B"),
        ("①〜～−－‖∥", b"\x1b$B-!!A!A!]!]!B!B\x1b(B"),
        ("—―¥‾", b"\x1b$B!=!=!o!1\x1b(B"),
        ("①—¥", b"\x1b$B-!!=!o\x1b(B"),
    ],
)
def test_encode(text: str, raw: bytes):
    assert iso2022jp.encode(text) == raw


@pytest.mark.parametrize(
    "text",
    [
        "髙",
        "①髙",
        "😀",
        "①😀",
        "한국",
        "é",
        "ⅰ",
        "①\x80",
        "\u00a0",
        "\ue000",
        "①\ue000",
        "か\u3099",
    ],
)
def test_what_has_no_cell_is_refused(text: str):
    with pytest.raises(UnicodeEncodeError):
        iso2022jp.encode(text)


@pytest.mark.parametrize("shift", ["\x1b", "\x0e", "\x0f"])
@pytest.mark.parametrize("text", ["a", "あ", "①"])
def test_no_text_can_smuggle_an_escape(text: str, shift: str):
    with pytest.raises(UnicodeEncodeError):
        iso2022jp.encode(text + shift + "$B")


def test_every_character_of_windows_comes_back():
    assert len(IN_JIS_X_0208) > 6900
    for character in IN_JIS_X_0208:
        raw = iso2022jp.encode(character)
        assert iso2022jp.decode(raw) == character
        # with ① in the text Python's own codec gives up and ours takes over: both must agree
        assert iso2022jp.encode("①" + character) == raw.replace(b"$B", b"$B-!", 1)


TEXTS = st.text(st.sampled_from([*IN_JIS_X_0208, *"abc ~\\\r\n①㈱"]), max_size=60)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_round_trip(text: str):
    raw = iso2022jp.encode(text)
    assert iso2022jp.decode(raw) == text
    for line in raw.split(b"\n"):
        assert line.rfind(b"\x1b(B") >= line.rfind(b"\x1b$B")  # every line ends in ASCII


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_what_is_encoded_is_seven_bits_and_read_by_python_where_python_can(text: str):
    try:
        raw = iso2022jp.encode(text)
    except UnicodeEncodeError:
        return
    assert raw.isascii()
    assert iso2022jp.encode(iso2022jp.decode(raw)) == raw


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=8), st.sampled_from([b"\x1b$B", b"\x1b(B", b"\x1b(I"])))
)
def test_any_bytes_are_read_or_refused(pieces: list[bytes]):
    raw = b"".join(pieces)
    try:
        text = iso2022jp.decode(raw)
    except UnicodeDecodeError:
        assert isinstance(iso2022jp.decode(raw, "replace"), str)
    else:
        assert iso2022jp.decode(raw, "replace") == text
