"""Walks through an SPF record with all that it includes, as a receiver does. Pure.

Counts the look-ups (RFC 7208 section 4.6.4: ten in all, of which two may find nothing), finds
loops and what leads nowhere, and says whether it lets an address through.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kollect.diagnosis.dns_answers import DnsAnswer, DnsStatus, DnsType, KnownAnswers, plain_name
from kollect.diagnosis.spf import SpfEnd, SpfRecord, SpfTerm, is_spf, parse

MOST_LOOKUPS = 10
MOST_IN_VAIN = 2
MOST_MAIL_SERVERS = 10
"""An `mx` of more hosts is an error of its own."""
_STOP_COUNTING = 40
"""Whoever is so far beyond it needs no exact number, and the DNS is not asked for more."""


@dataclass(slots=True)
class SpfReading:
    """What became of a walk."""

    lookups: int = 0
    in_vain: list[str] = field(default_factory=list)
    """The parts whose look-up found nothing."""
    loops: list[str] = field(default_factory=list)
    dead_ends: list[str] = field(default_factory=list)
    """The parts that lead to a name without exactly one sound SPF record: all is void by it."""
    unknown: list[str] = field(default_factory=list)
    """The parts of which the DNS told nothing."""
    crowded: list[str] = field(default_factory=list)
    """`mx` of more than ten hosts."""
    includes: set[str] = field(default_factory=set)
    """Every name it leads to."""
    end: SpfEnd = SpfEnd.NONE
    """At the end of all redirects."""
    passed: bool | None = None
    """Whether one of the addresses is let through; None where a part cannot be told."""

    @property
    def void(self) -> bool:
        """A receiver takes it as broken (permerror)."""
        too_many = self.lookups > MOST_LOOKUPS or len(self.in_vain) > MOST_IN_VAIN
        return too_many or bool(self.loops or self.dead_ends or self.crowded)


def walk(
    domain: str, record: SpfRecord, known: KnownAnswers, addresses: Sequence[str]
) -> SpfReading:
    """Go through the record of `domain`; `addresses` are those of the sending server."""
    walker = _Walker(known, [ipaddress.ip_address(one) for one in addresses if _is_address(one)])
    walker.reading.end = record.end
    walker.reading.passed = walker.record(plain_name(domain), record, (plain_name(domain),), "")
    return walker.reading


@dataclass(slots=True)
class _Walker:
    known: KnownAnswers
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address]
    reading: SpfReading = field(default_factory=SpfReading)

    def record(
        self, domain: str, record: SpfRecord, stack: tuple[str, ...], top: str
    ) -> bool | None:
        """Whether it lets an address through. `top`: the part of the first record it hangs on.

        Goes on behind what decides: for another address it may not, and all of it counts.
        """
        decided: list[bool] = []
        unclear: list[bool] = []
        for term in record.terms:
            matches = self._term(domain, term, stack, top or term.text)
            if matches is True:
                decided.append(term.qualifier == "+")
            elif matches is None and not decided:
                unclear.append(term.qualifier == "+")
        if record.end is SpfEnd.ELSEWHERE:
            text = f"redirect={record.redirect}"
            found = self._other(record.redirect, stack, top or text, redirect=not top)
            if found is not None:
                decided.append(found)
            elif not decided:
                unclear.append(True)
        passed = bool(decided) and decided[0]
        return passed if all(one is passed for one in unclear) else None

    def _term(self, domain: str, term: SpfTerm, stack: tuple[str, ...], top: str) -> bool | None:
        """Whether it matches; None: not known."""
        if term.looks_up and self._counted() > _STOP_COUNTING:
            return None
        if term.has_macro:
            return None
        target = plain_name(term.value) or domain
        match term.mechanism:
            case "all":
                return True
            case "ip4" | "ip6":
                return self._within([term.network()])
            case "include":
                return self._other(target, stack, top, redirect=False, counted=True)
            case "a":
                answer = self._asked(self.known.addresses(target), top)
                return None if answer.unknown else self._within(_with(answer.records, term.masks))
            case "mx":
                return self._mail_servers(target, term, top)
            case "ptr":
                return None
            case _:  # exists
                answer = self._asked(self.known.get(target, DnsType.A), top)
                return None if answer.unknown else answer.status is DnsStatus.FOUND

    def _mail_servers(self, target: str, term: SpfTerm, top: str) -> bool | None:
        answer = self._asked(self.known.get(target, DnsType.MX), top)
        if answer.unknown:
            return None
        hosts = [record.partition(" ")[2] for record in answer.records]
        if len(hosts) > MOST_MAIL_SERVERS:
            self.reading.crowded.append(top)
        found: list[str] = []
        unclear = False
        for host in hosts[:MOST_MAIL_SERVERS]:
            addresses = self.known.addresses(host)
            unclear = unclear or addresses.unknown
            found += addresses.records
        return self._within(_with(found, term.masks)) or (None if unclear else False)

    def _other(
        self,
        target: str,
        stack: tuple[str, ...],
        top: str,
        *,
        redirect: bool,
        counted: bool = False,
    ) -> bool | None:
        """Go on with the record of another name. `redirect`: it takes the place of the first."""
        target = plain_name(target)
        if not counted and self._counted() > _STOP_COUNTING:
            return None
        if "%" in target:
            return None
        if target in stack:
            self.reading.loops.append(top)
            return None
        self.reading.includes.add(target)
        answer = self._asked(self.known.texts(target), top)
        if answer.unknown:
            return None
        texts = [text for text in answer.records if is_spf(text)]
        if len(texts) != 1 or parse(texts[0]).faults:
            self.reading.dead_ends.append(top)
            return None
        record = parse(texts[0])
        if redirect:
            self.reading.end = record.end
        return self.record(target, record, (*stack, target), top)

    def _counted(self) -> int:
        self.reading.lookups += 1
        return self.reading.lookups

    def _asked(self, answer: DnsAnswer, top: str) -> DnsAnswer:
        if answer.nothing:
            self.reading.in_vain.append(top)
        elif answer.status in (DnsStatus.FAILED, DnsStatus.SILENT):
            self.reading.unknown.append(top)
        return answer

    def _within(self, networks: Iterable[str]) -> bool:
        known = [ipaddress.ip_network(one, strict=False) for one in networks if _is_network(one)]
        return any(address in network for address in self.addresses for network in known)


def _with(addresses: Iterable[str], masks: str) -> list[str]:
    """As networks: `/24` is for IPv4, `//64` for IPv6 (section 5.6)."""
    four, _, six = masks.partition("//")
    return [
        f"{one}/{six}" if ":" in one and six else f"{one}{four}" if ":" not in one else one
        for one in addresses
    ]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
