"""What any mailbox can do, POP3 or IMAP. The rest of the program knows only this.

A mailbox is one session: opened, worked through, closed. `mark_deleted` marks mails for deletion
(DELE in `pop3`, \\Deleted in `imap_deletion`); nothing is gone from the server until `close` has
returned: a session that ends in any other way brings every mail back (RFC 1939
section 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MailboxEntry:
    """One mail of the listing. `handle` is good for this session only, `uid` for ever."""

    handle: int
    uid: str | None
    """The server's unique id; None where it has none or gave the same one twice."""
    size: int
    """Octets as the server counts them; 0 where it does not say."""


class CommandRefused(Exception):
    """The server did not give one mail; the session goes on. The text is the server's own."""


class Deadly(CommandRefused):
    """The server ended the session over this mail alone. Another session was opened already."""


class Sink(Protocol):
    """What a mail can be written into, piece by piece."""

    def write(self, data: bytes, /) -> object: ...


class Mailbox(Protocol):
    """One session. Mails come in the order of their arrival.

    Every method raises `errors.ServerTrouble` when the session is lost; after that only `abandon`
    may be called.
    """

    lost_over: int | None

    def listing(self) -> list[MailboxEntry]:
        """All mails that are there, oldest first."""
        ...

    def headers(self, handles: Iterable[int]) -> Iterator[tuple[int, bytes | CommandRefused]]:
        """The header block of each mail in the order asked for: CRLF lines, at most 256 KiB.

        With the empty line after it; what is longer comes without. A mail that the server refuses,
        or of which it gives no header to its end, yields a refusal and the others go on. Mails at
        which sessions have ended may come last.
        """
        ...

    def fetch(self, handle: int, sink: Sink) -> None:
        """Write the whole raw mail into `sink`, as it comes, lines ended by CRLF.

        Raises CommandRefused where the server refuses this one mail (`sink` may then hold a part of
        it).
        """
        ...

    def mark_deleted(self, handles: Iterable[int]) -> list[int]:
        """Mark mails for deletion; returns those whose mark the server took.

        `lost_over` is the mail at which the session was lost, where one can be named for it.
        """
        ...

    def close(self) -> None:
        """End the session. Only when this returns are the marked mails gone."""
        ...

    def abandon(self) -> None:
        """Drop the session, deleting nothing. Never raises."""
        ...
