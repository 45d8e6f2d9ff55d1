"""How many rows a list has: one form, below the list on the right, on every screen. Pure."""

from __future__ import annotations


def count_text(shown: int, total: int, *, narrowed: bool) -> str:
    """「全体 1,189件」; where conditions narrow it down 「表示 12件 ／ 全体 1,189件」."""
    part = f"表示 {shown:,}件 ／ " if narrowed else ""
    return f"{part}全体 {total:,}件"
