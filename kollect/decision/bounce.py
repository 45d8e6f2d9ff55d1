"""What a delivery report says: which letter did not arrive, where, and why. Pure.

Reads RFC 3464 reports and, where there is none, the plain texts of qmail (QSBMF), sendmail and
Exim. Whether the letter was ours is not known here: the caller looks for `original_message_id`
among the letters it sent.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kollect import address, encoded_words
from kollect.decision.automatic import is_from_daemon
from kollect.mail import Mail, split

MOST_READ = 256 * 1024
_DEEPEST = 4
_MOST_PARTS = 20
_MOST_RECIPIENTS = 100

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_RETURNED_TYPES = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
)
_EMPTY_LINE = re.compile(rb"\n[ \t\r]*\n")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")

_RECIPIENT_LINE = re.compile(
    rb"^[ \t]*<?([^\s<>@]{1,64}@[^\s<>@:]{1,250})>?:?[ \t\r]*$", re.MULTILINE
)
_MESSAGE_ID_LINE = re.compile(rb"^[ \t>]{0,8}(Message-ID:[^\n]*(?:\n[ \t][^\n]*)?)", re.I | re.M)
_GIVEN_UP = (b"permanent error", b"permanent fatal error", b"given up")


@dataclass(frozen=True, slots=True)
class Report:
    recipient: str
    """As the report writes it; "" where it does not say."""
    status: str
    """The enhanced status code, as `5.1.1` (RFC 3463); "" where there is none."""
    reason: str
    """One line in the server's own words."""
    original_message_id: str
    """Of the letter it is about, with its brackets; "" where the report does not return it."""
    permanent: bool
    """The server has given up. False for a delay, a relay or a success."""


def read_report(raw: bytes) -> Report | None:
    """Read a whole mail, of which the first 256 KiB count; None where it is no delivery report.

    Of several recipients the first that failed counts. Never raises.
    """
    mail = Mail.read(raw[:MOST_READ])
    parts = list(_parts(raw[:MOST_READ], _DEEPEST))
    if group := _worst_recipient(parts):
        return _by_fields(group, _returned_id(parts) or "".join(mail.references[-1:]))
    if is_from_daemon(mail):
        return _by_text(mail, split(raw[:MOST_READ])[1])
    return None


def _parts(raw: bytes, depth: int) -> Iterator[tuple[Mail, bytes]]:
    """The leaves of a MIME tree: each one's header and its decoded body."""
    mail = Mail.read(raw)
    _, body = split(raw)
    boundary = mail.parameter("boundary")
    if not (depth and boundary and mail.content_type.startswith("multipart/")):
        yield mail, _decoded(mail, body)
        return
    line = rb"(?:\A|\n)--%s(?:--)?[ \t\r]*(?=\n|\Z)" % re.escape(boundary.encode())
    for part in re.split(line, body, maxsplit=_MOST_PARTS)[1:]:
        yield from _parts(part.removeprefix(b"\n"), depth - 1)


def _decoded(mail: Mail, body: bytes) -> bytes:
    match (mail.first("content-transfer-encoding") or b"").lower():
        case b"base64":
            try:
                return binascii.a2b_base64(body)
            except binascii.Error:
                return body
        case b"quoted-printable":
            return binascii.a2b_qp(body)
        case _:
            return body


def _worst_recipient(parts: list[tuple[Mail, bytes]]) -> Mail | None:
    """The fields of the first recipient that failed, else of the first one at all."""
    groups = [
        group
        for part, body in parts
        if part.content_type in _STATUS_TYPES
        for group in map(Mail.read, _EMPTY_LINE.split(body.lstrip(), maxsplit=_MOST_RECIPIENTS))
        if group.names & {"action", "final-recipient", "original-recipient"}
    ]
    return next(filter(_has_failed, groups), groups[0] if groups else None)


def _has_failed(group: Mail) -> bool:
    action = group.first("action") or b""
    return action.partition(b"(")[0].strip().lower() == b"failed"


def _returned_id(parts: list[tuple[Mail, bytes]]) -> str:
    for part, body in parts:
        if part.content_type in _RETURNED_TYPES:
            return Mail.read(body.lstrip(b"\r\n")).message_id
    return ""


def _by_fields(group: Mail, original: str) -> Report:
    recipients = [_without_type(group, name) for name in ("original-recipient", "final-recipient")]
    diagnostic = _without_type(group, "diagnostic-code")
    status = encoded_words.readable(group.first("status") or b"")
    code = _STATUS.search(status) or _STATUS.search(diagnostic)
    return Report(
        recipient=next(filter(address.is_usable, recipients), recipients[1]),
        status=code.group() if code else "",
        reason=diagnostic or status,
        original_message_id=original,
        permanent=_has_failed(group),
    )


def _without_type(group: Mail, name: str) -> str:
    """The value behind its type, as in `rfc822; taro@example.jp` or `smtp; 550 no such user`."""
    kind, semicolon, value = (group.first(name) or b"").partition(b";")
    text = encoded_words.readable(value if semicolon else kind, most=300)
    return text.removeprefix("<").removesuffix(">") if name.endswith("recipient") else text


def _by_text(mail: Mail, body: bytes) -> Report | None:
    """A text for people: the address on a line of its own, the reason below, then the letter."""
    named = _RECIPIENT_LINE.search(body)
    exim = mail.first("x-failed-recipients")
    if named is None and exim is None:
        return None
    at = named.end() if named else 0
    reason = encoded_words.readable(_EMPTY_LINE.split(body[at:].lstrip(), 1)[0], most=300)
    status = _STATUS.search(reason)
    letter = _MESSAGE_ID_LINE.search(body, at)
    return Report(
        recipient=encoded_words.readable((exim or named[1]).partition(b",")[0]),
        status=status.group() if status else "",
        reason=reason,
        original_message_id=Mail.read(letter[1]).message_id if letter else "",
        permanent=exim is not None or any(words in body.lower() for words in _GIVEN_UP),
    )
