"""Every thread of the program: whatever is raised in one, it goes on, or somebody is told.

All of them are made here. What nobody else has caught in one is a fault of ours, of a library or of
a PC without memory; a program that sits in the tray for months must not stand still for it without
a word. Telling of a fault cannot fail, or it would be the next one.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import ParamSpec

from kollect.errors import Trouble

log = logging.getLogger(__name__)

P = ParamSpec("P")

FAULTS = (Exception, SystemExit)
"""What is caught where the thread may be the main one. Libraries call sys.exit, users Ctrl-C."""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 900.0
"""Seconds until a thread that fell goes on; doubled each time that it falls again soon."""

UNEXPECTED = "予期しない誤りが起きました"


def thread(
    body: Callable[[], object],
    *,
    name: str,
    fell: Callable[[BaseException], object] = lambda error: None,
    daemon: bool = True,
) -> threading.Thread:
    """A thread for `body`, not yet started. `fell` is called where it ends by an exception."""

    def stand_on_floor() -> None:
        try:
            body()
        except BaseException as error:
            log_error(error)
            with contextlib.suppress(BaseException):
                fell(error)

    return threading.Thread(target=stand_on_floor, name=name, daemon=daemon)


def keep_going(
    body: Callable[[], object],
    *,
    over: Callable[[], bool],
    fell: Callable[[BaseException, float], object] = lambda error, pause: None,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Call `body` until it returns, or until it is `over`; where it falls, again after a pause.

    `fell(error, pause)` may tell of it; `wait(pause)` may come back earlier.
    """
    pause = FIRST_PAUSE
    while not over():
        began = time.monotonic()
        try:
            body()
            return
        except BaseException as error:
            if time.monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE  # it went well for so long
            log_error(error)
            with contextlib.suppress(BaseException):
                fell(error, pause)
        try:
            wait(pause)
        except BaseException as error:
            log_error(error)
            time.sleep(min(pause, 1.0))
        pause = min(2 * pause, LONGEST_PAUSE)


def log_error(error: BaseException, what: str = UNEXPECTED) -> None:
    """Into the log, if that can be done at all."""
    with contextlib.suppress(BaseException):
        log.error("%s", what, exc_info=error)


def deaf_to_faults(listener: Callable[P, object]) -> Callable[P, None]:
    """The same listener, whose faults do not become those of its caller."""
    failing = False

    def tell(*args: P.args, **named: P.kwargs) -> None:
        nonlocal failing
        try:
            listener(*args, **named)
            failing = False
        except FAULTS as error:
            if not failing:  # news come many times a second
                failing = True
                log_error(error, "動きを画面に伝えられませんでした")

    return tell


def unexpected(error: BaseException, *, happened: str, cure: str) -> Trouble:
    """A fault, told as well as it can be."""
    detail = type(error).__name__
    with contextlib.suppress(*FAULTS):
        detail = "".join(traceback.format_exception(error))
    return Trouble("プログラムの誤りが起きました", happened=happened, cure=cure, detail=detail)
