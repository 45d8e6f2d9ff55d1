"""アドレスの変更 in a real kollect.db: the member moves, the numbers stay, a no holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect.collector.member_effects import MemberEffects
from kollect.ledger.ledger import Ledger
from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import AlreadyNumbered, MailState, ReceiptState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.address_change import CHANGED, UNDONE, AddressChanges, CannotMove
from kollect.members.member import Consent, Member
from kollect.members.member_errors import AlreadyRegistered, NotRegistered, NumberUnknown, Withdrawn
from kollect.members.member_filter import EVERYBODY, MemberFilter
from kollect.members.repository import LIFTED
from kollect.settings.model import Shop
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import DOMAIN, NOW, numbered, text
from tests.helpers.protected_shop import rows

OLD, NEW, NEXT = "taro@docomo.ne.jp", "taro@gmail.com", "taro@icloud.com"
LATER = NOW + timedelta(days=1)
CONSENT = Consent(True, date(2026, 11, 22), "会員登録用紙")
YAMADA = Member(1001, "山田　太郎", phone="090-1234-5678", consent=CONSENT)
SHOP = Shop(name="こむぎ", address="東京都千代田区千代田1-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """1001 of the old address is registered, 1002 is another's, 1003 was given to the new one."""
    path = tmp_path / "kollect.db"
    with closing(Ledger(path)) as ledger:
        for sender in (OLD, "hanako@docomo.ne.jp", NEW):
            numbered(ledger, sender)
        ledger.replied([1001, 1002, 1003], NOW)
    with closing(AddressChanges(path)) as members:
        members.register(YAMADA, NOW)
    return path


@pytest.fixture
def members(path: Path) -> Iterator[AddressChanges]:
    with closing(AddressChanges(path)) as members:
        yield members


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path)) as ledger:
        yield ledger


# --- the table of address_change, row by row


def test_the_member_keeps_the_number_and_has_the_new_address(members: AddressChanges, path: Path):
    assert members.new_address(1001, 1003) == NEW
    assert members.change_address(1001, 1003, LATER, "会員一覧") is None
    found = members.get(1001)
    assert found == YAMADA
    assert found.standing.address == NEW
    (left,) = members.former_addresses(1001)
    assert (left.address, left.left_at, left.new_number) == (OLD, LATER, 1003)
    newest = members.changes(1001)[0]
    assert (newest.what, newest.former, newest.present) == (CHANGED, OLD, NEW)
    assert members.numbers(MemberFilter(text="gmail")) == [1001]
    with closing(Receipts(path)) as receipts:
        one, _, three = receipts.all()
    assert (one.address, one.state, one.member) == (NEW, ReceiptState.REPLIED, True)
    assert (three.address, three.stands_for, three.member) == (NEW, 1001, True)


def test_blank_mails_of_both_addresses_afterwards(members: AddressChanges, ledger: Ledger):
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert ledger.known(NEW, LATER)[0] == 1001
    with pytest.raises(AlreadyNumbered, match="1001"):
        numbered(ledger, NEW, uid="again")
    assert ledger.known(OLD, LATER)[0] is None
    assert numbered(ledger, OLD, uid="somebody")[1] == 1004, "the number is free for who has it now"
    assert ledger.known(OLD, LATER)[0] == 1004


def test_a_further_number_of_the_new_address_is_the_members_too(
    members: AddressChanges, ledger: Ledger
):
    assert numbered(ledger, NEW, uid="renumbered", again=True)[1] == 1004
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert ledger.known(NEW, LATER)[0] == 1001
    with pytest.raises(AlreadyRegistered, match="1001"):
        members.free(1004)
    members.undo_address_change(1001, LATER, "会員一覧")
    assert members.free(1004) == members.free(1003) == NEW
    assert ledger.known(NEW, LATER)[0] == 1004


def test_the_number_that_was_handed_in_cannot_be_registered(members: AddressChanges):
    members.change_address(1001, 1003, LATER, "会員一覧")
    (found,) = members.lookup("1003")
    assert found.member == YAMADA
    with pytest.raises(AlreadyRegistered, match="1001"):
        members.register(replace(YAMADA, number=1003), LATER)


def test_it_moves_twice_and_the_address_between_is_free(members: AddressChanges, ledger: Ledger):
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert numbered(ledger, NEXT)[1] == 1004
    members.change_address(1001, 1004, LATER, "会員一覧")
    assert members.get(1001).standing.address == NEXT
    assert [one.address for one in members.former_addresses(1001)] == [NEW, OLD]
    assert ledger.known(NEXT, LATER)[0] == 1001
    assert ledger.known(NEW, LATER)[0] is None
    assert numbered(ledger, NEW, uid="free")[1] == 1005


