"""One stay at the mailbox, in as many sessions as it takes.

A session is not held open while letters go out slowly: after a bounded time it is ended, which
makes its deletions count, and opened again when it is needed. Mails are named by their uid here,
because a handle is good for one session only.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from kollect.errors import ServerTrouble
from kollect.inbox.mailbox import Listed, Mailbox, Refused
from kollect.mail import Mail

HOLD_SECONDS = 60.0
"""So long a session may wait for letters to go out; servers drop idle ones after some minutes."""


class FetchDied(Exception):
    """The session was lost while the mail `uid` was fetched; `cause` says how."""

    def __init__(self, uid: str, cause: ServerTrouble) -> None:
        super().__init__(uid)
        self.uid = uid
        self.cause = cause


class Visit:
    """Raises what the mailbox raises; FetchDied where one mail can be named for it."""

    def __init__(
        self,
        open_mailbox: Callable[[], Mailbox],
        on_gone: Callable[[list[str]], None],
        *,
        bearable: Callable[[list[str]], list[str]] = list,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`bearable` says which mails are to be tried in which order; asked only about those whose
        uid has to be made of their headers."""
        self._open_mailbox = open_mailbox
        self._on_gone = on_gone
        self._bearable = bearable
        self._clock = clock
        self._mailbox: Mailbox | None = None
        self._opened_at = 0.0
        self._handles: dict[str, int] = {}
        self._doubles: dict[str, list[int]] = {}
        self._marked: list[str] = []
        self._nameless = 0
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
        try:
            for listed, uid in self._identified(self._mailbox, self._mailbox.listing()):
                if uid in self._handles:
                    self._doubles.setdefault(uid, []).append(listed.handle)
                else:
                    self._handles[uid] = listed.handle
        except (ServerTrouble, FetchDied):
            self.abandon()
            raise
        self.session += 1
        return self.session

    def uids(self) -> list[str]:
        """What is in the mailbox, in the order of arrival."""
        return list(self._handles)

    def left(self) -> int:
        """How many mails are on the server, as far as this visit knows.

        What is marked for deletion is there until `close` has returned.
        """
        there = (*self._handles, *self._marked)
        doubles = sum(len(self._doubles.get(uid, ())) for uid in there)
        return len(there) + doubles + self._nameless

    def holds(self, uid: str) -> bool:
        """Is this mail there, not marked, in the session that is open from here on?"""
        self.open()  # what was there before a rest may have vanished meanwhile
        return uid in self._handles

    def headers(self, uids: Iterable[str]) -> Iterator[tuple[str, bytes | Refused]]:
        mailbox = self._session()
        wanted = [uid for uid in uids if uid in self._handles]
        done = 0
        try:
            for _, block in mailbox.headers([self._handles[uid] for uid in wanted]):
                done += 1
                yield wanted[done - 1], block
        except ServerTrouble as trouble:
            self.abandon()
            if done < len(wanted):
                raise FetchDied(wanted[done], trouble) from trouble
            raise

    def fetch(self, uid: str, sink: BinaryIO) -> None:
        mailbox = self._session()
        try:
            mailbox.fetch(self._handles[uid], sink)
        except ServerTrouble as trouble:
            self.abandon()
            raise FetchDied(uid, trouble) from trouble

    def delete(self, uids: Iterable[str]) -> list[str]:
        """Mark mails; they are gone when `close` has returned, and `on_gone` is told so.

        Returns those that the server would not mark.
        """
        names = {}
        for uid in filter(self.holds, uids):
            for handle in (self._handles[uid], *self._doubles.get(uid, ())):
                names[handle] = uid
        if not names:
            return []
        taken = {names[handle] for handle in self._session().delete(names)}
        self._marked += taken
        for uid in taken:
            del self._handles[uid]
        return [uid for uid in set(names.values()) if uid in self._handles]

    def rest(self) -> None:
        """Called while letters go out: end a session that was held long enough.

        Raises nothing: the letters on their way have nothing to do with trouble here. It is kept in
        `trouble`, and the mails that were to be deleted will be there again.
        """
        if self._mailbox is None or self._clock() - self._opened_at <= HOLD_SECONDS:
            return
        try:
            self.close()
        except ServerTrouble as trouble:
            self.trouble = trouble

    def close(self) -> None:
        if self._mailbox is None:
            return
        mailbox, self._mailbox = self._mailbox, None
        mailbox.close()
        marked, self._marked = self._marked, []
        if marked:
            self._on_gone(marked)

    def abandon(self) -> None:
        if self._mailbox is not None:
            mailbox, self._mailbox = self._mailbox, None
            mailbox.abandon()

    def _session(self) -> Mailbox:
        self.open()
        assert self._mailbox is not None
        return self._mailbox

    def _identified(self, mailbox: Mailbox, listing: list[Listed]) -> Iterator[tuple[Listed, str]]:
        """Each mail with its uid; where the server has none, one made of its headers.

        A mail that has no uid and whose headers are refused cannot be told from another: it is
        left out. Until its headers are read it goes by its size, so that one at which the session
        dies can be left alone.
        """
        nameless = _by_size(listing)
        wanted = self._bearable(list(nameless)) if nameless else []
        handles = [nameless[name] for name in wanted]
        made = {}
        done = 0
        try:
            for handle, block in mailbox.headers(handles) if handles else ():
                done += 1
                if not isinstance(block, Refused):
                    made[handle] = f"hash:{Mail.read(block).fingerprint}"
        except ServerTrouble as trouble:
            if done < len(wanted):
                raise FetchDied(wanted[done], trouble) from trouble
            raise
        for listed in listing:
            uid = listed.uid or made.get(listed.handle)
            if uid is None:
                self._nameless += 1
            else:
                yield listed, uid


def _by_size(listing: list[Listed]) -> dict[str, int]:
    """The handles of those that have no uid, under the nearest thing to one."""
    alike: Counter[int] = Counter()
    names = {}
    for listed in listing:
        if listed.uid is None:
            names[f"size:{listed.size}.{alike[listed.size]}"] = listed.handle
            alike[listed.size] += 1
    return names
