"""誕生日メール and ステップメール in kollect.db: what they say, and who is due.

When something is due is decided by `schedule`. Each occasion of a member is written down once, with
the mailing whose letter it became, or with the reason why it was not sent: all in one transaction
with that mailing and its letters, so that a crash leaves both or neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from kollect.mailing import mailing_text
from kollect.mailing.drafts import AGAINST, Mailings
from kollect.mailing.mailing_errors import TooManySteps
from kollect.mailing.mailing_states import ExclusionReason, MailingState, RecipientState
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import (
    MOST_STEPS,
    SAME_BIRTHDAY,
    Occasion,
    StandingKind,
    StandingRule,
    Turn,
    birthdays_to_ask,
    days_to_decide,
    local_day,
    local_moment,
    night_ends,
    occasion_turn,
    occasions,
    settled_by,
)
from kollect.members.repository import Members
from kollect.settings.model import Shop
from kollect.storage.database import Row, one_of, to_day, to_text, to_time
from kollect.storage.queries import LISTED

_STANDING = "id, kind, days, subject, body, active, since, settled_to"
_MAY_BE_WRITTEN_TO = (
    "member.state = 'active' AND member.merged_into IS NULL"
    " AND member.consent AND member.stopped_at IS NULL"
)
"""To everybody else nothing is due."""


@dataclass(frozen=True, slots=True)
class StandingMailing:
    """What is sent by itself."""

    id: int
    subject: str
    body: str
    active: bool
    rule: StandingRule

    @property
    def name(self) -> str:
        """「誕生日の7日前」"""
        return standing_name(self.rule.kind, self.rule.days)


@dataclass(frozen=True, slots=True)
class NotSent:
    """An occasion for which nothing went out."""

    number: int
    name: str
    day: date
    at: datetime
    """When that was decided."""
    reason: ExclusionReason


def standing_name(kind: StandingKind, days: int) -> str:
    if kind is StandingKind.BIRTHDAY:
        return f"誕生日の{days}日前" if days else "誕生日の当日"
    return f"登録の{days}日後" if days else "登録の当日"


class StandingMailings:
    """On the connection of an outbox. Raises `errors.StorageTrouble` where the file cannot be read
    or written.
    """

    def __init__(self, mailings: Mailings) -> None:
        self._mailings = mailings
        self._db = mailings.file
        self._members = Members(mailings.file)

    # --- what there is

    def all(self) -> list[StandingMailing]:
        """Birthdays first, each kind in the order of its days."""
        found = self._db.rows(
            f"SELECT {_STANDING} FROM standing_mailing WHERE removed_at IS NULL"
            " ORDER BY kind, days, id"
        )
        return [_standing(row) for row in found]

    def get(self, identity: int) -> StandingMailing:
        """Raises KeyError."""
        row = self._db.row(
            f"SELECT {_STANDING} FROM standing_mailing WHERE id = ? AND removed_at IS NULL",
            identity,
        )
        if row is None:
            raise KeyError(identity)
        return _standing(row)

    def add(self, kind: StandingKind, days: int, subject: str, body: str, now: datetime) -> int:
        """A new one, switched off. Returns its id. Raises TooManySteps."""
        with self._db.transaction():
            if kind is StandingKind.STEP:
                steps = [one for one in self.all() if one.rule.kind is StandingKind.STEP]
                if len(steps) >= MOST_STEPS:
                    raise TooManySteps(MOST_STEPS)
            return self._db.insert(
                "INSERT INTO standing_mailing"
                " (kind, days, subject, body, active, since, settled_to)"
                " VALUES (?, ?, ?, ?, 0, ?, ?)",
                *(kind, days, subject, body, to_text(now), f"{settled_by(now)}"),
            )

    def rewrite(self, identity: int, days: int, subject: str, body: str, now: datetime) -> None:
        """From now on. With other days it is as if it was switched on now."""
        with self._db.transaction():
            before = self.get(identity)
            self._db.change(
                "UPDATE standing_mailing SET days = ?, subject = ?, body = ? WHERE id = ?",
                *(days, subject, body, identity),
            )
            if before.rule.days != days:
                self._begin_again(identity, now)

    def switch(self, identity: int, active: bool, now: datetime, shop: Shop) -> None:
        """入 or 切. What becomes due while it is off is not sent. Raises TextNotReady."""
        with self._db.transaction():
            one = self.get(identity)
            if active == one.active:
                return
            if active:
                mailing_text.check(one.subject, one.body, shop)
                self._begin_again(identity, now)
            self._db.change("UPDATE standing_mailing SET active = ? WHERE id = ?", active, identity)

    def remove(self, identity: int, now: datetime) -> None:
        """Off, and off the list; what it has sent is kept."""
        self._db.change(
            "UPDATE standing_mailing SET active = 0, removed_at = ? WHERE id = ?",
            *(to_text(now), identity),
        )

    def _begin_again(self, identity: int, now: datetime) -> None:
        self._db.change(
            "UPDATE standing_mailing SET since = ?, settled_to = ? WHERE id = ?",
            *(to_text(now), f"{settled_by(now)}", identity),
        )

    # --- what became of it

    def sent_by(self, identity: int) -> list[int]:
        """The mailings that it has made, the newest first."""
        found = self._db.rows(
            "SELECT id FROM mailing WHERE standing = ? ORDER BY id DESC", identity
        )
        return [mailing for (mailing,) in found]

    def not_sent(self, identity: int, most: int = 1000) -> list[NotSent]:
        """送らなかったもの, the newest first."""
        found = self._db.rows(
            "SELECT occasion.number, name, day, at, reason FROM occasion"
            " JOIN member USING (number) WHERE standing = ? AND mailing IS NULL"
            " ORDER BY at DESC, day DESC, occasion.number LIMIT ?",
            *(identity, most),
        )
        return [
            NotSent(number, name, to_day(day), to_time(at), one_of(ExclusionReason, reason))
            for number, name, day, at, reason in found
        ]

    def totals(self, identity: int) -> tuple[int, int]:
        """How many occasions became a letter, and for how many nothing was sent."""
        row = self._db.row(
            "SELECT count(mailing), count(*) - count(mailing) FROM occasion WHERE standing = ?",
            identity,
        )
        return (row[0], row[1]) if row else (0, 0)

    # --- what is due

    def begin_again(self, now: datetime, wrong: Callable[[datetime], bool]) -> None:
        """What was switched on at a moment that is `wrong` counts as switched on now: what was due
        before is not sent."""
        if any(wrong(one.rule.since) for one in self.all()):  # as nearly never
            with self._db.transaction():
                for one in self.all():
                    if wrong(one.rule.since):
                        self._begin_again(one.id, now)

    def has_due(self, identity: int, now: datetime, zone: tzinfo | None = None) -> bool:
        """Is there something for `make_due` to write down?"""
        one = self.get(identity)
        if not one.active or night_ends(now, zone):
            return False
        return settled_by(now, zone) != one.rule.settled_to or any(self._decide(one, now, zone))

    def make_due(
        self,
        identity: int,
        now: datetime,
        *,
        shop: Shop,
        mail_address: str,
        letter_domain: str,
        zone: tzinfo | None = None,
    ) -> int | None:
        """Write down all that is due at this moment, by a date that may be believed.

        Returns the mailing with its letters, ready to be sent; None: there is none. Raises
        TextNotReady, and then writes nothing.
        """
        with self._db.transaction():
            one = self.get(identity)
            if not one.active or night_ends(now, zone):
                return None
            self._members.hold(now)
            due, late = self._decide(one, now, zone)
            mailing = None
            if due:
                mailing_text.check(one.subject, one.body, shop)
            reached, left_out = _once_an_address(due)
            if reached:
                mailing = self._mailing_of(one, now, shop, mail_address, zone)
                self._write_letters(mailing, [c.number for c in reached], now, letter_domain)
            not_sent = [*left_out, *((c, ExclusionReason.TOO_LATE) for c in late)]
            self._note([(c, mailing, "") for c in reached], identity, now)
            self._note([(c, None, why) for c, why in not_sent], identity, now)
            self._db.change(
                "UPDATE standing_mailing SET settled_to = ? WHERE id = ?",
                *(f"{settled_by(now, zone)}", identity),
            )
        return mailing

    def _decide(
        self, one: StandingMailing, now: datetime, zone: tzinfo | None
    ) -> tuple[list[_Candidate], list[_Candidate]]:
        """Who is due now, and who was too long ago; by their numbers."""
        turns: dict[Turn, list[_Candidate]] = {turn: [] for turn in Turn}
        for row in self._rows(one.rule, now, zone):
            number, birthday, registered, address_key, against = row
            dates = to_day(birthday) if birthday else None, to_time(registered)
            for occasion in occasions(one.rule, *dates, now, zone):
                turn = occasion_turn(one.rule, occasion, now, zone)
                turns[turn].append(_Candidate(number, occasion, address_key, against))
        found = turns[Turn.GO], turns[Turn.LATE]
        known = self._known(one.id, {c.number for candidates in found for c in candidates})
        due, late = (
            [c for c in candidates if not _is_decided(one.rule.kind, c, known)]
            for candidates in found
        )
        return due, late

    def _rows(self, rule: StandingRule, now: datetime, zone: tzinfo | None) -> list[Row]:
        """Members who may have an occasion in the days that are to be decided."""
        first, last = days_to_decide(rule, now, zone)
        values: tuple[object, ...]
        if rule.kind is StandingKind.BIRTHDAY:
            condition = f"substr(birthday, 6, 5) IN {LISTED}"
            values = (json.dumps(birthdays_to_ask(first, last, rule.days)),)
        else:
            condition = "registered_at >= ? AND registered_at < ?"
            after = timedelta(days=rule.days)
            midnight = datetime.min.time()
            values = tuple(
                to_text(local_moment(day - after, midnight, zone))
                for day in (first, last + timedelta(days=1))
            )
        return self._db.rows(
            f"SELECT member.number, birthday, registered_at, address_key, {AGAINST}"
            " FROM member CROSS JOIN receipt USING (number)"
            f" WHERE {_MAY_BE_WRITTEN_TO} AND {condition} ORDER BY member.number",
            *values,
        )

    def _known(self, identity: int, numbers: set[int]) -> dict[int, list[tuple[date, bool]]]:
        """Of these members the days that are decided, and whether a letter was written."""
        known: dict[int, list[tuple[date, bool]]] = {}
        for number, day, mailing in self._db.rows(
            f"SELECT number, day, mailing FROM occasion WHERE standing = ? AND number IN {LISTED}",
            *(identity, json.dumps(sorted(numbers))),
        ):
            known.setdefault(number, []).append((to_day(day), mailing is not None))
        return known

    def _mailing_of(
        self,
        one: StandingMailing,
        now: datetime,
        shop: Shop,
        mail_address: str,
        zone: tzinfo | None,
    ) -> int:
        """Today's, where it is under way and says the same; else a new one."""
        text = (
            mailing_text.with_shop(one.subject, shop),
            mailing_text.with_shop(one.body, shop),
            mailing_text.footer(shop, mail_address),
        )
        row = self._db.row(
            "SELECT id FROM mailing WHERE standing = ? AND state IN ('sending', 'paused')"
            " AND subject = ? AND body = ? AND footer = ? AND made_at >= ? ORDER BY id DESC",
            *(
                one.id,
                *text,
                to_text(local_moment(local_day(now, zone), datetime.min.time(), zone)),
            ),
        )
        if row:
            return int(row[0])
        pace, moment = RateLimit(), to_text(now)
        return self._db.insert(
            "INSERT INTO mailing (subject, body, footer, chosen, per_minute, per_hour, state,"
            " made_at, started_at, due_at, standing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(*text, one.name, pace.per_minute, pace.per_hour, MailingState.SENDING),
            *(moment, moment, moment, one.id),
        )

    def _write_letters(
        self, mailing: int, numbers: list[int], now: datetime, letter_domain: str
    ) -> None:
        self._db.change(
            "INSERT INTO parcel (mailing, number, address, letter_id, step, step_at)"
            " SELECT ?, number, address, '<' || lower(hex(randomblob(16))) || '@' || ? || '>',"
            f" '{RecipientState.WAITING}', ? FROM receipt WHERE number IN {LISTED}"
            " ORDER BY number",
            *(mailing, letter_domain, to_text(now), json.dumps(numbers)),
        )

    def _note(
        self, decided: Iterable[tuple[_Candidate, int | None, str]], standing: int, now: datetime
    ) -> None:
        moment = to_text(now)
        self._db.change_many(
            "INSERT INTO occasion (standing, number, day, at, mailing, reason)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (standing, c.number, f"{c.occasion.day}", moment, mailing, why)
                for c, mailing, why in decided
            ],
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: int
    occasion: Occasion
    address_key: str
    against: str


