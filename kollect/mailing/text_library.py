"""文例: the shop's own texts for mails to members, in kollect.db.

    with workspace.texts() as texts:
        texts.save("秋のセール", subject, body, now)

A name stands for one text. Those that come with the program are in `builtin_texts`; no own text
takes the name of one. Knows nothing of mailings: a text that was taken is the mailing's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kollect.mail.nfc import composed
from kollect.mailing.builtin_texts import BUILTIN_TEXTS
from kollect.storage.database import to_text
from kollect.storage.queries import Queries

LONGEST_NAME = 40
"""Characters."""


@dataclass(frozen=True, slots=True)
class ShopText:
    id: int
    name: str
    subject: str
    body: str


class NameTaken(ValueError):
    """There is another text of this name; nothing was changed."""


def name_fault(name: str) -> str | None:
    """What keeps a text from having this name, for the person who typed it."""
    name = bare(name)
    if not name:
        return "名前を入力してください。"
    if len(name) > LONGEST_NAME:
        return f"{LONGEST_NAME}文字までにしてください。"
    if any(name == one.name for one in BUILTIN_TEXTS):
        return "はじめからある文例の名前です。別の名前にしてください。"
    return None


def bare(name: str) -> str:
    """The name as it is kept: on one line, without blanks around it."""
    return " ".join(composed(name).split())


class TextLibrary:
    """Every method raises `errors.StorageTrouble` where the file cannot be read or written."""

    def __init__(self, file: Path) -> None:
        self._db = Queries(file)

    def close(self) -> None:
        self._db.close()

    def all(self) -> list[ShopText]:
        """The one saved last stands first."""
        rows = self._db.rows(
            "SELECT id, name, subject, body FROM mailing_text ORDER BY saved_at DESC, id DESC"
        )
        return [ShopText(*row) for row in rows]

    def save(
        self, name: str, subject: str, body: str, now: datetime, *, replacing: bool = False
    ) -> int:
        """Keep a text under this name, which has no `name_fault`. Returns its id.

        Raises NameTaken, unless it is to take the place of the one that is there.
        """
        name, moment = bare(name), to_text(now)
        with self._db.transaction():
            there = self._db.row("SELECT id FROM mailing_text WHERE name = ?", name)
            if there is None:
                return self._db.insert(
                    "INSERT INTO mailing_text (name, subject, body, saved_at) VALUES (?, ?, ?, ?)",
                    *(name, subject, body, moment),
                )
            if not replacing:
                raise NameTaken(name)
            self._db.change(
                "UPDATE mailing_text SET subject = ?, body = ?, saved_at = ? WHERE id = ?",
                *(subject, body, moment, there[0]),
            )
            return int(there[0])

    def rename(self, identity: int, name: str) -> bool:
        """False: it is not there any more. Raises NameTaken."""
        name = bare(name)
        with self._db.transaction():
            if self._db.row(
                "SELECT 1 FROM mailing_text WHERE name = ? AND id <> ?", name, identity
            ):
                raise NameTaken(name)
            return bool(
                self._db.change("UPDATE mailing_text SET name = ? WHERE id = ?", name, identity)
            )

    def delete(self, identity: int) -> bool:
        """False: it was not there any more."""
        return bool(self._db.change("DELETE FROM mailing_text WHERE id = ?", identity))
