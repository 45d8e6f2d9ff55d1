"""メール発信 in kollect.db: every step of every letter, written down before and after it is taken.

Knows the steps of `mailing_states`; nothing of how letters are written or of servers. The mailings
are its chapter `drafts`, what can be read of their letters is `recipients`. One Outbox belongs to
one thread; several may be open on one file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from kollect.delivery.refusal import address_is_dead
from kollect.delivery.retry_policy import Patience, is_put_off
from kollect.ledger.lived_clock import LivedClock
from kollect.mail import address
from kollect.mailing.drafts import AGAINST_LETTER, TO_WHOM
from kollect.mailing.mailing_states import (
    MOVES,
    UNFINISHED,
    ExclusionReason,
    IllegalRecipientMove,
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientResult,
    RecipientState,
    step_after,
)
from kollect.mailing.recipients import Recipients
from kollect.mailing.returned_letters import ENOUGH, ReturnedLetter, is_about_address
from kollect.storage.database import one_of, to_text
from kollect.storage.queries import LISTED

MAILING_SOURCE = "メール発信"
# written into the SQL as literals: only so does SQLite use the partial index
_OWED = "step IN ('" + "', '".join(UNFINISHED) + "')"

_OF_WHO_HAS = (
    "own.number IN (WITH person (number) AS"
    " (SELECT coalesce(stands_for, number) FROM receipt WHERE address_key = ?)"
    " SELECT number FROM person UNION SELECT receipt.number FROM person"
    " CROSS JOIN receipt ON receipt.stands_for = person.number)"
)
"""Letters to whoever has this address, under any number."""


class Outbox(Recipients):
    """Promises: nothing is handed out for a member who has stopped, withdrawn or become 不達, also
    where the outbox was filled before; an illegal step changes nothing; what was sent is kept.

    Every method raises `errors.StorageTrouble` where the file cannot be read or written.
    """

    def left_from_before(self, now: datetime) -> list[Mailing]:
        """Once, when the program starts: the mailings that go on where they were, oldest first."""
        found = self.mailings()
        with self.transaction():
            self._members.hold(now)
            for mailing in found:
                if mailing.state is MailingState.STOPPED:
                    # a crash fell between handing over and writing down, after the 中止
                    self._call_off(
                        mailing.id, RecipientState.SENDING, RecipientState.UNCERTAIN, now
                    )
        return [m for m in reversed(found) if m.state is MailingState.SENDING]

    # --- letters that are owed

    def take(self, mailing: int, after: int, most: int, now: datetime) -> list[MailingRecipient]:
        """The next letters beyond the row `after`, each marked SENDING: to be handed over now.

        Whoever may not be written to any more is passed over for good. Empty where nothing is left
        in this round, or the mailing is not being sent.
        """
        return self._take(mailing, f"{_OWED} AND parcel.id > ?", "parcel.id", after, most, now)

    def take_fresh(
        self, mailing: int, after: int, most: int, now: datetime
    ) -> list[MailingRecipient]:
        """As `take`, without those that were put off: theirs is the second turn of a round."""
        owed = f"{_OWED} AND step <> '{RecipientState.DEFERRED}' AND parcel.id > ?"
        return self._take(mailing, owed, "parcel.id", after, most, now)

    def take_put_off(
        self, mailing: int, before: datetime, most: int, now: datetime
    ) -> list[MailingRecipient]:
        """As `take`, of those that were put off, the ones last tried before that moment; whose last
        try is the longest ago comes first. Ten of a domain that nobody finds, at which the client
        gives up, do not stand before the others for ever.
        """
        owed = f"{_put_off(before, now)} AND parcel.id > ?"
        order = f"min(tried_at, '{to_text(now)}'), parcel.id"
        return self._take(mailing, owed, order, 0, most, now)

    def put_off(self, mailing: int, before: datetime, now: datetime) -> int:
        """How many `take_put_off` has to give."""
        row = self._db.row(
            f"SELECT count(*) FROM parcel WHERE mailing = ? AND {_put_off(before, now)}", mailing
        )
        return row[0] if row else 0

    def change_token(self) -> object:
        """Equal to the one before as long as nothing was written that could stand against a
        letter: neither by anybody else, nor (a pause, a 不達) by this Outbox. Asked faster than
        `still_allowed`.
        """
        return self._db.row("PRAGMA data_version"), self._objections

    def still_allowed(self, recipient: MailingRecipient, now: datetime) -> bool:
        """Whether a letter that was taken may still be handed over, at this very moment.

        Where not, because the member has stopped meanwhile or the mailing was paused or called
        off, that is written down; a member who has another address now gets it there.
        """
        state, unknowns, against, to = self._db.row(
            f"SELECT mailing.state, unknowns, {AGAINST_LETTER}, receipt.address{TO_WHOM}"
            " JOIN mailing ON mailing.id = mailing WHERE parcel.id = ?",
            recipient.id,
        ) or ("", 0, "", "")
        if state == MailingState.SENDING and not against and to == recipient.address:
            return True
        if against:
            with self.transaction():
                then = RecipientState.UNCERTAIN if unknowns else RecipientState.LEFT_OUT
                self.move([recipient.id], then, now, against)
                self._end_if_done(recipient.mailing, now)
        else:
            self.give_back([recipient.id], now)
        return False

    def give_back(self, ids: Iterable[int], now: datetime) -> None:
        """Letters that were taken and not handed over: they stay owed, unless they are called off.

        Nothing of that was the letter's fault; it counts neither as a try nor for the pace.
        """
        ids = list(ids)
        with self.transaction():
            rows = self._db.rows(
                "SELECT parcel.id, unknowns, state FROM parcel JOIN mailing ON mailing.id = mailing"
                f" WHERE parcel.id IN {LISTED}",
                json.dumps(ids),
            )
            if len(rows) != len(ids):
                raise IllegalRecipientMove(f"{len(ids) - len(rows)} of {len(ids)} letters are none")
            stays = [identity for identity, _, state in rows if state != MailingState.STOPPED]
            self.move(stays, RecipientState.DEFERRED, now)
            self._db.change(
                f"UPDATE parcel SET first_at = NULL, tried_at = NULL WHERE id IN {LISTED}"
                " AND first_at = tried_at",  # it was the first time that it was taken
                json.dumps(stays),
            )
            for identity, unknowns, state in rows:
                if state == MailingState.STOPPED:
                    then = RecipientState.UNCERTAIN if unknowns else RecipientState.LEFT_OUT
                    self.move([identity], then, now, ExclusionReason.CALLED_OFF)

    def _take(
        self, mailing: int, owed: str, order: str, beyond: object, most: int, now: datetime
    ) -> list[MailingRecipient]:
        with self.transaction():
            if self.mailing(mailing).state is not MailingState.SENDING:
                return []
            while True:
                found = self._db.rows(
                    f"SELECT parcel.id, step, {AGAINST_LETTER}{TO_WHOM}"
                    f" WHERE mailing = ? AND {owed} ORDER BY {order} LIMIT ?",
                    *(mailing, beyond, most),
                )
                for identity, step, against in found:
                    if against:
                        tried = one_of(RecipientState, step) not in (
                            RecipientState.WAITING,
                            RecipientState.DEFERRED,
                        )
                        then = RecipientState.UNCERTAIN if tried else RecipientState.LEFT_OUT
                        self.move([identity], then, now, against)
                ids = [identity for identity, _, against in found if not against]
                self._address_anew(ids)
                self.move(ids, RecipientState.SENDING, now)
                if ids or not found:
                    break  # the others are settled: the same question finds the next ones
            self._end_if_done(mailing, now)
            taken = {
                one.id: one for one in self._recipients(f"parcel.id IN {LISTED}", json.dumps(ids))
            }
            return [taken[identity] for identity in ids]

    def _address_anew(self, ids: list[int]) -> None:
        """What is handed over goes to the address that the member has now."""
        present = (
            "(SELECT receipt.address FROM receipt JOIN receipt AS own"
            " ON receipt.number = coalesce(own.stands_for, own.number)"
            " WHERE own.number = parcel.number)"
        )
        self._db.change(
            f"UPDATE parcel SET address = {present} WHERE id IN {LISTED} AND address <> {present}",
            json.dumps(ids),
        )

    def _is_present(self, parcel: int) -> bool:
        """Whether a letter went to the address that its member has now."""
        row = self._db.row(
            f"SELECT parcel.address, receipt.address_key{TO_WHOM} WHERE parcel.id = ?",
            parcel,
        )
        return row is not None and address.key(row[0]) == row[1]

    def move(
        self, ids: Iterable[int], then: RecipientState, now: datetime, answer: str = ""
    ) -> None:
        """Take letters to their next step. Raises IllegalRecipientMove, and then changes none of
        them."""
        ids, moment = list(ids), to_text(now)
        tried = moment if then is RecipientState.SENDING else None
        before = ", ".join(f"'{step}'" for step, targets in MOVES.items() if then in targets)
        with self.transaction():
            moved = self._db.change(
                "UPDATE parcel SET step = ?, step_at = ?, answer = iif(? = '', answer, ?),"
                " first_at = coalesce(first_at, ?), tried_at = coalesce(?, tried_at)"
                f" WHERE id IN {LISTED} AND step IN ({before})",
                *(then, moment, answer, answer, tried, tried, json.dumps(ids)),
            )
            if moved != len(ids):
                raise IllegalRecipientMove(
                    f"{len(ids) - moved} of {len(ids)} letters cannot go to {then}"
                )

    def settle(self, results: Iterable[RecipientResult], now: datetime) -> None:
        """Write down what became of letters that were handed over, all in one commit.

        A member whose mailbox does not exist, as the server says, becomes 不達. Raises
        IllegalRecipientMove where a letter was not handed over, and then changes nothing.
        """
        results = list(results)
        with self.transaction():
            rows = self._db.rows(
                "SELECT parcel.id, mailing, coalesce(stands_for, number), unknowns, mailing.state,"
                " later_since, refused_since, refusals, answer FROM parcel"
                " JOIN receipt USING (number)"
                f" JOIN mailing ON mailing.id = mailing WHERE parcel.id IN {LISTED}"
                f" AND step = '{RecipientState.SENDING}'",
                json.dumps([result.id for result in results]),
            )
            if len(rows) != len(results):
                raise IllegalRecipientMove(
                    f"{len(results) - len(rows)} letters were not handed over"
                )
            found = {identity: row for identity, *row in rows}
            clock = LivedClock(self._db, lambda: now)
            lived = clock.lived()
            written, moment = [], to_text(now)
            for result in results:
                _, number, unknowns, state, *known = found[result.id]
                patience = Patience(*known).after(result.answer, lived)
                step = step_after(
                    result.fate,
                    unknowns=unknowns,
                    too_old=is_put_off(result.answer)
                    and patience.is_over(lived)
                    and clock.is_trusted(),
                    called_off=state == MailingState.STOPPED,
                )
                answer = (
                    ExclusionReason.CALLED_OFF if step is RecipientState.LEFT_OUT else result.answer
                )
                unknown = step is RecipientState.UNKNOWN
                remembered = patience.later_since, patience.refused_since, patience.refusals
                written.append((step, moment, answer, answer, unknown, *remembered, result.id))
                dead = step is RecipientState.UNDELIVERABLE and address_is_dead(result.answer)
                if dead and self._is_present(result.id):
                    self._members.undeliverable(number, result.answer, now, MAILING_SOURCE)
                    self._objections += 1
            self._db.change_many(
                "UPDATE parcel SET step = ?, step_at = ?, answer = iif(? = '', answer, ?),"
                " unknowns = unknowns + ?, later_since = ?, refused_since = ?, refusals = ?"
                " WHERE id = ?",
                written,
            )
            for mailing in {mailing for mailing, *_ in found.values()}:
                self._end_if_done(mailing, now)

    def refuse(self, ids: Iterable[int], now: datetime) -> None:
        """Letters that were put off for a refusal which was theirs alone after all: they are not
        tried again. Nothing is said of their members' mailboxes.
        """
        with self.transaction():
            found = self._db.rows(
                "SELECT parcel.id, mailing FROM parcel"
                f" WHERE parcel.id IN {LISTED} AND step = '{RecipientState.DEFERRED}'",
                json.dumps(list(ids)),
            )
            self.move([identity for identity, _ in found], RecipientState.UNDELIVERABLE, now)
            for mailing in {mailing for _, mailing in found}:
                self._end_if_done(mailing, now)

    def bounced(
        self, letter_id: str, recipient_key: str, reason: str, since: datetime, now: datetime
    ) -> ReturnedLetter | None:
        """A letter came back: it is 不達, and its member from the second day on
        (`returned_letters`). Found by its Message-ID, or where the report names none, by the
        recipient of one handed over after `since`. None: there is none.
        """
        with self.transaction():
            row = self._handed_over(letter_id, recipient_key, since)
            if row is None:
                return None
            identity, number, step, to = row
            if (
                RecipientState.UNDELIVERABLE in MOVES[one_of(RecipientState, step)]
                and step != RecipientState.SENDING
            ):
                self.move([identity], RecipientState.UNDELIVERABLE, now, reason)
            key, days = address.key(to), 0
            if is_about_address(reason):
                days = self._count_day(number, key, reason, now)
            if days >= ENOUGH and self._is_present(identity):
                self._members.undeliverable(number, reason, now, MAILING_SOURCE)
                self._objections += 1
            member = self._members.get(number)
            gone = member is not None and bool(member.standing.undeliverable)
        return ReturnedLetter(number, days, gone)

    def _count_day(self, number: int, key: str, reason: str, now: datetime) -> int:
        """Today a letter to this address came back; returns how many days count."""
        self._db.change(
            "INSERT OR REPLACE INTO returned_letter (address_key, day, answer) VALUES (?, ?, ?)",
            *(key, now.date().isoformat(), reason),
        )
        count = self._days_returned(number, key, now)
        self._db.change(
            f"DELETE FROM returned_letter WHERE address_key = ? AND day NOT IN {LISTED}",
            *(key, json.dumps([day.isoformat() for day in count])),
        )
        return len(count)

    def handed_over(
        self, letter_id: str, recipient_key: str, since: datetime
    ) -> tuple[int, str] | None:
        """The number of the member to whom a letter went, found as in `bounced`, and the key of the
        address that it went to.
        """
        row = self._handed_over(letter_id, recipient_key, since)
        return (row[1], address.key(row[3])) if row else None

    def _handed_over(
        self, letter_id: str, recipient_key: str, since: datetime
    ) -> tuple[int, int, str, str] | None:
        by, value = ("letter_id = ?", letter_id) if letter_id else (_OF_WHO_HAS, recipient_key)
        found = self._db.each(
            f"SELECT parcel.id, member.number, step, parcel.address{TO_WHOM}"
            f" WHERE {by} AND tried_at > ? ORDER BY parcel.id DESC",
            *(value, to_text(since)),
        )
        # after 統合 or アドレスの変更 the number may have another address than the letter went to
        return next((r for r in found if letter_id or address.key(r[3]) == recipient_key), None)

    def _end_if_done(self, mailing: int, now: datetime) -> None:
        self._db.change(
            "UPDATE mailing SET state = ?, ended_at = ? WHERE id = ? AND state IN (?, ?)"
            f" AND NOT EXISTS (SELECT 1 FROM parcel WHERE mailing = ? AND {_OWED})",
            *(MailingState.DONE, to_text(now), mailing),
            *(MailingState.SENDING, MailingState.PAUSED, mailing),
        )


def _put_off(before: datetime, now: datetime) -> str:
    """Put off, and last tried before that moment. In the future is before: a clock was ahead."""
    return (
        f"step = '{RecipientState.DEFERRED}' AND (coalesce(tried_at, '') < '{to_text(before)}'"
        f" OR tried_at > '{to_text(now)}')"
    )