def test_undone_all_is_as_before(members: AddressChanges, ledger: Ledger):
    ledger.receipt_state(1002, ReceiptState.UNDELIVERABLE, NOW, "unknown user")
    ledger.count_again(1001)
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert members.undo_address_change(1001, LATER, "会員一覧") == OLD
    assert members.get(1001).standing.address == OLD
    assert members.former_addresses(1001) == []
    assert members.free(1003) == NEW
    assert (ledger.known(OLD, LATER)[0], ledger.known(NEW, LATER)[0]) == (1001, 1003)
    with pytest.raises(AlreadyNumbered):
        numbered(ledger, NEW, uid="again")
    with pytest.raises(CannotMove, match="取り消す変更がありません"):
        members.undo_address_change(1001, LATER, "会員一覧")


def test_what_is_somebody_elses_by_now_is_not_taken_back(members: AddressChanges, ledger: Ledger):
    members.change_address(1001, 1003, LATER, "会員一覧")
    numbered(ledger, OLD, uid="somebody")
    with pytest.raises(CannotMove, match="戻せません") as caught:
        members.undo_address_change(1001, LATER, "会員一覧")
    assert "1004" in caught.value.happened
    assert members.get(1001).standing.address == NEW


# --- what is refused, and changes nothing


def test_numbers_that_cannot_be_handed_in(members: AddressChanges, path: Path):
    members.register(Member(1002, "佐藤　花子"), NOW)
    for new, why in ((1001, "同じアドレス"), (1002, "ほかの会員")):
        before = rows(path)
        with pytest.raises(CannotMove, match=why):
            members.change_address(1001, new, LATER, "会員一覧")
        assert rows(path) == before
    with pytest.raises(NumberUnknown):
        members.change_address(1001, 1999, LATER, "会員一覧")
    with pytest.raises(NotRegistered):
        members.change_address(1003, 1002, LATER, "会員一覧")
    members.change_address(1001, 1003, LATER, "会員一覧")
    with pytest.raises(CannotMove, match="ほかの会員"):
        members.change_address(1002, 1003, LATER, "会員一覧")
    members.withdraw(1001, LATER, "会員一覧")
    with pytest.raises(Withdrawn):
        members.change_address(1001, 1003, LATER, "会員一覧")


# --- the law


def test_the_consent_goes_along_and_is_in_the_record(members: AddressChanges):
    members.change_address(1001, 1003, LATER, "会員一覧")
    first, second = members.consents()
    assert (first.address, second.address) == (OLD, NEW)
    assert second.consent == Consent(True, CONSENT.on, f"会員登録用紙（{CHANGED}）")


def test_a_no_said_before_holds_at_the_new_address(members: AddressChanges):
    members.stop_member(1001, NOW, "メール")
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert members.is_stopped(1001)


def test_a_no_of_the_new_address_holds_for_the_member(members: AddressChanges, ledger: Ledger):
    numbered(ledger, NEW, uid="second", again=True)
    members.register(Member(1004, "山田　太郎", consent=CONSENT), NOW)
    members.stop_member(1004, NOW, "メール")
    assert members.change_address(1001, 1003, LATER, "会員一覧") == NOW
    assert members.is_stopped(1001)


def test_who_stops_from_the_old_phone_is_stopped(members: AddressChanges, ledger: Ledger):
    effects = MemberEffects(ledger)
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert effects.member(OLD) == 1001
    assert effects.may_be_stopped(OLD)
    assert effects.stop(OLD, LATER) == [1001]
    assert members.is_stopped(1001)
    assert effects.stop(OLD, LATER) == []


def test_the_old_address_of_one_is_another_members_now(members: AddressChanges, ledger: Ledger):
    members.change_address(1001, 1003, LATER, "会員一覧")
    numbered(ledger, OLD, uid="somebody")
    members.register(Member(1004, "別の　方", consent=CONSENT), LATER)
    assert MemberEffects(ledger).stop(OLD, LATER) == [1004]
    assert not members.is_stopped(1001)


def test_a_no_said_at_an_address_holds_there_for_who_comes_after(
    members: AddressChanges, ledger: Ledger
):
    """Most often it is the same customer, with the old phone still in the drawer."""
    members.stop(OLD, NOW, "メール")
    members.change_address(1001, 1003, LATER, "会員一覧")
    numbered(ledger, OLD, uid="again")
    assert members.said_no(1004) == NOW
    assert members.register(Member(1004, "山田　太郎", consent=CONSENT), LATER) == NOW
    assert members.is_stopped(1004)


