"""After a whole day nothing in the data folder tells who a customer is; where nothing is protected,
the same search finds it all.
"""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.protection import conversion, recovery_code
from kollect.settings import ini_file
from kollect.storage import backup
from kollect.storage.data_folder import DataFolder
from tests.helpers.other_pc import PC
from tests.helpers.protected_shop import (
    ADDRESS,
    NAME,
    PHONE,
    SECRETS,
    SUBJECT,
    readable,
    readable_below,
    restart,
)
from tests.helpers.ui_driver import window_named

pytestmark = [pytest.mark.real, pytest.mark.slow]

KANA, HOME, NOTE, GROUP = "ヤマモトケイコ", "神戸市中央区港島1-2-3", "犬のチロとご来店", "木曜の会"
LETTER = "山本様のご予約の品が入りました。"
WRITTEN = (*SECRETS, KANA, HOME, NOTE, GROUP, LETTER)
"""All that tells who a customer is."""
MEMBERS = f"""受付番号,お名前,フリガナ,電話番号,住所,グループ,備考,メール配信,承諾日,承諾方法
1001,{NAME},{KANA},{PHONE},{HOME},{GROUP},{NOTE},承諾,2026/11/01,用紙
"""


def play(folder: DataFolder, pc: PC, server: DemoServer, place: Path, *, protected: bool) -> None:
    folder.prepare()
    ini_file.save(folder.ini, replace(demo_settings(server), forward_address=""))
    if protected:
        pc.json(folder, "protect", "on", "--sheet", str(place / "sheet.pdf"))
    keiko, taro = Customer(server, ADDRESS, NAME), Customer(server, "taro@ezweb.ne.jp", "太郎")
    keiko.send_blank()
    taro.send_blank()
    assert pc.json(folder, "collect", "--once")["accepted"] == 2
    keiko.send_blank()
    keiko.send(SUBJECT, f"{NAME}です。電話は {PHONE} です。")
    counts = pc.json(folder, "collect", "--once")
    assert (counts["duplicate"], counts["kept"]) == (1, 1)
    ini_file.save(folder.ini, demo_settings(server))
    keiko.send(SUBJECT, f"{NAME}です。電話は {PHONE} です。")
    assert pc.json(folder, "collect", "--once")["forwarded"] == 1

    table = place / "members.csv"
    table.write_text(MEMBERS, "utf-8")
    assert pc.run(folder, "members", "import", str(table)).returncode == 0
    body = place / "body.txt"
    body.write_text(f"★名前★様\n{LETTER}\n", "utf-8")
    sent = pc.run(folder, "send", "--subject", "お知らせ", "--body-file", str(body))
    assert sent.returncode == 0, sent
    assert pc.run(folder, "members", "export", str(place / "out.csv")).returncode == 0
    assert pc.run(folder, "results", "--csv", str(place / "results.csv")).returncode == 0
    assert NAME in (place / "out.csv").read_text("utf-8-sig")
    assert ADDRESS in (place / "results.csv").read_text("utf-8-sig")

    window = pc.begin(folder)
    window_named("KKRMN101")
    window.send_signal(signal.SIGSEGV)
    window.wait()
    assert (folder.path / "kollect.fault").exists(), "what the crash has left"

    running = pc.begin(folder, "collect")
    try:
        Customer(server, f"x.{ADDRESS}", NAME).send_blank()
        ends = time.monotonic() + 60
        while "1003" not in "".join(map(read, folder.log_dir.glob("*.txt"))):
            assert time.monotonic() < ends, "no number was given"
            time.sleep(0.1)
    finally:
        running.kill()  # as a power cut: with a write-ahead log, and whatever else lies about
        running.wait()


def read(file: Path) -> str:
    return file.read_text("utf-8")


@pytest.mark.parametrize("protected", [True, False], ids=["protected", "plain"])
def test_a_day(tmp_path: Path, display: str, protected: bool):
    folder = DataFolder(tmp_path / "stick")
    place, temporary = tmp_path / "elsewhere", tmp_path / "temporary"
    place.mkdir()
    temporary.mkdir()
    with DemoServer() as server:
        passwords = {
            "KOLLECT_RECEIVE_PASSWORD": server.password,
            "KOLLECT_SEND_PASSWORD": server.password,
            "TMPDIR": str(temporary),
            "DISPLAY": display,
        }
        pc = PC(tmp_path, "pc", **passwords)
        play(folder, pc, server, place, protected=protected)
        if protected:
            (code,) = json.loads(read(pc.kept)).values()
            conversion.unlock(folder, recovery_code.read(code))
        copy = backup.make_backup(folder.database, folder.backup_dir, date(2030, 1, 1))
        assert copy is not None
        restart(folder)
        found = readable(folder, WRITTEN)
        assert readable_below(temporary, WRITTEN) == {}, "nor the PC it was lent to"
        if protected:
            assert found == {}
            log = "".join(map(read, folder.log_dir.glob("*.txt")))
            assert "受付番号 1001 を発行しました: ke***@docomo.ne.jp" in log
        else:
            assert set().union(*found.values()) == set(WRITTEN), found
            assert {copy.relative_to(folder.path).as_posix(), "kollect.db"} <= {*found}
        assert ADDRESS in pc.run(folder, "results").stdout, "and all of it is there"
