"""The SMTP client against a server that refuses, is odd or is stopped: who got what.

Whatever the server does, `fair` must hold.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kollect.errors import ServerTrouble
from kollect.settings.model import Tls
from kollect.smtp.client import MOST_ON_WAY, SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from tests.helpers.scripted_smtp import Act, At, ScriptedSmtp
from tests.helpers.smtp_delivery import (
    MODES,
    SHOP,
    body,
    endings,
    endings_of,
    every_mode,
    fair,
    from_disk,
    letter,
    letters,
    once,
    posting,
    script,
    sent,
    settings_for,
)

# --- no faults


@every_mode
def test_everything_arrives_in_order(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    ended = sent(scripted_smtp, letters(30))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 30}
    assert scripted_smtp.recipients == [one.recipient for one in letters(30)]
    assert all(outcome.code == 250 and outcome.text for outcome in ended.values())
    assert scripted_smtp.most_open == 1
    assert scripted_smtp.commands[0][-1] == "QUIT"


def test_streaming_puts_a_rset_before_every_letter(scripted_smtp: ScriptedSmtp):
    sent(scripted_smtp, letters(3))
    verbs = [command.split(" ")[0].partition(":")[0] for command in scripted_smtp.commands[0]]
    assert verbs == ["EHLO", *["RSET", "MAIL", "RCPT", "BDAT"] * 3, "QUIT"]
    assert {kept.verb for kept in scripted_smtp.kept} == {"BDAT"}


def test_next_envelope_rides_behind_the_body(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script = script("overlap")
    sent(scripted_smtp, letters(3))
    verbs = [command.split(" ")[0].partition(":")[0] for command in scripted_smtp.commands[0]]
    assert verbs == ["EHLO", *["RSET", "MAIL", "RCPT", "DATA"] * 3, "QUIT"]
    assert not any(command.startswith("DATA") for command in scripted_smtp.hurried)


def test_plain_dialogue_waits_for_every_answer(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script = script("plain")
    sent(scripted_smtp, letters(5))
    assert scripted_smtp.hurried == []
    assert "RSET" not in scripted_smtp.commands[0]


@every_mode
def test_never_more_than_twenty_unwritten(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    written = most = 0
    with posting(scripted_smtp) as post:
        for outcomes in post.deliver(letters(100)):
            time.sleep(0.01)  # so that all that is on the way arrives
            most = max(most, len(scripted_smtp.kept) - written)
            written += len(outcomes)
    assert written == 100
    assert most <= MOST_ON_WAY
    if mode == "stream":
        assert most > MOST_ON_WAY // 2


def test_letters_are_taken_as_late_as_possible(scripted_smtp: ScriptedSmtp):
    taken: list[int] = []

    def lazily() -> Iterator[OutgoingMail]:
        for one in letters(200):
            taken.append(one.key)
            yield one

    ended = 0
    with posting(scripted_smtp) as post:
        for outcomes in post.deliver(lazily()):
            ended += len(outcomes)
            assert len(taken) <= ended + MOST_ON_WAY + 1
    assert ended == 200


@every_mode
def test_a_letter_that_may_not_go_any_more_is_not_begun_and_has_no_ending(
    scripted_smtp: ScriptedSmtp, mode: str
):
    scripted_smtp.script = script(mode)
    batch = [letter(key, still_allowed=lambda key=key: key % 3 != 0) for key in range(30)]
    with posting(scripted_smtp) as post:
        ended = [outcome for outcomes in post.deliver(batch) for outcome in outcomes]
        assert endings_of(post, [letter(40, still_allowed=lambda: False)]) == []
    assert [outcome.key for outcome in ended] == [key for key in range(30) if key % 3]
    assert scripted_smtp.recipients == [one.recipient for one in batch if one.key % 3]
    assert post.trouble is None


def test_no_letters_no_connection(scripted_smtp: ScriptedSmtp):
    with posting(scripted_smtp) as post:
        assert list(post.deliver([])) == []
    assert scripted_smtp.commands == []


def test_connection_is_kept_between_deliveries(scripted_smtp: ScriptedSmtp):
    with posting(scripted_smtp) as post:
        for key in range(3):
            assert endings_of(post, [letter(key)]) == [DeliveryStatus.ACCEPTED]
    assert len(scripted_smtp.commands) == 1


@pytest.mark.parametrize("farewell", ["", "421 4.4.2 idle too long"])
@pytest.mark.parametrize("waited", [0, 60])
@every_mode
def test_idle_connection_is_reopened_silently(
    scripted_smtp: ScriptedSmtp, mode: str, farewell: str, waited: int
):
    scripted_smtp.script = script(mode)
    late = 0.0
    post = SmtpClient(
        settings_for(scripted_smtp), Tls(), SHOP, "", clock=lambda: time.monotonic() + late
    )
    assert endings_of(post, [letter(0)]) == [DeliveryStatus.ACCEPTED]
    scripted_smtp.close_idle(farewell)
    late = waited
    assert endings_of(post, [letter(1)]) == [DeliveryStatus.ACCEPTED]
    assert post.trouble is None
    post.close()
    assert scripted_smtp.recipients == ["kokyaku0@docomo.ne.jp", "kokyaku1@docomo.ne.jp"]


def test_idle_connection_that_hangs_is_given_up(
    scripted_smtp: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("kollect.smtp.smtp_connection._PROBE_SECONDS", 0.1)
    late = 0.0
    post = SmtpClient(
        settings_for(scripted_smtp), Tls(), SHOP, "", clock=lambda: time.monotonic() + late
    )
    assert endings_of(post, [letter(0)]) == [DeliveryStatus.ACCEPTED]
    scripted_smtp.script.fault = lambda at: Act.HANG if at.connection == 1 else None
    late = 60
    assert endings_of(post, [letter(1)]) == [DeliveryStatus.ACCEPTED]
    post.close()
    assert len(scripted_smtp.commands) == 2


# --- refusals


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "FINAL"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("450 4.2.0 later", DeliveryStatus.LATER),
        ("550 5.1.1 unknown", DeliveryStatus.REFUSED),
        ("552 5.2.2 full", DeliveryStatus.REFUSED),
        ("530 5.7.0 Authentication required", DeliveryStatus.LATER),
        ("550 5.7.1 Unable to relay", DeliveryStatus.LATER),
    ],
)
@every_mode
def test_one_refusal_concerns_one_letter(
    scripted_smtp: ScriptedSmtp, mode: str, verb: str, code: str, expected: DeliveryStatus
):
    if mode == "stream" and verb == "DATA":
        return  # BDAT has no such step
    step = {"FINAL": "BDAT" if mode == "stream" else "DOT"}.get(verb, verb)
    target = letters(30)[12].recipient
    scripted_smtp.script = script(
        mode, fault=lambda at: code if (at.verb, at.recipient) == (step, target) else None
    )
    ended = sent(scripted_smtp, letters(30))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 29, expected: 1}
    assert ended[12].status is expected
    assert ended[12].code == int(code[:3])
    assert code[4:] in ended[12].text
    assert len(scripted_smtp.commands) == 1


@every_mode
def test_half_the_customers_refused(scripted_smtp: ScriptedSmtp, mode: str):
    def fault(at: At) -> str | None:
        odd = at.verb == "RCPT" and int(at.recipient[len("kokyaku") :].partition("@")[0]) % 2
        return "550 5.1.1 unknown" if odd else None

    scripted_smtp.script = script(mode, fault=fault)
    ended = sent(scripted_smtp, letters(60))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 30, DeliveryStatus.REFUSED: 30}
    assert all(
        (outcome.status is DeliveryStatus.REFUSED) == key % 2 for key, outcome in ended.items()
    )


@pytest.mark.parametrize("mode", ["overlap", "plain"])
def test_nothing_is_sent_to_nobody(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(
        mode,
        data_without_recipients=True,
        fault=lambda at: "550 5.1.1 no" if at.verb == "RCPT" and "kyaku3@" in at.argument else None,
    )
    ended = sent(scripted_smtp, letters(10))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 9, DeliveryStatus.REFUSED: 1}
    assert ended[3].text == "5.1.1 no"
    assert scripted_smtp.thrown_away == ([b""] if mode == "overlap" else [])


@every_mode
def test_mail_refused_stops_the_queue(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(
        mode, fault=lambda at: "550 5.7.1 you may not" if at.verb == "MAIL" else None
    )
    with posting(scripted_smtp) as post:
        ended = [one for outcomes in post.deliver(letters(300)) for one in outcomes]
        assert post.trouble is not None
        assert "お店" in post.trouble.title
        assert "you may not" in post.trouble.detail
        # right behind it nothing is tried at all
        assert endings_of(post, [letter(1000)]) == [DeliveryStatus.LATER]
    fair(scripted_smtp, letters(300), ended)
    assert {outcome.status for outcome in ended} == {DeliveryStatus.LATER}
    assert scripted_smtp.commands[0].count("RSET") <= 1


@every_mode
def test_ten_put_off_in_a_row_are_enough(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(
        mode, fault=lambda at: "450 4.7.1 slow down" if at.verb == "RCPT" else None
    )
    with posting(scripted_smtp) as post:
        ended = [one for outcomes in post.deliver(letters(300)) for one in outcomes]
        assert post.trouble is not None
        assert "slow down" in post.trouble.detail
    fair(scripted_smtp, letters(300), ended)
    assert {outcome.status for outcome in ended} == {DeliveryStatus.LATER}
    tried = sum(command.startswith("RCPT") for command in scripted_smtp.commands[0])
    assert 10 <= tried <= 10 + MOST_ON_WAY


@every_mode
def test_mail_put_off_once(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(
        mode, fault=once(lambda at: at.verb == "MAIL" and at.accepted == 5, "451 4.3.0 hm")
    )
    ended = sent(scripted_smtp, letters(20))
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 19, DeliveryStatus.LATER: 1}
    assert ended[5].status is DeliveryStatus.LATER


# --- odd addresses

ODD = ["abc..def@docomo.ne.jp", ".abc@docomo.ne.jp", "abc.@ezweb.ne.jp"]


@pytest.mark.parametrize(
    "refusal",
    ["501 5.1.3 bad syntax", "553 not valid", "555 5.5.2 Syntax error, goodbye", "550 5.1.3 form"],
)
@every_mode
def test_odd_addresses_are_quoted_where_refused(
    scripted_smtp: ScriptedSmtp, mode: str, refusal: str
):
    scripted_smtp.script = script(mode, strict_addresses=refusal)
    batch = [letter(key, address) for key, address in enumerate(ODD)] + [letter(9)]
    with posting(scripted_smtp) as post:
        assert set(endings_of(post, batch)) == {DeliveryStatus.ACCEPTED}
    assert sorted(scripted_smtp.recipients) == sorted(
        [
            '"abc..def"@docomo.ne.jp',
            '".abc"@docomo.ne.jp',
            '"abc."@ezweb.ne.jp',
            batch[-1].recipient,
        ]
    )


@every_mode
def test_odd_addresses_go_as_they_are_where_taken(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    batch = [letter(key, address) for key, address in enumerate(ODD)]
    assert endings(sent(scripted_smtp, batch)) == {DeliveryStatus.ACCEPTED: 3}


@every_mode
def test_odd_addresses_refused_either_way(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(
        mode, fault=lambda at: "553 5.1.3 no" if at.verb == "RCPT" else None
    )
    ended = sent(scripted_smtp, [letter(0, ODD[0])])
    assert ended[0].status is DeliveryStatus.REFUSED
    tried = [one for one in scripted_smtp.commands[0] if one.startswith("RCPT")]
    assert tried == [f"RCPT TO:<{ODD[0]}>", 'RCPT TO:<"abc..def"@docomo.ne.jp>']


def test_unknown_is_unknown_also_for_odd_addresses(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.fault = lambda at: "550 5.1.1 no" if at.verb == "RCPT" else None
    assert sent(scripted_smtp, [letter(0, ODD[0])])[0].status is DeliveryStatus.REFUSED
    assert sum(one.startswith("RCPT") for one in scripted_smtp.commands[0]) == 1


@every_mode
def test_nothing_dangerous_is_ever_sent(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    evil = [
        "a@b.jp>\r\nRCPT TO:<victim@example.jp",
        "a@b.jp> NOTIFY=NEVER",
        "a b@example.jp",
        "a\0@example.jp",
        "nobody",
        "",
    ]
    batch = [OutgoingMail(key, address, body("x")) for key, address in enumerate(evil)]
    with posting(scripted_smtp) as post:
        ended = [one for outcomes in post.deliver(batch) for one in outcomes]
    assert {(one.status, one.code) for one in ended} == {(DeliveryStatus.REFUSED, 0)}
    assert len(ended) == len(evil)
    assert not any(one.startswith(("RCPT", "MAIL")) for one in scripted_smtp.commands[0])


# --- careful letters


def test_careful_letter_goes_alone(scripted_smtp: ScriptedSmtp):
    batch = letters(20)
    batch[10] = letter(10, send_alone=True)
    assert endings(sent(scripted_smtp, batch)) == {DeliveryStatus.ACCEPTED: 20}
    assert [kept.verb for kept in scripted_smtp.kept] == ["BDAT"] * 10 + ["DATA"] + ["BDAT"] * 9
    commands = scripted_smtp.commands[0]
    at = commands.index("RCPT TO:<kokyaku10@docomo.ne.jp>")
    assert commands[at + 1] == "DATA"
    for command in commands[at - 1 : at + 2]:
        assert scripted_smtp.hurried.count(command) == (9 + 10 if command == "MAIL" else 0) or (
            command.startswith("MAIL")
        )


# --- stopping


@every_mode
def test_stop_soon_waits_for_what_is_on_the_way(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    taken: list[OutgoingMail] = []

    def watched() -> Iterator[OutgoingMail]:
        for one in letters(200):
            taken.append(one)
            yield one

    ended: list[Outcome] = []
    with posting(scripted_smtp) as post:
        for outcomes in post.deliver(watched()):
            ended += outcomes
            post.stop_soon()
        assert list(post.deliver(letters(5))) == []
    fair(scripted_smtp, taken, ended)
    assert len(taken) < 100
    accepted = sum(one.status is DeliveryStatus.ACCEPTED for one in ended)
    assert accepted == len(scripted_smtp.kept) >= 1


@every_mode
def test_caller_that_breaks_off(scripted_smtp: ScriptedSmtp, mode: str):
    scripted_smtp.script = script(mode)
    with posting(scripted_smtp) as post:
        delivery = post.deliver(letters(60))
        next(delivery)
        delivery.close()
        assert endings_of(post, [letter(1000)]) == [DeliveryStatus.ACCEPTED]
    assert Counter(scripted_smtp.recipients)["kokyaku1000@docomo.ne.jp"] == 1
    assert max(Counter(scripted_smtp.recipients).values()) == 1


def test_close_never_raises(scripted_smtp: ScriptedSmtp):
    for act in (Act.CUT, "500 no", Act.CUT):
        scripted_smtp.script.fault = lambda at, act=act: act if at.verb == "QUIT" else None
        with posting(scripted_smtp) as post:
            assert endings_of(post, [letter(0)]) == [DeliveryStatus.ACCEPTED]
        post.close()


# --- anything at all

_ACTS = st.sampled_from(
    [
        *[None] * 30,
        *("450 4.2.0 later", "550 5.1.1 no", "421 4.3.2 bye", "502 5.5.1 what", "552 5.2.2 full"),
        *(Act.CUT, Act.KEEP_AND_CUT),
    ]
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(_ACTS, max_size=120),
    st.sampled_from(sorted(MODES)),
    st.lists(st.sampled_from(["usual"] * 8 + ["odd", "careful", "disk"]), min_size=1, max_size=60),
    st.booleans(),
    st.integers(1, 5),
)
def test_whatever_happens_it_is_fair(
    tmp_path: Path,
    acts: list[str | Act | None],
    mode: str,
    kinds: list[str],
    strict: bool,
    connections: int,
):
    turn = iter(acts)
    with ScriptedSmtp(
        script(
            mode,
            fault=lambda at: next(turn, None),
            strict_addresses="553 5.1.3 no" if strict else "",
            most_connections=connections,
        )
    ) as server:
        batch = [_letter_of(kind, key, tmp_path) for key, kind in enumerate(kinds)]
        post = SmtpClient(settings_for(server), Tls(), SHOP, "")
        ended: list[Outcome] = []
        try:
            for outcomes in post.deliver(batch):
                ended += outcomes
        except ServerTrouble:
            assert server.kept == []
            assert all(one.status is DeliveryStatus.LATER for one in ended)
        else:
            fair(server, batch, ended)
        post.close()


def _letter_of(kind: str, key: int, folder: Path) -> OutgoingMail:
    match kind:
        case "odd":
            return letter(key, f"k..{key}@docomo.ne.jp")
        case "disk":
            return from_disk(folder, b".\r\n" * 40, key)
        case _:
            return letter(key, send_alone=kind == "careful")
