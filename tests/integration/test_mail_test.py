"""「メールの設定のテスト」 on real servers: each encryption, each usual mistake, the way out."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from kollect.app import mail_test
from kollect.app.mail_test import MailTest, MailTestStep
from kollect.errors import Stage
from kollect.settings.model import Auth, Passwords, Protocol, Receive, Security, Send, Settings, Tls
from tests.helpers.certificates import Certificates
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import Act, At, ScriptedSmtp
from tests.helpers.shop import ADDRESS, ShopProgram, settings_for

MARK = "0123456789abcdef"
SECRET = "S3cret-pw!"
STRANGERS = (
    blank("a@customer.example", 1),
    b"X-Kollect-Test: of-another-shop\r\n" + blank(ADDRESS, 2),
)
_boxes = itertools.count(1)


@dataclass
class Told:
    """The steps as they are said."""

    steps: list[MailTestStep] = field(default_factory=list)

    def __call__(self, step: MailTestStep) -> None:
        self.steps.append(step)

    @property
    def ended(self) -> list[tuple[str, bool | None]]:
        return [(step.name, step.ok) for step in self.steps if step.ok is not None]

    @property
    def failed(self) -> MailTestStep:
        [step] = [step for step in self.steps if step.ok is False]
        return step


def check_of(
    settings: Settings,
    told: Told,
    password: str = SECRET,
    stopping: Callable[[], bool] = lambda: False,
) -> MailTest:
    now = lambda: datetime.now().astimezone()  # noqa: E731
    return MailTest(settings, Passwords(password, password), MARK, told, now, stopping)


def real(dovecot: Dovecot, postfix: Postfix) -> Settings:
    account = f"check{next(_boxes)}"
    return Settings(
        receive=Receive(
            host="localhost",
            port=dovecot.pop3,
            security=Security.STARTTLS,
            account=account,
            timeout_seconds=10,
        ),
        send=Send(
            host="localhost",
            port=postfix.plain,
            auth=Auth.YES,
            account=postfix.account,
            timeout_seconds=10,
        ),
        tls=Tls(ca_file=dovecot.ca_file),
        mail_address=f"{account}@shop.example",
        forward_address="owner@customer.example",
    )


@pytest.mark.real
@pytest.mark.parametrize("auth", [Auth.YES, Auth.SSL])
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.SSL])
@pytest.mark.parametrize("protocol", [Protocol.POP3, Protocol.IMAP])
def test_every_encryption_from_the_test_to_the_answer(
    dovecot: Dovecot,
    postfix: Postfix,
    tmp_path: Path,
    protocol: Protocol,
    security: Security,
    auth: Auth,
) -> None:
    settings = real(dovecot, postfix)
    ports = {
        (Protocol.POP3, Security.STARTTLS): dovecot.pop3,
        (Protocol.POP3, Security.SSL): dovecot.pop3s,
        (Protocol.IMAP, Security.STARTTLS): dovecot.imap,
        (Protocol.IMAP, Security.SSL): dovecot.imaps,
    }
    receive = replace(settings.receive, protocol=protocol, security=security)
    receive = replace(receive, port=ports[protocol, security])
    send = replace(settings.send, auth=auth)
    settings = replace(settings, receive=receive, send=send)
    box = settings.receive.account
    dovecot.deliver(box, *STRANGERS)
    told = Told()
    test = check_of(settings, told, dovecot.password)
    assert test.send(), told.steps
    [sent] = postfix.wait_for(settings.mail_address)
    dovecot.deliver(box, sent)
    assert test.receive(5), told.steps
    assert test.send(), told.steps
    assert not test.receive(0), "this is the one before"
    told.steps.clear()
    assert test.clean(), told.steps
    assert "1通" in told.steps[-1].happened
    assert len(dovecot.mails(box)) == len(STRANGERS)
    assert Stage.ENCRYPT in [step.name for step in told.steps]
    assert all(ok for _, ok in told.ended)

    customer = f"{box}..x@docomo.ne.jp"
    dovecot.empty(box)
    dovecot.deliver(box, blank(customer, 1))
    shop = ShopProgram(tmp_path, settings, dovecot.password)
    assert shop.report().accepted == 1
    assert len(postfix.wait_for(customer)) == 1
    assert dovecot.mails(box) == []


@pytest.mark.real
def test_what_the_receiving_server_wrote_into_our_mail_is_told(
    dovecot: Dovecot, postfix: Postfix
) -> None:
    settings = real(dovecot, postfix)
    told = Told()
    test = check_of(settings, told, dovecot.password)
    assert test.send(), told.steps
    [sent] = postfix.wait_for(settings.mail_address)
    received = (
        b"Received: from localhost by mx.shop.example with ESMTP; Sat, 28 Nov 2026 10:00:03 +0900\n"
        b"Authentication-Results: mx.shop.example; spf=softfail smtp.mailfrom=shop.example;\n"
        b" dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example\n"
    )
    dovecot.deliver(settings.receive.account, received + sent)
    assert test.receive(5), told.steps
    assert [note.verdict.sign for note in told.steps[-1].notes] == ["✗", "✓", "✓"]
    assert "SPF" in str(told.steps[-1])
    notes = json.loads(json.dumps(told.steps[-1].as_json()))["notes"]
    assert [*notes[0]] == ["grade", "what", "meaning", "cure", "carriers"], "as agreed upon"
    assert notes[0]["grade"] == "✗" and "docomo" in notes[0]["carriers"]
    assert notes[1]["meaning"].endswith("。") and notes[1]["carriers"] == []
    told.steps.clear()
    assert test.clean()

    assert test.send()
    [*_, sent] = postfix.wait_for(settings.mail_address, 2)
    dovecot.deliver(settings.receive.account, sent)
    assert test.receive(5), told.steps
    [note] = told.steps[-1].notes
    assert note.verdict.sign == "△", "this server writes nothing: Gmail or a phone will tell"


@pytest.mark.real
def test_a_wrong_password(dovecot: Dovecot, postfix: Postfix) -> None:
    for act in (MailTest.send, MailTest.receive, MailTest.clean):
        told = Told()
        assert not act(check_of(real(dovecot, postfix), told, "not-this-one"))
        assert told.failed.name == Stage.LOGIN
        assert "パスワード" in told.failed.cure
        assert "not-this-one" not in repr(told.steps) + "".join(map(str, told.steps))


@pytest.mark.real
def test_a_certificate_that_is_not_trusted_can_be_shown_and_pinned(
    dovecot: Dovecot, postfix: Postfix, certificates: Certificates
) -> None:
    settings = replace(real(dovecot, postfix), tls=Tls())
    for act in (MailTest.send, MailTest.receive):
        told = Told()
        assert not act(check_of(settings, told, dovecot.password))
        assert told.failed.name == Stage.CERTIFICATE
        shown = told.failed.certificate
        assert shown is not None
        assert shown.fingerprint == certificates.good.fingerprint
    settings = replace(settings, tls=Tls(trusted_fingerprints=(shown.fingerprint,)))
    assert check_of(settings, Told(), dovecot.password).send()


@pytest.mark.real
def test_a_port_where_nobody_is_and_a_name_that_nobody_has(
    dovecot: Dovecot, postfix: Postfix
) -> None:
    settings = real(dovecot, postfix)
    for port, host, stage in ((1, "localhost", Stage.CONNECT), (995, "no.invalid", Stage.LOOKUP)):
        for act, part in (
            (MailTest.send, "send"),
            (MailTest.receive, "receive"),
            (MailTest.clean, "receive"),
        ):
            wrong = replace(getattr(settings, part), host=host, port=port)
            told = Told()
            assert not act(check_of(replace(settings, **{part: wrong}), told, dovecot.password))
            assert told.failed.name == stage
            assert told.failed.happened
            assert told.failed.cure


@pytest.mark.real
def test_a_mail_that_never_arrives(
    dovecot: Dovecot, postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_test, "LOOK_EVERY", 0.2)
    settings = real(dovecot, postfix)
    dovecot.deliver(settings.receive.account, *STRANGERS)
    told = Told()
    assert not check_of(settings, told, dovecot.password).receive(1)
    assert told.failed.name == Stage.RECEIVE
    assert ("メールボックスの確認", True) in told.ended
    assert "送信のテスト" in told.failed.cure
    assert len(dovecot.mails(settings.receive.account)) == len(STRANGERS)


def test_a_listing_that_is_refused_is_the_mailboxs_fault() -> None:
    refuses = Faults(answers={"UIDL": b"-ERR [SYS/TEMP] broken\r\n"})
    with ScriptedPop3(STRANGERS, refuses) as pop3:
        for act in (MailTest.receive, MailTest.clean):
            told = Told()
            assert not act(check_of(settings_for(pop3.port, 1), told))
            assert told.ended[-1] == (Stage.MAILBOX, False)


def test_a_server_that_wants_a_pause_between_two_logins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_test, "LOOK_EVERY", 0.2)
    delay = Faults(answers={"PASS": b"-ERR [LOGIN-DELAY] wait\r\n"})
    with ScriptedPop3(STRANGERS, [Faults(), delay, delay, Faults()]) as pop3:
        told = Told()
        test = check_of(settings_for(pop3.port, 1), told)
        pop3.put(f"X-Kollect-Test: {MARK}\r\n".encode() + blank(ADDRESS, 9))
        pop3.faults[0] = Faults(lines={"UIDL": b"1 id000001", "LIST": b"1 10"})
        assert test.receive(20), told.steps
        assert len(pop3.sessions) == 4


def test_what_the_test_leaves_alone() -> None:
    ours = f"X-Kollect-Test: {MARK}\r\n".encode() + blank(ADDRESS, 9)
    with ScriptedPop3([*STRANGERS, ours, *STRANGERS, ours]) as pop3:
        test = check_of(settings_for(pop3.port, 1), Told())
        assert test.clean()
        assert list(pop3.mails.values()) == [*STRANGERS, *STRANGERS]
        assert not [c for c in pop3.commands if c.startswith("RETR")]


@pytest.mark.parametrize("looks", [4, 5, 6])
def test_it_can_be_stopped_at_every_mail(looks: int) -> None:
    ours = f"X-Kollect-Test: {MARK}\r\n".encode() + blank(ADDRESS, 9)
    for act, mails in (
        (MailTest.clean, (STRANGERS[0], ours, STRANGERS[1])),
        (MailTest.receive, (STRANGERS[0], STRANGERS[1], STRANGERS[0])),
    ):
        with ScriptedPop3(mails) as pop3:
            told = Told()
            asked = itertools.count()
            stopping = lambda asked=asked: next(asked) >= looks  # noqa: E731
            assert not act(check_of(settings_for(pop3.port, 1), told, stopping=stopping))
            assert "中止" in told.failed.happened
            assert len(pop3.mails) == 3


def test_it_can_be_stopped_while_the_server_thinks_about_the_mail() -> None:
    with ScriptedSmtp() as smtp:
        smtp.script.fault = lambda at: Act.HANG if at.verb in ("DOT", "BDAT") else None
        settings = settings_for(1, smtp.port)
        settings = replace(settings, send=replace(settings.send, final_timeout_seconds=600))
        told = Told()
        started = time.monotonic()
        test = check_of(
            settings, told, stopping=lambda: any(s.name == Stage.SEND for s in told.steps)
        )
        assert not test.send()
        assert time.monotonic() - started < 60  # not the 600 of the setting
        assert "中止" in told.failed.happened


@pytest.mark.parametrize(
    ("verb", "answer", "words"),
    [
        ("MAIL", "550 5.7.60 not your address", "認めません"),
        ("RCPT", "550 5.1.1 no such user", "受け取りませんでした"),
        ("DOT", Act.KEEP_AND_CUT, "わかりません"),
    ],
)
def test_what_the_server_says_to_the_test_mail(verb: str, answer: str | Act, words: str) -> None:
    def fault(at: At) -> str | Act | None:
        return answer if at.verb == verb else None

    with ScriptedSmtp() as smtp:
        smtp.script.fault = fault
        smtp.script.chunking = False
        told = Told()
        assert not check_of(settings_for(1, smtp.port), told).send()
        assert told.failed.name == Stage.SEND
        assert words in told.failed.happened
        assert told.failed.cure


@pytest.mark.real
def test_all_in_a_row(dovecot: Dovecot, postfix: Postfix) -> None:
    """The mail is delivered from Postfix's box to Dovecot's while it is waited for."""
    settings = real(dovecot, postfix)
    box = settings.receive.account
    dovecot.deliver(box, *STRANGERS)
    told = Told()

    def on_step(step: MailTestStep) -> None:
        told(step)
        if step.part == "送信のテスト" and step.name == Stage.SEND and step.ok:
            [sent] = postfix.wait_for(settings.mail_address)
            dovecot.deliver(box, sent)

    now = lambda: datetime.now().astimezone()  # noqa: E731
    password = dovecot.password
    assert MailTest(settings, Passwords(password, password), MARK, on_step, now).all(10), told.steps
    assert list(dict.fromkeys(step.part for step in told.steps)) == list(mail_test.MailTestPart)
    assert len(dovecot.mails(box)) == len(STRANGERS)


@pytest.mark.real
def test_all_in_a_row_as_far_as_it_has_a_meaning(dovecot: Dovecot, postfix: Postfix) -> None:
    settings, told = real(dovecot, postfix), Told()
    no_sending = replace(settings, send=replace(settings.send, port=1))
    assert not check_of(no_sending, told, dovecot.password).all()
    assert {step.part for step in told.steps} == {"送信のテスト", "テスト後処理"}
    told = Told()
    no_box = replace(settings, receive=replace(settings.receive, port=1))
    assert not check_of(no_box, told, dovecot.password).all()
    assert {step.part for step in told.steps} == {"送信のテスト", "受信のテスト"}
    told = Told()
    assert not check_of(settings, told, dovecot.password).all(0), "it never arrives"
    assert [step.ok for step in told.steps if step.part == "テスト後処理"][-1]


def test_stopped_between_the_parts_nothing_more_is_begun() -> None:
    with ScriptedSmtp() as smtp:
        told = Told()
        stopping = lambda: any(s.name == Stage.SEND and s.ok for s in told.steps)  # noqa: E731
        assert not check_of(settings_for(1, smtp.port), told, stopping=stopping).all()
    assert {step.part for step in told.steps} == {"送信のテスト"}
