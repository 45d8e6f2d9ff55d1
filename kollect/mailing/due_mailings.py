"""What is due by the clock at this moment, begun: each 予約, each 誕生日メール and ステップメール.

`schedule` says what is due; the outbox and `standing` write it down. Sending is not done here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from kollect.errors import Trouble
from kollect.ledger.lived_clock import LivedClock
from kollect.ledger.metadata import Metadata
from kollect.letters.letter import Sender
from kollect.mailing.mailing_errors import TextNotReady
from kollect.mailing.mailing_events import NO_MAILING
from kollect.mailing.mailing_states import IllegalRecipientMove, Mailing, MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.schedule import (
    StandingKind,
    Turn,
    goes_at,
    is_late,
    next_look,
    night_ends,
    reservation_turn,
)
from kollect.mailing.standing import StandingMailing, StandingMailings
from kollect.settings.model import Settings
from kollect.storage.backup import WENT_BACK
from kollect.storage.database import to_text, to_time

log = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(minutes=10)
"""A birthday may be entered, a date be put right."""
LOOK_SOON = timedelta(minutes=1)
"""Where somebody who registers now gets a mail today."""


@dataclass(slots=True)
class DueLook:
    """What one look at the clock has found."""

    begun: list[int] = field(default_factory=list)
    missed: list[Mailing] = field(default_factory=list)
    """予約 that somebody has to decide about."""
    trouble: tuple[int, Trouble] | None = None
    """Why something that is due cannot begin; 0: it is of no single mailing."""
    again_at: datetime | None = None
    """When to look again; None: when somebody has changed something."""

    def look_at(self, moment: datetime) -> None:
        self.again_at = moment if self.again_at is None else min(self.again_at, moment)


def to_be_asked(outbox: Outbox, now: datetime) -> list[Mailing]:
    """At the start: those under way that do not go on without somebody's word, oldest first: begun
    by hand, late, or begun before this file was put into the place of a newer one. What the clock
    has begun within a day goes on by itself.
    """
    went_back = _went_back(outbox, now)
    return [
        one
        for one in reversed(outbox.mailings(MailingState.SENDING))
        if one.due_at is None
        or is_late(one.due_at, one.night, now)
        or (went_back and one.started_at and one.started_at < went_back)
    ]


def _went_back(outbox: Outbox, now: datetime) -> datetime | None:
    """When this file was put into the place of a newer one: what was sent or cancelled between them
    is not known here. Noted by a clock that was ahead, it counts as now."""
    noted = Metadata.beside(outbox.file).get_metadata(WENT_BACK)
    return min(to_time(noted), now) if noted else None


class DueMailings:
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    def __init__(
        self,
        outbox: Outbox,
        settings: Callable[[], Settings],
        now: Callable[[], datetime],
        zone: tzinfo | None = None,
    ) -> None:
        """`settings` are asked for where something is due, and may raise Trouble."""
        self._outbox = outbox
        self._standing = StandingMailings(outbox)
        self._settings = settings
        self._now = now
        self._clock = LivedClock(outbox.file, now)
        self._zone = zone

    def begin(self) -> DueLook:
        """Begin what is due. A crash before or after leaves each wholly begun or not at all."""
        found = DueLook()
        reserved = self._outbox.mailings(MailingState.SCHEDULED)
        standing = [one for one in self._standing.all() if one.active]
        if not reserved and not standing:
            return found
        # also where nothing is due: no jump of the clock between two looks stays unseen
        dependable, now = self._clock.is_dependable(), self._now()
        if dependable:
            self._meet_clock(now)
        went_back = _went_back(self._outbox, now)
        if went_back is not None:
            # what was due since may have been sent, and is not known here
            self._standing.begin_again(now, lambda since: since < went_back)
        for mailing in reversed(reserved):
            known = went_back is None or mailing.made_at >= went_back
            self._reserved(found, mailing, dependable=dependable and known)
        for one in standing:
            self._of_standing(found, one, dependable)
        return found

    def _meet_clock(self, now: datetime) -> None:
        """What a clock that was ahead has written down counts as now, from now on."""
        notes = Metadata.beside(self._outbox.file)
        noted = notes.get_metadata(WENT_BACK)
        if noted and to_time(noted) > now:
            notes.set_metadata(WENT_BACK, to_text(now))
        self._standing.begin_again(now, lambda since: since > now)

    def _reserved(self, found: DueLook, mailing: Mailing, *, dependable: bool) -> None:
        assert mailing.due_at is not None, "it is written with its state"
        now, due, night = self._now(), mailing.due_at, mailing.night
        match reservation_turn(due, night, now, dependable=dependable, zone=self._zone):
            case Turn.WAIT:
                resting = None if night else night_ends(now, self._zone)
                found.look_at(max(goes_at(due, night, self._zone), resting or now))
            case Turn.ASK:
                found.missed.append(mailing)
                if not dependable:
                    found.look_at(now + LOOK_AGAIN)
            case Turn.GO:
                self._begin_reserved(found, mailing, now)

    def _begin_reserved(self, found: DueLook, mailing: Mailing, now: datetime) -> None:
        try:
            settings = self._settings()
            with suppress(IllegalRecipientMove):  # cancelled or postponed at this very moment
                self._outbox.begin_reserved(
                    mailing.id, now,
                    shop=settings.shop, mail_address=settings.mail_address, seen=mailing,
                )  # fmt: skip
                found.begun.append(mailing.id)
                return
            found.look_at(now)
        except TextNotReady as trouble:
            found.trouble = mailing.id, trouble
            found.look_at(now + LOOK_AGAIN)

    def _of_standing(self, found: DueLook, one: StandingMailing, dependable: bool) -> None:
        now = self._now()
        found.look_at(next_look(now, self._zone))
        if not night_ends(now, self._zone):
            welcomes = one.rule.kind is StandingKind.STEP and not one.rule.days
            found.look_at(now + (LOOK_SOON if welcomes else LOOK_AGAIN))
        if not dependable:
            return
        if not self._standing.has_due(one.id, now, self._zone):
            return
        try:
            settings = self._settings()
            mailing = self._standing.make_due(
                one.id,
                now,
                shop=settings.shop,
                mail_address=settings.mail_address,
                letter_domain=Sender(settings.mail_address).domain,
                zone=self._zone,
            )
        except TextNotReady as trouble:
            found.trouble = NO_MAILING, trouble
        else:
            if mailing is not None:
                found.begun.append(mailing)
