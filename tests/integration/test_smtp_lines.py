"""The SMTP client where lines are lost, and where several are open."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from kollect.errors import ServerTrouble
from kollect.smtp import client as post_module
from kollect.smtp.client import MOST_ON_WAY
from kollect.smtp.outgoing import DeliveryStatus
from tests.helpers.scripted_smtp import Act, At, ScriptedSmtp
from tests.helpers.smtp_delivery import (
    MODES,
    endings,
    every_mode,
    fair,
    letter,
    letters,
    once,
    posting,
    script,
    sent,
)

# --- lines lost


@pytest.mark.parametrize("act", [Act.CUT, Act.KEEP_AND_CUT])
@every_mode
def test_cut_at_the_end_of_a_letter_is_unknown(scripted_smtp: ScriptedSmtp, mode: str, act: Act):
    final = "BDAT" if mode == "stream" else "DOT"
    scripted_smtp.script = script(
        mode, fault=once(lambda at: at.verb == final and at.accepted == 5, act)
    )
    ended = sent(scripted_smtp, letters(30))
    assert ended[5].status is DeliveryStatus.UNKNOWN
    assert "切れました" in ended[5].text
    unknown = endings(ended)[DeliveryStatus.UNKNOWN]
    assert unknown <= (MOST_ON_WAY if mode == "stream" else 1)
    assert endings(ended)[DeliveryStatus.ACCEPTED] >= 30 - unknown - 1
    assert len(scripted_smtp.commands) >= 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_cut_before_the_end_is_for_later(scripted_smtp: ScriptedSmtp, verb: str):
    for mode in ("overlap", "plain"):
        scripted_smtp.kept.clear()
        scripted_smtp.script = script(
            mode, fault=once(lambda at: at.verb == verb and at.accepted == 5, Act.CUT)
        )
        ended = sent(scripted_smtp, letters(30))
        assert ended[5].status is DeliveryStatus.LATER
        assert endings(ended) == {DeliveryStatus.ACCEPTED: 29, DeliveryStatus.LATER: 1}


def test_no_answer_to_the_last_dot_is_unknown(
    scripted_smtp: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(post_module, "_TICK_SECONDS", 0.05)
    for number, (mode, act) in enumerate(
        [(m, a) for m in MODES for a in (Act.HANG, Act.KEEP_AND_HANG)]
    ):
        final = "BDAT" if mode == "stream" else "DOT"
        scripted_smtp.kept.clear()
        scripted_smtp.script = script(mode, fault=once(lambda at, f=final: at.verb == f, act))
        batch = [letter(1000 * number + key) for key in range(3)]
        started, ticks, ended = time.monotonic(), 0, []
        with posting(scripted_smtp, timeout_seconds=1, final_timeout_seconds=0.3) as post:
            for outcomes in post.deliver(batch):
                ticks += not outcomes
                ended += outcomes
        fair(scripted_smtp, batch, ended)
        assert ended[0].status is DeliveryStatus.UNKNOWN
        assert "返事がありません" in ended[0].text
        assert [one.status for one in ended[1:]] == [DeliveryStatus.ACCEPTED] * 2
        assert time.monotonic() - started >= 0.3
        assert ticks  # the screen is told while it waits


def test_no_answer_before_the_end_is_for_later(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script = script("plain", fault=once(lambda at: at.verb == "RCPT", Act.HANG))
    ended = sent(scripted_smtp, letters(3), timeout_seconds=1, final_timeout_seconds=60)
    assert ended[0].status is DeliveryStatus.LATER
    assert endings(ended)[DeliveryStatus.ACCEPTED] == 2


@every_mode
def test_server_that_always_hangs_up_is_left_in_peace(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(
        mode, fault=lambda at: Act.CUT if at.verb in ("BDAT", "DATA") else None
    )
    with posting(scripted_smtp) as post:
        ended = [one for outcomes in post.deliver(letters(50)) for one in outcomes]
        assert post.trouble is not None
    fair(scripted_smtp, letters(50), ended)
    assert len(scripted_smtp.commands) <= 3
    assert Counter(one.status for one in ended)[DeliveryStatus.LATER] >= 48


@pytest.mark.parametrize("verb", ["RSET", "MAIL"])
@pytest.mark.parametrize("most", [1, 7])
@every_mode
def test_421_after_some_mails_costs_nothing(
    scripted_smtp: ScriptedSmtp, mode: str, verb: str, most: int
):
    if verb == "RSET" and mode == "plain":
        return  # has none
    scripted_smtp.script = script(
        mode,
        fault=lambda at: "421 4.7.0 enough" if at.verb == verb and at.accepted >= most else None,
    )
    ended = sent(scripted_smtp, letters(40))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 40}
    assert len(scripted_smtp.commands) >= 40 // most


@pytest.mark.parametrize("verb", ["RCPT", "FINAL"])
@every_mode
def test_421_to_a_letter_puts_that_one_off(scripted_smtp: ScriptedSmtp, mode: str, verb: str):
    step = {"FINAL": "BDAT" if mode == "stream" else "DOT"}.get(verb, verb)
    scripted_smtp.script = script(
        mode, fault=once(lambda at: at.verb == step and at.accepted == 7, "421 4.3.2 shutdown")
    )
    ended = sent(scripted_smtp, letters(40))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 39, DeliveryStatus.LATER: 1}
    assert (ended[7].status, ended[7].code) == (DeliveryStatus.LATER, 421)


def test_421_to_every_connection(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.fault = lambda at: "421 4.3.2 no" if at.verb == "MAIL" else None
    ended = sent(scripted_smtp, letters(40))
    assert endings(ended) == {DeliveryStatus.LATER: 40}
    assert len(scripted_smtp.commands) == 2


def test_server_gone_in_the_middle(scripted_smtp: ScriptedSmtp):
    def fault(at: At) -> str | Act | None:
        if at.verb == "GREETING" and at.connection > 1:
            return "421 4.3.2 going down"
        return Act.CUT if at.verb == "BDAT" and at.accepted == 5 else None

    scripted_smtp.script.fault = fault
    with posting(scripted_smtp) as post:
        ended = [one for outcomes in post.deliver(letters(300)) for one in outcomes]
        assert isinstance(post.trouble, ServerTrouble)
    fair(scripted_smtp, letters(300), ended)
    found = Counter(one.status for one in ended)
    assert found[DeliveryStatus.ACCEPTED] == 5
    assert found[DeliveryStatus.UNKNOWN] <= MOST_ON_WAY
    assert found[DeliveryStatus.LATER] >= 300 - 5 - MOST_ON_WAY


# --- further connections


@pytest.mark.parametrize("mode", ["overlap", "plain"])
def test_long_queue_takes_four_connections(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    assert endings(sent(scripted_smtp, letters(100))) == {DeliveryStatus.ACCEPTED: 100}
    assert scripted_smtp.most_open == 4
    by = Counter(kept.connection for kept in scripted_smtp.kept)
    assert min(by.values()) > 5


@pytest.mark.parametrize("mode", ["overlap", "plain"])
def test_server_that_wants_fewer_connections(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode, most_connections=2)
    assert endings(sent(scripted_smtp, letters(100))) == {DeliveryStatus.ACCEPTED: 100}
    assert len(scripted_smtp.commands) == 3


def test_short_queue_takes_one_connection(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script = script("overlap")
    sent(scripted_smtp, letters(30))
    assert scripted_smtp.most_open == 1


@pytest.mark.parametrize("mode", ["overlap", "plain"])
def test_further_connection_that_fails_at_its_first_letter(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(
        mode, fault=lambda at: "421 4.7.0 one is enough" if _second_mail(at) else None
    )
    ended = sent(scripted_smtp, letters(100))
    assert endings(ended)[DeliveryStatus.ACCEPTED] >= 97
    assert len(scripted_smtp.commands) <= 4


def _second_mail(at: At) -> bool:
    return at.verb == "MAIL" and at.connection > 1