def _is_decided(
    kind: StandingKind, one: _Candidate, known: dict[int, list[tuple[date, bool]]]
) -> bool:
    """Whether this occasion is, or one that is the same for the member: a step is sent once, a
    birthday once a year, also where the date was put right since.
    """
    for day, was_written in known.get(one.number, ()):
        same_year = abs(day - one.occasion.day) < SAME_BIRTHDAY
        if day == one.occasion.day or (was_written and (kind is StandingKind.STEP or same_year)):
            return True
    return False


def _once_an_address(
    due: list[_Candidate],
) -> tuple[list[_Candidate], list[tuple[_Candidate, ExclusionReason]]]:
    """Who gets a letter, and who not, and why."""
    reached: dict[str, _Candidate] = {}
    left_out: list[tuple[_Candidate, ExclusionReason]] = []
    for one in due:
        if one.against:
            left_out.append((one, one_of(ExclusionReason, one.against)))
        elif one.address_key in reached:
            left_out.append((one, ExclusionReason.SAME_ADDRESS))
        else:
            reached[one.address_key] = one
    return list(reached.values()), left_out


def _standing(row: Row) -> StandingMailing:
    identity, kind, days, subject, body, active, since, settled = row
    rule = StandingRule(one_of(StandingKind, kind), days, to_time(since), to_day(settled))
    return StandingMailing(identity, subject, body, bool(active), rule)
