"""What sends itself, on a real file and a server: at its time, once, to nobody who said no."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kollect.ledger.lived_clock import FOUND_WRONG
from kollect.ledger.metadata import Metadata
from kollect.mailing.due_mailings import DueMailings
from kollect.mailing.mailing_errors import TooManySteps
from kollect.mailing.mailing_events import MailingEnded, MailingFailed, ReservationMissed
from kollect.mailing.mailing_states import (
    ExclusionReason,
    IllegalRecipientMove,
    MailingState,
    RecipientState,
)
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import StandingKind
from kollect.mailing.standing import StandingMailings
from kollect.members.member_filter import EVERYBODY
from kollect.members.merge import MemberMerges
from kollect.members.repository import Members
from kollect.settings.model import Shop
from kollect.storage.backup import DataLoss, go_back, make_backup
from kollect.storage.queries import Queries
from tests.helpers.member_shop import FIRST, SHOP, Mailer, guest, join, stop
from tests.helpers.power_cut import Fuse, PowerCut, fused
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import ADDRESS, settings_for
from tests.helpers.turned_clock import TurnedClock

START = datetime(2026, 5, 20, 10, 0).astimezone()
DOMAIN = "shop.example"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as smtp:
        yield smtp


class DueShop:
    """A shop whose clock is turned, and what it sends."""

    def __init__(self, folder: Path, smtp: ScriptedSmtp, members: int = 4) -> None:
        self.smtp = smtp
        folder.mkdir(exist_ok=True)
        self.database = folder / "kollect.db"
        join(self.database, [guest(n) for n in range(1, members + 1)], START)
        self.clock = TurnedClock(self.database, START)
        settings = replace(settings_for(1, smtp.port), shop=SHOP)
        self.mailer = Mailer(folder, settings, now=self.clock)

    def reserve(self, due: str, *, night: bool = False, text: str = "★名前★様\n") -> int:
        with closing(Outbox(self.database)) as outbox:
            mailing = outbox.save("★店名★の予約", text, RateLimit(0, 0), self.clock())
            outbox.reserve(
                mailing, EVERYBODY, self.clock(),
                due=at(due), night=night, shop=SHOP, letter_domain=DOMAIN,
            )  # fmt: skip
        return mailing

    def standing(self, kind: StandingKind, days: int, *, active: bool = True) -> int:
        with closing(Outbox(self.database)) as outbox:
            found = StandingMailings(outbox)
            one = found.add(kind, days, f"{kind} {days}", "★名前★様\n", self.clock())
            found.switch(one, active, self.clock(), SHOP)
        return one

    def switch(self, one: int, active: bool) -> None:
        with closing(Outbox(self.database)) as outbox:
            StandingMailings(outbox).switch(one, active, self.clock(), SHOP)

    def birthday(self, n: int, day: str) -> None:
        with closing(Members(self.database)) as members:
            one = members.get(FIRST + n - 1)
            assert one is not None
            members.update(replace(one, birthday=date.fromisoformat(day)), self.clock(), "会員一覧")

    def sends(self, now: str = "") -> Counter[str]:
        """To whom letters go at this moment."""
        if now:
            self.clock.runs_to(at(now))
        before = len(self.smtp.kept)
        self.mailer.due()
        return Counter(kept.recipients[0] for kept in self.smtp.kept[before:])

    def not_sent(self, one: int) -> list[tuple[int, str, ExclusionReason]]:
        with closing(Outbox(self.database)) as outbox:
            found = StandingMailings(outbox).not_sent(one)
        return sorted((each.number, f"{each.day}", each.reason) for each in found)

    def state(self, mailing: int) -> MailingState:
        return self.mailer.mailing(mailing).state


@pytest.fixture
def shop(tmp_path: Path, smtp: ScriptedSmtp) -> DueShop:
    return DueShop(tmp_path, smtp)


ALL = Counter(guest(n) for n in range(1, 5))
NOBODY: Counter[str] = Counter()


# --- 予約配信


def test_a_reservation_goes_at_its_time_and_once(shop: DueShop):
    mailing = shop.reserve("2026-06-01T10:00")
    assert shop.sends("2026-06-01T09:59") == NOBODY
    assert shop.state(mailing) is MailingState.SCHEDULED
    assert shop.sends("2026-06-01T10:00") == ALL
    assert shop.state(mailing) is MailingState.DONE
    assert shop.sends("2026-06-01T10:01") == NOBODY
    assert isinstance(shop.mailer.news[-1], MailingEnded)
    letter = email.message_from_bytes(shop.smtp.kept[0].data, policy=email.policy.default)
    assert letter["Subject"] == "テスト商店の予約"
    assert "件名を「配信停止」にしたメール" in letter.get_content()
    assert letter["List-Unsubscribe"].startswith("<mailto:shop@shop.example?subject=")


def test_only_who_is_asked_to_begins_what_is_due(shop: DueShop):
    mailing = shop.reserve("2026-06-01T10:00")
    shop.clock.runs_to(at("2026-06-01T10:00"))
    shop.mailer.once()
    assert shop.state(mailing) is MailingState.SCHEDULED
    assert not shop.smtp.kept


def test_who_stops_meanwhile_gets_nothing_and_who_joins_later_neither(shop: DueShop):
    shop.reserve("2026-06-01T10:00")
    stop(shop.database, guest(2))
    join(shop.database, ["later@customer.example"], shop.clock())
    assert shop.sends("2026-06-01T10:00") == ALL - Counter([guest(2)])


def test_the_footer_is_that_of_the_day_on_which_it_goes(shop: DueShop):
    shop.reserve("2026-06-01T10:00")
    moved = replace(SHOP, address="大阪府大阪市北区1-1")
    shop.mailer.settings = replace(shop.mailer.settings, shop=moved)
    shop.sends("2026-06-01T10:00")
    letter = email.message_from_bytes(shop.smtp.kept[0].data, policy=email.policy.default)
    assert "大阪市北区" in letter.get_content()


def test_a_shop_without_a_name_keeps_it_and_says_why(shop: DueShop):
    mailing = shop.reserve("2026-06-01T10:00")
    shop.mailer.settings = replace(shop.mailer.settings, shop=Shop(id="TEST"))
    assert shop.sends("2026-06-01T10:00") == NOBODY
    assert shop.state(mailing) is MailingState.SCHEDULED
    told = shop.mailer.news[-1]
    assert isinstance(told, MailingFailed)
    assert "店名が空です" in told.trouble.happened
    shop.mailer.settings = replace(shop.mailer.settings, shop=SHOP)
    assert shop.sends("2026-06-01T10:30") == ALL


def test_not_at_night_unless_wanted(shop: DueShop):
    shop.reserve("2026-06-01T22:00")
    assert shop.sends("2026-06-01T22:00") == NOBODY
    assert shop.sends("2026-06-02T07:59") == NOBODY
    assert shop.sends("2026-06-02T08:00") == ALL
    shop.reserve("2026-06-02T22:00", night=True)
    assert shop.sends("2026-06-02T22:00") == ALL


def test_the_night_comes_while_it_is_being_sent(shop: DueShop):
    mailing = shop.reserve("2026-06-01T20:59")
    shop.clock.runs_to(at("2026-06-01T20:59"))
    taken = iter([shop.clock] * 2)

    def evening() -> datetime:
        # the second letter is begun after 21:00
        if len(shop.smtp.kept) >= 2:
            shop.clock.runs_to(at("2026-06-01T21:00"))
        next(taken, None)
        return shop.clock()

    with closing(Outbox(shop.database)) as outbox:
        outbox.file.change("UPDATE mailing SET per_minute = 2 WHERE id = ?", mailing)
    shop.mailer.now = evening
    shop.mailer.restarted()
    assert shop.sends().total() == 2
    assert shop.state(mailing) is MailingState.SENDING
    shop.mailer.now = shop.clock
    shop.mailer.restarted()
    assert shop.sends("2026-06-02T07:30") == NOBODY
    assert shop.sends("2026-06-02T08:00").total() == 2
    assert shop.state(mailing) is MailingState.DONE


@pytest.mark.parametrize(
    ("now", "sent"),
    [("2026-06-02T09:30", ALL), ("2026-06-02T12:00", NOBODY), ("2026-06-08T09:30", NOBODY)],
)
def test_what_was_missed_by_up_to_a_day_goes_and_the_rest_is_asked(
    shop: DueShop, now: str, sent: Counter[str]
):
    mailing = shop.reserve("2026-06-01T10:00")
    shop.clock.runs_to(at("2026-05-31T19:00"))
    shop.clock.off_until(at(now))
    assert shop.sends() == sent
    missed = [news for news in shop.mailer.news if isinstance(news, ReservationMissed)]
    assert [news.mailing for news in missed] == ([] if sent else [mailing])
    if sent:
        return
    assert shop.sends() == NOBODY
    assert [n for n in shop.mailer.news if isinstance(n, ReservationMissed)] == missed, "told once"
    with closing(Outbox(shop.database)) as outbox:
        outbox.begin_reserved(mailing, shop.clock(), shop=SHOP, mail_address=ADDRESS, late=True)
    assert shop.sends() == ALL


def test_a_clock_that_jumps_sends_nothing_unasked(shop: DueShop):
    mailing = shop.reserve("2026-06-10T10:00")
    shop.clock.jumps_to(at("2026-06-10T10:30"))
    assert shop.sends() == NOBODY
    assert shop.state(mailing) is MailingState.SCHEDULED
    assert isinstance(shop.mailer.news[-1], ReservationMissed)
    # put right: it is not due, and goes at its time
    shop.clock.jumps_to(at("2026-05-21T10:00"))
    assert shop.sends() == NOBODY
    assert shop.sends("2026-06-10T10:00") == ALL


def test_after_a_holiday_it_goes_unless_the_servers_tell_another_date(shop: DueShop):
    mailing = shop.reserve("2026-06-04T10:00")
    shop.clock.runs_to(at("2026-05-31T19:00"))
    with closing(Queries(shop.database)) as file:
        Metadata.beside(file).set_metadata(FOUND_WRONG, "ahead")
    shop.clock.off_until(at("2026-06-04T10:30"))
    assert shop.sends() == NOBODY
    assert isinstance(shop.mailer.news[-1], ReservationMissed)
    with closing(Queries(shop.database)) as file:
        Metadata.beside(file).set_metadata(FOUND_WRONG, "")
    assert shop.sends() == ALL
    assert shop.state(mailing) is MailingState.DONE


def test_a_clock_that_is_set_back_sends_nothing_twice(shop: DueShop):
    shop.reserve("2026-06-01T10:00")
    assert shop.sends("2026-06-01T10:00") == ALL
    shop.clock.jumps_to(at("2026-05-25T10:00"))
    assert shop.sends() == NOBODY
    assert shop.sends("2026-06-02T10:00") == NOBODY


def test_it_is_cancelled_changed_and_then_goes(shop: DueShop):
    mailing = shop.reserve("2026-06-01T10:00")
    with closing(Outbox(shop.database)) as outbox:
        outbox.postpone(mailing, at("2026-06-03T10:00"), shop.clock(), night=False)
        assert outbox.counts(mailing) == {RecipientState.WAITING: 4}
    assert shop.sends("2026-06-01T10:00") == NOBODY
    with closing(Outbox(shop.database)) as outbox:
        outbox.cancel_reservation(mailing)
        draft = outbox.mailing(mailing)
        assert (draft.state, draft.due_at, draft.chosen) == (MailingState.DRAFT, None, "")
        assert draft.subject == "★店名★の予約", "to be written on"
        assert outbox.counts(mailing) == {}
        for act in (
            lambda: outbox.cancel_reservation(mailing),
            lambda: outbox.postpone(mailing, at("2026-06-03T10:00"), shop.clock(), night=False),
            lambda: outbox.resume(mailing),
        ):
            with pytest.raises(IllegalRecipientMove):
                act()
    assert shop.sends("2026-06-03T10:00") == NOBODY


def test_the_worker_waits_for_it_by_itself(shop: DueShop):
    """The real clock: two seconds from now."""
    due = datetime.now().astimezone() + timedelta(seconds=2)
    shop.mailer.now = lambda: datetime.now().astimezone()
    with closing(Outbox(shop.database)) as outbox:
        outbox.file.change("DELETE FROM meta WHERE key = 'lived'")
        mailing = outbox.save("予約", "本文\n", RateLimit(0, 0), due)
        outbox.reserve(
            mailing, EVERYBODY, due, due=due, night=True, shop=SHOP, letter_domain=DOMAIN
        )
    worker = shop.mailer.worker
    worker.start()
    try:
        while not isinstance(shop.mailer.news[-1] if shop.mailer.news else None, MailingEnded):
            assert worker.alive
            worker.join(0.05)
            assert datetime.now().astimezone() < due + timedelta(seconds=20)
    finally:
        worker.stop()
        worker.join(10)
    started = shop.mailer.mailing(mailing).started_at
    assert started is not None
    assert timedelta() <= started + timedelta(seconds=1) - due < timedelta(seconds=10)
    assert len(shop.smtp.kept) == 4


def test_after_going_back_to_a_copy_nothing_is_sent_twice_unasked(shop: DueShop, tmp_path: Path):
    """What was sent since, or cancelled, the copy does not know."""
    shop.birthday(1, "1985-06-01")
    shop.birthday(2, "1985-06-02")
    one = shop.standing(StandingKind.BIRTHDAY, 0)
    mailing = shop.reserve("2026-06-01T09:00")
    later = shop.reserve("2026-06-03T09:00")
    shop.clock.runs_to(at("2026-06-01T08:30"))
    copy = make_backup(shop.database, tmp_path / "backup", date(2026, 6, 1))
    assert copy is not None
    assert shop.sends("2026-06-01T09:00") == ALL + Counter([guest(1)])
    shop.clock.runs_to(at("2026-06-01T15:00"))
    loss = DataLoss(copy, date(2026, 6, 1), None, None, None)
    go_back(shop.database, loss, shop.clock())
    shop.mailer.restarted()
    assert shop.sends() == NOBODY
    assert shop.state(mailing) is MailingState.SCHEDULED
    missed = [news for news in shop.mailer.news if isinstance(news, ReservationMissed)]
    assert [news.mailing for news in missed] == [mailing]
    assert shop.sends("2026-06-02T09:00") == Counter([guest(2)])
    assert shop.sends("2026-06-03T09:00") == NOBODY, "it may have been cancelled since"
    assert shop.mailer.news[-1] == ReservationMissed(shop.clock(), later)
    with closing(Outbox(shop.database)) as outbox:
        outbox.postpone(later, at("2026-06-03T10:00"), shop.clock(), night=False)
    assert shop.sends("2026-06-03T10:00") == ALL
    assert shop.not_sent(one) == []


# --- 誕生日メール


def test_a_birthday_mail_goes_each_year_on_its_morning(shop: DueShop):
    shop.birthday(1, "1985-06-08")
    shop.birthday(2, "1984-02-29")
    shop.standing(StandingKind.BIRTHDAY, 7)
    assert shop.sends("2026-06-01T08:59") == NOBODY
    assert shop.sends("2026-06-01T09:00") == Counter([guest(1)])
    assert shop.sends("2026-06-01T15:00") == NOBODY
    assert shop.sends("2026-06-02T09:00") == NOBODY
    for day in range(3, 29):
        assert shop.sends(f"2026-06-{day:02}T09:00") == NOBODY
    for day, sent in (("2027-02-20", NOBODY), ("2027-02-21", Counter([guest(2)]))):
        assert shop.sends(f"{day}T09:00") == sent
    assert shop.sends("2027-06-01T09:00") == Counter([guest(1)])
    assert shop.sends("2028-02-21T09:00") == NOBODY
    assert shop.sends("2028-02-22T09:00") == Counter([guest(2)])


def test_nobody_who_said_no_is_greeted_and_it_is_no_omission(shop: DueShop):
    for n in range(1, 5):
        shop.birthday(n, "1985-06-01")
    one = shop.standing(StandingKind.BIRTHDAY, 0)
    stop(shop.database, guest(1))
    with closing(Members(shop.database)) as members:
        members.withdraw(FIRST + 1, shop.clock(), "会員一覧")
        members.undeliverable(FIRST + 2, "550 5.1.1", shop.clock(), "メール")
    assert shop.sends("2026-06-01T09:00") == Counter([guest(4)])
    assert shop.not_sent(one) == [(FIRST + 2, "2026-06-01", ExclusionReason.UNDELIVERABLE)]


def test_who_stops_after_it_was_written_down_gets_nothing(shop: DueShop):
    shop.birthday(1, "1985-06-01")
    shop.birthday(2, "1985-06-01")
    one = shop.standing(StandingKind.BIRTHDAY, 0)
    shop.clock.runs_to(at("2026-06-01T09:00"))
    with closing(Outbox(shop.database)) as outbox:
        mailing = StandingMailings(outbox).make_due(
            one, shop.clock(), shop=SHOP, mail_address=ADDRESS, letter_domain=DOMAIN
        )
        assert mailing is not None
    stop(shop.database, guest(1))
    assert shop.sends() == Counter([guest(2)])
    with closing(Outbox(shop.database)) as outbox:
        left_out = outbox.page(mailing, 0, 10, RecipientState.LEFT_OUT)
    assert [(r.number, r.answer) for r in left_out] == [(FIRST, ExclusionReason.STOPPED)]


def test_three_days_off_what_is_a_day_late_goes_and_the_rest_is_listed(shop: DueShop):
    for n, day in enumerate(("1985-06-01", "1985-06-02", "1985-06-03", "1985-06-04"), 1):
        shop.birthday(n, day)
    one = shop.standing(StandingKind.BIRTHDAY, 0)
    shop.clock.runs_to(at("2026-05-31T19:00"))
    shop.clock.off_until(at("2026-06-04T08:30"))
    assert shop.sends() == Counter([guest(3)])
    assert shop.not_sent(one) == [
        (FIRST, "2026-06-01", ExclusionReason.TOO_LATE),
        (FIRST + 1, "2026-06-02", ExclusionReason.TOO_LATE),
    ]
    assert shop.sends("2026-06-04T09:00") == Counter([guest(4)])
    assert shop.sends("2026-06-04T19:00") == NOBODY


def test_switched_on_in_the_middle_and_off_and_on(shop: DueShop):
    for n, day in enumerate(("1985-06-01", "1985-06-02", "1985-06-03", "1985-06-04"), 1):
        shop.birthday(n, day)
    shop.clock.runs_to(at("2026-06-01T12:00"))
    one = shop.standing(StandingKind.BIRTHDAY, 0)
    assert shop.sends() == NOBODY
    assert shop.sends("2026-06-02T09:00") == Counter([guest(2)])
    shop.switch(one, False)
    assert shop.sends("2026-06-03T09:00") == NOBODY
    shop.clock.runs_to(at("2026-06-03T10:00"))
    shop.switch(one, True)
    assert shop.sends("2026-06-03T10:01") == NOBODY
    assert shop.sends("2026-06-04T09:00") == Counter([guest(4)])
    assert shop.not_sent(one) == []


def test_a_birthday_put_right_is_greeted_once_a_year(shop: DueShop):
    shop.birthday(1, "1985-06-01")
    shop.standing(StandingKind.BIRTHDAY, 0)
    assert shop.sends("2026-06-01T09:00") == Counter([guest(1)])
    shop.birthday(1, "1985-07-01")
    assert shop.sends("2026-07-01T09:00") == NOBODY
    assert shop.sends("2027-06-01T09:00") == NOBODY
    assert shop.sends("2027-07-01T09:00") == Counter([guest(1)])


def test_twins_of_one_address_get_one_mail(shop: DueShop):
    join(shop.database, ["twin@customer.example"], shop.clock())
    with closing(Members(shop.database)) as members:
        for n in (1, 5):
            one = members.get(FIRST + n - 1)
            assert one is not None
            members.update(replace(one, birthday=date(1985, 6, 1)), shop.clock(), "会員一覧")
    with closing(Outbox(shop.database)) as outbox:
        outbox.file.change(
            "UPDATE receipt SET renumbered = 1, address_key = ? WHERE number = ?",
            *(guest(1), FIRST + 4),
        )
    one = shop.standing(StandingKind.BIRTHDAY, 0)
    assert shop.sends("2026-06-01T09:00") == Counter([guest(1)])
    assert shop.not_sent(one) == [(FIRST + 4, "2026-06-01", ExclusionReason.SAME_ADDRESS)]


def test_a_date_that_may_be_wrong_greets_nobody(shop: DueShop):
    shop.birthday(1, "1985-06-01")
    shop.birthday(2, "1985-05-22")
    one = shop.standing(StandingKind.BIRTHDAY, 0)
    shop.clock.jumps_to(at("2026-06-01T09:00"))
    assert shop.sends() == NOBODY
    shop.clock.jumps_to(at("2026-05-20T12:00"))
    assert shop.sends() == NOBODY
    # the date has stood for a day of running
    for hour in range(26):
        shop.clock.runs_to(at("2026-05-20T12:00") + timedelta(hours=hour))
    assert shop.sends("2026-05-22T09:00") == Counter([guest(2)])
    assert shop.sends("2026-06-01T09:00") == Counter([guest(1)])
    assert shop.not_sent(one) == []


# --- ステップメール


def test_steps_go_once_each_after_the_registration(shop: DueShop):
    for days in (0, 7, 30):
        shop.standing(StandingKind.STEP, days)
    shop.clock.runs_to(at("2026-06-01T14:00"))
    join(shop.database, ["new@customer.example"], shop.clock())
    new = Counter(["new@customer.example"])
    assert shop.sends("2026-06-01T14:05") == NOBODY
    assert shop.sends("2026-06-01T14:10") == new
    assert shop.sends("2026-06-01T15:10") == NOBODY
    # those of 20 May were registered before: their step of 30 days is still to come
    assert shop.sends("2026-06-08T09:00") == new
    assert shop.sends("2026-06-19T09:00") == ALL
    assert shop.sends("2026-07-01T09:00") == new
    assert shop.sends("2026-07-02T09:00") == NOBODY


def test_other_days_of_a_step_send_it_to_nobody_twice(shop: DueShop):
    one = shop.standing(StandingKind.STEP, 7)
    assert shop.sends("2026-05-27T09:00") == ALL
    with closing(Outbox(shop.database)) as outbox:
        StandingMailings(outbox).rewrite(one, 14, "14日", "本文\n", shop.clock())
    assert shop.sends("2026-06-03T09:00") == NOBODY
    join(shop.database, ["new@customer.example"], shop.clock())
    assert shop.sends("2026-06-17T09:00") == Counter(["new@customer.example"])


def test_what_one_of_two_that_are_merged_was_sent_is_not_sent_to_the_other(shop: DueShop):
    shop.birthday(1, "1985-06-01")
    shop.birthday(2, "1985-06-03")
    shop.standing(StandingKind.BIRTHDAY, 0)
    shop.standing(StandingKind.STEP, 12)
    shop.clock.runs_to(at("2026-05-21T10:00"))
    join(shop.database, ["again@customer.example"], shop.clock())
    assert shop.sends("2026-06-01T09:00") == ALL + Counter([guest(1)])
    with closing(MemberMerges(shop.database)) as members:
        for stays, goes in ((FIRST + 1, FIRST), (FIRST + 4, FIRST + 3)):
            members.merge(stays, goes, (), shop.clock(), "会員一覧")
    assert shop.sends("2026-06-02T09:00") == NOBODY
    assert shop.sends("2026-06-03T09:00") == NOBODY


def test_five_steps_at_most(shop: DueShop):
    steps = [shop.standing(StandingKind.STEP, days) for days in range(5)]
    with pytest.raises(TooManySteps):
        shop.standing(StandingKind.STEP, 9)
    shop.standing(StandingKind.BIRTHDAY, 9)
    with closing(Outbox(shop.database)) as outbox:
        StandingMailings(outbox).remove(steps[0], shop.clock())
    shop.standing(StandingKind.STEP, 9)


def test_those_of_one_day_are_one_mailing_while_it_is_under_way(shop: DueShop):
    one = shop.standing(StandingKind.STEP, 0)
    made = []
    for minute in (0, 10, 20):
        shop.clock.runs_to(at(f"2026-06-01T14:{minute:02}"))
        join(shop.database, [f"new{minute}@customer.example"], shop.clock())
        shop.clock.runs_to(shop.clock() + timedelta(minutes=10))
        with closing(Outbox(shop.database)) as outbox:
            made.append(
                StandingMailings(outbox).make_due(
                    one, shop.clock(), shop=SHOP, mail_address=ADDRESS, letter_domain=DOMAIN
                )
            )
    assert len(set(made)) == 1
    assert shop.sends().total() == 3


# --- crashes


@pytest.mark.parametrize("after", [False, True])
def test_a_cut_at_any_statement_sends_each_once_and_forgets_nobody(
    tmp_path: Path, smtp: ScriptedSmtp, after: bool
):
    """The cut falls at each change of the file while all three kinds become due."""
    place, cut = 1, True
    while cut:
        shop = DueShop(tmp_path / f"{place}", smtp, 3)
        shop.birthday(1, "1985-06-01")
        shop.birthday(2, "1985-05-29")
        standing = [
            shop.standing(StandingKind.BIRTHDAY, 0),
            shop.standing(StandingKind.STEP, 12),
        ]
        shop.reserve("2026-06-01T09:00")
        shop.clock.runs_to(at("2026-05-28T19:00"))
        shop.clock.off_until(at("2026-06-01T09:00"))
        fuse = Fuse(place, after=after)
        before = len(smtp.kept)
        try:
            with fused(fuse):
                make_all_due(shop)
            cut = False
        except PowerCut:
            assert fuse.blown
        assert len(smtp.kept) == before, "nothing is sent before it is written down"
        shop.mailer.due()
        letters = Counter(
            (kept.recipients[0], email.message_from_bytes(kept.data)["Subject"])
            for kept in smtp.kept[before:]
        )
        assert letters.total() == 7, letters
        assert set(letters.values()) == {1}
        assert shop.not_sent(standing[0]) == [(FIRST + 1, "2026-05-29", ExclusionReason.TOO_LATE)]
        shop.mailer.due()
        assert len(smtp.kept) == before + 7
        place += 1
    assert place > 12


def make_all_due(shop: DueShop) -> None:
    with closing(Outbox(shop.database)) as outbox:
        found = DueMailings(outbox, lambda: shop.mailer.settings, shop.clock).begin()
    assert len(found.begun) == 3
