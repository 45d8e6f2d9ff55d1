"""The document in which a domain tells mail programs its servers (`config-v1.1.xml`). Pure.

Mozilla's format, https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat. Whoever
holds the web site may have written anything: the size is bounded, a DOCTYPE (and with it every
entity) ends the reading, and what is named is only an offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from kollect.settings.model import Protocol, Security

MOST_OCTETS = 64 * 1024
MOST_SERVERS = 10
_MOST_TEXT = 400
_MOST_DEPTH = 12

_PROTOCOLS = {"imap": Protocol.IMAP, "pop3": Protocol.POP3}
_SECURITY = {"SSL": Security.SSL, "STARTTLS": Security.STARTTLS}
_BY_PASSWORD = frozenset({"password-cleartext", "password-encrypted", "plain", "secure", ""})
"""`plain` and `secure` are older words; no `authentication` at all leaves it to the server."""


@dataclass(frozen=True, slots=True)
class NamedServer:
    protocol: Protocol | None
    """None: for sending."""
    host: str
    port: int
    security: Security
    account: str


def urls(domain: str) -> tuple[str, ...]:
    """Where it may lie, in the order of asking; without the address, which is nobody's business."""
    if not domain:
        return ()
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )


def read(document: bytes, address: str) -> tuple[NamedServer, ...]:
    """The servers that take a password over TLS, in their order; none from what makes no sense."""
    if len(document) > MOST_OCTETS:
        return ()
    reader = _Reader()
    try:
        reader.read(document)
    except (expat.ExpatError, _Refused, ValueError):
        return ()
    return tuple(found for one in reader.servers if (found := _server(one, address)) is not None)


class _Refused(Exception):
    """It holds what no honest document holds."""


class _Reader:
    """Collects the fields of each server; of two fields of one name the first."""

    def __init__(self) -> None:
        self.servers: list[dict[str, list[str]]] = []
        self._path: list[str] = []
        self._here: dict[str, list[str]] | None = None
        self._text: list[str] | None = None

    def read(self, document: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(document, True)

    def _refuse(self, *declared: object) -> None:
        raise _Refused

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _MOST_DEPTH or len(self.servers) > MOST_SERVERS:
            raise _Refused
        self._path.append(name)
        if name in ("incomingServer", "outgoingServer") and self._here is None:
            kind = attributes.get("type", "").lower()
            self._here = {"type": [kind], "element": [name]}
            self.servers.append(self._here)
        elif self._here is not None:
            self._here.setdefault(name, [])
            self._text = []

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        self._path.pop()
        if name in ("incomingServer", "outgoingServer"):
            self._here = self._text = None
        elif self._here is not None and self._text is not None:
            self._here[name].append("".join(self._text).strip()[:_MOST_TEXT])
            self._text = None


def _server(fields: dict[str, list[str]], address: str) -> NamedServer | None:
    def first(name: str) -> str:
        return next(iter(fields.get(name, ())), "")

    kind, element = first("type"), first("element")
    sending = element == "outgoingServer" and kind == "smtp"
    protocol = _PROTOCOLS.get(kind) if element == "incomingServer" else None
    security = _SECURITY.get(first("socketType").upper())
    port = first("port")
    ways = {way.lower() for way in fields.get("authentication", [""])}
    if not (sending or protocol) or security is None or not ways & _BY_PASSWORD:
        return None
    if not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) <= 65535):
        return None
    host = _filled(first("hostname"), address)
    return NamedServer(protocol, host, int(port), security, _filled(first("username"), address))


def _filled(text: str, address: str) -> str:
    local, _, domain = address.strip().rpartition("@")
    for name, value in (
        ("%EMAILADDRESS%", address.strip()),
        ("%EMAILLOCALPART%", local),
        ("%EMAILDOMAIN%", domain),
    ):
        text = text.replace(name, value)
    return text
