"""One stay at the mailbox, in as many sessions as it takes.

A session is not held open while letters go out slowly: after a bounded time it is ended, which
makes its deletions count, and opened again when it is needed. Mails are named by their uid here,
because a handle is good for one session only.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from kollect.collector.mail_identity import key_of
from kollect.errors import ServerTrouble
from kollect.inbox.fetch_sinks import Counting, Head, falls_short, seems_whole
from kollect.inbox.mailbox import CommandRefused, Deadly, Mailbox, MailboxEntry, Sink
from kollect.mail.message import Mail

HOLD_SECONDS = 60.0
"""So long a session may wait for letters to go out; servers drop idle ones after some minutes."""


class ConnectionLostAtMail(Exception):
    """The session was lost while the mail `uid` was fetched, or marked; `cause` says how."""

    def __init__(self, uid: str, cause: ServerTrouble) -> None:
        super().__init__(uid)
        self.uid = uid
        self.cause = cause


class MailboxSession:
    """Raises what the mailbox raises; ConnectionLostAtMail where one mail can be named for it."""

    def __init__(
        self,
        open_mailbox: Callable[[], Mailbox],
        *,
        fetch_order: Callable[[list[str]], list[str]] = list,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fetch_order` says which mails are to be tried in which order; asked only about those
        whose uid has to be made of their headers."""
        self._open_mailbox = open_mailbox
        self._fetch_order = fetch_order
        self._clock = clock
        self._mailbox: Mailbox | None = None
        self._opened_at = 0.0
        self._handles: dict[str, int] = {}
        self._sizes: dict[int, int] = {}
        self._least: dict[str, int] = {}
        """Octets of the headers that were read: the whole mail cannot be shorter."""
        self._doubles: dict[str, list[int]] = {}
        self._marked: list[str] = []
        self._nameless = 0
        self.not_given: set[str] = set()
        """Mails without a uid of which the server gives no header, under what stands for a uid."""
        self.session = 0
        """How many there were."""
        self.trouble: ServerTrouble | None = None
        """Why a session could not be ended well while letters went out."""

    def open(self) -> int:
        """Make sure that there is a session. Returns which one it is, from 1."""
        if self._mailbox is not None:
            return self.session
        self._mailbox = self._open_mailbox()
        self._opened_at = self._clock()
        self._handles.clear()
        self._doubles.clear()
        self._marked.clear()
        self._nameless = 0
        self.not_given.clear()
        try:
            listing = self._mailbox.listing()
            self._sizes = {listed.handle: listed.size for listed in listing}
            for listed, uid in self._identified(self._mailbox, listing):
                if uid in self._handles:
                    self._doubles.setdefault(uid, []).append(listed.handle)
                else:
                    self._handles[uid] = listed.handle
        except (ServerTrouble, ConnectionLostAtMail):
            self.abandon()
            raise
        self.session += 1
        return self.session

    def uids(self) -> list[str]:
        """What is in the mailbox, in the order of arrival."""
        return list(self._handles)

    def remaining(self) -> int:
        """How many mails are on the server, as far as this visit knows.

        What is marked for deletion is there until `close` has returned.
        """
        there = (*self._handles, *self._marked)
        doubles = sum(len(self._doubles.get(uid, ())) for uid in there)
        return len(there) + doubles + self._nameless

    def contains(self, uid: str) -> bool:
        """Is this mail there, not marked, in the session that is open from here on?"""
        self.open()  # what was there before a rest may have vanished meanwhile
        return uid in self._handles

    def headers(self, uids: Iterable[str]) -> Iterator[tuple[str, bytes | CommandRefused]]:
        """The header of each mail. One that the server does not hand over by itself is taken out of
        the whole mail, and one that seems to end early as well. Those come last."""
        wanted = [uid for uid in uids if uid in self._handles]
        alone = []
        for uid, block in self._blocks(self._session(), {self._handles[u]: u for u in wanted}):
            if isinstance(block, Deadly) or seems_whole(block):
                self._least[uid] = 0 if isinstance(block, CommandRefused) else len(block)
                yield uid, block
            else:
                alone.append(uid)
        for uid in filter(self.contains, alone):
            yield uid, self._head_of_whole(self._session(), self._handles[uid], uid)

    def _blocks(
        self, mailbox: Mailbox, names: dict[int, str]
    ) -> Iterator[tuple[str, bytes | CommandRefused]]:
        """The header of each mail by its handle, under its name."""
        left = dict(names)
        try:
            for handle, block in mailbox.headers(list(names)) if names else ():
                yield left.pop(handle), block
        except ServerTrouble as trouble:
            self.abandon()
            if left:
                raise ConnectionLostAtMail(next(iter(left.values())), trouble) from trouble
            raise

    def _head_of_whole(self, mailbox: Mailbox, handle: int, name: str) -> bytes | CommandRefused:
        """The header out of the whole mail, where the server gave none; CommandRefused where it
        gives nothing that can be a mail."""
        sink = Head()
        try:
            self._fetch(mailbox, handle, name, sink)
        except CommandRefused as refusal:
            return refusal
        return sink.handed_over(self._sizes.get(handle, 0))

    def fetch(self, uid: str, sink: Sink) -> None:
        """The whole mail. Raises CommandRefused where the server gives nothing, or clearly less
        than it had announced; `sink` then holds what has come."""
        handle = self._handles[uid]
        counting = Counting(sink)
        self._fetch(self._session(), handle, uid, counting)
        size = max(self._sizes.get(handle, 0), self._least.get(uid, 0))
        if falls_short(counting.octets, size):
            raise CommandRefused(f"{counting.octets} octets of {size}")

    def _fetch(self, mailbox: Mailbox, handle: int, name: str, sink: Sink) -> None:
        try:
            mailbox.fetch(handle, sink)
        except ServerTrouble as trouble:
            self.abandon()
            raise ConnectionLostAtMail(name, trouble) from trouble

    def size(self, uid: str) -> int:
        """Octets as the server counts them; 0 where it does not say."""
        return self._sizes.get(self._handles.get(uid, 0), 0)

    def mark_deleted(self, uids: Iterable[str]) -> list[str]:
        """Mark mails; they are gone when `close` has returned, which names them.

        Returns those that the server would not mark.
        """
        names = {}
        for uid in filter(self.contains, uids):
            for handle in (self._handles[uid], *self._doubles.get(uid, ())):
                names[handle] = uid
        if not names:
            return []
        mailbox = self._session()
        try:
            taken = {names[handle] for handle in mailbox.mark_deleted(names)}
        except ServerTrouble as trouble:
            self.abandon()
            if (over := mailbox.lost_over) in names:
                raise ConnectionLostAtMail(names[over], trouble) from trouble
            raise
        self._marked += taken
        for uid in taken:
            del self._handles[uid]
        return [uid for uid in set(names.values()) if uid in self._handles]

    def release_if_idle(self) -> list[str]:
        """Called while letters go out: end a session that was held long enough. Returns the mails
        that are deleted by that.

        Raises nothing: the letters on their way have nothing to do with trouble here. It is kept in
        `trouble`, and the mails that were to be deleted will be there again.
        """
        if self._mailbox is None or self._clock() - self._opened_at <= HOLD_SECONDS:
            return []
        try:
            return self.close()
        except ServerTrouble as trouble:
            self.trouble = trouble
            return []

    def close(self) -> list[str]:
        """End the session. Returns the mails that the server has confirmed to be deleted."""
        if self._mailbox is None:
            return []
        mailbox, self._mailbox = self._mailbox, None
        mailbox.close()
        marked, self._marked = self._marked, []
        return marked

    def abandon(self) -> None:
        if self._mailbox is not None:
            mailbox, self._mailbox = self._mailbox, None
            mailbox.abandon()

    def _session(self) -> Mailbox:
        self.open()
        assert self._mailbox is not None
        return self._mailbox

    def _identified(
        self, mailbox: Mailbox, listing: list[MailboxEntry]
    ) -> Iterator[tuple[MailboxEntry, str]]:
        """Each mail with its uid; where the server has none, one made of its headers.

        A mail that has no uid and whose headers are refused cannot be told from another: it is
        left out. Until its headers are read it goes by its size, so that one at which the session
        dies can be left alone.
        """
        nameless = _by_size(listing)
        wanted = self._fetch_order(list(nameless)) if nameless else []
        names = {nameless[name]: name for name in wanted}
        made = {}
        alone = []
        for name, block in self._blocks(mailbox, names):
            if seems_whole(block):
                made[nameless[name]] = key_of(Mail.read(block))
            else:
                alone.append(name)
        for name in alone:
            block = self._head_of_whole(mailbox, nameless[name], name)
            if isinstance(block, CommandRefused):
                self.not_given.add(name)
            else:
                made[nameless[name]] = key_of(Mail.read(block))
        for listed in listing:
            uid = listed.uid or made.get(listed.handle)
            if uid is None:
                self._nameless += 1
            else:
                yield listed, uid


def _by_size(listing: list[MailboxEntry]) -> dict[str, int]:
    """The handles of those that have no uid, under the nearest thing to one."""
    alike: Counter[int] = Counter()
    names = {}
    for listed in listing:
        if listed.uid is None:
            names[f"size:{listed.size}.{alike[listed.size]}"] = listed.handle
            alike[listed.size] += 1
    return names
