"""The ledger: a row per mail, a row per number, every step written down before and after it.

One SQLite file, `synchronous=FULL`: what `transaction` has committed survives a power cut. Knows
the states of a mail, nothing of mailboxes, letters or servers. Its chapters are `mail_rows`,
`number_rows` and `metadata`; here is what takes more than one of them.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import datetime
from pathlib import Path

from kollect.ledger.mail_rows import MANUAL, MailRows
from kollect.ledger.metadata import Metadata
from kollect.ledger.number_rows import NumberRows
from kollect.ledger.records import NewMail
from kollect.ledger.states import MailState
from kollect.storage import highest_number


class Ledger(MailRows, NumberRows, Metadata):
    """Promises: a number is never given to two addresses, an address never has two numbers unless
    it was asked for, no number is skipped, an illegal step changes nothing.

    One Ledger belongs to one thread; several may be open on one file. Every method raises
    `errors.StorageTrouble` where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.install_id: str = self.get_metadata("install_id")
        self._secret: str = self.get_metadata("secret")
        self._meet_highest()

    def mark(self, purpose: str) -> str:
        """A header value that only this installation can have written, one for each purpose."""
        secret = bytes.fromhex(self._secret)
        return hmac.new(secret, purpose.encode(), hashlib.sha256).hexdigest()[:32]

    def _meet_highest(self) -> None:
        """Somebody may have put an older file in the place of the one that gave the last numbers.

        A word of another ledger's numbers is left to `backup.catch_up`.
        """
        there = highest_number.read(self._path)
        if there is None or (there.ledger == self.install_id and not self.catch_up(there.number)):
            self.keep_highest()

    def resend(self, number: int, now: datetime, template: int, letter_domain: str) -> int:
        """再送: owe the letter with this number once more; where it stands for a member, with the
        member's own, to the member's address. Returns the row's id.

        Raises KeyError where nobody has this number.
        """
        with self._translated():
            row = self._db.execute(
                "SELECT number, address, address_key FROM receipt WHERE number ="
                " (SELECT coalesce(stands_for, number) FROM receipt WHERE number = ?)",
                (number,),
            ).fetchone()
        if row is None:
            raise KeyError(number)
        number, *to = row
        seen = NewMail(
            uid=uuid.uuid4().hex,
            fingerprint="",
            kind="duplicate",
            reason="受付番号をもう一度お知らせします。",
            address=to[0],
            address_key=to[1],
            subject="",
            message_id="",
            thread="",
        )
        return self.record(
            MANUAL, seen, MailState.OWED, now,
            template=template, number=number, letter_domain=letter_domain,
        )  # fmt: skip