def test_the_no_of_a_stranger_whose_number_was_handed_in_by_mistake(
    members: AddressChanges, ledger: Ledger
):
    """1003 is a stranger's: the no is not the member's, and the stranger's for good."""
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert MemberEffects(ledger).stop(NEW, LATER) == [1001]
    members.undo_address_change(1001, LATER, "会員一覧")
    assert not members.is_stopped(1001)
    assert [one.what for one in members.changes(1001)[:2]] == [LIFTED, UNDONE]
    *_, last = members.consents()
    assert (last.address, last.consent) == (
        OLD,
        Consent(True, CONSENT.on, f"会員登録用紙（{LIFTED}）"),
    )
    assert members.said_no(1003) == LATER
    assert members.register(Member(1003, "別の　方", consent=CONSENT), LATER) == LATER
    assert members.is_stopped(1003)


def test_a_no_that_a_stranger_had_said_before(members: AddressChanges, ledger: Ledger):
    numbered(ledger, NEW, uid="second", again=True)
    members.register(Member(1004, "別の　方", consent=CONSENT), NOW)
    MemberEffects(ledger).stop(NEW, NOW)
    assert members.change_address(1001, 1003, LATER, "会員一覧") == NOW
    members.undo_address_change(1001, LATER, "会員一覧")
    assert not members.is_stopped(1001)
    assert members.is_stopped(1004)


@pytest.mark.parametrize("first", [True, False])
def test_the_members_own_no_beside_the_strangers_holds(
    members: AddressChanges, ledger: Ledger, first: bool
):
    """Whether it was said at the counter or came from the old phone, before or after."""
    effects = MemberEffects(ledger)
    for own in (
        lambda: members.stop_member(1001, LATER, "会員一覧"),
        lambda: effects.stop(OLD, LATER),
    ):
        members.change_address(1001, 1003, LATER, "会員一覧")
        for act in (own, lambda: effects.stop(NEW, LATER))[:: 1 if first else -1]:
            act()
        members.undo_address_change(1001, LATER, "会員一覧")
        assert members.is_stopped(1001)
        assert members.said_no(1003) == LATER
        again = Consent(True, (LATER + timedelta(days=1)).date(), "用紙")
        assert members.resume(1001, again, LATER, "会員一覧")


def test_what_the_member_has_consented_to_is_not_the_strangers_consent(
    members: AddressChanges, ledger: Ledger
):
    members.change_address(1001, 1003, LATER, "会員一覧")
    MemberEffects(ledger).stop(NEW, LATER)
    members.resume(1001, Consent(True, LATER.date(), "店頭"), LATER, "会員一覧")
    members.undo_address_change(1001, LATER, "会員一覧")
    assert not members.is_stopped(1001)
    assert members.said_no(1003) == LATER


def test_a_no_of_which_no_address_is_known_stays_with_the_member(
    members: AddressChanges, ledger: Ledger, path: Path
):
    """As a former version wrote it down."""
    members.change_address(1001, 1003, LATER, "会員一覧")
    MemberEffects(ledger).stop(NEW, LATER)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE member_change SET present = '' WHERE field = '配信停止'")
    members.undo_address_change(1001, LATER, "会員一覧")
    assert members.is_stopped(1001)


def test_a_consent_of_a_later_day_ends_it(members: AddressChanges, ledger: Ledger):
    members.stop(OLD, NOW, "メール")
    members.change_address(1001, 1003, LATER, "会員一覧")
    numbered(ledger, OLD, uid="again")
    fresh = Consent(True, LATER.date(), "会員登録用紙")
    assert members.register(Member(1004, "別の　方", consent=fresh), LATER) is None
    assert not members.is_stopped(1004)


def test_back_at_a_former_address_and_undone(members: AddressChanges, ledger: Ledger, path: Path):
    """What stood for the member from the first stay there stands for the member still."""
    members.change_address(1001, 1003, LATER, "会員一覧")
    numbered(ledger, NEXT)
    members.change_address(1001, 1004, LATER, "会員一覧")
    before = rows(path)["receipt"]
    assert numbered(ledger, NEW, uid="back")[1] == 1005
    members.change_address(1001, 1005, LATER, "会員一覧")
    assert ledger.known(NEW, LATER)[0] == 1001
    members.undo_address_change(1001, LATER, "会員一覧")
    assert members.stands_for(1003) == 1001
    assert ledger.known(NEW, LATER)[0] == 1005
    after = rows(path)["receipt"]
    assert [row for row in after if not row.startswith("(1005,")] == before


def test_a_number_of_the_members_own_former_address(members: AddressChanges, ledger: Ledger):
    members.change_address(1001, 1003, LATER, "会員一覧")
    numbered(ledger, NEXT)
    members.change_address(1001, 1004, LATER, "会員一覧")
    with pytest.raises(CannotMove, match="前のアドレスの受付番号です") as told:
        members.new_address(1001, 1003)
    assert "もう一度空メール" in told.value.cure
    assert "退会" not in told.value.cure


