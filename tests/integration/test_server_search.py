"""「設定をさがす」 with real servers: Dovecot, Postfix, NSD, HTTPS; and with some that lie."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler

import pytest

from kollect.diagnosis.dns_client import DnsClient
from kollect.net.connection import Trust
from kollect.settings.model import Protocol, Receive, Settings, Tls
from kollect.setup import https_document, server_search
from kollect.setup.autoconfig import MOST_OCTETS, urls
from kollect.setup.found_servers import FoundServers, SideState
from kollect.setup.server_offer import OfferSource, with_servers
from kollect.setup.server_search import look_up, try_out
from tests.helpers import https_server, lying_dns, named_hosts, nsd
from tests.helpers.certificates import Certificates, ServerCertificate, make_certificates
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.postfix import Postfix, running_postfix
from tests.helpers.resident import until
from tests.unit.test_autoconfig import document, server

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

DOMAIN = "megane.example"
_users = itertools.count(1)
ZONES = {
    DOMAIN: "@ IN MX 10 mx.megane.example.",
    "srv.example": "_imaps._tcp IN SRV 0 1 993 imap.srv.example.\n"
    "_submission._tcp IN SRV 0 1 587 smtp.srv.example.\n"
    "_pop3s._tcp IN SRV 0 0 0 .",
    "elsewhere.example": "_imaps._tcp IN SRV 0 1 993 imap.megane.example.\n"
    "_submission._tcp IN SRV 0 1 587 smtp.megane.example.",
    "hosted.example": "@ IN MX 10 mx01.lolipop.jp.",
    "nothing.example": "@ IN A 127.0.0.1",
}


@dataclass
class House:
    """The servers of one test, by the names of a shop's domain."""

    certificates: Certificates
    dovecot: Dovecot
    postfix: Postfix
    dns: tuple[str, int]

    def settings(self, domain: str = DOMAIN, wanted: Protocol = Protocol.IMAP) -> Settings:
        return Settings(
            mail_address=f"info{next(_users)}@{domain}",
            receive=Receive(protocol=wanted),
            tls=Tls(ca_file=str(self.certificates.ca_file)),
        )

    def client(self) -> DnsClient:
        return DnsClient(self.dns)

    def at(self, *names: str, imap: bool = True, smtp: bool = True) -> dict[tuple[str, int], int]:
        ports = {}
        if imap:
            ports |= {993: self.dovecot.imaps, 995: self.dovecot.pop3s}
        if smtp:
            ports |= {465: self.postfix.wrapped, 587: self.postfix.plain}
        return {(name, port): there for name in names for port, there in ports.items()}

    def search(
        self,
        settings: Settings,
        hosts: Mapping[tuple[str, int], int],
        *,
        password: str | None = None,
        may_ask: bool = True,
    ) -> FoundServers:
        with named_hosts.leading(hosts):
            looked_up = look_up(settings, self.client(), may_ask=may_ask)
            password = self.dovecot.password if password is None else password
            return try_out(looked_up, settings, password)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    names = [name for domain in ZONES for name in (domain, f"*.{domain}")]
    certificates = make_certificates(folder, *names)
    with (
        running_dovecot(certificates) as dovecot,
        running_postfix(certificates, dovecot) as postfix,
        nsd.serving(tmp_path_factory.mktemp("nsd"), ZONES) as dns,
    ):
        yield House(certificates, dovecot, postfix, dns)


def sources(result: FoundServers) -> set[OfferSource]:
    return {chosen.offer.source for chosen in result.chosen}


def test_the_usual_names_are_found_also_without_the_users_word(house: House):
    settings = house.settings()
    for may_ask in (False, True):
        result = house.search(settings, house.at("mail.megane.example"), may_ask=may_ask)
        assert result.found, result
        assert sources(result) == {OfferSource.USUAL_NAMES}
        filled = with_servers(settings, result.chosen)
        assert (filled.receive.host, filled.receive.port) == ("mail.megane.example", 993)
        assert (filled.send.host, filled.send.port) == ("mail.megane.example", 465)
        assert filled.receive.account == filled.send.account == settings.mail_address


