"""「配信停止」 and 「退会」: who is understood, from whom, and what the table makes of it."""

from __future__ import annotations

import time
from email.header import Header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.decision.decide import decide
from kollect.decision.quotation import own_lines
from kollect.decision.stop_request import asks_to_stop, bare_subject, mentions_stop
from kollect.decision.types import Decision, Kind, SenderHistory
from kollect.mail.message import Mail
from kollect.mailing import mailing_text
from kollect.settings.model import Shop
from tests.unit.test_decide import KNOWN, RULES

MEMBER = SenderHistory(number=1001, member=1001)
GUEST = "guest..1@docomo.ne.jp"


def decided(subject: str | bytes, known: SenderHistory, more: bytes = b"") -> Decision:
    if isinstance(subject, str):
        subject = Header(subject, "utf-8").encode().encode()
    raw = b"From: <%s>\r\nSubject: %s\r\n%s\r\n" % (GUEST.encode(), subject, more)
    return decide(Mail.read(raw), RULES, known)


@pytest.mark.parametrize(
    "subject",
    [
        "配信停止",
        "退会",
        mailing_text.STOP_SUBJECT,
        " 配信停止 ",
        "　退会　",
        "\t配信停止\u200b",
        "「配信停止」",
        "配信　停止",
        "%E9%85%8D%E4%BF%A1%E5%81%9C%E6%AD%A2",
        # what programs and people put before it
        *("Re: 配信停止", "RE：　配信停止", "Re[2]: 退会", "Re^2: 配信停止", "Fwd: 退会希望"),
        *("FW: 配信停止", "返信: 配信停止", "転送：配信停止", "AW: unsubscribe", "Re:Re: Fwd:退会"),
        *("件名：配信停止", "件名「配信停止」", "[SPAM] 配信停止", "Re: 【迷惑メール】 『退会』"),
        *("・配信停止", "＊＊配信停止＊＊", "\u200b配信停止"),
        # what they put behind it
        *(
            "配信停止希望",
            "配信停止してください",
            "配信停止をお願いします",
            "退会希望",
            "退会したい",
        ),
        *("「配信停止」希望", "配信停止しましたがまだ届きます", "配信停止の方法を教えてください"),
        *("退会の手続きを教えてください", "退会した友人について", "退会" * 1000, "配信停止" * 2),
        # and other words for it
        *("配信不要", "配信解除", "配信中止", "配信の停止", "配信を止めてください", "配信しないで"),
        *("メール配信停止", "メルマガ解除", "お知らせメール不要", "メールはもういりません"),
        *(
            "メールを送らないでください",
            "DM不要",
            "広告メールお断り",
            "受信拒否",
            "配信希望しません",
        ),
        *("停止希望", "登録解除", "会員登録の削除", "脱会", "はいしんていし", "ハイシンテイシ"),
        *("unsubscribe", "Unsubscribe me", "STOP", "Stop please", "opt-out", "Please unsubscribe"),
        *("今後メールを送らないでください", "もうメールは結構です", "送らないでください"),
        *("会員の退会", "フレンド退会", "フレンドをやめたい", "配信ていし", "do not send me mail"),
        "Tr: 配信停止",
        *("回复: 配信停止", "Réf : 配信停止", "[EXTERNAL] 配信停止"),
        *("ＵＮＳＵＢＳＣＲＩＢＥ", "退订", "수신거부"),
    ],
)
def test_a_member_is_understood(subject: str):
    assert asks_to_stop(subject)
    decision = decided(subject, MEMBER)
    assert (decision.kind, decision.number, decision.address) == (Kind.STOP, 1001, GUEST)


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "",
            None,
            " ",
            "配信",
            "停止",
            "退会しません",
            "配信停止しないでください",
            "Re: メールの配信を停止しました",
        ),
        *("%", "%E9", "Re:", "メールの配信を停止しました", "配信停止の取り消し", "配信停止を解除"),
        *("先日の配信停止の件", "受信拒否を解除しました", "メール削除してしまいました"),
        *("受信しませんでした", "メールが届きません", "配信希望", "メール希望", "電車が停止"),
        *("退会していません", "配信停止していません", "退会者へのお知らせ"),
        *("結構です", "もう届きました"),
        *("登録しました", "会員証をなくしました", "stopover", "nonstop", "予約の件", "中止ですか"),
    ],
)
def test_other_subjects_stop_nothing(subject: str | None):
    assert not asks_to_stop(subject)


def test_our_own_confirmation_asks_for_nothing():
    subject, _ = mailing_text.stopped(Shop(name="店"), "shop@shop.example")
    for before in ("", "Re: ", "[SPAM] Fwd: "):
        assert not asks_to_stop(before + subject)


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("先日から届くメールの配信を、停止してもらえますか", True),
        ("もうメールはいりません。", True),
        ("退会の方法を教えてください", True),
        ("please unsubscribe me", True),
        ("Please stop sending me this", True),
        ("土曜日の予約をお願いします", False),
        ("メールが届きました", False),
        ("", False),
    ],
)
def test_a_word_of_no_inside(text: str, mentioned: bool):
    assert mentions_stop(text) == mentioned


