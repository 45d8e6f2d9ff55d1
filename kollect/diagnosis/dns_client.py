"""Asks the DNS servers of this PC, by dnspython: several questions side by side, none for long.

Nothing raises: a question without an answer has an answer that says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT
import dns.resolver
import dns.win32util

from kollect.diagnosis.dns_answers import DnsAnswer, DnsQuestion, DnsStatus
from kollect.threads.bounded_calls import results_within

SECONDS_A_QUESTION = 3.0
SECONDS_A_TRY = 1.4
"""For one server; a datagram may be lost, and the second server may be the one that answers."""


class DnsClient:
    """`server`: address and port of another DNS server than those the PC uses."""

    def __init__(self, server: tuple[str, int] | None = None) -> None:
        self._resolver = _resolver(server)

    def ask(
        self,
        questions: Iterable[DnsQuestion],
        *,
        within: float,
        stopping: Callable[[], bool] = lambda: False,
    ) -> dict[DnsQuestion, DnsAnswer]:
        """The answers to all of them, after `within` seconds at the latest."""
        ends = time.monotonic() + within
        asked = list(questions)
        found = results_within(
            {question: partial(self._one, question, ends) for question in asked},
            ends=ends,
            stopping=stopping,
        )
        return {question: DnsAnswer(DnsStatus.SILENT) for question in asked} | found

    def _one(self, question: DnsQuestion, ends: float) -> DnsAnswer:
        name, kind = question
        seconds = min(SECONDS_A_QUESTION, ends - time.monotonic())
        if seconds <= 0:
            return DnsAnswer(DnsStatus.SILENT)
        if self._resolver is None:
            return DnsAnswer(DnsStatus.SILENT, detail="no DNS server known on this PC")
        try:
            found = self._resolver.resolve(
                dns.name.from_text(name), str(kind), lifetime=seconds, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return DnsAnswer(DnsStatus.NO_NAME)
        except dns.resolver.LifetimeTimeout as error:
            return DnsAnswer(_why(error), detail=str(error))
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return DnsAnswer(DnsStatus.FAILED, detail=f"{type(error).__name__}: {error}")
        return _read(found, name)


def _why(error: dns.resolver.LifetimeTimeout) -> DnsStatus:
    """Servers that answered with nonsense until the time was over have not been silent."""
    errors = error.kwargs.get("errors", [])
    silent = all(isinstance(one[3], dns.exception.Timeout | str) for one in errors)
    return DnsStatus.SILENT if silent else DnsStatus.FAILED


def _read(found: dns.resolver.Answer, name: str) -> DnsAnswer:
    canonical = found.canonical_name.to_text(omit_final_dot=True).lower()
    alias_of = canonical if canonical != name else ""
    if found.rrset is None:
        return DnsAnswer(DnsStatus.NO_DATA, alias_of=alias_of)
    records = tuple(sorted(_text(record) for record in found.rrset))
    return DnsAnswer(DnsStatus.FOUND, records, alias_of)


def _text(record: object) -> str:
    match record:
        case dns.rdtypes.ANY.TXT.TXT(strings=strings):
            return b"".join(strings).decode("utf-8", "replace")
        case dns.rdtypes.ANY.MX.MX(preference=preference, exchange=exchange):
            return f"{preference} {exchange.to_text(omit_final_dot=True).lower()}"
        case _:
            return str(record).rstrip(".").lower()


def _resolver(server: tuple[str, int] | None) -> dns.resolver.Resolver | None:
    """None where the PC tells of no server."""
    if server is not None:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [server[0]], server[1]
    elif (own := _of_this_pc()) is not None:
        resolver = own
    else:
        return None
    resolver.timeout, resolver.search = SECONDS_A_TRY, []
    resolver.use_edns(0, 0, 1232)
    return resolver


def _of_this_pc() -> dns.resolver.Resolver | None:
    """As Windows itself reckons its DNS servers; its registry also names those of former networks.

    What Windows adds to adapters without any (fec0:…) answers nobody, and an address that is only
    right on one adapter (fe80:…) has lost the name of it.
    """
    methods = getattr(dns.win32util, "ConfigMethod", None)  # only there on Windows
    for method in (methods.Win32, methods.Registry) if methods else (None,):
        if method is not None:
            getattr(dns.win32util, "set_config_method")(method)  # noqa: B009
        try:
            resolver = dns.resolver.Resolver()
        except Exception:  # it reads structures of the system by ctypes
            continue
        servers = [
            one for one in map(str, resolver.nameservers) if one[:4].lower() not in ("fec0", "fe80")
        ]
        if servers:
            resolver.nameservers = servers
            return resolver
    return None
