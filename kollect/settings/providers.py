"""The providers of 「テンプレート」: their servers, ports, security, and what a shop must know.

The servers are in providers.csv, each with its source and how sure it is; what the CSV cannot say
(domains, advice for the shop) is in the tables at the end. Nothing here opens a line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources

from kollect.settings import microsoft
from kollect.settings.model import Auth, Protocol, Security, Settings


class AccountForm(StrEnum):
    """What the provider takes as account."""

    ADDRESS = "address"
    LOCALPART = "localpart"
    OTHER = "other"


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
    smtp: Server
    smtp_auth: bool
    account_form: AccountForm
    source: str
    confidence: str
    domains: tuple[str, ...]
    note: str
    """What the shop must know, in Japanese; may be empty."""
    password_login: bool
    """False where the provider takes no passwords any more: kollect cannot use it."""

    @property
    def needs_checking(self) -> bool:
        """要確認: the sources are weak; the provider's own pages should be asked."""
        return self.confidence == "low"

    def receiving(self, protocol: Protocol) -> Server | None:
        return self.pop if protocol is Protocol.POP3 else self.imap


def providers() -> tuple[Provider, ...]:
    """All of them, by name."""
    return _providers()


def for_domain(address: str) -> tuple[Provider, ...]:
    """The providers that serve a mail address (or only its domain), by name; mostly none or one."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    return tuple(
        provider
        for provider in providers()
        if any(domain == known or domain.endswith(f".{known}") for known in provider.domains)
    )


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

    The protocol is the other one where the provider does not offer this one. An account that only
    the contract's papers tell stays as it is.
    """
    server = provider.receiving(protocol)
    if server is None:
        protocol = Protocol.IMAP if protocol is Protocol.POP3 else Protocol.POP3
        server = provider.receiving(protocol)
    account = account_for(provider, settings.mail_address)
    receive = replace(settings.receive, account=account or settings.receive.account)
    if server is not None:
        receive = replace(
            receive,
            protocol=protocol,
            host=server.host,
            port=server.port,
            security=server.security,
        )
    send = replace(
        settings.send,
        host=provider.smtp.host,
        port=provider.smtp.port,
        auth=_auth(provider),
        account=account or settings.send.account,
    )
    return replace(settings, receive=receive, send=send)


def _auth(provider: Provider) -> Auth:
    if not provider.smtp_auth:
        return Auth.NO
    # する(SSL認証) demands encryption on every port, する only takes it where it is offered
    return Auth.YES if provider.smtp.security is Security.NONE else Auth.SSL


@cache
def _providers() -> tuple[Provider, ...]:
    # by importlib, so that it is found inside the .exe too
    text = resources.files("kollect.settings").joinpath("providers.csv").read_text("utf-8-sig")
    found = (_provider(row) for row in csv.DictReader(text.splitlines()))
    return tuple(sorted(found, key=lambda provider: provider.name.casefold()))


def _provider(row: dict[str, str]) -> Provider:
    smtp = _server(row, "smtp")
    if smtp is None:
        raise ValueError(f"providers.csv: {row['provider']} has no SMTP server")
    name = row["provider"]
    return Provider(
        name=name,
        label=_LABELS.get(name, name),
        pop=_server(row, "pop"),
        imap=_server(row, "imap"),
        smtp=smtp,
        smtp_auth=row["smtp_auth"] == "yes",
        account_form=AccountForm(row["account_form"]),
        source=row["source_url"],
        confidence=row["confidence"],
        domains=tuple(_starting(name, _DOMAINS)),
        note=" ".join(_starting(name, _NOTES)),
        password_login=name not in _WITHOUT_PASSWORDS,
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

# In the tables below a name stands for every provider whose name begins so.

_DOMAINS: dict[str, tuple[str, ...]] = {
    "OCN": ("ocn.ne.jp",),
    "ASAHIネット": ("asahi-net.or.jp",),
    "So-net": ("so-net.ne.jp",),
    "BIGLOBE": ("biglobe.ne.jp",),
    "@nifty": ("nifty.com", "nifty.ne.jp"),
    "Yahoo!メール": ("yahoo.co.jp",),
    "Yahoo!BB": ("ybb.ne.jp",),
    "エックスサーバー": ("xsrv.jp",),
    "J:COM": ("jcom.zaq.ne.jp",),
    "Gmail": ("gmail.com", "googlemail.com"),
    "Outlook.com": (
        "outlook.com",
        "outlook.jp",
        "hotmail.com",
        "hotmail.co.jp",
        "live.jp",
        "live.com",
        "msn.com",
    ),
    "Microsoft 365": ("onmicrosoft.com",),
    "iCloud": ("icloud.com", "me.com", "mac.com"),
    "ドコモメール": ("docomo.ne.jp",),
    "SoftBank": ("i.softbank.jp",),
}

_IN_CLEAR = "暗号化がないので、パスワードを途中で盗み見される危険があります。"
_NOTES: dict[str, tuple[str, ...]] = {
    "ASAHIネット": ("アカウントは、メールアドレスではなく、ASAHIネットのIDです。",),
    "ASAHIネット (no TLS)": (_IN_CLEAR,),
    "So-net": ("IMAPは、新しい申し込みが終わっています。POPをお使いください。",),
    "@nifty": (
        "まず、暗号化「SSL」、受信ポート番号995、送信ポート番号465、"
        "SMTP認証「する(SSL認証)」でお試しください。",
    ),
    "Yahoo!メール": (
        "先にYahoo!メールの設定画面で、ほかのメールソフトからの利用を有効にしてください。",
    ),
    "エックスサーバー": ("「sv***」の「***」に、契約の書類にあるサーバ番号を入れてください。",),
    "KAGOYA": (
        "アカウントは「アカウント名.契約ごとの文字」の形です。POPのサーバ名は契約ごとに違うので、"
        "契約の書類で確かめてください。",
    ),
    "お名前メール": (
        "「<独自ドメイン>」を、お店のドメインに書き換えてください。"
        "証明書の名前が違うと出たときは、内容を確かめて「この証明書を信頼する」を押してください。",
    ),
    "J:COM (ZAQ) no TLS": (_IN_CLEAR,),
    "Gmail": (
        "ふだんのパスワードでは接続できません。Googleアカウントで2段階認証を有効にして"
        "「アプリ パスワード」を作り、それをパスワードとして入力してください。",
    ),
    "Outlook.com": (microsoft.NO_PASSWORDS,),
    "Microsoft 365": (microsoft.NO_PASSWORDS,),
    "iCloud": (
        "Appleの「App用パスワード」を作って入力してください。"
        "受信用のアカウントは「@」より前、送信用のアカウントはメールアドレスの全体です。",
    ),
    "ドコモメール": ("ドコモの画面で作る、IMAP専用のパスワードを入力してください。",),
}
_WITHOUT_PASSWORDS = ("Outlook.com / Hotmail", "Microsoft 365")
