"""The ledger: a row per mail, a row per number, and every step written down before and after it is taken.

One SQLite file, `synchronous=FULL`: what `transaction` has committed survives a power cut. Knows the steps
of `receipt`, nothing of mailboxes, letters or servers. One Ledger belongs to one thread; several may be
open on one file.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kollect.folder import database_trouble
from kollect.register.entry import Entry, Sighting, Template
from kollect.register.receipt import (
    TO_SEND,
    IllegalMove,
    ReceiptState,
    Step,
    came_from,
)
from kollect.register.schema import migrate

_ENTRY = (
    "id, mailbox, uid, fingerprint, kind, reason, address, subject, message_id, thread, number,"
    " template, letter_id, kept, whole, step, step_at, seen_at, unknowns, answer"
)
_UNFINISHED = ", ".join(f"'{step}'" for step in TO_SEND)
_THERE = f"step <> '{Step.GONE}'"
# both are written into the SQL as literals: only so does SQLite use the partial indexes
_MANUAL = "manual"
"""The mailbox of letters that no mail asked for: 再送, and numbers given by hand."""


def to_text(moment: datetime) -> str:
    """An aware time as the tables hold it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Ledger:
    """Promises: a number is never given to two addresses, an address never has two numbers unless it was
    asked for, no number is skipped, an illegal step changes nothing.

    Every method raises `errors.StorageTrouble` where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._translated():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.execute("PRAGMA foreign_keys = ON")
                migrate(self._db)
                identity = dict(self._db.execute("SELECT key, value FROM meta"))
            except BaseException:
                self._db.close()
                raise
        self.install_id: str = identity["install_id"]
        self._secret: str = identity["secret"]

    def mark(self, purpose: str) -> str:
        """A header value that only this installation can have written, one for each purpose."""
        return hmac.new(
            bytes.fromhex(self._secret), purpose.encode(), hashlib.sha256
        ).hexdigest()[:32]

    def close(self) -> None:
        with self._translated():
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the block has ended."""
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise database_trouble(error, self._path) from error

    # --- mails that are seen

    def known_mails(self, mailbox: str, uids: Sequence[str]) -> dict[str, Entry]:
        """Those of `uids` that were seen before."""
        found = {}
        for start in range(0, len(uids), 500):
            part = uids[start : start + 500]
            for entry in self._entries(
                f"mailbox = ? AND uid IN ({', '.join('?' * len(part))})", mailbox, *part
            ):
                found[entry.uid] = entry
        return found

    def same_mail(self, mailbox: str, fingerprint: str) -> list[Entry]:
        """Mails of this mailbox with this fingerprint that are not known to be gone."""
        return self._entries(f"mailbox = ? AND fingerprint = ? AND {_THERE}", mailbox, fingerprint)

    def known(self, address_key: str, now: datetime) -> tuple[int | None, int, int]:
        """The number of an address (its newest) and how many blank mails of the last hour and the last
        day were, or are to be, answered.
        """
        with self._translated():
            number = self._db.execute(
                "SELECT max(number) FROM receipt WHERE address_key = ?", (address_key,)
            ).fetchone()[0]
            day, hour = self._db.execute(
                "SELECT count(*), coalesce(sum(seen_at > ?), 0) FROM mail"
                " WHERE address_key = ? AND seen_at > ?"
                " AND kind IN ('new', 'duplicate', 'renumber') AND mailbox <> 'manual'",
                (to_text(now - timedelta(hours=1)), address_key, to_text(now - timedelta(days=1))),
            ).fetchone()
        return number, hour, day

    def numbered_since(self, moment: datetime) -> int:
        """How many numbers were given after `moment`."""
        with self._translated():
            return self._db.execute(
                "SELECT count(*) FROM receipt WHERE received_at > ?", (to_text(moment),)
            ).fetchone()[0]

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

        With `letter_domain` its letter gets a Message-ID, the same for every repeat. Returns the row's id.
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

    # --- numbers

    def give_number(
        self,
        address: str,
        address_key: str,
        now: datetime,
        *,
        first: int,
        template: int,
        again: bool = False,
    ) -> int:
        """Give the next number to an address; `again` allows one that has a number already.

        Belongs into the transaction that records the mail, so that no number is ever skipped.
        """
        with self._translated():
            last, floor = self._db.execute(
                "SELECT (SELECT max(number) FROM receipt),"
                " (SELECT value FROM meta WHERE key = 'number_floor')"
            ).fetchone()
            number = max(first, (last or 0) + 1, int(floor or 0))
            self._db.execute(
                "INSERT INTO receipt (number, address, address_key, received_at, state, template,"
                " renumbered) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, address, address_key, to_text(now), ReceiptState.PENDING, template, again),
            )
        return number

    def count_again(self, number: int) -> None:
        """One more blank mail from the address of this number."""
        with self._translated():
            self._db.execute("UPDATE receipt SET times = times + 1 WHERE number = ?", (number,))

    def bounced(self, letter_id: str, recipient_key: str, reason: str, since: datetime) -> int | None:
        """Mark the receipt whose letter came back 不達; by the letter's Message-ID, or where the report
        names none, by the recipient of a letter sent after `since`. Returns the number, if one was meant.
        """
        with self._translated():
            if letter_id:
                row = self._db.execute(
                    "SELECT number FROM mail WHERE letter_id = ? AND number IS NOT NULL", (letter_id,)
                ).fetchone()
            else:
                row = self._db.execute(
                    "SELECT number FROM mail WHERE address_key = ? AND seen_at > ? AND step IN (?, ?)"
                    " AND number IS NOT NULL ORDER BY id DESC LIMIT 1",
                    (recipient_key, to_text(since), Step.SENT, Step.GONE),
                ).fetchone()
            if row is None:
                return None
            self._db.execute(
                "UPDATE receipt SET state = ?, reason = ? WHERE number = ?",
                (ReceiptState.UNDELIVERABLE, reason, row[0]),
            )
        return row[0]

    # --- letters that are owed

    def owed(self, after: int, most: int) -> list[Entry]:
        """Mails with a letter still to be sent, in the order of arrival, beyond the row `after`."""
        return self._entries(
            f"id > ? AND step IN ({_UNFINISHED}) AND (number IS NOT NULL OR kept <> '')"
            f" ORDER BY id LIMIT {int(most)}",
            after,
        )

    def owed_count(self) -> int:
        with self._translated():
            return self._db.execute(
                f"SELECT count(*) FROM mail WHERE step IN ({_UNFINISHED})"
            ).fetchone()[0]

    def move(self, ids: Iterable[int], then: Step, now: datetime, answer: str = "") -> None:
        """Take mails to their next step. Raises IllegalMove, and then changes none of them."""
        ids = list(ids)
        before = ", ".join(f"'{step}'" for step in came_from(then))
        with self._translated():
            moved = self._db.executemany(
                "UPDATE mail SET step = ?, step_at = ?, answer = iif(? = '', answer, ?),"
                f" unknowns = unknowns + ? WHERE id = ? AND step IN ({before})",
                (
                    (then, to_text(now), answer, answer, then is Step.UNKNOWN, identity)
                    for identity in ids
                ),
            ).rowcount
        if moved != len(ids):
            raise IllegalMove(f"{len(ids) - moved} of {len(ids)} mails cannot go to {then}")

    def receipt_state(
        self, number: int, state: ReceiptState, now: datetime, reason: str = ""
    ) -> None:
        """What became of the letter with this number. An answer once delivered stays delivered."""
        with self._translated():
            if state is ReceiptState.REPLIED:
                self._db.execute(
                    "UPDATE receipt SET state = ?, reason = '', replied_at = ? WHERE number = ?",
                    (state, to_text(now), number),
                )
            else:
                self._db.execute(
                    "UPDATE receipt SET state = ?, reason = ? WHERE number = ? AND state <> ?",
                    (state, reason, number, ReceiptState.REPLIED),
                )

    def send_again(self, number: int, now: datetime, template: int, letter_domain: str) -> int:
        """再送: owe the letter with this number once more. Returns the row's id."""
        with self._translated():
            address, key = self._db.execute(
                "SELECT address, address_key FROM receipt WHERE number = ?", (number,)
            ).fetchone()
        seen = Sighting(
            uid=uuid.uuid4().hex,
            fingerprint="",
            kind="duplicate",
            reason="受付番号をもう一度お知らせします。",
            address=address,
            address_key=key,
            subject="",
            message_id="",
            thread="",
        )
        return self.record(
            _MANUAL, seen, Step.OWED, now,
            template=template, number=number, letter_domain=letter_domain,
        )  # fmt: skip

    # --- copies, mails that left, mails that hurt

    def kept(self, identity: int, file_name: str, *, whole: bool) -> None:
        """A copy of this mail is on disk, whole or what there is of it."""
        with self._translated():
            self._db.execute(
                "UPDATE mail SET kept = ?, whole = ? WHERE id = ?", (file_name, whole, identity)
            )

    def moved_to(self, identity: int, uid: str) -> None:
        """The server gave this mail another unique id."""
        with self._translated():
            self._db.execute("UPDATE mail SET uid = ? WHERE id = ?", (uid, identity))

    def still_there(self, mailbox: str) -> list[Entry]:
        """Mails of this mailbox that are not known to be gone."""
        return self._entries(f"mailbox = ? AND {_THERE}", mailbox)

    def strike(self, mailbox: str, uid: str, now: datetime) -> int:
        """The session died while this mail was fetched; returns how often by now."""
        with self._translated():
            return self._db.execute(
                "INSERT INTO strike (mailbox, uid, count, at) VALUES (?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET count = count + 1, at = excluded.at RETURNING count",
                (mailbox, uid, to_text(now)),
            ).fetchone()[0]

    def struck_out(self, mailbox: str, strikes: int, since: datetime) -> set[str]:
        """The mails at which the session died so often, the last time after `since`."""
        with self._translated():
            return {
                uid
                for (uid,) in self._db.execute(
                    "SELECT uid FROM strike WHERE mailbox = ? AND count >= ? AND at > ?",
                    (mailbox, strikes, to_text(since)),
                )
            }

    def forget_gone(self, before: datetime) -> None:
        """Forget mails that left the server before that moment, and the strikes of that time."""
        with self._translated():
            self._db.execute(
                "DELETE FROM mail WHERE step = ? AND step_at < ?", (Step.GONE, to_text(before))
            )
            self._db.execute("DELETE FROM strike WHERE at < ?", (to_text(before),))

    # --- notes to itself

    def note(self, key: str, value: str) -> bool:
        """Keep a small value over restarts. Returns whether it differs from what was kept."""
        with self._translated():
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            if (row[0] if row else "") == value:
                return False
            self._db.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET value = excluded.value",
                (key, value),
            )
        return True

    def noted(self, key: str) -> str:
        with self._translated():
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    # --- texts

    def template_in_force(self, kind: str, subject: str, body: str, now: datetime) -> int:
        """The version of this text; written down when it differs from the last one of its kind."""
        with self._translated():
            row = self._db.execute(
                "SELECT id, subject, body FROM template WHERE kind = ? ORDER BY id DESC LIMIT 1",
                (kind,),
            ).fetchone()
            if row is not None and row[1:] == (subject, body):
                return row[0]
            return self._db.execute(
                "INSERT INTO template (kind, subject, body, since) VALUES (?, ?, ?, ?)",
                (kind, subject, body, to_text(now)),
            ).lastrowid

    def template(self, identity: int) -> Template:
        with self._translated():
            found, kind, subject, body, since = self._db.execute(
                "SELECT id, kind, subject, body, since FROM template WHERE id = ?", (identity,)
            ).fetchone()
        return Template(found, kind, subject, body, to_time(since))

    def _entries(self, where: str, *values: object) -> list[Entry]:
        with self._translated(), closing(self._db.cursor()) as cursor:
            cursor.execute(f"SELECT {_ENTRY} FROM mail WHERE {where}", values)
            return [_entry(row) for row in cursor]


def _entry(row: tuple) -> Entry:
    *fields, whole, step, step_at, seen_at, unknowns, answer = row
    return Entry(
        *fields, bool(whole), Step(step), to_time(step_at), to_time(seen_at), unknowns, answer
    )
