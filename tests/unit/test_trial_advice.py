"""What is said after the owner's word, for each carrier."""

from __future__ import annotations

import pytest

from kollect.delivery.carriers import Carrier
from kollect.diagnosis.trial_advice import TrialWord, advise, meaning_of_refusal, who_it_is

SHOP = "touroku@shop.example"
OWNERS = {
    Carrier.DOCOMO: ("me@docomo.ne.jp", "受信リスト設定"),
    Carrier.AU: ("me@au.com", "必ず受信"),
    Carrier.SOFTBANK: ("me@ymobile.ne.jp", "受信許可リスト"),
    Carrier.RAKUTEN: ("me@rakumail.jp", "楽天メール"),
    Carrier.GMAIL: ("me@gmail.com", "迷惑メールにしない"),
    Carrier.ICLOUD: ("me@me.com", "迷惑メールではない"),
    Carrier.YAHOO: ("me@yahoo.co.jp", "救済リスト"),
    Carrier.MICROSOFT: ("me@outlook.jp", "セーフリスト"),
    Carrier.OTHER: ("me@home.example", "受信を許可する相手"),
}


@pytest.mark.parametrize("carrier", Carrier)
@pytest.mark.parametrize("word", TrialWord)
def test_every_carrier_has_its_own_steps(carrier: Carrier, word: TrialWord):
    to, menu = OWNERS[carrier]
    told = advise(word, to, SHOP)
    assert who_it_is(to) in told.what
    assert all(step.endswith(("。", "）。")) for step in (told.what, *told.steps))
    assert "{" not in "".join(told.steps)
    if word is not TrialWord.ARRIVED:
        assert menu in "".join(told.steps)


def test_others_are_called_by_their_provider_or_domain():
    assert who_it_is("me@xxx.ocn.ne.jp").startswith("OCN")
    assert who_it_is("me@home.example") == "「home.example」のメール"


def test_softbank_drops_what_fails_dmarc_without_a_word():
    assert "DMARC" in "".join(advise(TrialWord.NOT_THERE, "me@softbank.ne.jp", SHOP).steps)


def test_after_a_refusal_nobody_is_to_wait():
    waited = advise(TrialWord.NOT_THERE, "me@au.com", SHOP)
    refused = advise(TrialWord.NOT_THERE, "me@au.com", SHOP, refused="550 : User unknown")
    assert len(refused.steps) == len(waited.steps) - 1
    assert "5分" not in "".join(refused.steps)
    assert refused.what == "au・UQ mobile: 宛先がないか、受信拒否の設定です。（550 : User unknown）"


@pytest.mark.parametrize(
    ("to", "words", "meaning"),
    [
        ("me@docomo.ne.jp", "550 Unknown user me@docomo.ne.jp", "宛先がないか、受信拒否"),
        ("me@docomo.ne.jp", "Unknown user me@docomo.ne.jp", "宛先がないか、受信拒否"),
        ("me@gmail.com", "550 5.1.1 does not exist", "打ち間違い"),
        ("me@gmail.com", "550 5.7.26 Unauthenticated email, DMARC", "お店のドメイン"),
        ("me@softbank.ne.jp", "554 5.7.1 blocked, spamhaus", "お店のドメイン"),
        ("me@gmail.com", "554 5.0.0 no", "受け取ってもらえません"),
        ("me@gmail.com", "", "受け取ってもらえません"),
    ],
)
def test_a_refusal_is_told_by_its_meaning(to: str, words: str, meaning: str):
    assert meaning in meaning_of_refusal(to, words)
