"""Lists for the shelf: A4 across, a heading on every page, its number, the shop and the day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kollect.printing import fonts, line_breaking
from kollect.printing.documents import drawn
from kollect.printing.printable import printable
from kollect.printing.text_pdf import A4_ACROSS, LEADING, MM, TextPdf

_MARGIN = 12.0
_HEAD = 13.0
"""Millimetres for the title; below it the names of the columns, in a row of their own."""
_ROW = 6.6
_FOOT = 8.0
_PAD = 1.0
"""Free at both sides of a column."""
_TYPE, _LEAST, _STEP = 9.0, 4.0, 0.5
_STRIPE, _TITLES, _SOFT = 0.95, 0.86, 0.35

WIDTH = A4_ACROSS[0] - 2 * _MARGIN
ROWS_A_PAGE = int((A4_ACROSS[1] - 2 * _MARGIN - _HEAD - _ROW - _FOOT) / _ROW)


@dataclass(frozen=True, slots=True)
class ListColumn:
    title: str
    width: float
    """Millimetres; all of a list are `WIDTH` together."""


@dataclass(frozen=True, slots=True)
class ListMade:
    pdf: bytes
    rows: int
    pages: int
    missing: str
    """Characters that the font has not: 〓 is in their place, or nothing for a picture."""


def make(
    title: str,
    columns: Sequence[ListColumn],
    each: Callable[[], Iterable[Sequence[str]]],
    *,
    shop: str,
    day: str,
) -> ListMade:
    """`each` is gone through twice: how many rows and which characters there are, before the font
    is chosen and 「1 / 12」 is written. Raises Trouble where there is no Japanese font.
    """
    words = [title, shop, day, *(column.title for column in columns), "件／…0123456789"]
    characters = dict.fromkeys(printable("".join(words)))
    rows = 0
    for row in each():
        characters |= dict.fromkeys(printable("".join(row)))
        rows += 1
    face = fonts.find(text="".join(characters))
    lacking = fonts.lacking(face, "".join(characters))
    pdf = TextPdf(face, title, A4_ACROSS, author=shop)
    pages = max(1, -(-rows // ROWS_A_PAGE))
    about = f"{drawn(shop, lacking)}　{day}　全{rows:,}件".strip()
    place = 0
    for place, row in enumerate(each()):
        if place % ROWS_A_PAGE == 0:
            _begin(pdf, title, columns, about, pages)
        top = _MARGIN + _HEAD + _ROW * (1 + place % ROWS_A_PAGE)
        if place % 2:
            pdf.box(_MARGIN, top, WIDTH, _ROW, _STRIPE)
        _row(pdf, columns, [drawn(cell, lacking) for cell in row], top)
    if not pdf.pages:
        _begin(pdf, title, columns, about, pages)
    return ListMade(pdf.finish(), rows, pdf.pages, "".join(lacking))


def _begin(pdf: TextPdf, title: str, columns: Sequence[ListColumn], about: str, pages: int) -> None:
    pdf.page()
    pdf.text(_MARGIN, _MARGIN + 5, title, 15, bold=True)
    pdf.text(_MARGIN + WIDTH, _MARGIN + 6, about, 9, grey=_SOFT, align="r")
    pdf.box(_MARGIN, _MARGIN + _HEAD, WIDTH, _ROW, _TITLES)
    left = _MARGIN
    for column in columns:
        pdf.text(left + _PAD, _MARGIN + _HEAD + _ROW / 2, column.title, 8.5, bold=True)
        left += column.width
    number = f"{pdf.pages} / {pages}"
    pdf.text(pdf.width / 2, pdf.height - _MARGIN + 1, number, 9, grey=_SOFT, align="m")


def _row(pdf: TextPdf, columns: Sequence[ListColumn], cells: Sequence[str], top: float) -> None:
    left = _MARGIN
    for column, cell in zip(columns, cells, strict=True):
        lines, points = _fitted(pdf, cell, column.width - 2 * _PAD)
        height = points * LEADING / MM
        middle = top + _ROW / 2 - height * (len(lines) - 1) / 2
        for number, line in enumerate(lines):
            pdf.text(left + _PAD, middle + number * height, line, points)
        left += column.width


def _fitted(pdf: TextPdf, text: str, width: float) -> tuple[list[str], float]:
    """One line, or two of smaller type; what is longer still ends in 「…」."""
    points = _TYPE
    while points >= _LEAST:
        size = points

        def measure(one: str, size: float = size) -> float:
            return pdf.measure(one, size)

        if measure(text) <= width:
            return [text], points
        if 2 * points * LEADING / MM <= _ROW:
            lines = line_breaking.fold(text, width, measure).split("\n")
            if len(lines) <= 2 and max(map(measure, lines)) <= width:
                return lines, points
        points -= _STEP
    short = text
    while pdf.measure(f"{short}…", _LEAST) > width:
        short = short[:-1]
    return [f"{short}…"], _LEAST
