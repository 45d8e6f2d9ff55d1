"""`kollect protect` as other programs call it: real processes, a keyring of files, no screen."""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import date
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from kollect.app.preflight import held
from kollect.printing import recovery_sheet
from kollect.printing.documents import face_for, to_draw
from kollect.printing.page import Page
from kollect.settings.model import Settings, Shop
from kollect.storage.data_folder import DataFolder
from kollect.storage.export import READABLE
from tests.helpers.other_pc import PC
from tests.helpers.protected_shop import ADDRESS, CODE, OTHER, readable, shop

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return shop(tmp_path / "stick")


@pytest.fixture
def pc(tmp_path: Path) -> PC:
    return PC(tmp_path, "pc")


def test_the_way_of_a_stick(folder: DataFolder, pc: PC, tmp_path: Path):
    sheet = tmp_path / "sheet.pdf"
    addresses = pc.run(folder, "results").stdout
    assert ADDRESS in addresses
    off = {"protected": False, "state": "off", "code_known": False}
    assert pc.json(folder, "protect", "status") == off

    made = pc.json(folder, "protect", "on", "--sheet", str(sheet))
    assert made["kept"] is True and made["sheet"] == str(sheet)
    assert sheet.read_bytes().startswith(b"%PDF")
    on = {"protected": True, "state": "on", "code_known": True}
    assert pc.json(folder, "protect", "status") == on
    assert readable(folder) == {}
    spelled = [made["code"], made["code"].replace("-", "")]
    for file in folder.path.rglob("*"):
        if file.is_file():
            assert not any(one.encode() in file.read_bytes() for one in spelled), file
    assert pc.run(folder, "results").stdout == addresses, "on this PC nothing is asked"

    other = PC(tmp_path, "other")
    assert other.json(folder, "protect", "status") == on | {"code_known": False}
    for command in (["results"], ["collect", "--once"], ["protect", "off"], ["members", "export",
                    str(tmp_path / "x.csv")], ["restore", "--yes"]):  # fmt: skip
        refused = other.run(folder, *command)
        assert refused.returncode == 6, refused
        assert "復元コードが必要です" in refused.stderr and "壊れていません" in refused.stderr
        assert "Traceback" not in refused.stderr
    wrong = other.run(folder, "results", code=OTHER.written)
    assert (wrong.returncode, "別のお店" in wrong.stderr) == (6, True)
    misspelled = other.run(folder, "results", code=made["code"][:-1])
    assert (misspelled.returncode, "26文字" in misspelled.stderr) == (6, True)
    told = json.loads(other.run(folder, "results", "--json").stdout)
    assert told["error"]["title"] == "復元コードが必要です"
    assert other.run(folder, "results", code=made["code"].lower()).stdout == addresses
    assert other.run(folder, "results").stdout == addresses, "it was asked for once"

    renewed = pc.json(folder, "protect", "renew", "--sheet", str(sheet))
    assert renewed["code"] != made["code"]
    assert other.run(folder, "results").returncode == 6, "the other PC knows the former one"
    assert pc.run(folder, "results").stdout == addresses
    assert len(json.loads(pc.kept.read_text())) == 1, "the former code is forgotten"

    assert pc.json(folder, "protect", "off") == off
    assert json.loads(pc.kept.read_text()) == {}
    assert other.run(folder, "results").stdout == addresses


