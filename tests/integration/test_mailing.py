"""The sender of the mailings on servers with every fault: who gets a letter, when, and who not."""

from __future__ import annotations

import email
import email.policy
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.errors import ServerTrouble, Trouble
from kollect.ledger.lived_clock import LivedClock
from kollect.mail import address
from kollect.mailing.mailing_errors import TextNotReady
from kollect.mailing.mailing_events import MailingEnded, MailingFailed, MailingProgress
from kollect.mailing.mailing_states import ExclusionReason, MailingState, RecipientState
from kollect.mailing.mailing_worker import MailingWorker, sample_address, send_sample
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.repository import Members
from kollect.settings.model import Passwords
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now
from kollect.ui.mailing.mailing_words import result
from tests.helpers.member_shop import SHOP, Mailer, begin, guest, join, stop
from tests.helpers.scripted_smtp import Act, At, Kept, Script, ScriptedSmtp, sink_process
from tests.helpers.shop import settings_for

MEMBERS = 60


def open_shop(folder: Path, smtp: ScriptedSmtp, members: int = MEMBERS) -> Mailer:
    mailer = Mailer(folder, replace(settings_for(1, smtp.port), shop=SHOP))
    join(mailer.database, [guest(n) for n in range(members)])
    return mailer


def steps(mailer: Mailer, mailing: int) -> Counter[RecipientState]:
    return Counter(recipient.step for recipient in mailer.parcels(mailing))


def read(kept: Kept) -> email.message.EmailMessage:
    return email.message_from_bytes(kept.data, policy=email.policy.default)


def until(there: Callable[[], object], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.parametrize("plain", [False, True], ids=["streamed", "plain"])
def test_every_member_gets_his_own_letter(tmp_path: Path, plain: bool) -> None:
    script = Script(pipelining=not plain, chunking=not plain)
    with ScriptedSmtp(script) as smtp:
        mailer = open_shop(tmp_path, smtp)
        mailing = begin(mailer.database)
        assert mailer.once() is None
        assert sorted(smtp.recipients) == sorted(guest(n) for n in range(MEMBERS))
        letters = {kept.recipients[0]: read(kept) for kept in smtp.kept}
    assert steps(mailer, mailing) == {RecipientState.SENT: MEMBERS}
    assert mailer.mailing(mailing).state is MailingState.DONE
    for recipient in mailer.parcels(mailing):
        letter = letters[recipient.address]
        assert letter["Message-ID"] == recipient.letter_id
        assert f"{recipient.name}様（受付番号 {recipient.number}）" in letter.get_content()
        assert "件名を「配信停止」にしたメール" in letter.get_content()
        assert letter["List-Unsubscribe"].startswith("<mailto:shop@shop.example?subject=")
    assert isinstance(mailer.news[-1], MailingEnded)
    last = [news for news in mailer.news if isinstance(news, MailingProgress)][-1]
    assert (last.sent, last.left, last.total) == (MEMBERS, 0, MEMBERS)
    assert last.per_minute == MEMBERS


def test_nothing_to_send_is_no_trouble_and_makes_no_file(tmp_path: Path) -> None:
    with ScriptedSmtp() as smtp:
        mailer = Mailer(tmp_path, settings_for(1, smtp.port))
        assert mailer.once() is None
        assert not mailer.database.exists()


# --- what the server says


def test_refused_marked_put_off_sent_later(tmp_path: Path) -> None:
    later = True

    def fault(at: At) -> str | None:
        if at.verb == "RCPT" and guest(3) in at.argument:
            return "550 5.1.1 no such user"
        if at.verb == "RCPT" and guest(5) in at.argument and later:
            return "450 4.2.1 try again later"
        return None

    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp, 10)
        mailing = begin(mailer.database)
        assert mailer.once() is None
        assert steps(mailer, mailing) == {
            RecipientState.SENT: 8,
            RecipientState.UNDELIVERABLE: 1,
            RecipientState.DEFERRED: 1,
        }
        assert mailer.mailing(mailing).state is MailingState.SENDING
        later = False
        time.sleep(1.1)  # the outbox keeps whole seconds
        assert mailer.once() is None
        assert steps(mailer, mailing) == {RecipientState.SENT: 9, RecipientState.UNDELIVERABLE: 1}
        assert Counter(smtp.recipients)[guest(5)] == 1
    with closing(Members(mailer.database)) as members:
        dead = members.of_address(address.key(guest(3)))[0]
        assert "no such user" in dead.standing.undeliverable


