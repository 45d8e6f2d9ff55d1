"""A display of our own for the tests with windows: Xvfb, a window manager, a tray."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

NEEDED = ("Xvfb", "openbox", "trayer", "xdotool")
SCREEN = "1920x1080x24"
START_SECONDS = 20.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that waits within Tk for ever ends the whole run, red, after `timeout` of pyproject.

    The other way, a signal, is heeded where Python runs next: in a timer of Tk's, which reports
    the failure as any other and waits on. This one leaves behind what the run has started.
    """
    for item in items:
        if "display" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(method="thread"))


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of the display, also in the environment of everything that is started.

    On Windows, the one that is there.
    """
    if sys.platform == "win32":
        yield ""
        return
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        reason = f"not installed: {' '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    yield from start()


def start(screen: str = SCREEN) -> Iterator[str]:
    """Start it, yield its name, and put the display before in force again.

    It ends with this process: Tk keeps its line to each display, also when the last window there
    is gone, and a display that goes away under it ends the process.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    name = start_display(stack, screen)
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = name
    try:
        start_program(stack, "openbox", "--sm-disable")
        # as wide as it is from the beginning: in one that grows Wine's icons stay hidden
        tray = ("--edge", "bottom", "--widthtype", "pixel", "--width", "200", "--height", "28")
        start_program(stack, "trayer", *tray)
        wait_for_window_manager()
        yield name
    finally:
        if before is None:
            del os.environ["DISPLAY"]
        else:
            os.environ["DISPLAY"] = before


def start_display(stack: ExitStack, screen: str) -> str:
    """Xvfb takes the first display that is free and tells its number."""
    reading, writing = os.pipe()
    arguments = ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-dpi", "96"]
    process = subprocess.Popen(
        # without -noreset it starts anew, and ends openbox, when xdotool was the last to go
        [*arguments, "-nolisten", "tcp", "-noreset"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(_end, process)
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    if not number:
        pytest.fail("Xvfb did not start")
    return f":{number}"


def start_program(stack: ExitStack, *arguments: str) -> None:
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_window_manager() -> None:
    """Until there is one, windows get no focus and keys go nowhere."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        asked = subprocess.run(
            ["xdotool", "get_num_desktops"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0 and asked.stdout.strip().isdigit():
            return
        time.sleep(0.05)
    pytest.fail("openbox did not start")
