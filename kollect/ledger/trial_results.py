"""What the collector has learnt of the mail of 「自分の携帯・Gmailで試す」, for whoever waits."""

from __future__ import annotations

from kollect.ledger.metadata import Metadata
from kollect.mail.plus_address import is_own
from kollect.storage.reader import Reader

_RETURNED = "trial came back"


def write_returned(ledger: Metadata, code: str, words: str) -> None:
    """A server has sent word that it could not be delivered; `words` are the server's."""
    ledger.set_metadata(_RETURNED, f"{code} {words}")


class TrialResults(Reader):
    """By the code of a trial (`mail.trial_code`)."""

    def returned(self, code: str) -> str:
        """A server's words why it could not be delivered; "" where none have come."""
        for (value,) in self._select("SELECT value FROM meta WHERE key = ?", (_RETURNED,)):
            whose, _, words = str(value).partition(" ")
            return words if whose == code else ""
        return ""

    def is_answered(self, code: str, own: str) -> bool:
        """Whether an answer has come. `own`: our own address, from which none comes."""
        rows = self._select(
            "SELECT address_key FROM mail WHERE kind = 'test'"
            " AND instr(upper(subject || ' ' || thread), ?) > 0",
            (code,),
        )
        return any(not is_own(str(key), own) for (key,) in rows)
