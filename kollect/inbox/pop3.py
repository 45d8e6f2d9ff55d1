"""A POP3 mailbox (RFC 1939), in few round trips where the server allows it.

Knows the commands that list, read and delete; the way to an open mailbox is in `pop3_login`, the
reading of answers in `pop3_dialogue`. It decides nothing about a mail.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import BinaryIO

from kollect.errors import LineDropped, LineTimeout, Stage
from kollect.inbox import refusals
from kollect.inbox.header_block import HeaderBlock
from kollect.inbox.mailbox import Listed, Refused
from kollect.inbox.pop3_dialogue import Answer
from kollect.inbox.pop3_login import Session, open_session
from kollect.settings.model import Receive, Tls
from kollect.wire.connection import Trace
from kollect.wire.peer import Peer

log = logging.getLogger(__name__)

_MOST_MAILS = 100_000
"""More than this in one listing is left for the next poll."""
_LONGEST_UID = 512
_LONGEST_LISTING = 16 * 1024 * 1024
"""Octets: a hundred thousand lines with the longest ids that RFC 1939 section 7 allows, twice."""
_LARGEST = 2**29
_MUCH = 16 * 1024 * 1024
"""A mail may be larger than announced, but not endless: it goes to the disk."""

_PROBE_SECONDS = 15.0
"""The longest wait for the answer that shows whether PIPELINING was announced in earnest."""
_SECOND_CHANCE = 86400.0
"""Seconds until a server that lost the line over pipelined commands is believed again."""

_pipelines_well: set[Peer] = set()
_pipelines_badly: dict[Peer, float] = {}
"""When this was seen, by the monotonic clock."""


class Pop3Mailbox:
    """One POP3 session; see `inbox.mailbox.Mailbox` for the promises."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open_session = open_session
        self._marked = False
        self._top_seen = False
        self._sizes: dict[int, int] = {}
        self._begin()

    @classmethod
    def open(
        cls, receive: Receive, tls: Tls, password: str, *, trace: Trace | None = None
    ) -> Pop3Mailbox:
        """Connect and log in as the settings say. Raises ServerTrouble and its kinds."""
        return cls(lambda: open_session(receive, tls, password, trace or (lambda stage: None)))

    def _begin(self) -> None:
        self._dialogue, self._capabilities = self._open_session()
        self._line = self._dialogue.line
        self._line.stage = Stage.MAILBOX
        self._top_works = True if "TOP" in self._capabilities else None
        announced = "PIPELINING" in self._capabilities
        self._dialogue.pipelining = announced and not _found_out(self._line.peer)

    def listing(self) -> list[Listed]:
        """All mails that are there, oldest first."""
        peer = self._line.peer
        if not self._dialogue.pipelining or peer in _pipelines_well or self._marked:
            return self._list()
        # The first use of PIPELINING with this server: nothing is lost yet where it was a lie.
        patience = self._line.timeout
        try:
            self._line.settimeout(min(patience, _PROBE_SECONDS))
            listed = self._list()
            self._line.settimeout(patience)
            _pipelines_well.add(peer)
            return listed
        except (LineDropped, LineTimeout) as failure:
            log.info("%s: lost over pipelined commands, once more without: %s", peer.host, failure)
            self._line.abort()
        _pipelines_badly[peer] = time.monotonic()
        self._begin()
        return self._list()

    def _list(self) -> list[Listed]:
        self._line.stage = Stage.MAILBOX
        uids: dict[int, str | None] = {}
        sizes = self._sizes
        sizes.clear()
        sized = True
        for command, answer in self._dialogue.converse([("UIDL", "UIDL"), ("LIST", "LIST")]):
            if not answer.ok:
                sized = sized and command != "LIST"
                if refusals.busy(answer.code, ""):
                    # For the moment only: going on without ids would make known mails look new.
                    raise refusals.of_login(self._line.peer, "POP", answer.code, answer.text)
                log.debug("%s: %s refused: %s", self._line.peer.host, command, answer.text)
                continue
            for line in self._dialogue.lines(_LONGEST_LISTING):
                handle, rest = _numbered(line)
                if handle is None:
                    sized = sized and command != "LIST"
                elif len(uids) >= _MOST_MAILS and handle not in uids:
                    continue
                elif command == "UIDL":
                    uids[handle] = _uid(rest)
                else:
                    sizes[handle] = _size(rest)
                    uids.setdefault(handle, None)
        if not sized:
            for handle in range(1, self._count() + 1):
                uids.setdefault(handle, None)
        seen = Counter(uids.values())
        return [
            Listed(handle, uid if seen[uid] == 1 else None, sizes.get(handle, 0))
            for handle, uid in sorted(uids.items())
        ]

    def _count(self) -> int:
        """The number of mails by STAT, for servers whose LIST is missing or odd."""
        answer = self._dialogue.ask("STAT")
        if not answer.ok:
            raise refusals.of_login(self._line.peer, "POP", answer.code or "SYS/TEMP", answer.text)
        count, _ = _numbered(answer.text.encode())
        return min(count or 0, _MOST_MAILS)

    def headers(self, handles: Iterable[int]) -> Iterator[tuple[int, bytes | Refused]]:
        """The header block of each mail in the order asked for, up to the empty line."""
        self._line.stage = Stage.RECEIVE
        todo = deque(handles)
        while todo:
            if self._top_works is False:
                yield from self._headers_by_retr(todo)
            elif self._top_works is None:
                yield self._headers_of_the_first(todo.popleft())
            else:
                yield from self._headers_by_top(todo)

    def _headers_by_top(self, todo: deque[int]) -> Iterator[tuple[int, bytes | Refused]]:
        commands = ((handle, f"TOP {handle} 0") for handle in tuple(todo))
        with closing(self._dialogue.converse(commands)) as answers:
            for handle, answer in answers:
                if not answer.ok and not self._top_seen:
                    self._top_works = None  # announced or not, it is still to be seen
                    return
                self._top_seen = self._top_seen or answer.ok
                todo.popleft()
                yield handle, self._header_block(handle) if answer.ok else _refused(answer)

    def _headers_by_retr(self, todo: deque[int]) -> Iterator[tuple[int, bytes | Refused]]:
        """One at a time: with whole mails on the way nothing would bound what must be read."""
        while todo:
            handle = todo.popleft()
            answer = self._dialogue.ask(f"RETR {handle}")
            yield handle, self._header_block(handle) if answer.ok else _refused(answer)

    def _headers_of_the_first(self, handle: int) -> tuple[int, bytes | Refused]:
        """Learn from one mail whether TOP works here; it may be this one mail that is refused."""
        answer = self._dialogue.ask(f"TOP {handle} 0")
        if answer.ok:
            self._top_works = self._top_seen = True
            return handle, self._header_block(handle)
        again = self._dialogue.ask(f"RETR {handle}")
        if not again.ok:
            return handle, _refused(answer)
        self._top_works = False
        return handle, self._header_block(handle)

    def _header_block(self, handle: int) -> bytes | Refused:
        block = HeaderBlock()
        for piece in self._mail(handle):
            block.feed(piece)
        return block.handed_over()

    def fetch(self, handle: int, sink: BinaryIO) -> None:
        """Write the whole raw mail into `sink`, as it comes, lines ended by CRLF.

        Raises Refused where the server refuses this one mail. What `sink` raises goes through; the
        session is then lost.
        """
        self._line.stage = Stage.RECEIVE
        answer = self._dialogue.ask(f"RETR {handle}")
        if not answer.ok:
            raise _refused(answer)
        for piece in self._mail(handle):
            sink.write(piece)

    def _mail(self, handle: int) -> Iterator[bytes]:
        """What follows a good answer to TOP or RETR. Raises ServerTrouble where it does not end."""
        left = 2 * (self._sizes.get(handle) or _LARGEST) + _MUCH
        for piece in self._dialogue.body():
            yield piece
            left -= len(piece)
            if left < 0:
                raise self._line.peer.senseless(self._line.stage, b"a mail without an end")

    def delete(self, handles: Iterable[int]) -> list[int]:
        """Mark mails for deletion; returns those whose mark the server took."""
        self._line.stage = Stage.RECEIVE
        self._marked = True
        taken = []
        for handle, answer in self._dialogue.converse(
            (handle, f"DELE {handle}") for handle in handles
        ):
            if answer.ok:
                taken.append(handle)
            else:
                log.debug("%s: DELE refused: %s", self._line.peer.host, answer.text)
        return taken

    def close(self) -> None:
        """QUIT: the server deletes the marked mails only now (RFC 1939 section 6)."""
        self._line.stage = Stage.RECEIVE
        try:
            answer = self._dialogue.ask("QUIT")
        except (LineDropped, LineTimeout):
            self._line.abort()
            if self._marked:
                raise
            return  # nothing was at stake
        except BaseException:
            self._line.abort()
            raise
        if not answer.ok:
            self._line.abort()
            raise refusals.of_deletion(self._line.peer, answer.text)
        self._line.close()

    def abandon(self) -> None:
        """Drop the session, deleting nothing. Never raises."""
        self._line.abort()


def _found_out(peer: Peer) -> bool:
    """Whether this server lost the line over pipelined commands not long ago."""
    seen = _pipelines_badly.get(peer)
    return seen is not None and time.monotonic() - seen < _SECOND_CHANCE


def _numbered(line: bytes) -> tuple[int | None, bytes]:
    """A session number and what follows it; None where the line does not begin with one."""
    number, _, rest = line.strip().partition(b" ")
    if not number.isdigit() or not 0 < len(number) < 10 or int(number) == 0:
        return None, b""
    return int(number), rest.strip()


def _uid(text: bytes) -> str | None:
    """RFC 1939 section 7 allows 70 printable characters; others are taken, but not endless."""
    return text.decode("latin-1") if 0 < len(text) <= _LONGEST_UID else None


def _size(text: bytes) -> int:
    number = text.split(b" ", 1)[0]
    return int(number) if number.isdigit() and len(number) < 16 else 0


def _refused(answer: Answer) -> Refused:
    return Refused(f"[{answer.code}] {answer.text}" if answer.code else answer.text)
