"""From nothing to a sending server that is ready to take letters: line, EHLO, STARTTLS, login.

RFC 5321 sections 3.1 and 4.1.1.1, RFC 3207 (STARTTLS), RFC 4954 (AUTH). Knows nothing of letters.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
from dataclasses import dataclass

from kollect.errors import Stage
from kollect.reply import troubles
from kollect.reply.answer import Answer, AnswerReader, Garbled
from kollect.reply.offers import Offers
from kollect.settings.model import Auth, Send, Tls
from kollect.wire.connection import SENDING_ROLE, Line, Trace, Trust

_TLS_PORT = 465
_NO_SUCH_WAY = (500, 501, 502, 504)
"""Answers to AUTH that say nothing of account and password: it was not understood."""
_LONGEST_COMMAND = 512
"""RFC 5321 section 4.5.3.1.4; a longer AUTH waits for the server to ask (RFC 4954 section 4)."""


@dataclass(slots=True)
class Session:
    """A line on which a letter may begin."""

    line: Line
    offers: Offers
    greeting: str = ""
    """The server's first words; many say the time in them."""


def open_session(
    send: Send, tls: Tls, password: str, *, timeout: float, trace: Trace | None = None
) -> Session:
    """Connect, encrypt and log in as the settings say; `trace` is told each step as it begins.

    Raises ServerTrouble, LoginTrouble, CertificateTrouble; then nothing is left open.
    """
    line = Line.open(
        SENDING_ROLE,
        send.host,
        send.port,
        timeout=timeout,
        tls=send.auth is Auth.SSL and send.port == _TLS_PORT,
        trust=Trust.of(tls),
        trace=trace,
    )
    try:
        greeting, offers = _greet(line)
        if not line.encrypted and (offers.starttls or send.auth is Auth.SSL):
            _ask_for_tls(line, offers)
            line.start_tls(prelude=lambda fresh: _ask_for_tls(fresh, _greet(fresh)[1]), trace=trace)
            offers = _hello(line)
        if send.auth is not Auth.NO:
            line.stage = Stage.LOGIN
            if trace:
                trace(Stage.LOGIN)
            _log_in(line, offers, send.account, password, plaintext=tls.allow_plaintext_password)
        line.stage = Stage.SEND
        return Session(line, offers, greeting)
    except BaseException:
        line.abort()
        raise


def _greet(line: Line) -> tuple[str, Offers]:
    answer, _ = _answer(line)
    if answer.for_now:
        raise troubles.closed_for_now(line.peer, Stage.CONNECT, answer)
    if answer.code != 220:
        raise troubles.turned_away(line.peer, answer)
    return answer.text, _hello(line)


def _hello(line: Line) -> Offers:
    name = _own_name(line)
    answer, lines = _ask(line, f"EHLO {name}")
    if answer.good:
        return Offers.read(lines[1:])
    if answer.for_now:
        raise troubles.closed_for_now(line.peer, line.stage, answer)
    answer, _ = _ask(line, f"HELO {name}")  # a server from before 1995, or behind an old firewall
    if not answer.good:
        raise troubles.turned_away(line.peer, answer)
    return Offers()


def _own_name(line: Line) -> str:
    """This PC in EHLO: its address, which always exists. Its name may be in Japanese."""
    try:
        own = ipaddress.ip_address(line.local_address)
    except ValueError:
        return "[127.0.0.1]"
    return f"[{own}]" if own.version == 4 else f"[IPv6:{own}]"


def _ask_for_tls(line: Line, offers: Offers) -> None:
    line.stage = Stage.ENCRYPT
    if not offers.starttls:
        raise troubles.unencryptable(line.peer, "STARTTLS not offered")
    answer, _ = _ask(line, "STARTTLS")
    if answer.code != 220:
        raise troubles.unencryptable(line.peer, troubles.shown(answer))


def _log_in(line: Line, offers: Offers, account: str, password: str, *, plaintext: bool) -> None:
    if not account or not password:
        raise troubles.no_password(line.peer)
    safe = line.encrypted or line.loopback or plaintext
    mechanisms = ["PLAIN", "LOGIN"]
    if line.encrypted:
        mechanisms.append("CRAM-MD5")
    else:
        mechanisms.insert(0, "CRAM-MD5")
    usable = [name for name in mechanisms if name in offers.auth]
    if not usable:
        raise troubles.no_password_login(line.peer, offers.auth)
    if not safe:
        usable = [name for name in usable if name == "CRAM-MD5"]
    if not usable:
        raise troubles.unsafe(line.peer)
    judged = False
    for name in usable:
        answer = _authenticate(line, name, account, password)
        if answer.code == 235:
            return
        judged = judged or answer.code not in _NO_SUCH_WAY
        # Many servers offer CRAM-MD5 and know no account with it: the plain way may be left.
        if name != "CRAM-MD5" and answer.code not in _NO_SUCH_WAY:
            break
        if answer.for_now:
            break
    answer = _without(answer, account, password)
    if not judged:
        raise troubles.no_such_way(line.peer, usable, troubles.shown(answer))
    if answer.for_now:
        raise troubles.closed_for_now(line.peer, Stage.LOGIN, answer)
    raise troubles.login_refused(line.peer, troubles.shown(answer))


def _authenticate(line: Line, mechanism: str, account: str, password: str) -> Answer:
    """One attempt to log in; the server's last word."""
    match mechanism:
        case "PLAIN":
            secret = _coded(f"\0{account}\0{password}".encode())
            if len(secret) + 14 <= _LONGEST_COMMAND:
                answer, _ = _ask(line, f"AUTH PLAIN {secret}")
                if answer.code != 334:
                    return answer
            else:
                answer, _ = _ask(line, "AUTH PLAIN")
            return _ask(line, secret)[0] if answer.code == 334 else answer
        case "LOGIN":
            answer, _ = _ask(line, "AUTH LOGIN")
            for word in (account, password):
                if answer.code != 334:
                    break
                answer, _ = _ask(line, _coded(word.encode()))
            return answer
        case _:
            answer, _ = _ask(line, "AUTH CRAM-MD5")
            if answer.code != 334:
                return answer
            try:
                challenge = base64.b64decode(answer.text.encode(), validate=True)
            except ValueError:
                challenge = b""  # the answer will be refused
            digest = hmac.new(password.encode(), challenge, "md5").hexdigest()
            return _ask(line, _coded(f"{account} {digest}".encode()))[0]


def _coded(secret: bytes) -> str:
    return base64.b64encode(secret).decode("ascii")


def _without(answer: Answer, account: str, password: str) -> Answer:
    """The answer as it may be shown: some servers repeat what they were sent."""
    text = answer.text
    plain = f"\0{account}\0{password}".encode()
    for secret in (_coded(plain), _coded(password.encode()), password):
        text = text.replace(secret, "…")
    return Answer(answer.code, text)


def _ask(line: Line, command: str) -> tuple[Answer, list[str]]:
    line.send(command.encode("ascii") + b"\r\n")
    return _answer(line)


def _answer(line: Line) -> tuple[Answer, list[str]]:
    """One answer, and its lines without the code."""
    reader = AnswerReader()
    lines: list[str] = []
    while True:
        raw = line.readline()
        lines.append(raw[4:].decode("ascii", "replace").strip())
        try:
            for answer in reader.feed(raw + b"\n"):
                return answer, lines
        except Garbled as garbled:
            raise troubles.not_smtp(line.peer, line.stage, str(garbled)) from None
