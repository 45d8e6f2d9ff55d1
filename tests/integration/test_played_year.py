"""A year of a shop in fast time: the real program, day by day, with a moved clock, on Dovecot and
Postfix, killed again and again. What everybody got is held against a model of a few lines.

`KOLLECT_DAYS=365 KOLLECT_GUESTS=300 KOLLECT_KILLS=200 ./build.sh test
tests/integration/test_played_year.py -s` plays it whole; else a month, with some kills.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from kollect.ledger.receipt_rows import Receipts
from kollect.mailing.mailing_states import ExclusionReason, MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.returned_letters import ENOUGH
from kollect.mailing.schedule import StandingKind
from kollect.mailing.standing import StandingMailings
from kollect.members.address_change import CHANGED, AddressChanges
from kollect.members.member import Consent, Member, MemberState
from kollect.members.member_filter import EVERYBODY
from kollect.members.repository import REGISTERED, STOPPED, WITHDREW
from kollect.settings import ini_file
from tests.helpers.dovecot import Dovecot
from tests.helpers.member_shop import SHOP
from tests.helpers.postfix import Postfix
from tests.helpers.shop import ADDRESS, settings_for
from tests.servers.bad_pc import BadPC, library

pytestmark = [pytest.mark.real, pytest.mark.slow]
DAYS = int(os.environ.get("KOLLECT_DAYS", "30"))
GUESTS = int(os.environ.get("KOLLECT_GUESTS", "40"))
KILLS = int(os.environ.get("KOLLECT_KILLS", "12"))
MOST_ON_WAY = 20
FIRST_DAY = date(2027, 2, 1)
"""Of a year without a 29 February."""
SWITCHED_ON, OPENS, STAFF, SENDS, ANSWERED, AGAIN = (
    *(time(8, 0), time(9, 30), time(9, 35), time(9, 50), time(9, 55), time(10, 0)),
)
BIRTHDAY, STEPS = 3, (0, 7, 30)
A_DAY = timedelta(hours=25)
"""What is later than that is not sent by itself (`mailing.schedule`)."""


def at(day: int, clock: time) -> datetime:
    return datetime.combine(FIRST_DAY + timedelta(days=day), clock).astimezone()


# --- the customers


@dataclass
class Guest:
    """What a customer does, by day; None: never. Then what came of it."""

    n: int
    address: str
    comes: int
    hands_in: int | None
    born: date
    consents: bool
    moves: int | None = None
    moved_to: str = ""
    stops: int | None = None
    stops_by_old_address: bool = False
    withdraws: int | None = None
    dies: int | None = None
    """From then on the mailbox sends everything back."""

    number: int = 0
    registered: datetime | None = None
    former: str = ""
    """The address before the move."""
    said_no: bool = False
    """配信停止 or 退会."""
    has_left: bool = False
    returned: set[int] = field(default_factory=set)
    """The days on which the shop has heard that a letter came back."""

    @property
    def may_be_written_to(self) -> bool:
        return self.wants_mails and not self.is_undeliverable

    @property
    def wants_mails(self) -> bool:
        return self.registered is not None and self.consents and not self.said_no

    @property
    def is_undeliverable(self) -> bool:
        return len(self.returned) >= ENOUGH

    def occasions(self) -> Iterator[tuple[str, date, datetime]]:
        """What this member is to get by itself: its subject, its day, when it is due."""
        assert self.registered is not None
        joined = self.registered.date()
        soonest = self.registered + timedelta(minutes=10)
        for days in STEPS:
            day = joined + timedelta(days=days)
            yield f"登録{days}日", day, max(_at_nine(day), soonest)
        for year in range(FIRST_DAY.year, FIRST_DAY.year + 3):
            leap = year % 4 == 0
            its_day = 28 if self._leaps and not leap else self.born.day
            day = self.born.replace(year=year, day=its_day)
            sent_on = day - timedelta(days=BIRTHDAY)
            if sent_on >= joined:
                yield "お誕生日", day, max(_at_nine(sent_on), soonest)

    @property
    def _leaps(self) -> bool:
        return (self.born.month, self.born.day) == (2, 29)


def _at_nine(day: date) -> datetime:
    return datetime.combine(day, time(9)).astimezone()


def guests(chance: random.Random) -> list[Guest]:
    found = []
    for n in range(GUESTS):
        comes = chance.randrange(max(1, DAYS * 4 // 5))
        leaps = chance.random() < 0.05
        born = date(1980, 2, 29) if leaps else date(1980, 1, 1) + timedelta(chance.randrange(366))
        guest = Guest(
            n,
            f"guest{n}@{chance.choice(('docomo.ne.jp', 'ezweb.ne.jp', 'customer.example'))}",
            comes,
            None if chance.random() < 0.1 else comes + chance.choice((0, 0, 0, 1, 3)),
            born,
            consents=chance.random() < 0.9,
        )
        if guest.hands_in is not None:
            later = guest.hands_in + chance.randrange(1, max(2, DAYS // 3))
            if chance.random() < 0.2:
                guest.moves, guest.moved_to = later, f"new{n}@softbank.ne.jp"
            if chance.random() < 0.2:
                guest.stops = later + chance.randrange(8)
                guest.stops_by_old_address = chance.random() < 0.3
            elif chance.random() < 0.1:
                guest.withdraws = later + chance.randrange(8)
            elif guest.moves is None and chance.random() < 0.2:
                guest.dies = guest.hands_in + chance.choice((1, 5, 20))
        found.append(guest)
    return found


def sent_back(letter: bytes, moment: datetime) -> bytes:
    """What the provider of a customer says of a letter that it had taken (RFC 3464)."""
    original = email.message_from_bytes(letter, policy=email.policy.default)
    when = moment.strftime("%a, %d %b %Y %H:%M:%S %z")
    return (
        f"Return-Path: <>\r\nReceived: from mx.example by mail.shop.example; {when}\r\n"
        f"Date: {when}\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {ADDRESS}\r\n"
        f"Subject: Undelivered\r\nMessage-ID: <back.{original['Message-ID'][1:]}\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n"
        f"\r\nFinal-Recipient: rfc822; {original['To']}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {original['Message-ID']}\r\nTo: {original['To']}\r\n\r\n--b--\r\n"
    ).encode()


def mail(sender: str, moment: datetime, subject: str = "") -> bytes:
    when = moment.strftime("%a, %d %b %Y %H:%M:%S %z")
    return (
        f"Return-Path: <{sender}>\r\n"
        f"Received: from mx.example (mx.example [203.0.113.5]) by mail.shop.example; {when}\r\n"
        f"Date: {when}\r\nFrom: {sender}\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{moment:%Y%m%d}.{len(subject)}.{sender}>\r\n\r\n\r\n"
    ).encode()


# --- the shop


class Shop:
    """Its PC, its mailbox, its staff; and what is to come of each day."""

    def __init__(self, folder: Path, lib: Path, dovecot: Dovecot, postfix: Postfix) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.database = self.data / "kollect.db"
        self.box = f"year{os.getpid()}"
        self.dovecot, self.postfix = dovecot, postfix
        self.pc = BadPC(lib, folder, self.data)
        settings = settings_for(dovecot.pop3, postfix.plain, self.box)
        self.settings = replace(
            settings,
            shop=SHOP,
            forward_address="",
            send=replace(settings.send, host="localhost"),
            tls=replace(settings.tls, ca_file=postfix.ca_file),
        )
        ini_file.save(self.data / "kollect.ini", self.settings)
        self.chance = random.Random(DAYS)
        self.guests = guests(self.chance)
        self.kills = 0
        self._to_kill = Counter(self.chance.choices(range(2 * DAYS), k=KILLS))
        self._runs = 0
        self.expected: Counter[tuple[str, str, date]] = Counter()
        """Which address is to get what on which day."""
        self.replies: Counter[str] = Counter()
        """How many answers each is to get."""
        self.rules: dict[int, str] = {}
        """The subject of each mail that sends itself."""
        self.too_late: set[tuple[int, str, date]] = set()
        """What was due while the PC was off for longer: not sent, and listed."""
        self._decided = at(0, SWITCHED_ON)
        self._to_send_back: list[tuple[Guest, str]] = []
        self._sent_back: list[Guest] = []
        self.reserved: dict[int, tuple[str, datetime, list[Guest]]] = {}

    @property
    def subjects(self) -> set[str]:
        return {subject for _, subject, _ in self.expected} | {*self.rules.values()}

    def run(self, moment: datetime, *command: str) -> dict[str, int]:
        """The program, at that moment; killed as often as it is this run's turn."""
        turn, self._runs = self._runs, self._runs + 1
        for _ in range(self._to_kill[turn]):
            self.pc.set_clock(moment - datetime.now().astimezone())
            process = self.pc.start(*command)
            try:
                process.communicate(timeout=self.chance.uniform(0.3, 0.9))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.kills += 1
        for _ in range(50):
            self.pc.set_clock(moment - datetime.now().astimezone())
            done = self.pc.run(*command)
            assert "Traceback" not in done.stderr, done.stderr
            if done.returncode == 0:
                return json.loads(done.stdout) if done.stdout.strip() else {}
            # a session that was killed may hold the mailbox for a moment
            assert done.returncode == 4, (moment, done)
        raise AssertionError(f"{moment}: it does not come to an end: {done}")

    # --- what happens on a day

    def customers_write(self, day: int) -> None:
        moment = at(day, SWITCHED_ON)
        for guest in self.guests:
            if guest.comes == day:
                self._comes(mail(guest.address, moment), guest.address)
            if guest.registered is None:
                continue
            if guest.moves == day:
                self._comes(mail(guest.moved_to, moment), guest.moved_to)
            if guest.stops == day and not guest.said_no:
                old = guest.former if guest.stops_by_old_address else ""
                self._comes(mail(old or guest.address, moment, "配信停止"), old or guest.address)
                guest.said_no = True

    def dead_mailboxes_answer(self, day: int) -> None:
        for guest, subject in self._to_send_back:
            letters = self.postfix.received(guest.address)
            letter = [raw for raw in letters if subject_of(raw) == subject][-1]
            self.dovecot.deliver(self.box, sent_back(letter, at(day, SWITCHED_ON)))
            self._sent_back.append(guest)
        self._to_send_back.clear()

    def _comes(self, raw: bytes, sender: str) -> None:
        self.dovecot.deliver(self.box, raw)
        self.replies[sender] += 1

    def collect(self, day: int) -> None:
        report = self.run(at(day, OPENS), "collect", "--once", "--json")
        assert (report["left"], report["deferred"]) == (0, 0)
        for guest in self._sent_back:
            guest.returned.add(day)
        self._sent_back.clear()

    def staff_works(self, day: int) -> None:
        now = at(day, STAFF)
        with closing(Receipts(self.database)) as receipts:
            numbers = {receipt.address: receipt.number for receipt in receipts.all()}
        with closing(AddressChanges(self.database)) as members:
            for guest in self.guests:
                if guest.registered is None:
                    if guest.hands_in is not None and guest.hands_in <= day:
                        consent = Consent(guest.consents, now.date(), "会員登録用紙")
                        guest.number, guest.registered = numbers[guest.address], now
                        one = Member(
                            guest.number, f"会員{guest.n}", birthday=guest.born, consent=consent
                        )
                        members.register(one, now)
                    continue
                if guest.moves is not None and guest.moved_to in numbers and not guest.former:
                    new = numbers[guest.moved_to]
                    members.change_address(guest.number, new, now, "会員一覧")
                    guest.former, guest.address = guest.address, guest.moved_to
                if guest.withdraws is not None and guest.withdraws <= day and not guest.said_no:
                    members.withdraw(guest.number, now, "会員一覧")
                    guest.said_no = guest.has_left = True

    def reserve(self, day: int) -> None:
        """A mailing to all, for tomorrow."""
        reached = [guest for guest in self.guests if guest.may_be_written_to]
        if not reached:
            return
        subject, due = f"{day}日目のお知らせ", at(day + 1, time(9, 40))
        with closing(Outbox(self.database)) as outbox:
            draft = outbox.save(subject, "★名前★様（★受付番号★）", RateLimit(0, 0), at(day, STAFF))
            outbox.reserve(
                draft, EVERYBODY, at(day, STAFF),
                due=due, night=False, shop=SHOP, letter_domain="shop.example",
            )  # fmt: skip
        self.reserved[draft] = (subject, due, reached)

    def send(self, day: int) -> None:
        now = at(day, SENDS)
        for mailing, (subject, due, reached) in [*self.reserved.items()]:
            if due <= now <= due + A_DAY:
                self._expect(subject, now, reached)
                del self.reserved[mailing]
        for guest in self.guests:
            if guest.wants_mails:
                for subject, its_day, due in guest.occasions():
                    if self._decided < due <= now:
                        if now - due <= A_DAY:
                            self._expect(subject, now, [guest])
                        else:
                            self.too_late.add((guest.number, subject, its_day))
        self._decided = now
        self.run(now, "send", "--due", "--json")
        if any(due < now for _, due, _ in self.reserved.values()):
            self.asked(day)

    def asked(self, day: int) -> None:
        """What was to go out days ago waits for a word; the staff say yes."""
        with closing(Outbox(self.database)) as outbox:
            for mailing, (subject, due, reached) in [*self.reserved.items()]:
                if due < at(day, SENDS):
                    assert outbox.mailing(mailing).state is MailingState.SCHEDULED
                    outbox.begin_reserved(
                        mailing, at(day, ANSWERED), shop=SHOP, mail_address=ADDRESS, late=True
                    )
                    self._expect(subject, at(day, ANSWERED), reached)
                    del self.reserved[mailing]
        self.run(at(day, AGAIN), "send", "--due", "--json")

    def _expect(self, subject: str, now: datetime, reached: list[Guest]) -> None:
        for guest in reached:
            if guest.may_be_written_to:
                self.expected[guest.address, subject, now.date()] += 1
                if guest.dies is not None and at(guest.dies, SWITCHED_ON) <= now:
                    self._to_send_back.append((guest, subject))

    def switch_on_what_sends_itself(self) -> None:
        now = at(0, SWITCHED_ON)
        with closing(Outbox(self.database)) as outbox:
            standing = StandingMailings(outbox)
            rules = [(StandingKind.BIRTHDAY, BIRTHDAY, "お誕生日")]
            rules += [(StandingKind.STEP, days, f"登録{days}日") for days in STEPS]
            for kind, days, subject in rules:
                made = standing.add(kind, days, subject, "★名前★様", now)
                standing.switch(made, True, now, SHOP)
                self.rules[made] = subject


