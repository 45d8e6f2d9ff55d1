"""A server program as a child of the tests: started, waited for, ended, never left behind."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

_START_SECONDS = 60


class Daemon:
    """One server program; `answers` says whether it is ready, `told` what its log says."""

    def __init__(
        self, name: str, answers: Callable[[], bool], told: Callable[[], str] = lambda: ""
    ) -> None:
        self._name = name
        self._answers = answers
        self._told = told
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Returns when it answers; raises RuntimeError where it does not come to that."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
            umask=0o022,
            env=env,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self._name} did not start: {self._told()}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def free_ports(count: int) -> list[int]:
    """Ports of the loopback on which nobody listens."""
    with contextlib.ExitStack() as held:
        taken = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in taken]


def _die_with_parent() -> None:
    """A killed test run must leave no server behind (Linux: PR_SET_PDEATHSIG)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
