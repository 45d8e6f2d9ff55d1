"""The table of waiting for mail, the numbers a server tells, its silence, the clocks, the trust."""

from __future__ import annotations

import pytest

from kollect.inbox.idle_states import (
    BEGIN,
    LOSES_LINE,
    NEVER_PUSHES,
    OVER,
    REFUSES,
    UNANSWERED,
    Arrivals,
    PushTrust,
    Silence,
    Step,
    WaitEvent,
    WaitState,
    after,
    event_of,
)

S, E = WaitState, WaitEvent
REASONS = (E.NEWS, E.DUE, E.WOKEN)
ENDS = (E.BYE, E.CUT, E.LATE, E.SILENT, E.JUMPED)
RUNNING = [state for state in S if state not in OVER]


def walk(*events: WaitEvent) -> list[str]:
    """What is said, and at last where it ended."""
    step, said = BEGIN, [BEGIN.say]
    for event in events:
        step = after(step.state, event)
        said.append(step.say)
    return [*filter(None, said), step.state]


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_to_poll_at_any_moment(reason: WaitEvent):
    assert walk(reason, E.OK) == ["NOOP", S.POLL]
    assert walk(E.OK, reason, E.INVITED, E.OK) == ["NOOP", "IDLE", "DONE", S.POLL]
    assert walk(E.OK, E.INVITED, reason, E.OK) == ["NOOP", "IDLE", "DONE", S.POLL]
    assert walk(E.OK, E.INVITED, E.OLD, reason, E.OK) == ["NOOP", "IDLE", "DONE", S.POLL]


def test_done_is_not_said_before_the_invitation():
    for reason in REASONS:
        assert after(S.ASKED, reason) == Step(S.CALLED_OFF)


def test_after_long_enough_it_looks_and_asks_again():
    said = walk(E.OK, E.INVITED, E.OLD, E.OK, E.OK, E.INVITED)
    assert said == ["NOOP", "IDLE", "DONE", "NOOP", "IDLE", S.IDLE]


@pytest.mark.parametrize("end", ENDS)
def test_a_lost_line_is_urgent_only_where_there_was_a_reason(end: WaitEvent):
    for state in RUNNING:
        hasty = state in (S.CALLED_OFF, S.LEAVING)
        assert after(state, end).state is (S.ANEW if hasty else S.LOST), state


def test_a_server_that_refuses_is_not_asked_again():
    for answer in (E.NO, E.OK):
        assert after(S.ASKED, answer).state is S.REFUSED
        assert after(S.CALLED_OFF, answer).state is S.POLL


def test_the_end_of_the_program_ends_it_everywhere():
    assert {after(state, E.STOP).state for state in RUNNING} == {S.STOPPED}
    assert after(S.IDLE, E.STOP).say == "DONE"


def test_what_is_said_besides_changes_nothing():
    for state in RUNNING:
        for event in (E.ASIDE, E.STILL_HERE):
            assert after(state, event) == Step(state)


def test_what_is_over_is_over():
    for state in OVER:
        with pytest.raises(ValueError, match="over"):
            after(state, E.NEWS)


def test_every_state_is_left_by_an_answer_or_by_time():
    for state in UNANSWERED:
        assert after(state, E.LATE).state in OVER


# ---- what the server says


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b"+ idling", E.INVITED),
        (b"+", E.INVITED),
        (b"* 5 EXISTS", E.NEWS),
        (b"* 5 exists ", E.NEWS),
        (b"* 2 RECENT", E.NEWS),
        (b"* 0 RECENT", E.ASIDE),
        (b"* 3 EXPUNGE", E.ASIDE),
        (b"* OK Still here", E.STILL_HERE),
        (b"* BYE shutting down", E.BYE),
        (b"T1 OK done", E.OK),
        (b"T1 ok [X] done", E.OK),
        (b"T1 NO not now", E.NO),
        (b"T1 BAD what", E.NO),
        (b"T2 OK somebody else's", E.ASIDE),
        (b"* 3 FETCH (FLAGS (\\Seen))", E.ASIDE),
        (b"* 3 FETCH (BODY[] {12}", E.CUT),
        (b"* 99999999999 EXISTS", E.ASIDE),
        (b"", E.ASIDE),
        (b"\xff\x00", E.ASIDE),
    ],
)
def test_what_a_line_means(line: bytes, event: WaitEvent):
    assert event_of(line, b"T1", Arrivals()) is event


