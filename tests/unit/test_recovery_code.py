"""The code that a person copies from paper, and the keys made of it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.errors import DataCodeTrouble
from kollect.protection import derived_keys, recovery_code
from kollect.protection.derived_keys import hkdf, keys_of, unwrapped, wrapped

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
codes = st.binary(min_size=17, max_size=17).map(recovery_code.from_random)
CODE = recovery_code.from_random(bytes(range(1, 18)))
EXPECTED = (
    "H04Y0-7M1CR-2MG40-17G1A-02C02-89",
    "9be9916771709a1d19a05c67bfc3cee6f609ba0b19b7d2890a16847aa9c08209",
    "3739a75780ef635a6e2d6832564a0813",
)


@given(codes)
def test_what_is_written_is_read_again(code):
    assert recovery_code.read(code.written) == code
    assert [*map(len, code.written.split("-"))] == [5, 5, 5, 5, 5, 2]
    assert set(code.letters) <= set(ALPHABET)


@given(st.integers(0, 2**130 - 1))
def test_all_130_bits_count(value: int):
    code = recovery_code.from_random(value.to_bytes(17, "big"))
    other = recovery_code.from_random((value ^ 1).to_bytes(17, "big"))
    top = recovery_code.from_random((value ^ 1 << 129).to_bytes(17, "big"))
    assert len({code.secret, other.secret, top.secret}) == 3
    assert len({code.written, other.written, top.written}) == 3


def test_too_few_random_bits_make_no_code():
    with pytest.raises(ValueError, match="too few"):
        recovery_code.from_random(bytes(16))


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        lambda text: text.replace("-", ""),
        lambda text: text.replace("-", " "),
        lambda text: f"  {text}\r\n",
        lambda text: text.replace("-", "ー"),
        lambda text: text.replace("-", "－"),
        lambda text: text.replace("-", "−"),
        lambda text: text.replace("-", "\u3000"),
        lambda text: text.replace("0", "O").replace("1", "I"),
        lambda text: text.replace("0", "o").replace("1", "l"),
        lambda text: text.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}),
        lambda text: text.lower().translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}),
        lambda text: "\ufeff" + "\u200b".join(text),
    ],
)
@given(code=codes)
def test_it_is_read_as_people_type_it(change, code):
    assert recovery_code.read(change(code.written)) == code


@given(codes, st.integers(0, 26), st.sampled_from(ALPHABET))
def test_every_wrong_letter_is_told(code, place: int, letter: str):
    letters = code.letters
    wrong = letters[:place] + letter + letters[place + 1 :]
    if wrong != letters:
        with pytest.raises(DataCodeTrouble, match="違うか"):
            recovery_code.read(wrong)


@given(codes)
def test_two_letters_that_changed_places_are_told(code):
    for one, other in itertools.combinations(range(26), 2):
        letters = [*code.letters]
        letters[one], letters[other] = letters[other], letters[one]
        if "".join(letters) != code.letters:
            with pytest.raises(DataCodeTrouble, match="入れ替わって"):
                recovery_code.read("".join(letters))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "27文字ですが、入力されたものは空です"),
        (CODE.written[:-1], "入力されたものは26文字です"),
        (CODE.written + "0", "入力されたものは28文字です"),
        ("U" + CODE.written[1:], "1文字目の「U」は"),
        (CODE.written[:6] + "あ" + CODE.written[7:], "6文字目の「あ」は"),
        (CODE.written[:-1] + "*", "27文字目の「\\*」は"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str):
    with pytest.raises(DataCodeTrouble, match=words):
        recovery_code.read(text)


def test_the_code_is_not_printed_by_mistake():
    keys = keys_of(CODE)
    for text in (repr(CODE), str(CODE), f"{CODE}", repr(keys), str([keys])):
        assert CODE.letters[:5] not in text
        assert keys.database.hex()[:8] not in text


def h(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    ("secret", "salt", "info", "length", "made"),
    [
        (  # RFC 5869, A.1 to A.3
            h("0b" * 22),
            h("000102030405060708090a0b0c"),
            h("f0f1f2f3f4f5f6f7f8f9"),
            42,
            h(
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                "34007208d5b887185865"
            ),
        ),
        (
            bytes(range(0x50)),
            bytes(range(0x60, 0xB0)),
            bytes(range(0xB0, 0x100)),
            82,
            h(
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                "cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        (
            h("0b" * 22),
            b"",
            b"",
            42,
            h(
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                "9d201395faa4b61a96c8"
            ),
        ),
    ],
)
def test_hkdf_by_the_vectors_of_its_rfc(
    secret: bytes, salt: bytes, info: bytes, length: int, made: bytes
):
    assert hkdf(secret, salt, info, length) == made


def test_hkdf_makes_no_more_than_255_blocks():
    assert len(hkdf(b"x", b"", b"", 255 * 32)) == 255 * 32
    with pytest.raises(ValueError):
        hkdf(b"x", b"", b"", 255 * 32 + 1)


def test_the_keys_of_a_code_stay_what_they_are():
    """By them the data of every shop are encrypted: computed once by another HKDF, and written."""
    keys = keys_of(CODE)
    assert CODE.written == EXPECTED[0]
    assert (keys.database.hex(), keys.fingerprint) == EXPECTED[1:]


@given(codes, codes, st.binary(min_size=16, max_size=16))
def test_a_former_key_is_read_by_the_new_code_alone(code, other, salt: bytes):
    former = keys_of(other).database
    octets = wrapped(former, code, salt)
    assert former not in octets
    assert unwrapped(octets, code, salt) == former
    if other != code:
        assert unwrapped(octets, other, salt) is None
    assert unwrapped(octets[:-1] + bytes([octets[-1] ^ 1]), code, salt) is None
    assert unwrapped(bytes([octets[0] ^ 1]) + octets[1:], code, salt) is None
    assert unwrapped(b"", code, salt) is None


def test_each_use_has_a_key_of_its_own():
    assert len({*derived_keys._FOR.values()}) == len(derived_keys._FOR)


@given(codes, st.randoms(use_true_random=False))
def test_four_letters_tell_that_the_sheet_is_there(code, chance):
    places = recovery_code.places_to_ask(chance.randrange)
    assert len({*places}) == 4 and [*places] == sorted(places)
    assert 1 <= places[0] <= 6 and 19 <= places[3] <= 26, "from all over the sheet"
    letters = "".join(code.letters[place - 1] for place in places)
    assert recovery_code.confirms(code, places, letters)
    assert recovery_code.confirms(code, places, " ".join(letters.lower().replace("0", "o")))
    for text in ("", letters[:3], letters + "0", f"{letters[:3]}*", code.written):
        assert not recovery_code.confirms(code, places, text)
    wrong = ALPHABET[(ALPHABET.index(letters[0]) + 1) % 32]
    assert not recovery_code.confirms(code, places, wrong + letters[1:])
