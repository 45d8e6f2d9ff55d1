"""「Windowsログイン時の起動」 and the end of the session."""

from __future__ import annotations

from dataclasses import replace

from kollect.settings import ini_file
from tests.exe import clerk, desktop_driver
from tests.exe.shops import passwords, settings_with_tls
from tests.exe.wine import Stick, windows_path
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix

TO_THE_TICK = ("Tab",) * 5
"""From the tabs of 緒言設定 to 「Windowsログイン時の起動」, above 「くわしい設定」."""


TO_FORGET = ("Tab",) * 11
"""From the tabs to 「このパソコンの登録を消す」, the last button of 「ID」."""


def tick(stick: Stick) -> None:
    """Change 「Windowsログイン時の起動」, save, and go back to the menu."""
    ini = stick.folder / "kollect.ini"
    before = ini_file.load(ini).collect.start_at_login
    clerk.open_settings()
    desktop_driver.keys(*TO_THE_TICK, "space", "F12")
    desktop_driver.wait_until(
        lambda: ini_file.load(ini).collect.start_at_login is not before, "nothing was saved"
    )
    clerk.settings_window()
    desktop_driver.keys("Escape")
    desktop_driver.bring(clerk.MENU)


def entry(stick: Stick) -> str | None:
    return stick.pc.inside("at-login").get("Kollect")


def wait_for_entry(stick: Stick, line: str | None) -> None:
    desktop_driver.wait_until(lambda: entry(stick) == line, f"the entry is not {line}")


def test_the_start_at_login_is_switched_on_mended_and_off(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str
):
    ini_file.save(stick.folder / "kollect.ini", settings_with_tls(dovecot, postfix, user))
    assert entry(stick) is None
    program = clerk.start(stick)
    tick(stick)
    wait_for_entry(stick, f'"{windows_path(stick.exe)}" --tray')
    clerk.quit_from_menu()
    assert program.wait().code == 0

    stick.move(stick.folder.with_name("新しい 場所"))
    program = clerk.start(stick)
    wait_for_entry(stick, f'"{windows_path(stick.exe)}" --tray')
    clerk.quit_from_menu()
    assert program.wait().code == 0

    customer = f"{user}.a@docomo.ne.jp"
    dovecot.deliver(user, blank(customer, 1))
    stick.pc.log_in(**passwords(dovecot, postfix))
    postfix.wait_for(customer, seconds=60)
    desktop_driver.tray_icon()
    assert not desktop_driver.windows("KKR"), "it works unseen"
    desktop_driver.choose_in_tray(clerk.SHOW)
    desktop_driver.bring(clerk.COLLECTING)
    desktop_driver.keys("Escape")
    tick(stick)
    wait_for_entry(stick, None)
    clerk.quit_from_menu()
    assert stick.nobody_left()


def test_it_ends_in_order_with_the_session(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str
):
    ini_file.save(stick.folder / "kollect.ini", settings_with_tls(dovecot, postfix, user))
    customer = f"{user}.a@docomo.ne.jp"
    dovecot.deliver(user, blank(customer, 1))
    program = clerk.start_collecting(stick, **passwords(dovecot, postfix))
    postfix.wait_for(customer, seconds=60)
    clerk.go_to_tray()
    stick.pc.inside("end-session")
    assert program.wait().code == 0
    assert stick.nobody_left()
    assert "パソコンの終了（ログオフ）を知らされました。" in stick.log()
    assert not (stick.folder / "kollect.fault").exists(), "the next start has nothing to tell"
    assert dovecot.mails(user) == []


def test_log_off_leaves_nothing_behind(stick: Stick):
    """By Wine's own log-off, which is shorter with programs than Windows is."""
    program = stick.start()
    desktop_driver.bring(clerk.WELCOME)
    stick.pc.log_off()
    program.wait()
    assert stick.nobody_left()
    assert stick.pc.unpacked == []
    program = stick.start()
    desktop_driver.bring(clerk.WELCOME)
    assert program.running
    assert not desktop_driver.windows(clerk.QUESTION), "it says that it had crashed"


def test_one_button_takes_the_program_off_this_pc(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str
):
    settings = settings_with_tls(dovecot, postfix, user)
    before = stick.pc.inside("passwords")
    ini_file.save(
        stick.folder / "kollect.ini",
        replace(settings, collect=replace(settings.collect, start_at_login=True)),
    )
    program = clerk.start(stick)
    desktop_driver.keys("1")
    clerk.enter_passwords(dovecot.password, postfix.password)
    clerk.collecting()
    wait_for_entry(stick, f'"{windows_path(stick.exe)}" --tray')
    assert len(stick.pc.inside("passwords")) == len(before) + 2
    desktop_driver.keys("Escape")

    window = clerk.open_settings()
    for _ in range(4):
        desktop_driver.turn_page(window, "Right")
    desktop_driver.keys(*TO_FORGET, "space")
    question = desktop_driver.bring(clerk.QUESTION)
    desktop_driver.keys("Tab", "space")
    desktop_driver.wait_until(
        lambda: desktop_driver.windows(clerk.QUESTION) not in ([], [question]), "nothing is told"
    )
    desktop_driver.bring(clerk.QUESTION)
    desktop_driver.keys("Return")
    assert program.wait().code == 0
    assert stick.nobody_left()
    assert stick.pc.inside("passwords") == before
    assert entry(stick) is None
    assert ini_file.load(stick.folder / "kollect.ini").mail_address == settings.mail_address
    assert (stick.folder / "kollect.db").exists()
