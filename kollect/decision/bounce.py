"""What a delivery report says: which letter did not arrive, where, and why. Pure.

Reads RFC 3464 reports and, where there is none, the texts for people of qmail (QSBMF), sendmail,
Postfix, Exim, Exchange and the Japanese carriers. Whether the letter was ours is not known here:
the caller looks for `ids`, for its own `mark` and for those `named` among the letters it sent.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from kollect.decision import bounce_texts
from kollect.decision.automatic import is_from_daemon
from kollect.mail import address, encoded_words
from kollect.mail.foreign_text import one_line
from kollect.mail.message import Mail, split

MOST_READ = 256 * 1024
_DEEPEST = 4
_MOST_PARTS = 20
_MOST_RECIPIENTS = 100

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
)
_EMPTY_LINE = re.compile(rb"\n[ \t\r]*\n")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_THREE_DIGITS = re.compile(r"\b[45]\d\d\b")
_SERVERS = re.compile(rb"mail delivery (?:sub)?system", re.IGNORECASE)
_MARK = "x-kollect-reply"


@dataclass(frozen=True, slots=True)
class BounceReport:
    recipient: str
    """As the report writes it; "" where it does not say."""
    status: str
    """The enhanced status code, as `5.1.1` (RFC 3463); "" where there is none."""
    reason: str
    """One line in the server's own words."""
    original_message_id: str
    """Of the letter it is about, with its brackets; "" where the report does not return it."""
    permanent: bool
    """The server has given up for a 5xx. False for a delay, a relay, a success, or a 4xx."""
    failed: bool = field(default=False, compare=False)
    """The server has given up, for whatever reason."""
    ids: tuple[str, ...] = field(default=(), compare=False)
    """Every Message-ID that stands in it for the letter, the likeliest first."""
    mark: str = field(default="", compare=False)
    """The value of `X-Kollect-Reply` in what it returns: relays may rename a letter."""
    named: tuple[str, ...] = field(default=(), compare=False)
    """Every address that may be the recipient, the likeliest first."""


def read_report(raw: bytes) -> BounceReport | None:
    """Read a whole mail, of which the first 256 KiB count; None where it is no delivery report.

    Of several recipients the first that failed counts. Never raises.
    """
    mail = Mail.read(raw[:MOST_READ])
    parts = list(_parts(raw[:MOST_READ], _DEEPEST))
    text = _text(parts)
    group = _worst_recipient(parts)
    if group is not None:
        found = _by_fields(group, _returned_id(parts) or "".join(mail.references[-1:]))
    elif mail.content_type == "multipart/report" or _is_of_a_server(mail):
        told = bounce_texts.read(text, mail.first("x-failed-recipients"))
        if told is None:
            return None
        found = BounceReport(**told)
    else:
        return None
    return _with_evidence(found, mail, parts, text)


def _is_of_a_server(mail: Mail) -> bool:
    return is_from_daemon(mail) or _SERVERS.search(mail.first("from") or b"") is not None


def _with_evidence(
    found: BounceReport, mail: Mail, parts: list[tuple[Mail, bytes]], text: str
) -> BounceReport:
    """With all that may tell which letter it is about."""
    returned = [
        Mail.read(body.lstrip(b"\r\n")) for part, body in parts if part.content_type in _RETURNED
    ]
    ids = [found.original_message_id, *(one.message_id for one in returned)]
    ids += bounce_texts.message_ids(text)
    ids += reversed(mail.references)
    ids.append(mail.message_id_answered)
    marks = [encoded_words.readable(one.first(_MARK) or b"") for one in returned]
    named = [found.recipient, *bounce_texts.addresses(text)]
    named += [encoded_words.readable(one.first("to") or b"").strip("<> ") for one in returned]
    return replace(
        found,
        recipient=found.recipient
        if address.is_usable(found.recipient)
        else one_line(found.recipient),
        ids=tuple(dict.fromkeys(filter(None, ids))),
        mark=next(filter(None, [*marks, bounce_texts.mark(text)]), ""),
        named=tuple(dict.fromkeys(filter(address.is_usable, named)))[:_MOST_RECIPIENTS],
    )


def _text(parts: list[tuple[Mail, bytes]]) -> str:
    """What people are to read, in the words of the server, and a letter returned within it."""
    return "\n".join(
        bounce_texts.plain(
            encoded_words.body_text(part.parameter("charset").encode("ascii", "replace"), body),
            html=part.content_type == "text/html",
        )
        for part, body in parts
        if part.content_type in ("", "text/plain", "text/html")
    )


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
        if part.content_type in _RETURNED:
            return Mail.read(body.lstrip(b"\r\n")).message_id
    return ""


def _by_fields(group: Mail, original: str) -> BounceReport:
    recipients = [_without_type(group, name) for name in ("original-recipient", "final-recipient")]
    diagnostic = _without_type(group, "diagnostic-code")
    status = encoded_words.readable(group.first("status") or b"")
    code = _STATUS.search(status) or _STATUS.search(diagnostic)
    failed = _has_failed(group)
    verdict = code or _THREE_DIGITS.search(diagnostic)
    for_now = verdict is not None and verdict[0].startswith("4")
    for_now = for_now and not re.search(r"\b5\.\d{1,3}\.\d{1,3}\b", diagnostic)
    return BounceReport(
        recipient=next(filter(address.is_usable, recipients), recipients[1]),
        status=code.group() if code else "",
        reason=diagnostic or status,
        original_message_id=original,
        permanent=failed and not for_now,
        failed=failed,
    )


def _without_type(group: Mail, name: str) -> str:
    """The value behind its type, as in `rfc822; taro@example.jp` or `smtp; 550 no such user`."""
    kind, semicolon, value = (group.first(name) or b"").partition(b";")
    text = encoded_words.readable(value if semicolon else kind, most=300)
    return text.removeprefix("<").removesuffix(">") if name.endswith("recipient") else text
