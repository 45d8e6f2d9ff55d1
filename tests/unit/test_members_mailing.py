"""The pure parts of メール発信: the steps, the pace, the words."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.delivery.refusal import address_is_dead
from kollect.mailing import mailing_text
from kollect.mailing.mailing_states import (
    MOVES,
    STATE_MOVES,
    UNFINISHED,
    MailingState,
    RecipientState,
    SendResult,
    step_after,
)
from kollect.mailing.mailing_text import TextPerson
from kollect.mailing.rate_limit import RateLimit, allowance
from kollect.settings.model import Shop
from kollect.smtp.outgoing import DeliveryStatus
from tests.helpers.ledger_samples import NOW

SHOP = Shop(name="ベーカリー こむぎ", address="東京都千代田区千代田1-1", phone="03-1234-5678")
ADDRESS = "komugi@shop.example.jp"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


# --- steps


def test_every_step_leads_to_an_end_and_only_unfinished_ones_are_sent():
    assert set(MOVES) == set(RecipientState)
    assert {step for step in RecipientState if RecipientState.SENDING in MOVES[step]} == set(
        UNFINISHED
    )
    assert all(RecipientState.WAITING not in targets for targets in MOVES.values())
    ends = {
        RecipientState.SENT,
        RecipientState.UNDELIVERABLE,
        RecipientState.UNCERTAIN,
        RecipientState.LEFT_OUT,
    }
    for step in RecipientState:
        reached, seen = {step}, set()
        while reached - seen:
            seen |= reached
            reached = {then for now in reached for then in MOVES[now]}
        assert seen & ends
    assert not any(MOVES[end] & set(UNFINISHED) for end in ends), "what is over stays over"


def test_every_ending_of_a_sending_leads_to_a_legal_step():
    for fate, unknowns, old, called_off in product(
        SendResult, (0, 1, 2), (False, True), (False, True)
    ):
        step = step_after(fate, unknowns=unknowns, too_old=old, called_off=called_off)
        assert step in MOVES[RecipientState.SENDING]
        assert not (called_off and step in UNFINISHED)
    assert [fate.value for fate in SendResult] == [ending.value for ending in DeliveryStatus]


def test_unknown_once_more_later_until_it_is_given_up():
    assert step_after(SendResult.UNKNOWN, unknowns=0) is RecipientState.UNKNOWN
    assert step_after(SendResult.UNKNOWN, unknowns=1) is RecipientState.UNCERTAIN
    assert step_after(SendResult.LATER, unknowns=0) is RecipientState.DEFERRED
    assert step_after(SendResult.LATER, unknowns=0, too_old=True) is RecipientState.UNDELIVERABLE
    assert step_after(SendResult.DOUBTED, unknowns=0, too_old=True) is RecipientState.DEFERRED


def test_a_mailing_ends_for_good():
    assert set(STATE_MOVES) == set(MailingState)
    assert not STATE_MOVES[MailingState.DONE]
    assert not STATE_MOVES[MailingState.STOPPED]
    to_draft = {state for state, targets in STATE_MOVES.items() if MailingState.DRAFT in targets}
    assert to_draft == {MailingState.SCHEDULED}, "nothing of it has been sent"


@pytest.mark.parametrize(
    ("answer", "dead"),
    [
        ("550 5.1.1 <a@b.jp>: Recipient address rejected: User unknown", True),
        ("550 5.1.2 bad destination system", True),
        ("550 5.1.10 null MX", True),
        ("554 5.2.1 mailbox disabled", True),
        ("550 Unknown user a@docomo.ne.jp", True),
        ("550 No such user here", True),
        ("550 Mailbox not found", True),
        ("553 Recipient address <x@y> does not exist", True),
        ("550 5.7.1 relaying denied", False),
        ("550 5.7.1 user unknown to our policy server", False),
        ("554 5.7.1 Message rejected as spam", False),
        ("552 5.2.2 mailbox full", False),
        ("550 Domain has exceeded the max emails per hour", False),
        ("550 too many recipients", False),
        ("550", False),
        ("", False),
    ],
)
def test_only_a_dead_mailbox_makes_a_member_undeliverable(answer: str, dead: bool):
    assert address_is_dead(answer) is dead


# --- pace


def test_without_a_limit_there_is_no_waiting():
    assert allowance(RateLimit(0, 0), [NOW] * 9999, NOW, 20) == allowance(
        RateLimit(0, 0), [], NOW, 20
    )
    assert allowance(RateLimit(0, 0), [], NOW, 20).letters == 20
    assert RateLimit(0, 0).memory == timedelta()


def test_what_is_left_of_the_minute_and_of_the_hour():
    pace = RateLimit(per_minute=10, per_hour=30)
    assert allowance(pace, [], NOW, 20).letters == 10
    assert allowance(pace, [NOW - MINUTE / 2] * 7, NOW, 20).letters == 3
    full = allowance(pace, [NOW - MINUTE / 2] * 10, NOW, 20)
    assert (full.letters, full.wait) == (0, timedelta(seconds=31))
    hour = allowance(pace, [NOW - HOUR / 2] * 30, NOW, 20)
    assert (hour.letters, hour.wait) == (0, HOUR / 2 + timedelta(seconds=1))
    assert allowance(pace, [NOW - HOUR / 2] * 25, NOW, 20).letters == 5
    old = [NOW - HOUR - timedelta(seconds=2)] * 500
    assert allowance(pace, old, NOW, 20).letters == 10


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 15), st.integers(0, 60), st.lists(st.integers(1, 900), min_size=20, max_size=60)
)
def test_no_minute_and_no_hour_ever_has_more_than_its_share(
    per_minute: int, per_hour: int, pauses: list[int]
):
    """A loop that wakes at odd times, and whose times are kept in whole seconds."""
    pace, now, kept, sent = RateLimit(per_minute, per_hour), NOW, [], []
    for pause in pauses:
        allowed = allowance(pace, kept, now, 20)
        assert bool(allowed.letters) is not bool(allowed.wait)
        sent += [now] * allowed.letters
        kept += [now.replace(microsecond=0)] * allowed.letters
        now += allowed.wait or timedelta(seconds=pause, microseconds=pause * 997)
    for limit, span in ((per_minute, MINUTE), (per_hour, HOUR)):
        for at in sent if limit else ():
            assert sum(at - span < other <= at for other in sent) <= limit


def test_the_wait_is_just_long_enough():
    pace = RateLimit(per_minute=5, per_hour=0)
    tries = [NOW - timedelta(seconds=n) for n in (10, 20, 30, 40, 50)]
    wait = allowance(pace, tries, NOW, 20).wait
    assert allowance(pace, tries, NOW + wait - timedelta(milliseconds=1), 20).letters == 0
    assert allowance(pace, tries, NOW + wait, 20).letters == 1


# --- words


def test_placeholders_are_filled_once():
    person = TextPerson("★受付番号★　花子", "001001")
    text = mailing_text.with_shop("★名前★ 様、★受付番号★、★店名★、★名前★", SHOP)
    assert mailing_text.fill(text, person) == (
        "★受付番号★　花子 様、001001、ベーカリー こむぎ、★受付番号★　花子"
    )


def test_a_text_that_can_be_sent():
    assert mailing_text.problems("★名前★様へ", "★受付番号★ ★店名★ ★大安売り★", SHOP) == ()
    assert mailing_text.unfilled("★名前★様へ", "★大安売り★ ★受付番号★") == ("★大安売り★",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("★氏名★", "★名前★"), ("★お名前★", "★名前★"), ("★ 名前 ★", "★名前★"), ("★１★", "★受付番号★"),
     ("★番号★", "★受付番号★"), ("★受付Ｎｏ★", "★受付番号★"), ("★お店★", "★店名★")],
)  # fmt: skip
def test_a_placeholder_that_would_stay_empty_is_refused(written: str, meant: str):
    (problem,) = mailing_text.problems("見出", f"こんにちは {written} さん", SHOP)
    assert problem == f"{written} は使えません。{meant} と書いてください。"
    assert mailing_text.unfilled("", written) == ()


def test_what_the_law_asks_for_must_be_there():
    found = mailing_text.problems(" ", "", Shop(phone="03"))
    assert [problem.partition("。")[0] for problem in found] == [
        *("見出を入力してください", "本文を入力してください", "店名が空です", "住所が空です"),
    ]
    assert mailing_text.problems("a\nb", "本文", SHOP) == ("見出は1行にしてください。",)


def test_the_footer_names_sender_address_contact_and_the_way_to_stop():
    footer = mailing_text.footer(SHOP, ADDRESS)
    for needed in (SHOP.name, SHOP.address, SHOP.phone, ADDRESS, "件名を「配信停止」"):
        assert needed in footer
    assert "mailto:" not in footer, "customers read it; the link is in List-Unsubscribe"
    assert "%" not in footer
    assert mailing_text.complete("本文\n\n\n", footer) == f"本文\n\n{footer}"
    assert "電話" not in mailing_text.footer(Shop(name="店", address="町"), ADDRESS)


def test_list_unsubscribe_is_one_line_of_ascii():
    value = mailing_text.unsubscribe(ADDRESS)
    assert value == f"<mailto:{ADDRESS}?subject=%E9%85%8D%E4%BF%A1%E5%81%9C%E6%AD%A2>"
