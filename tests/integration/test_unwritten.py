"""A disk that fails after the 250s, or another program that holds kollect.db: no letter twice.

`KOLLECT_TROUBLES=200 ./build.sh test tests/integration/test_unwritten.py -s` plays two hundred
random troubles.
"""

from __future__ import annotations

import email
import errno
import json
import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.collector.events import CollectorEvent, Held, PollFinished
from kollect.collector.status import CollectorStatus
from kollect.collector.worker import CollectorWorker
from kollect.errors import StorageTrouble
from kollect.ledger import commit_retry
from kollect.mailing.mailing_states import RecipientState
from kollect.settings import ini_file
from kollect.settings.model import Passwords
from kollect.storage import database_driver
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from tests.helpers.mail_samples import blank
from tests.helpers.member_shop import SHOP, Mailer, begin, guest, join
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import At, Script, ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for
from tests.servers.bad_pc import FOR_GOOD, IMPATIENT, BadPC, library

MAILS = 30
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)


class Place:
    """A shop whose disk is bad, and its servers."""

    def __init__(self, folder: Path, lib: Path, *, plain: bool = False) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.pop3 = ScriptedPop3([blank(f"guest{n}@docomo.ne.jp", n) for n in range(MAILS)])
        self.begun = 0
        self.latency = 0.0
        """Seconds a letter, so that a trouble finds some on the way."""
        script = Script(fault=self._count, pipelining=not plain, chunking=not plain)
        self.smtp = ScriptedSmtp(script)
        self.pc = BadPC(lib, folder, self.data)

    def _count(self, at: At) -> None:
        if at.verb == "MAIL":
            self.begun += 1
            time.sleep(self.latency)

    def __enter__(self) -> Place:
        self.pop3.__enter__()
        self.smtp.__enter__()
        settings = replace(settings_for(self.pop3.port, self.smtp.port), shop=SHOP)
        ini_file.save(self.data / "kollect.ini", settings)
        self.settings = settings
        return self

    def __exit__(self, *_: object) -> None:
        self.pc.close()
        self.pop3.__exit__()
        self.smtp.__exit__()

    def start(self, *command: str, **environ: str) -> subprocess.Popen:
        command = command or ("collect", "--once", "--json")
        return self.pc.start(*command, module=IMPATIENT, **environ)

    def letters(self) -> Counter[str]:
        """By Message-ID: how often each was accepted."""
        return Counter(email.message_from_bytes(kept.data)["Message-ID"] for kept in self.smtp.kept)

    def repeats(self) -> int:
        letters = self.letters()
        return letters.total() - len(letters)

    def until_done(self) -> None:
        """The disk is well again: poll until nothing is left."""
        for _ in range(5):
            process = self.start()
            out, err = process.communicate(timeout=120)
            if process.returncode == 0 and not json.loads(out)["left"]:
                return
        raise AssertionError((process.returncode, out, err))


@pytest.fixture(scope="session")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("bad_pc"))


@contextmanager
def held(database: Path) -> Iterator[None]:
    """As a virus scanner or a backup program holds it."""
    other = sqlite3.connect(database, isolation_level=None, timeout=10)
    try:
        other.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        other.close()


