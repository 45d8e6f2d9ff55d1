"""Which port goes with which encryption. Pure; the screens use it to keep the two in step."""

from __future__ import annotations

from kollect.settings.model import Auth, Protocol, Security

_RECEIVING = {
    (Protocol.POP3, Security.SSL): 995,
    (Protocol.POP3, Security.STARTTLS): 110,
    (Protocol.POP3, Security.NONE): 110,
    (Protocol.IMAP, Security.SSL): 993,
    (Protocol.IMAP, Security.STARTTLS): 143,
    (Protocol.IMAP, Security.NONE): 143,
}
_SENDING = {Auth.YES: 587, Auth.SSL: 465, Auth.NO: 25}


def receiving_port(protocol: Protocol, security: Security) -> int:
    """The usual port."""
    return _RECEIVING[protocol, security]


def sending_port(auth: Auth) -> int:
    return _SENDING[auth]


def security_for(port: int, protocol: Protocol, present: Security) -> Security:
    """The encryption that goes with a port that was typed, never weaker than need be."""
    if port == receiving_port(protocol, Security.SSL):
        return Security.SSL
    if port == receiving_port(protocol, Security.NONE) and present is Security.SSL:
        return Security.STARTTLS
    return present


def auth_for(port: int, present: Auth) -> Auth:
    """The 「SMTP認証」 that goes with a port that was typed."""
    if port == 465 and present is Auth.YES:
        return Auth.SSL
    return present
