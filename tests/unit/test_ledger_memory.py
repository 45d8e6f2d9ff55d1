"""The ledger's answers do not grow with the mailbox: ten thousand mails are an ordinary day."""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.states import IllegalMailMove, MailState
from tests.helpers.ledger_samples import BOX, NOW, numbered, sighting

MAILS = 2000
MOST = 1_000_000
"""Octets. All rows at once take half as many again."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "kollect.db")
    yield opened
    opened.close()


def full(ledger: Ledger) -> list[str]:
    uids = [f"u{n}" for n in range(MAILS)]
    with ledger.transaction():
        for uid in uids:
            ledger.record(BOX, sighting(uid), MailState.KEPT, NOW)
    return uids


def peak(job: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_is_still_there_is_looked_at_in_parts(ledger: Ledger):
    uids = full(ledger)
    assert peak(lambda: deque(ledger.still_there(BOX), maxlen=0)) < MOST
    assert [entry.uid for entry in ledger.still_there(BOX)] == uids


def test_what_has_left_is_written_down_in_parts(ledger: Ledger):
    uids = full(ledger)
    assert peak(lambda: ledger.mark_deleted(BOX, uids, NOW)) < MOST
    assert list(ledger.still_there(BOX)) == []
    assert {entry.step for entry in ledger.known_mails(BOX, uids).values()} == {MailState.GONE}
    ledger.mark_deleted(BOX, [*uids, "never seen"], NOW)  # gone already: nothing to do


def test_where_one_mail_still_owes_a_letter_none_has_left(ledger: Ledger):
    uids = full(ledger)
    row, _ = numbered(ledger, "a@x.jp", uid="owing")
    ledger.move([row], MailState.SENDING, NOW)
    with pytest.raises(IllegalMailMove):
        ledger.mark_deleted(BOX, [*uids, "owing"], NOW)
    assert len(list(ledger.still_there(BOX))) == MAILS + 1