def when(there, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < ends
        time.sleep(0.005)


# --- one call fails, each in its turn

EVERY = int(os.environ.get("KOLLECT_EVERY_WRITE", "9"))
"""There are some hundred calls in a poll, and each is a program started twice: not all of them each
time."""


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_every_write_of_a_poll_fails_once(tmp_path: Path, lib: Path, part: int) -> None:
    with Place(tmp_path / "well", lib) as place:
        out, err = place.start().communicate(timeout=60)
        assert json.loads(out)["accepted"] == MAILS, err
        calls = place.pc.calls
    for at in range(1 + part, calls + 1, 4 * EVERY):
        with Place(tmp_path / f"{at}", lib) as place:
            place.pc.fail(at, at + 1, ERRORS[at % 3])
            place.start().communicate(timeout=60)
            place.until_done()
            assert (at, place.repeats(), len(place.letters())) == (at, 0, MAILS)
            assert not place.pop3.mails


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("mailing", [False, True], ids=["replies", "mailing"])
@pytest.mark.parametrize("seed", range(int(os.environ.get("KOLLECT_TROUBLES", "6"))))
def test_random_troubles_repeat_nothing(
    tmp_path: Path, lib: Path, seed: int, mailing: bool
) -> None:
    """Errors for a few calls or for a second, or somebody holds the file, at any moment."""
    chance = random.Random(seed)
    command = ("send", "--resume", "--json") if mailing else ()
    with Place(tmp_path, lib, plain=bool(seed % 2)) as place:
        file = place.data / "kollect.db"
        place.latency = 0.03
        if mailing:
            join(file, [guest(n) for n in range(MAILS)])
            begin(file)
        process = place.start(*command)
        told = ""
        try:
            for _ in range(chance.randint(1, 3)):
                at = place.begun
                more = chance.randint(0, MAILS // 2)
                ends = time.monotonic() + 10
                while process.poll() is None and place.begun < at + more:
                    if time.monotonic() > ends:
                        break
                    time.sleep(0.001)
                if chance.random() < 0.35 and file.exists():
                    told += "held "
                    try:
                        with held(file):
                            time.sleep(chance.uniform(0.1, 1.5))
                    except sqlite3.Error:
                        told += "(not) "
                    continue
                error = chance.choice(ERRORS)
                told += f"{errno.errorcode[error]} "
                first = chance.randint(1, 12)
                if chance.random() < 0.5:
                    place.pc.fail(first, first + chance.randint(1, 40), error)
                else:
                    place.pc.fail(first, FOR_GOOD, error)
                    time.sleep(chance.uniform(0.1, 1.5))
                    place.pc.heal()
        finally:
            place.pc.heal()
            _, err = process.communicate(timeout=120)
        print(f"{told}: exit {process.returncode}, {place.repeats()} repeated")
        assert place.repeats() == 0, (told, err)
        if mailing:
            for _ in range(3):
                place.start(*command).communicate(timeout=120)
            mailer = Mailer(place.data, place.settings)
            [made] = mailer_mailings(mailer)
            assert {recipient.step for recipient in mailer.parcels(made)} == {RecipientState.SENT}
        else:
            place.until_done()
            assert not place.pop3.mails
        assert place.repeats() == 0, (told, err)
        assert len(place.letters()) == MAILS


def mailer_mailings(mailer: Mailer) -> list[int]:
    with sqlite3.connect(mailer.database) as db:
        return [identity for (identity,) in db.execute("SELECT id FROM mailing")]


# --- for good


@pytest.mark.real
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("mailing", [False, True], ids=["replies", "mailing"])
def test_while_nothing_can_be_written_nothing_is_begun_or_deleted(
    tmp_path: Path, lib: Path, error: int, mailing: bool
) -> None:
    command = ("send", "--resume", "--json") if mailing else ()
    with Place(tmp_path, lib, plain=True) as place:
        if mailing:
            join(place.data / "kollect.db", [guest(n) for n in range(MAILS)])
            begin(place.data / "kollect.db")
        bad = threading.Event()

        def breaks(at: At) -> None:
            place.begun += at.verb == "MAIL"
            if at.verb == "DOT" and len(place.smtp.kept) == 4 and not bad.is_set():
                bad.set()
                place.pc.fail(1, FOR_GOOD, error)

        place.smtp.script.fault = breaks
        process = place.start(*command)
        said = process.stderr.readline()
        assert "記録できません" in said
        assert "次のメールは送りません" in said
        begun, left = place.begun, len(place.pop3.mails)
        time.sleep(1)
        assert process.poll() is None
        assert (place.begun, len(place.pop3.mails)) == (begun, left)
        assert mailing or left == MAILS
        place.pc.heal()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
        assert place.repeats() == 0
        assert len(place.letters()) == MAILS


@pytest.mark.real
@pytest.mark.parametrize("mailing", [False, True], ids=["replies", "mailing"])
def test_a_command_gives_up_in_the_end_with_5(tmp_path: Path, lib: Path, mailing: bool) -> None:
    command = ("send", "--resume", "--json") if mailing else ()
    with Place(tmp_path, lib, plain=True) as place:
        if mailing:
            join(place.data / "kollect.db", [guest(n) for n in range(MAILS)])
            begin(place.data / "kollect.db")

        def breaks(at: At) -> None:
            if at.verb == "DOT" and len(place.smtp.kept) == 4:
                place.pc.fail(1, FOR_GOOD, errno.ENOSPC)

        place.smtp.script.fault = breaks
        process = place.start(*command, KOLLECT_TEST_PATIENCE="1")
        out, err = process.communicate(timeout=60)
        assert process.returncode == 5, (out, err)
        assert "ディスクの空きがありません" in err
        assert "Traceback" not in out + err
        assert len(place.pop3.mails) == MAILS
        place.pc.heal()


@pytest.mark.real
def test_a_poll_that_cannot_write_begins_no_letter(tmp_path: Path, lib: Path) -> None:
    with Place(tmp_path, lib) as place:
        shop = ShopProgram(place.data, place.settings, "S3cret-pw!")
        place.smtp.script.fault = lambda at: "450 4.2.1 later" if at.verb == "RCPT" else None
        shop.poll()
        place.smtp.script.fault = place._count
        place.begun = 0
        place.pc.fail(1, FOR_GOOD, errno.EROFS)
        process = place.start()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 5, (out, err)
        assert place.begun == 0
        assert len(place.pop3.mails) == MAILS
        with held(place.data / "kollect.db"):
            place.pc.heal()
            process = place.start()
            out, err = process.communicate(timeout=60)
        assert process.returncode == 5, (out, err)
        assert place.begun == 0
        place.until_done()
        assert place.repeats() == 0


# --- the resident program


class Resident:
    """A collector in its thread, on a ledger that somebody holds from the fourth letter on."""

    def __init__(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database_driver, "WAIT_FOR_OTHERS", 0.1)
        monkeypatch.setattr(commit_retry, "_FIRST_PAUSE", 0.05)
        monkeypatch.setattr(commit_retry, "_LONGEST_PAUSE", 0.2)
        self.place = place
        self.standing = CollectorStatus()
        self.ended: list[PollFinished] = []
        self.held = threading.Event()
        self._other: sqlite3.Connection | None = None
        place.smtp.script.fault = self._hold
        self.worker = CollectorWorker(
            DataFolder(place.data),
            lambda: (place.settings, Passwords("S3cret-pw!", "")),
            self._hear,
        )

    def _hear(self, news: CollectorEvent) -> None:
        self.standing.apply(news)
        if isinstance(news, Held):
            self.held.set()
        if isinstance(news, PollFinished):
            self.ended.append(news)

    def _hold(self, at: At) -> None:
        if at.verb == "DOT" and len(self.place.smtp.kept) == 4 and self._other is None:
            file = self.place.data / "kollect.db"
            self._other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._other.execute("BEGIN EXCLUSIVE")

    def let_go(self) -> None:
        if self._other is not None:
            self._other.close()


def test_the_resident_program_says_so_and_goes_on_by_itself(
    tmp_path: Path, lib: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Place(tmp_path, lib, plain=True) as place:
        resident = Resident(place, monkeypatch)
        resident.worker.start()
        assert resident.held.wait(30)
        trouble = resident.standing.trouble
        assert trouble is not None
        assert "ほかのプログラムが使っています" in trouble.title
        assert "次のメールは送りません" in trouble.happened
        assert "終了しないでください" in trouble.cure
        assert len(place.pop3.mails) == MAILS
        resident.let_go()
        when(lambda: resident.ended)
        assert resident.ended[0].trouble is None
        assert resident.standing.trouble is None
        resident.worker.stop()
        assert resident.worker.join(30)
        assert place.repeats() == 0
        assert len(place.letters()) == MAILS


@pytest.mark.parametrize("in_time", [True, False])
def test_asked_to_end_it_goes_on_trying_for_a_bounded_time(
    tmp_path: Path, lib: Path, monkeypatch: pytest.MonkeyPatch, in_time: bool
) -> None:
    monkeypatch.setattr(commit_retry, "PATIENCE_AT_THE_END", 60.0 if in_time else 1.0)
    with Place(tmp_path, lib, plain=True) as place:
        resident = Resident(place, monkeypatch)
        resident.worker.start()
        assert resident.held.wait(30)
        resident.worker.stop()
        when(lambda: "終了する前に" in str(resident.standing.trouble))
        if in_time:
            assert resident.worker.alive
            resident.let_go()
        assert resident.worker.join(30)
        resident.let_go()
        assert isinstance(resident.ended[0].trouble, StorageTrouble) is not in_time
        place.smtp.script.fault = None
        place.until_done()
        if in_time:
            assert place.repeats() == 0
        assert len(place.letters()) == MAILS
