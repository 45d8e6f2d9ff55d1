"""The first connection to a sending server, and the login: what the shop is told where it fails."""

from __future__ import annotations

import pytest

from kollect.errors import LoginTrouble, ServerTrouble, Stage
from kollect.net.connection import Line
from kollect.settings.model import Auth, Send, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.smtp_delivery import (
    SHOP,
    endings,
    endings_of,
    letters,
    once,
    posting,
    sent,
    settings_for,
)

# --- the first connection


def test_nobody_there():
    post = SmtpClient(Send("127.0.0.1", 1, Auth.NO, timeout_seconds=2), Tls(), SHOP, "")
    batches = []
    with pytest.raises(ServerTrouble) as caught:
        for outcomes in post.deliver(letters(5)):
            batches.append(outcomes)
    assert caught.value.stage is Stage.CONNECT
    assert [one.status for one in batches[0]] == [DeliveryStatus.LATER]
    assert len(batches) == 1
    post.close()


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        ("421 4.3.2 busy", "混みあって"),
        ("554 5.7.1 go away", "断られました"),
        ("+OK POP3 ready", "返事がわかりません"),
    ],
)
def test_unfriendly_greetings(scripted_smtp: ScriptedSmtp, greeting: str, words: str):
    scripted_smtp.script.fault = lambda at: greeting if at.verb == "GREETING" else None
    with posting(scripted_smtp) as post, pytest.raises(ServerTrouble, match=words):
        list(post.deliver(letters(1)))


def test_server_without_ehlo(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.ehlo = False
    assert endings(sent(scripted_smtp, letters(3))) == {DeliveryStatus.ACCEPTED: 3}
    assert scripted_smtp.commands[0][1] == "HELO [127.0.0.1]"
    assert {kept.parameters for kept in scripted_smtp.kept} == {""}


def test_encryption_demanded_and_not_offered(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    with (
        posting(scripted_smtp, auth=Auth.SSL, account="shop", password="x") as post,
        pytest.raises(ServerTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert caught.value.stage is Stage.ENCRYPT
    assert not any(one.startswith("AUTH") for one in scripted_smtp.commands[0])


def test_encryption_offered_and_refused(scripted_smtp: ScriptedSmtp, certificates):
    scripted_smtp.script.tls = certificates.good.context()
    scripted_smtp.script.mechanisms = ("PLAIN",)
    scripted_smtp.script.fault = lambda at: (
        "454 4.7.0 TLS not available" if at.verb == "STARTTLS" else None
    )
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password="x") as post,
        pytest.raises(ServerTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert caught.value.stage is Stage.ENCRYPT
    assert not any(one.startswith("AUTH") for one in scripted_smtp.commands[0])


# --- login

PASSWORD = "ひみつ 5ecret!"


@pytest.mark.parametrize(
    ("offered", "used"),
    [
        (("PLAIN",), "PLAIN"),
        (("LOGIN",), "LOGIN"),
        (("CRAM-MD5",), "CRAM-MD5"),
        (("LOGIN", "PLAIN", "XOAUTH2"), "PLAIN"),
        (("PLAIN", "CRAM-MD5", "LOGIN"), "CRAM-MD5"),
    ],
)
@pytest.mark.parametrize("account", ["shop", "shop@shop.example", "a" * 400])
def test_logins(scripted_smtp: ScriptedSmtp, offered: tuple[str, ...], used: str, account: str):
    scripted_smtp.script.mechanisms = offered
    scripted_smtp.script.accounts = {account: PASSWORD}
    ended = sent(scripted_smtp, letters(2), auth=Auth.YES, account=account, password=PASSWORD)
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 2}
    assert [one.split()[1] for one in scripted_smtp.commands[0] if "AUTH" in one] == [used]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_wrong_password(scripted_smtp: ScriptedSmtp, mechanism: str):
    scripted_smtp.script.mechanisms = (mechanism,)
    scripted_smtp.script.accounts = {"shop": "another"}
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert caught.value.stage is Stage.LOGIN
    assert "パスワード" in caught.value.happened
    assert "535" in caught.value.detail
    assert scripted_smtp.kept == []


@pytest.mark.parametrize("offered", [("CRAM-MD5",), ("CRAM-MD5", "PLAIN", "LOGIN"), ("LOGIN",)])
def test_a_server_that_takes_no_way_it_offers_has_not_refused_the_password(
    scripted_smtp: ScriptedSmtp, offered: tuple[str, ...]
):
    scripted_smtp.script.mechanisms = offered
    scripted_smtp.script.fault = lambda at: (
        f"504 5.5.4 no such: {at.argument} {PASSWORD}" if at.verb == "AUTH" else None
    )
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert "受け付けませんでした。アカウントとパスワードは、まだ" in caught.value.happened
    assert all(name in caught.value.happened for name in offered)
    assert "504" in caught.value.detail
    assert PASSWORD not in caught.value.detail
    assert "入力し直して" not in caught.value.cure


def test_cram_md5_unknown_to_the_account(scripted_smtp: ScriptedSmtp):
    """Offered to all, but only few passwords are stored for it: PLAIN is left, on this machine."""
    scripted_smtp.script.mechanisms = ("CRAM-MD5", "PLAIN")
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    scripted_smtp.script.fault = once(lambda at: at.verb == "AUTH", "535 5.7.8 no")
    ended = sent(scripted_smtp, letters(1), auth=Auth.YES, account="shop", password=PASSWORD)
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 1}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("535-5.7.8 Username and Password not accepted. gsmtp", "アプリ パスワード"),
        ("534-5.7.9 Application-specific password required. gsmtp", "アプリ パスワード"),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "Microsoft"),
        ("535 5.7.8 Error", "入力し直して"),
        ("530 5.7.0 Must issue a STARTTLS command first", "入力し直して"),
    ],
)
def test_refused_logins_tell_the_cure(scripted_smtp: ScriptedSmtp, answer: str, words: str):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    answer = answer.replace("-", " ", 1) if answer[3] == "-" else answer
    scripted_smtp.script.fault = lambda at: answer if at.verb == "AUTH" else None
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert words in caught.value.cure


