"""The parts of a mail (MIME, RFC 2046), found in one pass, however they are nested.

Made for mails by strangers: Python's own parser looks for every open boundary at every line, and
gives up by an exception where a mail is nested too deep. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message

from kollect.mail.message import split

MOST_PARTS = 500
DEEPEST = 30
"""People's mails have some ten parts, in three layers."""
_MOST_DASHES = 100_000
"""Lines that begin as a delimiter does and are none."""
_LONGEST_HEAD = 64 * 1024
_LONGEST_FIELD = 8192
_MOST_PARAMETERS = 40
"""Python's reader of them needs the square of their number."""
_LONGEST_BOUNDARY = 200
"""RFC 2046 section 5.1.1 allows 70."""

_CONTENT_FIELD = re.compile(rb"^content-[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.I | re.M)
_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """What is no container: a text, a picture, another mail."""

    head: Message
    """Its Content-… fields, to be asked; it has no body."""
    body: bytes
    """As it stands in the mail."""

    @property
    def kind(self) -> str:
        return self.head.get_content_type()

    def octets(self) -> bytes:
        """The body, decoded."""
        self.head.set_payload(self.body.decode("ascii", "surrogateescape"))
        decoded = self.head.get_payload(decode=True)
        return decoded if isinstance(decoded, bytes) else b""


@dataclass(frozen=True, slots=True)
class _Layer:
    """A container that is open."""

    boundary: bytes
    usual: str
    """What a part is that does not say it."""


class MailParts:
    """Go over it once; after that `complete` tells whether these were all the parts."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._layers: list[_Layer] = []
        self._dashes = 0
        self.complete = True

    def __iter__(self) -> Iterator[Part]:
        at: int | None = 0
        for _ in range(MOST_PARTS):
            head, body_at = self._head(at or 0)
            boundary = _boundary(head)
            if boundary and len(self._layers) < DEEPEST:
                digest = head.get_content_subtype() == "digest"
                self._layers.append(_Layer(boundary, "message/rfc822" if digest else "text/plain"))
            elif boundary:
                self.complete = False
            ends, at = self._next_part(body_at)
            if not boundary:
                yield Part(head, self._raw[body_at:ends])
            if at is None:
                return
        self.complete = False

    def _head(self, at: int) -> tuple[Message, int]:
        """The head that begins there, and where the body behind it begins."""
        most = at + _LONGEST_HEAD if self._layers else len(self._raw)
        block, body = split(self._raw[at:most])
        body_at = min(most, len(self._raw)) - len(body)
        if (found := self._delimiter(at, body_at)) is not None:  # a part without any body
            block, body_at = self._raw[at : found.begins], found.begins
        fields = _CONTENT_FIELD.findall(block)[:_MOST_FIELDS]
        head = message_from_bytes(
            b"".join(_shortened(field) + b"\r\n" for field in fields) + b"\r\n",
            policy=policy.compat32,
        )
        if self._layers:
            head.set_default_type(self._layers[-1].usual)
        return head, body_at

    def _next_part(self, at: int) -> tuple[int, int | None]:
        """Where the body that begins there ends, and where the next part begins, if any does."""
        ends = None
        while (found := self._delimiter(at, len(self._raw))) is not None:
            if ends is None:
                ends = max(at, _without_line_end(self._raw, found.begins))
            at = found.ends
            if not found.closes:
                del self._layers[found.layer + 1 :]
                return ends, at if at < len(self._raw) else None
            del self._layers[found.layer :]  # then comes what nobody is meant to read
        return len(self._raw) if ends is None else ends, None

    def _delimiter(self, at: int, limit: int) -> _Delimiter | None:
        """The first line from `at` on that belongs to an open container."""
        if not self._layers:
            return None
        raw = self._raw
        layers = {layer.boundary: place for place, layer in enumerate(self._layers)}
        while 0 <= at < limit and self._dashes < _MOST_DASHES:
            if not raw.startswith(b"--", at) or (at and raw[at - 1] != 0x0A):
                at = raw.find(b"\n--", at, limit) + 1
                if not at:
                    return None
            ends = raw.find(b"\n", at) + 1 or len(raw)
            line = raw[at + 2 : min(ends, at + _LONGEST_BOUNDARY + 10)].rstrip(b" \t\r\n")
            for text, closes in ((line, False), (line.removesuffix(b"--"), True)):
                if (place := layers.get(text)) is not None:
                    return _Delimiter(at, ends, place, closes)
            self._dashes += 1
            at = ends
        self.complete = self.complete and self._dashes < _MOST_DASHES
        return None


@dataclass(frozen=True, slots=True)
class _Delimiter:
    begins: int
    ends: int
    layer: int
    closes: bool


def _boundary(head: Message) -> bytes:
    """What parts the parts; b"" where this is no container."""
    if head.get_content_maintype() != "multipart":
        return b""
    return (head.get_boundary() or "").encode("utf-8", "surrogateescape")[:_LONGEST_BOUNDARY]


def _shortened(field: bytes) -> bytes:
    return b";".join(field[:_LONGEST_FIELD].split(b";", _MOST_PARAMETERS)[:_MOST_PARAMETERS])


def _without_line_end(raw: bytes, at: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    if raw[at - 1 : at] == b"\n":
        at -= 1
        at -= raw[at - 1 : at] == b"\r"
    return at
