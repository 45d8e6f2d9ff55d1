"""「自分の携帯・Gmailで試す」: what the word of the owner means, and what to do now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kollect.delivery.carrier_steps import to_allow
from kollect.delivery.carriers import Carrier, carrier_of, may_be_filter, speaks_of_shop
from kollect.delivery.refusal import About, about
from kollect.mail import address
from kollect.mail.foreign_text import exact
from kollect.settings.providers import for_domain


class TrialWord(StrEnum):
    """The owner's, as on the buttons."""

    ARRIVED = "届いた"
    IN_JUNK = "迷惑メールに入った"
    NOT_THERE = "届かない"


@dataclass(frozen=True, slots=True)
class TrialAdvice:
    what: str
    """What it means, in a sentence or two."""
    steps: tuple[str, ...]
    """What to do, one after the other."""


_PHONES = (Carrier.DOCOMO, Carrier.AU, Carrier.SOFTBANK, Carrier.RAKUTEN)
_DIAGNOSE = "「届くかどうかの診断」を押して、✗ と △ のところを直します（多くはこれで届きます）。"
_AGAIN = "直したら、「もう一度送る」で確かめます。"


def who_it_is(to: str) -> str:
    """The carrier or the mail provider of an address, as the staff call it."""
    carrier = carrier_of(to)
    if carrier is not Carrier.OTHER:
        return carrier
    if (provider := for_domain(to)) is not None:
        return provider.label.partition("（")[0]
    return f"「{exact(_domain(to))}」のメール"


def advise(word: TrialWord, to: str, shop: str, *, refused: str = "") -> TrialAdvice:
    """`to`: where it was sent; `shop`: the address that the replies come from. `refused`: it is
    not there because a server has said no, in these words, with or without a code.
    """
    match word:
        case TrialWord.ARRIVED:
            return _arrived(to)
        case TrialWord.IN_JUNK:
            return _in_junk(to, shop)
        case TrialWord.NOT_THERE:
            return _not_there(to, shop, refused)


def _to_read(to: str) -> str:
    if carrier_of(to) in _PHONES:
        return (
            "Gmailのアドレスにも送って、届いたメールのソースを下に貼り付けると、"
            "お店のドメインの ✓ と ✗ が出ます（携帯では、ソースを見られません）。"
        )
    return "届いたメールのソースを下に貼り付けると、お店のドメインの ✓ と ✗ が出ます。"


def _arrived(to: str) -> TrialAdvice:
    carrier, steps = carrier_of(to), [_to_read(to)]
    if carrier is Carrier.DOCOMO:
        steps.insert(
            0,
            "メールの上に、黄色い警告（送信元の確認）が出ていないかを見ます。出ていたら、"
            "「届くかどうかの診断」で「SPF」「DKIM」「DMARC」を直すと、出なくなります。",
        )
    others = "ほかの会社の携帯" if carrier in _PHONES else "携帯"
    steps.append(f"{others}にも送って、確かめておくと安心です（会社ごとに、きまりがちがいます）。")
    steps.append(
        "それでも届かないお客様がいるときは、その方の携帯の受信拒否の設定です。"
        "「返信が届かないとき」の紙をお見せしてください。"
    )
    return TrialAdvice(f"お店からのメールは、{who_it_is(to)}に届いています。", tuple(steps))


def _in_junk(to: str, shop: str) -> TrialAdvice:
    return TrialAdvice(
        f"お店からのメールを、{who_it_is(to)}は迷惑メールとみなしました。"
        "お客様の携帯でも、同じことが起こります。",
        (
            "届いたメールを開いて、「迷惑メールではない」にします（次から届きやすくなります）。",
            _DIAGNOSE,
            "返信の文章に、リンク（http…）や宣伝が多いと、迷惑メールになりやすくなります。"
            "「制御情報」の「文面の点検」を見ます。",
            _to_read(to),
            f"{_AGAIN}お客様には: {_allow(to, shop)}",
        ),
    )


def _not_there(to: str, shop: str, refused: str) -> TrialAdvice:
    what = f"お店からのメールが、{who_it_is(to)}に届いていません。"
    if refused:
        what = f"{meaning_of_refusal(to, refused)}（{refused}）"
    steps = [
        f"アドレス「{exact(to)}」に打ち間違いがないか、確かめます。",
        *(() if refused else ("5分ほど待って、「迷惑メール」のフォルダーも見ます。",)),
        f"受信の設定を見ます。{_allow(to, shop)}",
        _DIAGNOSE,
    ]
    if carrier_of(to) is Carrier.SOFTBANK:
        steps.insert(
            -1,
            "ソフトバンクは、お店のドメインの「DMARC」が合わないメールを、受信を許可していても"
            "受け取りません。エラーも返さないので、次の診断が大事です。",
        )
    if carrier_of(to) is not Carrier.GMAIL:
        steps.append(
            "Gmailのアドレスにも送ってみます。Gmailには届くときは、携帯の受信の設定です。"
            "どちらにも届かないときは、お店のドメインか送信サーバの設定です。"
        )
    steps.append(_AGAIN)
    return TrialAdvice(what, tuple(steps))


def meaning_of_refusal(to: str, words: str) -> str:
    """What a refusal of the mail means, at once or by a delivery report. `words`: the server's,
    with or without the code."""
    who = who_it_is(to)
    if speaks_of_shop(words):
        return f"{who}: お店のドメインや送信サーバが理由で、断られました。{_DIAGNOSE}"
    if may_be_filter(to, words):
        return f"{who}: 宛先がないか、受信拒否の設定です。"
    code, _, text = words.partition(" ")
    has_code = code.isdecimal() and len(code) == 3
    number, text = (int(code), text) if has_code else (550, words)
    if about("RCPT", number, text) is About.RECIPIENT:
        return f"{who}: このアドレスはないという答えです。打ち間違いがないか、確かめてください。"
    return f"{who}: 受け取ってもらえませんでした。"


def _allow(to: str, shop: str) -> str:
    return to_allow(carrier_of(to), f"「{_domain(shop)}」")


def _domain(of: str) -> str:
    return address.key(of).rpartition("@")[2]