def test_srv_records_lead_to_the_servers(house: House):
    settings = house.settings("srv.example", Protocol.POP3)
    hosts = house.at("imap.srv.example", smtp=False) | house.at("smtp.srv.example", imap=False)
    result = house.search(settings, hosts)
    assert result.found, result
    assert sources(result) == {OfferSource.SRV}
    filled = with_servers(settings, result.chosen)
    assert (filled.receive.protocol, filled.receive.host) == (Protocol.IMAP, "imap.srv.example")
    assert (filled.send.host, filled.send.port) == ("smtp.srv.example", 587), "by STARTTLS"


CONFIG = document(
    server(host="box.megane.example", user="%EMAILLOCALPART%"),
    server("outgoingServer", "smtp", "out.megane.example", "587", "STARTTLS"),
)


@pytest.mark.parametrize("place", [0, 1])
def test_the_document_of_the_domain_leads_to_them(house: House, place: int):
    where = urls(DOMAIN)[place].removeprefix("https://")
    host = where.partition("/")[0]
    with https_server.serving(house.certificates.good, {where: CONFIG}) as (port, asked):
        hosts = house.at("box.megane.example", "out.megane.example") | {(host, 443): port}
        settings = house.settings()
        result = house.search(settings, hosts)
        assert where in asked
        assert all(settings.mail_address not in one for one in asked)
        assert not any("?" in one for one in asked)
    assert result.found, result
    assert sources(result) == {OfferSource.AUTOCONFIG}
    filled = with_servers(settings, result.chosen)
    assert filled.receive.account == settings.mail_address.partition("@")[0]
    assert filled.receive.host == "box.megane.example"


def test_without_the_users_word_nobody_is_asked(house: House):
    where = urls(DOMAIN)[0].removeprefix("https://")
    with https_server.serving(house.certificates.good, {where: CONFIG}) as (port, asked):
        hosts = {(f"autoconfig.{DOMAIN}", 443): port}
        result = house.search(house.settings(), hosts, may_ask=False)
        assert asked == []
    assert result.receive.state is SideState.NOTHING


def test_nothing_found(house: House):
    result = house.search(house.settings("nothing.example"), {})
    assert not result.found and result.chosen == ()
    assert result.provider is None


def test_a_hoster_by_its_incoming_server(house: House):
    settings = house.settings("hosted.example")
    with named_hosts.leading({}):
        looked_up = look_up(settings, house.client(), may_ask=True)
        assert looked_up.provider is not None and looked_up.provider.label == "ロリポップ!"
        assert looked_up.offers[0].host == "imap.lolipop.jp"
        looked_up = look_up(settings, house.client(), may_ask=False)
        assert looked_up.provider is None


def test_a_wrong_password_is_told_and_asked_twice_at_most(house: House):
    settings = house.settings()
    before = house.dovecot.log_file.read_text("utf-8")
    hosts = house.at("imap.megane.example", "mail.megane.example", "smtp.megane.example")
    result = house.search(settings, hosts, password="not-this-one")
    assert result.receive.state is SideState.REFUSED
    assert result.receive.trouble is not None
    assert "not-this-one" not in repr(result.receive.trouble.__dict__)
    assert result.send.state is SideState.NOT_TRIED, "what was refused is not tried on"

    def accounts() -> set[str]:
        said = house.dovecot.log_file.read_text("utf-8")[len(before) :]
        return {line.partition("user=<")[2].partition(">")[0] for line in said.splitlines()} - {""}

    until(lambda: len(accounts()) >= 2, "Dovecot writes of each when the line has ended")
    assert len(accounts()) == 2
    assert result.chosen[0].offer.host == "imap.megane.example"


def test_without_a_password_what_answers_is_seen_and_nothing_tried(house: House):
    result = house.search(house.settings(), house.at("mail.megane.example"), password="")
    assert {result.receive.state, result.send.state} == {SideState.NOT_TRIED}
    assert len(result.chosen) == 2


def test_only_the_receiving_server(house: House):
    result = house.search(house.settings(), house.at("imap.megane.example", smtp=False))
    assert result.receive.state is SideState.LOGGED_IN
    assert result.send.state is SideState.NOTHING
    assert not result.found


# ---- what lies ----


