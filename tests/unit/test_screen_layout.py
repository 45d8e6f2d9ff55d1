"""What is remembered of the window: any text in the file is endured, any screen is fitted into."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kollect.storage.screen_layout import (
    ColumnLayout,
    RememberedPlace,
    ScreenLayout,
    inside,
    read,
    write,
)

LAYOUT = ScreenLayout(
    RememberedPlace(1100, 700, -20, 15, zoomed=True),
    {"results": ColumnLayout({"受付番号": 7.5}, ("回数",), ("住所",), ("会員", "受付番号"))},
)


def test_what_was_written_is_read(tmp_path: Path):
    path = tmp_path / "kollect.window"
    write(path, LAYOUT)
    assert read(path) == LAYOUT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "\udcff",
        "[" * 5000,
        '{"window": 3, "tables": []}',
        '{"window": {"width": "a", "height": 1, "x": 0, "y": 0}}',
        '{"window": {"width": 0, "height": 1, "x": 0, "y": 0}}',
        '{"window": {"width": 1e99, "height": 1, "x": 0, "y": 0}}',
        '{"window": {"width": 9999999, "height": 1, "x": 0, "y": 0}}',
        '{"tables": {"a": 1, "b": null}}',
    ],
)
def test_a_file_of_nonsense_is_none(tmp_path: Path, text: str):
    path = tmp_path / "kollect.window"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read(path) == ScreenLayout()


def test_of_a_table_what_makes_sense_is_taken(tmp_path: Path):
    path = tmp_path / "kollect.window"
    table = {"widths": {"a": 3, "b": -1, "c": "x"}, "hidden": ["a", 1], "order": "ab"}
    path.write_text(json.dumps({"tables": {"t": table}}), "utf-8")
    assert read(path).tables == {"t": ColumnLayout({"a": 3.0}, ("a",))}


def test_neither_a_missing_file_nor_a_disk_that_says_no_is_trouble(tmp_path: Path):
    assert read(tmp_path / "gone" / "kollect.window") == ScreenLayout()
    write(tmp_path / "gone" / "kollect.window", LAYOUT)


@pytest.mark.parametrize(
    ("place", "screens", "expected"),
    [
        (RememberedPlace(1000, 600, 50, 40), (0, 0, 1366, 768), (1000, 600, 50, 40)),
        (RememberedPlace(1000, 600, 2000, 40), (0, 0, 1366, 768), (1000, 600, 366, 40)),
        (RememberedPlace(1000, 600, -900, -300), (0, 0, 1366, 768), (1000, 600, 0, 0)),
        (RememberedPlace(1800, 1000, 0, 0), (0, 0, 1024, 600), (1024, 524, 0, 0)),
        (RememberedPlace(1000, 600, -1200, 0), (-1366, 0, 2732, 768), (1000, 600, -1200, 0)),
    ],
    ids=["there", "a screen that is gone", "beyond the corner", "too large", "the left screen"],
)
def test_it_lies_within_the_screens_of_today(
    place: RememberedPlace, screens: tuple[int, int, int, int], expected: tuple[int, int, int, int]
):
    assert inside(place, screens, frame=76, scale=1.0) == expected


def test_on_a_sharper_screen_it_is_as_large_to_the_eye():
    found = inside(RememberedPlace(800, 500, 0, 0), (0, 0, 2880, 1800), frame=76, scale=1.5)
    assert found[:2] == (1200, 750)
