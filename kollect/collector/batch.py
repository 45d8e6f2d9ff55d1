"""Mails that are worked off together: what one stage has found out about them, for the next. Pure.

The rows are read from the ledger once, by the first stage; whatever a stage writes down about them
it changes here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kollect.ledger.records import MailRecord


@dataclass(slots=True)
class Batch:
    uids: list[str]
    """In the order of arrival."""
    rows: dict[str, MailRecord] = field(default_factory=dict)
    """By uid: the row of each mail that is written down, as it is by now."""
    verified: set[str] = field(default_factory=set)
    """Mails whose headers are those that their rows were written for."""
    session: int = 0
    """The session in which that was seen."""
    reappeared: set[str] = field(default_factory=set)
    """Mails that the server had promised to delete and that are back."""

    def change(self, row: MailRecord) -> None:
        """Take over what was written down in a row, if it is one of these mails."""
        there = self.rows.get(row.uid)
        if there is not None and there.id == row.id:
            self.rows[row.uid] = row


def batches(uids: list[str], size: int) -> Iterable[Batch]:
    for start in range(0, len(uids), size):
        yield Batch(uids[start : start + size])
