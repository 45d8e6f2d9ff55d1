"""A POP3 mailbox (RFC 1939), in few round trips where the server allows it.

Knows the commands that list, read and delete; the way to an open mailbox is in `pop3_login`, the
reading of answers in `pop3_dialogue`. It decides nothing about a mail.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import BinaryIO, TypeVar

from kollect.connection import Trace
from kollect.errors import LineDropped, LineTimeout, ServerTrouble, Stage
from kollect.inbox import login
from kollect.inbox.mailbox import Listed, Refused
from kollect.inbox.pop3_dialogue import Answer, Dialogue
from kollect.inbox.pop3_login import Capabilities, open_session
from kollect.peer import Peer
from kollect.settings.model import Receive, Tls

log = logging.getLogger(__name__)

K = TypeVar("K")

HEADER_LIMIT = 256 * 1024
_ON_THE_WAY = 4096
"""Octets of commands without an answer yet. Less than any system's receive buffer: however much the
server has to say meanwhile, our sending never waits for it, so the two can never wait for each
other."""
_MOST_MAILS = 200_000
"""More than this in one listing is left for the next poll."""
_LONGEST_UID = 512

_pipelines_well: dict[Peer, bool] = {}
"""What was seen of servers that announce PIPELINING: False for one that then lost the line."""


class Pop3Mailbox:
    """One POP3 session; see `inbox.mailbox.Mailbox` for the promises."""

    def __init__(self, dialogue: Dialogue, capabilities: Capabilities) -> None:
        self._dialogue = dialogue
        self._line = dialogue.line
        self._capabilities = capabilities
        self._top_works = True if "TOP" in capabilities else None
        self._top_seen = False
        self._marked = False
        self._line.stage = Stage.MAILBOX

    @classmethod
    def open(
        cls, receive: Receive, tls: Tls, password: str, *, trace: Trace | None = None
    ) -> Pop3Mailbox:
        """Connect and log in as the settings say. Raises ServerTrouble and its kinds."""
        return cls(*open_session(receive, tls, password, trace or (lambda stage: None)))

    def listing(self) -> list[Listed]:
        """All mails that are there, oldest first."""
        self._line.stage = Stage.MAILBOX
        uids: dict[int, str | None] = {}
        sizes: dict[int, int] = {}
        sized = True
        for command, answer in self._converse([("UIDL", "UIDL"), ("LIST", "LIST")]):
            if not answer.ok:
                sized = sized and command != "LIST"
                if login.busy(answer.code, ""):
                    # For the moment only: going on without ids would make known mails look new.
                    raise login.refusal(self._line.peer, "POP", answer.code, answer.text)
                log.info("%s: %s refused: %s", self._line.peer.host, command, answer.text)
                continue
            for line in self._dialogue.lines():
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
            raise login.refusal(self._line.peer, "POP", answer.code or "SYS/TEMP", answer.text)
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
        with closing(self._converse(commands)) as answers:
            for handle, answer in answers:
                if not answer.ok and not self._top_seen:
                    self._top_works = None  # announced or not, it is still to be seen
                    return
                self._top_seen = self._top_seen or answer.ok
                todo.popleft()
                yield handle, self._header_block() if answer.ok else _refused(answer)

    def _headers_by_retr(self, todo: deque[int]) -> Iterator[tuple[int, bytes | Refused]]:
        """One at a time: with whole mails on the way nothing would bound what must be read."""
        while todo:
            handle = todo.popleft()
            answer = self._dialogue.ask(f"RETR {handle}")
            yield handle, self._header_block() if answer.ok else _refused(answer)

    def _headers_of_the_first(self, handle: int) -> tuple[int, bytes | Refused]:
        """Learn from one mail whether TOP works here; it may be this one mail that is refused."""
        answer = self._dialogue.ask(f"TOP {handle} 0")
        if answer.ok:
            self._top_works = self._top_seen = True
            return handle, self._header_block()
        again = self._dialogue.ask(f"RETR {handle}")
        if not again.ok:
            return handle, _refused(answer)
        self._top_works = False
        return handle, self._header_block()

    def _header_block(self) -> bytes:
        """Keep the lines before the first empty one, let the rest go by."""
        kept = bytearray(b"\r\n")  # so that an empty line at the very start is found as well
        whole = False
        for piece in self._dialogue.body():
            if whole or len(kept) > HEADER_LIMIT:
                continue
            searched = max(0, len(kept) - 3)
            kept += piece
            end = kept.find(b"\r\n\r\n", searched)
            if end >= 0:
                whole = True
                del kept[end + 2 :]
        if len(kept) - 2 > HEADER_LIMIT:
            del kept[HEADER_LIMIT + 2 :]
            last_end = kept.rfind(b"\r\n", 2)
            if last_end > 0:
                del kept[last_end + 2 :]
        return bytes(kept[2:])

    def fetch(self, handle: int, sink: BinaryIO) -> None:
        """Write the whole raw mail into `sink`, as it comes, lines ended by CRLF.

        Raises Refused where the server refuses this one mail. What `sink` raises goes through; the
        session is then lost.
        """
        self._line.stage = Stage.RECEIVE
        answer = self._dialogue.ask(f"RETR {handle}")
        if not answer.ok:
            raise _refused(answer)
        for piece in self._dialogue.body():
            sink.write(piece)

    def delete(self, handles: Iterable[int]) -> list[int]:
        """Mark mails for deletion; returns those whose mark the server took."""
        self._line.stage = Stage.RECEIVE
        self._marked = True
        taken = []
        for handle, answer in self._converse((handle, f"DELE {handle}") for handle in handles):
            if answer.ok:
                taken.append(handle)
            else:
                log.warning("%s: DELE refused: %s", self._line.peer.host, answer.text)
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
            raise _undeleted(self._line.peer, answer)
        self._line.close()

    def abandon(self) -> None:
        """Drop the session, deleting nothing. Never raises."""
        self._line.abort()

    def _converse(self, commands: Iterable[tuple[K, str]]) -> Iterator[tuple[K, Answer]]:
        """Say the commands, yield the first line of each answer; a good one's body is to be read at
        once.

        With PIPELINING (RFC 2449 section 6.6) a bounded number is on the way, else one.
        """
        peer = self._line.peer
        pipelining = "PIPELINING" in self._capabilities and _pipelines_well.get(peer, True)
        source = iter(commands)
        waiting: deque[tuple[K, str]] = deque()
        ahead = answered = 0
        say = self._dialogue.send
        try:
            while True:
                if not waiting or (pipelining and ahead <= _ON_THE_WAY // 2):
                    batch = []
                    while ahead < _ON_THE_WAY and (pipelining or not waiting):
                        entry = next(source, None)
                        if entry is None:
                            break
                        waiting.append(entry)
                        batch.append(entry[1])
                        ahead += len(entry[1]) + 2
                    if batch:
                        say(batch)
                        say = self._dialogue.push
                if not waiting:
                    return
                answer = self._dialogue.answer()
                key, command = waiting.popleft()
                ahead -= len(command) + 2
                answered += 1
                if answered > 1 and pipelining:
                    _pipelines_well[peer] = True
                yield key, answer
        except (LineDropped, LineTimeout):
            if pipelining and answered and waiting and peer not in _pipelines_well:
                _pipelines_well[peer] = False
                log.warning("%s: announces PIPELINING, but lost the line over it", peer.host)
            raise
        finally:
            self._dialogue.owe([not command.startswith("DELE") for _, command in waiting])


def _numbered(line: bytes) -> tuple[int | None, bytes]:
    """A session number and what follows it; None where the line does not begin with one."""
    number, _, rest = line.strip().partition(b" ")
    if not number.isdigit() or not 0 < len(number) < 10 or int(number) == 0:
        return None, b""
    return int(number), rest.strip()


def _uid(text: bytes) -> str | None:
    """RFC 1939 section 7 allows 70 printable characters; others are taken as they come, but not
    endless.
    """
    return text.decode("latin-1") if 0 < len(text) <= _LONGEST_UID else None


def _size(text: bytes) -> int:
    number = text.split(b" ", 1)[0]
    return int(number) if number.isdigit() and len(number) < 16 else 0


def _refused(answer: Answer) -> Refused:
    return Refused(f"[{answer.code}] {answer.text}" if answer.code else answer.text)


def _undeleted(peer: Peer, answer: Answer) -> ServerTrouble:
    return ServerTrouble(
        "メールを削除できませんでした",
        stage=Stage.RECEIVE,
        happened=f"{peer.label}が、処理の終わったメールの削除を断りました。",
        cure="次の受信のときに自動的にもう一度削除します。同じメールに二重に返信することはありません。",
        detail=answer.text,
    )
