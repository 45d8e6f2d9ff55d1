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

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from kollect.errors import ServerTrouble, Stage
from kollect.inbox import refusals
from kollect.inbox.mailbox import Refused
from kollect.inbox.pace import Pace
from kollect.settings.model import Receive, Security, Tls
from kollect.wire.connection import RECEIVING_ROLE, Line, Trace, Trust

_TLS_PORT = 993
_LONGEST_LINE = 8 * 1024 * 1024
"""A SEARCH names every mail in one line: room for half a million."""
_CONTROLS = re.compile(r"[\r\n\0]")
_CODE = re.compile(r"\[([A-Za-z-]+)[^\]]*\]\s*")


class _OnLine(imaplib.IMAP4):
    """The library's protocol engine, reading and writing through a Line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._pace = Pace(line)
        super().__init__()

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.sock = self._line  # IMAPClient sets the time-out by it

    def read(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            piece = self._line.read_some(size - len(found))
            self._pace.count(len(piece))
            found += piece
        return bytes(found)

    def readline(self) -> bytes:
        line = self._line.readline(_LONGEST_LINE) + b"\r\n"
        self._pace.count(len(line))
        return line

    def send(self, data: bytes) -> None:
        self._line.send(data)
        self._pace = Pace(self._line)

    def shutdown(self) -> None:
        self._line.close()


class Client(imapclient.IMAPClient):
    """The library's client on a line that is open, greeted and, where wanted, encrypted."""

    def __init__(self, line: Line) -> None:
        self.line = line
        both = imapclient.SocketTimeout(line.timeout, line.timeout)
        super().__init__(line.peer.host, line.peer.port, ssl=False, timeout=both)
        self._imap.debug = 0  # it would hand every line to the log, the password with them

    # IMAPClient 4.1's own hook, though it begins with an underscore.
    def _create_IMAP4(self) -> imaplib.IMAP4:
        return _OnLine(self.line)

    @property
    def authenticated(self) -> bool:
        return self._imap.state != "NONAUTH"

    def forget_answers(self) -> None:
        """Drop what a failed command left: it would be taken for a part of the next answer."""
        self._imap.untagged_responses.clear()


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
            client = Client(line)
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
    while answer.startswith(b"* "):
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
