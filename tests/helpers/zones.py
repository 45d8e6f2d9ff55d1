"""The zones of the diagnosis: a domain for each thing that can be wrong with it."""

from __future__ import annotations

_SERVER = "smtp IN A 192.0.2.25"
_MX = f"@ IN MX 10 smtp\n{_SERVER}"
_SPF = '@ IN TXT "v=spf1 ip4:192.0.2.25 -all"'
_DMARC = '_dmarc IN TXT "v=DMARC1; p=none"'
GOOD = f"{_MX}\n{_SPF}\n{_DMARC}"


def _zone(*lines: str, mx: str = _MX, spf: str = _SPF, dmarc: str = _DMARC) -> str:
    return "\n".join([mx, spf, dmarc, *lines])


def _spf(*texts: str) -> str:
    return "\n".join(f'@ IN TXT "{text}"' for text in texts)


_ELEVEN = " ".join(f"a:h{number}.eleven.example" for number in range(11))

ZONES: dict[str, str] = {
    "good.example": GOOD,
    "below.good.example": f"{_MX}\n{_SPF}",
    "example": "alias IN CNAME target\ntarget IN MX 10 smtp.good.example.\n"
    'target IN A 192.0.2.1\ntarget IN TXT "v=spf1 ip4:192.0.2.25 -all"\n'
    '_dmarc.alias IN TXT "v=DMARC1; p=none"',
    # the domain
    "mxonly.example": GOOD,
    "aonly.example": _zone(mx=f"@ IN A 192.0.2.25\n{_SERVER}"),
    "neither.example": _zone(mx=_SERVER),
    "nullmx.example": _zone(mx=f"@ IN MX 0 .\n{_SERVER}"),
    "lostmx.example": _zone(mx=f"@ IN MX 10 old.lostmx.example.\n{_SERVER}"),
    # SPF
    "nospf.example": _zone(spf=_spf("google-site-verification=x")),
    "twospf.example": _zone(spf=_spf("v=spf1 mx -all", "v=spf1 a:smtp.twospf.example ~all")),
    "plusall.example": _zone(spf=_spf("v=spf1 mx +all")),
    "eleven.example": _zone(
        *(f"h{number} IN A 192.0.2.{number + 50}" for number in range(11)),
        spf=_spf(f"v=spf1 {_ELEVEN} ip4:192.0.2.25 -all"),
    ),
    "ten.example": _zone(
        *(f"h{number} IN A 192.0.2.{number + 50}" for number in range(10)),
        spf=_spf("v=spf1 ip4:192.0.2.25 " + " ".join(f"a:h{n}.ten.example" for n in range(10))
                 + " -all"),
    ),
    "deep.example": _zone(
        *(f'l{n} IN TXT "v=spf1 include:l{n + 1}.deep.example -all"' for n in range(12)),
        'l12 IN TXT "v=spf1 ip4:192.0.2.25 -all"',
        spf=_spf("v=spf1 include:l0.deep.example -all"),
    ),
    "loop.example": _zone(
        'other IN TXT "v=spf1 include:loop.example -all"',
        spf=_spf("v=spf1 ip4:192.0.2.25 include:other.loop.example -all"),
    ),
    "selfloop.example": _zone(spf=_spf("v=spf1 mx include:selfloop.example ~all")),
    "deadend.example": _zone(spf=_spf("v=spf1 mx include:gone.example ~all")),
    "voids.example": _zone(spf=_spf("v=spf1 a:x.voids.example a:y.voids.example a:z.voids.example"
                                    " ip4:192.0.2.25 ~all")),
    "redirect.example": _zone(spf=_spf("v=spf1 redirect=good.example")),
    "redirectlost.example": _zone(spf=_spf("v=spf1 redirect=gone.example")),
    "noend.example": _zone(spf=_spf("v=spf1 ip4:192.0.2.25")),
    "neutral.example": _zone(spf=_spf("v=spf1 ip4:192.0.2.25 ?all")),
    "nobody.example": _zone(spf=_spf("v=spf1 -all")),
    "brokenspf.example": _zone(spf=_spf("v=spf1 ipv4:192.0.2.25 mx ~all")),
    "misspf.example": _zone(spf=_spf("v=spf1; mx ip4:192.0.2.25 ~all")),
    "stranger.example": _zone(spf=_spf("v=spf1 ip4:198.51.100.1 -all")),
    "google.example": _zone(spf=_spf("v=spf1 ip4:198.51.100.1 ~all")),
    "long.example": _zone(
        spf='@ IN TXT "v=spf1 ip4:192.0.2." "25 ' + '" "'.join(
            f"ip4:203.0.113.{number} " for number in range(120)) + '-all"'
    ),
    # DMARC
    "nodmarc.example": _zone(dmarc=""),
    "quarantine.example": _zone(dmarc='_dmarc IN TXT "v=DMARC1; p=quarantine; sp=none"'),
    "reject.example": _zone(dmarc='_dmarc IN TXT "v=DMARC1;p=reject;rua=mailto:a@b.example"'),
    "rejectnospf.example": _zone(spf="", dmarc='_dmarc IN TXT "v=DMARC1; p=reject"'),
    "twodmarc.example": _zone(
        dmarc='_dmarc IN TXT "v=DMARC1; p=reject"\n_dmarc IN TXT "v=DMARC1; p=none"'
    ),
    "wrongplace.example": _zone(dmarc='@ IN TXT "v=DMARC1; p=none"'),
    "twice.example": _zone(dmarc='_dmarc.twice.example IN TXT "v=DMARC1; p=quarantine"'),
    "misdmarc.example": _zone(dmarc='_dmarc IN TXT "v=DMARC1; p=quarantin"'),
    "misversion.example": _zone(dmarc='_dmarc IN TXT "DMARC1; p=reject"'),
}  # fmt: skip
EXPECTED: dict[str, set[str]] = {
    "good.example": set(),
    "mxonly.example": set(),
    "alias.example": {"domain.alias"},
    "below.good.example": set(),
    "aonly.example": {"domain.address_only"},
    "neither.example": {"domain.no_mail"},
    "nullmx.example": {"domain.takes_no_mail"},
    "lostmx.example": {"domain.lost_mail_server"},
    "nowhere.example": {"domain.missing"},
    "nospf.example": {"spf.missing"},
    "twospf.example": {"spf.several"},
    "plusall.example": {"spf.allows_everybody"},
    "eleven.example": {"spf.too_many_lookups"},
    "ten.example": set(),
    "deep.example": {"spf.too_many_lookups"},
    "loop.example": {"spf.loop"},
    "selfloop.example": {"spf.loop"},
    "deadend.example": {"spf.dead_end"},
    "voids.example": {"spf.too_many_in_vain"},
    "redirect.example": set(),
    "redirectlost.example": {"spf.dead_end"},
    "noend.example": {"spf.no_end"},
    "neutral.example": {"spf.neutral_end"},
    "nobody.example": {"spf.nobody"},
    "brokenspf.example": {"spf.unreadable"},
    "misspf.example": {"spf.misspelt"},
    "stranger.example": {"spf.server_not_named"},
    "long.example": set(),
    "nodmarc.example": {"dmarc.missing"},
    "quarantine.example": set(),
    "reject.example": set(),
    "rejectnospf.example": {"spf.missing", "dmarc.reject_without_spf"},
    "twodmarc.example": {"dmarc.several"},
    "wrongplace.example": {"dmarc.wrong_place"},
    "twice.example": {"dmarc.wrong_place"},
    "misdmarc.example": {"dmarc.misspelt"},
    "misversion.example": {"dmarc.misspelt"},
}
"""The codes of what is not ✓ there, sending from the `smtp` of each domain."""
