"""「1週間のまとめ」: the weekly letter to the owner, as text. Pure.

Numbers and the carriers' names stand in it, no customer's name or address: it goes to a mailbox
outside the shop, and may be read on a phone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kollect.delivery.carriers import CarrierRefusals
from kollect.reports.period_counts import PeriodCounts
from kollect.storage import log_sentences

MOST_TROUBLES = 8
"""Kinds of trouble that are told by name."""
_OLD_BACKUP = timedelta(days=2)
_DAYS = "月火水木金土日"
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d (?:注意|エラー) (.+)", re.DOTALL)
"""As `storage.event_log` writes it."""
_TITLE = re.compile(r"(?:メール発信: )?((?:メール発信「…」: )?[^:：。（]{1,60})")
"""What such a line begins with: the rest may name servers and customers."""
_POLL_FAILED = log_sentences.POLL_FAILED.format(trouble="")
"""Stands before the title of what kept a poll from its end."""
_REPLY_FAILED = tuple(
    log_sentences.pattern(sentence)
    for sentence in (
        log_sentences.REPLY_UNDELIVERABLE,
        log_sentences.REPLY_REFUSED,
        log_sentences.REPLY_GIVEN_UP,
        log_sentences.REPLY_BOUNCED,
    )
)
_REPLIES = "お客様への返信が届いていません"
"""All of them in one line: each names its own customer."""
_QUOTED = re.compile(r"(?<=^メール発信)「.*」(?=: )|「(?!1週間のまとめ」)[^」]*」")
"""A subject, a name, a path: of the shop, or of a customer."""
_NUMBER = re.compile(r"\d[\d,]*(?![\d,]*(?:週間|日|回|時間|分|秒|つ))")
"""Which may be a customer's; not the spans and counts of our own sentences."""
_JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


@dataclass(frozen=True, slots=True)
class WeekTrouble:
    """One kind of trouble that the log tells of."""

    title: str
    count: int
    last: datetime
    """By the clock of this PC, without a zone."""


@dataclass(frozen=True, slots=True)
class WeekFacts:
    since: datetime
    until: datetime
    """The week has ended before this moment."""
    week: PeriodCounts
    before: PeriodCounts
    """Of the week before."""
    members_now: int = 0
    unregistered_now: int = 0
    """Numbers that wait for their membership form."""
    owed_now: int = 0
    """Replies that wait to be sent."""
    refusals: tuple[CarrierRefusals, ...] = ()
    last_backup: date | None = None
    troubles: tuple[WeekTrouble, ...] = ()


def subject(facts: WeekFacts) -> str:
    return f"【コレクト】1週間のまとめ（{_span(facts)}）"


def body(facts: WeekFacts, shop: str, now: datetime) -> str:
    """The whole letter; `shop`: its name, or nothing."""
    week, before = facts.week, facts.before
    first, last = facts.since.date(), _last_day(facts)
    whose = f"{shop} の" if shop else ""
    lines = [
        f"{whose}1週間のまとめです。",
        f"{_day(first)}から{_day(last)}まで（かっこの中は、その前の1週間）",
        "",
        "■ お客様",
        f"受付: {_versus(week.received, before.received, '件')}",
        f"会員登録: {_versus(week.registered, before.registered, '人')}",
        f"退会: {_versus(week.withdrawn, before.withdrawn, '人')}",
        f"配信停止: {_versus(week.stopped, before.stopped, '人')}",
        f"不達になった会員: {_versus(week.undeliverable, before.undeliverable, '人')}",
        f"いまの会員数: {facts.members_now:,}名",
        "",
        "■ メール発信",
        f"始めた発信: {_versus(week.mailings, before.mailings, '回')}",
        f"送信済: {_versus(week.letters_sent, before.letters_sent, '通')}",
        f"届かなかったもの: {_versus(week.letters_failed, before.letters_failed, '通')}",
    ]
    if week.letters_unsure or before.letters_unsure:
        lines.append(
            f"届いたか分からないもの: {_versus(week.letters_unsure, before.letters_unsure, '通')}"
        )
    lines += ["", "■ お確かめください"]
    lines += list(_attention(facts, now)) or ["特にありません。"]
    lines += ["", f"最後の控え: {_backup(facts.last_backup)}"]
    lines += [
        "",
        "このメールは、コレクトが週に1回お送りしています。止めるときは、",
        "「緒言設定」→「メールの設定」→「1週間のまとめ」の印を外してください。",
    ]
    return "".join(f"{line}\n" for line in lines)


def troubles(lines: Iterable[str], since: datetime, until: datetime) -> tuple[WeekTrouble, ...]:
    """What went wrong in that time, by the lines of the log; the newest kind first.

    Only the title of each is taken, and none that could hold an address.
    """
    first, end = f"{since:%Y-%m-%d %H:%M}", f"{until:%Y-%m-%d %H:%M}"
    found: dict[str, tuple[int, str]] = {}
    for line in lines:
        parts = _LINE.fullmatch(line)
        if parts is None or not first <= parts[1] < end:
            continue
        name = _kind(parts[2])
        if "@" in name or "＠" in name or not _JAPANESE.search(name):
            continue
        count, latest = found.get(name, (0, ""))
        found[name] = (count + 1, max(latest, parts[1]))
    told = [
        WeekTrouble(name, count, datetime.fromisoformat(latest))
        for name, (count, latest) in found.items()
    ]
    return tuple(sorted(told, key=lambda one: one.last, reverse=True))


def _kind(text: str) -> str:
    """By what alike ones are told as one, with nothing in it that is of one of them alone."""
    if any(reply.fullmatch(text) for reply in _REPLY_FAILED):
        return _REPLIES
    title = _TITLE.match(_QUOTED.sub("「…」", text.removeprefix(_POLL_FAILED)))
    return _NUMBER.sub("…", title[1]).strip() if title else ""


def _attention(facts: WeekFacts, now: datetime) -> Iterator[str]:
    if facts.week.not_arrived:
        yield f"・受付のうち{facts.week.not_arrived:,}件は、返信が届いていません。"
        yield from (f"　{one}" for one in facts.refusals)
    if facts.owed_now:
        yield f"・まだ送れていない返信が{facts.owed_now:,}通あります。"
    if facts.unregistered_now:
        yield f"・会員登録がまだの受付番号が{facts.unregistered_now:,}件あります。"
    if facts.last_backup is None:
        yield "・控えがまだありません。"
    elif now.date() - facts.last_backup > _OLD_BACKUP:
        yield f"・控えが{_day(facts.last_backup)}から新しくなっていません。"
    for one in facts.troubles[:MOST_TROUBLES]:
        often = f"{one.count}回、最後は" if one.count > 1 else ""
        when = f"{one.last.month}月{one.last.day}日 {one.last:%H:%M}"
        yield f"・{one.title}（{often}{when}）"
    if (more := len(facts.troubles) - MOST_TROUBLES) > 0:
        yield f"・ほかにも{more}種類あります。「ログの表示」で見られます。"


def _versus(now: int, before: int, unit: str) -> str:
    return f"{now:,}{unit}（{before:,}{unit}）"


def _backup(day: date | None) -> str:
    return _day(day) if day else "ありません"


def _span(facts: WeekFacts) -> str:
    first, last = facts.since.date(), _last_day(facts)
    return f"{first.month}月{first.day}日〜{last.month}月{last.day}日"


def _last_day(facts: WeekFacts) -> date:
    return (facts.until - timedelta(seconds=1)).date()


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日（{_DAYS[day.weekday()]}）"
