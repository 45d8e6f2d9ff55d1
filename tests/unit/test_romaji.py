"""Kana in Latin letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.mail.plus_address import is_tag, tag_from
from kollect.mail.romaji import romaji


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("レジ", "reji"),
        ("チラシ", "chirashi"),
        ("しんぶん", "shinbun"),
        ("きょうと", "kyouto"),
        ("ジャンボ", "janbo"),
        ("マッチ", "matchi"),
        ("ポスター", "posuta"),
        ("ﾚｼﾞ", "reji"),
        ("カウンター２", "kaunta2"),
        ("Flyer 12", "flyer12"),
        ("ファミリー", "famiri"),
        ("入口", ""),
        ("レジ横", "reji"),
        ("っ", ""),
        ("", ""),
    ],
)
def test_as_on_the_signs_of_stations(name: str, letters: str):
    assert romaji(name) == letters


@given(st.text(max_size=60))
def test_whatever_a_poster_is_called_a_tag_can_be_made_of_it_or_none(name: str):
    tag = tag_from(name)
    assert tag == "" or is_tag(tag)
