"""A POP3 server that misbehaves as told, and remembers what it was asked. Only for what no real one
does.

It keeps its mails between sessions as a real one would: what a session marked is gone only after a
QUIT that it took.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.helpers.scripted_imap import flood

CAPABILITIES = ("TOP", "UIDL", "USER", "PIPELINING", "RESP-CODES")


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with the server in one session; by default nothing.

    Commands are named as sent, whole ("TOP 2 0") or by their first word ("TOP": all of them). The
    greeting is "GREETING".
    """

    answers: dict[str, bytes] = field(default_factory=dict)
    """Said instead of the answer, whatever it is; nothing is done."""
    lines: dict[str, bytes] = field(default_factory=dict)
    """Said instead of the lines of a multi-line answer."""
    floods: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """Said instead of the answer: the first once, the second until the client has enough."""
    cut_before: frozenset[str] = frozenset()
    """The line is cut when the command comes; nothing is done."""
    cut_after: frozenset[str] = frozenset()
    """The command is carried out, then the line is cut instead of the answer."""
    cut_inside: frozenset[str] = frozenset()
    """The line is cut in the middle of the answer."""
    hang: frozenset[str] = frozenset()
    """No answer ever."""
    trickle: frozenset[str] = frozenset()
    """The answer comes an octet at a time, `trickle_seconds` apart."""
    trickle_seconds: float = 0.05
    capabilities: tuple[str, ...] | None = CAPABILITIES
    """None: the server has no CAPA."""
    missing: frozenset[str] = frozenset()
    """Commands the server does not know."""
    uids: dict[int, str] = field(default_factory=dict)
    """Ids said in place of those of the mails with these numbers."""
    ignores_pipelined: bool = False
    """Throws away what came together with a command (a server that lies about PIPELINING)."""
    cut_behind: frozenset[str] = frozenset()
    """The line is cut at such a command when more stands behind it already."""
    swallowed_behind: frozenset[str] = frozenset()
    """What stands behind such a command already is thrown away."""
    refused_behind: frozenset[str] = frozenset()
    """What stands behind such a command already is not understood."""
    bare_lf: bool = False
    """Ends lines by LF alone."""
    stamp: str = ""
    """The time stamp for APOP, `<…@…>`; empty: no APOP."""
    injected: bytes = b""
    """Sent in clear right behind the consent to STLS."""


class ScriptedPop3:
    """Serves `mails` on a free port of the loopback, with the faults of each session in turn.

    The last of `faults` stays for all later sessions; it may be replaced between sessions. With
    `context` it offers STLS, with `tls` it speaks TLS from the start.
    """

    host = "localhost"

    def __init__(
        self,
        mails: Iterable[bytes] = (),
        faults: Faults | Sequence[Faults] = (),
        *,
        user: str = "shop",
        password: str = "S3cret-pw!",
        context: ssl.SSLContext | None = None,
        tls: bool = False,
    ) -> None:
        self.faults = [faults] if isinstance(faults, Faults) else list(faults)
        self.user, self.password = user, password
        self.context, self.tls = context, tls
        self.mails: dict[str, bytes] = {}
        """What is there, by id, oldest first."""
        self.deleted: list[str] = []
        """The ids of the mails that are gone, in the order of their deletion."""
        self.sessions: list[list[str]] = []
        """The commands of every session."""
        self._serial = 0
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        for raw in mails:
            self.put(raw)

    @property
    def commands(self) -> list[str]:
        """All commands of all sessions."""
        return [command for session in self.sessions for command in session]

    def put(self, raw: bytes) -> str:
        """A new mail arrives; returns its id."""
        with self._lock:
            self._serial += 1
            uid = f"id{self._serial:06d}"
            self.mails[uid] = raw
            return uid

    def remove(self, uids: Iterable[str]) -> None:
        with self._lock:
            for uid in uids:
                self.mails.pop(uid, None)
                self.deleted.append(uid)

    def __enter__(self) -> ScriptedPop3:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            faults = Faults()
            if self.faults:
                faults = self.faults[min(len(self.sessions), len(self.faults) - 1)]
            commands: list[str] = []
            self.sessions.append(commands)
            self._lines.add(line)
            session = _Session(self, line, faults, commands)
            threading.Thread(target=session.run, daemon=True).start()

    def pause(self, seconds: float) -> bool:
        """Wait; True when the server is being stopped."""
        return self.stopping.wait(seconds)

    def forget(self, line: socket.socket) -> None:
        self._lines.discard(line)


