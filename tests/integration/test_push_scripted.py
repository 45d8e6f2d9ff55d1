"""Waiting by push where the server, the line or the PC does not do what it should."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.inbox.idle_states import LOSES_LINE, NEVER_PUSHES, REFUSES
from kollect.inbox.imap_idle import WaitTimes
from kollect.settings.model import Push
from tests.helpers.half_open import half_open
from tests.helpers.mail_samples import blank
from tests.helpers.resident import Resident, until
from tests.helpers.scripted_imap import ImapFaults, ScriptedImap
from tests.helpers.scripted_smtp import ScriptedSmtp

IDLES = ImapFaults(idles=True)
SHORT = WaitTimes(answer=0.3)
_guests = itertools.count(1)


def guest() -> bytes:
    number = next(_guests)
    return blank(f"guest{number}@phone.example", number)


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as server:
        yield server


@pytest.fixture
def imap() -> Iterator[ScriptedImap]:
    with ScriptedImap(faults=IDLES) as server:
        yield server


Shop = Callable[..., Resident]


@pytest.fixture
def shop(imap: ScriptedImap, smtp: ScriptedSmtp, tmp_path: Path) -> Shop:
    """A shop at these two servers; a poll an hour, if nothing else is said."""

    def make(port: int = 0, **options) -> Resident:
        return Resident(tmp_path, port or imap.port, smtp.port, **options)

    return make


def answered(smtp: ScriptedSmtp, count: int) -> None:
    until(lambda: len(smtp.kept) >= count, f"{len(smtp.kept)} answers of {count}")
    assert len(smtp.kept) == count


def waiting(imap: ScriptedImap, resident: Resident) -> None:
    until(lambda: imap.in_idle and resident.in_push, "it does not wait by push")


def serve(imap: ScriptedImap, smtp: ScriptedSmtp, resident: Resident, count: int) -> None:
    """One more customer comes, is the `count`th to be answered, and the wait goes on."""
    imap.put(guest())
    answered(smtp, count)
    waiting(imap, resident)


# ---- the push


def test_one_line_serves_wait_and_poll_and_what_is_done_with_is_deleted_before_the_wait(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop() as resident:
        for number in (1, 2, 3):
            waiting(imap, resident)
            serve(imap, smtp, resident, number)
        until(lambda: imap.mails == {})
        resident.until_polled(4)
    assert imap.logins == 1
    assert imap.commands.count("IDLE") == imap.commands.count("DONE") == 4


PUSHED = b"+ idling\r\n* %d EXISTS\r\n"
BEFORE = b"* %d EXISTS\r\n+ idling\r\n"


@pytest.mark.parametrize("said", [PUSHED, BEFORE], ids=["one packet", "before the +"])
def test_a_push_beside_the_invitation(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop, said: bytes
) -> None:
    def arrives() -> None:
        imap.put(guest(), told=b"")
        imap.faults = replace(IDLES, answers={"IDLE": said % 1})

    def as_before() -> None:
        imap.faults = IDLES

    imap.before_answer["IDLE"] = arrives
    imap.before_answer["DONE"] = as_before
    with shop() as resident:
        answered(smtp, 1)
        waiting(imap, resident)
    assert imap.logins == 1


@pytest.mark.parametrize("command", ["UID FETCH 1:*", "SELECT", "UID SEARCH", "NOOP", "IDLE"])
def test_a_mail_told_of_at_any_command_is_not_lost(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop, command: str
) -> None:
    """Said once, in the answer to something else: never again in IDLE."""
    with shop() as resident:
        waiting(imap, resident)
        imap.before_answer[command] = lambda: imap.put(guest())
        if command in ("SELECT", "UID SEARCH"):
            imap.put(guest(), told=b"")
            resident.worker.poll_now()
        else:
            serve(imap, smtp, resident, 2)


def test_after_a_push_there_is_one_question_before_the_answer(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    """The customer stands at the counter: listing and headers come in one round trip."""
    with shop() as resident:
        waiting(imap, resident)
        imap.commands.clear()
        serve(imap, smtp, resident, 1)
    done = imap.commands.index("DONE")
    assert imap.commands[done + 1].startswith("UID FETCH 1:* (BODY.PEEK[HEADER]")
    assert imap.commands[done + 2].startswith("UID STORE")


def test_a_server_that_does_not_bear_a_command_right_behind_done_gets_it_later(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    """It costs one session, once: from then on the end of IDLE is waited for."""
    with shop() as resident:
        waiting(imap, resident)
        imap.before_answer["UID FETCH 1:*"] = imap.cut
        serve(imap, smtp, resident, 1)
        assert imap.logins == 2
        waits: list[bool] = []

        def looks() -> None:
            time.sleep(0.2)
            waits.append(resident.in_push)

        imap.before_answer["DONE"] = looks
        serve(imap, smtp, resident, 2)
    assert waits == [True], "until DONE is answered"
    assert imap.logins == 2


def test_a_crowd_is_listed_as_ever(imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop) -> None:
    with shop() as resident:
        waiting(imap, resident)
        imap.commands.clear()
        for _ in range(19):
            imap.put(guest(), told=b"")
        serve(imap, smtp, resident, 20)
    assert "SELECT INBOX" in imap.commands
    assert not any("1:*" in command for command in imap.commands)


@pytest.mark.parametrize(
    "faults",
    [
        replace(IDLES, answers={"1:*": b"TAG NO not so many\r\n"}),
        replace(IDLES, answers={"1:*": b"TAG BAD what?\r\n"}),
        replace(IDLES, answers={"1:*": b"TAG OK\r\n"}),
        replace(IDLES, answers={"1:*": b"* BYE never\r\n"}),
        replace(IDLES, answers={"1:*": b"* 1 FETCH (UID 1 RFC822.SIZE 9)\r\nTAG OK\r\n"}),
        replace(IDLES, answers={"1:*": b"* 1 FETCH (FLAGS ())\r\nTAG OK\r\n"}),
        replace(IDLES, answers={"1:*": b"* 1 FETCH (UID 1 BODY[HEADER]<0> NIL)\r\nTAG OK\r\n"}),
        replace(IDLES, answers={"1:*": b"* 1 FETCH ((((\r\nTAG OK\r\n"}),
    ],
    ids=["NO", "BAD", "nothing", "BYE", "no header", "flags", "NIL", "garbage"],
)
def test_what_is_no_listing_with_headers_is_asked_for_as_ever(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop, faults: ImapFaults
) -> None:
    with shop() as resident:
        waiting(imap, resident)
        imap.faults = faults
        serve(imap, smtp, resident, 1)
    assert any("1:*" in command for command in imap.commands)
    assert [poll.trouble for poll in resident.polls if poll.trouble] == []


def test_a_mail_that_ends_the_session_does_not_stop_the_one_told_of(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop() as resident:
        waiting(imap, resident)
        imap.put(guest(), told=b"")
        [unreadable] = imap.mails
        imap.faults = replace(IDLES, traps={unreadable: b"* BYE unreadable\r\n"})
        serve(imap, smtp, resident, 1)
    assert list(imap.mails) == [unreadable], "left there"


def test_a_mail_that_comes_while_another_is_answered(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop() as resident:
        waiting(imap, resident)
        imap.before_answer["STORE"] = lambda: imap.put(guest())
        imap.put(guest())
        answered(smtp, 2)


def test_recent_alone_is_a_push(imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop) -> None:
    with shop() as resident:
        waiting(imap, resident)
        imap.put(guest(), told=b"* 1 RECENT\r\n")
        answered(smtp, 1)


def test_half_a_line_wakes_nobody_and_stops_nothing(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop() as resident:
        waiting(imap, resident)
        imap.say(b"* 1 EXI")
        time.sleep(0.2)
        assert len(resident.polls) == 1
        imap.put(guest(), told=b"STS\r\n")
        answered(smtp, 1)
        waiting(imap, resident)
        imap.say(b"* 1 EXI")  # and the program ends


# ---- what wakes it


def test_whoever_wants_a_poll_gets_it_at_once(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    """「今すぐ受信」, 再送 and settings that are saved come to this."""
    with shop() as resident:
        for number in (1, 2, 3):
            waiting(imap, resident)
            resident.worker.poll_now()
            resident.until_polled(number + 1)
        waiting(imap, resident)
    assert imap.logins == 1


def test_the_end_is_not_waited_for(imap: ScriptedImap, shop: Shop) -> None:
    """Not even where the server does not answer DONE any more."""
    with shop(times=WaitTimes(answer=3600)) as resident:
        waiting(imap, resident)
        imap.faults = replace(IDLES, hang=("DONE",))
        resident.worker.poll_now()
        until(lambda: "DONE" in imap.commands)
        resident.worker.stop()
        assert resident.worker.join(60)


def test_saved_settings_are_in_force_at_once(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with ScriptedImap(faults=IDLES) as other, shop() as resident:
        waiting(imap, resident)
        receive = replace(resident.settings.receive, port=other.port)
        resident.settings = replace(resident.settings, receive=receive)
        resident.worker.poll_now()
        waiting(other, resident)
        until(lambda: "LOGOUT" in imap.commands)
        other.put(guest())
        answered(smtp, 1)


def test_no_push_where_the_owner_wants_none(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop() as resident:
        waiting(imap, resident)
        receive = replace(resident.settings.receive, push=Push.NO)
        resident.settings = replace(resident.settings, receive=receive)
        resident.worker.poll_now()
        until(lambda: imap.commands.count("LOGOUT") == 2)
        until(lambda: "受信チェック間隔" in resident.told[-1])
        assert not resident.in_push
    assert imap.commands.count("IDLE") == 1


# ---- the line


@pytest.mark.parametrize("end", ["EOF", "BYE"])
def test_a_line_that_ends_is_opened_again_at_the_next_poll(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop, end: str
) -> None:
    with shop(interval=0) as resident:
        waiting(imap, resident)
        if end == "BYE":
            imap.say(b"* BYE going down\r\n")
        else:
            imap.cut()
        until(lambda: imap.logins == 2)
        waiting(imap, resident)
        imap.put(guest())
        answered(smtp, 1)
    assert [poll.trouble for poll in resident.polls if poll.trouble] == []


def test_a_line_that_ends_too_often_is_not_waited_on(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    imap.faults = replace(IDLES, cut=("IDLE",))
    with shop(interval=0) as resident:
        until(lambda: any(LOSES_LINE in text for text in resident.told))
        imap.put(guest())
        answered(smtp, 1)
    assert imap.commands.count("IDLE") == 3
    assert not resident.waits


def test_a_line_that_passes_nothing_on_any_more(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    """The poll that is due finds out, and goes another way at once."""
    with half_open(imap.port) as proxy, shop(proxy.port, safety=1.5, times=SHORT) as resident:
        waiting(imap, resident)
        proxy.forget()
        imap.put(guest())
        answered(smtp, 1)
        resident.until_in_push()
    assert imap.logins == 2
    assert [poll.trouble for poll in resident.polls if poll.trouble] == []


def test_done_without_an_answer_after_a_push(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop(times=SHORT) as resident:
        waiting(imap, resident)
        imap.faults = replace(IDLES, hang=("DONE",))
        imap.put(guest())
        until(lambda: imap.logins == 2)
        imap.faults = IDLES
        answered(smtp, 1)
        waiting(imap, resident)
    assert [poll.trouble for poll in resident.polls if poll.trouble] == []


def test_a_kept_line_that_has_died_is_no_trouble(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop() as resident:
        waiting(imap, resident)
        imap.before_answer["UID FETCH"] = imap.cut
        serve(imap, smtp, resident, 1)
    assert imap.logins == 2
    assert [poll.trouble for poll in resident.polls if poll.trouble] == []


def test_a_server_that_was_always_there_and_falls_silent(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kollect.inbox.idle_states._SHORTEST_SILENCE", 0.3)
    with shop(interval=0) as resident:
        waiting(imap, resident)
        for _ in range(3):
            imap.say(b"* OK Still here\r\n")
            time.sleep(0.05)
        until(lambda: imap.logins == 2)


def test_after_long_enough_it_looks_and_waits_again(imap: ScriptedImap, shop: Shop) -> None:
    with shop(times=WaitTimes(reissue=0.1)) as resident:
        until(lambda: imap.commands.count("IDLE") > 3)
        resident.until_in_push()
        assert len(resident.polls) == 1
        assert len(resident.waits) == 1, "nobody is told of that"
    assert imap.logins == 1


def test_a_pc_that_has_slept_logs_in_again(imap: ScriptedImap, shop: Shop) -> None:
    with shop(times=WaitTimes(look_at_clock=0.05)) as resident:
        waiting(imap, resident)
        resident.ahead = timedelta(hours=2)
        until(lambda: imap.logins == 2)
        waiting(imap, resident)


# ---- the server


def test_a_server_that_does_not_announce_it_is_polled(imap: ScriptedImap, shop: Shop) -> None:
    imap.faults = ImapFaults()
    with shop() as resident:
        resident.until_polled(1)
        until(lambda: "LOGOUT" in imap.commands)
    assert "IDLE" not in imap.commands
    assert not resident.waits


def test_what_was_announced_before_the_login_does_not_count(imap: ScriptedImap, shop: Shop) -> None:
    imap.faults = replace(
        ImapFaults(capabilities="IMAP4rev1 AUTH=PLAIN UIDPLUS IDLE"),
        answers={"LOGIN": b"", "AUTHENTICATE": b"TAG OK [CAPABILITY IMAP4rev1 UIDPLUS] in\r\n"},
    )
    with shop() as resident:
        resident.until_polled(1)
        until(lambda: "LOGOUT" in imap.commands)
    assert "IDLE" not in imap.commands


@pytest.mark.parametrize("no", [b"TAG NO not for you\r\n", b"TAG BAD what\r\n", b"TAG OK what\r\n"])
def test_a_server_that_refuses_is_polled(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop, no: bytes
) -> None:
    imap.faults = replace(IDLES, answers={"IDLE": no})
    with shop(interval=0) as resident:
        until(lambda: any(REFUSES in text for text in resident.told))
        imap.put(guest(), told=b"")
        answered(smtp, 1)
        resident.until_polled(4)
    assert imap.commands.count("IDLE") == 1
    assert len([text for text in resident.told if REFUSES in text]) == 1
    assert [poll.trouble for poll in resident.polls if poll.trouble] == []


def test_a_server_that_never_pushes_is_polled(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    with shop(safety=0.05, interval=0) as resident:
        waiting(imap, resident)
        for number in (1, 2, 3):
            imap.put(guest(), told=b"")
            answered(smtp, number)
        until(lambda: any(NEVER_PUSHES in text for text in resident.told))
        imap.put(guest(), told=b"")
        answered(smtp, 4)
        idles = imap.commands.count("IDLE")
        resident.until_polled(len(resident.polls) + 3)
    assert imap.commands.count("IDLE") == idles
    assert len([text for text in resident.told if NEVER_PUSHES in text]) == 1
    assert imap.mails == {}


def test_a_server_that_cries_wolf_is_polled_no_oftener_than_one_without_push(
    imap: ScriptedImap, shop: Shop
) -> None:
    numbers = itertools.count(10)
    with shop() as resident:

        def cry() -> None:
            imap.before_answer["IDLE"] = cry
            imap.faults = replace(
                IDLES, answers={"IDLE": b"+ idling\r\n* %d EXISTS\r\n" % next(numbers)}
            )

        imap.before_answer["IDLE"] = cry
        resident.until_polled(6)
        time.sleep(0.5)
        assert len(resident.polls) == 6, "the next is due in an hour"
        assert not resident.in_push


def test_letters_that_are_owed_are_tried_as_often_as_before(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    """A mail that waits for its answer is not forgotten until the safety poll."""
    smtp.script.fault = lambda at: b"451 4.3.0 later" if at.verb == "RCPT" else None
    with shop(interval=1) as resident:
        waiting(imap, resident)
        imap.put(guest())
        resident.until_polled(2)
        assert resident.polls[1].report.deferred == 1
        smtp.script.fault = lambda at: None
        answered(smtp, 1)


def test_a_flood_is_cut(imap: ScriptedImap, shop: Shop) -> None:
    with shop(interval=0) as resident:
        waiting(imap, resident)
        imap.say(b"* OK all is well\r\n" * 20_000)
        until(lambda: imap.logins == 2)
        waiting(imap, resident)


def test_a_mailbox_that_is_only_read_is_waited_in_too(
    imap: ScriptedImap, smtp: ScriptedSmtp, shop: Shop
) -> None:
    """Mails that cannot be deleted keep no customer waiting."""
    imap.faults = replace(IDLES, read_only=True)
    with shop() as resident:
        for number in (1, 2, 3):
            waiting(imap, resident)
            serve(imap, smtp, resident, number)
    assert imap.logins == 1
    assert len(imap.mails) == 3
