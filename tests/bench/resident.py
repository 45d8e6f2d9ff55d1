"""A resident collector as a process of its own, that tells what it has cost. For the benchmark.

`python -m tests.bench.resident DATA`; the password comes by KOLLECT_RECEIVE_PASSWORD. Each line on
its standard input is answered by one of JSON, its end ends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kollect.collector.events import CollectorEvent, PollFinished
from kollect.collector.worker import CollectorWorker
from kollect.settings import ini_file
from kollect.settings.model import Passwords
from kollect.storage.data_folder import DataFolder

TOP = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Spent:
    cpu: float
    """Seconds, of all threads."""
    polls: int
    trouble: str
    """Of the last poll."""


class Resident:
    """Such a process, seen from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def spent(self) -> Spent:
        """Since its start."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Spent(**json.loads(self._process.stdout.readline()))


@contextmanager
def resident(data: Path, password: str) -> Iterator[Resident]:
    """A collector on this data folder, with its kollect.ini there, for the time of the block."""
    environment = os.environ | {
        "KOLLECT_RECEIVE_PASSWORD": password,
        "KOLLECT_SEND_PASSWORD": password,
    }
    command = [sys.executable, "-m", "tests.bench.resident", str(data)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TOP, env=environment
    ) as process:
        yield Resident(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)


def _serve(data: Path) -> None:
    folder = DataFolder(data)
    folder.prepare()
    settings = ini_file.load(folder.ini)
    password = os.environ["KOLLECT_RECEIVE_PASSWORD"]
    polls: list[PollFinished] = []

    def listen(news: CollectorEvent) -> None:
        if isinstance(news, PollFinished):
            polls.append(news)

    worker = CollectorWorker(folder, lambda: (settings, Passwords(password, password)), listen)
    worker.start()
    for _ in sys.stdin:
        trouble = polls[-1].trouble if polls else None
        print(
            json.dumps(
                {
                    "cpu": time.process_time(),
                    "polls": len(polls),
                    "trouble": str(trouble or ""),
                }
            ),
            flush=True,
        )
    worker.stop()
    worker.join(30)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
