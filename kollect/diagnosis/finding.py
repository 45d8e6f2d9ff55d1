"""What the diagnosis has found: one value each, in the words of a shop. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

MOBILE = ("docomo", "au", "ソフトバンク", "楽天モバイル")
EVERYBODY = (*MOBILE, "Gmail", "Yahoo!メール", "iCloud")


class Verdict(StrEnum):
    GOOD = "good"
    CARE = "care"
    """Letters arrive, at some receivers less surely."""
    BAD = "bad"
    UNKNOWN = "unknown"
    """It could not be found out: neither good nor bad."""

    @property
    def sign(self) -> str:
        return {"good": "✓", "care": "△", "bad": "✗", "unknown": "？"}[self.value]


class Topic(StrEnum):
    """Each says what it does: the short names are for whoever looks after the domain."""

    SERVER = "差出人のアドレスと送信サーバ"
    MICROSOFT = "マイクロソフトのメール"
    DOMAIN = "差出人のドメイン（返事の届け先、MX）"
    SPF = "送信サーバの届け出（SPF）"
    DKIM = "店のドメインの署名（DKIM）"
    DMARC = "なりすましへの備え（DMARC）"
    SENDER = "差出人の確かめ"
    REFUSED = "お客様に届かなかった返信（この30日）"
    DNS = "ドメインの設定（DNS）の確認"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One TXT record as the panels ask for it: each part is copied by itself."""

    domain: str
    """Of the zone: `shop.example`."""
    label: str
    """Left of it, as panels want it: `_dmarc`; empty for the domain itself."""
    value: str

    @property
    def name(self) -> str:
        return f"{self.label}.{self.domain}" if self.label else self.domain

    def __str__(self) -> str:
        return f"ホスト名: {self.label or '@（または空欄）'}  種別: TXT  内容: {self.value}"


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    """For programs: `spf.missing`. Never changes."""
    topic: Topic
    verdict: Verdict
    what: str
    """One line."""
    meaning: str = ""
    cure: str = ""
    receivers: tuple[str, ...] = ()
    """Whom it matters to."""
    where: str = ""
    """The place in the hoster's panel."""
    record: DnsRecord | None = None
    """To be put into the DNS."""
    instead_of: tuple[str, ...] = ()
    """The texts of the records there that it replaces."""
    detail: str = ""
    """Technical; for whoever is asked for help."""

    def __str__(self) -> str:
        lines = [f"{self.verdict.sign} {self.topic}: {self.what}"]
        lines += [text for text in (self.meaning, self.cure) if text]
        if self.receivers:
            lines.append(f"関係する相手: {'、'.join(self.receivers)}")
        if self.where:
            lines.append(f"設定する場所: {self.where}")
        if self.record:
            lines.append(f"書き込む内容: {self.record}")
        lines += [f"消す内容: {text}" for text in self.instead_of]
        return "\n    ".join(lines)

    def as_json(self) -> dict[str, object]:
        record = self.record and asdict(self.record) | {"name": self.record.name, "type": "TXT"}
        return asdict(self) | {"record": record}


def about_record(
    topic: Topic,
    code: str,
    verdict: Verdict,
    what: str,
    meaning: str,
    cure: str,
    *,
    panel: Callable[[], str],
    record: DnsRecord | None,
    there: tuple[str, ...],
) -> Finding:
    """A finding about one TXT record of the domain. `there`: the texts that stand there now;
    `record`: what is to stand there instead, if anything. `panel` is asked only where something is
    wrong: it may need the DNS.
    """
    wrong = verdict in (Verdict.BAD, Verdict.CARE)
    return Finding(
        code,
        topic,
        verdict,
        what,
        meaning,
        cure,
        EVERYBODY if wrong else (),
        where=panel() if wrong else "",
        record=record,
        instead_of=there if record is not None else (),
        detail="; ".join(there),
    )


def worst(findings: tuple[Finding, ...]) -> Verdict:
    """The verdict on all of them; what could not be found out counts where nothing is wrong."""
    order = (Verdict.BAD, Verdict.CARE, Verdict.UNKNOWN)
    there = {finding.verdict for finding in findings}
    return next((verdict for verdict in order if verdict in there), Verdict.GOOD)
