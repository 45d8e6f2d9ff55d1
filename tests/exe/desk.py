"""What sits before the Windows PC: eyes, a keyboard and a mouse, by xdotool and ImageMagick."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

PATIENCE = 30.0


def windows(title: str) -> list[str]:
    """The windows to be seen whose title has this in it."""
    done = _xdotool("search", "--onlyvisible", "--name", title)
    return done.stdout.split()


def wait_for_window(title: str, seconds: float = PATIENCE) -> str:
    end = time.monotonic() + seconds
    while not (found := windows(title)):
        assert time.monotonic() < end, f"no window 「{title}」; there are {titles()}"
        time.sleep(0.1)
    return found[-1]


def wait_until_gone(title: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while windows(title):
        assert time.monotonic() < end, f"the window 「{title}」 stays"
        time.sleep(0.1)


def titles() -> list[str]:
    """The titles of all windows to be seen."""
    ids = _xdotool("search", "--onlyvisible", "--name", ".").stdout.split()
    named = (_xdotool("getwindowname", one).stdout.strip() for one in ids)
    return sorted({name for name in named if name})


def in_front() -> str:
    """The title of the window that has the focus."""
    return _xdotool("getactivewindow", "getwindowname").stdout.strip()


def bring(window: str) -> None:
    _xdotool("windowactivate", "--sync", window)


def keys(*names: str) -> None:
    """Press keys, one after the other, as fast as a quick person."""
    _xdotool("key", "--clearmodifiers", "--delay", "60", *names)


def picture(path: Path) -> None:
    """The whole screen, as it is now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["import", "-window", "root", path], check=True, timeout=30)


def _xdotool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["xdotool", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
