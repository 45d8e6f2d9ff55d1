"""How phones write mails: headers, encodings, and three ways to leave a subject empty.

Knows no server; a mail is composed as bytes and nothing more.
"""

from __future__ import annotations

import base64
import email.header
import html
import uuid
from email.utils import formatdate
from enum import StrEnum


class Phone(StrEnum):
    """Whose mail program the customer has; each leaves a subject empty in its own way."""

    DOCOMO = "docomo"
    IPHONE = "iPhone"
    GMAIL = "Gmail"


def compose(
    *,
    phone: Phone,
    sender: str,
    name: str,
    recipient: str,
    message_id: str,
    subject: str | None,
    body: str,
) -> bytes:
    """A mail as this phone writes it: order, spelling and encodings are what such mails have."""
    date = formatdate(localtime=True)
    match phone:
        case Phone.DOCOMO:  # no display name, ISO-2022-JP, "Subject:" is there and empty
            lines = [
                f"Date: {date}",
                f"From: {sender}",
                f"To: {recipient}",
                f"Message-ID: {message_id}",
                f"Subject: {_encoded(subject or '', 'iso-2022-jp')}",
                "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=iso-2022-jp",
                "Content-Transfer-Encoding: 7bit",
            ]
            return _joined(lines, body, "iso-2022-jp")
        case Phone.IPHONE:  # leaves the line out; signs every mail
            lines = [
                "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: base64",
                f"From: {_encoded(name, 'utf-8')} <{sender}>",
                "Mime-Version: 1.0 (1.0)",
                f"Date: {date}",
                f"Message-Id: {message_id}",
                *([f"Subject: {_encoded(subject, 'utf-8')}"] if subject else []),
                f"To: {recipient}",
                "X-Mailer: iPhone Mail (21F90)",
            ]
            return _joined(lines, _base64(f"{body}\n\niPhoneから送信"), "ascii")
        case Phone.GMAIL:  # always two parts, "Subject:" is there and empty
            edge = f"000000000000{uuid.uuid4().hex[:16]}"
            lines = [
                "MIME-Version: 1.0",
                f"From: {_encoded(name, 'utf-8')} <{sender}>",
                f"Date: {date}",
                f"Message-ID: {message_id}",
                f"Subject: {_encoded(subject or '', 'utf-8')}",
                f"To: {recipient}",
                f'Content-Type: multipart/alternative; boundary="{edge}"',
            ]
            parts = "".join(
                f'--{edge}\nContent-Type: text/{kind}; charset="UTF-8"\n'
                f"Content-Transfer-Encoding: base64\n\n{_base64(text)}\n\n"
                for kind, text in (
                    ("plain", body),
                    ("html", f'<div dir="auto">{html.escape(body)}</div>'),
                )
            )
            return _joined(lines, f"{parts}--{edge}--", "ascii")


def usual_phone(address: str) -> Phone:
    """The phone that an address of this domain suggests."""
    domain = address.lower().rpartition("@")[2]
    if domain == "gmail.com":
        return Phone.GMAIL
    return Phone.DOCOMO if domain == "docomo.ne.jp" else Phone.IPHONE


def new_message_id(phone: Phone, address: str) -> str:
    """A Message-ID never used before, in the form this phone gives it."""
    domain = address.rpartition("@")[2]
    match phone:
        case Phone.IPHONE:
            return f"<{str(uuid.uuid4()).upper()}@{domain}>"
        case Phone.GMAIL:
            return f"<CA+{uuid.uuid4().hex}@mail.{domain}>"
        case Phone.DOCOMO:
            return f"<{uuid.uuid4().hex[:20]}.docomo@{domain}>"


def _encoded(text: str, charset: str) -> str:
    """A header's text as phones write it (RFC 2047), plain where it is ASCII."""
    if text.isascii():
        return text
    try:
        return email.header.Header(text, charset).encode(linesep="\r\n")
    except UnicodeEncodeError:  # 髙 and emoji have no place in ISO-2022-JP
        return email.header.Header(text, "utf-8").encode(linesep="\r\n")


def _base64(text: str) -> str:
    return base64.encodebytes(text.encode("utf-8")).decode("ascii").rstrip("\n")


def _joined(lines: list[str], body: str, charset: str) -> bytes:
    head = "\r\n".join(lines).encode("ascii")
    text = body.replace("\n", "\r\n").encode(charset, "replace")
    return head + b"\r\n\r\n" + text + b"\r\n"
