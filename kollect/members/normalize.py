"""Forgiving reading of what people type: half and full width, hiragana and katakana. Pure.

Postcodes are here too; telephone numbers, which need a table, are `phone_numbers`.

Names are touched as little as can be: 髙 stays 髙, and Unicode's normal forms, which would put the
common form of a kanji (U+795E) for that in somebody's passport (U+FA19), are kept away from them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from kollect.mail.nfc import composed

_HALF_KANA = re.compile("[\uff61-\uff9f]+")
_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_HIRAGANA = re.compile("[\u3041-\u3096\u309d\u309e]")
_DASHES = "-‐‑‒–—―−－ー"
DASH = re.compile(f"[{_DASHES}]")
"""Every sign that stands for a hyphen."""
_KANA_DASH = re.compile(f"(?<=[ァ-ヺー])[{_DASHES}ｰ～〜]")
_BETWEEN_DIGITS = re.compile(f"(?<=[0-9])[{_DASHES}](?=[0-9])")
_SPACES = re.compile(r"\s+")
_SPACES_IN_LINE = re.compile(r"[^\S\n]+")
_ORDINARY = re.compile("[!-~\u3041-\u3096\u30a1-\u30fe\u4e00-\u9fff]*")
"""Nothing that `line` would change; nearly every cell of a file."""
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
"""Controls and invisible marks that come along with what is pasted."""
_NUMBER = re.compile(r"(?:No[.:]?|#)? ?([0-9]{1,15})", re.IGNORECASE)
_WITH_POINT = re.compile(r"([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.0*)?")
_SCIENTIFIC = re.compile(r"([1-9])(?:\.([0-9]+))?E\+?([0-9]{1,2})", re.IGNORECASE)
_SHORT_POSTCODE = re.compile("([1-9][0-9]?)-?([0-9]{4})")


def line(text: str) -> str:
    """One line as it is kept: no controls, no half-width kana, never two spaces together."""
    if _ORDINARY.fullmatch(text):
        return text
    text = composed(_HALF_KANA.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text))
    return _SPACES.sub(" ", _UNSEEN.sub("", text)).strip()


def lines(text: str) -> str:
    """A note of several lines."""
    return "\n".join(line(one) for one in text.splitlines()).strip()


def person(text: str) -> str:
    """A name; between the parts of a Japanese one stands the wide space."""
    text = line(text)
    return text if text.isascii() else text.replace(" ", "\u3000")


def kana(text: str) -> str:
    """フリガナ in full-width katakana, from hiragana and half width too."""
    text = person(unicodedata.normalize("NFKC", line(text))).translate(_TO_KATAKANA)
    return _KANA_DASH.sub("ー", text)


def narrow(text: str) -> str:
    """Letters, digits and signs in half width, for everything that is a code rather than a name."""
    text = line(text)
    return text if text.isascii() else line(unicodedata.normalize("NFKC", text))


def postcode(text: str) -> str:
    """123-4567 where it has the seven digits, else what was typed; see `is_postcode`."""
    text = narrow(text)
    digits = DASH.sub("", text.lstrip("〒")).replace(" ", "")
    return f"{digits[:3]}-{digits[3:]}" if re.fullmatch("[0-9]{7}", digits) else text


def is_postcode(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{3}-[0-9]{4}", text))


def number(text: str) -> int | None:
    """A 受付番号 as it stands on paper: 1001, １００１, 001001, No.1001; None where it is none."""
    digits = _NUMBER.fullmatch(narrow(text))
    return int(digits[1]) if digits else None


def counted(text: str) -> str:
    """A code that a spreadsheet took for a number and wrote as one, in its digits again: 1001.0,
    1.001E+3, "1,001", '1001. Anything else as it is.

    Raises Rounded where digits are missing: 1.00E+03 may have been any number.
    """
    plain = narrow(text).lstrip("'`")
    if found := _WITH_POINT.fullmatch(plain):
        return found[1].replace(",", "")
    if not (found := _SCIENTIFIC.fullmatch(plain)):
        return plain if plain.isdecimal() else text.strip().lstrip("'`’＇")
    whole, part, exponent = found[1], (found[2] or "").rstrip("0"), int(found[3])
    if len(found[2] or "") < exponent or len(part) > exponent:
        raise Rounded(text)
    return f"{whole}{part.ljust(exponent, '0')}"


class Rounded(ValueError):
    """A spreadsheet has written a code as a number with fewer digits than it has."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"「{text.strip()}」は、表計算ソフトが数値とみなして、桁を省いて書き出したものです。"
            "その列の表示形式を「文字列」か「0」にして、保存し直してください。"
        )


def postcode_of_number(text: str) -> str:
    """A postcode from a spreadsheet that took it for a number: 600001 is 060-0001.

    Codes of Hokkaido and Tohoku begin with 0, some of Sapporo with 00. Nobody types them so; where
    somebody types, a digit is missing.
    """
    plain = DASH.sub("-", narrow(counted(text)).lstrip("〒")).strip()
    if found := _SHORT_POSTCODE.fullmatch(plain):
        return f"{found[1]}{found[2]}".zfill(7)
    return plain


def groups(text: str) -> tuple[str, ...]:
    """グループ, separated by commas of any kind or line ends; each once, in the order typed."""
    return tuple(dict.fromkeys(filter(None, map(line, re.split("[,，、;；\n]", text)))))


def search_key(text: str) -> str:
    """The same for all ways to write one thing, as far as a search should care."""
    return search_keys([text])


def search_keys(texts: Sequence[str]) -> str:
    """The `search_key` of each, which has no line end, on a line of its own."""
    text = unicodedata.normalize("NFKC", "\n".join(texts)).casefold()
    if _HIRAGANA.search(text):
        text = text.translate(_TO_KATAKANA)
    return _BETWEEN_DIGITS.sub("-", _SPACES_IN_LINE.sub("", text))


def search_words(text: str) -> list[tuple[str, ...]]:
    """What was typed into the search field: each of these must be found, in one of its forms."""
    words: list[tuple[str, ...]] = []
    for word in unicodedata.normalize("NFKC", text).split():
        key = search_key(word)
        bare = DASH.sub("", key)
        # telephone numbers and postcodes are searched without their hyphens, house numbers with
        words.append((key, bare) if bare != key and bare.isdecimal() else (key,))
    return words
