"""Who wrote a mail: the first usable address of its From field, read from the raw bytes.

Follows RFC 5322 section 3.4 as far as real mails do and no further. The field is read once, from
left to right: 100 KB made to confuse cost no more than any other 100 KB. Pure.
"""

from __future__ import annotations

import re
import string
from itertools import pairwise

from kollect.mail import address, encoded_words

_RAW_JIS = re.compile(rb"\x1b(?:\$\(?[@-D]|\(I).*?(?:\x1b\([BHJ]|\Z)", re.DOTALL)
_LONGEST_FIELD = 32 * 1024
"""Nobody's From is longer, and ten thousand false addresses in one cost a second to refuse."""

_LINE_END = re.compile(rb"[\0\n\v\f\r]")
_NEITHER_TEXT_NOR_ADDRESS = b"\x00"

_TOKEN = re.compile(
    r"""
      (?P<quoted>  "(?:[^"\\]++|\\.)*+" )
    | (?P<angle>   <(?:[^<>"]++|"(?:[^"\\]++|\\.)*+")*+> )
    | (?P<mark>    [(,;:"<>] )
    | (?P<text>    [^"<>(,;:]++ )
    """,
    re.DOTALL | re.VERBOSE,
)
_COMMENT_MARK = re.compile(r"[()]|\\.", re.DOTALL)

_STRAY = r"\s\x00-\x1f\x7f-\x9f<>()\[\]{},;:＜＞〈〉《》（）［］「」『』【】“”‘’、。"
_RUN = re.compile(rf'"(?:[^"\\]++|\\.)*+"@[^"{_STRAY}]+|[^"{_STRAY}]+', re.DOTALL)
"""What stands between brackets and the like that may stand around an address by mistake."""
_NULL = re.compile(r"<\s*>")
_COMMENT = re.compile(r"\([^()]*\)")
_INVISIBLE = "\xad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2068\u2069\ufeff"
_MAILTO = re.compile(r"([^?]*@[^?]*)\?(?:subject|body|cc|bcc)=.*", re.IGNORECASE)
"""With what the link of a web page fills in."""
_RAW_JIS_MARK = re.compile(r"\x1b(?:\([BHJ])?")


class _Confused(Exception):
    """The field breaks the grammar: an open quote, comment or bracket."""


def first_usable(field: bytes) -> str:
    """The first usable address, exactly as it is written; "" where there is none.

    What stands in encoded words is a name, never an address; so is what stands in quotes and
    comments where there is an address beside it. Where there is none, as when raw JIS or a broken
    name hides it, the last `<…>` counts, also one that does not close; else the only address that
    stands there at all, whatever stray signs are around it. A field with a line end inside has no
    usable address.
    """
    if len(field) > _LONGEST_FIELD or _LINE_END.search(field):
        return ""
    if b"=?" in field:
        field = encoded_words.WORD.sub(_NEITHER_TEXT_NOR_ADDRESS, field)
    visible = _RAW_JIS.sub(_NEITHER_TEXT_NOR_ADDRESS, field) if b"\x1b" in field else field
    try:
        found = _walk(_text(visible))
    except _Confused:
        found = ""
    return found or _in_last_angle(_text(field)) or _only_one(_text(visible))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")  # surrogates are never usable


def _walk(field: str) -> str:
    words: list[str] = []
    angle: str | None = None
    at = 0
    while at < len(field):
        token = _TOKEN.match(field, at)
        assert token is not None  # every character can begin a mark or a text
        at = token.end()
        match token.lastgroup, token.group():
            case "mark", "(":
                at = _behind_comment(field, at)
                words.append(" ")
            case "mark", "," | ";":
                if usable := _mailbox(words, angle):
                    return usable
                words, angle = [], None
            case "mark", ":":  # so far it was the name of a group
                words = []
            case "mark", _:
                raise _Confused
            case "angle", inner:
                angle = inner[1:-1] if angle is None else angle
            case _, text:
                words.append(text)
    return _mailbox(words, angle)


def _mailbox(words: list[str], angle: str | None) -> str:
    if angle is None:
        written = "".join(words).strip()
    else:
        written = angle.strip()
        if written.startswith("@"):  # a route, RFC 5322 section 4.4
            written = written.partition(":")[2]
    return _usable(written)


def _usable(written: str) -> str:
    """Nobody's address begins with an apostrophe: it is one of a pair that was put around it."""
    written = written.lstrip("'")
    return written if address.is_usable(written) else ""


def _behind_comment(field: str, at: int) -> int:
    """The place behind a comment, which may hold others; `at` is just behind its first bracket."""
    depth = 1
    for mark in _COMMENT_MARK.finditer(field, at):
        match mark.group():
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    return mark.end()
    raise _Confused


def _in_last_angle(field: str) -> str:
    _, angle, rest = field.rpartition("<")
    return _usable(rest.partition(">")[0].strip()) if angle else ""


def _only_one(field: str) -> str:
    """The address that stands in the field once or several times, and no other one.

    A word beside it may be a part of it that a space was put into: whose address it is then, nobody
    knows, unless the word is plainly a name. An empty `<>` says that there is none.
    """
    if _NULL.search(field):
        return ""
    field = _RAW_JIS_MARK.sub("\0", field)
    bare = _COMMENT.sub(" ", field)
    text = bare if "@" in bare else field
    runs = [*_RUN.finditer(text)]
    beside: list[list[str]] = [[] for _ in runs]
    for place, (one, other) in enumerate(pairwise(runs)):
        if text[one.end() : other.start()].isspace():
            beside[place].append(other[0])
            beside[place + 1].append(one[0])
    found: dict[str, str] = {}
    for run, words in zip(runs, beside, strict=True):
        if "@" in run[0] and all(_is_name(word, run[0]) for word in words):
            found |= _without_stray(run[0])
    return next(iter(found.values())) if len(found) == 1 else ""


def _is_name(word: str, run: str) -> bool:
    """A word beside an address that is no part of it: 山田, or Taro beside small letters."""
    return "@" not in word and (not word.isascii() or (word[0].isupper() and run.islower()))


def _without_stray(run: str) -> dict[str, str]:
    """The address by its key, where it is one without what stands around it, as in `taro@x.jp`."""
    run = run.strip(_INVISIBLE)  # inside an address they are no accident
    if mailto := _MAILTO.match(run):
        run = mailto[1]
    bare = run.rstrip(string.punctuation)  # in which no domain ends
    around = run[len(bare) :].replace(".", "")  # a dot in front may be its own
    usable = _usable(bare.lstrip(around))
    return {address.key(usable): usable} if usable else {}
