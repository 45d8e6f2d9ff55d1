"""The members in a real kollect.db: registered, found, corrected, withdrawn, stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import ReceiptState
from kollect.members.member import Consent, Member, MemberState, Sex
from kollect.members.member_errors import AlreadyRegistered, NotRegistered, NumberUnknown, Withdrawn
from kollect.members.member_fields import MemberFormInput
from kollect.members.member_filter import AgeRange, MemberFilter, MemberOrder
from kollect.members.repository import Members
from kollect.storage.database_driver import sqlite3
from kollect.storage.queries import Queries
from kollect.storage.schema import MIGRATIONS
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.old_files import make_old_file

LATER = NOW + timedelta(days=1)
CONSENT = Consent(True, date(2026, 11, 22), "会員登録用紙")
YAMADA = Member(
    number=1001,
    name="山田　太郎",
    kana="ヤマダ　タロウ",
    birthday=date(1985, 1, 2),
    sex=Sex.MALE,
    phone="090-1234-5678",
    postcode="100-0001",
    home="東京都千代田区千代田1-1",
    groups=("常連", "週末"),
    note="犬がいる",
    consent=CONSENT,
)
SATO = Member(1002, "佐藤　花子", kana="サトウ　ハナコ", groups=("常連",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three numbers were given: 1001 to 1003."""
    path = tmp_path / "kollect.db"
    ledger = Ledger(path)
    for address in ("taro@docomo.ne.jp", "Hanako..s@docomo.ne.jp", "jiro@ezweb.ne.jp"):
        numbered(ledger, address)
    ledger.close()
    return path


@pytest.fixture
def members(path: Path) -> Iterator[Members]:
    members = Members(path)
    yield members
    members.close()


# --- the counter


def test_what_was_registered_comes_back_whole(members: Members):
    members.register(YAMADA, NOW)
    found = members.get(1001)
    assert found == YAMADA
    assert found.standing.address == "taro@docomo.ne.jp"
    assert found.standing.state is MemberState.ACTIVE
    assert found.standing.registered_at == NOW
    assert members.get(1002) is None


def test_a_number_that_was_not_given_is_said_at_once(members: Members):
    for ask in (members.free, lambda n: members.register(replace(YAMADA, number=n), NOW)):
        with pytest.raises(NumberUnknown, match="1004") as caught:
            ask(1004)
        assert "メールアドレスの一部" in caught.value.cure
    assert members.numbers() == []


def test_a_number_is_registered_once(members: Members):
    assert members.free(1001) == "taro@docomo.ne.jp"
    members.register(YAMADA, NOW)
    with pytest.raises(AlreadyRegistered) as caught:
        members.register(replace(YAMADA, name="別人"), LATER)
    assert caught.value.member == YAMADA
    assert "山田　太郎 様" in caught.value.happened
    assert members.get(1001) == YAMADA


def test_a_withdrawn_member_is_not_registered_anew(members: Members):
    members.register(YAMADA, NOW)
    members.withdraw(1001, NOW, "会員一覧")
    with pytest.raises(Withdrawn) as caught:
        members.register(YAMADA, LATER)
    assert "退会の取り消し" in caught.value.cure


def test_lookup_by_number_or_by_part_of_an_address(members: Members):
    members.register(YAMADA, NOW)
    (found,) = members.lookup("１００１")
    assert (found.receipt.number, found.receipt.address) == (1001, "taro@docomo.ne.jp")
    assert found.receipt.state is ReceiptState.PENDING
    assert found.receipt.member
    assert found.member == YAMADA
    assert [c.receipt.number for c in members.lookup("DOCOMO")] == [1002, 1001]
    assert [c.receipt.number for c in members.lookup("hanako..S@")] == [1002]
    assert [c.receipt.number for c in members.lookup("ｊｉｒｏ")] == [1003]
    assert members.lookup("docomo", most=1)[0].member is None
    assert members.lookup("9999") == members.lookup("") == members.lookup("nobody") == []


