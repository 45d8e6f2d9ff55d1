"""「配信停止」 and 「退会」: who is understood, from whom, and what the table makes of it."""

from __future__ import annotations

from email.header import Header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.decision.decide import decide
from kollect.decision.stop import WORDS, asks_to_stop
from kollect.decision.verdict import Decision, Kind, Known
from kollect.mail import Mail
from kollect.members import wording
from tests.unit.test_decide import KNOWN, RULES

MEMBER = Known(number=1001, member=1001)
GUEST = "guest..1@docomo.ne.jp"


def decided(subject: str | bytes, known: Known, more: bytes = b"") -> Decision:
    if isinstance(subject, str):
        subject = Header(subject, "utf-8").encode().encode()
    raw = b"From: <%s>\r\nSubject: %s\r\n%s\r\n" % (GUEST.encode(), subject, more)
    return decide(Mail.read(raw), RULES, known)


@pytest.mark.parametrize(
    "subject",
    [
        *WORDS,
        wording.STOP_SUBJECT,
        " 配信停止 ",
        "　退会　",
        "\t配信停止\u200b",
        "「配信停止」",
        "配信　停止",
        "%E9%85%8D%E4%BF%A1%E5%81%9C%E6%AD%A2",
    ],
)
def test_a_member_is_understood(subject: str):
    assert asks_to_stop(subject)
    decision = decided(subject, MEMBER)
    assert (decision.kind, decision.number, decision.address) == (Kind.STOP, 1001, GUEST)


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "",
            None,
            " ",
            "配信",
            "停止",
            "退会しません",
            "配信停止しないでください",
            "Re: 配信停止",
        ),
        *("退会の手続きを教えてください", "%", "%E9", "配信停止" * 2, "退会" * 1000),
    ],
)
def test_other_subjects_stop_nothing(subject: str | None):
    assert not asks_to_stop(subject)


def test_the_link_in_our_own_mails_stops_them():
    """As a phone opens it: the subject behind the question mark, percent signs undone or not."""
    link = wording.unsubscribe("shop@shop.example")
    raw = link.rpartition("?subject=")[2].removesuffix(">")
    assert asks_to_stop(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "配信停止".encode("cp932"),
        "配信停止".encode(),
        b"=?ISO-2022-JP?B?GyRCR1s/LkRkO18bKEI=?=",
    ],
    ids=["raw shift-jis", "raw utf-8", "iso-2022-jp"],
)
def test_as_phones_write_it(raw: bytes):
    assert decided(raw, MEMBER).kind is Kind.STOP


@pytest.mark.parametrize("known", [Known(), KNOWN], ids=["nobody", "number, no member"])
@pytest.mark.parametrize("subject", WORDS)
def test_from_anybody_else_it_is_out_of_scope(subject: str, known: Known):
    assert decided(subject, known).kind is Kind.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (b"Auto-Submitted: auto-replied\r\n", Kind.AUTOMATIC),
        (b"Precedence: bulk\r\n", Kind.AUTOMATIC),
        (b"Return-Path: <>\r\n", Kind.AUTOMATIC),
        (b"X-Kollect-Reply: reply-secret\r\n", Kind.LOOP),
        (b"Content-Type: multipart/report; report-type=delivery-status\r\n", Kind.BOUNCE),
    ],
)
def test_programs_are_never_answered(header: bytes, kind: Kind):
    assert decided("配信停止", MEMBER, header).kind is kind


@pytest.mark.parametrize(("hour", "day"), [(5, 5), (0, 20)])
def test_after_too_many_answers_it_stops_without_one(hour: int, day: int):
    decision = decided("退会", Known(1001, hour, day, member=1001))
    assert (decision.kind, decision.number) == (Kind.STOP_UNANSWERED, 1001)
    assert "上限" in decision.reason


def test_a_flood_of_new_addresses_stops_nobody_from_stopping():
    assert decided("退会", Known(1001, flooded=True, member=1001)).kind is Kind.STOP


def test_a_blank_mail_of_a_member_is_what_it_was():
    assert decided("", MEMBER).kind is Kind.DUPLICATE


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_whatever_is_written_gets_an_answer(subject: str):
    assert asks_to_stop(subject) in (True, False)
