"""Files as pieces in an encrypted database: kept mails, and what else lies in a protected folder
that is no database. A file is there whole under its name, or not at all.

A database of its own (kept/sealed.db), not kollect.db: seven daily copies of large mails would fill
a stick.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kollect.errors import DataCodeTrouble, StorageTrouble
from kollect.storage.database import translated
from kollect.storage.database_driver import connect, sqlite3

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

NAME = "sealed.db"
PIECE = 65536
_TABLES = (
    "CREATE TABLE IF NOT EXISTS file (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " written_at REAL NOT NULL, size INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS piece (file INTEGER NOT NULL REFERENCES file (id) ON DELETE"
    " CASCADE, place INTEGER NOT NULL, octets BLOB NOT NULL, PRIMARY KEY (file, place))",
)


@dataclass(frozen=True, slots=True)
class Sealed:
    name: str
    """As it was given: the path from the data folder, with slashes."""
    written_at: datetime
    size: int


class SealedFiles:
    """May be used from any thread. Raises `errors.StorageTrouble` where the database cannot be read
    or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def writing(self, name: str, written_at: datetime) -> Iterator[BinaryIO]:
        """A sink whose content is the file `name` once the block has ended without an error, on
        disk. It can be begun again (`seek(0)`, `truncate`).
        """
        with self._connected() as db, translated(self._path):
            db.execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                db.execute(statement)
            db.execute("DELETE FROM file WHERE name = ?", (name,))
            row = (name, written_at.timestamp())
            file = db.execute(
                "INSERT INTO file (name, written_at, size) VALUES (?, ?, 0)", row
            ).lastrowid
            sink = io.BufferedRandom(_Pieces(self._path, db, file or 0), PIECE)
            try:
                yield sink
                sink.flush()
                db.execute("UPDATE file SET size = ? WHERE id = ?", (sink.seek(0, 2), file))
                db.execute("COMMIT")
            finally:
                sink.raw.close()
                if db.in_transaction:
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")

    def opened(self, name: str) -> BinaryIO:
        """The content of a file, to be closed by who asked for it.

        As a file of the disk it raises OSError, also where it is not there.
        """
        if not self._path.exists():
            raise FileNotFoundError(errno.ENOENT, "not sealed here", name)
        with _as_of_a_file(), translated(self._path):
            db = connect(self._path, "ro")
            try:
                row = self._row(db, name)
                if row is None:
                    raise FileNotFoundError(errno.ENOENT, "not sealed here", name)
                return io.BufferedReader(_Reading(self._path, db, row[0]), PIECE)
            except BaseException:
                db.close()
                raise

    def holds(self, name: str) -> bool:
        if not self._path.exists():
            return False
        with self._connected() as db, translated(self._path):
            return self._row(db, name) is not None

    def files(self) -> list[Sealed]:
        """All of them, in the order of their names."""
        if not self._path.exists():
            return []
        with self._connected() as db, translated(self._path):
            if not self._has_tables(db):
                return []
            rows = db.execute("SELECT name, written_at, size FROM file ORDER BY name").fetchall()
        return [Sealed(name, datetime.fromtimestamp(at, UTC), size) for name, at, size in rows]

    def set_time(self, name: str, written_at: datetime) -> None:
        with self._connected() as db, translated(self._path):
            db.execute(
                "UPDATE file SET written_at = ? WHERE name = ?", (written_at.timestamp(), name)
            )

    def remove(self, name: str) -> None:
        with self._connected() as db, translated(self._path):
            db.execute("DELETE FROM file WHERE name = ?", (name,))

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path):
            db = connect(self._path, "rwc")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
        with closing(db):
            yield db

    def _row(self, db: sqlite3.Connection, name: str) -> tuple[int] | None:
        if not self._has_tables(db):
            return None
        row: tuple[int] | None = db.execute(
            "SELECT id FROM file WHERE name = ?", (name,)
        ).fetchone()
        return row

    @staticmethod
    def _has_tables(db: sqlite3.Connection) -> bool:
        question = "SELECT count(*) FROM sqlite_master WHERE name IN ('file', 'piece')"
        return bool(db.execute(question).fetchone()[0] == len(_TABLES))


class _Pieces(io.RawIOBase):
    """A file that lies in rows of `PIECE` octets; what the disk refuses is a StorageTrouble."""

    def __init__(self, path: Path, db: sqlite3.Connection, file: int) -> None:
        self._path, self._db, self._file = path, db, file
        self._at = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        place, start = divmod(self._at, PIECE)
        view = memoryview(buffer).cast("B")
        part = self._piece(place)[start : start + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def write(self, data: ReadableBuffer, /) -> int:
        place, start = divmod(self._at, PIECE)
        part = bytes(memoryview(data).cast("B")[: PIECE - start])
        piece = self._piece(place) if start or len(part) < PIECE else b""
        octets = piece[:start].ljust(start, b"\0") + part + piece[start + len(part) :]
        with translated(self._path):
            self._db.execute(
                "INSERT INTO piece (file, place, octets) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET octets = excluded.octets",
                (self._file, place, octets),
            )
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset + (0, self._at, self._size())[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def truncate(self, size: int | None = None, /) -> int:
        size = self._at if size is None else size
        place, rest = divmod(size, PIECE)
        piece = self._piece(place)[:rest]
        with translated(self._path):
            self._db.execute("DELETE FROM piece WHERE file = ? AND place >= ?", (self._file, place))
            if piece:
                self._db.execute("INSERT INTO piece VALUES (?, ?, ?)", (self._file, place, piece))
        return size

    def _piece(self, place: int) -> bytes:
        with translated(self._path):
            row: tuple[bytes] | None = self._db.execute(
                "SELECT octets FROM piece WHERE file = ? AND place = ?", (self._file, place)
            ).fetchone()
        return row[0] if row else b""

    def _size(self) -> int:
        with translated(self._path):
            row = self._db.execute(
                "SELECT place, length(octets) FROM piece WHERE file = ?"
                " ORDER BY place DESC LIMIT 1",
                (self._file,),
            ).fetchone()
        return row[0] * PIECE + row[1] if row else 0


class _Reading(_Pieces):
    """One to be read only; the connection ends with it."""

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        with _as_of_a_file():
            return super().readinto(buffer)

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        if not self.closed:
            self._db.close()
        super().close()


@contextmanager
def _as_of_a_file() -> Iterator[None]:
    """What goes wrong is an OSError, but for the code that is missing."""
    try:
        yield
    except DataCodeTrouble:
        raise
    except StorageTrouble as trouble:
        raise OSError(errno.EIO, str(trouble)) from trouble