QUOTED = "> 新商品が入りました\n> 件名を「配信停止」にした\n"
ABOVE = "2026年11月22日(日) 10:00 テスト商店 <shop@shop.example>:\n"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"配信停止\n\n{ABOVE}{QUOTED}", ["配信停止"]),
        (f"{ABOVE}{QUOTED}\n\u3000配信停止です\n太郎", ["配信停止です", "太郎"]),
        (f"配信停止\nOn Sun, Nov 22, 2026 at 10:00 店 <s@x.jp>\nwrote:\n{QUOTED}", ["配信停止"]),
        ("配信停止\n-----Original Message-----\nFrom: 店\n新商品", ["配信停止"]),
        ("配信停止\n________________________________\n差出人: 店 <s@x.jp>\n新商品", ["配信停止"]),
        ("お世話になります\n差出人: 店 <s@x.jp>\n件名: 配信停止", ["お世話になります"]),
        (f"{ABOVE}新商品\n配信停止", []),
        ("iPhoneから送信\n配信停止", ["配信停止"]),
        ("＞配信停止\n｜配信停止\n 　> 配信停止", []),
        ("", []),
    ],
)
def test_what_the_writer_wrote_himself(text: str, own: list[str]):
    assert [*own_lines(text)] == own


@pytest.mark.parametrize(
    "text",
    ["メール" * 9000, "メールの" * 9000, "会員" * 9000, "[spam" * 9000, "re:" * 9000, "1<" * 9000],
)
def test_nothing_takes_long(text: str):
    started = time.process_time()
    asks_to_stop(text)
    mentions_stop(text)
    bare_subject(text)
    list(own_lines(f"{text[:300]}\n" * 2000))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("subject", "template", "same"),
    [
        ("Re: 新商品のご案内", "新商品のご案内", True),
        ("RE: 【SPAM】山田様へ 新商品", "★名前★様へ　新商品", True),
        ("Re: 1001番の方へ", "★受付番号★番の方へ", True),
        ("Re: 新商品のご案内について", "新商品のご案内", False),
        ("Re: なんでも", "★名前★", False),
        ("予約", "新商品のご案内", False),
    ],
)
def test_the_subject_of_an_answer_to_a_mailing(subject: str, template: str, same: bool):
    assert mailing_text.may_be_of(subject, template, bare_subject) == same


def test_the_link_in_our_own_mails_stops_them():
    """As a phone opens it: the subject behind the question mark, percent signs undone or not."""
    link = mailing_text.unsubscribe("shop@shop.example")
    raw = link.rpartition("?subject=")[2].removesuffix(">")
    assert asks_to_stop(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "配信停止".encode("cp932"),
        "配信停止".encode(),
        b"=?ISO-2022-JP?B?GyRCR1s/LkRkO18bKEI=?=",
    ],
    ids=["raw shift-jis", "raw utf-8", "iso-2022-jp"],
)
def test_as_phones_write_it(raw: bytes):
    assert decided(raw, MEMBER).kind is Kind.STOP


@pytest.mark.parametrize("known", [SenderHistory(), KNOWN], ids=["nobody", "number, no member"])
@pytest.mark.parametrize("subject", ["配信停止", "退会"])
def test_from_anybody_else_it_is_out_of_scope(subject: str, known: SenderHistory):
    assert decided(subject, known).kind is Kind.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (b"Auto-Submitted: auto-replied\r\n", Kind.STOP_UNANSWERED),
        (b"Auto-Submitted: auto-generated\r\n", Kind.STOP_UNANSWERED),
        (b"Precedence: bulk\r\n", Kind.STOP_UNANSWERED),
        (b"Return-Path: <>\r\n", Kind.STOP_UNANSWERED),
        (b"List-Id: <x.example>\r\n", Kind.STOP_UNANSWERED),
        (b"X-Auto-Response-Suppress: All\r\n", Kind.STOP_UNANSWERED),
        (b"Auto-Submitted: no\r\nX-Auto-Response-Suppress: DR, RN\r\n", Kind.STOP),
        (b"X-Kollect-Reply: reply-secret\r\n", Kind.LOOP),
        (b"X-Kollect-Test: test-secret\r\n", Kind.TEST),
        (b"Content-Type: multipart/report; report-type=delivery-status\r\n", Kind.BOUNCE),
    ],
)
def test_programs_stop_the_mails_and_are_never_answered(header: bytes, kind: Kind):
    assert decided("Re: 配信停止", MEMBER, header).kind is kind
    if kind is Kind.STOP_UNANSWERED:
        assert decided("予約の件", MEMBER, header).kind is Kind.AUTOMATIC


@pytest.mark.parametrize(("hour", "day"), [(5, 5), (0, 20)])
def test_after_too_many_answers_it_stops_without_one(hour: int, day: int):
    decision = decided("退会", SenderHistory(1001, hour, day, member=1001))
    assert (decision.kind, decision.number) == (Kind.STOP_UNANSWERED, 1001)
    assert "上限" in decision.reason


def test_a_flood_of_new_addresses_stops_nobody_from_stopping():
    assert decided("退会", SenderHistory(1001, flooded=True, member=1001)).kind is Kind.STOP


def test_a_blank_mail_of_a_member_is_what_it_was():
    assert decided("", MEMBER).kind is Kind.DUPLICATE


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_whatever_is_written_gets_an_answer(subject: str):
    assert asks_to_stop(subject) in (True, False)
