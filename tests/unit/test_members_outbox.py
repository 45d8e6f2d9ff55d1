"""The outbox in a real kollect.db: who gets a letter, every step, nobody who has stopped."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.states import ReceiptState
from kollect.mailing import mailing_csv
from kollect.mailing.mailing_errors import NobodyToSendTo, TextNotReady
from kollect.mailing.mailing_states import (
    Audience,
    ExclusionReason,
    IllegalRecipientMove,
    MailingState,
    RecipientResult,
    RecipientState,
    SendResult,
)
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.returned_letters import ReturnedLetter
from kollect.members.address_change import AddressChanges
from kollect.members.member import Consent, Member
from kollect.members.member_filter import MemberFilter
from kollect.members.repository import Members
from kollect.settings.model import Shop
from tests.helpers.ledger_samples import DOMAIN, NOW, lived_by, numbered

SHOP = Shop(name="こむぎ", address="東京都千代田区千代田1-1")
ADDRESS = "shop@shop.example"
CONSENT = Consent(True, date(2026, 11, 22), "会員登録用紙")
LATER = NOW + timedelta(hours=1)


def database(path: Path, count: int) -> Path:
    """So many members, 1001 and on, who all want mails."""
    with closing(Ledger(path)) as ledger, ledger.transaction():
        for n in range(count):
            numbered(ledger, f"m{n}@x.jp")
    with closing(Members(path)) as members, members.transaction():
        for number in range(1001, 1001 + count):
            groups = ("偶数",) if number % 2 == 0 else ()
            members.register(Member(number, f"会員{number}", groups=groups, consent=CONSENT), NOW)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return database(tmp_path / "kollect.db", 6)


@pytest.fixture
def members(path: Path) -> Iterator[Members]:
    with closing(Members(path)) as members:
        yield members


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with closing(Outbox(path)) as outbox:
        yield outbox


def begun(outbox: Outbox, choice: MemberFilter | None = None, pace: RateLimit | None = None) -> int:
    mailing = outbox.save("★店名★より", "★名前★様、★店名★です。", pace or RateLimit(), NOW)
    outbox.start(
        mailing, choice or MemberFilter(), NOW,
        shop=SHOP, mail_address=ADDRESS, letter_domain=DOMAIN,
    )  # fmt: skip
    return mailing


def take_all(outbox: Outbox, mailing: int, most: int = 20) -> list[int]:
    return [recipient.number for recipient in outbox.take(mailing, 0, most, NOW)]


def accepted(outbox: Outbox, mailing: int) -> None:
    """Hand everything over to a server that takes it."""
    while recipients := outbox.take(mailing, 0, 20, NOW):
        outbox.settle(
            [
                RecipientResult(recipient.id, SendResult.ACCEPTED, "250 ok")
                for recipient in recipients
            ],
            NOW,
        )


# --- drafts


def test_who_was_written_to_lately_can_be_left_out(outbox: Outbox):
    since = MemberFilter(not_written_since=NOW)
    mailing = begun(outbox, MemberFilter("会員1001"))
    assert outbox.audience(since).reached == 6
    (taken,) = outbox.take(mailing, 0, 10, LATER)
    outbox.settle([RecipientResult(taken.id, SendResult.ACCEPTED, "250 ok")], LATER)
    assert 1001 not in outbox.who(since)
    assert outbox.audience(since).reached == 5
    later = MemberFilter(not_written_since=LATER + timedelta(seconds=1))
    assert outbox.audience(later).reached == 6


def test_drafts_are_kept_rewritten_and_discarded(path: Path, outbox: Outbox):
    first = outbox.save("見出", "本文", RateLimit(10, 100), NOW)
    second = outbox.save("別の", "本文", RateLimit(), LATER)
    outbox.rewrite(first, "直した", "本文2", RateLimit(5, 0))
    with closing(Outbox(path)) as again:
        assert [m.id for m in again.mailings()] == [second, first]
        draft = again.mailing(first)
    assert (draft.subject, draft.body, draft.pace) == ("直した", "本文2", RateLimit(5, 0))
    assert (draft.state, draft.made_at, draft.started_at) == (MailingState.DRAFT, NOW, None)
    outbox.discard(second)
    with pytest.raises(KeyError):
        outbox.mailing(second)


def test_what_was_begun_is_no_draft_any_more(outbox: Outbox):
    mailing = begun(outbox)
    for act in (
        lambda: outbox.discard(mailing),
        lambda: outbox.rewrite(mailing, "x", "y", RateLimit()),
        lambda: outbox.start(
            mailing, MemberFilter(), NOW, shop=SHOP, mail_address=ADDRESS, letter_domain=DOMAIN
        ),
    ):
        with pytest.raises(IllegalRecipientMove):
            act()
    assert len(take_all(outbox, mailing)) == 6


def test_text_footer_and_choice_are_fixed_when_it_begins(outbox: Outbox):
    mailing = outbox.mailing(begun(outbox, MemberFilter(group="偶数")))
    assert (mailing.subject, mailing.body) == ("こむぎより", "★名前★様、こむぎです。")
    assert "件名を「配信停止」" in mailing.footer
    assert mailing.chosen == "グループ「偶数」"
    assert (mailing.state, mailing.started_at) == (MailingState.SENDING, NOW)


def test_a_text_that_is_not_ready_begins_nothing(outbox: Outbox):
    mailing = outbox.save("", "★氏名★", RateLimit(), NOW)
    with pytest.raises(TextNotReady) as caught:
        outbox.start(
            mailing, MemberFilter(), NOW, shop=Shop(), mail_address=ADDRESS, letter_domain=DOMAIN
        )
    assert len(caught.value.problems) == 4
    assert outbox.mailing(mailing).state is MailingState.DRAFT
    assert outbox.counts(mailing) == {}


# --- who gets it


def excluded(path: Path, members: Members) -> None:
    """One of each reason: 1001 withdrawn, 1002 stopped, 1003 no consent, 1004 不達, 1007 = 1005."""
    with closing(Ledger(path)) as ledger:
        ledger.receipt_state(1004, ReceiptState.UNDELIVERABLE, NOW, "550 5.1.1")
        assert numbered(ledger, "m4@x.jp", again=True)[1] == 1007
    members.register(Member(1007, "会員1005の妻", consent=CONSENT), NOW)
    members.withdraw(1001, NOW, "会員一覧")
    members.stop("m1@x.jp", NOW, "メール")
    members.update(replace(members.get(1003), consent=Consent()), NOW, "会員一覧")


def test_who_is_left_out_and_why(path: Path, members: Members, outbox: Outbox):
    excluded(path, members)
    expected = Audience(7, dict.fromkeys(list(ExclusionReason)[:5], 1))
    assert outbox.audience(MemberFilter()) == expected
    assert outbox.audience(MemberFilter()).reached == 2
    mailing = begun(outbox)
    assert outbox.reached(mailing) == expected
    assert {p.number: p.answer for p in outbox.each(mailing)} == {
        1001: "退会", 1002: "配信停止", 1003: "承諾なし", 1004: "不達",
        1005: "", 1006: "", 1007: "同じメールアドレス",
    }  # fmt: skip
    assert take_all(outbox, mailing) == [1005, 1006]


def test_one_whose_receipt_was_refused_is_written_to(path: Path, outbox: Outbox):
    """Nothing was said of the mailbox."""
    with closing(Ledger(path)) as ledger:
        _, number = numbered(ledger, "refused@docomo.ne.jp", uid="refused")
        ledger.receipt_state(number, ReceiptState.REFUSED, NOW, "554 5.7.1 no")
    with closing(Members(path)) as members:
        members.register(Member(number, "断られた人", consent=CONSENT), NOW)
        assert members.get(number).standing.undeliverable == ""
    assert number in outbox.who(MemberFilter())
    assert outbox.audience(MemberFilter()).left_out == {}


def test_one_who_is_undeliverable_by_an_earlier_mailing_is_left_out(
    members: Members, outbox: Outbox
):
    members.undeliverable(1002, "550 5.1.1", NOW, "メール発信")
    assert outbox.audience(MemberFilter()).left_out == {ExclusionReason.UNDELIVERABLE: 1}
    members.reachable(1002, NOW, "会員一覧")
    assert outbox.audience(MemberFilter()).left_out == {}


def test_chosen_by_group_search_and_period(members: Members, outbox: Outbox):
    assert outbox.audience(MemberFilter(group="偶数")).chosen == 3
    assert outbox.audience(MemberFilter("会員1003")).chosen == 1
    assert outbox.audience(MemberFilter(until=NOW)).chosen == 0
    assert outbox.audience(MemberFilter(group="偶数")).outside == 3
    mailing = begun(outbox, MemberFilter(group="偶数"))
    assert take_all(outbox, mailing) == [1002, 1004, 1006]
    members.withdraw(1001, NOW, "会員一覧")
    members.withdraw(1002, NOW, "会員一覧")
    assert outbox.audience(MemberFilter(group="偶数")).outside == 2, "whoever has left is no member"
    assert outbox.audience(MemberFilter()).outside == 0


def test_a_mailing_to_nobody_does_not_begin(members: Members, outbox: Outbox):
    for choice, said in ((MemberFilter("だれもいない"), "条件に合う会員がいません"),
                         (MemberFilter("会員1001"), "退会 1名")):  # fmt: skip
        members.withdraw(1001, NOW, "会員一覧")
        with pytest.raises(NobodyToSendTo, match=said):
            begun(outbox, choice)
    assert {m.state for m in outbox.mailings()} == {MailingState.DRAFT}
    assert outbox.tries(RateLimit(), lived_by(NOW)) == []


def test_every_letter_has_a_message_id_of_its_own_that_stays(outbox: Outbox):
    mailing = begun(outbox)
    first = {p.number: p.letter_id for p in outbox.take(mailing, 0, 20, NOW)}
    assert len(set(first.values())) == 6
    assert all(one.startswith("<") and one.endswith(f"@{DOMAIN}>") for one in first.values())
    again = {p.number: p.letter_id for p in outbox.take(mailing, 0, 20, NOW)}
    assert again == first


# --- step by step


def test_from_waiting_to_done(outbox: Outbox):
    mailing = begun(outbox)
    recipients = outbox.take(mailing, 0, 4, NOW)
    first = recipients[0]
    assert (first.number, first.step, first.address) == (1001, RecipientState.SENDING, "m0@x.jp")
    assert outbox.counts(mailing) == {RecipientState.SENDING: 4, RecipientState.WAITING: 2}
    one, two, three, four = (recipient.id for recipient in recipients)
    outbox.settle(
        [
            RecipientResult(one, SendResult.ACCEPTED, "250 ok"),
            RecipientResult(two, SendResult.REFUSED, "554 5.7.1 spam"),
            RecipientResult(three, SendResult.LATER, "451 busy"),
            RecipientResult(four, SendResult.UNKNOWN, "no answer"),
        ],
        LATER,
    )
    steps = [(p.step, p.answer) for p in outbox.page(mailing, 0, 4)]
    assert steps == [
        (RecipientState.SENT, "250 ok"),
        (RecipientState.UNDELIVERABLE, "554 5.7.1 spam"),
        (RecipientState.DEFERRED, "451 busy"),
        (RecipientState.UNKNOWN, "no answer"),
    ]
    rest = outbox.take(mailing, four, 20, LATER)
    assert [p.number for p in rest] == [1005, 1006], "in one round each is tried once"
    outbox.settle([RecipientResult(p.id, SendResult.ACCEPTED) for p in rest], LATER)
    again = outbox.take(mailing, 0, 20, LATER)
    assert [(p.number, p.unknowns) for p in again] == [(1003, 0), (1004, 1)]
    assert outbox.mailing(mailing).state is MailingState.SENDING
    outbox.settle(
        [
            RecipientResult(again[0].id, SendResult.ACCEPTED),
            RecipientResult(again[1].id, SendResult.UNKNOWN),
        ],
        LATER,
    )
    assert outbox.counts(mailing) == {
        RecipientState.SENT: 4,
        RecipientState.UNDELIVERABLE: 1,
        RecipientState.UNCERTAIN: 1,
    }
    done = outbox.mailing(mailing)
    assert (done.state, done.ended_at) == (MailingState.DONE, LATER)
    assert outbox.take(mailing, 0, 20, LATER) == []
    assert [p.number for p in outbox.page(mailing, 1, 2, RecipientState.SENT)] == [1003, 1005]


def test_an_illegal_step_changes_nothing(outbox: Outbox):
    mailing = begun(outbox)
    first, second = outbox.take(mailing, 0, 2, NOW)
    waiting = outbox.page(mailing, 2, 1)[0]
    for ids, then in (
        ([first.id, waiting.id], RecipientState.SENT),
        ([first.id, 9999], RecipientState.SENT),
        ([waiting.id], RecipientState.UNCERTAIN),
    ):
        with pytest.raises(IllegalRecipientMove):
            outbox.move(ids, then, NOW)
    with pytest.raises(IllegalRecipientMove):
        outbox.settle(
            [
                RecipientResult(second.id, SendResult.ACCEPTED),
                RecipientResult(waiting.id, SendResult.ACCEPTED),
            ],
            NOW,
        )
    with pytest.raises(IllegalRecipientMove):
        outbox.settle([RecipientResult(9999, SendResult.ACCEPTED)], NOW)
    assert outbox.counts(mailing) == {RecipientState.SENDING: 2, RecipientState.WAITING: 4}


def test_a_dead_mailbox_makes_the_member_undeliverable_a_policy_does_not(
    members: Members, outbox: Outbox
):
    mailing = begun(outbox)
    one, two = outbox.take(mailing, 0, 2, NOW)
    outbox.settle(
        [
            RecipientResult(one.id, SendResult.REFUSED, "550 5.1.1 user unknown"),
            RecipientResult(two.id, SendResult.REFUSED, "550 5.7.1 too many mails"),
        ],
        NOW,
    )
    assert members.get(1001).standing.undeliverable == "550 5.1.1 user unknown"
    assert members.get(1002).standing.undeliverable == ""
    assert members.changes(1001)[0].what == "不達"
    assert outbox.audience(MemberFilter()).left_out == {ExclusionReason.UNDELIVERABLE: 1}


def test_a_letter_that_comes_back(members: Members, outbox: Outbox):
    mailing = begun(outbox)
    letter = {p.number: p.letter_id for p in outbox.take(mailing, 0, 2, NOW)}
    before = NOW - timedelta(days=1)
    outbox.settle(
        [RecipientResult(p.id, SendResult.ACCEPTED) for p in outbox.page(mailing, 0, 2)], NOW
    )
    told = outbox.bounced(letter[1001], "", "5.1.1 unknown", before, LATER)
    assert told == ReturnedLetter(1001, 1, undeliverable=False)
    assert outbox.bounced("", "m1@x.jp", "5.2.2 full", before, LATER).number == 1002
    assert outbox.bounced("", "m2@x.jp", "never sent", before, LATER) is None
    assert outbox.bounced("", "m1@x.jp", "too old", LATER, LATER) is None
    assert outbox.bounced("<other@x>", "", "not ours", before, LATER) is None
    assert outbox.counts(mailing) == {RecipientState.UNDELIVERABLE: 2, RecipientState.WAITING: 4}
    assert members.get(1002).standing.undeliverable == "", "once is not enough"
    told = outbox.bounced(letter[1001], "", "5.1.1 again", before, LATER)
    assert told == ReturnedLetter(1001, 1, undeliverable=False), "reported twice"


def sent_and_returned(
    outbox: Outbox, day: int, reason: str = "550 5.1.1 unknown"
) -> ReturnedLetter:
    """A mailing to 1001 of that day, and on the same day it comes back."""
    when = NOW + timedelta(days=day)
    letter_id = sent(outbox, day)
    told = outbox.bounced(letter_id, "", reason, when - timedelta(days=1), when)
    assert told is not None
    return told


def sent(outbox: Outbox, day: int) -> str:
    when = NOW + timedelta(days=day)
    mailing = begun(outbox, MemberFilter("会員1001"))
    (letter,) = outbox.take(mailing, 0, 10, when)
    outbox.settle([RecipientResult(letter.id, SendResult.ACCEPTED, "250 ok")], when)
    return letter.letter_id


def test_what_comes_back_on_two_days_is_undeliverable(members: Members, outbox: Outbox):
    first = sent_and_returned(outbox, 0)
    assert (first.days, first.undeliverable) == (1, False)
    assert sent_and_returned(outbox, 0) == first, "ten of one day are one"
    assert outbox.days_returned(1001, NOW) == [NOW.date()]
    assert outbox.who(MemberFilter("会員1001")) == [1001], "other mailings write to it"
    month = sent_and_returned(outbox, 30)
    assert (month.days, month.undeliverable) == (2, True), "a shop that writes once a month"
    assert members.get(1001).standing.undeliverable == "550 5.1.1 unknown"
    assert outbox.who(MemberFilter("会員1001")) == []


def test_a_letter_that_arrived_in_between_clears_the_day(members: Members, outbox: Outbox):
    sent_and_returned(outbox, 0)
    sent(outbox, 3)
    assert outbox.days_returned(1001, NOW + timedelta(days=9)) == [NOW.date()], "it may yet come"
    assert outbox.days_returned(1001, NOW + timedelta(days=10)) == []
    again = sent_and_returned(outbox, 30)
    assert (again.days, again.undeliverable) == (1, False)
    assert sent_and_returned(outbox, 31).undeliverable


def test_a_mail_from_the_address_and_staff_clear_it_too(
    members: Members, outbox: Outbox, path: Path
):
    sent_and_returned(outbox, 0)
    with closing(Ledger(path)) as ledger:
        ledger.heard_from("m0@x.jp")
    assert not sent_and_returned(outbox, 1).undeliverable
    assert sent_and_returned(outbox, 2).undeliverable
    members.reachable(1001, NOW, "会員一覧")
    assert not sent_and_returned(outbox, 3).undeliverable


def test_words_about_the_shop_say_nothing_of_the_address(members: Members, outbox: Outbox):
    """docomo and Yahoo! send such reports for every letter where SPF is wrong."""
    for day in range(3):
        told = sent_and_returned(outbox, day, "550 5.7.1 SPF check failed for your domain")
        assert told == ReturnedLetter(1001, 0, undeliverable=False)
    assert members.get(1001).standing.undeliverable == ""


def test_the_days_are_the_addresses(members: Members, outbox: Outbox, path: Path):
    sent_and_returned(outbox, 0)
    with closing(Ledger(path)) as ledger:
        new = numbered(ledger, "new@x.jp")[1]
    with closing(AddressChanges(path)) as moves:
        moves.change_address(1001, new, NOW, "会員一覧")
        assert outbox.days_returned(1001, NOW) == []
        assert not sent_and_returned(outbox, 1).undeliverable
        moves.undo_address_change(1001, NOW, "会員一覧")
    assert outbox.days_returned(1001, NOW) == [NOW.date()]
    assert sent_and_returned(outbox, 2).undeliverable


def test_what_a_member_was_told(outbox: Outbox):
    first = begun(outbox)
    accepted(outbox, first)
    begun(outbox, MemberFilter("会員1001"))
    assert [(t.subject, t.step) for t in outbox.sent_mails(1001)] == [
        ("こむぎより", RecipientState.WAITING),
        ("こむぎより", RecipientState.SENT),
    ]
    assert len(outbox.sent_mails(1002)) == 1


def test_the_results_as_a_table(path: Path, members: Members, outbox: Outbox):
    members.withdraw(1001, NOW, "会員一覧")
    mailing = begun(outbox)
    accepted(outbox, mailing)
    text = mailing_csv.mailing_csv(outbox.each(mailing)).decode("utf-8-sig")
    header, first, second, *_ = csv.reader(io.StringIO(text, newline=""))
    assert header == ["受付番号", "お名前", "メールアドレス", "結果", "日時", "理由"]
    assert (first[3], first[5]) == ("対象外", "退会")
    assert (second[0], second[3], second[5]) == ("1002", "送信済", "250 ok")


# --- nobody who has stopped, also from an outbox already filled


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda m: m.stop("m2@x.jp", NOW, "メール"), ExclusionReason.STOPPED),
        (lambda m: m.stop_member(1003, NOW, "会員一覧"), ExclusionReason.STOPPED),
        (lambda m: m.withdraw(1003, NOW, "会員一覧"), ExclusionReason.WITHDRAWN),
        (lambda m: m.undeliverable(1003, "550", NOW, "不達"), ExclusionReason.UNDELIVERABLE),
        (
            lambda m: m.update(replace(m.get(1003), consent=Consent()), NOW, "会員一覧"),
            ExclusionReason.NO_CONSENT,
        ),
    ],
)
@pytest.mark.parametrize("tried", [None, SendResult.LATER, SendResult.UNKNOWN, "crash"])
def test_a_filled_outbox_hands_out_nothing_for_who_has_stopped(
    members: Members,
    outbox: Outbox,
    act: Callable[[Members], object],
    why: ExclusionReason,
    tried: SendResult | str | None,
):
    mailing = begun(outbox, MemberFilter("会員1003"))
    if tried:
        (recipient,) = outbox.take(mailing, 0, 20, NOW)
        if tried != "crash":
            outbox.settle([RecipientResult(recipient.id, SendResult(tried), "…")], NOW)
    act(members)
    assert outbox.take(mailing, 0, 20, LATER) == []
    (row,) = outbox.each(mailing)
    in_doubt = tried in (SendResult.UNKNOWN, "crash")
    assert row.step is (RecipientState.UNCERTAIN if in_doubt else RecipientState.LEFT_OUT)
    assert row.answer == why
    assert outbox.mailing(mailing).state is MailingState.DONE


def test_many_who_have_stopped_do_not_hide_the_others(members: Members, outbox: Outbox):
    mailing = begun(outbox)
    for number in range(1001, 1006):
        members.stop_member(number, NOW, "会員一覧")
    assert [p.number for p in outbox.take(mailing, 0, 2, NOW)] == [1006]


# --- pause, resume, stop


def test_pause_and_resume(outbox: Outbox):
    mailing = begun(outbox)
    on_the_way = outbox.take(mailing, 0, 2, NOW)
    outbox.pause(mailing)
    assert outbox.take(mailing, 0, 20, NOW) == []
    outbox.settle([RecipientResult(p.id, SendResult.ACCEPTED) for p in on_the_way], NOW)
    assert outbox.left_from_before(NOW) == [], "a paused mailing does not go on by itself"
    with pytest.raises(IllegalRecipientMove):
        outbox.pause(mailing)
    outbox.resume(mailing)
    assert take_all(outbox, mailing) == [1003, 1004, 1005, 1006]
    with pytest.raises(IllegalRecipientMove):
        outbox.resume(mailing)


def test_stopped_for_good(path: Path, outbox: Outbox):
    mailing = begun(outbox)
    one, two, three, four = outbox.take(mailing, 0, 4, NOW)
    outbox.settle([RecipientResult(one.id, SendResult.LATER)], NOW)
    outbox.stop(mailing, LATER)
    outbox.settle(
        [RecipientResult(two.id, SendResult.ACCEPTED), RecipientResult(three.id, SendResult.LATER)],
        LATER,
    )
    assert outbox.counts(mailing) == {
        RecipientState.LEFT_OUT: 4,
        RecipientState.SENT: 1,
        RecipientState.SENDING: 1,
    }
    assert outbox.reached(mailing).left_out == {ExclusionReason.CALLED_OFF: 4}
    with closing(Outbox(path)) as after_a_crash:
        assert after_a_crash.left_from_before(LATER) == []
    assert {p.id: p.step for p in outbox.each(mailing)}[four.id] is RecipientState.UNCERTAIN
    assert outbox.mailing(mailing).state is MailingState.STOPPED
    for act in (outbox.resume, outbox.pause, lambda m: outbox.stop(m, NOW)):
        with pytest.raises(IllegalRecipientMove):
            act(mailing)
    assert outbox.take(mailing, 0, 20, LATER) == []


def test_what_was_being_sent_goes_on_after_a_restart(path: Path, outbox: Outbox):
    first, second = begun(outbox, MemberFilter("会員1001")), begun(outbox)
    accepted(outbox, first)
    outbox.take(second, 0, 3, NOW)
    with closing(Outbox(path)) as again:
        assert [m.id for m in again.left_from_before(LATER)] == [second]
        assert len(take_all(again, second)) == 6


def test_the_pace_counts_every_letter_of_every_mailing(path: Path, outbox: Outbox):
    pace = RateLimit(per_minute=10, per_hour=0)
    first, second = begun(outbox, MemberFilter("会員1001")), begun(outbox)
    outbox.take(first, 0, 20, NOW)
    outbox.take(second, 0, 3, NOW + timedelta(seconds=30))
    assert len(outbox.tries(pace, lived_by(NOW + timedelta(seconds=31)))) == 4
    with closing(Outbox(path)) as again:
        assert len(again.tries(pace, lived_by(NOW + timedelta(seconds=62)))) == 3
        assert len(again.tries(RateLimit(0, 100), lived_by(NOW + timedelta(minutes=59)))) == 4
        assert again.tries(RateLimit(0, 0), lived_by(NOW)) == []
