"""A paper form, typed into kollect.exe: what it fills in comes from the data within the program."""

from __future__ import annotations

from contextlib import closing

from kollect.members.repository import Members
from kollect.settings import ini_file
from tests.exe import clerk, desktop_driver
from tests.exe.wine import Stick
from tests.pictures.member_scenes import people
from tests.pictures.scenes import SETTINGS

FORM = "KKRFR101"


def test_the_postcode_and_the_telephone_number(stick: Stick):
    ini_file.save(stick.folder / "kollect.ini", SETTINGS)
    database = stick.folder / "kollect.db"
    people(database)
    program = clerk.start(stick)
    desktop_driver.keys("5")
    window = desktop_driver.bring(FORM)
    desktop_driver.type_in("1031")
    before = desktop_driver.keys_shown(window)
    desktop_driver.keys("Return")
    desktop_driver.wait_until(
        lambda: desktop_driver.keys_shown(window) != before, "F9:再送 does not come"
    )
    desktop_driver.type_in("Sato")
    desktop_driver.keys(*("Return",) * 4)  # フリガナ, 生年月日, 性別
    desktop_driver.type_in("0665551234")
    desktop_driver.keys("Return")
    desktop_driver.type_in("5300001")
    desktop_driver.keys("Return")
    desktop_driver.type_on("1-2-3")  # behind the town
    desktop_driver.keys("F12")

    def registered() -> bool:
        with closing(Members(database)) as members:
            return members.get(1031) is not None

    desktop_driver.wait_until(registered, "nobody was registered")
    desktop_driver.bring(FORM)
    desktop_driver.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0
    with closing(Members(database)) as members:
        member = members.get(1031)
    assert member is not None
    assert (member.name, member.phone) == ("Sato", "06-6555-1234")
    assert (member.postcode, member.home) == ("530-0001", "大阪府大阪市北区梅田1-2-3")
    assert "予期しない" not in stick.log()
