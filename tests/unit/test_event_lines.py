"""One short line a mail, and today's from the log."""

from __future__ import annotations

from datetime import date, datetime

import pytest

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
        ("元どおり受信できるようになりました。", "✓", GOOD, ""),
        ("パソコンの時計が変わりました。", "・", PLAIN, ""),
    ],
)
def test_mark_and_colour(text: str, mark: str, look: str, number: str):
    line = line_of(text)
    assert (line.mark, line.look, line.number) == (mark, look, number)


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
        "2026-11-28 09:03:00 情報 受付番号 1003 を返信しました: c@b.jp",
        "何かの続き",
    ]
    before = datetime(2026, 11, 28, 9, 3).astimezone()
    found = of_today(log, date(2026, 11, 28), before)
    assert [entry.text for entry in found] == [
        "メールの収集を始めました。",
        "受付番号 1002 を返信しました: b@b.jp",
    ]
