"""Whose domain a domain is: `mail.shop.co.jp` and `shop.co.jp` are of one house. Pure.

What DMARC calls the organizational domain (RFC 7489 section 3.2). The public suffix list is as
large as this program; of it the two-part endings of country domains do, which is what shops have.
"""

from __future__ import annotations

_SECOND_LEVEL = frozenset(
    {"ac", "ad", "co", "com", "ed", "edu", "go", "gob", "gov", "gr", "lg", "me", "ne", "net", "or"}
    | {"org"}
)
"""Under a country's two letters: nobody's own."""


def of(domain: str) -> str:
    """The domain that somebody has registered, in lower case: `shop.co.jp`; "" for none."""
    labels = [label for label in domain.lower().strip(".").split(".") if label]
    if len(labels) < 2 or labels[-1].isdecimal():
        return ""
    shared = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if shared and len(labels) > 2 else -2 :])


def same(one: str, other: str) -> bool:
    """Whether both are of one house: what DMARC calls relaxed alignment."""
    return bool(of(one)) and of(one) == of(other)
