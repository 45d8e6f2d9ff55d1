"""The PIN of 「設定を保護する」: kept as a salted hash, so that kollect.ini does not tell it.

It guards against a slip of the hand, not against a thief: anybody who may write kollect.ini can
take the line out, which is also the way back for a shop that has forgotten its PIN.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_SALT_OCTETS = 16
_COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}  # about 50 ms and 16 MB
_HASHED = re.compile(r"scrypt:[0-9a-f]{32}:[0-9a-f]{64}")


def hashed(pin: str) -> str:
    """What may be stored of a PIN. Every call gives another text."""
    salt = secrets.token_bytes(_SALT_OCTETS)
    return f"scrypt:{salt.hex()}:{_digest(pin, salt).hex()}"


def fits(pin: str, stored: str) -> bool:
    """Whether this is the PIN of which `stored` was made."""
    if not _HASHED.fullmatch(stored):
        return False
    _, salt, digest = stored.split(":")
    return hmac.compare_digest(_digest(pin, bytes.fromhex(salt)).hex(), digest)


def pin_fault(stored: str) -> str | None:
    if not stored or _HASHED.fullmatch(stored):
        return None
    return (
        "この行は、手で書き換えられません。行を消すと保護がなくなるので、"
        "「ID」の「設定を保護する」で付け直してください。"
    )


def _digest(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, **_COST)
