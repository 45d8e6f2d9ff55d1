"""A server that may be the one of an address, and what is put into the settings once it is. Pure.

An offer is believed in nothing: whoever named it, it has to answer with a certificate of its name
before it gets a password, and to take the login before it counts as found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kollect.mail import organization
from kollect.settings.model import Auth, Protocol, Receive, Security, Send, Settings
from kollect.settings.providers import Provider, is_provider_host

_TLS_FROM_THE_START = 465
"""The one port at which `[send] auth = ssl` begins with TLS; at any other it demands STARTTLS."""


class MailSide(StrEnum):
    RECEIVE = "受信"
    SEND = "送信"


class OfferSource(StrEnum):
    """Who names a server, in the order in which they are believed (design §8.3)."""

    PROVIDERS = "テンプレート"
    MX = "MXレコード"
    SRV = "SRVレコード"
    AUTOCONFIG = "ドメインの案内"
    USUAL_NAMES = "よくある名前"


@dataclass(frozen=True, slots=True)
class ServerOffer:
    source: OfferSource
    side: MailSide
    protocol: Protocol | None
    """How it is received there; None for a sending server."""
    host: str
    port: int
    security: Security
    """SSL or STARTTLS: what would send a password in clear is no offer."""
    accounts: tuple[str, ...]
    """To be tried in this order; empty where only the contract's papers tell it."""
    provider: Provider | None = None

    @property
    def place(self) -> tuple[MailSide, Protocol | None, str, int]:
        """Two offers of one place are one server."""
        return self.side, self.protocol, self.host.lower(), self.port

    @property
    def is_whole(self) -> bool:
        """No part of its name is left to be completed by hand (`sv***.xserver.jp`)."""
        return not any(character in self.host for character in "*<>")

    def __str__(self) -> str:
        kind = {Protocol.POP3: "POP", Protocol.IMAP: "IMAP", None: "SMTP"}[self.protocol]
        return f"{self.host}（{kind} {self.port}）"


@dataclass(frozen=True, slots=True)
class ChosenServer:
    """An offer, with the account to enter for it ("" where it is not known)."""

    offer: ServerOffer
    account: str


def can_be_settings(offer: ServerOffer) -> bool:
    """Whether kollect.ini has words for it: security and port of sending go together there."""
    if offer.security is Security.NONE:
        return False
    if offer.side is MailSide.RECEIVE:
        return True
    return (offer.security is Security.SSL) == (offer.port == _TLS_FROM_THE_START)


def without_repeats(offers: Iterable[ServerOffer]) -> tuple[ServerOffer, ...]:
    """Each server once, where it is named first."""
    found: dict[object, ServerOffer] = {}
    for offer in offers:
        if can_be_settings(offer):
            found.setdefault(offer.place, offer)
    return tuple(found.values())


def strangers(offers: Iterable[ServerOffer], address: str) -> tuple[str, ...]:
    """The hosts that neither belong to the domain of the address nor to a provider we know.

    The DNS can be forged, a web site be broken into: a person has to say that these may get the
    password (RFC 6186 section 6).
    """
    domain = address.rpartition("@")[2]
    hosts = {offer.host for offer in offers if offer.is_whole}
    return tuple(
        sorted(
            host
            for host in hosts
            if not is_provider_host(host)
            and host.lower() != domain.lower()
            and not organization.same(host, domain)
        )
    )


def receive_settings(before: Receive, chosen: ChosenServer) -> Receive:
    offer = chosen.offer
    assert offer.protocol is not None
    return replace(
        before,
        protocol=offer.protocol,
        host=offer.host,
        port=offer.port,
        security=offer.security,
        account=chosen.account or before.account,
    )


def send_settings(before: Send, chosen: ChosenServer) -> Send:
    offer = chosen.offer
    return replace(
        before,
        host=offer.host,
        port=offer.port,
        auth=Auth.SSL,  # it demands encryption at every port
        account=chosen.account or before.account,
    )


def with_servers(settings: Settings, chosen: Sequence[ChosenServer]) -> Settings:
    """The settings with these servers, one for a side at most; a side without one stays."""
    for one in chosen:
        if one.offer.side is MailSide.RECEIVE:
            settings = replace(settings, receive=receive_settings(settings.receive, one))
        else:
            settings = replace(settings, send=send_settings(settings.send, one))
    return settings
