"""What became of single letters, for those who asked for them by hand: reading only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kollect.ledger.states import TO_SEND, MailState
from kollect.storage.database import one_of, to_time
from kollect.storage.reader import Reader


@dataclass(frozen=True, slots=True)
class LetterProgress:
    """One letter that was asked for, as it stands now."""

    number: int | None
    """The 受付番号 in it; None: a mail that is forwarded."""
    address: str
    step: MailState
    step_at: datetime
    answer: str
    """What the sending server said last; empty where it was not asked yet."""

    @property
    def is_waiting(self) -> bool:
        return self.step in TO_SEND


class Letters(Reader):
    def owed(self, numbers: Sequence[int]) -> dict[int, int]:
        """Those of the numbers that a letter is on its way or waiting for, with its mail's row."""
        steps = ", ".join(f"'{step}'" for step in TO_SEND)  # so that the partial index is used
        wanted = frozenset(numbers)
        rows = self._select(f"SELECT number, id FROM mail WHERE step IN ({steps}) ORDER BY id")
        return {number: row for number, row in rows if number in wanted}

    def progress(self, rows: Sequence[int]) -> list[LetterProgress]:
        """How the letters of these rows stand, in the order of the rows."""
        statement = "SELECT id, number, address, step, step_at, answer FROM mail WHERE id IN"
        found = {row[0]: row[1:] for row in self._select_by(statement, rows)}
        return [
            LetterProgress(number, address, one_of(MailState, step), to_time(step_at), answer)
            for number, address, step, step_at, answer in (found[r] for r in rows if r in found)
        ]
