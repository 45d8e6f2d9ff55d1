"""Who is asked for the servers of an address, in which order, and what each one offers. Pure.

A source is a function of what is known so far. It asks for what it needs (a record of the DNS, a
document of the web), and where that is not known yet, offers nothing and is called again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kollect.diagnosis.dns_answers import DnsStatus, DnsType, KnownAnswers
from kollect.settings import providers
from kollect.settings.field_rules import account_fault, host_fault
from kollect.settings.model import Protocol, Security
from kollect.settings.providers import AccountForm, Provider
from kollect.setup import autoconfig
from kollect.setup.server_offer import MailSide, OfferSource, ServerOffer, without_repeats

_SRV_NAMES = (
    ("_imaps._tcp", Protocol.IMAP, Security.SSL),
    ("_pop3s._tcp", Protocol.POP3, Security.SSL),
    ("_imap._tcp", Protocol.IMAP, Security.STARTTLS),
    ("_pop3._tcp", Protocol.POP3, Security.STARTTLS),
    ("_submissions._tcp", None, Security.SSL),
    ("_submission._tcp", None, Security.STARTTLS),
)
"""RFC 6186; `_submissions` is of RFC 8314."""

_USUAL_RECEIVING = {Protocol.IMAP: ("imap", 993), Protocol.POP3: ("pop", 995)}
_USUAL_SENDING = (("smtp", 465), ("mail", 465), ("smtp", 587), ("mail", 587))

_MOST_RECORDS = 4
"""Of one answer: who names more servers than that has something else in mind."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whose servers are looked for, and what is known by now."""

    address: str
    wanted: Protocol
    """Tried first, where there are both."""
    dns: KnownAnswers
    documents: Mapping[str, bytes | None]
    """By URL: None where there is none."""
    wanted_documents: set[str] = field(default_factory=set)
    """Grows with what is asked for in vain."""

    @property
    def domain(self) -> str:
        """In the letters of the DNS; "" where it cannot be one."""
        domain = self.address.strip().rpartition("@")[2].lower()
        try:
            return domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""

    @property
    def accounts(self) -> tuple[str, ...]:
        """What is usual: the whole address, else what stands before the @."""
        address = self.address.strip()
        return address, address.rpartition("@")[0]

    def document(self, url: str) -> bytes | None:
        if url not in self.documents:
            self.wanted_documents.add(url)
            return None
        return self.documents[url]


Source = Callable[[Question], Iterator[ServerOffer]]


def from_providers(question: Question) -> Iterator[ServerOffer]:
    provider = providers.for_domain(question.address)
    if provider is not None:
        named = providers.with_server_named(provider, question.domain)
        yield from _of_provider(question, named, OfferSource.PROVIDERS)


def from_mx(question: Question) -> Iterator[ServerOffer]:
    """The hoster of a shop's own domain, by the names of its incoming servers."""
    answer = question.dns.get(question.domain, DnsType.MX)
    if answer.status is not DnsStatus.FOUND:
        return
    for record in sorted(answer.records, key=_preference):
        host = record.partition(" ")[2]
        provider = providers.for_mx(host)
        if provider is not None:
            named = providers.with_server_named(provider, host)
            yield from _of_provider(question, named, OfferSource.MX)
            return


def from_srv(question: Question) -> Iterator[ServerOffer]:
    for label, protocol, security in _wanted_first(question.wanted, _SRV_NAMES):
        answer = question.dns.get(f"{label}.{question.domain}", DnsType.SRV)
        if answer.status is not DnsStatus.FOUND:
            continue
        for host, port in _srv_servers(answer.records)[:_MOST_RECORDS]:
            yield ServerOffer(
                OfferSource.SRV, _side(protocol), protocol, host, port, security, question.accounts
            )


def from_autoconfig(question: Question) -> Iterator[ServerOffer]:
    """What the domain itself publishes for mail programs."""
    for url in autoconfig.urls(question.domain):
        document = question.document(url)
        if document is not None:
            servers = autoconfig.read(document, question.address)
            yield from _wanted_protocol_first(question.wanted, servers)


def from_usual_names(question: Question) -> Iterator[ServerOffer]:
    if not question.domain:
        return
    others = [protocol for protocol in _USUAL_RECEIVING if protocol is not question.wanted]
    for protocol in (question.wanted, *others):
        label, port = _USUAL_RECEIVING[protocol]
        for name in (label, "mail"):
            yield _usual(question, protocol, name, port, Security.SSL)
    for name, port in _USUAL_SENDING:
        security = Security.SSL if port == 465 else Security.STARTTLS
        yield _usual(question, None, name, port, security)


