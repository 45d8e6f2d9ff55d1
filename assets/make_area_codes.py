"""Writes kollect/members/area_codes.py: where a Japanese telephone number is parted. Run it by

    pip install -r assets/requirements.txt
    python -m assets.make_area_codes

The source is the Japanese part of `phonenumberslite` (Google's libphonenumber, Apache License
2.0), which follows 総務省's 市外局番の一覧. The table is the smallest one whose longest fitting
beginning gives the same answer for every number that libphonenumber knows; that is checked here.
Each run writes the same octets.
"""

from __future__ import annotations

import re
import textwrap
from functools import cache
from importlib.metadata import version
from itertools import product
from pathlib import Path

from phonenumbers.data.region_JP import PHONE_METADATA_JP as JAPAN

TARGET = Path(__file__).parents[1] / "kollect" / "members" / "area_codes.py"
DEPTH = 5
"""So many digits behind the 0 say where the 市外局番 ends."""
LENGTHS = (1, 2, 3, 4)
DIGITS = "0123456789"
PAGE = '''"""Where a telephone number is parted: how numbers begin, by their 市外局番's length.

The longest beginning that fits a number decides; the shortest, 0, stands for all that no other one
fits. A few are longer than the 市外局番 itself: 0994 is one, but 09940 belongs to 099. Pure.

Written by assets/make_area_codes.py from phonenumberslite {version} (libphonenumber, Apache License
2.0), which follows 総務省's 市外局番の一覧. Not to be changed by hand.
"""

from __future__ import annotations

BEGINNINGS = {{
{rows}
}}
"""How long a 市外局番 is, its 0 counted, and how the numbers begin that have one of this length."""
'''


def area_digits(beginning: str) -> int | None:
    """How long the 市外局番 is without its 0; None where no number begins so."""
    fixed = re.compile(JAPAN.fixed_line.national_number_pattern)
    found = set()
    for rest in ("0000", "5555", "9999"):
        number = beginning + rest
        if fixed.fullmatch(number):
            found.add(_parted(number))
    assert len(found) < 2, f"{DEPTH} digits do not suffice for {beginning}"
    return found.pop() if found else None


def _parted(number: str) -> int:
    for style in JAPAN.number_format:
        beginning = re.match(style.leading_digits_pattern[-1], number)
        if beginning and (parts := re.fullmatch(style.pattern, number)):
            return len(parts[1])
    raise AssertionError(f"{number} has no format")


KNOWN = {"".join(one): area_digits("".join(one)) for one in product(DIGITS, repeat=DEPTH)}


@cache
def smallest(beginning: str, inherited: int) -> tuple[tuple[str, int], ...]:
    """The fewest entries by which all numbers below this beginning come out right."""
    if len(beginning) == DEPTH:
        right = KNOWN[beginning]
        return () if right in (None, inherited) else ((beginning, right),)
    choices = []
    for own in (inherited, *LENGTHS):
        entries = () if own == inherited else ((beginning, own),)
        for digit in DIGITS:
            entries += smallest(beginning + digit, own)
        choices.append(entries)
    return min(choices, key=len)


def main() -> None:
    entries = dict((("", 3), *(one for digit in DIGITS for one in smallest(digit, 3))))
    for number, right in KNOWN.items():
        longest = next(number[:n] for n in range(DEPTH, -1, -1) if number[:n] in entries)
        assert right in (None, entries[longest]), number
    rows = []
    for length in LENGTHS:
        beginnings = sorted(f"0{one}" for one, own in entries.items() if own == length)
        lines = textwrap.fill(" ".join(beginnings), 88, initial_indent="        ",
                              subsequent_indent="        ")  # fmt: skip
        rows.append(f'    {length + 1}: """\n{lines}\n    """,')
    source = PAGE.format(version=version("phonenumberslite"), rows="\n".join(rows))
    TARGET.write_text(source, encoding="utf-8", newline="\n")
    print(f"{TARGET.name}: {len(entries)} beginnings")


if __name__ == "__main__":
    main()
