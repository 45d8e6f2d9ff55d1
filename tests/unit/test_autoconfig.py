"""What a domain's own document for mail programs tells, and what a hostile one does not do."""

from __future__ import annotations

import pytest

from kollect.settings.model import Protocol, Security
from kollect.setup.autoconfig import MOST_OCTETS, NamedServer, read, urls

ADDRESS = "info@megane.example"


def server(
    element: str = "incomingServer",
    kind: str = "imap",
    host: str = "imap.megane.example",
    port: str = "993",
    socket: str = "SSL",
    user: str = "%EMAILADDRESS%",
    ways: str = "<authentication>password-cleartext</authentication>",
) -> str:
    return (
        f'<{element} type="{kind}"><hostname>{host}</hostname><port>{port}</port>'
        f"<socketType>{socket}</socketType>{ways}<username>{user}</username></{element}>"
    )


def document(*servers: str, head: str = "") -> bytes:
    inside = "".join(servers)
    return (
        f'<?xml version="1.0"?>{head}<clientConfig version="1.1"><emailProvider id="x">'
        f"<displayName>めがね</displayName>{inside}</emailProvider></clientConfig>"
    ).encode()


SENDING = server("outgoingServer", "smtp", "smtp.%EMAILDOMAIN%", "587", "STARTTLS")


def test_servers_in_their_order_with_the_account_filled_in():
    found = read(
        document(server(), server(kind="pop3", port="995", user="%EMAILLOCALPART%"), SENDING),
        ADDRESS,
    )
    host = "imap.megane.example"
    assert found == (
        NamedServer(Protocol.IMAP, host, 993, Security.SSL, ADDRESS),
        NamedServer(Protocol.POP3, host, 995, Security.SSL, "info"),
        NamedServer(None, "smtp.megane.example", 587, Security.STARTTLS, ADDRESS),
    )


@pytest.mark.parametrize(
    "useless",
    [
        server(socket="plain"),
        server(kind="exchange"),
        server(port="0"),
        server(port="99999"),
        server(port="-1"),
        server(port="９９３"),
        server(port="9" * 5000),
        server(ways="<authentication>OAuth2</authentication>"),
        server("outgoingServer", "imap"),
        server("incomingServer", "smtp"),
    ],
)
def test_what_takes_no_password_over_tls_is_left_out(useless: str):
    assert read(document(useless), ADDRESS) == ()
    assert len(read(document(useless, server()), ADDRESS)) == 1


def test_one_of_several_ways_to_log_in_is_enough():
    both = "<authentication>OAuth2</authentication><authentication>plain</authentication>"
    assert len(read(document(server(ways=both)), ADDRESS)) == 1
    assert len(read(document(server(ways="")), ADDRESS)) == 1


BILLION = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'  # each ten times the one before
        for n in range(9)
    )
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY passwd SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "hostile",
    [
        document(server(host="&j;"), head=BILLION),
        document(server(host="&passwd;"), head=OUTSIDE),
        document(server(), head="<!DOCTYPE clientConfig>"),
        document(server(host="&undeclared;")),
        document(*[server()] * 40),
        b"<a>" * 5000,
        b"\0" * 100,
        b"",
        b"<html><body>404</body></html>",
        b"\xff\xfe<\0a\0>\0",
        document(server())[:-30],
        document(server()) + b" " * MOST_OCTETS,
    ],
)
def test_a_hostile_or_broken_document_offers_nothing(hostile: bytes):
    assert read(hostile, ADDRESS) == ()


def test_where_it_lies():
    assert urls("megane.example") == (
        "https://autoconfig.megane.example/mail/config-v1.1.xml",
        "https://megane.example/.well-known/autoconfig/mail/config-v1.1.xml",
    )
    assert urls("") == ()
