"""Once encrypted, always: somebody on the line takes the offer out, and nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from kollect.app.mail_test import MailTest, MailTestStep
from kollect.errors import EncryptionGone, LoginTrouble, ServerTrouble, Stage
from kollect.inbox.open_mailbox import open_mailbox
from kollect.ledger import encryption_record
from kollect.ledger.ledger import Ledger
from kollect.net.server_memory import forget_all
from kollect.settings.model import Auth, Passwords, Protocol, Receive, Security, Send, Settings, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, OutgoingMail
from tests.helpers.certificates import Certificates
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_pop3 import CAPABILITIES, Faults, ScriptedPop3
from tests.helpers.scripted_smtp import At, ScriptedSmtp
from tests.helpers.shop import ADDRESS, ShopProgram, settings_for

PASSWORD = "S3cret-pw!"
PERILOUS = ("AUTH", "MAIL", "RCPT", "DATA", "BDAT")


@pytest.fixture
def smtp(scripted_smtp: ScriptedSmtp, certificates: Certificates) -> ScriptedSmtp:
    """With STARTTLS and a login."""
    scripted_smtp.script.tls = certificates.good.context()
    scripted_smtp.script.mechanisms = ("PLAIN", "CRAM-MD5")
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    return scripted_smtp


@pytest.fixture
def tls(certificates: Certificates) -> Tls:
    return Tls(ca_file=str(certificates.ca_file))


def send_to(server: ScriptedSmtp, **changes) -> Send:
    send = Send(host="localhost", port=server.port, auth=Auth.YES, account="shop")
    return replace(send, timeout_seconds=5, final_timeout_seconds=5, **changes)


def sent(server: ScriptedSmtp, tls: Tls, **changes) -> None:
    post = SmtpClient(send_to(server, **changes), tls, ADDRESS, PASSWORD)
    letter = OutgoingMail(1, "a@customer.example", b"Subject: x\r\n\r\nx\r\n")
    try:
        [outcome] = [one for outcomes in post.deliver([letter]) for one in outcomes]
    finally:
        post.close()
    assert outcome.status is DeliveryStatus.ACCEPTED


def nothing_was_given_away(server: ScriptedSmtp) -> None:
    assert not [one for one in server.commands[-1] if one.startswith(PERILOUS)]


# --- SMTP


def strip(server: ScriptedSmtp) -> None:
    server.script.tls = None


def refuse_for_now(server: ScriptedSmtp) -> None:
    server.script.fault = lambda at: "454 4.7.0 not now" if at.verb == "STARTTLS" else None


def refuse(server: ScriptedSmtp) -> None:
    server.script.fault = lambda at: "502 5.5.1 unknown" if at.verb == "STARTTLS" else None


def take_out_ehlo(server: ScriptedSmtp) -> None:
    server.script.ehlo = False


ATTACKS = [strip, refuse_for_now, refuse, take_out_ehlo]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("auth", [Auth.YES, Auth.NO, Auth.SSL])
def test_smtp_that_no_longer_offers_starttls_is_told_nothing(
    smtp: ScriptedSmtp, tls: Tls, auth: Auth, attack
) -> None:
    sent(smtp, tls, auth=auth)
    attack(smtp)
    with pytest.raises(EncryptionGone) as caught:
        sent(smtp, tls, auth=auth)
    assert caught.value.stage is Stage.ENCRYPT
    assert "割り込み" in caught.value.happened
    assert "今後は暗号化しない" in caught.value.cure
    assert "465" in caught.value.cure
    nothing_was_given_away(smtp)
    assert len(smtp.kept) == 1
    allowed = replace(tls, allow_plaintext_password=True)
    with pytest.raises(EncryptionGone):
        sent(smtp, allowed, auth=auth)
    nothing_was_given_away(smtp)


def test_smtp_answers_from_the_line_behind_starttls_are_not_believed(
    smtp: ScriptedSmtp, tls: Tls
) -> None:
    """CVE-2011-0411 and its kin, before and after the first good session."""
    injected = "220 go on\r\n250-scripted.example\r\n250 AUTH PLAIN"
    smtp.script.fault = lambda at: injected if at.verb == "STARTTLS" else None
    with pytest.raises(ServerTrouble, match="安全に通信できません"):
        sent(smtp, tls)
    smtp.script.fault = None
    sent(smtp, tls)
    smtp.script.fault = lambda at: injected if at.verb == "STARTTLS" else None
    with pytest.raises(ServerTrouble, match="安全に通信できません"):
        sent(smtp, tls)
    nothing_was_given_away(smtp)


def test_smtp_host_is_the_same_in_any_spelling(smtp: ScriptedSmtp, tls: Tls) -> None:
    sent(smtp, tls)
    strip(smtp)
    for host in ("LOCALHOST", " localhost ", "localhost."):
        with pytest.raises(EncryptionGone):
            sent(smtp, tls, host=host)


def test_smtp_that_never_offered_is_used_as_it_is_on_this_machine(
    smtp: ScriptedSmtp, tls: Tls
) -> None:
    strip(smtp)
    sent(smtp, tls)


@pytest.mark.parametrize("offered", [("PLAIN", "LOGIN"), ("CRAM-MD5",), ("CRAM-MD5", "LOGIN")])
def test_smtp_stripped_from_the_very_first_session_gets_no_login(
    smtp: ScriptedSmtp, tls: Tls, offered: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kollect.net.connection.Line.loopback", False)
    strip(smtp)
    smtp.script.mechanisms = offered
    with pytest.raises(LoginTrouble, match="やめました"):
        sent(smtp, tls)
    nothing_was_given_away(smtp)


# --- POP3 and IMAP


@pytest.fixture
def pop3(certificates: Certificates) -> Iterator[ScriptedPop3]:
    offers = Faults(capabilities=(*CAPABILITIES, "STLS"))
    with ScriptedPop3((), offers, context=certificates.good.context()) as server:
        yield server


def read(server: ScriptedPop3 | ScriptedImap, tls: Tls, security: Security) -> None:
    protocol = Protocol.IMAP if isinstance(server, ScriptedImap) else Protocol.POP3
    receive = Receive(protocol, "localhost", server.port, security, "shop", 5)
    open_mailbox(receive, tls, PASSWORD).close()


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.NONE])
def test_pop3_that_no_longer_offers_stls_is_told_nothing(
    pop3: ScriptedPop3, tls: Tls, security: Security
) -> None:
    read(pop3, tls, Security.STARTTLS)
    pop3.context, pop3.faults = None, [Faults()]
    with pytest.raises(EncryptionGone) as caught:
        read(pop3, replace(tls, allow_plaintext_password=True), security)
    assert "995" in caught.value.cure
    assert "受信のテスト" in caught.value.cure
    assert pop3.sessions[-1] in (["STLS"], ["CAPA"])


def test_pop3_that_still_offers_stls_may_be_used_without_by_the_settings(
    pop3: ScriptedPop3, tls: Tls
) -> None:
    read(pop3, tls, Security.STARTTLS)
    read(pop3, tls, Security.NONE)


@pytest.mark.parametrize("answer", [b"-ERR [SYS/TEMP] later\r\n", b"-ERR unknown\r\n"])
def test_pop3_that_refuses_stls_is_told_nothing(
    pop3: ScriptedPop3, tls: Tls, answer: bytes
) -> None:
    read(pop3, tls, Security.STARTTLS)
    pop3.context, pop3.faults = None, [Faults(answers={"STLS": answer})]
    with pytest.raises(EncryptionGone):
        read(pop3, tls, Security.STARTTLS)
    assert pop3.sessions[-1] == ["STLS"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.NONE])
@pytest.mark.parametrize(
    "answers",
    [
        {"STARTTLS": b"TAG NO not any more\r\n"},
        {"STARTTLS": b"TAG BAD unknown\r\n"},
        {"GREETING": b"* PREAUTH go ahead\r\n"},
    ],
)
def test_imap_that_no_longer_offers_starttls_is_told_nothing(
    tls: Tls, security: Security, answers: dict[str, bytes]
) -> None:
    with ScriptedImap(faults=ImapFaults(answers=answers)) as server:
        encryption_record.memory_of("imap", "localhost", server.port).has_offered_encryption()
        with pytest.raises(EncryptionGone) as caught:
            read(server, tls, security)
    assert "993" in caught.value.cure
    assert not [one for one in server.commands if one.startswith(("LOGIN", "AUTH", "SELECT"))]


# --- remembered


def shop_on(folder: Path, pop3: ScriptedPop3, smtp: ScriptedSmtp, tls: Tls) -> ShopProgram:
    settings = replace(settings_for(pop3.port, smtp.port), tls=tls, send=send_to(smtp))
    return ShopProgram(folder, settings, PASSWORD)


def restart() -> None:
    forget_all()


def test_settings_that_have_worked_are_not_suspected_first_over_a_restart_too(
    smtp: ScriptedSmtp, tls: Tls, tmp_path: Path
) -> None:
    with ScriptedPop3([blank("a@customer.example", 1)]) as pop3:
        shop = shop_on(tmp_path, pop3, smtp, tls)
        assert shop.report().accepted == 1
    restart()  # the server has gone meanwhile
    _, trouble = shop.poll()
    assert trouble is not None and "受け付けませんでした" in trouble.happened
    assert trouble.cure.startswith("前は、同じ設定でつながっていました。")
    assert "自動的に" in trouble.cure
    tested: list[MailTestStep] = []
    MailTest(shop.settings, Passwords(PASSWORD, PASSWORD), "x", tested.append, datetime.now).clean()
    assert tested[-1].cure.startswith("前は、同じ設定でつながっていました。")
    assert "自動的に" not in tested[-1].cure and "もう一度試して" in tested[-1].cure
    other = replace(shop.settings.receive, security=Security.STARTTLS)
    with pytest.raises(ServerTrouble) as caught:
        open_mailbox(other, tls, PASSWORD)
    assert caught.value.cure.startswith("ポート番号と暗号化の設定を確かめて"), "never seen to work"


def test_it_is_remembered_over_a_restart_and_forgotten_only_on_demand(
    smtp: ScriptedSmtp, tls: Tls, tmp_path: Path
) -> None:
    with ScriptedPop3([blank("a@customer.example", 1)]) as pop3:
        shop = shop_on(tmp_path, pop3, smtp, tls)
        assert shop.report().accepted == 1
        strip(smtp)
        restart()
        pop3.put(blank("b@customer.example", 2))
        report, trouble = shop.poll()
        assert isinstance(trouble, EncryptionGone)
        assert (report.accepted, report.deferred, len(smtp.kept)) == (1, 1, 1)
        nothing_was_given_away(smtp)
        assert len(pop3.mails) == 1, "it waits for its answer"
        with closing(Ledger(tmp_path / "kollect.db")) as ledger:
            encryption_record.forget(ledger, trouble.server)
        assert shop.report().deferred == 0
        restart()
        pop3.put(blank("c@customer.example", 3))
        assert shop.report().accepted == 1
        assert len(smtp.kept) == 3


def test_the_tests_of_the_settings_remember_it_too(
    smtp: ScriptedSmtp, tls: Tls, tmp_path: Path
) -> None:
    with ScriptedPop3() as pop3:
        settings = shop_on(tmp_path, pop3, smtp, tls).settings
        database = tmp_path / "kollect.db"

        def steps(settings: Settings) -> list[MailTestStep]:
            told: list[MailTestStep] = []
            now = lambda: datetime.now().astimezone()  # noqa: E731
            check = MailTest(settings, Passwords(PASSWORD, PASSWORD), "mark", told.append, now)
            with encryption_record.encryption_kept(database, settings):
                check.send()
            return told

        assert all(step.ok is not False for step in steps(settings))
        restart()
        strip(smtp)
        [failed] = [step for step in steps(settings) if step.ok is False]
    assert failed.encryption_gone == ("smtp", "localhost", smtp.port)
    assert failed.name == Stage.ENCRYPT
    assert failed.as_json()["encryption_gone"]


def test_one_login_for_a_test_of_sending(smtp: ScriptedSmtp, tls: Tls, tmp_path: Path) -> None:
    logins: list[At] = []
    smtp.script.fault = lambda at: logins.append(at) if at.verb == "AUTH" else None
    told: list[MailTestStep] = []
    settings = Settings(send=send_to(smtp), tls=tls, mail_address=ADDRESS)
    now = lambda: datetime.now().astimezone()  # noqa: E731
    assert MailTest(settings, Passwords("", PASSWORD), "mark", told.append, now).send()
    assert len(logins) == 1
    assert len(smtp.commands) == 1
    names = [step.name for step in told if step.ok]
    assert names == [
        Stage.LOOKUP,
        Stage.CONNECT,
        Stage.ENCRYPT,
        Stage.CERTIFICATE,
        Stage.LOGIN,
        Stage.SEND,
    ]
