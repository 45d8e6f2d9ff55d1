"""A disk of one's own, where the system lets us; else the nearest there is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest


class Disk:
    """A folder on a small disk of so many megabytes. Without the right to mount one, the size of
    files is limited, and rights are taken from the folder.
    """

    def __init__(self, path: Path, megabytes: int = 4) -> None:
        self.path = path
        self.mounted = _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path))
        self._filler = path / "filler"

    def unmount(self) -> None:
        if self.mounted:
            _run("umount", "-l", str(self.path))

    @contextmanager
    def full(self, spare: int = 0) -> Iterator[None]:
        """But for so many octets."""
        if self.mounted:
            with self._filler.open("wb", buffering=0) as filler, pytest.raises(OSError):
                while True:
                    filler.write(bytes(4096))
            os.truncate(self._filler, max(0, self._filler.stat().st_size - spare))
            yield
            self._filler.unlink()
        else:
            resource = pytest.importorskip("resource", reason="Windows limits no files")
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
            yield
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    @contextmanager
    def read_only(self) -> Iterator[None]:
        with ExitStack() as undo:
            if self.mounted:
                assert _run("mount", "-o", "remount,ro", str(self.path))
                undo.callback(_run, "mount", "-o", "remount,rw", str(self.path))
            else:
                for path in (*self.path.iterdir(), self.path):
                    undo.callback(path.chmod, path.stat().st_mode)
                    path.chmod(0o500)
            yield


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
