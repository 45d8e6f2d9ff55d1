"""The texts for people in which mail servers say that a letter did not arrive. Pure.

There is no standard for them: what is looked for are addresses, three digits, and the words of the
servers in use. Nothing here is taken for sure by the caller unless a letter of ours is named.
"""

from __future__ import annotations

import html as html_module
import re
from typing import TypedDict

from kollect.mail import address, encoded_words
from kollect.mail.foreign_text import one_line
from kollect.mail.message import Mail
from kollect.mail.own_headers import REPLY_HEADER

_MOST_ADDRESSES = 50
_ADDRESS = re.compile(
    r'(?:"(?:[^"\\\n]|\\.){1,64}"|[^\s<>()\[\],;:"\'＜＞「」@]{1,64})@[A-Za-z0-9._-]{1,250}'
)
_ALONE = re.compile(r"^[ \t]*<?([^\s<>@]{1,64}@[^\s<>@:]{1,250})>?:?[ \t\r]*$", re.MULTILINE)
_NAMED = re.compile(
    r"(?:rcpt to|final-recipient|recipient|宛先|送信先)[^\n@]{0,40}?[:：]\s*(?:rfc822;)?\s*"
    rf"[<＜]?({_ADDRESS.pattern})",
    re.IGNORECASE,
)
_RETURNED = re.compile(
    r"""
      ^[ \t>]*-{2,}\s*(?:below\ this\ line|this\ is\ a\ copy|original\ message
        |the\ header\ of\ the|unsent\ message)
    | ^[ \t>]*(?:original\ message\ headers?|unsent\ message\ below) \s* :?
    | ^[ \t>]*(?:return-path|received|message-id|"""
    + REPLY_HEADER
    + r""") [ \t]* :
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
"""Here the letter that is returned begins: what stands in it says nothing of the failure."""
_MESSAGE_ID = re.compile(r"^[ \t>]{0,8}(Message-ID:[^\n]*(?:\n[ \t][^\n]*)?)", re.I | re.M)
_MARK = re.compile(
    r"^[ \t>]{0,8}" + REPLY_HEADER + r":[ \t\r\n]*([\w.-]{1,100})", re.IGNORECASE | re.MULTILINE
)
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_FIVE = re.compile(r"(?<![\w.,/-])5(?:[0-5]\d(?![\w.,/])|\.\d{1,3}\.\d{1,3}\b)")
_FOUR = re.compile(r"(?<![\w.,/-])4(?:[2-5]\d(?![\w.,/])|\.\d{1,3}\.\d{1,3}\b)")
_GIVEN_UP = re.compile(
    r"permanent(?:\s+fatal)?\s+error|not\s+going\s+to\s+try\s+again"
    r"|given\s+up|giving\s+up\s+on|delivery\s+has\s+failed"
    r"|could\s*n[o']?t\s+be\s+delivered|cannot\s+be\s+delivered|undeliverable|undelivered"
    r"|delivery\s+(?:to\s+the\s+following\s+recipients?\s+)?failed|failed\s+permanently"
    r"|an?\s+error\s+occurred\s+while\s+trying\s+to\s+deliver"
    r"|(?:was\s+not|wasn't)\s+delivered|(?:not|un)\s*able\s+to\s+(?:be\s+)?deliver"
    r"|配信でき(?:ません|なかった)|送信でき(?:ません|なかった)|届けられません|お届けできません|配信不能",
    re.IGNORECASE,
)
_NO_MAILBOX = re.compile(
    r"unknown\s+user|user\s+unknown|no\s+such\s+(?:user|mailbox|recipient|address)"
    r"|no\s+mailbox\s+here|does\s*n[o']?t\s+(?:exist|have\s+an?\s)|(?:address|recipient)\s+rejected"
    r"|(?:not\s+be|was\s+not|wasn't|couldn't\s+be|not)\s+found"
    r"|invalid\s+(?:recipient|mailbox|address)|mailbox\s+(?:is\s+)?(?:unavailable|unknown)"
    r"|not\s+listed\s+in\b"
    r"|(?:宛先|アドレス|ユーザー?).{0,20}(?:見つかりません|見つからな|存在しません|存在しな|不明)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"go\s+on\s+trying|will\s+(?:be\s+)?(?:keep|continue|retr\w+|try|go\s+on)|still\s+trying"
    r"|(?:has|is)\s+(?:not\s+yet\s+been\s+delivered|been\s+delayed|delayed)|delivery\s+delayed"
    r"|warning\s+message\s+only|do\s+not\s+need\s+to\s+resend|no\s+action\s+is\s+required"
    r"|遅延|再送を(?:試み|続け)|引き続き",
    re.IGNORECASE,
)


class Told(TypedDict):
    """As in `BounceReport`."""

    recipient: str
    status: str
    reason: str
    original_message_id: str
    permanent: bool
    failed: bool


def read(text: str, failed_recipients: bytes | None) -> Told | None:
    """What the text says; None where it names nobody and no letter. `failed_recipients`: the field
    of Exim and Gmail, which they write only when they have given up.
    """
    returned = _RETURNED.search(text)
    said = text[: returned.start()] if returned else text
    alone = _ALONE.search(said)
    exim = encoded_words.readable((failed_recipients or b"").partition(b",")[0])
    named = _NAMED.search(said)
    letters = message_ids(text)
    others = addresses(said)
    if not (alone or exim or named or letters or others):
        return None
    five = _FIVE.search(said)
    goes_on = _GOES_ON.search(said) is not None
    final = five or _NO_MAILBOX.search(said)
    failed = bool(exim) or (not goes_on and bool(final or _GIVEN_UP.search(said)))
    reason = _reason(said, alone, five)
    status = _STATUS.search(reason)
    return Told(
        recipient=exim
        or next(filter(None, (alone and alone[1], named and named[1])), "")
        or next(iter(others), ""),
        status=status.group() if status else "",
        reason=reason,
        original_message_id=letters[0] if letters else "",
        permanent=failed and final is not None and (five is not None or not _FOUR.search(said)),
        failed=failed,
    )


def _reason(said: str, alone: re.Match[str] | None, five: re.Match[str] | None) -> str:
    """The paragraph below the address, else the line with the code, else the beginning."""
    if alone is not None and (below := _paragraph(said[alone.end() :])):
        return below
    if five is not None:
        return _paragraph(said[said.rfind("\n", 0, five.start()) + 1 :])
    return _paragraph(said)


def _paragraph(text: str) -> str:
    return one_line(re.split(r"\n[ \t\r]*\n", text.lstrip(), maxsplit=1)[0], 300)


def addresses(text: str) -> list[str]:
    """Every address that stands there, in order."""
    found: dict[str, None] = {}
    for match in _ADDRESS.finditer(text):
        written = match[0].rstrip(".")
        if address.is_usable(written):
            found[written] = None
            if len(found) >= _MOST_ADDRESSES:
                break
    return [*found]


def message_ids(text: str) -> list[str]:
    """Of letters that are returned in the text."""
    found = (Mail.read(line.encode()).message_id for line in _MESSAGE_ID.findall(text)[:20])
    return [identity for identity in found if identity]


def mark(text: str) -> str:
    """Our own field in a letter that is returned in the text; "" where there is none."""
    found = _MARK.search(text)
    return found[1] if found else ""


def plain(text: str, *, html: bool) -> str:
    """The text with plain line ends; of a page its words."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not html:
        return text
    text = re.sub(r"(?i)<(?:br|/p|/div|/tr|/h\d)\b[^<>]{0,200}>", "\n", text)
    return html_module.unescape(re.sub(r"<[/!a-zA-Z][^<>@]{0,2000}>", " ", text))
