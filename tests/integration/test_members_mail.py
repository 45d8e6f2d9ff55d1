"""From the blank mail to the last mail a customer ever gets, on a real Dovecot and a real Postfix;
and a 配信停止 with the power cut at every act.
"""

from __future__ import annotations

import email
import email.policy
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from email.header import Header
from pathlib import Path
from urllib.parse import unquote

import pytest

from kollect.ledger.ledger import Ledger
from kollect.mail import address
from kollect.mailing.mailing_states import ExclusionReason, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.members.address_change import AddressChanges
from kollect.members.member import Member
from kollect.members.repository import Members
from kollect.settings import ini_file
from kollect.settings.model import Collect
from kollect.threads.background_thread import local_now
from tests.helpers.dovecot import Dovecot
from tests.helpers.ledger_samples import numbered
from tests.helpers.mail_samples import blank
from tests.helpers.member_samples import by_hand
from tests.helpers.member_shop import SHOP, Mailer, begin, join
from tests.helpers.postfix import Postfix
from tests.helpers.power_cut import Fuse, PowerCut, fused
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import Script, ScriptedSmtp
from tests.helpers.shop import OWNER, ShopProgram, settings_for
from tests.integration.test_commands import encrypted, kollect

PASSWORD = "S3cret-pw!"
TARO, HANA = "taro..yamada@docomo.ne.jp", "hana@customer.example"
TARO_NOW = "taro.yamada@mail.example"


def stop_mail(sender: str, subject: str = "配信停止", number: int = 50) -> bytes:
    return blank(sender, number, subject=Header(subject, "iso-2022-jp").encode())


def member(database: Path, one: str) -> Member:
    with closing(Members(database)) as members:
        [found] = members.of_address(address.key(one))
    return found


def read(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


# --- a customer's life


@pytest.mark.real
def test_from_the_blank_mail_to_the_last_mail(
    dovecot: Dovecot, postfix: Postfix, tmp_path: Path
) -> None:
    postfix.empty()
    box, database = "friends", tmp_path / "kollect.db"
    settings = replace(encrypted(dovecot, postfix, box), shop=SHOP)
    ini_file.save(tmp_path / "kollect.ini", settings)

    def run(*arguments: str, code: int = 0) -> dict[str, object]:
        ran = kollect(*arguments, "--json", data=tmp_path)
        assert ran.returncode == code, (ran.stdout, ran.stderr)
        return json.loads(ran.stdout)

    # blank mails, numbers, members
    dovecot.deliver(box, blank(TARO, 1), blank(HANA, 2))
    assert run("collect", "--once")["accepted"] == 2
    listed = tmp_path / "members.csv"
    listed.write_text(
        "受付番号,お名前,メール配信,承諾日,承諾方法\n"
        "1001,山田太郎,承諾する,2026/11/22,会員登録用紙\n"
        "1002,鈴木花,承諾する,2026/11/22,会員登録用紙\n",
        encoding="cp932",
    )
    assert run("members", "import", str(listed)) == {"new": 2, "changed": 0, "same": 0}

    # a mail to them
    body = tmp_path / "body.txt"
    body.write_text("★名前★様\n新商品が入りました。\n", encoding="utf-8-sig")
    send = ("send", "--subject", "★店名★より", "--body-file", str(body))
    assert run(*send)["sent"] == 2
    letters = [read(raw) for raw in postfix.wait_for(TARO, 2)]
    [mailing] = [letter for letter in letters if letter["List-Unsubscribe"]]
    assert mailing["Subject"] == "テスト商店より"
    assert "山田太郎様" in mailing.get_content()
    assert mailing["Auto-Submitted"] is None

    # another one is waiting when he follows the link in the first
    waiting = begin(database)
    link = mailing["List-Unsubscribe"]
    dovecot.deliver(box, stop_mail(TARO, unquote(link.partition("subject=")[2].rstrip(">"))))
    report = run("collect", "--once")
    assert (report["left"], report["forwarded"], report["kept"]) == (0, 0, 0)
    assert not dovecot.mails(box)
    letters = [read(raw) for raw in postfix.wait_for(TARO, 3)]
    [confirmed] = [one for one in letters if one["Subject"] == "メールの配信を停止しました"]
    assert confirmed["Auto-Submitted"] == "auto-replied"
    assert "テスト商店からのメールの配信を停止しました。" in confirmed.get_content()
    standing = member(database, TARO).standing
    assert standing.stopped_at is not None

    # no mail any more, also not the one that was waiting
    assert run("send", "--resume")["sent"] == 1
    assert run(*send)["sent"] == 1
    assert len(postfix.wait_for(HANA, 4)) == 4
    postfix.delivered()
    assert len(postfix.received(TARO)) == 3
    with closing(Outbox(database)) as outbox:
        assert {p.number: p.answer for p in outbox.each(waiting)}[1001] == ExclusionReason.STOPPED
    consents = tmp_path / "consents.csv"
    run("members", "consents", str(consents))
    rows = consents.read_text("utf-8-sig").splitlines()
    assert sum(TARO in row for row in rows) == 2  # given, and taken back


# --- from whom, how often


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[ShopProgram, ScriptedPop3, ScriptedSmtp]]:
    with ScriptedPop3() as pop3, ScriptedSmtp() as smtp:
        settings = replace(settings_for(pop3.port, smtp.port), shop=SHOP)
        join(tmp_path / "kollect.db", [TARO, HANA])
        yield ShopProgram(tmp_path, settings, PASSWORD), pop3, smtp


