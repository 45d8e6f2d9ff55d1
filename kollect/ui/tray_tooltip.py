"""What the tray icon says when the pointer rests on it. Pure."""

from __future__ import annotations

from kollect.collector.events import Phase
from kollect.collector.status import BY_PUSH, CollectorStatus


def tooltip(status: CollectorStatus, name: str) -> str:
    """Short, as Windows shows 127 characters; `name` is the program's, first of all."""
    state = status.state_text if status.trouble is None else Phase.ERROR
    lines = [f"{name}: {state if status.running else '収集していません'}"]
    if status.today is not None:
        lines.append(f"今日の受付 {status.today:,}件")
    if status.running and status.next_at is not None and state != BY_PUSH:
        lines.append(f"次の受信 {status.next_at:%H:%M:%S}")
    return "\n".join(lines)
