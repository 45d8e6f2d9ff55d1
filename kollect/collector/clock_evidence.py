"""What one poll learns of the time from others than this PC, and how wrong its clock is by that.

Witnesses: the time in the sending server's greeting (Sendmail, Exim, Exchange say it); the time at
which the mail server took in the newest of the mails that have just arrived. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kollect.mail.message import Mail
from kollect.mail.server_date import date_in

OFF = timedelta(minutes=30)
"""How wrong a server itself may be, or how long a mail may take inside its network."""
LATE = timedelta(days=1)
"""How old the newest of the mails that have just arrived may be: somebody may move one into the
box."""
LATEST = timedelta(days=20)
"""The same where nobody knows when they arrived, as after the shop was closed."""


@dataclass(slots=True)
class Witnesses:
    """What one poll has learnt of the time."""

    server: datetime | None = None
    """What the sending server's clock showed, plus the time since then."""
    mail: datetime | None = None
    """When the newest of the new mails was taken in."""

    def add(self, mail: Mail) -> None:
        """A mail seen for the first time."""
        moment = taken_in(mail)
        if moment is not None and (self.mail is None or moment > self.mail):
            self.mail = moment


def taken_in(mail: Mail) -> datetime | None:
    """When the mail server took it in: its own field stands on top (RFC 5321 section 4.4). Date is
    the sender's clock, and counts for nothing beside it."""
    field = mail.first("received") or mail.first("date") or b""
    return date_in(field.decode("ascii", "replace"))


def ahead_by(witnesses: Witnesses, now: datetime, *, just_arrived: bool) -> timedelta | None:
    """How far the clock is ahead; negative: behind; nothing: right. None: nobody can tell."""
    if witnesses.server is not None:
        ahead = now - witnesses.server
        return ahead if abs(ahead) > OFF else timedelta()
    if witnesses.mail is None:
        return None
    ahead = now - witnesses.mail
    if ahead < -OFF or ahead > (LATE if just_arrived else LATEST):
        return ahead
    return timedelta() if just_arrived and abs(ahead) <= OFF else None
