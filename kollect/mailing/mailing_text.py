"""The words of a mailing: ★名前★ and the like, and the footer. Pure.

What the footer says is asked for by the law on commercial mail (特定電子メール法 第4条): who sends
it, from where, whom to ask, and how to stop it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from kollect.decision import stop_request
from kollect.mailing import mailto
from kollect.mailing.mailing_errors import TextNotReady
from kollect.members import normalize
from kollect.settings.model import Shop

NAME, NUMBER, SHOP = "★名前★", "★受付番号★", "★店名★"
PLACEHOLDERS = (NAME, NUMBER, SHOP)
STOP_SUBJECT = "配信停止"
"""A mail with this subject ends the sending; 「退会」 does too."""
TO_STOP = "このメールの配信を止めるには"
"""So the line in the footer begins, which an answer may quote without a mark."""

_NEAR = {
    NAME: ("名前", "お名前", "なまえ", "氏名", "会員名", "お客様名", "name"),
    NUMBER: ("受付番号", "番号", "会員番号", "受付no", "1", "2"),
    SHOP: ("店名", "お店", "店", "店舗名", "ショップ名"),
}
_MEANT = {word: right for right, words in _NEAR.items() for word in words}
_STARRED = re.compile("★[^★\n]{1,12}★")
_KNOWN = re.compile("|".join(PLACEHOLDERS))
_RULE = "―" * 20


@dataclass(frozen=True, slots=True)
class TextPerson:
    """Whom a letter addresses."""

    name: str
    number: str
    """As it was told to him, with its leading zeros."""


def problems(subject: str, body: str, shop: Shop) -> tuple[str, ...]:
    """Why this text cannot be sent to anybody; empty where it can."""
    found = []
    if not subject.strip():
        found.append("見出を入力してください。")
    if not body.strip():
        found.append("本文を入力してください。")
    if "\n" in subject.strip():
        found.append("見出は1行にしてください。")
    for starred, right in misspelt(subject, body).items():
        found.append(f"{starred} は使えません。{right} と書いてください。")
    for what, value in (("店名", shop.name), ("住所", shop.address)):
        if not value.strip():
            found.append(
                f"{what}が空です。広告のメールには{what}を書くことが法律で決められています。"
                "「緒言設定」の「ID」で入力してください。"
            )
    return tuple(found)


def check(subject: str, body: str, shop: Shop) -> None:
    """Raises TextNotReady with all `problems`."""
    if wrong := problems(subject, body, shop):
        raise TextNotReady(wrong)


def misspelt(subject: str, body: str) -> dict[str, str]:
    """What somebody has written for a placeholder, and the placeholder that he will have meant."""
    return {one: right for one in _starred(subject, body) if (right := _meant(one))}


def unfilled(subject: str, body: str) -> tuple[str, ...]:
    """What looks like a placeholder and is none (★大安売り★): it is sent as it stands."""
    return tuple(one for one in _starred(subject, body) if not _meant(one))


def with_shop(text: str, shop: Shop) -> str:
    """The text with ★店名★ filled in, which is the same for all."""
    return text.replace(SHOP, shop.name.strip())


def fill(text: str, person: TextPerson) -> str:
    """The text for one person. What is filled in is not looked through for placeholders again."""
    values = {NAME: person.name, NUMBER: person.number, SHOP: SHOP}
    return _KNOWN.sub(lambda found: values[found[0]], text)


def may_be_of(subject: str, template: str, bare: Callable[[str], str]) -> bool:
    """Whether this is the subject of a mailing, filled in for anybody; `bare` is how both are
    compared.
    """
    parts = [re.escape(bare(part)) for part in _KNOWN.split(template)]
    return any(parts) and re.fullmatch(".{0,100}".join(parts), bare(subject)) is not None


def footer(shop: Shop, mail_address: str) -> str:
    """What stands under every mail: sender, address, where to ask, how to stop."""
    lines = [_RULE, shop.name.strip(), shop.address.strip()]
    if shop.phone.strip():
        lines.append(f"電話 {shop.phone.strip()}")
    lines += [
        f"お問い合わせ {mail_address}",
        "",
        f"{TO_STOP}、件名を「{STOP_SUBJECT}」にしたメールを",
        f"{mail_address} へお送りください。",
    ]
    return "\n".join(lines) + "\n"


def complete(body: str, footer: str) -> str:
    """Body and footer as one text."""
    return f"{body.rstrip()}\n\n{footer}"


def unsubscribe(mail_address: str) -> str:
    """The value of `List-Unsubscribe`: a letter that stops the sending."""
    return mailto.unsubscribe(mail_address, STOP_SUBJECT)


def stopped(shop: Shop, mail_address: str) -> tuple[str, str]:
    """The confirmation of a 配信停止: subject and body."""
    name = shop.name.strip() or "当店"
    lines = [
        f"{name}からのメールの配信を停止しました。",
        "これからは、お知らせのメールをお送りしません。",
        "",
        "受付番号（会員番号）は、これまでどおりお使いいただけます。",
        "もう一度配信をご希望のときや、お心当たりのないときは、お店までお申し出ください。",
        "",
        _RULE,
        *filter(None, (shop.name.strip(), shop.address.strip())),
    ]
    if shop.phone.strip():
        lines.append(f"電話 {shop.phone.strip()}")
    lines.append(f"お問い合わせ {mail_address}")
    return stop_request.CONFIRMED, "\n".join(lines) + "\n"


def _starred(subject: str, body: str) -> list[str]:
    """What stands between stars and is no placeholder."""
    found = dict.fromkeys(_STARRED.findall(f"{subject}\n{body}"))
    return [one for one in found if one not in PLACEHOLDERS]


def _meant(starred: str) -> str | None:
    """The placeholder that somebody will have meant."""
    return _MEANT.get(normalize.narrow(starred).strip("★").replace(" ", "").lower())
