"""Kana in Latin letters, as on signs of stations (Hepburn, long vowels unmarked). Pure."""

from __future__ import annotations

import unicodedata

_ROWS = """
あ a い i う u え e お o
か ka き ki く ku け ke こ ko が ga ぎ gi ぐ gu げ ge ご go
さ sa し shi す su せ se そ so ざ za じ ji ず zu ぜ ze ぞ zo
た ta ち chi つ tsu て te と to だ da ぢ ji づ zu で de ど do
な na に ni ぬ nu ね ne の no は ha ひ hi ふ fu へ he ほ ho
ば ba び bi ぶ bu べ be ぼ bo ぱ pa ぴ pi ぷ pu ぺ pe ぽ po
ま ma み mi む mu め me も mo や ya ゆ yu よ yo ら ra り ri る ru れ re ろ ro
わ wa ゐ i ゑ e を o ん n ゔ vu ぁ a ぃ i ぅ u ぇ e ぉ o ゃ ya ゅ yu ょ yo ー -
しゃ sha しゅ shu しょ sho しぇ she ちゃ cha ちゅ chu ちょ cho ちぇ che
じゃ ja じゅ ju じょ jo じぇ je ふぁ fa ふぃ fi ふぇ fe ふぉ fo てぃ ti でぃ di うぃ wi うぇ we
"""
_PAIRS = _ROWS.split()
_LETTERS = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
_SMALL_Y = {"ゃ": "a", "ゅ": "u", "ょ": "o"}


def romaji(text: str) -> str:
    """The kana and the Latin letters of the text in Latin letters; everything else is left out."""
    kana = _as_hiragana(unicodedata.normalize("NFKC", text).lower())
    made = ""
    doubled = False
    place = 0
    while place < len(kana):
        one, two = kana[place], kana[place : place + 2]
        if two in _LETTERS and len(two) == 2:
            letters, step = _LETTERS[two], 2
        elif one in _LETTERS and two[1:] in _SMALL_Y and _LETTERS[one].endswith("i"):
            letters, step = f"{_LETTERS[one][:-1]}y{_SMALL_Y[two[1:]]}", 2
        else:
            letters, step = _LETTERS.get(one, one if one.isascii() and one.isalnum() else ""), 1
        if doubled and letters[:1].isalpha():
            made += "t" if letters.startswith("ch") else letters[0]
        doubled = one == "っ"
        made += letters.strip("-")
        place += step
    return made


def _as_hiragana(text: str) -> str:
    return "".join(chr(ord(one) - 0x60) if "ァ" <= one <= "ヴ" else one for one in text)
