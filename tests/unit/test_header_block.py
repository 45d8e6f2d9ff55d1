"""Headers and line ends out of a stream, whatever the pieces it comes in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.inbox.header_block import Crlf, HeaderBlock
from kollect.inbox.mailbox import CommandRefused
from kollect.mail.message import HEADER_LIMIT, Mail

cuts = st.lists(st.integers(1, 9), min_size=1, max_size=20)


def pieces(stream: bytes, sizes: list[int]) -> list[bytes]:
    found, at = [], 0
    while at < len(stream):
        size = sizes[len(found) % len(sizes)]
        found.append(stream[at : at + size])
        at += size
    return found


@given(st.text("ab:\r\n", max_size=80).map(str.encode), cuts)
@settings(max_examples=100, deadline=None)
def test_every_line_ends_by_crlf(stream: bytes, sizes: list[int]) -> None:
    crlf = Crlf()
    found = b"".join(crlf.feed(piece) for piece in pieces(stream, sizes)) + crlf.end()
    assert found == re.sub(rb"(?<!\r)\n", b"\r\n", stream)


@given(st.lists(st.sampled_from([b"", b"A: b", b" c", b"\r", b"x"]), max_size=9), cuts)
@settings(max_examples=100, deadline=None)
def test_the_header_is_what_stands_up_to_the_first_empty_line(
    lines: list[bytes], sizes: list[int]
) -> None:
    stream = b"".join(line + b"\r\n" for line in lines)
    block = HeaderBlock()
    for piece in pieces(stream, sizes):
        block.feed(piece)
    before = lines[: lines.index(b"") + 1] if b"" in lines else lines
    assert block.whole == (b"" in lines)
    assert block.lines() == b"".join(line + b"\r\n" for line in before)


def test_an_endless_header_is_cut_at_a_line() -> None:
    block = HeaderBlock()
    for n in range(10_000):
        block.feed(b"X-%06d: %s\r\n" % (n, b"y" * 50))
    kept = block.lines()
    assert HEADER_LIMIT - 100 < len(kept) <= HEADER_LIMIT
    assert kept.endswith(b"y\r\n")


def test_an_endless_line_is_cut_where_it_must() -> None:
    block = HeaderBlock()
    for _ in range(1000):
        block.feed(b"z" * 1000)
    assert block.lines() == b"z" * HEADER_LIMIT


def test_before_an_endless_line_too_it_shows_that_it_is_cut() -> None:
    """The few lines before it would pass for the whole header of a blank mail."""
    block = HeaderBlock()
    block.feed(b"From: <a@b.jp>\r\nX-Long: ")
    for _ in range(1000):
        block.feed(b"z" * 1000)
    block.feed(b"\r\nSubject: hello\r\n\r\n")
    mail = Mail.read(block.lines())
    assert mail.cut_off
    assert mail.subject is None
    assert mail.sender == "a@b.jp"


@pytest.mark.parametrize("octets", [100, 64 * 1024, 65_537, 200_000, HEADER_LIMIT])
def test_a_header_up_to_the_limit_is_whole(octets: int) -> None:
    header = b"A: " + b"b" * (octets - 5) + b"\r\n"
    assert len(header) == octets
    block = HeaderBlock()
    block.feed(header + b"\r\nbody")
    assert block.handed_over() == header + b"\r\n"
    assert not Mail.read(block.lines()).cut_off


def test_a_header_of_one_octet_more_is_cut() -> None:
    block = HeaderBlock()
    block.feed(b"A: " + b"b" * (HEADER_LIMIT - 4) + b"\r\n\r\nbody")
    assert len(block.lines()) == HEADER_LIMIT
    assert Mail.read(block.lines()).cut_off


@pytest.mark.parametrize("stream", [b"", b"\r\n", b"A: b\r\n", b"A: b", b"\r\ntext\r\n"])
def test_nothing_a_blank_line_and_the_first_fields_are_no_header(stream: bytes) -> None:
    block = HeaderBlock()
    block.feed(stream)
    assert isinstance(block.handed_over(), CommandRefused)
