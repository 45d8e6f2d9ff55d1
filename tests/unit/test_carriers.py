"""Whose mailbox it is, and which refusals may be the customer's own filter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kollect.delivery.carriers import (
    Carrier,
    by_carrier,
    carrier_of,
    may_be_filter,
    sheet_may_help,
)

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


NOV_2 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def test_refusals_are_told_by_carrier():
    found = by_carrier(
        [
            ("a@docomo.ne.jp", "550 Unknown user a@docomo.ne.jp", NOV_2 + timedelta(days=3)),
            ("b@gmail.com", "550 5.1.1 no such user", NOV_2),
            ("c@docomo.ne.jp", "550 Unknown user c@docomo.ne.jp", NOV_2),
            ("d@docomo.ne.jp", "550 Unknown user d@docomo.ne.jp", NOV_2 + timedelta(days=25)),
        ]
    )
    assert [one.carrier for one in found] == [Carrier.DOCOMO, Carrier.GMAIL]
    assert str(found[0]) == (
        "docomo: 宛先がないか、お客様の受信拒否設定です。（3件、11月2日〜11月27日）"
    )
    assert str(found[1]).endswith("（1件、11月2日）")
    assert found[0].answer == "550 Unknown user …"
    assert found[1].by_filter == 0
    assert by_carrier([]) == ()


def test_a_refusal_for_what_only_the_shop_can_mend_is_told_as_that():
    refused = ("a@softbank.ne.jp", "550 5.7.1 rejected by DMARC policy", NOV_2)
    customers = ("b@softbank.ne.jp", "550 5.7.1 Message rejected", NOV_2)
    (found,) = by_carrier([refused, customers])
    assert (found.count, found.of_shop, found.by_filter) == (2, 1, 1)
    assert "お店のドメイン" in str(found)


@pytest.mark.parametrize(("address", "answer"), MAY_BE)
def test_the_sheet_may_help_against_each_carriers_own_refusal(address: str, answer: str):
    assert sheet_may_help(address, answer)


@pytest.mark.parametrize(
    ("address", "answer", "helps"),
    [
        ("a@softbank.ne.jp", "554 Transaction failed", True),
        ("a@yahoo.ne.jp", "554 delivery error: dd Not accepted for policy reasons", True),
        ("a@docomo.ne.jp", "550 5.7.1 rejected: SPF check failed", False),
        ("a@office.example", "554 Transaction failed", False),
    ],
)
def test_the_sheet_does_not_help_where_only_the_shop_can(address: str, answer: str, helps: bool):
    assert sheet_may_help(address, answer) is helps
