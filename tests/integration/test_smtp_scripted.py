"""The post against a server that misbehaves: who got what, and what the shop is told.

Whatever the server does, `fair` must hold: every letter ends once, accepted means delivered once,
refused or later means not delivered, and no letter reaches anyone but its recipient.
"""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kollect.errors import LoginTrouble, ServerTrouble, Stage
from kollect.mail import address
from kollect.net.connection import Line
from kollect.settings.model import Auth, Send, Tls
from kollect.smtp import client as post_module
from kollect.smtp.client import MOST_ON_WAY, SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from tests.helpers.scripted_smtp import Act, At, Fault, Script, ScriptedSmtp, sink_process

SHOP = "shop@shop.example"
MODES = {
    "stream": {"pipelining": True, "chunking": True},
    "overlap": {"pipelining": True, "chunking": False},
    "plain": {"pipelining": False, "chunking": False},
}
every_mode = pytest.mark.parametrize("mode", MODES)


def body(recipient: str) -> bytes:
    lines = [f"From: {SHOP}", f"To: {recipient}", "Subject: =?UTF-8?B?55Wq5Y+3?=", "", "."]
    return "\r\n".join([*lines, "..dots", ".", "MAIL FROM:<x@y>", "end", ""]).encode()


def letter(key: int, recipient: str = "", **more) -> OutgoingMail:
    recipient = recipient or f"kokyaku{key}@docomo.ne.jp"
    return OutgoingMail(key, recipient, body(recipient), **more)


def letters(count: int) -> list[OutgoingMail]:
    return [letter(key) for key in range(count)]


def settings_for(server: ScriptedSmtp, **changes) -> Send:
    values = {"host": server.host, "port": server.port, "auth": Auth.NO, "timeout_seconds": 5}
    return Send(**(values | {"final_timeout_seconds": 5} | changes))


@contextlib.contextmanager
def posting(server: ScriptedSmtp, *, password: str = "", **changes) -> Iterator[SmtpClient]:
    post = SmtpClient(settings_for(server, **changes), Tls(), SHOP, password)
    try:
        yield post
    finally:
        post.close()


def sent(server: ScriptedSmtp, batch: list[OutgoingMail], **changes) -> dict[int, Outcome]:
    """Send them all; how each one ended. Checks that it was fair."""
    with posting(server, **changes) as post:
        ended = [outcome for outcomes in post.deliver(batch) for outcome in outcomes]
    fair(server, batch, ended)
    return {outcome.key: outcome for outcome in ended}


def fair(server: ScriptedSmtp, batch: list[OutgoingMail], ended: list[Outcome]) -> None:
    assert sorted(outcome.key for outcome in ended) == sorted(one.key for one in batch)
    copies = Counter(map(address.key, server.recipients))
    ending = {outcome.key: outcome.status for outcome in ended}
    written = {}
    for one in batch:
        times = copies[address.key(one.recipient)]
        written[address.key(one.recipient)] = b"".join(one.chunks())
        match ending[one.key]:
            case DeliveryStatus.ACCEPTED:
                assert times == 1, one.recipient
            case DeliveryStatus.UNKNOWN:
                assert times <= 1, one.recipient
            case _:
                assert times == 0, one.recipient
    for kept in server.kept:
        assert len(kept.recipients) == 1
        assert kept.sender == SHOP
        assert kept.data == written[address.key(kept.recipients[0])]


def endings(ended: dict[int, Outcome]) -> Counter[DeliveryStatus]:
    return Counter(outcome.status for outcome in ended.values())


def script(mode: str, **more) -> Script:
    return Script(**MODES[mode], **more)


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


def endings_of(post: SmtpClient, batch: list[OutgoingMail]) -> list[DeliveryStatus]:
    return [outcome.status for outcomes in post.deliver(batch) for outcome in outcomes]


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


def once(where: Callable[[At], bool], act: str | Act) -> Fault:
    """A fault that strikes the first time only."""
    struck: list[At] = []

    def fault(at: At) -> str | Act | None:
        if struck or not where(at):
            return None
        struck.append(at)
        return act

    return fault


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


