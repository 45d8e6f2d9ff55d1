"""What the collector notifies its listeners of: counts, events, its state. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from kollect.errors import Trouble


@dataclass(frozen=True, slots=True)
class PollReport:
    """The counts of one poll. A mail can count twice: forwarded and kept, ignored and kept."""

    accepted: int = 0
    """Numbers given."""
    duplicate: int = 0
    """Blank mails of addresses that had a number."""
    forwarded: int = 0
    kept: int = 0
    """Copies written to kept/."""
    ignored: int = 0
    """Automatic mails, and our own that came back."""
    bounced: int = 0
    """Delivery reports that marked a receipt 不達."""
    undeliverable: int = 0
    """Replies refused for good."""
    deferred: int = 0
    """Letters to be sent again at the next poll."""
    left: int = 0
    """Mails still on the server."""
    seconds: float = 0.0

    def as_json(self) -> dict[str, int | float]:
        return asdict(self) | {"seconds": round(self.seconds, 3)}


@dataclass(slots=True)
class CountsBuilder:
    """A PollReport while it is being counted."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def report(self, *, left: int, seconds: float) -> PollReport:
        return PollReport(**self.counts, left=left, seconds=seconds)


class Phase(StrEnum):
    """The state line of メール収集."""

    WAITING = "待機中"
    RECEIVING = "受信中"
    REPLYING = "返信中"
    ERROR = "エラー"


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    phase: Phase


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line for the list of last events; the log has the same."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class PollFinished:
    """One poll is over; `trouble` is what stopped it or a part of it."""

    at: datetime
    report: PollReport
    trouble: Trouble | None
    next_at: datetime | None
    """When the next poll begins; None where there will be none."""
    slowed: str = ""
    """Why that is later than the settings say, as a sentence; mostly empty."""


@dataclass(frozen=True, slots=True)
class Held:
    """The poll stands still: what became of letters cannot be written down. It is tried again."""

    at: datetime
    trouble: Trouble
    next_at: datetime


@dataclass(frozen=True, slots=True)
class WaitChanged:
    """Between two polls: how the collector waits for the next one from now on."""

    by_push: bool
    """The server tells of a mail as soon as it has come."""
    next_at: datetime
    """When the next poll begins, if nothing is told before."""


CollectorEvent = PhaseChanged | LogEntry | Held | PollFinished | WaitChanged
