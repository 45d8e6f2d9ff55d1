"""The one way to open a mailbox: the settings alone decide which adapter it is."""

from __future__ import annotations

from kollect.inbox.idle_session import IdleSession
from kollect.inbox.mailbox import Mailbox
from kollect.inbox.pop3 import Pop3Mailbox
from kollect.net.connection import Trace
from kollect.settings.model import Protocol, Receive, Tls


def open_mailbox(
    receive: Receive,
    tls: Tls,
    password: str,
    *,
    trace: Trace | None = None,
    session: IdleSession | None = None,
) -> Mailbox:
    """Connect and log in as the settings say. Raises ServerTrouble and its kinds.

    `trace` is told each step as it begins, from the look-up of the name to the login. With
    `session` a connection that can wait for mail is not opened anew where one is kept, and is kept
    at the end.
    """
    match receive.protocol:
        case Protocol.POP3:
            return Pop3Mailbox.open(receive, tls, password, trace=trace)
        case Protocol.IMAP:
            # Only here: an unused library costs a third of a second at every start.
            from kollect.inbox.imap import ImapMailbox

            return ImapMailbox.open(receive, tls, password, trace=trace, session=session)
