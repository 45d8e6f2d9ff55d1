"""The data folder: where it is and what lies in it. Knows the names of the files, not what they
hold.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kollect.desktop import files
from kollect.storage_errors import storage_trouble

BACKUPS_KEPT = 7
"""The daily copies of kollect.db that lie in backup/; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @property
    def ini(self) -> Path:
        return self.path / "kollect.ini"

    @property
    def database(self) -> Path:
        return self.path / "kollect.db"

    @property
    def log_dir(self) -> Path:
        return self.path / "log"

    @property
    def kept_dir(self) -> Path:
        return self.path / "kept"

    @property
    def backup_dir(self) -> Path:
        return self.path / "backup"

    @property
    def window(self) -> Path:
        """How the window was left; may be lost without harm."""
        return self.path / "kollect.window"

    @property
    def temporary_dir(self) -> Path:
        return self.path / "kollect-temp"

    @property
    def has_data(self) -> bool:
        return self.ini.exists() or self.database.exists()

    def _all_of_ours(self) -> Iterator[Path]:
        yield from (self.log_dir, self.kept_dir, self.backup_dir)  # what is in them is behind them
        for name in ("ini", "db", "lock", "running", "fault", "window"):
            yield from self.path.glob(f"kollect.{name}*")

    def prepare(self) -> None:
        """Make the folders that are missing, and make sure that files can be written.

        On Linux others lose the rights that an older version had left them, unless the folder is
        shared on purpose: its group, or everybody, may write in it. The folder itself keeps its
        rights where it holds other things too. Raises StorageTrouble.
        """
        for folder in (self.path, self.log_dir, self.kept_dir, self.backup_dir):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise storage_trouble(error, folder) from error
        if not files.is_shared(self.path):
            ours = {*self._all_of_ours()}
            for path in ours:
                files.make_private(path)
            if files.holds_only(self.path, ours):
                files.make_private(self.path)
        try:
            files.try_writing(self.path)
        except OSError as error:
            raise storage_trouble(error, self.path) from error


def resolve(
    given: str = "", *, program: Path | None = None, environ: Mapping[str, str] = os.environ
) -> DataFolder:
    """The data folder of this start: `given` by --data, else found by where the program lies.

    `program` is the path of kollect.exe (by default of the running one, None from source).
    """
    if given:
        return DataFolder(Path(given).absolute())
    if program is None and getattr(sys, "frozen", False):
        program = Path(sys.executable)
    if program is None:
        return DataFolder(Path("data").absolute())
    beside = DataFolder(program.absolute().parent)
    # where there are data already, a switch set to read-only must not lead to an empty new folder:
    # its numbers would begin again. `prepare` then says what is wrong.
    if beside.has_data or files.is_writable(beside.path):
        return beside
    return DataFolder(Path(environ.get("LOCALAPPDATA") or Path.home()).absolute() / "Kollect")
