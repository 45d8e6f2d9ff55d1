"""From nothing to a sending server that is ready to take letters: line, EHLO, STARTTLS, login.

RFC 5321 sections 3.1 and 4.1.1.1, RFC 3207 (STARTTLS), RFC 4954 (AUTH). Knows nothing of letters.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from kollect.errors import ServerTrouble, Stage
from kollect.net import login_advice, sasl
from kollect.net.connection import SENDING_ROLE, Line, Trace, Trust
from kollect.net.login import after_refusal, logged_in
from kollect.net.sasl import Sasl
from kollect.net.server_errors import SMTP
from kollect.net.server_memory import ServerMemory, memory_of
from kollect.settings.model import Auth, Send, Tls
from kollect.smtp import smtp_errors
from kollect.smtp.capabilities import Capabilities
from kollect.smtp.replies import MalformedReply, ReplyReader, SmtpReply

_TLS_PORT = 465
_NO_SUCH_WAY = (500, 501, 502, 504)
"""Answers to AUTH that say nothing of account and password: it was not understood."""
_LONGEST_COMMAND = 512
"""RFC 5321 section 4.5.3.1.4; a longer AUTH waits for the server to ask (RFC 4954 section 4)."""


@dataclass(slots=True)
class SmtpSession:
    """A line on which a letter may begin."""

    line: Line
    offers: Capabilities
    greeting: str = ""
    """The server's first words; many say the time in them."""


def open_session(
    send: Send, tls: Tls, password: str, *, timeout: float, trace: Trace | None = None
) -> SmtpSession:
    """Connect, encrypt and log in as the settings say; `trace` is told each step as it begins.

    Raises ServerTrouble, LoginTrouble, CertificateTrouble; then nothing is left open.
    """
    return logged_in(lambda: _open(send, tls, password, timeout=timeout, trace=trace))


def _open(
    send: Send, tls: Tls, password: str, *, timeout: float, trace: Trace | None
) -> SmtpSession:
    memory = memory_of(SMTP, send.host, send.port)
    line = Line.open(
        SENDING_ROLE,
        send.host,
        send.port,
        timeout=timeout,
        tls=send.auth is Auth.SSL and send.port == _TLS_PORT,
        trust=Trust.of(tls),
        trace=trace,
        has_worked=memory.has_worked(send.auth),
    )
    with line.aborted_on_failure():
        if send.auth is not Auth.NO:
            line.hide_login(send.account, password)
        greeting, offers = _greet(line)
        if not line.encrypted:
            offers = _encrypted(line, offers, memory, demanded=send.auth is Auth.SSL, trace=trace)
        if send.auth is not Auth.NO:
            line.stage = Stage.LOGIN
            if trace:
                trace(Stage.LOGIN)
            _log_in(line, offers, memory, send.account, password, tls)
        line.stage = Stage.SEND
        memory.works(send.auth)
        return SmtpSession(line, offers, greeting)


def _encrypted(
    line: Line, offers: Capabilities, memory: ServerMemory, *, demanded: bool, trace: Trace | None
) -> Capabilities:
    """Encrypt wherever that is offered, and ever after: a server that has offered it once does not
    stop, but somebody on the line may take the offer out (RFC 3207 section 6).
    """
    known = memory.encrypts
    if not (offers.starttls or demanded or known):
        return offers
    if offers.starttls:
        memory.has_offered_encryption()
    _ask_for_tls(line, offers, known=known)

    def again(fresh: Line) -> None:
        _ask_for_tls(fresh, _greet(fresh)[1], known=known)

    line.start_tls(prelude=again, trace=trace)
    return _hello(line)


def _greet(line: Line) -> tuple[str, Capabilities]:
    answer, _ = _answer(line)
    if answer.for_now:
        raise smtp_errors.closed_for_now(line.peer, Stage.CONNECT, answer)
    if answer.code != 220:
        raise smtp_errors.turned_away(line.peer, answer)
    return answer.text, _hello(line)


