"""One poll against servers: what becomes of each kind of mail, and of each kind of trouble."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.states import ReceiptState
from kollect.settings.model import Collect, Duplicate, DuplicateAction
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import Act, ScriptedSmtp
from tests.helpers.shop import OWNER, ShopProgram


def subjects(smtp: ScriptedSmtp) -> dict[str, list[str]]:
    """What each recipient was sent, by subject."""
    found: dict[str, list[str]] = {}
    for mail in smtp.kept:
        letter = email.message_from_bytes(mail.data, policy=email.policy.default)
        found.setdefault(mail.recipients[0], []).append(letter["Subject"])
    return found


def recipients(smtp: ScriptedSmtp) -> list[str]:
    return [mail.recipients[0] for mail in smtp.kept]


def refuse(smtp: ScriptedSmtp, recipient: str, answer: str) -> None:
    """From now on this recipient gets this answer to RCPT."""
    smtp.script.fault = lambda at: (
        answer if at.verb == "RCPT" and recipient in at.argument else None
    )


def test_numbers_are_given_in_the_order_of_arrival(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    for n, sender in enumerate(("c@a.example", "abc..def@docomo.ne.jp", "a.@ezweb.ne.jp")):
        pop3.put(blank(sender, n))
    report = shop.report()
    assert (report.accepted, report.left, report.deferred) == (3, 0, 0)
    assert [(r.number, r.address, r.state) for r in shop.receipts()] == [
        (1001, "c@a.example", ReceiptState.REPLIED),
        (1002, "abc..def@docomo.ne.jp", ReceiptState.REPLIED),
        (1003, "a.@ezweb.ne.jp", ReceiptState.REPLIED),
    ]
    assert subjects(smtp)["abc..def@docomo.ne.jp"] == ["受付番号は1002です"]
    assert not pop3.mails


def test_the_reply_is_a_well_formed_automatic_answer(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 7))
    shop.report()
    [mail] = smtp.kept
    letter = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["In-Reply-To"] == "<7.a.b.example@mail.example>"
    assert letter["X-Auto-Response-Suppress"] == "All"
    assert letter["From"].addresses[0].display_name == "テスト商店"
    assert "1001" in letter.get_content()


@pytest.mark.parametrize(
    ("action", "numbers", "told"),
    [
        (DuplicateAction.REPLY, [1001], ["受付番号は1001です", "受付済みです（受付番号 1001）"]),
        (DuplicateAction.IGNORE, [1001], ["受付番号は1001です"]),
        (DuplicateAction.RENUMBER, [1001, 1002], ["受付番号は1001です", "受付番号は1002です"]),
    ],
)
def test_a_known_address(
    shop: ShopProgram,
    pop3: ScriptedPop3,
    smtp: ScriptedSmtp,
    action: DuplicateAction,
    numbers: list[int],
    told: list[str],
) -> None:
    shop.change(duplicate=Duplicate(action=action))
    pop3.put(blank("abc..def@docomo.ne.jp", 1))
    shop.report()
    pop3.put(blank('"abc..def"@DOCOMO.ne.jp', 2))  # the same person, from another program
    shop.report()
    assert [r.number for r in shop.receipts()] == numbers
    assert [s for all_of_one in subjects(smtp).values() for s in all_of_one] == told
    assert not pop3.mails
    assert len(shop.kept()) == (action is DuplicateAction.IGNORE)


def test_a_mail_with_a_subject_is_forwarded_whole_and_kept(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    raw = (
        blank("a@b.example", 1, subject="Question") + b".\r\n..two dots\r\n" + b"x" * 900 + b"\r\n"
    )
    pop3.put(raw)
    report = shop.report()
    assert (report.accepted, report.forwarded, report.kept, report.left) == (0, 1, 1, 0)
    [mail] = smtp.kept
    assert mail.recipients[0] == OWNER
    assert raw.rstrip(b"\r\n") in mail.data
    assert shop.kept() == [raw]
    letter = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert letter["Reply-To"] == "a@b.example"


def test_without_a_forward_address_the_copy_is_all(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    shop.change(forward_address="")
    raw = blank("a@b.example", 1, subject="Question")
    pop3.put(raw)
    report = shop.report()
    assert (report.forwarded, report.kept, report.left) == (0, 1, 0)
    assert not smtp.kept
    assert shop.kept() == [raw]


@pytest.mark.parametrize(
    ("header", "ignored"),
    [
        (b"Auto-Submitted: auto-replied", 1),
        (b"Precedence: bulk", 1),
        (b"List-Id: <x.example>", 1),
        (b"X-Auto-Response-Suppress: All", 1),
        (b"Auto-Submitted: no", 0),
    ],
)
def test_automatic_mails_are_never_answered(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, header: bytes, ignored: int
) -> None:
    pop3.put(header + b"\r\n" + blank("a@b.example", 1))
    report = shop.report()
    assert report.ignored == ignored
    assert recipients(smtp) == [OWNER if ignored else "a@b.example"]


def test_our_own_letters_that_come_back_are_only_kept(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.put(blank("SHOP@shop.example", 2))
    shop.report()
    [reply] = smtp.kept
    pop3.put(reply.data)
    report = shop.report()
    assert (report.ignored, report.forwarded, report.kept) == (1, 0, 1)
    assert len(smtp.kept) == 1
    assert len(shop.kept()) == 2
    assert not pop3.mails


def test_the_brake_for_one_address(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    for n in range(8):
        pop3.put(blank("a@b.example", n))
    report = shop.report()
    assert len(smtp.kept) == 5
    assert (report.accepted, report.duplicate, report.kept, report.left) == (1, 7, 3, 0)
    assert shop.receipts()[0].times == 8
    shop.now = lambda: datetime.now().astimezone() + timedelta(hours=1, minutes=1)
    pop3.put(blank("a@b.example", 9))
    shop.report()
    assert len(smtp.kept) == 6


def test_a_flood_pauses_the_numbering_and_says_so_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    shop.change(collect=Collect(new_per_hour=3))
    for n in range(5):
        pop3.put(blank(f"a{n}@b.example", n))
    for _ in range(2):
        report = shop.report()
    assert (report.left, report.deferred) == (2, 2)
    assert len(pop3.mails) == 2
    assert len([text for text in shop.told() if "止めています" in text]) == 1
    shop.now = lambda: datetime.now().astimezone() + timedelta(hours=1, minutes=1)
    shop.report()
    assert [r.number for r in shop.receipts()] == [1001, 1002, 1003, 1004, 1005]
    assert [text for text in shop.told() if "再開" in text]


def test_a_delivery_report_marks_the_receipt(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("gone@b.example", 1))
    shop.report()
    letter = email.message_from_bytes(smtp.kept[0].data, policy=email.policy.default)
    pop3.put(
        (
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\nTo: shop@shop.example\r\n"
            "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
            "--x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"
            "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; b.example\r\n"
            "\r\nFinal-Recipient: rfc822; gone@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            "Diagnostic-Code: smtp; 550 no such user\r\n"
            "--x\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            f"Message-ID: {letter['Message-ID']}\r\n\r\n--x--\r\n"
        ).encode()
    )
    report = shop.report()
    assert (report.bounced, report.forwarded, report.left) == (1, 1, 0)
    [receipt] = shop.receipts()
    assert receipt.state is ReceiptState.UNDELIVERABLE
    assert "550 no such user" in receipt.reason


def test_a_report_about_the_forward_address_goes_no_further(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(
        (
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\nSubject: Undelivered\r\n"
            "MIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
            "--x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"
            "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; b.example\r\n"
            f"\r\nFinal-Recipient: rfc822; {OWNER}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            "--x--\r\n"
        ).encode()
    )
    report = shop.report()
    assert (report.forwarded, report.kept, report.left) == (0, 1, 0)
    assert not smtp.kept


def test_a_test_mail_of_ours_stays(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "kollect.db")
    mark = ledger.mark("test")
    ledger.close()
    pop3.put(f"X-Kollect-Test: {mark}\r\n".encode() + blank("shop@shop.example", 1))
    pop3.put(b"X-Kollect-Test: forged\r\n" + blank("a@b.example", 2))
    for _ in range(2):
        report = shop.report()
        assert report.left == 1
    assert recipients(smtp) == ["a@b.example"]


# --- trouble with the mailbox


def test_mails_that_come_back_are_only_deleted(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.put(blank("c@d.example", 2, subject="hello"))
    pop3.faults = [Faults(cut_before=frozenset({"QUIT"})), Faults()]
    _, trouble = shop.poll()
    assert trouble is not None
    assert len(pop3.mails) == 2
    report = shop.report()
    assert (report.accepted, report.forwarded, report.left) == (0, 0, 0)
    assert len(smtp.kept) == 2
    assert not pop3.mails


def test_without_uidl_mails_are_known_by_their_headers(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.put(blank("a@b.example", 2))
    quiet = Faults(missing=frozenset({"UIDL"}), capabilities=("TOP", "USER"))
    pop3.faults = [replace(quiet, cut_before=frozenset({"QUIT"})), quiet]
    shop.poll()
    assert len(pop3.mails) == 2
    shop.report()
    assert not pop3.mails
    assert len(smtp.kept) == 2
    assert shop.receipts()[0].times == 2


def test_a_renumbered_mailbox_is_recognised(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    raw = blank("a@b.example", 1)
    pop3.put(raw)
    pop3.faults = [Faults(cut_before=frozenset({"QUIT"})), Faults()]
    shop.poll()
    pop3.mails.clear()
    pop3.put(raw)  # the same mail under a new id, as after a move to another host
    report = shop.report()
    assert (report.accepted, report.duplicate, len(smtp.kept)) == (0, 0, 1)
    assert not pop3.mails


def _said_in(raw: bytes) -> str:
    """The first text of a mail."""
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body()
    assert body is not None
    return body.get_content()


@pytest.mark.parametrize("command", ["TOP 2 0", "RETR 2"])
def test_one_refused_mail_stops_nobody_and_does_not_vanish(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, command: str
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.put(blank("c@d.example", 2, subject="hello"))
    pop3.put(blank("e@f.example", 3))
    pop3.faults = [Faults(answers={command: b"-ERR broken message\r\n"})]
    report = shop.report()
    assert report.accepted == 2
    if command.startswith("TOP"):
        assert report.left == 0  # RETR gave it
    else:
        assert (report.left, report.deferred, report.kept) == (1, 1, 1)
        assert len(smtp.kept) == 2, "a letter of headers alone would pass for the whole mail"
        assert [b"Subject: hello" in kept for kept in shop.kept()] == [True]
        pop3.faults = [Faults()]
        assert shop.report().left == 0  # the server has got over it
        assert shop.kept() == [blank("c@d.example", 2, subject="hello")]
    assert len(smtp.kept) == 3


def test_a_mail_that_stays_refused_is_told_of_by_its_headers_after_a_day(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("c@d.example", 2, subject="hello"))
    pop3.faults = [Faults(answers={"RETR 1": b"-ERR broken message\r\n"})]
    assert shop.report().deferred == 1
    shop.now = lambda: datetime.now().astimezone() + timedelta(days=1)
    assert shop.report().forwarded == 1
    assert "見出しだけを添付" in _said_in(smtp.kept[0].data)
    pop3.faults = [Faults()]
    assert shop.report().left == 0
    assert shop.kept() == [blank("c@d.example", 2, subject="hello")]
    assert [text for text in shop.told() if "本文を、サーバから取り出せました" in text]


def test_a_mail_that_cuts_the_line_does_not_block_the_box(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    for n in range(4):
        pop3.put(blank(f"a{n}@b.example", n))
    pop3.faults = [Faults(cut_before=frozenset({"TOP 2 0"}))]
    _, trouble = shop.poll()
    assert trouble is not None
    for _ in range(3):
        # it comes last from now on, under the same number of the listing
        shop.poll()
    assert set(recipients(smtp)) >= {"a0@b.example", "a2@b.example"}
    assert "a3@b.example" in set(recipients(smtp))
    assert list(pop3.mails.values()) == [blank("a1@b.example", 1)]


def test_a_busy_mailbox_is_told_and_nothing_is_lost(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.faults = [Faults(answers={"PASS": b"-ERR [IN-USE] locked\r\n"}), Faults()]
    report, trouble = shop.poll()
    assert trouble is not None
    assert report.accepted == 0
    assert shop.report().accepted == 1


# --- trouble with the sending server


def test_a_reply_refused_for_good_is_undeliverable_and_kept(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    refuse(smtp, "bad@b.example", "550 5.1.1 no such user")
    pop3.put(blank("bad@b.example", 1))
    pop3.put(blank("good@b.example", 2))
    report = shop.report()
    assert (report.undeliverable, report.kept, report.left) == (1, 1, 0)
    assert [r.state for r in shop.receipts()] == [ReceiptState.UNDELIVERABLE, ReceiptState.REPLIED]


def test_a_deferred_reply_goes_out_at_the_next_poll_with_the_same_number_and_id(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    refuse(smtp, "slow@b.example", "450 4.2.1 try later")
    pop3.put(blank("slow@b.example", 1))
    pop3.put(blank("good@b.example", 2))
    for _ in range(2):
        report = shop.report()
        assert (report.deferred, report.left) == (1, 1)
    assert len([text for text in shop.told() if "次回に送ります" in text]) == 1
    smtp.script.fault = None
    report = shop.report()
    assert (report.deferred, report.left) == (0, 0)
    assert [r.number for r in shop.receipts()] == [1001, 1002]


def test_a_server_that_is_away_leaves_all_mails(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    shop.change(send=replace(shop.settings.send, port=1))
    for n in range(3):
        pop3.put(blank(f"a{n}@b.example", n))
    report, trouble = shop.poll()
    assert trouble is not None
    assert (report.accepted, report.deferred, report.left) == (3, 3, 3)
    shop.change(send=replace(shop.settings.send, port=smtp.port))
    report = shop.report()
    assert (report.deferred, report.left) == (0, 0)
    assert len(smtp.kept) == 3


def test_an_unanswered_letter_is_sent_once_more_and_not_a_third_time(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    smtp.script.fault = lambda at: (
        Act.KEEP_AND_CUT
        if at.verb in ("DOT", "BDAT") and at.recipient == "lost@b.example"
        else None
    )
    pop3.put(blank("lost@b.example", 1))
    report, _ = shop.poll()
    assert (report.deferred, report.left) == (1, 1)
    assert shop.receipts()[0].state is ReceiptState.UNKNOWN
    shop.poll()
    report = shop.report()
    assert (report.deferred, report.left) == (0, 0)
    ids = [email.message_from_bytes(mail.data)["Message-ID"] for mail in smtp.kept]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert shop.receipts()[0].state is ReceiptState.UNKNOWN
    assert len(shop.kept()) == 1


def test_five_days_of_later_are_enough(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    refuse(smtp, "slow@b.example", "450 4.2.1 try later")
    pop3.put(blank("slow@b.example", 1))
    for day in range(6):
        assert shop.report().undeliverable == 0
        span = timedelta(days=day + 1, minutes=day // 5)
        shop.now = lambda span=span: datetime.now().astimezone() + span
    report = shop.report()
    assert (report.undeliverable, report.left, report.kept) == (1, 0, 1)


def test_stopping_finishes_what_is_in_hand(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    for n in range(300):
        pop3.put(blank(f"a{n}@b.example", n))

    def stopping() -> bool:
        return len(smtp.kept) >= 30

    report, trouble = shop.poll(stopping=stopping)
    assert trouble is None
    assert 30 <= len(smtp.kept) < 100
    assert report.left == 300 - len(smtp.kept)
    shop.report()
    everybody = recipients(smtp)
    assert len(everybody) == len(set(everybody)) == 300
