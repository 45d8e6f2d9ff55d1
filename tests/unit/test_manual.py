"""The words of the built-in manual: whole, short, in the spelling of the screens."""

from __future__ import annotations

import re
from itertools import groupby

import pytest

from kollect.ui.manual.manual_page import KeyLines, ManualPage, Picture, Words, pattern
from kollect.ui.manual.manual_pages import PAGES, page_named

LONGEST = 1500
"""Characters of a page: more is not read."""
LONGEST_SENTENCE = 75
KEY = re.compile(r"F([1-9]|1[0-2])|ESC|Enter|Tab|1～8|↑ ↓|Ctrl\+[A-Z]|Ctrl\+\+ Ctrl\+-")
HALF_WIDTH = re.compile(r"[ぁ-ん一-龥][!?,]|[｡-ﾟ]|[ぁ-ん一-龥]\.")


def test_every_page_has_a_name_of_its_own_and_stands_with_its_group():
    names = [page.name for page in PAGES]
    assert len(names) == len(set(names))
    groups = [group for group, _ in groupby(page.group for page in PAGES)]
    assert len(groups) == len(set(groups))


def test_there_is_a_glossary_and_a_picture_of_how_it_works():
    assert any(isinstance(part, Picture) for part in page_named("how").parts)
    assert {"空メール", "受付番号", "控え"} <= set(page_named("words").explained())


def test_a_page_that_nobody_wrote_is_the_one_of_the_menu():
    assert page_named("").name == "menu"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_short_and_its_sentences_too(page: ManualPage):
    assert len(page.text) < LONGEST
    sentences = re.split(r"[。\n]", page.text)
    assert not [one for one in sentences if len(one) > LONGEST_SENTENCE]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_ends_its_sentences_and_keeps_to_full_width_signs(page: ManualPage):
    assert not HALF_WIDTH.findall(page.text)
    for part in page.parts:
        meanings = [m for _, m in getattr(part, "items", ())]
        if isinstance(part, Words):
            meanings.append(part.text)
        assert not [one for one in meanings if not one.endswith("。")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_names_keys_that_there_are(page: ManualPage):
    for part in page.parts:
        if isinstance(part, KeyLines):
            assert not [key for key, _ in part.items if not KEY.fullmatch(key)]


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("ポート", "受信ポート番号", "ポート"),
        ("ﾎﾟｰﾄ", "受信ポート番号", "ポート"),
        ("pop", "POP です", "POP"),
        ("ＰＯＰ", "POP です", "POP"),
        ("空メール", "空メ\nール", "空メ\nール"),
        ("(件名)", "（件名）と(件名)", "(件名)"),
    ],
)
def test_words_are_found_in_any_spelling_and_across_a_broken_line(
    words: str, text: str, found: str
):
    wanted = pattern(words)
    assert wanted is not None
    hit = wanted.search(text)
    assert hit is not None
    assert hit[0] == found


def test_blanks_find_nothing():
    assert pattern(" 　") is None
