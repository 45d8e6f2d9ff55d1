"""What the collector has notified so far, as one picture for the screen and for the tray. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from kollect.collector.events import (
    CollectorEvent,
    Held,
    LogEntry,
    Phase,
    PhaseChanged,
    PollFinished,
    PollReport,
    WaitChanged,
)
from kollect.errors import Trouble
from kollect.storage.log_sentences import COLLECTING_BEGAN, WELL_AGAIN

MOST_EVENTS = 200
"""How many of the last events are remembered; the log has them all."""

BY_PUSH = "待機中（届きしだい返信します）"

COUNT_WORDS = (
    ("accepted", "受付"),
    ("duplicate", "受付済み"),
    ("forwarded", "転送"),
    ("kept", "対象外の保存"),
    ("undeliverable", "不達"),
    ("deferred", "次回に送信"),
)
"""The counts of a poll that staff want to hear of, where they are not 0."""


class StatusColor(StrEnum):
    """What the tray icon says by its colour."""

    WAITING = "blue"
    WORKING = "green"
    ERROR = "red"


class StatusChange(StrEnum):
    """A change that a balloon of the tray shows."""

    BROKE = "メールの受信に問題があります"
    WELL_AGAIN = "メールの受信が元に戻りました"


@dataclass(slots=True)
class CollectorStatus:
    """Belongs to one thread, which hands it the events in their order."""

    running: bool = False
    phase: Phase = Phase.WAITING
    next_at: datetime | None = None
    """When the next poll begins; None where none is planned, or one is under way."""
    by_push: bool = False
    """The server tells of a mail as soon as it has come: nobody waits for `next_at`."""
    last: PollFinished | None = None
    trouble: Trouble | None = None
    """What is wrong since `since`, until a poll went well."""
    since: datetime | None = None
    failures: int = 0
    """How often this trouble was met since then; another one before it does not count."""
    remembered: int = 0
    """How often events of an earlier run were put before those of this one."""
    trying_new_settings: bool = False
    """Settings were saved since the trouble came: whether it is still there is not known yet."""
    events: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    """The newest last."""
    event_count: int = 0
    """How many events there were in all."""
    today: int | None = None
    """Numbers given on `counted_on`; None: not yet counted."""
    total: int | None = None
    counted_on: date | None = None

    def begin(self, now: datetime) -> None:
        """The collector starts. The events before stay in the list."""
        self.running = True
        self.phase = Phase.RECEIVING
        self.next_at, self.by_push = None, False
        self._happened(LogEntry(now, COLLECTING_BEGAN))

    def apply(self, news: CollectorEvent) -> StatusChange | None:
        """Take in one event; returns what changed for the better or the worse."""
        match news:
            case PhaseChanged(phase):
                self.phase = phase
                self.next_at, self.by_push = None, False
            case LogEntry():
                self._happened(news)
            case Held():
                self.phase, self.next_at = Phase.ERROR, news.next_at
                self.trying_new_settings = False
                return self._broke(news.at, news.trouble)
            case WaitChanged():
                self.next_at, self.by_push = news.next_at, news.by_push
            case PollFinished():
                return self._ended(news)
        return None

    def remember(self, earlier: list[LogEntry]) -> None:
        """What happened before this run began, the oldest first, belongs before the events here."""
        there = [*earlier, *self.events]
        self.events.clear()
        self.events.extend(there)
        self.event_count += len(earlier)
        self.remembered += 1

    def try_new_settings(self) -> None:
        """What is wrong is tried again with other settings, from now until the next poll ends."""
        self.trying_new_settings = True

    def counted(self, today: int, total: int, on: date) -> None:
        """The numbers given, as counted in the ledger."""
        self.today, self.total, self.counted_on = today, total, on

    def count_is_old(self, now: datetime) -> bool:
        """Could the numbers have changed since they were counted?"""
        given = self.last is not None and self.last.report.accepted > 0
        return given or self.counted_on != now.date()

    @property
    def state_text(self) -> str:
        """The state in words, as screen and tray say it while mail is collected."""
        return BY_PUSH if self.by_push and self.phase is Phase.WAITING else self.phase

    @property
    def slowed(self) -> str:
        """Why polls are further apart than the settings say; empty where they are not."""
        return self.last.slowed if self.running and self.last is not None else ""

    @property
    def working(self) -> bool:
        return self.phase in (Phase.RECEIVING, Phase.REPLYING)

    @property
    def color(self) -> StatusColor:
        if self.trouble is not None:
            return StatusColor.ERROR  # also while it tries again: a blinking light tells nothing
        return StatusColor.WORKING if self.running and self.working else StatusColor.WAITING

    def _happened(self, event: LogEntry) -> None:
        self.events.append(event)
        self.event_count += 1

    def _ended(self, ended: PollFinished) -> StatusChange | None:
        self.last, self.next_at = ended, ended.next_at
        self.trying_new_settings = False
        if ended.trouble is not None:
            return self._broke(ended.at, ended.trouble)
        before, self.trouble = self.trouble, None
        self.since, self.failures = None, 0
        if before is None:
            return None
        self._happened(LogEntry(ended.at, WELL_AGAIN))
        return StatusChange.WELL_AGAIN

    def _broke(self, at: datetime, trouble: Trouble) -> StatusChange | None:
        before, self.trouble = self.trouble, trouble
        if before is None or before.title != trouble.title:
            self.since, self.failures = at, 0
            self._happened(LogEntry(at, f"エラー: {trouble.title}"))
        self.failures += 1
        return StatusChange.BROKE if before is None else None


def report_text(report: PollReport) -> str:
    """What one poll brought, in one line."""
    counts = report.as_json()
    shown = [f"{word} {counts[name]:,}件" for name, word in COUNT_WORDS if counts[name]]
    if shown:
        return "、".join(shown)
    if report.left:
        return f"受け取ったメールはありません（サーバに残っているメール {report.left:,}通）"
    return "新しいメールはありませんでした"


def wait_text(left: timedelta) -> str:
    """A waiting time as people say it."""
    seconds = max(0, round(left.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes}分{seconds:02}秒" if minutes else f"{seconds}秒"


def next_text(status: CollectorStatus, now: datetime) -> str:
    """What the collector does now, or when it looks for mail again, as one line."""
    if not status.running:
        return "メールの収集は動いていません。"
    match status.phase:
        case Phase.RECEIVING:
            return "届いたメールを調べています。"
        case Phase.REPLYING:
            return "受付番号を返信しています。"
    if status.next_at is None:
        return "まもなく受信します。"
    left = status.next_at - now
    if left.total_seconds() <= 0:
        return "まもなく受信します。"
    if status.by_push:
        return f"念のため、{status.next_at:%H:%M} にも受信します。"
    again = "もう一度試すまで" if status.trouble is not None else "次の受信まで"
    return f"{again} あと {wait_text(left)}（{status.next_at:%H:%M:%S}）"
