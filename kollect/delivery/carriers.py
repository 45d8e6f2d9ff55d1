"""Whose mailbox an address is, and what its provider means by a refusal. Pure.

Some carriers answer for a customer's own filter as if there were no such mailbox: docomo with
`550 Unknown user` (at RCPT or behind the letter), au with `550 <…>: User unknown`. SoftBank takes
such a letter and drops it. So a refusal of theirs may be cured at the counter, on the phone itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Carrier(StrEnum):
    """As the staff call them. To programs they are told by `name`, in lower case."""

    DOCOMO = "docomo"
    AU = "au・UQ mobile"
    SOFTBANK = "ソフトバンク・ワイモバイル"
    RAKUTEN = "楽天モバイル"
    ICLOUD = "iCloud（iPhone）"
    GMAIL = "Gmail"
    YAHOO = "Yahoo!メール"
    MICROSOFT = "Outlook.com・Hotmail"
    OTHER = "そのほか"


_DOMAINS = {
    Carrier.DOCOMO: ("docomo.ne.jp", "dwmail.jp"),
    Carrier.AU: ("ezweb.ne.jp", "au.com", "uqmobile.jp"),
    Carrier.SOFTBANK: (
        *("softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp", "disney.ne.jp", "ymobile.ne.jp"),
        *("ymobile1.ne.jp", "yahoo.ne.jp", "emobile.ne.jp", "willcom.com", "pdx.ne.jp"),
    ),
    Carrier.RAKUTEN: ("rakumail.jp",),
    Carrier.ICLOUD: ("icloud.com", "me.com", "mac.com"),
    Carrier.GMAIL: ("gmail.com", "googlemail.com"),
    Carrier.YAHOO: ("yahoo.co.jp", "ymail.ne.jp"),
    Carrier.MICROSOFT: (
        *("outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.jp", "live.com"),
        "msn.com",
    ),
}


def carrier_of(address: str) -> Carrier:
    domain = address.rpartition("@")[2].lower().rstrip(".")
    for carrier, domains in _DOMAINS.items():
        if any(domain == known or domain.endswith(f".{known}") for known in domains):
            return carrier
    return Carrier.OTHER


_UNKNOWN = re.compile(r"\bunknown user\b|\buser unknown\b", re.IGNORECASE)
_SAYS_NO_BY_UNKNOWN = frozenset({Carrier.DOCOMO, Carrier.AU})
_FILTERED = re.compile(
    r"受信拒否|受信を拒否|迷惑メール"
    r"|\b(?:rejected|refused|blocked|denied) by (?:the )?(?:user|recipient|addressee|receiver)"
    r"|\b(?:user|recipient|addressee|receiver) (?:has )?(?:rejected|refused?s?|blocked|denie[sd])\b"
    r"|\bmessage (?:was )?(?:rejected|refused|blocked)\b|\bmail (?:is |was )?rejected\b"
    r"|\blocal policy\b",
    re.IGNORECASE,
)
_OF_THE_SHOP = re.compile(r"\b(?:spf|dkim|dmarc|blacklist|spamhaus|reverse dns|ptr)\b", re.I)


def may_be_filter(address: str, answer: str) -> bool:
    """Whether a refusal may be the customer's own filter: not only that there is no such mailbox.

    `answer`: the server's words, with or without the code; also as a delivery report has them.
    """
    carrier = carrier_of(address)
    if carrier in _SAYS_NO_BY_UNKNOWN and _UNKNOWN.search(answer):
        return True
    phones = (*_SAYS_NO_BY_UNKNOWN, Carrier.SOFTBANK, Carrier.RAKUTEN, Carrier.ICLOUD)
    return carrier in phones and bool(_FILTERED.search(answer)) and not speaks_of_shop(answer)


def speaks_of_shop(answer: str) -> bool:
    """Whether a refusal names what only the shop, or its hoster, can mend."""
    return bool(_OF_THE_SHOP.search(answer))


def sheet_may_help(address: str, answer: str) -> bool:
    """Whether the sheet 「返信が届かないとき」 may help against this refusal: the carrier's steps
    stand on it, and it is about what the customer can set.
    """
    return carrier_of(address) is not Carrier.OTHER and not speaks_of_shop(answer)


MAY_BE_FILTER = "届きません（受信拒否の設定かもしれません）"
"""As the staff read it."""
AT_THE_COUNTER = "紙をお見せし、設定のあと、空メールをもう一度お願いしてください。"
"""To be said behind it, beside the sheet 「返信が届かないとき」."""


@dataclass(frozen=True, slots=True)
class CarrierRefusals:
    """The replies of ours that did not arrive at one provider."""

    carrier: Carrier
    count: int
    by_filter: int
    """Of these so many may be the customers' own filters."""
    of_shop: int
    """Of these so many speak of the shop: its domain's SPF, DKIM or DMARC, a blacklist."""
    answer: str
    """Its most frequent words."""
    first: datetime
    """When the number of the first of them was given, and of the last."""
    last: datetime

    @property
    def meaning(self) -> str:
        if self.of_shop:
            return "お店のドメインや送信サーバが理由で、断られています。"
        if self.by_filter == self.count:
            return "宛先がないか、お客様の受信拒否設定です。"
        if self.by_filter:
            return "宛先がないか、お客様の受信拒否設定のものがあります。"
        return "宛先がないなどの理由です。"

    @property
    def when(self) -> str:
        """In the time of this PC."""
        days = [f"{day.month}月{day.day}日" for day in (self.first, self.last)]
        return days[0] if days[0] == days[1] else "〜".join(days)

    def __str__(self) -> str:
        return f"{self.carrier}: {self.meaning}（{self.count:,}件、{self.when}）"


def by_carrier(refused: Iterable[tuple[str, str, datetime]]) -> tuple[CarrierRefusals, ...]:
    """The addresses that refused a reply, with the server's words and the time of the number; the
    most refused first. The times are told in the zone that they come in.
    """
    answers: dict[Carrier, Counter[str]] = {}
    times: dict[Carrier, list[datetime]] = {}
    filtered: Counter[Carrier] = Counter()
    of_shop: Counter[Carrier] = Counter()
    for address, answer, moment in refused:
        carrier = carrier_of(address)
        answers.setdefault(carrier, Counter())[_without_name(answer)] += 1
        times.setdefault(carrier, []).append(moment)
        filtered[carrier] += may_be_filter(address, answer)
        of_shop[carrier] += speaks_of_shop(answer)
    found = [
        CarrierRefusals(
            carrier,
            words.total(),
            filtered[carrier],
            of_shop[carrier],
            words.most_common(1)[0][0],
            min(times[carrier]),
            max(times[carrier]),
        )
        for carrier, words in answers.items()
    ]
    return tuple(sorted(found, key=lambda one: -one.count))


def _without_name(answer: str) -> str:
    """The words without the address, which differ from one to the next."""
    return " ".join(re.sub(r"<[^<>\s]*>|\S+@\S+", "…", answer).split())
