"""The POP3 side of the demo's mail server (RFC 1939; CAPA and its response codes: RFC 2449).

Knows the mailboxes of `store` and a pair of asyncio streams. Whatever one client sends, the
others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable

from kollect.demo.store import DemoMailbox, DemoStore, StoredMail

log = logging.getLogger(__name__)

LINE_LIMIT = 4096
IDLE_SECONDS = 600  # RFC 1939 section 3: at least ten minutes
LOCK_SECONDS = 1.0
MOST_WRONG_PASSWORDS = 3

CAPABILITIES = (
    b"USER",
    b"TOP",
    b"UIDL",
    b"PIPELINING",
    b"RESP-CODES",
    b"AUTH-RESP-CODE",
    b"EXPIRE NEVER",
    b"IMPLEMENTATION kollect-demo",
)


class DemoPop3Server:
    """Lets clients in. One mailbox is open in one session at a time, several mailboxes at once."""

    def __init__(self, store: DemoStore) -> None:
        self._store = store
        self._locks: defaultdict[DemoMailbox, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it leaves, however it leaves."""
        self._writers.add(writer)
        session = _Session(self._store, self._locks, reader, writer)
        try:
            await session.talk()
        except (OSError, TimeoutError) as gone:
            log.debug("POP3 client gone: %s", type(gone).__name__)
        finally:
            session.unlock()
            self._writers.discard(writer)
            writer.close()

    def drop_all(self) -> None:
        """Cut every line. Marks for deletion are forgotten, as RFC 1939 section 6 asks."""
        for writer in self._writers:
            writer.transport.abort()


class _Bad(Exception):
    """What the client asked for cannot be done; the text follows -ERR."""


class _Session:
    def __init__(
        self,
        store: DemoStore,
        locks: defaultdict[DemoMailbox, asyncio.Lock],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._store = store
        self._locks = locks
        self._reader = reader
        self._writer = writer
        self._user = ""
        self._wrong_passwords = 0
        self._mailbox: DemoMailbox | None = None
        self._mails: tuple[StoredMail, ...] = ()
        self._deleted: set[int] = set()

    async def talk(self) -> None:
        await self._send(b"+OK kollect demo ready\r\n")
        going_on = True
        while going_on:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    line = await self._reader.readline()
            except ValueError:  # longer than LINE_LIMIT: where the next command begins is not known
                await self._send(b"-ERR line too long\r\n")
                return
            if not line.endswith(b"\n"):
                return
            word, _, rest = line.rstrip(b"\r\n").partition(b" ")
            verb = word.decode("ascii", "replace").upper()
            try:
                answer = await self._do(verb, rest)
            except _Bad as bad:
                answer = b"-ERR %s\r\n" % str(bad).encode("ascii")
            going_on = verb != "QUIT" and self._wrong_passwords < MOST_WRONG_PASSWORDS
            await self._send(answer)

    async def _do(self, verb: str, rest: bytes) -> bytes:
        match verb:
            case "CAPA":
                return _lines(b"capabilities follow", CAPABILITIES)
            case "QUIT":
                return self._quit()
            case "USER" | "PASS" if self._mailbox is not None:
                raise _Bad("already logged in")
            case "USER":
                self._user = rest.decode("utf-8", "replace")
                return b"+OK password, please\r\n"
            case "PASS":
                return await self._pass(rest)
            case _ if self._mailbox is None:
                raise _Bad("log in first")
            case "STAT":
                there = self._there()
                return b"+OK %d %d\r\n" % (len(there), sum(len(mail.raw) for _, mail in there))
            case "LIST":
                return self._listing(rest, lambda mail: b"%d" % len(mail.raw))
            case "UIDL":
                return self._listing(rest, lambda mail: mail.uid.encode("ascii"))
            case "TOP":
                number, _, count = rest.partition(b" ")
                return _mail(b"top follows", _top(self._one(number).raw, _digits(count)))
            case "RETR":
                raw = self._one(rest).raw
                return _mail(b"%d octets" % len(raw), raw)
            case "DELE":
                self._one(rest)
                self._deleted.add(_digits(rest))
                return b"+OK marked\r\n"
            case "RSET":
                self._deleted.clear()
                return b"+OK\r\n"
            case "NOOP":
                return b"+OK\r\n"
        raise _Bad("unknown command")

    async def _pass(self, password: bytes) -> bytes:
        mailbox = self._store.login(self._user, password)
        if mailbox is None:
            self._wrong_passwords += 1
            raise _Bad("[AUTH] wrong name or password")
        try:
            # A client that dropped its line a moment ago may not have been noticed yet.
            async with asyncio.timeout(LOCK_SECONDS):
                await self._locks[mailbox].acquire()
        except TimeoutError:
            raise _Bad("[IN-USE] another session has this mailbox") from None
        self._mailbox = mailbox
        self._mails = mailbox.mails
        return b"+OK %d mails\r\n" % len(self._mails)

    def _quit(self) -> bytes:
        """The UPDATE state: only here do marked mails go (RFC 1939 section 6)."""
        if self._mailbox is not None:
            self._mailbox.remove(frozenset(self._mails[n - 1].uid for n in self._deleted))
            self.unlock()
        return b"+OK bye\r\n"

    def unlock(self) -> None:
        if self._mailbox is not None:
            self._locks[self._mailbox].release()
            self._mailbox = None

    def _there(self) -> list[tuple[int, StoredMail]]:
        return [(n, mail) for n, mail in enumerate(self._mails, 1) if n not in self._deleted]

    def _one(self, number: bytes) -> StoredMail:
        n = _digits(number)
        if not 1 <= n <= len(self._mails) or n in self._deleted:
            raise _Bad("no such mail")
        return self._mails[n - 1]

    def _listing(self, number: bytes, say: Callable[[StoredMail], bytes]) -> bytes:
        if number:
            return b"+OK %d %s\r\n" % (_digits(number), say(self._one(number)))
        return _lines(b"listing follows", [b"%d %s" % (n, say(mail)) for n, mail in self._there()])

    async def _send(self, answer: bytes) -> None:
        self._writer.write(answer)
        async with asyncio.timeout(IDLE_SECONDS):
            await self._writer.drain()


def _digits(text: bytes) -> int:
    text = text.strip()
    if not text.isdigit() or len(text) > 9:
        raise _Bad("a number is needed")
    return int(text)


def _top(raw: bytes, count: int) -> bytes:
    """The header, the empty line and the first `count` lines of the body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    *lines, rest = body.split(b"\r\n", count)
    if rest and len(lines) < count:  # the last line of the mail has no end
        lines.append(rest)
    return b"\r\n".join([head, b"", *lines, b""])


def _mail(words: bytes, raw: bytes) -> bytes:
    """A mail as a multi-line answer: last line complete, dots doubled (RFC 1939 section 3)."""
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")
    return b"+OK " + words + stuffed + b".\r\n"


def _lines(words: bytes, lines: Iterable[bytes]) -> bytes:
    return b"".join([b"+OK ", words, b"\r\n", *(line + b"\r\n" for line in lines), b".\r\n"])
