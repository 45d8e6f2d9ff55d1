"""Words of no: 「配信停止」, 「退会」 and their like, and where in a mail they count. Pure.

A subject that begins with one, or the first line that the member wrote into an answer to one of our
mailings, stops the mails of the shop. Anywhere else it is for a person to decide.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from kollect.decision.blank import folded, without_tags

CONFIRMED = "メールの配信を停止しました"
"""The subject of our confirmation. When it comes back, it asks for nothing."""

_LONGEST = 200
"""Characters of a subject or a line that are looked at."""
_MOST_TEXT = 20_000

_BEFORE = re.compile(
    r"(?:re|fwd?|aw|wg|sv|vs|antw|tr|rv|enc|odp|réf|回复|回覆|答复|答覆|转发|轉寄"
    r"|返信|返事|回答|転送|件名|題名|タイトル|subject)"
    r"\s*(?:[\[(^*]?\s*\d{1,3}\s*[\])]?)?\s*[:「『【]\s*"
)
"""What programs put before the subject that is answered, and people before the word they copy."""
_MARKS = re.compile(r"[\W_]+")

_MAILS = (
    "(?:メールマガジン|メルマガ|ニュースレター|(?:ダイレクト)?メール|お?知らせ|ご?案内|広告|宣伝"
    "|dm)"
)
_OF = "[のをはも]?"
_SENDING = "(?:配信|送信|受信|発信|送付|購読|受け?取り?)"
_ANY_MORE = "(?:もう|今後|これ以上)?は?"
_FROM_NOW = "(?:(?:もう|今後|これ以上|これから|以後)は?){0,2}"
_NO = (
    "(?:停止|ストップ|中止|解除|解約|拒否|辞退|不要|不用|無用|お?断り|おことわり|やめ|止め|とめ"
    "|取りやめ|取り止め|いりません|いらない|要りません|要らない|結構です"
    "|(?:希望)?しません(?!でした)|(?:希望)?しないで|希望しない"
    "|送らないで|おくらないで|送ってこないで|送るな)"
)
_ENDED = "(?:中断|終了|取り?消し?|削除|抹消)"
_JAPANESE = re.compile(
    f"""
      (?:会員|フレンド|友の会|メルマガ){{0,2}} {_OF} (?:退会|脱会|脱退) (?!者)
    | はいしん(?:ていし|停止) | ハイシンテイシ | 配信ていし
    | {_FROM_NOW} (?:送らないで|おくらないで|送ってこないで|送るな)
    | {_FROM_NOW} (?:{_MAILS}{_OF}){{0,3}} {_SENDING} {_OF} {_ANY_MORE} (?:{_NO}|{_ENDED})
    | {_FROM_NOW} (?:{_MAILS}{_OF}){{1,3}} {_ANY_MORE} {_NO}
    | (?:会員|メール|アドレス|メルマガ){{0,3}} {_OF} 登録 {_OF}
        (?:解除|抹消|削除|取り?消し?|やめ|止め)
    | (?:会員|フレンド) {_OF} (?:やめ|辞め|止め|解約)
    | (?:停止|解除|解約|中止) (?=を?(?:希望|依頼|申請|願|お願|おねが|して|下さい|ください|手続))
    | 退订 | 退訂 | 取消订阅 | 取消訂閱 | 수신거부
    """,
    re.VERBOSE,
)
_ENGLISH = re.compile(
    r"(?:please\s+)?(?:un-?subscri\w*|opt[\s_-]?out|stop|remove\s+me|no\s+more\s+(?:e-?)?mails?"
    r"|(?:do\s+not|don['’]?t)\s+(?:send|mail)"
    r"|cancel\s+(?:my\s+)?subscription)(?![a-z0-9])"
)
_NOT_SO = re.compile(
    r"[をはにも]?(?:しません|しないで|したく(?:ない|ありません)|せず|して(?:い|お)?(?:ません|ない))"
    r"|(?:設定)?[をの]?(?:取り?消し|キャンセル|解除|外し|はずし|やめ)"
)
"""Right behind the word: 「退会しません」, 「配信停止の取り消し」, 「受信拒否を解除しました」 want
the mails."""
_INSIDE = re.compile(
    r"停止|送らないで|送ってこないで|unsubscri|optout|stop(?:sending|themails|mail)"
)
"""Enough to have a person look at the mail, wherever it stands."""


def asks_to_stop(text: str | None) -> bool:
    """Whether a subject or a line begins with a word of no, whatever the width, the case, the
    spaces and brackets, and what programs put before it: `Re:`, `Fwd:`, `[SPAM]`.

    A phone that follows the link in `List-Unsubscribe` without undoing its percent signs is
    understood as well (RFC 6068 section 2).
    """
    if not text:
        return False
    rest = _from_first_word(unquote(text[: 9 * _LONGEST], errors="replace"))[:_LONGEST]
    if _without_marks(rest) == _without_marks(folded(CONFIRMED)):
        return False
    if _ENGLISH.match(rest):
        return True
    plain = _without_marks(rest)
    found = _JAPANESE.match(plain)
    return found is not None and not _NOT_SO.match(plain, found.end())


def mentions_stop(text: str) -> bool:
    """Whether a word of no stands anywhere in it."""
    plain = _without_marks(folded(text[:_MOST_TEXT]))
    return bool(_JAPANESE.search(plain) or _INSIDE.search(plain))


def bare_subject(subject: str) -> str:
    """The subject for comparing, without what answering and passing on has put before it."""
    return _without_marks(_from_first_word(subject))


def _from_first_word(text: str) -> str:
    """Folded, from the first word that its writer has written."""
    rest, before = without_tags(folded(text)), ""
    while rest != before:
        before = rest
        rest = _MARKS.sub("", rest, count=1) if _MARKS.match(rest) else rest
        if prefix := _BEFORE.match(rest):
            rest = rest[prefix.end() :]
    return rest


def _without_marks(text: str) -> str:
    return _MARKS.sub("", text)
