"""From a mail's arrival to the 250 for its reply: `python -m tests.bench latency`.

A real Dovecot and a real Postfix over TLS, 30 ms away. Mails come at random moments to four shops
in one run, so that a slow moment of the machine hits all alike: kollect by IMAP, kollect by POP3
when customers come one after the other, fetchmail --idle with a script and msmtp, and a raw-socket
program with the fewest round trips. Then what kollect costs while nobody comes.

The end is the moment at which Postfix writes the reply into the customer's mailbox, some
milliseconds after its 250: the same for all, whoever sends. Nothing here is a test, because
machines are noisy: read the ratios.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from kollect.settings import ini_file
from kollect.settings.model import Auth, Protocol, Security, Settings, Tls
from tests.bench import latency_rivals
from tests.bench.latency_rivals import Limit, Servers
from tests.bench.resident import Resident, resident
from tests.helpers.certificates import make_certificates
from tests.helpers.delay_proxy import delayed
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix, running_postfix
from tests.helpers.shop import settings_for

ROUND_TRIP = 0.03
SECONDS_EACH = 12.0
"""In so many seconds each shop gets one mail."""
APART = 1.0
"""Two mails never come nearer to each other: the shops share a machine."""
LONGEST = 150.0
"""Seconds. A reply that has not come by then is counted as missing."""
COUNTER_RESTS = 190.0
"""Seconds. So long after the last customer POP3 is asked as seldom as ever again."""
IMAP, POP3, SCRIPT, LIMIT = (
    "kollect IMAP", "kollect POP3", "fetchmail+script+msmtp", "limit (raw sockets)",
)  # fmt: skip
TARGETS = {IMAP: "0.6 / 1.5", POP3: "9 / -"}
"""Seconds: median / 99 % (design section 12)."""
CPU_TARGET = 0.03
"""Per cent of a core, in IDLE."""


@dataclass(slots=True)
class Contender:
    name: str
    user: str
    """Whose mailbox it answers."""
    sent: dict[str, float] = field(default_factory=dict)
    """By the customer's address: when the mail came to lie in the mailbox."""
    waits: list[float] = field(default_factory=list)
    """Seconds until the reply, in the order of arrival."""

    def customer(self, number: int) -> str:
        return f"{self.user}-{number}@docomo.ne.jp"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench latency", description=__doc__)
    parser.add_argument("--mails", type=int, default=25, help="to each shop (100 tell the 99 %%)")
    parser.add_argument(
        "--idle-minutes", type=float, default=10.0, help="how long the cost is watched; 0: not"
    )
    parser.add_argument("--seed", type=int, default=12, help="of the random moments")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kollect-bench-")))
        folder.chmod(0o755)
        certificates = make_certificates(folder)
        dovecot = stack.enter_context(running_dovecot(certificates))
        postfix = stack.enter_context(running_postfix(certificates, dovecot))
        servers = Servers(
            *(stack.enter_context(delayed(port, ROUND_TRIP))
              for port in (dovecot.imaps, dovecot.pop3s, postfix.plain)),
            dovecot.ca_file, postfix.account, dovecot.password,
        )  # fmt: skip
        shops = {}
        contenders = [Contender(LIMIT, "limit"), Contender(IMAP, "imap"), Contender(POP3, "pop3")]
        limit = stack.enter_context(Limit(servers, "limit"))
        for contender, protocol in zip(contenders[1:], (Protocol.IMAP, Protocol.POP3), strict=True):
            data = folder / contender.user
            data.mkdir()
            ini_file.save(data / "kollect.ini", _settings(servers, contender.user, protocol))
            shops[contender.name] = stack.enter_context(resident(data, servers.password))
        if missing := latency_rivals.missing_programs():
            print(f"without {SCRIPT}: not installed ({', '.join(missing)})\n")
        else:
            own = folder / "script"
            own.mkdir()
            stack.enter_context(latency_rivals.fetchmail_script(servers, "script", own))
            contenders.append(Contender(SCRIPT, "script"))
        before = os.getloadavg()[0]
        _measure(dovecot, postfix, contenders, options.mails, random.Random(options.seed))
        for name, shop in shops.items():
            if trouble := shop.spent().trouble:
                print(f"{name}: {trouble}")
        _table(contenders, options.mails, limit)
        print(f"load of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} after\n")
        if options.idle_minutes:
            _idle(shops, options.idle_minutes)