# --- mails from disk


def from_disk(folder: Path, content: bytes, key: int = 0, **more) -> OutgoingMail:
    path = folder / f"{key}.eml"
    path.write_bytes(content)
    head = b"From: shop@shop.example\r\n\r\n"
    return OutgoingMail(
        key, f"f{key}@docomo.ne.jp", head, path, len(content), tail=b"\r\n--x--\r\n", **more
    )


@every_mode
def test_mail_from_disk_arrives_whole(scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str):
    scripted_smtp.script = script(mode)
    content = b"\r\n".join(b"." * (n % 5) + b"line %d" % n for n in range(30000)) + b"\r\n.\r\n"
    batch = [letter(1), from_disk(tmp_path, content), letter(2)]
    with posting(scripted_smtp) as post:
        assert endings_of(post, batch) == [DeliveryStatus.ACCEPTED] * 3
    assert scripted_smtp.kept[1].data == b"".join(batch[1].chunks())
    assert scripted_smtp.kept[1].verb == "DATA"  # a stranger's mail is never taken for commands
    assert scripted_smtp.recipients == [one.recipient for one in batch]
    assert len(scripted_smtp.commands) == 1


@pytest.mark.parametrize("act", [Act.CUT, Act.KEEP_AND_CUT])
@every_mode
def test_mail_from_disk_cut_at_its_end_is_unknown(
    scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str, act: Act
):
    scripted_smtp.script = script(
        mode, fault=once(lambda at: (at.verb, at.recipient) == ("DOT", "f0@docomo.ne.jp"), act)
    )
    batch = [letter(1), from_disk(tmp_path, b"x" * 70 + b"\r\n"), letter(2)]
    with posting(scripted_smtp) as post:
        ended = {one.key: one.status for outcomes in post.deliver(batch) for one in outcomes}
    assert ended == {
        1: DeliveryStatus.ACCEPTED,
        0: DeliveryStatus.UNKNOWN,
        2: DeliveryStatus.ACCEPTED,
    }


def test_eight_bits_go_as_seven_where_needed(scripted_smtp: ScriptedSmtp, tmp_path: Path):
    seven = from_disk(tmp_path, b"\x82\xa0\r\n", file_base64=True)
    eight = from_disk(tmp_path, b"\x82\xa0\r\n", eight_bit=True, seven_bit=seven)
    with posting(scripted_smtp) as post:
        assert endings_of(post, [eight]) == [DeliveryStatus.ACCEPTED]
    assert "BODY=8BITMIME" in scripted_smtp.kept[0].parameters
    assert b"\x82\xa0" in scripted_smtp.kept[0].data
    scripted_smtp.script.eight_bit = False
    with posting(scripted_smtp) as post:
        assert endings_of(post, [eight]) == [DeliveryStatus.ACCEPTED]
    assert "BODY" not in scripted_smtp.kept[1].parameters
    assert scripted_smtp.kept[1].data == b"".join(seven.chunks())


@every_mode
def test_file_that_is_gone_is_for_later(scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str):
    scripted_smtp.script = script(mode)
    gone, changed = from_disk(tmp_path, b"x\r\n", 0), from_disk(tmp_path, b"x\r\n", 1)
    gone.file.unlink()
    changed.file.write_bytes(b"longer\r\n")
    with posting(scripted_smtp) as post:
        ended = {
            one.key: one.status
            for outcomes in post.deliver([gone, changed, letter(2)])
            for one in outcomes
        }
    assert ended == {0: DeliveryStatus.LATER, 1: DeliveryStatus.LATER, 2: DeliveryStatus.ACCEPTED}
    assert scripted_smtp.recipients == ["kokyaku2@docomo.ne.jp"]


