"""An IMAP mailbox: the INBOX as a list of mails that are read and deleted, like POP3's.

A mail is named by its UID (RFC 3501 section 2.3.1.1). \\Deleted marks outlive a session, so they
are set only in `close`, together with the expunging. Decides nothing about a mail.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from imapclient import DELETED
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from kollect.errors import Stage
from kollect.inbox import refusals
from kollect.inbox.header_block import HEADER_LIMIT, Crlf, HeaderBlock
from kollect.inbox.imap_client import Client, open_client, refusal_text, translated
from kollect.inbox.mailbox import Listed, Refused
from kollect.settings.model import Receive, Tls
from kollect.wire.connection import Trace

log = logging.getLogger(__name__)

_PIECE = 512 * 1024
"""Octets of a whole mail asked for at a time."""
_LARGEST = 2**30
_AT_ONCE = 500
"""Mails named in one command: servers give up on lines of more than 8 KiB (RFC 7162 section 4)."""
_HEADERS_AT_ONCE = 200
_HEADER_OCTETS_AT_ONCE = 4 * 1024 * 1024
"""The library holds an answer whole: what may come at once is bounded."""


class ImapMailbox:
    """One IMAP session; see `inbox.mailbox.Mailbox` for the promises. Handles are UIDs."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._line = client.line
        self._sizes: dict[int, int] | None = None
        self._marked: list[int] = []
        self._line.stage = Stage.MAILBOX

    @classmethod
    def open(
        cls, receive: Receive, tls: Tls, password: str, *, trace: Trace | None = None
    ) -> ImapMailbox:
        """Connect and log in as the settings say. Raises ServerTrouble and its kinds."""
        return cls(open_client(receive, tls, password, trace or (lambda stage: None)))

    def listing(self) -> list[Listed]:
        """All mails that are there, oldest first."""
        self._line.stage = Stage.MAILBOX
        with translated(self._line):
            validity, exists = self._select()
            sizes: dict[int, int] = {}
            uids = sorted(self._client.search("ALL")) if exists else []
            for chunk in _chunks(uids):
                for uid, answer in self._client.fetch(chunk, ["RFC822.SIZE"]).items():
                    sizes[uid] = int(answer.get(b"RFC822.SIZE") or 0)
        self._sizes = {uid: sizes.get(uid, 0) for uid in uids}
        return [
            Listed(uid, f"imap:{validity}:{uid}" if validity else None, size)
            for uid, size in self._sizes.items()
        ]

    def _select(self) -> tuple[int, int]:
        """Open INBOX; its UIDVALIDITY (0 where UIDs do not last) and the number of mails."""
        try:
            answer = self._client.select_folder("INBOX")
        except IMAPClientAbortError:
            raise
        except IMAPClientError as failure:
            code, text = refusal_text(self._line, failure)
            if refusals.busy(code, text):
                raise refusals.of_login(self._line.peer, "IMAP", code, text) from failure
            raise
        return int(answer.get(b"UIDVALIDITY") or 0), int(answer.get(b"EXISTS") or 0)

    def _known(self) -> dict[int, int]:
        if self._sizes is None:
            self.listing()
        return self._sizes or {}

    def headers(self, handles: Iterable[int]) -> Iterator[tuple[int, bytes | Refused]]:
        """The header block of each mail in the order asked for, up to the empty line."""
        for chunk in self._by_weight(handles):
            found = self._headers_of(chunk)
            for handle in chunk:
                yield handle, found.get(handle, Refused("no such mail"))

    def _by_weight(self, handles: Iterable[int]) -> Iterator[list[int]]:
        sizes = self._known()
        chunk: list[int] = []
        weight = 0
        for handle in handles:
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

    def _headers_of(self, chunk: list[int]) -> dict[int, bytes | Refused]:
        self._line.stage = Stage.RECEIVE
        wanted = f"BODY.PEEK[HEADER]<0.{HEADER_LIMIT + 2}>"
        try:
            with translated(self._line):
                answers = self._fetch(chunk, wanted)
        except Refused as refusal:
            if len(chunk) == 1:
                return {chunk[0]: refusal}
            # One of them cannot be read: one by one shows which.
            return {uid: found for uid in chunk for found in self._headers_of([uid]).values()}
        return {uid: _header(raw) for uid, raw in answers.items()}

    def _fetch(self, uids: list[int], wanted: str) -> dict[int, bytes]:
        """The octets of one part of each mail. Raises Refused where the server says no."""
        try:
            answers = self._client.fetch(uids, [wanted])
        except IMAPClientAbortError:
            raise
        except IMAPClientError as failure:
            self._client.forget_answers()
            raise Refused(self._line.shown(str(failure))) from failure
        found: dict[int, bytes] = {}
        for uid, answer in answers.items():
            for name, octets in answer.items():
                if name.startswith(b"BODY["):
                    found[uid] = octets or b""
        return found

    def fetch(self, handle: int, sink: BinaryIO) -> None:
        """Write the whole raw mail into `sink`, piece by piece, lines ended by CRLF.

        Raises Refused where the server refuses this one mail.
        """
        self._known()
        self._line.stage = Stage.RECEIVE
        crlf = Crlf()
        offset = 0
        while True:
            with translated(self._line):
                answers = self._fetch([handle], f"BODY.PEEK[]<{offset}.{_PIECE}>")
            if handle not in answers:
                raise Refused("no such mail")
            piece = answers[handle]
            sink.write(crlf.feed(piece))
            offset += len(piece)
            if len(piece) != _PIECE:  # the last one; or all of it, from a server without parts
                break
            if offset > _LARGEST:
                raise self._line.peer.senseless(self._line.stage, b"a mail without an end")
        sink.write(crlf.end())

    def delete(self, handles: Iterable[int]) -> list[int]:
        """Take note of mails to be deleted by `close`; returns those that are there."""
        known = self._known()
        taken = [handle for handle in handles if handle in known]
        self._marked += taken
        return taken

    def close(self) -> None:
        """Delete what was marked, log out. Only when this returns are the marked mails gone."""
        self._line.stage = Stage.RECEIVE
        try:
            if self._marked:
                with translated(self._line):
                    self._expunge()
        except BaseException:
            self._line.abort()
            raise
        with contextlib.suppress(Exception):  # what was to be done is done
            self._client.logout()
        self._line.close()

    def _expunge(self) -> None:
        client = self._client
        alone = client.has_capability("UIDPLUS")
        if not alone:
            foreign = set(client.search("DELETED")).difference(self._marked)
            if foreign:
                raise refusals.foreign_marks(self._line.peer, len(foreign))
        try:
            for chunk in _chunks(self._marked):
                client.add_flags(chunk, [DELETED], silent=True)
            if not alone:
                client.expunge()
                return
            for chunk in _chunks(self._marked):
                client.uid_expunge(chunk)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as failure:
            raise refusals.of_deletion(self._line.peer, self._line.shown(str(failure))) from failure

    def abandon(self) -> None:
        """Drop the session, deleting nothing. Never raises."""
        self._line.abort()


def _chunks(uids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(uids), _AT_ONCE):
        yield uids[start : start + _AT_ONCE]


def _header(raw: bytes) -> bytes:
    crlf, block = Crlf(), HeaderBlock()
    block.feed(crlf.feed(raw) + crlf.end())
    return block.lines()
