"""A member says no while a mailing runs: what is not begun at that moment never is.

The server hangs at one letter; meanwhile all the others are withdrawn, stopped, or the mailing is
paused, by this program or another one. What was on the wire by then arrives; nothing else does.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.mail import address
from kollect.mailing.mailing_states import ExclusionReason, MailingState, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.members import csv_table
from kollect.members.repository import Members
from kollect.threads.background_thread import local_now
from tests.helpers.member_csv import take_in
from tests.helpers.member_shop import FIRST, SHOP, Mailer, begin, guest, join, register
from tests.helpers.scripted_smtp import Act, At, Script, ScriptedSmtp
from tests.helpers.shop import settings_for

MODES = {
    "stream": ({"pipelining": True, "chunking": True}, 20),
    "overlap": ({"pipelining": True, "chunking": False}, 2),
    "plain": ({"pipelining": False, "chunking": False}, 1),
}
"""How the server talks, and how many letters are begun on one connection by then."""
every_mode = pytest.mark.parametrize("mode", MODES)
HUNG = 5
"""The letter at which the server hangs."""


class Hang:
    """At the end of one letter the server says nothing until it is told to go on, and then what it
    is told to."""

    def __init__(self, then: str | Act | None = None) -> None:
        self._then = then
        self._met = threading.Event()
        self._go_on = threading.Event()

    def __call__(self, at: At) -> str | Act | None:
        if at.verb in ("DOT", "BDAT") and at.recipient == guest(HUNG) and not self._met.is_set():
            self._met.set()
            assert self._go_on.wait(30)
            return self._then
        return None

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        assert self._met.wait(30)
        try:
            yield
        finally:
            self._go_on.set()


def open_shop(folder: Path, smtp: ScriptedSmtp, members: int) -> Mailer:
    mailer = Mailer(folder, replace(settings_for(1, smtp.port), shop=SHOP))
    join(mailer.database, [guest(n) for n in range(members)])
    return mailer


def sent(mailer: Mailer, hang: Hang, act: Callable[[], object]) -> None:
    """The mailing, with this act while the server hangs; until everything has its end."""
    worker = threading.Thread(target=mailer.once)
    worker.start()
    with hang.meanwhile():
        act()
    worker.join(60)
    assert not worker.is_alive()


def withdraw(mailer: Mailer, numbers: list[int]) -> None:
    with closing(Members(mailer.database)) as members, members.transaction():
        for number in numbers:
            members.withdraw(number, local_now(), "会員一覧")


def rest(members: int) -> list[int]:
    return [FIRST + n for n in range(members) if n != HUNG]


@every_mode
@pytest.mark.parametrize(
    "then", [None, "421 4.3.2 going down", Act.CUT, Act.KEEP_AND_CUT, "554 5.7.1 no"], ids=str
)
@pytest.mark.parametrize("members", [30, 60], ids=["one line", "several"])
def test_nothing_is_begun_after_the_no(tmp_path: Path, mode: str, then, members: int) -> None:
    offers, window = MODES[mode]
    hang = Hang(then)
    at_the_no: list[int] = []
    with ScriptedSmtp(Script(**offers, fault=hang)) as smtp:
        mailer = open_shop(tmp_path, smtp, members)
        mailing = begin(mailer.database)

        def no() -> None:
            withdraw(mailer, rest(members))
            at_the_no.append(len(smtp.kept))

        sent(mailer, hang, no)
        # behind the hanging one, and one on each further connection
        lines = 1 if mode == "stream" or members < 40 else smtp.most_open
        begun_before = window * lines
        assert len(smtp.kept) - at_the_no[0] <= begun_before
        for _ in range(2):  # what was put off, or of unknown fate, is not begun again either
            before = Counter(smtp.recipients)
            mailer.once()
            assert set(Counter(smtp.recipients) - before) <= {guest(HUNG)}
    for recipient in mailer.parcels(mailing):
        if recipient.address != guest(HUNG):
            # put off within this very second, it waits for the next round to be left out
            assert recipient.step in (
                RecipientState.SENT,
                RecipientState.LEFT_OUT,
                RecipientState.UNCERTAIN,
                RecipientState.DEFERRED,
            )
            settled = recipient.step in (RecipientState.LEFT_OUT, RecipientState.UNCERTAIN)
            assert not settled or recipient.answer == ExclusionReason.WITHDRAWN
            never = recipient.step in (RecipientState.LEFT_OUT, RecipientState.DEFERRED)
            assert not never or recipient.address not in smtp.recipients
    assert all(count == 1 for one, count in Counter(smtp.recipients).items() if one != guest(HUNG))


def test_the_reset_before_a_letter_takes_long(tmp_path: Path) -> None:
    """In the plain dialogue MAIL waits for the answer to RSET; the no falls in between."""
    met, go_on = threading.Event(), threading.Event()

    def fault(at: At) -> str | None:
        if at.verb == "RCPT" and f"<{guest(HUNG)}>" in at.argument:
            return "550 5.1.1 no such user"
        if at.verb == "RSET":
            met.set()
            assert go_on.wait(30)
        return None

    with ScriptedSmtp(Script(pipelining=False, chunking=False, fault=fault)) as smtp:
        mailer = open_shop(tmp_path, smtp, 10)
        mailing = begin(mailer.database)
        worker = threading.Thread(target=mailer.once)
        worker.start()
        assert met.wait(30)
        withdraw(mailer, [FIRST + n for n in range(HUNG + 1, 9)])
        go_on.set()
        worker.join(60)
        assert not worker.is_alive()
        assert smtp.recipients == [guest(n) for n in (0, 1, 2, 3, 4, 9)]
    assert mailer.mailing(mailing).state is MailingState.DONE


def by_screen(mailer: Mailer) -> None:
    with closing(Members(mailer.database)) as members:
        members.stop_member(FIRST + HUNG + 1, local_now(), "会員一覧")


def by_mail(mailer: Mailer) -> None:
    with closing(Members(mailer.database)) as members:
        members.stop(address.key(guest(HUNG + 1).upper()), local_now(), "メール")


def by_csv(mailer: Mailer) -> None:
    text = f"受付番号,お名前,配信停止日\n{FIRST + HUNG + 1},会員,2026/11/27\n"
    with closing(Members(mailer.database)) as members:
        take_in(csv_table.read(text.encode()), members, local_now())


def by_another_process(mailer: Mailer) -> None:
    file = mailer.folder / "no.csv"
    file.write_text(f"受付番号,お名前,状態\n{FIRST + HUNG + 1},会員,退会\n", encoding="utf-8")
    command = [sys.executable, "-m", "kollect", "--data", str(mailer.folder)]
    ran = subprocess.run(
        [*command, "members", "import", str(file)],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2], check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def by_a_second_membership(mailer: Mailer) -> None:
    """退会 of another number of the same address."""
    with closing(Members(mailer.database)) as members:
        members.withdraw(FIRST + 30, local_now(), "会員一覧")


@pytest.mark.parametrize(
    "say_no", [by_screen, by_mail, by_csv, by_another_process, by_a_second_membership]
)
def test_whoever_says_no_and_wherever(tmp_path: Path, say_no: Callable[[Mailer], None]) -> None:
    hang = Hang()
    with ScriptedSmtp(Script(**MODES["plain"][0], fault=hang)) as smtp:
        mailer = open_shop(tmp_path, smtp, 30)
        second_number(mailer.database, guest(HUNG + 1))
        mailing = begin(mailer.database)
        sent(mailer, hang, lambda: say_no(mailer))
        assert guest(HUNG + 1) not in smtp.recipients
        assert len(smtp.kept) == 29
    assert mailer.mailing(mailing).state is MailingState.DONE


def second_number(database: Path, one: str) -> None:
    now = local_now()
    with closing(Ledger(database)) as ledger, ledger.transaction():
        template = ledger.template_in_force("acknowledgement", "★1★", "★1★", now)
        number = ledger.give_number(
            one, address.key(one), now, first=FIRST, template=template, again=True
        )
    register(database, [number])


@every_mode
def test_a_paused_mailing_begins_nothing_more(tmp_path: Path, mode: str) -> None:
    offers, window = MODES[mode]
    hang = Hang("421 4.3.2 going down")
    with ScriptedSmtp(Script(**offers, fault=hang)) as smtp:
        mailer = open_shop(tmp_path, smtp, 30)
        mailing = begin(mailer.database)

        def pause() -> None:
            with closing(Outbox(mailer.database)) as outbox:
                outbox.pause(mailing)

        sent(mailer, hang, pause)
        assert len(smtp.kept) <= HUNG + window
        with closing(Outbox(mailer.database)) as outbox:
            outbox.resume(mailing)
        withdraw(mailer, [FIRST + 29])
        mailer.once()
        assert guest(29) not in smtp.recipients
        assert max(Counter(smtp.recipients).values()) == 1


def test_a_crash_between_the_taking_and_the_no(tmp_path: Path) -> None:
    """Marked SENDING by a program that died: whether the server has it, nobody knows; not again."""
    with ScriptedSmtp() as smtp:
        mailer = open_shop(tmp_path, smtp, 10)
        mailing = begin(mailer.database)
        with closing(Outbox(mailer.database)) as dies:
            taken = dies.take_fresh(mailing, 0, 5, local_now())
        withdraw(mailer, [taken[0].number, FIRST + 9])
        assert mailer.once() is None
        assert sorted(smtp.recipients) == sorted(guest(n) for n in range(1, 9))
    steps = {recipient.number: recipient.step for recipient in mailer.parcels(mailing)}
    assert steps[FIRST] is RecipientState.UNCERTAIN
    assert steps[FIRST + 9] is RecipientState.LEFT_OUT
