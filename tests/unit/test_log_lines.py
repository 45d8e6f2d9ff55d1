"""The lines of a log: their parts, the way to a day, what a search finds."""

from __future__ import annotations

from datetime import date

import pytest

from kollect.storage import log_sentences as sentences
from kollect.ui.collecting.event_lines import BAD, line_of
from kollect.ui.log import log_lines
from kollect.ui.log.log_lines import (
    FAULT,
    day_of,
    find,
    is_fault,
    month_words,
    parts,
    place_of_day,
)

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


def test_technical_words_are_told_from_what_happened():
    trace = "RuntimeError: x（y） ← jobs.py:79 run ← a.py:3 f、元は ValueError: z ← b.py:1 g"
    assert log_lines.split_detail(f"予期しない誤りが起きました（{trace}）") == (
        "予期しない誤りが起きました", trace,
    )  # fmt: skip
    for plain in (
        "受付番号 1001 を返信しました",
        "メール（差出人 a@b.jp、見出 なし）",
        "x（Error）",
    ):
        assert log_lines.split_detail(plain) == (plain, "")


def test_days_with_entries_and_faults():
    lines = ["2026-09-01 10:00:00 情報 a", "half", "2026-09-01 11:00:00 エラー b",
             "2026-09-03 10:00:00 情報 エラー c", "2026-99-99 10:00:00 情報 d"]  # fmt: skip
    assert log_lines.days(lines) == [date(2026, 9, 1), date(2026, 9, 3)]
    assert [log_lines.is_fault(line) for line in lines] == [False, False, True, False, False]


@pytest.mark.parametrize(
    "sentence",
    [
        sentences.REPLY_UNDELIVERABLE,
        sentences.REPLY_REFUSED,
        sentences.REPLY_GIVEN_UP,
        sentences.REPLY_BOUNCED,
    ],
)
def test_a_reply_that_the_screen_shows_in_red_is_a_fault_in_old_logs_as_well(sentence: str):
    letter = sentences.LETTER.format(number=1005)
    text = sentence.format(letter=letter, answer="550 no", reason="550 no", who="a@docomo.ne.jp")
    assert line_of(text).look == BAD
    for kind in ("情報", "エラー"):
        line = f"2026-11-28 11:09:00 {kind} {text}"
        assert is_fault(line)
        assert parts(line)[1] == FAULT


def test_troubles_are_faults_and_ordinary_lines_are_not():
    assert [is_fault(line) for line in LINES] == [False, False, True, True]
    sent = sentences.REPLY_SENT.format(letter="受付番号 1001", who="a@docomo.ne.jp")
    assert not is_fault(f"2026-11-28 11:09:00 情報 {sent}")
