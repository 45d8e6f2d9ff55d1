"""The end of the session, as the system itself tells it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest

from kollect.desktop import session_end
from kollect.desktop.session_end import SessionWatch

WINDOWS = sys.platform == "win32"
QUERY_END_SESSION, END_SESSION, POWER = 0x0011, 0x0016, 0x0218
RESUMED, LOGGED_OFF = 0x0012, 0x80000000


class Program:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.ended = 0
        self.resumed = 0
        self.threads: set[str] = set()

    def end(self) -> None:
        self.ended += 1
        self.threads.add(threading.current_thread().name)

    def resume(self) -> None:
        self.resumed += 1


@pytest.fixture
def program():
    program = Program()
    watch = SessionWatch(ending=program.end, resumed=program.resume)
    watch.start()
    yield program
    watch.stop()


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


if WINDOWS:

    def tell(message: int, wparam: int = 0, lparam: int = 0) -> int:
        """As Windows does: waits for the answer."""
        import ctypes

        user32 = ctypes.WinDLL("user32")
        user32.FindWindowW.restype = ctypes.c_void_p
        window = ctypes.c_void_p(user32.FindWindowW(session_end.WINDOW_CLASS, None))
        if not window.value:
            return -1
        answer = ctypes.c_size_t()
        assert user32.SendMessageTimeoutW(
            window,
            message,
            ctypes.c_size_t(wparam),
            ctypes.c_ssize_t(lparam),
            0,
            5000,
            ctypes.byref(answer),
        )
        return answer.value

    def test_it_ends_only_when_windows_is_sure(program: Program):
        assert tell(QUERY_END_SESSION) == 1
        tell(END_SESSION, 0)
        assert program.ended == 0
        tell(QUERY_END_SESSION, 0, LOGGED_OFF)
        tell(END_SESSION, 1, LOGGED_OFF)
        assert program.ended == 1

    def test_back_from_sleep(program: Program):
        tell(POWER, 0x0004)  # going to sleep
        assert program.resumed == 0
        tell(POWER, RESUMED)
        assert program.resumed == 1

    def test_windows_has_to_wait_until_everything_is_written():
        begun = threading.Event()
        written: list[bool] = []

        def end() -> None:
            begun.set()
            time.sleep(0.3)
            written.append(True)

        watch = SessionWatch(ending=end)
        watch.start()
        tell(END_SESSION, 1)
        assert begun.is_set() and written
        watch.stop()

    def test_after_stop_there_is_no_window_and_it_can_start_again():
        for _ in range(3):
            program = Program()
            watch = SessionWatch(ending=program.end)
            watch.start()
            tell(END_SESSION, 1)
            watch.stop()
            watch.stop()
            assert program.ended == 1
            assert tell(END_SESSION, 1) == -1

    @pytest.mark.expects_errors
    def test_an_error_in_the_program_does_not_stop_windows(caplog: pytest.LogCaptureFixture):
        def fail() -> None:
            raise OSError("gone")

        watch = SessionWatch(ending=fail, resumed=fail)
        watch.start()
        tell(POWER, RESUMED)
        assert tell(END_SESSION, 1) == 0
        watch.stop()
        assert [r.levelno for r in caplog.records].count(logging.ERROR) == 2

else:

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_the_program_in_its_main_thread(program: Program, number: int):
        os.kill(os.getpid(), number)
        wait_for(lambda: program.ended)
        assert program.ended == 1
        assert program.threads == {"MainThread"}

    def test_stop_gives_the_signals_back():
        before = signal.getsignal(signal.SIGTERM)
        watch = SessionWatch(ending=lambda: None)
        watch.start()
        assert signal.getsignal(signal.SIGTERM) is not before
        watch.stop()
        watch.stop()
        assert signal.getsignal(signal.SIGTERM) is before

    @pytest.mark.expects_errors
    def test_an_error_in_the_program_is_logged(caplog: pytest.LogCaptureFixture):
        def fail() -> None:
            raise OSError("gone")

        watch = SessionWatch(ending=fail)
        watch.start()
        os.kill(os.getpid(), signal.SIGTERM)
        wait_for(lambda: any(r.levelno == logging.ERROR for r in caplog.records))
        watch.stop()
