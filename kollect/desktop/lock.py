"""One program for each data folder; the second start asks the first one to show itself.

`kollect.lock` is locked by the operating system, so the lock ends with its process, however that
ends. `kollect.running` beside it tells where the first program listens on the loopback, on whose
desktop it is, and a token that only those can know who may read the folder. Knows nothing of
windows.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from kollect.desktop import files
from kollect.desktop.desktop_session import Desktop, desktop
from kollect.errors import AlreadyRunning
from kollect.threads import safe_thread

log = logging.getLogger(__name__)

_PATIENCE = 2.0
"""Seconds that either side waits for the other's line."""
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK, 0)
"""Somebody else has the lock; 0 is what Wine says."""
_SHOW, _THERE = b"show", b"there"
_YES = b"kollect: ok"


class FolderLock:
    """Holds a data folder for this process, from `acquire` to `release` or as a context manager."""

    def __init__(self, path: Path) -> None:
        self._folder = path
        self.path = path / "kollect.lock"
        self._file: BinaryIO | None = None
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def acquire(self) -> None:
        """Raises AlreadyRunning where another program holds the folder, and OSError."""
        try:
            file = open(self.path, "ab")  # noqa: SIM115 (open as long as the lock is held)
        except PermissionError:  # perhaps another user's, who is working here
            _refuse_elsewhere(self._folder)
            raise
        try:
            files.lock(file.fileno())
        except OSError as error:
            file.close()
            if error.errno not in _HELD:
                raise
            raise AlreadyRunning(
                "コレクトはもう動いています",
                happened=f"「{self._folder}」のデータは、動いているコレクトが使っています。",
                cure="画面の右下にあるコレクトのアイコンを押すと、画面が出ます。"
                "別のパソコンで使っているときは、先にそちらを終了してください。",
            ) from None
        self._file = file
        _forget(self._folder)  # what a killed program left

    def listen(self, callback: Callable[[], None]) -> None:
        """From now on call `callback`, in a thread of ours, whenever another start asks for us.

        Where that cannot be arranged, the program works without it.
        """
        try:
            self._listener = socket.create_server(("127.0.0.1", 0))
            port = self._listener.getsockname()[1]
            beacon = _InstanceInfo(port, secrets.token_hex(32), os.getpid(), desktop())
            _publish(self._folder, beacon)
        except OSError as error:
            log.warning("2つ目の起動から画面を呼び出すことはできません: %s", error)
            self._stop_listening()
            return
        listener, token = self._listener, beacon.token.encode()
        self._thread = safe_thread.thread(
            lambda: safe_thread.keep_going(
                lambda: _answer_calls(listener, token, callback),
                over=lambda: listener.fileno() == -1,
            ),
            name="second-start",
        )
        self._thread.start()

    def release(self) -> None:
        self._stop_listening()
        if self._file is not None:
            _forget(self._folder)
            # the file stays: removed, it could be locked by one program and made again by another
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):  # wakes `accept` on Linux; Windows says it is idle
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE)
        self._thread = None


def notify_running_instance(path: Path, patience: float = _PATIENCE) -> bool:
    """Ask the program that holds the folder at `path` to show itself; False where none answers.

    A program that has only just started is given `patience` seconds. Raises AlreadyRunning where it
    is on another desktop: nobody here would see its window.
    """
    end = time.monotonic() + patience
    while True:
        _refuse_elsewhere(path)
        beacon = _read(path)
        if beacon is not None and _call(beacon):
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)