def test_digits_alone_are_a_number_and_not_looked_for_in_addresses(path: Path, members: Members):
    ledger = Ledger(path)
    numbered(ledger, "tanaka1985@docomo.ne.jp")
    ledger.close()
    for typed in ("1985", "１９８５", "No.1985", "1985" * 10):
        assert members.lookup(typed) == []
    for typed in ("a1985", "1985@"):
        assert [c.receipt.number for c in members.lookup(typed)] == [1004]


def test_results_tell_who_is_a_member(path: Path, members: Members):
    with closing(Receipts(path)) as receipts:
        assert [r.member for r in receipts.all()] == [False, False, False]
        members.register(SATO, NOW)
        assert [r.member for r in receipts.all()] == [False, True, False]
        members.withdraw(1002, NOW, "会員一覧")
        assert not receipts.some([1002])[1002].member


# --- corrections


def test_a_correction_keeps_the_former_values(members: Members):
    members.register(YAMADA, NOW)
    better = replace(
        YAMADA, name="山田　次郎", phone="03-1111-2222", groups=("週末",), birthday=None
    )
    assert members.update(better, LATER, "会員一覧")
    assert members.get(1001) == better
    changes = members.changes(1001)
    assert changes[-1].what == "会員登録"
    assert changes[-1].at == NOW
    assert {(c.what, c.former, c.present) for c in changes[:-1]} == {
        ("お名前", "山田　太郎", "山田　次郎"),
        ("電話番号", "090-1234-5678", "03-1111-2222"),
        ("グループ", "常連、週末", "週末"),
        ("生年月日", "1985/01/02", ""),
    }
    assert all((c.at, c.source) == (LATER, "会員一覧") for c in changes[:-1])
    assert not members.update(better, LATER, "会員一覧"), "nothing differs"
    assert len(members.changes(1001)) == len(changes)


def test_nobody_is_corrected_who_is_not_registered(members: Members):
    for act in (
        lambda: members.update(SATO, NOW, "会員一覧"),
        lambda: members.withdraw(1002, NOW, "会員一覧"),
        lambda: members.resume(1002, CONSENT, NOW, "会員一覧"),
    ):
        with pytest.raises(NotRegistered, match="1002"):
            act()


def test_withdrawn_and_back(members: Members):
    members.register(YAMADA, NOW)
    assert members.withdraw(1001, LATER, "会員一覧")
    assert not members.withdraw(1001, LATER, "会員一覧")
    gone = members.get(1001)
    assert gone == YAMADA, "the form is kept"
    assert (gone.standing.state, gone.standing.withdrawn_at) == (MemberState.WITHDRAWN, LATER)
    assert members.numbers(MemberFilter(state=MemberState.ACTIVE)) == []
    assert members.numbers(MemberFilter(state=MemberState.WITHDRAWN)) == [1001]
    assert members.groups() == [("常連", 0), ("週末", 0)]
    assert members.come_back(1001, LATER, "会員一覧")
    assert not members.come_back(1001, LATER, "会員一覧")
    back = members.get(1001).standing
    assert (back.state, back.withdrawn_at) == (MemberState.ACTIVE, None)
    assert [c.what for c in members.changes(1001)] == ["退会の取り消し", "退会", "会員登録"]


def test_undeliverable_with_its_reason_and_healed(path: Path, members: Members):
    members.register(YAMADA, NOW)
    assert members.undeliverable(1001, "550 User unknown", LATER, "メール発信")
    assert members.get(1001).standing.undeliverable == "550 User unknown"
    assert members.changes(1001)[0].present == "550 User unknown"
    assert members.reachable(1001, LATER, "会員一覧")
    assert members.get(1001).standing.undeliverable == ""

    ledger = Ledger(path)
    ledger.receipt_state(1001, ReceiptState.UNDELIVERABLE, NOW, "550 No such address")
    assert members.get(1001).standing.undeliverable == "550 No such address"
    ledger.receipt_state(1001, ReceiptState.REPLIED, NOW)
    ledger.close()
    assert members.get(1001).standing.undeliverable == "", "再送 arrived"


