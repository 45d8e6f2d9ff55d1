"""A PC on which kollect is called, with a keyring of its own; a stick goes from one to another."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from kollect.storage.data_folder import DataFolder

KEYRING = '''
import json, os
from keyring.backend import KeyringBackend

class FileKeyring(KeyringBackend):
    """What a PC keeps, in a file that a test can take away."""
    priority = 9

    def _all(self):
        try:
            return json.load(open(os.environ["PC"], encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def _save(self, kept):
        json.dump(kept, open(os.environ["PC"], "w", encoding="utf-8"))

    def get_password(self, service, username):
        return self._all().get(service)

    def set_password(self, service, username, password):
        self._save(self._all() | {service: password})

    def delete_password(self, service, username):
        self._save({name: kept for name, kept in self._all().items() if name != service})
'''


class PC:
    """Each call is a process of its own."""

    def __init__(self, place: Path, name: str, **environ: str) -> None:
        self.kept = place / f"{name}.json"
        (place / "filekeyring.py").write_text(KEYRING, encoding="utf-8")
        self._environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(place), str(Path(__file__).parents[2])]),
            "PYTHON_KEYRING_BACKEND": "filekeyring.FileKeyring",
            "PC": str(self.kept),
        }
        self._environ.pop("KOLLECT_DATA_CODE", None)
        self._environ |= environ

    def run(self, folder: DataFolder, *command: str, code: str = "") -> subprocess.CompletedProcess:
        environ = self._environ | ({"KOLLECT_DATA_CODE": code} if code else {})
        return subprocess.run(
            [sys.executable, "-m", "kollect", *command, "--data", str(folder.path)],
            env=environ, capture_output=True, text=True, encoding="utf-8", timeout=120,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def json(self, folder: DataFolder, *command: str, code: str = "") -> dict:
        done = self.run(folder, *command, "--json", code=code)
        assert (done.returncode, done.stderr) == (0, ""), done
        return json.loads(done.stdout)

    def begin(self, folder: DataFolder, *command: str) -> subprocess.Popen:
        """One that goes on, until the test ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", "kollect", *command, "--data", str(folder.path)],
            env=self._environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def at_a_terminal(self, folder: DataFolder, *command: str) -> Terminal:
        return Terminal(
            [sys.executable, "-m", "kollect", *command, "--data", str(folder.path)], self._environ
        )


class Terminal:
    """A process with somebody in front of it."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.seen = ""
        self._ours, theirs = os.openpty()
        self._process = subprocess.Popen(
            command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """What is new on the terminal, up to these words."""
        new, ends = b"", time.monotonic() + seconds
        while words not in new.decode("utf-8", "ignore"):
            assert time.monotonic() < ends, (words, self.seen, new)
            new += self._read(1.0)
        self.seen += new.decode("utf-8", "ignore")

    def type(self, text: str) -> None:
        os.write(self._ours, f"{text}\n".encode())

    def ends(self) -> int:
        """The exit code."""
        code = self._process.wait(60)
        while more := self._read(0.2):
            self.seen += more.decode("utf-8", "ignore")
        return code

    def _read(self, seconds: float) -> bytes:
        if select.select([self._ours], [], [], seconds)[0]:
            with contextlib.suppress(OSError):  # the other side is closed
                return os.read(self._ours, 65536)
        return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)
