"""SPF records (RFC 7208): read, walked through as a receiver would, and merged. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
LOOKS_UP = frozenset({"include", "a", "mx", "ptr", "exists"})
"""Each costs one of the ten look-ups (section 4.6.4), as `redirect` does."""
NEEDS_VALUE = frozenset({"include", "ip4", "ip6", "exists"})

_VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_MEANT = re.compile(r"""^["'\s]*(v\s*=\s*spf|spf\s*[12v=]|v\s*[:=]?\s*spf)""", re.IGNORECASE)
_OTHER_KIND = re.compile(r"^spf2\.0/", re.IGNORECASE)
"""Sender ID of former days: no SPF, and no harm (RFC 4406)."""
_MECHANISM = re.compile(
    r"([+?~-]?)([A-Za-z][A-Za-z0-9]*)(?::([^/\s]*))?((?:/\d{1,3})?(?://\d{1,3})?)"
)
_IP = re.compile(r"([+?~-]?)(ip[46]):([0-9A-Fa-f.:]+)((?:/\d{1,3})?)", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(\S*)")
_DOMAIN = re.compile(r"[!-~]+\.[!-~]*[A-Za-z0-9}][!-~]*")


class SpfEnd(StrEnum):
    """What the record says of all other servers."""

    REFUSE = "-all"
    SUSPECT = "~all"
    NEUTRAL = "?all"
    ALLOW = "+all"
    ELSEWHERE = "redirect"
    NONE = ""


@dataclass(frozen=True, slots=True)
class SpfTerm:
    text: str
    qualifier: str
    mechanism: str
    value: str = ""
    masks: str = ""
    """`/24`, `//64`, `/24//64`."""

    @property
    def looks_up(self) -> bool:
        return self.mechanism in LOOKS_UP

    @property
    def has_macro(self) -> bool:
        return "%" in self.value

    def network(self) -> str:
        return f"{self.value}{self.masks}"


@dataclass(frozen=True, slots=True)
class SpfRecord:
    text: str
    terms: tuple[SpfTerm, ...]
    """Up to `all`; what stands behind it is never reached."""
    redirect: str
    faults: tuple[str, ...]
    """The parts that no receiver understands: the whole record is void by one of them."""
    after_all: tuple[str, ...] = ()

    @property
    def end(self) -> SpfEnd:
        if self.terms and self.terms[-1].mechanism == "all":
            return SpfEnd(f"{self.terms[-1].qualifier}all")
        return SpfEnd.ELSEWHERE if self.redirect else SpfEnd.NONE

    @property
    def allows_nobody(self) -> bool:
        """「このドメインからはメールを送りません」"""
        return self.end is SpfEnd.REFUSE and len(self.terms) == 1


def is_spf(text: str) -> bool:
    return bool(_VERSION.match(text))


def is_meant_as_spf(text: str) -> bool:
    """A record that its writer took for one, and that nobody reads as one."""
    return bool(_MEANT.match(text)) and not is_spf(text) and not _OTHER_KIND.match(text)


def parse(text: str) -> SpfRecord:
    """Never raises. `text` as `is_spf` says."""
    terms: list[SpfTerm] = []
    faults: list[str] = []
    after_all: list[str] = []
    redirects: list[str] = []
    for part in text.split(" ")[1:]:
        if not part:
            continue
        term = _term(part)
        if term is None and (modifier := _MODIFIER.fullmatch(part)):
            if modifier[1].lower() == "redirect":
                redirects.append(modifier[2])
            continue  # an unknown one is to be ignored (section 6)
        if term is None:
            faults.append(part)
        elif terms and terms[-1].mechanism == "all":
            after_all.append(part)
        else:
            terms.append(term)
    if len(redirects) > 1 or any(not _DOMAIN.fullmatch(one) for one in redirects):
        faults += [f"redirect={one}" for one in redirects]
    return SpfRecord(
        text, tuple(terms), redirects[0] if redirects else "", tuple(faults), tuple(after_all)
    )


def _term(part: str) -> SpfTerm | None:
    """None where it is no mechanism, or a wrong one."""
    if match := _IP.fullmatch(part):
        mechanism = match[2].lower()
        return _checked(SpfTerm(part, match[1] or "+", mechanism, match[3], match[4]))
    match = _MECHANISM.fullmatch(part)
    if match is None or match[2].lower() not in MECHANISMS:
        return None
    value = match[3]
    term = SpfTerm(part, match[1] or "+", match[2].lower(), value or "", match[4] or "")
    if value is not None and not _DOMAIN.fullmatch(value):
        return None  # "a:" with nothing, or with half a name
    return _checked(term)


def _checked(term: SpfTerm) -> SpfTerm | None:
    if term.mechanism in NEEDS_VALUE and not term.value:
        return None
    if term.mechanism == "all" and (term.value or term.masks):
        return None
    if term.masks and term.mechanism in ("include", "ptr", "exists"):
        return None
    if term.mechanism in ("ip4", "ip6"):
        try:
            network = ipaddress.ip_network(term.network(), strict=False)
        except ValueError:
            return None
        return term if network.version == int(term.mechanism[2]) else None
    return term


# ---- a record to be put there, made from what is there ----


def repaired(
    records: Iterable[SpfRecord], *, add: Iterable[str] = (), leave_out: Iterable[str] = ()
) -> str:
    """One record of all of them: each part once, `add` among them, an end that suspects others.

    `leave_out`: parts, as they stand there, that make it void.
    """
    records = list(records)
    unwanted = {one.lower() for one in leave_out}
    parts: dict[str, str] = {}
    for record in records:
        for term in record.terms:
            if term.mechanism not in ("all", "ptr") and term.text.lower() not in unwanted:
                parts.setdefault(_same(term), term.text)
        for behind in map(_term, record.after_all):
            if behind is not None and behind.mechanism not in ("all", "ptr"):
                parts.setdefault(_same(behind), behind.text)
        if record.redirect and record.end is SpfEnd.ELSEWHERE:
            text = f"include:{record.redirect}"
            if text.lower() not in unwanted and f"redirect={record.redirect}" not in unwanted:
                parts.setdefault(f"+{text.lower()}", text)
    for text in add:
        added = _term(text)
        parts.setdefault(_same(added) if added else text, text)
    ends = {record.end for record in records}
    as_before = len(records) == 1 and parts and ends == {SpfEnd.REFUSE}
    end = SpfEnd.REFUSE if as_before else SpfEnd.SUSPECT
    return " ".join(["v=spf1", *parts.values(), end])


def _same(term: SpfTerm) -> str:
    return f"{term.qualifier}{term.mechanism}:{term.value}{term.masks}".lower()
