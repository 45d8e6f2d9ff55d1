"""A provider's SMTP server beside a Dovecot: what comes for the shop lies in Dovecot's mailbox.

By aiosmtpd. Whoever logs in may send to anybody, others only to the shop.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.helpers.dovecot import Dovecot


class PostOffice:
    """`letters` is what has gone out: to whom, and the mail. The password is Dovecot's."""

    def __init__(self, dovecot: Dovecot, user: str, shop: str) -> None:
        self._dovecot = dovecot
        self._user = user
        self._shop = shop
        self.letters: list[tuple[str, bytes]] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="post office", daemon=True)

    def __enter__(self) -> PostOffice:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def to(self, recipient: str) -> list[bytes]:
        return [mail for one, mail in self.letters if one == recipient]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address != self._shop and not session.authenticated:
            return "554 5.7.1 Relay access denied"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = envelope.original_content or b""
        sender = (envelope.mail_from or "").encode()
        for recipient in envelope.rcpt_tos:
            if recipient == self._shop:
                self._dovecot.deliver(self._user, b"Return-Path: <%b>\r\n%b" % (sender, mail))
            else:
                self.letters.append((recipient, mail))
        return "250 2.0.0 Ok"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = LoginPassword(self._user.encode(), self._dovecot.password.encode())
        return AuthResult(success=data == right, handled=False)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        def conversation() -> SMTP:
            return SMTP(
                self,
                hostname="smtp.shop.example",
                authenticator=self._authenticate,
                auth_require_tls=False,  # never off the loopback
                enable_SMTPUTF8=True,
                loop=self._loop,
            )

        server = self._loop.run_until_complete(
            self._loop.create_server(conversation, "127.0.0.1", 0)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
