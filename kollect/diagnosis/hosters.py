"""The companies that send shops' letters: what their SPF needs, and where to set it. Pure.

The sources are beside each. A company renames its panels: the texts name the way, not the button.
"""

from __future__ import annotations

from dataclasses import dataclass

from kollect.diagnosis.dns_answers import plain_name


@dataclass(frozen=True, slots=True)
class Hoster:
    label: str
    servers: tuple[str, ...]
    """Domains of its sending servers."""
    spf: tuple[str, ...] = ()
    """What lets its servers through; `{host}` is the sending server. Empty: the papers tell."""
    panel: str = ""
    """Where SPF, DKIM and DMARC are switched on."""
    selectors: tuple[str, ...] = ()
    """Names of its DKIM keys, where they are the same for all shops."""


HOSTERS = (
    Hoster(
        "エックスサーバー",  # SPF as its panel writes it; key `default` (seen in many zones)
        ("xserver.jp", "xsrv.jp"),
        ("a:{host}", "mx", "include:spf.sender.xserver.jp"),
        "サーバーパネル ▸「メール」▸「SPF設定」「DKIM設定」「DMARC設定」",
        ("default",),
    ),
    Hoster(
        "ロリポップ!",  # include seen in many zones
        ("lolipop.jp",),
        ("include:_spf.lolipop.jp",),
        "DNSの設定（ムームードメインのときは「ムームーDNS」）",
    ),
    Hoster(
        "ヘテムル",  # support.heteml.jp article 360041679414
        ("heteml.jp",),
        ("include:_spf.heteml.jp",),
        "DNSの設定（ヘテムルのネームサーバーでは自動。ムームーDNSでは「設定1」か「設定2」）",
    ),
    Hoster(
        "ムームーメール",  # support.muumuu-domain.com article 6836857454483
        ("muumuu-mail.com",),
        ("include:_spf.muumuu-mail.com",),
        "ムームードメイン ▸「ドメイン操作」▸「ムームーDNS」",
    ),
    Hoster(
        "さくらのレンタルサーバ",  # help.sakura.ad.jp/rs/2861; `a:www….sakura.ne.jp mx`
        ("sakura.ne.jp",),
        ("a:{host}", "mx"),
        "サーバコントロールパネル ▸「ドメイン/SSL」▸ ドメインの「設定」▸ SPF・DKIM・DMARC",
    ),
    Hoster(
        "お名前メール",  # onamae.com/server/rs/news/240123.html; its include is per server
        ("gmoserver.jp", "onamae.ne.jp"),
        (),
        "お名前.comのコントロールパネル ▸「メール」▸「DMARC認証設定」",
    ),
    Hoster(
        "KAGOYA",  # a report of a move to KAGOYA MAIL
        ("kagoya.net",),
        ("include:kagoya.net",),
        "KAGOYAのコントロールパネル ▸「メール」",
        ("kagoya",),
    ),
    Hoster(
        "Google（Gmail、Google Workspace）",  # support.google.com/a/answer/33786
        ("google.com", "gmail.com", "googlemail.com"),
        ("include:_spf.google.com",),
        "Google管理コンソール ▸「アプリ」▸「Google Workspace」▸「Gmail」▸「メールの認証」",
        ("google",),
    ),
    Hoster(
        "Microsoft 365",  # learn.microsoft.com, "Set up SPF"
        ("office365.com", "outlook.com"),
        ("include:spf.protection.outlook.com",),
        "Microsoft 365 管理センター ▸「設定」▸「ドメイン」",
        ("selector1", "selector2"),
    ),
    Hoster(
        "Zoho Mail",  # seen in many zones, as its key
        ("zoho.jp",),
        ("include:zoho.jp",),
        "Zoho Mailの管理画面 ▸「ドメイン」▸「メール設定」",
        ("zmail",),
    ),
    Hoster(
        "iCloudメール",
        ("icloud.com", "me.com"),
        ("include:icloud.com",),
        "iCloudの設定 ▸「カスタムメールドメイン」",
        ("sig1",),
    ),
)

DNS_PANELS = (
    ("muumuu-domain.com", "ムームードメイン ▸「ドメイン操作」▸「ムームーDNS」▸「カスタム設定」"),
    ("xserver.jp", "エックスサーバーのサーバーパネル ▸「ドメイン」▸「DNSレコード設定」"),
    ("xdomain.ne.jp", "Xserverドメインの管理画面 ▸「DNSレコード設定」"),
    (
        "dnsv.jp",
        "お名前.com Navi ▸「ドメインのDNS設定」▸「DNSレコード設定」",
    ),
    ("onamae.com", "お名前.com Navi ▸「ネームサーバーの設定」▸「ドメインのDNS設定」"),
    ("dns.ne.jp", "さくらのドメインコントロールパネル ▸「ゾーン」"),
    ("value-domain.com", "バリュードメイン ▸「ドメイン」▸「DNS/URL設定」"),
    ("lolipop.jp", "ロリポップ!（レコードを足すには、ムームーDNSなどに切り替えます）"),
    ("heteml.jp", "ヘテムル（レコードを足すには、ムームーDNSなどに切り替えます）"),
    ("star-domain.jp", "スタードメインの管理画面 ▸「DNS設定」"),
    ("kagoya.net", "KAGOYAのコントロールパネル ▸「ドメイン」▸「DNS設定」"),
    ("gmoserver.jp", "お名前.comのコントロールパネル ▸「DNS設定」"),
    ("cloudflare.com", "Cloudflareの管理画面 ▸「DNS」▸「レコード」"),
    ("wixdns.net", "Wixの管理画面 ▸「ドメイン」▸「DNSレコードを管理」"),
)
"""By the end of the names of a domain's DNS servers: who has them, and where a record is added."""

ANY_PANEL = "ドメインを契約した会社の管理画面の「DNS設定」（「DNSレコード設定」）"


def hoster_of(host: str) -> Hoster | None:
    """Whose sending server this is."""
    name = plain_name(host)
    return next((one for one in HOSTERS if any(_under(name, end) for end in one.servers)), None)


def dns_panel(nameservers: tuple[str, ...]) -> str:
    """Where the shop adds a record, by the DNS servers of its domain."""
    for server in nameservers:
        for end, panel in DNS_PANELS:
            if _under(plain_name(server), end):
                return panel
        if ".awsdns-" in server:
            return "Amazon Route 53 の「ホストゾーン」"
    return ANY_PANEL


def _under(name: str, end: str) -> bool:
    return name == end or name.endswith(f".{end}")
