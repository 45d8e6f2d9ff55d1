"""What the parts of one poll share: settings in force, ledger, counts, clock and voice."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from kollect import address
from kollect.collector.customers import Customers
from kollect.collector.reports import Happened, News, Phase, PhaseChanged, Tally
from kollect.decision.verdict import Kind, Rules
from kollect.foreign_text import visible
from kollect.register.kept import KeptFolder
from kollect.register.ledger import Ledger
from kollect.settings.model import Passwords, Settings

log = logging.getLogger(__name__)

NUMBERED = frozenset({Kind.NEW, Kind.DUPLICATE, Kind.RENUMBER})
"""Kinds that are answered with a number."""
ANSWERED = NUMBERED | {Kind.STOP}
"""Kinds that are answered with a text of ours; the others at the most forwarded."""
STOPPED = frozenset({Kind.STOP, Kind.STOP_UNANSWERED})
FORWARDED = frozenset({Kind.OUT_OF_SCOPE, Kind.AUTOMATIC, Kind.BOUNCE})
"""Kinds that go to 対象外メールの送信先."""


@dataclass(slots=True)
class Desk:
    settings: Settings
    passwords: Passwords
    ledger: Ledger
    kept: KeptFolder
    now: Callable[[], datetime]
    listener: Callable[[News], None]
    tally: Tally = field(default_factory=Tally)
    mailbox: str = field(init=False)
    """The ledger's name for the mailbox: nothing that staff edit but the address itself."""
    letter_domain: str = field(init=False)
    """The right side of our Message-IDs."""
    customers: Customers = field(init=False)
    reply_mark: str = field(init=False)
    """What everything we send is marked with, to know it when it comes back."""

    def __post_init__(self) -> None:
        self.mailbox = address.key(self.settings.mail_address)
        self.letter_domain = address.wire(self.settings.mail_address)[0].rpartition("@")[2]
        self.customers = Customers(self.ledger)
        self.reply_mark = self.ledger.mark("reply")

    def rules(self) -> Rules:
        return Rules(
            own_address=self.settings.mail_address,
            blank_subjects=self.settings.collect.blank_subjects,
            duplicate_action=self.settings.duplicate.action,
            replies_per_hour=self.settings.collect.replies_per_hour,
            replies_per_day=self.settings.collect.replies_per_day,
            test_mark=self.ledger.mark("test"),
            reply_mark=self.reply_mark,
        )

    def say(self, text: str) -> None:
        """One event, for the log and for whoever watches."""
        text = visible(text)
        log.info("%s", text)
        self.listener(Happened(self.now(), text))

    def tell_of_mails(self, name: str, mails: Iterable[str], text: str) -> None:
        """Say how many mails there are, when they are others than the last time under this name."""
        uids = sorted(mails)
        which = hashlib.sha256("\n".join(uids).encode()).hexdigest() if uids else ""
        if self.ledger.note(name, which) and uids:
            self.say(text.format(len(uids)))

    def phase(self, phase: Phase) -> None:
        self.listener(PhaseChanged(phase))
