"""What the stages of one poll share: settings in force, ledger, counts, clock, who is notified."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kollect.collector.clock_evidence import Witnesses
from kollect.collector.events import (
    CollectorEvent,
    CountsBuilder,
    Held,
    LogEntry,
    Phase,
    PhaseChanged,
)
from kollect.collector.member_effects import MemberEffects
from kollect.decision.types import Kind, Rules
from kollect.errors import StorageTrouble
from kollect.ledger.kept_folder import KeptFolder
from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_clock import LivedClock
from kollect.ledger.metadata import CachedMetadata
from kollect.ledger.records import Template
from kollect.mail import address
from kollect.mail.foreign_text import visible
from kollect.mailing import mailing_text
from kollect.settings.model import Passwords, Settings
from kollect.storage import log_sentences

log = logging.getLogger(__name__)

NUMBERED = frozenset({Kind.NEW, Kind.DUPLICATE, Kind.RENUMBER})
"""Kinds that are answered with a number."""
ANSWERED = NUMBERED | {Kind.STOP}
"""Kinds that are answered with a text of ours; the others are forwarded at most."""
STOPPED = frozenset({Kind.STOP, Kind.STOP_UNANSWERED})
FORWARDED = frozenset({Kind.OUT_OF_SCOPE, Kind.AUTOMATIC, Kind.BOUNCE})
"""Kinds that go to 対象外メールの送信先."""


TOLD_AGAIN_AFTER = 7
"""Days."""


@dataclass(slots=True)
class PollContext:
    settings: Settings
    passwords: Passwords
    ledger: Ledger
    kept: KeptFolder
    now: Callable[[], datetime]
    listener: Callable[[CollectorEvent], None]
    patience: float | None = None
    """For how many seconds the program tries to write down what was sent; None: as long as it
    takes."""
    tally: CountsBuilder = field(default_factory=CountsBuilder)
    witnesses: Witnesses = field(default_factory=Witnesses)
    """What this poll has learnt of the time."""
    templates: dict[int, Template] = field(default_factory=dict)
    """The texts that this poll has read or written: they never change."""
    metadata: CachedMetadata = field(init=False)
    mailbox: str = field(init=False)
    """The ledger's name for the mailbox: nothing that staff edit but the address itself."""
    letter_domain: str = field(init=False)
    """The right side of our Message-IDs."""
    clock: LivedClock = field(init=False)
    """By which spans are measured; `now` is for dates that are written and read."""
    members: MemberEffects = field(init=False)
    reply_mark: str = field(init=False)
    """What everything we send is marked with, to know it when it comes back."""

    def __post_init__(self) -> None:
        self.metadata = CachedMetadata(self.ledger)
        self.mailbox = address.key(self.settings.mail_address)
        self.letter_domain = address.wire(self.settings.mail_address)[0].rpartition("@")[2]
        self.clock = LivedClock(self.ledger, self.now)
        self.members = MemberEffects(self.ledger)
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

    def confirmation(self, now: datetime) -> int:
        """The text that confirms a 配信停止."""
        text = mailing_text.stopped(self.settings.shop, self.settings.mail_address)
        return self.ledger.template_in_force("stop", *text, now)

    def notify(self, text: str) -> None:
        """One event, for the log and for the screens."""
        text = visible(text)
        log.log(log_sentences.TROUBLE if log_sentences.is_fault(text) else logging.INFO, "%s", text)
        self.listener(LogEntry(self.now(), text))

    def tell_of_mails(self, name: str, mails: Iterable[str], text: str) -> None:
        """Notify how many mails there are: at once where they are not those of the last time under
        this `name`, else once a week."""
        uids = sorted(mails)
        which = hashlib.sha256("\n".join(uids).encode()).hexdigest() if uids else ""
        if not which:
            self.metadata.set_metadata(name, "")
            return
        before, _, day = self.metadata.get_metadata(name).partition(" ")
        today = self.now().date().toordinal()
        told_on = int(day) if day.isdecimal() else 0
        # a day of the future is one that a wrong clock has written
        if before != which or abs(today - told_on) >= TOLD_AGAIN_AFTER:
            self.metadata.set_metadata(name, f"{which} {today}")
            self.notify(text.format(count=len(uids)))

    def cannot_write(self, trouble: StorageTrouble, pause: timedelta) -> None:
        """What became of letters is not on disk yet; after the pause it is tried again."""
        now = self.now()
        self.listener(Held(now, trouble, now + pause))

    def phase(self, phase: Phase) -> None:
        self.listener(PhaseChanged(phase))
