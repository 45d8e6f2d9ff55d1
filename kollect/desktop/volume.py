"""What kind of place a folder is in: on another computer, or copied to the internet all the time.

Both are bad for a database. SQLite's write-ahead log needs memory that all who read it share, which
no network has (sqlite.org/wal.html); and who synchronises copies kollect.db and the log beside it
one after the other, puts older ones back, and holds files while they are written.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePath

NETWORK_FILE_SYSTEMS = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|9p|ceph|lustre|gfs2?|ocfs2|glusterfs|davfs|virtiofs|vboxsf"
    r"|fuse\.(sshfs|smbnetfs|gvfsd-fuse|glusterfs|rclone|s3fs|davfs2?|curlftpfs|ceph|cifs|nfs.*)"
)
_DRIVE_REMOTE = 4

ONEDRIVE, DROPBOX, GOOGLE, ICLOUD = "OneDrive", "Dropbox", "Google ドライブ", "iCloud Drive"
_BY_NAME = (  # the folders that these programs make, unless somebody has chosen another
    (ONEDRIVE, re.compile(r"OneDrive( - .+)?")),
    (DROPBOX, re.compile(r"Dropbox( \(.+\))?|.+ Dropbox")),
    (GOOGLE, re.compile(r"Google ?(Drive|ドライブ)( \(.+\))?|My Drive|マイ ?ドライブ( \(.+\))?")),
    (ICLOUD, re.compile(r"iCloud ?Drive|com~apple~CloudDocs")),
    ("Box", re.compile(r"Box Sync")),
    ("Nextcloud", re.compile(r"Nextcloud|ownCloud")),
    ("MEGA", re.compile(r"MEGA(sync)?")),
    ("pCloud", re.compile(r"pCloud ?Drive")),
)


@lru_cache(maxsize=16)
def on_network(folder: Path) -> bool:
    """Whether the folder is on another computer: a network share, a mapped drive."""
    given, real = os.path.abspath(folder), os.path.realpath(folder)
    if sys.platform == "win32":
        return is_remote_on_windows(given) or is_remote_on_windows(real)
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
    except OSError:  # no Linux
        return False
    return NETWORK_FILE_SYSTEMS.fullmatch(file_system(real, mounts)) is not None


def file_system(real: str, mountinfo: str) -> str:
    """The kind of the file system that holds the path `real`; proc(5) describes `mountinfo`."""
    kind, longest = "", -1
    for line in mountinfo.splitlines():
        before, parted, after = line.partition(" - ")
        fields = before.split(" ")
        if not parted or len(fields) < 5:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        holds = point == "/" or real == point or real.startswith(f"{point}/")
        if holds and len(point) >= longest:  # of two on one point, the later one is seen
            kind, longest = after.split(" ")[0], len(point)
    return kind


def is_remote_on_windows(path: str) -> bool:
    r"""`\\server\share\…`, or a letter that stands for one."""
    path = path.replace("/", "\\")
    if path[:8].upper() == "\\\\?\\UNC\\":
        return True
    path = path.removeprefix("\\\\?\\").removeprefix("\\\\.\\")
    return path.startswith("\\\\") or _drive_type(path[:2]) == _DRIVE_REMOTE


if sys.platform == "win32":
    import ctypes

    def _drive_type(letter: str) -> int:
        kind: int = ctypes.windll.kernel32.GetDriveTypeW(f"{letter}\\")
        return kind

else:

    def _drive_type(letter: str) -> int:
        return 0


def synchronised_by(
    folder: Path, environ: Mapping[str, str] = os.environ, home: Path | None = None
) -> str | None:
    """The program that copies this folder to the internet, by its name; None where none is known.

    Known by what these programs tell of themselves, else by the usual names of their folders.
    """
    here = {PurePath(os.path.abspath(folder)), PurePath(os.path.realpath(folder))}
    for name, place in _told(environ, home or Path.home()):
        if place and any(_is_in(path, place) for path in here):
            return name
    parts = {part for path in here for part in path.parts}
    return next((name for name, form in _BY_NAME if any(map(form.fullmatch, parts))), None)


def _told(environ: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    for variable in ("OneDrive", "OneDriveConsumer", "OneDriveCommercial"):
        yield ONEDRIVE, environ.get(variable, "")
    places = [Path(environ[name]) for name in ("APPDATA", "LOCALAPPDATA") if environ.get(name)]
    for info in (*(place / "Dropbox" for place in places), home / ".dropbox"):
        with suppress(OSError, ValueError, AttributeError):
            accounts = json.loads((info / "info.json").read_text("utf-8"))
            for account in accounts.values():  # "personal" and "business"
                yield DROPBOX, str(account.get("path", ""))


def _is_in(path: PurePath, place: str) -> bool:
    inner, outer = os.path.normcase(path), os.path.normcase(os.path.abspath(place))
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)
