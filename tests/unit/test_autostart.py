"""「Windowsログイン時の起動」 in the real registry, or in a real autostart folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kollect.desktop import autostart
from kollect.desktop.autostart import (
    IN_TRAY,
    as_entered,
    autostart_command,
    own_command,
    set_autostart,
    sync_autostart,
)
from kollect.errors import StorageTrouble

WINDOWS = sys.platform == "win32"
HERE = ["E:\\店 の\\kollect.exe", IN_TRAY]
THERE = ["F:\\kollect.exe", IN_TRAY]


@pytest.fixture(autouse=True)
def nothing_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = autostart_command()
    set_autostart(False, [])
    yield
    set_autostart(False, [])
    if before is not None:  # a developer's own PC keeps what it has in its registry
        autostart._write(before)


def test_on_and_off():
    assert autostart_command() is None
    set_autostart(True, HERE)
    assert autostart_command() == as_entered(HERE)
    set_autostart(True, THERE)
    assert autostart_command() == as_entered(THERE)
    set_autostart(False, THERE)
    assert autostart_command() is None
    set_autostart(False, THERE)  # off already


def test_it_follows_a_program_that_has_moved():
    assert sync_autostart(True, HERE), "the stick is new on this PC"
    assert not sync_autostart(True, HERE)
    assert sync_autostart(True, THERE), "another drive letter"
    assert autostart_command() == as_entered(THERE)


def test_switched_off_it_takes_away_its_own_entry_only():
    set_autostart(True, HERE)
    assert not sync_autostart(False, THERE)
    assert autostart_command() == as_entered(HERE)
    assert sync_autostart(False, HERE)
    assert autostart_command() is None
    assert not sync_autostart(False, HERE)


@pytest.mark.parametrize("data", ["a b", 'a"b', "a\\b\\", "100%", "$HOME `id` 'x'", "店"])
def test_the_command_arrives_as_it_was_meant(data: str, tmp_path: Path):
    """By the system's own parser: that of a Windows program, or of a desktop file."""
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"
    set_autostart(True, [sys.executable, "-c", show, data, "last"])
    line = autostart_command()
    assert line
    if not WINDOWS:
        # what a desktop does: undo the escapes of a value, then %%; its quotes are those of sh
        line = line.replace("\\\\", "\\").replace("%%", "%")
    done = subprocess.run(
        line if WINDOWS else ["sh", "-c", line],
        capture_output=True,
        stdin=subprocess.PIPE,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout) == [data, "last"]


def test_from_source_it_starts_in_any_folder(tmp_path: Path):
    done = subprocess.run(
        own_command("--version"),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    if not WINDOWS:  # there by pythonw, which has nowhere to write to
        assert "コレクト" in done.stdout.decode()


def test_the_exe_starts_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", HERE[0])
    assert own_command(IN_TRAY) == HERE


if WINDOWS:

    def test_the_program_stands_in_quotes():
        set_autostart(True, HERE)
        assert autostart_command() == '"E:\\店 の\\kollect.exe" --tray'
        assert as_entered(["C:\\k.exe", IN_TRAY, "--data", "D:\\a b"]) == (
            '"C:\\k.exe" --tray --data "D:\\a b"'
        )
        assert as_entered(["C:\\k.exe"]) == '"C:\\k.exe"'

else:

    def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
        (tmp_path / "config").write_text("a file in its place")
        with pytest.raises(StorageTrouble):
            set_autostart(True, HERE)
        assert autostart_command() is None

    def test_the_entry_is_a_desktop_file(tmp_path: Path):
        set_autostart(True, HERE)
        lines = (tmp_path / "config/autostart/kollect.desktop").read_text("utf-8").splitlines()
        assert lines[0] == "[Desktop Entry]"
        assert {"Type=Application", "Name=コレクト", "Terminal=false"} <= set(lines)