def _refuse_elsewhere(folder: Path) -> None:
    beacon, here = _read(folder), desktop()
    if beacon is None or beacon.desktop in (None, here) or not _call(beacon, _THERE):
        return
    there = beacon.desktop
    assert there is not None
    if there.user and there.user != here.user:
        title = "コレクトは、別の利用者の画面で動いています"
        where = f"このパソコンの別の利用者「{there.user}」の画面"
        how = f"Windowsの利用者を「{there.user}」に切り替えて"
    else:
        title = "コレクトは、別の画面で動いています"
        where = "このパソコンの別の画面（リモート デスクトップなど）"
        how = "その画面で"
    raise AlreadyRunning(
        title,
        happened=f"「{folder}」のデータは、{where}で動いているコレクトが使っています。"
        "メールの収集は、そちらで続いています。",
        cure=f"{how}お使いください。この画面で使うときは、先にそちらのコレクトを終了してください。",
        detail=f"{there.user}, session {there.session}; here {here.user}, session {here.session}",
    )


@dataclass(frozen=True, slots=True)
class _InstanceInfo:
    port: int
    token: str
    pid: int
    desktop: Desktop | None
    """None where a version before has told nothing of it."""


def _beacon_path(folder: Path) -> Path:
    return folder / "kollect.running"


def _publish(folder: Path, beacon: _InstanceInfo) -> None:
    told = {"port": beacon.port, "token": beacon.token, "pid": beacon.pid}
    if beacon.desktop is not None:
        told |= {"user": beacon.desktop.user, "session": beacon.desktop.session}
    text = json.dumps(told)
    _forget(folder)
    # a new file, as an old one could be open or readable to others
    descriptor = os.open(_beacon_path(folder), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(text)


def _read(folder: Path) -> _InstanceInfo | None:
    """What the first program told; None where there is nothing or nothing sensible."""
    try:
        found = json.loads(_beacon_path(folder).read_text("ascii"))
        there = None
        if "session" in found:
            there = Desktop(str(found["user"]), str(found["session"]))
        beacon = _InstanceInfo(int(found["port"]), str(found["token"]), int(found["pid"]), there)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return beacon if 0 < beacon.port < 65536 else None


def _forget(folder: Path) -> None:
    with contextlib.suppress(OSError):
        files.remove(_beacon_path(folder))


def _call(beacon: _InstanceInfo, wish: bytes = _SHOW) -> bool:
    """Whether our program answered: behind the port of a killed one there may be any other."""
    if wish == _SHOW:
        _let_come_forward(beacon.pid)
    try:
        with socket.create_connection(("127.0.0.1", beacon.port), timeout=_PATIENCE) as line:
            line.sendall(beacon.token.encode("ascii", "replace") + b" " + wish + b"\n")
            return _line(line) == _YES
    except OSError:
        return False


def _answer_calls(listener: socket.socket, token: bytes, callback: Callable[[], None]) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            if listener.fileno() == -1:  # closed by `release`
                return
            time.sleep(0.1)  # the caller hung up, or all descriptors are in use
            continue
        with line:
            if _wish(line, token) == _SHOW:
                try:
                    callback()
                except Exception:
                    log.exception("画面を呼び出せませんでした")


def _wish(line: socket.socket, token: bytes) -> bytes:
    """What the caller wants, who has been answered; b"" where it is a stranger."""
    try:
        said = _line(line)
        for wish in (_SHOW, _THERE):
            if hmac.compare_digest(said, token + b" " + wish):
                line.sendall(_YES + b"\n")
                return wish
    except OSError:
        pass
    return b""


def _line(line: socket.socket) -> bytes:
    """The first line that comes, within the time and of no more than 200 octets."""
    end = time.monotonic() + _PATIENCE
    read = b""
    while not read.endswith(b"\n") and len(read) < 200:
        line.settimeout(max(end - time.monotonic(), 0.001))
        if not (more := line.recv(200 - len(read))):
            break
        read += more
    return read.removesuffix(b"\n")


if sys.platform == "win32":
    import ctypes

    def _let_come_forward(pid: int) -> None:
        # without it Windows only lets the first program's button blink
        ctypes.windll.user32.AllowSetForegroundWindow(pid)

else:

    def _let_come_forward(pid: int) -> None:
        """Window managers here let a window come forward without being asked."""
