"""Part 2 of the diagnosis: 「送信サーバの届け出（SPF）」, with the record to paste. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kollect.diagnosis import spf
from kollect.diagnosis.dns_answers import KnownAnswers, plain_name
from kollect.diagnosis.domain_findings import TRY_LATER, panel_of
from kollect.diagnosis.finding import DnsRecord, Finding, Topic, Verdict, about_record
from kollect.diagnosis.hosters import Hoster, hoster_of
from kollect.diagnosis.spf import SpfEnd, SpfRecord
from kollect.diagnosis.spf_walk import MOST_IN_VAIN, MOST_LOOKUPS, SpfReading, walk

WHAT_IT_DOES = (
    "SPFは、「お店のドメインのメールは、このサーバから送ります」という届け出です。"
    "受け取る側は、これと見比べて、なりすましかどうかを決めます。"
)
WRITE_ONE = "下の内容を、DNSに1つだけ書いてください（TXTレコード）。"
REPLACE = "今ある届け出を消して、下の内容を1つだけ書いてください（TXTレコード）。"
_PAPERS = "契約している会社の案内に別の書き方があるときは、そちらを使ってください。"
_ASK = "送信サーバの会社の案内にあるSPFを、DNSに1つだけ書いてください（TXTレコード）。"


@dataclass(frozen=True, slots=True)
class _Case:
    domain: str
    host: str
    """The sending server."""
    hoster: Hoster | None
    known: KnownAnswers

    def finding(
        self,
        code: str,
        verdict: Verdict,
        what: str,
        meaning: str,
        cure: str = "",
        *,
        to_write: str = "",
        there: tuple[str, ...] = (),
    ) -> Finding:
        return about_record(
            Topic.SPF,
            f"spf.{code}",
            verdict,
            what,
            meaning,
            cure,
            panel=self.where,
            record=DnsRecord(self.domain, "", to_write) if to_write else None,
            there=there,
        )

    def where(self) -> str:
        panel = panel_of(self.domain, self.known)
        if self.hoster is None or not self.hoster.panel:
            return panel
        return f"{self.hoster.panel}。ないときは、{panel}"

    def needed(self) -> tuple[str, ...]:
        """The parts that let the sending server through."""
        if self.hoster is not None:
            return tuple(part.format(host=self.host) for part in self.hoster.spf)
        return ("mx", f"a:{self.host}")


def about_spf(domain: str, send_host: str, known: KnownAnswers) -> tuple[Finding, ...]:
    """All there is to be said; never empty. At the end the verdict on the sending server."""
    case = _Case(domain, plain_name(send_host), hoster_of(send_host), known)
    answer = known.texts(domain)
    if answer.unknown:
        return (
            case.finding(
                "unknown",
                Verdict.UNKNOWN,
                "分かりませんでした。",
                f"「{domain}」の届け出をたずねましたが、DNSサーバの答えがありませんでした。",
                TRY_LATER,
            ),
        )
    found = tuple(text for text in answer.records if spf.is_spf(text))
    meant = tuple(text for text in answer.records if spf.is_meant_as_spf(text))
    if len(found) > 1:
        return (_several(case, found),)
    if not found:
        return (_misspelt(case, meant) if meant else _missing(case),)
    record = spf.parse(found[0])
    addresses = known.addresses(case.host)
    reading = walk(domain, record, known, addresses.records)
    faults = list(_faults(case, record, reading))
    if any(finding.verdict is Verdict.BAD for finding in faults):
        return tuple(faults)
    return (*faults, _sending_server(case, record, reading))


def _several(case: _Case, found: tuple[str, ...]) -> Finding:
    records = [spf.parse(text) for text in found]
    return case.finding(
        "several",
        Verdict.BAD,
        f"届け出（SPF）が{len(found)}つあります。1つでなければなりません。",
        f"{WHAT_IT_DOES}2つ以上あると、どれも無効とみなされ、届け出がないのと同じになります。",
        "今ある届け出をすべて消して、まとめた下の内容を1つだけ書いてください（TXTレコード）。",
        to_write=spf.repaired(records, add=_missing_parts(case, records)),
        there=found,
    )


def _missing(case: _Case) -> Finding:
    needed = case.needed()
    to_write = spf.repaired([], add=needed) if needed else ""
    return case.finding(
        "missing",
        Verdict.BAD,
        "届け出（SPF）がありません。",
        f"{WHAT_IT_DOES}ないと、Gmailは受け取らず、携帯各社でも届かないことがあります。",
        f"{WRITE_ONE}{_PAPERS}" if to_write else _ASK,
        to_write=to_write,
    )


def _misspelt(case: _Case, meant: tuple[str, ...]) -> Finding:
    parts = [spf.parse(f"v=spf1 {_rest(text)}") for text in meant]
    return case.finding(
        "misspelt",
        Verdict.BAD,
        "届け出（SPF）の書き方に、誤りがあります。",
        f"{WHAT_IT_DOES}書き始めが「v=spf1 」（半角。あとに空白）でないので、"
        "届け出とは読まれません。",
        REPLACE,
        to_write=spf.repaired(parts, add=_missing_parts(case, parts)),
        there=meant,
    )


def _rest(text: str) -> str:
    """What stands behind the beginning that was written wrong."""
    words = text.strip("\"' ").replace(";", " ").replace(",", " ").split()
    return " ".join(word for word in words if "spf" not in word.lower() or ":" in word)


def _faults(case: _Case, record: SpfRecord, reading: SpfReading) -> Iterator[Finding]:
    there = (record.text,)
    if record.faults:
        yield case.finding(
            "unreadable",
            Verdict.BAD,
            f"届け出（SPF）に、誤った部分があります: {' '.join(record.faults)}",
            f"{WHAT_IT_DOES}1か所でも誤りがあると、全体が無効になります。",
            REPLACE,
            to_write=_repaired(case, record),
            there=there,
        )
        return
    if record.allows_nobody:
        yield case.finding(
            "nobody",
            Verdict.BAD,
            "「このドメインからは、メールを1通も送らない」という届け出になっています。",
            f"{WHAT_IT_DOES}このままでは、お店の返信はすべて、なりすましとみなされます。",
            f"{REPLACE}{_PAPERS}" if case.needed() else _ASK,
            to_write=spf.repaired([], add=case.needed()) if case.needed() else "",
            there=there,
        )
        return
    if reading.loops:
        yield case.finding(
            "loop",
            Verdict.BAD,
            f"届け出（SPF）が、ぐるぐる回っています: {_listed(reading.loops)}",
            f"{WHAT_IT_DOES}別の届け出を読みに行くと元に戻ってきて終わらないので、"
            "全体が無効になります。",
            REPLACE,
            to_write=_repaired(case, record, reading.loops),
            there=there,
        )
    elif reading.dead_ends:
        yield case.finding(
            "dead_end",
            Verdict.BAD,
            f"届け出（SPF）が指す先に、正しい届け出がありません: {_listed(reading.dead_ends)}",
            f"{WHAT_IT_DOES}指す先がないと、全体が無効になります。"
            "解約したサービスのものが残っていることがあります。",
            REPLACE,
            to_write=_repaired(case, record, reading.dead_ends),
            there=there,
        )
    elif reading.lookups > MOST_LOOKUPS:
        yield case.finding(
            "too_many_lookups",
            Verdict.BAD,
            f"届け出（SPF）を読むのに、{_number(reading.lookups)}回の問い合わせが要ります。"
            f"{MOST_LOOKUPS}回までと決まっています。",
            f"{WHAT_IT_DOES}{MOST_LOOKUPS}回を超えると、全体が無効とみなされます。"
            "include、a、mx などの1つ1つが、1回以上になります。",
            "使っていないサービスのincludeを消して、"
            f"{MOST_LOOKUPS}回以内にしてください。どれが要るかは、契約している会社に確かめてください。",
            there=there,
        )
    elif reading.crowded:
        yield case.finding(
            "too_many_mail_servers",
            Verdict.BAD,
            f"届け出（SPF）の「{_listed(reading.crowded)}」が指すサーバが、10台を超えています。",
            f"{WHAT_IT_DOES}10台を超えると、全体が無効とみなされます。",
            "契約している会社に、書き方を確かめてください。",
            there=there,
        )
    elif len(reading.in_vain) > MOST_IN_VAIN:
        yield case.finding(
            "too_many_in_vain",
            Verdict.BAD,
            f"届け出（SPF）が、ないサーバをいくつも指しています: {_listed(reading.in_vain)}",
            f"{WHAT_IT_DOES}ないものを{MOST_IN_VAIN}つより多く指すと、全体が無効とみなされます。",
            REPLACE,
            to_write=_repaired(case, record, reading.in_vain),
            there=there,
        )
    yield from _end(case, record, reading)


def _end(case: _Case, record: SpfRecord, reading: SpfReading) -> Iterator[Finding]:
    there = (record.text,)
    if reading.end is SpfEnd.ALLOW:
        yield case.finding(
            "allows_everybody",
            Verdict.BAD,
            "届け出（SPF）の終わりが「+all」で、「だれが送ってもよい」になっています。",
            f"{WHAT_IT_DOES}これでは、なりすましをだれでもできるので、"
            "迷惑メールのドメインとして扱う相手があります。",
            REPLACE,
            to_write=_repaired(case, record),
            there=there,
        )
    elif reading.end is SpfEnd.NONE and not reading.void:
        yield case.finding(
            "no_end",
            Verdict.CARE,
            "届け出（SPF）に、終わり（~all）がありません。",
            f"{WHAT_IT_DOES}ほかのサーバから送られたメールをどうするかが書かれていないので、"
            "なりすましを見分ける役に立ちません。",
            REPLACE,
            to_write=_repaired(case, record),
            there=there,
        )
    elif reading.end is SpfEnd.NEUTRAL and not reading.void:
        yield case.finding(
            "neutral_end",
            Verdict.CARE,
            "届け出（SPF）の終わりが「?all」で、「何とも言えない」になっています。",
            f"{WHAT_IT_DOES}「?all」では、なりすましを見分ける役に立ちません。",
            REPLACE,
            to_write=_repaired(case, record),
            there=there,
        )


def _sending_server(case: _Case, record: SpfRecord, reading: SpfReading) -> Finding:
    """Whether it lets through the server from which the shop sends."""
    there = (record.text,)
    lacking = _missing_parts(case, [record], reading)
    if reading.passed or (case.hoster is not None and case.hoster.spf and not lacking):
        return case.finding(
            "good",
            Verdict.GOOD,
            "届け出（SPF）があり、お店の送信サーバが入っています。",
            "受け取る側は、お店のドメインから送ってよいサーバだと分かります。",
            there=there,
        )
    if reading.unknown or reading.passed is None or case.known.addresses(case.host).unknown:
        return case.finding(
            "server_unknown",
            Verdict.UNKNOWN,
            "届け出（SPF）はありますが、お店の送信サーバが入っているかは、分かりませんでした。",
            "DNSサーバの答えがなかったところ、確かめられないところがあります。"
            if not reading.unknown
            else f"DNSサーバの答えがありませんでした: {_listed(reading.unknown)}",
            f"{TRY_LATER}続くときは、ご自分の携帯やGmailから空メールを送って、返信が届くか確かめてください。",
            there=there,
        )
    if case.hoster is not None and lacking:
        return case.finding(
            "server_missing",
            Verdict.BAD,
            f"届け出（SPF）に、{case.hoster.label}の送信サーバが入っていません。",
            f"{WHAT_IT_DOES}入っていないサーバから送ると、なりすましとみなされます。",
            f"{REPLACE}{_PAPERS}",
            to_write=_repaired(case, record),
            there=there,
        )
    strict = reading.end is SpfEnd.REFUSE
    return case.finding(
        "server_not_named",
        Verdict.CARE,
        f"届け出（SPF）に、送信サーバ「{case.host}」が入っていないようです。",
        f"{WHAT_IT_DOES}"
        + ("届け出の終わりが「-all」なので、入っていなければ、受け取られません。" if strict else "")
        + "実際には別の名前のサーバから送られることもあるので、ここでは決められません。",
        "ご自分の携帯やGmailから空メールを送って、返信が届くか確かめてください。"
        "届かないときは、送信サーバの会社に、SPFに書く内容をたずねてください。",
        there=there,
    )


def _missing_parts(
    case: _Case, records: list[SpfRecord], reading: SpfReading | None = None
) -> tuple[str, ...]:
    """What the sending company wants in the record, and is not there."""
    if case.hoster is None:
        return ()
    there = {term.text.lstrip("+").lower() for record in records for term in record.terms}
    if reading is not None:
        there |= {f"include:{name}" for name in reading.includes}
    needed = case.needed()
    includes = [part for part in needed if part.startswith("include:")]
    return tuple(part for part in includes or needed if part.lower() not in there)


def _repaired(case: _Case, record: SpfRecord, leave_out: Sequence[str] = ()) -> str:
    """One that lets the sending server through, made of the record that is there."""
    text = spf.repaired([record], add=_missing_parts(case, [record]), leave_out=leave_out)
    nothing_left = text.count(" ") < 2
    return spf.repaired([], add=case.needed()) if nothing_left else text


def _listed(parts: list[str]) -> str:
    return "、".join(dict.fromkeys(parts))


def _number(lookups: int) -> str:
    return "40以上" if lookups > 40 else str(lookups)


def is_sound(findings: tuple[Finding, ...]) -> bool:
    """Receivers can rely on it: the record is there, and nothing is known against it."""
    return all(finding.verdict is not Verdict.BAD for finding in findings)
