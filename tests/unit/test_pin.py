"""The PIN of 「設定を保護する」: only its hash is kept, and only the right one fits."""

from __future__ import annotations

import pytest

from kollect.settings.pin import fits, hashed, pin_fault


def test_only_the_right_pin_fits_and_the_stored_text_does_not_tell_it():
    stored = hashed("4649")
    assert fits("4649", stored)
    assert not fits("4648", stored)
    assert not fits("", stored)
    assert "4649" not in stored.split(":")
    assert hashed("4649") != stored


@pytest.mark.parametrize("stored", ["", "4649", "scrypt:00:00", "md5:" + "0" * 32])
def test_nothing_fits_what_is_no_hash_of_ours(stored: str):
    assert not fits("4649", stored)
    assert not fits("", stored)


def test_a_line_written_by_hand_is_refused_with_the_way_out():
    assert pin_fault("") is None
    assert pin_fault(hashed("1")) is None
    assert "設定を保護する" in (pin_fault("4649") or "")