def test_file_that_vanishes_while_it_is_sent(scripted_smtp: ScriptedSmtp, tmp_path: Path):
    one = from_disk(tmp_path, b"x" * 70 + b"\r\n")

    def fault(at: At) -> None:
        if at.verb == "DATA":
            one.file.write_bytes(b"short")

    scripted_smtp.script.fault = fault
    with posting(scripted_smtp) as post:
        ended = {
            done.key: done.status
            for outcomes in post.deliver([one, letter(2)])
            for done in outcomes
        }
    assert ended == {0: DeliveryStatus.LATER, 2: DeliveryStatus.ACCEPTED}
    assert scripted_smtp.recipients == ["kokyaku2@docomo.ne.jp"]


@every_mode
def test_refused_in_the_middle_of_a_large_mail(
    scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str
):
    """What is left of the mail must not be taken for commands, nor the answer for another's."""
    scripted_smtp.script = script(mode, early="552 5.3.4 too big")
    batch = [letter(1), from_disk(tmp_path, b"x" * 70 + b"\r\n" * 2_000_000), letter(2)]
    with posting(scripted_smtp) as post:
        ended = {one.key: one for outcomes in post.deliver(batch) for one in outcomes}
    assert {key: one.status for key, one in ended.items()} in (
        {0: DeliveryStatus.REFUSED, 1: DeliveryStatus.ACCEPTED, 2: DeliveryStatus.ACCEPTED},
        {
            0: DeliveryStatus.LATER,
            1: DeliveryStatus.ACCEPTED,
            2: DeliveryStatus.ACCEPTED,
        },  # the line was lost first
    )
    assert sorted(scripted_smtp.recipients) == ["kokyaku1@docomo.ne.jp", "kokyaku2@docomo.ne.jp"]


def test_accepted_in_the_middle_of_a_large_mail(scripted_smtp: ScriptedSmtp, tmp_path: Path):
    """Nobody can have accepted what was not all sent."""
    scripted_smtp.script.early = "250 2.0.0 thanks"
    with posting(scripted_smtp) as post:
        batch = [letter(1), from_disk(tmp_path, b"x" * 70 + b"\r\n" * 2_000_000)]
        ended = {one.key: one.status for outcomes in post.deliver(batch) for one in outcomes}
    assert ended == {1: DeliveryStatus.ACCEPTED, 0: DeliveryStatus.LATER}


@pytest.mark.parametrize("in_base64", [False, True])
def test_memory_stays_flat(tmp_path: Path, in_base64: bool):
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(3_000_000)
    big = OutgoingMail(0, "a@docomo.ne.jp", b"x\r\n\r\n", path, 3_000_000, file_base64=in_base64)
    with sink_process() as port:
        post = SmtpClient(Send("127.0.0.1", port, Auth.NO), Tls(), SHOP, "")
        tracemalloc.start()
        try:
            assert endings_of(post, [big]) == [DeliveryStatus.ACCEPTED]
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()
        post.close()


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


# --- the first connection


def test_nobody_there():
    post = SmtpClient(Send("127.0.0.1", 1, Auth.NO, timeout_seconds=2), Tls(), SHOP, "")
    batches = []
    with pytest.raises(ServerTrouble) as caught:
        for outcomes in post.deliver(letters(5)):
            batches.append(outcomes)
    assert caught.value.stage is Stage.CONNECT
    assert [one.status for one in batches[0]] == [DeliveryStatus.LATER]
    assert len(batches) == 1
    post.close()


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        ("421 4.3.2 busy", "混みあって"),
        ("554 5.7.1 go away", "断られました"),
        ("+OK POP3 ready", "返事がわかりません"),
    ],
)
def test_unfriendly_greetings(scripted_smtp: ScriptedSmtp, greeting: str, words: str):
    scripted_smtp.script.fault = lambda at: greeting if at.verb == "GREETING" else None
    with posting(scripted_smtp) as post, pytest.raises(ServerTrouble, match=words):
        list(post.deliver(letters(1)))


