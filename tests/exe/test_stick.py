"""The stick itself: pulled out while kollect.exe collects, and put back."""

from __future__ import annotations

from kollect.desktop.tray import TrayColor
from kollect.settings import ini_file
from tests.exe import clerk, desk
from tests.exe.shops import passwords, settings_with_tls, subject
from tests.exe.wine import Stick
from tests.servers.dovecot import Dovecot
from tests.servers.mails import blank
from tests.servers.postfix import Postfix

PAPERS = "KKRFR104"


def test_pulled_out_while_it_collects_and_put_back(
    stick: Stick, dovecot: Dovecot, postfix: Postfix, user: str
):
    ini_file.save(stick.folder / "kollect.ini", settings_with_tls(dovecot, postfix, user))
    before, after = f"{user}.a@docomo.ne.jp", f"{user}.b@docomo.ne.jp"
    dovecot.deliver(user, blank(before, 1))
    program = clerk.start_collecting(stick, **passwords(dovecot, postfix))
    postfix.wait_for(before, seconds=60)
    desk.wait_until(lambda: desk.light() is TrayColor.WAITING, "it does not come to rest")

    home = stick.folder
    stick.move(home.with_name("抜かれた"))
    dovecot.deliver(user, blank(after, 2))
    desk.wait_until(lambda: desk.light() is TrayColor.ERROR, "nobody is told")
    assert program.running
    assert len(dovecot.mails(user)) == 1, "the mail waits on the server"
    assert not home.exists(), "and nothing is begun anew"
    clerk.go_to_tray()
    desk.choose_in_tray(clerk.SHOW)
    desk.bring(clerk.COLLECTING)
    desk.keys("Escape")
    desk.bring(clerk.MENU)
    desk.keys("7")  # a screen that the program has not read from the stick yet
    desk.bring(PAPERS)
    desk.keys("Escape")
    desk.bring(clerk.MENU)

    stick.move(home)
    assert subject(*postfix.wait_for(after, seconds=90)) == "受付番号は1002です"
    desk.wait_until(lambda: desk.light() is TrayColor.WAITING, "it does not recover")
    assert dovecot.mails(user) == []
    clerk.quit_from_menu()
    assert program.wait().code == 0
    assert "Traceback" not in stick.log()