def arrive(pop3: ScriptedPop3, *mails: bytes) -> None:
    for raw in mails:
        pop3.mails[f"uid{len(pop3.mails)}-{abs(hash(raw))}"] = raw


def test_from_nobody_we_know_it_is_forwarded(shop) -> None:
    program, pop3, smtp = shop
    arrive(pop3, stop_mail("stranger@b.example"))
    assert program.report().forwarded == 1
    assert smtp.recipients == [OWNER]


def test_too_many_stop_without_a_confirmation(shop) -> None:
    program, pop3, smtp = shop
    program.change(collect=Collect(replies_per_hour=2))
    arrive(pop3, *(stop_mail(TARO, "退会", number) for number in range(5)))
    report = program.report()
    assert Counter(smtp.recipients) == {TARO: 2}
    assert (report.kept, report.left) == (3, 0)
    assert member(program.folder / "kollect.db", TARO).standing.stopped_at is not None
    assert member(program.folder / "kollect.db", HANA).standing.stopped_at is None


def moved(program: ShopProgram) -> Path:
    """TARO has a new phone, and the membership has gone there. Returns the database."""
    database = program.folder / "kollect.db"
    with closing(Ledger(database)) as ledger:
        numbered(ledger, TARO_NOW)
    with closing(AddressChanges(database)) as members:
        members.change_address(1001, 1003, local_now(), "会員一覧")
    return database


def test_a_stop_from_the_phone_that_a_member_has_left(shop) -> None:
    """The letters of the months before lie on that phone; their link writes from there."""
    program, pop3, smtp = shop
    database = moved(program)
    waiting = begin(database)
    arrive(pop3, stop_mail(TARO))
    assert program.report().forwarded == 0
    assert smtp.recipients.count(TARO) == 1, "the confirmation goes to whoever has written"
    assert OWNER not in smtp.recipients
    assert member(database, TARO_NOW).standing.stopped_at is not None
    mailer = Mailer(program.folder, program.settings)
    assert mailer.once() is None
    assert {p.number: p.step for p in mailer.parcels(waiting)}[1001] is RecipientState.LEFT_OUT


def test_not_every_stop_from_a_phone_that_was_left_is_confirmed(shop) -> None:
    program, pop3, smtp = shop
    moved(program)
    program.change(collect=Collect(replies_per_hour=2))
    arrive(pop3, *(stop_mail(TARO, number=number) for number in range(5)))
    program.report()
    assert smtp.recipients.count(TARO) == 2


def test_a_receipt_is_not_marked_by_its_confirmation(shop) -> None:
    program, pop3, _ = shop
    before = program.receipts()
    arrive(pop3, stop_mail(TARO))
    program.report()
    assert program.receipts() == before


def returned(letter_id: str) -> bytes:
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; b.example\r\n\r\n"
        f"Final-Recipient: rfc822; {HANA}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        "--x\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {letter_id}\r\n\r\n--x--\r\n"
    ).encode()


def test_mailings_that_come_back_on_two_days_mark_the_member(shop) -> None:
    program, pop3, _ = shop
    database = program.folder / "kollect.db"
    mailer = Mailer(program.folder, program.settings)
    for known in ("", "no such user"):
        mailing = begin(database)
        assert mailer.once() is None
        [recipient] = [p for p in mailer.parcels(mailing) if p.address == HANA]
        arrive(pop3, returned(recipient.letter_id))
        assert program.report().bounced == 1
        [recipient] = [p for p in mailer.parcels(mailing) if p.address == HANA]
        assert (recipient.step, recipient.answer) == (
            RecipientState.UNDELIVERABLE,
            "550 5.1.1 no such user",
        )
        assert known in member(database, HANA).standing.undeliverable
        assert bool(known) is bool(member(database, HANA).standing.undeliverable)
        by_hand(database, "UPDATE returned_letter SET day = date(day, '-1 day')")
    assert member(database, TARO).standing.undeliverable == ""
    again = begin(database)
    assert mailer.once() is None
    assert {p.address: p.step for p in mailer.parcels(again)} == {
        TARO: RecipientState.SENT,
        HANA: RecipientState.LEFT_OUT,
    }


