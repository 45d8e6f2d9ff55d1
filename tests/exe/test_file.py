"""kollect.exe as a file: what Windows and Explorer read in it."""

from __future__ import annotations

import struct

import pytest

from tests.exe.wine import EXE

WINDOWED = 2
REMOVABLE_RUN_FROM_SWAP, NET_RUN_FROM_SWAP = 0x0400, 0x0800


@pytest.fixture(scope="module")
def octets() -> bytes:
    return EXE.read_bytes()


def test_it_is_a_program_with_windows_that_outlives_its_stick(octets: bytes):
    [header] = struct.unpack_from("<I", octets, 0x3C)
    [flags] = struct.unpack_from("<H", octets, header + 22)
    [subsystem] = struct.unpack_from("<H", octets, header + 24 + 68)
    assert subsystem == WINDOWED, "no console opens"
    assert flags & REMOVABLE_RUN_FROM_SWAP
    assert flags & NET_RUN_FROM_SWAP


def test_its_properties_are_japanese(octets: bytes):
    for text in ("コレクト（空メールで会員のアドレスを集める）", "kollect.exe"):
        assert text.encode("utf-16-le") in octets


def test_it_is_small_enough(octets: bytes):
    assert len(octets) <= 25 * 1024 * 1024