def _settings(servers: Servers, user: str, protocol: Protocol) -> Settings:
    imap = protocol is Protocol.IMAP
    settings = settings_for(servers.imaps if imap else servers.pop3s, servers.smtp, user)
    return replace(
        settings,
        receive=replace(
            settings.receive, protocol=protocol, host="localhost", security=Security.SSL,
            timeout_seconds=30,
        ),
        send=replace(
            settings.send, host="localhost", auth=Auth.SSL, account=servers.account,
            timeout_seconds=30,
        ),
        tls=Tls(servers.ca_file),
    )  # fmt: skip


# --- the mails


def _measure(
    dovecot: Dovecot,
    postfix: Postfix,
    contenders: list[Contender],
    mails: int,
    chance: random.Random,
) -> None:
    """To each of them so many mails, after a first one that is not counted."""
    print(
        f"{mails} mails to each shop at random moments, {mails * SECONDS_EACH / 60:.0f} minutes"
        f" (TLS, round trip {ROUND_TRIP * 1000:.0f} ms)\n",
        flush=True,
    )
    for contender in contenders:  # the customer before: whoever opens something for him keeps it
        _deliver(dovecot, contender, 0)
    _wait_for_all(postfix, contenders)
    began = time.monotonic()
    for at, place, number in _moments(len(contenders), mails, chance):
        time.sleep(max(0.0, began + at - time.monotonic()))
        _deliver(dovecot, contenders[place], number)
    _wait_for_all(postfix, contenders)
    replied = postfix.delivered_at()
    for contender in contenders:
        contender.sent.pop(contender.customer(0))
        contender.waits = [
            replied[customer] - at for customer, at in contender.sent.items() if customer in replied
        ]


def _deliver(dovecot: Dovecot, contender: Contender, number: int) -> None:
    customer = contender.customer(number)
    contender.sent[customer] = time.time()
    dovecot.deliver(contender.user, blank(customer, number + 1))


def _moments(contenders: int, mails: int, chance: random.Random) -> list[tuple[float, int, int]]:
    """When, to whom, and which: in each round one mail to each, at moments that chance decides."""
    found = []
    for number in range(1, mails + 1):
        while True:
            moments = [chance.uniform(0, SECONDS_EACH - APART) for _ in range(contenders)]
            ordered = sorted(moments)
            if all(b - a >= APART for a, b in itertools.pairwise(ordered)):
                break
        start = (number - 1) * SECONDS_EACH
        found += [(start + moment, place, number) for place, moment in enumerate(moments)]
    return sorted(found)


def _wait_for_all(postfix: Postfix, contenders: list[Contender]) -> None:
    wanted = {customer for contender in contenders for customer in contender.sent}
    deadline = time.monotonic() + LONGEST
    while wanted - postfix.delivered_at().keys() and time.monotonic() < deadline:
        time.sleep(0.5)


def _table(contenders: list[Contender], mails: int, limit: Limit) -> None:
    print(f"{'seconds to the reply':26}{'median':>8}{'99 %':>8}{'x limit':>9}  target, missing")
    least = statistics.median(contenders[0].waits) if contenders[0].waits else float("nan")
    for contender in contenders:
        waits = sorted(contender.waits)
        notes = TARGETS.get(contender.name, "")
        if lost := mails - len(waits):
            notes += f"  {lost} missing after {LONGEST:.0f} s"
        if waits:
            middle, most = statistics.median(waits), _ninety_nine(waits)
            figures = f"{middle:8.2f}{most:8.2f}{middle / least:9.1f}"
        else:
            figures = f"{'-':>8}{'-':>8}{'-':>9}"
        print(f"{contender.name:26}{figures}  {notes}")
    sent = contenders[0].sent
    pushes = [
        limit.pushed[customer] - at for customer, at in sent.items() if customer in limit.pushed
    ]
    if pushes:
        print(f"Dovecot itself speaks of a mail after {statistics.median(pushes):.2f} s (median)\n")


def _ninety_nine(waits: list[float]) -> float:
    """Of sorted values the one that 99 % do not exceed; of fewer than 100 it is the last."""
    return waits[min(len(waits) - 1, -(-99 * len(waits) // 100) - 1)]


# --- what it costs while nobody comes


def _idle(shops: dict[str, Resident], minutes: float) -> None:
    time.sleep(COUNTER_RESTS)
    before = {name: shop.spent() for name, shop in shops.items()}
    began = time.monotonic()
    time.sleep(minutes * 60)
    print(f"nobody comes for {minutes:g} min{'':6}{'CPU, % of a core':>18}{'polls':>7}")
    for name, shop in shops.items():
        spent = shop.spent()
        share = 100 * (spent.cpu - before[name].cpu) / (time.monotonic() - began)
        target = f"  (target {CPU_TARGET})" if name == IMAP else ""
        print(f"{name:26}{share:18.3f}{spent.polls - before[name].polls:7}{target}")
    print(flush=True)
