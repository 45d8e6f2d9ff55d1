"""A server that says more than anybody can hold: the program stays below 100 MB, and alive.

The peak is the whole program's, measured in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.mail_samples import blank
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_pop3 import CAPABILITIES, Faults, ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")

MOST = 100 * 1024
"""KiB"""
MAILS = [blank(f"a{n}@b.example", n) for n in range(3)]
DIGITS = b"9" * 5000

POLL = textwrap.dedent("""
    import re, sys
    from dataclasses import replace
    from pathlib import Path
    from kollect.settings.model import Protocol
    from tests.helpers.shop import ShopProgram, settings_for

    protocol, port, smtp, folder, polls = sys.argv[1:]
    settings = settings_for(int(port), int(smtp))
    receive = replace(settings.receive, protocol=Protocol(protocol), timeout_seconds=10)
    shop = ShopProgram(Path(folder), replace(settings, receive=receive), "S3cret-pw!")
    for _ in range(int(polls)):
        report, trouble = shop.poll()
    # not ru_maxrss: that has the peak of the process that started this one in it
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    print(peak, report.accepted, trouble)
""")

Poll = Callable[..., tuple[int, str]]


@pytest.fixture
def polled(smtp: ScriptedSmtp, tmp_path: Path) -> Poll:
    def poll(server: ScriptedImap | ScriptedPop3, polls: int = 1) -> tuple[int, str]:
        protocol = "imap" if isinstance(server, ScriptedImap) else "pop3"
        ports = str(server.port), str(smtp.port)
        done = subprocess.run(
            [sys.executable, "-c", POLL, protocol, *ports, str(tmp_path), str(polls)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        peak, _, rest = done.stdout.partition(" ")
        return int(peak), rest

    return poll


LITERAL = b"* 1 FETCH (UID 11 BODY[HEADER]<0> {%d}\r\n"
IMAP_FLOODS = {
    "a literal for a header": ("HEADER", LITERAL % 300_000_000, b"x" * 75 + b"\r\n"),
    "a literal for a size": ("RFC822.SIZE", b"* 1 FETCH (UID 11 RFC822.SIZE {300000000}\r\n", b"x"),
    "a literal after SELECT": ("SELECT", b"* OK {300000000}\r\n", b"x"),
    "an endless line": ("HEADER", b"* 1 FETCH (", b"x"),
    "an endless line of words": ("HEADER", b"* 1 FETCH (", b"x "),
    "brackets": ("HEADER", b"* 1 FETCH ", b"("),
    "literals without end": ("HEADER", b"", LITERAL % 5 + b"abcde)\r\n"),
    "flags without end": ("HEADER", b"", b"* 1 FETCH (FLAGS (\\Seen))\r\n"),
    "words to a FETCH": ("RFC822.SIZE", b"", b"* OK hello\r\n"),
    "EXISTS without end": ("SELECT", b"", b"* 1 EXISTS\r\n"),
    "codes without end": ("SELECT", b"", b"* OK [X 1] y\r\n"),
    "UIDs without end": ("SEARCH", b"* SEARCH", b" 12"),
    "SEARCH lines without end": ("SEARCH", b"", b"* SEARCH 1 2 3\r\n"),
    "one long UID": ("SEARCH", b"* SEARCH ", b"9"),
    "capabilities": ("CAPABILITY", b"* CAPABILITY", b" X-Y"),
    "a greeting": ("GREETING", b"* OK ", b"x"),
    "a login": ("AUTHENTICATE", b"", b"* OK hello\r\n"),
    "an expunge": ("EXPUNGE", b"", b"* 1 EXPUNGE\r\n"),
    "a farewell": ("LOGOUT", b"", b"* OK hello\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMAP_FLOODS)
def test_an_imap_server_that_does_not_end(polled: Poll, name: str) -> None:
    command, head, again = IMAP_FLOODS[name]
    with ScriptedImap(MAILS, ImapFaults(floods={command: (head, again)})) as server:
        peak, _ = polled(server)
    assert peak < MOST


POP3_FLOODS = {
    "a greeting": ("GREETING", b"+OK ", b"x"),
    "capabilities": ("CAPA", b"+OK\r\n", b"X-Y 1 2\r\n"),
    "one capability": ("CAPA", b"+OK\r\n", b"X"),
    "a status": ("PASS", b"+OK ", b"x"),
    "ids": ("UIDL", b"+OK\r\n", b"1 x\r\n"),
    "an id": ("UIDL", b"+OK\r\n1 ", b"x"),
    "sizes": ("LIST", b"+OK\r\n", b"1 1\r\n"),
    "a header": ("TOP 2 0", b"+OK\r\n", b"X-A: b\r\n"),
    "a header line": ("TOP 2 0", b"+OK\r\nX-A: ", b"b"),
    "a mail": ("RETR 4", b"+OK\r\n", b"text\r\n"),
    "a line": ("RETR 4", b"+OK\r\n", b"x"),
    "a DELE": ("DELE 1", b"+OK ", b"x"),
}


@pytest.mark.parametrize("name", POP3_FLOODS)
def test_a_pop3_server_that_does_not_end(polled: Poll, tmp_path: Path, name: str) -> None:
    command, head, again = POP3_FLOODS[name]
    mails = [*MAILS, blank("x@y.example", 9, subject="hello")]
    with ScriptedPop3(mails, Faults(floods={command: (head, again)})) as server:
        peak, _ = polled(server)
    assert peak < MOST
    kept = list((tmp_path / "kept").glob("*")) if (tmp_path / "kept").exists() else []
    assert sum(file.stat().st_size for file in kept) < 1_000_000


def test_a_listing_of_a_million_mails(polled: Poll) -> None:
    listing = b"".join(b"%d %070d\r\n" % (n, n) for n in range(1, 150_001))
    with ScriptedPop3(MAILS, Faults(answers={"UIDL": b"+OK\r\n" + listing + b".\r\n"})) as server:
        peak, _ = polled(server)
    assert peak < MOST


@pytest.mark.parametrize("name", ["a header", "a mail"])
def test_the_others_are_answered_all_the_same(polled: Poll, smtp: ScriptedSmtp, name: str) -> None:
    command, head, again = POP3_FLOODS[name]
    mails = [*MAILS, blank("x@y.example", 9, subject="hello")]
    with ScriptedPop3(mails, Faults(floods={command: (head, again)})) as server:
        _, told = polled(server, polls=5)
        assert len(server.mails) == 1
    assert "None" in told
    answered = {mail.recipients[0] for mail in smtp.kept}
    assert {"a0@b.example", "a2@b.example"} <= answered


# --- numbers


SELECTED = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\nTAG OK done\r\n"
IMAP_NUMBERS = {
    "UIDVALIDITY": ("SELECT", SELECTED.replace(b"7", DIGITS)),
    "EXISTS": ("SELECT", b"* " + DIGITS + b" EXISTS\r\n" + SELECTED),
    "UIDNEXT": ("SELECT", b"* OK [UIDNEXT " + DIGITS + b"]\r\n" + SELECTED),
    "HIGHESTMODSEQ": ("SELECT", b"* OK [HIGHESTMODSEQ " + DIGITS + b"]\r\n" + SELECTED),
    "SEARCH": ("SEARCH", b"* SEARCH 11 " + DIGITS + b" 12 13\r\nTAG OK done\r\n"),
    "MODSEQ": ("SEARCH", b"* SEARCH 11 12 13 (MODSEQ " + DIGITS + b")\r\nTAG OK done\r\n"),
}


@pytest.mark.parametrize("name", IMAP_NUMBERS)
def test_an_imap_number_of_5000_digits_is_as_if_it_had_not_been_said(
    polled: Poll, smtp: ScriptedSmtp, name: str
) -> None:
    with ScriptedImap(MAILS, ImapFaults(answers=dict([IMAP_NUMBERS[name]]))) as server:
        _, told = polled(server)
        assert told.strip() == "3 None"
        assert not server.mails


@pytest.mark.parametrize("number", [DIGITS, b"18446744073709551616", b"-1", b"0", b"x"])
def test_a_size_that_cannot_be_is_an_unknown_one(
    polled: Poll, smtp: ScriptedSmtp, number: bytes
) -> None:
    mails = [*MAILS, blank("x@y.example", 9, subject="hello")]
    sizes = dict.fromkeys(range(11, 15), number)
    with ScriptedImap(mails, ImapFaults(sizes=sizes)) as server:
        _, told = polled(server)
        assert told.strip() == "3 None"
        assert not server.mails
    listed = b"".join(b"%d %s\r\n" % (n, number) for n in range(1, 5))
    with ScriptedPop3(mails, Faults(lines={"LIST": listed})) as server:
        _, told = polled(server)
        assert "None" in told
        assert not server.mails


@pytest.mark.parametrize(
    "faults",
    [
        Faults(lines={"UIDL": DIGITS + b" a\r\n1 a\r\n2 b\r\n3 c\r\n"}),
        Faults(lines={"LIST": DIGITS + b" 1\r\n1 500\r\n"}),
        Faults(capabilities=(*CAPABILITIES, "EXPIRE " + "9" * 5000, "LOGIN-DELAY " + "9" * 5000)),
    ],
    ids=["UIDL", "LIST", "CAPA"],
)
def test_a_pop3_number_of_5000_digits_is_as_if_it_had_not_been_said(
    polled: Poll, faults: Faults
) -> None:
    with ScriptedPop3(MAILS, faults) as server:
        _, told = polled(server)
        assert told.strip() == "3 None"
        assert not server.mails


# --- the sending server


@pytest.mark.parametrize(
    "ehlo",
    [
        "250-hello\r\n250 SIZE " + "9" * 5000,
        "250-hello\r\n" + "250-X-Y\r\n" * 2_000_000 + "250 X",
        "250-hello\r\n250-" + "X" * 200_000_000 + "\r\n250 X",
        "250 " + "9" * 200_000_000,
    ],
    ids=["size", "lines", "line", "one line"],
)
def test_a_sending_server_that_says_too_much(polled: Poll, smtp: ScriptedSmtp, ehlo: str) -> None:
    smtp.script.fault = lambda at: ehlo if at.verb == "EHLO" else None
    with ScriptedPop3(MAILS) as server:
        peak, told = polled(server)
    assert peak < MOST
    assert len(smtp.kept) == 3 or "送信サーバ" in told
