"""What an IMAP server can do wrong, and what must come of it."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

import pytest

from kollect.errors import (
    LineDropped,
    LineTimeout,
    LoginTrouble,
    MailboxBusy,
    ServerTrouble,
    Stage,
)
from kollect.inbox.imap import ImapMailbox
from kollect.inbox.mailbox import CommandRefused
from kollect.settings.model import Protocol, Receive, Security, Tls
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap

MAILS = [b"Subject: \r\nX: %d\r\n\r\ntext %d\r\n" % (n, n) for n in range(1, 5)]
NO_UIDPLUS = "IMAP4rev1 AUTH=PLAIN"

Serve = Callable[..., ScriptedImap]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[ScriptedImap] = []

    def start(faults: ImapFaults | None = None, **options) -> ScriptedImap:
        running.append(ScriptedImap(MAILS, faults, **options).__enter__())
        return running[-1]

    yield start
    for server in running:
        server.__exit__()


def opened(
    server: ScriptedImap,
    *,
    account: str = "",
    timeout: float = 2,
    security: Security = Security.NONE,
) -> ImapMailbox:
    receive = Receive(
        protocol=Protocol.IMAP,
        host=server.host,
        port=server.port,
        security=security,
        account=account or server.user,
        timeout_seconds=timeout,
    )
    return ImapMailbox.open(receive, Tls(), server.password)


def heads(mailbox: ImapMailbox) -> list[bytes | CommandRefused]:
    return [block for _, block in mailbox.headers([m.handle for m in mailbox.listing()])]


def test_ids_are_made_of_validity_and_uid(serve: Serve) -> None:
    mailbox = opened(serve())
    assert [m.uid for m in mailbox.listing()] == [f"imap:7:{uid}" for uid in (11, 12, 13, 14)]


def test_without_uidvalidity_there_are_no_ids(serve: Serve) -> None:
    mailbox = opened(serve(ImapFaults(answers={"SELECT": b"* 4 EXISTS\r\nTAG OK done\r\n"})))
    assert [(m.handle, m.uid) for m in mailbox.listing()] == [(n, None) for n in (11, 12, 13, 14)]


# Deleting


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN UIDPLUS", NO_UIDPLUS])
def test_only_what_was_marked_is_deleted_and_only_by_close(serve: Serve, capabilities: str) -> None:
    server = serve(ImapFaults(capabilities=capabilities))
    mailbox = opened(server)
    assert mailbox.mark_deleted([11, 99, 13]) == [11, 13]
    assert server.marked == set()
    mailbox.close()
    assert list(server.mails) == [12, 14]


def test_another_programs_marks_are_left_alone(serve: Serve) -> None:
    server = serve()
    server.marked = {12}
    mailbox = opened(server)
    mailbox.mark_deleted([11])
    mailbox.close()
    assert list(server.mails) == [12, 13, 14]


def test_without_uidplus_nothing_is_deleted_beside_another_programs_marks(serve: Serve) -> None:
    server = serve(ImapFaults(capabilities=NO_UIDPLUS))
    server.marked = {12}
    mailbox = opened(server)
    mailbox.mark_deleted([11])
    with pytest.raises(ServerTrouble, match="ほかのメールソフト"):
        mailbox.close()
    assert list(server.mails) == [11, 12, 13, 14]
    assert server.marked == {12}


def test_our_own_marks_of_a_session_that_was_cut_do_not_stop_the_next(serve: Serve) -> None:
    server = serve(ImapFaults(capabilities=NO_UIDPLUS, cut=("EXPUNGE",)))
    mailbox = opened(server)
    mailbox.mark_deleted([11])
    with pytest.raises(LineDropped):
        mailbox.close()
    assert server.marked == {11}
    server.faults = ImapFaults(capabilities=NO_UIDPLUS)
    mailbox = opened(server)
    assert len(mailbox.listing()) == 4
    mailbox.mark_deleted([11])
    mailbox.close()
    assert list(server.mails) == [12, 13, 14]


@pytest.mark.parametrize("command", ["STORE", "EXPUNGE"])
@pytest.mark.parametrize("how", ["cut", "hang", "no"])
def test_deletions_count_only_when_close_returned(serve: Serve, command: str, how: str) -> None:
    faults = {
        "cut": ImapFaults(cut=(command,)),
        "hang": ImapFaults(hang=(command,)),
        "no": ImapFaults(answers={command: b"TAG NO [NOPERM] not allowed\r\n"}),
    }
    server = serve(faults[how])
    mailbox = opened(server, timeout=1 if how == "hang" else 5)
    mailbox.mark_deleted([11])
    with pytest.raises(ServerTrouble):
        mailbox.close()
    assert len(server.mails) == 4


def test_a_line_cut_at_logout_is_no_trouble(serve: Serve) -> None:
    server = serve(ImapFaults(cut=("LOGOUT",)))
    mailbox = opened(server)
    mailbox.mark_deleted([11])
    mailbox.close()
    assert len(server.mails) == 3


# Reading


def test_one_refused_mail_leaves_the_others(serve: Serve) -> None:
    no = b"* 1 FETCH (UID 11 BODY[HEADER]<0> {3}\r\nbad)\r\nTAG NO cannot read 12\r\n"
    mailbox = opened(serve(ImapFaults(traps={12: no}, trap_on=("BODY",))))
    first, second, third, fourth = heads(mailbox)
    assert (first, third, fourth) == tuple(b"Subject: \r\nX: %d\r\n\r\n" % n for n in (1, 3, 4))
    assert isinstance(second, CommandRefused)
    with pytest.raises(CommandRefused, match="cannot read 12"):
        mailbox.fetch(12, io.BytesIO())
    sink = io.BytesIO()
    mailbox.fetch(13, sink)
    assert sink.getvalue() == MAILS[2]


def test_a_server_that_sends_whole_bodies_is_read_once(serve: Serve) -> None:
    server = serve(ImapFaults(ignores_partial=True))
    server.mails[11] = b"Subject: \r\n\r\n" + b"x\r\n" * 400_000
    sink = io.BytesIO()
    opened(server).fetch(11, sink)
    assert sink.getvalue() == server.mails[11]


@pytest.mark.parametrize("command", ["AUTHENTICATE", "SELECT", "SEARCH", "RFC822.SIZE", "HEADER"])
@pytest.mark.parametrize("how", ["cut", "hang"])
def test_a_lost_line_is_told_wherever_it_happens(serve: Serve, command: str, how: str) -> None:
    server = serve(ImapFaults(**{how: (command,)}))
    with pytest.raises(LineTimeout if how == "hang" else LineDropped) as caught:
        heads(opened(server, timeout=1 if how == "hang" else 5))
    assert server.password not in f"{caught.value!r} {caught.value} {caught.value.detail}"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n",
        b"hello\r\n",
        b"* 1 FETCH (UID 11 BODY[HEADER]<0> {99999\r\n",
        b"* 1 FETCH (UID x RFC822.SIZE y)\r\nTAG OK\r\n",
        b"* 1 FETCH ((((\r\nTAG OK\r\n",
        b"* SEARCH a b\r\nTAG OK\r\n",
        b"* BYE shutting down\r\n",
        b"TAG BAD what?\r\n",
        b"\xff\xfe\x00\r\n",
    ],
)
@pytest.mark.parametrize("command", ["SEARCH", "RFC822.SIZE", "HEADER"])
def test_garbage_is_server_trouble_or_a_refusal(serve: Serve, command: str, garbage: bytes) -> None:
    server = serve(ImapFaults(answers={command: garbage}))
    try:
        found = heads(opened(server, timeout=1 if b"99999" in garbage else 5))
    except ServerTrouble:
        return
    assert all(isinstance(block, CommandRefused) for block in found) or found == [
        b"Subject: \r\nX: %d\r\n\r\n" % n for n in range(1, 5)
    ]


def test_a_server_that_only_says_it_is_still_there_does_not_hold_for_ever(serve: Serve) -> None:
    server = serve(ImapFaults(still_here=("SEARCH",)))
    with pytest.raises(LineTimeout):  # else it ends by the time limit of every test
        opened(server, timeout=1).listing()


# Greeting and login


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"TAG NO [AUTHENTICATIONFAILED] wrong\r\n", LoginTrouble),
        (b"TAG NO [ALERT] Application-specific password required\r\n", LoginTrouble),
        (b"TAG NO [INUSE] in use\r\n", MailboxBusy),
        (b"TAG NO [UNAVAILABLE] try later\r\n", MailboxBusy),
        (b"TAG NO [ALERT] Too many simultaneous connections. (Failure)\r\n", MailboxBusy),
        (b"TAG NO S3cret-pw! is wrong\r\n", LoginTrouble),
        (b"TAG BAD AUTHENTICATE S3cret-pw!\r\n", LoginTrouble),
    ],
)
def test_a_refused_login_is_busy_or_final(serve: Serve, answer: bytes, kind: type) -> None:
    server = serve(ImapFaults(answers={"AUTHENTICATE": answer, "LOGIN": answer}))
    with pytest.raises(ServerTrouble) as caught:
        opened(server)
    assert type(caught.value) is kind
    assert caught.value.stage is Stage.LOGIN
    assert server.password not in f"{caught.value!r} {caught.value} {caught.value.detail}"


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (b"* BYE [UNAVAILABLE] maintenance\r\n", MailboxBusy),
        (b"* BYE too many connections\r\n", MailboxBusy),
        (b"+OK POP3 ready\r\n", ServerTrouble),
        (b"220 smtp ESMTP\r\n", ServerTrouble),
        (b"\x15\x03\x01\x00\x02\x02\x0a\r\n", LineDropped),
    ],
)
def test_a_wrong_greeting_is_told(serve: Serve, greeting: bytes, kind: type) -> None:
    server = serve(ImapFaults(answers={"GREETING": greeting}))
    with pytest.raises(ServerTrouble) as caught:
        opened(server)
    assert type(caught.value) is kind
    assert server.commands == []


@pytest.mark.parametrize("password", ['a "quoted" \\ one', "with space", "ひみつ"])
@pytest.mark.parametrize("account", ["shop", "店 (本店)"])
def test_any_account_and_password_with_sasl_plain(
    serve: Serve, account: str, password: str
) -> None:
    server = serve(user=account, password=password)
    assert len(opened(server).listing()) == 4


def test_login_where_there_is_no_sasl_plain(serve: Serve) -> None:
    server = serve(ImapFaults(capabilities="IMAP4rev1 UIDPLUS"))
    assert len(opened(server, account='sh"op (1)').listing()) == 4
    assert 'LOGIN "sh\\"op (1)" "S3cret-pw!"' in server.commands


@pytest.mark.parametrize("account", ["shop\r\nx LOGOUT", "a\0b"])
def test_an_account_cannot_smuggle_commands(serve: Serve, account: str) -> None:
    server = serve()
    with pytest.raises(LoginTrouble):
        opened(server, account=account)
    assert server.commands == ["CAPABILITY"]


def test_a_password_never_crosses_a_foreign_line_in_clear(serve: Serve, monkeypatch) -> None:
    monkeypatch.setattr("kollect.net.connection.Line.loopback", False)
    server = serve()
    with pytest.raises(LoginTrouble, match="暗号化"):
        opened(server)
    assert server.commands == ["CAPABILITY"]


@pytest.mark.parametrize(
    "answers",
    [
        {"GREETING": b"* PREAUTH already in\r\n"},
        {"STARTTLS": b"TAG NO not here\r\n"},
        {"STARTTLS": b"TAG OK go\r\n* OK injected\r\n"},
    ],
    ids=["preauth", "refused", "injected"],
)
def test_starttls_is_demanded_not_hoped_for(serve: Serve, answers: dict[str, bytes]) -> None:
    server = serve(ImapFaults(answers=answers))
    with pytest.raises(ServerTrouble) as caught:
        opened(server, security=Security.STARTTLS)
    assert caught.value.stage is Stage.ENCRYPT
    assert server.commands in ([], ["STARTTLS"])


def test_no_password_in_any_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for capabilities in ("IMAP4rev1 UIDPLUS", "IMAP4rev1 UIDPLUS AUTH=PLAIN"):
        server = serve(ImapFaults(capabilities=capabilities))
        opened(server).close()
        assert server.password not in caplog.text


def test_a_search_longer_than_anybody_needs_is_read_as_far_as_it_goes(serve: Serve) -> None:
    numbers = b" ".join(b"%d" % n for n in range(4_000_000_000, 4_000_000_000 + 300_000))
    server = serve(ImapFaults(answers={"SEARCH": b"* SEARCH " + numbers + b"\r\nTAG OK done\r\n"}))
    mailbox = opened(server, timeout=10)
    listed = mailbox.listing()
    assert len(listed) == 100_000
    assert (listed[-1].handle, listed[-1].size) == (4_000_099_999, 0)
    server.commands.clear()
    blocks = [block for _, block in mailbox.headers([one.handle for one in listed[:200]])]
    assert all(isinstance(block, CommandRefused) for block in blocks)
    assert len(server.commands) < 1000


def test_several_search_lines_are_one_answer(serve: Serve) -> None:
    lines = b"* SEARCH 11 12\r\n* SEARCH\r\n* SEARCH 13 14\r\nTAG OK done\r\n"
    assert len(heads(opened(serve(ImapFaults(answers={"SEARCH": lines}))))) == 4


@pytest.mark.parametrize("answer", [b"TAG OK done\r\n", b"* SEARCH x\r\nTAG OK done\r\n"])
def test_a_search_that_is_not_answered_is_no_empty_mailbox(serve: Serve, answer: bytes) -> None:
    with pytest.raises(ServerTrouble):
        opened(serve(ImapFaults(answers={"SEARCH": answer}))).listing()
