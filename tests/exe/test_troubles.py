"""What kollect.exe does in a corner: a crash of its own, and a file for another program."""

from __future__ import annotations

from tests.exe import clerk, desk
from tests.exe.wine import Stick

CRASHED = "前回、コレクトが途中で止まりました"


def test_a_crash_is_written_down_and_told_at_the_next_start(stick: Stick):
    program = stick.start()
    desk.bring(clerk.WELCOME)
    desk.keys("Escape")
    desk.wait_until_gone(clerk.WELCOME)
    desk.wait_until(lambda: stick.pc.crash() or not program.running, "it does not crash")
    assert program.wait().code != 0
    assert stick.nobody_left()

    program = stick.start()
    desk.bring(CRASHED)
    desk.keys("Return")
    desk.wait_until_gone(CRASHED)
    [written] = stick.folder.glob("log/crash-*.txt")
    assert "Windows fatal exception: access violation" in written.read_text("utf-8")
    assert "途中で止まりました" in stick.log()
    desk.bring(clerk.WELCOME)
    desk.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0


def test_a_copy_of_the_log_opens_in_its_program(stick: Stick):
    program = stick.start()
    desk.bring(clerk.WELCOME)
    desk.keys("Escape")
    desk.wait_until_gone(clerk.WELCOME)
    assert stick.run("collect", "--once").code == 2  # something for the log
    desk.bring(clerk.MENU)
    desk.keys("3")
    window = desk.bring(clerk.LOG)
    desk.wait_until(lambda: desk.main_key_works(window), "F12 stays grey")
    desk.keys("F12")
    desk.wait_for_window("ログ_.*TXT")
    [copy] = stick.folder.glob("log/取り出し/*.TXT")
    assert copy.read_bytes()
    desk.bring("ログ_.*TXT")
    desk.keys(desk.CLOSE)
    desk.wait_until_gone("ログ_.*TXT")
    desk.bring(clerk.LOG)
    desk.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0
