"""What a command of kollect.exe says goes to the log as well, since nobody may be there to read it.

Only from the .exe: what starts it (the task scheduler, a double-clicked .bat) often shows nothing.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import TextIO

from kollect.commands.output import data_folder
from kollect.errors import Trouble
from kollect.storage import event_log

log = logging.getLogger(__name__)

DATA_ONLY = ("results", "log", "protect")
"""These print what the data folder holds already, or a code that must not stand in it. Of `collect`
its events are logged anyway."""


@contextlib.contextmanager
def recorded(options: Namespace) -> Iterator[None]:
    """Within the block, what is printed is remembered; at the end it is written to the log.

    Of what only shows data, the complaints alone.
    """
    if not options.command or not getattr(sys, "frozen", False):
        yield
        return
    errors = _Listener(sys.stderr)
    said = _Listener(sys.stdout)
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(said):
        try:
            yield
        finally:
            quiet = options.command in (*DATA_ONLY, "collect")
            _write(options, errors.text() if quiet else said.text() + errors.text())


def _write(options: Namespace, text: str) -> None:
    if not text.strip():
        return
    with contextlib.suppress(Trouble), event_log.install(data_folder(options)):
        for line in filter(str.strip, text.splitlines()):
            log.info("%s: %s", options.command, line.rstrip())


class _Listener(io.TextIOBase):
    """Hands everything on at once, and remembers it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said = io.StringIO()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._said.write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def text(self) -> str:
        return self._said.getvalue()
