"""What people type into the membership form, forgiven or refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.members import normalize, phone_numbers, wareki
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
    for fold in (
        *(normalize.line, normalize.lines, normalize.person, normalize.kana, phone_numbers.phone),
        *(normalize.postcode, normalize.narrow, normalize.search_key),
    ):
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
        ("312345678", "03-1234-5678"),
        ("03（1234）5678", "03-1234-5678"),
        ("(03)1234-5678", "03-1234-5678"),
        ("0120123456", "0120-123-456"),
        ("08001234567", "0800-123-4567"),
        ("05012345678", "050-1234-5678"),
        ("0550-12-3456", "0550-12-3456"),
        ("0312345678", "03-1234-5678"),
        ("0665551234", "06-6555-1234"),
        ("066-555-1234", "06-6555-1234"),
        ("０６－６５５５－１２３４", "06-6555-1234"),
        ("0112112111", "011-211-2111"),  # 札幌
        ("0126721234", "01267-2-1234"),  # 岩見沢
        ("0126221234", "0126-22-1234"),
        ("0154312345", "0154-31-2345"),  # 釧路
        ("0154831234", "015-483-1234"),  # 弟子屈
        ("0263341234", "0263-34-1234"),  # 松本
        ("0422451151", "0422-45-1151"),  # 三鷹
        ("0429981111", "04-2998-1111"),  # 所沢
        ("0429721111", "042-972-1111"),  # 飯能
        ("0471501111", "04-7150-1111"),  # 流山
        ("0473661111", "047-366-1111"),  # 松戸
        ("0460851111", "0460-85-1111"),  # 箱根
        ("0499221121", "04992-2-1121"),  # 大島
        ("0534732111", "053-473-2111"),  # 浜松
        ("0539621111", "0539-62-1111"),
        ("0576991234", "05769-9-1234"),
        ("0753331111", "075-333-1111"),  # 京都
        ("0746801234", "07468-0-1234"),
        ("0797321111", "0797-32-1111"),  # 芦屋
        ("0792211111", "079-221-1111"),  # 姫路
        ("0824621111", "0824-62-1111"),  # 三次
        ("0825042111", "082-504-2111"),  # 広島
        ("0851221234", "08512-2-1234"),  # 隠岐
        ("0866211234", "0866-21-1234"),
        ("0866911234", "086-691-1234"),
        ("0980821234", "0980-82-1234"),  # 石垣
        ("0980221234", "09802-2-1234"),  # 大東島
        ("0994431234", "0994-43-1234"),
        ("0994801234", "099-480-1234"),
        ("0570123456", "0570-123-456"),
        ("07012345678", "070-1234-5678"),
        ("06012345678", "060-1234-5678"),
        ("+81-6-6555-1234", "06-6555-1234"),
        ("", ""),
    ],
)
def test_a_telephone_number_as_it_is_kept(typed: str, meant: str):
    assert phone_numbers.phone(typed) == meant
    assert not problems(replace(GOOD, phone=typed), TODAY)


@pytest.mark.parametrize("typed", ["090-1234-567", "090123456789", "電話なし", "031234567", "1234"])
def test_what_is_no_telephone_number_is_said(typed: str):
    (problem,) = problems(replace(GOOD, phone=typed), TODAY)
    assert problem.field is MemberField.PHONE


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("06-6555-123", "06 で始まる電話番号は10けたです。いま9けたあります。"),
        ("06-6555-12345", "06 で始まる電話番号は10けたです。いま11けたあります。"),
        ("090-1234-567", "090 で始まる電話番号は11けたです。いま10けたあります。"),
        ("0800-123-456", "0800 で始まる電話番号は11けたです。いま10けたあります。"),
        ("0120-123-4567", "0120 で始まる電話番号は10けたです。いま11けたあります。"),
        ("6555-1234", "市外局番から、10けたか11けたの数字"),
    ],
)
def test_a_wrong_length_is_said_in_digits(typed: str, said: str):
    (problem,) = problems(replace(GOOD, phone=typed), TODAY)
    assert said in problem.message


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
