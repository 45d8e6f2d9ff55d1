"""The log that staff read: log/YYYY-MM.txt, one event a line, never a password in it, and of a
customer in a protected folder only as much as `masked` shows.

    2026-11-23 19:12:05 情報 3通を受信しました。

No month is ever removed: the numbers given are read back from it where kollect.db is lost
(`numbers_in_log`). Knows nothing of what the events mean. A full disk or a stick pulled out never
stops the program: the lines wait, and are written when the disk is back. Plain UTF-8 with the line
ends of the system, which Notepad shows as it is.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import traceback
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self

from kollect.desktop import files
from kollect.mail.foreign_text import UNSAFE
from kollect.settings.hidden_secrets import redacted
from kollect.storage.data_folder import DataFolder
from kollect.storage.log_sentences import TROUBLE
from kollect.storage.masked import masked
from kollect.storage.protection_mark import is_marked
from kollect.storage_errors import storage_trouble

MOST_WAITING = 2000
"""So many lines are remembered while the disk is away; then the oldest give way."""

EXPORTED = "取り出し"
"""The folder in log/ for copies that are opened with other programs."""

_LEVELS = ((TROUBLE, "エラー"), (logging.WARNING, "注意"), (logging.INFO, "情報"))
_LINE_END = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
_SURROGATE = re.compile("[\ud800-\udfff]")  # written as \\ud83d, see `MonthlyLog.emit`
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_OURS = ("kollect", "__main__")


def _harmless(text: str) -> str:
    """The last net: whoever writes an event has made fit to be shown what others wrote."""
    return UNSAFE.sub(lambda found: found[0] if _SURROGATE.match(found[0]) else "", text)


class LineFormatter(logging.Formatter):
    """One event as one line, an exception shortened to its words and places, secrets taken out."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            text = record.getMessage()
        except Exception:  # a wrong call of the logger is still worth a line
            text = f"{record.msg} {record.args}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f"（{_told(record.exc_info[1])}）"
        level = next((word for least, word in _LEVELS if record.levelno >= least), "詳細")
        line = f"{_local(record):%Y-%m-%d %H:%M:%S} {level} {_LINE_END.sub(' ', text).strip()}"
        return redacted(_harmless(line))


class MonthlyLog(logging.Handler):
    """Writes each event at once into the file of its month. Never raises.

    As a context manager it takes itself off the loggers at the end.
    """

    lock: threading.RLock  # made by logging itself, and never taken away

    def __init__(self, folder: Path) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(LineFormatter())
        self._folder = folder
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._lost = 0
        self._file: BinaryIO | None = None
        self._month = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
        self.close()

    def filter(self, record: logging.LogRecord) -> bool:
        """All of ours, and what goes badly wrong elsewhere."""
        ours = record.name.split(".")[0] in _OURS
        return (ours or record.levelno >= logging.ERROR) and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            if is_marked(self._folder.parent / "kollect.db"):
                text = masked(text)
            line = f"{text}{os.linesep}".encode("utf-8", "backslashreplace")
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append((f"{_local(record):%Y-%m}", line))
            self.flush()
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Nobody sees the console, and writing there may fail as well."""

    def flush(self) -> None:
        """Write what waits. Where the disk says no it goes on waiting."""
        with self.lock:  # also called by logging at the end of the program
            # a file left open from before a stick was pulled fails once, and is opened again
            for is_last in (self._file is None, True):
                try:
                    self._write_waiting()
                    return
                except OSError:
                    self._close_file()
                    if is_last:
                        return

    def let_go(self) -> None:
        """Close the file, so that it can be replaced; the next line opens it again."""
        with self.lock:
            self._close_file()

    def close(self) -> None:
        self.flush()
        with self.lock:
            self._close_file()
        super().close()

    def _write_waiting(self) -> None:
        while self._waiting:
            month, line = self._waiting[0]
            if self._lost:
                line = self._word_of_loss(line) + line
            file = self._opened(month)
            if file.write(line) != len(line):
                raise OSError("the disk took a part of the line")  # the next opening ends that line
            self._lost = 0
            self._waiting.popleft()

    def _word_of_loss(self, before: bytes) -> bytes:
        when = before[: len("2026-11-23 19:12:05")].decode("ascii")
        text = f"ディスクに書けなかったあいだの記録のうち、{self._lost}件は残っていません。"
        return f"{when} 注意 {text}{os.linesep}".encode()

    def _opened(self, month: str) -> BinaryIO:
        if self._file and self._month == month and os.fstat(self._file.fileno()).st_nlink:
            return self._file  # without a name any more (st_nlink 0) it was deleted under us
        self._close_file()
        self._folder.mkdir(exist_ok=True)  # without parents: a pulled-out stick is not rebuilt
        file = open(self._folder / f"{month}.txt", "ab+", buffering=0)  # noqa: SIM115
        self._file, self._month = file, month
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a power cut or a full disk left half a line
                file.write(os.linesep.encode())
        return file

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # it is gone in any case
                file.close()


def install(folder: DataFolder) -> MonthlyLog:
    """Let every event of the program go to the log of this folder, and to no other folder's."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, MonthlyLog):
            root.removeHandler(handler)
            handler.close()
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    log = MonthlyLog(folder.log_dir)
    root.addHandler(log)
    return log


def let_go() -> None:
    """Have no file of a log open; on Windows such a one cannot be replaced."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, MonthlyLog):
            handler.let_go()


def months(folder: DataFolder) -> list[str]:
    """The months that have a log, as "YYYY-MM", oldest first. Raises StorageTrouble."""
    try:
        names = [path.stem for path in folder.log_dir.glob("*.txt")]
    except OSError as error:
        raise storage_trouble(error, folder.log_dir) from error
    return sorted(name for name in names if _MONTH.fullmatch(name))


def read_month(folder: DataFolder, month: str) -> list[str]:
    """The lines of a month ("YYYY-MM"), oldest first; none where nothing was written.

    Raises ValueError for what is no month, and StorageTrouble.
    """
    if not _MONTH.fullmatch(month):
        raise ValueError(month)
    path = folder.log_dir / f"{month}.txt"
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise storage_trouble(error, path) from error
    # a power cut leaves NULs; only these line ends are ours
    lines = _harmless(text.replace("\r\n", "\n")).split("\n")
    return [line for line in lines if line]


def export_month(folder: DataFolder, month: str) -> Path:
    """Write a copy of a month for other programs, and return it. Raises StorageTrouble.

    With a byte order mark and the line ends of Windows: for every editor there is.
    """
    target = folder.log_dir / EXPORTED / f"ログ_{month}.TXT"
    text = "".join(f"{line}\r\n" for line in read_month(folder, month))
    try:
        target.parent.mkdir(exist_ok=True)
        octets = text.encode("utf-8-sig", "replace")
        files.patiently(lambda: target.write_bytes(octets))
    except OSError as error:
        raise storage_trouble(error, target) from error
    return target


def _local(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created).astimezone()


def _told(error: BaseException, depth: int = 3) -> str:
    """An exception on one line: its words, where it came from (innermost first), and its cause."""
    places = traceback.extract_tb(error.__traceback__)[-8:]
    trail = "".join(f" ← {Path(p.filename).name}:{p.lineno} {p.name}" for p in reversed(places))
    told = f"{type(error).__name__}: {error}{trail}"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{told}、元は {_told(cause, depth - 1)}" if cause is not None and depth else told
