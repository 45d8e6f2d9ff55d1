"""Part 1 of the diagnosis: the shop's address against the servers in the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kollect.diagnosis.dns_answers import plain_name
from kollect.diagnosis.finding import EVERYBODY, Finding, Topic, Verdict
from kollect.diagnosis.hosters import hoster_of
from kollect.mail import organization
from kollect.settings import microsoft
from kollect.settings.model import Settings
from kollect.settings.providers import Provider, for_domain, is_free_mail


def about_servers(settings: Settings) -> Iterator[Finding]:
    """What is to be said of the address and the servers, without asking anybody."""
    yield from _microsoft(settings)
    provider = for_domain(settings.mail_address)
    if provider is not None:
        yield _provider_address(settings, provider)
    else:
        yield _own_domain(settings)


def owned_by_provider(settings: Settings) -> bool:
    """The domain is a provider's: its DNS is nothing that the shop could change."""
    return for_domain(settings.mail_address) is not None


def _provider_address(settings: Settings, provider: Provider) -> Finding:
    domain = settings.mail_address.rpartition("@")[2]
    label = provider.label.partition("（")[0]
    free = is_free_mail(settings.mail_address)
    kind = "フリーメール" if free else "プロバイダのメール"
    if _is_its_own(settings.send.host, provider):
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
        f"「メールの設定」の送信サーバを、{label}のもの{_named(provider)}にしてください。"
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
        "このサーバから送ってよいことが「届け出（SPF）」にあるかを、続けて調べます。",
    )


def _named(provider: Provider) -> str:
    return f"（{provider.smtp.host}）" if provider.smtp is not None else ""


def _is_its_own(host: str, provider: Provider) -> bool:
    """Whether the server belongs to the company whose domain it is."""
    servers = (provider.pop, provider.imap, provider.smtp)
    names = [*provider.domains, *(server.host for server in servers if server is not None)]
    return any(organization.same(host, name) for name in names)


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
