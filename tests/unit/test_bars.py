"""Receipts of each hour as bars: nobody is lost between the hours and the chart."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from kollect.printing.axis import ticks
from kollect.ui.widgets.bars import label_every, per_day, per_hour

LAST = date(2026, 11, 23)


def hours(*counts: tuple[int, int, int]) -> list[tuple[datetime, int]]:
    """(days before the last one, hour, count)"""
    start = datetime(LAST.year, LAST.month, LAST.day).astimezone()
    return [(start + timedelta(hours=hour) - timedelta(days=ago), n) for ago, hour, n in counts]


def test_every_day_has_a_bar_the_empty_ones_too():
    chart = per_day(hours((2, 0, 3), (2, 23, 4), (0, 9, 5)), date(2026, 11, 20), LAST)
    assert [bar.count for bar in chart.bars] == [0, 7, 0, 5]
    assert [bar.label for bar in chart.bars] == ["11/20", "11/21", "11/22", "11/23"]
    assert chart.title.startswith("1日ごと")
    assert "合計 12件" in chart.summary
    assert "1日平均 3.0件" in chart.summary
    assert "11月21日（土） の 7件" in chart.summary


def test_without_a_first_day_it_begins_with_the_first_receipt():
    chart = per_day(hours((5, 12, 1)), None, LAST)
    assert len(chart.bars) == 6
    assert per_day([], None, LAST).bars[0].count == 0


def test_too_many_days_become_months():
    chart = per_day(hours((400, 12, 2), (120, 12, 3), (119, 12, 4), (0, 1, 5)), None, LAST)
    assert chart.title.startswith("1か月ごと")
    assert len(chart.bars) == 14
    assert sum(bar.count for bar in chart.bars) == 14
    assert chart.bars[0].words == "2025年10月"
    assert chart.bars[-1].label == "26/11"


def test_the_hours_of_all_days_come_together():
    chart = per_hour(hours((3, 18, 2), (0, 18, 3), (1, 9, 1)))
    assert [bar.count for bar in chart.bars] == [0] * 9 + [1] + [0] * 8 + [5] + [0] * 5
    assert "18時台 の 5件" in chart.summary


def test_nothing_at_all_is_said_so():
    assert per_hour([]).summary == "この期間の受付はありません。"


@pytest.mark.parametrize("most", [0, 1, 3, 7, 10, 11, 42, 99, 100, 101, 963, 12345, 100000])
@pytest.mark.parametrize("parts", [1, 3, 5])
def test_the_axis_has_few_round_numbers_and_reaches_the_highest_bar(most: int, parts: int):
    marks = ticks(most, parts)
    assert marks[0] == 0
    assert marks[-1] >= most
    assert 2 <= len(marks) <= parts + 1
    step = marks[1]
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert marks[-1] - step < max(most, 1)


def test_labels_stand_apart():
    assert label_every(30, 40) == 1
    assert label_every(30, 16) == 2
    assert label_every(30, 5) == 7
