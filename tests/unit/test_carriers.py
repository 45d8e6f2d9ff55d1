"""Whose mailbox it is, and which refusals may be the customer's own filter."""

from __future__ import annotations

import pytest

from kollect.delivery.carriers import Carrier, by_carrier, carrier_of, may_be_filter

MAY_BE = [
    ("a@docomo.ne.jp", "550 Unknown user a@docomo.ne.jp"),
    ("a..b@docomo.ne.jp", "550 Unknown user a..b@docomo.ne.jp (in reply to end of DATA command)"),
    ("a@docomo.ne.jp", "5.2.0 (reason: 550 Unknown user a@docomo.ne.jp)"),
    ("a@ezweb.ne.jp", "550 <a@ezweb.ne.jp>: User unknown"),
    ("a@au.com", "550 : User unknown"),
    ("a@a2.ezweb.ne.jp", "550 5.1.1 <a@a2.ezweb.ne.jp>: User unknown"),
    ("a@softbank.ne.jp", "550 5.7.1 Message rejected"),
    ("a@ymobile.ne.jp", "554 mail was rejected by the recipient"),
    ("a@rakumail.jp", "550 5.7.1 Blocked by recipient"),
    ("a@icloud.com", "550 5.7.1 [CS01] Message rejected due to local policy."),
    ("a@docomo.ne.jp", "550 受信拒否の設定により配信できません"),
]
IS_NOT = [
    ("a@i.softbank.jp", "550 Invalid recipient: <a@i.softbank.jp>"),
    ("a@gmail.com", "550 5.1.1 The email account that you tried to reach does not exist."),
    ("a@shop.example", "550 5.1.1 <a@shop.example>: User unknown"),
    ("a@docomo.ne.jp", "552 Too much mail data a@docomo.ne.jp"),
    ("a@docomo.ne.jp", "550 5.7.1 Message rejected: SPF check failed"),
    ("a@evil.example", "550 Unknown user b@docomo.ne.jp"),
    ("a@docomo.ne.jp", ""),
]


@pytest.mark.parametrize(("address", "answer"), MAY_BE)
def test_it_may_be_the_customers_own_filter(address: str, answer: str):
    assert may_be_filter(address, answer)


@pytest.mark.parametrize(("address", "answer"), IS_NOT)
def test_it_is_something_else(address: str, answer: str):
    assert not may_be_filter(address, answer)


@pytest.mark.parametrize(
    ("address", "carrier"),
    [
        ("a@docomo.ne.jp", Carrier.DOCOMO),
        ("a@DOCOMO.NE.JP.", Carrier.DOCOMO),
        ("a@t.vodafone.ne.jp", Carrier.SOFTBANK),
        ("a@yahoo.ne.jp", Carrier.SOFTBANK),
        ("a@yahoo.co.jp", Carrier.YAHOO),
        ("a@me.com", Carrier.ICLOUD),
        ("a@notdocomo.ne.jp", Carrier.OTHER),
        ("", Carrier.OTHER),
    ],
)
def test_whose_it_is(address: str, carrier: Carrier):
    assert carrier_of(address) is carrier


def test_refusals_are_told_by_carrier():
    found = by_carrier(
        [
            ("a@docomo.ne.jp", "550 Unknown user a@docomo.ne.jp"),
            ("b@gmail.com", "550 5.1.1 no such user"),
            ("c@docomo.ne.jp", "550 Unknown user c@docomo.ne.jp"),
            ("d@docomo.ne.jp", "550 Unknown user d@docomo.ne.jp"),
        ]
    )
    assert [one.carrier for one in found] == [Carrier.DOCOMO, Carrier.GMAIL]
    assert str(found[0]) == "docomo: 宛先がないか、お客様の受信拒否設定です。（3件）"
    assert found[0].answer == "550 Unknown user …"
    assert found[1].by_filter == 0
    assert by_carrier([]) == ()