def test_server_without_ehlo(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.ehlo = False
    assert endings(sent(scripted_smtp, letters(3))) == {DeliveryStatus.ACCEPTED: 3}
    assert scripted_smtp.commands[0][1] == "HELO [127.0.0.1]"
    assert {kept.parameters for kept in scripted_smtp.kept} == {""}


def test_encryption_demanded_and_not_offered(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    with (
        posting(scripted_smtp, auth=Auth.SSL, account="shop", password="x") as post,
        pytest.raises(ServerTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert caught.value.stage is Stage.ENCRYPT
    assert not any(one.startswith("AUTH") for one in scripted_smtp.commands[0])


def test_encryption_offered_and_refused(scripted_smtp: ScriptedSmtp, certificates):
    scripted_smtp.script.tls = certificates.good.context()
    scripted_smtp.script.mechanisms = ("PLAIN",)
    scripted_smtp.script.fault = lambda at: (
        "454 4.7.0 TLS not available" if at.verb == "STARTTLS" else None
    )
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password="x") as post,
        pytest.raises(ServerTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert caught.value.stage is Stage.ENCRYPT
    assert not any(one.startswith("AUTH") for one in scripted_smtp.commands[0])


# --- login

PASSWORD = "ひみつ 5ecret!"


@pytest.mark.parametrize(
    ("offered", "used"),
    [
        (("PLAIN",), "PLAIN"),
        (("LOGIN",), "LOGIN"),
        (("CRAM-MD5",), "CRAM-MD5"),
        (("LOGIN", "PLAIN", "XOAUTH2"), "PLAIN"),
        (("PLAIN", "CRAM-MD5", "LOGIN"), "CRAM-MD5"),
    ],
)
@pytest.mark.parametrize("account", ["shop", "shop@shop.example", "a" * 400])
def test_logins(scripted_smtp: ScriptedSmtp, offered: tuple[str, ...], used: str, account: str):
    scripted_smtp.script.mechanisms = offered
    scripted_smtp.script.accounts = {account: PASSWORD}
    ended = sent(scripted_smtp, letters(2), auth=Auth.YES, account=account, password=PASSWORD)
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 2}
    assert [one.split()[1] for one in scripted_smtp.commands[0] if "AUTH" in one] == [used]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_wrong_password(scripted_smtp: ScriptedSmtp, mechanism: str):
    scripted_smtp.script.mechanisms = (mechanism,)
    scripted_smtp.script.accounts = {"shop": "another"}
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert caught.value.stage is Stage.LOGIN
    assert "パスワード" in caught.value.happened
    assert "535" in caught.value.detail
    assert scripted_smtp.kept == []


@pytest.mark.parametrize("offered", [("CRAM-MD5",), ("CRAM-MD5", "PLAIN", "LOGIN"), ("LOGIN",)])
def test_a_server_that_takes_no_way_it_offers_has_not_refused_the_password(
    scripted_smtp: ScriptedSmtp, offered: tuple[str, ...]
):
    scripted_smtp.script.mechanisms = offered
    scripted_smtp.script.fault = lambda at: (
        f"504 5.5.4 no such: {at.argument} {PASSWORD}" if at.verb == "AUTH" else None
    )
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert "受け付けませんでした。アカウントとパスワードは、まだ" in caught.value.happened
    assert all(name in caught.value.happened for name in offered)
    assert "504" in caught.value.detail
    assert PASSWORD not in caught.value.detail
    assert "入力し直して" not in caught.value.cure


def test_cram_md5_unknown_to_the_account(scripted_smtp: ScriptedSmtp):
    """Offered to all, but only few passwords are stored for it: PLAIN is left, on this machine."""
    scripted_smtp.script.mechanisms = ("CRAM-MD5", "PLAIN")
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    scripted_smtp.script.fault = once(lambda at: at.verb == "AUTH", "535 5.7.8 no")
    ended = sent(scripted_smtp, letters(1), auth=Auth.YES, account="shop", password=PASSWORD)
    assert endings(ended) == {DeliveryStatus.ACCEPTED: 1}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("535-5.7.8 Username and Password not accepted. gsmtp", "アプリ パスワード"),
        ("534-5.7.9 Application-specific password required. gsmtp", "アプリ パスワード"),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "Microsoft"),
        ("535 5.7.8 Error", "入力し直して"),
        ("530 5.7.0 Must issue a STARTTLS command first", "入力し直して"),
    ],
)
def test_refused_logins_tell_the_cure(scripted_smtp: ScriptedSmtp, answer: str, words: str):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    answer = answer.replace("-", " ", 1) if answer[3] == "-" else answer
    scripted_smtp.script.fault = lambda at: answer if at.verb == "AUTH" else None
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert words in caught.value.cure