def heard(arrivals: Arrivals, *lines: bytes) -> list[bool]:
    return [arrivals.hear(line) for line in lines]


def test_only_more_mails_are_news():
    arrivals = Arrivals()
    heard(arrivals, b"* 5 EXISTS", b"* 1 RECENT")
    arrivals.opened()
    assert not arrivals.unseen
    assert heard(arrivals, b"* 5 EXISTS", b"* 1 RECENT", b"* 4 EXISTS") == [False] * 3
    assert heard(arrivals, b"* 5 EXISTS") == [True]


def test_mails_that_others_delete_are_counted_off():
    arrivals = Arrivals()
    arrivals.hear(b"* 5 EXISTS")
    arrivals.opened()
    assert heard(arrivals, b"* 1 EXPUNGE", b"* 5 EXISTS") == [False, True]


def test_after_deleting_any_number_may_be_more():
    arrivals = Arrivals()
    arrivals.hear(b"* 5 EXISTS")
    arrivals.opened()
    arrivals.deleted()
    assert heard(arrivals, b"* 1 EXISTS", b"* 1 EXISTS") == [True, False]


def test_what_was_told_before_the_listing_is_in_it():
    arrivals = Arrivals()
    heard(arrivals, b"* 5 EXISTS")
    arrivals.listed()
    assert not arrivals.unseen
    heard(arrivals, b"* 6 EXISTS")
    assert arrivals.unseen


# ---- silence


def test_a_server_that_says_how_often_it_speaks_is_dead_after_twice_that():
    silence = Silence()
    silence.begin(0)
    assert silence.ends is None
    silence.hear(E.STILL_HERE, 20)
    assert silence.ends is None, "the first comes when it likes"
    silence.hear(E.STILL_HERE, 140)
    assert silence.ends == 140 + 240
    silence.hear(E.ASIDE, 150)
    assert silence.ends == 150 + 240
    silence.begin(1000)
    assert silence.ends == 1000 + 240, "remembered"


def test_one_that_speaks_every_second_may_be_silent_for_a_while():
    silence = Silence()
    silence.begin(0)
    silence.hear(E.STILL_HERE, 1)
    silence.hear(E.STILL_HERE, 2)
    assert silence.ends == 32


# ---- trust


def test_three_mails_found_by_the_clock_and_none_told_of():
    trust = PushTrust().after_poll(E.DUE, 2)
    assert not trust.broken
    assert trust.after_poll(E.DUE, 1).broken == NEVER_PUSHES
    assert not trust.after_poll(E.NEWS, 1).after_poll(E.DUE, 2).broken
    assert not trust.after_poll(E.WOKEN, 5).after_poll(None, 5).broken


def test_a_line_that_is_lost_again_and_again():
    trust = PushTrust().after_wait(S.LOST, 1).after_wait(S.LOST, 1)
    assert not trust.broken
    assert trust.after_wait(S.LOST, 1).broken == LOSES_LINE
    assert not trust.after_wait(S.LOST, 61).after_wait(S.LOST, 1).broken
    assert not trust.after_poll(E.NEWS, 1).after_wait(S.LOST, 1).broken


def test_a_refusal_is_enough():
    assert PushTrust().after_wait(S.REFUSED, 0).broken == REFUSES


def test_pushes_with_nothing_behind_them():
    trust = PushTrust()
    for _ in range(5):
        assert not trust.cries_wolf
        trust = trust.after_poll(E.NEWS, 0)
    assert trust.cries_wolf
    assert not trust.rested().cries_wolf
    assert not trust.after_poll(E.NEWS, 1).cries_wolf
