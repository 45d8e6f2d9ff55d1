"""The numbers that were given, as the log tells. Pure.

Which one comes next after a loss: `backup.first_after`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from kollect.storage.log_sentences import NUMBER_GIVEN

BY_HAND = "（画面から）"
"""Behind it, where somebody gave the number in the window."""

_GIVEN = re.compile(
    r"(\d{4}-\d\d-\d\d) [\d:]{8} 情報 "
    + NUMBER_GIVEN.format(number="([0-9]{1,12})", who="(.*?)")
    + rf"(?:{BY_HAND})?\s*$"
)
"""Matched from the line's beginning: further on, a line may quote what strangers wrote."""


def numbers_given(log_lines: Iterable[str], since: date = date.min) -> Iterator[int]:
    """The numbers that were given on that day or later, as the log tells."""
    for line in log_lines:
        if (found := _GIVEN.match(line)) and found[1] >= since.isoformat():
            yield int(found[2])


def given_to(log_lines: Iterable[str]) -> dict[int, str]:
    """Each number that was given with the address that got it, as the log tells."""
    found = filter(None, map(_GIVEN.match, log_lines))
    return {int(one[2]): one[3] for one in found}
