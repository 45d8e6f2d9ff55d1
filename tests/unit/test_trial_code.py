"""The code by which the mail of a trial and its answer are known again."""

from __future__ import annotations

import pytest

from kollect.decision.decide import decide
from kollect.decision.types import Kind, Rules, SenderHistory
from kollect.mail.message import Mail
from kollect.mail.trial_code import code_in, code_of, code_of_answer
from kollect.settings.model import DuplicateAction

MARK, OTHER = "0123456789abcdef" * 2, "f" * 32
CODE = code_of(MARK, 77)
RULES = Rules(
    own_address="touroku@shop.example",
    blank_subjects=("no subject",),
    duplicate_action=DuplicateAction.REPLY,
    replies_per_hour=5,
    replies_per_day=20,
    test_mark=MARK,
    reply_mark="1" * 32,
)
OWNER = b"From: owner@docomo.ne.jp\r\nTo: touroku@shop.example\r\n"


def answer(*fields: str) -> Mail:
    return Mail.read(OWNER + "".join(f"{field}\r\n" for field in fields).encode() + b"\r\n")


def test_each_trial_has_its_own_code():
    assert len({code_of(MARK, chosen) for chosen in range(1000)}) == 1000
    assert len(CODE) == 14
    assert code_in(f"x {CODE} y", MARK) == CODE


@pytest.mark.parametrize(
    "fields",
    [
        (f"Subject: Re: test ({CODE})",),
        (f"Subject: RE: {CODE.lower()}",),
        ("Subject: =?UTF-8?Q?Re:_" + "".join(f"={b:02X}" for b in CODE.encode()) + "?=",),
        ("Subject:", f"In-Reply-To: <kollect-{CODE}@shop.example>"),
        (f"In-Reply-To: <kollect-{CODE.lower()}@shop.example>",),
        ("Subject: hello", f"References: <a@b> <kollect-{CODE}@shop.example> <c@d>"),
        ("Subject: Re: hello", f"X-Kollect-Test: {CODE}"),
        (f"Subject: Automatic reply: {CODE}", "Auto-Submitted: auto-replied"),
    ],
)
def test_the_answer_is_our_own_test_and_no_blank_mail(fields: tuple[str, ...]):
    mail = answer(*fields)
    assert code_of_answer(mail, MARK) == CODE
    decided = decide(mail, RULES, SenderHistory())
    assert decided.kind is Kind.TEST
    assert "テスト後処理" in decided.reason


@pytest.mark.parametrize(
    "fields",
    [
        (f"Subject: Re: {code_of(OTHER, 77)}",),
        ("Subject: Re: ABCD-EFGH-JKMN",),
        (f"Subject: Re: X{CODE}",),
        (f"Subject: Re: {CODE}X",),
        ("Subject: Re: " + " ".join(["ABCD-EFGH-JKMN"] * 30 + [CODE]),),
        (f"X-Kollect-Test: {OTHER}", "Subject: hello"),
        ("Subject: hello",),
        (f"Subject: {CODE[:13]}",),
    ],
)
def test_what_somebody_made_up_is_out_of_scope_as_before(fields: tuple[str, ...]):
    mail = answer(*fields)
    assert code_of_answer(mail, MARK) == ""
    assert decide(mail, RULES, SenderHistory()).kind is Kind.OUT_OF_SCOPE


def test_a_delivery_report_is_one_whatever_it_refers_to():
    report = answer(
        "Subject: Undelivered Mail",
        f"References: <kollect-{CODE}@shop.example>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
    )
    assert decide(report, RULES, SenderHistory()).kind is Kind.BOUNCE


def test_a_blank_mail_stays_one():
    assert decide(answer("Subject:"), RULES, SenderHistory()).kind is Kind.NEW
    assert code_of_answer(answer("Subject:"), "") == ""


def test_an_answer_with_its_subject_taken_out_and_no_reference_is_a_blank_mail():
    """Nothing tells it from one: the owner gets a number, which does no harm."""
    assert decide(answer("Subject:"), RULES, SenderHistory()).kind is Kind.NEW


@pytest.mark.parametrize("subject", ["=?UTF-8?B?6YWN5L+h5YGc5q2i?=", "unsubscribe"])
def test_a_no_of_a_member_is_one_whatever_it_answers(subject: str):
    mail = answer(f"Subject: {subject}", f"References: <kollect-{CODE}@shop.example>")
    member = SenderHistory(number=1001, member=1001)
    assert decide(mail, RULES, member).kind is Kind.STOP
    assert decide(mail, RULES, SenderHistory()).kind is Kind.TEST
