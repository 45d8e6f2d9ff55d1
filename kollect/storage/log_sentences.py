"""The sentences of the log that the program itself reads again: for the list of events, and where
records are lost (`numbers_in_log`); and which of them tell of something that went wrong. Pure.

The logs of older versions hold them, so they cannot change.
"""

from __future__ import annotations

import re

TROUBLE = 35
"""The level, between those of logging, of what the screens show in red: 「エラー」 in the log."""

COLLECTING_BEGAN = "メールの収集を始めました。"
COLLECTING_ENDED = "メールの収集を終わりました。"
POLL_FAILED = "受信のエラー: {trouble}"
"""The first poll that fails, and one that fails in another way: with `str` of the trouble."""
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
MAILS_NOT_GIVEN = (
    "サーバから、メール {count} 通を取り出せません（断られたか、中身が届きません）。サーバに残し、"
    "次回もう一度試します。ほかのメールの処理は続けています。"
    "続くときは、プロバイダに知らせてください。"
)
MAILS_NOT_WHOLE = (
    "メール {count} 通の本文が、サーバからまだ届きません。サーバに残し、次回もう一度試します。"
    "続くときは、プロバイダに知らせてください。"
)
CUTS_THE_LINE = (
    "サーバから取り出そうとすると接続が切れるメールがあります。サーバに残し、"
    "しばらく後回しにして、ほかのメールを先に処理します。"
)
NUMBERING_PAUSED = (
    "新しいアドレスからの空メールが1時間の上限を超えたため、受付番号の発行を止めています。"
    "メールはサーバに残しています。いたずらでなければ、上限の設定（new_per_hour）を増やしてください。"
)

_PARTS = {
    "letter": LETTER.format(number=r"(\d+)"),
    "number": r"(\d+)",
    "count": r"\d+",
    "who": "(.*)",
    "subject": "(.*)",
    "trouble": "(.*)",
    "answer": "(.*)",
    "reason": "(.*)",
}
"""What stands for the parts of a sentence where it is recognised again."""


def pattern(sentence: str) -> re.Pattern[str]:
    """Finds this sentence again, with its parts as groups."""
    return re.compile(sentence.format_map(_PARTS), re.DOTALL)


_FAULT = re.compile(
    "|".join(
        pattern(sentence).pattern
        for sentence in (
            POLL_FAILED,
            REPLY_UNDELIVERABLE,
            REPLY_REFUSED,
            REPLY_GIVEN_UP,
            REPLY_BOUNCED,
            MAILS_NOT_GIVEN,
            MAILS_NOT_WHOLE,
            CUTS_THE_LINE,
            NUMBERING_PAUSED,
        )
    ),
    re.DOTALL,
)
"""One, for a log has tens of thousands of lines."""


def is_fault(text: str) -> bool:
    """Whether this sentence tells that something did not go as it should: red on the screen, and
    「エラー」 in the log.
    """
    return _FAULT.fullmatch(text) is not None
