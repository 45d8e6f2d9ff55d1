"""The demo's mail server under independent clients and hostile ones, and the story told by it."""

from __future__ import annotations

import poplib
import random
import smtplib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from subprocess import run

import pytest

from kollect.collector.events import PollReport
from kollect.demo.customer import Customer, read_mailbox
from kollect.demo.phone import Phone
from kollect.demo.server import DemoServer
from kollect.demo.shop import OWNER_ADDRESS, demo_passwords, demo_settings
from kollect.demo.story import play
from kollect.errors import Trouble
from kollect.mail.plus_address import with_tag
from kollect.settings.model import Security

pytestmark = pytest.mark.real


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def put(server: DemoServer, *raws: bytes) -> None:
    """Bring mails to the shop, as any server of the internet does."""
    with smtplib.SMTP(server.host, server.smtp_port, local_hostname="mx.example") as smtp:
        for raw in raws:
            smtp.sendmail("someone@customer.example", [server.shop_address], raw)


def log_in(server: DemoServer) -> poplib.POP3:
    pop3 = poplib.POP3(server.host, server.pop3_port, timeout=10)
    pop3.user(server.account)
    pop3.pass_(server.password)
    return pop3


def dialogue(port: int, octets: bytes) -> bytes:
    """What the server answers to these octets before it hangs up or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
        line.sendall(octets)
        line.shutdown(socket.SHUT_WR)
        heard = b""
        try:
            while piece := line.recv(65536):
                heard += piece
        except OSError:
            pass
        return heard


class TestStarting:
    def test_is_quick_and_leaves_no_thread(self):
        DemoServer().stop()  # never started: nothing to stop
        with DemoServer():  # the first one pays for importing aiosmtpd
            pass
        began = time.perf_counter()
        with DemoServer() as server:
            pop3 = poplib.POP3(server.host, server.pop3_port, timeout=10)
            smtp = smtplib.SMTP(server.host, server.smtp_port, local_hostname="x.example")
        assert time.perf_counter() - began < 60  # how quick it is, is for a quiet machine to tell
        assert "demo mail server" not in {thread.name for thread in threading.enumerate()}
        assert pop3.sock.recv(1) == b"", "an open line is cut when the server stops"
        with pytest.raises(ConnectionError):
            socket.create_connection((server.host, server.pop3_port), timeout=2)
        smtp.close()
        pop3.close()

    def test_aiosmtpd_is_not_imported_before_a_server_runs(self):
        code = "import sys, kollect.demo.story; sys.exit('aiosmtpd' in sys.modules)"
        top = Path(__file__).parents[2]
        assert run([sys.executable, "-c", code], cwd=top, check=False).returncode == 0

    def test_settings_point_at_the_server_and_hide_the_password(self, server: DemoServer):
        settings, passwords = demo_settings(server), demo_passwords(server)
        assert (settings.receive.port, settings.send.port) == (server.pop3_port, server.smtp_port)
        assert settings.receive.security is Security.NONE
        assert (passwords.receive, passwords.send) == (server.password, server.password)
        assert server.password not in f"{settings}{passwords}{server}{vars(server)}"


class TestPlusAddresses:
    """As posters have them: touroku+reji@… comes into the mailbox of the plain address."""

    def test_they_come_into_the_shop_s_mailbox_with_the_address_that_was_written_to(
        self, server: DemoServer
    ):
        poster = with_tag(server.shop_address, "reji")
        customer = Customer(server, "taro@docomo.ne.jp", "太郎")
        customer.send_blank(to=poster)
        (mail,) = server.mailbox(server.shop_address).mails
        assert f"\r\nTo: {poster}\r\n".encode() in mail.raw
        assert server.mailbox(poster) is server.mailbox(server.shop_address)

    def test_nobody_else_has_them_and_nobody_sends_from_them_without_login(
        self, server: DemoServer
    ):
        with smtplib.SMTP(server.host, server.smtp_port, local_hostname="x.example") as smtp:
            smtp.ehlo()
            code, _ = smtp.mail(with_tag(server.shop_address, "reji"))
            assert code == 530
        other = with_tag("someone@customer.example", "reji")
        assert server.mailbox(other) is not server.mailbox("someone@customer.example")


class TestPop3:
    def test_a_mail_comes_out_as_it_went_in(self, server: DemoServer):
        raw = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\nlast line without end"
        put(server, raw)
        with_trace = server.mailbox(server.shop_address).mails[0].raw
        assert with_trace.startswith(b"Return-Path: <someone@customer.example>\r\nReceived: ")
        assert with_trace.endswith(raw + b"\r\n")
        pop3 = log_in(server)
        _, lines, _ = pop3.retr(1)
        assert b"\r\n".join(lines) + b"\r\n" == with_trace
        assert pop3.stat() == (1, len(with_trace))
        pop3.quit()

    @pytest.mark.parametrize(
        ("count", "body"),
        [(0, []), (1, [b".one"]), (3, [b".one", b"", b"two"]), (9, [b".one", b"", b"two"])],
    )
    def test_top_gives_header_and_lines(self, server: DemoServer, count: int, body: list[bytes]):
        put(server, b"Subject: top\r\n\r\n.one\r\n\r\ntwo\r\n")
        pop3 = log_in(server)
        _, lines, _ = pop3.top(1, count)
        assert lines[2:] == [b"Subject: top", b"", *body]

    def test_deleted_only_by_quit(self, server: DemoServer):
        put(server, *[b"Subject: %d\r\n\r\n" % n for n in (1, 2, 3)])
        pop3 = log_in(server)
        uids = [line.split()[1] for line in pop3.uidl()[1]]
        assert len(set(uids)) == 3
        pop3.dele(2)
        with pytest.raises(poplib.error_proto):
            pop3.retr(2)
        with pytest.raises(poplib.error_proto):
            pop3.dele(2)
        assert [line.split()[0] for line in pop3.list()[1]] == [b"1", b"3"]
        pop3.close()  # dies without QUIT: every mail comes back
        pop3 = log_in(server)
        assert [line.split()[1] for line in pop3.uidl()[1]] == uids
        pop3.dele(1)
        pop3.rset()
        pop3.dele(2)
        pop3.quit()
        pop3 = log_in(server)
        assert [line.split()[1] for line in pop3.uidl()[1]] == [uids[0], uids[2]]
        pop3.quit()

    def test_one_session_a_mailbox_several_mailboxes_at_once(self, server: DemoServer):
        customer = Customer(server, "one@customer.example", "一", phone=Phone.IPHONE)
        shop = log_in(server)
        assert customer.read() == []
        with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
            log_in(server)
        shop.quit()
        log_in(server).quit()

    def test_a_mail_that_arrives_during_a_session_waits_for_the_next(self, server: DemoServer):
        put(server, b"Subject: early\r\n\r\n")
        pop3 = log_in(server)
        put(server, b"Subject: late\r\n\r\n")
        assert pop3.stat()[0] == 1
        pop3.dele(1)
        pop3.quit()
        pop3 = log_in(server)
        assert b"Subject: late" in pop3.retr(1)[1]

    def test_wrong_passwords(self, server: DemoServer):
        pop3 = poplib.POP3(server.host, server.pop3_port, timeout=10)
        for name, password in (("shop", "wrong"), ("nobody", server.password), ("shop", "é")):
            pop3.user(name)
            pop3.encoding = "utf-8"
            with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
                pop3.pass_(password)
        assert pop3.sock.recv(1) == b"", "hung up after the third"
        pop3.close()

    def test_pipelined_commands_are_answered_in_order(self, server: DemoServer):
        put(server, b"Subject: p\r\n\r\n")
        login = f"USER {server.account}\r\nPASS {server.password}\r\n".encode()
        heard = dialogue(server.pop3_port, b"CAPA\r\n" + login + b"TOP 1 0\r\nDELE 1\r\nQUIT\r\n")
        assert b"\r\nPIPELINING\r\n" in heard
        assert heard.endswith(b"Subject: p\r\n\r\n.\r\n+OK marked\r\n+OK bye\r\n")
        assert server.mailbox(server.shop_address).mails == ()


class TestSmtp:
    def test_the_shop_must_log_in_and_nobody_may_relay(self, server: DemoServer):
        with smtplib.SMTP(server.host, server.smtp_port, local_hostname="pc.example") as smtp:
            smtp.ehlo()
            assert smtp.esmtp_features["auth"].split() == ["LOGIN", "PLAIN"]
            assert smtp.mail(server.shop_address)[0] == 530
            smtp.rset()
            with pytest.raises(smtplib.SMTPAuthenticationError):
                smtp.login(server.account, "wrong")
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                smtp.sendmail("a@x.example", ["b@y.example"], b"Subject: spam\r\n\r\n")
        assert server.mailbox("b@y.example").mails == ()

    @pytest.mark.parametrize("mechanism", ["auth_plain", "auth_login"])
    def test_the_shop_writes_to_anyone(self, server: DemoServer, mechanism: str):
        to = ["abc..def@docomo.ne.jp", ".x.@ezweb.ne.jp", "O'Brien@Example.COM"]
        with smtplib.SMTP(server.host, server.smtp_port, local_hostname="pc.example") as smtp:
            smtp.ehlo()
            smtp.user, smtp.password = server.account, server.password
            assert smtp.auth(mechanism[5:].upper(), getattr(smtp, mechanism))[0] == 235
            assert smtp.sendmail(server.shop_address, to, b"Subject: hello\r\n\r\n") == {}
            assert smtp.sendmail("", ['"abc..def"@docomo.ne.jp'], b"Subject: null\r\n\r\n") == {}
        for address in to[1:]:
            assert [mail.subject for mail in read_mailbox(server, address.lower())] == ["hello"]
        dotted = server.mailbox(to[0]).mails
        assert [mail.raw.split(b"\r\n")[0] for mail in dotted] == [
            b"Return-Path: <karamail@shop.example>",
            b"Return-Path: <>",
        ]

    def test_a_full_store_says_later(self, server: DemoServer, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("kollect.demo.store.MOST_OCTETS", 1000)
        put(server, b"Subject: fits\r\n\r\n")
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            put(server, b"Subject: too much\r\n\r\n" + b"x\r\n" * 400)
        assert refusal.value.smtp_code == 452
        assert len(server.mailbox(server.shop_address).mails) == 1


HOSTILE = [
    b"",
    b"\r\n" * 2000,
    b"\0" * 5000 + b"\r\n",
    b"A" * 200_000,
    b"USER " + b"\xff\xfe" * 40 + b"\r\nPASS \xff\r\n" * 9,
    b"EHLO x\r\nAUTH PLAIN !!!\r\nAUTH LOGIN\r\n\xff\xff\r\n*\r\n",
    b"EHLO \xf0\x9f\x92\xa9\r\nMAIL FROM:<\xff@\xff>\r\nVRFY \xff\r\nRCPT TO:<>\r\n",
    b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<karamail@shop.example>\r\nDATA\r\n" + b"y" * 9000,
    b"EHLO x\r\nMAIL FROM:<a\rb@c>\r\nRCPT TO:<@@@>\r\nDATA\r\n.\r\nBDAT 99999999999\r\n",
    b"RETR 99999999999999999999\r\nTOP\r\nTOP 1\r\nLIST -1\r\nDELE x\r\nSTAT\r\nUIDL 0\r\nQUIT\r\n",
]


class TestHostile:
    @pytest.mark.parametrize("octets", HOSTILE, ids=range(len(HOSTILE)))
    def test_nonsense_leaves_the_server_at_work(self, server: DemoServer, octets: bytes):
        dialogue(server.smtp_port, octets)
        dialogue(server.pop3_port, octets)
        self.check_works(server)

    def test_nonsense_after_login(self, server: DemoServer):
        put(server, b"Subject: x\r\n\r\nbody\r\n")
        words = [b"TOP", b"RETR", b"DELE", b"LIST", b"UIDL", b"RSET", b"NOOP", b"PASS", b"STAT"]
        numbers = [b"", b"0", b"1", b"2", b"-1", b"1 1", b"1 -1", b"\xd9\xa1", b"9" * 400, b"\0"]
        chance = random.Random(1)
        login = f"USER {server.account}\r\nPASS {server.password}\r\n".encode()
        lines = [b"%s %s\r\n" % (chance.choice(words), chance.choice(numbers)) for _ in range(500)]
        heard = dialogue(server.pop3_port, login + b"".join(lines) + b"RSET\r\nSTAT\r\n")
        size = len(server.mailbox(server.shop_address).mails[0].raw)
        assert heard.endswith(b"+OK\r\n+OK 1 %d\r\n" % size)

    def test_clients_that_vanish(self, server: DemoServer):
        put(server, *[b"Subject: big\r\n\r\n" + b"z" * 70 + b"\r\n" * 200_000])
        login = f"USER {server.account}\r\nPASS {server.password}\r\n".encode()
        for port, octets in [
            (server.pop3_port, login + b"DELE 1\r\n" + b"RETR 1\r\n"),
            (server.pop3_port, login + b"RETR 1\r\n" * 50),
            (server.smtp_port, b"EHLO x\r\n" + b"NOOP\r\n" * 5000),
            (
                server.smtp_port,
                b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<karamail@shop.example>\r\nDATA",
            ),
        ]:
            line = socket.create_connection((server.host, port), timeout=5)
            line.sendall(octets)
            line.recv(10)
            # Linger 0: a reset, not a farewell.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.close()
        self.check_works(server)
        assert len(server.mailbox(server.shop_address).mails) == 2

    def check_works(self, server: DemoServer) -> None:
        put(server, b"Subject: still here\r\n\r\n")
        pop3 = log_in(server)
        count, _ = pop3.stat()
        assert b"Subject: still here" in pop3.retr(count)[1]
        pop3.quit()


class TestCustomer:
    @pytest.mark.parametrize(
        ("address", "phone", "raw"),
        [
            ("abc..def@docomo.ne.jp", Phone.DOCOMO, b"\r\nSubject: \r\n"),
            ("a@gmail.com", Phone.GMAIL, b"\r\nSubject: \r\n"),
            ("a@phone.example", Phone.IPHONE, None),
        ],
    )
    def test_each_phone_leaves_the_subject_empty(
        self, server: DemoServer, address: str, phone: Phone, raw: bytes | None
    ):
        customer = Customer(server, address, "山田花子")
        assert customer.phone is phone
        customer.send_blank()
        mail = server.mailbox(server.shop_address).mails[-1].raw
        assert raw in mail if raw else b"Subject:" not in mail
        assert address.encode() in mail.split(b"From: ")[1].split(b"\r\n")[0]

    @pytest.mark.parametrize("phone", list(Phone))
    @pytest.mark.parametrize("subject", ["(件名なし)", "髙島屋 😀", "plain", "長い" * 80])
    def test_a_subject_and_a_body_arrive(self, server: DemoServer, phone: Phone, subject: str):
        shop = Customer(server, "a@b.example", "<b>&髙", phone=phone)
        message_id = shop.send(subject, "一行目\n2 < 3\n")
        raw = server.mailbox(server.shop_address).mails[-1].raw
        server.mailbox("copy@b.example").add(raw)
        [mail] = read_mailbox(server, "copy@b.example")
        assert (mail.subject, mail.message_id) == (subject, message_id)
        assert mail.body.startswith("一行目\n2 < 3")


@dataclass
class Naive:
    """A collector of the simplest kind, by poplib and smtplib; `broken` names one fault in it."""

    server: DemoServer
    broken: str = ""
    numbers: dict[str, list[int]] = field(default_factory=dict)

    def collect(self) -> PollReport:
        if self.broken == "unreachable":
            raise Trouble("つながりません", happened="応答がありません。", cure="お待ちください。")
        if self.broken == "does nothing":
            return PollReport()
        counts = dict.fromkeys(("accepted", "duplicate", "forwarded"), 0)
        pop3 = log_in(self.server)
        letters = []
        for n in range(1, pop3.stat()[0] + 1):
            raw = b"\r\n".join(pop3.retr(n)[1]) + b"\r\n"
            mail = message_from_bytes(raw)
            sender = parseaddr(mail["From"])[1]
            subject = str(make_header(decode_header(mail["Subject"] or "")))
            if subject in ("", "(件名なし)"):
                known = self.numbers.setdefault(sender, [])
                counts["duplicate" if known else "accepted"] += 1
                known.append(known[0] if known else 1000 + len(self.numbers))
                letters.append(self.reply(sender, mail["Message-ID"], known))
            else:
                counts["forwarded"] += 1
                letters.append(self.forwarding(sender, raw))
            if self.broken != "deletes nothing":
                pop3.dele(n)
        pop3.quit()
        self.post(letters * 2 if self.broken == "sends twice" else letters)
        if self.broken == "miscounts":
            counts["accepted"] += 1
        return PollReport(**counts, left=int(self.broken == "leaves some"))

    def reply(self, sender: str, question: str, known: list[int]) -> EmailMessage:
        settings = demo_settings(self.server)
        texts, mark = (settings.collect, "★1★") if len(known) == 1 else (settings.duplicate, "★2★")
        number = known[0] + (self.broken == "wrong number in the letter")
        letter = EmailMessage()
        letter["Subject"] = texts.reply_subject.replace(mark, str(number))
        letter["From"] = self.server.shop_address
        letter["In-Reply-To"] = "<other@x>" if self.broken == "answers another mail" else question
        if self.broken != "not marked automatic":
            letter["Auto-Submitted"] = "auto-replied"
        letter.set_content(texts.reply_body.replace(mark, str(number)))
        letter.add_header("X-To", sender)
        return letter

    def forwarding(self, sender: str, raw: bytes) -> EmailMessage:
        letter = EmailMessage()
        letter["Subject"] = "転送"
        letter["From"] = self.server.shop_address
        letter["Reply-To"] = self.server.shop_address if self.broken == "reply-to us" else sender
        letter.set_content("転送します。")
        if self.broken != "forwards without the mail":
            letter.add_attachment(message_from_bytes(raw))
        letter.add_header("X-To", sender if self.broken == "answers all" else OWNER_ADDRESS)
        return letter

    def post(self, letters: list[EmailMessage]) -> None:
        with smtplib.SMTP(
            self.server.host, self.server.smtp_port, local_hostname="pc.example"
        ) as smtp:
            smtp.login(self.server.account, self.server.password)
            for letter in letters:
                raw = letter.as_bytes(policy=SMTP)
                smtp.sendmail(self.server.shop_address, [letter["X-To"]], raw)

    def results(self) -> list[Line]:
        rows = [Line(known[0], to, "replied", len(known)) for to, known in self.numbers.items()]
        match self.broken:
            case "lost a row":
                return rows[1:]
            case "shows one as pending":
                return [Line(rows[0].number, rows[0].address, "pending", 1), *rows[1:]]
        return rows


@dataclass(frozen=True)
class Line:
    number: int
    address: str
    state: str
    times: int


def told(server: DemoServer, collector: Naive, **more: Callable) -> tuple[bool, list[str]]:
    lines: list[str] = []
    return play(collector.collect, server, collector.results, lines.append, **more), lines


class TestStory:
    def test_a_right_collector_gets_through(self, server: DemoServer):
        log: list[str] = ["起動"]
        right, lines = told(server, Naive(server), shop_log=lambda: log)
        story = "\n".join(lines)
        assert right, story
        assert "✗" not in story
        assert story.count("✓") >= 20
        assert story.count("| 起動") == 1, "each line of the log is told once"
        for sight in ("受付番号は1003です", "hanako..yamada.@docomo.ne.jp", "営業時間について"):
            assert sight in story
        assert server.password not in story

    @pytest.mark.parametrize(
        ("broken", "claim"),
        [
            ("unreachable", "途中で止まりました"),
            ("does nothing", "件数は"),
            ("deletes nothing", "サーバから消えました"),
            ("sends twice", "返信は1通だけ"),
            ("miscounts", "件数は"),
            ("leaves some", "件数は"),
            ("wrong number in the letter", "番号と文面は"),
            ("answers another mail", "自動返信になって"),
            ("not marked automatic", "自動返信になって"),
            ("reply-to us", "Reply-To"),
            ("forwards without the mail", "添付されています"),
            ("answers all", "自動返信しません"),
            ("lost a row", "番号は順番どおり"),
            ("shows one as pending", "番号は順番どおり"),
        ],
    )
    def test_every_fault_is_seen(self, server: DemoServer, broken: str, claim: str):
        right, lines = told(server, Naive(server, broken))
        assert not right
        crosses = [n for n, line in enumerate(lines) if line.startswith("  ✗")]
        assert any(claim in lines[n] for n in crosses), lines
        for n in crosses:
            assert "こうなるはずでした" in lines[n + 1]
            assert "実際は" in lines[n + 2]
