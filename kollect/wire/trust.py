"""Which servers are believed to be who they say they are: the TLS handshake and its check.

Certificates and host names are always checked, TLS is 1.2 at least. A pinned certificate is
accepted for what it is, whatever its name, date or issuer; nothing else ever weakens the check.
Knows nothing of what is spoken on the line.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from kollect.errors import ServerTrouble, Stage
from kollect.settings.model import Tls
from kollect.wire.certificate import fingerprint, read_certificate
from kollect.wire.peer import Peer


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe: the authorities of one file (empty: the system's), and pins."""

    ca_file: str = ""
    fingerprints: tuple[str, ...] = ()
    """SHA-256 of the DER form, 64 lower-case hexadecimal digits each."""

    @classmethod
    def of(cls, tls: Tls) -> Trust:
        """The part of the settings that a handshake needs."""
        return cls(tls.ca_file, tuple(_bare(text) for text in tls.trusted_fingerprints))


def _bare(text: str) -> str:
    return text.replace(":", "").strip().lower()


# Servers whose certificate holds by its fingerprint only: the next handshake looks for that first.
# (Resuming TLS sessions was tried as well: with TLS 1.3 it saved no round trip and no CPU time.)
_pinned: set[tuple[Peer, Trust]] = set()


def shake_hands(
    raw: socket.socket,
    peer: Peer,
    trust: Trust,
    *,
    again: Callable[[], socket.socket],
    trace: Callable[[Stage], None],
) -> ssl.SSLSocket:
    """Encrypt the line `raw` with a server that proves who it is; on any trouble it is closed.

    `again` opens a fresh line to the same server, brought to the same point: a failed check uses
    one up. Raises CertificateTrouble, or ServerTrouble where TLS itself does not come about.
    """
    trace(Stage.ENCRYPT)
    try:
        checked = _checked(peer, trust.ca_file)
    except ServerTrouble:
        raw.close()
        raise
    try:
        if (peer, trust) in _pinned:
            tls = _handshake(raw, peer, _unchecked())
            if _is_pinned(tls, trust):
                trace(Stage.CERTIFICATE)
                return tls
            tls.close()
            # The server has a new certificate: it may be one that needs no pin.
            _pinned.discard((peer, trust))
            raw = again()
        tls = _handshake(raw, peer, checked)
    except ssl.SSLCertVerificationError as failure:
        trace(Stage.CERTIFICATE)
        return _pinned_or_trouble(peer, trust, again, failure)
    except (OSError, ValueError) as failure:
        raise peer.unencrypted(failure) from failure
    trace(Stage.CERTIFICATE)
    return tls


def _pinned_or_trouble(
    peer: Peer,
    trust: Trust,
    again: Callable[[], socket.socket],
    failure: ssl.SSLCertVerificationError,
) -> ssl.SSLSocket:
    """Look at the certificate that failed: a good line where it is pinned, else this raises."""
    try:
        tls = _handshake(again(), peer, _unchecked())
    except (OSError, ValueError, ServerTrouble):
        raise peer.untrusted(failure, None) from failure
    if _is_pinned(tls, trust):
        _pinned.add((peer, trust))
        return tls
    presented = tls.getpeercert(binary_form=True)
    tls.close()
    certificate = read_certificate(presented) if presented else None
    raise peer.untrusted(failure, certificate) from failure


def _is_pinned(tls: ssl.SSLSocket, trust: Trust) -> bool:
    presented = tls.getpeercert(binary_form=True)
    return presented is not None and fingerprint(presented) in trust.fingerprints


def _handshake(raw: socket.socket, peer: Peer, context: ssl.SSLContext) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(raw, server_hostname=peer.ascii_host)
    except BaseException:
        raw.close()
        raise


def authorities_fault(ca_file: str) -> str | None:
    """What keeps a file from telling whom to believe, as a sentence; None where it can be used."""
    try:
        _context_now(ca_file)
    except ssl.SSLError:
        return "PEM形式の証明書（「-----BEGIN CERTIFICATE-----」で始まる）を指定してください。"
    except (OSError, ValueError) as failure:
        missing = isinstance(failure, FileNotFoundError | NotADirectoryError)
        why = "ファイルがありません。" if missing else "ファイルを読めません。"
        return f"{why}正しい場所を書くか、空にしてください。"
    return None


def _checked(peer: Peer, ca_file: str) -> ssl.SSLContext:
    try:
        return _context_now(ca_file)
    except (OSError, ValueError) as failure:
        raise peer.no_authorities(ca_file, failure) from failure


def _context_now(ca_file: str) -> ssl.SSLContext:
    """The context for this file as it is now: kept, because making one takes 20 ms."""
    return _context(ca_file, os.stat(ca_file).st_mtime_ns if ca_file else 0)


@functools.lru_cache(maxsize=8)
def _context(ca_file: str, changed: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@functools.cache
def _unchecked() -> ssl.SSLContext:
    """For looking at a certificate, and for pinned ones: the user compares the fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
