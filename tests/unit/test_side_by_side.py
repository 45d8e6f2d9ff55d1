"""Two windows beside each other: the second always whole, the first as wide as may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.ui.demo.side_by_side import WindowPlace, side_by_side

FRAME, GAP = 2, 8
PHONE = 360


@pytest.mark.parametrize(
    ("across", "expected"),
    [
        (1920, WindowPlace(x=262, width=1024, beside_x=1296, overlapping=False)),
        (1366, WindowPlace(x=0, width=994, beside_x=1004, overlapping=False)),
        (1024, WindowPlace(x=0, width=800, beside_x=662, overlapping=True)),
    ],
)
def test_on_the_screens_of_today(across: int, expected: WindowPlace):
    assert side_by_side(across, 1024, PHONE, least=800, frame=FRAME, gap=GAP) == expected


@given(st.integers(640, 4000), st.integers(300, 4000), st.integers(200, 600))
def test_both_are_on_the_screen_and_apart_where_that_can_be(across: int, width: int, beside: int):
    standing = side_by_side(across, width, beside, least=600, frame=FRAME, gap=GAP)
    assert standing.x >= 0
    assert 0 <= standing.beside_x <= across - beside - FRAME
    assert min(600, width) <= standing.width <= width
    apart = standing.x + standing.width + FRAME + GAP <= standing.beside_x
    assert apart is not standing.overlapping
