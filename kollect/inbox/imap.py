"""An IMAP mailbox: the INBOX as a list of mails that are read and deleted, like POP3's.

A mail is named by its UID (RFC 3501 section 2.3.1.1). What is to be deleted is marked and expunged
in `close` (`imap_deletion`). Decides nothing about a mail.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from kollect.errors import NotDeleted, Stage
from kollect.inbox import imap_deletion
from kollect.inbox.header_block import Crlf, HeaderBlock
from kollect.inbox.idle_session import IdleSession
from kollect.inbox.imap_client import Client, open_client, translated
from kollect.inbox.imap_fetch import Fetcher, Items, in_chunks, octets_of
from kollect.inbox.mailbox import CommandRefused, MailboxEntry, Sink
from kollect.mail.message import HEADER_LIMIT
from kollect.net.connection import Trace
from kollect.settings.model import Receive, Tls

_HEADER_PART = HEADER_LIMIT + 3
"""Octets of a header asked for: its empty line as well, and one that shows that it goes on."""
_PIECE = 512 * 1024
"""Octets of a whole mail asked for at a time."""
_LARGEST = 2**29
_MUCH = 16 * 1024 * 1024
"""A mail may be larger than announced, but not endless: it goes to the disk."""
_HEADERS_AT_ONCE = 200
_HEADER_OCTETS_AT_ONCE = 4 * 1024 * 1024
"""The library holds an answer whole: what may come at once is bounded."""
_LARGEST_SIZE = 2**40
_FEW = 16
"""So many mails are read at a glance: at the counter, hardly ever more lie there."""
_HEADER = f"BODY.PEEK[HEADER]<0.{_HEADER_PART}>"


class ImapMailbox:
    """One IMAP session; see `inbox.mailbox.Mailbox` for the promises. Handles are UIDs.

    Where a session ends over one mail among several (Dovecot 2.3 with a message file that it may
    not read says `* BYE`), another one is opened, and the others are read.
    """

    def __init__(
        self,
        open_client: Callable[[], Client],
        kept: Client | None = None,
        keep: Callable[[Client, Iterable[int], int], bool] | None = None,
    ) -> None:
        """`kept` is a client to begin with. `keep` is offered the one at the end, with the UIDs of
        the mailbox and their validity, and says whether it takes it over."""
        self._fetcher = Fetcher(open_client, kept)
        self._keep = keep
        self._sizes: dict[int, int] | None = None
        self._at_hand: dict[int, Items] = {}
        """Headers that came along with the listing."""
        self._marked: list[int] = []
        self.lost_over: int | None = None
        self._stage(Stage.MAILBOX)

    @classmethod
    def open(
        cls,
        receive: Receive,
        tls: Tls,
        password: str,
        *,
        trace: Trace | None = None,
        session: IdleSession | None = None,
    ) -> ImapMailbox:
        """Connect and log in as the settings say. Raises ServerTrouble and its kinds.

        `session` may have a connection from before, and takes this one over at the end.
        """

        def fresh() -> Client:
            return open_client(receive, tls, password, trace or (lambda stage: None))

        if session is None:
            return cls(fresh)
        account = (receive, tls, password)
        return cls(fresh, session.take(account), partial(session.offer, account))

    @property
    def _client(self) -> Client:
        return self._fetcher.client

    def _stage(self, stage: Stage) -> None:
        self._client.line.stage = stage

    def listing(self) -> list[MailboxEntry]:
        """All mails that are there, oldest first."""
        self._stage(Stage.MAILBOX)
        if self._glance():
            return self._entries(self._fetcher.inbox.validity)
        inbox = self._fetcher.select()
        with translated(self._client.line):
            uids = sorted(self._client.uids("ALL")) if inbox.exists else []
        sizes: dict[int, int] = {}
        for chunk in in_chunks(self._fetcher.harmless(uids)):
            for uid, answer in self._fetcher.each(chunk, "RFC822.SIZE"):
                sizes[uid] = 0 if isinstance(answer, CommandRefused) else _size(answer)
        self._sizes = {uid: sizes.get(uid, 0) for uid in uids}
        return self._entries(inbox.validity)

    def _glance(self) -> bool:
        """Listing, sizes and headers in one, where the server has just told of a mail: a customer
        stands at the counter. False: nothing was seen."""
        seen = self._fetcher.at_a_glance(f"{_HEADER} RFC822.SIZE", _FEW)
        if not all(_size(items) and octets_of(items, 0) for items in seen.values()):
            return False
        self._sizes = {uid: _size(seen[uid]) for uid in sorted(seen)}
        self._at_hand = seen
        return bool(seen)

    def _entries(self, validity: int) -> list[MailboxEntry]:
        return [
            MailboxEntry(uid, f"imap:{validity}:{uid}" if validity else None, size)
            for uid, size in self._known().items()
        ]

    def _known(self) -> dict[int, int]:
        if self._sizes is None:
            self.listing()
        return self._sizes or {}

    def headers(self, handles: Iterable[int]) -> Iterator[tuple[int, bytes | CommandRefused]]:
        """The header block of each mail in the order asked for, up to the empty line.

        Those at which sessions have ended come last, each alone.
        """
        self._stage(Stage.RECEIVE)
        for chunk in self._by_weight(handles):
            if all(uid in self._at_hand for uid in chunk):
                for uid in chunk:
                    yield uid, self._header(uid, self._at_hand.pop(uid))
                continue
            for uid, answer in self._fetcher.each(chunk, _HEADER):
                yield (
                    uid,
                    answer if isinstance(answer, CommandRefused) else self._header(uid, answer),
                )

    def _by_weight(self, handles: Iterable[int]) -> Iterator[list[int]]:
        sizes = self._known()
        handles = list(handles)
        harmless = self._fetcher.harmless(handles)
        chunk: list[int] = []
        weight = 0
        for handle in harmless:
            octets = min(sizes.get(handle) or HEADER_LIMIT, HEADER_LIMIT)
            if chunk and (
                len(chunk) == _HEADERS_AT_ONCE or weight + octets > _HEADER_OCTETS_AT_ONCE
            ):
                yield chunk
                chunk, weight = [], 0
            chunk.append(handle)
            weight += octets
        if chunk:
            yield chunk
        for handle in sorted(set(handles).difference(harmless)):
            yield [handle]

    def _header(self, uid: int, answer: Items) -> bytes | CommandRefused:
        """The header that begins with this answer. Some servers give no more than 64 KiB at once:
        it is asked for until nothing more comes."""
        crlf, block = Crlf(), HeaderBlock()
        first = piece = octets_of(answer, 0)
        offset = 0
        while piece:
            block.feed(crlf.feed(piece))
            offset += len(piece)
            if block.whole or block.overlong or offset >= _HEADER_PART:
                break
            rest = f"BODY.PEEK[HEADER]<{offset}.{_HEADER_PART - offset}>"
            ((_, more),) = self._fetcher.each([uid], rest)
            piece = b"" if isinstance(more, CommandRefused) else octets_of(more, offset)
            if piece == first and offset + len(piece) > self._known().get(uid, 0):
                break  # the same once more, from a server without parts
        block.feed(crlf.end())
        return block.handed_over()

    def fetch(self, handle: int, sink: Sink) -> None:
        """Write the whole raw mail into `sink`, piece by piece, lines ended by CRLF.

        Raises CommandRefused where the server refuses this one mail.
        """
        size = self._known().get(handle, 0)
        largest = (2 * size or _LARGEST) + _MUCH
        self._stage(Stage.RECEIVE)
        crlf = Crlf()
        offset = 0
        first = b""
        while True:
            try:
                answer = self._fetcher.one(handle, f"BODY.PEEK[]<{offset}.{_PIECE}>")
            except CommandRefused:
                if not size or offset < size:
                    raise
                break  # some say no where nothing is left
            piece = octets_of(answer, offset)
            digest = hashlib.sha256(piece).digest()
            if not piece or (digest == first and offset + len(piece) > size):
                break  # the end; or all of it once more, from a server without parts
            first = first or digest
            sink.write(crlf.feed(piece))
            offset += len(piece)
            if len(piece) > _PIECE:  # all of it, from a server without parts
                break
            if offset > largest:
                line = self._client.line
                raise line.peer.malformed_error(line.stage, b"a mail without an end")
        sink.write(crlf.end())

    def mark_deleted(self, handles: Iterable[int]) -> list[int]:
        """Take note of mails to be deleted by `close`; returns those that are there."""
        known = self._known()
        taken = [handle for handle in handles if handle in known]
        self._marked += taken
        return taken

    def close(self) -> None:
        """Delete what was marked, log out. Only when this returns are the marked mails gone."""
        self._stage(Stage.RECEIVE)
        try:
            if self._marked:
                imap_deletion.delete(self._client, self._fetcher.inbox, self._marked)
        except NotDeleted:
            self._leave()
            raise
        except BaseException:
            self._client.line.abort()
            raise
        self._leave()

    def _leave(self) -> None:
        if self._marked:
            self._client.arrivals.deleted()
        validity = self._fetcher.inbox.validity
        if self._keep is not None and self._keep(self._client, self._sizes or (), validity):
            return
        with contextlib.suppress(Exception):  # what was to be done is done
            self._client.logout()
        self._client.line.close()

    def abandon(self) -> None:
        """Drop the session, deleting nothing. Never raises."""
        self._client.line.abort()


def _size(answer: Items) -> int:
    size = answer.get(b"RFC822.SIZE")
    return size if isinstance(size, int) and 0 < size < _LARGEST_SIZE else 0
