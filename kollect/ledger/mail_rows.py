"""The ledger's chapter of mails: a row per mail, from first sight until it left the server.

Knows the steps of a mail (`states`); which letter is owed for it, and by which number, it is
told.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from kollect.delivery.retry_policy import Patience
from kollect.ledger.records import MailRecord, NewMail, Place
from kollect.ledger.states import TO_DELETE, TO_SEND, IllegalMailMove, MailState, allowed_from
from kollect.storage.database import Database, Row, one_of, rows_of, to_text, to_time

MANUAL = "manual"
"""The mailbox of letters that no mail asked for: 再送, and numbers given by hand."""

_ENTRY = (
    "id, mailbox, uid, fingerprint, kind, reason, address, subject, message_id, thread, number,"
    " template, letter_id, kept, whole, step, step_at, seen_at, unknowns, answer,"
    " later_since, refused_since, refusals"
)


# steps are written into the SQL, not bound to it: only so does SQLite use the partial indexes
_THERE = f"step <> '{MailState.GONE}'"


_AT_ONCE = 250
"""So many rows are held; a mailbox may have ten thousand mails."""
_NEVER_TRIED = Patience()
_PUT_OFF = f"step = '{MailState.DEFERRED}' AND answer <> ''"


def _one_of(steps: Iterable[MailState]) -> str:
    return "step IN ({})".format(", ".join(f"'{step}'" for step in steps))


_CAN_BE_SENT = f"{_one_of(TO_SEND)} AND (number IS NOT NULL OR kept <> '')"
_MOVE = (
    "UPDATE mail SET step = ?, step_at = ?, unknowns = unknowns + ?,"
    " answer = coalesce(nullif(?, ''), answer)"
)


def _check_moved(moved: int, wanted: int, then: MailState) -> None:
    if moved != wanted:
        raise IllegalMailMove(f"{wanted - moved} of {wanted} cannot go to {then}")


class MailRows(Database):
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    # --- mails that are seen

    def known_mails(self, mailbox: str, uids: Sequence[str]) -> dict[str, MailRecord]:
        """Those of `uids` that were seen before."""
        found = {}
        for start in range(0, len(uids), _AT_ONCE):
            part = uids[start : start + _AT_ONCE]
            for entry in self._entries(
                f"mailbox = ? AND uid IN ({', '.join('?' * len(part))})", mailbox, *part
            ):
                found[entry.uid] = entry
        return found

    def record(
        self,
        mailbox: str,
        seen: NewMail,
        step: MailState,
        now: datetime,
        *,
        template: int | None = None,
        number: int | None = None,
        letter_domain: str = "",
    ) -> int:
        """Write down a mail seen for the first time. `number` is the one it is answered with.

        With `letter_domain` its letter gets a Message-ID, the same for every repeat. Returns the
        row's id.
        """
        return self.record_row(
            mailbox, seen, step, now,
            template=template, number=number, letter_domain=letter_domain,
        ).id  # fmt: skip

    def record_row(
        self,
        mailbox: str,
        seen: NewMail,
        step: MailState,
        now: datetime,
        *,
        template: int | None,
        number: int | None,
        letter_domain: str,
    ) -> MailRecord:
        """As `record`. Returns the row as it is written down."""
        letter_id = f"<{uuid.uuid4().hex}@{letter_domain}>" if letter_domain else ""
        with self._translated():
            moment = to_text(now)
            identity = self._db.execute(
                "INSERT INTO mail (mailbox, uid, fingerprint, kind, reason, address, address_key,"
                " subject, message_id, thread, number, template, letter_id, step, step_at, seen_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(mailbox, seen.uid, seen.fingerprint, seen.kind, seen.reason, seen.address),
                    *(seen.address_key, seen.subject, seen.message_id, seen.thread, number),
                    *(template, letter_id, step, moment, moment),
                ),
            ).lastrowid
        at = to_time(moment)
        return MailRecord(
            identity or 0, mailbox, seen.uid, seen.fingerprint, str(seen.kind), seen.reason,
            seen.address, seen.subject, seen.message_id, seen.thread, number, template,
            letter_id, "", False, step, at, at, 0, "", _NEVER_TRIED,
        )  # fmt: skip

    def change_uid(self, identity: int, uid: str) -> None:
        """The server gave this mail another unique id."""
        with self._translated():
            self._db.execute("UPDATE mail SET uid = ? WHERE id = ?", (uid, identity))

    def mark_kept(self, identity: int, file_name: str, *, whole: bool) -> None:
        """A copy of this mail is on disk, whole or what there is of it."""
        with self._translated():
            self._db.execute(
                "UPDATE mail SET kept = ?, whole = ? WHERE id = ?", (file_name, whole, identity)
            )

    def reclassify(self, identity: int, kind: str, reason: str) -> None:
        """What the body of a mail has told about it."""
        with self._translated():
            self._db.execute(
                "UPDATE mail SET kind = ?, reason = ? WHERE id = ?", (kind, reason, identity)
            )

    # --- letters that are owed

    def owed(self, after: int, most: int) -> list[MailRecord]:
        """Mails with a letter still to be sent, in the order of arrival, beyond the row `after`."""
        return self._entries(f"id > ? AND {_CAN_BE_SENT} ORDER BY id LIMIT {int(most)}", after)

    def line(self, since: datetime) -> list[Place]:
        """All letters that can be sent, in the order of arrival. `since` is when a mail must have
        been seen that has just arrived."""
        with self._translated():
            rows = self._db.execute(
                f"SELECT id, seen_at >= ?, {_PUT_OFF}, refusals, tried FROM mail"
                f" WHERE {_CAN_BE_SENT} ORDER BY id",
                (to_text(since),),
            )
            return [
                Place(row, bool(new), bool(put_off), refusals > 0, tried or 0)
                for row, new, put_off, refusals, tried in rows
            ]

    def last_mail(self) -> int:
        """The row that was written last; all later ones have higher ids."""
        with self._translated():
            row: tuple[int] = self._db.execute("SELECT coalesce(max(id), 0) FROM mail").fetchone()
            return row[0]

    def tries(self, since: int) -> list[int]:
        """When letters were tried, in lived seconds, after that moment."""
        with self._translated():
            rows = self._db.execute("SELECT tried FROM mail WHERE tried > ?", (since,))
            return [tried for (tried,) in rows]

    def entries(self, ids: Sequence[int]) -> list[MailRecord]:
        """These rows, in the order asked for."""
        found = {}
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            for entry in self._entries(f"id IN ({', '.join('?' * len(part))})", *part):
                found[entry.id] = entry
        return [found[identity] for identity in ids if identity in found]

    def is_forward(self, letter_id: str) -> bool:
        """Is this the Message-ID of a mail that was forwarded?"""
        with self._translated():
            row = self._db.execute(
                "SELECT EXISTS (SELECT 1 FROM mail WHERE letter_id = ? AND letter_id <> ''"
                " AND number IS NULL)",
                (letter_id,),
            ).fetchone()
            return bool(row[0])

    def owed_count(self, mailbox: str) -> int:
        """The letters still to be sent. A mail to be forwarded of which there is no copy counts
        only where it is in this mailbox: out of another one nobody fetches it any more."""
        with self._translated():
            row: tuple[int] = self._db.execute(
                f"SELECT count(*) FROM mail WHERE {_one_of(TO_SEND)}"
                " AND (number IS NOT NULL OR kept <> '' OR mailbox = ?)",
                (mailbox,),
            ).fetchone()
            return row[0]

    def move(self, ids: Iterable[int], then: MailState, now: datetime, answer: str = "") -> None:
        """Take mails to their next step. Raises IllegalMailMove, and then changes none of them."""
        ids = list(ids)
        values = (then, to_text(now), then is MailState.UNKNOWN, answer)
        with self._whole(len(ids)):
            moved = 0
            for start in range(0, len(ids), _AT_ONCE):
                part = ids[start : start + _AT_ONCE]
                moved += self._db.execute(
                    f"{_MOVE} WHERE id IN ({', '.join('?' * len(part))})"
                    f" AND {_one_of(allowed_from(then))}",
                    (*values, *part),
                ).rowcount
            _check_moved(moved, len(ids), then)

    def answered(
        self,
        answers: Sequence[tuple[int, str, Patience]],
        then: MailState,
        now: datetime,
        lived: int,
    ) -> None:
        """As `move`, for letters that were tried: each with the server's answer to its own letter,
        and how often it was put off or refused by now."""
        values = (then, to_text(now), then is MailState.UNKNOWN)
        with self._whole(len(answers)):
            moved = self._db.executemany(
                f"{_MOVE}, tried = ?, later_since = ?, refused_since = ?, refusals = ?"
                f" WHERE id = ? AND {_one_of(allowed_from(then))}",
                (
                    (
                        *(*values, answer, lived),
                        *(known.later_since, known.refused_since, known.refusals, identity),
                    )
                    for identity, answer, known in answers
                ),
            ).rowcount
            _check_moved(moved, len(answers), then)

    # --- mails that left, mails that hurt

    def still_there(self, mailbox: str) -> Iterator[MailRecord]:
        """Mails of this mailbox that are not known to be gone, in the order of arrival."""
        seen = 0
        while part := self._entries(
            f"mailbox = ? AND {_THERE} AND id > ? ORDER BY id LIMIT {_AT_ONCE}", mailbox, seen
        ):
            yield from part
            seen = part[-1].id
            if len(part) < _AT_ONCE:
                return

    def mark_deleted(self, mailbox: str, uids: Sequence[str], now: datetime) -> None:
        """The server has deleted these mails. Raises IllegalMailMove where one still owes a letter,
        and then changes none of them."""
        values = (MailState.GONE, to_text(now), False, "", mailbox)
        with self._whole(len(uids)):
            for start in range(0, len(uids), _AT_ONCE):
                part = uids[start : start + _AT_ONCE]
                those = f"WHERE mailbox = ? AND uid IN ({', '.join('?' * len(part))})"
                moved = self._db.execute(
                    f"{_MOVE} {those} AND {_one_of(allowed_from(MailState.GONE))}", (*values, *part)
                ).rowcount
                if moved < len(part):  # the others are unknown, or were gone already
                    left = self._db.execute(
                        f"SELECT count(*) FROM mail {those} AND {_THERE}", (mailbox, *part)
                    ).fetchone()[0]
                    _check_moved(moved, moved + left, MailState.GONE)

    def seen_again(self, ids: Iterable[int], now: datetime) -> None:
        """Mails that were gone are on the server once more: their rows are as good as new."""
        with self._translated():
            self._db.executemany(
                f"UPDATE mail SET step_at = ? WHERE id = ? AND step = '{MailState.GONE}'",
                [(to_text(now), identity) for identity in ids],
            )

    def forget_gone(self, before: datetime) -> None:
        """Forget what was done with before that moment: mails that left the server, letters that no
        mail asked for, strikes.
        """
        moment = to_text(before)
        with self.transaction():
            self._db.execute(
                f"DELETE FROM mail WHERE step = '{MailState.GONE}' AND step_at < ?", (moment,)
            )
            self._db.execute(
                f"DELETE FROM mail WHERE mailbox = ? AND {_THERE} AND {_one_of(TO_DELETE)}"
                " AND step_at < ?",
                (MANUAL, moment),
            )
            self._db.execute("DELETE FROM strike WHERE at < ?", (moment,))

    def record_failure(self, mailbox: str, uid: str, now: datetime) -> int:
        """The session died while this mail was fetched; returns how often by now."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO strike (mailbox, uid, count, at) VALUES (?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET count = count + 1, at = excluded.at",
                (mailbox, uid, to_text(now)),
            )
            row: tuple[int] = self._db.execute(
                "SELECT count FROM strike WHERE mailbox = ? AND uid = ?", (mailbox, uid)
            ).fetchone()
            return row[0]

    def failures(self, mailbox: str) -> list[tuple[str, int, datetime]]:
        """The mails at which the session died, how often, and when for the last time."""
        with self._translated():
            rows = self._db.execute(
                "SELECT uid, count, at FROM strike WHERE mailbox = ?", (mailbox,)
            )
            return [(uid, count, to_time(at)) for uid, count, at in rows]

    def _entries(self, where: str, *values: object) -> list[MailRecord]:
        statement = f"SELECT {_ENTRY} FROM mail WHERE {where}"
        with self._translated():
            return [_entry(row) for row in rows_of(self._db, statement, values)]


def _entry(row: Row) -> MailRecord:
    *fields, whole, step, step_at, seen_at, unknowns, answer, later, refused, refusals = row
    times = to_time(step_at), to_time(seen_at)
    patience = Patience(later, refused, refusals, answer)
    return MailRecord(
        *(*fields, bool(whole), one_of(MailState, step), *times, unknowns, answer, patience)
    )
