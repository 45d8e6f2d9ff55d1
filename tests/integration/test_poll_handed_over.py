"""A poll at a server that says OK and gives nothing, or less than there is: what it does not hand
over is no mail. It stays there, is told once, and costs nobody else the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.settings.model import Protocol
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_pop3 import CAPABILITIES, Faults, ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import OWNER, PASSWORD, ShopProgram, settings_for

PLAIN = tuple(c for c in CAPABILITIES if c != "PIPELINING")
OTHER = blank("other@b.example", 2)
NOTHING = b"+OK\r\n.\r\n"
BLANK_LINE = b"+OK\r\n\r\n.\r\n"
FIRST_FIELD = b"+OK\r\nReturn-Path: <a@b.example>\r\n.\r\n"


def answered(smtp: ScriptedSmtp) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in smtp.kept)


def lines_about(shop: ShopProgram, words: str) -> list[str]:
    return [text for text in shop.told() if words in text]


def retr(raw: bytes) -> bytes:
    """The answer with this mail, its last line ended."""
    return b"+OK\r\n" + raw + b"\r\n" * (not raw.endswith(b"\r\n")) + b".\r\n"


# --- POP3


@pytest.fixture(params=[CAPABILITIES, PLAIN, None], ids=["pipelined", "plain", "no CAPA"])
def pop3(request: pytest.FixtureRequest) -> Iterator[ScriptedPop3]:
    with ScriptedPop3() as server:
        server.faults = [Faults(capabilities=request.param)]
        yield server


def said_of_the_first(pop3: ScriptedPop3, **answers: bytes) -> None:
    well = pop3.faults[-1]
    given = {"TOP": "TOP 1 0", "RETR": "RETR 1"}
    pop3.faults = [replace(well, answers={given[name]: said for name, said in answers.items()})]


TRUNCATED = {
    "nothing": NOTHING,
    "a blank line": BLANK_LINE,
    "the first field": FIRST_FIELD,
    "blank lines": b"+OK\r\n\r\n\r\n\r\n.\r\n",
    "the first field as if it were all": b"+OK\r\nReturn-Path: <a@b.example>\r\n\r\n.\r\n",
    "the first half of the header": retr(blank("a@b.example", 1)[:200]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("top", "whole"), sorted({(name, of) for name in TRUNCATED for of in (name, "nothing")})
)
@pytest.mark.parametrize("subject", ["", "question"])
def test_what_is_not_given_stays_and_is_told_once(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, top: str, whole: str, subject: str
) -> None:
    bad = blank("a@b.example", 1, subject=subject)
    pop3.put(bad)
    pop3.put(OTHER)
    well = pop3.faults[-1]
    said_of_the_first(pop3, TOP=TRUNCATED[top], RETR=TRUNCATED[whole])
    for _ in range(3):
        report, trouble = shop.poll()
        assert trouble is None
    assert report.left == 1
    assert list(pop3.mails.values()) == [bad]
    assert answered(smtp) == Counter(["other@b.example"])
    assert shop.kept() == []
    assert len(shop.receipts()) == 1
    assert len(lines_about(shop, "取り出せません")) == 1
    pop3.faults = [well]
    assert shop.report().left == 0
    assert answered(smtp) == Counter(["other@b.example", OWNER if subject else "a@b.example"])


@pytest.mark.parametrize("top", TRUNCATED)
def test_a_header_that_is_not_given_alone_is_taken_out_of_the_whole_mail(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, top: str
) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.put(OTHER)
    said_of_the_first(pop3, TOP=TRUNCATED[top])
    assert shop.report().left == 0
    assert answered(smtp) == Counter(["a@b.example", "other@b.example"])


QUESTION = blank("x@y.example", 1, subject="question") + b"What are your opening hours?\r\n" * 40


@pytest.mark.parametrize(
    ("given", "sized"),
    [
        pytest.param(b"", True, id="nothing"),
        pytest.param(b"", False, id="nothing, no LIST"),
        pytest.param(b"\r\n", True, id="blank line"),
        pytest.param(b"\r\n", False, id="blank line, no LIST"),
        pytest.param(QUESTION[:300], True, id="header cut"),
        pytest.param(QUESTION[:300], False, id="header cut, no LIST"),
        pytest.param(QUESTION[: len(QUESTION) // 2], True, id="half"),
    ],
)
def test_a_mail_to_be_forwarded_waits_for_its_body(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, given: bytes, sized: bool
) -> None:
    pop3.put(QUESTION)
    pop3.put(OTHER)
    well = pop3.faults[-1] if sized else replace(pop3.faults[-1], missing=frozenset({"LIST"}))
    pop3.faults = [well]
    said_of_the_first(pop3, RETR=retr(given) if given else NOTHING)
    for _ in range(3):
        report, trouble = shop.poll()
        assert trouble is None
    assert list(pop3.mails.values()) == [QUESTION]
    assert (report.left, report.forwarded) == (1, 0)
    assert answered(smtp) == Counter(["other@b.example"])
    assert b"" not in shop.kept()
    assert len(lines_about(shop, "すべては取り出せません")) == 1
    pop3.faults = [well]
    assert shop.report().left == 0
    assert shop.kept() == [QUESTION]
    assert answered(smtp)[OWNER] == 1
    assert b"opening hours" in next(m.data for m in smtp.kept if m.recipients[0] == OWNER)


def test_a_mail_of_which_nothing_ever_comes_is_told_again_after_a_week(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp
) -> None:
    pop3.put(blank("a@b.example", 1))
    said_of_the_first(pop3, TOP=NOTHING, RETR=NOTHING)
    for days, told in ((0, 1), (3, 1), (8, 2), (9, 2), (16, 3)):
        shop.now = lambda days=days: datetime.now().astimezone() + timedelta(days=days)
        shop.report()
        assert len(lines_about(shop, "取り出せません")) == told
    assert len(pop3.mails) == 1


@pytest.mark.parametrize("factor", [0.98, 0.9, 1.0, 1.3])
def test_a_size_that_is_only_about_right_is_no_trouble(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, factor: float
) -> None:
    pop3.put(QUESTION)
    size = b"1 %d" % (len(QUESTION) / factor)
    pop3.faults = [replace(pop3.faults[-1], lines={"LIST": size})]
    assert shop.report().left == 0
    assert shop.kept() == [QUESTION]


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.example\r\nSubject: \r\n",
        b"\r\nno header at all\r\n",
        b"From: a@b.example\r\nSubject: no end\r\n",
    ],
)
def test_a_mail_that_is_nothing_but_that_is_taken_as_it_is(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, raw: bytes
) -> None:
    """RFC 5322 section 2.1: the empty line may be missing where there is no body."""
    pop3.put(raw)
    said_of_the_first(pop3, TOP=retr(raw))
    assert shop.report().left == 0
    assert not pop3.mails


def test_without_uidl_too(shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp) -> None:
    pop3.put(blank("a@b.example", 1))
    pop3.put(OTHER)
    well = replace(pop3.faults[-1], missing=frozenset({"UIDL"}))
    pop3.faults = [well]
    said_of_the_first(pop3, TOP=NOTHING, RETR=NOTHING)
    for _ in range(3):
        assert shop.report().left == 1
    assert answered(smtp) == Counter(["other@b.example"])
    assert len(lines_about(shop, "取り出せません")) == 1
    pop3.faults = [well]
    assert shop.report().left == 0
    assert answered(smtp) == Counter(["other@b.example", "a@b.example"])


@pytest.mark.parametrize("octets", [65_000, 70_000, 150_000, 255_000])
def test_a_long_header_that_is_all_there_is_one(
    shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp, octets: int
) -> None:
    field = b"X-Long: " + b"a" * 70 + b"\r\n"
    pop3.put(field * (octets // len(field)) + blank("a@b.example", 1))
    pop3.put(field * (octets // len(field)) + blank("x@b.example", 2, subject="hello"))
    report = shop.report()
    assert (report.accepted, report.forwarded, report.left) == (1, 1, 0)
    assert answered(smtp) == Counter(["a@b.example", OWNER])


# --- IMAP


Serve = Callable[..., tuple[ScriptedImap, ShopProgram]]


@pytest.fixture
def imap(smtp: ScriptedSmtp, tmp_path: Path) -> Iterator[Serve]:
    running: list[ScriptedImap] = []

    def start(*mails: bytes, **faults: object) -> tuple[ScriptedImap, ShopProgram]:
        server = ScriptedImap(mails, ImapFaults(**faults)).__enter__()
        running.append(server)
        settings = settings_for(server.port, smtp.port)
        receive = replace(settings.receive, protocol=Protocol.IMAP)
        return server, ShopProgram(tmp_path, replace(settings, receive=receive), PASSWORD)

    yield start
    for server in running:
        server.__exit__()


@pytest.mark.parametrize("value", [b"NIL", b'""', b"0", b"{0}\r\n", b'"From: a@b.example"'])
def test_imap_gives_nothing_of_a_mail(imap: Serve, smtp: ScriptedSmtp, value: bytes) -> None:
    bad = blank("a@b.example", 1)
    server, shop = imap(bad, OTHER, values={11: value})
    for _ in range(3):
        assert shop.report().left == 1
    assert list(server.mails.values()) == [bad]
    assert answered(smtp) == Counter(["other@b.example"])
    assert shop.kept() == []
    assert len(lines_about(shop, "取り出せません")) == 1
    server.faults = ImapFaults()
    assert shop.report().left == 0
    assert answered(smtp) == Counter(["other@b.example", "a@b.example"])


@pytest.mark.parametrize("piece", [64 * 1024, 65_535, 1000])
def test_an_imap_server_that_cuts_pieces_is_asked_until_nothing_comes(
    imap: Serve, smtp: ScriptedSmtp, piece: int
) -> None:
    field = b"X-Long: " + b"a" * 70 + b"\r\n"
    long = field * (piece * 5 // 2 // len(field) + 1)
    raw = blank("x@y.example", 2, subject="photos") + b"0123456789abcdef\r\n" * (piece // 8)
    _, shop = imap(long + blank("a@b.example", 1), raw, piece=piece)
    report = shop.report()
    assert (report.accepted, report.forwarded, report.left) == (1, 1, 0)
    assert shop.kept() == [raw]


def test_pieces_that_are_all_alike_are_no_repetition(imap: Serve, smtp: ScriptedSmtp) -> None:
    line = b"X-Long: " + b"a" * 54 + b"\r\n"
    assert len(line) == 64
    raw = line * 3000 + blank("x@y.example", 2, subject="photos") + b"0123456789abcd\r\n" * 9000
    _, shop = imap(line * 3000 + blank("a@b.example", 1), raw, piece=64 * 1024)
    report = shop.report()
    assert (report.accepted, report.forwarded, report.left) == (1, 1, 0)
    assert shop.kept() == [raw]


def test_an_imap_mail_that_ends_before_its_announced_size_is_left(
    imap: Serve, smtp: ScriptedSmtp
) -> None:
    server, shop = imap(QUESTION, OTHER, sizes={11: b"%d" % (2 * len(QUESTION))})
    for _ in range(2):
        assert shop.report().left == 1
    assert list(server.mails.values()) == [QUESTION]
    server.faults = ImapFaults()
    assert shop.report().left == 0
    assert shop.kept() == [QUESTION]


@pytest.mark.parametrize("how", ["omitted", "omitted_among"])
def test_a_mail_left_out_of_an_answer(imap: Serve, smtp: ScriptedSmtp, how: str) -> None:
    senders = [f"a{n}@b.example" for n in range(5)]
    server, shop = imap(
        *(blank(sender, n) for n, sender in enumerate(senders)), **{how: frozenset({13})}
    )
    report = shop.report()
    if how == "omitted":
        assert (report.left, list(server.mails)) == (1, [13])
        assert answered(smtp) == Counter(set(senders) - {"a2@b.example"})
        server.faults = ImapFaults()
    assert shop.report().left == 0
    assert answered(smtp) == Counter(senders)
