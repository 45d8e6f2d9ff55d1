"""The sentences of the log that the program itself reads again: for the list of events, and where
records are lost (`numbers_in_log`); and which of them tell of something that went wrong. Pure.

The logs of older versions hold them, so they cannot change.
"""

from __future__ import annotations

import re

TROUBLE = 35
"""The level, between those of logging, of what the screens show in red: 「エラー」 in the log."""

COLLECTING_BEGAN = "メールの収集を始めました。"
WELL_AGAIN = "元どおり受信できるようになりました。"
LETTER = "受付番号 {number}"
"""A reply, in the sentences below."""
NUMBER_GIVEN = "受付番号 {number} を発行しました: {who}"
BLANK_AGAIN = "受付済み（受付番号 {number}）の空メールです: {who}"
REPLY_SENT = "{letter} を返信しました: {who}"
REPLY_LATER = "{letter} の返信は次回に送ります（{answer}）: {who}"
REPLY_UNDELIVERABLE = "{letter} の返信は届けられません（{answer}）: {who}"
REPLY_REFUSED = "{letter} の返信は断られました（{answer}）: {who}"
REPLY_GIVEN_UP = "{letter} の返信を5日間送れませんでした（{answer}）: {who}"
REPLY_BOUNCED = "{letter} の返信は届きませんでした（不達）: {reason}"
FORWARDED = "対象外メールを転送しました（差出人 {who}、見出 {subject}）"
_PARTS = {
    "letter": LETTER.format(number=r"(\d+)"),
    "number": r"(\d+)",
    "who": "(.*)",
    "subject": "(.*)",
    "answer": ".*",
    "reason": ".*",
}
"""What stands for the parts of a sentence where it is recognised again."""


def pattern(sentence: str) -> re.Pattern[str]:
    """What recognises a sentence again, and takes its number and its addresses out of it."""
    return re.compile(sentence.format_map(_PARTS), re.DOTALL)


_NOT_SENT = tuple(
    pattern(sentence)
    for sentence in (REPLY_UNDELIVERABLE, REPLY_REFUSED, REPLY_GIVEN_UP, REPLY_BOUNCED)
)


def reply_that_failed(text: str) -> str:
    """Whose reply has not arrived, as this sentence tells; empty where it tells something else."""
    found = (sentence.fullmatch(text) for sentence in _NOT_SENT)
    return next((one[1] for one in found if one), "")
