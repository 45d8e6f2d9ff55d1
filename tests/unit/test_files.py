"""Files that another program holds for a moment, and files that are nobody else's business."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kollect.desktop import files
from kollect.ledger.kept_folder import KeptFolder
from kollect.storage import event_log, export
from kollect.storage.data_folder import DataFolder

on_linux = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


class Scanner:
    """A virus scanner: so many tries find the file held; counts them. `wait` takes no time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tries: int, winerror: int) -> None:
        self._left = tries
        self._winerror = winerror
        self._now = 0.0
        self.waited = 0.0
        monkeypatch.setattr(time, "sleep", self._sleep)
        monkeypatch.setattr(time, "monotonic", lambda: self._now)

    def _sleep(self, seconds: float) -> None:
        self._now += seconds
        self.waited += seconds

    def around(self, act: Callable[..., object]) -> Callable[..., object]:
        def held(*arguments: object, **named: object) -> object:
            if self._left:
                self._left -= 1
                raise refusal(self._winerror)
            return act(*arguments, **named)

        return held


def refusal(winerror: int) -> OSError:
    if sys.platform == "win32":
        return OSError(None, "held", None, winerror)
    error = PermissionError(13, "held")
    error.winerror = winerror
    return error


@pytest.mark.parametrize("winerror", [5, 32, 33])
class TestHeld:
    def test_what_is_held_for_a_moment_is_replaced_and_removed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
    ):
        path = tmp_path / "kollect.ini"
        path.write_bytes(b"old")
        with monkeypatch.context() as patched:
            scanner = Scanner(patched, 6, winerror)
            patched.setattr(os, "replace", scanner.around(os.replace))
            files.replace_whole(path, b"new")
        assert path.read_bytes() == b"new"
        assert 1 < scanner.waited <= files.PATIENCE
        with monkeypatch.context() as patched:
            scanner = Scanner(patched, 6, winerror)
            patched.setattr(Path, "unlink", scanner.around(Path.unlink))
            files.remove(path)
        assert not path.exists()
        files.remove(path)

    def test_after_two_and_a_half_seconds_it_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
    ):
        path = tmp_path / "kollect.ini"
        path.write_bytes(b"old")
        with monkeypatch.context() as patched:
            scanner = Scanner(patched, 10_000, winerror)
            patched.setattr(os, "replace", scanner.around(os.replace))
            with pytest.raises(PermissionError):
                files.replace_whole(path, b"new")
        assert scanner.waited == pytest.approx(files.PATIENCE)
        assert path.read_bytes() == b"old"

    def test_the_others_wait_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
    ):
        """Copies of mails, a table for Excel, a month of the log."""
        folder = DataFolder(tmp_path / "data")
        folder.prepare()
        scanner = Scanner(monkeypatch, 5, winerror)
        monkeypatch.setattr(os, "replace", scanner.around(os.replace))
        with KeptFolder(folder.kept_dir).writing("a.eml") as sink:
            sink.write(b"mail")
        assert (folder.kept_dir / "a.eml").read_bytes() == b"mail"
        assert scanner.waited
        scanner = Scanner(monkeypatch, 5, winerror)
        monkeypatch.setattr(Path, "write_bytes", scanner.around(Path.write_bytes))
        export.write(tmp_path / "table.csv", b"1")
        assert scanner.waited
        scanner = Scanner(monkeypatch, 5, winerror)
        monkeypatch.setattr(Path, "write_bytes", scanner.around(Path.write_bytes))
        assert event_log.export_month(folder, "2026-11").exists()
        assert scanner.waited


@pytest.mark.parametrize("error", [FileNotFoundError(2, "gone"), OSError(28, "full")])
def test_other_troubles_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", fail)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("waited"))
    with pytest.raises(OSError):
        files.replace_whole(tmp_path / "a", b"1")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


ALONE = """
import sys
from pathlib import Path
from kollect.storage import export
from kollect.desktop import files
from kollect.storage.data_folder import DataFolder
from kollect.ledger.ledger import Ledger
files.keep_private()
folder = DataFolder(Path(sys.argv[1]))
folder.prepare()
ledger = Ledger(folder.database)
files.replace_whole(folder.ini, b"x")
export.write(Path(sys.argv[2]), b"1")
print(oct(files.public_mask()), *sorted(p.name for p in folder.path.iterdir()))
ledger.close()
"""


def run_alone(folder: Path, file: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", ALONE, str(folder), str(file)],
        cwd=Path(files.__file__).parents[2],
        umask=0o022,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@on_linux
@pytest.mark.real
class TestRights:
    def test_what_the_program_makes_is_for_its_user_alone(self, tmp_path: Path):
        folder, table = tmp_path / "data", tmp_path / "table.csv"
        told = run_alone(folder, table)
        assert told.startswith("0o22 ")
        for path in (folder, *folder.rglob("*")):
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path
        assert mode(table) == 0o644, "the user has chosen the place"

    def test_what_an_older_version_has_made_is_closed(self, tmp_path: Path):
        folder = tmp_path / "data"
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        for name in ("kollect.ini", "kollect.ini.bak", "kollect.lock", "mine.txt", "kollect.spec"):
            (folder / name).write_text("")
            (folder / name).chmod(0o644)
        (folder / "log").mkdir(mode=0o755)
        run_alone(folder, tmp_path / "table.csv")
        assert mode(folder) == 0o755, "it may hold other things too"
        assert mode(folder / "mine.txt") == mode(folder / "kollect.spec") == 0o644
        assert mode(folder / "log") == 0o700
        for name in ("kollect.ini", "kollect.ini.bak", "kollect.lock", "kollect.db"):
            assert mode(folder / name) == 0o600, name

    def test_a_folder_that_holds_nothing_else_is_closed_itself(self, tmp_path: Path):
        folder = tmp_path / "data"
        folder.mkdir()
        folder.chmod(0o755)
        (folder / "kollect.ini").write_text("")
        run_alone(folder, tmp_path / "table.csv")
        assert mode(folder) == 0o700

    def test_a_folder_shared_on_purpose_stays_as_it_is(self, tmp_path: Path):
        folder = tmp_path / "data"
        folder.mkdir()
        folder.chmod(0o2775)
        (folder / "kollect.ini.bak").write_text("")
        (folder / "kollect.ini.bak").chmod(0o664)
        run_alone(folder, tmp_path / "table.csv")
        assert mode(folder / "kollect.ini.bak") == 0o664
        assert mode(folder) & 0o777 == 0o775

    def test_a_link_is_not_followed(self, tmp_path: Path):
        folder, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
        folder.mkdir(mode=0o755)
        elsewhere.write_text("")
        elsewhere.chmod(0o644)
        (folder / "kollect.ini.bak").symlink_to(elsewhere)
        run_alone(folder, tmp_path / "table.csv")
        assert mode(elsewhere) == 0o644
