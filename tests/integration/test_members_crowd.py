"""A hundred thousand members, searched while somebody types; ten thousand letters."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from kollect.mailing.mailing_states import RecipientState
from kollect.mailing.outbox import Outbox
from kollect.members.member_filter import MemberFilter, MemberOrder
from kollect.members.repository import Members
from tests.servers.crowd import fill_members
from tests.unit.test_members_outbox import accepted, begun, database


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crowd") / "kollect.db"
    fill_members(path, 100_000)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("order", MemberOrder)
@pytest.mark.parametrize("typed", ["", "ア", "山田", "090 12", "docomo 山", "zzz"])
def test_found_among_100_000(crowd: Path, typed: str, order: MemberOrder):
    """How quickly, `python -m tests.bench --only members` tells: 50 ms here."""
    with closing(Members(crowd)) as members:
        numbers = members.numbers(MemberFilter(typed), order)
        shown = members.members(numbers[:50])
    assert [member.number for member in shown] == numbers[:50]


@pytest.mark.slow
def test_ten_thousand_letters_pass_the_outbox(tmp_path: Path):
    path = database(tmp_path / "kollect.db", 10_000)
    with closing(Outbox(path)) as outbox:
        mailing = begun(outbox)
        assert outbox.counts(mailing) == {RecipientState.WAITING: 10_000}
        accepted(outbox, mailing)
        assert outbox.counts(mailing) == {RecipientState.SENT: 10_000}