def test_a_stop_is_for_the_address_whatever_its_numbers(path: Path, members: Members):
    ledger = Ledger(path)
    assert numbered(ledger, "taro@docomo.ne.jp", again=True)[1] == 1004
    ledger.close()
    members.register(YAMADA, NOW)
    members.register(replace(YAMADA, number=1004), NOW)
    members.register(SATO, NOW)
    assert members.stop("taro@docomo.ne.jp", LATER, "配信停止のメール") == [1001, 1004]
    assert members.stop("taro@docomo.ne.jp", LATER, "配信停止のメール") == []
    assert members.stop("jiro@ezweb.ne.jp", LATER, "配信停止のメール") == [], "no member"
    assert members.get(1001).standing.stopped_at == LATER
    assert members.get(1002).standing.stopped_at is None


def test_only_a_new_consent_ends_a_stop(members: Members):
    members.register(YAMADA, NOW)
    members.stop("taro@docomo.ne.jp", NOW, "配信停止のメール")
    members.update(replace(YAMADA, note="電話あり"), LATER, "会員一覧")
    members.withdraw(1001, LATER, "会員一覧")
    members.come_back(1001, LATER, "会員一覧")
    assert members.get(1001).standing.stopped_at == NOW
    with pytest.raises(ValueError, match="consent"):
        members.resume(1001, Consent(), LATER, "会員一覧")
    anew = Consent(True, LATER.date(), "店頭で口頭")
    assert members.resume(1001, anew, LATER, "会員一覧")
    assert not members.resume(1001, anew, LATER, "会員一覧")
    assert members.get(1001).standing.stopped_at is None
    assert members.get(1001).consent == anew


def test_the_record_of_consent_only_grows_and_has_the_words_then_in_force(
    path: Path, members: Members
):
    members.register(SATO, NOW)
    members.register(YAMADA, NOW)
    ledger = Ledger(path)
    ledger.template_in_force("acknowledgement", "新しい見出", "新しい本文", LATER)
    ledger.close()
    members.update(replace(YAMADA, consent=Consent()), LATER, "会員一覧")
    members.update(replace(YAMADA, consent=CONSENT), LATER, "会員一覧")
    members.stop("taro@docomo.ne.jp", LATER, "配信停止のメール")
    record = list(members.consents())
    assert [(r.number, r.consent) for r in record] == [
        (1001, CONSENT),
        (1001, Consent(False, LATER.date(), "会員一覧")),
        (1001, CONSENT),
        (1001, Consent(False, LATER.date(), "配信停止のメール")),
    ]
    assert {(r.address, r.subject, r.body) for r in record} == {
        ("taro@docomo.ne.jp", "番号は★1★です", "★1★\n")
    }
    assert [r.recorded_at for r in record] == [NOW, LATER, LATER, LATER]
    assert {r.received_at for r in record} == {NOW}


# --- the list


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", [1001, 1002]),
        ("1001", [1001]),
        ("１００２", [1002]),
        ("山田", [1001]),
        ("山田 太郎", [1001]),
        ("山田太郎", [1001]),
        ("やまだ", [1001]),
        ("ﾊﾅｺ", [1002]),
        ("090-1234", [1001]),
        ("0901234", [1001]),
        ("100-0001", [1001]),
        ("千代田1-1", [1001]),
        ("千代田１－１", [1001]),
        ("docomo", [1001, 1002]),
        ("HANAKO..S", [1002]),
        ("常連", [1001, 1002]),
        ("週末", [1001]),
        ("常連 docomo 花子", [1002]),
        ("太郎ヤマダ", []),
        ("%", []),
        ("_", []),
        ("犬", []),
    ],
)
def test_search_over_every_field_that_is_promised(members: Members, typed: str, found: list[int]):
    members.register(YAMADA, NOW)
    members.register(SATO, NOW)
    assert members.numbers(MemberFilter(typed)) == found


