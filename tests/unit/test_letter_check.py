"""文面の点検: what a phone may refuse or not show, where it stands, and what to do."""

from __future__ import annotations

import time

import pytest

from kollect.letters.letter_check import (
    LARGE,
    LetterKind,
    TextPlace,
    TextRemark,
    remarks,
)
from kollect.settings.model import Charset, Settings

REPLY, MAILING = LetterKind.REPLY, LetterKind.MAILING
SHOP = "喫茶 みどり"
GOOD = "喫茶みどりです。\n受付番号は ★1★ です。\n用紙にお書きください。\n"


def told(
    body: str = GOOD,
    subject: str = "受付完了のお知らせ",
    *,
    shop: str = SHOP,
    charset: Charset = Charset.UTF_8,
    kind: LetterKind = REPLY,
) -> tuple[TextRemark, ...]:
    return remarks(subject, body, shop_name=shop, charset=charset, kind=kind)


def only(*args: str, **more: object) -> TextRemark:
    [one] = told(*args, **more)  # type: ignore[arg-type]
    assert one.what.endswith("。")
    assert one.cure.endswith(("。", "）"))
    return one


def test_a_good_text_has_nothing_to_remark():
    assert told() == ()
    assert told(charset=Charset.ISO_2022_JP) == ()
    assert told("★名前★ 様\n年末は30日まで営業します。", "年末のお知らせ", kind=MAILING) == ()


def test_what_the_program_comes_with_needs_no_mending():
    settings = Settings()
    for letter in (settings.collect, settings.duplicate):
        for charset in Charset:
            found = remarks(
                letter.reply_subject,
                letter.reply_body,
                shop_name="店",
                charset=charset,
                kind=REPLY,
            )
            assert [one for one in found if one.place is not TextPlace.BODY or one.line] == []


@pytest.mark.parametrize(
    "link",
    [
        *("http://shop.example/", "https://shop.example/a?b=c", "HTTPS://SHOP.EXAMPLE"),
        *("www.shop.example", "shop.co.jp", "shop.com/menu", "ｈｔｔｐ：／／shop.example"),
    ],
)
def test_a_link_in_a_reply(link: str):
    one = only(GOOD + f"くわしくは {link} へ。\n")
    assert (one.place, one.line, one.serious) == (TextPlace.BODY, 4, True)
    assert one.where == "本文の4行目"
    assert link[:20] in one.what
    # in a mailing it is allowed
    assert not only(GOOD + f"くわしくは {link} へ。\n", kind=MAILING).serious


@pytest.mark.parametrize("link", ["https://bit.ly/3abcd", "http://www.x.gd/a", "tinyurl.com/a"])
def test_a_short_link_is_worse(link: str):
    for kind in LetterKind:
        one = only(GOOD + link, kind=kind)
        assert "短縮" in one.what
        assert one.serious


@pytest.mark.parametrize(
    "text",
    [
        *("info@shop.co.jp へどうぞ", "10:00〜19:00", "3.5%引き", "Ver.2.jpg", "電話 03-1234-5678"),
        *("No.1のお店です", "e.g.この日", "1,000円.net", "mailto:a.b@shop.jp"),
    ],
)
def test_what_is_no_link(text: str):
    assert not [one for one in told(GOOD + text) if "リンク" in one.what]


@pytest.mark.parametrize(
    "wrong", ["☆1☆", "★３★", "*1*", "★1 ★", "★番号★", "★1☆", "★①★", "★1", "１★"]
)
def test_a_misspelt_placeholder(wrong: str):
    one = only(GOOD + f"番号 {wrong} です\n")
    assert (one.place, one.line) == (TextPlace.BODY, 4)
    assert wrong in one.what
    assert "★1★" in one.cure


@pytest.mark.parametrize("right", ["★1★", "★2★", "★１★", "★２★★1★", "★★1★★"])
def test_a_right_placeholder(right: str):
    assert told(f"喫茶みどり {right}\n") == ()


def test_no_place_for_the_number():
    one = only("喫茶みどりです。\n")
    assert one.serious
    assert one.place is None
    assert told("喫茶みどりです。", "番号は★1★") == ()


def test_who_writes():
    assert "店名" in only(GOOD, shop=" ").what
    one = only("受付番号は ★1★ です。\n")
    assert (one.place, one.serious) == (TextPlace.BODY, False)
    assert SHOP in one.cure
    assert told("受付番号は ★1★ です。\n", f"{SHOP}の受付番号") == ()
    assert only(GOOD, "  ").place is TextPlace.SUBJECT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *(("ﾊﾝｶｸのｶﾅ", "半角カタカナ"), ("a\u200bb", "見えない文字"), ("<b>太字</b>", "<b>")),
        *(("うれしい😀", "😀"), ("晴れ☀", "☀")),
    ],
)
def test_characters(text: str, words: str):
    for charset in Charset:
        one = only(f"{GOOD}{text}", charset=charset)
        assert words in one.what
        assert (one.place, one.line) == (TextPlace.BODY, 4)


def test_an_emoji_of_several_parts_holds_nothing_invisible():
    [one] = told(GOOD + "👨‍👩‍👧です")
    assert "👨" in one.what


def test_what_old_phones_have_not():
    assert told(GOOD + "髙島 ① ㈱ ～ −\n") == ()
    one = only(GOOD + "髙島 ① ㈱ ～ −\n", charset=Charset.ISO_2022_JP)
    assert "「髙」" in one.what
    assert "UTF-8" in one.what


def test_lengths():
    assert "見出" in only(GOOD, "あ" * 31).what
    assert only(GOOD + "あ" * 151).line == 4
    many = GOOD + "あいうえお\n" * 1000
    assert f"{LARGE:,}" in only(many).cure
    assert "5,000" in only(many, charset=Charset.ISO_2022_JP).cure


def test_the_serious_ones_come_first():
    found = told("番号 ★1★ です。ﾅﾆ\nhttp://shop.example/ と https://bit.ly/a\n", "あ" * 40)
    assert [one.serious for one in found] == [True, True, False, False, False]


def test_a_text_of_any_kind_is_looked_at_at_once():
    begun = time.process_time()
    for text in ("★" * 20_000, "www." * 5000, "a.b-" * 5000, "<a " * 7000, "http://" * 3000):
        told(text)
        told(text, text)
    assert time.process_time() - begun < 20, "seconds; a regular expression that tries everything"
