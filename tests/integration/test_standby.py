"""The sending connection that stands by: used for the next customer, and never believed blindly.

Against a real Postfix, and against servers and lines that misbehave. What a dead connection costs
is a new one; no letter ever becomes "unknown" by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.errors import LoginTrouble, ServerTrouble
from kollect.settings.model import Auth, Send, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, OutgoingMail
from kollect.smtp.smtp_connection import SmtpAccount
from kollect.smtp.standby import IDLE_SECONDS, Standby
from kollect.threads.two_clocks import TwoClocks
from tests.helpers.certificates import Certificates
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import Act, At, ScriptedSmtp
from tests.helpers.shop import ShopProgram, settings_for
from tests.helpers.watched_line import WatchedLine

SHOP = "shop@shop.example"
PASSWORD = "S3cret-pw!"


class Counter:
    """A shop's counter: a customer now and then, each answered by a client of its own, as each poll
    has one. Time passes as the test says, on both clocks."""

    def __init__(self, send: Send, tls: Tls, password: str) -> None:
        self.account = SmtpAccount(send, tls, SHOP, password)
        self.late = self.slept = 0.0
        self.standby = Standby(clock=self.clock, wall=self.wall)
        self._customers = 0

    def clock(self) -> float:
        return time.monotonic() + self.late

    def wall(self) -> float:
        return time.time() + self.late + self.slept

    def customer(self, *, announced: bool = True, expected: str = "accepted") -> str:
        """One letter; returns to whom."""
        self._customers += 1
        to = f"kyaku{self._customers}@docomo.ne.jp"
        octets = f"From: {SHOP}\r\nTo: {to}\r\nSubject: 1001\r\n\r\nx\r\n".encode()
        if announced:
            self.standby.get_ready(self.account)
        client = self.client()
        try:
            endings = [
                one.status
                for outcomes in client.deliver([OutgoingMail(self._customers, to, octets)])
                for one in outcomes
            ]
        finally:
            client.close()
        assert endings == [DeliveryStatus(expected)]
        return to

    def client(self) -> SmtpClient:
        send, tls = self.account.send, self.account.tls
        return SmtpClient(
            send, tls, SHOP, self.account.password, standby=self.standby, clock=self.clock
        )

    def change(self, **send: object) -> None:
        self.account = replace(self.account, send=replace(self.account.send, **send))

    @property
    def waits_ready(self) -> bool:
        return self.standby._idle is not None


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def send_to(port: int, host: str = "127.0.0.1", **changes) -> Send:
    plain = Send(host=host, port=port, auth=Auth.NO, timeout_seconds=5, final_timeout_seconds=5)
    return replace(plain, **changes)


@pytest.fixture
def counter(scripted_smtp: ScriptedSmtp) -> Iterator[Counter]:
    counter = Counter(send_to(scripted_smtp.port), Tls(), "")
    yield counter
    counter.standby.end()


# --- Postfix


def connects(postfix: Postfix) -> int:
    return postfix.log_file.read_text("utf-8", "replace").count(": connect from")


@pytest.fixture
def at_postfix(postfix: Postfix) -> Iterator[Callable[[int], Counter]]:
    postfix.empty()
    counters = []

    def at(port: int) -> Counter:
        send = send_to(port, "localhost", auth=Auth.YES, account=postfix.account)
        counters.append(Counter(send, Tls(ca_file=postfix.ca_file), postfix.password))
        return counters[-1]

    yield at
    for one in counters:
        one.standby.end()


@pytest.mark.real
def test_customers_a_minute_apart_share_a_connection(postfix: Postfix, at_postfix):
    counter, before = at_postfix(postfix.plain), connects(postfix)
    recipients = []
    for _ in range(5):
        recipients.append(counter.customer())
        counter.late += 60
    assert postfix.delivered() == recipients
    assert connects(postfix) == before + 1


@pytest.mark.real
@pytest.mark.parametrize(("announced", "away"), [(True, 60), (False, 0)])
def test_postfix_restarted_between_two_customers(
    postfix: Postfix, at_postfix, announced: bool, away: int
):
    counter = at_postfix(postfix.plain)
    recipients = [counter.customer()]
    postfix.restart()
    counter.late += away
    recipients.append(counter.customer(announced=announced))
    assert postfix.delivered() == recipients


@pytest.mark.real
def test_postfix_has_closed_for_its_time_out(postfix: Postfix, at_postfix):
    counter = at_postfix(postfix.impatient)
    recipients = [counter.customer()]
    connection = counter.standby._idle
    assert connection is not None
    assert connection.line.wait_readable(30), "421 4.4.2 Error: timeout exceeded"
    recipients.append(counter.customer())
    assert postfix.delivered() == recipients


@pytest.mark.real
@pytest.mark.parametrize("announced", [True, False])
def test_a_line_that_forwards_nothing_any_more(postfix: Postfix, at_postfix, announced: bool):
    with WatchedLine(postfix.plain) as line:
        counter = at_postfix(line.port)
        recipients = [counter.customer()]
        line.freeze()
        counter.late += 30
        recipients.append(counter.customer(announced=announced))
        assert postfix.delivered() == recipients
        assert len(line.connections) == 2


@pytest.mark.real
def test_postfix_throws_nobody_out_for_being_asked(postfix: Postfix, at_postfix):
    """A hundred commands without a letter are too many for it (smtpd_junk_command_limit)."""
    counter, before = at_postfix(postfix.plain), connects(postfix)
    counter.customer()
    for _ in range(int(IDLE_SECONDS) // 3 - 1):
        counter.late += 3
        counter.standby.get_ready(counter.account)
        until(lambda: counter.waits_ready)
    counter.customer()
    assert connects(postfix) == before + 1


# --- what a server says, or does not say, to a connection that lies idle


def test_said_421_while_idle(scripted_smtp: ScriptedSmtp, counter: Counter):
    counter.customer()
    scripted_smtp.close_idle("421 4.4.2 idle for too long")
    counter.customer(announced=False)
    assert "RSET" not in scripted_smtp.commands[0][-1:], "it was dead without asking"
    assert len(scripted_smtp.commands) == 2


def test_it_is_asked_beside_the_fetching(scripted_smtp: ScriptedSmtp, counter: Counter):
    counter.customer()
    counter.late += 60
    said = len(scripted_smtp.commands[0])
    counter.standby.get_ready(counter.account)
    until(lambda: scripted_smtp.commands[0][said:] == ["RSET"] and counter.waits_ready)
    counter.customer(announced=False)
    behind = scripted_smtp.commands[0][said + 1 :]
    assert [one[:4] for one in behind] == ["RSET", "MAIL", "RCPT", "DATA"], "not asked twice"


def test_the_first_letter_after_a_rest_goes_carefully_and_those_behind_it_at_once(
    scripted_smtp: ScriptedSmtp, counter: Counter
):
    for _ in range(3):
        counter.customer()
        counter.late += 60
    assert [kept.verb for kept in scripted_smtp.kept] == ["BDAT", "DATA", "BDAT"]
    assert {kept.connection for kept in scripted_smtp.kept} == {1}


@pytest.mark.parametrize("verb", ["RSET", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("act", [Act.CUT, "421 4.3.2 that was enough"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_says_it_is_well_and_is_not(
    scripted_smtp: ScriptedSmtp, counter: Counter, verb: str, act: Act | str, pipelining: bool
):
    scripted_smtp.script.pipelining = scripted_smtp.script.chunking = pipelining
    asked = 0

    def fault(at: At) -> Act | str | None:
        nonlocal asked
        if at.connection > 1 or not at.accepted:
            return None
        if at.verb == "RSET":
            asked += 1
            return act if verb == "RSET" and asked > 1 else None
        return act if at.verb == verb else None

    scripted_smtp.script.fault = fault
    recipients = [counter.customer()]
    counter.late += 60
    expected = "accepted"
    if act is not Act.CUT and verb in ("RCPT", "DATA"):
        expected = "later"  # said to this very letter, as on any connection
    recipients.append(counter.customer(expected=expected))
    assert scripted_smtp.recipients == (recipients if expected == "accepted" else recipients[:1])


def test_a_server_that_drops_what_has_rested_is_not_made_to_rest(
    scripted_smtp: ScriptedSmtp, counter: Counter
):
    scripted_smtp.script.fault = lambda at: Act.CUT if at.verb == "MAIL" and at.accepted else None
    recipients = []
    for _ in range(5):
        recipients.append(counter.customer())
        counter.late += 60
    assert scripted_smtp.recipients == recipients
    lost = [said for said in scripted_smtp.commands if said[-1] != "QUIT"]
    assert len(lost) == 2, "after that each customer has a connection of his own"


def test_one_that_is_silent_to_the_question(scripted_smtp: ScriptedSmtp, counter: Counter):
    counter.customer()
    scripted_smtp.script.fault = lambda at: Act.HANG if at.connection == 1 else None
    counter.late += 60
    counter.customer()
    assert [kept.connection for kept in scripted_smtp.kept] == [1, 2]


def test_encryption_that_is_gone_the_second_time(
    scripted_smtp: ScriptedSmtp, certificates: Certificates
):
    script = scripted_smtp.script
    script.tls, script.mechanisms = certificates.good.context(), ("PLAIN",)
    script.accounts = {"shop": PASSWORD}
    send = send_to(scripted_smtp.port, "localhost", auth=Auth.YES, account="shop")
    counter = Counter(send, Tls(ca_file=str(certificates.ca_file)), PASSWORD)
    counter.customer()
    scripted_smtp.close_idle()
    script.fault = lambda at: "454 4.7.0 not now" if at.verb == "STARTTLS" else None
    with pytest.raises(ServerTrouble):
        counter.customer(expected="later")
    assert not [one for one in scripted_smtp.commands[-1] if one[:4] in ("AUTH", "MAIL", "RCPT")]
    script.fault = None
    counter.customer()
    counter.standby.end()


# --- what is waited for


def test_the_round_trips_are_counted(scripted_smtp: ScriptedSmtp, certificates: Certificates):
    """Opening: TCP and the greeting, EHLO, STARTTLS, TLS 1.3, EHLO again, AUTH with its first
    words; all that beside the fetching. For a letter one remains."""
    context = certificates.good.context()
    context.num_tickets = 0  # they come when they like, and would look like an answer
    script = scripted_smtp.script
    script.tls, script.mechanisms = context, ("PLAIN", "LOGIN")
    script.accounts = {"shop": PASSWORD}
    tls = Tls(ca_file=str(certificates.ca_file))
    with WatchedLine(scripted_smtp.port) as line:
        send = send_to(line.port, "localhost", auth=Auth.YES, account="shop")
        counter = Counter(send, tls, PASSWORD)

        def beside() -> int:
            counter.standby.get_ready(counter.account)
            until(lambda: counter.waits_ready and not counter.standby._wanted)
            return line.connections[0].round_trips

        opened = beside()
        counter.customer(announced=False)
        assert (opened, line.connections[0].round_trips) == (5, 6)
        counter.late += 60
        counter.customer()  # the first one after a rest goes carefully
        counter.late += 60
        asked = beside()
        counter.customer(announced=False)
        assert line.connections[0].round_trips == asked + 1
        assert len(line.connections) == 1
        counter.standby.end()


# --- when it ends


@pytest.mark.parametrize("change", [{"account": "other"}, {"timeout_seconds": 7}])
def test_other_settings_end_it(scripted_smtp: ScriptedSmtp, counter: Counter, change: dict):
    counter.customer()
    counter.change(**change)
    counter.customer()
    until(lambda: scripted_smtp.commands[0][-1] == "QUIT")
    assert [kept.connection for kept in scripted_smtp.kept] == [1, 2]


def test_a_poll_without_a_letter_ends_it_too(scripted_smtp: ScriptedSmtp, counter: Counter):
    counter.customer()
    counter.change(account="other")
    counter.standby.stay_for(counter.account)
    until(lambda: scripted_smtp.commands[0][-1] == "QUIT")


def test_it_leaves_where_nobody_comes(scripted_smtp: ScriptedSmtp, counter: Counter):
    counter.customer()
    counter.late += IDLE_SECONDS - 1
    with counter.standby._changed:
        counter.standby._clocks = TwoClocks(counter.wall(), counter.clock())
        counter.standby._changed.notify_all()
    assert counter.waits_ready
    counter.late += 2
    with counter.standby._changed:
        counter.standby._changed.notify_all()
    until(lambda: scripted_smtp.commands[0][-1] == "QUIT")
    until(lambda: counter.standby._helper is None)


@pytest.mark.parametrize("announced", [True, False])
def test_after_the_sleep_of_the_pc_nobody_asks_it(
    scripted_smtp: ScriptedSmtp, counter: Counter, announced: bool
):
    counter.customer()
    said = len(scripted_smtp.commands[0])
    counter.slept += 3600
    counter.customer(announced=announced)
    assert scripted_smtp.commands[0][said:] == []
    assert [kept.connection for kept in scripted_smtp.kept] == [1, 2]


def test_the_end_takes_leave(scripted_smtp: ScriptedSmtp, counter: Counter):
    counter.customer()
    counter.standby.end()
    assert scripted_smtp.commands[0][-1] == "QUIT"
    until(lambda: counter.standby._helper is None)
    counter.customer()  # and it can begin again
    assert len(scripted_smtp.commands) == 2


# --- trouble beside the fetching


def test_trouble_is_nobodys_until_a_letter_is_owed(scripted_smtp: ScriptedSmtp):
    script = scripted_smtp.script
    script.mechanisms, script.accounts = ("PLAIN",), {"shop": PASSWORD}
    send = send_to(scripted_smtp.port, auth=Auth.YES, account="shop")
    counter = Counter(send, Tls(), "wrong")

    def logins() -> int:
        said = [one for connection in scripted_smtp.commands for one in connection]
        return len([one for one in said if one.startswith("AUTH")])

    for _ in range(3):  # mails that nobody answers
        counter.standby.get_ready(counter.account)
        until(lambda: counter.standby._helper is None)
    assert logins() == 1
    with pytest.raises(LoginTrouble):
        counter.customer(expected="later")
    assert logins() == 1, "what has just failed is the answer for the letter too"
    with pytest.raises(LoginTrouble):
        counter.customer(expected="later")
    assert logins() == 2
    counter.account = replace(counter.account, password=PASSWORD)
    counter.customer()
    counter.standby.end()


def test_a_server_that_takes_one_connection_at_a_time(
    scripted_smtp: ScriptedSmtp, counter: Counter
):
    """メール発信 and the test of the settings have a connection of their own."""
    scripted_smtp.script.most_connections = 1
    counter.customer()
    other = SmtpClient(counter.account.send, Tls(), SHOP, "")
    with closing(other):
        other.connect()
    until(lambda: scripted_smtp.open_now == 0)
    counter.customer()


def test_a_helper_that_falls_leaves_the_letters_alone(
    scripted_smtp: ScriptedSmtp, counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(counter.standby, "_make_ready", lambda *_: 1 / 0)
    logged: list[str] = []
    monkeypatch.setattr(
        "kollect.threads.safe_thread.log_error", lambda error, *_: logged.append(str(error))
    )
    counter.customer()
    counter.customer()
    assert len(logged) == 2
    assert len(scripted_smtp.kept) == 2


def test_no_thread_no_standby(
    scripted_smtp: ScriptedSmtp, counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    def start(self: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", start)
        counter.customer()
        counter.customer()
    assert [said[-1] for said in scripted_smtp.commands] == ["QUIT", "QUIT"]


# --- the poll


@pytest.fixture
def shop(scripted_smtp: ScriptedSmtp, tmp_path: Path) -> Iterator[tuple[ShopProgram, ScriptedPop3]]:
    with ScriptedPop3() as pop3:
        standby = Standby()
        program = ShopProgram(
            tmp_path, settings_for(pop3.port, scripted_smtp.port), PASSWORD, standby=standby
        )
        yield program, pop3
        standby.end()


def test_customers_of_several_polls_share_a_connection(
    scripted_smtp: ScriptedSmtp, shop: tuple[ShopProgram, ScriptedPop3]
):
    program, pop3 = shop
    for n in range(3):
        pop3.put(blank(f"guest{n}@docomo.ne.jp", n))
        assert program.report().accepted == 1
        assert program.report().accepted == 0
    assert [kept.connection for kept in scripted_smtp.kept] == [1, 1, 1]


def test_an_announced_mail_opens_it_beside_the_fetching(
    scripted_smtp: ScriptedSmtp,
    shop: tuple[ShopProgram, ScriptedPop3],
    monkeypatch: pytest.MonkeyPatch,
):
    """The mailbox is opened only when the sending server has been spoken to."""
    from tests.helpers import shop as helper

    opened = helper.open_mailbox

    def late(*arguments):
        until(lambda: bool(scripted_smtp.commands and scripted_smtp.commands[0]))
        return opened(*arguments)

    monkeypatch.setattr(helper, "open_mailbox", late)
    program, pop3 = shop
    pop3.put(blank("guest@docomo.ne.jp"))
    report, trouble = program.poll(expects_mail=True)
    assert (report.accepted, trouble) == (1, None)


def test_a_new_mail_in_the_listing_opens_it_before_its_header_is_there(
    scripted_smtp: ScriptedSmtp,
    shop: tuple[ShopProgram, ScriptedPop3],
    monkeypatch: pytest.MonkeyPatch,
):
    from kollect.collector.mailbox_session import MailboxSession

    headers = MailboxSession.headers

    def late(self, uids):
        until(lambda: bool(scripted_smtp.commands and scripted_smtp.commands[0]))
        return headers(self, uids)

    monkeypatch.setattr(MailboxSession, "headers", late)
    program, pop3 = shop
    pop3.put(blank("guest@docomo.ne.jp"))
    assert program.report().accepted == 1


def test_an_empty_mailbox_opens_nothing(
    scripted_smtp: ScriptedSmtp, shop: tuple[ShopProgram, ScriptedPop3]
):
    program, _ = shop
    assert program.report().accepted == 0
    assert program.standby is not None
    assert program.standby._helper is None
    assert scripted_smtp.commands == []
