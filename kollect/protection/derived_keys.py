"""The keys that are made of a code, by HKDF-SHA256 (RFC 5869). Pure.

Each has its own use and tells nothing of the others; the code has 130 random bits, so nothing has
to be slow here. What stands in `_FOR` can never change: by it every shop's data are encrypted.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from kollect.protection.recovery_code import RecoveryCode

_SIZE = hashlib.sha256().digest_size
_SALT = b"kollect data protection 1"
_FOR = {"database": b"database key", "fingerprint": b"fingerprint", "wrap": b"wrap "}


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256, both steps. Raises ValueError for more than 255 blocks."""
    if length > 255 * _SIZE:
        raise ValueError(length)
    extracted = hmac.digest(salt or bytes(_SIZE), secret, "sha256")
    block, made = b"", b""
    for number in range(1, -(-length // _SIZE) + 1):
        block = hmac.digest(extracted, block + info + bytes([number]), "sha256")
        made += block
    return made[:length]


@dataclass(frozen=True, slots=True)
class DerivedKeys:
    """What is made of one code. The code cannot be found from any of them."""

    database: bytes
    """32 octets: the raw key of kollect.db, its copies and the kept mails (AES-256)."""
    fingerprint: str
    """32 hexadecimal digits, by which the right code is known without opening anything."""

    def __repr__(self) -> str:
        return f"DerivedKeys({self.fingerprint[:8]}…)"


def keys_of(code: RecoveryCode) -> DerivedKeys:
    return DerivedKeys(
        hkdf(code.secret, _SALT, _FOR["database"], 32),
        hkdf(code.secret, _SALT, _FOR["fingerprint"], 16).hex(),
    )


def wrapped(former: bytes, code: RecoveryCode, salt: bytes) -> bytes:
    """A key of before, readable by who has this code; with a seal of 16 octets behind it.

    `salt` must be random and new: the key stream is made of it, and used once.
    """
    stream, seal = _wrapping(code, salt, len(former))
    hidden = bytes(a ^ b for a, b in zip(former, stream, strict=True))
    return hidden + hmac.digest(seal, hidden, "sha256")[:16]


def unwrapped(octets: bytes, code: RecoveryCode, salt: bytes) -> bytes | None:
    """What `wrapped` has hidden; None where it is damaged, or was another code's."""
    hidden, mark = octets[:-16], octets[-16:]
    stream, seal = _wrapping(code, salt, len(hidden))
    if not hmac.compare_digest(hmac.digest(seal, hidden, "sha256")[:16], mark):
        return None
    return bytes(a ^ b for a, b in zip(hidden, stream, strict=True))


def _wrapping(code: RecoveryCode, salt: bytes, length: int) -> tuple[bytes, bytes]:
    made = hkdf(code.secret, _SALT, _FOR["wrap"] + salt, length + 32)
    return made[:length], made[length:]
