"""The first day of a shop with kollect.exe: settings typed in, mails answered, the tray, the end;
and the same stick in another PC.
"""

from __future__ import annotations

from pathlib import Path

from kollect.settings import ini_file
from kollect.settings.model import Auth, Protocol, Security
from tests.exe import clerk, desktop_driver
from tests.exe.shops import WITH_SUBJECT, settings_with_tls, subject
from tests.exe.wine import PC, Stick, windows_path
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix


def type_mail_settings(dovecot: Dovecot, postfix: Postfix, user: str) -> None:
    """「メールの設定」, by Tab from field to field, from the tabs themselves on."""
    desktop_driver.keys(*("shift+Tab",) * 4)  # from the address, where a first visit begins
    desktop_driver.fill(None, None, None, f"{user}@shop.example", None, None, None)
    desktop_driver.fill(dovecot.host, str(dovecot.pop3s), user, dovecot.password, None)
    desktop_driver.fill(postfix.host, str(postfix.plain), None, None, None)
    desktop_driver.fill(postfix.account, postfix.password, "owner@customer.example")
    desktop_driver.keys("F12")


def test_from_the_first_start_to_the_end_of_the_day(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str
):
    ini = stick.folder / "kollect.ini"
    first, second = f"{user}..a@docomo.ne.jp", f"{user}.b@customer.example"
    dovecot.deliver(user, blank(first, 1), WITH_SUBJECT)
    stick.pc.inside("trust", windows_path(Path(dovecot.ca_file)))
    program = stick.start()
    desktop_driver.bring(clerk.WELCOME)
    desktop_driver.keys("2")
    clerk.settings_window()
    assert not ini.exists()
    type_mail_settings(dovecot, postfix, user)
    desktop_driver.wait_until(ini.exists, "nothing was saved")
    settings = ini_file.load(ini)
    receive, send = settings.receive, settings.send
    assert settings.mail_address == f"{user}@shop.example"
    assert (receive.protocol, receive.security) == (Protocol.POP3, Security.SSL)
    assert (receive.host, receive.port, receive.account) == (dovecot.host, dovecot.pop3s, user)
    assert (send.host, send.port, send.auth) == (postfix.host, postfix.plain, Auth.YES)
    assert send.account == postfix.account
    assert settings.forward_address == "owner@customer.example"

    clerk.settings_window()
    desktop_driver.keys("Escape")
    desktop_driver.bring(clerk.MENU)
    desktop_driver.keys("1")
    clerk.collecting()
    assert subject(*postfix.wait_for(first, seconds=60)) == "受付番号は1001です"
    desktop_driver.wait_until(lambda: not dovecot.mails(user), "mails stay on the server")

    clerk.go_to_tray(*clerk.TO_TRAY)
    dovecot.deliver(user, blank(second, 3))
    desktop_driver.choose_in_tray(clerk.POLL_NOW)
    assert subject(*postfix.wait_for(second, seconds=60)) == "受付番号は1002です"
    assert not desktop_driver.windows(clerk.COLLECTING), "it works unseen"

    desktop_driver.choose_in_tray(clerk.SHOW)
    clerk.go_to_tray()
    assert stick.run().code == 0
    clerk.go_to_tray()
    clerk.quit_from_tray()
    assert program.wait().code == 0
    assert stick.nobody_left()

    kept = stick.pc.inside("passwords")
    assert sorted(kept.values()) == sorted([dovecot.password, postfix.password])
    assert all(name.startswith("kollect/") for name in kept)
    assert dovecot.password.encode() not in stick.everything()
    stick.pc.switch_off()
    assert stick.pc.holds(dovecot.password) == []
    stick.pc.switch_on()


def test_a_pc_that_does_not_know_the_passwords_asks_once(
    stick: Stick, second_pc: PC, dovecot: Dovecot, postfix: Postfix, user: str
):
    ini_file.save(stick.folder / "kollect.ini", settings_with_tls(dovecot, postfix, user))
    for pc in (stick.pc, second_pc):
        stick.put_into(pc)
        known = len(pc.inside("passwords"))
        program = clerk.start(stick)
        desktop_driver.keys("1")
        clerk.enter_passwords(dovecot.password, postfix.password)
        clerk.collecting()
        assert len(pc.inside("passwords")) == known + 2
        customer = f"{user}.{known}@customer.example"
        dovecot.deliver(user, blank(customer, known))
        postfix.wait_for(customer, seconds=60)
        stick.kill()

        program = clerk.start_collecting(stick)
        desktop_driver.keys("Escape")
        clerk.quit_from_menu()
        assert program.wait().code == 0
    assert dovecot.password.encode() not in stick.everything()
