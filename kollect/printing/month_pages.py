"""月報: one month on one A4, as text in a PDF, its numbers beside those of the month before.

Read from the top: which month, what it brought day by day, then customers and メール発信, then by
whom they came. Only what is drawn where is here; millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kollect.printing import fonts
from kollect.printing.axis import ticks
from kollect.printing.documents import drawn
from kollect.printing.printable import printable
from kollect.printing.text_pdf import A4, TextPdf
from kollect.reports.month_facts import MonthFacts

TITLE = "月報"
_MARGIN = 14.0
_WIDTH = A4[0] - 2 * _MARGIN
_GAP = 8.0
_HALF = (_WIDTH - _GAP) / 2
_CHART_TOP, _CHART_HEIGHT = 46.0, 62.0
_TABLES_TOP = 124.0
_ROW, _COLUMN, _TYPE = 6.6, 16.0, 9.0
_SOFT, _LINE, _BAR, _TITLES, _STRIPE = 0.35, 0.8, 0.3, 0.86, 0.95
_MOST_ROWS = 10
_FOOT = (
    "受付は、空メールに番号を出した数です（名簿からの取り込みは入りません）。"
    "退会などは、あとで取り消した分も入ります。"
)
_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class MonthMade:
    pdf: bytes
    missing: str
    """Characters that the font has not: 〓 is in their place, or nothing for a picture."""


Counted = tuple[str, int, int, str]
"""What it is, this month, the month before, and the unit."""


def make(facts: MonthFacts, *, shop: str, today: date) -> MonthMade:
    """The page. Raises Trouble where there is no Japanese font."""
    names = "".join(one.name for one in facts.posters)
    face = fonts.find(text=printable(f"{TITLE}{shop}{names}"))
    lacking = fonts.lacking(face, printable(f"{shop}{names}"))
    pdf = TextPdf(face, f"{TITLE} {month_words(facts.month)}", author=shop)
    pdf.page()
    _heading(pdf, facts, drawn(shop, lacking), today)
    _chart(pdf, facts)
    left, right = _MARGIN, _MARGIN + _HALF + _GAP
    months = ("今月", "前月", "差")
    end = _table(pdf, left, _TABLES_TOP, ("お客様", *months), _versus_all(_customers(facts)))
    pdf.text(left + 1.5, end + 5, f"いまの会員数　{facts.members_now:,}名", _TYPE, bold=True)
    if facts.posters:
        rows = _posters(facts, lacking)
        _table(pdf, left, end + 10 + _GAP, ("ポスターごとの受付", *months), rows)
    end = _table(pdf, right, _TABLES_TOP, ("メール発信", *months), _versus_all(_letters(facts)))
    heads = ("アドレスの会社ごとの受付", "今月", "前月", "届かない")
    _table(pdf, right, end + _GAP, heads, _carriers(facts))
    pdf.text(_MARGIN, A4[1] - _MARGIN, _FOOT, 7.5, grey=_SOFT)
    return MonthMade(pdf.finish(), "".join(lacking))


def month_words(month: date) -> str:
    return f"{month.year}年{month.month}月"


def _heading(pdf: TextPdf, facts: MonthFacts, shop: str, today: date) -> None:
    pdf.text(_MARGIN, 21, f"{month_words(facts.month)}の{TITLE}", 22, bold=True)
    right = _MARGIN + _WIDTH
    made = f"{today.year}年{today.month}月{today.day}日 作成"
    pdf.text(right, 18, shop, _fitted(pdf, shop, 90, 11), align="r")
    pdf.text(right, 25, made, 9, grey=_SOFT, align="r")
    pdf.box(_MARGIN, 31, _WIDTH, 0.5)
    if not facts.is_over:
        words = f"{facts.until.month}月{facts.until.day}日までの数です。月が終わると変わります。"
        pdf.text(right, 37, words, 9, align="r")


def _chart(pdf: TextPdf, facts: MonthFacts) -> None:
    pdf.text(_MARGIN, 37, "1日ごとの受付（件）", 11, bold=True)
    bottom = _CHART_TOP + _CHART_HEIGHT
    marks = ticks(max(facts.days))
    room = max(8.0, pdf.measure(f"{marks[-1]:,}", 7.5) + 3)
    left, width = _MARGIN + room, _WIDTH - room
    scale = _CHART_HEIGHT / marks[-1]
    for mark in marks:
        y = bottom - mark * scale
        pdf.box(left, y, width, 0.15 if mark else 0.35, _LINE if mark else 0)
        pdf.text(left - 2, y, f"{mark:,}", 7.5, grey=_SOFT, align="r")
    slot = width / len(facts.days)
    most = f"{max(facts.days):,}"
    counts_fit = pdf.measure(most, 6.5) < slot
    for place, count in enumerate(facts.days):
        day = facts.month.replace(day=place + 1)
        middle = left + (place + 0.5) * slot
        if count:
            pdf.box(middle - slot * 0.35, bottom - count * scale, slot * 0.7, count * scale, _BAR)
            if counts_fit:
                pdf.text(middle, bottom - count * scale - 1.8, f"{count:,}", 6.5, align="m")
        weekend = day.weekday() >= 5
        pdf.text(middle, bottom + 3, str(day.day), 7, bold=weekend, align="m")
        pdf.text(middle, bottom + 6.4, _WEEKDAYS[day.weekday()], 6.5, grey=_SOFT, align="m")


def _table(
    pdf: TextPdf, left: float, top: float, heads: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> float:  # fmt: skip
    """Names on the left, numbers below each other on the right. Returns where it ends."""
    edges = [left + _HALF - 1.5 - _COLUMN * place for place in reversed(range(len(heads) - 1))]
    name_width = edges[0] - _COLUMN - left
    pdf.box(left, top, _HALF, _ROW, _TITLES)
    pdf.text(left + 1.5, top + _ROW / 2, heads[0], _TYPE, bold=True)
    for edge, head in zip(edges, heads[1:], strict=True):
        pdf.text(edge, top + _ROW / 2, head, 8, grey=_SOFT, align="r")
    for place, (name, *numbers) in enumerate(rows, 1):
        y = top + place * _ROW
        if place % 2 == 0:
            pdf.box(left, y, _HALF, _ROW, _STRIPE)
        pdf.text(left + 1.5, y + _ROW / 2, name, _fitted(pdf, name, name_width, _TYPE))
        for edge, number in zip(edges, numbers, strict=True):
            pdf.text(edge, y + _ROW / 2, number, _TYPE, align="r")
    end = top + _ROW * (len(rows) + 1)
    pdf.box(left, end, _HALF, 0.25, _LINE)
    return end


def _fitted(pdf: TextPdf, text: str, width: float, points: float) -> float:
    """The type in which the text is no wider."""
    wide = pdf.measure(text, points)
    return points if wide <= width else points * width / wide


def _customers(facts: MonthFacts) -> Sequence[Counted]:
    now, before = facts.counts, facts.before
    return (
        ("受付", now.received, before.received, "件"),
        ("　うち、返信が届かないもの", now.not_arrived, before.not_arrived, "件"),
        ("会員登録", now.registered, before.registered, "人"),
        ("退会", now.withdrawn, before.withdrawn, "人"),
        ("配信停止", now.stopped, before.stopped, "人"),
        ("不達になった会員", now.undeliverable, before.undeliverable, "人"),
    )


def _letters(facts: MonthFacts) -> Sequence[Counted]:
    now, before = facts.counts, facts.before
    return (
        ("始めた発信", now.mailings, before.mailings, "回"),
        ("送信済", now.letters_sent, before.letters_sent, "通"),
        ("届かなかったもの", now.letters_failed, before.letters_failed, "通"),
        ("届いたか分からないもの", now.letters_unsure, before.letters_unsure, "通"),
    )


def counted(facts: MonthFacts) -> list[Counted]:
    """What is counted of customers and of メール発信, in the order of the page."""
    rows = (*_customers(facts), *_letters(facts))
    return [(name.strip(), now, before, unit) for name, now, before, unit in rows]


def _carriers(facts: MonthFacts) -> list[Sequence[str]]:
    return [
        (
            str(one.carrier),
            f"{one.received:,}件",
            f"{one.received_before:,}件",
            f"{one.not_arrived:,}件" if one.not_arrived else "－",
        )
        for one in facts.carriers
    ]


def _posters(facts: MonthFacts, lacking: Sequence[str]) -> list[Sequence[str]]:
    """The first ones by name; of many the rest together, so that the page has an end."""
    shown, rest = facts.posters[:_MOST_ROWS], facts.posters[_MOST_ROWS:]
    rows = [
        _versus(drawn(one.name, lacking), one.received, one.received_before, "件") for one in shown
    ]
    if rest:
        now = sum(one.received for one in rest)
        before = sum(one.received_before for one in rest)
        rows.append(_versus(f"ほか{len(rest)}種類", now, before, "件"))
    return rows


def _versus_all(rows: Sequence[Counted]) -> list[Sequence[str]]:
    return [_versus(*row) for row in rows]


def _versus(name: str, now: int, before: int, unit: str) -> Sequence[str]:
    difference = f"{now - before:+,}".replace("-", "−") if now != before else "±0"
    return name, f"{now:,}{unit}", f"{before:,}{unit}", difference
