"""A PC on which kollect is called, with a keyring of its own; a stick goes from one to another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
