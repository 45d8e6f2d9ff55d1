"""A resident collector over hours, with a clock that the test turns."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from kollect.collector.events import CollectorEvent, Phase, PhaseChanged, PollFinished
from kollect.collector.worker import CollectorWorker
from kollect.settings.model import Passwords, Settings
from kollect.storage.data_folder import DataFolder


class Hours:
    """Runs a worker poll after poll; between two, the clock moves on as long as it would wait."""

    def __init__(self, folder: Path, settings: Settings, send_password: str = "") -> None:
        self.now = datetime(2026, 11, 23, 9, 0).astimezone()
        self.settings = settings
        self.ended: list[PollFinished] = []
        self.phases: list[Phase] = []
        self.worker = CollectorWorker(
            DataFolder(folder),
            lambda: (self.settings, Passwords("S3cret-pw!", send_password)),
            self._hear,
            now=lambda: self.now,
            running=lambda: self.now.timestamp(),
        )
        self._left = 0

    def polls(self, count: int) -> list[PollFinished]:
        """Let it poll so often; returns how each poll ended."""
        self._left, already = count, len(self.ended)
        self.worker.run()
        self.worker._stop.clear()
        return self.ended[already:]

    def _hear(self, news: CollectorEvent) -> None:
        if isinstance(news, PhaseChanged):
            self.phases.append(news.phase)
        if not isinstance(news, PollFinished):
            return
        self.ended.append(news)
        self._left -= 1
        if news.next_at is not None:
            self.now = news.next_at
        if self._left <= 0:
            self.worker.stop()
