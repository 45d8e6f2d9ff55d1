"""Part 2 of the diagnosis: 「なりすましへの備え（DMARC）」 and the signature (DKIM). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kollect.diagnosis import dmarc
from kollect.diagnosis.dmarc import DmarcRecord, DmarcSituation
from kollect.diagnosis.dns_answers import DnsStatus, KnownAnswers
from kollect.diagnosis.domain_findings import TRY_LATER, panel_of
from kollect.diagnosis.finding import EVERYBODY, DnsRecord, Finding, Topic, Verdict, about_record
from kollect.diagnosis.hosters import hoster_of

WHAT_IT_DOES = (
    "DMARCは、「なりすましと分かったメールを、こう扱ってください」というお店からのお願いです。"
)
MILD = "v=DMARC1; p=none"
_PLACE = (
    "ホスト名は「_dmarc」です（ドメインそのものには書きません）。"
    "すでにある行は消して、1つだけにしてください。"
)
_POLICY_WORDS = {
    "none": "「そのまま届けてください」",
    "quarantine": "「迷惑メールに入れてください」",
    "reject": "「受け取らないでください」",
}


def about_dmarc(domain: str, known: KnownAnswers, *, spf_sound: bool) -> tuple[Finding, ...]:
    """`spf_sound`: a letter of the shop passes by its SPF record, as far as can be known."""
    here = dmarc.situation(domain, known)
    if here.several:
        return (_several(domain, here, known),)
    if here.misspelt:
        return (_misspelt(domain, here, known),)
    if here.record is not None:
        return (_in_force(domain, here.record, here, known, spf_sound=spf_sound),)
    misplaced = _misplaced(domain, known)
    if misplaced:
        return (_wrong_place(domain, misplaced, known),)
    if here.unknown:
        return (_unknown(domain),)
    return (_missing(here, known),)


def _finding(
    code: str,
    verdict: Verdict,
    what: str,
    meaning: str,
    cure: str = "",
    *,
    domain: str = "",
    known: KnownAnswers | None = None,
    to_write: str = "",
    there: tuple[str, ...] = (),
) -> Finding:
    return about_record(
        Topic.DMARC,
        f"dmarc.{code}",
        verdict,
        what,
        meaning,
        cure,
        panel=lambda: panel_of(domain, known) if known is not None else "",
        record=DnsRecord(domain, "_dmarc", to_write) if to_write else None,
        there=there,
    )


def _unknown(domain: str) -> Finding:
    return _finding(
        "unknown",
        Verdict.UNKNOWN,
        "分かりませんでした。",
        f"「_dmarc.{domain}」をたずねましたが、DNSサーバの答えがありませんでした。",
        TRY_LATER,
    )


def _missing(here: DmarcSituation, known: KnownAnswers) -> Finding:
    return _finding(
        "missing",
        Verdict.CARE,
        "DMARCが書かれていません。",
        f"{WHAT_IT_DOES}ないお店のメールは、携帯各社やGmailで信用が低くなり、"
        "docomoでは注意の印がつくことがあります。",
        f"下の内容を、DNSに書いてください（TXTレコード）。{_PLACE}"
        "「p=none」は、届き方を変えない、いちばん安全な書き方です。",
        domain=here.organization,
        known=known,
        to_write=MILD,
    )


def _several(domain: str, here: DmarcSituation, known: KnownAnswers) -> Finding:
    kept = next((dmarc.corrected(text) for text in here.several), MILD)
    return _finding(
        "several",
        Verdict.BAD,
        f"DMARCが{len(here.several)}つあります。1つでなければなりません。",
        f"{WHAT_IT_DOES}2つ以上あると、どれも読まれず、書いていないのと同じになります。",
        "今あるものをすべて消して、下の内容を1つだけ書いてください（TXTレコード）。",
        domain=domain,
        known=known,
        to_write=kept,
        there=here.several,
    )


def _misspelt(domain: str, here: DmarcSituation, known: KnownAnswers) -> Finding:
    return _finding(
        "misspelt",
        Verdict.BAD,
        "DMARCの書き方に、誤りがあります。",
        f"{WHAT_IT_DOES}書き方が違うので、読まれません。"
        "「v=DMARC1;」で始まり、「p=」は none、quarantine、reject のどれかです。",
        "今あるものを消して、下の内容を1つだけ書いてください（TXTレコード）。",
        domain=domain,
        known=known,
        to_write=dmarc.corrected(here.misspelt[0]),
        there=here.misspelt,
    )


def _misplaced(domain: str, known: KnownAnswers) -> tuple[str, ...]:
    """Records at the domain itself, or where a panel has added the domain a second time."""
    places = (domain, f"_dmarc.{domain}.{domain}")
    return tuple(
        text
        for place in places
        for text in known.texts(place).records
        if dmarc.is_meant_as_dmarc(text)
    )


def _wrong_place(domain: str, found: tuple[str, ...], known: KnownAnswers) -> Finding:
    sound = [text for text in found if dmarc.is_dmarc(text) and not dmarc.parse(text).faults]
    return _finding(
        "wrong_place",
        Verdict.BAD,
        "DMARCが、違う場所に書かれています。",
        f"{WHAT_IT_DOES}「_dmarc.{domain}」に書かないと、読まれません。",
        f"今の場所から消して、下の内容を書いてください（TXTレコード）。{_PLACE}"
        "管理画面がドメイン名を自動で付け足すときは、「_dmarc」だけを入れます。",
        domain=domain,
        known=known,
        to_write=sound[0] if sound else dmarc.corrected(found[0]),
        there=found,
    )


def _in_force(
    domain: str,
    record: DmarcRecord,
    here: DmarcSituation,
    known: KnownAnswers,
    *,
    spf_sound: bool,
) -> Finding:
    policy = record.policy_for(subdomain=here.at != domain)
    wish = _POLICY_WORDS[policy]
    from_above = f"（「{here.at}」に書かれたものが使われます）" if here.at != domain else ""
    if policy != "none" and not spf_sound:
        return _finding(
            f"{policy}_without_spf",
            Verdict.BAD,
            f"DMARCで{wish}とお願いしているのに、届け出（SPF）が合っていません{from_above}。",
            f"{WHAT_IT_DOES}お店の返信がなりすましとみなされ、お願いのとおりに扱われます。"
            "ソフトバンクなどでは、お客様が受信を許していても届きません。",
            "先に、「届け出（SPF）」を直してください。"
            "直すまでは、下の内容に変えておくと、届きやすくなります。",
            domain=here.at,
            known=known,
            to_write=MILD,
            there=(record.text,),
        )
    return _finding(
        policy,
        Verdict.GOOD,
        f"DMARCがあり、なりすましのメールは{wish}とお願いしています{from_above}。",
        "コレクトは、差出人と同じアドレスで送るので（封筒の差出人も同じ）、"
        "届け出（SPF）が合っていれば、DMARCにも合格します。",
        there=(record.text,),
    )


# ---- the signature ----


def about_dkim(domain: str, send_host: str, known: KnownAnswers) -> Iterator[Finding]:
    """Only where the sending company's keys have a known name; else a mail that came back tells."""
    hoster = hoster_of(send_host)
    if hoster is None or not hoster.selectors:
        return
    answers = [known.texts(f"{one}._domainkey.{domain}") for one in hoster.selectors]
    if any(answer.status is DnsStatus.FOUND for answer in answers):
        yield Finding(
            "dkim.good",
            Topic.DKIM,
            Verdict.GOOD,
            "署名（DKIM）の鍵があります。",
            f"{hoster.label}が、お店のメールに署名をつけます。"
            "転送されても、お店からのメールだと分かります。",
        )
    elif all(answer.nothing for answer in answers):
        yield Finding(
            "dkim.missing",
            Topic.DKIM,
            Verdict.CARE,
            f"{hoster.label}の署名（DKIM）の鍵が、見つかりません。",
            "DKIMは、お店のメールだという印を、送信サーバが1通ごとにつけるものです。"
            "ないと、転送されたメールなどが、なりすましとみなされることがあります。",
            "管理画面で、DKIMを有効にしてください（多くは無料で、ボタン1つです）。",
            EVERYBODY,
            where=hoster.panel,
        )
