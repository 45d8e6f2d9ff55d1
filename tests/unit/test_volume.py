"""Folders on other computers, and folders that are copied to the internet all the time."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kollect.app import folder_warnings
from kollect.desktop import volume
from kollect.ledger.ledger import Ledger
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import numbered

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/shop rw,relatime - cifs //nas/shop rw,vers=3.1.1
31 22 0:41 / /mnt/my\\040disk rw - nfs4 nas:/export rw
32 22 0:42 / /home/shop/ssh rw,nosuid - fuse.sshfs shop@nas:/ rw
33 30 8:17 / /mnt/shop/stick rw - vfat /dev/sdb1 rw
34 22 0:43 / /over rw - nfs nas:/a rw
35 34 8:18 / /over rw - ext4 /dev/sdc1 rw
36 22 0:44 / /mnt/windows rw shared:7 master:1 - 9p C: rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/data", "ext4", False),
        ("/mnt/shop", "cifs", True),
        ("/mnt/shop/データ/x", "cifs", True),
        ("/mnt/shopping", "ext4", False),
        ("/mnt/my disk/a", "nfs4", True),
        ("/home/shop/ssh/a", "fuse.sshfs", True),
        ("/mnt/shop/stick", "vfat", False),
        ("/over/a", "ext4", False),
        ("/mnt/windows/a", "9p", True),
    ],
)
def test_the_file_system_of_a_path(path: str, kind: str, network: bool):
    assert volume.file_system(path, MOUNTS) == kind
    assert bool(volume.NETWORK_FILE_SYSTEMS.fullmatch(kind)) == network


@pytest.mark.parametrize(
    ("path", "network"),
    [
        (r"\\nas\shop\kollect", True),
        (r"//nas/shop/kollect", True),
        (r"\\?\UNC\nas\shop", True),
        (r"\\?\unc\nas\shop", True),
        (r"\\wsl.localhost\Debian\home", True),
        (r"\\?\C:\kollect", False),
        (r"C:\kollect", False),
        (r"N:\kollect", True),
        (r"\\?\N:\kollect", True),
    ],
)
def test_paths_of_windows(path: str, network: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(volume, "_drive_type", lambda letter: 4 if letter == "N:" else 3)
    assert volume.is_remote_on_windows(path) == network


def test_this_folder_is_here(tmp_path: Path):
    assert not volume.on_network(tmp_path)
    assert not volume.on_network(tmp_path / "gone")


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next folders are on another computer."""
    monkeypatch.setattr(volume, "on_network", lambda folder: True)


def mode_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA journal_mode").fetchone()[0]


def test_a_network_gets_no_write_ahead_log(tmp_path: Path, far: None):
    path = tmp_path / "kollect.db"
    with closing(Ledger(path)) as first, closing(Ledger(path)) as second:
        numbered(first, "a@x.jp")
        assert second.get_metadata("install_id")
        assert mode_of(path) == "delete"
        assert {file.name for file in tmp_path.iterdir()} == {"kollect.db", "kollect.db.number"}
        assert first._db.execute("PRAGMA synchronous").fetchone()[0] == 2, "FULL"


def test_one_that_a_database_has_ends_there_and_comes_back_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "kollect.db"
    with closing(Ledger(path)) as ledger:
        _, number = numbered(ledger, "a@x.jp")
    assert mode_of(path) == "wal"
    with monkeypatch.context() as away:
        away.setattr(volume, "on_network", lambda folder: True)
        with closing(Ledger(path)) as ledger:
            assert numbered(ledger, "b@x.jp")[1] == number + 1
    assert mode_of(path) == "delete"
    with closing(Ledger(path)) as ledger:
        assert numbered(ledger, "c@x.jp")[1] == number + 2
    assert mode_of(path) == "wal"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("OneDrive/コレクト", "OneDrive"),
        ("OneDrive - 鈴木商店/デスクトップ/コレクト", "OneDrive"),
        ("Dropbox/コレクト", "Dropbox"),
        ("Dropbox (個人)/コレクト", "Dropbox"),
        ("鈴木商店 Dropbox/コレクト", "Dropbox"),
        ("Google ドライブ/コレクト", "Google ドライブ"),
        ("My Drive/コレクト", "Google ドライブ"),
        ("マイドライブ", "Google ドライブ"),
        ("iCloudDrive/コレクト", "iCloud Drive"),
        ("OneDriveの使い方", None),
        ("コレクト", None),
        ("Dropboxから", None),
    ],
)
def test_folders_known_by_their_names(tmp_path: Path, place: str, name: str | None):
    assert volume.synchronised_by(tmp_path / place, {}, tmp_path) == name


@pytest.mark.parametrize("variable", ["OneDrive", "OneDriveConsumer", "OneDriveCommercial"])
def test_onedrive_tells_where_it_is(tmp_path: Path, variable: str):
    environ = {variable: str(tmp_path / "雲")}
    assert volume.synchronised_by(tmp_path / "雲", environ, tmp_path) == "OneDrive"
    assert volume.synchronised_by(tmp_path / "雲" / "a", environ, tmp_path) == "OneDrive"
    assert volume.synchronised_by(tmp_path / "雲と空", environ, tmp_path) is None


@pytest.mark.parametrize("where", ["APPDATA", "LOCALAPPDATA", "home"])
def test_dropbox_tells_where_it_is(tmp_path: Path, where: str):
    info = tmp_path / (".dropbox" if where == "home" else "app/Dropbox")
    info.mkdir(parents=True)
    environ = {} if where == "home" else {where: str(tmp_path / "app")}
    accounts = {"personal": {"path": str(tmp_path / "私")}, "business": {"path": str(tmp_path)}}
    (info / "info.json").write_text(json.dumps({"personal": accounts["personal"]}), "utf-8")
    assert volume.synchronised_by(tmp_path / "私" / "a", environ, tmp_path) == "Dropbox"
    assert volume.synchronised_by(tmp_path / "a", environ, tmp_path) is None
    (info / "info.json").write_text(json.dumps(accounts), "utf-8")
    assert volume.synchronised_by(tmp_path / "a", environ, tmp_path) == "Dropbox"
    for broken in ("", "[]", "{", '{"personal": 1}', '{"personal": {}}'):
        (info / "info.json").write_text(broken, "utf-8")
        assert volume.synchronised_by(tmp_path / "a", environ, tmp_path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_into_such_a_folder_counts(tmp_path: Path):
    (tmp_path / "OneDrive").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "OneDrive")
    assert volume.synchronised_by(tmp_path / "data", {}, tmp_path) == "OneDrive"


def test_it_is_said_once_for_each_place(tmp_path: Path):
    here, there = DataFolder(tmp_path / "OneDrive"), DataFolder(tmp_path / "Dropbox")
    here.prepare()
    warning = folder_warnings.new_warning(here)
    assert warning is not None
    assert "OneDrive" in warning.title
    assert str(here.path) in warning.happened
    assert "移して" in warning.cure
    assert folder_warnings.new_warning(here) is None
    here.path.rename(there.path)
    assert folder_warnings.new_warning(there) is not None
    assert folder_warnings.new_warning(there) is None
    (tmp_path / "here").mkdir()
    assert folder_warnings.new_warning(DataFolder(tmp_path / "here")) is None
