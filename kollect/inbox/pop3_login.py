"""From a POP3 server's greeting to an open mailbox: encryption, capabilities, login.

RFC 1939 sections 4 and 7, RFC 2449 (CAPA), RFC 2595 (STLS), RFC 5034 (AUTH). Knows nothing of
mails.
"""

from __future__ import annotations

import hashlib
import re

from kollect.errors import LoginTrouble, ServerTrouble, Stage
from kollect.inbox import mailbox_errors
from kollect.inbox.pop3_protocol import Pop3Protocol, Pop3Reply
from kollect.net import login_advice, sasl
from kollect.net.connection import Line, Trace
from kollect.net.login import LoginMemory, after_refusal, logged_in
from kollect.net.sasl import Sasl
from kollect.net.server_errors import POP3
from kollect.net.server_memory import memory_of
from kollect.settings.model import Receive, Security, Tls

_TLS_PORT = 995
_LONGEST_DELAY = 86400
"""Seconds. Whoever asks for more means something else."""
_LONGEST_COMMAND = 255  # RFC 2449 section 4, with the CRLF
_APOP, _USER = "APOP", "USER"
_APOP_STAMP = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_CONTROLS = re.compile(r"[\r\n\0]")

Capabilities = dict[str, frozenset[str]]
"""What CAPA announced, in upper case, with its arguments; empty where there is no CAPA."""
Session = tuple[Pop3Protocol, Capabilities]


def open_session(receive: Receive, tls: Tls, password: str, trace: Trace) -> Session:
    """Connect, encrypt as the settings demand, log in. Raises ServerTrouble, leaving nothing."""
    return logged_in(lambda: _open(receive, tls, password, trace))


def _open(receive: Receive, tls: Tls, password: str, trace: Trace) -> Session:
    memory = memory_of(POP3, receive.host, receive.port)
    worked = memory.has_worked(receive.security)
    line = Line.to_receiving_server(receive, tls, password, trace, has_worked=worked)
    with line.aborted_on_failure():
        dialogue = Pop3Protocol(line)
        greeting = _greeting(dialogue)
        if receive.security is Security.STARTTLS:
            known = memory.encrypts
            _ask_for_tls(dialogue, known=known)
            memory.has_offered_encryption()
            line.start_tls(prelude=lambda fresh: _greet_and_ask_for_tls(fresh, known), trace=trace)
        line.stage = Stage.LOGIN
        before = _capabilities(dialogue)
        memory.login_delay = _login_delay(before)
        if memory.encrypts and not line.encrypted and "STLS" not in before:
            # by its settings the shop would do without; but it never came to this by itself
            raise login_advice.encryption_gone(line.peer, POP3, _TLS_PORT, "STLS not offered")
        trace(Stage.LOGIN)
        _log_in(dialogue, memory.login, receive.account, password, before, greeting, tls)
        after = _after_login(dialogue, before)
        memory.login_delay = _login_delay(after) or memory.login_delay
        memory.works(receive.security)
        return dialogue, after


def _greeting(dialogue: Pop3Protocol) -> str:
    answer = dialogue.answer()
    if not answer.ok:
        raise mailbox_errors.of_login(
            dialogue.line.peer, "POP", answer.code or "UNAVAILABLE", answer.text
        )
    return answer.text


def _ask_for_tls(dialogue: Pop3Protocol, *, known: bool) -> None:
    dialogue.line.stage = Stage.ENCRYPT
    answer = dialogue.ask("STLS")
    if answer.ok:
        return
    peer = dialogue.line.peer
    if known:
        raise login_advice.encryption_gone(peer, POP3, _TLS_PORT, answer.text)
    raise login_advice.unencryptable(peer, _TLS_PORT, answer.text)


def _greet_and_ask_for_tls(line: Line, known: bool) -> None:
    dialogue = Pop3Protocol(line)
    _greeting(dialogue)
    _ask_for_tls(dialogue, known=known)


def _capabilities(dialogue: Pop3Protocol) -> Capabilities:
    if not dialogue.ask("CAPA").ok:
        return {}
    found: Capabilities = {}
    for raw in dialogue.lines():
        name, *arguments = raw.decode("ascii", "replace").upper().split() or [""]
        found[name] = frozenset(arguments)
    return found


