"""What people type into the membership form, forgiven or refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.members import normalize, wareki
from kollect.members.member import Consent, Member, Sex
from kollect.members.member_fields import (
    FormProblems,
    MemberField,
    MemberFormInput,
    as_form_input,
    problems,
    read_form,
)

TODAY = date(2026, 11, 23)
GOOD = MemberFormInput(number="1001", name="山田 太郎")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1985/1/2", date(1985, 1, 2)),
        ("１９８５／０１／０２", date(1985, 1, 2)),
        ("1985-01-02", date(1985, 1, 2)),
        ("1985年1月2日", date(1985, 1, 2)),
        (" 1985 年 1 月 2 日 ", date(1985, 1, 2)),
        ("1985 1 2", date(1985, 1, 2)),
        ("19850102", date(1985, 1, 2)),
        ("1985/01/02 0:00:00", date(1985, 1, 2)),
        ("1985-01-02T00:00:00.000", date(1985, 1, 2)),
        ("S60.1.2", date(1985, 1, 2)),
        ("s60-1-2", date(1985, 1, 2)),
        ("Ｓ６０．１．２", date(1985, 1, 2)),
        ("S600102", date(1985, 1, 2)),
        ("昭和60年1月2日", date(1985, 1, 2)),
        ("昭和 60/1/2", date(1985, 1, 2)),
        ("㍼60年1月2日", date(1985, 1, 2)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("令和1年5月1日", date(2019, 5, 1)),
        ("R元.5.1", date(2019, 5, 1)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("T15.12.24", date(1926, 12, 24)),
        ("明治45年7月29日", date(1912, 7, 29)),
        ("2024/2/29", date(2024, 2, 29)),
        ("2000/2/29", date(2000, 2, 29)),
    ],
)
def test_a_date_in_any_of_the_usual_ways(typed: str, meant: date):
    assert wareki.read(typed) == meant


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("85/1/2", "西暦か和暦か、区別できません"),
        ("60.1.2", "西暦か和暦か、区別できません"),
        ("850102", "西暦か和暦か、区別できません"),
        ("元年1月2日", "西暦か和暦か、区別できません"),
        ("1900/2/29", "1900年2月29日という日はありません"),
        ("2023/2/29", "2023年2月29日という日はありません"),
        ("1985/13/1", "1985年13月1日という日はありません"),
        ("1985/4/31", "1985年4月31日という日はありません"),
        ("昭和64年1月8日", "平成元年1月8日ではありませんか"),
        ("平成31年5月1日", "令和元年5月1日ではありませんか"),
        ("平成1年1月7日", "昭和64年1月7日ではありませんか"),
        ("昭和0年1月1日", "昭和0年1月1日という日はありません"),
        ("昭和1985年1月2日", "昭和1985年1月2日という日はありません"),
        ("1985/1", "日付として読めません"),
        ("1985/0102", "日付として読めません"),
        ("1985年", "日付として読めません"),
        ("きのう", "日付として読めません"),
        ("1/2/1985", "日付として読めません"),
        ("A60.1.2", "日付として読めません"),
        ("", "日付として読めません"),
    ],
)
def test_a_slip_is_refused_with_its_reason(typed: str, why: str):
    with pytest.raises(wareki.NotADate, match=why):
        wareki.read(typed)


@settings(max_examples=100, deadline=None)
@given(st.dates(date(1870, 1, 1), date(2100, 12, 31)))
def test_every_day_is_read_as_it_is_written(day: date):
    assert wareki.read(wareki.written(day)) == day
    assert wareki.read(f"{day:%Y/%m/%d}") == day


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_no_text_makes_the_reading_fail(text: str):
    try:
        wareki.read(text)
    except wareki.NotADate as why:
        assert str(why).endswith("。")
    for fold in (normalize.line, normalize.lines, normalize.person, normalize.kana, normalize.phone,
                 normalize.postcode, normalize.narrow, normalize.search_key):  # fmt: skip
        once = fold(text)
        if fold is not normalize.search_key:
            assert fold(once) == once, f"{fold.__name__} has not finished with what it makes"
    normalize.search_words(text)
    normalize.number(text)
    problems(MemberFormInput(*[text] * 13), TODAY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("０９０１２３４５６７８", "090-1234-5678"),
        ("09012345678", "090-1234-5678"),
        ("090 1234 5678", "090-1234-5678"),
        ("090－1234ー5678", "090-1234-5678"),
        ("+81 90-1234-5678", "090-1234-5678"),
        ("+81(0)90-1234-5678", "090-1234-5678"),
        ("9012345678", "090-1234-5678"),
        ("312345678", "0312345678"),
        ("03（1234）5678", "03-1234-5678"),
        ("(03)1234-5678", "03-1234-5678"),
        ("0120123456", "0120-123-456"),
        ("08001234567", "0800-123-4567"),
        ("05012345678", "050-1234-5678"),
        ("0550-12-3456", "0550-12-3456"),
        ("0312345678", "0312345678"),
        ("", ""),
    ],
)
def test_a_telephone_number_as_it_is_kept(typed: str, meant: str):
    assert normalize.phone(typed) == meant
    assert not problems(replace(GOOD, phone=typed), TODAY)


@pytest.mark.parametrize("typed", ["090-1234-567", "090123456789", "電話なし", "031234567", "1234"])
def test_what_is_no_telephone_number_is_said(typed: str):
    (problem,) = problems(replace(GOOD, phone=typed), TODAY)
    assert problem.field is MemberField.PHONE


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("やまだ たろう", "ヤマダ　タロウ"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ　タロウ"),
        ("ヤマダ　　タロウ", "ヤマダ　タロウ"),
        ("ﾊﾟｰｶｰ ﾎﾞﾌﾞ", "パーカー　ボブ"),
        ("たろ-", "タロー"),
        ("ゔぁいおりん", "ヴァイオリン"),
        ("Smith", "Smith"),
    ],
)
def test_kana_becomes_full_width_katakana(typed: str, meant: str):
    assert normalize.kana(typed) == meant
    assert not problems(replace(GOOD, kana=typed), TODAY)


def test_kanji_is_no_furigana():
    (problem,) = problems(replace(GOOD, kana="山田"), TODAY)
    assert problem.field is MemberField.KANA
    assert "カタカナ" in problem.message


@pytest.mark.parametrize(
    "name", ["髙橋　﨑", "\ufa19谷　一郎", "𠮷野　家", "㈱山田", "O'Brien Pat"]
)
def test_a_name_keeps_its_own_characters(name: str):
    assert read_form(replace(GOOD, name=name), TODAY).name == name


def test_a_name_loses_only_what_cannot_be_seen():
    typed = "\ufeff山田\u200b  ﾀﾛｳ\t\x07"
    assert read_form(replace(GOOD, name=typed), TODAY).name == "山田　タロウ"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("1001", 1001), ("１００１", 1001), (" 001001 ", 1001), ("No.1001", 1001), ("№1001", 1001),
     ("10 01", None), ("", None), ("-1", None), ("1001a", None), ("9" * 40, None)],
)  # fmt: skip
def test_a_number_as_it_stands_on_paper(typed: str, meant: int | None):
    assert normalize.number(typed) == meant


def test_postcodes():
    for typed in ("1000001", "１００－０００１", "〒100-0001", "100 0001", "100ー0001"):
        assert read_form(replace(GOOD, postcode=typed), TODAY).postcode == "100-0001"
    for typed in ("100-000", "10000011", "abc-defg"):
        (problem,) = problems(replace(GOOD, postcode=typed), TODAY)
        assert problem.field is MemberField.POSTCODE


def test_groups_are_kept_once_and_in_order():
    assert normalize.groups("常連, 週末；常連、ﾊﾟﾝ，\n") == ("常連", "週末", "パン")


def test_the_whole_form():
    typed = MemberFormInput(
        number="１００１",
        name="山田 太郎",
        kana="やまだ たろう",
        birthday="S60.1.2",
        sex="男",
        phone="０９０１２３４５６７８",
        postcode="1000001",
        home="東京都千代田区千代田１－１",
        groups="常連、週末",
        note="犬がいる\r\n夜は不在",
        consent="はい",
        consent_on="令和8年11月22日",
        consent_how="会員登録用紙",
    )
    member = read_form(typed, TODAY)
    assert member == Member(
        number=1001,
        name="山田　太郎",
        kana="ヤマダ　タロウ",
        birthday=date(1985, 1, 2),
        sex=Sex.MALE,
        phone="090-1234-5678",
        postcode="100-0001",
        home="東京都千代田区千代田１－１",
        groups=("常連", "週末"),
        note="犬がいる\n夜は不在",
        consent=Consent(True, date(2026, 11, 22), "会員登録用紙"),
    )
    assert read_form(as_form_input(member), TODAY) == member


def test_every_wrong_field_is_named_in_the_order_of_the_form():
    typed = MemberFormInput(
        number="",
        name=" ",
        kana="山田",
        birthday="2027/1/1",
        sex="犬",
        phone="1",
        postcode="1",
        home="あ" * 201,
        groups="、".join(f"グループ{n}" for n in range(60)),
        note="あ" * 1001,
        consent="たぶん",
    )
    found = [problem.field for problem in problems(typed, TODAY)]
    assert found == list(MemberField)[:11]


def test_a_day_to_come_and_a_day_too_long_ago_are_refused():
    assert not problems(replace(GOOD, birthday="2026/11/23"), TODAY)
    (problem,) = problems(replace(GOOD, birthday="2026/11/24"), TODAY)
    assert "まだ来ていない日" in problem.message
    (problem,) = problems(replace(GOOD, birthday="明治20年1月1日"), TODAY)
    assert "古すぎます" in problem.message


def test_a_consent_needs_its_day_and_its_way():
    with pytest.raises(FormProblems) as caught:
        read_form(replace(GOOD, consent="承諾する"), TODAY)
    assert [p.field for p in caught.value.problems] == [
        MemberField.CONSENT_ON,
        MemberField.CONSENT_HOW,
    ]
    without = read_form(replace(GOOD, consent="×", consent_on="2026/1/1", consent_how="紙"), TODAY)
    assert without.consent == Consent(), "the day of a consent that was not given means nothing"


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("ﾔﾏ", "ヤマダ", True),
        ("やま", "ヤマダ", True),
        ("ABC", "abc@docomo.ne.jp", True),
        ("１－２", "神奈川県1-2-3", True),
        ("1ー2", "神奈川県1-2-3", True),
        ("090-1234", "09012345678", True),
        ("山田 常連", "山田太郎 常連", True),
        ("山田 週末", "山田太郎 常連", False),
    ],
)  # fmt: skip
def test_a_search_forgives_width_kana_and_hyphens(query: str, text: str, found: bool):
    there = normalize.search_key(text)
    assert found is all(
        any(form in there for form in forms) for forms in normalize.search_words(query)
    )
