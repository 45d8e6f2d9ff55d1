"""What Windows says of high contrast, and what it may not know."""

from __future__ import annotations

import ctypes
import sys

import pytest

from kollect.desktop import high_contrast
from kollect.desktop.high_contrast import HighContrast

ON, AVAILABLE, HOTKEY = 0x1, 0x2, 0x4
"""HCF_… of winuser.h."""


@pytest.mark.parametrize(
    ("flags", "is_on"),
    [(0, False), (ON, True), (AVAILABLE | HOTKEY, False), (ON | AVAILABLE | HOTKEY, True)],
)
def test_the_flag_that_counts(flags: int, is_on: bool):
    def windows(action: int, size: int, told: HighContrast) -> bool:
        assert (action, size) == (0x42, ctypes.sizeof(HighContrast))
        assert told.size == size, "or Windows refuses to answer"
        told.flags = flags
        return True

    assert high_contrast.is_on(windows) is is_on


def test_the_structure_is_as_large_as_windows_expects():
    assert ctypes.sizeof(HighContrast) == 8 + ctypes.sizeof(ctypes.c_void_p)


def test_an_old_or_broken_windows_shows_as_ever():
    def refuses(action: int, size: int, told: HighContrast) -> bool:
        told.flags = ON
        return False

    def has_none(action: int, size: int, told: HighContrast) -> bool:
        raise OSError("no such function")

    assert not high_contrast.is_on(refuses)
    assert not high_contrast.is_on(has_none)


@pytest.mark.skipif(sys.platform == "win32", reason="a user may have chosen it")
def test_elsewhere_there_is_none():
    assert not high_contrast.is_on()
