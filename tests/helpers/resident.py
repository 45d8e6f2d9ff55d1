"""A collector that stays: its thread, what it tells, and how a test waits for that."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from kollect.collector.events import CollectorEvent, LogEntry, PollFinished, WaitChanged
from kollect.collector.worker import CollectorWorker
from kollect.inbox.imap_idle import WaitTimes
from kollect.settings.model import Passwords, Protocol, Settings
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now
from tests.helpers.shop import settings_for

LIMIT = 20.0
"""Seconds: against hanging, not a measure."""


def until(there: Callable[[], object], what: str = "") -> None:
    ends = time.monotonic() + LIMIT
    while not there():
        assert time.monotonic() < ends, what or "it did not come"
        time.sleep(0.005)


def by_imap(settings: Settings) -> Settings:
    return replace(settings, receive=replace(settings.receive, protocol=Protocol.IMAP))


class Resident:
    """A shop that collects by IMAP, in the clear on the loopback; a poll an hour if nothing wakes
    it."""

    def __init__(
        self,
        folder: Path,
        imap_port: int,
        smtp_port: int,
        *,
        user: str = "shop",
        password: str = "S3cret-pw!",
        interval: int = 3600,
        safety: float = 3600.0,
        times: WaitTimes | None = None,
    ) -> None:
        settings = by_imap(settings_for(imap_port, smtp_port, user))
        self.settings = replace(
            settings, collect=replace(settings.collect, interval_seconds=interval)
        )
        self.password = password
        self.ahead = timedelta()
        """Of the right time, by the PC's clock."""
        self.news: list[CollectorEvent] = []
        self.worker = CollectorWorker(
            DataFolder(folder),
            lambda: (self.settings, Passwords(self.password, "")),
            self.news.append,
            now=lambda: local_now() + self.ahead,
            safety_poll=timedelta(seconds=safety),
            times=times,
        )

    def __enter__(self) -> Resident:
        self.worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.stop()
        assert self.worker.join(LIMIT), "it does not end"

    @property
    def polls(self) -> list[PollFinished]:
        return [news for news in self.news if isinstance(news, PollFinished)]

    @property
    def told(self) -> list[str]:
        return [news.text for news in self.news if isinstance(news, LogEntry)]

    @property
    def waits(self) -> list[WaitChanged]:
        return [news for news in self.news if isinstance(news, WaitChanged)]

    @property
    def in_push(self) -> bool:
        """It waits for the server to tell of a mail."""
        last = self.news[-1] if self.news else None
        return isinstance(last, WaitChanged) and last.by_push

    def until_in_push(self) -> None:
        until(lambda: self.in_push, "it does not wait by push")

    def until_polled(self, count: int) -> None:
        until(lambda: len(self.polls) >= count, f"{len(self.polls)} polls of {count}")