def test_login_for_now_impossible_is_no_wrong_password(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    scripted_smtp.script.fault = lambda at: "454 4.7.0 later" if at.verb == "AUTH" else None
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(ServerTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert not isinstance(caught.value, LoginTrouble)


@pytest.mark.parametrize(
    ("offered", "words"), [((), "SMTP認証を受け付けて"), (("XOAUTH2",), "対応していません")]
)
def test_no_login_with_a_password(
    scripted_smtp: ScriptedSmtp, offered: tuple[str, ...], words: str
):
    scripted_smtp.script.mechanisms = offered
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble, match=words),
    ):
        list(post.deliver(letters(1)))


def test_no_password_at_all(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop") as post,
        pytest.raises(LoginTrouble, match="入力されていません"),
    ):
        list(post.deliver(letters(1)))


@pytest.mark.parametrize(
    ("offered", "allowed", "expected"),
    [
        (("PLAIN", "LOGIN"), False, None),
        (("PLAIN", "LOGIN", "CRAM-MD5"), False, None),
        (("CRAM-MD5",), False, None),
        (("PLAIN", "LOGIN"), True, "PLAIN"),
        (("PLAIN", "CRAM-MD5"), True, "CRAM-MD5"),
    ],
)
def test_no_password_in_the_clear_off_the_machine(
    scripted_smtp: ScriptedSmtp,
    monkeypatch: pytest.MonkeyPatch,
    offered: tuple[str, ...],
    allowed: bool,
    expected: str | None,
):
    monkeypatch.setattr(Line, "loopback", property(lambda line: False))
    scripted_smtp.script.mechanisms = offered
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    send = settings_for(scripted_smtp, auth=Auth.YES, account="shop")
    post = SmtpClient(send, Tls(allow_plaintext_password=allowed), SHOP, PASSWORD)
    if expected is None:
        with pytest.raises(LoginTrouble, match="やめました"):
            list(post.deliver(letters(1)))
    else:
        assert endings_of(post, letters(1)) == [DeliveryStatus.ACCEPTED]
    post.close()
    used = [one.split()[1] for one in scripted_smtp.commands[0] if one.startswith("AUTH")]
    assert used == ([expected] if expected else [])


def test_password_is_nowhere(scripted_smtp: ScriptedSmtp, caplog: pytest.LogCaptureFixture):
    secrets = {PASSWORD, "AHNob3AA44Gy44G/44GkIDVlY3JldCE="}
    scripted_smtp.script.mechanisms = ("PLAIN",)
    scripted_smtp.script.fault = lambda at: (
        f"535 5.7.8 bad {' '.join(secrets)}" if at.verb == "AUTH" else None
    )
    caplog.set_level("DEBUG")
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert f"AUTH PLAIN {sorted(secrets)[0]}" in scripted_smtp.commands[0]
    for text in (repr(post), str(caught.value), repr(caught.value), caught.value.detail):
        assert not any(secret in text for secret in secrets)
    assert not any(secret in caplog.text for secret in secrets)