def test_ten_of_a_domain_that_nobody_finds_do_not_stop_the_others(tmp_path: Path) -> None:
    """The post gives up after ten in a row that are put off; theirs is the second turn."""
    slow = {guest(n) for n in range(12)}

    def fault(at: At) -> str | None:
        if at.verb == "RCPT" and any(f"<{one}>" in at.argument for one in slow):
            return "451 4.4.3 domain not found"
        return None

    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp, 40)
        mailing = begin(mailer.database)
        assert isinstance(mailer.once(), ServerTrouble)
        time.sleep(1.1)
        assert mailer.once() is None
        assert steps(mailer, mailing)[RecipientState.SENT] == 28
        time.sleep(1.1)
        assert mailer.once() is None  # that they are put off once more is no trouble
    assert steps(mailer, mailing)[RecipientState.DEFERRED] == 12


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("RCPT", "550 5.7.1 message content or volume not wanted"),
        ("RCPT", "554 5.3.2 system not accepting network messages"),
        ("RCPT", "550 administrative prohibition"),
        ("DOT", "554 5.7.1 taken for spam"),
        ("BDAT", "554 5.7.1 taken for spam"),
    ],
)
def test_refusals_that_are_not_of_the_mailbox_pause_it_and_lose_nothing(
    tmp_path: Path, verb: str, answer: str
) -> None:
    refusing = mended = False

    def fault(at: At) -> str | None:
        nonlocal refusing
        refusing = refusing or f"<{guest(15)}>" in at.argument
        return answer if refusing and not mended and at.verb == verb else None

    plain = verb == "DOT"
    with ScriptedSmtp(Script(fault=fault, pipelining=not plain, chunking=not plain)) as smtp:
        mailer = open_shop(tmp_path, smtp)
        mailing = begin(mailer.database)
        trouble = mailer.once()
        assert trouble is not None
        assert answer.partition(" ")[2] in trouble.detail
        assert mailer.mailing(mailing).state is MailingState.PAUSED
        told = [news for news in mailer.news if isinstance(news, MailingFailed)]
        assert [(one.mailing, one.next_at) for one in told] == [(mailing, None)]
        counts = steps(mailer, mailing)
        assert counts[RecipientState.SENT] == len(smtp.kept) > 10
        assert counts[RecipientState.WAITING] + counts[RecipientState.DEFERRED] == MEMBERS - len(
            smtp.kept
        )
        assert 3 <= sum(answer in recipient.answer for recipient in mailer.parcels(mailing)) <= 20
        nobody_is_marked(mailer)
        mended = True
        time.sleep(1.1)  # the outbox keeps whole seconds
        with closing(Outbox(mailer.database)) as outbox:
            outbox.resume(mailing)
        assert mailer.once() is None
        assert Counter(smtp.recipients) == Counter(guest(n) for n in range(MEMBERS))
    assert steps(mailer, mailing) == {RecipientState.SENT: MEMBERS}


def nobody_is_marked(mailer: Mailer) -> None:
    with closing(Members(mailer.database)) as members:
        assert not any(one.standing.undeliverable for one in members.each())


@pytest.mark.parametrize(
    ("verb", "answer"),
    [("MAIL", "550 5.7.1 not from you"), ("RCPT", "550 5.4.5 daily sending limit reached")],
)
def test_a_refusal_of_the_shop_itself_stops_it_until_later(
    tmp_path: Path, verb: str, answer: str
) -> None:
    def fault(at: At) -> str | None:
        return answer if at.verb == verb else None

    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp)
        mailing = begin(mailer.database)
        trouble = mailer.once()
        assert trouble is not None
        assert answer.partition(" ")[2] in trouble.detail
        told = mailer.news[-1]
        assert isinstance(told, MailingFailed)
        assert told.next_at is not None
        assert not smtp.kept
    assert set(steps(mailer, mailing)) <= {RecipientState.WAITING, RecipientState.DEFERRED}
    nobody_is_marked(mailer)


