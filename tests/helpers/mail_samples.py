"""Blank mails as phones send them, for tests and measurements."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

_JUST_NOW = format_datetime(datetime.now(timezone(timedelta(hours=9))).replace(microsecond=0))
"""When the tests began: a mail that has just arrived is of today, or a clock would seem wrong."""


def blank(sender: str, number: int = 1, *, subject: str | None = "") -> bytes:
    """One mail; without a subject field where `subject` is None."""
    field = "" if subject is None else f"Subject: {subject}\r\n"
    return (
        f"Return-Path: <{sender}>\r\n"
        f"Received: from mfsmax.docomo.ne.jp (mfsmax.docomo.ne.jp [203.138.181.240])\r\n"
        f"\tby mail.shop.example with ESMTP id {number:08X};\r\n"
        f"\t{_JUST_NOW} (JST)\r\n"
        f"Date: {_JUST_NOW} (JST)\r\n"
        f"From: {sender}\r\nTo: shop@shop.example\r\n{field}"
        f"Message-ID: <{number}.{sender.replace('@', '.').replace(chr(34), '')}@mail.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\r\n"
    ).encode()
