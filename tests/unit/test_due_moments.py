"""What happens at the moment that something is due, or that a report names no letter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.metadata import Metadata
from kollect.mailing.due_mailings import DueMailings
from kollect.mailing.mailing_states import (
    ExclusionReason,
    MailingState,
    RecipientResult,
    SendResult,
)
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import StandingKind
from kollect.mailing.standing import StandingMailings
from kollect.members.address_change import AddressChanges
from kollect.members.member_filter import EVERYBODY
from kollect.members.merge import MemberMerges
from kollect.members.merge_rules import MergeField
from kollect.members.repository import Members
from kollect.settings.model import Settings
from kollect.storage.backup import WENT_BACK
from kollect.storage.database import to_text
from tests.helpers.ledger_samples import numbered
from tests.helpers.member_shop import SHOP, guest, join, register
from tests.helpers.shop import ADDRESS, settings_for
from tests.helpers.turned_clock import TurnedClock

START = datetime(2026, 2, 1, 10, 0).astimezone()
SETTINGS = replace(settings_for(1, 1), shop=SHOP)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    join(tmp_path / "kollect.db", [guest(1), guest(2)], START - timedelta(days=20))
    return tmp_path / "kollect.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with closing(Outbox(path)) as outbox:
        yield outbox


def reserve(outbox: Outbox, due: datetime) -> int:
    mailing = outbox.save("入荷", "★名前★様", RateLimit(0, 0), START)
    outbox.reserve(
        mailing, EVERYBODY, START, due=due, night=False, shop=SHOP, letter_domain="shop.example"
    )
    return mailing


def test_what_is_postponed_while_the_settings_are_read_waits(path: Path, outbox: Outbox) -> None:
    clock = TurnedClock(path, START)
    later = START + timedelta(days=4)
    mailing = reserve(outbox, START + timedelta(hours=1))
    clock.runs_to(START + timedelta(hours=1))

    def settings() -> Settings:
        with closing(Outbox(path)) as window:
            window.postpone(mailing, later, clock(), night=False)
        return SETTINGS

    look = DueMailings(outbox, settings, clock).begin()
    assert (look.begun, outbox.mailing(mailing).state) == ([], MailingState.SCHEDULED)
    assert look.again_at is not None
    clock.runs_to(later)
    assert DueMailings(outbox, lambda: SETTINGS, clock).begin().begun == [mailing]


def test_a_reservation_begins_with_every_no_of_the_address_held(path: Path, outbox: Outbox) -> None:
    mailing = reserve(outbox, START + timedelta(hours=1))
    with closing(Members(path)) as members:
        members.keep_nos_by_mail([(guest(2), START + timedelta(days=2000))])  # after the consent
    outbox.begin_reserved(mailing, START + timedelta(hours=1), shop=SHOP, mail_address=ADDRESS)
    assert [one.address for one in outbox.take(mailing, 0, 9, START + timedelta(hours=1))] == [
        guest(1)
    ]


def share(path: Path) -> None:
    """1003 has the address of 1001, 1004 is a new one of somebody who is known."""
    with closing(Ledger(path)) as ledger:
        for one, again in ((guest(1), True), (guest(4), False)):
            numbered(ledger, one, now=START, again=again)
    register(path, [1003], START)


def sent_to(outbox: Outbox, mailing: int) -> list[tuple[int, str]]:
    """Begins the 予約 as its time has come."""
    at = START + timedelta(hours=1)
    outbox.begin_reserved(mailing, at, shop=SHOP, mail_address=ADDRESS)
    return [(one.number, one.address) for one in outbox.take(mailing, 0, 9, at)]


def test_who_stays_at_a_shared_address_gets_a_reserved_mail_when_the_first_moves_away(
    path: Path, outbox: Outbox
) -> None:
    share(path)
    mailing = reserve(outbox, START + timedelta(hours=1))
    with closing(AddressChanges(path)) as members:
        members.change_address(1001, 1004, START, "会員一覧")
    assert sent_to(outbox, mailing) == [(1001, guest(4)), (1002, guest(2)), (1003, guest(1))]
    assert outbox.reached(mailing).reached == 3


def test_one_who_moves_to_the_address_of_another_gets_no_second_letter(
    path: Path, outbox: Outbox
) -> None:
    mailing = reserve(outbox, START + timedelta(hours=1))
    with closing(Ledger(path)) as ledger:
        numbered(ledger, guest(1), now=START, again=True)
    with closing(AddressChanges(path)) as members:
        members.change_address(1002, 1003, START, "会員一覧")
    assert sent_to(outbox, mailing) == [(1001, guest(1))]
    assert outbox.reached(mailing).left_out == {ExclusionReason.SAME_ADDRESS: 1}


@pytest.mark.parametrize("ahead", ["switched on", "went back"])
def test_what_a_clock_ahead_has_noted_counts_as_now(path: Path, outbox: Outbox, ahead: str) -> None:
    with closing(Members(path)) as members:
        one = members.get(1001)
        assert one is not None
        members.update(replace(one, birthday=date(1990, 2, 3)), START, "会員一覧")
    clock = TurnedClock(path, START)
    future = START + timedelta(days=400)
    standing = StandingMailings(outbox)
    identity = standing.add(StandingKind.BIRTHDAY, 0, "お誕生日", "★名前★様", START)
    standing.switch(identity, True, future if ahead == "switched on" else START, SHOP)
    if ahead == "went back":
        Metadata.beside(outbox.file).set_metadata(WENT_BACK, to_text(future))
    for _ in range(3):
        clock.runs_to(clock() + timedelta(hours=1))
        assert DueMailings(outbox, lambda: SETTINGS, clock).begin().begun == []
        assert standing.get(identity).rule.since <= START + timedelta(hours=1)
    clock.runs_to(datetime(2026, 2, 3, 9, 5).astimezone())
    assert len(DueMailings(outbox, lambda: SETTINGS, clock).begin().begun) == 1


def test_a_report_without_a_letter_is_about_the_address_that_it_names(
    path: Path, outbox: Outbox
) -> None:
    """二人を統合 with the other's address: that of before is the one that does not exist."""
    mailing = outbox.save("入荷", "★名前★様", RateLimit(0, 0), START)
    outbox.start(
        mailing, EVERYBODY, START, shop=SHOP, mail_address=ADDRESS, letter_domain="shop.example"
    )
    taken = outbox.take(mailing, 0, 9, START)
    outbox.settle([RecipientResult(one.id, SendResult.ACCEPTED, "250") for one in taken], START)
    with closing(MemberMerges(path)) as members:
        members.merge(1001, 1002, [MergeField.ADDRESS], START, "会員一覧")
        for day in (1, 2, 3):
            outbox.bounced(
                "", guest(1), "550 5.1.1 user unknown",
                START - timedelta(days=1), START + timedelta(days=day),
            )  # fmt: skip
        one = members.get(1001)
    assert one is not None
    assert (one.standing.address, one.standing.undeliverable) == (guest(2), "")
    assert outbox.bounced("", guest(2), "550 5.1.1 user unknown", START - timedelta(days=1), START)
