"""What the strip at the foot of every screen says of the collector."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from kollect.collector.events import Phase, PhaseChanged, PollFinished, PollReport, WaitChanged
from kollect.collector.status import CollectorStatus
from kollect.ui.status_strip import collector_words

NOW = datetime(2026, 11, 23, 14, 0, 0, tzinfo=timezone(timedelta(hours=9)))


def test_it_says_how_it_waits():
    standing = CollectorStatus()
    standing.begin(NOW)
    standing.apply(PhaseChanged(Phase.WAITING))
    standing.apply(PollFinished(NOW, PollReport(), None, NOW + timedelta(minutes=1)))
    standing.counted(6, 12, NOW.date())
    assert collector_words(standing) == "待機中　次の受信 14:01　今日 6件"
    standing.apply(WaitChanged(by_push=True, next_at=NOW + timedelta(minutes=5)))
    assert collector_words(standing) == "待機中（届きしだい返信します）　今日 6件"
    assert collector_words(standing, short=True) == "待機中　今日 6件"
