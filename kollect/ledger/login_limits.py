"""How often an account may be logged in to, as far as its server has complained: in the ledger.

What follows from a complaint is in `collector.poll_interval`.
"""

from __future__ import annotations

from dataclasses import dataclass

from kollect.ledger.metadata import CachedMetadata
from kollect.settings.model import Receive

_LONGEST = 86400


@dataclass(frozen=True, slots=True)
class LoginLimit:
    seconds: int = 0
    """Logins are to be at least so far apart; 0: the server has not complained."""
    since: int = 0
    """When the server last complained, or it was last halved, in lived seconds."""


def limit_of(notes: CachedMetadata, receive: Receive) -> LoginLimit:
    """Raises nothing: what cannot be understood is as if the server had not complained."""
    words = notes.get_metadata(_key(receive)).split()
    if len(words) != 2 or not all(word.isascii() and word.isdecimal() for word in words):
        return LoginLimit()
    if any(len(word) > 12 for word in words):
        return LoginLimit()
    seconds, since = map(int, words)
    return LoginLimit(seconds, since) if seconds <= _LONGEST else LoginLimit()


def write_limit(notes: CachedMetadata, receive: Receive, limit: LoginLimit) -> None:
    """Raises StorageTrouble."""
    notes.set_metadata(_key(receive), f"{limit.seconds} {limit.since}" if limit.seconds else "")


def _key(receive: Receive) -> str:
    """The account, not what staff may edit of the way to it."""
    host = receive.host.strip().rstrip(".").lower()
    return f"logins {host} {receive.account}"