@dataclass(frozen=True, slots=True)
class _Step:
    source: OfferSource
    offers: Source
    asks_others: bool
    """It asks others than the mail servers themselves: only with the user's word."""


ORDER = (
    _Step(OfferSource.PROVIDERS, from_providers, asks_others=False),
    _Step(OfferSource.MX, from_mx, asks_others=True),
    _Step(OfferSource.SRV, from_srv, asks_others=True),
    _Step(OfferSource.AUTOCONFIG, from_autoconfig, asks_others=True),
    _Step(OfferSource.USUAL_NAMES, from_usual_names, asks_others=False),
)
"""Read from the top (design §8.3)."""


def offers_of(question: Question, *, may_ask: bool) -> tuple[ServerOffer, ...]:
    """All that is offered for the address so far, best first.

    Where the address is a provider's, its servers are known, and nobody else is asked.
    """
    known = without_repeats(from_providers(question))
    if known or providers.for_domain(question.address) is not None:
        return known
    return without_repeats(
        offer
        for step in ORDER
        if may_ask or not step.asks_others
        for offer in step.offers(question)
    )


def provider_of(question: Question) -> Provider | None:
    """The one whose address it is, or whose servers take the mail of its domain."""
    known = providers.for_domain(question.address)
    if known is not None:
        return providers.with_server_named(known, question.domain)
    answer = question.dns.get(question.domain, DnsType.MX)
    hosts = [record.partition(" ")[2] for record in sorted(answer.records, key=_preference)]
    found = ((providers.for_mx(host), host) for host in hosts)
    return next((providers.with_server_named(p, host) for p, host in found if p is not None), None)


def _of_provider(
    question: Question, provider: Provider, source: OfferSource
) -> Iterator[ServerOffer]:
    """Its own servers, as 「テンプレート」 would fill them in, and its other protocol."""
    if not provider.password_login:
        return
    best = provider.best_protocol(question.wanted)
    others = [protocol for protocol in Protocol if protocol is not best]
    accounts = _accounts(question, provider)
    named = [(protocol, provider.receiving(protocol)) for protocol in (best, *others)]
    for protocol, server in [*named, (None, provider.smtp)]:
        if server is None or (protocol is Protocol.POP3 and provider.min_interval_seconds):
            continue
        host = providers.completed(server.host, question.domain)
        yield ServerOffer(
            source, _side(protocol), protocol, host, server.port, server.security, accounts,
            provider,
        )  # fmt: skip


def _accounts(question: Question, provider: Provider) -> tuple[str, ...]:
    whole, local = question.accounts
    match provider.account_form:
        case AccountForm.ADDRESS:
            return (whole,)
        case AccountForm.LOCALPART:
            return (local, whole)
        case AccountForm.OTHER:
            return ()


def _usual(
    question: Question, protocol: Protocol | None, name: str, port: int, security: Security
) -> ServerOffer:
    host = f"{name}.{question.domain}"
    return ServerOffer(
        OfferSource.USUAL_NAMES, _side(protocol), protocol, host, port, security, question.accounts
    )


def _side(protocol: Protocol | None) -> MailSide:
    return MailSide.SEND if protocol is None else MailSide.RECEIVE


def _wanted_first(
    wanted: Protocol, rows: tuple[tuple[str, Protocol | None, Security], ...]
) -> list[tuple[str, Protocol | None, Security]]:
    return sorted(rows, key=lambda row: row[1] is not None and row[1] is not wanted)


def _wanted_protocol_first(
    wanted: Protocol, servers: tuple[autoconfig.NamedServer, ...]
) -> Iterator[ServerOffer]:
    for server in sorted(servers, key=lambda one: one.protocol not in (None, wanted)):
        if host_fault(server.host) or account_fault(server.account) or not server.account:
            continue
        yield ServerOffer(
            OfferSource.AUTOCONFIG,
            _side(server.protocol),
            server.protocol,
            server.host,
            server.port,
            server.security,
            (server.account,),
        )


def _preference(record: str) -> int:
    number = record.partition(" ")[0]
    return int(number) if number.isdecimal() else 65536


def _srv_servers(records: tuple[str, ...]) -> list[tuple[str, int]]:
    """Host and port, best first; "." means that there is no such service (RFC 6186 section 3.4)."""
    found = []
    for record in records:
        fields = record.split(" ")
        if len(fields) == 4 and all(number.isdecimal() for number in fields[:3]):
            priority, weight, port = map(int, fields[:3])
            if fields[3] and port and not host_fault(fields[3]):
                found.append((priority, -weight, fields[3], port))
    return [(host, port) for _, _, host, port in sorted(found)]
