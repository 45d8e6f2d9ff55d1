"""The measure of the tests that the window answers: it must see what a user would feel."""

from __future__ import annotations

import threading
import time
import tkinter as tk
from collections.abc import Callable

import pytest

from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.ui_driver import settle

pytestmark = pytest.mark.real
SILENCE = 2.5


def spin(seconds: float) -> None:
    """Work for this long, of our own time on a processor."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass


@pytest.mark.parametrize("freeze", [time.sleep, spin])
def test_a_frozen_window_is_noticed(root: tk.Tk, freeze: Callable[[float], None]):
    root.after(100, freeze, SILENCE)
    heart = Heartbeat(root)
    assert heart.during(lambda: settle(root, lambda: heart.beats > 5)) > SILENCE / 2


def test_one_that_is_kept_from_working_by_a_thread_is_noticed(root: tk.Tk):
    def hold() -> None:
        sum(range(200_000_000))  # in one piece, with the interpreter's lock held

    heart = Heartbeat(root)

    def work() -> None:
        thread = threading.Thread(target=hold)
        thread.start()
        settle(root, lambda: not thread.is_alive())

    assert heart.during(work) > LONGEST_SILENCE


def test_a_living_one_is_not_blamed(root: tk.Tk):
    heart = Heartbeat(root)

    def work() -> None:
        thread = threading.Thread(target=time.sleep, args=(SILENCE,))
        thread.start()
        settle(root, lambda: not thread.is_alive())

    assert heart.during(work) < LONGEST_SILENCE
    assert heart.beats > 2
