"""All that settings and DNS tell of whether the shop's letters arrive. Pure."""

from __future__ import annotations

from kollect.diagnosis.dmarc_findings import about_dkim, about_dmarc
from kollect.diagnosis.dns_answers import KnownAnswers, plain_name
from kollect.diagnosis.domain_findings import about_domain, is_missing
from kollect.diagnosis.finding import Finding, Topic, Verdict
from kollect.diagnosis.server_findings import about_servers, owned_by_provider
from kollect.diagnosis.spf_findings import about_spf, is_sound
from kollect.mail import address
from kollect.settings.model import Settings

NOTHING_KNOWN = Finding(
    "dns.silent",
    Topic.DNS,
    Verdict.UNKNOWN,
    "分かりませんでした。",
    "DNSサーバ（ドメインの設定をたずねる相手）から、1つも答えがありませんでした。",
    "インターネットにつながっているか、確かめてください。つながっているときは、"
    "ルーターの電源を入れ直すか、しばらくしてから、もう一度診断してください。",
)


def findings(settings: Settings, known: KnownAnswers) -> tuple[Finding, ...]:
    """What can be said by what is known; `known.wanted` has what else should be asked."""
    servers = tuple(about_servers(settings))
    if owned_by_provider(settings):
        return servers
    spelled, _ = address.wire(settings.mail_address)
    domain = plain_name(spelled.rpartition("@")[2])
    about = tuple(about_domain(domain, known))
    if is_missing(domain, known):
        return (*servers, *about)
    spf = about_spf(domain, settings.send.host, known)
    dkim = tuple(about_dkim(domain, settings.send.host, known))
    dmarc = about_dmarc(domain, known, spf_sound=is_sound(spf))
    return (*servers, *about, *spf, *dkim, *dmarc)
