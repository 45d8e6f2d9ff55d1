"""A small IMAP server that misbehaves as told. Only for what no real one can be made to do."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ImapFaults:
    """Commands are named by any part of their text after the tag; the greeting is "GREETING"."""

    answers: dict[str, bytes] = field(default_factory=dict)
    """Said instead of the answer, `TAG` standing for the tag; nothing is done."""
    floods: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """Said instead of the answer: the first once, the second until the client has enough."""
    cut: tuple[str, ...] = ()
    """The line is cut when the command comes."""
    hang: tuple[str, ...] = ()
    """No answer ever."""
    still_here: tuple[str, ...] = ()
    """Instead of an answer, a line now and then that says nothing."""
    capabilities: str = "IMAP4rev1 AUTH=PLAIN UIDPLUS"
    ignores_partial: bool = False
    """Sends whole bodies where a part was asked for."""
    traps: dict[int, bytes] = field(default_factory=dict)
    """Said instead of the answer to a FETCH of `trap_on` that names this UID; b"": the line is cut,
    b"HANG": never an answer."""
    trap_on: tuple[str, ...] = ("RFC822.SIZE", "BODY")
    omitted: frozenset[int] = frozenset()
    """UIDs left out of an answer that is OK."""
    omitted_among: frozenset[int] = frozenset()
    """UIDs left out where others are asked for beside them."""
    values: dict[int, bytes] = field(default_factory=dict)
    """Said of these UIDs instead of a literal: NIL, "", a number."""
    sizes: dict[int, bytes] = field(default_factory=dict)
    """RFC822.SIZE of these UIDs, as said."""
    piece: int = 2**30
    """Octets of the largest part that it gives at once."""
    read_only: bool = False
    stores_refused: frozenset[int] = frozenset()
    """UIDs whose flags cannot be changed: NO to a STORE that names one of them."""
    keeps: bool = False
    """Says OK to EXPUNGE and deletes nothing."""
    idles: bool = False
    """Announces IDLE to those who have logged in, and to nobody before."""


def flood(line: socket.socket, again: bytes, stopping: threading.Event) -> None:
    """Say it until the other side has gone, or 256 MiB were said."""
    chunk = again * (65536 // len(again) + 1)
    for _ in range(2**28 // len(chunk)):
        if stopping.is_set():
            break
        line.sendall(chunk)


class ScriptedImap:
    """Serves mails on a free port of the loopback; they and their marks outlive a session."""

    host = "localhost"

    def __init__(
        self,
        mails: Iterable[bytes] = (),
        faults: ImapFaults | None = None,
        *,
        user: str = "shop",
        password: str = "S3cret-pw!",
    ) -> None:
        self.faults = faults or ImapFaults()
        self.user, self.password = user, password
        self.mails = dict(enumerate(mails, 11))
        """What is there, by UID."""
        self._last_uid = max(self.mails, default=10)
        self.marked: set[int] = set()
        """UIDs with the flag \\Deleted."""
        self.on_login: Callable[[], None] = lambda: None
        """Called after each good login."""
        self.commands: list[str] = []
        self.before_answer: dict[str, Callable[[], None]] = {}
        """Called once when the command has come and is not answered yet."""
        self._lines: list[socket.socket] = []
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> ScriptedImap:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def logins(self) -> int:
        return sum(command.startswith(("LOGIN", "AUTHENTICATE")) for command in self.commands)

    @property
    def in_idle(self) -> bool:
        """Somebody waits, as far as the commands tell."""
        return self.commands[-1:] == ["IDLE"]

    def put(self, mail: bytes, *, told: bytes | None = None) -> None:
        """One more mail has come; on every line that is open it is said how many there are, or
        what is `told`; b"": nothing."""
        self._last_uid += 1
        self.mails[self._last_uid] = mail
        self.say(b"* %d EXISTS\r\n* 1 RECENT\r\n" % len(self.mails) if told is None else told)

    def say(self, words: bytes) -> None:
        """On every line that is open, whether it was asked or not."""
        for line in tuple(self._lines):  # not those that come meanwhile
            with contextlib.suppress(OSError):
                line.sendall(words)

    def cut(self) -> None:
        """Every line that is open."""
        for line in tuple(self._lines):  # not those that come meanwhile
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self._lines.append(line)
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line, line.makefile("rb") as commands:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if "GREETING" in self.faults.floods:
                head, again = self.faults.floods["GREETING"]
                line.sendall(head)
                flood(line, again, self._stopping)
            line.sendall(self.faults.answers.get("GREETING", b"* OK ready\r\n"))
            idle = ""
            for raw in commands:
                tag, _, command = raw.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
                if command == "IDLE":
                    idle = tag
                elif tag == "DONE":
                    tag, command = idle, "DONE"
                self.commands.append(command)
                for name in [name for name in self.before_answer if name in command]:
                    self.before_answer.pop(name)()
                if any(name in command for name in self.faults.cut):
                    return
                if any(name in command for name in self.faults.hang):
                    self._stopping.wait(60)
                    return
                while any(name in command for name in self.faults.still_here):
                    line.sendall(b"* OK still here\r\n")
                    if self._stopping.wait(0.05):
                        return
                for name, (head, again) in self.faults.floods.items():
                    if name in command:
                        line.sendall(head)
                        flood(line, again, self._stopping)
                        return
                trap = self._trapped(command)
                if trap == b"HANG":
                    self._stopping.wait(60)
                if trap in (b"", b"HANG"):
                    return
                for name, answer in self.faults.answers.items():
                    if name in command:
                        line.sendall(answer.replace(b"TAG", tag.encode()))
                        break
                else:
                    if trap is not None:
                        line.sendall(trap.replace(b"TAG", tag.encode()))
                        if trap.startswith(b"* BYE"):
                            return
                        continue
                    if command == "IDLE":
                        line.sendall(b"+ idling\r\n")
                        continue
                    if command.startswith("AUTHENTICATE"):
                        line.sendall(b"+ \r\n")
                        command = "LOGIN " + base64.b64decode(commands.readline()).decode()
                    if command.startswith("LOGIN"):
                        self.on_login()
                    line.sendall(self._answer(command) + b"\r\n" + self._done(command, tag))
                if command == "LOGOUT":
                    return

    def _trapped(self, command: str) -> bytes | None:
        words = command.split()
        if words[:2] != ["UID", "FETCH"] or not any(w in command for w in self.faults.trap_on):
            return None
        for uid in self._named(words[2]):
            if uid in self.faults.traps and uid in self.mails:
                return self.faults.traps[uid]
        return None

    def _named(self, uids: str) -> list[int]:
        return [*self.mails] if uids == "1:*" else [int(uid) for uid in uids.split(",")]

    def _done(self, command: str, tag: str) -> bytes:
        if command.startswith("SELECT") and self.faults.read_only:
            return f"{tag} OK [READ-ONLY] opened\r\n".encode()
        if command.startswith("UID STORE"):
            named = {int(uid) for uid in command.split()[2].split(",")}
            if named & self.faults.stores_refused or self.faults.read_only:
                return f"{tag} NO [NOPERM] not this one\r\n".encode()
        wrong = command.startswith("LOGIN") and self.password not in command
        words = "NO [AUTHENTICATIONFAILED] wrong" if wrong else "OK done"
        if command.startswith("LOGIN") and self.faults.idles and not wrong:
            words = f"OK [CAPABILITY {self.faults.capabilities} IDLE] done"
        return f"{tag} {words}\r\n".encode()

    def _answer(self, command: str) -> bytes:
        words = command.split()
        match words:
            case ["CAPABILITY"]:
                return b"* CAPABILITY " + self.faults.capabilities.encode()
            case ["SELECT", *_]:
                return b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] ok" % len(self.mails)
            case ["UID", "SEARCH", what]:
                found = self.mails if what == "ALL" else sorted(self.marked)
                return b"* SEARCH " + " ".join(map(str, found)).encode()
            case ["UID", "FETCH", uids, *_]:
                found = b"\r\n".join(
                    self._fetched(number, uid, command)
                    for number, uid in enumerate(self.mails, 1)
                    if uid in self._named(uids) and uid not in self.faults.omitted
                    if uid not in self.faults.omitted_among or str(uid) == uids
                )
                return found or b"* OK nothing"
            case ["UID", "STORE", uids, *_]:
                named = {int(uid) for uid in uids.split(",")}
                if not (named & self.faults.stores_refused or self.faults.read_only):
                    self.marked |= named & self.mails.keys()
                return b"* OK"
            case ["UID", "EXPUNGE", uids]:
                return self._expunge(self.marked & {int(uid) for uid in uids.split(",")})
            case ["EXPUNGE"]:
                return self._expunge(set(self.marked))
            case ["LOGOUT"]:
                return b"* BYE"
        return b"* OK"

    def _fetched(self, number: int, uid: int, command: str) -> bytes:
        raw = self.mails[uid]
        part = re.search(r"BODY\.PEEK\[(HEADER)?\]<(\d+)\.(\d+)>", command)
        size = b"RFC822.SIZE " + self.faults.sizes.get(uid, b"%d" % len(raw))
        if part is None:
            return b"* %d FETCH (UID %d %s)" % (number, uid, size)
        if part[1]:
            raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        start, length = int(part[2]), min(int(part[3]), self.faults.piece)
        piece = raw if self.faults.ignores_partial else raw[start : start + length]
        name = f"BODY[{part[1] or ''}]<{start}>".encode()
        if "RFC822.SIZE" in command:
            name = size + b" " + name
        if uid in self.faults.values:
            return b"* %d FETCH (UID %d %s %s)" % (number, uid, name, self.faults.values[uid])
        return b"* %d FETCH (UID %d %s {%d}\r\n%s)" % (number, uid, name, len(piece), piece)

    def _expunge(self, uids: set[int]) -> bytes:
        if self.faults.keeps:
            return b"* OK expunged"
        for uid in uids:
            del self.mails[uid]
        self.marked -= uids
        return b"* OK expunged"
