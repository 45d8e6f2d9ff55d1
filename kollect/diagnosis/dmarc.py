"""DMARC records: read, and found for a domain. Pure.

Whose domain a domain is, is found by the tree walk of RFC 9989 (DMARCbis) section 4.10: the DNS
itself is asked, no list of public suffixes has to be kept up to date on a stick.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kollect.diagnosis.dns_answers import DnsAnswer, KnownAnswers, plain_name

POLICIES = ("none", "quarantine", "reject")
MOST_QUESTIONS = 8
"""For a longer name the walk goes on with its last seven labels."""

_MEANT = re.compile(r"""^["'\s]*(v\s*[=:]?\s*dmarc|dmarc\s*[1v=])""", re.IGNORECASE)
_VERSION = re.compile(r"v\s*=\s*DMARC1\s*(?:;|$)")
"""The version is written exactly so (section 4.7)."""


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    text: str
    policy: str
    """none, quarantine or reject; as written where it is none of them."""
    subdomain_policy: str
    strict_spf: bool
    strict_dkim: bool
    psd: str
    """`y`: the name belongs to no shop; `n`: here begins the shop's own; `u`: it does not say."""
    faults: tuple[str, ...]

    def policy_for(self, *, subdomain: bool) -> str:
        return (self.subdomain_policy or self.policy) if subdomain else self.policy


@dataclass(frozen=True, slots=True)
class DmarcSituation:
    """What stands at the domain and above it."""

    own: DnsAnswer
    """The texts at `_dmarc` of the domain itself."""
    record: DmarcRecord | None
    """The one in force; None: none, or not to be told."""
    at: str
    """The domain that it stands at."""
    several: tuple[str, ...]
    """Two or more at one name: none of them is read."""
    misspelt: tuple[str, ...]
    organization: str
    """The shop's own domain: at its `_dmarc` the record is put."""
    unknown: bool


def is_dmarc(text: str) -> bool:
    return bool(_VERSION.match(text))


def is_meant_as_dmarc(text: str) -> bool:
    """It was taken for one by whoever wrote it."""
    return is_dmarc(text) or bool(_MEANT.match(text))


def parse(text: str) -> DmarcRecord:
    """Never raises."""
    tags: dict[str, str] = {}
    faults: list[str] = []
    for part in text.split(";")[1:]:
        name, equals, value = part.partition("=")
        if not part.strip():
            continue
        if not equals or not re.fullmatch(r"[A-Za-z]+", name.strip()):
            faults.append(part.strip())
            continue
        tags.setdefault(name.strip().lower(), value.strip())
    policy = tags.get("p", "")
    if policy.lower() not in POLICIES:
        faults.append(f"p={policy}" if "p" in tags else "p")
    below = tags.get("sp", "")
    if below and below.lower() not in POLICIES:
        faults.append(f"sp={below}")
    return DmarcRecord(
        text,
        policy.lower(),
        below.lower(),
        strict_spf=tags.get("aspf", "r").lower() == "s",
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        psd=tags.get("psd", "u").lower(),
        faults=tuple(faults),
    )


def corrected(text: str) -> str:
    """What its writer meant; the mildest policy where that cannot be told."""
    found = re.search(r"\bp\s*[=:]\s*([A-Za-z]+)", text, re.IGNORECASE)
    word = found[1].lower() if found else ""
    policy = next((one for one in POLICIES if word[:3] and one.startswith(word[:3])), "none")
    reports = re.search(r"\brua\s*[=:]\s*((?:mailto:)?[^\s;,]+@[^\s;,]+)", text, re.IGNORECASE)
    tail = ""
    if reports:
        address = reports[1] if reports[1].startswith("mailto:") else f"mailto:{reports[1]}"
        tail = f"; rua={address}"
    return f"v=DMARC1; p={policy}{tail}"


def situation(domain: str, known: KnownAnswers) -> DmarcSituation:
    names = walked(domain)
    answers = {name: known.texts(f"_dmarc.{name}") for name in names}
    own = answers[names[0]]
    mine = [text for text in own.records if is_dmarc(text)]
    misspelt = tuple(
        text for text in own.records
        if is_meant_as_dmarc(text) and (not is_dmarc(text) or parse(text).faults)
    )  # fmt: skip
    single = {
        name: parse(texts[0])
        for name, answer in answers.items()
        if len(texts := [text for text in answer.records if is_dmarc(text)]) == 1
    }
    organization = _organization(names, single)
    at = names[0] if names[0] in single else organization
    record = single.get(at)
    return DmarcSituation(
        own=own,
        record=record if record is None or not record.faults else None,
        at=at,
        several=tuple(mine) if len(mine) > 1 else (),
        misspelt=misspelt if len(mine) < 2 else (),
        organization=organization,
        unknown=own.unknown
        or (record is None and any(answers[name].unknown for name in names[:2])),
    )


def walked(domain: str) -> list[str]:
    """The names that the walk asks about, the domain itself first."""
    labels = plain_name(domain).split(".")
    names = [plain_name(domain)]
    above = labels[-(MOST_QUESTIONS - 1) :] if len(labels) > MOST_QUESTIONS else labels[1:]
    return names + [".".join(above[at:]) for at in range(len(above))]


def _organization(names: list[str], records: dict[str, DmarcRecord]) -> str:
    """Section 4.10.2: by `psd`, else the shortest name with a record, else the domain itself."""
    for position, name in enumerate(names):
        psd = records[name].psd if name in records else "u"
        if psd == "n":
            return name
        if psd == "y":
            return names[position - 1] if position else name
    with_record = [name for name in names if name in records]
    return with_record[-1] if with_record else names[0]
