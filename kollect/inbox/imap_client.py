"""IMAPClient on a `connection.Line`: bounded waits and checked certificates, from greeting to
login.

RFC 3501, RFC 2595 (STARTTLS), RFC 4616 (PLAIN). The library brings the commands and the reading of
answers; the line, the handshake and the words for troubles are ours. Knows nothing of mails.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from kollect.errors import ServerTrouble, Stage
from kollect.inbox import refusals
from kollect.inbox.mailbox import Refused
from kollect.inbox.pace import Pace
from kollect.settings.model import Receive, Security, Tls
from kollect.wire.connection import RECEIVING_ROLE, Line, Trace, Trust

_TLS_PORT = 993
_MOST_MAILS = 100_000
"""More than this in one listing is left for the next poll."""
_LONGEST_LINE = 256 * 1024
_LONGEST_SEARCH = 2 * 1024 * 1024
"""A SEARCH names every mail in one line."""
_MOST_LINES = 1024 * 1024
"""Octets of lines in the answer to one command. The library makes twenty times as much of them."""
_PER_LINE = 64
_LARGEST_LITERALS = 16 * 1024 * 1024
"""Octets of literals in the answer to one command: four times what is ever asked for. The library
holds them whole."""
_MOST_UNASKED = 100
"""Lines that a server may say before it answers to STARTTLS."""
_CONTROLS = re.compile(r"[\r\n\0]")
_CODE = re.compile(r"\[([A-Za-z-]+)[^\]]*\]\s*")
_SEARCHED = re.compile(rb"[0-9 ]*(?:\(MODSEQ [0-9]+\))?\s*\Z", re.IGNORECASE)
_UID = re.compile(rb"(?<![0-9])[1-9][0-9]{0,9}(?![0-9])")
_DIGIT = re.compile(rb"[0-9]")
_MOST_DIGITS = 19


class _OnLine(imaplib.IMAP4):
    """The library's protocol engine, reading and writing through a Line.

    What one command may be answered with is bounded: the library would take any number of octets.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self.longest_line = _LONGEST_LINE
        self._begin_answer()
        super().__init__()

    def _begin_answer(self) -> None:
        self._pace = Pace(self._line)
        self._lines_left = _MOST_LINES + self.longest_line
        self._literals_left = _LARGEST_LITERALS

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.sock = self._line  # IMAPClient sets the time-out by it

    def read(self, size: int) -> bytes:
        self._literals_left -= size
        if self._literals_left < 0:
            raise self._endless(f"a literal of {size} octets")
        found = bytearray()
        while len(found) < size:
            piece = self._line.read_some(size - len(found))
            self._pace.count(len(piece))
            found += piece
        return bytes(found)

    def readline(self) -> bytes:
        line = self._line.readline(self.longest_line + 1)
        self._lines_left -= len(line) + _PER_LINE
        if len(line) > self.longest_line == _LONGEST_SEARCH:
            line = line.rpartition(b" ")[0]  # the last number is not whole
        elif len(line) > self.longest_line or self._lines_left < 0:
            raise self._endless("lines without an end")
        self._pace.count(len(line))
        return line + b"\r\n"

    def _endless(self, what: str) -> ServerTrouble:
        return self._line.peer.senseless(self._line.stage, what.encode())

    def send(self, data: bytes) -> None:
        self._line.send(data)
        self._begin_answer()

    def shutdown(self) -> None:
        self._line.close()


@dataclass(frozen=True, slots=True)
class Inbox:
    """What SELECT said."""

    validity: int = 0
    """0 where UIDs do not last."""
    exists: int = 0
    read_only: bool = False


class Client(imapclient.IMAPClient):
    """The library's client on a line that is open, greeted and, where wanted, encrypted."""

    def __init__(self, line: Line, account: str = "") -> None:
        self.line = line
        self.account_key = (line.peer.host, line.peer.port, account)
        """Which mailbox this is, among all that the program may open."""
        both = imapclient.SocketTimeout(line.timeout, line.timeout)
        super().__init__(line.peer.host, line.peer.port, ssl=False, timeout=both)
        self._imap.debug = 0  # it would hand every line to the log, the password with them

    # IMAPClient 4.1's own hook, though it begins with an underscore.
    def _create_IMAP4(self) -> imaplib.IMAP4:
        return _OnLine(self.line)

    @property
    def authenticated(self) -> bool:
        return self._imap.state != "NONAUTH"

    def select_inbox(self) -> Inbox:
        """Open INBOX, for reading alone where the server gives no more.

        Not the library's own way: it ends the session where it reads READ-ONLY.
        """
        engine = self._imap
        try:
            word, words = engine.select("INBOX")
        except engine.readonly:
            word, words = "OK", []
        if word != "OK":
            raise IMAPClientError(f"select failed: {_text(words)}")
        engine.is_readonly = True
        said = engine.untagged_responses
        return Inbox(
            _number(said.get("UIDVALIDITY")), _number(said.get("EXISTS")), "READ-ONLY" in said
        )

    def uids(self, which: str) -> list[int]:
        """The UIDs that SEARCH names, at most 100,000.

        Not by the library, which makes a hundred octets of each of them. Raises ValueError where
        the answer is no list of numbers.
        """
        engine = self._imap
        engine.longest_line = _LONGEST_SEARCH
        try:
            word, lines = engine.uid("SEARCH", which)
        finally:
            engine.longest_line = _LONGEST_LINE
        if word != "OK":
            raise IMAPClientError(f"search failed: {_text(lines)}")
        found: list[int] = []
        for line in lines:
            if line is None:
                raise ValueError("no answer to SEARCH")
            if not _SEARCHED.match(line):
                raise ValueError(f"not a list of numbers: {line[:60]!r}")
            numbers = (int(number[0]) for number in _UID.finditer(line.partition(b"(")[0]))
            found += islice(numbers, _MOST_MAILS - len(found))
        if not found and any(_DIGIT.search(line) for line in lines):
            raise ValueError("no number that can be one")
        return found

    def forget_answers(self) -> None:
        """Drop what a failed command left: it would be taken for a part of the next answer."""
        self._imap.untagged_responses.clear()