class _Cut(Exception):
    """The line is to be cut now."""


class _Session:
    def __init__(
        self, server: ScriptedPop3, line: socket.socket, faults: Faults, commands: list[str]
    ) -> None:
        self.server, self.line, self.faults, self.commands = server, line, faults, commands
        self.mails = list(server.mails.items())
        self.marked: set[int] = set()
        self.account = ""
        self.logged_in = False
        self.buffer = b""
        self.end = b"\n" if faults.bare_lf else b"\r\n"

    def run(self) -> None:
        raw = self.line
        try:
            if self.server.tls and self.server.context:
                self.line = self.server.context.wrap_socket(self.line, server_side=True)
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            greeting = f"+OK ready {self.faults.stamp}".strip().encode()
            self.handle("GREETING", lambda: greeting)
            while True:
                self.handle_command(self.next_command())
        except (_Cut, OSError):
            pass
        finally:
            self.server.forget(raw)
            self.line.close()

    def next_command(self) -> str:
        while b"\n" not in self.buffer:
            data = self.line.recv(65536)
            if not data:
                raise _Cut
            self.buffer += data
        raw, _, self.buffer = self.buffer.partition(b"\n")
        if self.faults.ignores_pipelined:
            time.sleep(0.01)  # what the client sent in one go has come by now
            self.buffer = b""
        command = raw.rstrip(b"\r").decode("utf-8", "replace")
        self.commands.append(command)
        self.lie_about(command.partition(" ")[0].upper())
        return command

    def lie_about(self, word: str) -> None:
        """Do what this server does where it is not given the time to answer."""
        faults = self.faults
        if word not in faults.cut_behind | faults.swallowed_behind | faults.refused_behind:
            return
        time.sleep(0.01)  # what the client sent in one go has come by now
        with contextlib.suppress(BlockingIOError):
            self.line.setblocking(False)
            self.buffer += self.line.recv(65536)
        self.line.setblocking(True)
        if self.buffer and word in faults.cut_behind:
            raise _Cut
        if word in faults.swallowed_behind:
            self.buffer = b""
        if word in faults.refused_behind:
            self.buffer = re.sub(rb"(?m)^", b"?", self.buffer).removesuffix(b"?")

    def handle_command(self, command: str) -> None:
        word, _, argument = command.partition(" ")
        word = word.upper()
        act = getattr(self, f"do_{word.lower()}", None)
        if act is None or word in self.faults.missing:
            self.handle(command, lambda: b"-ERR unknown command")
        elif word in {"STAT", "UIDL", "LIST", "TOP", "RETR", "DELE"} and not self.logged_in:
            self.handle(command, lambda: b"-ERR not logged in")
        else:
            self.handle(command, lambda: act(argument))
        if word == "QUIT":
            raise _Cut
        if word == "STLS" and "STLS" not in self.faults.answers and self.server.context:
            self.line = self.server.context.wrap_socket(self.line, server_side=True)

    def handle(self, command: str, act) -> None:
        """Do what the command asks and say the answer, but for the faults."""
        names = {command, command.partition(" ")[0].upper()}
        faults = self.faults
        if names & faults.cut_before:
            raise _Cut
        if names & faults.hang:
            while not self.server.pause(60):
                pass
            raise _Cut
        for name in names & faults.floods.keys():
            head, again = faults.floods[name]
            self.line.sendall(head)
            flood(self.line, again, self.server.stopping)
            raise _Cut
        told = names & faults.answers.keys()
        answer = faults.answers[told.pop()] if told else act()
        if names & faults.cut_after:
            raise _Cut
        if not told and isinstance(answer, bytes) and not answer.endswith(b"\n"):
            answer += self.end
        if names & faults.cut_inside:
            self.line.sendall(answer[: len(answer) // 2])
            raise _Cut
        if names & faults.trickle:
            for octet in answer:
                self.line.sendall(bytes([octet]))
                if self.server.pause(faults.trickle_seconds):
                    raise _Cut
            return
        self.line.sendall(answer)
        if command == "STLS" and faults.injected:
            self.line.sendall(faults.injected)

    def multiline(self, word: str, text: bytes) -> bytes:
        """A good answer with these lines, dots stuffed."""
        text = self.faults.lines.get(word, text)
        text = text.replace(b"\r\n", b"\n")
        if text and not text.endswith(b"\n"):
            text += b"\n"
        if text.startswith(b"."):
            text = b"." + text
        text = text.replace(b"\n.", b"\n..").replace(b"\n", self.end)
        return b"+OK" + self.end + text + b"." + self.end

    def number(self, argument: str) -> int | None:
        number = argument.partition(" ")[0]
        if not number.isdigit() or not 1 <= int(number) <= len(self.mails):
            return None
        return None if int(number) in self.marked else int(number)

    def present(self) -> list[tuple[int, str, bytes]]:
        numbered = enumerate(self.mails, 1)
        return [(n, uid, raw) for n, (uid, raw) in numbered if n not in self.marked]

    def do_capa(self, _: str) -> bytes:
        if self.faults.capabilities is None:
            return b"-ERR unknown command"
        return self.multiline("CAPA", "\n".join(self.faults.capabilities).encode())

    def do_stls(self, _: str) -> bytes:
        return b"+OK begin TLS" if self.server.context else b"-ERR no TLS here"

    def do_user(self, argument: str) -> bytes:
        self.account = argument
        return b"+OK"

    def do_pass(self, argument: str) -> bytes:
        return self.login(self.account, argument == self.server.password)

    def login(self, account: str, right: bool) -> bytes:
        self.logged_in = right and account == self.server.user
        return b"+OK logged in" if self.logged_in else b"-ERR [AUTH] wrong account or password"

    def do_apop(self, argument: str) -> bytes:
        account, _, digest = argument.partition(" ")
        secret = (self.faults.stamp + self.server.password).encode()
        right = hashlib.md5(secret, usedforsecurity=False).hexdigest()
        return self.login(account, bool(self.faults.stamp) and digest == right)

    def do_auth(self, argument: str) -> bytes:
        _, _, secret = argument.partition(" ")
        if not secret:
            self.line.sendall(b"+ \r\n")
            secret = self.next_command()
        _, account, password = base64.b64decode(secret).decode().split("\0")
        return self.login(account, password == self.server.password)

    def do_stat(self, _: str) -> bytes:
        present = self.present()
        return b"+OK %d %d" % (len(present), sum(len(raw) for _, _, raw in present))

    def do_uidl(self, _: str) -> bytes:
        return self.multiline(
            "UIDL",
            "\n".join(
                f"{n} {self.faults.uids.get(n, uid)}" for n, uid, _ in self.present()
            ).encode(),
        )

    def do_list(self, _: str) -> bytes:
        lines = (f"{n} {len(raw)}" for n, _, raw in self.present())
        return self.multiline("LIST", "\n".join(lines).encode())

    def do_top(self, argument: str) -> bytes:
        number = self.number(argument)
        if number is None:
            return b"-ERR no such message"
        head, separator, _ = self.mails[number - 1][1].replace(b"\r\n", b"\n").partition(b"\n\n")
        return self.multiline("TOP", head + (separator or b"\n"))

    def do_retr(self, argument: str) -> bytes:
        number = self.number(argument)
        if number is None:
            return b"-ERR no such message"
        return self.multiline("RETR", self.mails[number - 1][1])

    def do_dele(self, argument: str) -> bytes:
        number = self.number(argument)
        if number is None:
            return b"-ERR no such message"
        self.marked.add(number)
        return b"+OK"

    def do_noop(self, _: str) -> bytes:
        return b"+OK"

    def do_rset(self, _: str) -> bytes:
        self.marked.clear()
        return b"+OK"

    def do_quit(self, _: str) -> bytes:
        self.server.remove(self.mails[number - 1][0] for number in sorted(self.marked))
        return b"+OK bye"
