"""統合 in a real kollect.db: two members become one, nothing is lost, a no holds, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.collector.member_effects import MemberEffects
from kollect.ledger.ledger import Ledger
from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import AlreadyNumbered
from kollect.mailing.outbox import Outbox
from kollect.members import csv_export, csv_table
from kollect.members.address_change import AddressChanges, CannotMove
from kollect.members.csv_check import ImportTrouble
from kollect.members.former_value import is_of_form
from kollect.members.member import Consent, Member
from kollect.members.member_errors import AlreadyRegistered, MergedAway, NotRegistered
from kollect.members.member_fields import as_form_input
from kollect.members.member_filter import EVERYBODY, MemberFilter
from kollect.members.merge import MERGED, UNMERGED, MemberMerges
from kollect.members.merge_rules import CannotMerge, MergeField
from kollect.storage.database_driver import sqlite3
from kollect.storage.database_glance import receipts_and_members
from tests.helpers.ledger_samples import DOMAIN, NOW, numbered, text
from tests.helpers.member_csv import take_in
from tests.helpers.merge_samples import (
    CONSENT,
    EVENING,
    KEPT,
    KEPT_AT,
    LATER,
    LEFT,
    LEFT_AT,
    LIST,
    THIRD,
    merge,
    one_person_twice,
)
from tests.helpers.protected_shop import rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return one_person_twice(tmp_path / "kollect.db")


@pytest.fixture
def members(path: Path) -> Iterator[MemberMerges]:
    with closing(MemberMerges(path)) as members:
        yield members


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path)) as ledger:
        yield ledger


@pytest.fixture
def moves(path: Path) -> Iterator[AddressChanges]:
    with closing(AddressChanges(path)) as moves:
        yield moves


# --- the table of merge, row by row


def test_what_is_chosen_stands_and_groups_and_notes_are_joined(members: MemberMerges):
    found = merge(members, MergeField.NAME, MergeField.BIRTHDAY)
    assert as_form_input(found) == as_form_input(
        replace(
            KEPT,
            name=LEFT.name,
            birthday=LEFT.birthday,
            groups=("常連", "パン教室"),
            note="犬を飼っている\n卵アレルギー",
        )
    )
    assert found.standing.address == KEPT_AT
    assert members.get(1001) == found


def test_the_other_is_nowhere_any_more(members: MemberMerges, path: Path):
    merge(members, MergeField.HOME)
    assert members.get(1002) is None
    assert members.numbers() == sorted(members.numbers(order="kana")) == [1001, 1003]
    assert [one.number for one in members.each()] == [1001, 1003]
    assert members.members([1001, 1002]) == [members.get(1001)]
    assert members.groups() == [("パン教室", 1), ("常連", 1)]
    assert members.registered_since(NOW) == 2
    assert members.last_registered().number == 1003
    assert members.neighbour(1001, 1).number == 1003
    assert members.alike(as_form_input(KEPT), 1001) == []
    assert members.unregistered() == 0
    assert receipts_and_members(path) == (3, 2)
    assert b"1002" not in csv_export.members_csv(members.each())
    with closing(Outbox(path)) as outbox:
        assert outbox.who(EVERYBODY) == [1001, 1003]


def test_its_number_and_its_address_lead_to_the_one_that_stays(members: MemberMerges):
    merge(members)
    for typed in ("1002", "taro@gmail"):
        assert [one.member.number for one in members.lookup(typed)] == [1001]
        assert members.numbers(MemberFilter(text=typed)) == [1001]
    members.update(replace(members.get(1001), home="大阪市"), LATER, LIST)
    assert members.numbers(MemberFilter(text="1002")) == [1001], "also after a correction"
    with pytest.raises(AlreadyRegistered, match="1001"):
        members.register(Member(1002, "だれか"), LATER)
    with pytest.raises(MergedAway, match="統合"):
        members.update(LEFT, LATER, LIST)


@pytest.mark.parametrize("taken", [(), (MergeField.ADDRESS,)])
def test_blank_mails_of_both_addresses_get_the_number_that_stays(
    members: MemberMerges, ledger: Ledger, taken: tuple[MergeField, ...]
):
    found = merge(members, *taken)
    assert found.standing.address == (LEFT_AT if taken else KEPT_AT)
    for sender in (KEPT_AT, LEFT_AT):
        assert ledger.known(sender, LATER)[0] == 1001
        with pytest.raises(AlreadyNumbered, match="1001"):
            numbered(ledger, sender, uid=f"again {sender}")
        assert members.number_of(sender) == members.numbers_of([sender])[sender] == 1001
    assert numbered(ledger, "next@x.jp")[1] == 1004, "none skipped"


def test_a_number_of_the_members_other_address_is_still_open(members: MemberMerges, ledger: Ledger):
    """Where the shop gives a new number to each mail it may be the form of somebody at home."""
    assert numbered(ledger, LEFT_AT, uid="second", again=True)[1] == 1004
    merge(members)
    assert members.free(1004) == LEFT_AT
    assert members.unregistered() == 1


def test_the_history_and_the_consents_of_both_are_there(members: MemberMerges):
    before = len(list(members.consents()))
    merge(members, MergeField.NAME)
    told = members.changes(1001)
    assert [one.what for one in told].count("会員登録") == 2
    (event,) = [one for one in told if one.what == MERGED]
    assert "1002 山田　太朗" in event.former and LEFT_AT in event.former
    assert not is_of_form(event)
    assert ("お名前", KEPT.name, LEFT.name) in [(o.what, o.former, o.present) for o in told]
    assert len(list(members.consents())) == before, "nothing new was said"


def test_the_later_consent_counts_and_is_written_down(members: MemberMerges):
    found = merge(members, stays=1002, goes=1001)
    assert found.consent == CONSENT
    *_, last = members.consents()
    assert (last.number, last.address) == (1002, LEFT_AT)
    assert last.consent == Consent(True, CONSENT.on, "会員登録用紙（統合）")


def test_the_address_that_is_chosen_brings_what_is_known_of_it(
    members: MemberMerges, ledger: Ledger, path: Path
):
    with closing(sqlite3.connect(path)) as db:
        (reply,) = db.execute("SELECT letter_id FROM mail WHERE number = 1001").fetchone()
    ledger.bounced(reply, "", "user unknown", NOW)
    waits = ledger.resend(1001, NOW, text(ledger), DOMAIN)
    assert members.get(1001).standing.undeliverable == "user unknown"
    assert merge(members, MergeField.ADDRESS).standing.undeliverable == ""
    (row,) = ledger.entries([waits])
    assert (row.mailbox, row.address) == (MANUAL, LEFT_AT)
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1001).standing.undeliverable == "user unknown"
    assert ledger.entries([waits])[0].address == KEPT_AT


def test_undeliverable_goes_with_the_address_also_on_the_way_back(members: MemberMerges):
    """Found out while it is the address of the one that stays, it is about that address."""
    merge(members, MergeField.ADDRESS)
    members.undeliverable(1001, "550 no such user", LATER, "メール発信")
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1001).standing.undeliverable == ""
    assert members.get(1002).standing.undeliverable == "550 no such user"


def test_an_address_that_can_be_reached_again_can_be_on_the_way_back(members: MemberMerges):
    members.undeliverable(1002, "550 no such user", NOW, "メール発信")
    assert merge(members, MergeField.ADDRESS).standing.undeliverable == "550 no such user"
    members.reachable(1001, LATER, LIST)
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1002).standing.undeliverable == ""


def test_undeliverable_since_then_is_the_own_address(members: MemberMerges):
    merge(members)
    members.undeliverable(1001, "550 no such user", LATER, "メール発信")
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1001).standing.undeliverable == "550 no such user"
    assert members.get(1002).standing.undeliverable == ""


@pytest.mark.parametrize("since", ["", "reachable", "undeliverable"])
def test_undeliverable_of_one_address_is_that_of_both_numbers(
    members: MemberMerges, ledger: Ledger, path: Path, since: str
):
    numbered(ledger, THIRD, uid="second", again=True)
    members.register(Member(1004, "佐藤　花子", consent=CONSENT), NOW)
    if since != "undeliverable":
        members.undeliverable(1004, "550 no such user", NOW, "メール発信")
    found = merge(members, stays=1003, goes=1004)
    assert bool(found.standing.undeliverable) == (since != "undeliverable")
    if since == "reachable":
        members.reachable(1003, LATER, LIST)
    elif since:
        members.undeliverable(1003, "550 no such user", LATER, "メール発信")
    members.undo_merge(1003, LATER, LIST)
    answers = [members.get(n).standing.undeliverable for n in (1003, 1004)]
    assert [bool(one) for one in answers] == {
        "": [False, True], "reachable": [False, False], "undeliverable": [True, True],
    }[since]  # fmt: skip


def test_one_address_under_two_numbers(members: MemberMerges, ledger: Ledger, path: Path):
    numbered(ledger, THIRD, uid="second", again=True)
    members.register(Member(1004, "佐藤　花子"), NOW)
    before = rows(path)
    merge(members, MergeField.ADDRESS, stays=1004, goes=1003)
    assert ledger.known(THIRD, LATER)[0] == 1004
    members.undo_merge(1004, LATER, LIST)
    assert rows(path)["receipt"] == before["receipt"]


def test_a_third_is_merged_into_one_of_them(members: MemberMerges, ledger: Ledger):
    merge(members)
    merge(members, stays=1003, goes=1001)
    assert members.numbers() == [1003]
    assert {members.stands_for(n) for n in (1001, 1002)} == {1003}
    assert ledger.known(LEFT_AT, LATER)[0] == 1003
    assert [one.member.number for one in members.lookup("1002")] == [1003]
    assert members.numbers(MemberFilter(text="1002")) == [1003]
    with pytest.raises(MergedAway, match="1003"):
        members.undo_merge(1001, LATER, LIST)
    assert members.undo_merge(1003, LATER, LIST) == 1001
    assert members.stands_for(1002) == 1001
    assert members.undo_merge(1001, LATER, LIST) == 1002
    assert members.numbers() == [1001, 1002, 1003]


def test_what_stood_for_the_other_stands_for_the_one(
    members: MemberMerges, moves: AddressChanges, ledger: Ledger
):
    numbered(ledger, "new@x.jp")
    moves.change_address(1002, 1004, NOW, LIST)
    merge(members)
    assert members.stands_for(1004) == 1001
    assert ledger.known("new@x.jp", LATER)[0] == 1001
    assert ledger.known(LEFT_AT, LATER)[0] is None, "left before"
    assert MemberEffects(ledger).stop(LEFT_AT, LATER) == [1001]
    members.undo_merge(1001, LATER, LIST)
    assert members.stands_for(1004) == 1002
    assert members.is_stopped(1002), "who had left that address has said no"
    assert not members.is_stopped(1001)


def test_the_other_address_can_be_changed_to_later(
    members: MemberMerges, moves: AddressChanges, ledger: Ledger, path: Path
):
    merge(members)
    before = rows(path)["receipt"]
    assert moves.change_address(1001, 1002, LATER, LIST) is None
    assert members.get(1001).standing.address == LEFT_AT
    assert ledger.known(LEFT_AT, LATER)[0] == 1001
    with pytest.raises(CannotMerge, match="アドレスが変更"):
        members.undo_merge(1001, LATER, LIST)
    moves.undo_address_change(1001, LATER, LIST)
    assert rows(path)["receipt"] == before
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1002).standing.address == LEFT_AT


@pytest.mark.parametrize("second_number", [False, True])
def test_an_address_that_was_left_before_a_swap_comes_back_only_after_the_swap(
    members: MemberMerges, moves: AddressChanges, ledger: Ledger, path: Path, second_number: bool
):
    other = 1002
    if second_number:
        _, other = numbered(ledger, LEFT_AT, uid="second", again=True)
        members.register(Member(other, "山田　太朗", consent=CONSENT), NOW)
    _, new = numbered(ledger, "new@x.jp")
    moves.change_address(1001, new, LATER, LIST)
    before = rows(path)["receipt"]
    merge(members, MergeField.ADDRESS, goes=other)
    merged = rows(path)
    with pytest.raises(CannotMove, match="前のアドレスには戻せません") as told:
        moves.undo_address_change(1001, LATER, LIST)
    assert "統合を取り消す" in told.value.cure
    assert rows(path) == merged
    members.undo_merge(1001, LATER, LIST)
    assert rows(path)["receipt"] == before
    assert moves.undo_address_change(1001, LATER, LIST) == KEPT_AT


def test_an_address_that_was_changed_after_a_swap_comes_back(
    members: MemberMerges, moves: AddressChanges, ledger: Ledger, path: Path
):
    merge(members, MergeField.ADDRESS)
    _, new = numbered(ledger, "new@x.jp")
    before = rows(path)["receipt"]
    moves.change_address(1001, new, LATER, LIST)
    assert moves.undo_address_change(1001, LATER, LIST) == LEFT_AT
    assert rows(path)["receipt"] == before
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1001).standing.address == KEPT_AT


def test_a_number_of_another_member_points_to_merging(members: MemberMerges, moves: AddressChanges):
    with pytest.raises(CannotMove) as told:
        moves.change_address(1001, 1002, LATER, LIST)
    assert "ほかの会員と統合" in told.value.cure


# --- what is refused, and changes nothing


def test_what_cannot_be_merged(members: MemberMerges, path: Path):
    members.update(replace(LEFT, note="あ" * 999), NOW, LIST)
    before = rows(path)
    for goes, why in ((1001, "同じ会員"), (1002, "統合できません")):
        with pytest.raises(CannotMerge, match=why):
            merge(members, goes=goes)
    with pytest.raises(NotRegistered):
        merge(members, goes=1999)
    with pytest.raises(CannotMerge, match="取り消す統合がありません"):
        members.undo_merge(1001, LATER, LIST)
    assert rows(path) == before
    merge(members, stays=1003)
    with pytest.raises(MergedAway):
        merge(members)


def test_a_list_with_the_number_that_is_gone(members: MemberMerges):
    merge(members)
    table = csv_table.read("受付番号,お名前\n1002,山田　太郎\n".encode())
    with pytest.raises(ImportTrouble) as told:
        take_in(table, members, LATER)
    assert "受付番号 1002 の会員は、会員 1001 に統合されています" in str(told.value.problems[0])


# --- the law


def test_a_no_of_the_other_holds(members: MemberMerges):
    members.stop_member(1002, NOW, LIST)
    found = merge(members)
    assert found.standing.stopped_at == NOW
    *_, last = members.consents()
    assert (last.number, last.consent.given, last.consent.on) == (1001, False, NOW.date())


def test_a_no_of_the_one_that_stays_holds(members: MemberMerges):
    members.stop_member(1001, NOW, LIST)
    assert merge(members).standing.stopped_at == NOW


def test_a_consent_of_a_later_day_ends_the_no_of_the_other(members: MemberMerges):
    members.stop_member(1001, NOW, LIST)
    fresh = Consent(True, LATER.date(), "店頭")
    members.update(replace(LEFT, consent=fresh), LATER, LIST)
    found = merge(members)
    assert found.standing.stopped_at is None
    assert found.consent == fresh
    members.undo_merge(1001, LATER, LIST)
    assert members.is_stopped(1001), "the consent was the other's"
    assert not members.is_stopped(1002)


def test_a_consent_of_the_same_day_does_not(members: MemberMerges):
    members.stop_member(1001, NOW, LIST)
    members.update(replace(LEFT, consent=Consent(True, NOW.date(), "店頭")), EVENING, LIST)
    assert merge(members).standing.stopped_at == NOW


def test_the_day_of_a_list_without_days_does_not(members: MemberMerges):
    members.stop_member(1001, NOW, LIST)
    undated = Consent(True, LATER.date(), "CSVの取り込み")
    members.update(replace(LEFT, consent=undated), LATER, "CSVの取り込み", dated=False)
    assert merge(members).standing.stopped_at == NOW


def test_the_last_no_is_the_one_to_be_later_than(members: MemberMerges):
    members.stop_member(1001, NOW, LIST)
    members.stop_member(1002, LATER, LIST)
    assert merge(members).standing.stopped_at == LATER
    with pytest.raises(ValueError, match="new consent"):
        members.resume(1001, Consent(True, NOW.date(), "店頭"), LATER, LIST)
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1001).standing.stopped_at == NOW


@pytest.mark.parametrize("gone", [1001, 1002])
def test_who_has_withdrawn_under_either_number_has(members: MemberMerges, gone: int):
    members.withdraw(gone, EVENING, LIST)
    found = merge(members)
    assert found.standing.withdrawn_at == EVENING
    assert members.numbers(MemberFilter(state="withdrawn")) == [1001]
    members.undo_merge(1001, LATER, LIST)
    assert members.get(gone).standing.withdrawn_at == EVENING
    other = 2003 - gone
    assert members.get(other).standing.withdrawn_at is None


def test_who_came_again_is_a_member_and_the_no_is_a_no(members: MemberMerges, ledger: Ledger):
    members.withdraw(1001, EVENING, LIST)
    numbered(ledger, "again@x.jp")
    members.register(Member(1004, "山田　太郎", consent=CONSENT), LATER)
    found = merge(members, goes=1004)
    assert found.standing.withdrawn_at is None
    assert found.standing.stopped_at == EVENING
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1001).standing.withdrawn_at == EVENING
    assert members.get(1001).standing.stopped_at is None


def test_a_consent_that_was_taken_back_is_none(members: MemberMerges):
    members.update(replace(KEPT, consent=Consent()), LATER, LIST)
    assert not merge(members).consent.given


@pytest.mark.parametrize("first", [CONSENT, Consent()], ids=["it had consented", "it had not"])
def test_a_consent_that_was_taken_back_is_not_given_by_an_older_one_of_a_third(
    members: MemberMerges, first: Consent
):
    members.update(replace(LEFT, consent=first), NOW, LIST)
    third = replace(members.get(1003), consent=Consent(True, LATER.date(), "店頭"))
    members.update(third, LATER, LIST)
    members.update(replace(KEPT, consent=Consent()), LATER, LIST)
    merge(members, stays=1002, goes=1001)
    found = merge(members, stays=1002, goes=1003)
    assert not found.consent.given, "that of 1003 is of no later day"
    members.undo_merge(1002, LATER, LIST)
    members.undo_merge(1002, LATER, LIST)
    assert members.get(1002).consent == first
    assert members.get(1003) == third


def test_a_consent_that_is_taken_away_is_written_down(members: MemberMerges):
    members.update(replace(LEFT, consent=Consent()), LATER, LIST)
    merge(members)
    *_, last = members.consents()
    assert (last.number, last.consent) == (1001, Consent(False, LATER.date(), f"{LIST}（統合）"))


@pytest.mark.parametrize("sender", [KEPT_AT, LEFT_AT])
def test_a_no_by_a_mail_from_either_address_stops_the_member(
    members: MemberMerges, ledger: Ledger, sender: str
):
    merge(members)
    effects = MemberEffects(ledger)
    assert effects.member(sender) == 1001
    assert effects.may_be_stopped(sender)
    assert effects.stop(sender, LATER) == [1001]
    assert members.is_stopped(1001)
    assert members.said_no(1002) is not None


def test_a_no_holds_for_who_registers_the_other_address(members: MemberMerges, ledger: Ledger):
    merge(members)
    numbered(ledger, LEFT_AT, uid="second", again=True)
    members.stop_member(1001, LATER, LIST)
    assert members.register(Member(1004, "妻", consent=CONSENT), LATER) == LATER


def test_a_consent_since_then_is_for_the_other_number_too(members: MemberMerges, ledger: Ledger):
    members.stop_member(1002, NOW, LIST)
    merge(members)
    members.resume(1001, Consent(True, LATER.date(), "店頭"), LATER, LIST)
    assert members.said_no(1002) is None
    assert members.hold(LATER) == []
    assert not members.is_stopped(1001)


def other_numbers(members: MemberMerges, ledger: Ledger) -> None:
    """1004 has the address of 1001, 1005 that of 1002."""
    for number, sender in ((1004, KEPT_AT), (1005, LEFT_AT)):
        assert numbered(ledger, sender, uid=f"second {sender}", again=True)[1] == number
        members.register(Member(number, "家族", consent=CONSENT), NOW)


def stopped(members: MemberMerges) -> list[int]:
    found = {n: members.get(n) for n in (1001, 1002, 1003, 1004, 1005)}
    return [n for n, one in found.items() if one and one.standing.stopped_at]


@pytest.mark.parametrize("taken", [(), (MergeField.ADDRESS,)])
@pytest.mark.parametrize("who", [1001, 1002])
@pytest.mark.parametrize("said", ["a mail", "counter", "withdraw"])
def test_the_no_holds_for_the_other_numbers_of_both_addresses(
    members: MemberMerges,
    ledger: Ledger,
    path: Path,
    who: int,
    taken: tuple[MergeField, ...],
    said: str,
):
    other_numbers(members, ledger)
    if said == "a mail":
        MemberEffects(ledger).stop({1001: KEPT_AT, 1002: LEFT_AT}[who], EVENING)
    elif said == "counter":
        members.stop_member(who, EVENING, LIST)
    else:
        members.withdraw(who, EVENING, LIST)
    before = stopped(members)
    assert who + 3 in before
    merge(members, *taken)
    assert {1004, 1005} <= set(stopped(members))
    with closing(Outbox(path)) as outbox:
        assert outbox.who(EVERYBODY) == [1003]
    assert members.hold(LATER) == []
    members.undo_merge(1001, LATER, LIST)
    assert stopped(members) == before
    assert members.hold(LATER) == []


def test_the_no_does_not_hold_for_a_later_consent_at_the_address(
    members: MemberMerges, ledger: Ledger
):
    other_numbers(members, ledger)
    fresh = Consent(True, LATER.date(), "店頭")
    members.update(replace(members.get(1004), consent=fresh), LATER, LIST)
    members.stop_member(1002, EVENING, LIST)
    merge(members)
    assert stopped(members) == [1001, 1005]


def test_a_no_at_the_counter_since_then_is_theirs_too(members: MemberMerges, ledger: Ledger):
    other_numbers(members, ledger)
    merge(members)
    members.stop_member(1001, LATER, LIST)
    members.undo_merge(1001, LATER, LIST)
    assert stopped(members) == [1001, 1002, 1004, 1005]


def test_a_no_by_a_mail_since_then_is_its_addresss(members: MemberMerges, ledger: Ledger):
    other_numbers(members, ledger)
    merge(members)
    MemberEffects(ledger).stop(LEFT_AT, LATER)
    assert stopped(members) == [1001, 1004, 1005]
    members.undo_merge(1001, LATER, LIST)
    assert stopped(members) == [1002, 1005]


# --- taken apart again


@pytest.mark.parametrize("taken", [(), tuple(MergeField)])
def test_undone_all_is_as_before(
    members: MemberMerges, path: Path, ledger: Ledger, taken: tuple[MergeField, ...]
):
    members.stop_member(1002, NOW, LIST)
    before = rows(path)
    merge(members, *taken)
    assert members.last_merger(1001).goes == 1002
    assert members.undo_merge(1001, LATER, LIST) == 1002
    after = rows(path)
    for table in ("receipt", "member", "member_group", "merger", "parcel", "mail", "no_by_mail"):
        assert after[table] == before[table], table
    assert members.last_merger(1001) is None
    assert [members.changes(n)[0].what for n in (1001, 1002)].count(UNMERGED) >= 1
    assert (ledger.known(KEPT_AT, LATER)[0], ledger.known(LEFT_AT, LATER)[0]) == (1001, 1002)


def test_what_was_corrected_since_stays(members: MemberMerges):
    merge(members, MergeField.NAME, MergeField.HOME)
    members.update(replace(members.get(1001), home="大阪市", groups=("新しい",)), LATER, LIST)
    members.undo_merge(1001, LATER, LIST)
    found = members.get(1001)
    assert (found.name, found.home, found.groups) == (KEPT.name, "大阪市", ("新しい",))
    assert members.get(1002) == LEFT


def test_a_no_from_the_other_address_is_the_others_alone(members: MemberMerges, ledger: Ledger):
    merge(members)
    MemberEffects(ledger).stop(LEFT_AT, LATER)
    members.undo_merge(1001, LATER, LIST)
    assert not members.is_stopped(1001)
    assert members.is_stopped(1002)


def test_a_no_from_the_own_address_is_the_ones_alone(members: MemberMerges, ledger: Ledger):
    merge(members)
    MemberEffects(ledger).stop(KEPT_AT, LATER)
    members.undo_merge(1001, LATER, LIST)
    assert members.is_stopped(1001)
    assert not members.is_stopped(1002)


@pytest.mark.parametrize("what", ["stop_member", "withdraw"])
def test_a_no_at_the_counter_is_both(members: MemberMerges, what: str):
    merge(members)
    getattr(members, what)(1001, LATER, LIST)
    members.undo_merge(1001, LATER, LIST)
    assert members.is_stopped(1002)
    member = members.get(1001)
    assert member.standing.stopped_at or member.standing.withdrawn_at


def test_a_consent_that_is_taken_back_after_it_is_so_for_both(members: MemberMerges, path: Path):
    merge(members)
    members.update(replace(members.get(1001), consent=Consent()), LATER, LIST)
    undone_at = LATER + timedelta(days=30)
    members.undo_merge(1001, undone_at, LIST)
    assert not members.get(1001).consent.given
    assert not members.get(1002).consent.given
    *_, last = members.consents()
    assert (last.number, last.consent.given, last.consent.on) == (1002, False, LATER.date())
    assert "メール配信" in [one.what for one in members.changes(1002)]
    with closing(Outbox(path)) as outbox:
        assert outbox.who(EVERYBODY) == [1003]


def test_a_consent_that_was_none_and_is_taken_back_again_is_so_for_both(members: MemberMerges):
    members.update(replace(KEPT, consent=Consent()), NOW, LIST)
    merge(members)
    for consent in (Consent(True, LATER.date(), "店頭"), Consent()):
        members.update(replace(members.get(1001), consent=consent), LATER, LIST)
    members.undo_merge(1001, LATER, LIST)
    assert not members.get(1002).consent.given


def test_a_new_consent_after_it_leaves_the_other_as_it_was(members: MemberMerges):
    merge(members)
    for consent in (Consent(), Consent(True, LATER.date(), "店頭")):
        members.update(replace(members.get(1001), consent=consent), LATER, LIST)
    members.undo_merge(1001, LATER, LIST)
    assert members.get(1002).consent == LEFT.consent


def test_a_no_that_was_said_on_top_of_the_others_is_not_lost(members: MemberMerges, ledger: Ledger):
    """The one was stopped for the other's no already when its own came."""
    members.stop_member(1002, NOW, LIST)
    merge(members)
    MemberEffects(ledger).stop(KEPT_AT, LATER)
    members.undo_merge(1001, LATER, LIST)
    assert members.is_stopped(1001)


def test_a_value_of_the_file_that_nobody_can_have_written(members: MemberMerges, path: Path):
    from kollect.errors import StorageTrouble

    merge(members)
    for wrong in ("[]", "{}", '{"before": {}, "after": {}}'):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE merger SET former = ?", (wrong,))
        with pytest.raises(StorageTrouble):
            members.undo_merge(1001, LATER, LIST)
    assert members.numbers() == [1001, 1003]


def test_the_receipt_of_the_other_is_a_members(members: MemberMerges, path: Path):
    merge(members)
    with closing(Receipts(path)) as receipts:
        _, two, _ = receipts.all()
    assert (two.stands_for, two.member) == (1001, True)
