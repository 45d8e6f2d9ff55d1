"""ISO-2022-JP as Windows mail programs and phones really write it (code page 50220).

Python's own `iso2022_jp` knows neither ① and ㈱ (NEC row 13) nor the NEC-selected IBM rows nor
half-width kana. This module reads all of them and writes what code page 50220 writes. Knows nothing
of mail. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

NAME = "iso-2022-jp"

_ESCAPE = re.compile(rb"\x1b(\$\(D|\$\([@B]|\$[@B]|\([BJHI])")
_KANJI = {b"$@", b"$B", b"$(@", b"$(B"}
_SUPPLEMENT = b"$(D"
_HALF_WIDTH_KANA = b"(I"
_CONTROLS = re.compile(rb"([\x00-\x20]+)")

_LAST_ROW = 0x74
"""The rows above it (NEC-selected IBM characters) are read, not written: many phones lack them."""

_LOOK_ALIKES = {
    0x301C: 0xFF5E,  # wave dash, full-width tilde
    0x2016: 0x2225,  # double vertical line, parallel to
    0x2212: 0xFF0D,  # minus sign, full-width hyphen-minus
    0x00A2: 0xFFE0,  # cent
    0x00A3: 0xFFE1,  # pound
    0x00AC: 0xFFE2,  # not sign
}
"""Two names of one cell, by JIS and by Windows: read as Windows does, written from both."""
_NEAREST = {0x2014: 0x2015, 0x00A5: 0xFFE5, 0x203E: 0xFFE3}  # em dash, yen, overline
_TO_WINDOWS = _LOOK_ALIKES | _NEAREST
_TO_JIS = {windows: jis for jis, windows in _LOOK_ALIKES.items()} | _NEAREST

_HALF_WIDTH = re.compile("[\uff61-\uff9f]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_SHIFTS = re.compile("[\x0e\x0f\x1b]")
_WITHOUT_A_CELL = {0x3099: "゛", 0x309A: "゜", 0x30F7: "ワ゛", 0x30FA: "ヲ゛"}
"""What Unicode composes of half-width kana and a voicing mark, and JIS X 0208 writes in two."""


def decode(raw: bytes, errors: str = "strict") -> str:
    """Read ISO-2022-JP with everything that is met under that name.

    A missing last escape is forgiven, a line end returns to ASCII, 8-bit bytes outside the kanji
    are read as Shift_JIS. What cannot be read raises UnicodeDecodeError, or becomes U+FFFD where
    `errors` is "replace".
    """
    pieces = _ESCAPE.split(raw)
    text = [_plain(pieces[0], raw, errors)]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        shifted, line_end, rest = _at_line_end(piece)
        text.append(_shifted(escape, shifted, raw, errors))
        text.append(line_end.decode("ascii"))
        text.append(_plain(rest, raw, errors))
    return "".join(text)


def _at_line_end(piece: bytes) -> tuple[bytes, bytes, bytes]:
    end = re.search(rb"[\r\n]", piece)
    if end is None:
        return piece, b"", b""
    return piece[: end.start()], end.group(), piece[end.end() :]


def _plain(piece: bytes, raw: bytes, errors: str) -> str:
    if b"\x1b" in piece and errors != "replace":
        raise UnicodeDecodeError(NAME, raw, 0, len(raw), "unknown escape sequence")
    return piece.decode("cp932", errors)


def _shifted(escape: bytes, piece: bytes, raw: bytes, errors: str) -> str:
    read: Callable[[bytes], str]
    if escape in _KANJI:
        read = _kanji
    elif escape == _SUPPLEMENT:
        read = _supplement
    elif escape == _HALF_WIDTH_KANA:
        read = _half_width
    else:
        return _plain(piece, raw, errors)
    width = 1 if read is _half_width else 2
    text = []
    for part in _CONTROLS.split(piece):
        if part[:1] <= b" ":
            text.append(part.decode("ascii"))
            continue
        try:
            text.append(read(part))
        except ValueError:
            if errors != "replace":
                raise UnicodeDecodeError(NAME, raw, 0, len(raw), "broken pair of bytes") from None
            text += (_or_replaced(read, part[at : at + width]) for at in range(0, len(part), width))
    return "".join(text)


def _or_replaced(read: Callable[[bytes], str], cell: bytes) -> str:
    try:
        return read(cell)
    except ValueError:
        return "\ufffd"


def _kanji(pairs: bytes) -> str:
    return _shift_jis(pairs).decode("cp932")


def _shift_jis(pairs: bytes) -> bytes:
    """JIS X 0208 cells as Shift_JIS writes them: two rows share one lead byte."""
    out = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=True):
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            raise ValueError("outside the table")
        lead = (row + 1) // 2
        out.append(lead + (0x70 if lead <= 0x2F else 0xB0))
        if row % 2 == 0:
            out.append(cell + 0x7E)
        else:
            out.append(cell + (0x1F if cell <= 0x5F else 0x20))
    return bytes(out)


def _supplement(pairs: bytes) -> str:
    """JIS X 0212, by way of EUC-JP, which writes its cells behind 0x8F."""
    out = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=True):
        out += bytes((0x8F, row | 0x80, cell | 0x80))
    return out.decode("euc_jp")


def _half_width(kana: bytes) -> str:
    if not all(0x21 <= byte <= 0x5F for byte in kana):
        raise ValueError("outside the table")
    return "".join(chr(byte + 0xFF40) for byte in kana)


def fold(text: str) -> str:
    """The text with half-width kana made full-width, voicing marks joined: ｶﾞ becomes ガ."""
    return _HALF_WIDTH.sub(
        lambda run: unicodedata.normalize("NFKC", run.group()).translate(_WITHOUT_A_CELL), text
    )


def encode(text: str) -> bytes:
    """Write ISO-2022-JP as code page 50220: ① and ㈱ kept, half-width kana made full-width.

    Every line ends in ASCII. Raises UnicodeEncodeError for what has no place in it: 髙, emoji,
    other scripts, escape characters.
    """
    if shift := _SHIFTS.search(text):
        raise UnicodeEncodeError(NAME, text, shift.start(), shift.end(), "shifts the character set")
    if text.isascii():
        return text.encode("ascii")
    folded = fold(text)
    try:  # many times faster, but has no ①
        return folded.translate(_TO_JIS).encode("iso2022_jp")
    except UnicodeEncodeError:
        return _NOT_ASCII.sub(_escaped, folded.translate(_TO_WINDOWS)).encode("ascii")


def _escaped(run: re.Match[str]) -> str:
    raw = run.group().encode("cp932")
    if len(raw) != 2 * len(run.group()):
        raise UnicodeEncodeError(NAME, run.string, run.start(), run.end(), "not in JIS X 0208")
    cells = bytearray()
    for lead, trail in zip(raw[::2], raw[1::2], strict=True):
        even = trail >= 0x9F
        row = (lead - (0x70 if lead <= 0x9F else 0xB0)) * 2 - (0 if even else 1)
        if row > _LAST_ROW:
            raise UnicodeEncodeError(NAME, run.string, run.start(), run.end(), "not in JIS X 0208")
        cells.append(row)
        cells.append(trail - (0x7E if even else 0x1F if trail <= 0x7E else 0x20))
    return f"\x1b$B{cells.decode('ascii')}\x1b(B"