# --- mailings and mails that come back


def begun(path: Path) -> tuple[Outbox, int]:
    outbox = Outbox(path)
    mailing = outbox.save("秋のお知らせ", "★名前★ 様\n", RateLimit(0, 0), NOW)
    outbox.start(
        mailing, EVERYBODY, NOW,
        shop=SHOP, mail_address="shop@shop.example", letter_domain=DOMAIN,
    )  # fmt: skip
    return outbox, mailing


def test_a_letter_that_waits_goes_to_the_new_address(members: AddressChanges, path: Path):
    outbox, mailing = begun(path)
    with closing(outbox):
        members.change_address(1001, 1003, LATER, "会員一覧")
        (taken,) = outbox.take(mailing, 0, 10, LATER)
        assert taken.address == NEW
        assert outbox.still_allowed(taken, LATER)


def test_a_letter_in_hand_is_not_sent_to_the_old_address(members: AddressChanges, path: Path):
    outbox, mailing = begun(path)
    with closing(outbox):
        (taken,) = outbox.take(mailing, 0, 10, NOW)
        assert (taken.address, outbox.still_allowed(taken, NOW)) == (OLD, True)
        before = outbox.change_token()
        members.change_address(1001, 1003, LATER, "会員一覧")
        assert outbox.change_token() != before
        assert not outbox.still_allowed(taken, LATER)
        (again,) = outbox.take(mailing, 0, 10, LATER)
        assert again.address == NEW


@pytest.mark.parametrize("by_id", [True, False])
def test_a_mail_to_the_old_address_that_comes_back_says_nothing_of_the_new_one(
    members: AddressChanges, ledger: Ledger, path: Path, by_id: bool
):
    outbox, mailing = begun(path)
    with closing(outbox):
        (taken,) = outbox.take(mailing, 0, 10, NOW)
        members.change_address(1001, 1003, LATER, "会員一覧")
        letter = taken.letter_id if by_id else ""
        outbox.bounced(letter, OLD, "user unknown", NOW - timedelta(days=1), LATER)
    with closing(sqlite3.connect(path)) as db:
        (reply,) = db.execute("SELECT letter_id FROM mail WHERE number = 1001").fetchone()
    ledger.bounced(reply if by_id else "", OLD, "user unknown", NOW - timedelta(days=1))
    assert members.get(1001).standing.undeliverable == ""


def test_what_seems_lost_of_the_old_address_is_not_said_of_the_new_one(
    members: AddressChanges, ledger: Ledger, path: Path
):
    """Such a report anybody can forge; the row of the new address would read 不達？ for it."""
    members.change_address(1001, 1003, LATER, "会員一覧")
    ledger.seems_lost(1001, OLD, "452 full")
    with closing(Receipts(path)) as receipts:
        assert receipts.some([1001])[1001].reason == ""
    ledger.seems_lost(1001, NEW, "452 full")
    with closing(Receipts(path)) as receipts:
        assert receipts.some([1001])[1001].reason == "452 full"


def test_a_reply_to_the_new_address_that_comes_back_is_the_members(
    members: AddressChanges, ledger: Ledger, path: Path
):
    members.change_address(1001, 1003, LATER, "会員一覧")
    with closing(sqlite3.connect(path)) as db:
        (reply,) = db.execute("SELECT letter_id FROM mail WHERE number = 1003").fetchone()
    assert ledger.bounced(reply, "", "user unknown", NOW) == 1003
    assert members.get(1001).standing.undeliverable == "user unknown"


def test_who_was_out_of_reach_is_reachable_at_the_new_address(
    members: AddressChanges, ledger: Ledger
):
    ledger.receipt_state(1001, ReceiptState.PENDING, NOW)
    ledger.bounced("", OLD, "user unknown", NOW - timedelta(days=1))
    members.undeliverable(1001, "mailbox full", NOW, "メール発信")
    members.change_address(1001, 1003, LATER, "会員一覧")
    assert members.get(1001).standing.undeliverable == ""


def test_a_number_that_is_sent_again_is_the_members(
    members: AddressChanges, ledger: Ledger, path: Path
):
    waits = ledger.resend(1001, NOW, text(ledger), DOMAIN)
    members.change_address(1001, 1003, LATER, "会員一覧")
    later = ledger.resend(1003, LATER, text(ledger), DOMAIN)
    for row in ledger.entries([waits, later]):
        assert (row.mailbox, row.step) == (MANUAL, MailState.OWED)
        assert (row.address, row.number) == (NEW, 1001)
