"""What the writer of an answer wrote himself, without what he quotes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUOTED = re.compile(r"[ \t\u3000]*(?:>|＞|\||｜|&gt;)")
_END = re.compile(
    r"""
      [-_=—―*\s]{2,} (?:original\ message|forwarded\ message|元のメッセージ|元のメール
        |転送メッセージ
        |転送されたメッセージ|オリジナルメッセージ|original\ appointment)
    | (?:begin\ forwarded\ message|original\ message) \s* :?
    | [_―]{8,} \s* $
    | (?:from|差出人|送信者|発信者) \s* [:：] .* @
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""From here on it is the other mail."""
_ATTRIBUTION = re.compile(
    r"""
      on\ .{0,40}\d.{0,200} (?:wrote:? | [:：] | @\S*>?)
    | .{0,200} (?:wrote | writes | 書きました | 書かれました | のメッセージ | のメール) \s* [:：]
    | .{0,200} \d .{0,200} <[^<>\s]+@[^<>\s]+> .{0,20} [:：]
    | wrote:
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""As `2026年11月22日(日) 10:00 テスト商店 <shop@shop.example>:`, also over two lines."""
_BY_PROGRAM = re.compile(r".{0,30}(?:から送信|からの送信)$|sent from |get outlook", re.IGNORECASE)
_LONGEST = 300
_MOST_LINES = 2000


def own_lines(text: str) -> Iterator[str]:
    """The lines in which something of his own stands, in order."""
    lines = [line[:_LONGEST].strip() for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]]
    marked = any(map(_QUOTED.match, lines))
    for line in lines:
        if not line or _QUOTED.match(line) or _BY_PROGRAM.match(line):
            continue
        if _END.match(line):
            return
        if _ATTRIBUTION.fullmatch(line):
            if not marked:  # a page, or a phone that marks nothing: all that follows is quoted
                return
            continue
        yield line
