"""The outbox's chapter of letters, reading only: how many stand where, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from kollect.members.mailing import Parcel, Step
from kollect.members.mailings import Mailings
from kollect.members.pace import Pace
from kollect.register.database import to_text, to_time

_PARCEL = (
    "SELECT parcel.id, mailing, parcel.number, name, parcel.address, letter_id, step, unknowns,"
    " answer, step_at FROM parcel JOIN member USING (number)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """One mail that a member was sent, or was to be sent."""

    subject: str
    step: Step
    at: datetime
    answer: str


class Parcels(Mailings):
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    def tries(self, pace: Pace, now: datetime) -> list[datetime]:
        """When letters, of any mailing, were handed over, as far back as `pace` remembers."""
        if not pace.memory:
            return []
        found = self._db.rows(
            "SELECT tried_at FROM parcel WHERE tried_at > ?", to_text(now - pace.memory)
        )
        return [to_time(at) for (at,) in found]

    def counts(self, mailing: int) -> dict[Step, int]:
        """How many letters stand at each step; 0 is left out."""
        found = self._db.rows(
            "SELECT step, count(*) FROM parcel WHERE mailing = ? GROUP BY step", mailing
        )
        return {Step(step): count for step, count in found}

    def page(self, mailing: int, first: int, most: int, *steps: Step) -> list[Parcel]:
        """Some of a mailing's letters, in the order of the numbers, of these steps or of all."""
        names = "', '".join(steps)
        only = f" AND step IN ('{names}')" if steps else ""
        return self._parcels(
            f"mailing = ?{only} ORDER BY parcel.id LIMIT ? OFFSET ?", mailing, most, first
        )

    def each(self, mailing: int) -> Iterator[Parcel]:
        """All of a mailing's letters, one by one."""
        sql = f"{_PARCEL} WHERE mailing = ? ORDER BY parcel.id"
        yield from map(_parcel, self._db.each(sql, mailing))

    def told(self, number: int) -> list[Told]:
        """What a member was sent and what became of it, the newest first."""
        found = self._db.rows(
            "SELECT subject, step, step_at, answer FROM parcel JOIN mailing"
            " ON mailing.id = mailing WHERE number = ? ORDER BY parcel.id DESC",
            number,
        )
        return [Told(subject, Step(step), to_time(at), why) for subject, step, at, why in found]

    def is_of_a_mailing(self, letter_ids: Iterable[str]) -> bool:
        """Is one of these the Message-ID of a mail to a member?"""
        return any(
            self._db.row("SELECT 1 FROM parcel WHERE letter_id = ?", identity)
            for identity in letter_ids
        )

    def subjects_to(self, address_key: str) -> list[str]:
        """Of the mails that went to this address, the newest first, not filled in."""
        found = self._db.rows(
            "SELECT DISTINCT mailing.id, subject FROM parcel JOIN receipt USING (number)"
            " JOIN mailing ON mailing.id = mailing WHERE address_key = ? AND tried_at IS NOT NULL"
            " ORDER BY mailing.id DESC LIMIT 100",
            address_key,
        )
        return [subject for _, subject in found]

    def _parcels(self, where: str, *values: object) -> list[Parcel]:
        return [_parcel(row) for row in self._db.rows(f"{_PARCEL} WHERE {where}", *values)]


def _parcel(row: tuple) -> Parcel:
    *fields, step, unknowns, answer, step_at = row
    return Parcel(*fields, Step(step), unknowns, answer, to_time(step_at))
