"""Telephone numbers in the one form that list, CSV and screen show: 06-6555-1234. Pure.

Landlines are parted behind their 市外局番, by the table in `area_codes`; whatever hyphens were
typed, the same number is always written alike.
"""

from __future__ import annotations

import re
from functools import cache

from kollect.members.area_codes import BEGINNINGS
from kollect.members.normalize import DASH, narrow

_BETWEEN = re.compile("[(). /]")
_PARTED = re.compile("0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}")
"""Nearly every number in a file: nothing has to be unfolded."""
_LONG = re.compile("(0[5-9]0)([1-9][0-9]{3})([0-9]{4})")
"""Mobile telephones, and 050 by the internet."""
_SERVICE = re.compile("(0120|0170|0180|0570|0990)([0-9]{3})([0-9]{3})|(0800)([0-9]{3})([0-9]{4})")
_LANDLINE = re.compile("0[1-9][0-9]{8}")
_COMPLETE = re.compile("0[5-9]0[0-9]{8}|0(?![5-9]0)[0-9]{9}")
_BEGUN = re.compile("0120|0170|0180|0570|0990|(0800|0[5-9]0)|0[1-9]")
"""A group: eleven digits have those numbers, ten all others."""
_LOCAL_END = 6
"""市外局番 and 市内局番 together, which the table looks at; four digits follow."""


def phone(text: str) -> str:
    """A telephone number with its hyphens; one that is no Japanese number as it was typed."""
    if not _PARTED.fullmatch(text):
        text = _BETWEEN.sub("-", DASH.sub("-", narrow(text)))
        text = re.sub("-{2,}", "-", _in_japan(text)).strip("-")
    digits = text.replace("-", "")
    if parts := _LONG.fullmatch(digits) or _SERVICE.fullmatch(digits):
        return "-".join(filter(None, parts.groups()))
    if _LANDLINE.fullmatch(digits):
        end = area_code_digits(digits)
        return f"{digits[:end]}-{digits[end:_LOCAL_END]}-{digits[_LOCAL_END:]}"
    return text


def is_phone(text: str) -> bool:
    """Whether `phone` made a Japanese number of it: eleven digits for a mobile, ten for others."""
    return bool(_COMPLETE.fullmatch(text.replace("-", "")))


def fault(text: str) -> str:
    """Why what `phone` made of it is no number, for who has typed it; empty where it is one."""
    digits = text.replace("-", "")
    if not digits or is_phone(digits):
        return ""
    if digits.isdecimal() and (begun := _BEGUN.match(digits)):
        wanted = 11 if begun[1] else 10
        if len(digits) != wanted:
            return f"{begun[0]} で始まる電話番号は{wanted}けたです。いま{len(digits)}けたあります。"
    return (
        "電話番号は市外局番から、10けたか11けたの数字で入力してください。"
        "例: 03-1234-5678、090-1234-5678"
    )


def area_code_digits(number: str) -> int:
    """How many digits, with its 0, the 市外局番 of this landline has."""
    lengths = _lengths()
    return next(lengths[number[:n]] for n in range(_LOCAL_END, 0, -1) if number[:n] in lengths)


@cache
def _lengths() -> dict[str, int]:
    return {one: length for length, text in BEGINNINGS.items() for one in text.split()}


def _in_japan(text: str) -> str:
    """Without +81, and with the 0 that a spreadsheet has eaten."""
    if text.startswith("+81"):
        text = "0" + text.removeprefix("+81").lstrip("-").removeprefix("0")
    digits = text.replace("-", "")
    if digits.isdecimal() and digits.startswith("81") and len(digits) in (11, 12):
        text = digits = "0" + digits.removeprefix("81")  # it took +81 for a number
    if digits.isdecimal() and digits[0] != "0" and len(digits) in (9, 10):
        return f"0{text}"
    return text
