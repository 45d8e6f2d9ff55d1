"""The outbox's chapter of letters, reading only: how many stand where, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from kollect.delivery.retry_policy import Patience
from kollect.ledger.lived_clock import lived_moment
from kollect.ledger.lived_time import Lived
from kollect.mail import address
from kollect.mailing.drafts import TO_WHOM, Mailings
from kollect.mailing.mailing_states import UNFINISHED, MailingRecipient, RecipientState
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.returned_letters import days_that_count
from kollect.storage.database import Row, one_of, to_day, to_text, to_time
from kollect.storage.queries import LISTED

_PARCEL = (
    "SELECT parcel.id, mailing, member.number, name, parcel.address, letter_id, step, unknowns,"
    f" answer, step_at, later_since, refused_since, refusals{TO_WHOM}"
)

_OWED = "', '".join(UNFINISHED)


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail that a member was sent, or was to be sent."""

    subject: str
    step: RecipientState
    at: datetime
    answer: str


class Recipients(Mailings):
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    def tries(self, pace: RateLimit, time: Lived) -> list[datetime]:
        """When letters, of any mailing, were handed over, as far back as `rate_limit` remembers: as
        dates of `lived_moment`.
        """
        if not pace.memory:
            return []
        now, present = time.look.wall, lived_moment(time.seconds)
        found = self._db.rows(
            "SELECT tried_at FROM parcel WHERE tried_at > ?",
            to_text(now - pace.memory - time.jumped_over),
        )
        ages = (time.age(to_time(at)) for (at,) in found)
        return [present - age for age in ages if age <= pace.memory]

    def counts(self, mailing: int) -> dict[RecipientState, int]:
        """How many letters stand at each step; 0 is left out."""
        found = self._db.rows(
            "SELECT step, count(*) FROM parcel WHERE mailing = ? GROUP BY step", mailing
        )
        return {one_of(RecipientState, step): count for step, count in found}

    def on_way(self, ids: Iterable[int]) -> int:
        """How many of these letters were handed over, and nothing is written of how they ended."""
        found = self._db.row(
            f"SELECT count(*) FROM parcel WHERE step = '{RecipientState.SENDING}'"
            f" AND id IN {LISTED}",
            json.dumps(list(ids)),
        )
        return found[0] if found else 0

    def only_refused(self, mailing: int) -> int:
        """How many letters are left, where every one of them was refused; else 0."""
        left, refused = self._db.row(
            "SELECT count(*),"
            f" coalesce(sum(step = '{RecipientState.DEFERRED}' AND refusals > 0), 0)"
            f" FROM parcel WHERE mailing = ? AND step IN ('{_OWED}')",
            mailing,
        ) or (0, 0)
        return left if left == refused else 0

    def page(
        self, mailing: int, first: int, most: int, *steps: RecipientState
    ) -> list[MailingRecipient]:
        """Some of a mailing's letters, in the order of the numbers, of these steps or of all."""
        names = "', '".join(steps)
        only = f" AND step IN ('{names}')" if steps else ""
        return self._recipients(
            f"mailing = ?{only} ORDER BY parcel.id LIMIT ? OFFSET ?", mailing, most, first
        )

    def each(self, mailing: int) -> Iterator[MailingRecipient]:
        """All of a mailing's letters, one by one."""
        sql = f"{_PARCEL} WHERE mailing = ? ORDER BY parcel.id"
        yield from map(_recipient, self._db.each(sql, mailing))

    def sent_mails(self, number: int) -> list[SentMail]:
        """What a member, under whatever number, was sent and what became of it, the newest
        first."""
        found = self._db.rows(
            "SELECT subject, step, step_at, answer FROM parcel JOIN mailing"
            " ON mailing.id = mailing WHERE number IN (SELECT ?1 UNION"
            " SELECT number FROM receipt WHERE stands_for = ?1) ORDER BY parcel.id DESC",
            number,
        )
        return [
            SentMail(subject, one_of(RecipientState, step), to_time(at), why)
            for subject, step, at, why in found
        ]

    def days_returned(self, number: int, now: datetime) -> list[date]:
        """The days on which letters to this member's address came back, that count
        (`returned_letters`), the oldest first."""
        row = self._db.row("SELECT address_key FROM receipt WHERE number = ?", number)
        return self._days_returned(number, row[0], now) if row else []

    def _days_returned(self, number: int, key: str, now: datetime) -> list[date]:
        returned = self._db.rows("SELECT day FROM returned_letter WHERE address_key = ?", key)
        if not returned:
            return []
        taken = self._db.rows(
            "SELECT address, step_at FROM parcel WHERE step = ? AND number IN (SELECT ?"
            " UNION SELECT number FROM receipt WHERE stands_for = ?)",
            *(RecipientState.SENT, number, number),
        )
        zone = now.tzinfo
        return days_that_count(
            [to_day(day) for (day,) in returned],
            [to_time(at).astimezone(zone).date() for to, at in taken if address.key(to) == key],
            now.date(),
        )

    def is_of_a_mailing(self, letter_ids: Iterable[str]) -> bool:
        """Is one of these the Message-ID of a mail to a member?"""
        return any(
            self._db.row("SELECT 1 FROM parcel WHERE letter_id = ?", identity)
            for identity in letter_ids
        )

    def subjects_to(self, address_key: str) -> list[str]:
        """Of the mails that went to this address, the newest first, not filled in."""
        found = self._db.rows(
            "SELECT DISTINCT mailing.id, subject FROM parcel"
            " JOIN mailing ON mailing.id = mailing WHERE tried_at IS NOT NULL AND number IN"
            " (SELECT number FROM receipt WHERE address_key = ?"
            " UNION SELECT number FROM former_address WHERE address_key = ?)"
            " ORDER BY mailing.id DESC LIMIT 100",
            *(address_key, address_key),
        )
        return [subject for _, subject in found]

    def _recipients(self, where: str, *values: object) -> list[MailingRecipient]:
        return [_recipient(row) for row in self._db.rows(f"{_PARCEL} WHERE {where}", *values)]


def _recipient(row: Row) -> MailingRecipient:
    (
        identity, mailing, number, name, address, letter_id,
        step, unknowns, answer, step_at, later, refused, refusals,
    ) = row  # fmt: skip
    return MailingRecipient(
        identity, mailing, number, name, address, letter_id,
        one_of(RecipientState, step), unknowns, answer, to_time(step_at),
        Patience(later, refused, refusals, answer),
    )  # fmt: skip
