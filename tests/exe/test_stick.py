"""The stick itself: pulled out while kollect.exe collects, and put back."""

from __future__ import annotations

from kollect.desktop.tray import TrayColor
from kollect.settings import ini_file
from tests.exe import clerk, desktop_driver
from tests.exe.shops import passwords, settings_with_tls, subject
from tests.exe.wine import Stick
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix

PAPERS = "KKRFR104"


def test_pulled_out_while_it_collects_and_put_back(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str
):
    ini_file.save(stick.folder / "kollect.ini", settings_with_tls(dovecot, postfix, user))
    before, after = f"{user}.a@docomo.ne.jp", f"{user}.b@docomo.ne.jp"
    dovecot.deliver(user, blank(before, 1))
    program = clerk.start_collecting(stick, **passwords(dovecot, postfix))
    postfix.wait_for(before, seconds=60)
    desktop_driver.wait_until(
        lambda: desktop_driver.light() is TrayColor.WAITING, "it does not come to rest"
    )

    home = stick.folder
    stick.move(home.with_name("抜かれた"))
    dovecot.deliver(user, blank(after, 2))
    desktop_driver.wait_until(lambda: desktop_driver.light() is TrayColor.ERROR, "nobody is told")
    assert program.running
    assert len(dovecot.mails(user)) == 1, "the mail waits on the server"
    assert not home.exists(), "and nothing is begun anew"
    clerk.go_to_tray()
    desktop_driver.choose_in_tray(clerk.SHOW)
    desktop_driver.bring(clerk.COLLECTING)
    desktop_driver.keys("Escape")
    desktop_driver.bring(clerk.MENU)
    desktop_driver.keys("7")  # a screen that the program has not read from the stick yet
    desktop_driver.bring(PAPERS)
    desktop_driver.keys("Escape")
    desktop_driver.bring(clerk.MENU)

    stick.move(home)
    assert subject(*postfix.wait_for(after, seconds=90)) == "受付番号は1002です"
    desktop_driver.wait_until(
        lambda: desktop_driver.light() is TrayColor.WAITING, "it does not recover"
    )
    assert dovecot.mails(user) == []
    clerk.quit_from_menu()
    assert program.wait().code == 0
    assert "Traceback" not in stick.log()
