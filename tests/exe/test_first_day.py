"""The first day of a shop with kollect.exe: settings typed in, mails answered, the tray, the end;
and the same stick in another PC.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP

from kollect.settings import ini_file
from kollect.settings.model import Auth, Protocol, Security
from tests.exe import clerk, desktop_driver
from tests.exe.shops import WITH_SUBJECT, settings_with_tls, subject
from tests.exe.wine import PC, Stick, windows_path
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import MAILBOX_DOMAIN, Postfix

SHOP_ID_TO_NAME = ("Tab",)
"""On 「ID」, where the cursor begins in 店番."""
TO_LATER = ("shift+Tab",)
"""「あとで」, from the blue button of the question."""
TO_TRY = ("Right", "Right")
"""「自分の携帯で試す」, from 「ポスターの印刷」 on はじめに."""


def type_mail_settings(
    dovecot: Dovecot, postfix: Postfix, user: str, domain: str = "shop.example"
) -> None:
    """「メールの設定」, by Tab from field to field, from the tabs themselves on."""
    desktop_driver.keys(*("shift+Tab",) * 4)  # from the address, where a first visit begins
    desktop_driver.fill(None, None, None, f"{user}@{domain}", None, None, None)
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


def blank_mail(postfix: Postfix, sender: str, shop: str) -> None:
    """From a phone outside, by SMTP."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, shop, ""
    with SMTP(postfix.host, postfix.plain, timeout=60) as line:
        line.send_message(mail)


def test_from_the_double_click_to_the_owners_phone(
    stick: Stick,
    dovecot: Dovecot,
    postfix: Postfix,
    user: str,
    record_property: Callable[[str, object], None],
):
    """はじめに, from step to step by Enter; keys, clicks and seconds are counted and printed."""
    ini, phone = stick.folder / "kollect.ini", f"{user}.tencho@docomo.ne.jp"
    stick.pc.inside("trust", windows_path(Path(dovecot.ca_file)))
    before, begun = replace(desktop_driver.hands), time.monotonic()
    program = stick.start()
    desktop_driver.bring(clerk.WELCOME)
    desktop_driver.keys("2")
    clerk.settings_window()
    type_mail_settings(dovecot, postfix, user, MAILBOX_DOMAIN)
    desktop_driver.wait_until(ini.exists, "nothing was saved")
    clerk.settings_window()
    desktop_driver.keys("Escape")

    next_step()  # メールの設定: its test
    desktop_driver.settled(clerk.SETTINGS)
    desktop_driver.keys("Return")  # まとめてテスト
    desktop_driver.wait_until(lambda: dovecot.mails(user), "no test mail comes")
    desktop_driver.wait_until(lambda: not dovecot.mails(user), "the test mail stays")
    desktop_driver.settled(clerk.SETTINGS)
    desktop_driver.keys("Escape")

    next_step()  # 店名・住所
    desktop_driver.settled(clerk.SETTINGS)
    desktop_driver.keys(*SHOP_ID_TO_NAME)
    desktop_driver.type_in("Aozora")
    desktop_driver.fill("Shinjuku 2-8-1")
    desktop_driver.keys("F12")
    desktop_driver.wait_until(lambda: ini_file.load(ini).shop.address, "the shop is not saved")
    clerk.settings_window()
    desktop_driver.keys("Escape")

    next_step()  # データの保護, which may wait
    desktop_driver.bring(clerk.QUESTION)
    desktop_driver.keys(*TO_LATER, "Return")
    desktop_driver.wait_until_gone(clerk.QUESTION)

    # Wine has nothing that prints a PDF: the poster is left out
    desktop_driver.settled(clerk.MENU)
    desktop_driver.keys("1")
    clerk.collecting()
    desktop_driver.keys("Escape")
    desktop_driver.settled(clerk.MENU)
    desktop_driver.keys(*TO_TRY, "Return")
    desktop_driver.bring(clerk.QUESTION)
    desktop_driver.keys("Return")
    blank_mail(postfix, phone, f"{user}@{MAILBOX_DOMAIN}")
    assert subject(*postfix.wait_for(phone, seconds=60)) == "受付番号は1001です"

    hands = desktop_driver.hands
    counted = {
        "keys": hands.keys - before.keys,
        "clicks": hands.clicks - before.clicks,
        "seconds": round(time.monotonic() - begun),
    }
    for name, value in counted.items():
        record_property(name, value)
    print("a first day with kollect.exe:", counted)
    settings = ini_file.load(ini)
    assert (settings.shop.name, settings.shop.address) == ("Aozora", "Shinjuku 2-8-1")
    desktop_driver.settled(clerk.MENU)
    clerk.quit_from_menu()
    assert program.wait().code == 0


def next_step() -> None:
    """The blue button of はじめに has the focus as soon as the menu is at rest."""
    desktop_driver.settled(clerk.MENU)
    desktop_driver.keys("Return")


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
