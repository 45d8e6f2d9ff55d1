"""One poll in trouble: what fails at one end, or with one mail, touches nothing else."""

from __future__ import annotations

import email
import time
import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.collector import mailbox_session, poll
from kollect.ledger.ledger import Ledger
from kollect.ledger.states import MailState, ReceiptState
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import Act, At, ScriptedSmtp
from tests.helpers.shop import ADDRESS, OWNER, ShopProgram

REFUSES_QUIT = Faults(answers={"QUIT": b"-ERR some messages not removed\r\n"})
NO_UIDL = Faults(missing=frozenset({"UIDL"}), capabilities=("TOP", "USER"))


def answered(smtp: ScriptedSmtp) -> Counter[str]:
    """How many letters each recipient was sent."""
    return Counter(mail.recipients[0] for mail in smtp.kept)


def later(shop: ShopProgram, **by: float) -> None:
    shop.now = lambda: datetime.now().astimezone() + timedelta(**by)


# --- the mailbox is let go while letters go out slowly


@pytest.fixture
def slowly(smtp: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sending server takes its time with one letter, and no session may wait for it."""
    monkeypatch.setattr(mailbox_session, "HOLD_SECONDS", 0.2)

    def slow(at: At) -> None:
        if at.verb == "RCPT" and at.recipient.startswith("slow"):
            time.sleep(2.5)

    smtp.script.pipelining = smtp.script.chunking = False
    smtp.script.fault = slow


@pytest.mark.parametrize("uidl", [True, False], ids=["UIDL", "no UIDL"])
def test_a_session_is_ended_and_begun_anew(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, slowly: None, uidl: bool
) -> None:
    pop3.faults = [Faults() if uidl else NO_UIDL]
    senders = ["a@b.example", "slow@b.example", "c@d.example"]
    for n, sender in enumerate(senders):
        pop3.put(blank(sender, n))
    pop3.put(blank("x@y.example", 9, subject="hello"))
    report = shop.report()
    assert (report.accepted, report.forwarded, report.left, report.deferred) == (3, 1, 0, 0)
    assert answered(smtp) == Counter([*senders, OWNER])
    assert not pop3.mails
    assert len(pop3.sessions) == 2
    assert pop3.sessions[0][-1] == "QUIT"


@pytest.mark.parametrize("fault", [REFUSES_QUIT, Faults(cut_before=frozenset({"QUIT"}))])
def test_a_mailbox_that_is_not_let_go_well_stops_no_letter(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, slowly: None, fault: Faults
) -> None:
    pop3.faults = [fault, Faults()]
    senders = [f"slow@{n}.example" if n == 3 else f"a{n}@b.example" for n in range(60)]
    for n, sender in enumerate(senders):
        pop3.put(blank(sender, n))
    _, trouble = shop.poll()
    # a line that is cut where nothing was marked costs nothing
    assert (trouble is not None) is (fault is REFUSES_QUIT)
    assert answered(smtp) == Counter(senders), "a letter was given up on its way"
    assert len(pop3.sessions) == 2
    for _ in range(2):
        shop.poll()
    assert answered(smtp) == Counter(senders)
    assert not pop3.mails


def test_what_was_marked_before_a_rest_that_failed_is_there_again(
    shop: ShopProgram,
    pop3: ScriptedPop3,
    smtp: ScriptedSmtp,
    slowly: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poll, "BATCH", 2)
    monkeypatch.setattr(mailbox_session, "HOLD_SECONDS", 1.2)  # not yet in the first batch
    pop3.faults = [REFUSES_QUIT, Faults()]
    senders = ["a@b.example", "c@d.example", "slow@b.example", "e@f.example"]
    for n, sender in enumerate(senders):
        pop3.put(blank(sender, n))
    report, trouble = shop.poll()
    assert trouble is not None
    assert report.left == len(pop3.mails) == 2
    ledger = Ledger(tmp_path / "kollect.db")
    assert {entry.uid for entry in ledger.still_there(ADDRESS)} == set(pop3.mails)
    ledger.close()
    assert shop.report().left == 0
    assert answered(smtp) == Counter(senders)


def test_mails_that_vanish_while_the_session_rests(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, slowly: None
) -> None:
    """Another program has deleted some, so that every handle is another one."""
    for n, sender in enumerate(("a@b.example", "slow@b.example", "c@d.example")):
        pop3.put(blank(sender, n))
    pop3.put(blank("x@y.example", 8, subject="hello"))
    pop3.put(blank("bad@y.example", 9))
    taken_away = next(iter(pop3.mails))
    slow = smtp.script.fault

    def fault(at: At) -> str | None:
        if at.verb == "RCPT" and at.recipient.startswith("slow"):
            time.sleep(2.5)
            pop3.remove([taken_away])
            pop3.put(blank("new@y.example", 20))
        return "550 5.1.1 no" if at.verb == "RCPT" and "bad@" in at.argument else None

    assert slow is not None
    smtp.script.fault = fault
    report = shop.report()
    assert (report.accepted, report.undeliverable, report.left) == (4, 1, 1)
    assert list(pop3.mails.values()) == [blank("new@y.example", 20)]
    assert shop.report().left == 0
    assert answered(smtp) == Counter(
        ["a@b.example", "slow@b.example", "c@d.example", "new@y.example", OWNER]
    )


def test_a_refused_mail_that_vanishes_while_the_session_rests(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, slowly: None
) -> None:
    pop3.put(blank("slow-and-bad@b.example", 1))
    pop3.put(blank("c@d.example", 2))

    def fault(at: At) -> str | None:
        if at.verb == "RCPT" and at.recipient.startswith("slow"):
            time.sleep(2.5)
            pop3.remove([next(iter(pop3.mails))])
            return "550 5.1.1 no"
        return None

    smtp.script.fault = fault
    report = shop.report()
    assert (report.undeliverable, report.left, report.kept) == (1, 0, 0)


# --- one mail


def test_a_mail_that_cuts_the_line_when_fetched_does_not_block_the_box(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    bad = blank("x@y.example", 1, subject="hello")
    pop3.put(bad)
    for n in range(3):
        pop3.put(blank(f"a{n}@b.example", n))
    pop3.put(blank("z@y.example", 9, subject="second"))
    pop3.faults = [Faults(cut_before=frozenset({"RETR 1"}))]
    for _ in range(4):
        _, trouble = shop.poll()
    assert trouble is None
    assert list(pop3.mails.values()) == [bad]
    assert answered(smtp) == Counter([*(f"a{n}@b.example" for n in range(3)), OWNER])
    assert len([text for text in shop.told() if "切れる" in text]) == 1
    pop3.faults = [Faults()]
    later(shop, hours=1)
    assert shop.report().left == 0
    assert answered(smtp)[OWNER] == 2


@pytest.mark.parametrize("how", ["cut_before", "cut_after", "cut_inside"])
def test_a_mail_that_cuts_the_line_when_deleted_keeps_no_other_one_there(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, how: str
) -> None:
    uids = [pop3.put(blank(f"k{n}@customer.example", n)) for n in range(12)]
    for _ in range(5):
        if uids[4] in pop3.mails:
            number = [*pop3.mails].index(uids[4]) + 1
            pop3.faults = [Faults(**{how: frozenset({f"DELE {number}"})})]
        shop.poll()
    assert [*pop3.mails] == [uids[4]]
    assert answered(smtp) == {f"k{n}@customer.example": 1 for n in range(12)}
    pop3.faults = []
    later(shop, days=2)
    shop.report()
    assert not pop3.mails
    assert answered(smtp).total() == 12


@pytest.mark.parametrize(
    "answer",
    [
        "554 5.7.1 <a@b.example>: Relay access denied",
        "550 5.4.5 Daily user sending limit exceeded",
        "530 5.7.0 Authentication required",
    ],
)
def test_what_the_server_has_against_the_shop_is_trouble_though_it_says_it_to_each_customer(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, answer: str
) -> None:
    pop3.put(blank("a@b.example", 1))
    smtp.script.fault = lambda at: answer if at.verb == "RCPT" else None
    for _ in range(2):
        report, trouble = shop.poll()
        assert report.deferred == 1
        assert trouble is not None
        assert "お店からの送信" in trouble.title
    smtp.script.fault = lambda at: answer if at.recipient.startswith("a@") else None
    pop3.put(blank("c@d.example", 2))
    assert shop.report().deferred == 1, "only this one: the others' mail goes out"
    assert answered(smtp) == Counter(["c@d.example"])


def test_an_id_that_the_server_gives_once_more_is_another_mail(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    """As servers do whose ids begin anew in an empty mailbox."""
    same_id = {1: "1"}
    pop3.put(blank("a@b.example", 1))
    pop3.faults = [Faults(uids=same_id, cut_after=frozenset({"QUIT"}))]
    assert shop.poll()[1] is not None
    for n, mail in enumerate(
        (blank("new@b.example", 2), blank("x@y.example", 3, subject="order 55"))
    ):
        pop3.remove(list(pop3.mails))
        pop3.put(mail)
        pop3.faults = [
            Faults(uids=same_id, cut_after=frozenset({"QUIT"}) if not n else frozenset())
        ]
        shop.poll()
    assert answered(smtp) == Counter(["a@b.example", "new@b.example", OWNER])
    assert not pop3.mails


def test_a_mail_in_the_place_of_one_that_waits_for_its_answer_is_not_deleted_unread(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    """A server whose ids are the places in the box: the first of three goes, the others move up."""
    first, *_ = [pop3.put(blank(f"{who}@b.example", n)) for n, who in enumerate("abc", 1)]
    pop3.faults = [Faults(uids={n: str(n) for n in range(1, 9)})]
    smtp.script.fault = lambda at: "450 4.2.1 later" if at.verb == "RCPT" else None
    assert shop.report().deferred == 3
    pop3.remove([first])
    pop3.put(blank("z@b.example", 9))
    smtp.script.fault = None
    assert shop.report().left == 0
    assert answered(smtp) == Counter(f"{who}@b.example" for who in "abcz")


def test_without_uidl_too_a_mail_that_cuts_the_line_blocks_nobody(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    cutter = pop3.put(blank("cuts@b.example", 1) + b"long\r\n" * 9)
    for n in range(3):
        pop3.put(blank(f"a{n}@b.example", n))
    number = lambda: list(pop3.mails).index(cutter) + 1  # noqa: E731
    for _ in range(4):
        pop3.faults = [replace(NO_UIDL, cut_before=frozenset({f"TOP {number()} 0"}))]
        shop.poll()
    assert list(pop3.mails) == [cutter]
    assert set(answered(smtp)) == {f"a{n}@b.example" for n in range(3)}
    assert len([text for text in shop.told() if "切れる" in text]) == 1
    pop3.faults = [NO_UIDL]
    later(shop, days=1)
    assert shop.report().left == 0
    assert answered(smtp)["cuts@b.example"] == 1


def test_a_line_that_was_cut_three_times_does_not_cost_a_customer_a_day(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.faults = [Faults(cut_before=frozenset({"TOP"}))]
    for _ in range(3):
        assert shop.poll()[1] is not None
    pop3.faults = [Faults()]
    later(shop, minutes=20)
    assert shop.report().accepted == 1


def test_a_mail_of_which_the_server_gives_nothing_is_told_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    pop3.put(blank("a@b.example", 1))
    pop3.put(blank("c@d.example", 2))
    no = b"-ERR cannot open it\r\n"
    pop3.faults = [Faults(answers={"TOP 1 0": no, "RETR 1": no})]
    for _ in range(4):
        report = shop.report()
    assert report.left == 1
    assert answered(smtp) == Counter(["c@d.example"])
    lines = [r.getMessage() for r in caplog.records if "取り出" in r.getMessage()]
    assert len(lines) == 1, lines


def test_a_mail_that_the_server_does_not_delete_is_told_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    pop3.put(blank("a@b.example", 1))
    pop3.put(blank("c@d.example", 2))
    pop3.faults = [Faults(answers={"DELE 1": b"-ERR locked\r\n"})]
    for _ in range(4):
        report = shop.report()
    assert report.left == 1
    assert answered(smtp) == Counter(["a@b.example", "c@d.example"])
    lines = [r.getMessage() for r in caplog.records if "削除" in r.getMessage()]
    assert len(lines) == 1, lines
    assert not [r for r in caplog.records if "DELE" in r.getMessage()]


def test_one_mail_delivered_twice_is_one_mail_where_there_is_no_uidl(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.faults = [NO_UIDL]
    for _ in range(2):
        pop3.put(blank("a@b.example", 1))
    assert shop.report().left == 0
    assert not pop3.mails
    assert answered(smtp) == Counter(["a@b.example"])


def test_a_mail_without_uid_and_headers_is_left(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    no = b"-ERR cannot open it\r\n"
    pop3.faults = [replace(NO_UIDL, answers={"TOP 1 0": no, "RETR 1": no})]
    for n in range(2):
        pop3.put(blank(f"a{n}@b.example", n))
    report = shop.report()
    assert report.left == len(pop3.mails) == 1
    assert answered(smtp) == Counter(["a1@b.example"])


def test_a_server_without_uidl_is_no_news_at_every_poll(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    pop3.faults = [NO_UIDL]
    for _ in range(3):
        shop.report()
    assert caplog.records == []


# --- copies


def test_a_copy_that_was_removed_by_hand_is_made_again(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    raw = blank("x@y.example", 1, subject="hello")
    pop3.put(raw)
    smtp.script.fault = lambda at: "450 4.2.1 later" if at.verb == "RCPT" else None
    assert shop.report().deferred == 1
    for file in (tmp_path / "kept").iterdir():
        file.unlink()
    smtp.script.fault = None
    shop.report()
    assert raw in pop3.mails.values() or shop.kept() == [raw] or smtp.kept
    shop.report()
    assert answered(smtp) == Counter([OWNER])
    assert shop.kept() == [raw]
    assert not pop3.mails


def test_a_copy_and_a_mail_that_are_both_gone_stop_nobody(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    pop3.put(blank("x@y.example", 1, subject="hello"))
    smtp.script.fault = lambda at: "450 4.2.1 later" if at.verb == "RCPT" else None
    shop.report()
    for file in (tmp_path / "kept").iterdir():
        file.unlink()
    pop3.mails.clear()
    pop3.put(blank("a@b.example", 2))
    smtp.script.fault = None
    for _ in range(3):
        report = shop.report()
    assert (report.deferred, report.left) == (0, 0)
    assert answered(smtp) == Counter(["a@b.example"])


def test_a_mail_that_was_away_for_a_while_is_not_deleted_unread(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    """The server showed an empty mailbox once: nothing of what comes back is lost."""
    raw = blank("x@y.example", 1, subject="hello")
    uid = pop3.put(raw)
    pop3.faults = [Faults(cut_before=frozenset({"RETR"}))]
    shop.poll()  # seen, and nothing more
    pop3.faults = [Faults()]
    pop3.mails.clear()
    shop.report()
    pop3.mails[uid] = raw
    report = shop.report()
    assert report.left == 0
    assert shop.kept() == [raw]
    assert answered(smtp) == Counter([OWNER])


def test_a_mail_that_is_back_after_a_good_farewell_is_only_deleted(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    uid = pop3.put(blank("a@b.example", 1))
    shop.report()
    pop3.mails[uid] = blank("a@b.example", 1)
    report = shop.report()
    assert (report.accepted, report.duplicate, report.left) == (0, 0, 0)
    assert not pop3.mails
    assert answered(smtp) == Counter(["a@b.example"])


def test_an_id_that_the_server_uses_again_is_another_mail(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    uid = pop3.put(blank("a@b.example", 1))
    shop.report()
    pop3.mails[uid] = blank("c@d.example", 2)
    assert shop.report().accepted == 1
    assert not pop3.mails
    assert answered(smtp) == Counter(["a@b.example", "c@d.example"])


def test_long_headers_are_not_all_held_at_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    long = b"".join(b"X-Long-%d: %s\r\n" % (n, b"x" * 990) for n in range(60))
    for n in range(250):
        pop3.put(long + blank(f"a{n}@b.example", n))
    tracemalloc.start()
    try:
        assert shop.report().accepted == 250
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 9 * 1024 * 1024, "15 MB of headers were there"


def test_a_stop_does_not_wait_for_all_the_copies(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    mails = [blank("x@y.example", n, subject="hello") for n in range(20)]
    for raw in mails:
        pop3.put(raw)
    _, trouble = shop.poll(stopping=lambda: len(shop.kept()) >= 3)
    assert trouble is None
    assert len(shop.kept()) == 3
    assert shop.report().left == 0
    assert sorted(shop.kept()) == sorted(mails)
    assert answered(smtp)[OWNER] == 20


# --- delivery reports


def report_of_failure(recipient: str, message_id: str) -> bytes:
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\nTo: shop@shop.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; b.example\r\n"
        f"\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n"
        "--x\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {message_id}\r\n\r\n--x--\r\n"
    ).encode()


def test_a_report_about_a_forwarded_mail_is_not_forwarded(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    """Else each report of a full or wrong mailbox behind 対象外メールの送信先 brings the next."""
    pop3.put(blank("x@y.example", 1, subject="hello"))
    shop.report()
    [forwarded] = smtp.kept
    identity = email.message_from_bytes(forwarded.data)["Message-ID"]
    # the owner's address leads on to another one, and only that one is named
    pop3.put(report_of_failure("owner.private@mail.example", identity))
    report = shop.report()
    assert (report.forwarded, report.kept, report.bounced, report.left) == (0, 1, 0, 0)
    assert len(smtp.kept) == 1


def test_a_letter_that_is_only_late_is_not_undeliverable(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 1))
    shop.report()
    identity = email.message_from_bytes(smtp.kept[0].data)["Message-ID"]
    pop3.put(report_of_failure("a@b.example", identity).replace(b"failed", b"delayed"))
    assert shop.report().bounced == 0
    assert [r.state for r in shop.receipts()] == [ReceiptState.REPLIED]


@pytest.mark.parametrize("owner", ["owner@owner.example", "Owner+shop@owner.example"])
def test_an_automatic_answer_of_the_owner_is_not_forwarded_to_the_owner(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, owner: str
) -> None:
    shop.settings = replace(shop.settings, forward_address=owner)
    pop3.put(b"Auto-Submitted: auto-replied\r\n" + blank("OWNER@owner.example", 1, subject="away"))
    report = shop.report()
    assert (report.forwarded, report.kept, report.ignored, report.left) == (0, 1, 1, 0)


# --- letters


def test_recipients_that_are_put_off_for_days_keep_nobody_waiting(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    """A server says 450 to a domain that it cannot find: ten such mails are quickly sent."""
    smtp.script.fault = lambda at: (
        "450 4.1.2 Domain not found" if at.verb == "RCPT" and "nowhere" in at.argument else None
    )
    for n in range(25):
        pop3.put(blank(f"a{n}@nowhere.example", n))
    for _ in range(3):
        shop.poll()
    pop3.put(blank("new@b.example", 30))
    report, trouble = shop.poll()
    assert answered(smtp) == Counter(["new@b.example"])
    assert trouble is None, "every poll would be a failed one, with longer and longer pauses"
    assert report.deferred == 25
    smtp.script.fault = lambda at: (
        "450 4.1.2 Domain not found" if at.verb == "RCPT" and at.argument < "<a2" else None
    )
    for _ in range(6):
        shop.poll()
    assert len(answered(smtp)) > 10, "those behind the first ten never had their turn"


def test_an_outage_of_a_week_makes_nobody_undeliverable(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    shop.change(send=replace(shop.settings.send, port=1))
    for n in range(3):
        pop3.put(blank(f"a{n}@b.example", n))
    shop.poll()
    later(shop, days=7)
    report, trouble = shop.poll()
    assert trouble is not None
    assert (report.undeliverable, report.deferred) == (0, 3)
    shop.change(send=replace(shop.settings.send, port=smtp.port))
    assert shop.report().left == 0
    assert [r.state for r in shop.receipts()] == [ReceiptState.REPLIED] * 3


def test_after_an_outage_letters_go_out_in_the_order_of_arrival(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    shop.change(send=replace(shop.settings.send, port=1))
    for n in range(3):
        pop3.put(blank(f"a{n}@b.example", n))
    for _ in range(2):
        shop.poll()
    shop.change(send=replace(shop.settings.send, port=smtp.port))
    pop3.put(blank("a3@b.example", 3))
    shop.report()
    assert [mail.recipients[0] for mail in smtp.kept] == [f"a{n}@b.example" for n in range(4)]


def test_what_a_stop_left_unsent_is_not_taken_for_sent(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    for n in range(150):
        pop3.put(blank(f"a{n}@b.example", n))
    shop.poll(stopping=lambda: len(smtp.kept) >= 5)
    ledger = Ledger(tmp_path / "kollect.db")
    steps = Counter(entry.step for entry in ledger.owed(0, 1000))
    ledger.close()
    assert MailState.SENDING not in steps
    assert steps.total() == 150 - len(smtp.kept)


def test_a_letter_without_an_answer_goes_once_more_alone_and_not_a_third_time(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    """A reply and a forwarded mail alike."""
    smtp.script.fault = lambda at: Act.KEEP_AND_CUT if at.verb in ("DOT", "BDAT") else None
    raw = blank("x@y.example", 2, subject="hello")
    pop3.put(blank("a@b.example", 1))
    pop3.put(raw)
    for _ in range(5):
        shop.poll()
    smtp.script.fault = None
    assert shop.report().left == 0
    assert answered(smtp) == Counter({"a@b.example": 2, OWNER: 2})
    assert [mail.verb for mail in smtp.kept if mail.recipients[0] != OWNER] == ["BDAT", "DATA"]
    assert raw in shop.kept()


def test_words_that_change_at_every_try_are_told_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    tries = iter(range(100))
    smtp.script.fault = lambda at: (
        f"450 4.2.0 Greylisted, come back in {300 - next(tries)} seconds"
        if at.verb == "RCPT"
        else None
    )
    pop3.put(blank("a@b.example", 1))
    for _ in range(4):
        shop.report()
    assert len([text for text in shop.told() if "次回に送ります" in text]) == 1


# --- what is told


def test_what_the_server_has_deleted_is_written_down_at_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.put(blank("x@y.example", 2, subject="hello"))
    shop.report()
    ledger = Ledger(tmp_path / "kollect.db")
    assert list(ledger.still_there(ADDRESS)) == []
    ledger.close()


def test_what_is_left_is_counted_in_a_poll_that_broke_off(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    for n in range(5):
        pop3.put(blank(f"a{n}@b.example", n))
    pop3.faults = [Faults(cut_before=frozenset({"TOP 3 0"}))]
    report, trouble = shop.poll()
    assert trouble is not None
    assert report.left == len(pop3.mails)
    pop3.faults = [REFUSES_QUIT]
    report, trouble = shop.poll()
    assert trouble is not None
    assert report.left == len(pop3.mails)
