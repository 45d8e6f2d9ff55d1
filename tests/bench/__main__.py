"""The speed and size of design section 12, measured: `python -m tests.bench`.

`python -m tests.bench latency` measures how soon a customer is answered (`latency`), `python -m
tests.bench first_day` how many keys and clicks a clerk's first day takes (`first_day`).

A real Dovecot, an SMTP server that only takes mails, a proxy that stands for the way between;
kollect, the raw-socket program and the poplib + smtplib loop in turn on the same servers. Prints a
table; nothing here is a test, because machines are noisy: read the ratios.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kollect.collector.worker import CollectorWorker
from kollect.settings import ini_file
from kollect.settings.model import Collect, Passwords, Security, Settings, Tls
from kollect.smtp.standby import Standby
from kollect.storage import database_keys
from kollect.storage.data_folder import DataFolder
from tests.bench import first_day, latency, rivals
from tests.bench.form import form
from tests.bench.mailing import mailing
from tests.bench.members import members
from tests.helpers.certificates import make_certificates
from tests.helpers.delay_proxy import delayed
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix, running_postfix
from tests.helpers.scripted_smtp import sink_process
from tests.helpers.shop import ShopProgram, settings_for

_users = itertools.count(1)


def main() -> None:
    for other in (latency, first_day):
        if sys.argv[1:2] == [other.__name__.rpartition(".")[2]]:
            other.main(sys.argv[2:])
            return
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3, help="the median of so many runs")
    parser.add_argument(
        "--only",
        choices=("speed", "protected", "poll", "memory", "mailing", "members", "form"),
        default=None,
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kollect-bench-")))
        folder.chmod(0o755)
        certificates = make_certificates(folder)
        dovecot = stack.enter_context(running_dovecot(certificates))
        if options.only in (None, "speed"):
            postfix = stack.enter_context(running_postfix(certificates, dovecot))
            speed(dovecot, postfix, options.mails, options.times)
        if options.only in (None, "protected"):
            protected(dovecot, options.mails, options.times)
        if options.only in (None, "poll"):
            empty_poll(dovecot)
        if options.only in (None, "memory"):
            memory(dovecot)
        if options.only in (None, "mailing"):
            mailing(options.mails, options.times)
        if options.only in (None, "members"):
            members()
        if options.only in (None, "form"):
            form()


# --- speed


def speed(dovecot: Dovecot, postfix: Postfix, mails: int, times: int) -> None:
    print(f"{mails} blank mails, seconds (median of {times})\n")
    print(
        f"{'server, round trip':26}{'raw':>8}{'kollect':>9}{'ratio':>7}{'target':>8}{'loop':>8}"
        f"{'CPU ms a mail':>15}"
    )
    row = Row(dovecot, mails, times)
    for name, target, way in (("Postfix, 0 ms", 2.0, 0.0), ("Postfix, 30 ms", 1.5, 0.03)):
        row.measure(name, target, lambda: nullcontext(postfix.plain), way, chunking=True)
    for round_trip, targets in ((0.0, (3.0, 3.0)), (0.03, (2.0, 1.5))):
        for chunking, target in zip((True, False), targets, strict=True):
            name = f"{'CHUNKING' if chunking else 'PIPELINING only'}, {round_trip * 1000:.0f} ms"
            server = partial(sink_process, chunking=chunking)
            row.measure(name, target, server, round_trip, chunking=chunking)
    print()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the same mails, the same servers, the three programs in turn."""

    dovecot: Dovecot
    mails: int
    times: int

    def measure(
        self,
        name: str,
        target: float,
        server: Callable[[], AbstractContextManager[int]],
        round_trip: float,
        *,
        chunking: bool,
    ) -> None:
        with ExitStack() as stack:
            smtp, pop3 = stack.enter_context(server()), self.dovecot.pop3
            if round_trip:
                smtp = stack.enter_context(delayed(smtp, round_trip))
                pop3 = stack.enter_context(delayed(pop3, round_trip))
            password = self.dovecot.password
            spent: list[float] = []  # seconds of the processor, kollect's runs

            def raw(user: str) -> None:
                rivals.raw(pop3, smtp, user, password, chunking=chunking)

            def loop(user: str) -> None:
                rivals.plain(pop3, smtp, user, password)

            def kollect(user: str) -> None:
                settings = settings_for(pop3, smtp, user)
                before = time.process_time()
                _poll(replace(settings, tls=Tls(self.dovecot.ca_file)), password, self.mails)
                spent.append(time.process_time() - before)

            raws, ours = [], []
            for _ in range(self.times):  # in turn, so that a slow moment of the machine hits both
                raws.append(_timed(self.dovecot, self.mails, raw))
                ours.append(_timed(self.dovecot, self.mails, kollect))
            # the loop waits for every answer: a part of the mails tells enough, minutes sooner
            part = self.mails if not round_trip else max(1, self.mails // 20)
            looped = _timed(self.dovecot, part, loop) * self.mails / part
        theirs, own = statistics.median(raws), statistics.median(ours)
        print(
            f"{name:26}{theirs:8.2f}{own:9.2f}{own / theirs:7.2f}{target:8.1f}{looped:8.1f}"
            f"{statistics.median(spent) / self.mails * 1000:15.2f}",
            flush=True,
        )


def _timed(dovecot: Dovecot, mails: int, job: Callable[[str], None]) -> float:
    user = f"bench{next(_users)}"
    dovecot.deliver(user, *(blank(f"guest{n}@docomo.ne.jp", n) for n in range(mails)))
    started = time.perf_counter()
    job(user)
    seconds = time.perf_counter() - started
    assert not dovecot.mails(user)
    return seconds


def protected(dovecot: Dovecot, mails: int, times: int) -> None:
    """What the encryption costs: the same polls in turn in a plain and in a protected folder."""
    took: dict[bool, list[float]] = {False: [], True: []}
    with sink_process(chunking=True) as smtp:
        for _ in range(times):
            for is_protected, seconds in took.items():

                def poll(user: str, is_protected: bool = is_protected) -> None:
                    settings = settings_for(dovecot.pop3, smtp, user)
                    _poll(settings, dovecot.password, mails, protected=is_protected)

                seconds.append(_timed(dovecot, mails, poll))
    plain, own = statistics.median(took[False]), statistics.median(took[True])
    print(
        f"{mails} blank mails: {plain:.2f} s, in a protected folder {own:.2f} s"
        f" (ratio {own / plain:.2f}, target 1.2)\n",
        flush=True,
    )


def _poll(settings: Settings, password: str, mails: int, *, protected: bool = False) -> None:
    settings = replace(settings, collect=Collect(new_per_hour=1_000_000))
    with tempfile.TemporaryDirectory() as name, ended(Standby()) as standby:
        if protected:
            database_keys.unlock(Path(name), bytes(32))
        report = ShopProgram(Path(name), settings, password, standby=standby).report()
        assert report.accepted == mails, report


@contextmanager
def ended(standby: Standby) -> Iterator[Standby]:
    """As the resident program has one: the sending connection is opened beside the reading."""
    try:
        yield standby
    finally:
        standby.end()


# --- an empty poll


def empty_poll(dovecot: Dovecot, polls: int = 300) -> None:
    settings = settings_for(dovecot.pop3s, 1, f"bench{next(_users)}")
    settings = replace(
        settings,
        receive=replace(settings.receive, host="localhost", security=Security.SSL),
        tls=Tls(ca_file=dovecot.ca_file),
    )
    with tempfile.TemporaryDirectory() as name:
        passwords = Passwords(receive=dovecot.password)
        worker = CollectorWorker(
            DataFolder(Path(name)), lambda: (settings, passwords), lambda news: None
        )
        worker.once()
        started = time.process_time()
        for _ in range(polls):
            _, trouble = worker.once()
            assert trouble is None, trouble
        spent = (time.process_time() - started) / polls
        worker.close()
    print(f"an empty poll over TLS: {spent * 1000:.2f} ms CPU (target 3)\n", flush=True)


# --- memory


def memory(dovecot: Dovecot) -> None:
    few, many = (_peak(dovecot, mails) for mails in (100, 10_000))
    print(
        f"memory of a headless poll: {few:.1f} MB for 100 mails, {many:.1f} MB for 10,000 "
        f"(difference {many - few:.1f}, target 10)\n",
        flush=True,
    )


def _peak(dovecot: Dovecot, mails: int) -> float:
    user = f"bench{next(_users)}"
    dovecot.deliver(user, *(blank(f"guest{n}@docomo.ne.jp", n) for n in range(mails)))
    with sink_process(chunking=True) as smtp, tempfile.TemporaryDirectory() as name:
        settings = replace(
            settings_for(dovecot.pop3, smtp, user), collect=Collect(new_per_hour=1_000_000)
        )
        ini_file.save(Path(name) / "kollect.ini", settings)
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.peak", name, dovecot.password],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return float(told.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