def test_a_refusal_of_one_letter_among_many_stops_nobody(tmp_path: Path) -> None:
    def fault(at: At) -> str | None:
        if at.verb == "RCPT" and f"<{guest(15)}>" in at.argument:
            return "550 5.7.1 he does not want your mails"
        return None

    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp)
        mailing = begin(mailer.database)
        assert mailer.once() is None
        assert guest(15) not in smtp.recipients
    assert steps(mailer, mailing) == {
        RecipientState.SENT: MEMBERS - 1,
        RecipientState.UNDELIVERABLE: 1,
    }
    assert mailer.mailing(mailing).state is MailingState.DONE
    nobody_is_marked(mailer)


@pytest.mark.parametrize("plain", [False, True], ids=["streamed", "plain"])
@pytest.mark.parametrize("last", [1, 3, 7])
@pytest.mark.parametrize(
    "answer",
    [
        "550 Requested action not taken: mailbox unavailable",
        "550 5.1.0 Address rejected",
        "554 5.7.1 Recipient address rejected: Access denied",
    ],
)
def test_the_last_letters_refused_are_tried_on_two_days_and_it_ends_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: str, last: int, plain: bool
) -> None:
    caplog.set_level("INFO")
    clock = Clock()
    refused = {f"<{guest(n)}>" for n in range(20 - last, 20)}
    script = Script(
        pipelining=not plain,
        chunking=not plain,
        fault=lambda at: answer if at.verb == "RCPT" and at.argument in refused else None,
    )
    with ScriptedSmtp(script) as smtp:
        mailer = open_shop(tmp_path, smtp, 20)
        mailing = begin(mailer.database)
        worker = MailingWorker(
            DataFolder(tmp_path),
            lambda: (mailer.settings, Passwords("", "")),
            mailer.news.append,
            now=clock.now,
        )
        for day in range(3):
            assert mailer.mailing(mailing).state is MailingState.SENDING, f"day {day}"
            assert worker.once() is None
            clock.moment += timedelta(days=1)
        tries = sum(c.startswith("RCPT") for line in smtp.commands for c in line) - (20 - last)
    assert tries == 3 * last
    assert mailer.mailing(mailing).state is MailingState.DONE
    assert steps(mailer, mailing) == {
        RecipientState.SENT: 20 - last,
        RecipientState.UNDELIVERABLE: last,
    }
    for recipient in mailer.parcels(mailing):
        if recipient.step is RecipientState.UNDELIVERABLE:
            assert recipient.answer == answer
            assert result(recipient.step, recipient.answer) == "断られました"
    assert not [news for news in mailer.news if isinstance(news, MailingFailed)]
    told = [record.getMessage() for record in caplog.records]
    assert sum(f"残り{last}通は明日もう一度送ります" in line for line in told) == 1, told
    nobody_is_marked(mailer)


def test_the_resident_sender_waits_for_tomorrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    waits: list[timedelta] = []

    def wait(self: MailingWorker, due: datetime | None) -> None:
        if due is None or len(waits) > 5:
            self.stop()
            return
        waits.append(due - clock.moment)
        clock.moment = due

    monkeypatch.setattr(MailingWorker, "_wait", wait)
    fault = lambda at: "550 no" if at.verb == "RCPT" and guest(4) in at.argument else None  # noqa: E731
    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp, 5)
        mailing = begin(mailer.database)
        MailingWorker(
            DataFolder(tmp_path),
            lambda: (mailer.settings, Passwords("", "")),
            mailer.news.append,
            now=clock.now,
        ).run()
    assert waits == [timedelta(hours=12)] * 2
    assert mailer.mailing(mailing).state is MailingState.DONE
    waiting = [news for news in mailer.news if isinstance(news, MailingProgress) and news.tomorrow]
    assert [news.tomorrow for news in waiting] == [1, 1]


