"""kollect.exe by a double click: its window, alone or called by a second start, and its end."""

from __future__ import annotations

from tests.exe import desktop_driver
from tests.exe.clerk import MENU, WELCOME, quit_from_menu
from tests.exe.wine import Stick


def test_from_the_double_click_to_the_end(stick: Stick):
    first = stick.start()
    desktop_driver.wait_for_window(WELCOME)
    assert any("id = TEST (保守可)" in title for title in desktop_driver.titles())
    assert not [title for title in desktop_driver.titles() if "exe" in title], "no console"
    desktop_driver.bring(WELCOME)
    desktop_driver.keys("Escape")
    desktop_driver.wait_until_gone(WELCOME)

    second = stick.run()
    assert second.code == 0, "it has called the first one"
    assert len(desktop_driver.windows(MENU)) == 1
    assert first.running

    quit_from_menu()
    assert first.wait().code == 0
    assert stick.nobody_left()
    assert stick.pc.unpacked == [], "nothing of it is left behind"
    assert not list(stick.pc.temp.glob("_MEI*"))


def test_after_a_power_cut_it_starts_as_ever(stick: Stick):
    stick.start()
    desktop_driver.wait_for_window(WELCOME)
    [left] = stick.pc.unpacked
    stick.kill()
    again = stick.start()
    desktop_driver.wait_for_window(WELCOME)
    assert again.running
    desktop_driver.wait_until(lambda: not left.exists(), "what it had unpacked is left behind")
    assert len(stick.pc.unpacked) == 1
