"""Calls side by side, waited for until a time and no longer."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from kollect.threads.bounded_calls import results_within


def test_all_results_side_by_side():
    together = threading.Barrier(4, timeout=20)  # none goes on before all have begun

    def call(number: int) -> int:
        together.wait()
        return number * number

    calls = {number: partial(call, number) for number in range(4)}
    found = results_within(calls, ends=time.monotonic() + 30)
    assert found == {0: 0, 1: 1, 2: 4, 3: 9}


def test_more_calls_than_threads():
    calls = {number: partial(int, number) for number in range(50)}
    found = results_within(calls, ends=time.monotonic() + 30, side_by_side=3)
    assert found == {number: number for number in range(50)}


def test_who_is_late_is_not_heard():
    over = threading.Event()
    calls = {"late": lambda: over.wait(60), "in time": lambda: True}
    found = results_within(calls, ends=time.monotonic() + 0.5)
    over.set()
    assert found == {"in time": True}


def test_it_stops_when_it_is_told():
    over, begun = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        return over.wait(60)

    found = results_within({"one": wait}, ends=time.monotonic() + 60, stopping=begun.is_set)
    over.set()
    assert found == {}


@pytest.mark.expects_errors
def test_a_call_that_raises_has_no_result_and_keeps_none_from_theirs():
    def fall() -> int:
        raise RuntimeError("fell")

    calls = {"a": fall, "b": partial(int, 2), "c": fall, "d": partial(int, 4)}
    found = results_within(calls, ends=time.monotonic() + 30, side_by_side=1)
    assert found == {"b": 2, "d": 4}


def test_nothing_to_call():
    assert results_within({}, ends=time.monotonic() + 30) == {}