def test_a_last_letter_refused_in_words_about_the_shop_ends_too(tmp_path: Path) -> None:
    """After five days in which the screen says it: the list of such words may be wrong."""
    clock = Clock()
    fault = lambda at: (  # noqa: E731
        "554 5.7.1 Client host blocked using a.list.example"
        if at.verb == "RCPT" and guest(4) in at.argument
        else None
    )
    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp, 5)
        mailing = begin(mailer.database)
        worker = MailingWorker(
            DataFolder(tmp_path),
            lambda: (mailer.settings, Passwords("", "")),
            mailer.news.append,
            now=clock.now,
        )
        for _ in range(6):
            assert worker.once() is not None
            assert mailer.mailing(mailing).state is MailingState.SENDING
            clock.moment += timedelta(days=1)
        worker.once()
    assert mailer.mailing(mailing).state is MailingState.DONE
    assert steps(mailer, mailing) == {RecipientState.SENT: 4, RecipientState.UNDELIVERABLE: 1}
    nobody_is_marked(mailer)


def test_a_full_mailbox_ends_at_once(tmp_path: Path) -> None:
    """Its letter; the member is written to again the next time."""
    full = {f"<{guest(n)}>" for n in (7, 8, 9)}

    def fault(at: At) -> str | None:
        return "552 5.2.2 mailbox full" if at.verb == "RCPT" and at.argument in full else None

    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp, 10)
        mailing = begin(mailer.database)
        assert mailer.once() is None
    assert mailer.mailing(mailing).state is MailingState.DONE
    assert steps(mailer, mailing) == {RecipientState.SENT: 7, RecipientState.UNDELIVERABLE: 3}
    nobody_is_marked(mailer)


def test_a_small_mailing_of_which_nothing_is_taken_pauses(tmp_path: Path) -> None:
    fault = lambda at: "554 5.7.1 no" if at.verb in ("DOT", "BDAT") else None  # noqa: E731
    with ScriptedSmtp(Script(fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp, 3)
        mailing = begin(mailer.database)
        assert mailer.once() is not None
    assert mailer.mailing(mailing).state is MailingState.PAUSED
    nobody_is_marked(mailer)


def test_without_a_server_everything_stays_owed(tmp_path: Path) -> None:
    with ScriptedSmtp() as smtp:
        mailer = open_shop(tmp_path, smtp)
    mailing = begin(mailer.database)
    assert isinstance(mailer.once(), ServerTrouble)
    assert set(steps(mailer, mailing)) <= {RecipientState.WAITING, RecipientState.DEFERRED}
    told = mailer.news[-1]
    assert isinstance(told, MailingFailed)
    assert told.next_at is not None
    assert told.next_at > local_now() + timedelta(seconds=30)


def test_no_answer_is_unknown_and_sent_once_more(tmp_path: Path) -> None:
    cuts = 0

    def fault(at: At) -> Act | None:
        nonlocal cuts
        if at.verb in ("DOT", "BDAT") and at.recipient == guest(3):
            cuts += 1
            return Act.KEEP_AND_CUT
        return None

    with ScriptedSmtp(Script(fault=fault, pipelining=False, chunking=False)) as smtp:
        mailer = open_shop(tmp_path, smtp, 5)
        mailing = begin(mailer.database)
        for _ in range(4):
            mailer.once()
            time.sleep(1.1)
        same = [read(kept)["Message-ID"] for kept in smtp.kept if guest(3) in kept.recipients]
    assert len(same) == cuts == 2
    assert len(set(same)) == 1
    assert steps(mailer, mailing) == {RecipientState.SENT: 4, RecipientState.UNCERTAIN: 1}
    assert mailer.mailing(mailing).state is MailingState.DONE


# --- pace


class Clock:
    """A day in which waiting takes no time."""

    def __init__(self) -> None:
        self.moment = local_now()
        self.waits: list[timedelta] = []

    def now(self):
        return self.moment

    def wait(self, until) -> None:
        self.waits.append(until - self.moment)
        self.moment = until


def test_never_faster_than_the_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(MailingWorker, "_wait_within", lambda self, until: clock.wait(until))
    times = []
    with ScriptedSmtp(Script(fault=lambda at: times.append(clock.moment))) as smtp:
        mailer = open_shop(tmp_path, smtp, 50)
        mailing = begin(mailer.database, pace=RateLimit(10, 30))
        worker = MailingWorker(
            DataFolder(tmp_path),
            lambda: (mailer.settings, Passwords("", "")),
            mailer.news.append,
            now=clock.now,
        )
        assert worker.once() is None
        assert len(smtp.kept) == 50
    assert mailer.mailing(mailing).state is MailingState.DONE
    with closing(Outbox(mailer.database)) as outbox:
        tries = sorted(
            outbox.tries(RateLimit(0, 1_000_000), LivedClock(outbox.file, clock.now).tick())
        )
    for span, most in ((timedelta(minutes=1), 10), (timedelta(hours=1), 30)):
        for at in tries:
            assert sum(at <= other < at + span for other in tries) <= most
    assert any(isinstance(news, MailingProgress) and news.waiting_until for news in mailer.news)
    assert timedelta(minutes=50) < sum(clock.waits, timedelta()) < timedelta(minutes=70)


# --- what happens meanwhile


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[Mailer, ScriptedSmtp]]:
    """A server that takes a while for each letter, one after the other."""

    def fault(at: At) -> None:
        if at.verb == "DOT":
            time.sleep(0.03)

    with ScriptedSmtp(Script(fault=fault, pipelining=False, chunking=False)) as smtp:
        mailer = open_shop(tmp_path, smtp)
        try:
            yield mailer, smtp
        finally:
            mailer.worker.stop()
            assert mailer.worker.join(30)


