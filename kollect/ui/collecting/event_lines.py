"""What the collector tells, as one short line a mail, in the words of the shop. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kollect.collector.events import LogEntry
from kollect.collector.status import MOST_EVENTS

GOOD, BAD, FAINT, PLAIN = "good", "bad", "faint", "plain"
_GIVEN = re.compile(r"受付番号 (\d+) を発行しました: (.*)")
_AGAIN = re.compile(r"受付済み（受付番号 (\d+)）の空メールです: (.*)")
_REPLIED = re.compile(r"受付番号 (\d+) を返信しました: (.*)")
_LATER = re.compile(r"受付番号 (\d+) の返信は次回に送ります.*")
_NOT_SENT = re.compile(
    r"受付番号 (\d+) の返信は?(?:届けられません|断られました|届きませんでした|を5日間).*"
)
_FORWARDED = re.compile(r"対象外メールを転送しました（差出人 (.*)、見出 (.*)）", re.DOTALL)
_NOT_ANSWERED = re.compile(r"(自動|一斉配信|開封確認).*", re.DOTALL)
_FIELD_NAME = re.compile(r"（(?:Auto-Submitted|Precedence|X-[A-Za-z-]+)）")
_ERROR = "エラー: "
_WELL_AGAIN = "元どおり受信できるようになりました。"
_STARTED = "メールの収集を始めました。"
_LOG_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \S+ (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class EventLine:
    mark: str
    text: str
    look: str
    number: str = ""
    """Whose 受付番号 it is about: the line takes the place of the one before about this number."""


def line_of(text: str) -> EventLine:
    if found := _REPLIED.fullmatch(text):
        return EventLine("✓", f"{found[1]}　{found[2]} へ返信しました", GOOD, found[1])
    if found := _GIVEN.fullmatch(text):
        return EventLine("…", f"{found[1]}　{found[2]} へ返信します", PLAIN, found[1])
    if found := _AGAIN.fullmatch(text):
        return EventLine("…", f"{found[1]}　{found[2]} （2回目の空メール）", PLAIN, found[1])
    if found := _LATER.fullmatch(text):
        return EventLine("…", text, PLAIN, found[1])
    if found := _NOT_SENT.fullmatch(text):
        return EventLine("✗", text, BAD, found[1])
    if found := _FORWARDED.fullmatch(text):
        return EventLine("→", f"{found[1]} のメールを転送しました（見出 {found[2]}）", FAINT)
    if _NOT_ANSWERED.match(text):
        return EventLine("－", _FIELD_NAME.sub("", text), FAINT)
    if text.startswith(_ERROR):
        return EventLine("✗", text.removeprefix(_ERROR), BAD)
    if text == _WELL_AGAIN:
        return EventLine("✓", text, GOOD)
    return EventLine("・", text, PLAIN)


def time_of(at: datetime, today: date) -> str:
    """11:08 today, 11/27 23:52 on another day."""
    here = at.astimezone()
    return f"{here:%H:%M}" if here.date() == today else f"{here:%m/%d %H:%M}"


def of_today(log: Sequence[str], today: date, before: datetime) -> list[LogEntry]:
    """What the log of the month has of today's events, up to that moment, the oldest first."""
    found: list[LogEntry] = []
    for line in log:
        if line.startswith(f"{today:%Y-%m-%d} ") and (parts := _LOG_LINE.fullmatch(line)):
            at, text = datetime.fromisoformat(parts[1]).astimezone(), parts[2]
            if at < before and (line_of(text).mark != "・" or text == _STARTED):
                found.append(LogEntry(at, text))
    return found[-MOST_EVENTS:]
