"""Text in header fields: encoded words (RFC 2047), and raw 8-bit text that is met in their place.

What cannot be read is told apart from what is empty: a subject nobody can read is not a blank one.
Knows nothing of mails and their fields. Pure.
"""

from __future__ import annotations

import encodings
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterator
from encodings.aliases import aliases
from functools import lru_cache
from itertools import groupby

from kollect.mail import iso2022jp
from kollect.mail.foreign_text import one_line

WORD = re.compile(rb"=\?([^?\s]{0,80})\?([bBqQ])\?([^?]*)\?=")
"""One encoded word. Looser than RFC 2047 section 2: any length, spaces and 8-bit bytes inside."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/]*")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_BLANK_BYTES = b" \t\r\n"

_JIS = "our own iso-2022-jp"
_RAW = "whatever it looks like"
_CHARSETS = {
    # written name, as normalize_encoding leaves it, to the codec that reads what is really sent
    **dict.fromkeys(("shift_jis", "shiftjis", "sjis", "x_sjis", "ms_kanji", "s_jis"), "cp932"),
    **dict.fromkeys(("windows_31j", "cswindows31j", "cp932", "ms932", "csshiftjis"), "cp932"),
    **dict.fromkeys(("iso_2022_jp", "iso2022_jp", "iso2022jp", "csiso2022jp", "jis"), _JIS),
    **dict.fromkeys(("iso_2022_jp_ms", "cp50220", "cp50221", "cp50222"), _JIS),
    **dict.fromkeys(("euc_jp", "eucjp", "x_euc_jp", "ujis", "cp51932", "eucjp_ms"), "euc_jis_2004"),
    **dict.fromkeys(("gb2312", "gbk", "x_gbk", "euc_cn", "cp936", "gb18030"), "gb18030"),
    **dict.fromkeys(("ks_c_5601_1987", "ks_c_5601", "euc_kr", "cp949"), "cp949"),
    **dict.fromkeys(("iso_8859_1", "iso8859_1", "latin1", "latin_1", "l1"), "cp1252"),
    **dict.fromkeys(("us_ascii", "ascii", "unknown_8bit", "8bit", "unknown"), _RAW),
}
_PYTHONS = frozenset(aliases.values()) | {"iso8859_1", "cp874", "koi8_u", "koi8_t", "utf_8_sig"}
_NO_CHARSETS = frozenset({"mbcs"}) | {name for name in _PYTHONS if name.endswith("_codec")}
"""`bytes.decode` refuses the others that are none (rot_13) by itself."""


def decode(value: bytes) -> str | None:
    """The text of a field; None where a part of it cannot be read. May hold any character."""
    try:
        return "".join(_pieces(value, "strict"))
    except (LookupError, ValueError):  # UnicodeError is a ValueError
        return None


def readable(value: bytes, most: int = 200) -> str:
    """The text of a field as one printable line for people; marks what cannot be read."""
    value = value[: 20 * most]
    text = decode(value)
    return one_line("".join(_pieces(value, "replace")) if text is None else text, most)


def body_text(charset: bytes, raw: bytes) -> str:
    """A text of the body: in the charset it claims, else in what it looks like; what cannot be
    read is marked.
    """
    ways: tuple[Callable[[], str], ...] = (
        lambda: _read(charset, raw),
        lambda: _guessed(raw),
        lambda: _read(charset, raw, "replace"),
    )
    for read in ways:
        try:
            return read()
        except (LookupError, ValueError):
            continue
    return _guessed(raw, "replace")


def _pieces(value: bytes, errors: str) -> Iterator[str]:
    """The decoded parts of a field: raw text, and encoded words without the space between."""
    if b"=?" not in value:
        yield _guessed(value, errors)
        return
    end = 0
    run: list[re.Match[bytes]] = []
    for word in WORD.finditer(value):
        between = value[end : word.start()]
        if not run or between.strip(_BLANK_BYTES):
            yield from _words(run, errors)
            run = []
            yield _guessed(between, errors)
        run.append(word)
        end = word.end()
    yield from _words(run, errors)
    yield _guessed(value[end:], errors)


def _words(run: list[re.Match[bytes]], errors: str) -> Iterator[str]:
    for charset, words in groupby(run, key=lambda word: word[1].lower()):
        yield _same_charset(charset, list(words), errors)


def _same_charset(charset: bytes, words: list[re.Match[bytes]], errors: str) -> str:
    """Neighbours of one charset are read as one: many programs cut a character in two."""
    try:
        return _read(charset, b"".join(map(_octets, words)))
    except (LookupError, ValueError):
        pass
    try:
        return "".join([_read(charset, _octets(word)) for word in words])
    except (LookupError, ValueError):
        pass
    try:
        if all(word[2] in b"bB" for word in words):  # one base64 text cut anywhere
            return _read(charset, _from_base64(b"".join(word[3] for word in words)))
    except (LookupError, ValueError):
        pass
    if errors == "strict":
        raise ValueError("unreadable encoded words")
    try:
        return _read(charset, b"".join(map(_octets, words)), errors)
    except (LookupError, ValueError):
        return b"".join(word[0] for word in words).decode("ascii", errors)


def _octets(word: re.Match[bytes]) -> bytes:
    if word[2] in b"bB":
        return _from_base64(word[3])
    return _HEX.sub(lambda match: bytes.fromhex(match[1].decode()), word[3].replace(b"_", b" "))


def _from_base64(text: bytes) -> bytes:
    """Base64 with its padding wrong, missing or in the middle; ValueError where it is none."""
    out = bytearray()
    for piece in b"".join(text.split()).split(b"="):
        if not _BASE64.fullmatch(piece) or len(piece) % 4 == 1:
            raise ValueError("not base64")
        out += a2b_base64(piece + b"=" * (-len(piece) % 4))
    return bytes(out)


def _read(charset: bytes, raw: bytes, errors: str = "strict") -> str:
    if not raw:
        return ""
    codec = _codec(charset)
    if codec == _JIS:
        return iso2022jp.decode(raw, errors)
    if codec == _RAW:
        return _guessed(raw, errors)
    return raw.decode(codec, errors)


@lru_cache(maxsize=64)
def _codec(charset: bytes) -> str:
    name = charset.split(b"*")[0].decode("ascii")  # RFC 2231 section 5: charset*language
    name = encodings.normalize_encoding(name.lower())
    codec = _CHARSETS.get(name) or aliases.get(name, name)
    # asking Python itself for an unknown one searches the disk and remembers the name for ever
    known = codec in (_JIS, _RAW) or (codec in _PYTHONS and codec not in _NO_CHARSETS)
    if known and charset.decode("ascii").isprintable():
        return codec
    raise LookupError("unknown charset")


def _guessed(raw: bytes, errors: str = "strict") -> str:
    """Raw text in no declared charset: ASCII, UTF-8, JIS escapes, Shift_JIS or EUC-JP."""
    if b"\x1b" in raw:
        return iso2022jp.decode(raw, errors)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    guesses = []
    for codec in ("cp932", "euc_jis_2004"):
        try:
            guesses.append(raw.decode(codec))
        except UnicodeDecodeError:
            continue
    if guesses:  # EUC-JP read as Shift_JIS comes out as half-width kana
        return min(guesses, key=_half_width_kana)
    return raw.decode("utf-8", errors)


def _half_width_kana(text: str) -> int:
    return sum("\uff61" <= character <= "\uff9f" for character in text)
