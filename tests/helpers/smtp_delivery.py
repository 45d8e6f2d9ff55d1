"""Letters given to the SMTP client before a scripted server, and the check that it was fair."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kollect.mail import address
from kollect.settings.model import Auth, Send, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from tests.helpers.scripted_smtp import Act, At, Fault, Script, ScriptedSmtp

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
    """Every letter ended once; accepted means delivered once, refused or later not delivered, and
    none has reached anyone but its recipient.
    """
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


def endings_of(post: SmtpClient, batch: list[OutgoingMail]) -> list[DeliveryStatus]:
    return [outcome.status for outcomes in post.deliver(batch) for outcome in outcomes]


def once(where: Callable[[At], bool], act: str | Act) -> Fault:
    """A fault that strikes the first time only."""
    struck: list[At] = []

    def fault(at: At) -> str | Act | None:
        if struck or not where(at):
            return None
        struck.append(at)
        return act

    return fault


def from_disk(folder: Path, content: bytes, key: int = 0, **more) -> OutgoingMail:
    path = folder / f"{key}.eml"
    path.write_bytes(content)
    head = b"From: shop@shop.example\r\n\r\n"
    return OutgoingMail(
        key, f"f{key}@docomo.ne.jp", head, path, len(content), tail=b"\r\n--x--\r\n", **more
    )
