"""What may be raised anywhere, and what raises it: for parts of the program that must go on."""

from __future__ import annotations

from collections.abc import Callable

from kollect.storage.database_driver import sqlite3

ERRORS = (
    RuntimeError("x"),
    MemoryError(),
    RecursionError("x"),
    SystemExit(1),
    sqlite3.OperationalError("disk I/O error"),
    UnicodeEncodeError("utf-8", "\udc80", 0, 1, "surrogates not allowed"),
)


def raising(error: BaseException) -> Callable[..., None]:
    def fall(*_: object, **__: object) -> None:
        raise error

    return fall