def test_login_for_now_impossible_is_no_wrong_password(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    scripted_smtp.script.fault = lambda at: "454 4.7.0 later" if at.verb == "AUTH" else None
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(ServerTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert not isinstance(caught.value, LoginTrouble)


@pytest.mark.parametrize(
    ("offered", "words"), [((), "SMTP認証を受け付けて"), (("XOAUTH2",), "対応していません")]
)
def test_no_login_with_a_password(
    scripted_smtp: ScriptedSmtp, offered: tuple[str, ...], words: str
):
    scripted_smtp.script.mechanisms = offered
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble, match=words),
    ):
        list(post.deliver(letters(1)))


def test_no_password_at_all(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.mechanisms = ("PLAIN",)
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop") as post,
        pytest.raises(LoginTrouble, match="入力されていません"),
    ):
        list(post.deliver(letters(1)))


@pytest.mark.parametrize(
    ("offered", "allowed", "expected"),
    [
        (("PLAIN", "LOGIN"), False, None),
        (("PLAIN", "LOGIN", "CRAM-MD5"), False, None),
        (("CRAM-MD5",), False, None),
        (("PLAIN", "LOGIN"), True, "PLAIN"),
        (("PLAIN", "CRAM-MD5"), True, "CRAM-MD5"),
    ],
)
def test_no_password_in_the_clear_off_the_machine(
    scripted_smtp: ScriptedSmtp,
    monkeypatch: pytest.MonkeyPatch,
    offered: tuple[str, ...],
    allowed: bool,
    expected: str | None,
):
    monkeypatch.setattr(Line, "loopback", property(lambda line: False))
    scripted_smtp.script.mechanisms = offered
    scripted_smtp.script.accounts = {"shop": PASSWORD}
    send = settings_for(scripted_smtp, auth=Auth.YES, account="shop")
    post = SmtpClient(send, Tls(allow_plaintext_password=allowed), SHOP, PASSWORD)
    if expected is None:
        with pytest.raises(LoginTrouble, match="やめました"):
            list(post.deliver(letters(1)))
    else:
        assert endings_of(post, letters(1)) == [DeliveryStatus.ACCEPTED]
    post.close()
    used = [one.split()[1] for one in scripted_smtp.commands[0] if one.startswith("AUTH")]
    assert used == ([expected] if expected else [])


def test_password_is_nowhere(scripted_smtp: ScriptedSmtp, caplog: pytest.LogCaptureFixture):
    secrets = {PASSWORD, "AHNob3AA44Gy44G/44GkIDVlY3JldCE="}
    scripted_smtp.script.mechanisms = ("PLAIN",)
    scripted_smtp.script.fault = lambda at: (
        f"535 5.7.8 bad {' '.join(secrets)}" if at.verb == "AUTH" else None
    )
    caplog.set_level("DEBUG")
    with (
        posting(scripted_smtp, auth=Auth.YES, account="shop", password=PASSWORD) as post,
        pytest.raises(LoginTrouble) as caught,
    ):
        list(post.deliver(letters(1)))
    assert f"AUTH PLAIN {sorted(secrets)[0]}" in scripted_smtp.commands[0]
    for text in (repr(post), str(caught.value), repr(caught.value), caught.value.detail):
        assert not any(secret in text for secret in secrets)
    assert not any(secret in caplog.text for secret in secrets)


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
