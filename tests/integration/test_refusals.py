"""Replies that the sending server refuses or puts off: who waits, who is over, at which pace."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.commands.collect import exit_code
from kollect.errors import ServerTrouble
from kollect.ledger.states import ReceiptState
from kollect.storage.log_sentences import TROUBLE
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import At, ScriptedSmtp
from tests.helpers.shop import PASSWORD, ShopProgram, settings_for

DAY = timedelta(days=1)

AT_THE_DOT = [
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied;"
    " Cannot submit message.",
    "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; permanent exception",
    "550 Domain shop.example has exceeded the max emails per hour (101/100 (101%)) allowed."
    " Message discarded.",
    "552 Message would take you over your relay quota of 500",
    "550 Incorrect sender header (LOCAL)",
    "554 Transaction failed. Reject due to policy restrictions.",
    "550 5.7.1 Message rejected as spam by Content Filtering.",
    "571 5.7.1 Spam mail",
    "554 5.2.252 SendAsDenied; shop@shop.example not allowed to send as info@shop.example",
    "550 5.4.6 Unusual sending activity detected.",
    "550 Unknown user",
    "599 何かの理由",
]
AT_RCPT = [
    "550 smtp auth required",
    "550 5.7.1 <shop@shop.example>... Fix reverse DNS for 203.0.113.9",
    "550 5.1.0 Authentication required",
    "550 Requested action not taken: mailbox unavailable",
    "500 no",
    "550 5.1.1 Relaying denied",
    "550 5.1.1 Client host [192.0.2.1] blocked using list.example",
    "550 送信元アドレスが存在しません",
    "550 5.7.1 送信制限中です",
]
AT_DATA = ["550 5.7.1 <DATA>: Data command rejected: only 10 messages per day"]
REFUSALS = [
    *(("DOT", answer) for answer in AT_THE_DOT),
    *(("RCPT", answer) for answer in AT_RCPT),
    *(("DATA", answer) for answer in AT_DATA),
]


class Clock:
    """A time that goes on as the test says."""

    def __init__(self) -> None:
        self.moment = datetime.now().astimezone()

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, span: timedelta) -> None:
        self.moment += span


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path, clock: Clock) -> ShopProgram:
    return ShopProgram(tmp_path, settings_for(pop3.port, smtp.port), PASSWORD, clock)


def guests(pop3: ScriptedPop3, count: int, first: int = 0) -> list[str]:
    addresses = [f"a{n}@b.example" for n in range(first, first + count)]
    for n, one in enumerate(addresses, first):
        pop3.put(blank(one, n))
    return addresses


def states(shop: ShopProgram) -> Counter[ReceiptState]:
    return Counter(receipt.state for receipt in shop.receipts())


@pytest.mark.parametrize("plain", [False, True], ids=["streamed", "plain"])
@pytest.mark.parametrize(("verb", "answer"), REFUSALS)
def test_a_refusal_about_the_shop_loses_nobody(
    shop: ShopProgram,
    pop3: ScriptedPop3,
    smtp: ScriptedSmtp,
    clock: Clock,
    verb: str,
    answer: str,
    plain: bool,
) -> None:
    if verb == "DATA" and not plain:
        smtp.script.chunking = False
    smtp.script.pipelining = not plain
    smtp.script.chunking = smtp.script.chunking and not plain
    at_verb = "BDAT" if verb == "DOT" and smtp.script.chunking else verb
    smtp.script.fault = lambda at: answer if at.verb == at_verb else None
    everybody = guests(pop3, 3)
    for span in (timedelta(minutes=1), DAY, DAY, DAY, DAY, DAY, DAY):
        report, trouble = shop.poll()
        assert isinstance(trouble, ServerTrouble)
        assert trouble.cure
        assert answer.rpartition(" ")[2] in trouble.detail
        assert exit_code(trouble, report) in (3, 4)
        assert (report.undeliverable, report.deferred, report.left) == (0, 3, 3)
        assert states(shop) == {ReceiptState.PENDING: 3}
        clock.pass_by(span)
    smtp.script.fault = None
    report = shop.report()
    assert (report.deferred, report.left) == (0, 0)
    assert sorted(smtp.recipients) == everybody
    assert states(shop) == {ReceiptState.REPLIED: 3}


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("RCPT", "550 5.1.1 <a0@b.example>: Recipient address rejected: User unknown"),
        ("RCPT", "550 Unknown user"),
        ("RCPT", "550 <a0@b.example>: User unknown"),
        ("BDAT", "552 5.2.2 mailbox over quota"),
    ],
)
def test_what_names_the_recipient_is_final(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, verb: str, answer: str
) -> None:
    smtp.script.fault = lambda at: answer if at.verb == verb else None
    guests(pop3, 1)
    report = shop.report()
    assert (report.undeliverable, report.deferred, report.left) == (1, 0, 0)
    assert states(shop) == {ReceiptState.UNDELIVERABLE: 1}


@pytest.mark.parametrize("plain", [False, True], ids=["streamed", "plain"])
def test_one_of_three_is_over_once_two_others_are_taken(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, plain: bool
) -> None:
    smtp.script.pipelining = smtp.script.chunking = not plain
    smtp.script.fault = lambda at: (
        "550 5.7.1 Message rejected as spam"
        if at.verb in ("DOT", "BDAT") and at.recipient == "a0@b.example"
        else None
    )
    guests(pop3, 3)
    report = shop.report()
    assert (report.undeliverable, report.deferred, report.left) == (1, 0, 0)
    assert smtp.recipients == ["a1@b.example", "a2@b.example"]
    assert states(shop) == {ReceiptState.REFUSED: 1, ReceiptState.REPLIED: 2}
    assert len(shop.kept()) == 1, "a mail that was not answered is kept"
    assert [text for text in shop.told() if "断られました" in text]
    # whoever was refused is answered when the next mail comes
    smtp.script.fault = None
    pop3.put(blank("a0@b.example", 99))
    assert shop.report().duplicate == 1
    assert states(shop) == {ReceiptState.REPLIED: 3}


@pytest.mark.parametrize("waiting", [30, 43])
@pytest.mark.parametrize("plain", [False, True], ids=["streamed", "plain"])
@pytest.mark.parametrize("answer", ["550 Domain has exceeded the max emails per hour", "550 no"])
def test_a_server_that_takes_twenty_an_hour(
    shop: ShopProgram,
    pop3: ScriptedPop3,
    smtp: ScriptedSmtp,
    clock: Clock,
    waiting: int,
    plain: bool,
    answer: str,
) -> None:
    taken: list[datetime] = []

    def fault(at: At) -> str | None:
        if at.verb not in ("DOT", "BDAT"):
            return None
        if sum(clock.moment - when < timedelta(hours=1) for when in taken) >= 20:
            return answer
        taken.append(clock.moment)
        return None

    smtp.script.pipelining = smtp.script.chunking = not plain
    shop.change(send=replace(shop.settings.send, port=1))
    everybody = guests(pop3, waiting)
    shop.poll()
    clock.pass_by(timedelta(hours=2))
    shop.change(send=replace(shop.settings.send, port=smtp.port))
    smtp.script.fault = fault
    report, trouble = shop.poll()
    assert trouble is not None
    assert (len(smtp.kept), report.deferred, report.undeliverable) == (20, waiting - 20, 0)
    for minutes in (1, 15, 30):
        clock.pass_by(timedelta(minutes=minutes))
        report, _ = shop.poll()
        assert (len(smtp.kept), report.undeliverable) == (20, 0)
    for _ in range(8):
        clock.pass_by(timedelta(minutes=30))
        report, _ = shop.poll()
        assert report.undeliverable == 0
    assert sorted(smtp.recipients) == sorted(everybody)
    assert states(shop) == {ReceiptState.REPLIED: waiting}


def test_the_last_one_refused_ends_after_three_tries_on_two_days(
    shop: ShopProgram,
    pop3: ScriptedPop3,
    smtp: ScriptedSmtp,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    refusing = "550 5.7.1 we do not like it"
    smtp.script.fault = lambda at: refusing if at.verb == "BDAT" else None
    guests(pop3, 1)
    for _ in range(4):
        _, trouble = shop.poll()
        assert trouble is not None
        clock.pass_by(timedelta(minutes=15))
    clock.pass_by(DAY)
    report = shop.report()
    assert (report.undeliverable, report.deferred) == (1, 0)
    [receipt] = shop.receipts()
    assert receipt.state is ReceiptState.REFUSED
    assert refusing in receipt.reason
    assert receipt.state.told == "undeliverable"
    # 「エラーだけ」 of the log finds what the screens show in red
    red = [r.getMessage() for r in caplog.records if r.levelno == TROUBLE]
    assert any("の返信は断られました" in text for text in red)
    assert shop.report().left == 0


def test_those_refused_before_keep_no_new_customer_waiting(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    odd = set(guests(pop3, 5))
    smtp.script.fault = lambda at: (
        "550 5.7.1 no" if at.verb == "BDAT" and at.recipient in odd else None
    )
    shop.poll()
    assert not smtp.kept
    new = guests(pop3, 1, first=10)
    shop.poll()
    assert smtp.recipients == new
    new += guests(pop3, 2, first=20)
    shop.poll()
    assert smtp.recipients == new
    assert states(shop)[ReceiptState.REFUSED] == 2, "those asked before the new ones"


def test_words_about_the_shop_are_believed_for_five_days_against_the_others(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, clock: Clock
) -> None:
    smtp.script.fault = lambda at: (
        "550 5.7.1 Unable to relay" if at.verb == "RCPT" and "a0@" in at.argument else None
    )
    guests(pop3, 1)
    shop.poll()
    for day in range(6):
        guests(pop3, 3, first=10 * (day + 1))
        assert states(shop)[ReceiptState.PENDING] == 1
        shop.poll()
        clock.pass_by(DAY)
    guests(pop3, 3, first=100)
    shop.poll()
    assert states(shop)[ReceiptState.REFUSED] == 1


# --- put off


def test_five_days_count_from_the_first_four_hundred_not_by_the_mails_age(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, clock: Clock
) -> None:
    shop.change(send=replace(shop.settings.send, port=1))
    guests(pop3, 1)
    for _ in range(6):
        shop.poll()
        clock.pass_by(DAY)
    shop.change(send=replace(shop.settings.send, port=smtp.port))
    smtp.script.fault = lambda at: "450 4.7.1 Greylisted" if at.verb == "RCPT" else None
    for _ in range(6):
        report = shop.report()
        assert (report.undeliverable, report.deferred) == (0, 1)
        clock.pass_by(DAY)
    report = shop.report()
    assert (report.undeliverable, report.deferred) == (1, 0)
    assert states(shop) == {ReceiptState.UNDELIVERABLE: 1}


@pytest.mark.parametrize("days", [366, -366, 8])
def test_a_clock_that_is_wrong_for_one_poll_gives_nothing_up(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, clock: Clock, days: int
) -> None:
    smtp.script.fault = lambda at: "450 4.7.1 Greylisted" if at.verb == "RCPT" else None
    guests(pop3, 1)
    shop.report()
    clock.pass_by(timedelta(days=days))
    assert shop.report().undeliverable == 0
    clock.pass_by(timedelta(days=-days, minutes=5))
    assert shop.report().undeliverable == 0
    smtp.script.fault = None
    assert shop.report().left == 0
    assert states(shop) == {ReceiptState.REPLIED: 1}


# --- after an outage


@pytest.mark.parametrize("hours", [0, 2, 100])
def test_after_an_outage_the_backlog_goes_evenly_and_who_has_just_come_first(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, clock: Clock, hours: int
) -> None:
    shop.change(send=replace(shop.settings.send, port=1))
    backlog = guests(pop3, 150)
    shop.poll()
    clock.pass_by(timedelta(hours=hours))
    shop.change(send=replace(shop.settings.send, port=smtp.port))
    new = guests(pop3, 3, first=900)
    report, trouble = shop.poll()
    assert trouble is None
    assert set(new) < set(smtp.recipients)
    if hours:
        assert smtp.recipients[:3] == new
    assert (len(smtp.kept), report.deferred) == (63, 90)
    per_minute = [63]
    while len(smtp.kept) < 153:
        clock.pass_by(timedelta(minutes=1))
        before = len(smtp.kept)
        shop.report()
        per_minute.append(len(smtp.kept) - before)
    assert max(per_minute[1:]) <= 60
    assert len(per_minute) <= 5
    assert [one for one in smtp.recipients if one not in new] == backlog
    assert shop.report().left == 0
    assert len([text for text in shop.told() if "たまっていた返信" in text]) == 1


def test_a_full_mailbox_of_the_first_poll_is_no_backlog(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    guests(pop3, 400)
    report = shop.report()
    assert (report.accepted, report.left, len(smtp.kept)) == (400, 0, 400)
