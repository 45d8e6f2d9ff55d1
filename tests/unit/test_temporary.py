"""What is only shown lies in the data folder, and is gone at the next start or end."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from kollect.app.workspace import Workspace
from kollect.storage import database_keys, event_log, temporary_files
from kollect.storage.data_folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


def test_a_new_folder_each_time_in_the_data_folder(folder: DataFolder):
    first = temporary_files.fresh_folder(folder)
    (first / "店頭ポスター.pdf").write_bytes(b"%PDF")
    second = temporary_files.fresh_folder(folder)
    assert first != second
    assert not first.exists()
    assert folder.path in second.parents


@pytest.mark.parametrize("protected", [False, True])
def test_what_is_still_shown_is_not_emptied_unless_it_tells_of_customers(
    folder: DataFolder, protected: bool
):
    if protected:
        database_keys.unlock(folder.path, bytes(32))
    try:
        shown = temporary_files.fresh_folder(folder) / "宛名ラベル.pdf"
        shown.write_bytes(b"%PDF")
        with shown.open("rb") as by_the_viewer:
            temporary_files.fresh_folder(folder)
            assert not shown.exists()
            assert by_the_viewer.read() == (bytes(4) if protected else b"%PDF")
    finally:
        database_keys.lock(folder.path)


def test_nothing_is_left_at_the_start_and_at_the_end(folder: DataFolder):
    before = set(Path(tempfile.gettempdir()).glob("kollect*"))
    (temporary_files.fresh_folder(folder) / "店頭ポスター.pdf").write_bytes(b"%PDF")
    event_log.export_month(folder, "2026-11")
    place = Workspace(folder, lambda news: None)
    place.open()
    names = {path.name for path in folder.path.rglob("*")}
    assert not names & {"店頭ポスター.pdf", "ログ_2026-11.TXT", "kollect-temp", "取り出し"}
    (temporary_files.fresh_folder(folder) / "店頭ポスター.pdf").write_bytes(b"%PDF")
    copy = event_log.export_month(folder, "2026-11")
    assert copy.exists()
    place.close()
    assert not copy.exists()
    assert not folder.temporary_dir.exists()
    assert set(Path(tempfile.gettempdir()).glob("kollect*")) == before


def test_what_somebody_else_has_put_there_stays(folder: DataFolder):
    temporary_files.fresh_folder(folder)
    mine = folder.temporary_dir / "大事.txt"
    mine.write_text("x")
    copy = event_log.export_month(folder, "2026-11")
    other = copy.with_name("ログ_2026-11_印.TXT")
    other.write_text("x")
    temporary_files.clear(folder)
    assert mine.exists()
    assert other.exists()
    assert not copy.exists()
