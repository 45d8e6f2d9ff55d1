"""The outbox's chapter of mailings: drafts, to whom they go, begun, paused, resumed, stopped."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from kollect.mailing import mailing_text
from kollect.mailing.mailing_errors import NobodyToSendTo
from kollect.mailing.mailing_states import (
    STATE_MOVES,
    Audience,
    ExclusionReason,
    IllegalRecipientMove,
    Mailing,
    MailingState,
    RecipientState,
)
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member_filter import MemberFilter, where
from kollect.members.repository import Members
from kollect.settings.model import Shop
from kollect.storage.database import Row, one_of, to_text, to_time
from kollect.storage.queries import Queries

_MAILING = (
    "id, subject, body, footer, chosen, per_minute, per_hour, state, made_at, started_at, ended_at,"
    " due_at, night, standing"
)
AGAINST = (
    f"CASE WHEN member.state <> 'active' THEN '{ExclusionReason.WITHDRAWN}'"
    f" WHEN member.stopped_at IS NOT NULL THEN '{ExclusionReason.STOPPED}'"
    f" WHEN NOT member.consent THEN '{ExclusionReason.NO_CONSENT}'"
    " WHEN member.undeliverable <> '' OR receipt.state = 'undeliverable'"
    f" THEN '{ExclusionReason.UNDELIVERABLE}' ELSE '' END"
)
"""What stands against writing to a member at this moment; empty: nothing."""
TO_WHOM = (
    " FROM parcel JOIN receipt AS own ON own.number = parcel.number"
    " JOIN member ON member.number = coalesce(own.stands_for, own.number)"
    " JOIN receipt ON receipt.number = member.number"
)
"""A letter and the member who gets it: since 統合 that may be another than it was written for."""
_FARTHER = (
    "CASE {0}.step"
    f" WHEN '{RecipientState.SENT}' THEN 4"
    f" WHEN '{RecipientState.UNCERTAIN}' THEN 3 WHEN '{RecipientState.UNKNOWN}' THEN 3"
    f" WHEN '{RecipientState.SENDING}' THEN 2"
    f" WHEN '{RecipientState.WAITING}' THEN 1 WHEN '{RecipientState.DEFERRED}' THEN 1 ELSE 0 END"
)
"""How far a letter has come on its way to somebody; 0: it will not get there."""
_TWIN = (
    "EXISTS (SELECT 1 FROM parcel AS twin WHERE twin.mailing = parcel.mailing"
    " AND twin.id <> parcel.id AND twin.number IN (SELECT member.number"
    " UNION ALL SELECT number FROM receipt AS merged WHERE merged.stands_for = member.number)"
    f" AND {_FARTHER.format('twin')} > 0"
    f" AND ({_FARTHER.format('twin')}, twin.number = member.number, -twin.id)"
    f" > ({_FARTHER.format('parcel')}, parcel.number = member.number, -parcel.id))"
)
"""Of the letters of a mailing to one person (統合) another one is sent: that which has come
farther, else that to the number that stays."""
AGAINST_LETTER = (
    f"CASE WHEN {AGAINST} <> '' THEN {AGAINST} WHEN {_TWIN} THEN '{ExclusionReason.MERGED}'"
    " ELSE '' END"
)
"""What stands against a letter, behind TO_WHOM; empty: nothing."""
_ONE_AN_ADDRESS = (
    "SELECT parcel.id,"
    " dense_rank() OVER (PARTITION BY receipt.address_key ORDER BY member.number)"
    f"{TO_WHOM} WHERE mailing = ? AND {AGAINST} = '' AND (step = '{RecipientState.WAITING}'"
    f" OR step = '{RecipientState.LEFT_OUT}' AND answer = '{ExclusionReason.SAME_ADDRESS}')"
)
"""Letters, and the places of their members at one address: the first of them gets his."""


def _chosen(choice: MemberFilter) -> tuple[str, list[object]]:
    """Numbers and addresses that fit a choice, each with what stands against a letter to it.

    CROSS JOIN: the members first. SQLite would read a million receipts in the order of addresses.
    """
    condition, values = where(choice)
    return (
        "WITH chosen AS (SELECT member.number, address, address_key, " + AGAINST + " AS against"
        f" FROM member CROSS JOIN receipt USING (number) WHERE {condition}),"
        " ranked AS (SELECT *, row_number() OVER"
        " (PARTITION BY address_key, against = '' ORDER BY number) AS place FROM chosen)"
        " SELECT number, address, CASE WHEN against = '' AND place > 1"
        f" THEN '{ExclusionReason.SAME_ADDRESS}' ELSE against END AS against FROM ranked",
        values,
    )


class Mailings:
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    def __init__(self, file: Path | Queries) -> None:
        """On a connection of its own, or one that is shared."""
        self._db = file if isinstance(file, Queries) else Queries(file)
        self._members = Members(self._db)
        self._objections = 0
        """How often this object has written what can stand against a letter."""

    @property
    def file(self) -> Queries:
        """For what else is kept in it, on the same connection."""
        return self._db

    def close(self) -> None:
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; on disk when the block has ended."""
        return self._db.transaction()

    # --- drafts

    def save(self, subject: str, body: str, pace: RateLimit, now: datetime) -> int:
        """Keep a new draft. Returns its id."""
        return self._db.insert(
            "INSERT INTO mailing (subject, body, per_minute, per_hour, state, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(subject, body, pace.per_minute, pace.per_hour, MailingState.DRAFT, to_text(now)),
        )

    def rewrite(self, mailing: int, subject: str, body: str, pace: RateLimit) -> None:
        """Raises IllegalRecipientMove where it is no draft any more."""
        self._one(
            "UPDATE mailing SET subject = ?, body = ?, per_minute = ?, per_hour = ?"
            " WHERE id = ? AND state = 'draft'",
            *(subject, body, pace.per_minute, pace.per_hour, mailing),
        )

    def discard(self, mailing: int) -> None:
        """Raises IllegalRecipientMove where it is no draft any more."""
        self._one("DELETE FROM mailing WHERE id = ? AND state = 'draft'", mailing)

    def mailings(self, *states: MailingState, by_itself: bool = True) -> list[Mailing]:
        """Those in these states, or all, drafts too; the newest first.

        Not `by_itself`: without those that 誕生日メール and ステップメール have made, but for the
        ones that are not over.
        """
        conditions = []
        if states:
            conditions.append("state IN ('" + "', '".join(states) + "')")
        if not by_itself:
            going = f"'{MailingState.SENDING}', '{MailingState.PAUSED}'"
            conditions.append(f"(standing IS NULL OR state IN ({going}))")
        found = self._db.rows(
            f"SELECT {_MAILING} FROM mailing WHERE {' AND '.join(conditions) or '1'}"
            " ORDER BY id DESC"
        )
        return [_mailing(row) for row in found]

    def mailing(self, identity: int) -> Mailing:
        """Raises KeyError."""
        row = self._db.row(f"SELECT {_MAILING} FROM mailing WHERE id = ?", identity)
        if row is None:
            raise KeyError(identity)
        return _mailing(row)

    # --- to whom

    def audience(self, choice: MemberFilter) -> Audience:
        """Who would get it now, and who not, and why."""
        chosen, values = _chosen(choice)
        counted = self._db.rows(
            f"SELECT against, count(*) FROM ({chosen}) GROUP BY against", *values
        )
        audience = _audience(counted)
        ((active,),) = self._db.rows("SELECT count(*) FROM member WHERE state = 'active'")
        withdrawn = audience.left_out.get(ExclusionReason.WITHDRAWN, 0)
        return replace(audience, outside=active - (audience.chosen - withdrawn))

    def who(self, choice: MemberFilter, against: ExclusionReason | None = None) -> list[int]:
        """Who would get it now, or is left out for this reason, in the order of numbers."""
        chosen, values = _chosen(choice)
        found = self._db.rows(
            f"SELECT number FROM ({chosen}) WHERE against = ? ORDER BY number",
            *(*values, against or ""),
        )
        return [number for (number,) in found]

    def start(
        self, mailing: int, choice: MemberFilter, now: datetime, *,
        shop: Shop, mail_address: str, letter_domain: str,
    ) -> Audience:  # fmt: skip
        """Fix text and recipients, and let the sending begin.

        Raises TextNotReady, NobodyToSendTo, and IllegalRecipientMove for what is no draft, and then
        changes nothing.
        """
        with self.transaction():
            reached = self._address(mailing, choice, MailingState.SENDING, now, shop, letter_domain)
            self._fix_text(mailing, now, shop, mail_address)
        return reached

    def _address(
        self,
        mailing: int,
        choice: MemberFilter,
        then: MailingState,
        now: datetime,
        shop: Shop,
        letter_domain: str,
    ) -> Audience:
        """Write a draft's letters down. The text is looked at and stays as it is."""
        chosen, values = _chosen(choice)
        with self.transaction():
            self._members.hold(now)
            self._check(mailing, shop)
            self._to(mailing, then, MailingState.DRAFT)
            self._db.change(
                "INSERT INTO parcel (mailing, number, address, letter_id, step, step_at, answer)"
                " SELECT ?, number, address, '<' || lower(hex(randomblob(16))) || '@' || ? || '>',"
                f" iif(against = '', '{RecipientState.WAITING}', '{RecipientState.LEFT_OUT}'), ?,"
                " against"
                f" FROM ({chosen}) ORDER BY number",
                *(mailing, letter_domain, to_text(now), *values),
            )
            self._db.change("UPDATE mailing SET chosen = ? WHERE id = ?", str(choice), mailing)
            reached = self.reached(mailing)
            if not reached.reached:
                raise NobodyToSendTo(reached)
        return reached

    def _check(self, mailing: int, shop: Shop) -> None:
        text = self.mailing(mailing)
        mailing_text.check(text.subject, text.body, shop)

    def _fix_text(self, mailing: int, now: datetime, shop: Shop, mail_address: str) -> None:
        """From now on it is what the members were told."""
        text = self.mailing(mailing)
        self._db.change(
            "UPDATE mailing SET subject = ?, body = ?, footer = ?, started_at = ? WHERE id = ?",
            *(
                mailing_text.with_shop(text.subject, shop),
                mailing_text.with_shop(text.body, shop),
            ),
            *(mailing_text.footer(shop, mail_address), to_text(now), mailing),
        )

    # --- 予約配信

    def reserve(
        self, mailing: int, choice: MemberFilter, now: datetime, *,
        due: datetime, night: bool, shop: Shop, letter_domain: str,
    ) -> Audience:  # fmt: skip
        """Fix the recipients of a draft, and have it begin at `due`; `night`: also at night.

        Raises as `start` does, and then changes nothing.
        """
        with self.transaction():
            then = MailingState.SCHEDULED
            reached = self._address(mailing, choice, then, now, shop, letter_domain)
            self.postpone(mailing, due, now, night=night)
        return reached

    def postpone(self, mailing: int, due: datetime, now: datetime, *, night: bool) -> None:
        """日時の変更. Raises IllegalRecipientMove where it is no 予約 (any more)."""
        self._one(
            "UPDATE mailing SET due_at = ?, night = ?, made_at = ?"
            " WHERE id = ? AND state = 'scheduled'",
            *(to_text(due), night, to_text(now), mailing),
        )

    def cancel_reservation(self, mailing: int) -> None:
        """予約の取り消し: a draft again. Raises as `postpone` does."""
        with self.transaction():
            self._to(mailing, MailingState.DRAFT, MailingState.SCHEDULED)
            self._db.change("DELETE FROM parcel WHERE mailing = ?", mailing)
            self._db.change(
                "UPDATE mailing SET chosen = '', due_at = NULL, night = 0 WHERE id = ?", mailing
            )

    def begin_reserved(
        self, mailing: int, now: datetime, *, shop: Shop, mail_address: str,
        late: bool = False, seen: Mailing | None = None,
    ) -> None:  # fmt: skip
        """A 予約 whose time has come: fix the text with the shop's footer of now, and let the
        sending begin. `late`: somebody has decided so now. `seen`: only with the time that it had
        when it was looked at.

        Raises TextNotReady, and IllegalRecipientMove for what is no 予約, or not that any more,
        and then changes nothing.
        """
        with self.transaction():
            self._members.hold(now)
            if seen is not None:
                self._one(
                    "UPDATE mailing SET state = state WHERE id = ? AND due_at = ? AND night = ?",
                    *(mailing, seen.due_at and to_text(seen.due_at), seen.night),
                )
            self._check(mailing, shop)
            self._to(mailing, MailingState.SENDING, MailingState.SCHEDULED)
            self._share_addresses(mailing, now)
            self._fix_text(mailing, now, shop, mail_address)
            if late:
                self._db.change("UPDATE mailing SET due_at = ? WHERE id = ?", to_text(now), mailing)

    def _share_addresses(self, mailing: int, now: datetime) -> None:
        """Nothing is sent yet: some have moved to one address meanwhile, others from one."""
        moves = [
            (RecipientState.WAITING, "", identity)
            if place == 1
            else (RecipientState.LEFT_OUT, ExclusionReason.SAME_ADDRESS, identity)
            for identity, place in self._db.rows(_ONE_AN_ADDRESS, mailing)
        ]
        self._db.change_many(
            f"UPDATE parcel SET step = ?1, step_at = '{to_text(now)}', answer = ?2"
            " WHERE id = ?3 AND step <> ?1",
            moves,
        )

    def reached(self, mailing: int) -> Audience:
        """Who was chosen when it began, and who has been left out of them until now, and why."""
        return _audience(
            self._db.rows(
                f"SELECT iif(step = '{RecipientState.LEFT_OUT}', answer, ''), count(*) FROM parcel"
                " WHERE mailing = ? GROUP BY 1",
                mailing,
            )
        )

    # --- on and off

    def pause(self, mailing: int) -> None:
        """Nothing more is handed out. Raises IllegalRecipientMove where it is not being sent."""
        self._to(mailing, MailingState.PAUSED)

    def resume(self, mailing: int) -> None:
        """Raises IllegalRecipientMove where it is not paused."""
        self._to(mailing, MailingState.SENDING, MailingState.PAUSED)

    def stop(self, mailing: int, now: datetime) -> None:
        """送信の中止: what is on the way ends as it ends, nothing else is sent."""
        with self.transaction():
            self._to(mailing, MailingState.STOPPED)
            for step, then in (
                (RecipientState.WAITING, RecipientState.LEFT_OUT),
                (RecipientState.DEFERRED, RecipientState.LEFT_OUT),
                (RecipientState.UNKNOWN, RecipientState.UNCERTAIN),
            ):
                self._call_off(mailing, step, then, now)
            self._db.change("UPDATE mailing SET ended_at = ? WHERE id = ?", to_text(now), mailing)

    # --- the same for all

    def _call_off(
        self, mailing: int, step: RecipientState, then: RecipientState, now: datetime
    ) -> None:
        self._db.change(
            "UPDATE parcel SET step = ?, step_at = ?, answer = ? WHERE mailing = ? AND step = ?",
            *(then, to_text(now), ExclusionReason.CALLED_OFF, mailing, step),
        )

    def _to(self, mailing: int, then: MailingState, *of: MailingState) -> None:
        """`of`: only from one of these."""
        before = [now for now, to in STATE_MOVES.items() if then in to and (not of or now in of)]
        marks = ", ".join("?" * len(before))
        sql = f"UPDATE mailing SET state = ? WHERE id = ? AND state IN ({marks})"
        self._one(sql, then, mailing, *before)
        self._objections += 1

    def _one(self, sql: str, *values: object) -> None:
        if self._db.change(sql, *values) != 1:
            raise IllegalRecipientMove("the mailing is not in a state that allows it")


def _mailing(row: Row) -> Mailing:
    (
        identity, subject, body, footer, chosen, minute, hour, state, made, started, ended,
        due, night, standing,
    ) = row  # fmt: skip
    return Mailing(
        id=identity,
        subject=subject,
        body=body,
        footer=footer,
        chosen=chosen,
        pace=RateLimit(minute, hour),
        state=one_of(MailingState, state),
        made_at=to_time(made),
        started_at=to_time(started) if started else None,
        ended_at=to_time(ended) if ended else None,
        due_at=to_time(due) if due else None,
        night=bool(night),
        standing=standing,
    )


def _audience(counted: Iterable[tuple[str, int]]) -> Audience:
    counts = dict(counted)
    left_out = {why: counts[why] for why in ExclusionReason if why in counts}
    return Audience(sum(counts.values()), left_out)