class Listener:
    """Takes every connection, does what it is told with it, and keeps what it was sent."""

    def __init__(self, act: Callable[[socket.socket], None]) -> None:
        self._act = act
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line = self._socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        try:
            with line:
                self._act(line)
        except OSError:
            pass

    def close(self) -> None:
        self._socket.close()


@contextmanager
def listening(act: Callable[[socket.socket], None]) -> Iterator[int]:
    listener = Listener(act)
    try:
        yield listener.port
    finally:
        listener.close()


def behind_tls(
    certificate: ServerCertificate, got: list[bytes], greeting: bytes
) -> Callable[[socket.socket], None]:
    """A server with this certificate, which notes every word."""

    def act(line: socket.socket) -> None:
        with certificate.context().wrap_socket(line, server_side=True) as tls:
            tls.sendall(greeting)
            while said := tls.recv(4096):
                got.append(said)
                tls.sendall(b"* OK\r\n")

    return act


@pytest.mark.parametrize("bad", ["wrong_name", "expired", "self_signed", "unknown_issuer"])
def test_no_password_for_a_certificate_that_does_not_hold(house: House, bad: str):
    got: list[bytes] = []
    act = behind_tls(getattr(house.certificates, bad), got, b"* OK ready\r\n")
    with listening(act) as port:
        hosts = {(f"{name}.{DOMAIN}", p): port for name in ("imap", "mail", "pop", "smtp")
                 for p in (993, 995, 465)}  # fmt: skip
        settings = house.settings()
        result = house.search(settings, hosts)
        assert not result.found
        assert result.receive.state is SideState.NOTHING
        # nor where somebody has trusted it for another purpose
        pinned = replace(
            settings,
            tls=replace(
                settings.tls,
                trusted_fingerprints=(getattr(house.certificates, bad).fingerprint,),
                allow_plaintext_password=True,
            ),
        )
        assert house.search(pinned, hosts).receive.state is SideState.NOTHING
    assert house.dovecot.password.encode() not in b"".join(got)


def test_no_password_in_clear_where_starttls_is_taken_away(house: House):
    """An SMTP server that offers AUTH and no STARTTLS, as somebody on the line would have it."""
    got: list[bytes] = []

    def act(line: socket.socket) -> None:
        line.sendall(b"220 smtp.srv.example ESMTP\r\n")
        while said := line.recv(4096):
            got.append(said)
            line.sendall(b"250-smtp\r\n250 AUTH PLAIN LOGIN\r\n")

    with listening(act) as port:
        hosts = house.at("imap.srv.example", smtp=False) | {("smtp.srv.example", 587): port}
        settings = house.settings("srv.example")
        result = house.search(settings, hosts)
    assert result.receive.state is SideState.LOGGED_IN
    assert result.send.state is SideState.NOTHING
    assert any(said.startswith(b"EHLO") for said in got)
    assert not any(b"AUTH" in said or house.dovecot.password.encode() in said for said in got)


def test_servers_that_keep_silent_take_only_the_time_that_is_given(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    assert server_search.LOOK_UP_SECONDS + server_search.TRY_SECONDS <= 30
    monkeypatch.setattr(server_search, "LOOK_UP_SECONDS", 2.0)
    monkeypatch.setattr(server_search, "TRY_SECONDS", 3.0)
    over = threading.Event()
    with ExitStack() as stack:
        stack.callback(over.set)
        port = stack.enter_context(listening(lambda line: over.wait(60) and None))
        dns = stack.enter_context(lying_dns.lying({}))
        settings = house.settings("shop.silent.example")
        names = ("imap", "mail", "pop", "smtp", "autoconfig")
        hosts = {
            (f"{name}.shop.silent.example", p): port
            for name in names
            for p in (443, 993, 995, 465, 587)
        }
        given: list[float] = []
        client = DnsClient(dns)
        ask = client.ask
        monkeypatch.setattr(
            client, "ask", lambda q, **named: given.append(named["within"]) or ask(q, **named)
        )
        with named_hosts.leading(hosts):
            looked_up = look_up(settings, client, may_ask=True)
            result = try_out(looked_up, settings, "x")
    assert given and max(given) <= 2.0
    assert result.receive.state is SideState.NOTHING


def test_it_stops_when_it_is_told(house: House):
    over = threading.Event()
    told: list[str] = []
    with ExitStack() as stack:
        stack.callback(over.set)
        port = stack.enter_context(listening(lambda line: over.wait(60) and None))
        hosts = {(f"mail.{DOMAIN}", 993): port}
        with named_hosts.leading(hosts):
            settings = house.settings()
            looked_up = look_up(settings, house.client(), may_ask=False, stopping=lambda: True)
            began = time.monotonic()
            result = try_out(
                looked_up, settings, "x", on_try=told.append, stopping=lambda: bool(told)
            )
            assert time.monotonic() - began < server_search.TRY_SECONDS
    assert result.chosen == ()


def test_a_login_that_never_ends_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_search, "_LOGIN_SECONDS", 1)
    over = threading.Event()

    def act(line: socket.socket) -> None:
        with house.certificates.good.context().wrap_socket(line, server_side=True) as tls:
            tls.sendall(b"* OK ready\r\n")
            over.wait(60)

    with ExitStack() as stack:
        stack.callback(over.set)
        port = stack.enter_context(listening(act))
        result = house.search(house.settings(), {("imap.megane.example", 993): port})
    assert result.receive.state is SideState.NOTHING
    assert result.receive.trouble is not None


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.05)


