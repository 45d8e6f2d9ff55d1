"""Every screen of kollect.exe can be opened, by the keys of the menu; and looks as it should.

`./build.sh exe pictures` puts those that the README shows into assets/screens/windows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from kollect.settings import ini_file
from tests.exe import clerk, desktop_driver
from tests.exe.wine import Stick
from tests.pictures.album import shown_in_readme
from tests.pictures.member_scenes import people
from tests.pictures.scenes import SETTINGS

Take = Callable[[str, str], None]
SCREENS = {
    "2": ("results", "KKRZS401"),
    "3": ("log", "KKRZS501"),
    "5": ("member-form", "KKRFR101"),
    "6": ("mailing", "KKRMS101"),
    "7": ("papers", "KKRFR104"),
}
PAGES = ("settings-control", "settings-duplicate", "settings-mail", "settings-test", "settings-id")
PHONE = "お客様の携帯"


@pytest.fixture
def take() -> Take:
    """take(name, title): a picture of this window, where pictures are wanted."""
    folder = os.environ.get("KOLLECT_PICTURES")

    def take(name: str, title: str) -> None:
        window = desktop_driver.bring(title)
        if folder and name in shown_in_readme("windows/"):
            desktop_driver.framed_picture(Path(folder) / f"{name}.png", window)

    return take


LOG = """\
{day} 09:02:11 情報 メールの収集を始めました。
{day} 09:14:40 情報 受付番号 1034 を発行しました: kyaku34@docomo.ne.jp
{day} 09:14:41 情報 受付番号 1034 を返信しました: kyaku34@docomo.ne.jp
{day} 10:30:02 注意 受信サーバにつながりません: 受信サーバが、時間内に応答しませんでした。
{day} 10:31:04 情報 元どおり受信できるようになりました。
"""


def test_the_menu_leads_to_every_screen_and_back(stick: Stick, take: Take):
    ini_file.save(stick.folder / "kollect.ini", SETTINGS)
    people(stick.folder / "kollect.db")
    today = date.today()
    log = stick.folder / "log" / f"{today:%Y-%m}.txt"
    log.parent.mkdir()
    log.write_text(LOG.format(day=today), "utf-8")
    program = clerk.start(stick)
    take("menu", clerk.MENU)
    for digit, (name, code) in SCREENS.items():
        desktop_driver.keys(digit)
        take(name, code)
        window = desktop_driver.wait_for_window(code)
        if name != "mailing":  # there is none to open yet
            desktop_driver.wait_until(
                lambda window=window: desktop_driver.main_key_works(window), f"{name}: not blue"
            )
        assert desktop_driver.quiet_key_is_quiet(window), name
        desktop_driver.keys("Escape")
        desktop_driver.bring(clerk.MENU)
    window = clerk.open_settings()
    for page in PAGES:
        take(page, clerk.SETTINGS)
        if page != PAGES[-1]:
            desktop_driver.turn_page(window, "Right")
    desktop_driver.keys("Escape")
    desktop_driver.bring(clerk.MENU)
    desktop_driver.keys("Escape")
    take("quit", clerk.QUESTION)
    desktop_driver.keys("Return")
    assert program.wait().code == 0
    assert "予期しない" not in stick.log()


def test_the_demo_plays_in_its_windows(stick: Stick, take: Take):
    program = stick.start()
    take("first-start", clerk.WELCOME)
    desktop_driver.keys("1")
    desktop_driver.wait_for_window(PHONE)
    clerk.collecting()
    phone = desktop_driver.bring(PHONE)
    log = stick.folder / "demo" / "log"

    def answered() -> bool:
        if any("受付番号 1001 を返信" in file.read_text("utf-8") for file in log.glob("*.txt")):
            return True
        desktop_driver.click_in(
            phone, 0.5, 0.775
        )  # 「空メールを送る」; Wine may take a click for itself
        time.sleep(2)
        return False

    desktop_driver.wait_until(answered, "the shop does not answer")
    take("demo-phone", PHONE)
    take("demo", clerk.COLLECTING)
    desktop_driver.bring(clerk.COLLECTING)
    desktop_driver.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0
    assert stick.nobody_left()
    assert not (stick.folder / "kollect.ini").exists(), "nothing of the demo stays"
    assert not (stick.folder / "demo").exists()
