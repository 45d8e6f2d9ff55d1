"""How a 受付番号 is written wherever somebody reads it. Pure."""

from __future__ import annotations


def number_text(number: int, digits: int) -> str:
    """The number with zeros before it up to so many digits; 0: without."""
    return f"{number:0{digits}d}" if digits else str(number)