def _hello(line: Line) -> Capabilities:
    name = _own_name(line)
    answer, lines = _ask(line, f"EHLO {name}")
    if answer.good:
        return Capabilities.read(lines[1:])
    if answer.for_now:
        raise smtp_errors.closed_for_now(line.peer, line.stage, answer)
    answer, _ = _ask(line, f"HELO {name}")  # a server from before 1995, or behind an old firewall
    if not answer.good:
        raise smtp_errors.turned_away(line.peer, answer)
    return Capabilities()


def _own_name(line: Line) -> str:
    """This PC in EHLO: its address, which always exists. Its name may be in Japanese."""
    try:
        own = ipaddress.ip_address(line.local_address)
    except ValueError:
        return "[127.0.0.1]"
    return f"[{own}]" if own.version == 4 else f"[IPv6:{own}]"


def _ask_for_tls(line: Line, offers: Capabilities, *, known: bool) -> None:
    line.stage = Stage.ENCRYPT
    refused = "STARTTLS not offered"
    if offers.starttls:
        answer, _ = _ask(line, "STARTTLS")
        if answer.code == 220:
            return
        refused = smtp_errors.shown(answer)
    if known:
        raise login_advice.encryption_gone(line.peer, SMTP, _TLS_PORT, refused)
    raise login_advice.unencryptable(line.peer, _TLS_PORT, refused)


def _log_in(
    line: Line, offers: Capabilities, memory: ServerMemory, account: str, password: str, tls: Tls
) -> None:
    """Try the ways that the server offers, as few as tell whether the password is right."""
    if not account or not password:
        raise smtp_errors.no_password(line.peer)
    known = sasl.MECHANISMS if line.encrypted else sasl.IN_THE_CLEAR
    offered = [name for name in known if name in offers.auth]
    if not offered:
        raise smtp_errors.no_password_login(line.peer, offers.auth)
    # from a digest the password can be guessed by anybody who has listened: it is no better
    if not (line.encrypted or line.loopback or tls.allow_plaintext_password):
        raise login_advice.unsafe(line.peer)
    ways, enough = memory.login.plan(offered, hash((account, password)))
    refusals: list[SmtpReply] = []
    answer: SmtpReply | None = None
    for way in ways:
        try:
            answer = _authenticate(line, Sasl(way, account, password))
        except ServerTrouble as lost:
            if not refusals:
                raise
            raise after_refusal(_refused(line, refusals[0]), lost) from lost
        if answer.code == 235:
            memory.login.worked(way)
            return
        if answer.for_now:
            raise smtp_errors.closed_for_now(line.peer, Stage.LOGIN, answer)
        if answer.code not in _NO_SUCH_WAY:
            memory.login.refused(way)
            refusals.append(answer)
            if len(refusals) >= enough:
                break
    if refusals:
        raise _refused(line, refusals[0])
    assert answer is not None
    raise smtp_errors.no_such_way(line.peer, ways, smtp_errors.shown(answer))


def _refused(line: Line, answer: SmtpReply) -> ServerTrouble:
    return login_advice.login_refused(line.peer, "SMTP", smtp_errors.shown(answer))


def _authenticate(line: Line, login: Sasl) -> SmtpReply:
    """One attempt to log in; the server's last word."""
    command = f"AUTH {login.mechanism}"
    at_once = f"{command} {sasl.coded(login.first)}"
    if login.first and len(at_once) + 2 <= _LONGEST_COMMAND:
        command = at_once
    answer, _ = _ask(line, command)
    for _ in range(login.most_answers):
        if answer.code != 334:
            break
        said = sasl.coded(login.answer(sasl.decoded(answer.text)))
        line.hide_digest(login.digest)
        answer, _ = _ask(line, said)
    return answer


def _ask(line: Line, command: str) -> tuple[SmtpReply, list[str]]:
    line.send(command.encode("ascii") + b"\r\n")
    return _answer(line)


def _answer(line: Line) -> tuple[SmtpReply, list[str]]:
    """One answer, and its lines without the code."""
    reader = ReplyReader(line.shown)
    lines: list[str] = []
    while True:
        raw = line.readline()
        lines.append(raw[4:].decode("ascii", "replace").strip())
        try:
            for answer in reader.feed(raw + b"\n"):
                return answer, lines
        except MalformedReply as garbled:
            raise smtp_errors.not_smtp(
                line.peer, line.stage, line.shown(str(garbled), 200)
            ) from None
