"""A PC whose disk refuses writes and whose clock is wrong, for a program that runs as a process.

The faults are played between the program and the system, by a few lines of C that are preloaded
into it (`bad_pc.c`): all of its parts meet them, SQLite as well as Python.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_suffix(".c")
IMPATIENT = "tests.servers.impatient"
"""The program with short waits; else `kollect`."""
_FIELDS = 5
FOR_GOOD = 2**62


def library(folder: Path) -> Path:
    """The compiled lines; skips the test where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler")
    made = folder / "bad_pc.so"
    if not made.exists():
        part = folder / f"bad_pc.{os.getpid()}.so"
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(part), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True)
        part.replace(made)
    return made


class BadPC:
    """Well as long as nothing else is said."""

    def __init__(self, library: Path, folder: Path, data: Path) -> None:
        self.data = data
        self._library = library
        self._says = folder / f"says.{data.name}"
        self._says.write_bytes(bytes(8 * _FIELDS))
        with self._says.open("rb+") as file:
            self._map = mmap.mmap(file.fileno(), 8 * _FIELDS)

    def close(self) -> None:
        self._map.close()

    @property
    def calls(self) -> int:
        """Calls that changed the data folder so far."""
        return self._read(0)

    def fail(self, first: int, last: int, error: int) -> None:
        """The calls from the `first` from now on to before the `last` are refused."""
        self._write(3, error)
        self._write(2, self.calls + last if last < FOR_GOOD else FOR_GOOD)
        self._write(1, self.calls + first)

    def heal(self) -> None:
        self._write(2, 0)

    def set_clock(self, ahead: timedelta) -> None:
        """So far the clock on the wall is ahead of the right time from now on."""
        self._write(4, int(ahead.total_seconds()))

    def start(self, *command: str, module: str = "kollect", **environ: str) -> subprocess.Popen:
        """The program on the data folder, as a process."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *command, "--data", str(self.data)],
            cwd=TOP,
            env=os.environ
            | {
                "LD_PRELOAD": str(self._library),
                "BAD_PC_SAYS": str(self._says),
                "BAD_PC_UNDER": str(self.data),
                "KOLLECT_RECEIVE_PASSWORD": "S3cret-pw!",
                "KOLLECT_SEND_PASSWORD": "S3cret-pw!",
            }
            | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, module: str = "kollect") -> subprocess.CompletedProcess[str]:
        process = self.start(*command, module=module)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def _read(self, field: int) -> int:
        return struct.unpack_from("q", self._map, 8 * field)[0]

    def _write(self, field: int, value: int) -> None:
        struct.pack_into("q", self._map, 8 * field, value)
