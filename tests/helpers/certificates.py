"""Certificates for the test servers: one that holds, and one for every way of not holding."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kollect.net.certificate import fingerprint


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate and its key on disk, as a server wants them."""

    cert_file: Path
    key_file: Path

    @property
    def der(self) -> bytes:
        pem = self.cert_file.read_text("ascii")
        end = "-----END CERTIFICATE-----"
        return ssl.PEM_cert_to_DER_cert(pem.partition(end)[0] + end)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.der)

    def context(self) -> ssl.SSLContext:
        """For a server of our own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context


@dataclass(frozen=True, slots=True)
class Certificates:
    ca_file: Path
    good: ServerCertificate
    """For localhost, 127.0.0.1 and ::1."""
    wrong_name: ServerCertificate
    """For mail.example.jp."""
    expired: ServerCertificate
    future: ServerCertificate
    """Not valid yet: what a clock that is late sees."""
    self_signed: ServerCertificate
    unknown_issuer: ServerCertificate


def make_certificates(folder: Path, *more: str) -> Certificates:
    """Issue them, as files in `folder`; the good one for some more names too."""
    import trustme  # its cryptography wants a Windows newer than Wine 8 is

    ours, theirs = trustme.CA(), trustme.CA()
    ca_file = folder / "ca.pem"
    ours.cert_pem.write_to_path(ca_file)

    def written(name: str, chain: bytes, key: bytes) -> ServerCertificate:
        files = ServerCertificate(folder / f"{name}.pem", folder / f"{name}.key")
        files.cert_file.write_bytes(chain)
        files.key_file.write_bytes(key)
        files.key_file.chmod(0o600)
        return files

    def issued(name: str, ca: trustme.CA, *names: str, **dates: datetime) -> ServerCertificate:
        leaf = ca.issue_cert(*names, **dates)
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        return written(name, chain, leaf.private_key_pem.bytes())

    past, far = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
    here = ("localhost", "127.0.0.1", "::1")
    return Certificates(
        ca_file=ca_file,
        good=issued("good", ours, *here, *more),
        wrong_name=issued("wrong_name", ours, "mail.example.jp"),
        expired=issued("expired", ours, *here, not_after=past),
        future=issued("future", ours, *here, not_before=far),
        self_signed=written("self_signed", theirs.cert_pem.bytes(), theirs.private_key_pem.bytes()),
        unknown_issuer=issued("unknown_issuer", theirs, *here),
    )


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))
