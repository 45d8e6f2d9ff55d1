"""IMAPClient on a `connection.Line`: bounded waits and checked certificates, from greeting to
login.

RFC 3501, RFC 2595 (STARTTLS), RFC 4616 (PLAIN). The library brings the commands and the reading of
answers; the line, the handshake and the words for troubles are ours. Knows nothing of mails.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.response_parser import parse_fetch_response

from kollect.errors import LoginTrouble, ServerTrouble, Stage
from kollect.inbox import mailbox_errors
from kollect.inbox.idle_states import Arrivals
from kollect.inbox.imap_engine import LONGEST_LINE, LONGEST_SEARCH, Engine
from kollect.inbox.mailbox import CommandRefused
from kollect.net import login_advice, sasl
from kollect.net.connection import Line, Trace
from kollect.net.login import HungUp, LoginMemory, after_refusal, logged_in
from kollect.net.sasl import Sasl
from kollect.net.server_errors import IMAP
from kollect.net.server_memory import memory_of
from kollect.settings.model import Receive, Security, Tls

_TLS_PORT = 993
_MOST_MAILS = 100_000
"""More than this in one listing is left for the next poll."""
_MOST_UNASKED = 100
"""Lines that a server may say before it answers to STARTTLS."""
_COMMAND = "LOGIN command"
_CONTROLS = re.compile(r"[\r\n\0]")
_CODE = re.compile(r"\[([A-Za-z-]+)[^\]]*\]\s*")
_SEARCHED = re.compile(rb"[0-9 ]*(?:\(MODSEQ [0-9]+\))?\s*\Z", re.IGNORECASE)
_UID = re.compile(rb"(?<![0-9])[1-9][0-9]{0,9}(?![0-9])")
_DIGIT = re.compile(rb"[0-9]")
_MOST_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Inbox:
    """What SELECT said."""

    validity: int = 0
    """0 where UIDs do not last."""
    exists: int = 0
    read_only: bool = False


class Client(imapclient.IMAPClient):  # type: ignore[misc]  # it has no types
    """The library's client on a line that is open, greeted and, where wanted, encrypted."""

    _imap: Engine

    def __init__(self, line: Line, account: str = "") -> None:
        self.line = line
        self.account_key = (line.peer.host, line.peer.port, account)
        """Which mailbox this is, among all that the program may open."""
        both = imapclient.SocketTimeout(line.timeout, line.timeout)
        super().__init__(line.peer.host, line.peer.port, ssl=False, timeout=both)
        self.inbox = Inbox()
        """As it was opened last."""
        self._imap.debug = 0  # it would hand every line to the log, the password with them

    # IMAPClient 4.1's own hook, though it begins with an underscore.
    def _create_IMAP4(self) -> Engine:
        return Engine(self.line)

    @property
    def arrivals(self) -> Arrivals:
        """What the server has said of mails that came."""
        return self._imap.arrivals

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
        engine.arrivals.opened()
        said = engine.untagged_responses
        self.inbox = Inbox(
            _number(said.get("UIDVALIDITY")), _number(said.get("EXISTS")), "READ-ONLY" in said
        )
        return self.inbox

    def all_at_once(self, wanted: str) -> dict[int, Mapping[bytes, object]]:
        """What is asked of every mail in the open mailbox, by UID: a listing and all that is to be
        known of it in one round trip. Raises CommandRefused where the server says no.
        """
        engine = self._imap
        engine.arrivals.listed()
        # not by the library's `fetch`, which wants to know the UIDs before
        try:
            word, answers = engine.uid("FETCH", "1:*", f"({wanted})")
        except IMAPClientAbortError:
            raise
        except IMAPClientError as failure:  # BAD
            word, answers = "BAD", [str(failure).encode()]
        if word != "OK":
            self.forget_answers()
            raise CommandRefused(self.line.shown(_text(answers)))
        found: dict[int, Mapping[bytes, object]] = parse_fetch_response(answers)
        return found

    def uids(self, which: str) -> list[int]:
        """The UIDs that SEARCH names, at most 100,000.

        Not by the library, which makes a hundred octets of each of them. Raises ValueError where
        the answer is no list of numbers.
        """
        engine = self._imap
        if which == "ALL":
            engine.arrivals.listed()
        engine.longest_line = LONGEST_SEARCH
        try:
            word, lines = engine.uid("SEARCH", which)
        finally:
            engine.longest_line = LONGEST_LINE
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

    def log_in(self, way: str, account: str, password: str) -> None:
        """Raises IMAPClientError where the server says no."""
        # what it offered to strangers; the library would not ask again
        self._cached_capabilities = None
        self._imap.untagged_responses.pop("CAPABILITY", None)
        self._say_login(way, account, password)
        if "CAPABILITY" in self._imap.untagged_responses:
            self.capabilities()  # remembers what was said along with the login

    def _say_login(self, way: str, account: str, password: str) -> None:
        if way == _COMMAND:
            quoted = account.replace("\\", "\\\\").replace('"', '\\"')
            self.login(f'"{quoted}"', password)  # imaplib quotes the password only
            return
        login = Sasl(way, account, password)

        def answer(challenge: bytes) -> bytes:
            said = login.answer(challenge)
            self.line.hide_digest(login.digest)
            return said

        self.sasl_login(way, answer)

    def pass_over(self, tag: bytes) -> None:
        """The end of this command is still to come, and nobody waits for it."""
        self._imap.passed_over = tag

    def forget_answers(self) -> None:
        """Drop what a failed command left: it would be taken for a part of the next answer."""
        self._imap.untagged_responses.clear()


