"""The login on all three protocols: which way is tried, how often, and what is shown of it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from kollect.errors import LoginTrouble, MailboxBusy, ServerTrouble, Stage
from kollect.inbox.open_mailbox import open_mailbox
from kollect.net.connection import Line
from kollect.settings.model import Auth, Protocol, Receive, Security, Send, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, OutgoingMail
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import Act, At, ScriptedSmtp

SHOP = "shop@shop.example"
PASSWORD = "S3cret-pw! ひみつ"
BLOB = base64.b64encode(f"\0shop\0{PASSWORD}".encode()).decode()


def post_for(server: ScriptedSmtp, password: str = PASSWORD, **changes) -> SmtpClient:
    send = Send(host=server.host, port=server.port, auth=Auth.YES, account="shop")
    return SmtpClient(replace(send, **({"timeout_seconds": 5} | changes)), Tls(), SHOP, password)


def logged_in(server: ScriptedSmtp, password: str = PASSWORD) -> None:
    post = post_for(server, password)
    try:
        post.connect()
    finally:
        post.close()


def ways(server: ScriptedSmtp) -> list[str]:
    """The mechanisms tried, in all sessions."""
    commands = [one for session in server.commands for one in session]
    return [one.split()[1] for one in commands if one.startswith("AUTH")]


def receive_from(server: ScriptedPop3 | ScriptedImap, **changes) -> Receive:
    protocol = Protocol.IMAP if isinstance(server, ScriptedImap) else Protocol.POP3
    receive = Receive(protocol, server.host, server.port, Security.NONE, server.user, 5)
    return replace(receive, **changes)


def opened(server: ScriptedPop3 | ScriptedImap, password: str = "", **changes) -> None:
    open_mailbox(receive_from(server, **changes), Tls(), password or server.password).abandon()


def said(server: ScriptedPop3 | ScriptedImap) -> list[str]:
    tries = ("PASS", "AUTH ", "APOP", "LOGIN", "AUTHENTICATE")
    return [one.split()[0] for one in server.commands if one.startswith(tries)]


# --- SMTP


@pytest.mark.parametrize("answer", ["535 5.7.8 Login fail", "504 5.5.4 no", "534 5.7.9 too weak"])
@pytest.mark.parametrize(
    ("refused", "tried"),
    [
        (("CRAM-MD5",), ["CRAM-MD5", "PLAIN"]),
        (("CRAM-MD5", "PLAIN"), ["CRAM-MD5", "PLAIN", "LOGIN"]),
    ],
)
def test_smtp_takes_the_next_way_that_is_announced(
    scripted_smtp: ScriptedSmtp, refused: tuple[str, ...], tried: list[str], answer: str
):
    scripted_smtp.script.mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    scripted_smtp.script.fault = lambda at: (
        answer if at.verb == "AUTH" and ways(scripted_smtp)[-1] in refused else None
    )
    logged_in(scripted_smtp)
    assert ways(scripted_smtp) == tried
    logged_in(scripted_smtp)
    assert ways(scripted_smtp)[len(tried) :] == tried[-1:], "the one that worked goes first"


def test_smtp_tries_a_wrong_password_once_in_each_way_and_then_once_a_session(
    scripted_smtp: ScriptedSmtp,
):
    scripted_smtp.script.mechanisms = ("PLAIN", "LOGIN")
    scripted_smtp.script.accounts = {"shop": "another"}
    for tried in (2, 3, 4, 5):
        with pytest.raises(LoginTrouble, match="ログインできません"):
            logged_in(scripted_smtp)
        assert len(ways(scripted_smtp)) == tried
    assert ways(scripted_smtp) == ["PLAIN", "LOGIN", "PLAIN", "LOGIN", "PLAIN"]
    with pytest.raises(LoginTrouble):
        logged_in(scripted_smtp, "typed anew")
    assert len(ways(scripted_smtp)) == 7
    logged_in(scripted_smtp, "another")
    assert len(ways(scripted_smtp)) == 8


def test_smtp_password_changed_after_a_good_login_costs_one_try(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    logged_in(scripted_smtp)
    scripted_smtp.script.accounts = {"shop": "another"}
    for session in (1, 2, 3):
        with pytest.raises(LoginTrouble, match="ログインできません"):
            logged_in(scripted_smtp)
        assert len(ways(scripted_smtp)) == 1 + session
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    logged_in(scripted_smtp)


def test_smtp_server_that_hangs_up_over_a_refusal_is_called_again_for_the_next_way(
    scripted_smtp: ScriptedSmtp,
):
    scripted_smtp.script.mechanisms = ("PLAIN", "LOGIN")
    scripted_smtp.script.accounts = {"shop": PASSWORD}

    def fault(at: At) -> str | Act | None:
        if at.verb != "AUTH" or at.connection > 1:
            return None
        return "535 5.7.8 no" if len(ways(scripted_smtp)) == 1 else Act.CUT

    scripted_smtp.script.fault = fault
    logged_in(scripted_smtp)
    assert ways(scripted_smtp) == ["PLAIN", "LOGIN", "LOGIN"]


def test_smtp_server_that_hangs_up_over_every_way_has_refused(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN", "LOGIN")
    scripted_smtp.script.fault = lambda at: (
        (None if at.verb != "AUTH" else "535 5.7.8 no" if at.connection == 1 else Act.CUT)
        if len(ways(scripted_smtp)) < 2
        else Act.CUT
    )
    with pytest.raises(LoginTrouble, match="ログインできません"):
        logged_in(scripted_smtp)
    assert len(scripted_smtp.commands) == 2


def test_smtp_silence_after_a_refusal_is_the_refusal(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN", "LOGIN")
    scripted_smtp.script.fault = lambda at: (
        None if at.verb != "AUTH" else "535 5.7.8 no" if len(ways(scripted_smtp)) == 1 else Act.HANG
    )
    post = post_for(scripted_smtp, timeout_seconds=2)
    with pytest.raises(LoginTrouble, match="ログインできません"):
        post.connect()
    assert len(scripted_smtp.commands) == 1


def test_smtp_trouble_for_the_moment_ends_the_tries(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN", "LOGIN")
    scripted_smtp.script.fault = lambda at: "454 4.7.0 later" if at.verb == "AUTH" else None
    with pytest.raises(ServerTrouble) as caught:
        logged_in(scripted_smtp)
    assert not isinstance(caught.value, LoginTrouble)
    assert ways(scripted_smtp) == ["PLAIN"]


# --- IMAP


@pytest.mark.parametrize(
    "no",
    [
        b"TAG NO [AUTHENTICATIONFAILED] no\r\n",
        b"TAG NO Login fail\r\n",
        b"TAG BAD unknown command\r\n",
        b"TAG NO [CANNOT] mechanism\r\n",
    ],
)
def test_imap_login_command_is_next_to_authenticate(no: bytes):
    with ScriptedImap(faults=ImapFaults(answers={"AUTHENTICATE": no})) as server:
        opened(server)
        assert said(server) == ["AUTHENTICATE", "LOGIN"]
        opened(server)
        assert said(server)[2:] == ["LOGIN"]


def test_imap_wrong_password_costs_two_tries_then_one_a_session():
    with ScriptedImap() as server:
        for tried in (2, 3, 4):
            with pytest.raises(LoginTrouble):
                opened(server, "wrong")
            assert len(said(server)) == tried
        opened(server)
        with pytest.raises(LoginTrouble):
            opened(server, "wrong")
        assert len(said(server)) == 6


def test_imap_server_that_hangs_up_over_a_refusal_is_called_again():
    faults = ImapFaults(answers={"AUTHENTICATE": b"TAG NO no\r\n* BYE\r\n"})
    with ScriptedImap(faults=faults) as server:
        opened(server)
        assert said(server)[-1] == "LOGIN"


def test_imap_login_is_not_said_where_it_is_disabled():
    capabilities = "IMAP4rev1 LOGINDISABLED AUTH=PLAIN"
    no = {"AUTHENTICATE": b"TAG NO no\r\n"}
    with ScriptedImap(faults=ImapFaults(answers=no, capabilities=capabilities)) as server:
        with pytest.raises(LoginTrouble):
            opened(server)
        assert said(server) == ["AUTHENTICATE"]


# --- POP3


def test_pop3_sasl_is_next_to_user():
    no = {"PASS": b"-ERR [AUTH] not like this\r\n"}
    offers = ("UIDL", "TOP", "USER", "SASL PLAIN LOGIN")
    with ScriptedPop3((), Faults(answers=no, capabilities=offers)) as server:
        opened(server)
        assert said(server) == ["PASS", "AUTH"]
        opened(server)
        assert said(server)[2:] == ["AUTH"]


def test_pop3_wrong_password_costs_one_try_of_each_kind_then_one_a_session():
    offers = ("UIDL", "TOP", "USER", "SASL PLAIN")
    with ScriptedPop3((), Faults(capabilities=offers, stamp="<1@x>")) as server:
        for tried in (3, 4, 5, 6):
            with pytest.raises(LoginTrouble, match="ログインできません"):
                opened(server, "wrong")
            assert len(said(server)) == tried
        before = len(said(server))
        opened(server)
        assert len(said(server)) == before + 1


def test_pop3_a_locked_mailbox_is_not_tried_another_way():
    no = {"PASS": b"-ERR [IN-USE] locked\r\n"}
    offers = ("UIDL", "USER", "SASL PLAIN")
    with (
        ScriptedPop3((), Faults(answers=no, capabilities=offers)) as server,
        pytest.raises(MailboxBusy),
    ):
        opened(server)
    assert said(server) == ["PASS"]


# --- what the server repeats of it

ECHOES = [
    PASSWORD,
    PASSWORD.upper(),
    BLOB,
    BLOB.lower(),
    f"{BLOB[:20]} {BLOB[20:]}",
    base64.b64encode(PASSWORD.encode()).decode(),
    PASSWORD.encode().hex(),
    "".join(f"%{octet:02X}" for octet in PASSWORD.encode()),
    "\x1b[8m".join(PASSWORD),
    "\u200b".join(PASSWORD),
    f'"{PASSWORD}"',
]
TELLTALES = ("S3cret", "UzNjcmV0", "AHNob3", "5333637265", "%53%33%63", "ひみつ")


def nothing_is_told(text: str) -> None:
    squeezed = "".join(c for c in text if c.isprintable() and not c.isspace())
    assert not [one for one in TELLTALES if one.lower() in squeezed.lower()], text
    assert all(c.isprintable() or c == "\u3000" for c in text), ascii(text)


def all_told(trouble: ServerTrouble) -> str:
    return f"{trouble.title}{trouble.happened}{trouble.cure}{trouble.detail}".replace("\n", "")


@pytest.mark.parametrize("echo", ECHOES, ids=ascii)
@pytest.mark.parametrize("kind", ["-ERR [AUTH] no: {}", "? {}", "-ERR {}"])
def test_pop3_login_is_not_repeated(echo: str, kind: str):
    answer = f"{kind.format(f'AUTH PLAIN {echo} is not right')}\r\n".encode()
    faults = Faults(answers={"AUTH": answer}, capabilities=("SASL PLAIN",))
    with (
        ScriptedPop3((), faults, password=PASSWORD) as server,
        pytest.raises(ServerTrouble) as caught,
    ):
        opened(server)
    nothing_is_told(all_told(caught.value))
    assert "is not right" in caught.value.detail


@pytest.mark.parametrize("echo", ECHOES, ids=ascii)
@pytest.mark.parametrize("kind", ["TAG NO [ALERT] {}", "TAG BAD {}", "* BYE {}", "{}", "* {}"])
def test_imap_login_is_not_repeated(echo: str, kind: str):
    answer = f"{kind.format(f'AUTHENTICATE PLAIN {echo} is not right')}\r\n".encode()
    faults = ImapFaults(answers={"AUTHENTICATE": answer, "LOGIN": answer}, cut=("NOOP",))
    with (
        ScriptedImap(faults=faults, password=PASSWORD) as server,
        pytest.raises(ServerTrouble) as caught,
    ):
        opened(server, timeout_seconds=2)
    nothing_is_told(all_told(caught.value))


@pytest.mark.parametrize("echo", ECHOES, ids=ascii)
@pytest.mark.parametrize("kind", ["535 5.7.8 no: {}", "421 4.7.0 {}", "454 4.7.0 {}", "{}", "2x{}"])
def test_smtp_login_is_not_repeated(scripted_smtp: ScriptedSmtp, echo: str, kind: str):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    text = kind.format(f"AUTH PLAIN {echo} is not right")
    scripted_smtp.script.fault = lambda at: text if at.verb == "AUTH" else None
    with pytest.raises(ServerTrouble) as caught:
        logged_in(scripted_smtp)
    nothing_is_told(all_told(caught.value))


@pytest.mark.parametrize("echo", ECHOES, ids=ascii)
def test_smtp_login_is_not_repeated_to_a_letter(scripted_smtp: ScriptedSmtp, echo: str):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    scripted_smtp.script.fault = lambda at: f"550 5.1.1 {echo} no" if at.verb == "RCPT" else None
    post = post_for(scripted_smtp)
    letter = OutgoingMail(1, "a@customer.example", b"Subject: x\r\n\r\n")
    [outcome] = [one for outcomes in post.deliver([letter]) for one in outcomes]
    post.close()
    assert outcome.status is DeliveryStatus.REFUSED
    nothing_is_told(outcome.text)


def test_digests_are_not_repeated(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("CRAM-MD5",)
    heard: list[str] = []
    watched = Line.send

    def send(line: Line, data: bytes) -> None:
        heard.append(data.decode("latin-1").strip())
        watched(line, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Line, "send", send)
        scripted_smtp.script.fault = lambda at: (
            f"535 5.7.8 {heard[-1]} {base64.b64decode(heard[-1]).decode()} no"
            if at.verb == "AUTH"
            else None
        )
        with pytest.raises(LoginTrouble) as caught:
            logged_in(scripted_smtp)
    [digest] = [one for one in heard if one.startswith("c2hvcC")]
    assert digest not in caught.value.detail
    assert base64.b64decode(digest).decode().split()[1] not in caught.value.detail
    assert caught.value.stage is Stage.LOGIN
