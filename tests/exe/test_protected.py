"""「データを保護する」 in kollect.exe: encrypted, carried to another PC, opened there."""

from __future__ import annotations

import json
from pathlib import Path

from kollect.storage.data_folder import DataFolder
from kollect.ui.code_dialog import TITLE
from tests.exe import clerk, desktop_driver
from tests.exe.wine import PC, Stick, windows_path
from tests.helpers.protected_shop import ADDRESS, readable, shop


def test_on_another_pc_the_code_of_the_sheet_opens_it(stick: Stick, second_pc: PC, tmp_path: Path):
    folder = DataFolder(stick.folder)
    shop(folder.path)
    sheet = tmp_path / "復元シート.pdf"
    done = stick.run("protect", "on", "--sheet", windows_path(sheet), "--json")
    assert (done.code, done.err) == (0, ""), done
    made = json.loads(done.out)
    assert made["kept"] is True, "in the Credential Manager"
    assert sheet.read_bytes().startswith(b"%PDF")
    assert readable(folder) == {}
    assert made["code"].encode() not in stick.everything()
    again = stick.run("results")
    assert (again.code, ADDRESS in again.out) == (0, True), "here it is not asked for"

    stick.put_into(second_pc)
    refused = stick.run("results")
    assert (refused.code, "復元コードが必要です" in refused.err) == (6, True), refused
    program = stick.start()
    desktop_driver.bring(TITLE)
    desktop_driver.type_in(made["code"].replace("-", "").lower())
    desktop_driver.keys("F12")
    desktop_driver.bring(clerk.WELCOME)  # a shop that has no settings yet
    desktop_driver.keys("Escape")
    desktop_driver.wait_until_gone(clerk.WELCOME)
    clerk.quit_from_menu()
    assert program.wait().code == 0
    asked_once = stick.run("results")
    assert (asked_once.code, ADDRESS in asked_once.out) == (0, True), asked_once
    assert readable(folder) == {}
    assert "Traceback" not in stick.log()

    off = stick.run("protect", "off", "--json")
    assert (off.code, json.loads(off.out)["state"]) == (0, "off"), off
    assert "kollect.db" in readable(folder)
    assert ADDRESS in stick.run("results").out