def _after_login(dialogue: Pop3Protocol, before: Capabilities) -> Capabilities:
    """Some servers show what they can do with mails only to those logged in; USER at LOGIN-DELAY
    says that it may be another one for this account (RFC 2449 section 6.5)."""
    seen_all = {"TOP", "UIDL", "PIPELINING"} <= before.keys()
    if not before or (seen_all and "USER" not in before.get("LOGIN-DELAY", ())):
        return before
    return _capabilities(dialogue) or before


def _login_delay(capabilities: Capabilities) -> int:
    """Seconds; 0 where the server says nothing that makes sense."""
    said = [word for word in capabilities.get("LOGIN-DELAY", ()) if word.isdecimal()]
    seconds = int(said[0]) if len(said) == 1 and len(said[0]) <= 5 else 0
    return seconds if seconds <= _LONGEST_DELAY else 0


def _log_in(
    dialogue: Pop3Protocol,
    memory: LoginMemory,
    account: str,
    password: str,
    capabilities: Capabilities,
    greeting: str,
    tls: Tls,
) -> None:
    """Try the ways that the server offers, as few as tell whether the password is right."""
    line = dialogue.line
    if _CONTROLS.search(account) or _CONTROLS.search(password):
        raise mailbox_errors.unspeakable(line.peer)
    # from a digest the password can be guessed by anybody who has listened: it is no better
    if not (line.encrypted or line.loopback or tls.allow_plaintext_password):
        raise login_advice.unsafe(line.peer)
    stamp = None if line.encrypted else _APOP_STAMP.search(greeting)
    offered = _ways(capabilities, apop=stamp is not None, encrypted=line.encrypted)
    ways, enough = memory.plan(offered, hash((account, password)))
    refusal: ServerTrouble | None = None
    for way in ways[:enough]:
        try:
            if way == _APOP and stamp:
                answer = _apop(dialogue, account, password, stamp[0])
            elif way == _USER:
                answer = _user(dialogue, account, password)
            else:
                answer = _auth(dialogue, Sasl(way, account, password))
        except ServerTrouble as lost:
            if refusal is None:
                raise
            raise after_refusal(refusal, lost) from lost
        if answer.ok:
            memory.worked(way)
            return
        why = mailbox_errors.of_login(line.peer, "POP", answer.code, answer.text)
        if not isinstance(why, LoginTrouble) or answer.code == "SYS/PERM":
            raise why  # nothing is said of the password
        memory.refused(way)
        refusal = refusal or why
    assert refusal is not None
    raise refusal


def _ways(capabilities: Capabilities, *, apop: bool, encrypted: bool) -> list[str]:
    """What the server takes as far as it says so, the best first.

    Many show a stamp and know no account with APOP; some announce SASL and have no USER. Where
    USER is refused, one more is enough to tell that it is the password.
    """
    offered = capabilities.get("SASL", frozenset())
    known = sasl.MECHANISMS if encrypted else sasl.IN_THE_CLEAR
    mechanisms = [name for name in known if name in offered]
    ways = [_APOP] if apop else []
    if "USER" in capabilities or not mechanisms:
        return [*ways, _USER, *mechanisms[:1]]
    return ways + mechanisms


def _apop(dialogue: Pop3Protocol, account: str, password: str, stamp: str) -> Pop3Reply:
    digest = hashlib.md5((stamp + password).encode(), usedforsecurity=False).hexdigest()
    dialogue.line.hide_digest(digest)
    return dialogue.ask(f"APOP {account} {digest}")


def _user(dialogue: Pop3Protocol, account: str, password: str) -> Pop3Reply:
    answer = dialogue.ask(f"USER {account}")
    return dialogue.ask(f"PASS {password}") if answer.ok else answer


def _auth(dialogue: Pop3Protocol, login: Sasl) -> Pop3Reply:
    command = f"AUTH {login.mechanism}"
    at_once = f"{command} {sasl.coded(login.first)}"
    if login.first and len(at_once) + 2 <= _LONGEST_COMMAND:
        command = at_once
    answer = dialogue.ask(command)
    for _ in range(login.most_answers):
        # Servers older than the initial response of RFC 5034 ask for it again.
        if not answer.more:
            break
        said = sasl.coded(login.answer(sasl.decoded(answer.text)))
        dialogue.line.hide_digest(login.digest)
        answer = dialogue.ask(said)
    return answer
