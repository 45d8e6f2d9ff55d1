"""Tables as CSV that a spreadsheet opens right: BOM, CRLF, and no cell that can run. Pure."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

_RUNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A cell that begins so is a formula to Excel (the full-width ones to its Japanese edition)."""
_LEADS = ("\t", "\r", "\n")
"""Dropped from a cell's beginning by some spreadsheets, and the rest then looked at."""

_CP932 = "cp932"
_WINDOWS_NAMES = str.maketrans("〜−‖—¢£¬¥‾", "～－∥―￠￡￢￥￣")
"""Characters that are in code page 932 under another name only."""


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8-sig"
) -> bytes:
    """The table in `encoding` (`utf-8-sig`, or `cp932` where what does not fit becomes `?`)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_harmless(_written(cell, encoding)) for cell in row] for row in rows)
    return text.getvalue().encode(encoding, errors="replace")


def _written(cell: object, encoding: str) -> str:
    shown = "" if cell is None else str(cell)
    if encoding != _CP932 or shown.isascii():
        return shown
    return unicodedata.normalize("NFC", shown).translate(_WINDOWS_NAMES)


def _harmless(shown: str) -> str:
    """With an apostrophe in front where a spreadsheet would run it."""
    runs = shown.startswith(_LEADS) or shown.lstrip().startswith(_RUNS)
    return f"'{shown}" if runs else shown