def test_whoever_stops_meanwhile_gets_nothing_more(slow: tuple[Mailer, ScriptedSmtp]) -> None:
    mailer, smtp = slow
    mailing = begin(mailer.database)
    mailer.worker.start()
    until(lambda: len(smtp.kept) >= 5)
    # marked SENDING already perhaps, in the batch that was taken; not handed over
    stop(mailer.database, guest(19))
    stop(mailer.database, guest(50))
    until(lambda: mailer.mailing(mailing).state is MailingState.DONE)
    assert not {guest(19), guest(50)} & set(smtp.recipients)
    left_out = [p for p in mailer.parcels(mailing) if p.step is RecipientState.LEFT_OUT]
    assert [(p.address, p.answer) for p in left_out] == [
        (guest(19), ExclusionReason.STOPPED),
        (guest(50), ExclusionReason.STOPPED),
    ]
    assert len(smtp.kept) == MEMBERS - 2


def test_pause_and_resume(slow: tuple[Mailer, ScriptedSmtp]) -> None:
    mailer, smtp = slow
    mailing = begin(mailer.database)
    mailer.worker.start()
    until(lambda: len(smtp.kept) >= 5)
    with closing(Outbox(mailer.database)) as outbox:
        outbox.pause(mailing)
        at_pause = len(smtp.kept)
        mailer.worker.look()
        until(lambda: any(isinstance(news, MailingEnded) for news in mailer.news))
        until(lambda: not mailer.worker.busy)
        assert len(smtp.kept) <= at_pause + 5  # those on their way, one on each connection
        assert not outbox.counts(mailing).get(RecipientState.SENDING)
        time.sleep(1.1)
        outbox.resume(mailing)
    mailer.worker.look()
    until(lambda: mailer.mailing(mailing).state is MailingState.DONE)
    assert sorted(smtp.recipients) == sorted(guest(n) for n in range(MEMBERS))


def test_called_off(slow: tuple[Mailer, ScriptedSmtp]) -> None:
    mailer, smtp = slow
    mailing = begin(mailer.database)
    mailer.worker.start()
    until(lambda: len(smtp.kept) >= 5)
    with closing(Outbox(mailer.database)) as outbox:
        outbox.stop(mailing, local_now())
    mailer.worker.look()
    until(lambda: any(isinstance(news, MailingEnded) for news in mailer.news))
    counts = steps(mailer, mailing)
    assert counts[RecipientState.SENT] == len(smtp.kept) < MEMBERS
    assert counts[RecipientState.LEFT_OUT] == MEMBERS - len(smtp.kept)


