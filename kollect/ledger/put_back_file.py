"""At the start: does kollect.db know all numbers that were given, or is it an older file put back?

The file beside it, the copies in backup/ and the log tell. Nothing of this is needed to work: what
is missing or belongs to another shop is passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path

from kollect.ledger.ledger import Ledger
from kollect.ledger.number_rows import Behind
from kollect.ledger.receipt_rows import Receipts
from kollect.storage import backup, highest_number
from kollect.storage.numbers_in_log import given_to

log = logging.getLogger(__name__)

_COMPARED = 200
"""So many numbers of a log are compared with the database."""
_MONTHS = 2
"""So many months that tell of numbers are read: a clock that was wrong has made the newest one."""


def catch_up(database: Path, copies: Path, months: Iterable[Iterable[str]]) -> Behind | None:
    """Make sure that no number given before is given again; returns what has to be told.

    `months` are the lines of the log, the newest month first; no more are read than needed. Raises
    `errors.StorageTrouble`.
    """
    with closing(Ledger(database)) as ledger:
        beside = highest_number.read(database)
        theirs = beside is not None and beside.ledger != ledger.install_id
        if theirs and backup.is_copied_in(copies, ledger.install_id):
            # else this may be the one that was newly made, or is another shop's itself
            log.warning(
                "%s は、ほかの店のものなので使いません。", highest_number.file_for(database).name
            )
            highest_number.forget(database)
            beside = None
        known = [
            *([beside.number] if beside else []),
            *backup.numbers_of_copies(copies, ledger.install_id),
        ]
        with closing(Receipts(database)) as receipts:
            ours = (max(one) for one in map(given_to, months) if _is_ours(one, receipts))
            known += islice(ours, _MONTHS)
        ledger.catch_up(max(known, default=0))
        ledger.keep_highest()
        return ledger.behind()


def _is_ours(logged: dict[int, str], receipts: Receipts) -> bool:
    """Whether this is not the log of another shop: there each number has another address."""
    # a protected log shows addresses only in part
    whole = {number: to for number, to in logged.items() if to and "*" not in to}
    there = receipts.some(sorted(whole, reverse=True)[:_COMPARED])
    if not there:
        there = receipts.some(sorted(whole)[:_COMPARED])
    if not there:
        return bool(logged)
    return any(one.address == whole[number] for number, one in there.items())
