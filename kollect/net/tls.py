"""Which servers are believed to be who they say they are: the TLS handshake and its check.

Certificates and host names are always checked, TLS is 1.2 at least. A pinned certificate is
accepted for what it is, whatever its name, date or issuer; nothing else ever weakens the check.
Where OpenSSL knows nobody who vouches for a certificate, the system is asked; what it answers, the
certificates up to an authority that it believes, OpenSSL checks as ever, with the server's name.
Knows nothing of what is spoken on the line.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from kollect.desktop import trust_store
from kollect.errors import ServerTrouble, Stage
from kollect.net.certificate import fingerprint
from kollect.net.certificate_errors import ASK_THE_SYSTEM, untrusted
from kollect.net.server_errors import Peer
from kollect.settings.model import Tls


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
# Those whose certificate holds by the word of the system only, with what believes that authority.
_vouched: dict[tuple[Peer, Trust], ssl.SSLContext] = {}


def tls_handshake(
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
        elif vouched := _vouched.get((peer, trust)):
            try:
                tls = _handshake(raw, peer, vouched)
                trace(Stage.CERTIFICATE)
                return tls
            except ssl.SSLCertVerificationError:  # a new one here too, or its time is over
                del _vouched[peer, trust]
                raw = again()
        tls = _handshake(raw, peer, checked)
    except ssl.SSLCertVerificationError as failure:
        trace(Stage.CERTIFICATE)
        return _good_all_the_same(peer, trust, again, failure)
    except (OSError, ValueError) as failure:
        raise peer.unencrypted(failure) from failure
    trace(Stage.CERTIFICATE)
    return tls


def _good_all_the_same(
    peer: Peer,
    trust: Trust,
    again: Callable[[], socket.socket],
    failure: ssl.SSLCertVerificationError,
) -> ssl.SSLSocket:
    """Look at the certificate that failed: a good line where it is pinned, or where the system
    vouches for it; else this raises.
    """
    shown: tuple[bytes, ...] = ()
    try:
        tls = _handshake(again(), peer, _unchecked())
        if _is_pinned(tls, trust):
            _pinned.add((peer, trust))
            return tls
        shown = _shown(tls)
        tls.close()
        ask = trust_store.chain if not trust.ca_file else None
        if ask is not None and shown and failure.verify_code in ASK_THE_SYSTEM:
            chain = ask(shown)
            if chain is not None:
                context = _believing(chain[1:])
                tls = _handshake(again(), peer, context)
                _vouched[peer, trust] = context
                return tls
    except ssl.SSLCertVerificationError as another:
        failure = another  # somebody vouches for it, and yet it does not hold
    except (OSError, ValueError, ServerTrouble):
        pass  # the line was lost: what is known by now is told
    raise untrusted(peer, failure, failure.verify_code, shown, datetime.now(UTC)) from failure


def _shown(tls: ssl.SSLSocket) -> tuple[bytes, ...]:
    """All the certificates that the server has shown, its own first."""
    own = tls.getpeercert(binary_form=True)
    try:
        if sys.version_info >= (3, 13):
            return tuple(tls.get_unverified_chain())
        # there since Python 3.10, public since 3.13
        chain = tls._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
        return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in chain)
    except (AttributeError, TypeError, ValueError):
        return (own,) if own else ()


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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificates and names
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    else:
        trust_store.believe_system(context)
    return context


def _believing(authorities: tuple[bytes, ...]) -> ssl.SSLContext:
    """What believes the one of them at the root, and knows those on the way to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for der in authorities:
        context.load_verify_locations(cadata=der)
    return context


@functools.cache
def _unchecked() -> ssl.SSLContext:
    """For looking at a certificate, and for pinned ones: the user compares the fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
