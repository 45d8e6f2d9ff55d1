"""What the program costs while it waits in the tray: `python -m tests.bench.tray --minutes 10`.

The program as it is started from source, on a display of its own with a tray, polling a real POP3
server every 60 seconds; its window sent away by its own 「トレイへ」. Prints CPU and memory against
design section 12. Nothing here is a test, because machines are noisy.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.settings import ini_file
from kollect.settings.model import Collect
from kollect.storage.data_folder import DataFolder
from tests.helpers import display
from tests.helpers.ui_driver import window_named, xdotool

TOP = Path(__file__).parents[2]
SETTLE_SECONDS = 20
SAMPLE_SECONDS = 15
CPU_TARGET = 0.1
"""Per cent of one core."""
MEMORY_TARGET = 60.0
"""MB."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tray", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        stack.enter_context(contextmanager(display.start)())
        server = stack.enter_context(DemoServer())
        folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "kollect")
        folder.prepare()
        ini_file.save(folder.ini, replace(demo_settings(server), collect=Collect()))
        process = _start(folder, server.password)
        stack.callback(_end, process)
        _send_to_tray()
        time.sleep(SETTLE_SECONDS)
        cpu, memory, own = _watch(psutil.Process(process.pid), options.minutes * 60)
    print(f"idle in the tray for {options.minutes:g} min, polling every 60 s")
    print(f"  CPU     {cpu:6.3f} % of a core   (target {CPU_TARGET})")
    print(f"  memory  {memory:6.1f} MB resident  (target {MEMORY_TARGET:g}), {own:.1f} MB its own")


def _start(folder: DataFolder, password: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "KOLLECT_RECEIVE_PASSWORD": password,
        "KOLLECT_SEND_PASSWORD": password,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "kollect", "--data", str(folder.path)], cwd=TOP, env=environment
    )


def _send_to_tray() -> None:
    """Start collecting, and go: 「トレイへ」 is four buttons right of the one with the focus."""
    window = window_named("KKRMN101")
    time.sleep(1)
    xdotool("windowfocus", "--sync", window)
    xdotool("key", "1")
    window_named("KKRZS301")
    time.sleep(1)
    xdotool("key", "Right", "Right", "Right", "Right", "Return")
    window_named("コレクトは動き続けています")  # as it says the first time
    xdotool("key", "Return")
    time.sleep(2)
    seen = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--class", "Kollect"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    names = [xdotool("getwindowname", one) for one in seen]
    assert not any("KKRZS301" in name for name in names), names


def _watch(process: psutil.Process, seconds: float) -> tuple[float, float, float]:
    """CPU in per cent of a core, and the most memory seen, all and its own, in MB."""
    started, before = time.monotonic(), _cpu_seconds(process)
    most = own = 0.0
    while (left := started + seconds - time.monotonic()) > 0:
        time.sleep(min(SAMPLE_SECONDS, left))
        memory = process.memory_full_info()
        most, own = max(most, memory.rss / 1e6), max(own, memory.uss / 1e6)
    spent = _cpu_seconds(process) - before
    return 100 * spent / (time.monotonic() - started), most, own


def _cpu_seconds(process: psutil.Process) -> float:
    """To the nanosecond, where the system tells it: /proc/PID/stat counts in hundredths."""
    total = 0
    try:
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except OSError:
        times = process.cpu_times()
        return times.user + times.system
    return total / 1e9


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


if __name__ == "__main__":
    main()
