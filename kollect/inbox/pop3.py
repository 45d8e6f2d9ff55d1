"""A POP3 mailbox (RFC 1939), in few round trips where the server allows it.

Knows the commands that list (UIDL, LIST), read (TOP, RETR), mark for deletion (DELE) and carry that
out (QUIT); the way to an open mailbox is in `pop3_login`, the reading of answers in
`pop3_protocol`. It decides nothing about a mail.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import TypeVar

from kollect.errors import (
    LineDropped,
    LineTimeout,
    LoginTrouble,
    MailboxBusy,
    ServerTrouble,
    Stage,
)
from kollect.inbox import mailbox_errors
from kollect.inbox.header_block import HeaderBlock
from kollect.inbox.mailbox import CommandRefused, MailboxEntry, Sink
from kollect.inbox.pop3_listing import numbered, size_of, uid_of
from kollect.inbox.pop3_login import Session, open_session
from kollect.inbox.pop3_protocol import Pop3Reply
from kollect.net.connection import Trace
from kollect.net.server_errors import POP3
from kollect.net.server_memory import memory_of
from kollect.settings.model import Receive, Tls

log = logging.getLogger(__name__)

K = TypeVar("K")

_MOST_MAILS = 100_000
"""More than this in one listing is left for the next poll."""
_LONGEST_LISTING = 16 * 1024 * 1024
"""Octets: a hundred thousand lines with the longest ids that RFC 1939 section 7 allows, twice."""
_LARGEST = 2**29
_MUCH = 16 * 1024 * 1024
"""A mail may be larger than announced, but not endless: it goes to the disk."""

_LIST, _TOP, _DELE = "UIDL and LIST", "TOP", "DELE"
"""What is done with several commands on the way."""
_RETR = "RETR after them"


class Pop3Mailbox:
    """One POP3 session; see `inbox.mailbox.Mailbox` for the promises."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open_session = open_session
        self._marked: list[int] = []
        self.lost_over: int | None = None
        self._at_stake = False
        """Marks were set, or may have been."""
        self._uids: dict[int, str | None] = {}
        """What the caller's handles stand for: a further session may number the mails
        differently."""
        self._numbers: dict[int, int] | None = None
        """By handle, in the present session; None while it is the one that was listed."""
        self._top_seen = False
        self._sizes: dict[int, int] = {}
        """By number, in the present session."""
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
        self._memory = memory_of(POP3, self._line.peer.host, self._line.peer.port)
        self._dialogue.pipelining = announced and self._memory.believed

    def listing(self) -> list[MailboxEntry]:
        """All mails that are there, oldest first."""
        try:
            listed = self._list()
        except ServerTrouble as trouble:
            if self._marked or not self._may_go_on_plainly(_LIST, trouble):
                raise
            self._begin()
            listed = self._list()
        self._uids = {mail.handle: mail.uid for mail in listed}
        self._numbers = None
        return listed

    def _list(self) -> list[MailboxEntry]:
        self._line.stage = Stage.MAILBOX
        uids: dict[int, str | None] = {}
        sizes = self._sizes
        sizes.clear()
        sized = True
        for command, answer in self._converse(_LIST, [("UIDL", "UIDL"), ("LIST", "LIST")]):
            if not answer.ok:
                sized = sized and command != "LIST"
                if mailbox_errors.busy(answer.code, ""):
                    # For the moment only: going on without ids would make known mails look new.
                    raise mailbox_errors.of_login(self._line.peer, "POP", answer.code, answer.text)
                log.debug("%s: %s refused: %s", self._line.peer.host, command, answer.text)
                continue
            for line in self._dialogue.lines(_LONGEST_LISTING):
                handle, rest = numbered(line)
                if handle is None:
                    sized = sized and command != "LIST"
                elif len(uids) >= _MOST_MAILS and handle not in uids:
                    continue
                elif command == "UIDL":
                    uids[handle] = uid_of(rest)
                else:
                    sizes[handle] = size_of(rest)
                    uids.setdefault(handle, None)
        if not sized:
            for handle in range(1, self._count() + 1):
                uids.setdefault(handle, None)
        seen = Counter(uids.values())
        return [
            MailboxEntry(handle, uid if seen[uid] == 1 else None, sizes.get(handle, 0))
            for handle, uid in sorted(uids.items())
        ]

    def _count(self) -> int:
        """The number of mails by STAT, for servers whose LIST is missing or odd."""
        answer = self._dialogue.ask("STAT")
        if not answer.ok:
            raise mailbox_errors.of_login(
                self._line.peer, "POP", answer.code or "SYS/TEMP", answer.text
            )
        count, _ = numbered(answer.text.encode())
        return min(count or 0, _MOST_MAILS)

    def headers(self, handles: Iterable[int]) -> Iterator[tuple[int, bytes | CommandRefused]]:
        """The header block of each mail in the order asked for, up to the empty line."""
        self._line.stage = Stage.RECEIVE
        todo = deque(handles)
        while todo:
            try:
                if self._top_works is False:
                    yield from self._headers_by_retr(todo)
                elif self._top_works is None:
                    yield self._headers_of_the_first(todo[0])
                    todo.popleft()
                else:
                    yield from self._headers_by_top(todo)
            except ServerTrouble as trouble:
                self._go_on_plainly(_TOP, trouble, todo)

    def _headers_by_top(self, todo: deque[int]) -> Iterator[tuple[int, bytes | CommandRefused]]:
        commands = ((handle, f"TOP {self._number(handle)} 0") for handle in tuple(todo))
        with closing(self._converse(_TOP, commands)) as answers:
            for handle, answer in answers:
                if not answer.ok and not self._top_seen:
                    self._top_works = None  # announced or not, it is still to be seen
                    return
                self._top_seen = self._top_seen or answer.ok
                found = self._header_block(handle) if answer.ok else _refused(answer)
                todo.popleft()
                yield handle, found

    def _headers_by_retr(self, todo: deque[int]) -> Iterator[tuple[int, bytes | CommandRefused]]:
        """One at a time: with whole mails on the way nothing would bound what must be read."""
        while todo:
            handle = todo[0]
            answer = self._dialogue.ask(f"RETR {self._number(handle)}")
            found = self._header_block(handle) if answer.ok else _refused(answer)
            todo.popleft()
            yield handle, found

    def _headers_of_the_first(self, handle: int) -> tuple[int, bytes | CommandRefused]:
        """Learn from one mail whether TOP works here; it may be this one mail that is refused."""
        number = self._number(handle)
        answer = self._dialogue.ask(f"TOP {number} 0")
        if answer.ok:
            self._top_works = self._top_seen = True
            return handle, self._header_block(handle)
        again = self._dialogue.ask(f"RETR {number}")
        if not again.ok:
            return handle, _refused(answer)
        self._top_works = False
        return handle, self._header_block(handle)

    def _header_block(self, handle: int) -> bytes | CommandRefused:
        block = HeaderBlock()
        for piece in self._mail(handle):
            block.feed(piece)
        return block.handed_over()

    def fetch(self, handle: int, sink: Sink) -> None:
        """Write the whole raw mail into `sink`, as it comes, lines ended by CRLF.

        Raises CommandRefused where the server refuses this one mail. What `sink` raises goes
        through; the session is then lost.
        """
        self._line.stage = Stage.RECEIVE
        try:
            answer = self._dialogue.ask(f"RETR {self._number(handle)}")
        except ServerTrouble as trouble:
            # it may not have got over what came ahead before
            self._go_on_plainly(_RETR, trouble, [handle])
            answer = self._dialogue.ask(f"RETR {self._number(handle)}")
        if not answer.ok:
            raise _refused(answer)
        for piece in self._mail(handle):
            sink.write(piece)
        if self._dialogue.hurried:
            self._memory.keeps(_RETR)
        else:
            self._memory.plainly(_RETR, well=True)

    def _mail(self, handle: int) -> Iterator[bytes]:
        """What follows a good answer to TOP or RETR. Raises ServerTrouble where it does not end."""
        left = 2 * (self._sizes.get(self._number(handle)) or _LARGEST) + _MUCH
        for piece in self._dialogue.body():
            yield piece
            left -= len(piece)
            if left < 0:
                raise self._line.peer.malformed_error(self._line.stage, b"a mail without an end")

    def mark_deleted(self, handles: Iterable[int]) -> list[int]:
        """Mark mails for deletion; returns those whose mark the server took."""
        self._line.stage = Stage.RECEIVE
        self._at_stake = True
        todo = deque(handles)
        taken: list[int] = []
        refused: list[int] = []
        while todo:
            try:
                for handle, answer in self._converse(_DELE, self._deletions(tuple(todo))):
                    todo.popleft()
                    (taken if answer.ok else refused).append(handle)
            except ServerTrouble as trouble:
                over = todo[0] if todo else None
                todo.extendleft(reversed(taken))  # their marks went with the session
                taken.clear()
                self.lost_over = over
                self._go_on_plainly(_DELE, trouble, todo)
                self.lost_over = None
        if refused and self._dialogue.hurried and not self._memory.has_kept(_DELE):
            taken += self._deleted_one_by_one(refused)
        self._marked += taken
        return taken

    def _deletions(self, handles: Iterable[int]) -> Iterator[tuple[int, str]]:
        return ((handle, f"DELE {self._number(handle)}") for handle in handles)

    def _deleted_one_by_one(self, handles: list[int]) -> list[int]:
        """Those that the server refused only because they came before their time."""
        self._dialogue.pipelining = False
        answers = self._dialogue.converse(self._deletions(handles))
        taken = [handle for handle, answer in answers if answer.ok]
        if taken:
            self._memory.doubt(_DELE)
            self._memory.plainly(_DELE, well=True)
        return taken

    # --- several commands on the way, and servers that cannot bear it

    def _converse(
        self, what: str, commands: Iterable[tuple[K, str]]
    ) -> Generator[tuple[K, Pop3Reply], None, None]:
        """As `Pop3Protocol.converse`, and learn from how it goes."""
        dialogue, memory = self._dialogue, self._memory
        asked = good = 0
        with closing(dialogue.converse(commands, wary=not memory.has_kept(what))) as answers:
            for key, answer in answers:
                yield key, answer
                asked += 1
                good += answer.ok
        if dialogue.hurried and good == asked:
            memory.keeps(what)
        elif not dialogue.hurried and good > 1:
            memory.plainly(what, well=True)

    def _may_go_on_plainly(self, what: str, trouble: ServerTrouble) -> bool:
        """Whether it may be the server's lie about PIPELINING that has cost the session."""
        self._line.abort()
        if isinstance(trouble, LoginTrouble | MailboxBusy):
            return False
        if not self._dialogue.hurried:
            self._memory.plainly(what, well=False)
            return False
        host = self._line.peer.host
        log.debug("%s: lost over pipelined commands, once more without: %s", host, trouble)
        self._memory.doubt(what, weakly=what == _RETR)
        return True

    def _go_on_plainly(self, what: str, trouble: ServerTrouble, todo: Iterable[int]) -> None:
        """Bring a fresh session to where this one was lost; raises the trouble where it cannot be.

        A mail is the same one when it has the same uid.
        """
        wanted = {*todo, *self._marked}
        if not self._may_go_on_plainly(what, trouble) or not all(map(self._uids.get, wanted)):
            raise trouble
        self._begin()
        now = {mail.uid: mail.handle for mail in self._list() if mail.uid}
        self._numbers = {
            handle: now[uid] for handle, uid in self._uids.items() if uid is not None and uid in now
        }
        self._line.stage = Stage.RECEIVE
        for _, answer in self._dialogue.converse(self._deletions(self._marked)):
            if not answer.ok:
                raise trouble

    def _number(self, handle: int) -> int:
        """Of a mail in this session; 0, which every server refuses, where it is gone by now."""
        return handle if self._numbers is None else self._numbers.get(handle, 0)

    def close(self) -> None:
        """QUIT: the server deletes the marked mails only now (RFC 1939 section 6)."""
        self._line.stage = Stage.RECEIVE
        try:
            answer = self._dialogue.ask("QUIT")
        except (LineDropped, LineTimeout):
            self._line.abort()
            if self._at_stake:
                raise
            return  # nothing was at stake
        except BaseException:
            self._line.abort()
            raise
        if not answer.ok:
            self._line.abort()
            raise mailbox_errors.of_deletion(self._line.peer, answer.text)
        self._line.close()

    def abandon(self) -> None:
        """Drop the session, deleting nothing. Never raises."""
        self._line.abort()


def _refused(answer: Pop3Reply) -> CommandRefused:
    return CommandRefused(f"[{answer.code}] {answer.text}" if answer.code else answer.text)
