"""Deletion over IMAP: \\Deleted is set and the mails are expunged, in one go as a session ends.

The mark outlives a session, so it is set only when the mails are to go at once. Without UIDPLUS
(RFC 4315) EXPUNGE takes every marked mail: then nothing is deleted while others' marks are there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from imapclient import DELETED
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from kollect.inbox import mailbox_errors
from kollect.inbox.imap_client import Client, Inbox, refusal_text, translated
from kollect.inbox.imap_fetch import in_chunks


def delete(client: Client, inbox: Inbox, uids: list[int]) -> None:
    """Mark and expunge these mails. Raises NotDeleted where some are left, ServerTrouble."""
    with translated(client.line):
        _delete(client, inbox, uids)


def _delete(client: Client, inbox: Inbox, uids: list[int]) -> None:
    peer = client.line.peer
    if inbox.read_only:
        raise mailbox_errors.read_only(peer)
    alone = client.has_capability("UIDPLUS")
    if not alone:
        foreign = set(client.uids("DELETED")).difference(uids)
        if foreign:
            raise mailbox_errors.foreign_marks(peer, len(foreign))
    refused = ""
    marked = []
    for chunk in in_chunks(uids):
        left = [chunk]
        while left:
            part = left.pop()
            if not (said := _refusal(client, partial(_mark, client, part))):
                marked += part
            elif len(part) > 1:  # perhaps only one of them: the others are to go
                left += [part[len(part) // 2 :], part[: len(part) // 2]]
            else:
                refused = said
    if not alone and marked:
        refused = _refusal(client, client.expunge) or refused
    for chunk in in_chunks(marked) if alone else ():
        refused = _refusal(client, partial(client.uid_expunge, chunk)) or refused
    if refused:
        raise mailbox_errors.of_deletion(peer, refused)


def _mark(client: Client, uids: list[int]) -> None:
    client.add_flags(uids, [DELETED], silent=True)


def _refusal(client: Client, act: Callable[[], object]) -> str:
    """Do it; the server's words where it said no."""
    try:
        act()
    except IMAPClientAbortError:
        raise
    except IMAPClientError as failure:
        client.forget_answers()
        return refusal_text(client.line, failure)[1] or "NO"
    return ""
