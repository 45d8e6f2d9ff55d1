"""Authorities of every kind, good and bad, the certificates that they issue, servers with them."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.helpers.certificates import ServerCertificate

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to stand in a certificate."""

    name: str
    begins: datetime = NOW - DAY
    ends: datetime = NOW + 30 * DAY
    bits: int = 0
    """Of an RSA key; 0: a P-256 key."""
    authority: bool = False
    purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH
    issuer_at: str = ""
    """The URL where the issuer's certificate is to be had."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def serving(self, folder: Path, *sent_along: Issued) -> ServerCertificate:
        """As files for a server, which sends the others along."""
        name = x509.Name(self.certificate.subject).rfc4514_string().replace("=", "-")
        files = ServerCertificate(folder / f"{name}.pem", folder / f"{name}.key")
        files.cert_file.write_bytes(b"".join(one.pem for one in (self, *sent_along)))
        files.key_file.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        return files


def _new_key(wanted: Wanted) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=wanted.bits)
        if wanted.bits
        else ec.generate_private_key(ec.SECP256R1())
    )


def issue(wanted: Wanted, issuer: Issued | None = None, same_key: Issued | None = None) -> Issued:
    """A certificate as it is wanted, signed by `issuer`, or by itself; with the key of another one
    where that is given.
    """
    key = same_key.key if same_key else _new_key(wanted)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wanted.begins)
        .not_valid_after(wanted.ends)
        .add_extension(x509.BasicConstraints(wanted.authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(identifier, False)
    if not wanted.authority:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(host) for host in wanted.hosts]), False
        )
        if wanted.purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([wanted.purpose]), False)
    if wanted.issuer_at:
        place = x509.UniformResourceIdentifier(wanted.issuer_at)
        told = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([told]), False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@contextlib.contextmanager
def tls_server(now: Callable[[], ServerCertificate]) -> Iterator[int]:
    """Greets over TLS with the certificate that `now` gives; yields its port."""

    def serve(line: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # also with a certificate too weak for a client
        context.load_cert_chain(now().cert_file, now().key_file)
        with (
            contextlib.suppress(OSError),
            line,
            context.wrap_socket(line, server_side=True) as tls,
        ):
            tls.sendall(b"+OK ready\r\n")
            while tls.recv(1000):
                pass

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
