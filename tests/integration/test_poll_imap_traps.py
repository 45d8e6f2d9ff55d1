"""IMAP: one mail at which the session ends, and a mailbox out of which nothing can be deleted."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.collector.failed_polls import FailureChange, FailureState
from kollect.errors import NotDeleted
from kollect.inbox import imap_fetch
from kollect.settings.model import Protocol
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for

PASSWORD = "S3cret-pw!"
SENDERS = [f"a{n}@b.example" for n in range(10)]
MAILS = [blank(sender, n) for n, sender in enumerate(SENDERS)]
BAD = 14
OTHERS = Counter(set(SENDERS) - {SENDERS[BAD - 11]})
WAYS = {
    "cut": b"",
    "BYE": b"* BYE Internal error occurred. Refer to server log for more information.\r\n",
    "SERVERBUG": b"TAG NO [SERVERBUG] Internal error occurred.\r\n",
    "BAD": b"TAG BAD Internal error\r\n",
    "garbage": b"* 1 FETCH ((((\r\nTAG OK done\r\n",
    "literal too large": b"* 4 FETCH (UID 14 BODY[HEADER]<0> {300000000}\r\n",
    "digits": b"* 4 FETCH (UID 14 BODY[HEADER]<0> {" + b"9" * 5000 + b"}\r\n",
}


@pytest.fixture(autouse=True)
def a_program_just_started() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    imap_fetch._deadly.clear()
    imap_fetch._careful.clear()


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as server:
        yield server


Serve = Callable[..., tuple[ScriptedImap, ShopProgram]]


@pytest.fixture
def imap(smtp: ScriptedSmtp, tmp_path: Path) -> Iterator[Serve]:
    running: list[ScriptedImap] = []

    def start(*mails: bytes, **faults: object) -> tuple[ScriptedImap, ShopProgram]:
        server = ScriptedImap(mails, ImapFaults(**faults)).__enter__()
        running.append(server)
        return server, on_imap(server.port, smtp, tmp_path)

    yield start
    for server in running:
        server.__exit__()


def on_imap(port: int, smtp: ScriptedSmtp, folder: Path, account: str = "shop") -> ShopProgram:
    settings = settings_for(port, smtp.port, account)
    receive = replace(settings.receive, protocol=Protocol.IMAP, timeout_seconds=20)
    return ShopProgram(folder, replace(settings, receive=receive), PASSWORD)


def answered(smtp: ScriptedSmtp) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in smtp.kept)


def lines_about(shop: ShopProgram, words: str) -> list[str]:
    return [text for text in shop.told() if words in text]


# --- one mail


@pytest.mark.parametrize("on", [("RFC822.SIZE", "BODY"), ("BODY",)], ids=["size", "header"])
@pytest.mark.parametrize("way", WAYS)
def test_one_mail_costs_nobody_else_the_answer(
    imap: Serve, smtp: ScriptedSmtp, way: str, on: tuple[str, ...]
) -> None:
    server, shop = imap(*MAILS, traps={BAD: WAYS[way]}, trap_on=on)
    report, trouble = shop.poll()
    assert trouble is None
    assert (report.accepted, report.left) == (9, 1)
    assert answered(smtp) == OTHERS
    for _ in range(4):
        report, trouble = shop.poll()
        assert (trouble, report.left) == (None, 1)
    assert list(server.mails) == [BAD]
    assert len(lines_about(shop, "切れる")) + len(lines_about(shop, "取り出せません")) == 1
    server.mails[30] = blank("new@b.example", 30)
    assert shop.report().accepted == 1
    server.faults = ImapFaults()
    shop.now = lambda: datetime.now().astimezone() + timedelta(days=2)
    assert shop.report().left == 0
    assert answered(smtp) == Counter([*SENDERS, "new@b.example"])


def test_the_set_is_halved_and_found_once(imap: Serve, smtp: ScriptedSmtp) -> None:
    mails = [blank(f"a{n}@b.example", n) for n in range(200)]
    server, shop = imap(*mails, traps={100: b""})
    assert shop.report().accepted == 199
    logins = sum(command.startswith("AUTHENTICATE") for command in server.commands)
    assert logins <= 2 + 9, "the first, eight halvings and its own, and once for its header"
    server.mails[500] = blank("new@b.example", 500)
    server.commands.clear()
    assert shop.report().accepted == 1
    logins = sum(command.startswith("AUTHENTICATE") for command in server.commands)
    assert logins == 2, "this program knows it by now"


@pytest.mark.parametrize("on", [("RFC822.SIZE", "BODY"), ("BODY",)], ids=["size", "header"])
def test_where_a_login_a_poll_is_all_that_is_allowed_it_is_found_over_the_polls(
    imap: Serve, smtp: ScriptedSmtp, on: tuple[str, ...]
) -> None:
    server, shop = imap(*MAILS, traps={BAD: b""}, trap_on=on)
    well = server.faults
    busy = replace(well, answers={"AUTHENTICATE": b"TAG NO [LIMIT] too many logins\r\n"})
    logins = iter(range(1000))
    server.on_login = lambda: setattr(server, "faults", busy if next(logins) % 2 == 0 else well)
    for _ in range(8):
        server.faults = well
        logins = iter(range(1000))
        shop.poll()
    assert answered(smtp) == OTHERS
    assert list(server.mails) == [BAD]


def test_a_mail_at_which_the_server_falls_silent(imap: Serve, smtp: ScriptedSmtp) -> None:
    _, shop = imap(*MAILS, traps={BAD: b"HANG"})
    receive = replace(shop.settings.receive, timeout_seconds=0.5)
    shop.change(receive=receive)
    for _ in range(2):
        _, trouble = shop.poll()
        assert trouble is None
    assert answered(smtp) == OTHERS


def test_several_such_mails(imap: Serve, smtp: ScriptedSmtp) -> None:
    server, shop = imap(*MAILS, traps={12: b"", 13: b"", 19: b""})
    for _ in range(2):
        shop.poll()
    assert sorted(server.mails) == [12, 13, 19]
    assert sum(answered(smtp).values()) == 7


@pytest.mark.parametrize("command", ["RFC822.SIZE", "HEADER"])
def test_a_server_that_cuts_over_every_mail_is_told_as_that(
    imap: Serve, smtp: ScriptedSmtp, command: str
) -> None:
    server, shop = imap(*MAILS, cut=(command,))
    _, trouble = shop.poll()
    assert trouble is not None
    server.faults = ImapFaults()
    assert shop.report().accepted == 10, "no mail was to blame"


def test_the_last_mail_of_all_is_such_a_one(imap: Serve, smtp: ScriptedSmtp) -> None:
    server, shop = imap(MAILS[0], traps={11: b""})
    for _ in range(5):
        forget()  # each time another program, as `--once`
        assert shop.report().left == 1
    assert len(lines_about(shop, "切れる")) == 1
    server.mails[12] = MAILS[1]
    assert shop.report().accepted == 1


@pytest.mark.real
@pytest.mark.parametrize("how", ["unreadable", "a dangling link", "empty", "replaced by a folder"])
def test_a_message_file_that_dovecot_cannot_read(
    dovecot: Dovecot, smtp: ScriptedSmtp, tmp_path: Path, how: str
) -> None:
    user = f"trap-{how.replace(' ', '-')}"
    files = [dovecot.deliver(user, raw.replace(b"\r\n", b"\n")) for raw in MAILS]
    bad = files[BAD - 11]
    if how == "unreadable":
        bad.chmod(0)
    elif how == "empty":
        bad.write_bytes(b"")
    else:
        bad.unlink()
        (bad.mkdir if how == "replaced by a folder" else lambda: bad.symlink_to("/nowhere/x"))()
    shop = on_imap(dovecot.imap, smtp, tmp_path, user)
    report, trouble = shop.poll()
    assert trouble is None
    assert answered(smtp) == OTHERS
    for _ in range(3):
        report, trouble = shop.poll()
        assert trouble is None
    assert answered(smtp) == OTHERS
    if how == "unreadable":
        assert report.left == 1
        [back] = bad.parent.parent.rglob(f"{bad.name}*")
        back.chmod(0o644)
        os.utime(back.parent)
        shop.now = lambda: datetime.now().astimezone() + timedelta(days=2)
        assert shop.report().left == 0
        assert answered(smtp) == Counter(SENDERS)


# --- nothing can be deleted


def told_of_deletion(shop: ShopProgram, polls: int) -> list[str]:
    """What log and screen have after some polls."""
    health, now = FailureState(), datetime.now().astimezone()
    for _ in range(polls):
        _, trouble = shop.poll()
        health, change = health.after(trouble, now)
        assert change is FailureChange.NOTHING
        interval = timedelta(seconds=60)
        assert health.pause(interval) == interval, "a customer would wait for longer"
    return lines_about(shop, "削除できません")


@pytest.mark.parametrize(
    "faults",
    [
        {"read_only": True},
        {"answers": {"STORE": b"TAG NO [NOPERM] not allowed\r\n"}},
        {"answers": {"EXPUNGE": b"TAG NO [NOPERM] not allowed\r\n"}},
        {"keeps": True},
    ],
    ids=["READ-ONLY", "STORE", "EXPUNGE", "OK and nothing"],
)
def test_what_imap_does_not_delete_is_told_once_and_not_answered_twice(
    imap: Serve, smtp: ScriptedSmtp, faults: dict[str, object]
) -> None:
    server, shop = imap(*MAILS, **faults)
    told = told_of_deletion(shop, 5)
    assert len(told) == 1, told
    assert "サーバからメールを削除できません" in told[0]
    assert "二重に返信することはありません" in told[0]
    assert "プロバイダ" in told[0]
    assert ("読み取り専用" in told[0]) is ("read_only" in faults)
    assert len(server.mails) == 10
    assert answered(smtp) == Counter(SENDERS)
    server.mails[40] = blank("new@b.example", 40)
    told_of_deletion(shop, 1)
    assert answered(smtp)["new@b.example"] == 1
    server.faults = ImapFaults()
    for _ in range(2):
        assert shop.report().left == 0
    assert answered(smtp) == Counter([*SENDERS, "new@b.example"])
    assert len(lines_about(shop, "削除できるようになりました")) == 1


def test_an_empty_mailbox_that_is_read_only_is_no_trouble(imap: Serve) -> None:
    _, shop = imap(read_only=True)
    assert shop.report().left == 0


def test_one_mail_that_cannot_be_marked_leaves_the_others(imap: Serve, smtp: ScriptedSmtp) -> None:
    server, shop = imap(*MAILS, stores_refused=frozenset({BAD}))
    _, trouble = shop.poll()
    assert isinstance(trouble, NotDeleted)
    assert list(server.mails) == [BAD]
    shop.poll()
    assert answered(smtp) == Counter(SENDERS)


@pytest.mark.parametrize("how", ["one", "all", "QUIT", "OK and nothing"])
def test_what_pop3_does_not_delete_is_told_once_and_not_answered_twice(
    smtp: ScriptedSmtp, tmp_path: Path, how: str
) -> None:
    no = b"-ERR mailbox is read-only\r\n"
    faults = Faults(answers={"one": {"DELE 1": no}, "all": {"DELE": no}}.get(how, {"QUIT": no}))
    with ScriptedPop3(MAILS, faults) as pop3:
        shop = ShopProgram(tmp_path, settings_for(pop3.port, smtp.port), PASSWORD)
        mails = dict(pop3.mails)
        if how == "OK and nothing":
            pop3.faults = [Faults()]
            pop3.remove = lambda uids: None  # type: ignore[method-assign]
        told = told_of_deletion(shop, 5)
        assert len(told) == 1, told
        assert "二重に返信することはありません" in told[0]
        assert "プロバイダ" in told[0]
        assert len(pop3.mails) == (1 if how == "one" else 10)
        assert answered(smtp) == Counter(SENDERS)
        if how == "OK and nothing":
            shop.now = lambda: datetime.now().astimezone() + timedelta(days=80)
            shop.poll()
            assert set(pop3.mails) == set(mails)
            del pop3.remove
        pop3.faults = [Faults()]
        assert shop.report().left == 0
        shop.poll()
        assert answered(smtp) == Counter(SENDERS)
        assert len(lines_about(shop, "削除できるようになりました")) == 1
