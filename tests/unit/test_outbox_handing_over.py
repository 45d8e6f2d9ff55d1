"""Between the taking of a letter and its handing over: what others write meanwhile counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.mailing.mailing_states import (
    ExclusionReason,
    MailingState,
    RecipientResult,
    RecipientState,
    SendResult,
)
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.repository import Members
from kollect.storage.queries import Queries
from tests.helpers.ledger_samples import NOW, lived_by
from tests.unit.test_members_outbox import begun, database

SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(database(tmp_path / "kollect.db", 6))) as outbox:
        yield outbox


def steps(outbox: Outbox, mailing: int) -> dict[int, tuple[RecipientState, str]]:
    return {
        recipient.number: (recipient.step, recipient.answer) for recipient in outbox.each(mailing)
    }


def test_a_letter_may_go_until_somebody_objects(outbox: Outbox, tmp_path: Path):
    mailing = begun(outbox)
    first, second, third = outbox.take_fresh(mailing, 0, 3, NOW)
    assert outbox.still_allowed(first, NOW)
    with closing(Members(tmp_path / "kollect.db")) as others:
        others.stop("m1@x.jp", NOW, "メール")
    assert not outbox.still_allowed(second, NOW)
    assert steps(outbox, mailing)[1002] == (RecipientState.LEFT_OUT, ExclusionReason.STOPPED)
    outbox.pause(mailing)
    assert not outbox.still_allowed(third, NOW)
    assert steps(outbox, mailing)[1003] == (RecipientState.DEFERRED, "")
    assert (
        steps(outbox, mailing)[1001][0] is RecipientState.SENDING
    )  # handed over: its answer will come


def test_a_letter_of_unknown_fate_is_not_called_unsent(outbox: Outbox, tmp_path: Path):
    mailing = begun(outbox)
    [recipient] = outbox.take_fresh(mailing, 0, 1, NOW)
    outbox.settle([RecipientResult(recipient.id, SendResult.UNKNOWN)], NOW)
    [recipient] = outbox.take_fresh(mailing, 0, 1, SOON)
    with closing(Members(tmp_path / "kollect.db")) as others:
        others.stop("m0@x.jp", NOW, "メール")
    assert not outbox.still_allowed(recipient, SOON)
    assert steps(outbox, mailing)[1001] == (RecipientState.UNCERTAIN, ExclusionReason.STOPPED)


def test_what_is_given_back_stays_owed_or_is_called_off(outbox: Outbox):
    mailing = begun(outbox)
    first, second = outbox.take_fresh(mailing, 0, 2, NOW)
    outbox.give_back([first.id], NOW)
    assert steps(outbox, mailing)[1001] == (RecipientState.DEFERRED, "")
    outbox.stop(mailing, NOW)
    outbox.give_back([second.id], NOW)
    assert steps(outbox, mailing)[1002] == (RecipientState.LEFT_OUT, ExclusionReason.CALLED_OFF)


def test_the_last_one_who_objects_ends_the_mailing(outbox: Outbox, tmp_path: Path):
    mailing = begun(outbox)
    *others, last = outbox.take_fresh(mailing, 0, 6, NOW)
    outbox.settle([RecipientResult(recipient.id, SendResult.ACCEPTED) for recipient in others], NOW)
    with closing(Members(tmp_path / "kollect.db")) as members:
        members.withdraw(last.number, NOW, "会員一覧")
    assert not outbox.still_allowed(last, NOW)
    assert outbox.mailing(mailing).state is MailingState.DONE


def test_those_put_off_have_the_second_turn_the_longest_ago_first(outbox: Outbox):
    mailing = begun(outbox)
    taken = outbox.take_fresh(mailing, 0, 3, NOW)
    outbox.settle(
        [RecipientResult(recipient.id, SendResult.LATER, "450 later") for recipient in taken], NOW
    )
    fresh = outbox.take_fresh(mailing, 0, 20, SOON)
    assert [recipient.number for recipient in fresh] == [1004, 1005, 1006]
    outbox.settle(
        [RecipientResult(recipient.id, SendResult.LATER, "450 later") for recipient in fresh[:1]],
        SOON,
    )
    # tried in this round already: not once more
    assert [p.number for p in outbox.take_put_off(mailing, SOON, 2, SOON)] == [1001, 1002]
    assert [p.number for p in outbox.take_put_off(mailing, SOON, 20, SOON)] == [1003]
    assert outbox.take_put_off(mailing, SOON, 20, SOON) == []


def test_on_the_ledgers_connection_both_are_written_or_neither(tmp_path: Path):
    path = database(tmp_path / "kollect.db", 1)
    with closing(Ledger(path)) as ledger:
        members = Members(Queries.beside(ledger))
        with pytest.raises(RuntimeError), ledger.transaction():
            members.stop("m0@x.jp", NOW, "メール")
            ledger.set_metadata("with it", "yes")
            raise RuntimeError
        assert ledger.get_metadata("with it") == ""
        assert members.get(1001).standing.stopped_at is None
        with ledger.transaction():
            members.stop("m0@x.jp", NOW, "メール")
    with closing(Members(path)) as again:
        assert again.get(1001).standing.stopped_at == NOW


def test_what_was_not_handed_over_counts_neither_as_a_try_nor_for_the_pace(outbox: Outbox):
    mailing = begun(outbox)
    handed, held, back = outbox.take_fresh(mailing, 0, 3, NOW)
    outbox.settle([RecipientResult(handed.id, SendResult.LATER, "450 later")], NOW)
    outbox.give_back([back.id], NOW)
    assert len(outbox.tries(RateLimit(60, 0), lived_by(SOON))) == 2
    # before those that were tried, however long ago; and tried before, its try stays
    assert outbox.take_put_off(mailing, SOON, 20, SOON)[0].id == back.id
    outbox.give_back([handed.id], SOON)
    assert len(outbox.tries(RateLimit(60, 0), lived_by(SOON))) == 3
    outbox.settle([RecipientResult(held.id, SendResult.ACCEPTED)], SOON)


def test_a_refusal_of_one_letter_is_final_and_says_nothing_of_the_member(
    outbox: Outbox, tmp_path: Path
):
    mailing = begun(outbox)
    first, second = outbox.take_fresh(mailing, 0, 2, NOW)
    outbox.settle([RecipientResult(first.id, SendResult.DOUBTED, "550 5.7.1 no")], NOW)
    assert steps(outbox, mailing)[1001] == (RecipientState.DEFERRED, "550 5.7.1 no")
    outbox.refuse([first.id, second.id], SOON)
    assert steps(outbox, mailing)[1001] == (RecipientState.UNDELIVERABLE, "550 5.7.1 no")
    assert steps(outbox, mailing)[1002][0] is RecipientState.SENDING, "its answer will come"
    with closing(Members(tmp_path / "kollect.db")) as members:
        assert members.get(1001).standing.undeliverable == ""


def test_whatever_may_stand_against_a_letter_makes_another_edition(outbox: Outbox, tmp_path: Path):
    mailing = begun(outbox)
    taken = outbox.take_fresh(mailing, 0, 6, NOW)
    seen = [outbox.change_token()]
    outbox.settle([RecipientResult(taken[0].id, SendResult.ACCEPTED)], NOW)
    assert outbox.change_token() == seen[-1], "the mail that was taken stands against no other"
    with closing(Members(tmp_path / "kollect.db")) as others:
        for act in (
            lambda: others.stop("m1@x.jp", NOW, "メール"),
            lambda: others.withdraw(1003, NOW, "会員一覧"),
            lambda: outbox.settle(
                [RecipientResult(taken[3].id, SendResult.REFUSED, "550 5.1.1 none")], NOW
            ),
            lambda: outbox.pause(mailing),
            lambda: outbox.resume(mailing),
            lambda: outbox.stop(mailing, NOW),
        ):
            act()
            assert outbox.change_token() not in seen
            seen.append(outbox.change_token())
