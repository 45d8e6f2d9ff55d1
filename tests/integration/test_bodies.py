"""What only the body of a mail tells: which letter did not arrive, and a member who says no."""

from __future__ import annotations

import base64
import email
import email.policy
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from email.header import Header
from pathlib import Path

import pytest

from kollect.decision.types import Kind
from kollect.ledger.kept_query import KeptMail, KeptMails
from kollect.ledger.ledger import Ledger
from kollect.ledger.records import Receipt
from kollect.ledger.states import SEEMS_LOST, ReceiptState, in_words
from kollect.mail import address
from kollect.mailing.mailing_errors import NobodyToSendTo
from kollect.mailing.mailing_states import ExclusionReason, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.members.address_change import AddressChanges
from kollect.members.member import MemberStatus
from kollect.members.repository import Members
from tests.helpers.ledger_samples import numbered
from tests.helpers.mail_samples import blank
from tests.helpers.member_samples import by_hand
from tests.helpers.member_shop import FIRST, SHOP, Mailer, begin, join
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import OWNER, ShopProgram, settings_for
from tests.unit.test_bounce_texts import CARRIER, EXCHANGE, GMAIL, KDDI

TARO = "taro@phone.example"
CONFIRMED = "メールの配信を停止しました"


class Shop:
    """A shop with one customer, who may be a member, and what is in its mailbox."""

    def __init__(self, folder: Path, pop3: ScriptedPop3, smtp: ScriptedSmtp) -> None:
        settings = replace(settings_for(pop3.port, smtp.port), shop=SHOP)
        self.program = ShopProgram(folder, settings, "S3cret-pw!")
        self.smtp = smtp
        self._pop3 = pop3

    @property
    def database(self) -> Path:
        return self.program.folder / "kollect.db"

    @property
    def mark(self) -> str:
        with closing(Ledger(self.database)) as ledger:
            return ledger.mark("reply")

    def comes(self, *mails: bytes | str) -> None:
        """They arrive, and are polled."""
        for raw in mails:
            raw = raw.replace("\n", "\r\n").encode() if isinstance(raw, str) else raw
            self._pop3.mails[f"uid{len(self._pop3.mails)}-{abs(hash(raw))}"] = raw
        assert self.program.report().left == 0

    @property
    def receipt(self) -> Receipt:
        [receipt] = self.program.receipts()
        return receipt

    @property
    def standing(self) -> MemberStatus:
        with closing(Members(self.database)) as members:
            [member] = members.of_address(address.key(TARO))
        return member.standing

    @property
    def days_returned(self) -> int:
        with closing(Outbox(self.database)) as outbox:
            return len(outbox.days_returned(self.receipt.number, self.program.now()))

    @property
    def kept(self) -> KeptMail:
        """The newest."""
        with closing(KeptMails(self.database)) as mails:
            [newest, *_] = mails.ids(self.program.now().replace(year=2000))
            return mails.some([newest])[newest]

    def sent_to(self, one: str) -> list[str]:
        """The subjects."""
        letters = [kept.data for kept in self.smtp.kept if kept.recipients == (one,)]
        return [
            email.message_from_bytes(raw, policy=email.policy.default)["Subject"] for raw in letters
        ]

    def mailing(self) -> str:
        """A mailing goes out. Returns the Message-ID of his mail, or why he gets none."""
        try:
            mailing = begin(self.database, subject="★名前★様へ 新商品のご案内")
        except NobodyToSendTo as nobody:
            return next(iter(nobody.audience.left_out))
        mailer = Mailer(self.program.folder, self.program.settings)
        assert mailer.once() is None
        [recipient] = mailer.parcels(mailing)
        assert recipient.step is RecipientState.SENT
        return recipient.letter_id


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with ScriptedPop3() as pop3, ScriptedSmtp() as smtp:
        yield Shop(tmp_path, pop3, smtp)


@pytest.fixture
def customer(shop: Shop) -> Shop:
    """He has his number, and is no member yet."""
    shop.comes(blank(TARO, 1))
    assert shop.receipt.state is ReceiptState.REPLIED
    return shop


