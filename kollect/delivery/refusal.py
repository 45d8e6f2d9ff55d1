"""What a sending server's no is about: the recipient, the letter, the shop, or the hour.

The words of servers are without number, so the lists here need not be complete: what no list knows
is DOUBTFUL, and loses nothing. A recipient is only ever judged by what names the mailbox or its
domain. Replies and メール発信 ask this one function. Pure.
"""

from __future__ import annotations

import re
from enum import StrEnum


class About(StrEnum):
    """What a refusal (4xx or 5xx) speaks of."""

    RECIPIENT = "recipient"
    """There is no such mailbox or no such domain: final, also for later letters."""
    FULL = "full"
    """The recipient's mailbox is full: final for this letter."""
    LETTER = "letter"
    """Too large: final for this letter."""
    SHOP = "shop"
    """Our login, our address, our sending limit: it waits, with every other letter."""
    HOUR = "hour"
    """4xx: it is tried again."""
    DOUBTFUL = "doubtful"
    """A 5xx that may be about anything: it waits until other letters show what it is about."""


FINAL = frozenset({About.RECIPIENT, About.FULL, About.LETTER})


def about(command: str, code: int, text: str) -> About:
    """`command` is what was answered: MAIL, RCPT, DATA, BDAT or the final dot; `text` is without
    the code.
    """
    if code < 500:
        return About.HOUR
    enhanced, words = enhanced_code(text), _WITHOUT_NAMES.sub(" ", text)
    if _is_too_large(command, code, enhanced, words):
        return About.LETTER
    if command == "MAIL":  # nobody else was spoken of yet
        return About.SHOP
    if _is_full(enhanced, words):
        return About.FULL
    if _names_recipient(command, enhanced, words):
        return About.RECIPIENT
    if code in _LOGIN or enhanced in _CODES_OF_SHOP or _WORDS_OF_SHOP.search(words):
        return About.SHOP
    return About.DOUBTFUL


def address_is_dead(answer: str) -> bool:
    """Whether an answer, with its code, says to RCPT that there is no such mailbox or domain."""
    code, _, text = answer.partition(" ")
    return code.isdecimal() and about("RCPT", int(code[:3]), text) is About.RECIPIENT


def is_refusal(answer: str) -> bool:
    """Whether an answer, with its code, is a refusal that says nothing of the mailbox."""
    code, _, text = answer.partition(" ")
    known = code.isdecimal() and len(code) == 3 and code[0] == "5"
    return known and about("RCPT", int(code), text) not in FINAL


def same(one: str, other: str) -> bool:
    """Whether two answers are the same refusal: words often count, or name the moment."""
    return bool(one) and _codes(one) == _codes(other)


def _codes(answer: str) -> tuple[str, str]:
    code, _, text = answer.partition(" ")
    return code, enhanced_code(text)


def enhanced_code(text: str) -> str:
    """The enhanced status code (RFC 2034) at the beginning, or qmail's (#5.1.1); "" where none."""
    found = _ENHANCED.match(text) or _QMAILS.search(text)
    return found[1] if found else ""


_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_QMAILS = re.compile(r"\(#([245]\.[0-9]{1,3}\.[0-9]{1,3})\)")
_WITHOUT_NAMES = re.compile(r"<[^<>]*>|\S*@\S*|https?://\S*|relay recipient table", re.IGNORECASE)
"""Addresses may hold any word; Postfix' table is one of recipients, and no word of relaying."""

# --- the letter


def _is_too_large(command: str, code: int, enhanced: str, words: str) -> bool:
    if enhanced in ("5.3.4", "5.2.3"):
        return True
    # 552 alone may be a quota, of the shop or of the customer
    return (
        code in (552, 554, 550, 523)
        and bool(_TOO_LARGE.search(words))
        and not (_QUOTA.search(words))
    )


_TOO_LARGE = re.compile(
    r"\b(message|mail|content)\b.{0,20}\b(size|length)\b.{0,30}\bexceed"
    r"|\b(size|length)\b.{0,20}\b(exceeds?|limit|over|larger)|exceed\w*.{0,30}\bsize\b"
    r"|\b(message|mail|letter)\b.{0,12}\btoo (large|big|long)\b",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"\bquota\b|\bper (hour|day|minute)\b|\bmailbox\b|\bstorage\b", re.IGNORECASE)

# --- the recipient


def _is_full(enhanced: str, words: str) -> bool:
    if enhanced == "5.2.2":
        return True
    if enhanced and not enhanced.endswith(".0") and enhanced not in _CODES_OF_RECIPIENT:
        return False
    return bool(_FULL.search(words)) and not _OF_THE_SENDER.search(words)


_FULL = re.compile(
    r"\b(mailbox|mail box|inbox|maildir|recipient|user)\b.{0,40}\b(full|over ?quota)\b"
    r"|\b(mailbox|inbox|maildir|recipient|user)\b.{0,40}\b(over|exceed\w*)\b.{0,30}"
    r"\b(quota|storage|limit)\b"
    r"|\bquota\b.{0,20}\bexceeded\b.{0,20}\b(mailbox|recipient)\b"
    r"|\btoo much mail data\b"  # docomo
    r"|メールボックス.{0,10}(いっぱい|一杯|容量)",
    re.IGNORECASE,
)


