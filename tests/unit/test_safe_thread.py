"""Whatever is raised in a thread: it goes on, it tells, and telling cannot fail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from kollect.storage import event_log
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from kollect.threads import safe_thread

ERRORS = [
    RuntimeError("x"),
    MemoryError(),
    RecursionError("x"),
    SystemExit(1),
    GeneratorExit(),
    sqlite3.OperationalError("disk I/O error"),
    UnicodeEncodeError("utf-8", "\udc80", 0, 1, "surrogates not allowed"),
    KeyboardInterrupt(),
]

pytestmark = pytest.mark.expects_errors


class Untellable(Exception):
    def __str__(self) -> str:
        raise MemoryError


@pytest.mark.parametrize("error", [*ERRORS, Untellable()], ids=lambda e: type(e).__name__)
def test_a_body_that_falls_is_called_again(error: BaseException):
    calls: list[float] = []
    told: list[tuple[BaseException, float]] = []

    def body() -> None:
        calls.append(1)
        if len(calls) < 4:
            raise error

    safe_thread.keep_going(
        body,
        over=lambda: False,
        fell=lambda error, pause: told.append((error, pause)),
        wait=lambda pause: None,
    )
    assert len(calls) == 4
    assert [one for one, _ in told] == [error] * 3
    first = safe_thread.FIRST_PAUSE
    assert [pause for _, pause in told] == [first, 2 * first, 4 * first]


def test_the_pauses_grow_to_a_limit():
    pauses: list[float] = []
    safe_thread.keep_going(
        raising(RuntimeError()), over=lambda: len(pauses) == 20, wait=pauses.append
    )
    assert pauses[-1] == safe_thread.LONGEST_PAUSE
    assert pauses == sorted(pauses)


def test_what_tells_and_what_waits_may_fall_too():
    calls: list[int] = []
    safe_thread.keep_going(
        lambda: calls.append(1) or raising(RuntimeError())(),
        over=lambda: len(calls) == 2,
        fell=raising(MemoryError()),
        wait=raising(RuntimeError()),
    )
    assert len(calls) == 2


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_the_end_of_a_thread_is_told(error: BaseException, caplog: pytest.LogCaptureFixture):
    fell: list[BaseException] = []
    thread = safe_thread.thread(raising(error), name="test", fell=fell.append)
    thread.start()
    thread.join(30)
    assert fell == [error]
    assert [r.exc_info[1] for r in caplog.records if r.exc_info] == [error]


def test_a_log_that_fails_ends_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(safe_thread.log, "error", raising(MemoryError()))
    safe_thread.log_error(RuntimeError("x"))
    thread = safe_thread.thread(raising(RuntimeError()), name="test", fell=raising(SystemExit()))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def test_a_listener_that_falls_is_told_of_once_and_heard_again(caplog: pytest.LogCaptureFixture):
    heard: list[int] = []

    def listener(news: int) -> None:
        if news < 3:
            raise RuntimeError
        heard.append(news)

    tell = safe_thread.deaf_to_faults(listener)
    for news in range(5):
        tell(news)
    assert heard == [3, 4]
    assert len(caplog.records) == 1


def test_a_fault_that_cannot_be_put_into_words_is_told_by_its_name():
    trouble = safe_thread.unexpected(Untellable(), happened="何か。", cure="もう一度。")
    assert "Untellable" in trouble.detail


@pytest.mark.parametrize("error", [MemoryError, RecursionError, ValueError, UnicodeError])
def test_the_log_never_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
):
    folder = DataFolder(tmp_path)
    folder.prepare()
    log = logging.getLogger("kollect.test")
    with event_log.install(folder):
        with monkeypatch.context() as patch:
            patch.setattr(event_log, "redacted", raising(error("x")))
            patch.setattr("sys.stderr", None)
            log.error("lost")
        log.error("kept")
    [line] = event_log.read_month(folder, event_log.months(folder)[0])
    assert "kept" in line


def test_no_thread_is_made_elsewhere():
    """Neither by threading nor by a pool: what is raised there would go unheard."""
    house = Path(safe_thread.__file__).parents[1]
    makers = ("threading.Thread(", "threading.Timer(", "PoolExecutor(", "start_new_thread")
    made = [
        path.relative_to(house).as_posix()
        for path in house.rglob("*.py")
        if any(maker in path.read_text("utf-8") for maker in makers)
    ]
    assert made == ["threads/safe_thread.py"]


def raising(error: BaseException) -> Callable[..., None]:
    def body(*_: object, **__: object) -> None:
        raise error

    return body
