"""The speed and size of design section 12, measured: `python -m tests.bench`.

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
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from kollect.collector.worker import Worker
from kollect.folder import DataFolder
from kollect.settings import inifile
from kollect.settings.model import Collect, Passwords, Security, Settings, Tls
from tests.bench import rivals
from tests.servers.certificates import make_certificates
from tests.servers.delay_proxy import delayed
from tests.servers.dovecot import Dovecot, running_dovecot
from tests.servers.mails import blank
from tests.servers.scripted_smtp import sink_process
from tests.servers.shop import ShopProgram, settings_for

_users = itertools.count(1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3, help="the median of so many runs")
    parser.add_argument("--only", choices=("speed", "poll", "memory"), default=None)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kollect-bench-")))
        folder.chmod(0o755)
        certificates = make_certificates(folder)
        dovecot = stack.enter_context(running_dovecot(certificates))
        if options.only in (None, "speed"):
            speed(dovecot, options.mails, options.times)
        if options.only in (None, "poll"):
            empty_poll(dovecot)
        if options.only in (None, "memory"):
            memory(dovecot)


# --- speed


def speed(dovecot: Dovecot, mails: int, times: int) -> None:
    print(f"{mails} blank mails, seconds (median of {times})\n")
    print(
        f"{'server and round trip':34}{'raw':>8}{'kollect':>9}{'ratio':>7}{'target':>8}{'loop':>8}"
    )
    for round_trip in (0.0, 0.03):
        for chunking in (True, False):
            _row(dovecot, mails, times, round_trip, chunking=chunking)
    print()


def _row(dovecot: Dovecot, mails: int, times: int, round_trip: float, *, chunking: bool) -> None:
    name = f"{'CHUNKING' if chunking else 'PIPELINING only'}, {round_trip * 1000:.0f} ms"
    target = 3.0 if not round_trip else 2.0 if chunking else 1.5
    with ExitStack() as stack:
        smtp = stack.enter_context(sink_process(chunking=chunking))
        pop3 = dovecot.pop3
        if round_trip:
            smtp = stack.enter_context(delayed(smtp, round_trip))
            pop3 = stack.enter_context(delayed(pop3, round_trip))

        def raw(user: str) -> None:
            rivals.raw(pop3, smtp, user, dovecot.password, chunking=chunking)

        def loop(user: str) -> None:
            rivals.plain(pop3, smtp, user, dovecot.password)

        def kollect(user: str) -> None:
            _poll(settings_for(pop3, smtp, user), dovecot.password, mails)

        raws, ours = [], []
        for _ in range(times):  # in turn, so that a slow moment of the machine hits both
            raws.append(_timed(dovecot, mails, raw))
            ours.append(_timed(dovecot, mails, kollect))
        # the loop waits for every answer: a part of the mails tells enough, and takes minutes less
        part = mails if not round_trip else max(1, mails // 20)
        looped = _timed(dovecot, part, loop) * mails / part
    ratio = statistics.median(ours) / statistics.median(raws)
    print(
        f"{name:26}{statistics.median(raws):8.2f}{statistics.median(ours):9.2f}{ratio:7.2f}"
        f"{target:8.1f}{looped:8.1f}",
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


def _poll(settings: Settings, password: str, mails: int) -> None:
    settings = replace(settings, collect=Collect(new_per_hour=1_000_000))
    with tempfile.TemporaryDirectory() as name:
        report = ShopProgram(Path(name), settings, password).report()
        assert report.accepted == mails, report


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
        worker = Worker(DataFolder(Path(name)), lambda: (settings, passwords), lambda news: None)
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
        inifile.save(Path(name) / "kollect.ini", settings)
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.peak", name, dovecot.password],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return float(told.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
