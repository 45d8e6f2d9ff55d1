"""Writing to a disk so that a power cut leaves the old or the new.

Knows nothing of what the files hold. What fails is an OSError here;
`storage_errors.storage_trouble` says it in plain words.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 2.5
"""Seconds that another program may hold a file of ours: a virus scanner reads a fresh one, a backup
or an indexer reads any."""

_HELD = (5, 32, 33)
"""ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION."""

_ZEROS = bytes(1 << 20)

_umask: int | None = None
"""What the user's files are made with, where ours are made for the user alone."""


def replace_whole(path: Path, content: bytes) -> None:
    """Give `path` this content so that after a power cut it holds the old or the new, both whole.

    Raises OSError, and then the old content stands.
    """
    new = path.with_name(path.name + ".new")
    try:
        with open(new, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            remove(new)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` outlive a power cut, where the system has a way to ask for it."""
    if sys.platform == "win32":  # folders cannot be opened there, and NTFS keeps a journal of names
        return
    with contextlib.suppress(OSError):  # some file systems refuse; then nothing more can be done
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_writable(folder: Path) -> bool:
    """Whether a file can really be written in `folder`.

    Tried out, since rights and the switch of a stick show nowhere else; not with `tempfile`, which
    on Windows tries ten thousand names where the folder is closed to us.
    """
    try:
        try_writing(folder)
    except OSError:
        return False
    return True


def try_writing(folder: Path) -> None:
    """Write a file in `folder` and remove it. Raises OSError where that fails."""
    trial = folder / f".kollect-{os.getpid()}.tmp"
    try:
        trial.write_bytes(b"kollect")
    finally:
        with contextlib.suppress(OSError):
            remove(trial)


def replace(new: Path, path: Path) -> None:
    """`os.replace`, patient with what holds either file for a moment. Raises OSError."""
    patiently(lambda: os.replace(new, path))


def remove(path: Path) -> None:
    """Remove it if it is there, patient with what holds it for a moment. Raises OSError."""
    patiently(lambda: path.unlink(missing_ok=True))


def erase(path: Path) -> None:
    """Write zeros over what the file holds, if it is there, then remove it. Raises OSError.

    A magnetic disk holds nothing of it any more; a USB stick or an SSD writes elsewhere, and may
    keep the old octets for a while.
    """
    try:
        with patiently(lambda: open(path, "r+b")) as file:
            left = file.seek(0, os.SEEK_END)
            file.seek(0)
            while left > 0:
                left -= file.write(_ZEROS[: min(left, len(_ZEROS))])
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    remove(path)


def patiently(act: Callable[[], T]) -> T:
    """Do it again and again while Windows says that another program holds the file.

    Raises what `act` raises, after `PATIENCE` seconds at the latest. Elsewhere than on Windows a
    file that is held can be replaced all the same, and nothing is waited for.
    """
    ends, pause = time.monotonic() + PATIENCE, 0.05
    while True:
        try:
            return act()
        except OSError as error:
            left = ends - time.monotonic()
            if not _is_held(error) or left <= 0:
                raise
        time.sleep(min(pause, left))
        pause = min(2 * pause, 0.4)


def _is_held(error: OSError) -> bool:
    number = getattr(error, "winerror", None)
    if number is None and sys.platform == "win32":  # `open` goes by way of C and its errno
        return isinstance(error, PermissionError)
    return number in _HELD


def keep_private() -> None:
    """From now on what this program makes is for its user alone: 0700 and 0600.

    Before there are threads. Windows has other rights, which a folder hands down.
    """
    global _umask
    if sys.platform != "win32" and _umask is None:
        _umask = os.umask(0o077)


def public_mask() -> int:
    """The umask for what is not ours: files that the user puts somewhere, programs we start.

    -1, which changes nothing, where `keep_private` was not called.
    """
    return -1 if _umask is None else _umask


def write_for_others(path: Path, octets: bytes) -> None:
    """Write a file where the user wants it, with the rights that other programs would give it.

    Raises OSError.
    """
    fresh = not os.path.lexists(path)
    patiently(lambda: path.write_bytes(octets))
    if fresh:
        give_usual_rights(path)


def give_usual_rights(path: Path) -> None:
    """Let a file that was made for the user alone have the rights of any other of the user's."""
    if _umask is not None:
        with contextlib.suppress(OSError):  # a stick with FAT has no rights
            path.chmod(0o666 & ~_umask)


def is_shared(folder: Path) -> bool:
    """Whether others than its owner may write in it, which somebody must have wanted."""
    if sys.platform == "win32":
        return True
    try:
        return bool(folder.stat().st_mode & 0o022)
    except OSError:
        return False


def holds_only(folder: Path, known: set[Path]) -> bool:
    """Whether there is nothing else in the folder."""
    try:
        return set(folder.iterdir()) <= known
    except OSError:
        return False


def make_private(path: Path) -> None:
    """Take the rights of others from a file or folder that an older version has made."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):  # not there; another user's; a disk without rights
        mode = path.lstat().st_mode
        if not path.is_symlink() and mode & 0o077:
            path.chmod(mode & 0o700)


if sys.platform == "win32":
    import msvcrt

    def lock(descriptor: int) -> None:
        """Lock an open file for this process, however that ends. Raises OSError where another
        process has done so.
        """
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # the octet need not exist

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Lock an open file for this process, however that ends. Raises OSError where another
        process has done so.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