def test_what_cannot_be_done_is_said(folder: DataFolder, pc: PC, tmp_path: Path):
    sheet = str(tmp_path / "sheet.pdf")
    for command, code in (
        (["protect", "on"], 2),
        (["protect", "off"], 2),
        (["protect", "renew", "--sheet", sheet], 2),
        (["protect", "status", "--sheet", sheet], 2),
        (["protect", "on", "--sheet", str(tmp_path / "gone" / "sheet.pdf")], 5),
        (["protect", "on", "--sheet", str(folder.path / "sheet.pdf")], 2),
        (["protect", "on", "--sheet", str(folder.path / "x" / ".." / "sheet.pdf")], 2),
    ):
        done = pc.run(folder, *command)
        assert (done.returncode, done.stderr.count("Traceback")) == (code, 0), (command, done)
        assert done.stderr.strip()
        assert pc.json(folder, "protect", "status")["state"] == "off"
    assert pc.run(folder, "protect", "on", "--sheet", sheet).returncode == 0
    again = pc.run(folder, "protect", "on", "--sheet", sheet)
    assert (again.returncode, again.stderr) == (2, "データはすでに保護されています。\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_at_a_terminal_four_letters_of_the_sheet_are_asked_for(
    folder: DataFolder, pc: PC, tmp_path: Path
):
    sheet = tmp_path / "sheet.pdf"
    with pc.at_a_terminal(folder, "protect", "on", "--sheet", str(sheet)) as terminal:
        for _ in range(3):
            terminal.wait_for("続けて入力してください")
            terminal.type("****")
        assert terminal.ends() == 2
    assert "まだ何も変えていません" in terminal.seen
    assert pc.json(folder, "protect", "status")["state"] == "off"

    with pc.at_a_terminal(folder, "protect", "on", "--sheet", str(sheet)) as terminal:
        terminal.wait_for("続けて入力してください")
        places = re.search(r"復元シートの ([0-9、]+) 文字目", terminal.seen)
        assert places
        letters = printed_code(sheet).replace("-", "")
        terminal.type("".join(letters[int(place) - 1] for place in places[1].split("、")))
        assert terminal.ends() == 0
    assert printed_code(sheet) in terminal.seen
    assert pc.json(folder, "protect", "status")["state"] == "on"

    with PC(tmp_path, "other").at_a_terminal(folder, "protect", "off") as terminal:
        terminal.wait_for("復元コードを入力してください")
        terminal.type(printed_code(sheet))
        assert terminal.ends() == 0
    assert pc.json(folder, "protect", "status")["state"] == "off"


def printed_code(sheet: Path) -> str:
    """By the QR code of the PDF, whose page is one picture."""
    octets = sheet.read_bytes()
    picture = octets[octets.index(b"\xff\xd8\xff") : octets.rindex(b"\xff\xd9") + 2]
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return code.text


def test_a_file_that_is_written_can_be_read_by_anybody_which_is_said(
    folder: DataFolder, pc: PC, tmp_path: Path
):
    table, wrong = tmp_path / "new.csv", tmp_path / "wrong.csv"
    table.write_text("受付番号,お名前\n1002,鈴木\n4711,幽霊\n", "utf-8")
    target = str(tmp_path / "out.csv")
    commands = (
        ["results", "--csv", target],
        ["members", "export", target],
        ["members", "export", target, "--json"],
        ["members", "consents", target],
        ["members", "import", str(table), "--wrong-to", str(wrong)],
    )
    for command in commands:
        done = pc.run(folder, *command)
        assert (done.returncode, done.stderr) == (0, ""), done
    assert "幽霊" in wrong.read_text("utf-8-sig")
    pc.json(folder, "protect", "on", "--sheet", str(tmp_path / "sheet.pdf"))
    for command in commands:
        done = pc.run(folder, *command)
        assert (done.returncode, done.stderr) == (0, f"{READABLE}\n"), done
    for command in (["results"], ["results", "--json"], ["log"]):
        done = pc.run(folder, *command)
        assert (done.returncode, done.stderr) == (0, ""), "no file, nothing to tell"


def test_a_folder_that_is_used_is_not_changed(folder: DataFolder, pc: PC, tmp_path: Path):
    with held(folder):
        done = pc.run(folder, "protect", "on", "--sheet", str(tmp_path / "sheet.pdf"))
    assert done.returncode == 2
    assert pc.json(folder, "protect", "status")["state"] == "off"


def test_a_shop_that_has_not_begun_can_be_protected(pc: PC, tmp_path: Path):
    folder = DataFolder(tmp_path / "new")
    pc.json(folder, "protect", "on", "--sheet", str(tmp_path / "sheet.pdf"))
    assert pc.json(folder, "protect", "status")["state"] == "on"
    assert not folder.database.read_bytes().startswith(b"SQLite")


def test_the_sheet_says_the_code_twice():
    settings = Settings(shop=Shop(id="K-0123", name="ベーカリー こむぎ"))
    face = face_for(settings)
    page = Page(face, 150)
    recovery_sheet.draw(page, to_draw(settings, face), CODE, date(2026, 11, 28))
    picture = Image.open(io.BytesIO(page.png()))
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == CODE.written
    wide = Settings(shop=Shop(id="K-0123", name="株式会社とてもながい名前の店" * 6))
    page = Page(face, 50)
    recovery_sheet.draw(page, to_draw(wide, face), OTHER, date(2026, 11, 28))
    picture = Image.open(io.BytesIO(page.png())).convert("L")
    assert picture.crop((0, 0, 25, picture.height)).getextrema() == (255, 255), "within the margins"
    right = picture.crop((picture.width - 25, 0, picture.width, picture.height))
    assert right.getextrema() == (255, 255)
