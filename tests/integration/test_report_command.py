"""`report` and the posters of `results`, as their users call them: real processes, a real file."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import Posters
from kollect.settings import ini_file
from kollect.settings.model import Settings, Shop
from kollect.storage.data_folder import DataFolder
from tests.helpers.pdf_reader import read_pdf
from tests.integration.test_commands import kollect

pytestmark = pytest.mark.real


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three numbers of January 2026, one by a poster, one of December 2025."""
    folder = DataFolder(tmp_path / "データ")
    folder.prepare()
    ini_file.save(folder.ini, Settings(shop=Shop(name="こむぎ"), mail_address="shop@shop.example"))
    with closing(Posters(folder.database)) as posters:
        posters.add("reji", "レジ横", at(2025, 12, 1))
    with closing(Ledger(folder.database)) as ledger, ledger.transaction():
        template = ledger.template_in_force("acknowledgement", "★1★", "★1★", at(2025, 12, 1))
        for who, moment, poster in (
            ("old@docomo.ne.jp", at(2025, 12, 31), ""),
            ("a@docomo.ne.jp", at(2026, 1, 1), "reji"),
            ("b@ezweb.ne.jp", at(2026, 1, 31), ""),
            ("c@ezweb.ne.jp", at(2026, 1, 31), ""),
        ):
            ledger.give_number(who, who, moment, first=1001, template=template, poster=poster)
    return folder.path


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12).astimezone()


def test_the_numbers_of_a_month(data: Path):
    told = json.loads(kollect("report", "--month", "2026-01", "--json", data=data).stdout)
    assert (told["month"], told["until"]) == ("2026-01", "2026-01-31")
    assert (told["counts"]["received"], told["before"]["received"]) == (3, 1)
    assert (told["days"][0], told["days"][30], sum(told["days"])) == (1, 2, 3)
    assert [one["carrier"] for one in told["carriers"]] == ["au", "docomo"]
    assert told["posters"] == [
        {"tag": "", "name": "ふつうのアドレス", "received": 2, "received_before": 1},
        {"tag": "reji", "name": "レジ横", "received": 1, "received_before": 0},
    ]
    ran = kollect("report", "--month", "2026年1月", data=data)
    assert ran.returncode == 0
    assert "2026年1月の月報（かっこの中は前月）" in ran.stdout
    assert "受付: 3件（1件）" in ran.stdout
    assert "レジ横: 1件（0件）" in ran.stdout


def test_the_page_is_written_to_a_file(data: Path, tmp_path: Path):
    file = tmp_path / "月報.pdf"
    ran = kollect("report", "--month", "2026-01", "--pdf", str(file), data=data)
    assert ran.stdout == f"2026年1月の月報を {file} に書き出しました。\n"
    (page,) = read_pdf(file.read_bytes())
    assert "2026年1月の月報" in page.text
    assert "こむぎ" in page.text


def test_without_a_month_it_is_the_one_that_is_over(data: Path):
    told = json.loads(kollect("report", "--json", data=data).stdout)
    today = datetime.now()
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    assert told["month"] == f"{year}-{month:02}"


def test_what_is_no_month_is_said_and_a_folder_that_is_empty_is_a_month_without_numbers(
    data: Path, tmp_path: Path
):
    ran = kollect("report", "--month", "2026-13", data=data)
    assert ran.returncode == 2
    assert "月の指定が正しくありません: 2026-13" in ran.stderr
    told = json.loads(kollect("report", "--json", data=tmp_path / "new").stdout)
    assert told["counts"]["received"] == 0
    gone = tmp_path / "gone" / "x.pdf"
    ran = kollect("report", "--pdf", str(gone), data=data)
    assert ran.returncode == 5
    assert "書き出せません" in ran.stderr


def test_results_tell_the_posters(data: Path, tmp_path: Path):
    rows = json.loads(kollect("results", "--json", data=data).stdout)
    assert [row["poster"] for row in rows] == ["", "reji", "", ""]
    lines = kollect("results", data=data).stdout.splitlines()
    assert [line.split("\t")[-1] for line in lines[:4]] == ["-", "レジ横", "-", "-"]
    table = tmp_path / "t.csv"
    assert kollect("results", "--csv", str(table), data=data).returncode == 0
    rows = [line.split(",") for line in table.read_text("utf-8-sig").splitlines()]
    assert rows[0][-1] == "ポスター"
    assert [row[-1] for row in rows[1:]] == ["", "レジ横", "", ""]
