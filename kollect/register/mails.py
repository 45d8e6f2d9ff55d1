"""The ledger's chapter of mails: a row per mail, from first sight until it left the server.

Knows the steps of `receipt`; which letter is owed for a mail, and by which number, it is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from kollect.register.database import Database, one_of, rows_of, to_text, to_time
from kollect.register.entry import Entry, Sighting
from kollect.register.receipt import TO_DELETE, TO_SEND, IllegalMove, Step, came_from
from kollect.retry_policy import Patience

MANUAL = "manual"
"""The mailbox of letters that no mail asked for: 再送, and numbers given by hand."""

_ENTRY = (
    "id, mailbox, uid, fingerprint, kind, reason, address, subject, message_id, thread, number,"
    " template, letter_id, kept, whole, step, step_at, seen_at, unknowns, answer,"
    " later_since, refused_since, refusals"
)


# steps are written into the SQL, not bound to it: only so does SQLite use the partial indexes
_THERE = f"step <> '{Step.GONE}'"


_AT_ONCE = 250
"""So many rows are held; a mailbox may have ten thousand mails."""
_PUT_OFF = f"step = '{Step.DEFERRED}' AND answer <> ''"


def _one_of(steps: Iterable[Step]) -> str:
    return "step IN ({})".format(", ".join(f"'{step}'" for step in steps))


class Mails(Database):
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    # --- mails that are seen

    def known_mails(self, mailbox: str, uids: Sequence[str]) -> dict[str, Entry]:
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
        seen: Sighting,
        step: Step,
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
        letter_id = f"<{uuid.uuid4().hex}@{letter_domain}>" if letter_domain else ""
        with self._translated():
            moment = to_text(now)
            return self._db.execute(
                "INSERT INTO mail (mailbox, uid, fingerprint, kind, reason, address, address_key,"
                " subject, message_id, thread, number, template, letter_id, step, step_at, seen_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(mailbox, seen.uid, seen.fingerprint, seen.kind, seen.reason, seen.address),
                    *(seen.address_key, seen.subject, seen.message_id, seen.thread, number),
                    *(template, letter_id, step, moment, moment),
                ),
            ).lastrowid

    def moved_to(self, identity: int, uid: str) -> None:
        """The server gave this mail another unique id."""
        with self._translated():
            self._db.execute("UPDATE mail SET uid = ? WHERE id = ?", (uid, identity))

    def kept(self, identity: int, file_name: str, *, whole: bool) -> None:
        """A copy of this mail is on disk, whole or what there is of it."""
        with self._translated():
            self._db.execute(
                "UPDATE mail SET kept = ?, whole = ? WHERE id = ?", (file_name, whole, identity)
            )

    def judged_again(self, identity: int, kind: str, reason: str) -> None:
        """What the body of a mail has told about it."""
        with self._translated():
            self._db.execute(
                "UPDATE mail SET kind = ?, reason = ? WHERE id = ?", (kind, reason, identity)
            )

    # --- letters that are owed

    def owed(
        self,
        after: int,
        most: int,
        *,
        put_off: bool = True,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> list[Entry]:
        """Mails with a letter still to be sent, in the order of arrival, beyond the row `after`.

        Without `put_off` not those of `put_off`; `since` and `before` say when they were seen.
        """
        seen = "" if since is None else f" AND seen_at >= '{to_text(since)}'"
        seen += "" if before is None else f" AND seen_at < '{to_text(before)}'"
        return self._entries(
            f"id > ? AND {_one_of(TO_SEND)} AND (number IS NOT NULL OR kept <> '')"
            f"{'' if put_off else f' AND NOT ({_PUT_OFF})'}{seen} ORDER BY id LIMIT {int(most)}",
            after,
        )

    def put_off(self) -> list[int]:
        """The rows whose letter was tried and put off, for its own sake as far as is known."""
        return self._put_off("id")

    def refused(self, most: int) -> list[int]:
        """Those of `put_off` that were refused, the longest ago tried first."""
        return self._put_off(f"tried, id LIMIT {int(most)}", " AND refusals > 0")

    def _put_off(self, order: str, condition: str = "") -> list[int]:
        with self._translated():
            rows = self._db.execute(
                f"SELECT id FROM mail WHERE {_one_of(TO_SEND)} AND {_PUT_OFF}{condition}"
                f" AND (number IS NOT NULL OR kept <> '') ORDER BY {order}"
            )
            return [identity for (identity,) in rows]

    def last_mail(self) -> int:
        """The row that was written last; all later ones have higher ids."""
        with self._translated():
            return self._db.execute("SELECT coalesce(max(id), 0) FROM mail").fetchone()[0]

    def tried(self, letters: Iterable[tuple[int, Patience]], lived: int) -> None:
        """Remember that these letters were tried, and how often they were put off or refused."""
        with self._translated():
            self._db.executemany(
                "UPDATE mail SET tried = ?, later_since = ?, refused_since = ?, refusals = ?"
                " WHERE id = ?",
                (
                    (lived, known.later_since, known.refused_since, known.refusals, identity)
                    for identity, known in letters
                ),
            )

    def tries(self, since: int) -> list[int]:
        """When letters were tried, in lived seconds, after that moment."""
        with self._translated():
            rows = self._db.execute("SELECT tried FROM mail WHERE tried > ?", (since,))
            return [tried for (tried,) in rows]

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """These rows, in the order asked for."""
        found = {e.id: e for e in self._entries(f"id IN ({', '.join('?' * len(ids))})", *ids)}
        return [found[identity] for identity in ids if identity in found]

    def is_forward(self, letter_id: str) -> bool:
        """Is this the Message-ID of a mail that was forwarded?"""
        with self._translated():
            return self._db.execute(
                "SELECT EXISTS (SELECT 1 FROM mail WHERE letter_id = ? AND letter_id <> ''"
                " AND number IS NULL)",
                (letter_id,),
            ).fetchone()[0]

    def owed_count(self, mailbox: str) -> int:
        """The letters still to be sent. A mail to be forwarded of which there is no copy counts
        only where it is in this mailbox: out of another one nobody fetches it any more."""
        with self._translated():
            return self._db.execute(
                f"SELECT count(*) FROM mail WHERE {_one_of(TO_SEND)}"
                " AND (number IS NOT NULL OR kept <> '' OR mailbox = ?)",
                (mailbox,),
            ).fetchone()[0]

    def move(self, ids: Iterable[int], then: Step, now: datetime, answer: str = "") -> None:
        """Take mails to their next step. Raises IllegalMove, and then changes none of them."""
        self.move_each([(identity, answer) for identity in ids], then, now)

    def move_each(self, answers: Sequence[tuple[int, str]], then: Step, now: datetime) -> None:
        """As `move`, each mail with the server's answer to its own letter."""
        values = (then, to_text(now), then is Step.UNKNOWN)
        with self.transaction():
            moved = self._db.executemany(
                "UPDATE mail SET step = ?, step_at = ?, unknowns = unknowns + ?,"
                " answer = coalesce(nullif(?, ''), answer)"
                f" WHERE id = ? AND {_one_of(came_from(then))}",
                ((*values, answer, identity) for identity, answer in answers),
            ).rowcount
            if moved != len(answers):
                raise IllegalMove(f"{len(answers) - moved} of {len(answers)} cannot go to {then}")

    # --- mails that left, mails that hurt

    def still_there(self, mailbox: str) -> Iterator[Entry]:
        """Mails of this mailbox that are not known to be gone, in the order of arrival."""
        seen = 0
        while part := self._entries(
            f"mailbox = ? AND {_THERE} AND id > ? ORDER BY id LIMIT {_AT_ONCE}", mailbox, seen
        ):
            yield from part
            seen = part[-1].id

    def left(self, mailbox: str, uids: Sequence[str], now: datetime) -> None:
        """The server has deleted these mails. Raises IllegalMove where one still owes a letter."""
        with self.transaction():
            for start in range(0, len(uids), _AT_ONCE):
                known = self.known_mails(mailbox, uids[start : start + _AT_ONCE]).values()
                there = [entry.id for entry in known if entry.step is not Step.GONE]
                self.move(there, Step.GONE, now)

    def seen_again(self, ids: Iterable[int], now: datetime) -> None:
        """Mails that were gone are on the server once more: their rows are as good as new."""
        with self._translated():
            self._db.executemany(
                f"UPDATE mail SET step_at = ? WHERE id = ? AND step = '{Step.GONE}'",
                [(to_text(now), identity) for identity in ids],
            )

    def forget_gone(self, before: datetime) -> None:
        """Forget what was done with before that moment: mails that left the server, letters that no
        mail asked for, strikes.
        """
        moment = to_text(before)
        with self.transaction():
            self._db.execute(
                f"DELETE FROM mail WHERE step = '{Step.GONE}' AND step_at < ?", (moment,)
            )
            self._db.execute(
                f"DELETE FROM mail WHERE mailbox = ? AND {_THERE} AND {_one_of(TO_DELETE)}"
                " AND step_at < ?",
                (MANUAL, moment),
            )
            self._db.execute("DELETE FROM strike WHERE at < ?", (moment,))

    def strike(self, mailbox: str, uid: str, now: datetime) -> int:
        """The session died while this mail was fetched; returns how often by now."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO strike (mailbox, uid, count, at) VALUES (?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET count = count + 1, at = excluded.at",
                (mailbox, uid, to_text(now)),
            )
            return self._db.execute(
                "SELECT count FROM strike WHERE mailbox = ? AND uid = ?", (mailbox, uid)
            ).fetchone()[0]

    def strikes(self, mailbox: str) -> list[tuple[str, int, datetime]]:
        """The mails at which the session died, how often, and when for the last time."""
        with self._translated():
            rows = self._db.execute(
                "SELECT uid, count, at FROM strike WHERE mailbox = ?", (mailbox,)
            )
            return [(uid, count, to_time(at)) for uid, count, at in rows]

    def _entries(self, where: str, *values: object) -> list[Entry]:
        statement = f"SELECT {_ENTRY} FROM mail WHERE {where}"
        with self._translated():
            return [_entry(row) for row in rows_of(self._db, statement, values)]


def _entry(row: tuple) -> Entry:
    *fields, whole, step, step_at, seen_at, unknowns, answer, later, refused, refusals = row
    times = to_time(step_at), to_time(seen_at)
    return Entry(
        *(*fields, bool(whole), one_of(Step, step), *times, unknowns, answer),
        patience=Patience(later, refused, refusals, answer),
    )
