"""Which way to log in is tried next, and when it is enough. What is said is the protocol's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from kollect.errors import LineDropped, ServerTrouble

T = TypeVar("T")

_MOST_LINES = 3
"""For one login: one for each way that a server hangs up over."""


class LoginMemory:
    """Which way of logging in a server takes, and how few tries tell that the password is wrong.

    Servers lock an account after some wrong passwords. Each way is tried once at most in a
    session, and all of them only as long as that can tell something new: after one has worked, or
    all were refused with this very account and password, a session costs one try. It is another
    way each time, should the server have changed its mind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worked = ""
        self._who: object = None
        self._refused: list[str] = []

    def plan(self, offered: Sequence[str], who: object) -> tuple[list[str], int]:
        """The ways in the order in which to try them, and how many refusals are enough.

        `who` stands for the account and the password.
        """
        with self._lock:
            if who != self._who:
                self._who, self._refused = who, []
            refused = [way for way in self._refused if way in offered]
            fresh = sorted((way for way in offered if way not in refused), key=self._worked.__ne__)
            once = self._worked in offered or not fresh
        return [*fresh, *refused], 1 if once else len(fresh)

    def worked(self, way: str) -> None:
        with self._lock:
            self._worked = way
            self._refused = []

    def refused(self, way: str) -> None:
        """The server has judged account and password, and said no."""
        with self._lock:
            self._refused = [*(other for other in self._refused if other != way), way]


class HungUp(Exception):
    """The server closed the line over a login that it refused, and there are other ways left."""

    def __init__(self, refusal: ServerTrouble) -> None:
        super().__init__(refusal.title)
        self.refusal = refusal


def after_refusal(refusal: ServerTrouble, lost: ServerTrouble) -> Exception:
    """What to raise where the line is lost over the next way, a refusal having been heard.

    Only who hangs up is called again: who keeps silent does so to slow down those that guess.
    """
    return HungUp(refusal) if isinstance(lost, LineDropped) else refusal


def logged_in(open_session: Callable[[], T]) -> T:
    """What `open_session` gives; again where it raises HungUp, on a few further lines.

    Where none of them helps, the refusal that was heard is what a person must be told.
    """
    refusal: ServerTrouble | None = None
    for _ in range(_MOST_LINES):
        try:
            return open_session()
        except HungUp as hung_up:
            refusal = refusal or hung_up.refusal
        except ServerTrouble as trouble:
            if refusal is None:
                raise
            raise refusal from trouble
    assert refusal is not None
    raise refusal
