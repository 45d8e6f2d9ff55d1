"""Random lives of a ledger beside a model of it: the promises hold at every moment."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
)

from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import MOVES, AlreadyNumbered, IllegalMailMove, MailState, ReceiptState
from tests.helpers.ledger_samples import BOX, NOW, numbered

PEOPLE = st.sampled_from([f"{name}@docomo.ne.jp" for name in "abcdefgh"])


class BrokenOff(Exception):
    pass


class Life(RuleBasedStateMachine):
    """What the collector can do to a ledger, in any order, with restarts in between."""

    rows = Bundle("rows")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "kollect.db"
        self.ledger = Ledger(self.path)
        self.reader = Receipts(self.path)
        self.now = NOW
        self.steps: dict[int, MailState] = {}
        self.number_of: dict[int, int] = {}
        self.owner: dict[int, str] = {}
        self.delivered: set[int] = set()

    def teardown(self) -> None:
        self.reader.close()
        self.ledger.close()
        self.folder.cleanup()

    def _took(self, row: int, number: int, address: str) -> int:
        self.steps[row] = MailState.OWED
        self.number_of[row] = number
        self.owner[number] = address
        self.now += timedelta(seconds=1)
        return row

    @rule(target=rows, address=PEOPLE, again=st.booleans())
    def a_blank_mail(self, address: str, again: bool) -> object:
        has = [number for number, owner in self.owner.items() if owner == address]
        if has and not again:
            with pytest.raises(AlreadyNumbered) as refused:
                numbered(self.ledger, address, now=self.now)
            assert refused.value.number == max(has)
            return multiple()
        row, number = numbered(self.ledger, address, now=self.now, again=again)
        return self._took(row, number, address)

    @rule(address=PEOPLE)
    def a_blank_mail_and_a_fault_before_the_commit(self, address: str) -> None:
        with pytest.raises(BrokenOff), self.ledger.transaction():
            numbered(self.ledger, address, now=self.now, again=True)
            raise BrokenOff

    @rule(
        picked=st.lists(rows, min_size=1, max_size=4, unique=True), then=st.sampled_from(MailState)
    )
    def a_move(self, picked: list[int], then: MailState) -> None:
        if all(then in MOVES[self.steps[row]] for row in picked):
            self.ledger.move(picked, then, self.now)
            self.steps |= dict.fromkeys(picked, then)
        else:
            with pytest.raises(IllegalMailMove):
                self.ledger.move(picked, then, self.now)

    @rule(row=rows, state=st.sampled_from(ReceiptState))
    def an_ending(self, row: int, state: ReceiptState) -> None:
        number = self.number_of[row]
        self.ledger.receipt_state(number, state, self.now)
        if state is ReceiptState.REPLIED:
            self.delivered.add(number)

    @rule()
    def a_restart(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.path)

    @invariant()
    def numbers_are_given_once_each_and_none_is_skipped(self) -> None:
        found = list(self.reader.all())
        assert {receipt.number: receipt.address for receipt in found} == self.owner
        assert [receipt.number for receipt in found] == list(range(1001, 1001 + len(found)))
        assert self.delivered == {r.number for r in found if r.state is ReceiptState.REPLIED}

    @invariant()
    def every_mail_is_where_it_was_taken(self) -> None:
        there = {entry.id: entry.step for entry in self.ledger.still_there(BOX)}
        assert there == {
            row: step for row, step in self.steps.items() if step is not MailState.GONE
        }

    @invariant()
    def owed_letters_come_in_order_with_their_numbers(self) -> None:
        owed = self.ledger.owed(0, 1000)
        ids = [entry.id for entry in owed]
        assert ids == sorted(ids)
        assert all(entry.number == self.number_of[entry.id] for entry in owed)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
