"""What is counted of a week or a month, in a real kollect.db."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import MailState, ReceiptState
from kollect.mailing.mailing_states import RecipientResult, SendResult
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import StandingKind
from kollect.mailing.standing import StandingMailings
from kollect.members.member import Consent, Member
from kollect.members.member_filter import EVERYBODY
from kollect.members.merge import MemberMerges
from kollect.members.repository import Members
from kollect.reports.period_counts import PeriodCounts, Periods
from kollect.settings.model import Shop
from tests.helpers.ledger_samples import DOMAIN, JST, NOW, numbered, text

MONDAY = datetime(2026, 11, 23, tzinfo=JST)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
CONSENT = Consent(True, date(2026, 11, 22), "会員登録用紙")
SHOP = Shop(name="こむぎ", address="東京都千代田区千代田1-1")


@pytest.fixture
def periods(ledger: Ledger, path: Path) -> Iterator[Periods]:
    with Periods(path) as periods:
        yield periods


def this_week(periods: Periods) -> PeriodCounts:
    return periods.counts(MONDAY, MONDAY + WEEK)


def test_of_an_empty_file_everything_is_nought(periods: Periods):
    assert this_week(periods) == PeriodCounts()
    assert periods.members_now() == 0


def test_a_span_has_its_first_second_and_not_its_end(ledger: Ledger, periods: Periods):
    for n, moment in enumerate(
        [MONDAY - SECOND, MONDAY, MONDAY + WEEK - SECOND, MONDAY + WEEK], start=1
    ):
        numbered(ledger, f"m{n}@x.jp", now=moment)
    assert this_week(periods).received == 2
    assert periods.counts(MONDAY - WEEK, MONDAY).received == 1


def test_receipts_and_whose_letter_did_not_arrive(ledger: Ledger, periods: Periods, path: Path):
    for n in range(5):
        numbered(ledger, f"m{n}@docomo.ne.jp")
    ledger.receipt_state(1001, ReceiptState.REPLIED, NOW)
    ledger.receipt_state(1002, ReceiptState.UNDELIVERABLE, NOW, "550 Unknown user")
    ledger.receipt_state(1003, ReceiptState.REFUSED, NOW, "554 spam")
    ledger.receipt_state(1004, ReceiptState.REPLIED, NOW)
    ledger.seems_lost(1004, "m3@docomo.ne.jp", "550")
    with ledger.transaction():
        ledger.give_number(
            "list@x.jp", "list@x.jp", NOW, first=1001, template=text(ledger),
            state=ReceiptState.BROUGHT,
        )  # fmt: skip
    found = this_week(periods)
    assert (found.received, found.not_arrived) == (5, 3)
    with Receipts(path) as receipts:
        assert len(receipts.refused(MONDAY, MONDAY + WEEK)) == 2
        assert receipts.refused(MONDAY - WEEK, MONDAY) == []


def test_what_waits_now(ledger: Ledger, periods: Periods, path: Path):
    rows = [numbered(ledger, f"m{n}@x.jp", now=NOW - 10 * WEEK)[0] for n in range(3)]
    ledger.move(rows[:1], MailState.SENDING, NOW)
    ledger.move(rows[:1], MailState.SENT, NOW)
    assert periods.owed_now() == 2
    with closing(Members(path)) as members:
        members.register(Member(1002, "会員"), NOW)
        members.withdraw(1002, NOW, "会員一覧")
    assert periods.unregistered_now() == 2, "who has withdrawn was registered"


def test_members_who_came_and_went(members: Members, periods: Periods):
    for number in (1001, 1002, 1003):
        members.register(Member(number, f"会員{number}", consent=CONSENT), NOW)
    members.withdraw(1001, NOW, "会員一覧")
    members.come_back(1001, NOW, "会員一覧")
    members.withdraw(1001, NOW, "会員一覧")
    members.stop_member(1002, NOW, "メール")
    members.undeliverable(1003, "550", NOW, "メール発信")
    members.update(replace(members.get(1003), name="改名"), NOW, "会員一覧")
    found = this_week(periods)
    assert (found.registered, found.withdrawn, found.stopped, found.undeliverable) == (3, 1, 1, 1)
    assert periods.members_now() == 2
    assert periods.counts(MONDAY - WEEK, MONDAY) == PeriodCounts()


def test_letters_of_a_mailing_by_what_became_of_them(
    members: Members, periods: Periods, path: Path
):
    for number in (1001, 1002, 1003):
        members.register(Member(number, f"会員{number}", consent=CONSENT), NOW - WEEK)
    with closing(Outbox(path)) as outbox:
        mailing = outbox.save("見出", "本文", RateLimit(), NOW - WEEK)
        outbox.save("下書き", "本文", RateLimit(), NOW)
        outbox.start(
            mailing, EVERYBODY, NOW, shop=SHOP, mail_address="s@x.jp", letter_domain=DOMAIN
        )
        taken = outbox.take(mailing, 0, 20, NOW)
        results = (SendResult.ACCEPTED, SendResult.REFUSED, SendResult.UNKNOWN)
        outbox.settle(
            [RecipientResult(one.id, how) for one, how in zip(taken, results, strict=True)], NOW
        )
        assert this_week(periods).letters_unsure == 0, "it is sent once more"
        (again,) = outbox.take(mailing, 0, 20, NOW)
        outbox.settle([RecipientResult(again.id, SendResult.UNKNOWN)], NOW)
    found = this_week(periods)
    assert found.mailings == 1
    assert (found.letters_sent, found.letters_failed, found.letters_unsure) == (1, 1, 1)
    assert found.registered == 0


def test_a_customer_of_two_numbers_counts_once(members: Members, periods: Periods, path: Path):
    for number in (1001, 1002):
        members.register(Member(number, "山田　太郎", consent=CONSENT), NOW)
        members.stop_member(number, NOW, "メール")
    assert (this_week(periods).registered, this_week(periods).stopped) == (2, 2)
    with closing(MemberMerges(path)) as merges:
        merges.merge(1001, 1002, (), NOW, "会員一覧")
    assert (this_week(periods).registered, this_week(periods).stopped) == (1, 1)


def test_what_sends_itself_counts_by_its_letters(members: Members, periods: Periods, path: Path):
    with closing(Outbox(path)) as outbox:
        standing = StandingMailings(outbox)
        made = standing.add(StandingKind.STEP, 0, "ようこそ", "★名前★様", NOW)
        standing.switch(made, True, NOW, SHOP)
        members.register(Member(1001, "会員", consent=CONSENT), NOW)
        now = NOW + timedelta(hours=2)
        mailing = standing.make_due(
            made, now, shop=SHOP, mail_address="s@x.jp", letter_domain=DOMAIN, zone=JST
        )
        assert mailing is not None
        (one,) = outbox.take(mailing, 0, 20, now)
        outbox.settle([RecipientResult(one.id, SendResult.ACCEPTED)], now)
    assert (this_week(periods).mailings, this_week(periods).letters_sent) == (0, 1)
