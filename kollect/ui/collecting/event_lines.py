"""What the collector tells, as one short line a mail, in the words of the shop. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kollect.collector.events import LogEntry
from kollect.collector.status import MOST_EVENTS
from kollect.delivery.answer_words import cause_of
from kollect.storage import log_sentences as sentences
from kollect.ui.log import log_lines

GOOD, BAD, FAINT, PLAIN = "good", "bad", "faint", "plain"
_GIVEN = sentences.pattern(sentences.NUMBER_GIVEN)
_AGAIN = sentences.pattern(sentences.BLANK_AGAIN)
_REPLIED = sentences.pattern(sentences.REPLY_SENT)
_LATER = sentences.pattern(sentences.REPLY_LATER)
_NOT_SENT = {
    sentences.pattern(sentence): words
    for sentence, words in (
        (sentences.REPLY_UNDELIVERABLE, "へ返信が届きません"),
        (sentences.REPLY_REFUSED, "へ返信できません"),
        (sentences.REPLY_GIVEN_UP, "へ5日間返信できませんでした"),
    )
}
_BOUNCED = sentences.pattern(sentences.REPLY_BOUNCED)
_POLL_FAILED = sentences.pattern(sentences.POLL_FAILED)
_FORWARDED = sentences.pattern(sentences.FORWARDED)
_NOT_ANSWERED = re.compile(r"(自動|一斉配信|開封確認).*", re.DOTALL)
_FIELD_NAME = re.compile(r"（(?:Auto-Submitted|Precedence|X-[A-Za-z-]+)）")
_ERROR = "エラー: "
_ALWAYS = (sentences.COLLECTING_BEGAN, sentences.COLLECTING_ENDED)
"""Of today's events, what is shown although it is about no mail."""


@dataclass(frozen=True, slots=True)
class EventLine:
    mark: str
    text: str
    look: str
    number: str = ""
    """Whose 受付番号 it is about: the line takes the place of one before about this number that
    still waits for what became of it."""
    is_open: bool = False
    """What becomes of it is still to come."""


def line_of(text: str) -> EventLine:
    if found := _REPLIED.fullmatch(text):
        return EventLine("✓", f"{found[1]}　{found[2]} へ返信しました", GOOD, found[1])
    if found := _GIVEN.fullmatch(text):
        return EventLine("…", f"{found[1]}　{found[2]} へ返信します", PLAIN, found[1], is_open=True)
    if found := _AGAIN.fullmatch(text):
        told = f"{found[1]}　{found[2]} （2回目の空メール）"
        return EventLine("…", told, PLAIN, found[1], is_open=True)
    if found := _LATER.fullmatch(text):
        told = _with_cause(f"{found[1]}　{found[3]} へ次回に返信します", found[2], found[3])
        return EventLine("…", told, PLAIN, found[1], is_open=True)
    for not_sent, words in _NOT_SENT.items():
        if found := not_sent.fullmatch(text):
            told = _with_cause(f"{found[1]}　{found[3]} {words}", found[2], found[3])
            return EventLine("✗", told, BAD, found[1])
    if found := _BOUNCED.fullmatch(text):
        told = _with_cause(f"{found[1]}　返信が届きませんでした", found[2])
        return EventLine("✗", told, BAD, found[1])
    if found := _FORWARDED.fullmatch(text):
        return EventLine("→", f"{found[1]} のメールを転送しました（見出 {found[2]}）", FAINT)
    if _NOT_ANSWERED.match(text):
        return EventLine("－", _FIELD_NAME.sub("", text), FAINT)
    if text.startswith(_ERROR):
        return EventLine("✗", text.removeprefix(_ERROR), BAD)
    if sentences.is_fault(text):
        return EventLine("✗", text, BAD)
    if text == sentences.WELL_AGAIN:
        return EventLine("✓", text, GOOD)
    return EventLine("・", text, PLAIN)


def _with_cause(told: str, answer: str, address: str = "") -> str:
    """The server's own words are in the log."""
    cause = cause_of(answer, address)
    return f"{told}（{cause}）" if cause else told


def time_of(at: datetime, today: date) -> str:
    """11:08 today, 11/27 23:52 on another day."""
    here = at.astimezone()
    return f"{here:%H:%M}" if here.date() == today else f"{here:%m/%d %H:%M}"


def of_today(log: Sequence[str], today: date, before: datetime) -> list[LogEntry]:
    """What the log of the month has of today's events, up to that moment, the oldest first."""
    found: list[LogEntry] = []
    for line in log:
        if log_lines.day_of(line) != today:
            continue
        when, _, text = log_lines.parts(line)
        if when:
            at = datetime.strptime(when, log_lines.WHEN).astimezone()
            if failed := _POLL_FAILED.fullmatch(text):
                text = f"{_ERROR}{failed[1].partition(': ')[0]}"
            if at < before and (line_of(text).mark != "・" or text in _ALWAYS):
                found.append(LogEntry(at, text))
    return found[-MOST_EVENTS:]
