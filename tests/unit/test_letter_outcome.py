"""What is said of letters that staff asked for: sent with the time, waiting or lost with why."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from kollect.ledger.letter_query import LetterProgress
from kollect.ledger.states import MailState
from kollect.ui.results.letter_outcome import LetterOutcome, outcome

AT = datetime(2026, 11, 27, 11, 9, 30).astimezone()
SENT = LetterProgress(1005, "keiko@phone.example", MailState.SENT, AT, "250 2.0.0 Ok")
OWED = replace(SENT, step=MailState.OWED, answer="")
LATER = replace(SENT, step=MailState.DEFERRED, answer="450 4.2.1 try later")
LOST = replace(SENT, step=MailState.UNDELIVERABLE, answer="550 5.1.1 User unknown")
FORWARD = replace(SENT, number=None)


def said(*letters: LetterProgress, again: bool = True, trouble: str = "") -> LetterOutcome:
    found = outcome(letters, 0, again=again, trouble=trouble)
    assert found is not None
    return found


def test_what_was_sent_is_said_with_its_time():
    assert said(SENT) == LetterOutcome("1005 にもう一度送りました（11:09）", True, True)
    assert said(SENT, again=False).text == "1005 に送りました（11:09）"
    assert said(FORWARD, again=False).text == "メールを転送しました（11:09）"
    assert said(SENT, SENT).text == "2件をもう一度送りました（11:09）"
    padded = outcome([SENT], 6, again=True, trouble="")
    assert padded is not None
    assert padded.text.startswith("001005 に")


def test_a_poll_that_had_begun_before_says_nothing():
    assert outcome([OWED], 0, again=True, trouble="") is None


@pytest.mark.parametrize(
    ("letter", "trouble", "text"),
    [
        (
            LATER,
            "",
            "1005 には、まだ送れていません。いまは受け取れないとの答えです"
            "（サーバの答え: 450 4.2.1 try later）。"
            "次の受信のときに、もう一度送ります。",
        ),
        (
            OWED,
            "送信サーバにつながりません",
            "1005 には、まだ送れていません。送信サーバにつながりません。"
            "次の受信のときに、もう一度送ります。",
        ),
        (
            replace(OWED, step=MailState.UNKNOWN),
            "",
            "1005 には、まだ送れていません。送信サーバから答えがありませんでした。"
            "次の受信のときに、もう一度送ります。",
        ),
    ],
)
def test_what_waits_is_said_with_the_reason_and_goes_on(
    letter: LetterProgress, trouble: str, text: str
):
    assert said(letter, trouble=trouble) == LetterOutcome(text, False, False)


def test_what_is_lost_is_said_with_the_servers_words():
    assert said(LOST) == LetterOutcome(
        "1005 には、送れませんでした。宛先がありません（サーバの答え: 550 5.1.1 User unknown）。",
        False,
        True,
    )
    assert said(LOST, SENT, FORWARD).text.startswith("1005 には、送れませんでした。")
    assert "このメールは、" in said(replace(LOST, number=None)).text
    assert "2件は、" in said(LOST, LOST, SENT).text


def test_nothing_of_the_server_reaches_the_screen_as_it_is():
    evil = replace(LOST, answer="550 no\x1b[2J\u202eon")
    assert "\x1b" not in said(evil).text
    assert "\u202e" not in said(evil).text
