"""The providers of 「テンプレート」: their servers, ports, security, and what a shop must know.

What is known of them is in providers.csv, each with its source and how sure that is; their labels
and the advice for the shop are in the tables at the end. Nothing here opens a line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources

from kollect.settings import microsoft
from kollect.settings.model import Auth, Protocol, Receive, Security, Settings

_ADDRESS_DOMAIN = re.compile("<(?:独自ドメイン|メールドメイン)>")
"""Stands in a host for the domain of the shop's address."""
_BY_CONTRACT = re.compile(r"\*{3}|<(?!独自ドメイン|メールドメイン)[^<>]+>")
"""Stands in a host for what the contract's papers tell."""
_FREE_MAIL = ("Gmail", "Yahoo!メール", "Yahoo!BB", "Outlook.com / Hotmail", "iCloud")
FREE_MAIL_NOTE = (
    "このアドレスはフリーメールです。マニュアルでは「フリーメールはご利用頂けません」としています。"
    "1日に送れる数が少なく（Gmailは500通ほど）、よその送信サーバから送ると"
    "なりすましの検査（DMARC）で届かなくなるためです。"
    "お店のドメインか、プロバイダのアドレスをおすすめします。"
)
"""Not refused: a small shop may get by with it."""


class AccountForm(StrEnum):
    """What the provider takes as account."""

    ADDRESS = "address"
    LOCALPART = "localpart"
    OTHER = "other"


class LoginKind(StrEnum):
    """What the provider takes as password."""

    PASSWORD = "password"
    """The one that goes with the address."""
    APP_PASSWORD = "app-password"
    """One made for a program, on the provider's own pages."""
    OWN_PASSWORD = "own-password"
    """One for mail programs alone, handed out with an ID of its own."""
    OAUTH = "oauth"
    """None any more: kollect cannot use it."""


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    """May have to be completed by hand: `sv***.xserver.jp`, `pop.<独自ドメイン>`."""
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    """As in providers.csv."""
    label: str
    """As the shop reads it."""
    pop: Server | None
    imap: Server | None
    smtp: Server | None
    """None where it is not known."""
    smtp_auth: bool
    account_form: AccountForm
    login: LoginKind
    source: str
    confidence: str
    domains: tuple[str, ...]
    """Of its customers' addresses, those below them included. Of several rows of one provider the
    best has them: no domain stands twice."""
    mx_suffixes: tuple[str, ...]
    """How the names of its incoming servers end, for shops with a domain of their own."""
    imap_idle: bool | None
    """Whether its IMAP server tells of new mail by itself; None where nobody has seen."""
    min_interval_seconds: int
    """From one POP login to the next, where the provider wants them no closer; else 0."""
    search_words: tuple[str, ...]
    """Other spellings, by which somebody may look for it."""
    note: str
    """What the shop must know, in Japanese; may be empty."""

    @property
    def password_login(self) -> bool:
        """False where the provider takes no passwords any more: kollect cannot use it."""
        return self.login is not LoginKind.OAUTH

    @property
    def needs_checking(self) -> bool:
        """要確認: the sources are weak; the provider's own pages should be asked."""
        return self.confidence == "low"

    def receiving(self, protocol: Protocol) -> Server | None:
        return self.pop if protocol is Protocol.POP3 else self.imap

    def best_protocol(self, wanted: Protocol) -> Protocol:
        """The one that is wanted where the provider has it. IMAP, if it has that, where POP may be
        asked so seldom that nobody would wait for a number."""
        if wanted is Protocol.POP3 and (self.pop is None or self.min_interval_seconds):
            return Protocol.IMAP if self.imap is not None else Protocol.POP3
        if wanted is Protocol.IMAP and self.imap is None:
            return Protocol.POP3
        return wanted


def providers() -> tuple[Provider, ...]:
    """All of them, by name."""
    return _providers()


def for_domain(address: str) -> Provider | None:
    """The provider that serves a mail address (or only its domain)."""
    domain = address.rpartition("@")[2].strip()
    return next((p for p in providers() if _below(domain, p.domains)), None)


def for_mx(host: str) -> Provider | None:
    """The provider that an incoming server belongs to, as the MX record names it."""
    return next((p for p in providers() if _below(host, p.mx_suffixes)), None)


def with_server_named(provider: Provider, host: str) -> Provider:
    """The provider, what the contract's papers tell of its servers taken from one that is known.

    `sv***.xserver.jp` becomes `sv1234.xserver.jp` where that is a server of this shop.
    """

    def named(server: Server | None) -> Server | None:
        if server is None:
            return None
        by_contract = _BY_CONTRACT.search(server.host)
        fits = by_contract and re.fullmatch(_pattern(server.host), host.rstrip(".").lower())
        return replace(server, host=host.rstrip(".").lower()) if fits else server

    return replace(
        provider, pop=named(provider.pop), imap=named(provider.imap), smtp=named(provider.smtp)
    )


