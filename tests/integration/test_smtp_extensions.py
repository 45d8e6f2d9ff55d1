"""What the SMTP client makes of the server's extensions, also of those that are a lie."""

from __future__ import annotations

from collections import Counter

import pytest

from kollect.smtp.outgoing import DeliveryStatus, OutgoingMail
from tests.helpers.scripted_smtp import At, Script, ScriptedSmtp
from tests.helpers.smtp_delivery import (
    body,
    endings,
    endings_of,
    every_mode,
    letter,
    letters,
    once,
    posting,
    script,
    sent,
)

# --- extensions


@every_mode
def test_parameters_follow_the_offers(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    sent(scripted_smtp, [letter(0)])
    assert scripted_smtp.kept[0].parameters == f"SIZE={len(body('kokyaku0@docomo.ne.jp'))}"


def test_no_parameters_where_nothing_is_offered(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script = Script(pipelining=False, chunking=False, eight_bit=False, size=None)
    sent(scripted_smtp, [letter(0)])
    assert scripted_smtp.kept[0].parameters == ""


@every_mode
def test_international_addresses(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    batch = [letter(0, "太郎@日本語.jp"), letter(1, "taro@日本語.jp")]
    with posting(scripted_smtp) as post:
        assert endings_of(post, batch) == [DeliveryStatus.ACCEPTED, DeliveryStatus.ACCEPTED]
    assert scripted_smtp.recipients == ["太郎@xn--wgv71a119e.jp", "taro@xn--wgv71a119e.jp"]
    first, second = (kept.parameters for kept in scripted_smtp.kept)
    assert first.endswith("BODY=8BITMIME SMTPUTF8")
    assert "UTF8" not in second


def test_international_address_without_smtputf8(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.utf8 = False
    ended = sent(scripted_smtp, [letter(0, "太郎@example.jp"), letter(1)])
    assert ended[0].status is DeliveryStatus.REFUSED
    assert "対応していません" in ended[0].text
    assert ended[1].status is DeliveryStatus.ACCEPTED


@every_mode
def test_too_large_for_the_server(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode, size=65536)
    batch = [letter(0), OutgoingMail(1, "a@docomo.ne.jp", b"x\r\n" * 22000), letter(2)]
    with posting(scripted_smtp) as post:
        ended = {one.key: one for outcomes in post.deliver(batch) for one in outcomes}
    assert [ended[key].status.value for key in range(3)] == ["accepted", "refused", "accepted"]
    assert "大きさ" in ended[1].text


@pytest.mark.parametrize("size", [1, 7, 1000, 65535])
def test_a_size_that_no_server_may_have_loses_nobody(scripted_smtp: ScriptedSmtp, size: int):
    scripted_smtp.script = script("stream", size=size)
    assert endings(sent(scripted_smtp, [letter(0)])) == {DeliveryStatus.ACCEPTED: 1}


@pytest.mark.parametrize("behind", ["250 ok", "421 4.3.2 bye", "?", "334 "])
@pytest.mark.parametrize("letters", [1, 30])
def test_unasked_words_before_the_first_letter_do_not_call_for_ever(
    scripted_smtp: ScriptedSmtp, behind: str, letters: int
):
    """Each line is confused before a letter can begin on it."""
    hello = f"250 scripted.example\r\n{behind}"
    scripted_smtp.script.fault = lambda at: hello if at.verb == "EHLO" else None
    batch = [letter(n) for n in range(letters)]
    assert endings(sent(scripted_smtp, batch)) == {DeliveryStatus.LATER: letters}
    assert len(scripted_smtp.commands) <= 4
    scripted_smtp.script.fault = None
    assert endings(sent(scripted_smtp, batch)) == {DeliveryStatus.ACCEPTED: letters}


# --- lies


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_chunking_was_a_lie(scripted_smtp: ScriptedSmtp, code: int):
    scripted_smtp.script.fault = lambda at: f"{code} 5.5.1 what?" if at.verb == "BDAT" else None
    ended = sent(scripted_smtp, letters(30))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 30}
    assert {kept.verb for kept in scripted_smtp.kept} == {"DATA"}
    assert sum(one.startswith("BDAT") for one in scripted_smtp.commands[0]) == 1


def test_chunk_taken_for_commands(scripted_smtp: ScriptedSmtp):
    """The lines of the letter, "MAIL FROM:<x@y>" among them, are read as commands."""
    scripted_smtp.script.drains_refused_bdat = False
    scripted_smtp.script.fault = lambda at: "502 5.5.1 what?" if at.verb == "BDAT" else None
    ended = sent(scripted_smtp, letters(30))
    assert endings(ended)[DeliveryStatus.ACCEPTED] == 30


def test_pipelining_was_a_lie(scripted_smtp: ScriptedSmtp):
    for mode in ("stream", "overlap"):
        scripted_smtp.kept.clear()
        scripted_smtp.script = script(mode, swallows=True)
        ended = sent(scripted_smtp, letters(10), timeout_seconds=1, final_timeout_seconds=1)
        assert endings(ended)[DeliveryStatus.ACCEPTED] >= 9
        assert "lied" not in scripted_smtp.commands


def test_data_out_of_turn_was_a_lie(scripted_smtp: ScriptedSmtp):
    hurried = scripted_smtp.hurried

    def fault(at: At) -> str | None:
        return "503 5.5.1 bad sequence" if at.verb == "DATA" and hurried else None

    scripted_smtp.script = script("overlap", fault=fault)
    with posting(scripted_smtp) as post:
        first = endings_of(post, [letter(0)])
    assert first == [DeliveryStatus.LATER]  # in the plain dialogue too: the fault goes on


@pytest.mark.parametrize("answer", ["555 5.5.4 parameters", "501 5.5.4 SIZE?", "504 no"])
@every_mode
def test_parameters_were_a_lie(scripted_smtp: ScriptedSmtp, mode: str, answer: str):
    scripted_smtp.script = script(
        mode, fault=lambda at: answer if at.verb == "MAIL" and "SIZE" in at.argument else None
    )
    ended = sent(scripted_smtp, letters(10))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 10}


@pytest.mark.parametrize("answer", ["250 what", "354 go on", "300 so so", "rubbish", "221 bye"])
@pytest.mark.parametrize("verb", ["RSET", "MAIL", "RCPT", "DATA", "BDAT"])
def test_answers_out_of_step(scripted_smtp: ScriptedSmtp, verb: str, answer: str):
    """One answer that does not fit: the line is dropped, the rest goes by the plain dialogue."""
    mode = "overlap" if verb == "DATA" else "stream"
    scripted_smtp.script = script(
        mode, fault=once(lambda at: at.verb == verb and at.accepted == 2, answer)
    )
    batch = letters(30)
    with posting(scripted_smtp) as post:
        ended = [one for outcomes in post.deliver(batch) for one in outcomes]
    assert sorted(one.key for one in ended) == list(range(30))
    copies = Counter(scripted_smtp.recipients)
    for one in ended:
        if one.status is not DeliveryStatus.ACCEPTED:
            assert copies[batch[one.key].recipient] <= (one.status is DeliveryStatus.UNKNOWN)
        elif answer != "250 what" and not answer.startswith("221"):
            assert copies[batch[one.key].recipient] == 1
    assert all(kept.data == body(kept.recipients[0]) for kept in scripted_smtp.kept)
    assert max(copies.values()) == 1
