"""Questions to the DNS, and what was answered. Pure.

Who reads the DNS here is a function of `KnownAnswers`: it asks for what it needs, and where that
is not known yet, makes do without and is called again when it is. So all that can be asked side by
side is, and no function waits for a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

DnsQuestion = tuple[str, "DnsType"]
"""A name in ASCII without a final dot, and the type of record."""


class DnsType(StrEnum):
    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    NS = "NS"
    SRV = "SRV"
    TXT = "TXT"


class DnsStatus(StrEnum):
    FOUND = "found"
    NO_DATA = "no data"
    """The name is there, without records of this type."""
    NO_NAME = "no such name"
    FAILED = "failed"
    """The servers answered, and not with an answer: SERVFAIL, REFUSED, garbage."""
    SILENT = "no answer in time"
    PENDING = "not asked yet"


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    status: DnsStatus
    records: tuple[str, ...] = ()
    """Addresses; host names; `10 mx.example`; `0 1 993 imap.example` (priority, weight, port);
    texts, whose pieces are put together."""
    alias_of: str = ""
    """The name at which the records stand, where the one asked for is only an alias (CNAME)."""
    detail: str = ""

    @property
    def nothing(self) -> bool:
        """There surely is no such record."""
        return self.status in (DnsStatus.NO_DATA, DnsStatus.NO_NAME)

    @property
    def unknown(self) -> bool:
        """It could not be found out, at least not yet."""
        return self.status in (DnsStatus.FAILED, DnsStatus.SILENT, DnsStatus.PENDING)


NOT_YET = DnsAnswer(DnsStatus.PENDING)


class KnownAnswers:
    """What is known so far; `wanted` grows with what is asked for in vain."""

    def __init__(self, answers: Mapping[DnsQuestion, DnsAnswer]) -> None:
        self._answers = answers
        self.wanted: set[DnsQuestion] = set()

    def get(self, name: str, kind: DnsType) -> DnsAnswer:
        question = (plain_name(name), kind)
        if not _can_be_asked(question[0]):
            return DnsAnswer(DnsStatus.NO_NAME, detail="not a name")
        answer = self._answers.get(question, NOT_YET)
        if answer is NOT_YET:
            self.wanted.add(question)
        return answer

    def texts(self, name: str) -> DnsAnswer:
        return self.get(name, DnsType.TXT)

    def addresses(self, name: str) -> DnsAnswer:
        """IPv4 and IPv6 together."""
        four, six = self.get(name, DnsType.A), self.get(name, DnsType.AAAA)
        if four.status is DnsStatus.FOUND and six.status is DnsStatus.FOUND:
            return DnsAnswer(DnsStatus.FOUND, four.records + six.records)
        if four.status is DnsStatus.FOUND or six.nothing:
            return four
        if six.status is DnsStatus.FOUND or four.nothing:
            return six
        return four


def plain_name(name: str) -> str:
    return name.strip().rstrip(".").lower()


def _can_be_asked(name: str) -> bool:
    """RFC 1035 section 2.3.4. Records of others may name anything."""
    labels = name.split(".")
    return name.isascii() and len(name) <= 253 and all(0 < len(label) <= 63 for label in labels)
