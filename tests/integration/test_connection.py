"""The line to a server: what it checks, how long it waits, and how its troubles are told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.errors import (
    CertificateTrouble,
    LineDropped,
    LineTimeout,
    ServerTrouble,
    Stage,
)
from kollect.net.certificate import fingerprint, read_certificate
from kollect.net.connection import RECEIVING_ROLE, SENDING_ROLE, Line, Trust
from kollect.net.server_errors import Peer
from kollect.settings.model import Tls
from kollect.threads.wake_event import WakeEvent
from tests.helpers.certificates import Certificates, ServerCertificate

Serve = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that does the given thing with every connection; returns its port."""
    listeners: list[socket.socket] = []

    def start(act: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def one(line: socket.socket) -> None:
            with contextlib.suppress(OSError), line:
                act(line)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    threading.Thread(target=one, args=(line,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def until_closed(line: socket.socket) -> None:
    while line.recv(65536):
        pass


def saying(*pieces: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    def act(line: socket.socket) -> None:
        for piece in pieces:
            line.sendall(piece)
            time.sleep(pause)
        until_closed(line)

    return act


def greeting_over_tls(certificate: ServerCertificate) -> Callable[[socket.socket], None]:
    context = certificate.context()

    def act(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as tls:
            tls.sendall(b"+OK ready\r\n")
            until_closed(tls)

    return act


def greeting_then_tls(certificate: ServerCertificate) -> Callable[[socket.socket], None]:
    context = certificate.context()

    def act(line: socket.socket) -> None:
        line.sendall(b"+OK clear\r\n")
        line.recv(100)
        line.sendall(b"+OK go ahead\r\n")
        with context.wrap_socket(line, server_side=True) as tls:
            tls.sendall(b"+OK ready\r\n")
            until_closed(tls)

    return act


def prelude(line: Line) -> None:
    assert line.readline() == b"+OK clear"
    line.send(b"STLS\r\n")
    assert line.readline() == b"+OK go ahead"


def opened(
    port: int,
    *,
    tls: bool = False,
    trust: Trust | None = None,
    timeout: float = 5,
    host: str = "localhost",
    role: str = RECEIVING_ROLE,
    steps: list[Stage] | None = None,
) -> Line:
    trace = steps.append if steps is not None else None
    return Line.open(
        role, host, port, timeout=timeout, tls=tls, trust=trust or Trust(), trace=trace
    )


def opened_both_ways(
    serve: Serve, certificate: ServerCertificate, trust: Trust, *, starttls: bool
) -> Line:
    if not starttls:
        return opened(serve(greeting_over_tls(certificate)), tls=True, trust=trust)
    line = opened(serve(greeting_then_tls(certificate)), trust=trust)
    prelude(line)
    line.start_tls(prelude=prelude)
    return line


# Certificates


both_ways = pytest.mark.parametrize("starttls", [False, True], ids=["tls", "starttls"])


@both_ways
def test_a_good_certificate_is_accepted(
    serve: Serve, certificates: Certificates, starttls: bool
) -> None:
    trust = Trust(str(certificates.ca_file))
    line = opened_both_ways(serve, certificates.good, trust, starttls=starttls)
    assert line.encrypted
    assert line.readline() == b"+OK ready"
    line.close()


@both_ways
@pytest.mark.parametrize(
    ("name", "title", "happened", "cure"),
    [
        ("wrong_name", "名前が違います", "mail.example.jp", "この証明書を信頼する"),
        ("expired", "期限が切れています", "2020-01-01", "日付と時刻"),
        ("future", "時計が遅れている", "まだ有効な期間になっていません", "日付と時刻"),
        ("self_signed", "確認できません", "自分で作ったもの", "この証明書を信頼する"),
        ("unknown_issuer", "確認できません", "知らない発行元", "この証明書を信頼する"),
    ],
)
def test_a_bad_certificate_is_shown_and_can_be_pinned(
    serve: Serve,
    certificates: Certificates,
    name: str,
    title: str,
    happened: str,
    cure: str,
    starttls: bool,
) -> None:
    certificate: ServerCertificate = getattr(certificates, name)
    ca_file = str(certificates.ca_file)
    with pytest.raises(CertificateTrouble) as caught:
        opened_both_ways(serve, certificate, Trust(ca_file), starttls=starttls)
    trouble = caught.value
    assert title in trouble.title
    assert happened in trouble.happened
    assert cure in trouble.cure
    assert "CERTIFICATE_VERIFY_FAILED" in trouble.detail
    assert trouble.certificate is not None
    assert trouble.certificate.fingerprint == certificate.fingerprint

    pinned = Trust.of(Tls(ca_file=ca_file, trusted_fingerprints=(certificate.fingerprint,)))
    line = opened_both_ways(serve, certificate, pinned, starttls=starttls)
    assert line.encrypted
    assert line.readline() == b"+OK ready"
    line.close()


@both_ways
def test_a_pin_is_for_one_certificate_only(
    serve: Serve, certificates: Certificates, starttls: bool
) -> None:
    trust = Trust(str(certificates.ca_file), (certificates.expired.fingerprint,))
    line = opened_both_ways(serve, certificates.good, trust, starttls=starttls)
    assert line.readline() == b"+OK ready"
    with pytest.raises(CertificateTrouble):
        opened_both_ways(serve, certificates.wrong_name, trust, starttls=starttls)


@both_ways
def test_a_pinned_server_may_change_its_certificate_for_a_good_one_only(
    serve: Serve, certificates: Certificates, starttls: bool
) -> None:
    now = [certificates.self_signed]
    wait = greeting_then_tls if starttls else greeting_over_tls
    port = serve(lambda line: wait(now[0])(line))
    trust = Trust(str(certificates.ca_file), (certificates.self_signed.fingerprint,))

    def greeting() -> bytes:
        line = opened(port, tls=not starttls, trust=trust)
        if starttls:
            prelude(line)
            line.start_tls(prelude=prelude)
        try:
            return line.readline()
        finally:
            line.close()

    assert greeting() == greeting() == b"+OK ready"
    now[0] = certificates.unknown_issuer
    with pytest.raises(CertificateTrouble):
        greeting()
    now[0] = certificates.self_signed
    assert greeting() == b"+OK ready"
    now[0] = certificates.good
    assert greeting() == greeting() == b"+OK ready"


def test_pins_are_read_as_people_write_them(certificates: Certificates) -> None:
    hexadecimal = certificates.good.fingerprint
    written = ":".join(hexadecimal[i : i + 2] for i in range(0, 64, 2)).upper()
    assert Trust.of(Tls(trusted_fingerprints=(written,))).fingerprints == (hexadecimal,)


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST", "localhost."])
def test_addresses_and_spellings_of_a_name(
    serve: Serve, certificates: Certificates, host: str
) -> None:
    port = serve(greeting_over_tls(certificates.good))
    line = opened(port, tls=True, trust=Trust(str(certificates.ca_file)), host=host)
    assert line.readline() == b"+OK ready"


def test_a_changed_ca_file_counts_at_once(
    serve: Serve, certificates: Certificates, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(certificates.self_signed.cert_file.read_bytes())
    port = serve(greeting_over_tls(certificates.good))
    with pytest.raises(CertificateTrouble):
        opened(port, tls=True, trust=Trust(str(ca_file)))
    time.sleep(0.01)
    ca_file.write_bytes(certificates.ca_file.read_bytes())
    assert opened(port, tls=True, trust=Trust(str(ca_file))).encrypted


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_broken_ca_file_is_named(
    serve: Serve, certificates: Certificates, tmp_path: Path, content: bytes | None
) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_bytes(content)
    port = serve(greeting_over_tls(certificates.good))
    with pytest.raises(ServerTrouble, match=r"ca\.pem") as caught:
        opened(port, tls=True, trust=Trust(str(ca_file)))
    assert caught.value.stage is Stage.CERTIFICATE


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(serve: Serve, certificates: Certificates) -> None:
    context = certificates.good.context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1

    def act(line: socket.socket) -> None:
        context.wrap_socket(line, server_side=True)

    with pytest.raises(ServerTrouble, match="古く") as caught:
        opened(serve(act), tls=True, trust=Trust(str(certificates.ca_file)))
    assert caught.value.stage is Stage.ENCRYPT


def test_the_certificate_is_read_as_openssl_reads_it(certificates: Certificates) -> None:
    shown = read_certificate(certificates.good.der)
    assert shown.fingerprint == fingerprint(certificates.good.der)
    assert shown.names == ("localhost", "127.0.0.1", "::1")
    assert "Testing cert" in shown.subject
    assert "Testing CA" in shown.issuer
    assert read_certificate(certificates.expired.der).not_after == "2020-01-01 00:00 UTC"


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_certificate_is_read_without_an_exception(
    certificates: Certificates, data: st.DataObject
) -> None:
    der = bytearray(certificates.good.der)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    del der[data.draw(st.integers(0, len(der))) :]
    assert read_certificate(bytes(der)).fingerprint == fingerprint(bytes(der))


# Encryption and ports that do not fit


def test_tls_spoken_to_a_plain_port(serve: Serve) -> None:
    port = serve(saying(b"+OK ready\r\n"))
    with pytest.raises(ServerTrouble, match="STARTTLS") as caught:
        opened(port, tls=True)
    assert caught.value.stage is Stage.ENCRYPT
    with pytest.raises(ServerTrouble, match="465"):
        opened(port, tls=True, role=SENDING_ROLE)


def test_clear_text_spoken_to_a_tls_port(serve: Serve, certificates: Certificates) -> None:
    line = opened(serve(greeting_over_tls(certificates.good)), timeout=0.2)
    with pytest.raises(LineTimeout, match="暗号化の設定"):
        line.readline()
    usual = Peer(RECEIVING_ROLE, "pop.example.jp", 995)
    assert "「SSL」" in usual.timeout_error(Stage.LOGIN, None, heard=False).cure
    usual = Peer(SENDING_ROLE, "smtp.example.jp", 465)
    assert "「する(SSL認証)」" in usual.dropped_error(Stage.LOGIN, None, heard=False).cure


def test_a_tls_alert_in_clear_names_the_cure(serve: Serve) -> None:
    def act(line: socket.socket) -> None:
        line.sendall(b"\x15\x03\x01\x00\x02\x02\x46")

    with pytest.raises(LineDropped, match="「SSL」"):
        opened(serve(act)).readline()


def test_bytes_in_clear_before_the_handshake_are_an_attack(
    serve: Serve, certificates: Certificates
) -> None:
    port = serve(saying(b"+OK clear\r\n+OK go ahead\r\n+OK logged in\r\n"))
    line = opened(port, trust=Trust(str(certificates.ca_file)))
    assert line.readline() == b"+OK clear"
    line.send(b"STLS\r\n")
    assert line.readline() == b"+OK go ahead"
    with pytest.raises(ServerTrouble, match="割り込") as caught:
        line.start_tls(prelude=prelude)
    assert caught.value.stage is Stage.ENCRYPT
    assert not line.encrypted


@pytest.mark.parametrize("tls", [False, True])
def test_the_steps_in_their_order(serve: Serve, certificates: Certificates, tls: bool) -> None:
    act = greeting_over_tls(certificates.good) if tls else saying(b"+OK\r\n")
    steps: list[Stage] = []
    opened(serve(act), tls=tls, trust=Trust(str(certificates.ca_file)), steps=steps)
    every = [Stage.LOOKUP, Stage.CONNECT, Stage.ENCRYPT, Stage.CERTIFICATE]
    assert steps == (every if tls else every[:2])


def test_the_step_that_failed_is_the_last_one_told(
    serve: Serve, certificates: Certificates
) -> None:
    steps: list[Stage] = []
    port = serve(greeting_over_tls(certificates.expired))
    with pytest.raises(CertificateTrouble):
        opened(port, tls=True, trust=Trust(str(certificates.ca_file)), steps=steps)
    assert steps == [Stage.LOOKUP, Stage.CONNECT, Stage.ENCRYPT, Stage.CERTIFICATE]


# Getting there


@pytest.mark.parametrize("host", ["no-such-host.invalid", "", "a..b", "x" * 70, "a b", ".", "\0"])
def test_a_name_that_leads_nowhere(host: str) -> None:
    with pytest.raises(ServerTrouble) as caught:
        opened(110, host=host)
    assert caught.value.stage is Stage.LOOKUP


def test_no_network_is_told_from_a_wrong_name() -> None:
    peer = Peer(RECEIVING_ROLE, "pop.example.jp", 995)
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert "打ち間違い" in peer.unknown_name(unknown, offline=False).cure
    assert "インターネット" in peer.unknown_name(unknown, offline=True).title
    later = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert "インターネット" in peer.unknown_name(later, offline=False).title


def test_a_name_in_japanese_is_looked_up_as_the_network_knows_it() -> None:
    assert Peer(RECEIVING_ROLE, "例え.テスト", 995).ascii_host == "xn--r8jz45g.xn--zckzah"


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ServerTrouble, match="受け付けませんでした") as caught:
        opened(port)
    assert caught.value.stage is Stage.CONNECT


def test_silence_on_port_25_names_587() -> None:
    silence = TimeoutError("timed out")
    assert "587" in Peer(SENDING_ROLE, "smtp.example.jp", 25).unconnected(silence).cure
    assert "587" not in Peer(SENDING_ROLE, "smtp.example.jp", 465).unconnected(silence).cure
    assert isinstance(Peer(RECEIVING_ROLE, "h", 110).unconnected(silence), LineTimeout)


@pytest.mark.parametrize(
    ("number", "words"),
    [(101, "道がありません"), (113, "道がありません"), (13, "セキュリティソフト")],
)
def test_other_ways_of_not_getting_there(number: int, words: str) -> None:
    trouble = Peer(RECEIVING_ROLE, "h", 110).unconnected(OSError(number, "x"))
    assert words in str(trouble)


def test_an_address_that_is_silent_does_not_use_up_the_time_of_the_next(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPv6 that leads nowhere before an IPv4 that works."""
    port = serve(saying(b"+OK\r\n"))
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = []
    with full:
        for _ in range(3):  # a listener whose queue is full drops what comes: silence
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(full.getsockname())
            fillers.append(filler)
        time.sleep(0.05)
        addresses = [full.getsockname(), ("127.0.0.1", port)]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        line = opened(port, timeout=1)
        assert line.readline() == b"+OK"
    for filler in fillers:
        filler.close()


def test_loopback_is_known_by_its_address(serve: Serve) -> None:
    line = opened(serve(saying(b"+OK\r\n")))
    assert line.loopback
    line.close()
    assert not line.loopback


# Reading


def test_lines_end_by_crlf_or_lf(serve: Serve) -> None:
    line = opened(serve(saying(b"one\r\ntwo\n\r\n\nf", b"ive\r", b"\nsix\rstill\r\n", pause=0.02)))
    assert [line.readline() for _ in range(6)] == [b"one", b"two", b"", b"", b"five", b"six\rstill"]


@pytest.mark.parametrize("length", [9, 10, 11, 12, 5000, 200_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_rest_of_a_long_line_is_dropped(serve: Serve, length: int, end: bytes) -> None:
    line = opened(serve(saying(b"x" * length + end + b"next\r\n")))
    assert line.readline(limit=10) == b"x" * min(length, 10)
    assert line.readline(limit=10) == b"next"


@given(
    whole=st.text("ab\r\n", max_size=60).map(str.encode),
    chunk=st.integers(1, 7),
    limit=st.integers(1, 10),
)
@settings(max_examples=200, deadline=None)
def test_readline_does_not_depend_on_the_pieces(whole: bytes, chunk: int, limit: int) -> None:
    whole += b"\nend\r\n"
    expected = [part[:limit] for part in whole.split(b"\n")[:-1]]
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.MonkeyPatch.context() as patched:
        patched.setattr("kollect.net.connection._CHUNK", chunk)
        theirs.sendall(whole)
        line = Line(ours, Peer(RECEIVING_ROLE, "h", 1), Trust(), timeout=5)
        found = [line.readline(limit) for _ in expected]
    # a CR that stands at the limit of a longer line is not told from half of a line's end
    assert [one.rstrip(b"\r") for one in found] == [one.rstrip(b"\r") for one in expected]


def test_read_some_gives_what_there_is(serve: Serve) -> None:
    line = opened(serve(saying(b"one\r\ntwo and more")))
    assert line.readline() == b"one"
    assert line.has_buffered()
    assert line.read_some(3) == b"two"
    line.unread(b"TWO")
    assert line.read_some() == b"TWO and more"
    assert not line.has_buffered()


@pytest.mark.parametrize("words", ["for S3cret-pw!", "for S3cret-pw! " * 20])
def test_what_was_shown_before_is_looked_at_again_once_there_is_a_secret(words: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Line(ours, Peer(RECEIVING_ROLE, "h", 1), Trust(), timeout=5)
        assert line.shown("250 2.1.0 Ok") == line.shown("250 2.1.0 Ok") == "250 2.1.0 Ok"
        assert "S3cret-pw!" in line.shown(words)
        line.hide_login("shop", "S3cret-pw!")
        assert "S3cret-pw!" not in line.shown(words)
        digest = "9f86d081884c7d659a2feaa0c55ad015"
        assert digest in line.shown(f"you said {digest}")
        line.hide_digest(digest)
        assert digest not in line.shown(f"you said {digest}")


@pytest.mark.parametrize("tls", [False, True])
def test_wait_readable(serve: Serve, certificates: Certificates, tls: bool) -> None:
    """TLS 1.3 sends tickets of its own after the handshake: they are not something to read."""
    say = threading.Event()
    context = certificates.good.context()

    def act(line: socket.socket) -> None:
        if tls:
            line = context.wrap_socket(line, server_side=True)
        line.recv(100)
        say.wait(5)
        line.sendall(b"hello\r\n")
        line.recv(100)
        line.close()

    line = opened(serve(act), tls=tls, trust=Trust(str(certificates.ca_file)))
    line.send(b"go\r\n")
    assert not line.wait_readable(0.1)
    say.set()
    assert line.wait_readable(5)
    assert line.wait_readable(0)
    assert line.readline() == b"hello"
    line.send(b"bye\r\n")
    assert line.wait_readable(5)
    with pytest.raises(LineDropped):
        line.readline()


@pytest.mark.parametrize("tls", [False, True])
def test_wait_line(serve: Serve, certificates: Certificates, tls: bool) -> None:
    """Half a line is not one; whoever wakes us ends the wait; the end of the line does so too."""
    goes_on = threading.Event()
    context = certificates.good.context()

    def act(line: socket.socket) -> None:
        if tls:
            line = context.wrap_socket(line, server_side=True)
        line.recv(100)
        line.sendall(b"one\r\ntwo\r\nthr")
        goes_on.wait(30)
        line.sendall(b"ee\r\n")
        line.close()

    wake = WakeEvent()
    line = opened(serve(act), tls=tls, trust=Trust(str(certificates.ca_file)))
    line.keep_alive()
    line.send(b"go\r\n")
    assert line.wait_line(30, wake)
    assert (line.readline(), line.readline()) == (b"one", b"two")
    wake.set()
    assert not line.wait_line(30, wake)
    wake.quiet()
    assert not line.wait_line(0.1, wake)
    goes_on.set()
    assert line.wait_line(30, wake)
    assert line.readline() == b"three"
    assert line.wait_line(30, wake), "it is over"
    with pytest.raises(LineDropped):
        line.readline()
    wake.close()


def test_a_quiet_line_is_asked_once_a_minute(serve: Serve) -> None:
    line = opened(serve(saying(b"hello\r\n")))
    line.keep_alive()
    sock = line._sock
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 10


# Losing it


@pytest.mark.parametrize("read", [Line.readline, Line.read_some], ids=["line", "some"])
def test_silence_ends_in_a_time_out(serve: Serve, read: Callable[[Line], bytes]) -> None:
    line = opened(serve(saying()), timeout=0.2)
    line.stage = Stage.MAILBOX
    began = time.monotonic()
    with pytest.raises(LineTimeout) as caught:
        read(line)
    assert 0.15 < time.monotonic() - began < 30
    assert caught.value.stage is Stage.MAILBOX


def test_a_line_that_trickles_in_ends_in_a_time_out(serve: Serve) -> None:
    line = opened(serve(saying(*[b"x"] * 1000, pause=0.05)), timeout=0.5)
    began = time.monotonic()
    with pytest.raises(LineTimeout):
        line.readline()
    assert time.monotonic() - began < 25  # half of what the server would take


def test_a_server_that_does_not_read_ends_in_a_time_out(serve: Serve) -> None:
    enough = threading.Event()
    line = opened(serve(lambda _: enough.wait(5)), timeout=0.3)
    with pytest.raises(LineTimeout):
        line.send(b"x" * 20_000_000)
    enough.set()


def test_the_time_allowed_can_be_changed(serve: Serve) -> None:
    line = opened(serve(saying()), timeout=30)
    line.settimeout(0.1)
    with pytest.raises(LineTimeout):
        line.readline()


def test_a_server_that_goes_away(serve: Serve) -> None:
    def act(line: socket.socket) -> None:
        line.sendall(b"+OK\r\nhalf a li")

    line = opened(serve(act))
    assert line.readline() == b"+OK"
    for _ in range(2):
        with pytest.raises(LineDropped):
            line.readline()
    assert line.read_some() == b"half a li"


def test_after_abort_everything_says_that_the_line_is_lost(serve: Serve) -> None:
    line = opened(serve(saying(b"+OK\r\n")))
    line.abort()
    line.abort()
    line.close()
    with pytest.raises(LineDropped):
        line.send(b"QUIT\r\n")
    with pytest.raises(LineDropped):
        line.readline()
    assert line.wait_readable(0)


def test_a_handshake_that_is_never_answered_ends(serve: Serve) -> None:
    began = time.monotonic()
    with pytest.raises(LineTimeout):
        opened(serve(until_closed), tls=True, timeout=0.3)
    assert time.monotonic() - began < 30
