"""A mail address as a link that opens an empty letter to it (RFC 6068). Pure."""

from __future__ import annotations

from urllib.parse import quote

from kollect.mail import address

_LOCAL_SAFE = "!$'*-._~"
"""Beside letters and digits, what RFC 6068 section 2 lets stand in a local part; but for `+`, which
some readers of QR codes take for a space, as in a form (ZXing decodes so). `%2B` all read alike.
"""


def link(to: str, subject: str = "") -> str:
    """`mailto:` with the address and nothing else, or with a subject.

    Without one nothing follows the address: `?subject=` is what some phones write into the subject.
    The address is spelled as it is sent, its domain in ASCII.
    """
    spelled, _ = address.wire(to)
    local, _, domain = spelled.rpartition("@")
    uri = f"mailto:{quote(local, safe=_LOCAL_SAFE)}@{domain}"
    return f"{uri}?subject={quote(subject, safe='')}" if subject else uri


def unsubscribe(to: str, subject: str) -> str:
    """The value of `List-Unsubscribe` (RFC 2369 section 3.2): a letter with this subject."""
    return f"<{link(to, subject)}>"