def test_search_sees_what_was_corrected(members: Members):
    members.register(YAMADA, NOW)
    members.update(replace(YAMADA, name="鈴木　太郎", groups=("新規",)), LATER, "会員一覧")
    assert members.numbers(MemberFilter("山田")) == members.numbers(MemberFilter("常連")) == []
    assert members.numbers(MemberFilter("鈴木 新規")) == [1001]
    assert members.numbers(MemberFilter(group="新規")) == [1001]


def test_a_member_whose_number_was_typed_comes_first(members: Members):
    members.register(replace(YAMADA, phone="03-1002-1002"), NOW)
    members.register(SATO, NOW)
    assert members.numbers(MemberFilter("1002")) == [1002, 1001]


@pytest.mark.parametrize(
    ("today", "ages", "found"),
    [
        (date(2026, 1, 1), (41, 41), []),
        (date(2026, 1, 2), (41, 41), [1001]),
        (date(2026, 1, 2), (0, 40), [1002]),
        (date(2027, 1, 1), (41, 41), [1001]),
        (date(2027, 1, 2), (41, 41), []),
        (date(2026, 2, 28), (22, 130), [1001]),
        (date(2026, 3, 1), (22, 130), [1001, 1002]),
        (date(2024, 2, 29), (20, 20), [1002]),
    ],
)
def test_ages_to_the_day_also_of_who_was_born_on_29_february(
    members: Members, today: date, ages: tuple[int, int], found: list[int]
):
    members.register(YAMADA, NOW)
    members.register(replace(SATO, birthday=date(2004, 2, 29)), NOW)
    members.register(Member(1003, "誕生日なし"), NOW)
    assert members.numbers(MemberFilter(ages=AgeRange(*ages, today))) == found


def test_birth_month_and_sex(members: Members):
    members.register(YAMADA, NOW)
    members.register(replace(SATO, birthday=date(2004, 12, 29)), NOW)
    members.register(Member(1003, "記入なし"), NOW)
    assert members.numbers(MemberFilter(birth_month=1)) == [1001]
    assert members.numbers(MemberFilter(birth_month=12)) == [1002]
    assert members.numbers(MemberFilter(birth_month=2)) == []
    assert members.numbers(MemberFilter(sex=Sex.MALE)) == [1001]
    assert members.numbers(MemberFilter(sex=Sex.UNSAID)) == [1002, 1003]
    said = MemberFilter(birth_month=1, sex=Sex.MALE, ages=AgeRange(20, 39, date(2026, 1, 1)))
    assert str(said) == "誕生月 1月、20～39歳、男性"


def test_groups_periods_and_orders(members: Members):
    members.register(YAMADA, NOW)
    members.register(SATO, LATER)
    assert members.groups() == [("常連", 2), ("週末", 1)]
    assert members.numbers(MemberFilter(group="週末")) == [1001]
    assert members.numbers(MemberFilter(group="常")) == []
    assert members.numbers(MemberFilter(since=LATER)) == [1002]
    assert members.numbers(MemberFilter(until=LATER)) == [1001]
    assert members.numbers(MemberFilter("docomo", group="常連", since=NOW, until=LATER)) == [1001]
    assert members.numbers(order=MemberOrder.KANA) == [1002, 1001]
    assert [m.name for m in members.members([1002, 9, 1001])] == [SATO.name, YAMADA.name]
    assert list(members.each(MemberFilter(group="週末"))) == [YAMADA]


def test_a_choice_says_what_it_is():
    assert str(MemberFilter()) == "すべての会員"
    choice = MemberFilter(" 山田 ", group="常連", since=NOW, until=LATER)
    assert str(choice) == "グループ「常連」、検索「山田」、登録日 2026/11/23～2026/11/24"


