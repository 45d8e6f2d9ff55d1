"""What the program enters on a PC, and where it says its data are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kollect.app.machine_setup import MachineSetup
from kollect.desktop.autostart import IN_TRAY, as_entered, autostart_command, own_command
from kollect.storage.data_folder import DataFolder
from tests.unit.test_autostart import nothing_entered

__all__ = ["nothing_entered"]


@pytest.fixture
def exe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run as kollect.exe on a stick."""
    path = tmp_path / "USB メモリ" / "kollect.exe"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def test_from_source_the_folder_goes_along(tmp_path: Path):
    pc = MachineSetup(DataFolder(tmp_path), given=False)
    pc.sync_autostart(True)
    assert autostart_command() == as_entered(own_command(IN_TRAY, "--data", str(tmp_path)))
    pc.sync_autostart(False)
    assert autostart_command() is None


def test_the_exe_finds_its_folder_by_itself_on_the_next_drive_letter_too(exe: Path):
    MachineSetup(DataFolder(exe.parent), given=False).sync_autostart(True)
    assert autostart_command() == as_entered([str(exe), IN_TRAY])


def test_a_folder_that_was_named_is_named_again(exe: Path, tmp_path: Path):
    MachineSetup(DataFolder(tmp_path), given=True).sync_autostart(True)
    assert autostart_command() == as_entered([str(exe), IN_TRAY, "--data", str(tmp_path)])


def test_the_entry_of_another_copy_goes_only_when_the_pc_is_left(exe: Path, tmp_path: Path):
    MachineSetup(DataFolder(tmp_path), given=True).sync_autostart(True)
    ours = MachineSetup(DataFolder(exe.parent), given=False)
    ours.sync_autostart(False)
    assert autostart_command()
    ours.forget_login()
    assert autostart_command() is None


def test_where_the_data_are(exe: Path, tmp_path: Path):
    assert "同じ場所にあります" in MachineSetup(DataFolder(exe.parent), given=False).where()
    assert "書き込めないため" in MachineSetup(DataFolder(tmp_path), given=False).where()
    assert "指定された" in MachineSetup(DataFolder(tmp_path), given=True).where()
