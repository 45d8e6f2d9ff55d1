"""Tables as CSV that a spreadsheet opens right: a byte order mark, CRLF, and no cell that can run. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_RUNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""A cell that begins so is taken for a formula by Excel (the full-width ones by its Japanese edition)."""


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8-sig"
) -> bytes:
    """The table in `encoding` (`utf-8-sig`, or `cp932` where what does not fit becomes `?`)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode(encoding, errors="replace")


def _harmless(cell: object) -> str:
    """The cell as text, with an apostrophe in front where a spreadsheet would run it."""
    shown = "" if cell is None else str(cell)
    return f"'{shown}" if shown.startswith(_RUNS) else shown