def test_a_page_out_of_many(members: Members, path: Path):
    ledger = Ledger(path)
    with ledger.transaction():
        for n in range(1100):
            number = numbered(ledger, f"p{n}@x.jp")[1]
    ledger.close()
    with members.transaction():
        for one in range(1004, number + 1):
            members.register(Member(one, f"会員{one}"), NOW)
    numbers = members.numbers()
    assert numbers == list(range(1004, number + 1))
    assert [m.number for m in members.members(numbers)] == numbers


# --- the file


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path):
    path = tmp_path / "kollect.db"
    make_old_file(path, 1)
    with closing(Members(path)) as members:
        members.register(YAMADA, NOW)
        assert members.get(1001) == YAMADA
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_nothing_is_written_of_a_transaction_that_fails(members: Members):
    with pytest.raises(NumberUnknown), members.transaction():
        members.register(YAMADA, NOW)
        members.register(replace(YAMADA, number=9), NOW)
    assert members.numbers() == []
    assert members.groups() == []
    assert list(members.consents()) == []


def test_the_collector_goes_on_beside_it(path: Path, members: Members):
    ledger = Ledger(path)
    members.register(YAMADA, NOW)
    number = numbered(ledger, "new@x.jp")[1]
    members.register(Member(number, "新しい人"), NOW)
    assert members.get(number).standing.address == "new@x.jp"
    ledger.close()


def test_a_broken_file_is_said_plainly(tmp_path: Path):
    path = tmp_path / "kollect.db"
    path.write_bytes(b"no database " * 500)
    with pytest.raises(StorageTrouble, match="壊れて"):
        Members(path)


# --- the no is the address's


@pytest.fixture
def second(path: Path, members: Members) -> Members:
    """山田 has stopped the mails, and asked by a blank mail for another number."""
    members.register(YAMADA, NOW)
    members.stop("taro@docomo.ne.jp", NOW, "メール")
    with closing(Ledger(path)) as ledger:
        assert numbered(ledger, "Taro@DOCOMO.ne.jp", again=True)[1] == 1004
    return members


def consented(day: date) -> Member:
    return replace(YAMADA, number=1004, consent=Consent(True, day, "会員登録用紙"))


@pytest.mark.parametrize(
    ("days", "held"), [(-30, True), (-1, True), (0, True), (1, False), (5, False)]
)
def test_a_new_number_gets_no_mail_until_a_new_consent(second: Members, days: int, held: bool):
    said_no = second.register(consented(NOW.date() + timedelta(days=days)), NOW)
    assert said_no == (NOW if held else None)
    assert second.get(1004).standing.stopped_at == said_no
    assert second.get(1001).standing.stopped_at == NOW


def test_a_consent_whose_day_nobody_told_ends_nothing(second: Members):
    later = NOW + timedelta(days=3)
    assert second.register(consented(later.date()), later, dated=False) == NOW
    second.update(replace(consented(later.date()), note="電話あり"), later, "会員一覧")
    assert second.get(1004).standing.stopped_at == NOW, "the same consent as before"
    second.update(consented(NOW.date() + timedelta(days=2)), later, "CSVの取り込み")
    assert second.get(1004).standing.stopped_at is None


def test_without_a_consent_the_no_is_remembered_all_the_same(second: Members):
    second.register(replace(YAMADA, number=1004, consent=Consent()), NOW)
    second.update(consented(NOW.date()), NOW, "CSVの取り込み")
    assert second.get(1004).standing.stopped_at == NOW


def test_a_withdrawal_is_the_addresss_too(path: Path, members: Members):
    with closing(Ledger(path)) as ledger:
        assert numbered(ledger, "TARO@docomo.ne.jp", again=True)[1] == 1004
        assert numbered(ledger, "taro@docomo.ne.jp", again=True)[1] == 1005
    members.register(YAMADA, NOW)
    members.register(replace(YAMADA, number=1004), NOW)
    members.register(SATO, NOW)
    assert members.withdraw(1001, LATER, "会員一覧")
    assert members.get(1004).standing.stopped_at == LATER
    assert members.get(1002).standing.stopped_at is None
    assert members.register(replace(YAMADA, number=1005), LATER) == LATER
    members.come_back(1001, LATER, "会員一覧")
    assert members.get(1001).standing == replace(members.get(1001).standing, stopped_at=None)
    assert members.get(1004).standing.stopped_at == LATER, "that takes a new consent"
    assert members.resume(1004, Consent(True, LATER.date(), "店頭"), LATER, "会員一覧")


