"""Addresses with a tag: made, known as ours, and which of them a mail was sent to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.decision.decide import decide
from kollect.decision.types import Kind, Rules, SenderHistory
from kollect.mail import address
from kollect.mail.message import Mail
from kollect.mail.plus_address import (
    LONGEST_TAG,
    is_own,
    is_tag,
    poster_of,
    tag_from,
    tag_of,
    takes_tag,
    with_tag,
)
from kollect.settings.model import DuplicateAction
from tests.helpers.mail_samples import blank

OWN = "touroku@shop.example"
TAGS = frozenset({"reji", "iriguchi"})


@pytest.mark.parametrize(
    ("own", "tag", "made"),
    [
        (OWN, "reji", "touroku+reji@shop.example"),
        (OWN, "", OWN),
        ('"a..b"@docomo.ne.jp', "reji", '"a..b+reji"@docomo.ne.jp'),
        ("shop+a@shop.example", "reji", "shop+a+reji@shop.example"),
    ],
)
def test_an_address_with_a_tag(own: str, tag: str, made: str):
    assert with_tag(own, tag) == made
    assert tag_of(made, own) == tag
    assert address.is_usable(made)


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=LONGEST_TAG))
def test_every_tag_comes_back_whatever_is_made_of_its_letters(tag: str):
    assert is_tag(tag)
    assert tag_of(with_tag(OWN, tag).upper(), OWN) == tag


@pytest.mark.parametrize(
    "tag", ["", "レジ", "a b", "a+b", "A", "a-b", "a" * (LONGEST_TAG + 1), "a\n"]
)
def test_what_a_phone_could_change_is_no_tag(tag: str):
    assert not is_tag(tag)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("レジ横", "reji"),
        ("入口", ""),
        ("Flyer 2026", "flyer2026"),
        ("ＡＢＣ店", "abc"),
        ("a" * 50, "a" * LONGEST_TAG),
    ],
)
def test_a_tag_is_offered_out_of_a_name(name: str, tag: str):
    assert tag_from(name) == tag


def test_an_address_becomes_too_long():
    assert takes_tag("a" * 50 + "@shop.example", "reji")
    assert not takes_tag("a" * 62 + "@shop.example", "reji")


@pytest.mark.parametrize(
    ("one", "ours"),
    [
        (OWN, True),
        ("Touroku@Shop.Example", True),
        ('"touroku"@shop.example', True),
        ("TOUROKU+REJI@shop.example", True),
        ("touroku+whatever+else@shop.example", True),
        ("touroku2@shop.example", False),
        ("touroku-reji@shop.example", False),
        ("reji+touroku@shop.example", False),
        ("touroku+reji@other.example", False),
        ("touroku", False),
        ("", False),
    ],
)
def test_what_is_ours(one: str, ours: bool):
    assert is_own(one, OWN) is ours
    assert not is_own(one, "")


def mail(*fields: str) -> Mail:
    return Mail.read("\r\n".join(["From: taro@docomo.ne.jp", *fields, "", ""]).encode())


@pytest.mark.parametrize(
    ("fields", "tag"),
    [
        (["To: touroku+reji@shop.example"], "reji"),
        (["To: <Touroku+REJI@Shop.Example>"], "reji"),
        (['To: "touroku+reji@shop.example" <touroku+reji@shop.example>'], "reji"),
        (["To: =?utf-8?B?44GK5bqX?= <touroku+reji@shop.example>"], "reji"),
        (["To: other@shop.example,", " touroku+reji@shop.example"], "reji"),
        (["Cc: touroku+iriguchi@shop.example", f"To: {OWN}"], "iriguchi"),
        ([f"To: {OWN}", "Delivered-To: touroku+reji@shop.example"], "reji"),
        ([f"To: {OWN}", "X-Original-To: touroku+reji@shop.example"], "reji"),
        ([f"To: {OWN}", "Envelope-To: touroku+reji@shop.example"], "reji"),
        # Gmail writes the plain address there
        ([f"Delivered-To: {OWN}", "To: touroku+reji@shop.example"], "reji"),
        # the one by which it came, not the one that somebody has written
        (["X-Original-To: touroku+iriguchi@shop.example", "To: <touroku+reji@shop.example>"],
         "iriguchi"),
        ([f"To: {OWN}"], ""),
        (["To: touroku+unknown@shop.example"], ""),
        (["To: touroku+unknown@shop.example, touroku+reji@shop.example"], "reji"),
        (["To: touroku+reji@other.example"], ""),
        (["To: xtouroku+reji@shop.example"], ""),
        (["Subject: touroku+reji@shop.example", f"To: {OWN}"], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_which_poster_a_mail_came_by(fields: list[str], tag: str):
    assert poster_of(mail(*fields), OWN, TAGS) == tag
    assert poster_of(mail(*fields), OWN, ()) == ""


def test_a_header_made_to_keep_us_busy_is_read_once():
    """A pattern that looks back would be at it for hours."""
    hostile = mail(*("To: " + "a+" * 4000 + "@shop.example" for _ in range(30)))
    assert poster_of(hostile, OWN, TAGS) == ""


@given(st.binary(max_size=400))
def test_no_octets_are_too_strange(octets: bytes):
    strange = Mail.read(b"To: +" + octets + b"\r\n\r\n")
    assert poster_of(strange, OWN, TAGS) in ("", *TAGS)


def test_a_mail_from_a_poster_s_address_is_from_ourselves():
    rules = Rules(OWN, (), DuplicateAction.REPLY, 5, 20, "test", "reply")
    ours = Mail.read(blank("touroku+reji@shop.example"))
    assert decide(ours, rules, SenderHistory()).kind is Kind.LOOP
    another = Mail.read(blank("touroku2@shop.example"))
    assert decide(another, rules, SenderHistory()).kind is Kind.NEW
