"""The speed of メール発信: a mail to every member, on an SMTP server that only takes mails.

Beside the raw-socket program and the smtplib loop, with the same targets as the replies have.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from kollect.settings import ini_file
from tests.bench import rivals
from tests.helpers.delay_proxy import delayed
from tests.helpers.member_shop import SHOP, Mailer, begin, join
from tests.helpers.scripted_smtp import sink_process
from tests.helpers.shop import settings_for


def mailing(letters: int, times: int) -> None:
    print(f"a mail to {letters} members, seconds (median of {times})\n")
    print(f"{'server, round trip':26}{'raw':>8}{'kollect':>9}{'ratio':>7}{'target':>8}{'loop':>8}")
    for round_trip, targets in ((0.0, (3.0, 3.0)), (0.03, (2.0, 1.5))):
        for chunking, target in zip((True, False), targets, strict=True):
            name = f"{'CHUNKING' if chunking else 'PIPELINING only'}, {round_trip * 1000:.0f} ms"
            _row(name, letters, times, target, round_trip, chunking=chunking)
    few, many = _peak(100), _peak(10_000)
    print(
        f"\nmemory of kollect send: {few:.1f} MB for 100 members, {many:.1f} MB for 10,000 "
        f"(difference {many - few:.1f}, target 10)\n",
        flush=True,
    )


def _row(
    name: str, letters: int, times: int, target: float, round_trip: float, *, chunking: bool
) -> None:
    guests = [f"guest{n}@docomo.ne.jp" for n in range(letters)]
    with ExitStack() as stack:
        port = stack.enter_context(sink_process(chunking=chunking))
        if round_trip:
            port = stack.enter_context(delayed(port, round_trip))
        raws, ours = [], []
        for _ in range(times):  # in turn, so that a slow moment of the machine hits both
            raws.append(_timed(lambda: rivals.send_raw(port, guests, chunking=chunking)))
            ours.append(_kollect(port, guests))
        # the loop waits for every answer: a part of the letters tells enough, minutes sooner
        part = letters if not round_trip else max(1, letters // 20)
        looped = _timed(lambda: rivals.send_plain(port, guests[:part])) * letters / part
    theirs, own = statistics.median(raws), statistics.median(ours)
    print(
        f"{name:26}{theirs:8.2f}{own:9.2f}{own / theirs:7.2f}{target:8.1f}{looped:8.1f}",
        flush=True,
    )


def _timed(job: Callable[[], object]) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def _kollect(port: int, guests: list[str]) -> float:
    with tempfile.TemporaryDirectory() as name:
        mailer = Mailer(Path(name), replace(settings_for(1, port), shop=SHOP))
        join(mailer.database, guests)
        begin(mailer.database)
        seconds = _timed(mailer.once)
        assert len([p for p in mailer.parcels(1) if p.step == "sent"]) == len(guests)
    return seconds


def _peak(members: int) -> float:
    with sink_process() as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ini_file.save(folder / "kollect.ini", replace(settings_for(1, port), shop=SHOP))
        join(folder / "kollect.db", [f"guest{n}@docomo.ne.jp" for n in range(members)])
        begin(folder / "kollect.db")
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.peak", name, "x", "send", "--resume"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return float(told.stdout.splitlines()[-1])