@pytest.fixture
def member(shop: Shop) -> Shop:
    join(shop.database, [TARO])
    return shop


# --- letters that did not arrive


def dsn(*, action: str = "failed", status: str = "5.1.1", top: str = "", returned: str = "") -> str:
    part = f"--x\nContent-Type: text/rfc822-headers\n\n{returned}\n\n" if returned else ""
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@relay.example\nSubject: Undelivered\n{top}"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;"
        " boundary=x\n\n--x\nContent-Type: text/plain\n\nIt did not arrive.\n\n"
        "--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n"
        f"Final-Recipient: rfc822; {TARO}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {status.replace('.', '')[0]}50 {status} no such user\n\n"
        f"{part}--x--\n"
    )


def marked(shop: Shop, text: str) -> str:
    """A report in which the letter comes back as the relay has renamed it."""
    return text.replace("0123456789abcdef", shop.mark)


RENAMED = "Message-ID: <0100018f-000000@email.relay.example>\nX-Kollect-Reply: 0123456789abcdef\n"


@pytest.mark.parametrize(
    "text",
    [
        dsn(returned=RENAMED),
        EXCHANGE,
        GMAIL.replace("550 5.1.1 The", f"550 5.1.1\n\n{RENAMED}\nThe"),
    ],
    ids=["the relay's name", "Exchange", "in the text"],
)
def test_our_own_field_tells_which_letter_it_was(customer: Shop, text: str) -> None:
    customer.comes(marked(customer, text))
    assert customer.receipt.state is ReceiptState.UNDELIVERABLE
    assert "5.1.1" in customer.receipt.reason


def test_a_field_that_is_not_ours_tells_nothing(customer: Shop) -> None:
    customer.comes(dsn(returned=RENAMED))
    assert customer.receipt.state is ReceiptState.REPLIED


ALONE = {
    "a References of its own, nothing returned": dsn(top="References: <thread@relay.example>\n"),
    "KDDI": KDDI.replace("taro@ezweb.example", TARO),
    "a carrier": CARRIER,
    "Gmail's without the letter": GMAIL.replace("<1.kollect@shop.example>", "<x@y.example>"),
    "in quotes": dsn().replace(TARO, '"Taro"@PHONE.example'),
}


@pytest.mark.parametrize("text", ALONE.values(), ids=ALONE)
def test_by_the_recipient_alone_it_is_shown_and_believed_no_further(
    customer: Shop, text: str
) -> None:
    customer.comes(text.replace("\n", "\r\n").encode("iso-2022-jp"))
    receipt = customer.receipt
    assert receipt.state is ReceiptState.REPLIED
    assert in_words(receipt.state, receipt.reason) == SEEMS_LOST
    assert any(SEEMS_LOST in line for line in customer.program.told())
    customer.comes(blank(TARO, 2))
    assert customer.receipt.reason == "", "he has answered"


def test_a_forged_report_keeps_no_mailing_away(member: Shop) -> None:
    first = member.mailing()
    member.comes(dsn())
    assert member.receipt.reason
    assert member.days_returned == 0
    second = member.mailing()
    member.comes(dsn(returned=f"Message-ID: {first}"))
    assert member.days_returned == 1
    assert member.standing.undeliverable == ""
    assert member.mailing().startswith("<")
    by_hand(member.database, "UPDATE returned_letter SET day = date(day, '-1 day')")
    member.comes(dsn(returned=f"Message-ID: {second}"))
    assert "no such user" in member.standing.undeliverable
    assert member.mailing() == ExclusionReason.UNDELIVERABLE


