"""FETCH over many mails, of which one may be a trap: asked in halves until it stands alone.

Seen: Dovecot 2.3 with a message file that it may not read ends the session (`* BYE`) when that mail
is among those named, whatever is asked of it; others say NO to all of them, or leave one out of
an answer that is OK. The other mails have nothing to do with it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from kollect.errors import LineTimeout, ServerTrouble
from kollect.inbox import mailbox_errors
from kollect.inbox.imap_client import Client, Inbox, refusal_text, translated
from kollect.inbox.mailbox import CommandRefused, Deadly

log = logging.getLogger(__name__)

Items = Mapping[bytes, object]
"""What was told of one mail: names in upper case, and values."""

_MOST_SESSIONS = 24
"""So often a session is opened again in one visit: eight halvings for each of three mails."""
_NAMED_AT_ONCE = 500
"""Mails in one command: servers give up on lines of more than 8 KiB (RFC 7162 section 4)."""
_PATIENCE = 15.0
"""Seconds for each answer once one has not come: else one mail would cost many long waits."""
_ORIGIN = re.compile(rb"<(\d{1,12})>$")

_deadly: dict[tuple[str, int, str, int], set[int]] = {}
"""UIDs at which sessions have ended, by server, account and UIDVALIDITY, until the program ends: so
that not every poll has to look for them again."""

_careful: dict[tuple[str, int, str, int, str], int] = {}
"""So many mails are asked for at once where the search for one could not go on: some servers allow
no more than a login a minute."""
_MOST_EMPTY = 64
"""Answers with nothing in them to one question, until the rest is taken for gone."""
_FEW = 3
"""Where a session ends over each of so few mails, they are to blame; over more, the server is."""


class Fetcher:
    """The session in which mails are asked for; opened again where it ends over one of them."""

    def __init__(self, open_client: Callable[[], Client], kept: Client | None = None) -> None:
        """`kept` is a client that has stood open since the last visit, and may be dead by now."""
        self._open_client = open_client
        self._kept = kept
        self.client = kept or open_client()
        self.inbox = Inbox()
        self._sessions = 1

    def select(self) -> Inbox:
        """Open INBOX."""
        kept, self._kept = self._kept, None
        if kept is None:
            return self._select()
        patience, stage = kept.line.timeout, kept.line.stage
        kept.line.settimeout(min(patience, _PATIENCE))
        try:
            inbox = self._select()
        except ServerTrouble as trouble:
            log.debug("%s: the kept session is over: %s", kept.line.peer.host, trouble)
            kept.line.abort()
            self.client = self._open_client()
            self.client.line.stage = stage
            return self._select()
        kept.line.settimeout(patience)
        return inbox

    def at_a_glance(self, wanted: str, most: int) -> dict[int, Items]:
        """What is asked of each mail, where the server has just told of one in the kept session and
        there are few: without opening the mailbox once more, in one round trip.

        Empty where that cannot be, or where the answer is not what was asked for: then `select`
        opens the mailbox as ever, in another session if this one has died.
        """
        kept = self._kept
        if kept is None or not kept.arrivals.unseen:
            return {}
        there = kept.arrivals.exists
        self.inbox = kept.inbox
        if not there or there > most or not kept.inbox.validity or self._is_troublesome(wanted):
            return {}
        patience = kept.line.timeout
        kept.line.settimeout(min(patience, _PATIENCE))
        try:
            with translated(kept.line):
                answers = kept.all_at_once(wanted)
        except CommandRefused as refusal:
            log.debug("%s: not at a glance: %s", kept.line.peer.host, refusal)
            return {}
        except ServerTrouble as trouble:
            log.debug("%s: the kept session is over: %s", kept.line.peer.host, trouble)
            kept.line.abort()
            return {}
        finally:
            kept.line.settimeout(patience)
        if len(answers) != kept.arrivals.exists:
            return {}
        self._kept = None
        return answers

    def _is_troublesome(self, wanted: str) -> bool:
        """Mails of this mailbox have ended sessions, or are to be asked for in small parts."""
        return bool(self._known_deadly()) or (*self._key, _asked(wanted)) in _careful

    def _select(self) -> Inbox:
        with translated(self.client.line):
            try:
                self.inbox = self.client.select_inbox()
            except IMAPClientAbortError:
                raise
            except IMAPClientError as failure:
                code, text = refusal_text(self.client.line, failure)
                if mailbox_errors.busy(code, text):
                    peer = self.client.line.peer
                    raise mailbox_errors.of_login(peer, "IMAP", code, text) from failure
                raise
        return self.inbox

    def harmless(self, uids: Iterable[int]) -> list[int]:
        """Those at which no session has ended."""
        return [uid for uid in uids if uid not in self._known_deadly()]

    def one(self, uid: int, wanted: str) -> Items:
        """What is asked of one mail. Raises CommandRefused where the server gives nothing of it."""
        answers = self._ask([uid], wanted)
        if uid not in answers:
            raise CommandRefused("no such mail")
        return answers[uid]

    def each(self, uids: list[int], wanted: str) -> Iterator[tuple[int, Items | CommandRefused]]:
        """What is asked of each mail, in this order.

        Raises ServerTrouble, behind what was found, where the session ends whichever of them is
        asked for (then it is not about a mail), or cannot be opened again.
        """
        found: dict[int, Items | CommandRefused] = {}
        lost: ServerTrouble | None = None
        empty = 0
        known, careful = self._known_deadly(), (*self._key, _asked(wanted))
        most = _careful.get(careful, len(uids))
        parts = [uids[start : start + most] for start in range(0, len(uids), most)][::-1]
        while parts:
            part = parts.pop()
            try:
                answers = self._ask(part, wanted)
            except CommandRefused as refusal:
                if len(part) == 1:
                    found[part[0]] = refusal
                else:
                    parts += _halves(part)
                continue
            except ServerTrouble as trouble:
                lost = trouble
                if len(part) == 1:
                    # one that was asked for alone has nothing to compare it with but itself
                    again = part == uids and not found and part[0] not in known
                    parts += [part] if again else []
                    found[part[0]] = Deadly(trouble.detail)
                else:
                    parts += _halves(part)
                if not self._goes_on_after(trouble):
                    # the next visit begins where this one has come to
                    _careful[careful] = max(1, len(part) // 2)
                    break
                continue
            found |= answers
            # where it is left out of an answer to several, the mail alone may be given; without
            # its size it can do
            omitted = [uid for uid in part if uid not in answers]
            empty += not answers
            if len(part) == 1 or empty > _MOST_EMPTY or _asked(wanted) == wanted:
                found |= dict.fromkeys(omitted, CommandRefused("no such mail"))
            elif omitted:
                parts += [omitted] if answers else _halves(omitted)
        else:
            _careful.pop(careful, None)
        deadly = {uid for uid, answer in found.items() if isinstance(answer, Deadly)}
        if lost is not None and len(deadly) == len(uids) > _FEW:
            raise lost
        known |= deadly
        for uid in [uid for uid in uids if uid in found]:
            yield uid, found.pop(uid)
        if parts and lost is not None:
            raise lost

    def _ask(self, uids: list[int], wanted: str) -> dict[int, Items]:
        with translated(self.client.line):
            try:
                answers = self.client.fetch(uids, [wanted])
            except IMAPClientAbortError:
                raise
            except IMAPClientError as failure:
                self.client.forget_answers()
                raise CommandRefused(self.client.line.shown(str(failure))) from failure
        name = _asked(wanted).encode()
        named = set(uids)
        return {
            uid: items
            for uid, items in answers.items()
            if uid in named and any(item.startswith(name) for item in items)
        }

    def _goes_on_after(self, trouble: ServerTrouble) -> bool:
        """Open another session. False where there were too many, or it may not be so soon."""
        stage, validity = self.client.line.stage, self.inbox.validity
        self.client.line.abort()
        self._sessions += 1
        if self._sessions > _MOST_SESSIONS:
            return False
        log.debug("%s: session ended, opened again: %s", self.client.line.peer.host, trouble)
        try:
            self.client = self._open_client()
            if isinstance(trouble, LineTimeout):
                self.client.line.settimeout(min(self.client.line.timeout, _PATIENCE))
            same = self.select().validity == validity
        except ServerTrouble as refusal:
            log.debug("%s: not opened again: %s", self.client.line.peer.host, refusal)
            return False
        self.client.line.stage = stage
        if not same:
            self.client.line.abort()  # the UIDs in hand mean other mails
        return same

    @property
    def _key(self) -> tuple[str, int, str, int]:
        return (*self.client.account_key, self.inbox.validity)

    def _known_deadly(self) -> set[int]:
        return _deadly.setdefault(self._key, set())


def octets_of(items: Items, offset: int) -> bytes:
    """The octets from `offset` on of the part that was asked for; b"" where there are none.

    A server without parts names no origin and sends the whole.
    """
    for name, value in items.items():
        if not name.startswith(b"BODY[") or not isinstance(value, bytes | bytearray):
            continue
        origin = _ORIGIN.search(name)
        if origin is None:
            return bytes(value[offset:])
        if int(origin[1]) == offset:
            return bytes(value)
    return b""


def in_chunks(uids: list[int]) -> Iterator[list[int]]:
    """As many at a time as one command may name."""
    for start in range(0, len(uids), _NAMED_AT_ONCE):
        yield uids[start : start + _NAMED_AT_ONCE]


def _asked(wanted: str) -> str:
    """How the answer names it."""
    return wanted.partition(".PEEK")[0]


def _halves(uids: list[int]) -> list[list[int]]:
    """The second half first: parts are taken from the end."""
    middle = len(uids) // 2
    return [uids[middle:], uids[:middle]]
