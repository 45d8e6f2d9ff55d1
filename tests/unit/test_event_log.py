"""The log: one line an event, in the file of its month, whatever the disk and the text do."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from kollect.settings import hidden_secrets
from kollect.settings.hidden_secrets import hide, redacted
from kollect.storage.data_folder import DataFolder
from kollect.storage.event_log import MOST_WAITING, MonthlyLog, install, months, read_month

log = logging.getLogger("kollect.test")

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (情報|注意|エラー) .*")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataFolder]:
    monkeypatch.setattr(hidden_secrets, "_secrets", ())
    folder = DataFolder(tmp_path)
    with install(folder):
        yield folder


def this_month(folder: DataFolder) -> list[str]:
    return read_month(folder, f"{datetime.now():%Y-%m}")


def record(text: str, when: datetime, *args: object) -> logging.LogRecord:
    made = logging.LogRecord("kollect", logging.INFO, __file__, 1, text, args, None)
    made.created = when.timestamp()
    return made


def handler() -> MonthlyLog:
    (found,) = [h for h in logging.getLogger().handlers if isinstance(h, MonthlyLog)]
    return found


@pytest.mark.expects_errors
def test_one_line_an_event(folder: DataFolder):
    log.info("受信 %d通", 3)
    log.warning("一行目\r\n  二行目\n\n三行目\u2028四行目\v五\x85六\n")
    log.error("だめでした")
    log.debug("not for staff")
    lines = this_month(folder)
    assert all(LINE.fullmatch(line) for line in lines)
    assert [line[20:] for line in lines] == [
        "情報 受信 3通",
        "注意 一行目 二行目 三行目 四行目 五 六",
        "エラー だめでした",
    ]
    raw = (folder.log_dir / f"{datetime.now():%Y-%m}.txt").read_bytes()
    assert raw.count(b"\n") == raw.count(os.linesep.encode()) == 3


@pytest.mark.expects_errors
def test_an_exception_is_one_line_with_its_places_and_its_cause(folder: DataFolder):
    try:
        try:
            int("x\ny")
        except ValueError as error:
            raise OSError("outer") from error
    except OSError:
        log.exception("処理できません")
    (line,) = this_month(folder)
    assert "エラー 処理できません（OSError: outer ← test_event_log.py:" in line
    assert "元は ValueError: invalid literal" in line


@pytest.mark.expects_errors
def test_others_are_heard_only_when_they_fail(folder: DataFolder):
    logging.getLogger("mail.log").warning("chatter")
    logging.getLogger("kollected").warning("not ours")
    logging.getLogger("asyncio").error("broken")
    logging.getLogger("__main__").info("ours")
    assert [line[20:] for line in this_month(folder)] == ["エラー broken", "情報 ours"]


def test_the_local_month_of_the_event_counts(folder: DataFolder):
    edges = [datetime(2026, 11, 30, 23, 59, 59), datetime(2026, 12, 1), datetime(2026, 11, 30, 1)]
    for when in edges:
        handler().handle(record("event", when))
    assert months(folder) == ["2026-11", "2026-12"]
    assert read_month(folder, "2026-12") == ["2026-12-01 00:00:00 情報 event"]
    assert len(read_month(folder, "2026-11")) == 2


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs tzset")
def test_local_is_the_zone_of_the_pc(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        handler().handle(record("event", datetime.fromisoformat("2026-10-31T15:00:00+00:00")))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert read_month(folder, "2026-11") == ["2026-11-01 00:00:00 情報 event"]


def test_any_text_can_be_logged(folder: DataFolder):
    log.info("👓 \ud83d \0 髙 %s", "ok")
    handler().handle(record("missing %s %s", datetime.now(), "one"))
    log.info("%")
    lines = this_month(folder)
    assert lines[0].endswith("👓 \\ud83d  髙 ok")
    assert "missing" in lines[1] and "one" in lines[1]
    assert len(lines) == 3


class TestSecrets:
    def test_in_messages_arguments_and_exceptions(self, folder: DataFolder):
        hide("hunter2")
        hide("hunter2-longer")
        try:
            raise ValueError("login hunter2 failed")
        except ValueError:
            log.warning("hunter2-longer %s aHVudGVyMg==", {"pw": "hunter2"}, exc_info=True)
        (line,) = this_month(folder)
        assert "注意 ***** {'pw': '*****'} *****（ValueError: login ***** failed ←" in line

    def test_beyond_ascii(self, folder: DataFolder):
        hide("ひみつのことば")
        assert redacted("a ひみつのことば b") == "a ***** b"

    def test_too_short_to_hide(self, folder: DataFolder):
        hide("")
        hide("abc")
        assert redacted("abc") == "abc"


class TestDisk:
    @pytest.mark.skipif(os.name == "nt", reason="Windows renames no folder with an open file in it")
    def test_the_folder_goes_and_comes_back(self, tmp_path: Path, folder: DataFolder):
        """As a stick that is pulled out and put back."""
        log.info("一")
        away = tmp_path.with_name("away")
        tmp_path.rename(away)
        # the file that is still open must not take the next line: on Windows it could not either
        (away / "log" / f"{datetime.now():%Y-%m}.txt").unlink()
        log.info("二")
        assert not tmp_path.exists()  # not rebuilt somewhere else
        away.rename(tmp_path)
        log.info("三")
        assert [line[-1] for line in this_month(folder)] == ["二", "三"]

    @pytest.mark.skipif(os.name == "nt", reason="needs /dev/full")  # Wine shows it, but not full
    def test_a_full_disk(self, folder: DataFolder):
        path = folder.log_dir / f"{datetime.now():%Y-%m}.txt"
        folder.log_dir.mkdir()
        path.symlink_to("/dev/full")
        for number in range(MOST_WAITING + 5):
            log.info("event %d", number)
        path.unlink()
        log.info("room again")
        lines = this_month(folder)
        assert "注意 ディスクに書けなかった" in lines[0] and "6件" in lines[0]
        assert lines[1].endswith("event 6")
        assert lines[-1].endswith("room again")
        assert len(lines) == 1 + MOST_WAITING

    def test_half_a_line_is_ended(self, folder: DataFolder):
        folder.log_dir.mkdir()
        path = folder.log_dir / f"{datetime.now():%Y-%m}.txt"
        path.write_bytes("2026-11-23 19:12:05 情報 半".encode()[:-1])
        log.info("whole")
        lines = this_month(folder)
        assert len(lines) == 2 and LINE.fullmatch(lines[1])

    def test_each_line_is_on_the_disk_at_once(self, folder: DataFolder):
        log.info("now")
        assert len(this_month(folder)) == 1


class TestReading:
    def test_nothing_there(self, tmp_path: Path):
        folder = DataFolder(tmp_path)
        assert months(folder) == []
        assert read_month(folder, "2026-11") == []

    def test_other_files_are_no_months(self, folder: DataFolder):
        folder.log_dir.mkdir()
        for name in ("2026-11.txt", "2026-13.txt", "notes.txt", "2025-01.txt", "2026-10.txt.bak"):
            (folder.log_dir / name).touch()
        assert months(folder) == ["2025-01", "2026-11"]

    def test_edited_by_notepad_or_hurt_by_a_power_cut(self, folder: DataFolder):
        folder.log_dir.mkdir()
        raw = "\ufeff2026-11-01 一\r\n\r\n".encode() + b"\0\0\0\xff" + "二\u2028三\n".encode()
        (folder.log_dir / "2026-11.txt").write_bytes(raw)
        assert read_month(folder, "2026-11") == ["2026-11-01 一", "\ufffd二\u2028三"]

    @pytest.mark.parametrize("month", ["", "2026", "2026-13", "../2026-11", "2026-11\n"])
    def test_no_month(self, folder: DataFolder, month: str):
        with pytest.raises(ValueError):
            read_month(folder, month)


def test_a_second_folder_takes_the_place_of_the_first(tmp_path: Path, folder: DataFolder):
    second = DataFolder(tmp_path / "demo")
    second.path.mkdir()
    log.info("one")
    with install(second):
        log.info("two")
    log.info("three")
    assert [line[20:] for line in this_month(folder)] == ["情報 one"]
    assert [line[20:] for line in this_month(second)] == ["情報 two"]