def flood(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"<a>" * 10_000)


def half(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(2 * len(CONFIG)))
    handler.end_headers()
    handler.wfile.write(CONFIG)


def garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xff" * 500)


def many_fields(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 100_000)


HOST = f"autoconfig.{DOMAIN}"
BAD_REPLIES = {
    "drip": drip,
    "flood": flood,
    "half": half,
    "garbage": garbage,
    "many_fields": many_fields,
    "to_http": https_server.redirect(f"http://{HOST}/config"),
    "to_file": https_server.redirect("file:///etc/passwd"),
    "to_port": https_server.redirect(f"https://{HOST}:8443/config"),
    "to_itself": https_server.redirect(f"https://{HOST}/to_itself"),
    "to_nonsense": https_server.redirect("https://[::1/x"),
    "to_bad_port": https_server.redirect(f"https://{HOST}:99999999/x"),
    "split": https_server.redirect(f"https://{HOST}/a%0d%0a b"),
}


@pytest.mark.parametrize("bad", BAD_REPLIES)
def test_a_web_server_that_misbehaves_gives_no_document(house: House, bad: str):
    trust = Trust(str(house.certificates.ca_file))
    documents = {f"{HOST}/{bad}": BAD_REPLIES[bad], f"{HOST}/good": CONFIG}
    with ExitStack() as stack:
        port, _ = stack.enter_context(https_server.serving(house.certificates.good, documents))
        stack.enter_context(named_hosts.leading({(HOST, 443): port}))

        def get(path: str, seconds: float) -> bytes | None:
            ends = time.monotonic() + seconds
            return https_document.fetch(
                f"https://{HOST}/{path}", trust, ends=ends, most=MOST_OCTETS
            )

        assert get(bad, 1.5) is None
        assert get("good", 30) == CONFIG


def test_a_web_server_with_another_name_is_not_believed(house: House):
    documents = {f"{HOST}/good": CONFIG}
    trust = Trust(str(house.certificates.ca_file))
    with https_server.serving(house.certificates.wrong_name, documents) as (port, asked):
        with named_hosts.leading({(HOST, 443): port}):
            url = f"https://{HOST}/good"
            ends = time.monotonic() + 30
            assert https_document.fetch(url, trust, ends=ends, most=MOST_OCTETS) is None
        assert asked == []


def test_a_redirection_within_https_is_followed(house: House):
    documents = {
        f"{HOST}/old": https_server.redirect(f"https://{DOMAIN}/new"),
        f"{DOMAIN}/new": CONFIG,
    }
    trust = Trust(str(house.certificates.ca_file))
    with ExitStack() as stack:
        port, _ = stack.enter_context(https_server.serving(house.certificates.good, documents))
        stack.enter_context(named_hosts.leading({(HOST, 443): port, (DOMAIN, 443): port}))
        url, ends = f"https://{HOST}/old", time.monotonic() + 30
        assert https_document.fetch(url, trust, ends=ends, most=MOST_OCTETS) == CONFIG
