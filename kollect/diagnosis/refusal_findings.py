"""Replies that did not arrive, carrier by carrier, with what the carrier means by it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from kollect.delivery.carriers import CarrierRefusals
from kollect.diagnosis.finding import Finding, Topic, Verdict

LOOKED_BACK = timedelta(days=30)
"""An older refusal says nothing of today's settings."""
_SHEET = (
    "どのお客様かは、収集結果表示の「不達」「断られました」で分かります。"
    "「返信が届かないとき」の紙をお見せし、設定のあと、空メールをもう一度お願いしてください。"
)
_DIAGNOSE = (
    "この診断の「SPF」「DKIM」「DMARC」に ✗ か △ があれば、直してください。"
    "直したあと、収集結果表示で「再送」を押すと、もう一度送ります。"
)
_ASK_AGAIN = (
    "アドレスが変わったか、なくなったお客様のようです（収集結果表示の「不達」で分かります）。"
    "ご来店のときに、空メールをもう一度お願いしてください。"
)


def about_refusals(refusals: Iterable[CarrierRefusals]) -> Iterator[Finding]:
    """Only what speaks of the shop is BAD: the customers' own settings are no fault of the shop's,
    and nothing that `worst` should count.
    """
    for one in refusals:
        yield Finding(
            f"refused.{one.carrier.name.lower()}",
            Topic.REFUSED,
            Verdict.BAD if one.of_shop else Verdict.CARE,
            str(one),
            f"サーバの言葉: {one.answer}",
            _DIAGNOSE if one.of_shop else _SHEET if one.by_filter else _ASK_AGAIN,
        )


def as_json(one: CarrierRefusals) -> dict[str, object]:
    """Agreed upon: the keys never change."""
    (finding,) = about_refusals([one])
    return {
        "carrier": one.carrier.name.lower(),
        "name": one.carrier,
        "count": one.count,
        "by_filter": one.by_filter,
        "of_shop": one.of_shop,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "answer": one.answer,
        "meaning": one.meaning,
        "cure": finding.cure,
    }


def for_verdict(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that count for the verdict on the whole."""
    return tuple(f for f in findings if f.topic is not Topic.REFUSED or f.verdict is Verdict.BAD)
