"""フリガナ beside お名前: what it becomes, event by event."""

from __future__ import annotations

import pytest

from kollect.members.furigana import Furigana, reading

YAMADA, TARO = ("山田", "ﾔﾏﾀﾞ"), ("太郎", "たろう")
"""Input methods give readings in half-width katakana or in hiragana."""


def ime(*clauses: tuple[str, str]) -> tuple[str, object]:
    return ("ime", clauses)


def name(text: str) -> tuple[str, object]:
    return ("name", text)


def kana(text: str) -> tuple[str, object]:
    return ("kana", text)


@pytest.mark.parametrize(
    ("events", "field"),
    [
        ([ime(YAMADA), name("山田")], "ヤマダ"),
        (
            [ime(YAMADA), name("山田"), name("山田　"), ime(TARO), name("山田　太郎")],
            "ヤマダ　タロウ",
        ),
        ([ime(YAMADA, TARO), name("山田太郎")], "ヤマダタロウ"),
        ([ime(YAMADA, TARO), name("山田太郎"), name("山田 太郎")], "ヤマダ　タロウ"),
        # one clause for both, and then a blank in between: where it is in the reading nobody knows
        ([ime(("山田太郎", "ﾔﾏﾀﾞﾀﾛｳ")), name("山田太郎"), name("山田　太郎")], "ヤマダタロウ"),
        # kana as kana, of both widths
        ([name("さ"), name("さと"), name("さとう"), name("さとう　はなこ")], "サトウ　ハナコ"),
        ([name("ｻﾄｳ ｼﾞｭﾝ")], "サトウ　ジュン"),
        ([ime(YAMADA), name("山田"), name("山田　はなこ")], "ヤマダ　ハナコ"),
        ([name("ジェーン・スー")], "ジェーン・スー"),
        # what is unknown is not guessed, nor is half a reading shown for a whole one
        ([name("佐藤")], ""),
        ([ime(TARO), name("佐藤太郎")], ""),
        ([name("Smith")], ""),
        ([name("さとう"), name("佐藤")], ""),
        # corrected: the newer reading counts, and what was deleted does not stay
        (
            [ime(("河野", "ｶﾜﾉ")), name("河野"), name(""), ime(("河野", "ｺｳﾉ")), name("河野")],
            "コウノ",
        ),
        ([ime(YAMADA, TARO), name("山田太郎"), name("山田")], "ヤマダ"),
        ([ime(YAMADA), name("山田"), name("")], ""),
        ([ime(YAMADA), name("山田"), name("山")], ""),
        # what the clerk typed stays, whatever comes
        ([ime(YAMADA), name("山田"), kana("ヤマタ"), ime(TARO), name("山田太郎")], "ヤマタ"),
        ([kana("さとう"), name("さいとう")], "さとう"),
        # … until it is emptied
        ([kana("サトウ"), kana(""), name("さいとう")], "サイトウ"),
        ([ime(YAMADA), name("山田"), kana("")], ""),
        # an input method that tells nothing, or half of it
        ([ime(), name("山田")], ""),
        ([ime(("山田", "")), name("山田")], ""),
        ([ime(("", "ﾔﾏﾀﾞ")), name("山田")], ""),
        ([ime(("佐々木", "ｻｻｷ")), name("佐々木")], "ササキ"),
        # 田 alone is known too, but the longer clause is meant
        ([ime(("田", "ﾀ")), ime(YAMADA), name("山田")], "ヤマダ"),
        ([ime(("山", "ﾔﾏ"), ("田中", "ﾀﾅｶ"), ("山田", "ﾔﾏﾀﾞ")), name("山田中")], "ヤマタナカ"),
    ],
)
def test_what_the_field_becomes(events: list[tuple[str, object]], field: str):
    now = Furigana()
    for kind, what in events:
        now = {"ime": now.put_in, "name": now.named, "kana": now.typed}[kind](what)
    assert now.kana == field


def test_a_form_that_is_shown_keeps_its_reading():
    assert Furigana("ヤマダ", by_hand=True).named("さとう").kana == "ヤマダ"


def test_a_long_name_takes_no_time():
    assert reading("あ" * 200 + "漢", [("あ", "ア"), ("ああ", "アア"), ("あああ", "アアア")]) == ""
