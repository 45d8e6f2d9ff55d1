"""The octets of a file that a spreadsheet or another program has written, as a text. Pure."""

from __future__ import annotations

import codecs
import re

from kollect.mail.nfc import composed

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "Unicode（UTF-16）",
    "utf-16-le": "Unicode（UTF-16）",
    "utf-16-be": "Unicode（UTF-16）",
    "utf-32": "Unicode（UTF-32）",
    "cp932": "シフトJIS（CP932）",
}
MOST_LINES = 10
"""So many lines are named; the rest is in the next attempt."""
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # what Excel calls "Unicode テキスト"
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_LINE_END = re.compile(b"\r\n|\r|\n")
_DROPPED = dict.fromkeys(map(ord, "\ufeff\0\x1a"))
"""A second byte order mark, NULs, and the ^Z with which DOS ends a text."""


class Unreadable(ValueError):
    """The octets are no text in any of these encodings, or the file is of another kind."""

    def __init__(self, encoding: str = "", lines: tuple[int, ...] = ()) -> None:
        super().__init__(encoding)
        self.encoding = encoding
        self.lines = lines[:MOST_LINES]
        self.more = len(lines) > MOST_LINES
        self.is_workbook = not encoding


def decoded(data: bytes) -> tuple[str, str]:
    """The text, composed (NFC), and its encoding, a key of ENCODINGS. Raises Unreadable."""
    if data.startswith(_WORKBOOKS):
        raise Unreadable
    encoding = _encoding(data)
    if encoding in ("utf-8", "utf-8-sig", "cp932"):
        data = data.rstrip(b"\x1a\0")
    elif len(data) % 2:
        data = data.rstrip(b"\x1a")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "ignore")
        lines = _lines_wrong(data, encoding) or (len(before.splitlines()) or 1,)
        raise Unreadable(encoding, lines) from error
    if encoding == "cp932" and (mixed := _lines_of_utf8(data)):
        raise Unreadable(encoding, mixed)
    return composed(text.translate(_DROPPED) if _has_dropped(text) else text), encoding


def _has_dropped(text: str) -> bool:
    return any(character in text for character in "\ufeff\0\x1a")


def _encoding(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    if wide := _wide(data):
        return wide
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "utf-8" if _is_meant_as_utf8(data) else "cp932"
    return "utf-8"


def _wide(data: bytes) -> str | None:
    """UTF-16 without its mark: every other octet of digits, delimiters and line ends is NUL."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if max(even, odd) < 2 or min(even, odd) > max(even, odd) // 10:
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = data[: len(data) // 2 * 2].decode(encoding)
    except UnicodeDecodeError:
        return None
    has_form = any(sign in text for sign in ",;\t") and any(end in text for end in "\r\n")
    return encoding if has_form and text.rstrip("\0").count("\0") == 0 else None


def _is_meant_as_utf8(data: bytes) -> bool:
    """Whether most of the text is UTF-8, and only a character here and there is broken."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    # in CP932 two octets make a kanji: three that are one in UTF-8 as well are an accident
    return _japanese(text) >= max(1, broken)


def _japanese(text: str) -> int:
    """How many kana and kanji there are."""
    return sum("\u3041" <= character <= "\u9fff" for character in text)


def _lines_wrong(data: bytes, encoding: str) -> tuple[int, ...]:
    if encoding.startswith("utf-16") or encoding == "utf-32":
        return ()
    wrong = []
    for number, line in enumerate(_LINE_END.split(data), 1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            wrong.append(number)
    return tuple(wrong)


def _lines_of_utf8(data: bytes) -> tuple[int, ...]:
    """The lines that another program has put into a file in CP932, where they make a nonsense."""
    found = []
    for number, line in enumerate(_LINE_END.split(data), 1):
        if not line.isascii():
            try:
                if _japanese(line.decode("utf-8")) > 1:
                    found.append(number)
            except UnicodeDecodeError:
                pass
    return tuple(found)
