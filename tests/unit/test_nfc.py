"""か and ゙ is が wherever text comes in, and 神 in somebody's passport stays what it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.mail.nfc import composed, parted
from kollect.members import csv_table, normalize
from kollect.members.csv_import import ImportCounts
from kollect.members.member import Member
from kollect.members.member_filter import MemberFilter
from kollect.members.repository import Members
from kollect.settings import ini_format
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_csv import take_in

GARDEN = "ガーデン"
APART = unicodedata.normalize("NFD", GARDEN)


@pytest.mark.parametrize(
    ("apart", "together"),
    [
        ("か\u3099", "が"),
        ("は\u309aん", "ぱん"),
        ("ウ\u3099", "ヴ"),
        ("か゛", "が"),
        ("ハ゜", "パ"),
        ("カﾞ", "ガ"),
        ("e\u0301", "é"),
        ("o\u0302\u0303", "ỗ"),
        ("\u1112\u1161\u11ab", "한"),
        ("\ufa19", "\ufa19"),
        ("\ufa19か\u3099", "\ufa19が"),
        ("あ゛", "あ゛"),
        ("①㈱ｱ", "①㈱ｱ"),
        ("\U0001f468\u200d\U0001f469\ufe0f", "\U0001f468\u200d\U0001f469\ufe0f"),
    ],
)
def test_marks_are_put_on_their_characters(apart: str, together: str):
    assert composed(apart) == together
    assert composed(together) == together


@given(st.text())
def test_what_is_composed_stays_so(text: str):
    assert composed(composed(text)) == composed(text)
    assert unicodedata.normalize("NFC", composed(text)) == unicodedata.normalize(
        "NFC", composed(parted(composed(text)))
    )


def test_the_settings():
    text = f"[shop]\nname = {APART}\n[collect]\nblank_subjects = 無題\\nか\u3099\n"
    found = ini_format.read(text).settings
    assert found.shop.name == GARDEN
    assert found.collect.blank_subjects == ("無題", "が")
    path = "/home/か\u3099/ca.pem"
    assert ini_format.read(f"[tls]\nca_file = {path}\n").settings.tls.ca_file == path


def test_names_groups_and_notes():
    assert normalize.person("か\u3099 い") == "が\u3000い"
    assert normalize.groups(f"{APART}、{GARDEN}") == (GARDEN,)
    assert normalize.lines("か\u3099\nき\u3099") == "が\nぎ"
    assert normalize.kana("か゛") == "ガ"


def test_two_spellings_in_a_file_are_one_group(members: Members):
    text = f"受付番号,お名前,グループ\r\n1001,山田,{GARDEN}\r\n1002,佐藤,{APART}\r\n"
    take_in(csv_table.read(text.encode()), members, NOW)
    assert members.groups() == [(GARDEN, 2)]
    for typed in (GARDEN, APART):
        assert members.numbers(MemberFilter(group=typed)) == [1001, 1002]
        assert members.numbers(MemberFilter(text=typed)) == [1001, 1002]
    again = take_in(csv_table.read(unicodedata.normalize("NFD", text).encode()), members, NOW)
    assert again == ImportCounts(new=0, changed=0, same=2)


def test_what_former_versions_have_written_is_the_same_too(members: Members):
    """They took the marks as they came."""
    text = (
        f"受付番号,お名前,フリガナ,住所,グループ,備考\r\n1001,ガンダ,ガンダ,東京が,{GARDEN},が\r\n"
    )
    take_in(csv_table.read(text.encode()), members, NOW)
    members.register(Member(1002, "佐藤", groups=(GARDEN,)), NOW)
    members._db.change(
        "UPDATE member SET name = ?, kana = ?, home = ?, note = ? WHERE number = 1001",
        *(unicodedata.normalize("NFD", one) for one in ("ガンダ", "ガンダ", "東京が", "が")),
    )
    members._db.change("UPDATE member_group SET label = ? WHERE number = 1001", APART)
    assert members.groups() == [(GARDEN, 2)]
    assert members.numbers(MemberFilter(group=GARDEN)) == [1001, 1002]
    assert members.get(1001).groups == (GARDEN,)
    assert take_in(csv_table.read(text.encode()), members, NOW) == ImportCounts(0, 0, 1)
