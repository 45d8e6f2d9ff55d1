"""The little mail server of the demo: SMTP and POP3 on the loopback, mailboxes in memory.

Stands on free ports, speaks to this computer only, and forgets everything when it stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from typing import Self

from kollect.demo.pop3_server import LINE_LIMIT, DemoPop3Server
from kollect.demo.store import DemoMailbox, DemoStore
from kollect.threads import safe_thread

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
        self._store = DemoStore(shop_address=SHOP_ADDRESS, account=SHOP_ACCOUNT)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._over = False

    @property
    def password(self) -> str:
        """The shop's password, for POP3 and SMTP."""
        return self._store.shop.password

    def mailbox(self, address: str) -> DemoMailbox:
        """The mailbox of any address; made when it is asked for the first time."""
        return self._store.mailbox(address)

    def start(self) -> None:
        """Returns when both ports take connections; raises OSError where there is none free."""
        ready: Future[tuple[int, int]] = Future()
        self._over = False
        self._thread = safe_thread.thread(lambda: self._run(ready), name="demo mail server")
        self._thread.start()
        try:
            self.smtp_port, self.pop3_port = ready.result(START_SECONDS)
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise
            raise OSError(f"{type(error).__name__}: {error}") from error

    def stop(self) -> None:
        """Cut every line and end the thread. The mailboxes can still be looked at."""
        self._over = True
        if self._thread is None:
            return
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_SECONDS)
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, ready: Future[tuple[int, int]]) -> None:
        def serve() -> None:
            try:
                asyncio.run(self._serve(ready))
            except BaseException as trouble:
                if ready.done():
                    raise  # it begins again, on the same ports, with the same mailboxes
                self._over = True
                ready.set_exception(trouble)

        safe_thread.keep_going(serve, over=lambda: self._over)

    async def _serve(self, ready: Future[tuple[int, int]]) -> None:
        # Here and not on top: only a demo that really runs pays for importing aiosmtpd.
        from kollect.demo.smtp_server import DemoSmtpServer

        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        smtp, pop3 = DemoSmtpServer(self._store), DemoPop3Server(self._store)
        listeners: list[asyncio.Server] = []
        try:
            listeners += [
                await self._loop.create_server(smtp.protocol, HOST, self.smtp_port),
                await asyncio.start_server(pop3.serve, HOST, self.pop3_port, limit=LINE_LIMIT),
            ]
            if not ready.done():
                ready.set_result(tuple(one.sockets[0].getsockname()[1] for one in listeners))
            await self._stopping.wait()
        finally:  # whatever ends it: the ports are wanted again
            for listener in listeners:
                listener.close()
            smtp.drop_all()
            pop3.drop_all()
        if rest := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(rest, timeout=FAREWELL_SECONDS)
