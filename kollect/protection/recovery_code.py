"""The code on the 復元シート: 130 random bits that a person can write down, and type again. Pure.

26 letters of Crockford's base 32 (no I, L, O, U), in fives, and behind them a check letter:

    7K2QD-M4XWA-9PZ0R-TC3HV-6BNEY-5J

The check letter is a sum over the field of 32 elements, each letter weighted by another power of a
generator: it tells every single wrong letter, and every two that have changed places.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kollect.errors import DataCodeTrouble

LETTERS = 26
"""Without the check letter."""
BITS = 5 * LETTERS
WRITTEN = LETTERS + 1
GROUP = 5
ASKED = 4

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_READ_AS = {"O": "0", "I": "1", "L": "1"}
"""What looks like another letter is that one, as Crockford has it."""
_BETWEEN = frozenset("-_.,、。・‐‑‒–—―−ーｰ|/")
"""What people and input methods put between the groups; after NFKC."""
_REDUCTION = 0b100101
"""x^5 + x^2 + 1, by which the field of 32 elements is made of polynomials over two."""


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """Not shown where somebody prints it by mistake: `written` is the code."""

    written: str
    """27 letters in fives, with hyphens."""

    def __repr__(self) -> str:
        return "RecoveryCode(…)"

    @property
    def letters(self) -> str:
        """All 27, without hyphens."""
        return self.written.replace("-", "")

    @property
    def secret(self) -> bytes:
        """The 130 bits as 17 octets, the first six bits of which are zero."""
        value = 0
        for letter in self.letters[:LETTERS]:
            value = value << 5 | _VALUE[letter]
        return value.to_bytes((BITS + 7) // 8, "big")


def from_random(octets: bytes) -> RecoveryCode:
    """The code of random octets, of which 130 bits are used. Raises ValueError for fewer."""
    if 8 * len(octets) < BITS:
        raise ValueError(f"{8 * len(octets)} bits are too few")
    value = int.from_bytes(octets, "big") & (1 << BITS) - 1
    letters = "".join(_ALPHABET[value >> 5 * place & 31] for place in range(LETTERS))
    return _of(letters + _check_letter(letters))


def read(text: str) -> RecoveryCode:
    """What somebody has typed or pasted: in small or full-width letters, with or without spaces
    and hyphens, O for 0, I or L for 1.

    Raises DataCodeTrouble, which says what is wrong with it.
    """
    letters = _letters_of(text)
    if len(letters) != WRITTEN:
        found = f"{len(letters)}文字" if letters else "空"
        raise _wrong(f"復元コードは{WRITTEN}文字ですが、入力されたものは{found}です。")
    if _check_letter(letters[:LETTERS]) != letters[LETTERS]:
        raise _wrong("文字のどれかが違うか、順番が入れ替わっています。")
    return _of(letters)


def places_to_ask(chance: Callable[[int], int]) -> tuple[int, ...]:
    """Four places of letters, counted from 1 and spread over the whole sheet: who can tell these
    has it in the hand. `chance(n)` is a random number below n.
    """
    part = LETTERS // ASKED
    return tuple(1 + number * part + chance(part) for number in range(ASKED))


def confirms(code: RecoveryCode, places: Sequence[int], text: str) -> bool:
    """Whether these are the letters at those places, however they are typed."""
    try:
        return _letters_of(text) == "".join(code.letters[place - 1] for place in places)
    except DataCodeTrouble:
        return False


def _letters_of(text: str) -> str:
    letters = ""
    for character in unicodedata.normalize("NFKC", text).upper():
        if character.isspace() or character in _BETWEEN or _is_unseen(character):
            continue
        letter = _READ_AS.get(character, character)
        if letter not in _VALUE:
            raise _wrong(
                f"{len(letters) + 1}文字目の「{character}」は、復元コードに使わない文字です。"
            )
        letters += letter
    return letters


def _of(letters: str) -> RecoveryCode:
    return RecoveryCode(
        "-".join(letters[place : place + GROUP] for place in range(0, WRITTEN, GROUP))
    )


def _wrong(happened: str) -> DataCodeTrouble:
    return DataCodeTrouble(
        "復元コードが正しくありません",
        happened=happened,
        cure="復元シートの文字を、はじめから確かめながら入力してください。",
    )


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Cc")


def _check_letter(letters: str) -> str:
    total, weight = 0, 1
    for letter in letters:
        weight = _times(weight, 2)
        total ^= _times(_VALUE[letter], weight)
    return _ALPHABET[total]


def _times(one: int, other: int) -> int:
    """The product in the field of 32 elements."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one <<= 1
        if one & 32:
            one ^= _REDUCTION
        other >>= 1
    return product
