"""文例: those that come with the program, the shop's own, and the gaps that are left in a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.letters.letter_check import LetterKind, gaps, remarks
from kollect.mailing import mailing_text
from kollect.mailing.builtin_texts import BUILTIN_TEXTS, BuiltinText
from kollect.mailing.text_library import NameTaken, ShopText, TextLibrary, name_fault
from kollect.settings.model import Charset, Shop
from tests.helpers.ledger_samples import NOW

HOUR = timedelta(hours=1)
SHOP = Shop(name="こむぎ", address="東京都千代田区千代田1-1")
BUILTIN = pytest.mark.parametrize("text", BUILTIN_TEXTS, ids=lambda text: text.name)


# --- those that come with the program


def test_they_are_there_for_what_shops_write_most_and_have_names_of_their_own():
    names = [text.name for text in BUILTIN_TEXTS]
    assert len(names) == len(set(names))
    for topic in (
        "年末年始",
        "セール",
        "入荷",
        "臨時休業",
        "お詫び",
        "誕生日",
        "ご来店のお礼",
        "移転",
    ):
        assert any(topic in name for name in names), topic


@BUILTIN
def test_nothing_stands_against_one_but_its_gaps(text: BuiltinText):
    assert mailing_text.problems(text.subject, text.body, SHOP) == ()
    assert mailing_text.unfilled(text.subject, text.body) == ()
    for charset in Charset:
        found = remarks(
            text.subject, text.body, shop_name="こむぎ", charset=charset, kind=LetterKind.MAILING
        )
        assert not [one for one in found if "うめられていません" not in one.what]


@BUILTIN
def test_every_gap_in_one_is_found(text: BuiltinText):
    lines = [text.subject, *text.body.splitlines()]
    left = [line for line in lines if "○" in line and not gaps("", line)]
    assert not left
    filled = text.body.replace("○", "2")
    assert gaps(text.subject.replace("○", "2"), filled) == ()


@BUILTIN
def test_one_greets_by_name_and_leaves_the_sender_to_the_footer(text: BuiltinText):
    assert text.body.startswith("★名前★ 様\n\n")
    assert "配信停止" not in text.body and "★店名★" in text.subject


# --- gaps


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("○月○日（○）～1月○日（○）", ("○月○日（○）", "1月○日（○）")),
        ("〇月〇日に、◯◯で", ("〇月〇日", "◯◯")),
        ("○割引き、○名様まで", ("○割", "○名様")),
        ("　定休日　○曜日", ("○曜日",)),
        ("二〇二六年一〇月一〇日", ()),
        ("○×クイズ", ()),
        ("土曜 ○　日曜 ×", ()),
        ("○ 日時 11時", ()),
        ("○日時 11時から", ()),
        ("まるい○のついた日", ()),
        ("12月3日（水）", ()),
    ],
)
def test_a_gap_is_told_from_a_mark_and_from_a_number(line: str, found: tuple[str, ...]):
    assert gaps("", line) == found


def test_a_gap_is_a_serious_remark_with_its_place_and_only_for_a_mailing():
    body = "★名前★ 様\n○月○日と○月○日"
    (found,) = remarks(
        "お知らせ", body, shop_name="こむぎ", charset=Charset.UTF_8, kind=LetterKind.MAILING
    )
    assert found.serious
    assert str(found).startswith("本文の2行目: 「○月○日」が、うめられていません。")
    reply = remarks(
        "★1★", "こむぎ ○月○日", shop_name="こむぎ", charset=Charset.UTF_8, kind=LetterKind.REPLY
    )
    assert not [one for one in reply if "うめられて" in one.what]


# --- the shop's own


@pytest.fixture
def texts(tmp_path: Path) -> Iterator[TextLibrary]:
    path = tmp_path / "kollect.db"
    Ledger(path).close()
    with closing(TextLibrary(path)) as library:
        yield library


def stored(texts: TextLibrary) -> list[tuple[str, str, str]]:
    return [(one.name, one.subject, one.body) for one in texts.all()]


def test_a_text_comes_back_and_the_last_one_stands_first(texts: TextLibrary):
    assert texts.all() == []
    first = texts.save("  秋の\nセール ", "★店名★", "本文\n2行目\n", NOW)
    second = texts.save("冬", "見出", "", NOW + HOUR)
    assert texts.all() == [
        ShopText(second, "冬", "見出", ""),
        ShopText(first, "秋の セール", "★店名★", "本文\n2行目\n"),
    ]


def test_a_name_is_taken_over_only_where_that_was_said(texts: TextLibrary):
    first = texts.save("秋", "古い", "古い", NOW)
    with pytest.raises(NameTaken):
        texts.save(" 秋", "新しい", "新しい", NOW)
    assert stored(texts) == [("秋", "古い", "古い")]
    assert texts.save("秋", "新しい", "文", NOW + HOUR, replacing=True) == first
    assert stored(texts) == [("秋", "新しい", "文")]


def test_one_is_renamed_but_not_to_anothers_name(texts: TextLibrary):
    autumn = texts.save("秋", "a", "a", NOW)
    texts.save("冬", "b", "b", NOW)
    with pytest.raises(NameTaken):
        texts.rename(autumn, "冬 ")
    assert texts.rename(autumn, "秋のセール")
    assert texts.rename(autumn, "秋のセール"), "its own name is no other's"
    assert {name for name, _, _ in stored(texts)} == {"秋のセール", "冬"}


def test_one_that_is_gone_is_neither_renamed_nor_deleted(texts: TextLibrary):
    autumn = texts.save("秋", "a", "a", NOW)
    assert texts.delete(autumn)
    assert not texts.delete(autumn)
    assert not texts.rename(autumn, "冬")
    assert texts.all() == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("秋のセール", False),
        ("あ" * 40, False),
        ("あ" * 41, True),
        (" \u3000", True),
        ("セールのご案内", True),
        ("セールのご案内 ", True),
    ],
)
def test_a_name_is_there_short_and_no_built_in_ones(name: str, wrong: bool):
    assert bool(name_fault(name)) is wrong
