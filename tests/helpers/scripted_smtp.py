"""An SMTP server that does what a test tells it: the quick sink of the benchmark, and every fault.

It understands what a client sends and keeps every mail whole. `fault` is asked at each command and
may answer otherwise, hang, or cut the line. `python -m tests.helpers.scripted_smtp` runs it as a
process of its own and prints its port.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hmac
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

_ODD_LOCAL_PART = re.compile(rb"^<\.|\.\.|\.@")
_LARGE = 50_000
_CHALLENGE = b"<1896.697170952@scripted.example>"


class Act(Enum):
    """What a fault may do instead of an answer."""

    CUT = auto()
    """Cut the line; nothing was done."""
    HANG = auto()
    """Never answer anything again; nothing was done."""
    KEEP_AND_CUT = auto()
    """Do it (the mail is accepted), then cut the line without an answer."""
    KEEP_AND_HANG = auto()


@dataclass(frozen=True, slots=True)
class At:
    """Where in the conversation a fault is asked."""

    verb: str
    """GREETING, EHLO, HELO, STARTTLS, AUTH, RSET, MAIL, RCPT, DATA, DOT, BDAT, QUIT."""
    argument: str
    recipient: str
    """As in RCPT, without the brackets; "" before it."""
    connection: int
    """From 1."""
    accepted: int
    """Mails accepted on this connection so far."""


Fault = Callable[[At], "str | Act | None"]
Login = Generator["str | None", "str | None", None]
"""Yields what to ask with 334, at last "yes" or "no"; is sent what the client answers."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that was accepted."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    when: float
    connection: int
    verb: str
    """DATA or BDAT."""
    parameters: str
    """What stood behind MAIL FROM:<…>."""


@dataclass(slots=True)
class Script:
    """How the server presents itself, and what it does wrong."""

    pipelining: bool = True
    chunking: bool = True
    eight_bit: bool = True
    utf8: bool = True
    size: int | None = 0
    ehlo: bool = True
    """False: only HELO is known."""
    tls: ssl.SSLContext | None = None
    """STARTTLS is offered."""
    mechanisms: tuple[str, ...] = ()
    accounts: dict[str, str] = field(default_factory=dict)
    strict_addresses: str = ""
    """The answer to a recipient with odd dots that is not in quotes."""
    drains_refused_bdat: bool = True
    """False: the octets of a BDAT that was refused are taken for commands."""
    data_without_recipients: bool = False
    """DATA is answered by 354 even where every recipient was refused."""
    early: str = ""
    """The answer to a large mail before it is all there; what follows is taken for commands."""
    swallows: bool = False
    """What comes with a command before its answer is thrown away."""
    most_connections: int = 1000
    fault: Fault | None = None