def _names_recipient(command: str, enhanced: str, words: str) -> bool:
    """RFC 3463 sections 3.2 and 3.3, and the words of those who give no such code."""
    if _OF_THE_SENDER.search(words):
        return False
    if enhanced == "5.1.2":
        return command == "RCPT" and "relay" not in words.lower()
    if enhanced in _CODES_OF_RECIPIENT:
        return command == "RCPT" or enhanced != "5.1.3"  # later on the form may be the sender's
    if enhanced and (not enhanced.endswith(".0") or enhanced == "5.7.0"):
        return False
    # behind the letter the same words are about what stands in it
    return command == "RCPT" and bool(_NO_MAILBOX.search(words)) and not _POLICY.search(words)


_CODES_OF_RECIPIENT = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_WHO = r"(?:user|mailbox|recipient|addressee|address|alias|e-?mail account|local[- ]part)"
_NO_MAILBOX = re.compile(
    rf"""
      \bunknown\ (?:(?:or\ )?(?:illegal|virtual|local|invalid)\ )*{_WHO}
    | \b{_WHO}\b(?:(?!\bpolicy\b).){{0,40}}?\b(?:unknown|not\ (?:be\ )?found|not\ known
        |does\ ?n[o']t\ exist|not\ exist|no\ longer\ (?:exists?|available|valid|active))
    | \b(?:no\ such|not\ a\ (?:known|valid))\ (?:local\ |e-?mail\ |mail\ )?(?:{_WHO}|person|account)
    | \bno\ (?:mailbox|user)\ (?:here|by\ that\ name)
    | \binvalid\ (?:recipient|mailbox|user)\b
    | \buser\ does\ ?n[o']t\ have\ a\b.{{0,40}}\baccount
    | \bhost\ unknown\b | \bunrouteable\ address\b
    | \brecipient\b.{{0,40}}\bdomain\b.{{0,20}}\b(?:not\ found|does\ not\ exist)
    | (?:宛先|あて先|ユーザー?|アドレス|メールボックス).{{0,15}}
        (?:不明|存在しま|ありません|見つかりま)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_OF_THE_SENDER = re.compile(
    r"\bsend(?:er|ing|as)?\b|\bfrom\b|\bauth\w*|\blog[ -]?[io]n\b|\byour\b"
    r"|\brelay (?:quota|access|denied)|\brelaying\b|\boutgoing\b|\boutbound\b|\bsubmission\b"
    r"|\b(?:hourly|daily)\b|\b(?:per|an?|this) (?:hour|day|minute)\b|\bat a rate\b|\btoo many\b"
    r"|\bspam\w*|\bblock(?:ed|ing)? ?(?:using|by|list)|\bblacklist|\bclient host\b|\bip address\b"
    r"|\breverse dns\b|\bptr\b|\b(?:spf|dkim|dmarc)\b|\breputation\b"
    r"|送信[者元側数量]|差出人|発信者|認証|ログイン|お客(?:様|さま)の",
    re.IGNORECASE,
)
"""Also behind a code of the recipient: servers put 5.1.1 before many a word."""
_POLICY = re.compile(
    r"relay|policy|block|blacklist|quota|limit|\brate\b|\btoo (?:many|fast|much)\b|polic|prohibit"
    r"|not (?:allowed|permitted|authori[sz]ed)|verif|temporar|disabled for",
    re.IGNORECASE,
)

# --- the shop

_LOGIN = frozenset({530, 534, 535, 538})
_CODES_OF_SHOP = frozenset(
    {"5.1.7", "5.1.8", "5.1.90", "5.2.252", "5.4.5", "5.7.8", "5.7.9", "5.7.54", "5.7.57", "5.7.60"}
)
_WORDS_OF_SHOP = re.compile(
    r"""
      unauthenticated | not\ authenticated
    | auth(?:entication)?\ (?:is\ )?(?:required|needed|failed)
    | auth(?:entication)?\ first | must\ authenticate | (?:must|please)\ log\ ?in | pop\ before
    | relay(?:ing)?\ (?:access\ )?(?:is\ )?(?:denied|not|prohibited|disabled|refused)
    | (?:unable|cannot|can't|allowed|permitted|authori[sz]ed|do\ not|don't)\ (?:to\ )?relay
    | rcpthosts | relay\ quota
    | sender\ (?:address\ |header\ )?(?:rejected|denied|not|verify\ failed) | sender\ header
    | not\ owned\ by\ user | send\ ?as\ ?denied | to\ send\ as | from\ address
    | block(?:ed)?\ ?(?:using|list) | blacklist | spamhaus | dnsbl | reputation
    | client\ host\ (?:rejected|blocked) | your\ (?:ip|host|server|mail\ server)\b
    | reverse\ dns | \bptr\ record
    | (?:daily|hourly|sending|outgoing|outbound|rate|messages)\b.{0,30}(?:limit|quota)
    | submission\ ?quota | unusual\ sending
    | \b(?:e-?mails|messages|mails|recipients)\ (?:per|an?)\ (?:hour|day|minute|second)
    | too\ many\ (?:messages|mails|e-?mails|recipients)
    | 送信[^。]{0,15}(?:制限|上限|超|規制|停止|許可|禁止|でき(?:ません|ない))
    | 通数[^。]{0,10}(?:上限|制限|超)
    | (?:送信者|送信元|差出人|発信者|認証|ログイン)[^。]{0,20}
        (?:失敗|必要|不正|許可|拒否|存在しま|確認)
    """,
    re.IGNORECASE | re.VERBOSE,
)
