"""What this program has learned of a server since it started, beyond what the server says itself.

One memory for each protocol, host and port, shared by all that talk to it: polls, replies,
mailings, tests of the settings, in whatever threads they run. Whether a server has offered
encryption, and with which settings it has worked, is also kept over restarts, by those who have a
ledger (`ledger.encryption_record`).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from kollect.net.login import LoginMemory

log = logging.getLogger(__name__)

_MOST_LOST_AFTER_REST = 2
"""In a row; a line may be lost for any reason."""


@dataclass(frozen=True, slots=True)
class ServerName:
    """Which server, as the ledger and the memory know it."""

    protocol: str
    host: str
    port: int

    @classmethod
    def of(cls, protocol: str, host: str, port: int) -> ServerName:
        return cls(protocol, host.strip().rstrip(".").lower(), port)

    def __str__(self) -> str:
        return f"{self.protocol} {self.host}:{self.port}"


class ServerMemory:
    """All methods may be called from any thread."""

    def __init__(self, name: ServerName) -> None:
        self.name = name
        self.login = LoginMemory()
        self._lock = threading.Lock()
        self._encrypts = False
        self._worked_with: frozenset[str] = frozenset()
        self.login_delay = 0
        """Seconds that the server wants from one login to the next (POP3), as it last said."""
        self._kept: set[str] = set()
        self._doubted = ""
        self._doubt_needs = 1
        self._incidents = 0
        self._is_unreliable = False
        self._rested_well = False
        self._lost_after_rest = 0

    # --- encryption

    @property
    def encrypts(self) -> bool:
        """It has offered to encrypt, once: from then on it must."""
        return self._encrypts

    def has_offered_encryption(self) -> None:
        self._encrypts = True

    def forget_encryption(self) -> None:
        """The user says that it need not, any more."""
        self._encrypts = False

    # --- settings that have worked

    @property
    def worked_with(self) -> frozenset[str]:
        """The settings of the encryption with which a session was opened."""
        return self._worked_with

    def has_worked(self, security: str) -> bool:
        return security in self._worked_with

    def works(self, security: str) -> None:
        """A session was opened with this setting of the encryption, now or before a restart."""
        if security not in self._worked_with:
            self._worked_with |= {str(security)}

    # --- extensions: several commands on the way, letters in chunks
    #
    # A lost line may be the server's lie about an extension or any other misfortune. What tells
    # them apart is what comes of the same thing done plainly, one command at a time:
    #
    #     doubted ── plain went well ──▶ lied: plain until the program ends
    #             ── plain failed as well ──▶ believed again: it was something else
    #
    # A server that has kept its word before is given a second chance: lines do get lost.

    @property
    def believed(self) -> bool:
        """Its extensions may be used."""
        return not self._is_unreliable and not self._doubted

    def has_kept(self, what: str) -> bool:
        """It has done this well with several commands on the way."""
        return what in self._kept

    def keeps(self, what: str) -> None:
        """Several commands were on the way, and each was answered."""
        with self._lock:
            self._kept.add(what)
            self._incidents = 0

    def doubt(self, what: str, *, weakly: bool = False) -> None:
        """The line was lost or out of step while several commands were on the way.

        `weakly`: at a point where that happens to honest servers as well.
        """
        with self._lock:
            self._doubted = what
            self._doubt_needs = 2 if weakly or what in self._kept else 1

    def plainly(self, what: str, *, well: bool) -> None:
        """What had gone wrong was done one command at a time; how that went."""
        with self._lock:
            if self._doubted != what:
                return
            self._doubted = ""
            if not well:
                return
            self._incidents += 1
            if self._incidents < self._doubt_needs or self._is_unreliable:
                return
            self._is_unreliable = True
        log.info("%s は、まとめて送った命令に答えません。これからは1つずつ送ります。", self.name)

    # --- connections that lie idle between two letters

    @property
    def takes_after_rest(self) -> bool:
        """It has taken a letter on a connection that had lain idle."""
        return self._rested_well

    @property
    def may_rest(self) -> bool:
        """A connection may lie idle until the next letter."""
        return self._lost_after_rest < _MOST_LOST_AFTER_REST

    def rested(self, *, well: bool) -> None:
        """A connection that had lain idle, and said that it was well, was given a letter; how that
        went: the letter was decided on, or the line was lost over it."""
        with self._lock:
            self._rested_well = well
            self._lost_after_rest = 0 if well else self._lost_after_rest + 1


_lock = threading.Lock()
_memories: dict[ServerName, ServerMemory] = {}


def memory_of(protocol: str, host: str, port: int) -> ServerMemory:
    """The one memory of this server."""
    name = ServerName.of(protocol, host, port)
    with _lock:
        return _memories.setdefault(name, ServerMemory(name))


def forget_all() -> None:
    """As if the program had just been started."""
    with _lock:
        _memories.clear()
