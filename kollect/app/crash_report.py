"""What a crash leaves for the next start: `kollect.fault`, in the words of Python's fault handler.

The file is there while the program runs, empty; a program that ends in order takes it away. After
a power cut or a pulled stick it is still empty: that was no fault, and there is nothing to report.
What a crash has written there goes to log/. Knows nothing of windows.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import re
import threading
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from kollect.desktop import files
from kollect.errors import Trouble
from kollect.settings.hidden_secrets import redacted
from kollect.storage import event_log
from kollect.storage.data_folder import DataFolder
from kollect.storage.masked import masked
from kollect.storage.protection_mark import is_marked

log = logging.getLogger(__name__)

KEEP = 10
_FATAL = re.compile(r"^(Fatal Python error|Windows fatal exception: (?!code )|Traceback)", re.M)
"""Faults that Windows knows by a number only are often caught by the code they are meant for."""


class CrashReport:
    """Within the block, a crash of this process is written down; so is the exception that ends it.

        with CrashReport(folder, tell) as crashed:

    `crashed` is what is to be told of the last run, None where it did not crash. `tell` is given
    the exception, and says whether the user was told; if not, the next start does it.
    """

    def __init__(self, folder: DataFolder, tell: Callable[[BaseException], bool]) -> None:
        self._folder = folder
        self._tell = tell
        self._path = folder.path / "kollect.fault"
        self._file: TextIO | None = None

    def __enter__(self) -> Trouble | None:
        threading.excepthook = _thread_failed
        told = self._before()
        with contextlib.suppress(OSError):  # others report what is wrong with the disk
            self._file = open(self._path, "w", encoding="utf-8")
            faulthandler.enable(self._file)
        return told

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        threading.excepthook = threading.__excepthook__
        told = True
        if isinstance(error, Exception):
            with event_log.install(self._folder):
                log.critical("予期しない誤りのために、コレクトを終わります", exc_info=error)
            self._note(error)
            told = self._tell(error)
        file, self._file = self._file, None
        if file is not None:
            faulthandler.disable()
            with contextlib.suppress(OSError):
                file.close()
                if told:
                    files.remove(self._path)

    def _note(self, error: Exception) -> None:
        with contextlib.suppress(OSError):
            if self._file is not None:
                text = redacted("".join(traceback.format_exception(error)))
                protected = is_marked(self._folder.database)
                self._file.write(masked(text) if protected else text)
                self._file.flush()

    def _before(self) -> Trouble | None:
        """What the last run left, kept under a name of its own."""
        try:
            text = self._path.read_text("utf-8", "replace")
            if not _FATAL.search(text):
                return None
            when = datetime.fromtimestamp(self._path.stat().st_mtime).astimezone()
            kept = self._folder.log_dir / f"crash-{when:%Y%m%d-%H%M%S}.txt"
            files.replace(self._path, kept)
            for old in sorted(self._folder.log_dir.glob("crash-*.txt"))[:-KEEP]:
                files.remove(old)
        except OSError:
            return None
        return Trouble(
            "前回、コレクトが途中で止まりました",
            happened=f"{when.month}月{when.day}日 {when:%H:%M} ごろ、プログラムの誤りのために、"
            "コレクトが途中で止まりました。集めたデータは残っています。"
            "処理の途中だったメールは、続きから処理します。",
            cure="このままお使いになれます。くり返すときは、log フォルダの "
            f"{kept.name} を添えてお問い合わせください。",
            detail=text,
        )


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    """A thread has ended by this; Python would write it to a console that nobody sees."""
    if args.exc_value is not None:
        log.error("予期しない誤りが起きました", exc_info=args.exc_value)
