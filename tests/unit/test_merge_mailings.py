"""統合 and what is sent: mailings under way, 誕生日メール, ステップメール; in a real kollect.db."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.mailing.mailing_states import (
    ExclusionReason,
    RecipientResult,
    RecipientState,
    SendResult,
)
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member_filter import EVERYBODY, MemberFilter
from kollect.members.merge import MemberMerges
from kollect.settings.model import Shop
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import DOMAIN, NOW
from tests.helpers.merge_samples import (
    KEPT,
    KEPT_AT,
    LATER,
    LEFT_AT,
    LIST,
    merge,
    one_person_twice,
)
from tests.helpers.protected_shop import rows

SHOP = Shop(name="こむぎ", address="東京都千代田区千代田1-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return one_person_twice(tmp_path / "kollect.db")


@pytest.fixture
def members(path: Path) -> Iterator[MemberMerges]:
    with closing(MemberMerges(path)) as members:
        yield members


def begun(path: Path, choice: MemberFilter = EVERYBODY) -> tuple[Outbox, int]:
    outbox = Outbox(path)
    mailing = outbox.save("秋のお知らせ", "★名前★ 様\n", RateLimit(0, 0), NOW)
    outbox.start(
        mailing, choice, NOW, shop=SHOP, mail_address="shop@shop.example", letter_domain=DOMAIN
    )
    return outbox, mailing


def states(outbox: Outbox, mailing: int) -> list[tuple[RecipientState, str]]:
    return [(one.step, one.answer) for one in outbox.page(mailing, 0, 10)]


def accept(outbox: Outbox, *ids: int) -> None:
    outbox.settle([RecipientResult(i, SendResult.ACCEPTED, "250 Ok") for i in ids], LATER)


@pytest.mark.parametrize("stays", [1001, 1002])
def test_a_mailing_under_way_writes_to_one_person_once(
    members: MemberMerges, path: Path, stays: int
):
    outbox, mailing = begun(path)
    with closing(outbox):
        merge(members, stays=stays, goes=2003 - stays)
        taken = outbox.take(mailing, 0, 10, LATER)
        assert [one.number for one in taken] == [stays, 1003]
        assert all(outbox.still_allowed(one, LATER) for one in taken)
        accept(outbox, *(one.id for one in taken))
        assert (RecipientState.LEFT_OUT, ExclusionReason.MERGED) in states(outbox, mailing)
        assert outbox.sent_mails(stays)


@pytest.mark.parametrize("ends", [SendResult.ACCEPTED, SendResult.LATER, SendResult.UNKNOWN])
def test_the_other_letter_is_on_the_way(members: MemberMerges, path: Path, ends: SendResult):
    outbox, mailing = begun(path)
    with closing(outbox):
        first, second = outbox.take(mailing, 0, 2, NOW)
        outbox.give_back([first.id], NOW)
        merge(members)
        outbox.take(mailing, 0, 10, LATER)
        outbox.settle([RecipientResult(second.id, ends, "answer")], LATER)
        for one in outbox.take(mailing, 0, 10, LATER):
            if one.number == 1003:
                continue
            assert (one.number, one.id) == (1001, second.id)
            assert (one.address, outbox.still_allowed(one, LATER)) == (KEPT_AT, True)
            accept(outbox, one.id)
        mine = states(outbox, mailing)[:2]
        assert mine[0] == (RecipientState.LEFT_OUT, ExclusionReason.MERGED)
        assert mine[1][0] is RecipientState.SENT


def test_both_letters_are_in_hand(members: MemberMerges, path: Path):
    outbox, mailing = begun(path)
    with closing(outbox):
        first, second = outbox.take(mailing, 0, 2, NOW)
        merge(members)
        assert outbox.still_allowed(first, LATER)
        assert not outbox.still_allowed(second, LATER)
        accept(outbox, first.id)
        assert [step for step, _ in states(outbox, mailing)][:2] == [
            RecipientState.SENT, RecipientState.LEFT_OUT,
        ]  # fmt: skip


def test_who_was_chosen_only_under_the_other_number_gets_it(members: MemberMerges, path: Path):
    outbox, mailing = begun(path, MemberFilter(group="パン教室"))
    with closing(outbox):
        merge(members)
        (one,) = outbox.take(mailing, 0, 10, LATER)
        assert (one.number, one.name, one.address) == (1001, KEPT.name, KEPT_AT)
        assert outbox.still_allowed(one, LATER)


def test_the_no_of_the_other_is_asked_for_the_letters_of_both(members: MemberMerges, path: Path):
    outbox, mailing = begun(path)
    with closing(outbox):
        members.stop_member(1002, LATER, LIST)
        merge(members)
        assert [one.number for one in outbox.take(mailing, 0, 10, LATER)] == [1003]
        stopped = (RecipientState.LEFT_OUT, ExclusionReason.STOPPED)
        assert states(outbox, mailing)[:2] == [stopped, stopped]


def test_taken_apart_while_it_waits_both_get_theirs(members: MemberMerges, path: Path):
    outbox, mailing = begun(path)
    with closing(outbox):
        merge(members)
        members.undo_merge(1001, LATER, LIST)
        taken = outbox.take(mailing, 0, 10, LATER)
        assert [(one.number, one.address) for one in taken][:2] == [
            (1001, KEPT_AT), (1002, LEFT_AT),
        ]  # fmt: skip


def test_what_was_written_to_the_other_counts(members: MemberMerges, path: Path):
    outbox, mailing = begun(path, MemberFilter(group="パン教室"))
    with closing(outbox):
        accept(outbox, *(one.id for one in outbox.take(mailing, 0, 10, LATER)))
        merge(members)
        assert [one.subject for one in outbox.sent_mails(1001)] == ["秋のお知らせ"]
        assert members.numbers(MemberFilter(not_written_since=NOW)) == [1003]


def test_a_letter_of_the_other_that_comes_back_is_about_its_address(
    members: MemberMerges, path: Path
):
    outbox, mailing = begun(path)
    with closing(outbox):
        taken = outbox.take(mailing, 0, 10, NOW)
        accept(outbox, *(one.id for one in taken))
        merge(members)
        for day in range(2):
            told = outbox.bounced(
                taken[1].letter_id, "", "550 5.1.1 unknown", NOW - timedelta(days=1),
                LATER + timedelta(days=day),
            )  # fmt: skip
        assert (told.number, told.undeliverable) == (1001, False)
        assert members.get(1001).standing.undeliverable == ""


def test_undone_it_was_sent_only_to_whom_it_was_sent(members: MemberMerges, path: Path):
    """1001 had none that day: it is written down at the one that was written to, and back."""
    outbox, mailing = begun(path)
    outbox.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO standing_mailing VALUES"
            " (1, 'birthday', 7, '', '', 1, '2026-01-01T00:00:00Z', '2026-01-01', NULL)"
        )
        db.executemany(
            "INSERT INTO occasion VALUES (1, ?, ?, '2026-06-01T00:00:00Z', ?, ?)",
            [
                (1002, "2026-01-02", mailing, ""),
                (1002, "2027-01-02", mailing, ""),
                (1001, "2027-01-02", None, ExclusionReason.TOO_LATE),
                (1002, "2025-01-02", None, ExclusionReason.TOO_LATE),
                (1001, "2024-01-02", mailing, ""),
                (1002, "2024-01-02", mailing, ""),
            ],
        )
    before = rows(path)["occasion"]
    merge(members)
    with closing(sqlite3.connect(path)) as db:
        found = set(db.execute("SELECT day, mailing, reason FROM occasion WHERE number = 1001"))
    assert found == {(f"{year}-01-02", mailing, "") for year in (2024, 2026, 2027)}
    members.undo_merge(1001, LATER, LIST)
    assert rows(path)["occasion"] == before


def test_what_was_sent_by_itself_to_one_is_not_sent_again(members: MemberMerges, path: Path):
    """誕生日メール of this year, and a ステップメール, whose day is another for each."""
    outbox, mailing = begun(path)
    outbox.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "INSERT INTO standing_mailing VALUES"
            " (?, ?, 7, '', '', 1, '2026-01-01T00:00:00Z', '2026-01-01', NULL)",
            [(1, "birthday"), (2, "step")],
        )
        db.executemany(
            "INSERT INTO occasion VALUES (?, 1002, ?, '2026-06-01T00:00:00Z', ?, '')",
            [(1, "2027-01-02", mailing), (2, "2026-06-01", mailing)],
        )
    merge(members)
    with closing(sqlite3.connect(path)) as db:
        found = set(db.execute("SELECT standing, day FROM occasion WHERE number = 1001"))
    assert {(1, "2027-01-02"), (2, "2026-06-01")} <= found
