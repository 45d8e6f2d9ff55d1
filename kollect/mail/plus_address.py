"""The shop's address with a tag, touroku+reji@…: one for each poster (RFC 5233). Pure.

A server that knows such addresses puts their mail into the mailbox of the plain one. Which of them
a mail was sent to stands in the fields that the last server writes, else in To and Cc.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from kollect.mail import address
from kollect.mail.message import Mail
from kollect.mail.romaji import romaji

LONGEST_TAG = 20
_TAG = re.compile(rf"[a-z0-9]{{1,{LONGEST_TAG}}}")
_FIELDS = ("x-original-to", "delivered-to", "envelope-to", "to", "cc")
"""What the mail was really delivered to counts more than what its writer has put into it."""
_LONGEST_FIELD = 8 * 1024
_BETWEEN = re.compile(r"[\s<>()\[\],;:]+")
_LONGEST_LOCAL_PART = 64
"""Octets, RFC 5321 section 4.5.3.1.1."""


def is_tag(tag: str) -> bool:
    """Whether it may stand behind the plus: small letters and digits, which no phone changes."""
    return _TAG.fullmatch(tag) is not None


def tag_from(name: str) -> str:
    """What a name offers for a tag: its kana and letters in Latin ones; "" where it has none."""
    return "".join(filter(is_tag, romaji(name)))[:LONGEST_TAG]


def with_tag(own: str, tag: str) -> str:
    """The shop's address with this tag; the address itself where the tag is ""."""
    if not tag:
        return own
    local, at, domain = own.rpartition("@")
    if local.endswith('"') and len(local) > 1:
        return f'{local[:-1]}+{tag}"{at}{domain}'
    return f"{local}+{tag}{at}{domain}"


def takes_tag(own: str, tag: str) -> bool:
    """Whether the address is still short enough with the tag, for every server on the way."""
    made = with_tag(own, tag)
    local = made.rpartition("@")[0]
    return address.is_usable(made) and len(local.encode()) <= _LONGEST_LOCAL_PART


def tag_of(one: str, own: str) -> str | None:
    """What stands behind the plus, in small letters; "" of the plain address; None of another."""
    local, at, domain = address.key(one).rpartition("@")
    own_local, own_at, own_domain = address.key(own).rpartition("@")
    if not (at and own_at and own_local) or domain != own_domain:
        return None
    if local == own_local:
        return ""
    tag = local.removeprefix(f"{own_local}+")
    return tag if tag != local else None


def is_own(one: str, own: str) -> bool:
    """Whether mail to `one` comes to the shop: its address, however it is written, with any tag or
    none. False where either is ""."""
    return tag_of(one, own) is not None


def is_same_mailbox(one: str, other: str) -> bool:
    """Whether these are one address but for their tags. False where either is ""."""
    return bool(one and other) and _without_tag(one) == _without_tag(other)


def _without_tag(one: str) -> tuple[str, str]:
    local, _, domain = address.key(one).rpartition("@")
    return local.partition("+")[0] or local, domain


def poster_of(mail: Mail, own: str, tags: Collection[str]) -> str:
    """Which of these tags the mail was sent to; "" for the plain address and for unknown tags."""
    if not tags:
        return ""
    for name in _FIELDS:
        for value in mail.every(name):
            if b"+" not in value:
                continue
            text = value[:_LONGEST_FIELD].decode("utf-8", "replace")
            for word in _BETWEEN.split(text):
                if "+" in word and (tag := tag_of(word, own)) and tag in tags:
                    return tag
    return ""