def test_stop_ends_soon_and_the_rest_goes_on_at_the_next_start(
    slow: tuple[Mailer, ScriptedSmtp],
) -> None:
    mailer, smtp = slow
    mailing = begin(mailer.database)
    mailer.worker.start()
    until(lambda: len(smtp.kept) >= 5)
    mailer.worker.stop()
    assert mailer.worker.join(30)
    sent = len(smtp.kept)
    assert sent < MEMBERS
    time.sleep(1.1)
    again = Mailer(mailer.folder, mailer.settings)
    assert again.once() is None
    assert Counter(smtp.recipients) == Counter(guest(n) for n in range(MEMBERS))
    assert steps(mailer, mailing) == {RecipientState.SENT: MEMBERS}


def test_a_second_mailing_goes_out_when_it_is_begun(tmp_path: Path) -> None:
    with ScriptedSmtp() as smtp:
        mailer = open_shop(tmp_path, smtp, 5)
        mailer.worker.start()
        try:
            for count in (5, 10):
                begin(mailer.database)
                mailer.worker.look()
                until(lambda count=count: len(smtp.kept) == count)
        finally:
            mailer.worker.stop()
            assert mailer.worker.join(30)


def test_idle_it_sleeps(tmp_path: Path) -> None:
    with ScriptedSmtp() as smtp:
        others = set(threading.enumerate())
        mailer = open_shop(tmp_path, smtp, 1)
        mailer.worker.start()
        until(lambda: not mailer.worker.busy)
        used = time.process_time()
        time.sleep(0.3)
        assert time.process_time() - used < 0.1
        mailer.worker.stop()
        assert mailer.worker.join(30)
        left = set(threading.enumerate()) - others  # its own; the server's are daemons
        assert not [thread for thread in left if not thread.daemon]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_mailing(tmp_path: Path) -> None:
    def peak(folder: Path, members: int) -> int:
        folder.mkdir()
        with sink_process() as port:
            mailer = Mailer(folder, replace(settings_for(1, port), shop=SHOP))
            join(mailer.database, [guest(n) for n in range(members)])
            begin(mailer.database)
            mailer.news = Last()
            tracemalloc.start()
            try:
                assert mailer.once() is None
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    few, many = peak(tmp_path / "few", 200), peak(tmp_path / "many", 4000)
    assert many - few < 2_000_000


class Last(list):
    """Keeps the last thing that was told."""

    def append(self, news: object) -> None:
        self[:] = [news]


# --- the sample


def test_a_sample_goes_to_the_owner_alone(tmp_path: Path) -> None:
    with ScriptedSmtp() as smtp:
        mailer = open_shop(tmp_path, smtp, 3)
        values = {
            "to": sample_address(mailer.settings),
            "subject": "★店名★より",
            "body": "★名前★様 ★受付番号★",
            "mark": "a1",
            "now": local_now(),
        }
        send_sample(mailer.settings, Passwords("", ""), **values)
        [letter] = smtp.kept
        with pytest.raises(TextNotReady):
            send_sample(mailer.settings, Passwords("", ""), **values | {"body": "★お名前★"})
    assert letter.recipients == ("owner@owner.example",)
    assert read(letter)["Subject"] == "テスト商店より"
    assert "見本 花子様 1001" in read(letter).get_content()


@pytest.mark.parametrize("answer", ["550 5.1.1 nobody", "450 4.2.1 later"])
def test_a_sample_that_is_refused_is_told(tmp_path: Path, answer: str) -> None:
    script = Script(fault=lambda at: answer if at.verb == "RCPT" else None)
    with ScriptedSmtp(script) as smtp, pytest.raises(Trouble) as told:
        settings = replace(settings_for(1, smtp.port), shop=SHOP)
        send_sample(
            settings, Passwords("", ""),
            to="a@b.example", subject="a", body="b", mark="a1", now=local_now(),
        )  # fmt: skip
    assert answer[:3] in told.value.detail