def _number(said: Sequence[bytes | tuple[bytes, bytes] | None] | None) -> int:
    """What the server said last; 0 where it said nothing, or a number beyond all reason.

    Raises ValueError where it said a literal (the library makes a pair of it).
    """
    text = said[-1] if said else None
    if isinstance(text, tuple):
        raise ValueError(f"a literal in the place of a number: {text[0]!r}")
    return int(text) if text and text.isdigit() and len(text) < _MOST_DIGITS else 0


def _text(words: list[bytes | None]) -> str:
    return b" ".join(word for word in words if word)[:500].decode("utf-8", "replace")


def open_client(receive: Receive, tls: Tls, password: str, trace: Trace) -> Client:
    """Connect, encrypt as the settings demand, log in. Raises ServerTrouble, leaving nothing."""
    return logged_in(lambda: _open(receive, tls, password, trace))


def _open(receive: Receive, tls: Tls, password: str, trace: Trace) -> Client:
    memory = memory_of(IMAP, receive.host, receive.port)
    worked = memory.has_worked(receive.security)
    line = Line.to_receiving_server(receive, tls, password, trace, has_worked=worked)
    with line.aborted_on_failure():
        if receive.security is Security.STARTTLS:
            known = memory.encrypts
            _greet_and_ask_for_tls(line, known=known)
            memory.has_offered_encryption()
            line.start_tls(
                prelude=lambda fresh: _greet_and_ask_for_tls(fresh, known=known), trace=trace
            )
            greeting = b"* OK"  # what was said in clear is forgotten (RFC 2595 section 3.1)
        else:
            greeting = _greeting(line)
        line.stage = Stage.LOGIN
        line.unread(greeting + b"\r\n")
        with translated(line):
            client = Client(line, receive.account)
            if memory.encrypts and not line.encrypted and not client.has_capability("STARTTLS"):
                # by its settings the shop would do without; but it never came to this by itself
                raise login_advice.encryption_gone(
                    line.peer, IMAP, _TLS_PORT, "STARTTLS not offered"
                )
            trace(Stage.LOGIN)
            _log_in(client, memory.login, receive.account, password, tls)
        memory.works(receive.security)
        return client


