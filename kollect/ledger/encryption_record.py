"""Which servers have offered encryption, kept in the ledger: what they have done once they must do.
And with which settings a session was opened: they are not the first to suspect in a trouble.

The connections themselves look at `net.server_memory` only; here it is filled from the ledger
before they are made, and written down afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.metadata import CachedMetadata, Metadata
from kollect.net.server_errors import SMTP
from kollect.net.server_memory import ServerMemory, memory_of
from kollect.settings.model import Settings

log = logging.getLogger(__name__)


@contextmanager
def encryption_kept(database: Path, settings: Settings) -> Iterator[None]:
    """Around whatever talks to the servers of these settings and has no ledger open by itself.

    Raises StorageTrouble.
    """
    with closing(Ledger(database)) as ledger:
        recall(ledger, settings)
    try:
        yield
    finally:
        with suppress(StorageTrouble), closing(Ledger(database)) as ledger:
            write_down(ledger, settings)


def recall(notes: Metadata | CachedMetadata, settings: Settings) -> None:
    """Raises StorageTrouble."""
    for memory in _memories(settings):
        if notes.get_metadata(_key(memory)):
            memory.has_offered_encryption()
        for security in notes.get_metadata(_worked_key(memory)).split():
            memory.works(security)


def write_down(notes: Metadata | CachedMetadata, settings: Settings) -> None:
    """Raises StorageTrouble."""
    for memory in _memories(settings):
        if memory.encrypts:
            notes.set_metadata(_key(memory), "yes")
        if memory.worked_with:
            notes.set_metadata(_worked_key(memory), " ".join(sorted(memory.worked_with)))


def forget(notes: Metadata, server: tuple[str, str, int]) -> None:
    """「今後は暗号化しない」. Raises StorageTrouble."""
    memory = memory_of(*server)
    notes.set_metadata(_key(memory), "")
    memory.forget_encryption()
    log.warning("%s の暗号化を、これからは求めません（画面から）。", memory.name)


def _memories(settings: Settings) -> list[ServerMemory]:
    receive, send = settings.receive, settings.send
    return [
        memory_of(receive.protocol, receive.host, receive.port),
        memory_of(SMTP, send.host, send.port),
    ]


def _key(memory: ServerMemory) -> str:
    return f"encrypts {memory.name}"


def _worked_key(memory: ServerMemory) -> str:
    return f"worked {memory.name}"
