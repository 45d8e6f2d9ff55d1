"""A letter on its way through the conversation with the server, try by try. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from kollect.smtp.outgoing import Outcome, OutgoingMail


class Style(Enum):
    """The three ways of talking; see `protocol`."""

    CHUNKED = auto()
    PIPELINED = auto()
    SEQUENTIAL = auto()


@dataclass(slots=True)
class Delivery:
    """A letter that is being delivered, with what was learned of it in earlier tries."""

    letter: OutgoingMail
    quoted: bool = False
    """The server refused the recipient's form; now it is tried in quotes."""
    tries: int = 0
    place: int = 0
    """The number of its last try, among all that were begun."""


@dataclass(frozen=True, slots=True)
class DeliveryEnded:
    """How a try ended: with an outcome, or None: not delivered for sure, and worth another try."""

    delivery: Delivery
    outcome: Outcome | None
    ours: bool = False
    """Refused for what the shop's account or settings are, not for what the letter is."""
    fatal: bool = False
    """No other letter will fare better."""
    called_off: bool = False
    """The caller took the letter back before MAIL: there is nothing to report of it."""


@dataclass(slots=True, eq=False)
class Transaction:
    """One try: from MAIL to the server's last word."""

    delivery: Delivery
    style: Style
    letter: OutgoingMail
    """The form of the letter this server can take."""
    parameters: bytes
    failed: DeliveryEnded | None = None
    """What will be said of it, once all its answers are there."""
    complete: bool = False
    """All of it was sent: without an answer the server may have it."""