def note_under_password(receive_host: str, address: str) -> str:
    """What the provider of this server wants as account and password; "" for none known."""
    host = receive_host.strip().rstrip(".").lower()
    own = for_domain(address)
    known = [own] if own is not None else []
    known += [p for p in providers() if p is not own]
    domain = address.strip().rpartition("@")[2]
    for provider in known:
        servers = (one for one in (provider.pop, provider.imap) if one is not None)
        if provider is not own and "<" not in host:
            # any shop's server may be called pop. and its own domain
            servers = (one for one in servers if not _ADDRESS_DOMAIN.search(one.host))
        patterns = (_pattern(completed(one.host, domain)) for one in servers)
        if host and any(re.fullmatch(pattern, host) for pattern in patterns):
            return provider.note if provider.password_login else ""
    return ""


def is_provider_host(host: str) -> bool:
    """Whether a server is one that providers.csv knows, by name or by its form."""
    host = host.rstrip(".").lower()
    return any(re.fullmatch(pattern, host) for pattern in _host_patterns())


def is_free_mail(address: str) -> bool:
    """フリーメール, which the manual does not allow for a shop."""
    provider = for_domain(address)
    return provider is not None and provider.name in _FREE_MAIL


def receiving_hosts(provider: Provider, address: str) -> set[str]:
    """Its servers for receiving, as far as the address completes their names."""
    domain = address.strip().rpartition("@")[2]
    servers = (provider.pop, provider.imap)
    return {completed(server.host, domain) for server in servers if server is not None}


def least_interval(receive: Receive) -> int:
    """Seconds that the provider wants between two logins; 0 where it says nothing of that."""
    if receive.protocol is not Protocol.POP3:
        return 0
    host = receive.host.rstrip(".").lower()
    known = (p.min_interval_seconds for p in providers() if p.pop and p.pop.host == host)
    return max(known, default=0)


def account_for(provider: Provider, address: str) -> str:
    """The account that goes with an address; empty where only the contract's papers tell it."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain:
        return ""
    match provider.account_form:
        case AccountForm.ADDRESS:
            return address.strip()
        case AccountForm.LOCALPART:
            return local
        case AccountForm.OTHER:
            return ""


def filled_in(settings: Settings, provider: Provider, protocol: Protocol) -> Settings:
    """The settings with the provider's servers, ports, security and account form filled in.

    The protocol is the other one where that is the provider's better or only one. What only the
    contract's papers tell stays as it is: an account, a sending server that is not known.
    """
    protocol = provider.best_protocol(protocol)
    server = provider.receiving(protocol)
    domain = settings.mail_address.strip().rpartition("@")[2]
    account = account_for(provider, settings.mail_address)
    receive = replace(settings.receive, account=account or settings.receive.account)
    if server is not None:
        receive = replace(
            receive,
            protocol=protocol,
            host=completed(server.host, domain),
            port=server.port,
            security=server.security,
        )
    send = replace(settings.send, account=account or settings.send.account)
    if provider.smtp is not None:
        send = replace(
            send,
            host=completed(provider.smtp.host, domain),
            port=provider.smtp.port,
            auth=_auth(provider.smtp, needed=provider.smtp_auth),
        )
    return replace(settings, receive=receive, send=send)


def completed(host: str, domain: str) -> str:
    """The host with the domain of the shop's address in its place, where there is one."""
    return _ADDRESS_DOMAIN.sub(lambda match: domain or match[0], host)


def _auth(smtp: Server, *, needed: bool) -> Auth:
    if not needed:
        return Auth.NO
    # する(SSL認証) demands encryption on every port, する only takes it where it is offered
    return Auth.YES if smtp.security is Security.NONE else Auth.SSL


def _below(name: str, domains: tuple[str, ...]) -> bool:
    """Whether a name is one of these domains, or belongs to one."""
    name = name.rstrip(".").lower()
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


@cache
def _host_patterns() -> tuple[str, ...]:
    servers = (one for p in providers() for one in (p.pop, p.imap, p.smtp) if one is not None)
    # what the address completes belongs to the shop, and to no provider
    hosts = {one.host for one in servers if not _ADDRESS_DOMAIN.search(one.host)}
    return tuple(_pattern(host) for host in sorted(hosts))


def _pattern(host: str) -> str:
    """Fits its name, whatever stands there for what the contract's papers tell."""
    return "[^.]+".join(map(re.escape, _BY_CONTRACT.split(host)))


@cache
def _providers() -> tuple[Provider, ...]:
    # by importlib, so that it is found inside the .exe too
    text = resources.files("kollect.settings").joinpath("providers.csv").read_text("utf-8-sig")
    found = (_provider(row) for row in csv.DictReader(text.splitlines()))
    return tuple(sorted(found, key=lambda provider: provider.name.casefold()))


def _provider(row: dict[str, str]) -> Provider:
    name = row["provider"]
    return Provider(
        name=name,
        label=_LABELS.get(name, name),
        pop=_server(row, "pop"),
        imap=_server(row, "imap"),
        smtp=_server(row, "smtp"),
        smtp_auth=row["smtp_auth"] == "yes",
        account_form=AccountForm(row["account_form"]),
        login=LoginKind(row["login"]),
        source=row["source_url"],
        confidence=row["confidence"],
        domains=tuple(row["domains"].split()),
        mx_suffixes=tuple(row["mx_suffixes"].split()),
        imap_idle={"yes": True, "no": False, "": None}[row["imap_idle"]],
        min_interval_seconds=int(row["min_interval_seconds"] or 0),
        search_words=tuple(row["search_words"].split()),
        note="".join(_starting(name, _NOTES)),
    )


