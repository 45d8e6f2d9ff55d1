"""店頭ポスター with an address of their own: their tags and names, and how many came by each.

A poster may hang for years: one by which somebody came is never forgotten, or nobody could tell any
more who came by it. That an address with a tag arrives is proved for one plain address on one
server, and has to be proved again for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kollect.settings.model import Settings
from kollect.storage.database import Database, to_text, to_time

MOST_POSTERS = 50
PLAIN_ADDRESS = "ふつうのアドレス"
"""What customers came by who scanned no poster with an address of its own."""


@dataclass(frozen=True, slots=True)
class Poster:
    tag: str
    name: str
    made_at: datetime
    proven_at: datetime | None
    proven_for: str
    """The `proof_place` at which it was proved; "": not yet."""
    came: int
    """How many numbers were given to mails that were sent to it."""

    def is_proven(self, settings: Settings) -> bool:
        """Whether mail to its address is known to arrive, as the settings are now."""
        return self.proven_for == proof_place(settings)


def proof_place(settings: Settings) -> str:
    """What a proof is for: another address or another mail server has to be proved again."""
    return f"{settings.mail_address} {settings.receive.host}".lower()


class PosterExists(Exception):
    """Another poster has this name or this tag, or there are too many."""


class Posters(Database):
    """Every method raises `errors.StorageTrouble` where the file cannot be read or written."""

    def all(self) -> list[Poster]:
        """In the order in which they were made."""
        with self._translated():
            rows = self._db.execute(
                "SELECT tag, name, made_at, proven_at, proven_for,"
                " (SELECT count(*) FROM receipt WHERE poster = tag AND poster <> '')"
                " FROM poster ORDER BY id"
            ).fetchall()
        return [
            Poster(tag, name, to_time(made), to_time(proven) if proven else None, where, came)
            for tag, name, made, proven, where, came in rows
        ]

    def tags(self) -> frozenset[str]:
        """Of all of them, proven or not: what has been printed counts."""
        with self._translated():
            return frozenset(tag for (tag,) in self._db.execute("SELECT tag FROM poster"))

    def add(self, tag: str, name: str, now: datetime) -> None:
        """Raises PosterExists."""
        with self.transaction():
            known = self.all()
            if len(known) >= MOST_POSTERS:
                raise PosterExists(f"ポスターは{MOST_POSTERS}種類までです。")
            if any(one.tag == tag for one in known):
                raise PosterExists(f"「{tag}」は、ほかのポスターが使っています。")
            if any(one.name == name for one in known):
                raise PosterExists(f"「{name}」という名前のポスターは、もうあります。")
            self._db.execute(
                "INSERT INTO poster (tag, name, made_at, proven_for) VALUES (?, ?, ?, '')",
                (tag, name, to_text(now)),
            )

    def disprove(self, tag: str) -> None:
        """A mail to this address has not arrived: it is not to be printed any more."""
        with self._translated():
            self._db.execute(
                "UPDATE poster SET proven_at = NULL, proven_for = '' WHERE tag = ?", (tag,)
            )

    def remove(self, tag: str) -> bool:
        """Forget a poster by which nobody came; False, and it stays, where somebody did."""
        with self._translated():
            return (
                self._db.execute(
                    "DELETE FROM poster WHERE tag = ?"
                    " AND NOT EXISTS (SELECT 1 FROM receipt WHERE poster = tag AND poster <> '')",
                    (tag,),
                ).rowcount
                > 0
            )

    def prove(self, tag: str, where: str, now: datetime) -> None:
        """A mail to this address has arrived at this `proof_place`."""
        with self._translated():
            self._db.execute(
                "UPDATE poster SET proven_at = ?, proven_for = ? WHERE tag = ?",
                (to_text(now), where, tag),
            )