# --- what has come


def subject_of(raw: bytes) -> str:
    return str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"])


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    day: date
    message_id: str


def delivered(postfix: Postfix) -> Counter[Letter]:
    """All that lies in the customers' mailboxes."""
    postfix.delivered()
    found: Counter[Letter] = Counter()
    for raw in postfix.everything():
        letter = email.message_from_bytes(raw, policy=email.policy.default)
        day = letter["Date"].datetime.astimezone().date()
        if day >= FIRST_DAY:
            found[Letter(letter["To"], letter["Subject"], day, letter["Message-ID"])] += 1
    return found


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("bad_pc"))


def closed_days(chance: random.Random) -> set[int]:
    """The PC is off: now and then for a day, once for four."""
    holiday = chance.randrange(DAYS // 3, DAYS - 5)
    single = {day for day in range(2, DAYS) if chance.random() < 0.08}
    return (single | {*range(holiday, holiday + 4)}) - {DAYS - 1}


def test_everybody_has_exactly_what_was_due(
    tmp_path: Path, lib: Path, dovecot: Dovecot, postfix: Postfix
):
    shop = Shop(tmp_path, lib, dovecot, postfix)
    closed = closed_days(shop.chance)
    shop.switch_on_what_sends_itself()
    for day in range(DAYS):
        shop.customers_write(day)
        shop.dead_mailboxes_answer(day)
        if day in closed:
            continue
        shop.collect(day)
        shop.staff_works(day)
        shop.send(day)
        if day % 30 == 13 and day + 1 < DAYS:
            shop.reserve(day)
    shop.pc.close()
    letters = delivered(postfix)
    ours = {letter for letter in letters if letter.subject in shop.subjects}
    came = Counter((letter.to, letter.subject, letter.day) for letter in ours)
    assert came == shop.expected, (came - shop.expected, shop.expected - came)
    assert Counter(letter.to for letter in letters.keys() - ours) == shop.replies
    repeated = letters.total() - len(letters)
    print(f"{DAYS} days, {len(letters)} letters, {shop.kills} kills, {repeated} letters repeated")
    assert shop.kills, "nothing was tried"
    assert repeated <= MOST_ON_WAY * shop.kills
    assert_listed(shop)
    assert_recorded(shop)


def assert_listed(shop: Shop) -> None:
    """What was due while the shop was closed is in the list of what was not sent."""
    with closing(Outbox(shop.database)) as outbox:
        standing = StandingMailings(outbox)
        listed = {
            (one.number, shop.rules[rule], one.day)
            for rule in shop.rules
            for one in standing.not_sent(rule, 10_000)
            if one.reason is ExclusionReason.TOO_LATE
        }
    assert listed == shop.too_late


def assert_recorded(shop: Shop) -> None:
    with closing(AddressChanges(shop.database)) as members:
        consents = [*members.consents()]
        for guest in shop.guests:
            if guest.registered is None:
                continue
            member = members.get(guest.number)
            assert member is not None
            assert member.standing.address == guest.address
            left = guest.has_left
            assert (member.standing.state is MemberState.WITHDRAWN) == left
            events = Counter(change.what for change in members.changes(guest.number))
            assert events[REGISTERED] == 1
            assert events[CHANGED] == bool(guest.former)
            assert events[WITHDREW] == left
            assert events[STOPPED] == (guest.said_no and not left)
            given = [one.consent.given for one in consents if one.number == guest.number]
            assert (given[:1] == [True]) == guest.consents
            assert bool(member.standing.undeliverable) == guest.is_undeliverable
            assert (False in given) == (guest.said_no and not left)
