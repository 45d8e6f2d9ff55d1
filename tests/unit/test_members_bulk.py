"""一括操作 in a real kollect.db: done to all of the chosen members, or to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.members.bulk import BulkAct, BulkStep, GroupsTooLong, do_to_all
from kollect.members.member import Consent, Member, MemberState
from kollect.members.repository import Members
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.member_samples import by_hand

SOURCE = "会員一覧"
LATER = NOW + timedelta(days=1)
CONSENT = Consent(True, date(2026, 11, 22), "会員登録用紙")
PEOPLE = (
    Member(1001, "山田　太郎", groups=("常連", "週末"), consent=CONSENT),
    Member(1002, "佐藤　花子", groups=("朝市",), consent=CONSENT),
    Member(1003, "加藤　次郎", consent=CONSENT),
    Member(1004, "山田　太郎", consent=CONSENT),
)
"""1001 and 1004 have one address."""
EVERYBODY = [1001, 1002, 1003, 1004]
INTO = BulkAct(BulkStep.INTO_GROUPS, ("朝市",))
STOP, WITHDRAW = BulkAct(BulkStep.STOP), BulkAct(BulkStep.WITHDRAW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "kollect.db"
    with closing(Ledger(path)) as ledger:
        for address in ("taro", "hanako", "jiro"):
            numbered(ledger, f"{address}@docomo.ne.jp")
        numbered(ledger, "taro@docomo.ne.jp", again=True)
    with closing(Members(path)) as members:
        for one in PEOPLE:
            members.register(one, NOW)
    return path


@pytest.fixture
def members(path: Path) -> Iterator[Members]:
    with closing(Members(path)) as members:
        yield members


def present(members: Members, number: int) -> Member:
    found = members.get(number)
    assert found is not None
    return found


def last(members: Members, number: int) -> tuple[str, str, str, str]:
    line = members.changes(number)[0]
    return line.source, line.what, line.former, line.present


def everything(members: Members) -> list[object]:
    return [
        (replace(one, standing=one.standing), one.standing, members.changes(one.number))
        for one in members.members(EVERYBODY)
    ] + [*members.consents()]


class TestGroups:
    def test_whoever_is_not_in_it_comes_into_it(self, members: Members):
        assert do_to_all(members, EVERYBODY, INTO, LATER, SOURCE) == 3
        assert [present(members, n).groups for n in EVERYBODY] == [
            ("常連", "週末", "朝市"),
            ("朝市",),
            ("朝市",),
            ("朝市",),
        ]
        assert last(members, 1001) == (SOURCE, "グループ", "常連、週末", "常連、週末、朝市")
        assert last(members, 1002)[1] == "会員登録", "she was in it already"

    def test_only_who_is_chosen(self, members: Members):
        assert do_to_all(members, [1003], INTO, LATER, SOURCE) == 1
        assert present(members, 1001).groups == ("常連", "週末")

    def test_out_of_one_and_the_others_stay(self, members: Members):
        out = BulkAct(BulkStep.OUT_OF_GROUPS, ("常連", "朝市"))
        assert do_to_all(members, EVERYBODY, out, LATER, SOURCE) == 2
        assert present(members, 1001).groups == ("週末",)
        assert present(members, 1002).groups == ()
        assert last(members, 1001) == (SOURCE, "グループ", "常連、週末", "週末")

    def test_the_list_and_the_search_know_it(self, members: Members):
        from kollect.members.member_filter import MemberFilter

        do_to_all(members, EVERYBODY, INTO, LATER, SOURCE)
        assert members.numbers(MemberFilter("朝市")) == EVERYBODY
        assert members.numbers(MemberFilter(group="朝市")) == EVERYBODY

    def test_which_groups_they_are_in(self, members: Members, path: Path):
        by_hand(path, "UPDATE member_group SET label = 'か゛'  WHERE label = '週末'")
        by_hand(path, "UPDATE member_group SET label = 'か\u3099' WHERE label = 'か゛'")
        assert members.groups_among([1001, 1003]) == ["が", "常連"]
        assert members.groups_among([1003]) == []

    def test_what_would_not_fit_is_said_and_nobody_is_changed(self, members: Members):
        full = replace(PEOPLE[2], groups=tuple(f"組{'あ' * 37}{n}" for n in range(5)))
        members.update(full, LATER, SOURCE)
        before = everything(members)
        with pytest.raises(GroupsTooLong) as refused:
            do_to_all(members, EVERYBODY, INTO, LATER, SOURCE)
        assert "1003 の 加藤　次郎 様" in refused.value.happened
        assert everything(members) == before


class TestNo:
    def test_one_no_is_that_of_the_address(self, members: Members):
        assert do_to_all(members, [1001, 1002], STOP, LATER, SOURCE) == 2
        stopped = [n for n in EVERYBODY if present(members, n).standing.stopped_at]
        assert stopped == [1001, 1002, 1004]
        assert last(members, 1004) == (SOURCE, "配信停止", "", "")
        record = [one for one in members.consents() if not one.consent.given]
        assert {one.number for one in record} == {1001, 1002, 1004}

    def test_both_numbers_of_an_address_count(self, members: Members):
        assert do_to_all(members, [1001, 1004], STOP, LATER, SOURCE) == 2

    def test_who_has_stopped_or_withdrawn_stays_as_he_is(self, members: Members):
        members.stop_member(1002, NOW, SOURCE)
        members.withdraw(1003, NOW, SOURCE)
        before = [(n, members.changes(n)) for n in (1002, 1003)]
        assert do_to_all(members, EVERYBODY, STOP, LATER, SOURCE) == 2
        assert [(n, members.changes(n)) for n in (1002, 1003)] == before

    def test_withdrawn_all_together(self, members: Members):
        members.withdraw(1003, NOW, SOURCE)
        assert do_to_all(members, EVERYBODY, WITHDRAW, LATER, SOURCE) == 3
        states = {present(members, n).standing.state for n in EVERYBODY}
        assert states == {MemberState.WITHDRAWN}
        assert (SOURCE, "退会", "", "") in [
            (c.source, c.what, c.former, c.present) for c in members.changes(1001)
        ]


class _Enough(Exception):
    pass


@pytest.mark.parametrize("act", [INTO, STOP, WITHDRAW], ids=lambda act: act.step.name)
def test_broken_off_nobody_is_changed(members: Members, act: BulkAct):
    before, told = everything(members), []

    def tell(done: int, of: int) -> None:
        told.append((done, of))
        if done == 3:
            raise _Enough

    with pytest.raises(_Enough):
        do_to_all(members, EVERYBODY, act, LATER, SOURCE, tell)
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert everything(members) == before
