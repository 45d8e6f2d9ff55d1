"""「届くかどうかの診断」 as it is done: ask, look what that tells, ask on. In under ten seconds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from kollect.diagnosis.arrival_findings import NOTHING_KNOWN, findings
from kollect.diagnosis.dns_answers import (
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    KnownAnswers,
)
from kollect.diagnosis.dns_client import DnsClient
from kollect.diagnosis.finding import Finding
from kollect.settings.model import Settings

SECONDS = 9.0
"""For all questions together."""
MOST_QUESTIONS = 200
"""A record that leads to more is void long before."""
OTHER_SERVER = "KOLLECT_DNS"
"""Environment: address and port of the DNS server to ask instead of the PC's own."""


def examine(
    settings: Settings, client: DnsClient, stopping: Callable[[], bool] = lambda: False
) -> tuple[Finding, ...]:
    """All findings. `settings` as `validation` lets them through. Raises nothing.

    Where it is stopped, or the time is over, what was not asked could not be found out.
    """
    ends = time.monotonic() + SECONDS
    answers: dict[DnsQuestion, DnsAnswer] = {}
    while True:
        known = KnownAnswers(answers)
        found = findings(settings, known)
        left = ends - time.monotonic()
        too_late = left <= 0 or len(answers) > MOST_QUESTIONS or stopping()
        if not known.wanted or too_late:
            return (*found, NOTHING_KNOWN) if _all_silent(answers) else found
        answers |= client.ask(sorted(known.wanted), within=left, stopping=stopping)


def _all_silent(answers: dict[DnsQuestion, DnsAnswer]) -> bool:
    return bool(answers) and all(one.status is DnsStatus.SILENT for one in answers.values())


def other_server() -> tuple[str, int] | None:
    """By KOLLECT_DNS, as `127.0.0.1:5353` or `[::1]:5353`; None: the PC's own."""
    host, _, port = os.environ.get(OTHER_SERVER, "").rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdigit() else None