@pytest.mark.parametrize(
    ("action", "status", "state", "words"),
    [
        ("delayed", "4.4.1", ReceiptState.REPLIED, "送信済"),
        ("delayed", "5.1.1", ReceiptState.REPLIED, "送信済"),
        ("relayed", "2.0.0", ReceiptState.REPLIED, "送信済"),
        ("failed", "4.4.7", ReceiptState.REPLIED, SEEMS_LOST),
        ("failed", "5.1.1", ReceiptState.UNDELIVERABLE, "不達"),
    ],
)
def test_a_delay_is_no_failure_and_a_4xx_no_verdict(
    customer: Shop, action: str, status: str, state: ReceiptState, words: str
) -> None:
    [kept] = customer.smtp.kept
    ours = email.message_from_bytes(kept.data)["Message-ID"]
    customer.comes(dsn(action=action, status=status, returned=f"Message-ID: {ours}"))
    receipt = customer.receipt
    assert receipt.state is state
    assert in_words(receipt.state, receipt.reason) == words


# --- members who say no


@pytest.mark.parametrize(
    "marks",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated\n",
        "Return-Path: <>\n",
        "Precedence: bulk\n",
        "Return-Path: <>\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n",
    ],
)
@pytest.mark.parametrize("subject", ["配信停止", "Re: 退会希望", "unsubscribe"])
def test_a_button_stops_the_mails_and_is_not_answered(
    member: Shop, marks: str, subject: str
) -> None:
    coded = Header(subject, "utf-8").encode()
    member.comes(f"{marks}From: Taro <{TARO}>\nSubject: {coded}\n\n")
    assert member.standing.stopped_at is not None
    assert member.sent_to(TARO) == []
    assert member.mailing() == ExclusionReason.STOPPED


def test_a_person_who_stops_them_is_answered(member: Shop) -> None:
    coded = Header("Re: 「配信停止」希望", "iso-2022-jp").encode()
    member.comes(f"From: {TARO}\nSubject: {coded}\nX-Auto-Response-Suppress: DR, RN, NRN\n\n")
    assert member.standing.stopped_at is not None
    assert member.sent_to(TARO) == [CONFIRMED]


