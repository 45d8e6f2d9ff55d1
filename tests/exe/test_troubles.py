"""What kollect.exe does in a corner: a crash of its own, and a file for another program."""

from __future__ import annotations

from tests.exe import clerk, desktop_driver
from tests.exe.wine import Stick


def test_a_crash_is_written_down_and_told_at_the_next_start(stick: Stick):
    program = stick.start()
    desktop_driver.bring(clerk.WELCOME)
    desktop_driver.keys("Escape")
    desktop_driver.wait_until_gone(clerk.WELCOME)
    desktop_driver.wait_until(lambda: stick.pc.crash() or not program.running, "it does not crash")
    assert program.wait().code != 0
    assert stick.nobody_left()

    program = stick.start()
    desktop_driver.bring(clerk.QUESTION)
    desktop_driver.keys("Return")
    desktop_driver.wait_until_gone(clerk.QUESTION)
    [written] = stick.folder.glob("log/crash-*.txt")
    assert "Windows fatal exception: access violation" in written.read_text("utf-8")
    assert "途中で止まりました" in stick.log()
    desktop_driver.bring(clerk.WELCOME)
    desktop_driver.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0


def test_a_copy_of_the_log_opens_in_its_program(stick: Stick):
    program = stick.start()
    desktop_driver.bring(clerk.WELCOME)
    desktop_driver.keys("Escape")
    desktop_driver.wait_until_gone(clerk.WELCOME)
    assert stick.run("collect", "--once").code == 2  # something for the log
    desktop_driver.bring(clerk.MENU)
    desktop_driver.keys("3")
    window = desktop_driver.bring(clerk.LOG)
    desktop_driver.wait_until(lambda: desktop_driver.main_key_works(window), "F12 stays grey")
    desktop_driver.keys("F12")
    desktop_driver.wait_for_window("ログ_.*TXT")
    [copy] = stick.folder.glob("log/取り出し/*.TXT")
    assert copy.read_bytes()
    desktop_driver.bring("ログ_.*TXT")
    desktop_driver.keys(desktop_driver.CLOSE)
    desktop_driver.wait_until_gone("ログ_.*TXT")
    desktop_driver.bring(clerk.LOG)
    desktop_driver.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0
