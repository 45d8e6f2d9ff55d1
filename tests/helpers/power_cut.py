"""A power cut at a chosen point: between any two acts that reach beyond the program's memory.

The acts are counted: every statement that changes the ledger, every send on a line to a server,
every file that takes its final name. The cut comes before or after one of them, and from then on
none has any effect: what a `finally` still tries is as lost as it would be in the dark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kollect.desktop import files
from kollect.net.connection import Line
from kollect.storage import database_driver
from kollect.storage.database_driver import sqlite3

CHANGES = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")


class PowerCut(BaseException):
    """Not an Exception: nothing may catch it and go on."""


class Fuse:
    """Burns at the act number `at`, before it (`after=False`) or just after it."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.acts = 0
        self.blown = False
        self.names: list[str] = []
        self._at = at
        self._after = after

    def act(self, name: str, do: Callable[[], Any]) -> Any:
        if self.blown:
            raise PowerCut
        self.acts += 1
        self.names.append(name)
        mine = self.acts == self._at
        if mine and not self._after:
            self._blow()
        result = do()
        if mine:
            self._blow()
        return result

    def _blow(self) -> None:
        self.blown = True
        raise PowerCut


class Sqlite:
    """The module `sqlite3`, but for what its connections are."""

    def __init__(self, factory: type[sqlite3.Connection]) -> None:
        self._factory = factory

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, *values: Any, **named: Any) -> sqlite3.Connection:
        return sqlite3.connect(*values, **named, factory=self._factory)


@contextmanager
def fused(fuse: Fuse, changes: tuple[str, ...] = CHANGES) -> Iterator[None]:
    """Within the block every outside act goes through the fuse; `changes` begin the statements that
    are one."""

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            run = super().execute
            if fuse.blown and sql.startswith("ROLLBACK"):
                return run(sql, *values)  # the next opening would roll back: SQLite's own promise
            if sql.lstrip().startswith(changes):
                return fuse.act(sql.split()[0], lambda: run(sql, *values))
            return run(sql, *values)

        def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
            run = super().executemany
            return fuse.act(sql.split()[0], lambda: run(sql, values))

    send, replace, remove, erase = Line.send, files.replace, files.remove, files.erase

    def fused_send(line: Line, data: Any) -> None:
        fuse.act(f"send {bytes(data[:12])!r}", lambda: send(line, data))

    def fused_replace(new: Path, path: Path) -> None:
        fuse.act("replace", lambda: replace(new, path))

    def fused_remove(path: Path) -> None:
        if path.exists():
            fuse.act("remove", lambda: remove(path))

    def fused_erase(path: Path) -> None:
        if path.exists():
            fuse.act("erase", lambda: erase(path))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Line, "send", fused_send)
        patch.setattr(files, "replace", fused_replace)
        if changes is not CHANGES:
            patch.setattr(files, "remove", fused_remove)
            patch.setattr(files, "erase", fused_erase)
        patch.setattr(database_driver, "sqlite3", Sqlite(Connection))
        yield
