"""禁則: where Japanese lines may end and begin, on the screen and on paper."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.printing.line_breaking import NOT_FIRST, NOT_LAST, fold


def width(letter: str) -> float:
    return 2 if unicodedata.east_asian_width(letter) in "WFA" else 1


@pytest.mark.parametrize(
    ("text", "half_widths", "lines"),
    [
        ("受付番号です。", 12, ["受付番号で", "す。"]),
        ("お客様（会員）へ", 12, ["お客様（会", "員）へ"]),
        ("お客様へ（会員）", 10, ["お客様へ", "（会員）"]),
        ("「はい」と「いいえ」", 12, ["「はい」と", "「いいえ」"]),
        ("チェックインする", 4, ["チェッ", "クイ", "ンす", "る"]),
        ("サーバーへ送る", 6, ["サー", "バーへ", "送る"]),
        ("番号は 1001 です", 10, ["番号は ", "1001 です"]),
        ("mail@example.jp へ", 10, ["mail@examp", "le.jp へ"]),
        ("一行目\n二行目は長い", 8, ["一行目", "二行目は", "長い"]),
        ("", 8, [""]),
        ("\n\n", 8, ["", "", ""]),
        ("そうですか…！？", 10, ["そうです", "か…！？"]),
    ],
)
def test_lines_begin_and_end_as_a_reader_expects(text: str, half_widths: int, lines: list[str]):
    assert [line.rstrip(" ") for line in fold(text, half_widths, width).split("\n")] == [
        line.rstrip(" ") for line in lines
    ]


@given(
    st.text("あいうー。、」）「（abc ッ", max_size=60),
    st.integers(12, 40),
)
def test_nothing_is_lost_and_no_line_begins_with_a_closing_mark(text: str, half_widths: int):
    lines = fold(text, half_widths, width).split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for before, line in pairwise(lines):
        assert not line or line[0] not in NOT_FIRST or before[-1:] in ("", " ")
        if before[-1:] in NOT_LAST:  # a run of them that is wider than a whole line
            assert sum(map(width, before)) + 2 > half_widths