@contextlib.contextmanager
def translated(line: Line) -> Iterator[None]:
    """Tell the library's exceptions as ours."""
    try:
        yield
    except (ServerTrouble, CommandRefused, HungUp):
        raise
    except IMAPClientAbortError as failure:
        dropped = line.peer.dropped_error(line.stage, failure, heard=True)
        dropped.detail = line.shown(dropped.detail)
        raise dropped from failure
    except IMAPClientError as failure:
        raise mailbox_errors.of_request(
            line.peer, line.stage, line.shown(str(failure))
        ) from failure
    except Exception as failure:
        # The library's parsers meet garbage with whatever exception comes to hand.
        raise line.malformed_error(repr(failure).encode()) from failure


def refusal_text(line: Line, failure: Exception) -> tuple[str, str]:
    """The response code (RFC 5530) and the server's words in what the library raised."""
    text = line.shown(str(failure))
    found = _CODE.search(text)
    return (found[1].upper() if found else ""), text


def _greeting(line: Line) -> bytes:
    raw = line.readline()
    word = raw[:9].upper()
    if word.startswith(b"* BYE"):
        code, text = refusal_text(line, Exception(raw[5:].decode("utf-8", "replace")))
        raise mailbox_errors.of_login(line.peer, "IMAP", code or "UNAVAILABLE", text)
    if not word.startswith((b"* OK", b"* PREAUTH")):
        raise line.malformed_error(raw)
    return raw


def _greet_and_ask_for_tls(line: Line, *, known: bool) -> None:
    line.stage = Stage.ENCRYPT
    answer = _greeting(line)
    # logged in before the encryption, it is too late for STARTTLS (RFC 3501 section 6.2.1)
    if answer.upper().startswith(b"* OK"):
        line.send(b"S1 STARTTLS\r\n")
        answer = line.readline()
        for _ in range(_MOST_UNASKED):
            if not answer.startswith(b"* "):
                break
            answer = line.readline()
        if answer.upper().startswith(b"S1 OK"):
            return
    if known:
        raise login_advice.encryption_gone(line.peer, IMAP, _TLS_PORT, line.shown(answer))
    raise login_advice.unencryptable(line.peer, _TLS_PORT, line.shown(answer))


def _log_in(client: Client, memory: LoginMemory, account: str, password: str, tls: Tls) -> None:
    """Try the ways that the server offers, as few as tell whether the password is right."""
    line = client.line
    if client.authenticated:
        return
    if _CONTROLS.search(account) or _CONTROLS.search(password):
        raise mailbox_errors.unspeakable(line.peer)
    # from a digest the password can be guessed by whoever has listened: it is no better
    if not (line.encrypted or line.loopback or tls.allow_plaintext_password):
        raise login_advice.unsafe(line.peer)
    ways, enough = memory.plan(_ways(client), hash((account, password)))
    refusal: ServerTrouble | None = None
    for way in ways[:enough]:
        try:
            client.log_in(way, account, password)
        except ServerTrouble as lost:
            if refusal is None:
                raise
            raise after_refusal(refusal, lost) from lost
        except IMAPClientError as failure:
            if refusal and isinstance(failure.__context__, IMAPClientAbortError):
                raise HungUp(refusal) from failure  # its BYE was the end of the try before
            code, text = refusal_text(line, failure)
            why = mailbox_errors.of_login(line.peer, "IMAP", code, text)
            if not isinstance(why, LoginTrouble):
                raise why from failure
            memory.refused(way)
            refusal = refusal or why
        except UnicodeError as failure:
            if refusal is None:
                refusal = mailbox_errors.unspeakable(line.peer)
            raise refusal from failure
        else:
            memory.worked(way)
            return
    assert refusal is not None
    raise refusal


def _ways(client: Client) -> list[str]:
    """What the server takes as far as it says so, one of each kind, the best first."""
    known = sasl.MECHANISMS if client.line.encrypted else sasl.IN_THE_CLEAR
    mechanisms = [name for name in known if client.has_capability(f"AUTH={name}")]
    if client.has_capability("LOGINDISABLED") and mechanisms:
        return mechanisms
    return [name for name in mechanisms if name == "PLAIN"] + [_COMMAND]
