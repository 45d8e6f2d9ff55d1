"""A PC that has slept, by its two clocks."""

from __future__ import annotations

import pytest

from kollect.threads.two_clocks import TwoClocks


@pytest.mark.parametrize(
    ("wall", "steady", "jumped"),
    [
        (10, 10, False),
        (70, 10, False),
        (71, 10, True),  # Linux: the steady clock stands still in sleep
        (-51, 10, True),  # set back
        (3610, 3610, True),  # Windows: it goes on, and the wait was for ten seconds
        (60, 70, False),  # a busy PC
    ],
)
def test_a_pc_that_slept(wall: float, steady: float, jumped: bool):
    assert TwoClocks(0, 0).jumped(wall, steady, asked=10) is jumped


def test_a_jump_is_told_once():
    clocks = TwoClocks(0, 0)
    assert clocks.jumped(500, 10, 10)
    assert not clocks.jumped(510, 20, 10)
