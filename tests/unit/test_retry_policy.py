"""How long a letter is tried: five days of 4xx, three refusals on two days, others taken after."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kollect.delivery.retry_policy import (
    ENOUGH_TAKEN,
    GIVE_UP_AFTER,
    LEAST_TRIES,
    MOST_REFUSED,
    TWO_DAYS,
    Doubts,
    Patience,
    is_put_off,
)

DAY = 86400
LATER, NO, OTHER_NO = "450 4.7.1 Greylisted", "550 5.7.1 no", "554 5.7.1 no"


def test_five_days_from_the_first_four_hundred_to_this_letter():
    letter = Patience().after(LATER, 1000)
    assert letter.later_since == 1000
    assert not letter.after(LATER, 1000 + GIVE_UP_AFTER).is_over(1000 + GIVE_UP_AFTER)
    assert letter.after(LATER, 1001 + GIVE_UP_AFTER).is_over(1001 + GIVE_UP_AFTER)
    # what the server does not say itself begins no days
    for answer in ("送信サーバに接続できません", "", NO, "250 ok"):
        assert Patience().after(answer, 1000).later_since is None
        assert not is_put_off(answer)


def test_the_same_refusal_at_three_tries_on_two_days():
    letter = Patience()
    for lived in (0, 60, 120, TWO_DAYS - 1):
        letter = letter.after(NO, lived)
        assert not letter.is_refused(lived)
    assert letter.after(NO + " (again)", TWO_DAYS).is_refused(TWO_DAYS)
    twice = Patience().after(NO, 0).after(NO, 3 * DAY)
    assert not twice.is_refused(3 * DAY)


def test_another_answer_in_between_begins_anew():
    for answer in (LATER, OTHER_NO):
        letter = Patience().after(NO, 0).after(NO, 10).after(answer, 20).after(NO, 5 * DAY)
        assert not letter.is_refused(5 * DAY)
        assert letter.refusals == 1
    # a line that was cut is no answer
    assert Patience().after(NO, 0).after("切れました", 5).after(NO, 10).refusals == 2


def test_a_refusal_ends_no_five_days():
    letter = Patience().after(LATER, 0).after(NO, DAY).after(LATER, 6 * DAY)
    assert letter.is_over(6 * DAY)


def test_a_letter_alone_is_told_by_those_begun_after_it():
    doubts: Doubts[str] = Doubts()
    doubts.refused("a", begun=3)  # 1 to 3 were begun before it was heard
    assert [doubts.taken(place) for place in (1, 2, 3)] == [[], [], []]
    assert doubts.undisproved() == ["a"]
    assert doubts.taken(4) == []
    assert doubts.undisproved() == []
    assert doubts.left() == ["a"]
    assert doubts.taken(5) == ["a"]
    assert doubts.left() == []


def test_three_in_a_row_are_about_us():
    doubts: Doubts[int] = Doubts()
    for key in range(MOST_REFUSED - 1):
        doubts.refused(key, begun=key + 1)
    assert not doubts.about_us
    doubts.taken(9)
    doubts.refused(7, begun=10)
    assert not doubts.about_us
    for key in range(8, 8 + MOST_REFUSED - 1):
        doubts.refused(key, begun=key)
    assert doubts.about_us


def test_a_copy_has_a_life_of_its_own():
    """A commit that fails is done again, from the doubts as they were."""
    doubts: Doubts[str] = Doubts()
    doubts.refused("a", begun=1)
    doubts.taken(2)
    copy = doubts.copy()
    assert copy.taken(3) == ["a"]
    copy.refused("b", begun=4)
    assert (doubts.left(), doubts.in_a_row) == (["a"], 0)
    assert doubts.taken(3) == ["a"]


@given(st.lists(st.booleans(), max_size=60))
def test_a_server_that_refuses_everything_at_last_ends_no_letter(answers: list[bool]):
    """One after the other: a letter is over only where enough others were taken behind it."""
    doubts: Doubts[int] = Doubts()
    over: list[int] = []
    for place, taken in enumerate(answers, 1):
        if taken:
            over += doubts.taken(place)
        else:
            doubts.refused(place, begun=place)
    for place, taken in enumerate(answers, 1):
        assert (place in over) is (not taken and sum(answers[place:]) >= ENOUGH_TAKEN)


def test_the_numbers_are_those_of_the_rules():
    assert (GIVE_UP_AFTER, LEAST_TRIES) == (5 * DAY, 3)
    assert DAY / 2 < TWO_DAYS < DAY
