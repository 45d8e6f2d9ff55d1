"""What stands on a server's certificate, for a person who must decide whether to trust it.

Python shows the contents of a certificate only after it has been found good; here the ones that
were not are read, from their DER form (X.690, RFC 5280 section 4.1). Nothing is judged here: trust
is decided by the handshake or by the fingerprint. Pure.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from kollect.errors import Certificate
from kollect.mail.foreign_text import one_line

_SEQUENCE, _SET, _OCTETS, _OID = 0x30, 0x31, 0x04, 0x06
_UTC_TIME = 0x17
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_ISSUER_IS_AT = bytes.fromhex("06082b06010505073002")  # caIssuers, RFC 5280 section 4.2.2.1
_ATTRIBUTES = {
    bytes.fromhex("550403"): "CN",
    bytes.fromhex("55040b"): "OU",
    bytes.fromhex("55040a"): "O",
    bytes.fromhex("550406"): "C",
}
_WIDE = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}  # BMPString, UniversalString


def fingerprint(der: bytes) -> str:
    """SHA-256 of the whole certificate, as `Trust.fingerprints` holds it."""
    return hashlib.sha256(der).hexdigest()


def read_certificate(der: bytes) -> Certificate:
    """Read what a person needs to see. Fields that cannot be read are empty; never raises."""
    subject = issuer = not_after = ""
    names: tuple[str, ...] = ()
    try:
        fields = _fields(der)
        issuer = _name(fields[2][1])
        subject = _name(fields[4][1])
        not_after = f"{_moment(*list(_inside(fields[3][1]))[1]):%Y-%m-%d %H:%M} UTC"
        names = tuple(_alternative_names(fields[6:]))
    except (ValueError, IndexError):
        pass  # a certificate too odd to read still has its fingerprint
    return Certificate(
        fingerprint(der),
        one_line(subject),
        one_line(issuer),
        tuple(map(one_line, names)),
        not_after,
    )


@dataclass(frozen=True, slots=True)
class Link:
    """A certificate as a part of a chain: who vouches for whom, and from when to when."""

    subject: bytes
    issuer: bytes
    """DER forms, to be compared octet by octet."""
    issuer_words: str
    not_before: datetime
    not_after: datetime
    tells_where_issuer_is: bool
    """As those of the public authorities do: a program that checks it may fetch its issuer's
    there."""

    @property
    def self_signed(self) -> bool:
        return self.subject == self.issuer


def read_link(der: bytes) -> Link | None:
    """None where it cannot be read; never raises."""
    try:
        fields = _fields(der)
        begins, ends = (_moment(*time) for time in list(_inside(fields[3][1]))[:2])
        told = any(_ISSUER_IS_AT in value for tag, value in fields[6:] if tag == _EXTENSIONS)
        issuer = one_line(_name(fields[2][1]))
        return Link(fields[4][1], fields[2][1], issuer, begins, ends, told)
    except (ValueError, IndexError):
        return None


def _fields(der: bytes) -> list[tuple[int, bytes]]:
    """serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, … extensions."""
    return [field for field in _inside(_inside_first(_inside_first(der))) if field[0] != _VERSION]


def _inside(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements one after another: tag and contents. Raises ValueError where they do not fit."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("cut short")
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + length > len(data):
            raise ValueError("cut short")
        yield tag, data[at : at + length]
        at += length


def _inside_first(data: bytes) -> bytes:
    for tag, contents in _inside(data):
        if tag != _SEQUENCE:
            break
        return contents
    raise ValueError("no sequence")


def _name(data: bytes) -> str:
    """`CN=…, O=…` from a Name, in the order of the certificate."""
    parts = []
    for _, relative in _inside(data):
        for _, pair in _inside(relative):
            (_, oid), (tag, value) = list(_inside(pair))[:2]
            if oid in _ATTRIBUTES:
                text = value.decode(_WIDE.get(tag, "utf-8"), "replace")
                parts.append(f"{_ATTRIBUTES[oid]}={text}")
    return ", ".join(parts)


def _moment(tag: int, value: bytes) -> datetime:
    """A Time (RFC 5280 section 4.1.2.5)."""
    form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(value.decode("ascii", "replace"), form).replace(tzinfo=UTC)


def _alternative_names(fields: list[tuple[int, bytes]]) -> Iterator[str]:
    for tag, wrapped in fields:
        if tag != _EXTENSIONS:
            continue
        for _, extension in _inside(_inside_first(wrapped)):
            parts = list(_inside(extension))
            if parts[0] != (_OID, _SUBJECT_ALT_NAME) or parts[-1][0] != _OCTETS:
                continue
            for kind, value in _inside(_inside_first(parts[-1][1])):
                if kind == _DNS_NAME:
                    yield value.decode("ascii", "replace")
                elif kind == _IP_ADDRESS:
                    yield str(ipaddress.ip_address(value))
