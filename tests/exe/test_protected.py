"""「データを保護する」 in kollect.exe: on the stick, on another PC; by its buttons."""

from __future__ import annotations

import io
import json
from pathlib import Path

import zxingcpp
from PIL import Image

from kollect.protection import recovery_code
from kollect.protection.recovery_code import RecoveryCode
from kollect.settings import ini_file
from kollect.settings.model import Receive, Send, Settings, Shop
from kollect.storage.data_folder import DataFolder
from kollect.ui.code_dialog import TITLE
from tests.exe import clerk, desktop_driver
from tests.exe.read_label import places_asked, places_said
from tests.exe.wine import PC, Stick, windows_path
from tests.helpers.protected_shop import ADDRESS, readable, shop

TO_BEGIN, TO_RENEW, TO_END = ("Tab",) * 6, ("Tab",) * 6, ("Tab",) * 7
"""From the tabs to the buttons of 「データを保護する」 on 「ID」; who is grey is passed over."""
TO_FORGET = ("Tab",) * 12
"""To 「このパソコンの登録を消す」, where two of them can be pressed."""
SETTINGS = Settings(
    shop=Shop(id="TEST", name="テスト商店"),
    receive=Receive(host="pop.shop.example", account="shop"),
    send=Send(host="smtp.shop.example", account="shop"),
    mail_address="a@shop.example",
)
"""Nothing is collected with them."""
MEANING, SHEET, RENEW = "^データを保護する$", "^復元シート$", "^シートを作り直す$"
SAVE, STOP, FORGET = "復元シートの保存", "^保護をやめる$", "このパソコンの登録を消しますか"


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


def press_on_id_page(*keys: str) -> None:
    window = clerk.open_settings()
    for _ in range(4):
        desktop_driver.turn_page(window, "Right")
    desktop_driver.keys(*keys, "space")


def type_letters(stick: Stick, code: RecoveryCode, before: set[tuple[int, ...]]) -> None:
    places = places_asked(stick, before)
    desktop_driver.type_in("".join(code.letters[place - 1] for place in places).lower())
    desktop_driver.keys("F12")


def print_sheet(stick: Stick, dialog: str, sheet: Path, before: set[tuple[int, ...]]) -> None:
    """Save it, and type four of its letters; what is said then is confirmed."""
    desktop_driver.bring(dialog)
    desktop_driver.keys("space")
    desktop_driver.bring(SAVE)
    desktop_driver.type_in(windows_path(sheet))
    desktop_driver.keys("Return")
    desktop_driver.wait_until_gone(SAVE)
    desktop_driver.wait_until(sheet.exists, "no sheet is written")
    desktop_driver.bring(dialog)
    type_letters(stick, code_of(sheet), before)
    desktop_driver.wait_until_gone(dialog)
    confirm()


def confirm() -> None:
    desktop_driver.bring(clerk.QUESTION)
    desktop_driver.keys("Return")
    desktop_driver.wait_until_gone(clerk.QUESTION)


def code_of(sheet: Path) -> RecoveryCode:
    """By its QR code, as a camera reads it: the page is one picture."""
    octets = sheet.read_bytes()
    picture = octets[octets.index(b"\xff\xd8\xff") : octets.rindex(b"\xff\xd9") + 2]
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return recovery_code.read(code.text)


def codes_kept(stick: Stick, before: dict[str, str]) -> list[str]:
    """Of this folder; the PC has seen others."""
    kept = stick.pc.inside("passwords")
    return [text for name, text in kept.items() if "/data-" in name and name not in before]


def test_by_the_buttons_it_is_turned_on_and_gets_a_new_sheet(stick: Stick, tmp_path: Path):
    folder = DataFolder(stick.folder)
    shop(folder.path)
    ini_file.save(folder.ini, SETTINGS)
    before = stick.pc.inside("passwords")
    program = clerk.start(stick)
    said = places_said(stick)
    press_on_id_page(*TO_BEGIN)
    desktop_driver.bring(MEANING)
    desktop_driver.keys("Return")
    first, second = tmp_path / "sheet.pdf", tmp_path / "second.pdf"
    print_sheet(stick, SHEET, first, said)
    assert readable(folder) == {}
    assert codes_kept(stick, before) == [code_of(first).written]
    clerk.settings_window()
    desktop_driver.keys("Escape")

    said = places_said(stick)
    press_on_id_page(*TO_RENEW)
    print_sheet(stick, RENEW, second, said)
    assert codes_kept(stick, before) == [code_of(second).written] != [code_of(first).written]
    clerk.settings_window()
    desktop_driver.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0
    assert ADDRESS in stick.run("results").out
    assert "Traceback" not in stick.log()


def test_by_the_buttons_this_pc_forgets_its_code_and_it_is_turned_off(stick: Stick, tmp_path: Path):
    folder = DataFolder(stick.folder)
    shop(folder.path)
    ini_file.save(folder.ini, SETTINGS)
    before = stick.pc.inside("passwords")
    made = json.loads(stick.run("protect", "on", "--sheet", windows_path(tmp_path / "s.pdf"),
                                "--json").out)  # fmt: skip
    code = recovery_code.read(made["code"])
    program = clerk.start(stick)
    said = places_said(stick)
    press_on_id_page(*TO_FORGET)
    desktop_driver.bring(FORGET)
    type_letters(stick, code, said)
    desktop_driver.wait_until_gone(FORGET)
    desktop_driver.bring(clerk.QUESTION)
    desktop_driver.keys("Return")
    assert program.wait().code == 0
    assert stick.pc.inside("passwords") == before
    refused = stick.run("results")
    assert (refused.code, "復元コードが必要です" in refused.err) == (6, True), refused

    program = stick.start()
    desktop_driver.bring(TITLE)
    desktop_driver.type_in(code.letters.lower())
    desktop_driver.keys("F12")
    desktop_driver.wait_until_gone(TITLE)
    assert codes_kept(stick, before) == [code.written]
    press_on_id_page(*TO_END)
    desktop_driver.bring(STOP)
    desktop_driver.keys("Return")
    desktop_driver.wait_until_gone(STOP)
    assert "kollect.db" in readable(folder)
    assert stick.pc.inside("passwords") == before
    clerk.settings_window()
    desktop_driver.keys("Escape")
    clerk.quit_from_menu()
    assert program.wait().code == 0
    assert "Traceback" not in stick.log()
