"""The lines of a log: their parts, the way to a day, what a search finds."""

from __future__ import annotations

from datetime import date

from kollect.ui.log.log_lines import day_of, find, month_words, parts, place_of_day

LINES = [
    "2026-11-03 09:00:00 情報 受付番号 1001 を発行しました: Taro@docomo.ne.jp",
    "half a line after a power cut",
    "2026-11-03 09:00:01 注意 受信サーバに接続できません",
    "2026-11-09 10:00:00 エラー ValueError: ＡＢＣ",
]


def test_the_parts_of_a_line():
    assert parts(LINES[2]) == ("2026/11/03 09:00:01", "注意", "受信サーバに接続できません")
    assert parts(LINES[1]) == ("", "", LINES[1])


def test_a_day_is_found_or_the_next_one_with_a_line():
    assert place_of_day(LINES, date(2026, 11, 3)) == 0
    assert place_of_day(LINES, date(2026, 11, 1)) == 0
    assert place_of_day(LINES, date(2026, 11, 4)) == 3
    assert place_of_day(LINES, date(2026, 11, 10)) is None
    assert place_of_day([], date(2026, 11, 10)) is None
    assert day_of(LINES[3]) == date(2026, 11, 9)
    assert day_of(LINES[1]) is None
    assert day_of("2026-99-99 x") is None


def test_a_search_forgives_case_and_width():
    assert find(LINES, "taro") == [0]
    assert find(LINES, "ＴＡＲＯ") == [0]
    assert find(LINES, "ＡＢＣ") == [3]
    assert find(LINES, " 受 ") == [0, 2]
    assert find(LINES, "") == find(LINES, "  ") == []
    assert find(LINES, "2026-11-03") == [0, 2]
    assert find(LINES, "x") == []


def test_a_search_that_nobody_waits_for_ends():
    assert find(LINES, "2026", stopping=lambda: True) == []


def test_a_month_in_words():
    assert month_words("2026-03") == "2026年3月"
