"""The SMTP side of the demo's mail server, by aiosmtpd.

As at a provider: the shop must log in to send, anybody else may only bring mail for the shop.
Importing this module imports aiosmtpd, which nothing but a running demo needs.
"""

from __future__ import annotations

import asyncio
import logging
import re
from email.utils import formatdate
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

from kollect.demo.store import DemoStore, StoreFull

log = logging.getLogger(__name__)

SIZE_LIMIT = 32 * 1024 * 1024
MOST_RECIPIENTS = 100
HOSTNAME = "demo.example"

# aiosmtpd 1.4.6 warns of its own deprecations at every login, and quotes a broken one at DEBUG.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class DemoSmtpServer:
    """Lets clients in; what they bring lies in the mailboxes when they read the 250."""

    def __init__(self, store: DemoStore) -> None:
        self._hooks = _Hooks(store)
        self._open: set[asyncio.Transport] = set()

    def protocol(self) -> asyncio.Protocol:
        """One client's conversation, for `loop.create_server`."""
        return _Conversation(
            self._open,
            self._hooks,
            hostname=HOSTNAME,
            ident="kollect demo",
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            auth_require_tls=False,  # never off the loopback
            authenticator=self._hooks.authenticate,
            loop=asyncio.get_running_loop(),
        )

    def drop_all(self) -> None:
        """Cut every line."""
        for transport in [*self._open]:
            transport.abort()


class _Conversation(SMTP):
    def __init__(self, open_ones: set[asyncio.Transport], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open_ones = open_ones
        self._mine: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self._mine = transport
        self._open_ones.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open_ones.discard(self._mine)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        try:
            await super()._handle_client()
        except ConnectionError as gone:
            # aiosmtpd 1.4.6 lets it out into a task that nobody awaits: asyncio logs an error.
            log.debug("SMTP client gone: %s", type(gone).__name__)


class _Hooks:
    """What aiosmtpd asks at each step. MISSING means: go on as you would."""

    def __init__(self, store: DemoStore) -> None:
        self._store = store

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: Any
    ) -> AuthResult:
        right = isinstance(login, LoginPassword) and (
            self._store.login(login.login.decode("utf-8", "replace"), login.password)
            is self._store.shop
        )
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> Any:
        if self._store.is_shop(address) and not session.authenticated:
            return "530 5.7.0 Authentication required"
        return MISSING

    async def handle_RCPT(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> Any:
        if not session.authenticated and not self._store.is_shop(address):
            return "550 5.7.1 Relaying denied"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        return MISSING

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        raw = _trace(envelope) + bytes(envelope.original_content or b"")
        try:
            self._store.deliver(envelope.rcpt_tos, raw)
        except StoreFull:
            return "452 4.3.1 No room for this mail"
        return "250 2.0.0 Delivered"

    async def handle_exception(self, error: Exception) -> str:
        log.debug("SMTP client sent what cannot be understood: %s", type(error).__name__)
        return "451 4.3.0 Cannot go on with this"


def _trace(envelope: Envelope) -> bytes:
    """The lines that the server which delivers puts on top (RFC 5321 section 4.4)."""
    sender = re.sub(r"[\x00-\x1f\x7f<>]", "", envelope.mail_from or "")
    lines = (
        f"Return-Path: <{sender}>\r\n"
        f"Received: by {HOSTNAME} (kollect demo) with ESMTP; {formatdate(localtime=True)}\r\n"
    )
    return lines.encode("utf-8", "surrogateescape")