def _server(row: dict[str, str], kind: str) -> Server | None:
    host = row[f"{kind}_host"]
    if not host:
        return None
    return Server(host, int(row[f"{kind}_port"]), Security(row[f"{kind}_security"]))


def _starting(name: str, table: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """The entries of a provider: a table's key stands for all names that begin so."""
    for beginning, entries in table.items():
        if name.startswith(beginning):
            yield from entries


_LABELS = {
    "ASAHIネット (TLS)": "ASAHIネット（SSL）",
    "ASAHIネット (no TLS)": "ASAHIネット（暗号化なし）",
    "エックスサーバー (implicit TLS)": "エックスサーバー（SSL）",
    "エックスサーバー (STARTTLS)": "エックスサーバー（STARTTLS）",
    "J:COM (ZAQ) no TLS": "J:COM (ZAQ)（暗号化なし）",
}

_IN_CLEAR = "暗号化がないので、パスワードを途中で盗み見される危険があります。"
_TRY_SSL = (
    "まず、暗号化「SSL」、受信ポート番号995、送信ポート番号465、SMTP認証「する(SSL認証)」で"
    "お試しください。"
)
_DOTTED = "アカウントは、メールアドレスの「@」を「.」に変えたものです。"
_NOTES: dict[str, tuple[str, ...]] = {
    "ASAHIネット": ("アカウントは、メールアドレスではなく、ASAHIネットのIDです。",),
    "ASAHIネット (no TLS)": (_IN_CLEAR,),
    "So-net": ("IMAPは、新しい申し込みが終わっています。POPをお使いください。",),
    "@nifty": (
        "アカウントは「@」より前です。それで断られたときは、メールアドレスの全体をお試しください。",
    ),
    "Yahoo!メール": (
        "先にYahoo!メールの設定画面で、ほかのメールソフトからの利用を有効にしてください。"
        "「パスワード無効設定」をしているときは、接続できません。",
    ),
    "エックスサーバー": ("「sv***」の「***」に、契約の書類にあるサーバ番号を入れてください。",),
    "KAGOYA": (
        "アカウントは「アカウント名.契約ごとの文字」の形です。POPのサーバ名は契約ごとに違うので、"
        "契約の書類で確かめてください。",
    ),
    "お名前メール": (
        "「<独自ドメイン>」が残ったときは、お店のドメインに書き換えてください。"
        "証明書の名前が違うと出たときは、内容を確かめて「この証明書を信頼する」を押してください。",
    ),
    "J:COM (ZAQ) no TLS": (_IN_CLEAR,),
    "Gmail": (
        "受信方式は「IMAP」にします（POPでは、10分に1回しか受信できません）。"
        "ふだんのパスワードでは接続できません。Googleアカウントで2段階認証を有効にして"
        "「アプリ パスワード」を作り、それをパスワードとして入力してください。",
    ),
    "Outlook.com": (microsoft.NO_PASSWORDS,),
    "Microsoft 365": (microsoft.NO_PASSWORDS,),
    "iCloud": (
        "Appleの「App用パスワード」を作って入力してください。"
        "受信用のアカウントは「@」より前、送信用のアカウントはメールアドレスの全体です。",
    ),
    "ドコモメール": (
        "アカウントは「dアカウント」のIDです。パスワードは「IMAP専用パスワード」で、"
        "スマートフォンのWi-Fiを切って、ドコモの画面で作ります。",
    ),
    "au (": (
        "アカウントとパスワードは、auの画面で作るメールソフト用のものです。送信サーバは分かって"
        "いないので、auの案内で確かめて入力してください。",
    ),
    "さくらの": (
        "「<初期ドメイン>」を、契約のときに決まった名前（○○.sakura.ne.jp の○○）に書き換えて"
        "ください。お店のドメインではありません。",
    ),
    "mixhost": ("「<サーバー名>」を、契約の書類にあるサーバの名前に書き換えてください。",),
    "Zoho Mail": ("2段階認証を使っているときは、「アプリ パスワード」を作って入力してください。",),
    "IIJmio": (_DOTTED,),
    "IIJ4U": (_DOTTED,),
    "群馬インターネット": (
        "「<メールドメイン>」が残ったときは、メールアドレスの「@」の後ろに書き換えてください。",
        _TRY_SSL,
        _IN_CLEAR,
    ),
    "TikiTiki": (
        "受信用のアカウントは「@」より前、送信用のアカウントはメールアドレスの全体です。",
        "「<メールドメイン>」が残ったときは、メールアドレスの「@」の後ろに書き換えてください。",
        _TRY_SSL,
        _IN_CLEAR,
    ),
}
"""A name stands for every provider whose name begins so."""
