"""What starts of kollect.exe have unpacked and left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kollect.desktop import detach

OTHER = """
import sys, time
from pathlib import Path
from kollect.desktop import detach
detach.hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def folder(home: Path, name: str) -> Path:
    made = home / name / "tcl"
    made.mkdir(parents=True)
    (made / "init.tcl").write_text("x")
    return home / name


@pytest.mark.real
def test_what_nobody_uses_is_removed(tmp_path: Path):
    own, used, left = (folder(tmp_path, f"_MEI{n}") for n in (1, 2, 3))
    foreign = folder(tmp_path, "another program")
    detach.hold(own)
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(used)],
        cwd=Path(detach.__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    (left / "kollect.used").touch()  # its process is no more
    detach.clear_up(own)
    assert own.exists() and used.exists() and foreign.exists()
    assert not left.exists()
    process.kill()
    process.wait()
    process.stdout.close()
    detach.clear_up(own)
    assert own.exists() and not used.exists()


def test_one_that_is_just_being_unpacked_is_left_alone(tmp_path: Path):
    own, fresh, old = (folder(tmp_path, f"_MEI{n}") for n in (1, 2, 3))
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    detach.clear_up(own)
    assert own.exists() and fresh.exists()
    assert not old.exists()


def test_from_source_nothing_is_unpacked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(detach, "clear_up", lambda own: pytest.fail("cleared"))
    detach.detach_from_exe()
