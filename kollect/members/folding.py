"""Forgiving reading of what people type: half and full width, hiragana and katakana. Pure.

Names are touched as little as can be: 髙 stays 髙, and Unicode's normal forms, which would put the
common form of a kanji (U+795E) for that in somebody's passport (U+FA19), are kept away from them.
"""

from __future__ import annotations

import re
import unicodedata

_HALF_KANA = re.compile("[\uff61-\uff9f]+")
_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_DASHES = "-‐‑‒–—―−－ー"
_DASH = re.compile(f"[{_DASHES}]")
_KANA_DASH = re.compile(f"(?<=[ァ-ヺー])[{_DASHES}ｰ～〜]")
_BETWEEN_DIGITS = re.compile(f"(?<=[0-9])[{_DASHES}](?=[0-9])")
_SPACES = re.compile(r"\s+")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
"""Controls and invisible marks that come along with what is pasted."""
_MOBILE = re.compile("(0[5-9]0)([1-9][0-9]{3})([0-9]{4})")
_FREE = re.compile("(0120|0570)([0-9]{3})([0-9]{3})|(0800)([0-9]{3})([0-9]{4})")
_PHONE = re.compile("0[5-9]0[0-9]{8}|0(?![5-9]0)[0-9]{9}")


def line(text: str) -> str:
    """One line as it is kept: no controls, no half-width kana, never two spaces together."""
    text = _HALF_KANA.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
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
    return line(unicodedata.normalize("NFKC", line(text)))


def phone(text: str) -> str:
    """A telephone number with hyphens where they are certain or were typed; see `is_phone`."""
    text = _DASH.sub("-", narrow(text)).replace("(", "-").replace(")", "-").replace(" ", "-")
    if text.startswith("+81"):
        text = "0" + text.removeprefix("+81").lstrip("-").removeprefix("0")
    text = re.sub("-{2,}", "-", text).strip("-")
    digits = text.replace("-", "")
    if digits.isdecimal() and digits[0] != "0" and len(digits) in (9, 10):
        text, digits = f"0{text}", f"0{digits}"  # a spreadsheet took it for a number
    if parts := _MOBILE.fullmatch(digits) or _FREE.fullmatch(digits):
        return "-".join(filter(None, parts.groups()))
    return text


def is_phone(text: str) -> bool:
    """Whether `phone` made a Japanese number of it: eleven digits for a mobile, ten for others."""
    return bool(_PHONE.fullmatch(text.replace("-", "")))


def postcode(text: str) -> str:
    """123-4567 where it has the seven digits, else what was typed; see `is_postcode`."""
    text = narrow(text)
    digits = _DASH.sub("", text.lstrip("〒")).replace(" ", "")
    return f"{digits[:3]}-{digits[3:]}" if re.fullmatch("[0-9]{7}", digits) else text


def is_postcode(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{3}-[0-9]{4}", text))


def number(text: str) -> int | None:
    """A 受付番号 as it stands on paper: 1001, １００１, 001001, No.1001; None where it is none."""
    digits = re.fullmatch(r"(?:No[.:]?|#)? ?0*([0-9]{1,15})", narrow(text), re.IGNORECASE)
    return int(digits[1]) if digits else None


def groups(text: str) -> tuple[str, ...]:
    """グループ, separated by commas of any kind or line ends; each once, in the order typed."""
    return tuple(dict.fromkeys(filter(None, map(line, re.split("[,，、;；\n]", text)))))


def search_key(text: str) -> str:
    """The same for all ways to write one thing, as far as a search should care."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_TO_KATAKANA)
    return _BETWEEN_DIGITS.sub("-", _SPACES.sub("", text))


def search_words(text: str) -> list[tuple[str, ...]]:
    """What was typed into the search field: each of these must be found, in one of its forms."""
    words = []
    for word in unicodedata.normalize("NFKC", text).split():
        key = search_key(word)
        bare = _DASH.sub("", key)
        # telephone numbers and postcodes are searched without their hyphens, house numbers with
        words.append((key, bare) if bare != key and bare.isdecimal() else (key,))
    return words
