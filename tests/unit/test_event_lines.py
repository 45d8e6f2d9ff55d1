"""One short line a mail, and today's from the log."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from kollect.storage import log_sentences
from kollect.ui.collecting.event_lines import BAD, FAINT, GOOD, PLAIN, line_of, of_today, time_of


@pytest.mark.parametrize(
    ("text", "mark", "look", "number"),
    [
        ("受付番号 1006 を発行しました: keiko@a.jp", "…", PLAIN, "1006"),
        ("受付番号 1006 を返信しました: keiko@a.jp", "✓", GOOD, "1006"),
        ("受付済み（受付番号 1006）の空メールです: keiko@a.jp", "…", PLAIN, "1006"),
        ("受付番号 1006 の返信は届けられません（550 no）: keiko@a.jp", "✗", BAD, "1006"),
        ("受付番号 1006 の返信は断られました（554 no）: keiko@a.jp", "✗", BAD, "1006"),
        ("受付番号 1006 の返信は次回に送ります（450 later）: keiko@a.jp", "…", PLAIN, "1006"),
        ("対象外メールを転送しました（差出人 t@a.jp、見出 質問）", "→", FAINT, ""),
        ("エラー: 受信サーバにつながりません", "✗", BAD, ""),
        (log_sentences.MAILS_NOT_GIVEN.format(count=2), "✗", BAD, ""),
        (log_sentences.MAILS_NOT_WHOLE.format(count=2), "✗", BAD, ""),
        (log_sentences.CUTS_THE_LINE, "✗", BAD, ""),
        (log_sentences.NUMBERING_PAUSED, "✗", BAD, ""),
        ("元どおり受信できるようになりました。", "✓", GOOD, ""),
        ("パソコンの時計が変わりました。", "・", PLAIN, ""),
    ],
)
def test_mark_and_colour(text: str, mark: str, look: str, number: str):
    line = line_of(text)
    assert (line.mark, line.look, line.number) == (mark, look, number)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "受付番号 1005 の返信は届けられません（550 5.1.1 User unknown）: no@softbank.ne.jp",
            "1005　no@softbank.ne.jp へ返信が届きません（宛先がありません）",
        ),
        (
            "受付番号 1005 の返信は届けられません（550 Unknown user）: no@docomo.ne.jp",
            "1005　no@docomo.ne.jp へ返信が届きません（受信拒否の設定かもしれません）",
        ),
        (
            "受付番号 1005 の返信は断られました（554 5.7.1 no）: no@a.jp",
            "1005　no@a.jp へ返信できません（送信サーバが断りました）",
        ),
        (
            "受付番号 1005 の返信は次回に送ります（450 4.2.1 later）: no@a.jp",
            "1005　no@a.jp へ次回に返信します（いまは受け取れないとの答えです）",
        ),
        (
            "受付番号 1005 の返信は届きませんでした（不達）: smtp; 550 5.1.1 no such user",
            "1005　返信が届きませんでした（宛先がありません）",
        ),
    ],
)
def test_the_server_s_answer_is_told_in_the_words_of_the_shop(text: str, shown: str):
    assert line_of(text).text == shown


def test_no_word_of_mail_headers():
    line = line_of("自動送信のメールです（Auto-Submitted）。（差出人 a@b.jp、見出 休暇）")
    assert line.text == "自動送信のメールです。（差出人 a@b.jp、見出 休暇）"


def test_the_day_is_told_only_where_it_is_another():
    at = datetime(2026, 11, 27, 23, 52).astimezone()
    assert time_of(at, date(2026, 11, 27)) == "23:52"
    assert time_of(at, date(2026, 11, 28)) == "11/27 23:52"


def test_today_from_the_log_up_to_the_start():
    log = [
        "2026-11-27 10:00:00 情報 受付番号 1001 を返信しました: a@b.jp",
        "2026-11-28 09:00:00 情報 メールの収集を始めました。",
        "2026-11-28 09:01:00 情報 受付番号 1002 を返信しました: b@b.jp",
        "2026-11-28 09:02:00 情報 設定を保存しました。",
        "2026-11-28 09:02:01 注意 受信のエラー: 受信サーバにつながりません: 「a」へ: 切れました。",
        "2026-11-28 09:02:02 情報 元どおり受信できるようになりました。",
        "2026-11-28 09:02:03 情報 メールの収集を終わりました。",
        "2026-11-28 09:03:00 情報 受付番号 1003 を返信しました: c@b.jp",
        "何かの続き",
    ]
    before = datetime(2026, 11, 28, 9, 3).astimezone()
    found = of_today(log, date(2026, 11, 28), before)
    assert [entry.text for entry in found] == [
        "メールの収集を始めました。",
        "受付番号 1002 を返信しました: b@b.jp",
        "エラー: 受信サーバにつながりません",
        "元どおり受信できるようになりました。",
        "メールの収集を終わりました。",
    ]


def test_what_is_red_is_more_than_a_piece_of_information_in_the_log():
    letter = "受付番号 1"
    for text in (
        log_sentences.REPLY_UNDELIVERABLE.format(letter=letter, answer="550 no", who="a@b.jp"),
        log_sentences.MAILS_NOT_GIVEN.format(count=1),
        log_sentences.POLL_FAILED.format(trouble="受信サーバにつながりません: a b"),
    ):
        assert log_sentences.is_fault(text)
    assert not log_sentences.is_fault(log_sentences.WELL_AGAIN)
