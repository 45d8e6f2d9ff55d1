"""From a POP3 server's greeting to an open mailbox: encryption, capabilities, login.

RFC 1939 sections 4 and 7, RFC 2449 (CAPA), RFC 2595 (STLS), RFC 5034 (AUTH). Knows nothing of
mails.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re

from kollect.errors import LineDropped, ServerTrouble, Stage
from kollect.inbox import refusals
from kollect.inbox.pop3_dialogue import Answer, Dialogue
from kollect.settings.model import Receive, Security, Tls
from kollect.wire.connection import RECEIVING_ROLE, Line, Trace, Trust

log = logging.getLogger(__name__)

_TLS_PORT = 995
_LONGEST_COMMAND = 255  # RFC 2449 section 4, with the CRLF
_APOP_STAMP = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_CONTROLS = re.compile(r"[\r\n\0]")

Capabilities = dict[str, frozenset[str]]
"""What CAPA announced, in upper case, with its arguments; empty where there is no CAPA."""
Session = tuple[Dialogue, Capabilities]


def open_session(receive: Receive, tls: Tls, password: str, trace: Trace) -> Session:
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
        dialogue = Dialogue(line)
        greeting = _greeting(dialogue)
        if receive.security is Security.STARTTLS:
            _ask_for_tls(dialogue)
            line.start_tls(prelude=_greet_and_ask_for_tls, trace=trace)
        line.stage = Stage.LOGIN
        trace(Stage.LOGIN)
        before = _capabilities(dialogue)
        _log_in(dialogue, receive.account, password, before, greeting, tls)
        return dialogue, _after_login(dialogue, before)
    except ServerTrouble as trouble:
        line.abort()
        trouble.detail = refusals.without(password, trouble.detail)
        raise
    except BaseException:
        line.abort()
        raise


def _greeting(dialogue: Dialogue) -> str:
    answer = dialogue.answer()
    if not answer.ok:
        raise refusals.of_login(
            dialogue.line.peer, "POP", answer.code or "UNAVAILABLE", answer.text
        )
    return answer.text


def _ask_for_tls(dialogue: Dialogue) -> None:
    dialogue.line.stage = Stage.ENCRYPT
    answer = dialogue.ask("STLS")
    if not answer.ok:
        raise refusals.unencryptable(dialogue.line.peer, _TLS_PORT, answer.text)


def _greet_and_ask_for_tls(line: Line) -> None:
    dialogue = Dialogue(line)
    _greeting(dialogue)
    _ask_for_tls(dialogue)


def _capabilities(dialogue: Dialogue) -> Capabilities:
    if not dialogue.ask("CAPA").ok:
        return {}
    found: Capabilities = {}
    for raw in dialogue.lines():
        name, *arguments = raw.decode("ascii", "replace").upper().split() or [""]
        found[name] = frozenset(arguments)
    return found


def _after_login(dialogue: Dialogue, before: Capabilities) -> Capabilities:
    """Some servers show what they can do with mails only to those logged in."""
    if not before or {"TOP", "UIDL", "PIPELINING"} <= before.keys():
        return before
    return _capabilities(dialogue) or before


def _log_in(
    dialogue: Dialogue,
    account: str,
    password: str,
    capabilities: Capabilities,
    greeting: str,
    tls: Tls,
) -> None:
    line = dialogue.line
    if _CONTROLS.search(account) or _CONTROLS.search(password):
        raise refusals.unspeakable(line.peer)
    may_show_password = line.encrypted or line.loopback or tls.allow_plaintext_password
    stamp = None if line.encrypted else _APOP_STAMP.search(greeting)
    answer = None
    if stamp:
        answer = _apop(dialogue, account, password, stamp[0])
        if answer.ok:
            return
    elif not may_show_password:
        raise refusals.unsafe(line.peer)
    # Many servers show a stamp and know no account with APOP: then the plain way is left.
    if answer is None or (may_show_password and not refusals.busy(answer.code, answer.text)):
        try:
            answer = _by_password(dialogue, account, password, capabilities)
        except LineDropped:
            if answer is None:
                raise  # else the server hung up over the failed APOP
    if not answer.ok:
        raise refusals.of_login(line.peer, "POP", answer.code, answer.text)


def _apop(dialogue: Dialogue, account: str, password: str, stamp: str) -> Answer:
    digest = hashlib.md5((stamp + password).encode(), usedforsecurity=False).hexdigest()
    return dialogue.ask(f"APOP {account} {digest}")


def _by_password(
    dialogue: Dialogue, account: str, password: str, capabilities: Capabilities
) -> Answer:
    if "PLAIN" in capabilities.get("SASL", ()) and "USER" not in capabilities:
        return _auth_plain(dialogue, account, password)
    answer = dialogue.ask(f"USER {account}")
    return dialogue.ask(f"PASS {password}") if answer.ok else answer


def _auth_plain(dialogue: Dialogue, account: str, password: str) -> Answer:
    secret = base64.b64encode(f"\0{account}\0{password}".encode()).decode()
    command = f"AUTH PLAIN {secret}"
    answer = dialogue.ask(command if len(command) <= _LONGEST_COMMAND - 2 else "AUTH PLAIN")
    # Servers older than the initial response of RFC 5034 ask for it again.
    return dialogue.ask(secret) if answer.more else answer
