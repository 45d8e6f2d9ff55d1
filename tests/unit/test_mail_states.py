"""The table of steps: complete, without dead ends, and what the ledger really allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from kollect.ledger import states
from kollect.ledger.ledger import Ledger
from kollect.ledger.states import (
    MOVES,
    TO_DELETE,
    TO_SEND,
    IllegalMailMove,
    MailState,
    allowed_from,
)
from tests.helpers.ledger_samples import BOX, DOMAIN, NOW, sighting


@pytest.fixture
def ledger(tmp_path: Path):
    opened = Ledger(tmp_path / "kollect.db")
    yield opened
    opened.close()


def reachable(start: MailState) -> set[MailState]:
    found, new = set(), {start}
    while new:
        found |= new
        new = {after for step in new for after in MOVES[step]} - found
    return found


def test_every_step_is_in_the_table_and_in_the_prose():
    assert set(MOVES) == set(MailState)
    prose = states.__doc__ or ""
    assert [step for step in MailState if f"    {step.name} " not in prose] == []


def test_every_step_is_owed_or_done_or_out_of_our_hands():
    assert sorted((*TO_SEND, *TO_DELETE, MailState.TEST, MailState.GONE)) == sorted(MailState)


@pytest.mark.parametrize("step", TO_SEND)
def test_what_is_owed_can_come_to_every_end(step: MailState):
    assert {*TO_DELETE, MailState.GONE} <= reachable(step)


@pytest.mark.parametrize("step", (*TO_DELETE, MailState.TEST))
def test_what_is_done_only_leaves(step: MailState):
    assert MOVES[step] == {MailState.GONE}


def test_gone_is_the_end():
    assert not MOVES[MailState.GONE]


def test_a_letter_is_done_with_only_after_it_was_marked_as_being_sent():
    """Written down before the act: nothing is SENT or UNKNOWN that was not SENDING."""
    for step in (MailState.SENT, MailState.UNKNOWN):
        assert allowed_from(step) == (MailState.SENDING,)
    # or a refusal turned out to be this letter's alone
    assert allowed_from(MailState.UNDELIVERABLE) == (MailState.SENDING, MailState.DEFERRED)


def test_where_the_letter_may_be_with_the_server_it_is_not_dropped_unasked():
    """UNKNOWN must be sent once more before it can be given up."""
    assert MOVES[MailState.UNKNOWN] == {MailState.SENDING}


@pytest.mark.parametrize("now", MailState)
def test_the_ledger_follows_the_table(ledger: Ledger, now: MailState):
    for then in MailState:
        row = ledger.record(BOX, sighting(then, "a@docomo.ne.jp"), now, NOW, letter_domain=DOMAIN)
        if then in MOVES[now]:
            ledger.move([row], then, NOW)
            expected = then
        else:
            with pytest.raises(IllegalMailMove):
                ledger.move([row], then, NOW)
            expected = now
        assert ledger.known_mails(BOX, [then])[then].step is expected
