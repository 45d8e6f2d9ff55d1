"""Letters of メール発信 that came back: how many days count before an address is 不達. Pure.

    what happened                                        the letter    the member
    ---------------------------------------------------  ------------  ---------------------------
    refused at RCPT: no such mailbox or domain           不達          不達 at once
    came back (a delivery report that names the letter
    by its Message-ID, 5xx), for the first time          不達          「1回戻ってきました」,
                                                                       written to by other mailings
    came back on the same day once more                  不達          as before
    came back on a second day                            不達          不達
    came back, in words about the shop or its text       不達          as before: nothing is counted

The server that is asked at RCPT knows its own mailboxes; a report comes from afar, and what it says
may be over tomorrow: a full mailbox, a filter that says "Unknown user" (docomo), a wrong setting of
the other side. So design §10 asks for two days. Mailman counts in the same way (one point a day for
a hard bounce, `bounce_info_stale_after` 7 days) and tells spam filters apart badly, which its users
report as a fault. Here time alone forgets nothing: a shop that writes once a month would never
reach the second day. What clears a day is a letter that was taken later and has not come back for
`SILENCE`; and a mail from the address itself, or 「不達の解除」.

What is counted is the address's: after アドレスの変更 or 統合 it stays where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from kollect.delivery.refusal import About, about, enhanced_code

ENOUGH = 2
"""On so many different days a letter has come back: the address is 不達."""
SILENCE = timedelta(days=7)
"""So long after a letter was taken nobody sends it back any more (RFC 5321 section 4.5.4.1: four or
five days of trying, and the way back)."""


@dataclass(frozen=True, slots=True)
class ReturnedLetter:
    """What a delivery report about a letter of メール発信 has brought about."""

    number: int
    """The member's."""
    days: int
    """How many days count by now; 0: it says nothing of the address."""
    undeliverable: bool
    """The member is 不達, by this report or from before."""


def days_that_count(returned: Iterable[date], taken: Iterable[date], today: date) -> list[date]:
    """Of the days on which letters to an address came back those that still count, the oldest
    first. `taken`: the days of those that were taken and have not come back.
    """
    proofs = [day for day in taken if day + SILENCE <= today]
    latest = max(proofs, default=date.min)
    return sorted(day for day in set(returned) if day >= latest)


def is_about_address(reason: str) -> bool:
    """Whether the words of a report can say something of the mailbox. What nobody knows can, but
    for X.7.X, security and policy (RFC 3463 section 3.8)."""
    code, _, text = reason.partition(" ")
    if not (code.isdecimal() and len(code) == 3):
        code, text = "550", reason
    match about("RCPT", int(code), text):
        case About.RECIPIENT | About.FULL:
            return True
        case About.DOUBTFUL:
            return not enhanced_code(text).startswith("5.7.")
    return False