def _number(said: list[bytes | None] | None) -> int:
    """What the server said last; 0 where it said nothing, or a number beyond all reason."""
    text = said[-1] if said else None
    return int(text) if text and text.isdigit() and len(text) < _MOST_DIGITS else 0


def _text(words: list[bytes | None]) -> str:
    return b" ".join(word for word in words if word)[:500].decode("utf-8", "replace")


def open_client(receive: Receive, tls: Tls, password: str, trace: Trace) -> Client:
    """Connect, encrypt as the settings demand, log in. Raises ServerTrouble, leaving nothing."""
    line = Line.open(
        RECEIVING_ROLE,
        receive.host,
        receive.port,
        timeout=receive.timeout_seconds,
        tls=receive.security is Security.SSL,
        trust=Trust.of(tls),
        trace=trace,
    )
    try:
        if receive.security is Security.STARTTLS:
            _greet_and_ask_for_tls(line)
            line.start_tls(prelude=_greet_and_ask_for_tls, trace=trace)
            greeting = b"* OK"  # what was said in clear is forgotten (RFC 2595 section 3.1)
        else:
            greeting = _greeting(line)
        line.stage = Stage.LOGIN
        trace(Stage.LOGIN)
        line.unread(greeting + b"\r\n")
        with translated(line):
            client = Client(line, receive.account)
            _log_in(client, receive.account, password, tls)
        return client
    except ServerTrouble as trouble:
        line.abort()
        trouble.detail = refusals.without(password, trouble.detail)
        raise
    except BaseException:
        line.abort()
        raise


@contextlib.contextmanager
def translated(line: Line) -> Iterator[None]:
    """Tell the library's exceptions as ours."""
    try:
        yield
    except (ServerTrouble, Refused):
        raise
    except IMAPClientAbortError as failure:
        raise line.peer.dropped(line.stage, failure, heard=True) from failure
    except IMAPClientError as failure:
        raise refusals.of_request(line.peer, line.stage, str(failure)) from failure
    except Exception as failure:
        # The library's parsers meet garbage with whatever exception comes to hand.
        raise line.peer.senseless(line.stage, repr(failure).encode()) from failure


def refusal_text(failure: Exception) -> tuple[str, str]:
    """The response code (RFC 5530) and the server's words in what the library raised."""
    text = str(failure)
    found = _CODE.search(text)
    return (found[1].upper() if found else ""), text


def _greeting(line: Line) -> bytes:
    raw = line.readline()
    word = raw[:9].upper()
    if word.startswith(b"* BYE"):
        code, text = refusal_text(Exception(raw[5:].decode("utf-8", "replace")))
        raise refusals.of_login(line.peer, "IMAP", code or "UNAVAILABLE", text)
    if not word.startswith((b"* OK", b"* PREAUTH")):
        raise line.peer.senseless(line.stage, raw)
    return raw


def _greet_and_ask_for_tls(line: Line) -> None:
    line.stage = Stage.ENCRYPT
    greeting = _greeting(line)
    if not greeting.upper().startswith(b"* OK"):
        # Logged in before the encryption: too late for STARTTLS (RFC 3501 section 6.2.1).
        raise refusals.unencryptable(line.peer, _TLS_PORT, greeting.decode("utf-8", "replace"))
    line.send(b"S1 STARTTLS\r\n")
    answer = line.readline()
    for _ in range(_MOST_UNASKED):
        if not answer.startswith(b"* "):
            break
        answer = line.readline()
    if not answer.upper().startswith(b"S1 OK"):
        raise refusals.unencryptable(line.peer, _TLS_PORT, answer.decode("utf-8", "replace"))


def _log_in(client: Client, account: str, password: str, tls: Tls) -> None:
    line = client.line
    if client.authenticated:
        return
    if _CONTROLS.search(account) or _CONTROLS.search(password):
        raise refusals.unspeakable(line.peer)
    if not (line.encrypted or line.loopback or tls.allow_plaintext_password):
        raise refusals.unsafe(line.peer)
    try:
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(account, password)
        else:
            quoted = account.replace("\\", "\\\\").replace('"', '\\"')
            client.login(f'"{quoted}"', password)  # imaplib quotes the password only
    except IMAPClientError as failure:
        code, text = refusal_text(failure)
        raise refusals.of_login(line.peer, "IMAP", code, text) from failure
    except UnicodeError as failure:
        raise refusals.unspeakable(line.peer) from failure
