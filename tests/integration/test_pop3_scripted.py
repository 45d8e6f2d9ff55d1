"""Every way in which a POP3 server can misbehave, and what must come of it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.errors import (
    LineDropped,
    LineTimeout,
    LoginTrouble,
    MailboxBusy,
    ServerTrouble,
    Stage,
    TooManyLogins,
)
from kollect.inbox.mailbox import CommandRefused
from kollect.inbox.pop3 import Pop3Mailbox
from kollect.inbox.pop3_protocol import DotReader, Pop3Protocol
from kollect.net.connection import RECEIVING_ROLE, Line, Trust
from kollect.net.server_errors import Peer
from kollect.settings.model import Receive, Security, Tls
from tests.helpers.certificates import Certificates
from tests.helpers.scripted_pop3 import CAPABILITIES, Faults, ScriptedPop3


def mail(number: int, body: bytes = b"text\r\n") -> bytes:
    return b"Subject: \r\nMessage-ID: <%d@example.jp>\r\n\r\n%s" % (number, body)


def head(number: int) -> bytes:
    return mail(number).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


MAILS = [mail(n) for n in range(1, 6)]
_NO_TLS = Tls()
PLAIN = tuple(name for name in CAPABILITIES if name != "PIPELINING")


def settings_for(server: ScriptedPop3, **changes) -> Receive:
    receive = Receive(
        host=server.host,
        port=server.port,
        security=Security.NONE,
        account=server.user,
        timeout_seconds=2,
    )
    return replace(receive, **changes)


Serve = Callable[..., ScriptedPop3]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[ScriptedPop3] = []

    def start(mails=MAILS, *faults: Faults, **options) -> ScriptedPop3:
        running.append(ScriptedPop3(mails, faults, **options).__enter__())
        return running[-1]

    yield start
    for server in running:
        server.__exit__()


def opened(server: ScriptedPop3, tls: Tls = _NO_TLS, **changes) -> Pop3Mailbox:
    return Pop3Mailbox.open(settings_for(server, **changes), tls, server.password)


def heads(mailbox: Pop3Mailbox) -> list[bytes | CommandRefused]:
    return [block for _, block in mailbox.headers([m.handle for m in mailbox.listing()])]


# Listing


@pytest.mark.parametrize("capabilities", [CAPABILITIES, PLAIN, None])
def test_all_mails_are_read_and_deleted(serve: Serve, capabilities) -> None:
    server = serve(MAILS, Faults(capabilities=capabilities))
    mailbox = opened(server)
    assert [m.uid for m in mailbox.listing()] == [f"id00000{n}" for n in range(1, 6)]
    assert heads(mailbox) == [head(n) for n in range(1, 6)]
    assert mailbox.mark_deleted([1, 3]) == [1, 3]
    assert server.deleted == []
    mailbox.close()
    assert server.deleted == ["id000001", "id000003"]


def test_nothing_is_pipelined_unless_announced(serve: Serve) -> None:
    server = serve(MAILS, Faults(capabilities=PLAIN, ignores_pipelined=True))
    assert heads(opened(server)) == [head(n) for n in range(1, 6)]


def test_without_uidl_there_are_no_ids(serve: Serve) -> None:
    server = serve(MAILS, Faults(missing=frozenset({"UIDL"})))
    assert [(m.handle, m.uid) for m in opened(server).listing()] == [(n, None) for n in range(1, 6)]


def test_an_id_given_twice_is_none_for_all_of_them(serve: Serve) -> None:
    server = serve(MAILS, Faults(uids={2: "same", 4: "same"}))
    uids = [m.uid for m in opened(server).listing()]
    assert uids == ["id000001", None, "id000003", None, "id000005"]


@pytest.mark.parametrize(
    ("lines", "uids"),
    [
        (b"1  a b \n2\tb\n3 \n4 " + b"x" * 5000 + b"\n5 ok", ["a b", None, None, None, "ok"]),
        (
            b"\n\n+OK\n-1 a\n0 b\nx c\n1 \xff\xfe\n2 " + b"y" * 70,
            ["\xff\xfe", "y" * 70, None, None],
        ),
        (b"99999999999999999999 a\n1 " + b"z" * 200_000 + b"\n2 two", [None, "two", None, None]),
    ],
    ids=["spaces", "garbage", "overlong"],
)
def test_malformed_uidl_lines_cost_only_themselves(serve: Serve, lines: bytes, uids) -> None:
    server = serve(MAILS, Faults(lines={"UIDL": lines}))
    listed = opened(server).listing()
    assert [m.handle for m in listed] == [1, 2, 3, 4, 5]
    assert [m.uid for m in listed][: len(uids)] == uids


@pytest.mark.parametrize(
    "faults",
    [
        Faults(missing=frozenset({"LIST"})),
        Faults(lines={"LIST": b"one: 44 octets\ntwo: 55 octets"}),
        Faults(missing=frozenset({"LIST", "UIDL"})),
    ],
    ids=["no-list", "odd-list", "neither"],
)
def test_stat_stands_in_for_list(serve: Serve, faults: Faults) -> None:
    listed = opened(serve(MAILS, faults)).listing()
    assert [(m.handle, m.size) for m in listed] == [(n, 0) for n in range(1, 6)]


def test_odd_sizes_are_unknown_sizes(serve: Serve) -> None:
    server = serve(MAILS, Faults(lines={"LIST": b"1 big\n2 -5\n3\n4 77 octets\n5 " + b"9" * 99}))
    assert [m.size for m in opened(server).listing()] == [0, 0, 0, 77, 0]


def test_uidl_refused_for_the_moment_does_not_make_known_mails_new(serve: Serve) -> None:
    server = serve(MAILS, Faults(answers={"UIDL": b"-ERR [SYS/TEMP] disk is slow\r\n"}))
    with pytest.raises(MailboxBusy):
        opened(server).listing()


# Headers and whole mails


@pytest.mark.parametrize(
    "capabilities", [CAPABILITIES, ("UIDL", "PIPELINING", "USER"), PLAIN, None]
)
def test_without_top_whole_mails_are_read(serve: Serve, capabilities) -> None:
    server = serve(MAILS, Faults(missing=frozenset({"TOP"}), capabilities=capabilities))
    mailbox = opened(server)
    assert heads(mailbox) == [head(n) for n in range(1, 6)]
    assert heads(mailbox) == [head(n) for n in range(1, 6)]
    mailbox.close()


@pytest.mark.parametrize("capabilities", [CAPABILITIES, PLAIN, None])
@pytest.mark.parametrize("bad", [1, 3, 5])
def test_one_refused_mail_leaves_the_others(serve: Serve, bad: int, capabilities) -> None:
    no = b"-ERR [SYS/PERM] cannot read this one\r\n"
    answers = {f"TOP {bad} 0": no, f"RETR {bad}": no, f"DELE {bad}": no}
    server = serve(MAILS, Faults(answers=answers, capabilities=capabilities))
    mailbox = opened(server)
    found = heads(mailbox)
    refused = found.pop(bad - 1)
    assert isinstance(refused, CommandRefused)
    assert "cannot read this one" in str(refused)
    assert found == [head(n) for n in range(1, 6) if n != bad]
    with pytest.raises(CommandRefused, match="cannot read this one"):
        mailbox.fetch(bad, io.BytesIO())
    sink = io.BytesIO()
    mailbox.fetch(2 if bad != 2 else 3, sink)
    assert sink.getvalue() in MAILS
    assert mailbox.mark_deleted([1, 3, 5]) == [n for n in (1, 3, 5) if n != bad]
    mailbox.close()
    assert len(server.mails) == 3


def test_bare_line_feeds_become_crlf(serve: Serve) -> None:
    mails = [mail(1, b".\r\n..\r\n\r\n.x\r\nend\r\n")]
    mailbox = opened(serve(mails, Faults(bare_lf=True)))
    assert heads(mailbox) == [head(1)]
    sink = io.BytesIO()
    mailbox.fetch(1, sink)
    assert sink.getvalue() == mails[0]


def test_overlong_status_lines_are_only_long(serve: Serve) -> None:
    long = b"+OK " + b"y" * 100_000 + b"\r\n"
    server = serve(MAILS, Faults(answers={"GREETING": long, "DELE 2": long}))
    mailbox = opened(server)
    assert mailbox.mark_deleted([1, 2, 3]) == [1, 2, 3]
    mailbox.close()


def test_a_full_disk_while_fetching_never_ends_in_deletion(serve: Serve) -> None:
    """The rest of the mail is still on the line: its text must not pass for the answer to QUIT."""
    body = b"+OK deleted\r\n" * 50_000
    server = serve([mail(1), mail(2, body)])
    mailbox = opened(server)
    mailbox.mark_deleted([1])

    class Full(io.RawIOBase):
        def write(self, data) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        mailbox.fetch(2, Full())
    with pytest.raises(ServerTrouble):
        mailbox.mark_deleted([2])
    with pytest.raises(ServerTrouble):
        mailbox.close()
    assert server.deleted == []


# The end of a session


@pytest.mark.parametrize(
    ("faults", "deleted"),
    [
        (Faults(cut_before=frozenset({"DELE 3"})), 0),
        (Faults(cut_after=frozenset({"DELE 3"})), 0),
        (Faults(cut_before=frozenset({"QUIT"})), 0),
        (Faults(cut_after=frozenset({"QUIT"})), 5),
        (Faults(cut_inside=frozenset({"QUIT"})), 5),
        (Faults(hang=frozenset({"QUIT"})), 0),
        (Faults(answers={"QUIT": b"-ERR some messages were not removed\r\n"}), 0),
        (Faults(answers={"QUIT": b"what?\r\n"}), 0),
    ],
    ids=[
        "in-dele",
        "after-dele",
        "at-quit",
        "after-quit",
        "in-answer",
        "hang",
        "refused",
        "nonsense",
    ],
)
@pytest.mark.parametrize("capabilities", [CAPABILITIES, PLAIN])
def test_deletions_count_only_when_quit_was_answered(
    serve: Serve, faults: Faults, deleted: int, capabilities
) -> None:
    server = serve(MAILS, replace(faults, capabilities=capabilities), Faults())
    mailbox = opened(server, timeout_seconds=1 if faults.hang else 5)
    with pytest.raises(ServerTrouble):
        mailbox.mark_deleted([1, 2, 3, 4, 5])
        mailbox.close()
    mailbox.abandon()
    assert len(server.deleted) == deleted
    assert len(opened(server).listing()) == 5 - deleted


def test_a_cut_at_quit_is_no_trouble_when_nothing_was_marked(serve: Serve) -> None:
    mailbox = opened(serve(MAILS, Faults(cut_before=frozenset({"QUIT"}))))
    mailbox.listing()
    mailbox.close()


def test_a_late_answer_is_not_taken_for_that_to_quit(serve: Serve) -> None:
    server = serve(MAILS, Faults(trickle=frozenset({"DELE 2"}), trickle_seconds=0.2))
    mailbox = opened(server, timeout_seconds=0.3)
    with pytest.raises(LineTimeout):
        mailbox.mark_deleted([1, 2])
    time.sleep(0.8)
    with pytest.raises(ServerTrouble):
        mailbox.close()
    assert server.deleted == []


# A line that is cut, or hangs


@pytest.mark.parametrize("command", ["GREETING", "CAPA", "USER", "PASS", "UIDL", "LIST", "TOP 3 0"])
@pytest.mark.parametrize("how", ["cut_before", "cut_inside", "hang"])
def test_a_lost_line_is_told_wherever_it_happens(serve: Serve, command: str, how: str) -> None:
    server = serve(MAILS, Faults(**{how: frozenset({command})}))
    expected = LineTimeout if how == "hang" else LineDropped
    with pytest.raises(expected) as caught:
        heads(opened(server, timeout_seconds=1 if how == "hang" else 5))
    words = f"{caught.value} {caught.value.detail}"
    assert "受信サーバ" in words
    assert server.password not in words


@pytest.mark.parametrize("command", ["RETR 2", "TOP 2 0", "UIDL"])
def test_a_mail_cut_short_is_not_taken_for_whole(serve: Serve, command: str) -> None:
    server = serve(MAILS, Faults(cut_inside=frozenset({command})))
    mailbox = opened(server)
    with pytest.raises(LineDropped):
        heads(mailbox)
        mailbox.fetch(2, io.BytesIO())


def test_a_trickling_server_does_not_hold_for_ever(serve: Serve, monkeypatch) -> None:
    """Every single wait is short, the answer as a whole has no end in sight."""
    faults = Faults(trickle=frozenset({"RETR 1"}), trickle_seconds=0.02)
    server = serve([mail(1, b"z" * 10_000)], faults)
    mailbox = opened(server, timeout_seconds=1)
    began = time.monotonic()
    with pytest.raises(LineTimeout):
        mailbox.fetch(1, io.BytesIO())
    assert time.monotonic() - began < 100  # half of what the server would take


def test_a_trickled_status_line_does_not_hold_for_ever(serve: Serve) -> None:
    greeting = Faults(
        answers={"GREETING": b"+OK " + b"." * 1000},
        trickle=frozenset({"GREETING"}),
        trickle_seconds=0.05,
    )
    began = time.monotonic()
    with pytest.raises(LineTimeout):
        opened(serve(MAILS, greeting), timeout_seconds=0.3)
    assert time.monotonic() - began < 25  # half of what the server would take


def test_a_server_that_lies_about_pipelining_is_met_plainly(serve: Serve) -> None:
    server = serve(MAILS, Faults(ignores_pipelined=True))
    for n in (1, 2):
        mailbox = opened(server, timeout_seconds=0.3)
        assert heads(mailbox)[0] == head(2 * n - 1)
        assert mailbox.mark_deleted([1, 2]) == [1, 2]
        mailbox.close()
    assert len(server.deleted) == 4
    assert len(server.sessions) == 3


def test_a_server_that_cuts_the_line_over_pipelined_commands_is_met_plainly(serve: Serve) -> None:
    once = Faults(cut_before=frozenset({"LIST"}))
    server = serve(MAILS, once, Faults())
    assert heads(opened(server)) == [head(n) for n in range(1, 6)]


def test_a_line_lost_later_does_not_end_the_pipelining(serve: Serve) -> None:
    server = serve(MAILS, Faults(), Faults(cut_before=frozenset({"TOP 3 0"})), Faults())
    heads(opened(server))
    assert heads(opened(server)) == [head(n) for n in range(1, 6)], "once more, plainly"
    assert len(server.sessions) == 3
    mailbox = opened(server)
    mailbox.listing()
    next(mailbox.headers([1, 2, 3]))
    mailbox.close()  # reads off what it was still owed
    assert server.sessions[-1][-4:] == ["TOP 1 0", "TOP 2 0", "TOP 3 0", "QUIT"]


def test_one_mail_that_ends_the_session_is_no_lie_about_pipelining(serve: Serve) -> None:
    """It does so where it is asked for alone as well: that one has to be named."""
    server = serve(MAILS, Faults(cut_before=frozenset({"TOP 3 0"})))
    mailbox = opened(server)
    found = mailbox.headers([mail.handle for mail in mailbox.listing()])
    assert [next(found)[0], next(found)[0]] == [1, 2]
    with pytest.raises(LineDropped):
        next(found)
    assert opened(server)._dialogue.pipelining


LIES = ["TOP", "DELE", "UIDL"]


@pytest.mark.parametrize("how", ["cut", "swallowed"])
@pytest.mark.parametrize("what", LIES)
def test_a_lie_about_one_command_costs_one_session(serve: Serve, what: str, how: str) -> None:
    """It works for the others: a scanner between that reads along only where mails pass."""
    faults = Faults(**{f"{how}_behind": frozenset({what})})
    server = serve(MAILS, faults)
    for n in (1, 2):
        mailbox = opened(server, timeout_seconds=2)
        assert heads(mailbox) == [head(number) for number in range(2 * n - 1, 6)]
        sink = io.BytesIO()
        mailbox.fetch(2, sink)
        assert sink.getvalue() == MAILS[2 * n - 1]
        assert mailbox.mark_deleted([1, 2]) == [1, 2]
        mailbox.close()
    assert server.deleted == ["id000001", "id000002", "id000003", "id000004"]
    assert len(server.sessions) == 3


@pytest.mark.parametrize("answer", [b"what?\r\n", b"", b"Subject: x\r\n.\r\n", b"+ go on\r\n"])
def test_answers_out_of_step_are_asked_for_again_plainly(serve: Serve, answer: bytes) -> None:
    silent = Faults(hang=frozenset({"TOP 3 0"}))
    confused = Faults(answers={"TOP 3 0": answer}) if answer else silent
    server = serve(MAILS, confused, Faults())
    found = heads(opened(server, timeout_seconds=2))
    assert [head(n) for n in (1, 2, 4, 5)] == [found[n] for n in (0, 1, 3, 4)]
    assert found[2] == head(3) or isinstance(found[2], CommandRefused)


def test_marks_set_before_the_lie_are_set_again(serve: Serve) -> None:
    server = serve(MAILS, Faults(cut_behind=frozenset({"DELE"})))
    mailbox = opened(server)
    mailbox.listing()
    assert mailbox.mark_deleted([2]) == [2]
    assert mailbox.mark_deleted([4, 5]) == [4, 5]
    mailbox.close()
    assert server.deleted == ["id000002", "id000004", "id000005"]


def test_mails_are_found_again_whatever_their_number_is_by_then(serve: Serve) -> None:
    server = serve(MAILS, Faults(cut_behind=frozenset({"TOP", "DELE"})))
    mailbox = opened(server)
    handles = [mail.handle for mail in mailbox.listing()]
    server.remove(["id000001"])  # another program was faster
    found = dict(mailbox.headers(handles))
    assert isinstance(found[1], CommandRefused)
    assert [found[n] for n in range(2, 6)] == [head(n) for n in range(2, 6)]
    assert mailbox.mark_deleted([1, 2, 5]) == [2, 5]
    mailbox.close()
    assert server.deleted[1:] == ["id000002", "id000005"]


def test_a_server_that_is_upset_at_the_next_whole_mail(serve: Serve) -> None:
    """What came ahead in the TOPs it gets over; at RETR it hangs up."""
    upset, calm = Faults(cut_before=frozenset({"RETR 2"})), Faults()
    server = serve(MAILS, upset, calm)
    mailbox = opened(server)
    heads(mailbox)
    sink = io.BytesIO()
    mailbox.fetch(2, sink)
    assert sink.getvalue() == MAILS[1]
    assert len(server.sessions) == 2


def test_commands_refused_for_coming_early_are_said_again(serve: Serve) -> None:
    server = serve(MAILS, Faults(refused_behind=frozenset({"DELE"})))
    mailbox = opened(server)
    mailbox.listing()
    assert sorted(mailbox.mark_deleted([1, 2, 3])) == [1, 2, 3]
    mailbox.close()
    assert len(server.mails) == 2
    assert not opened(server)._dialogue.pipelining


def test_commands_on_the_way_are_bounded(serve: Serve) -> None:
    """Nothing is read here while 4 KiB of commands stand in the line: more must not be sent."""
    server = serve([], Faults(hang=frozenset({"TOP 1 0"})))
    mailbox = opened(server, timeout_seconds=0.2)
    mailbox.listing()
    asked: list[int] = []

    def handles() -> Iterator[int]:
        for handle in range(1, 10_000):
            asked.append(handle)
            yield handle

    with pytest.raises(LineTimeout):
        list(mailbox._dialogue.converse((n, f"TOP {n} 0") for n in handles()))
    assert 100 < len(asked) < 500


# Greeting and login


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"-ERR [IN-USE] mailbox is locked\r\n", MailboxBusy),
        (b"-ERR [in-use] mailbox is locked\r\n", MailboxBusy),
        (b"-ERR [LOGIN-DELAY] wait a minute\r\n", TooManyLogins),
        (b"-ERR [SYS/TEMP] try later\r\n", MailboxBusy),
        (b"-ERR maildrop already locked\r\n", MailboxBusy),
        (b"-ERR Mailbox in use by another session\r\n", MailboxBusy),
        (b"-ERR [AUTH] locked out: wrong password\r\n", LoginTrouble),
        (b"-ERR [SYS/PERM] no such mailbox\r\n", LoginTrouble),
        (b"-ERR \xa5\xd1\xa5\xb9\xa5\xef\xa1\xbc\xa5\xc9\r\n", LoginTrouble),
        (b"-ERR\r\n", LoginTrouble),
        (b"-err bad password\r\n", LoginTrouble),
    ],
)
def test_a_refused_login_is_busy_or_final(serve: Serve, answer: bytes, kind: type) -> None:
    server = serve(MAILS, Faults(answers={"PASS": answer}))
    with pytest.raises(ServerTrouble) as caught:
        opened(server)
    assert type(caught.value) is kind
    assert caught.value.stage is Stage.LOGIN
    assert server.password not in f"{caught.value!r} {caught.value} {caught.value.detail}"


@pytest.mark.parametrize("answer", [b"-ERR bad: PASS S3cret-pw!\r\n", b"? PASS S3cret-pw!\r\n"])
def test_a_password_that_the_server_repeats_is_not_repeated(serve: Serve, answer: bytes) -> None:
    server = serve(MAILS, Faults(answers={"PASS": answer}))
    with pytest.raises(ServerTrouble) as caught:
        opened(server)
    assert "PASS" in caught.value.detail
    assert server.password not in f"{caught.value!r} {caught.value} {caught.value.detail}"


def test_a_server_that_hangs_up_over_apop_is_told_as_a_refused_login(serve: Serve) -> None:
    no = b"-ERR [AUTH] no\r\n"
    faults = Faults(stamp="<1@x>", answers={"APOP": no}, cut_before=frozenset({"USER"}))
    with pytest.raises(LoginTrouble):
        opened(serve(MAILS, faults))


def test_the_account_itself_may_be_refused(serve: Serve) -> None:
    server = serve(MAILS, Faults(answers={"USER": b"-ERR no such account\r\n"}))
    with pytest.raises(LoginTrouble):
        opened(server)
    assert not [command for command in server.commands if command.startswith("PASS")]


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (b"-ERR [SYS/TEMP] maintenance\r\n", MailboxBusy),
        (b"-ERR too many connections\r\n", MailboxBusy),
        (b"220 smtp.example.jp ESMTP\r\n", ServerTrouble),
        (b"* OK IMAP4rev1 ready\r\n", ServerTrouble),
        (b"\x15\x03\x01\x00\x02\x02\x0a\r\n", LineDropped),
        (b"\r\n", ServerTrouble),
        (b"\xff\xfe\x00\r\n", ServerTrouble),
    ],
)
def test_a_wrong_greeting_is_told(serve: Serve, greeting: bytes, kind: type) -> None:
    server = serve(MAILS, Faults(answers={"GREETING": greeting}))
    with pytest.raises(ServerTrouble) as caught:
        opened(server)
    assert type(caught.value) is kind
    assert server.commands == []


def test_a_server_that_speaks_tls_says_so(serve: Serve) -> None:
    server = serve(MAILS, Faults(answers={"GREETING": b"\x15\x03\x01\x00\x02\x02\x0a\r\n"}))
    with pytest.raises(LineDropped, match="「SSL」"):
        opened(server)


def test_sasl_plain_where_it_is_all_there_is(serve: Serve) -> None:
    faults = Faults(capabilities=("SASL PLAIN", "UIDL"), missing=frozenset({"USER", "PASS"}))
    server = serve(MAILS, faults)
    assert len(opened(server).listing()) == 5


def test_sasl_plain_with_a_password_longer_than_a_command(serve: Serve) -> None:
    faults = Faults(capabilities=("SASL PLAIN", "UIDL"), missing=frozenset({"USER", "PASS"}))
    server = serve(MAILS, faults, password="ひみつ " * 60)
    assert len(opened(server).listing()) == 5
    assert "AUTH PLAIN" in server.commands


def test_apop_sends_no_password(serve: Serve) -> None:
    server = serve(MAILS, Faults(stamp="<1896.697170952@pop.example.jp>"))
    assert len(opened(server).listing()) == 5
    assert not [
        c for c in server.commands if c.startswith(("PASS", "USER")) or server.password in c
    ]


def test_a_stamp_without_apop_accounts_leaves_the_plain_way(serve: Serve) -> None:
    faults = Faults(stamp="<1@x>", answers={"APOP": b"-ERR [AUTH] no APOP for this account\r\n"})
    assert len(opened(serve(MAILS, faults)).listing()) == 5


def test_apop_refused_because_busy_is_not_tried_another_way(serve: Serve) -> None:
    faults = Faults(stamp="<1@x>", answers={"APOP": b"-ERR [IN-USE] locked\r\n"})
    server = serve(MAILS, faults)
    with pytest.raises(MailboxBusy):
        opened(server)
    assert not [c for c in server.commands if c.startswith("PASS")]


@pytest.mark.parametrize("account", ["shop\r\nDELE 1", "shop\n", "a\0b"])
def test_an_account_cannot_smuggle_commands(serve: Serve, account: str) -> None:
    server = serve(MAILS)
    with pytest.raises(LoginTrouble):
        opened(server, account=account)
    assert server.commands == ["CAPA"]


# Encryption


def test_a_password_never_crosses_a_foreign_line_in_clear(serve: Serve, monkeypatch) -> None:
    monkeypatch.setattr("kollect.net.connection.Line.loopback", False)
    server = serve(MAILS)
    with pytest.raises(LoginTrouble) as caught:
        opened(server)
    assert "暗号化" in caught.value.happened
    assert server.commands == ["CAPA"]
    assert len(opened(server, Tls(allow_plaintext_password=True)).listing()) == 5


def test_a_digest_never_crosses_a_foreign_line_in_clear(serve: Serve, monkeypatch) -> None:
    """Whoever hears it can try passwords against it as fast as a PC can."""
    monkeypatch.setattr("kollect.net.connection.Line.loopback", False)
    offers = Faults(stamp="<1@x>", capabilities=("UIDL", "SASL CRAM-MD5 PLAIN"))
    server = serve(MAILS, offers)
    with pytest.raises(LoginTrouble, match="やめました"):
        opened(server)
    assert server.commands == ["CAPA"]
    assert len(opened(server, Tls(allow_plaintext_password=True)).listing()) == 5
    assert server.commands[2].startswith("APOP")


def test_starttls_is_demanded_not_hoped_for(serve: Serve) -> None:
    server = serve(MAILS)
    with pytest.raises(ServerTrouble) as caught:
        opened(server, security=Security.STARTTLS)
    assert caught.value.stage is Stage.ENCRYPT
    assert "995" in caught.value.cure
    assert server.commands == ["STLS"]


def test_answers_in_clear_behind_stls_are_not_believed(
    serve: Serve, certificates: Certificates
) -> None:
    """CVE-2011-0411 and its kin: whoever sits on the line answers before the encryption begins."""
    faults = Faults(
        injected=b"+OK\r\n+OK\r\n+OK logged in\r\n", answers={"STLS": b"+OK\r\n+OK\r\n"}
    )
    server = serve(MAILS, faults, context=certificates.good.context())
    with pytest.raises(ServerTrouble) as caught:
        opened(server, Tls(ca_file=str(certificates.ca_file)), security=Security.STARTTLS)
    assert caught.value.stage is Stage.ENCRYPT
    assert server.commands == ["STLS"]


def test_stls_and_a_clean_session(serve: Serve, certificates: Certificates) -> None:
    server = serve(MAILS, context=certificates.good.context())
    tls = Tls(ca_file=str(certificates.ca_file))
    mailbox = opened(server, tls, security=Security.STARTTLS)
    assert mailbox.mark_deleted([2]) == [2]
    mailbox.close()
    assert server.deleted == ["id000002"]
    assert server.commands[0] == "STLS"


def test_certificates_that_do_not_hold_stop_before_the_password(
    serve: Serve, certificates: Certificates
) -> None:
    server = serve(MAILS, context=certificates.wrong_name.context())
    tls = Tls(ca_file=str(certificates.ca_file))
    with pytest.raises(ServerTrouble) as caught:
        opened(server, tls, security=Security.STARTTLS)
    assert caught.value.stage is Stage.CERTIFICATE
    assert set(server.commands) == {"STLS"}


# Garbage


@given(
    st.lists(
        st.sampled_from(
            [
                b"+OK",
                b"-ERR no",
                b"+OK 3 5",
                b"1 a",
                b"2 b",
                b".",
                b"..",
                b"",
                b"+",
                b"\xff\0",
                b"X: y",
            ]
        )
        | st.binary(max_size=20),
        max_size=40,
    ),
    st.sampled_from([b"\r\n", b"\n"]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_garbage_ends_in_server_trouble_never_in_another_exception(
    lines: list[bytes], end: bytes, pipelining: bool
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(end.join(lines) + end)
        theirs.shutdown(socket.SHUT_WR)
        line = Line(ours, Peer(RECEIVING_ROLE, "garbage", 1), Trust(), timeout=5)
        capabilities = {"PIPELINING": frozenset()} if pipelining else {}
        mailbox = Pop3Mailbox(lambda: (Pop3Protocol(line), capabilities))
        with contextlib.suppress(ServerTrouble, CommandRefused):
            handles = [m.handle for m in mailbox.listing()]
            list(mailbox.headers(handles))
            mailbox.fetch(1, io.BytesIO())
            mailbox.mark_deleted(handles)
            mailbox.close()


# The dots


@given(
    st.lists(st.text(alphabet=".a\r\nあ", max_size=20).map(str.encode), max_size=8),
    st.lists(st.integers(1, 9), min_size=1, max_size=30),
)
@settings(max_examples=150, deadline=None)
def test_dots_are_unstuffed_whatever_the_pieces(lines: list[bytes], cuts: list[int]) -> None:
    text = b"".join(line.replace(b"\n", b"") + b"\r\n" for line in lines)
    stuffed = re.sub(rb"(?m)^\.", b"..", text)
    stream = stuffed + b".\r\n+OK next"
    reader, found, at, turn = DotReader(), b"", 0, 0
    while not reader.ended:
        step = cuts[turn % len(cuts)]
        found += reader.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert found == text
    assert reader.rest + stream[at:] == b"+OK next"


def test_a_line_without_end_is_given_on_in_pieces() -> None:
    reader = DotReader()
    given = b"".join(reader.feed(b"x" * 50_000) for _ in range(40))
    assert len(given) > 1_900_000
    assert len(reader.rest) <= 65536
    rest = reader.feed(b".\r\n.\r\n")
    assert reader.ended
    assert (given + rest).count(b"x") == 2_000_000
    assert rest.endswith(b".\r\n")


def test_the_digest_of_rfc_1939() -> None:
    """Section 7: the example of APOP."""
    stamp = "<1896.697170952@dbc.mtview.ca.us>"
    digest = hashlib.md5((stamp + "tanstaaf").encode(), usedforsecurity=False).hexdigest()
    assert digest == "c4c9334bac560ecc979e58001b3e22fb"
