"""The ledger's key/value table: small values kept over restarts, and the texts in force."""

from __future__ import annotations

from datetime import datetime

from kollect.ledger.records import Template
from kollect.storage.database import Database, broken_value, to_text, to_time


class Metadata(Database):
    """Raises `errors.StorageTrouble` where the file cannot be read or written."""

    def set_metadata(self, key: str, value: str) -> bool:
        """Keep a small value over restarts. Returns whether it differs from what was kept."""
        with self._translated():
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if (row[0] if row else "") == value:
            return False
        self.write_metadata(key, value)
        return True

    def write_metadata(self, key: str, value: str) -> None:
        """As `set_metadata`, for callers that know that it differs."""
        with self._translated():
            self._db.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET value = excluded.value",
                (key, value),
            )

    def all_metadata(self) -> dict[str, str]:
        with self._translated():
            return dict(self._db.execute("SELECT key, value FROM meta").fetchall())

    def get_metadata(self, key: str) -> str:
        with self._translated():
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def get_metadata_number(self, key: str) -> int:
        """0 where nothing is kept. Raises StorageTrouble for what is no number."""
        return _number(self.get_metadata(key))

    def template_in_force(self, kind: str, subject: str, body: str, now: datetime) -> int:
        """The version of this text; written down when it differs from the last one of its kind."""
        return self.text_in_force(kind, subject, body, now).id

    def text_in_force(self, kind: str, subject: str, body: str, now: datetime) -> Template:
        """As `template_in_force`."""
        with self._translated():
            row = self._db.execute(
                "SELECT id, subject, body, since FROM template WHERE kind = ?"
                " ORDER BY id DESC LIMIT 1",
                (kind,),
            ).fetchone()
            if row is not None and row[1:3] == (subject, body):
                return Template(row[0], kind, subject, body, to_time(row[3]))
            since = to_text(now)
            identity = self._db.execute(
                "INSERT INTO template (kind, subject, body, since) VALUES (?, ?, ?, ?)",
                (kind, subject, body, since),
            ).lastrowid
        return Template(identity or 0, kind, subject, body, to_time(since))

    def template(self, identity: int) -> Template:
        with self._translated():
            row = self._db.execute(
                "SELECT id, kind, subject, body, since FROM template WHERE id = ?", (identity,)
            ).fetchone()
        if row is None:
            raise broken_value(identity)
        identity, kind, subject, body, since = row
        return Template(identity, kind, subject, body, to_time(since))


class CachedMetadata:
    """The values as they were at one moment, read together: for a caller that is the
    only one to write those that it asks for. What changes is written down at once."""

    def __init__(self, notes: Metadata) -> None:
        self._notes = notes
        self._at_hand = notes.all_metadata()

    def get_metadata(self, key: str) -> str:
        return self._at_hand.get(key, "")

    def get_metadata_number(self, key: str) -> int:
        """As `Metadata.get_metadata_number`."""
        return _number(self.get_metadata(key))

    def set_metadata(self, key: str, value: str) -> bool:
        """As `Metadata.set_metadata`. What a transaction takes back is not taken back here: it ends
        the use of these values."""
        if self.get_metadata(key) == value:
            return False
        self._notes.write_metadata(key, value)
        self._at_hand[key] = value
        return True


def _number(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal()):
        raise broken_value(text)
    return int(text or 0)
