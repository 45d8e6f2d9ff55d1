"""An event that ends a `select`."""

from __future__ import annotations

import select
import threading

from kollect.threads.wake_event import WakeEvent


def rings(event: WakeEvent) -> bool:
    return bool(select.select([event], [], [], 0)[0])


def test_it_rings_until_it_is_quiet():
    event = WakeEvent()
    assert not rings(event)
    event.set()
    assert rings(event) and event.is_set()
    event.quiet()
    assert not rings(event) and event.is_set()
    event.set()
    assert rings(event), "once more, though it is set already"
    event.close()


def test_what_was_set_before_anybody_listened_rings():
    event = WakeEvent()
    event.set()
    assert rings(event)
    event.close()


def test_rung_ten_thousand_times_it_still_rings_and_is_quiet_at_once():
    event = WakeEvent()
    assert not rings(event)
    for _ in range(10_000):
        event.set()
    assert rings(event)
    event.quiet()
    assert not rings(event)
    event.close()


def test_it_ends_a_select_of_another_thread():
    event = WakeEvent()
    event.fileno()
    ended = threading.Event()

    def wait() -> None:
        select.select([event], [], [], 60)
        ended.set()

    threading.Thread(target=wait).start()
    event.set()
    assert ended.wait(30)
    event.close()


def test_closed_it_is_an_event_as_before():
    event = WakeEvent()
    event.fileno()
    event.close()
    event.set()
    assert event.is_set()
    assert rings(event), "with new sockets"
    event.close()
