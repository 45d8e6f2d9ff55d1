"""Commands and answers of POP3 on one line (RFC 1939 section 3, RFC 2449 section 8).

Keeps the two sides in step: after an answer that did not come whole, nothing more is said on the
line, because what comes next could be taken for the answer to something else (a mail's own text for
the server's +OK). Knows nothing of what the commands are for.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from kollect.errors import ServerTrouble
from kollect.inbox.slow_answer import SlowAnswerGuard
from kollect.net.connection import Line

K = TypeVar("K")

_ON_THE_WAY = 4096
"""Octets of commands without an answer yet. Less than any system's receive buffer: however much the
server has to say meanwhile, our sending never waits for it, so the two can never wait for each
other."""
_WARY_SECONDS = 15.0
"""The longest wait for an answer that shows whether PIPELINING was announced in earnest."""
_LONGEST_STATUS = 2048
_LONGEST_LINE = 65536

_END = re.compile(rb"\n\.\r?\n")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_CODE = re.compile(r"\[([A-Za-z0-9/._-]+)\]\s*")


@dataclass(frozen=True, slots=True)
class Pop3Reply:
    ok: bool
    text: str
    """The server's own words, without the response code."""
    code: str = ""
    """The response code in upper case, as IN-USE or SYS/TEMP; empty where there is none."""
    more: bool = False
    """A server challenge (`+ `, RFC 5034): neither yes nor no yet."""


class Pop3Protocol:
    """One client's side of the conversation. Raises ServerTrouble when the line is lost."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.pipelining = False
        """Whether several commands may be on the way (RFC 2449 section 6.6)."""
        self.hurried = False
        """In the last conversation several were."""
        self._owed: list[bool] = []
        self._midway = False

    def ask(self, command: str) -> Pop3Reply:
        """Send one command and read the first line of its answer."""
        self.send([command])
        return self.answer()

    def send(self, commands: list[str]) -> None:
        """Send commands in one go; as many answers are then to be read."""
        self._settle()
        self.push(commands)

    def push(self, commands: list[str]) -> None:
        """Send more commands while answers are on their way."""
        if self._midway:
            raise self._out_of_step()
        self.line.send("".join(f"{command}\r\n" for command in commands).encode())

    def owe(self, multiline: list[bool]) -> None:
        """Answers nobody wants any more, to be read off before the next command (True: long)."""
        self._owed += multiline

    def converse(
        self, commands: Iterable[tuple[K, str]], *, wary: bool = False
    ) -> Generator[tuple[K, Pop3Reply], None, None]:
        """Say the commands, yield the first line of each answer.

        What follows a good one is to be read at once. With `pipelining` a bounded number is on the
        way, else one. `wary`: several on the way may be lost, and an answer is not waited for long.
        """
        self.hurried = False
        source = iter(commands)
        waiting: deque[tuple[K, str]] = deque()
        ahead = 0
        say = self.send
        try:
            while True:
                if not waiting or (self.pipelining and ahead <= _ON_THE_WAY // 2):
                    batch = []
                    while ahead < _ON_THE_WAY and (self.pipelining or not waiting):
                        entry = next(source, None)
                        if entry is None:
                            break
                        waiting.append(entry)
                        batch.append(entry[1])
                        ahead += len(entry[1]) + 2
                    if batch:
                        say(batch)
                        say = self.push
                        self.hurried = self.hurried or len(waiting) > 1
                if not waiting:
                    return
                with self._waiting_less() if wary and self.hurried else nullcontext():
                    answer = self.answer()
                key, command = waiting.popleft()
                ahead -= len(command) + 2
                yield key, answer
        finally:
            self.owe([not command.startswith("DELE") for _, command in waiting])

    @contextmanager
    def _waiting_less(self) -> Iterator[None]:
        usual = self.line.timeout
        self.line.settimeout(min(usual, _WARY_SECONDS))
        try:
            yield
        finally:
            self.line.settimeout(usual)

    def _settle(self) -> None:
        while self._owed:
            long = self._owed.pop(0)
            if self.answer().ok and long:
                for _ in self.body():
                    pass

    def answer(self) -> Pop3Reply:
        """The first line of the next answer."""
        if self._midway:
            raise self._out_of_step()
        self._midway = True
        raw = self.line.readline(_LONGEST_STATUS)
        word, _, rest = raw.decode("utf-8", "replace").partition(" ")
        match word.upper():
            case "+OK" | "-ERR" as status:
                if status == "-ERR":  # shown to people; a +OK is read by the program alone
                    rest = self.line.shown(rest)
                found = _CODE.match(rest)
                self._midway = False
                return Pop3Reply(
                    ok=status == "+OK",
                    text=(rest[found.end() :] if found else rest).strip(),
                    code=found[1].upper() if found else "",
                )
            case "+":
                self._midway = False
                return Pop3Reply(ok=False, text=rest, more=True)
        raise self.line.malformed_error(raw)

    def body(self) -> Iterator[bytes]:
        """What follows a good first line, in pieces: dots unstuffed, every line ended by CRLF.

        It must be read to its end.
        """
        self._midway = True
        reader = DotReader()
        pace = SlowAnswerGuard(self.line)
        while not reader.ended:
            data = self.line.read_some()
            pace.count(len(data))
            if piece := reader.feed(data):
                yield piece
        self.line.unread(reader.rest)
        self._midway = False

    def lines(self, most: int = _LONGEST_LINE) -> Iterator[bytes]:
        """What follows a good first line, line by line without the ends; overlong ones are cut.

        Raises ServerTrouble after the first `most` octets: an answer without an end.
        """
        partial = b""
        for piece in self.body():
            most -= len(piece)
            if most < 0:
                raise self.line.peer.malformed_error(self.line.stage, b"lines without an end")
            *whole, rest = piece.split(b"\r\n")
            for line in whole:
                yield partial + line
                partial = b""
            partial = (partial + rest)[:_LONGEST_LINE]
        if partial:
            yield partial

    def _out_of_step(self) -> ServerTrouble:
        return self.line.peer.dropped_error(self.line.stage, None, heard=True)


class DotReader:
    """Takes a long answer out of a stream, whatever the pieces it comes in (RFC 1939 section 3).

    Bare line feeds become CRLF; a line of any length passes, holding at most one piece and 64 KiB.
    """

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        """Once ended: what came after the answer. Before: the line that is not whole yet."""
        self._mid_line = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream, give what is sure of the text."""
        data = self.rest + data
        if not self._mid_line and data.startswith((b".\r\n", b".\n")):
            self.ended = True
            self.rest = data[data.index(b"\n") + 1 :]
            return b""
        if end := _END.search(data):
            self.ended = True
            self.rest = data[end.end() :]
            return self._text(data[: end.start() + 1])
        cut = data.rfind(b"\n") + 1
        if len(data) - cut > _LONGEST_LINE:
            cut = len(data) - data.endswith(b"\r")  # a CR may be half of a line's end
        self.rest = data[cut:]
        return self._text(data[:cut])

    def _text(self, data: bytes) -> bytes:
        if not data:
            return data
        if data.startswith(b".") and not self._mid_line:
            data = data[1:]
        self._mid_line = not data.endswith(b"\n")
        data = data.replace(b"\n.", b"\n")
        if data.count(b"\n") != data.count(b"\r\n"):
            data = _BARE_LF.sub(b"\r\n", data)
        return data
