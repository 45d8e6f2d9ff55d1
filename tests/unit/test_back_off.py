"""How long the sending server is left alone, and what counts as being turned away."""

from __future__ import annotations

import pytest

from kollect.errors import ServerTrouble, Stage
from kollect.smtp.back_off import (
    BACK_OFF_SECONDS,
    MOST_FAILED_CONNECTIONS,
    MOST_PUT_OFF,
    BackOff,
)

BUSY = ServerTrouble(
    "送信サーバが混んでいます", happened="421", cure="お待ちください。", stage=Stage.SEND
)


def test_a_server_that_turned_us_away_is_left_alone_for_a_minute():
    back_off = BackOff()
    back_off.begin(BUSY, 5.0)
    assert not back_off.end(5.0 + BACK_OFF_SECONDS - 0.1)
    assert back_off.trouble is BUSY
    assert back_off.end(5.0 + BACK_OFF_SECONDS)
    assert back_off.trouble is None


@pytest.mark.parametrize(
    ("bad", "good", "most"),
    [
        (BackOff.letter_put_off, BackOff.letter_decided, MOST_PUT_OFF),
        (BackOff.connection_failed, BackOff.connection_answered, MOST_FAILED_CONNECTIONS),
    ],
)
def test_only_those_in_a_row_are_too_many(bad, good, most):
    back_off = BackOff()
    for _ in range(most - 1):
        assert not bad(back_off)
    good(back_off)
    assert [bad(back_off) for _ in range(most)] == [False] * (most - 1) + [True]


def test_after_the_pause_is_counted_from_the_beginning():
    back_off = BackOff()
    for _ in range(MOST_PUT_OFF):
        back_off.letter_put_off()
    back_off.begin(BUSY, 0.0)
    assert back_off.end(BACK_OFF_SECONDS)
    assert not back_off.letter_put_off()