class ScriptedSmtp:
    """The server, in a thread of its own."""

    host = "127.0.0.1"

    def __init__(self, script: Script | None = None, *, quick: bool = False) -> None:
        self.script = script or Script()
        self.kept: list[Kept] = []
        self.commands: list[list[str]] = []
        """Of each connection, every command as it came; mails are not among them."""
        self.thrown_away: list[bytes] = []
        """What came as a mail without a recipient."""
        self.hurried: list[str] = []
        """The commands behind which more had come already."""
        self.quick = quick
        """Keep no list of commands."""
        self.open_now = 0
        self.most_open = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._lines: set[_Line] = set()

    def __enter__(self) -> ScriptedSmtp:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def serve(self) -> None:
        """Run in this thread until killed; the port is printed."""
        threading.Thread(
            target=lambda: (self._ready.wait(10), print(self.port, flush=True)), daemon=True
        ).start()
        self._run()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Line(self), self.host, 0, backlog=200)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for line in [*self._lines]:
                line.abort()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def close_idle(self, farewell: str = "") -> None:
        """Close every connection, as a server does with those that lie idle."""
        done = threading.Event()

        def close() -> None:
            for line in [*self._lines]:
                line.leave(farewell)
            self._loop.call_later(0.02, done.set)

        self._loop.call_soon_threadsafe(close)
        done.wait(5)

    def wait_for(self, count: int, seconds: float = 60) -> list[Kept]:
        """The mails, once there are so many."""
        deadline = time.monotonic() + seconds
        while len(self.kept) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.kept

    @property
    def recipients(self) -> list[str]:
        """Of every mail kept, in order."""
        return [address for mail in self.kept for address in mail.recipients]


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: ScriptedSmtp) -> None:
        self._server = server
        self._script = server.script
        self._buffer = bytearray()
        self._step: Callable[[], bool] = self._command
        self._sender = ""
        self._parameters = ""
        self._in_mail = False
        self._recipients: list[str] = []
        self._chunks: list[bytes] = []
        self._left = 0
        self._last = False
        self._accepted = 0
        self._out: list[bytes] = []
        self._deaf = False
        self._login: Login | None = None
        self._quick = server.quick
        self._commands: list[str] = []
        self._tls_started = False
        self._upgrading = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        if self._tls_started:
            return
        server = self._server
        server._lines.add(self)
        server.open_now += 1
        server.most_open = max(server.most_open, server.open_now)
        server.commands.append(self._commands)
        self._number = len(server.commands)
        if server.open_now > self._script.most_connections:
            self._transport.write(b"421 4.7.0 too many connections\r\n")
            self._transport.close()
            return
        self._done("GREETING", "", "220 scripted.example ESMTP")
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._server._lines.discard(self)
        self._server.open_now -= 1
        self._deaf = True

    def abort(self) -> None:
        self._transport.abort()

    def leave(self, farewell: str) -> None:
        if farewell:
            self._transport.write(farewell.encode() + b"\r\n")
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._upgrading:
            self._buffer += (
                data  # the client's first command may come with the end of its handshake
            )
        if self._deaf:
            return
        self._buffer += data
        while not self._deaf and self._step():
            pass
        self._send()

    def _send(self) -> None:
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    # --- commands

    def _command(self) -> bool:
        end = self._buffer.find(b"\n")
        if end < 0:
            return False
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        if self._login is not None:
            self._go_on_with_login(line)
            return True
        if not self._quick:
            self._commands.append(line.decode("utf-8", "replace"))
            if self._buffer:
                self._server.hurried.append(self._commands[-1])
        verb = line[:4].upper()
        handler = _HANDLERS.get(verb)
        if handler is None:
            self._out.append(b"500 5.5.2 what?\r\n")
        else:
            handler(self, line)
        if self._script.swallows:
            self._buffer.clear()
        return True

    def _done(self, verb: str, argument: str, usual: str, then: Callable[[], None] | None = None):
        """Answer, unless the fault has other ideas; `then` is what the usual answer comes with."""
        act = None
        if self._script.fault is not None:
            recipient = self._recipients[-1] if self._recipients else ""
            if verb == "RCPT":
                recipient = argument.partition("<")[2].rpartition(">")[0]
            act = self._script.fault(At(verb, argument, recipient, self._number, self._accepted))
        if isinstance(act, str):
            self._out.append(act.encode() + b"\r\n")
            if act.startswith("421"):
                self._hang_up()
            return
        if act in (Act.CUT, Act.HANG):
            self._stop(act)
            return
        if then is not None:
            then()
        if act is None:
            self._out.append(usual.encode() + b"\r\n")
        else:
            self._stop(act)

    def _stop(self, act: Act) -> None:
        self._deaf = True
        self._send()
        if act in (Act.CUT, Act.KEEP_AND_CUT):
            self._transport.close()

    def _hang_up(self) -> None:
        self._deaf = True
        self._send()
        self._transport.close()

    def _ehlo(self, line: bytes) -> None:
        script = self._script
        if not script.ehlo:
            self._done("EHLO", "", "502 5.5.1 not known")
            return
        names = ["scripted.example"]
        names += ["PIPELINING"] if script.pipelining else []
        names += ["CHUNKING"] if script.chunking else []
        names += ["8BITMIME"] if script.eight_bit else []
        names += ["SMTPUTF8"] if script.utf8 else []
        names += [f"SIZE {script.size}"] if script.size is not None else []
        names += ["STARTTLS"] if script.tls and not self._tls_started else []
        names += [f"AUTH {' '.join(script.mechanisms)}"] if script.mechanisms else []
        lines = [f"250-{name}" for name in names[:-1]] + [f"250 {names[-1]}"]
        self._done("EHLO", "", "\r\n".join(lines))

    def _helo(self, line: bytes) -> None:
        self._done("HELO", "", "250 scripted.example")

    def _starttls(self, line: bytes) -> None:
        self._done("STARTTLS", "", "220 2.0.0 go on", self._start_tls)

    def _start_tls(self) -> None:
        self._deaf = self._upgrading = self._tls_started = True
        self._buffer.clear()
        task = asyncio.ensure_future(self._upgrade())
        task.add_done_callback(lambda done: done.exception())

    async def _upgrade(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(
            self._transport, self, self._script.tls, server_side=True
        )
        self._deaf = self._upgrading = False
        self.data_received(b"")

    def _rset(self, line: bytes) -> None:
        # Whatever is answered: against a server that keeps the recipients of a failed letter and
        # does not even know RSET, no client is safe that does not wait.
        self._clear()
        self._done("RSET", "", "250 2.0.0 Ok")

    def _clear(self) -> None:
        self._in_mail = False
        self._recipients = []
        self._chunks = []

    def _mail(self, line: bytes) -> None:
        if self._in_mail:
            self._out.append(b"503 5.5.1 nested MAIL\r\n")
            return
        argument = line[10:].decode("utf-8", "replace")
        self._done("MAIL", argument, "250 2.1.0 Ok", lambda: self._begin(argument))

    def _begin(self, argument: str) -> None:
        path, _, self._parameters = argument.partition("> ")
        self._sender = path.strip("<>")
        self._in_mail = True

    def _rcpt(self, line: bytes) -> None:
        if not self._in_mail:
            self._out.append(b"503 5.5.1 need MAIL\r\n")
            return
        strict = self._script.strict_addresses
        path = line[8:]
        if strict and not path.startswith(b'<"') and _ODD_LOCAL_PART.search(path):
            self._out.append(strict.encode() + b"\r\n")
            return
        address = path.decode("utf-8", "replace")
        name = address.partition("<")[2].rpartition(">")[0]
        self._done("RCPT", address, "250 2.1.5 Ok", lambda: self._recipients.append(name))

    def _data(self, line: bytes) -> None:
        if not self._recipients and not self._script.data_without_recipients:
            self._out.append(b"554 5.5.1 no valid recipients\r\n")
            return
        self._done("DATA", "", "354 go on", self._expect_body)

    def _expect_body(self) -> None:
        self._step = self._body

    def _body(self) -> bool:
        if self._buffer.startswith(b".\r\n"):
            end, length = 0, 3
        else:
            found = self._buffer.find(b"\r\n.\r\n")
            if self._script.early and len(self._buffer) > _LARGE:
                self._out.append(self._script.early.encode() + b"\r\n")
                self._step = self._command
                return True
            if found < 0:
                return False
            end, length = found + 2, 3
        data = bytes(self._buffer[:end])
        del self._buffer[: end + length]
        self._step = self._command
        if data.startswith(b"."):
            data = data[1:]
        data = data.replace(b"\r\n..", b"\r\n.")
        if not self._recipients:
            self._server.thrown_away.append(data)
            self._out.append(b"554 5.5.1 no valid recipients\r\n")
            self._clear()
            return True
        self._finish("DOT", data)
        return True

    def _bdat(self, line: bytes) -> None:
        words = line.split()
        if not (self._script.chunking and len(words) > 1 and words[1].isdigit()):
            self._out.append(b"502 5.5.1 not known\r\n")
            return
        self._left = int(words[1])
        self._last = len(words) > 2 and words[2].upper() == b"LAST"
        if not self._script.drains_refused_bdat:
            self._done("BDAT", "", "250 2.0.0 chunk")
            return
        self._step = self._chunk

    def _chunk(self) -> bool:
        if len(self._buffer) < self._left:
            return False
        data = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._step = self._command
        self._chunks.append(data)
        if not self._recipients:
            self._chunks = []
            self._out.append(b"554 5.5.1 no valid recipients\r\n")
        elif self._last:
            self._finish("BDAT", b"".join(self._chunks))
        else:
            self._out.append(b"250 2.0.0 chunk\r\n")
        return True

    def _finish(self, verb: str, data: bytes) -> None:
        self._done(verb, "", "250 2.0.0 kept", lambda: self._keep(verb, data))
        if verb == "DOT":
            self._clear()

    def _keep(self, verb: str, data: bytes) -> None:
        self._accepted += 1
        self._server.kept.append(
            Kept(
                self._sender,
                tuple(self._recipients),
                data,
                time.monotonic(),
                self._number,
                "BDAT" if verb == "BDAT" else "DATA",
                self._parameters,
            )
        )
        self._clear()

    def _quit(self, line: bytes) -> None:
        self._done("QUIT", "", "221 2.0.0 bye")
        self._hang_up()

    # --- login

    def _auth(self, line: bytes) -> None:
        words = line.decode("ascii", "replace").split()
        steps = {"PLAIN": self._plain, "LOGIN": self._login_steps, "CRAM-MD5": self._cram}
        mechanism = words[1].upper() if len(words) > 1 else ""
        if mechanism not in self._script.mechanisms:
            self._out.append(b"504 5.5.4 mechanism\r\n")
            return
        self._login = steps[mechanism](words[2] if len(words) > 2 else None)
        self._go_on_with_login(None)

    def _go_on_with_login(self, line: bytes | None) -> None:
        login = self._login
        assert login is not None
        question = login.send(None if line is None else line.decode("ascii", "replace"))
        if question is not None and question not in ("yes", "no"):
            self._out.append(f"334 {question}".rstrip().encode() + b"\r\n")
            return
        self._login = None
        right = "235 2.7.0 welcome" if question == "yes" else "535 5.7.8 wrong"
        self._done("AUTH", "", right)

    def _plain(self, secret: str | None) -> Login:
        if secret is None:
            secret = yield ""
        _, account, password = base64.b64decode(secret or "").decode().split("\0")
        yield self._verdict(account, password)

    def _login_steps(self, _: str | None) -> Login:
        account = yield "VXNlcm5hbWU6"
        password = yield "UGFzc3dvcmQ6"
        yield self._verdict(
            base64.b64decode(account or "").decode(), base64.b64decode(password or "").decode()
        )

    def _cram(self, _: str | None) -> Login:
        said = yield base64.b64encode(_CHALLENGE).decode()
        account, _, digest = base64.b64decode(said or "").decode().rpartition(" ")
        password = self._script.accounts.get(account, "")
        right = hmac.new(password.encode(), _CHALLENGE, "md5").hexdigest()
        yield "yes" if password and digest == right else "no"

    def _verdict(self, account: str, password: str) -> str:
        return "yes" if self._script.accounts.get(account) == password else "no"


_HANDLERS = {
    b"EHLO": _Line._ehlo,
    b"HELO": _Line._helo,
    b"STAR": _Line._starttls,
    b"AUTH": _Line._auth,
    b"RSET": _Line._rset,
    b"MAIL": _Line._mail,
    b"RCPT": _Line._rcpt,
    b"DATA": _Line._data,
    b"BDAT": _Line._bdat,
    b"QUIT": _Line._quit,
}


@contextlib.contextmanager
def sink_process(*, pipelining: bool = True, chunking: bool = True) -> Iterator[int]:
    """The sink as a process of its own, for measuring; yields its port."""
    command = [sys.executable, "-m", "tests.helpers.scripted_smtp"]
    command += ["--no-pipelining"] if not pipelining else []
    command += ["--no-chunking"] if not chunking else []
    top = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=top) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--no-chunking", action="store_true")
    options = parser.parse_args()
    script = Script(pipelining=not options.no_pipelining, chunking=not options.no_chunking)
    ScriptedSmtp(script, quick=True).serve()


if __name__ == "__main__":
    _main()
