"""Mail addresses as their owners write them, and when two of them are the same.

Looser than RFC 5321 on purpose: Japanese carriers handed out `abc..def@docomo.ne.jp` and
`abc.@ezweb.ne.jp`, and these people want an answer. Strict where looseness could do harm: no
space, no control character, nothing that could end a line or a command. Nothing here raises,
whatever the text. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 254
"""Octets of an address, RFC 5321 section 4.5.3.1.3 (a path of 256 with its brackets)."""

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_DOTTED = re.compile(rf"[.{_ATEXT}]+")
_QUOTED = re.compile(r'"((?:[!#-\[\]-~]|\\[!-~])+)"')
_HOST = re.compile(r"(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)*(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(r'(["\\])')


def is_usable(address: str) -> bool:
    """Whether a letter can be sent there: a sound domain, nothing dangerous, not too long."""
    local, at, domain = address.rpartition("@")
    if not at or len(address) > LONGEST or not _is_local_part(local):
        return False
    host = _ascii_domain(domain)
    return bool(host) and len(local.encode()) + 1 + len(host) <= LONGEST


@lru_cache(maxsize=64)
def key(address: str) -> str:
    """The same for all spellings of one address: case, quotes and IDNA form do not count."""
    local, at, domain = address.rpartition("@")
    if not at:
        return _folded(address)
    return f"{_folded(_unquoted(local))}@{_folded(_ascii_domain(domain) or domain)}"


def quoted(address: str) -> str:
    """The address with its local part in quotes, for servers that refuse a bare `abc..def`."""
    local, at, domain = address.rpartition("@")
    if not at or _QUOTED.fullmatch(local):
        return address
    escaped = _TO_ESCAPE.sub(r"\\\1", local)
    return f'"{escaped}"@{domain}'


def wire(address: str) -> tuple[str, bool]:
    """The address with its domain in ASCII (IDNA); True where it needs SMTPUTF8 (RFC 6531)."""
    if address.isascii():
        return address, False
    local, at, domain = address.rpartition("@")
    spelled = f"{local}{at}{_ascii_domain(domain) or domain}"
    return spelled, not spelled.isascii()


def _is_local_part(local: str) -> bool:
    if _DOTTED.fullmatch(local) or _QUOTED.fullmatch(local):
        return True
    if local.isascii():
        return False
    return all(
        _DOTTED.fullmatch(character) if character.isascii() else _may_stand_there(character)
        for character in local
    )


def _may_stand_there(character: str) -> bool:
    """RFC 6532 section 3.2 lets any character in that is not ASCII. Spaces and invisible ones only
    deceive, and brackets and quotes, as 「」, belong to what stands around an address.
    """
    category = unicodedata.category(character)
    return category[0] not in "CZ" and category not in ("Ps", "Pe", "Pi", "Pf")


@lru_cache(maxsize=64)
def _ascii_domain(domain: str) -> str:
    """The domain as DNS knows it; "" where it cannot be one."""
    if len(domain) > LONGEST:  # the codec's time grows with the square of the length
        return ""
    if not domain.isascii():
        if not all(c.isascii() or _may_stand_there(c) for c in domain):
            return ""
        try:
            domain = domain.encode("idna").decode("ascii")
        except ValueError:  # UnicodeError is one
            return ""
    # checked after the mapping too: it makes "@" and "/" of some characters
    return domain if _HOST.fullmatch(domain) else ""


def _unquoted(local: str) -> str:
    if match := _QUOTED.fullmatch(local):
        return _ESCAPED.sub(r"\1", match[1])
    return local


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).casefold()
