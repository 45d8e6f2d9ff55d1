"""Part 2 of the diagnosis: whether the shop's domain is there and takes mail. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kollect.diagnosis.dns_answers import DnsStatus, DnsType, KnownAnswers
from kollect.diagnosis.finding import EVERYBODY, MOBILE, Finding, Topic, Verdict
from kollect.diagnosis.hosters import dns_panel

TRY_LATER = "しばらくしてから、もう一度診断してください。"


def is_missing(domain: str, known: KnownAnswers) -> bool:
    """There is no such domain: everything else about it would be idle."""
    kinds = (DnsType.MX, DnsType.TXT)
    return all(known.get(domain, kind).status is DnsStatus.NO_NAME for kind in kinds)


def about_domain(domain: str, known: KnownAnswers) -> Iterator[Finding]:
    mail, address = known.get(domain, DnsType.MX), known.addresses(domain)
    if is_missing(domain, known):
        yield Finding(
            "domain.missing",
            Topic.DOMAIN,
            Verdict.BAD,
            f"「{domain}」というドメインは、ありません。",
            "差出人のドメインがないメールは、ほとんどの相手が受け取りません。"
            "つづりの誤りか、ドメインの契約が切れています。",
            "「メールの設定」のEmailアドレスのつづりを確かめてください。"
            "正しいときは、ドメインを契約した会社に、期限が切れていないか問い合わせてください。",
            EVERYBODY,
            where="緒言設定 ▸「メールの設定」▸「Emailアドレス」",
        )
        return
    if mail.alias_of:
        yield Finding(
            "domain.alias",
            Topic.DOMAIN,
            Verdict.CARE,
            f"「{domain}」は、「{mail.alias_of}」の別名（CNAME）になっています。",
            "メールに使うドメインを別名にすると、届け先（MX）も届け出（SPF）も別名の先のものが"
            "使われ、お店のドメインに書いた内容は無視されます。断る相手もあります。",
            "CNAMEをやめて、同じ行き先のIPアドレス（Aレコード）に変えてください。",
            EVERYBODY,
            where=panel_of(domain, known),
            detail=f"{domain} CNAME {mail.alias_of}",
        )
    if mail.unknown:
        yield Finding(
            "domain.unknown",
            Topic.DOMAIN,
            Verdict.UNKNOWN,
            "分かりませんでした。",
            f"「{domain}」のDNSサーバが、"
            + (
                "答えませんでした。"
                if mail.status is not DnsStatus.FAILED
                else "正しく答えませんでした。続くときは、ドメインの側の故障かもしれません。"
            ),
            TRY_LATER,
            detail=f"MX {domain}: {mail.status} {mail.detail}".strip(),
        )
        return
    if mail.status is DnsStatus.FOUND:
        yield _mail_servers(domain, mail.records, known)
    elif address.status is DnsStatus.FOUND:
        yield Finding(
            "domain.address_only",
            Topic.DOMAIN,
            Verdict.CARE,
            f"「{domain}」に、メールの届け先（MX）が書かれていません。",
            "ホームページのサーバ（Aレコード）が届け先の代わりになりますが、"
            "返事を受け取れないドメインとみて、断る相手があります。",
            "契約しているメールサーバの名前を、MXとして書いてください。",
            MOBILE,
            where=panel_of(domain, known),
        )
    elif address.unknown:
        yield Finding(
            "domain.unknown",
            Topic.DOMAIN,
            Verdict.UNKNOWN,
            "分かりませんでした。",
            f"「{domain}」のDNSサーバが、答えませんでした。",
            TRY_LATER,
            detail=f"A {domain}: {address.status} {address.detail}".strip(),
        )
    else:
        yield Finding(
            "domain.no_mail",
            Topic.DOMAIN,
            Verdict.BAD,
            f"「{domain}」には、メールの届け先（MX）も、サーバの番地（A）もありません。",
            "返事を届けられないドメインからのメールは、多くの相手が受け取りません。",
            "契約しているメールサーバの名前を、MXとして書いてください。"
            "アドレスのつづりが違うこともあります。",
            EVERYBODY,
            where=panel_of(domain, known),
        )


def _mail_servers(domain: str, records: tuple[str, ...], known: KnownAnswers) -> Finding:
    hosts = [record.partition(" ")[2] for record in records]
    if all(host in ("", ".") for host in hosts):  # RFC 7505
        return Finding(
            "domain.takes_no_mail",
            Topic.DOMAIN,
            Verdict.BAD,
            f"「{domain}」は、「メールを受け取らない」と宣言しています。",
            "メールの届け先（MX）が「.」だけです。このようなドメインからのメールは、"
            "多くの相手が受け取らず、空メールもお店に届きません。",
            "MXを、契約しているメールサーバの名前に変えてください。",
            EVERYBODY,
            where=panel_of(domain, known),
            detail=f"MX {'; '.join(records)}",
        )
    found = [known.addresses(host) for host in hosts]
    if all(answer.nothing for answer in found):
        return Finding(
            "domain.lost_mail_server",
            Topic.DOMAIN,
            Verdict.BAD,
            f"メールの届け先（MX）に書かれたサーバ「{hosts[0]}」が、ありません。",
            "つづりが違うか、解約したサーバのままです。空メールも、お客様からの返事も届きません。",
            "MXを、いま契約しているメールサーバの名前に直してください。"
            "IPアドレスをそのまま書くことはできません。",
            EVERYBODY,
            where=panel_of(domain, known),
            detail=f"MX {'; '.join(records)}",
        )
    return Finding(
        "domain.good",
        Topic.DOMAIN,
        Verdict.GOOD,
        f"「{domain}」があり、メールの届け先（MX）は「{hosts[0]}」です。",
        detail=f"MX {'; '.join(records)}",
    )


def panel_of(domain: str, known: KnownAnswers) -> str:
    """Where a record of this domain is written: told by its DNS servers, or by those above it."""
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):
        answer = known.get(".".join(labels[at:]), DnsType.NS)
        if answer.status is DnsStatus.FOUND:
            return dns_panel(answer.records)
    return dns_panel(())
