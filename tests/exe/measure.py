"""Prints how large kollect.exe is, its SHA-256, and how long a double click waits for the window;
plays the demo with it, and writes the SHA-256 to kollect.exe.sha256 beside it.

    python -m tests.exe.measure dist/kollect.exe

For the Python of Windows (or Wine's), which needs nothing else. Exit code 1: too large,
too slow, or a demo that failed.
"""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LARGEST = 25 * 1024 * 1024
PATIENCE = 60.0
"""Seconds. A machine that does something else meanwhile may take its time: no limit of design."""
DEMO_PATIENCE = 300.0
TITLE = "コレクト"


def main(program: Path) -> int:
    content = program.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    print(f"{program}: {len(content):,} バイト、SHA-256 {digest}", flush=True)
    program.with_name(f"{program.name}.sha256").write_text(
        f"{digest}  {program.name}\n", "ascii", newline="\n"
    )
    # twice: the second time everything is in the PC's memory
    waits = [seconds_to_first_window(program) for _ in range(2)]
    print("窓が出るまで: " + "、".join(f"{seconds:.1f} 秒" for seconds in waits), flush=True)
    return int(len(content) > LARGEST or max(waits) > PATIENCE or not plays_the_demo(program))


def plays_the_demo(program: Path) -> bool:
    """Play it to its end, in a data folder of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        command = [str(program.absolute()), "demo", "--headless", "--data", data]
        return subprocess.run(command, timeout=DEMO_PATIENCE).returncode == 0


def seconds_to_first_window(program: Path) -> float:
    """Start the program with an empty data folder, wait for its window, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        begin = time.perf_counter()
        process = subprocess.Popen([str(program.absolute()), "--data", data])
        while (owner := _window_owner()) is None:
            if time.perf_counter() - begin > PATIENCE or process.poll() is not None:
                process.kill()
                return float("inf")
            time.sleep(0.02)
        seconds = time.perf_counter() - begin
        # not `process`, which only waits for this one and then removes what it has unpacked
        _end(owner)
        process.wait(PATIENCE)
        return seconds


def _window_owner() -> int | None:
    """The process that shows a window of ours."""
    user32 = ctypes.windll.user32
    found: list[int] = []

    @ctypes.WINFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)
    def look(window: int, _: int) -> bool:
        title = ctypes.create_unicode_buffer(200)
        user32.GetWindowTextW(ctypes.c_void_p(window), title, len(title))
        if user32.IsWindowVisible(ctypes.c_void_p(window)) and title.value.startswith(TITLE):
            owner = ctypes.c_ulong()
            user32.GetWindowThreadProcessId(ctypes.c_void_p(window), ctypes.byref(owner))
            found.append(owner.value)
        return not found

    user32.EnumWindows(look, None)
    return found[0] if found else None


def _end(pid: int) -> None:
    kernel32 = ctypes.windll.kernel32
    kernel32.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel32.OpenProcess(1, False, pid))  # PROCESS_TERMINATE
    kernel32.TerminateProcess(handle, 0)
    kernel32.CloseHandle(handle)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
