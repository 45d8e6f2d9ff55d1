"""What the weekly letter to the owner says, and never says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from kollect.delivery.carriers import by_carrier
from kollect.errors import Trouble
from kollect.reports.period_counts import PeriodCounts
from kollect.reports.weekly_report import MOST_TROUBLES, WeekFacts, body, subject, troubles
from kollect.storage import log_sentences
from kollect.storage.masked import masked
from tests.helpers.ledger_samples import JST

SINCE = datetime(2026, 11, 16, tzinfo=JST)
UNTIL = datetime(2026, 11, 23, tzinfo=JST)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=JST)
WEEK = PeriodCounts(
    received=1234, not_arrived=3, registered=11, withdrawn=2, stopped=4, undeliverable=1,
    mailings=2, letters_sent=560, letters_failed=7,
)  # fmt: skip
QUIET = WeekFacts(SINCE, UNTIL, PeriodCounts(), PeriodCounts(), last_backup=date(2026, 11, 23))


def line(moment: str, kind: str, text: str) -> str:
    return f"2026-11-{moment}:00 {kind} {text}"


def told(*lines: str) -> list[tuple[str, int]]:
    return [(one.title, one.count) for one in troubles(lines, SINCE, UNTIL)]


def test_the_week_is_named_by_its_first_and_last_day():
    assert subject(QUIET) == "【コレクト】1週間のまとめ（11月16日〜11月22日）"
    assert "11月16日（月）から11月22日（日）まで" in body(QUIET, "", NOW)


def test_each_number_stands_beside_that_of_the_week_before():
    facts = replace(
        QUIET, week=WEEK, before=PeriodCounts(received=987, letters_sent=1), members_now=3210
    )
    lines = body(facts, "こむぎ", NOW).splitlines()
    assert lines[0] == "こむぎ の1週間のまとめです。"
    for expected in (
        "受付: 1,234件（987件）",
        "会員登録: 11人（0人）",
        "退会: 2人（0人）",
        "配信停止: 4人（0人）",
        "不達になった会員: 1人（0人）",
        "いまの会員数: 3,210名",
        "始めた発信: 2回（0回）",
        "送信済: 560通（1通）",
        "届かなかったもの: 7通（0通）",
    ):
        assert expected in lines
    assert "分からない" not in body(facts, "", NOW)
    assert "届いたか分からないもの: 1通（0通）" in body(
        replace(facts, week=replace(WEEK, letters_unsure=1)), "", NOW
    )


def test_a_quiet_week_says_so():
    text = body(QUIET, "", NOW)
    assert "■ お確かめください\n特にありません。\n" in text
    assert "最後の控え: 11月23日（月）\n" in text
    assert text.startswith("1週間のまとめです。\n")


def test_what_needs_attention_is_told_with_the_carrier_and_never_with_an_address():
    refusals = by_carrier(
        [("keiko@docomo.ne.jp", "550 <keiko@docomo.ne.jp>: Unknown user", SINCE)] * 3
    )
    facts = replace(
        QUIET, week=WEEK, refusals=refusals, owed_now=5, unregistered_now=6,
        last_backup=date(2026, 11, 18),
    )  # fmt: skip
    text = body(facts, "", NOW)
    for expected in (
        "・受付のうち3件は、返信が届いていません。\n　docomo: ",
        "（3件、11月16日）",
        "・まだ送れていない返信が5通あります。",
        "・会員登録がまだの受付番号が6件あります。",
        "・控えが11月18日（水）から新しくなっていません。",
    ):
        assert expected in text
    assert "@" not in text and "keiko" not in text
    assert "・控えがまだありません。" in body(replace(QUIET, last_backup=None), "", NOW)


def test_a_backup_of_the_day_before_yesterday_is_new_enough():
    facts = replace(QUIET, last_backup=NOW.date() - timedelta(days=2))
    assert "新しくなっていません" not in body(facts, "", NOW)


def test_troubles_are_those_of_the_week_by_kind_the_newest_first():
    found = told(
        line("15 23:59", "注意", "古いもの: 先週のこと"),
        line("16 00:00", "注意", "サーバにつながりません: pop.example が答えません。 待ちます。"),
        line("17 10:00", "情報", "受付番号 1001 を発行しました: keiko@docomo.ne.jp"),
        line("18 10:00", "注意", "1日1回の控えを作れませんでした。ディスクがいっぱいです"),
        line("19 10:00", "エラー", "予期しない誤りが起きました（KeyError: 'keiko' ← x.py:1 f）"),
        line("22 23:59", "注意", "サーバにつながりません: pop.example が答えません。 待ちます。"),
        line("20 10:00", "注意", "メール発信: ログインできません: 認証"),
        line("23 00:00", "注意", "新しいもの: 今週のこと"),
        "half a line",
    )
    assert found == [
        ("サーバにつながりません", 2),
        ("ログインできません", 1),
        ("予期しない誤りが起きました", 1),
        ("1日1回の控えを作れませんでした", 1),
    ]


def test_what_could_name_somebody_or_says_nothing_is_no_title():
    assert not told(
        line("18 10:00", "注意", "keiko@docomo.ne.jp に送れません: 550"),
        line("18 10:00", "注意", "ke***@docomo.ne.jp は不達です"),
        line("18 10:00", "注意", "kollect.ini: [x] y という項目はありません。"),
    )


def test_many_kinds_of_trouble_are_not_all_told():
    words = [f"困ったこと{n}" for n in "あいうえおかきくけこ"]
    assert len(words) == MOST_TROUBLES + 2
    lines = [line(f"18 10:{n:02}", "注意", f"{word}: なぜか") for n, word in enumerate(words)]
    text = body(replace(QUIET, troubles=troubles(lines, SINCE, UNTIL)), "", NOW)
    assert "・困ったことこ（11月18日 10:09）" in text
    assert "困ったことい（" not in text
    assert "・ほかにも2種類あります。" in text


def test_what_kept_the_polls_from_their_end_is_told_by_its_own_title():
    wrong = Trouble("受信サーバにログインできません", happened="パスワードが違う。", cure="直す。")
    away = Trouble("インターネットにつながっていないようです", happened="…", cure="…")
    assert told(
        line("18 10:00", "エラー", log_sentences.POLL_FAILED.format(trouble=away)),
        line("18 11:00", "エラー", log_sentences.POLL_FAILED.format(trouble=wrong)),
        line("18 12:00", "エラー", log_sentences.POLL_FAILED.format(trouble=wrong)),
        line("18 13:00", "エラー", f"メール発信: {away}"),
    ) == [(away.title, 2), (wrong.title, 2)]


@pytest.mark.parametrize("write", [str, masked])
def test_replies_that_failed_are_one_line_and_leave_room_for_the_rest(
    write: Callable[[str], str],
):
    """As they stand in the log, in the one of a protected folder too."""
    failed = [
        sentence.format(
            letter=log_sentences.LETTER.format(number=1001 + n),
            answer="550 5.1.1 <keiko@docomo.ne.jp>: Unknown user（不明）",
            who=f"keiko{n}@docomo.ne.jp",
            reason="550 5.1.1 Unknown user",
        )
        for n, sentence in enumerate(
            (
                log_sentences.REPLY_UNDELIVERABLE,
                log_sentences.REPLY_REFUSED,
                log_sentences.REPLY_GIVEN_UP,
                log_sentences.REPLY_BOUNCED,
            )
            * 3
        )
    ]
    assert all(log_sentences.is_fault(one) for one in failed)
    missed = "メール発信「春の: 「大」セール。」: 予約の時刻を過ぎたため、まだ送っていません。"
    lines = [
        line("18 09:00", "注意", missed),
        line("18 09:01", "注意", missed.replace("春", "夏")),
        line("18 09:02", "エラー", log_sentences.MAILS_NOT_GIVEN.format(count=3)),
        line("18 09:03", "エラー", log_sentences.MAILS_NOT_GIVEN.format(count=12)),
        line("18 09:04", "注意", "受付番号 1008 のメールを書けません（KeyError）"),
        line("18 09:05", "注意", "「佐藤 恵子」のファイルを開けません。"),
        *(line(f"18 10:{n:02}", "エラー", write(one)) for n, one in enumerate(failed)),
    ]
    assert told(*lines) == [
        ("お客様への返信が届いていません", 12),
        ("「…」のファイルを開けません", 1),
        ("受付番号 … のメールを書けません", 1),
        ("サーバから、メール … 通を取り出せません", 2),
        ("メール発信「…」: 予約の時刻を過ぎたため、まだ送っていません", 2),
    ]
    text = body(replace(QUIET, troubles=troubles(lines, SINCE, UNTIL)), "", NOW)
    assert "・お客様への返信が届いていません（12回、最後は11月18日 10:11）" in text
    assert not re.search("10[01][0-9](?!:)|keiko|春|佐藤", text), "nobody's number or name"


def test_the_spans_and_counts_of_our_own_sentences_stay():
    assert told(
        line("18 10:00", "注意", "1日1回の控えを作れませんでした。ディスクがいっぱいです"),
        line("18 10:01", "エラー", "「1週間のまとめ」を送れませんでした（KeyError）"),
    ) == [("「1週間のまとめ」を送れませんでした", 1), ("1日1回の控えを作れませんでした", 1)]


def test_a_trouble_that_came_often_is_counted():
    lines = [line(f"18 10:0{n}", "注意", "つながりません: なぜか") for n in range(3)]
    text = body(replace(QUIET, troubles=troubles(lines, SINCE, UNTIL)), "", NOW)
    assert "・つながりません（3回、最後は11月18日 10:02）" in text
