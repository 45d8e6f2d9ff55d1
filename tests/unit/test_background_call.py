"""A call in a thread of its own: its result, its fault, and a PC without memory for a thread."""

from __future__ import annotations

import threading

import pytest

from kollect.threads.background_call import BackgroundCall


def test_the_result_is_waited_for_as_long_as_one_likes():
    let_go = threading.Event()

    def work() -> int:
        let_go.wait(30)
        return 7

    call = BackgroundCall(work, name="work")
    assert not call.is_over_within(0.01)
    let_go.set()
    assert call.is_over_within(30)
    assert call.result() == call.result() == 7


def test_a_fault_is_that_of_whoever_asks():
    call = BackgroundCall(lambda: [][0], name="work")
    for _ in range(2):
        with pytest.raises(IndexError):
            call.result()


def test_without_memory_for_a_thread_it_is_done_at_once(monkeypatch: pytest.MonkeyPatch):
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    call = BackgroundCall(lambda: 7, name="work")
    assert call.is_over_within(0.0)
    assert call.result() == 7
