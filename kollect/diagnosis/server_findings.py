"""Part 1 of the diagnosis: the shop's address against the servers in the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kollect.diagnosis.dns_answers import plain_name
from kollect.diagnosis.finding import EVERYBODY, Finding, Topic, Verdict
from kollect.diagnosis.hosters import hoster_of
from kollect.settings import microsoft
from kollect.settings.model import Settings
from kollect.settings.providers import Provider, for_domain

FREE_MAIL = ("Gmail", "Yahoo!メール", "Yahoo!BB", "Outlook.com / Hotmail", "iCloud")


def about_servers(settings: Settings) -> Iterator[Finding]:
    """What is to be said of the address and the servers, without asking anybody."""
    yield from _microsoft(settings)
    providers = for_domain(settings.mail_address)
    if providers:
        yield _provider_address(settings, providers)
    else:
        yield _own_domain(settings)


def owned_by_provider(settings: Settings) -> bool:
    """The domain is a provider's: its DNS is nothing that the shop could change."""
    return bool(for_domain(settings.mail_address))


def _provider_address(settings: Settings, providers: tuple[Provider, ...]) -> Finding:
    provider = providers[0]
    domain = settings.mail_address.rpartition("@")[2]
    label = provider.label.partition("（")[0]
    free = provider.name in FREE_MAIL
    kind = "フリーメール" if free else "プロバイダのメール"
    if _is_its_own(settings.send.host, providers):
        return Finding(
            "server.provider_own",
            Topic.SERVER,
            Verdict.GOOD,
            f"{label}のアドレスを、{label}の送信サーバから送っています。",
            "送信サーバの届け出（SPF）や署名（DKIM）は、"
            f"{label}がしています。お店ですることはありません。"
            + ("フリーメールは、1日に送れる数が少なめです（Gmailは500通ほど）。" if free else ""),
        )
    return Finding(
        "server.foreign",
        Topic.SERVER,
        Verdict.BAD,
        f"{label}のアドレス（@{domain}）を、よその送信サーバ「{settings.send.host}」から"
        "送っています。",
        f"{kind}のアドレスは、その会社の送信サーバからだけ送れます。よそから送ったメールは、"
        "なりすましとみなされ、届かないか、迷惑メールに入ります。",
        f"「メールの設定」の送信サーバを、{label}のもの（{provider.smtp.host}）にしてください。"
        "今の送信サーバを使い続けるときは、Emailアドレスを、その会社のアドレスにしてください。",
        EVERYBODY,
        where="緒言設定 ▸「メールの設定」▸「送信用設定」",
    )


def _own_domain(settings: Settings) -> Finding:
    domain = plain_name(settings.mail_address.rpartition("@")[2])
    host = plain_name(settings.send.host)
    hoster = hoster_of(host)
    if hoster is not None:
        what = f"お店のドメイン「{domain}」を、{hoster.label}の送信サーバから送っています。"
    elif host == domain or host.endswith(f".{domain}"):
        what = f"お店のドメイン「{domain}」を、同じドメインの送信サーバから送っています。"
    else:
        what = f"お店のドメイン「{domain}」を、「{host}」から送っています。"
    return Finding(
        "server.own_domain",
        Topic.SERVER,
        Verdict.GOOD,
        what,
        "このサーバから送ってよいことが、下の「届け出（SPF）」にあれば、届きます。",
    )


def _is_its_own(host: str, providers: tuple[Provider, ...]) -> bool:
    """Whether the server belongs to the company whose domain it is."""
    name = plain_name(host)
    known = {one.smtp.host for one in providers} | {
        server.host for one in providers for server in (one.pop, one.imap) if server is not None
    }
    domains = {domain for one in providers for domain in one.domains}
    domains |= {_house(one) for one in known}
    return any(name == one or name.endswith(f".{one}") for one in domains if "." in one)


def _house(host: str) -> str:
    """The domain of a server as providers name it: `smtp.mail.yahoo.co.jp` is in `yahoo.co.jp`."""
    labels = host.split(".")
    keep = 3 if len(labels[-1]) == 2 and len(labels) > 3 and len(labels[-2]) <= 2 else 2
    return ".".join(labels[-keep:])


def _microsoft(settings: Settings) -> Iterator[Finding]:
    if microsoft.is_microsoft(settings.receive.host):
        yield Finding(
            "microsoft.receiving",
            Topic.MICROSOFT,
            Verdict.BAD,
            "この受信サーバでは、メールを受信できません。",
            microsoft.NO_RECEIVING,
            microsoft.OTHER_ADDRESS,
        )
    if microsoft.is_microsoft(settings.send.host):
        yield Finding(
            "microsoft.sending",
            Topic.MICROSOFT,
            Verdict.CARE,
            f"この送信サーバは、{microsoft.SENDING_ENDS}から使えなくなります。",
            microsoft.SENDING_ENDING,
            microsoft.ALLOW_SENDING,
        )
