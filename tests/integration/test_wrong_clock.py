"""The clock of the whole PC is wrong for a while: ahead, behind, by a day, by 45 days, by a year.

The program runs as a process whose clock on the wall is moved (`bad_pc`), on real sockets.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.ledger.states import ReceiptState
from kollect.mailing.mailing_states import MailingState, RecipientState
from kollect.settings import ini_file
from kollect.storage.backup import backups
from tests.helpers.mail_samples import blank
from tests.helpers.member_shop import SHOP, Mailer, begin, guest, join
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import At, ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for
from tests.servers.bad_pc import BadPC, library

pytestmark = pytest.mark.real
DAY = timedelta(days=1)
WRONG = pytest.mark.parametrize("wrong", [1, 45, 365, -45], ids=lambda d: f"{d:+}d")
DATE = "「日付と時刻」"


class Place:
    def __init__(self, folder: Path, lib: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.pop3, self.smtp = ScriptedPop3(), ScriptedSmtp()
        self.pc = BadPC(lib, folder, self.data)
        self.settings = replace(settings_for(1, 1), shop=SHOP)

    def __enter__(self) -> Place:
        self.pop3.__enter__()
        self.smtp.__enter__()
        servers = settings_for(self.pop3.port, self.smtp.port)
        self.settings = replace(servers, shop=SHOP, forward_address="")
        ini_file.save(self.data / "kollect.ini", self.settings)
        return self

    def __exit__(self, *_: object) -> None:
        self.pc.close()
        self.pop3.__exit__()
        self.smtp.__exit__()

    def poll(self, *, wrong: int = 0) -> dict[str, int]:
        """One run of the program, on a PC whose clock is so many days ahead."""
        done = self.run("collect", "--once", "--json", wrong=wrong)
        assert done.returncode in (0, 3, 4), (done.stdout, done.stderr)
        return json.loads(done.stdout)

    def run(self, *command: str, wrong: int = 0) -> subprocess.CompletedProcess[str]:
        self.pc.set_clock(wrong * DAY)
        done = self.pc.run(*command)
        assert "Traceback" not in done.stderr
        return done

    def put_off(self, verb: str = "RCPT") -> None:
        self.smtp.script.fault = lambda at: "450 4.2.1 later" if at.verb == verb else None

    def well(self) -> None:
        self.smtp.script.fault = None

    def states(self) -> list[ReceiptState]:
        shop = ShopProgram(self.data, self.settings, "")
        return [receipt.state for receipt in shop.receipts()]

    def log(self) -> str:
        return "".join(file.read_text("utf-8") for file in (self.data / "log").glob("*.txt"))


@pytest.fixture(scope="session")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("bad_pc"))


@pytest.fixture
def place(tmp_path: Path, lib: Path):
    with Place(tmp_path, lib) as made:
        yield made


@WRONG
def test_a_reply_put_off_then_is_sent_at_once_and_never_given_up(place: Place, wrong: int):
    place.poll()
    place.pop3.put(blank("a@b.example"))
    place.put_off()
    assert place.poll(wrong=wrong)["deferred"] == 1
    assert place.poll()["deferred"] == 1, "at the first 4xx by the right date"
    assert place.poll(wrong=wrong)["deferred"] == 1
    assert place.states() == [ReceiptState.PENDING]
    place.well()
    assert place.poll()["left"] == 0
    assert place.states() == [ReceiptState.REPLIED]
    assert len(place.smtp.kept) == 1


@WRONG
def test_a_letter_of_a_mailing_likewise(place: Place, wrong: int):
    join(place.data / "kollect.db", [guest(n) for n in range(5)])
    mailing = begin(place.data / "kollect.db")
    mailer = Mailer(place.data, place.settings)

    def one_put_off(at: At) -> str | None:
        return "450 later" if at.verb == "RCPT" and guest(3) in at.argument else None

    place.smtp.script.fault = one_put_off
    for days in (0, wrong, 0, wrong):
        place.run("send", "--resume", "--json", wrong=days)
        assert mailer.mailing(mailing).state is MailingState.SENDING
    place.well()
    place.run("send", "--resume", "--json")
    assert mailer.mailing(mailing).state is MailingState.DONE
    assert {recipient.step for recipient in mailer.parcels(mailing)} == {RecipientState.SENT}
    assert sorted(place.smtp.recipients) == sorted(guest(n) for n in range(5))


@WRONG
def test_the_next_mailing_does_not_wait_for_that_date(place: Place, wrong: int):
    database = place.data / "kollect.db"
    join(database, [guest(n) for n in range(5)])
    mailer = Mailer(place.data, place.settings)
    body = place.data.parent / "body.txt"
    body.write_text("こんにちは", "utf-8")
    command = ("send", "--subject", "セール", "--body-file", str(body), "--json",
               "--per-minute", "9", "--per-hour", "9")  # fmt: skip
    place.run(*command, wrong=wrong)
    assert len(place.smtp.kept) == 5
    with_room = place.run(*command[:-4], "--per-minute", "60", "--per-hour", "60")
    assert json.loads(with_room.stdout)["left"] == 0
    assert len(place.smtp.kept) == 10
    assert mailer.mailing(2).state is MailingState.DONE


@WRONG
def test_a_mail_that_cut_the_line_then_is_fetched(place: Place, wrong: int):
    place.poll()
    raw = blank("bad@b.example", subject="Question")
    place.pop3.put(raw)
    place.pop3.put(blank("a@b.example", 2))
    place.pop3.faults = [Faults(cut_inside=frozenset({"RETR"}))]
    for _ in range(3):
        place.poll(wrong=wrong)
    place.pop3.faults = []
    assert place.poll()["left"] == 0, "nothing waits for the future"
    assert [file.read_bytes() for file in (place.data / "kept").glob("*.eml")] == [raw]


@WRONG
def test_copies_of_mails_and_of_the_ledger_stay(place: Place, wrong: int):
    place.pop3.put(blank("x@y.example", subject="Question"))
    for days in range(3):
        assert place.poll(wrong=days)["left"] == 0
    kept = list((place.data / "kept").glob("*.eml"))
    copies = set(backups(place.data / "backup"))
    assert len(kept) == 1
    assert len(copies) == 3
    for days in range(9) if abs(wrong) > 9 else (0,):
        place.poll(wrong=wrong + days)
    place.poll(wrong=3)
    assert list((place.data / "kept").glob("*.eml")) == kept
    assert copies <= set(backups(place.data / "backup"))


@pytest.mark.parametrize("wrong", [-1, -45, 45, 365])
def test_it_is_told_once(place: Place, wrong: int):
    place.poll()
    for _ in range(3):
        place.poll(wrong=wrong)
    assert place.log().count(DATE) == (1 if wrong < 0 or wrong > 60 else 0)
    for _ in range(3):
        place.poll()
    told = [line for line in place.log().splitlines() if DATE in line]
    assert len(told) == {-1: 1, -45: 1, 45: 1, 365: 2}[wrong], told


def test_the_sending_server_says_the_time(place: Place):
    greeting = "220 mx ESMTP Exim 4.96 Fri, 27 Nov 2015 10:00:00 +0000"
    place.smtp.script.fault = lambda at: greeting if at.verb == "GREETING" else None
    place.pop3.put(blank("a@b.example"))
    assert place.poll()["left"] == 0
    place.pop3.put(blank("b@b.example", 2))
    assert place.poll()["left"] == 0
    told = [line for line in place.log().splitlines() if DATE in line]
    assert len(told) == 1
    assert "進んでいるようです" in told[0]
    assert "2015-11-27" in told[0]


def test_a_mail_from_the_future_tells_of_a_clock_that_is_behind(place: Place):
    place.pop3.put(blank("a@b.example"))
    assert place.poll(wrong=-3650)["left"] == 0
    told = [line for line in place.log().splitlines() if DATE in line]
    assert len(told) == 1
    assert "遅れているようです" in told[0]
