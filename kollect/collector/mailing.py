"""The sender of メール発信: works the outbox off, in a thread of its own or in the caller's.

What is to be sent, paused or stopped stands in the outbox, where screens and commands write it;
they then call `look`. Runs beside the collector on the same file. Whoever listens gets
`mailing_reports.MailingNews`, in this thread; a listener must not block.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from kollect.collector.mailing_reports import MailingNews
from kollect.collector.worker import local_now
from kollect.errors import Trouble
from kollect.folder import DataFolder
from kollect.settings.model import Passwords, Settings

log = logging.getLogger(__name__)


class MailingWorker:
    """One sender on one data folder. `load` gives the settings in force, before each round.

    At the start mailings go on that a crash, a power cut or `stop` has left in SENDING.
    """

    def __init__(
        self,
        folder: DataFolder,
        load: Callable[[], tuple[Settings, Passwords]],
        listener: Callable[[MailingNews], None],
        *,
        now: Callable[[], datetime] = local_now,
    ) -> None: ...

    @property
    def busy(self) -> bool:
        """Letters are on their way."""
        raise NotImplementedError

    @property
    def alive(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        """Send in a thread of its own, from now on; with nothing to send it sleeps."""
        raise NotImplementedError

    def look(self) -> None:
        """Something was begun, paused, resumed or stopped in the outbox. Returns at once.

        A letter on its way ends as it ends; no other one of a paused mailing goes out any more.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """Finish the letters on their way, then end; the rest goes on at the next start.

        Returns at once; `join` waits.
        """
        raise NotImplementedError

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; returns whether it has come."""
        raise NotImplementedError

    def run(self) -> None:
        """Send what there is to send, and wait for more, until `stop`."""
        raise NotImplementedError

    def once(self) -> Trouble | None:
        """Every letter that is owed, tried once, here and now; waits as the pace asks.

        Never raises a Trouble: returns why letters could not go out.
        """
        raise NotImplementedError


def send_sample(
    settings: Settings,
    passwords: Passwords,
    *,
    to: str,
    subject: str,
    body: str,
    mark: str,
    now: datetime,
) -> None:
    """自分に送って確かめる: the mailing as a member would get it, with names made up, to `to`.

    `subject` and `body` as they were typed; the footer is put below. `mark` is the ledger's for
    "reply". Raises TextNotReady, ServerTrouble, and Trouble where the server refuses the letter.
    """
    raise NotImplementedError


def sample_address(settings: Settings) -> str:
    """Where a sample goes unless somebody chooses: the owner's own mailbox.

    Not the shop's address if there is another one: what comes there from itself is taken away
    as a loop.
    """
    return settings.forward_address or settings.alert_address or settings.mail_address