def answer(
    to: str, text: str, *, subject: str = "Re: 会員1001様へ 新商品のご案内", more: str = ""
) -> bytes:
    head = (
        f"From: {TARO}\nSubject: {Header(subject, 'utf-8').encode()}\n"
        f"Message-ID: <answer-{abs(hash((to, text, subject)))}@phone.example>\n{more}"
        + (f"In-Reply-To: {to}\n" if to else "")
        + "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    )
    return (head + text).replace("\n", "\r\n").encode()


QUOTED = (
    "\n2026年11月27日(金) 10:00 テスト商店 <shop@shop.example>:\n"
    "> 会員様\n> 件名を「配信停止」にした\n"
)


@pytest.mark.parametrize("known", ["by the id", "by the subject"])
@pytest.mark.parametrize("text", ["配信停止" + QUOTED, QUOTED + "\n退会します。\n太郎\n"])
def test_the_first_own_line_of_an_answer(member: Shop, known: str, text: str) -> None:
    letter = member.mailing()
    subject = "Re: 会員1001様へ 新商品のご案内" if known == "by the subject" else "もう結構です"
    member.comes(
        answer(letter if known == "by the id" else "<other@x.example>", text, subject=subject)
    )
    assert member.standing.stopped_at is not None
    assert member.sent_to(TARO)[1:] == [CONFIRMED]
    assert OWNER in member.smtp.recipients, "he may have written more"
    assert "配信を止めました" in member.kept.reason
    member.comes(answer(letter, text, subject="もう一度"))
    assert member.sent_to(TARO)[1:] == [CONFIRMED], "once is enough"


def test_an_answer_that_is_a_page(member: Shop) -> None:
    letter = member.mailing()
    page = "<html><body><div>「配信停止」希望</div><br>"
    page += "<div>2026年11月27日 10:00 店 &lt;s@x.jp&gt;:</div>"
    page += "<blockquote>新商品<br>件名を「配信停止」にした</blockquote></body></html>"
    raw = answer(letter, page, subject="Re: なにか")
    member.comes(raw.replace(b"text/plain", b"text/html"))
    assert member.standing.stopped_at is not None


@pytest.mark.parametrize("coding", ["base64", "7bit"])
def test_an_answer_as_phones_code_it(member: Shop, coding: str) -> None:
    letter = member.mailing()
    octets = "配信不要\r\n\r\n> 新商品\r\n".encode("iso-2022-jp")
    octets = base64.encodebytes(octets) if coding == "base64" else octets
    head = answer(letter, "", subject="Re: なにか").replace(b"utf-8\r\n", b"ISO-2022-JP\r\n")
    member.comes(head.replace(b": 8bit", f": {coding}".encode()) + octets)
    assert member.standing.stopped_at is not None


def test_a_program_that_answers_so_is_not_answered(member: Shop) -> None:
    letter = member.mailing()
    member.comes(answer(letter, "配信停止" + QUOTED, more="Auto-Submitted: auto-generated\n"))
    assert member.standing.stopped_at is not None
    assert len(member.sent_to(TARO)) == 1


INSIDE = {
    "in the text": ("予約について", "土曜日に伺います。あとメールの配信は停止してください。"),
    "in the subject": ("先日の配信停止の件", "まだ届きます。"),
    "no answer to a mailing": ("こんにちは", "配信停止\n"),
    "a no to the no": ("退会しません", "これからもよろしく。"),
}


@pytest.mark.parametrize(("subject", "text"), INSIDE.values(), ids=INSIDE)
def test_a_word_inside_is_for_a_person_to_decide(member: Shop, subject: str, text: str) -> None:
    member.comes(answer("", text, subject=subject))
    assert member.standing.stopped_at is None
    assert member.kept.kind == Kind.STOP_PERHAPS
    assert "「配信停止にする」" in member.kept.reason
    assert member.smtp.recipients == [OWNER]


def test_so_is_one_in_a_mail_from_an_address_that_the_member_has_left(member: Shop) -> None:
    with closing(Ledger(member.database)) as ledger:
        _, number = numbered(ledger, "taro@new.example")
    with closing(AddressChanges(member.database)) as members:
        members.change_address(FIRST, number, member.program.now(), "会員一覧")
    member.comes(answer("", INSIDE["in the text"][1], subject="予約について"))
    assert member.kept.kind == Kind.STOP_PERHAPS
    assert member.kept.written_to == FIRST, "else 「配信停止にする」 is grey"
    with closing(Members(member.database)) as members:
        assert members.stop(address.key(TARO), member.program.now(), "対象外・保留") == [FIRST]
    assert member.kept.written_to is None


@pytest.mark.parametrize(
    ("subject", "text"),
    [("予約について", "土曜日に伺います。"), ("Re: 新商品のご案内", "買います。" + QUOTED)],
)
def test_any_other_mail_of_a_member_is_what_it_was(member: Shop, subject: str, text: str) -> None:
    letter = member.mailing()
    member.comes(answer(letter, text, subject=subject))
    assert member.standing.stopped_at is None
    assert member.kept.kind == Kind.OUT_OF_SCOPE


def test_our_own_mailing_come_back_stops_nobody(member: Shop) -> None:
    """The footer has the word; neither a report nor a loop is the member's own will."""
    letter = member.mailing()
    own = member.smtp.kept[0].data.decode("ascii")
    member.comes(
        dsn(status="4.4.7", returned=f"Message-ID: {letter}\n{own}"),
        own.replace("\r\n", "\n").replace("From: ", f"From: {TARO}\nX-From: ", 1),
        "Return-Path: <>\nFrom: MAILER-DAEMON@phone.example\n"
        f"Subject: {Header('配信停止', 'utf-8')}\n\n550 5.1.1 no\n{own}",
    )
    assert member.standing.stopped_at is None


def test_a_stranger_stops_nobody(member: Shop) -> None:
    letter = member.mailing()
    member.comes(answer(letter, "配信停止\n").replace(TARO.encode(), b"other@phone.example"))
    assert member.standing.stopped_at is None
    assert member.receipt.number == FIRST
