"""Files that another program is to show, made in the data folder and removed again.

Not in the system's temporary folder: a PC to which the stick was lent keeps nothing of the shop.
What is still open there is removed at the next start.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from kollect.desktop import files
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_keys import keys_for
from kollect.storage.event_log import EXPORTED
from kollect.storage_errors import storage_trouble

_PREFIX = "print-"
_LOG_COPY = re.compile(r"ログ_[0-9]{4}-[0-9]{2}\.TXT")


def fresh_folder(folder: DataFolder) -> Path:
    """An empty folder for a file to be shown; those from before are gone.

    A new one each time: the program that shows the last file may not let it be written. Raises
    StorageTrouble.
    """
    _clear_folders(folder)
    try:
        folder.temporary_dir.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder.temporary_dir))
    except OSError as error:
        raise storage_trouble(error, folder.temporary_dir) from error


def clear(folder: DataFolder) -> None:
    """Remove what was made to be shown, the log's copies too: at the start and at the end."""
    _clear_folders(folder)
    copies = folder.log_dir / EXPORTED
    with suppress(OSError):
        for file in list(copies.iterdir()):
            if _LOG_COPY.fullmatch(file.name):  # nothing that somebody else has put there
                with suppress(OSError):
                    file.unlink()
        copies.rmdir()


def _clear_folders(folder: DataFolder) -> None:
    with suppress(OSError):
        for old in list(folder.temporary_dir.iterdir()):
            if old.name.startswith(_PREFIX):
                if keys_for(folder.database):  # labels and lists tell who the customers are
                    for file in list(old.iterdir()):
                        with suppress(OSError):
                            _erase(file)
                shutil.rmtree(old, ignore_errors=True)
        folder.temporary_dir.rmdir()


def _erase(file: Path) -> None:
    """Raises OSError where Windows says that another program still shows it: zeros in it would be
    printed."""
    files.erase(file.rename(file.with_name(f"{file.name}.gone")))