def test_a_consent_of_a_day_before_the_no_is_none(second: Members):
    with pytest.raises(ValueError, match="consent"):
        second.resume(1001, Consent(True, NOW.date() - timedelta(days=1), "紙"), NOW, "会員一覧")
    assert second.get(1001).standing.stopped_at == NOW


def test_what_older_versions_overlooked_is_held(path: Path, second: Members):
    second.register(consented(NOW.date() - timedelta(days=9)), NOW)
    with closing(Queries(path)) as db:
        db.change("UPDATE member SET stopped_at = NULL WHERE number = 1004")
    assert second.hold(LATER) == [1004]
    assert second.get(1004).standing.stopped_at == NOW
    assert second.hold(LATER) == []
    second.resume(1004, Consent(True, NOW.date(), "店頭"), LATER, "会員一覧")
    assert second.hold(LATER) == [], "somebody has said so"


def test_a_landline_of_a_former_version_is_shown_parted_and_stays_as_it_is_on_disk(
    members: Members, path: Path
):
    members.register(replace(YAMADA, phone="06-6555-1234"), NOW)

    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE member SET phone = '0665551234'")
    there = members.get(1001)
    assert there.phone == "06-6555-1234"
    assert not members.update(there, LATER, "会員一覧"), "nothing was corrected"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT phone FROM member").fetchall() == [("0665551234",)]
    assert members.numbers(MemberFilter("066555")) == [1001]


# --- one customer twice


def test_who_may_be_the_same_customer(members: Members):
    members.register(YAMADA, NOW)
    members.register(replace(SATO, phone="06-6555-1234", birthday=date(1990, 5, 6)), NOW)

    def alike(number: int | None = None, **typed: str) -> list[tuple[int, str]]:
        return [
            (one.number, likeness.value)
            for one, likeness in members.alike(MemberFormInput(**typed), number)
        ]

    assert alike(phone="０６６５５５１２３４") == [(1002, "同じ電話番号")]
    assert alike(phone="06-6555-1234", number=1002) == [], "the member itself"
    assert alike(phone="06-6555-123") == [], "not a number yet"
    assert alike(name="佐藤花子", birthday="H2.5.6") == [(1002, "同じお名前と生年月日")]
    assert alike(name="佐藤　花子", birthday="1990/5/7") == []
    assert alike(name="佐藤　花子") == []
    assert alike(name="藤　花子", birthday="1990/5/6") == [], "a part of a name is another name"
    assert alike(name="佐藤 花子", birthday="1990/5/6", phone="09012345678") == [
        (1001, "同じ電話番号"),
        (1002, "同じお名前と生年月日"),
    ]
    assert alike(name="佐藤 花子", birthday="1990/5/6", phone="0665551234") == [
        (1002, "同じ電話番号")
    ], "once"
    assert alike() == []


def test_members_in_the_order_in_which_they_were_registered(members: Members):
    assert members.last_registered() is None
    members.register(YAMADA, LATER)
    members.register(replace(SATO, number=1003), NOW)
    members.register(replace(SATO, number=1002), LATER)

    def number(member: Member | None) -> int:
        return member.number if member else 0

    assert number(members.last_registered()) == 1002
    assert [number(members.neighbour(one, -1)) for one in (1002, 1001, 1003)] == [1001, 1003, 0]
    assert [number(members.neighbour(one, 1)) for one in (1003, 1001, 1002)] == [1001, 1002, 0]
    assert members.registered_since(LATER) == 2
    assert members.registered_since(NOW) == 3