def test_the_collector_goes_on_while_mails_go_out(shop) -> None:
    """Both write into one file: neither waits for long, neither fails."""
    program, pop3, smtp = shop
    guests = [f"guest{n}@c.example" for n in range(200)]
    join(program.folder / "kollect.db", guests)
    begin(program.folder / "kollect.db")
    mailer = Mailer(program.folder, program.settings)
    arrive(pop3, *(blank(f"new{n}@d.example", n) for n in range(100)))
    mailer.worker.start()
    try:
        report = program.report()
    finally:
        while mailer.worker.busy:
            mailer.worker.join(0.02)
        mailer.worker.stop()
        assert mailer.worker.join(30)
    assert (report.accepted, report.left, report.deferred) == (100, 0, 0)
    assert max(Counter(smtp.recipients).values()) == 1
    assert len(smtp.kept) == 302


# --- the power cut


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A shop with two members and a mailing to them that has not begun to go out."""
    folder = tmp_path_factory.mktemp("joined")
    join(folder / "kollect.db", [TARO, HANA])
    return folder, begin(folder / "kollect.db")


def play(joined: tuple[Path, int], at: int, *, after: bool, plain: bool) -> Fuse:
    """His 配信停止 arrives, with a cut at this act; then the power comes back."""
    fuse = Fuse(at, after=after)
    script = Script(pipelining=not plain, chunking=not plain)
    with (
        tempfile.TemporaryDirectory() as name,
        ScriptedPop3([stop_mail(TARO)]) as pop3,
        ScriptedSmtp(script) as smtp,
    ):
        folder = Path(name) / "data"
        shutil.copytree(joined[0], folder)
        settings = replace(settings_for(pop3.port, smtp.port), shop=SHOP)
        program = ShopProgram(folder, settings, PASSWORD)
        try:
            with fused(fuse):
                program.poll()
        except PowerCut:
            assert fuse.blown
        if not pop3.mails:  # it leaves the server only when all is done
            assert smtp.recipients == [TARO]
        if smtp.kept:  # nobody is told what is not so
            assert member(folder / "kollect.db", TARO).standing.stopped_at is not None
        for _ in range(4):
            report, trouble = program.poll()
            if not (report.left or report.deferred or trouble):
                break
        mailer = Mailer(folder, settings)
        assert mailer.once() is None
        told = [read(kept.data) for kept in smtp.kept if kept.recipients == (TARO,)]
        assert {one["Subject"] for one in told} == {"メールの配信を停止しました"}
        assert len({one["Message-ID"] for one in told}) == 1
        assert len(told) == 1 or (len(told) == 2 and fuse.blown)
        assert smtp.recipients.count(HANA) == 1
        assert not pop3.mails
        assert {p.address: p.step for p in mailer.parcels(joined[1])} == {
            TARO: RecipientState.LEFT_OUT,
            HANA: RecipientState.SENT,
        }
    return fuse


@pytest.mark.slow
@pytest.mark.parametrize("plain", [False, True], ids=["streamed", "plain"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_the_power_cut_at_every_act_of_a_stop(
    joined: tuple[Path, int], after: bool, plain: bool
) -> None:
    scene = play(joined, 10**9, after=after, plain=plain)
    assert {"COMMIT", "INSERT", "UPDATE"} < set(scene.names)
    for at in range(1, scene.acts + 1):
        play(joined, at, after=after, plain=plain)


def test_a_gap_that_is_left_in_a_text_is_told_before_it_is_sent(tmp_path: Path) -> None:
    ini_file.save(tmp_path / "kollect.ini", replace(settings_for(1, 1), shop=SHOP))
    join(tmp_path / "kollect.db", [TARO])
    body = tmp_path / "body.txt"
    for text, told in (("○月○日はお休みです。", "「○月○日」"), ("12月3日はお休みです。", "")):
        body.write_text(text, encoding="utf-8")
        ran = kollect(
            *("send", "--subject", "臨時休業", "--body-file", str(body), "--dry-run"),
            data=tmp_path,
        )
        assert ran.returncode == 0
        assert ("うめられていません" in ran.stderr) is bool(told)
        assert told in ran.stderr
