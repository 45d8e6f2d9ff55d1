"""The little mail server of the demo: SMTP and POP3 on the loopback, mailboxes in memory.

Stands on free ports, speaks to this computer only, and forgets everything when it stops.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import Self

from kollect.demo.pop3_server import LINE_LIMIT, Pop3Door
from kollect.demo.store import Mailbox, Store

HOST = "127.0.0.1"
SHOP_ADDRESS = "karamail@shop.example"
SHOP_ACCOUNT = "shop"

START_SECONDS = 20.0
STOP_SECONDS = 5.0
FAREWELL_SECONDS = 1.0


class DemoServer:
    """One mail server in a thread of its own: a context manager, or `start` and `stop`."""

    host = HOST

    def __init__(self) -> None:
        self.shop_address = SHOP_ADDRESS
        self.account = SHOP_ACCOUNT
        self.smtp_port = 0
        self.pop3_port = 0
        self._store = Store(shop_address=SHOP_ADDRESS, account=SHOP_ACCOUNT)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def password(self) -> str:
        """The shop's password, for POP3 and SMTP."""
        return self._store.shop.password

    def mailbox(self, address: str) -> Mailbox:
        """The mailbox of any address; made when it is asked for the first time."""
        return self._store.mailbox(address)

    def start(self) -> None:
        """Returns when both ports take connections; raises OSError where there is none free."""
        ready: Future[tuple[int, int]] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="demo mail server", daemon=True
        )
        self._thread.start()
        self.smtp_port, self.pop3_port = ready.result(START_SECONDS)

    def stop(self) -> None:
        """Cut every line and end the thread. The mailboxes can still be looked at."""
        if self._thread is None:
            return
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_SECONDS)
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, ready: Future[tuple[int, int]]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except Exception as trouble:
            if ready.done():
                raise
            ready.set_exception(trouble)

    async def _serve(self, ready: Future[tuple[int, int]]) -> None:
        # Here and not on top: only a demo that really runs pays for importing aiosmtpd.
        from kollect.demo.smtp_server import SmtpDoor

        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        smtp, pop3 = SmtpDoor(self._store), Pop3Door(self._store)
        listeners = [
            await self._loop.create_server(smtp.protocol, HOST, 0),
            await asyncio.start_server(pop3.serve, HOST, 0, limit=LINE_LIMIT),
        ]
        ready.set_result(tuple(one.sockets[0].getsockname()[1] for one in listeners))
        await self._stopping.wait()
        for listener in listeners:
            listener.close()
        smtp.drop_all()
        pop3.drop_all()
        if rest := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(rest, timeout=FAREWELL_SECONDS)
