"""宛名ラベル: 〒, the address and 「お名前 様」 on sheets of labels, as text in a PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kollect.printing import fonts, line_breaking
from kollect.printing.documents import drawn
from kollect.printing.label_sheets import LabelSheet
from kollect.printing.printable import printable
from kollect.printing.text_pdf import LEADING, MM, TextPdf

TITLE = "宛名ラベル"

_SIDE = 5.0
"""Millimetres that stay free left and right; printers are not truer than one or two."""
_EDGE = 3.0
"""The same above and below."""
_POSTCODE = 10.0
_LARGEST = 10.5
_NAME = 14.0
_STEP = 0.5
"""Points by which type becomes smaller until everything is on the label."""
_SMALLEST = 2.0
_GAP = 1.6
"""Millimetres between the address and the name."""


@dataclass(frozen=True, slots=True)
class Addressee:
    name: str
    postcode: str
    home: str


@dataclass(frozen=True, slots=True)
class LabelsMade:
    pdf: bytes
    labels: int
    pages: int
    missing: str
    """Characters that the font has not: 〓 is in their place, or nothing for a picture."""


def make(each: Callable[[], Iterable[Addressee]], sheet: LabelSheet, first: int = 0) -> LabelsMade:
    """A label for each, from the place `first` of the first sheet on, which is used up to there.

    `each` is gone through twice: which characters there are, before the font is chosen. Raises
    Trouble where there is no Japanese font.
    """
    characters = {"様": None, "〒": None}
    for one in each():
        characters |= dict.fromkeys(printable(f"{one.name}{one.postcode}{one.home}"))
    face = fonts.find(text="".join(characters))
    lacking = fonts.lacking(face, "".join(characters))
    pdf = TextPdf(face, TITLE)
    place, labels = first, 0
    for one in each():
        if not labels or place == sheet.labels:
            pdf.page()
            place = place % sheet.labels
        _draw(
            pdf,
            sheet,
            place,
            *(drawn(text, lacking) for text in (one.name, one.postcode, one.home)),
        )
        place, labels = place + 1, labels + 1
    return LabelsMade(pdf.finish(), labels, pdf.pages, "".join(lacking))


def _draw(pdf: TextPdf, sheet: LabelSheet, place: int, name: str, postcode: str, home: str) -> None:
    left, top = sheet.corner(place)
    width, height = sheet.width - 2 * _SIDE, sheet.height - 2 * _EDGE
    above = _line(_POSTCODE) if postcode else 0.0
    called, size_of_name = _fitted(pdf, f"{name} 様", width, height / 4, _NAME, bold=True)
    below = _GAP + len(called) * _line(size_of_name)
    lines, size = _fitted(pdf, home, width, height - above - below, _LARGEST)
    down = top + (sheet.height - above - below - len(lines) * _line(size)) / 2
    rows = [
        *((line, size, False) for line in lines),
        *((line, size_of_name, True) for line in called),
    ]
    if postcode:
        rows.insert(0, (f"〒{postcode}", _POSTCODE, False))
    for line, points, bold in rows:
        if bold and line is called[0]:
            down += _GAP
        pdf.text(left + _SIDE, down + _line(points) / 2, line, points, bold=bold)
        down += _line(points)


def _fitted(
    pdf: TextPdf, text: str, width: float, height: float, largest: float, *, bold: bool = False
) -> tuple[list[str], float]:
    """The text in lines that are as large as all of it fits."""
    points = largest
    while True:
        lines = _folded(pdf, text, width, points, bold)
        fits = len(lines) * _line(points) <= height and all(
            pdf.measure(line, points, bold=bold) <= width for line in lines
        )
        if fits or points <= _SMALLEST:
            return lines, points
        points -= _STEP


def _folded(pdf: TextPdf, text: str, width: float, points: float, bold: bool) -> list[str]:
    def measure(one: str) -> float:
        return pdf.measure(one, points, bold=bold)

    lines = line_breaking.fold(text, width, measure).split("\n")
    before, space, building = text.rpartition(" ")
    if space and len(lines) > 1 and not bold:
        # the name of the house on a line of its own, where that takes no more lines
        parted = line_breaking.fold(f"{before}\n{building}", width, measure).split("\n")
        if len(parted) <= len(lines):
            return parted
    return lines


def _line(points: float) -> float:
    """The height of a line in millimetres."""
    return points * LEADING / MM
