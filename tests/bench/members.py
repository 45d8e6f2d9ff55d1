"""How quickly members are found while somebody types, among 100,000 and among 10,000."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from kollect.members.member_filter import MemberFilter, MemberOrder
from kollect.members.repository import Members
from tests.servers.crowd import fill_members

TYPED = ("", "ア", "山田", "090 12", "docomo 山", "zzz")


def members() -> None:
    """The slowest of what may be typed, in every order; ten times as many may take ten times."""
    few, many = _slowest(10_000), _slowest(100_000)
    print(
        f"a member found: {few * 1000:.0f} ms among 10,000, {many * 1000:.0f} ms among 100,000 "
        f"(ratio {many / few:.1f}, target 10)\n",
        flush=True,
    )


def _slowest(count: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "kollect.db"
        fill_members(path, count)
        with closing(Members(path)) as found:
            return max(
                _best(found, MemberFilter(typed), order) for typed in TYPED for order in MemberOrder
            )


def _best(found: Members, choice: MemberFilter, order: MemberOrder) -> float:
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        found.members(found.numbers(choice, order)[:50])
        seconds.append(time.perf_counter() - begun)
    return min(seconds)
