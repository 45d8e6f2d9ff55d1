"""Windows asked about a certificate: its own way from it to an authority that it believes.

For that, Windows fetches what it has not yet: roots of its list of authorities, certificates that a
server forgot to send. (The package truststore asks as well, but hands no chain on that could be
checked once more, and looks at the verdict of the policy for TLS only, which lets a chain without
an end pass in Wine 8. Here the state of the chain itself counts.)
"""

from __future__ import annotations

import ctypes
import logging
import sys
from ctypes import POINTER, byref, c_char_p, c_ulong, c_void_p, sizeof

log = logging.getLogger(__name__)

_ENCODING = 0x00000001 | 0x00010000
"""X509_ASN_ENCODING and PKCS_7_ASN_ENCODING."""
_IN_MEMORY = 2
"""CERT_STORE_PROV_MEMORY."""
_USE_EXISTING = 2
_SERVER_AUTH = b"1.3.6.1.5.5.7.3.1"
_PATIENCE_MS = 15_000
"""For what Windows fetches."""


class _Certificate(ctypes.Structure):
    """CERT_CONTEXT."""

    _fields_ = (
        ("encoding", c_ulong),
        ("octets", c_void_p),
        ("length", c_ulong),
        ("info", c_void_p),
        ("store", c_void_p),
    )


class _Status(ctypes.Structure):
    """CERT_TRUST_STATUS."""

    _fields_ = (("errors", c_ulong), ("info", c_ulong))


class _Element(ctypes.Structure):
    """CERT_CHAIN_ELEMENT, its beginning."""

    _fields_ = (("size", c_ulong), ("certificate", POINTER(_Certificate)), ("status", _Status))


class _SimpleChain(ctypes.Structure):
    """CERT_SIMPLE_CHAIN, its beginning."""

    _fields_ = (
        ("size", c_ulong),
        ("status", _Status),
        ("count", c_ulong),
        ("elements", POINTER(POINTER(_Element))),
    )


class _Chain(ctypes.Structure):
    """CERT_CHAIN_CONTEXT, its beginning."""

    _fields_ = (
        ("size", c_ulong),
        ("status", _Status),
        ("count", c_ulong),
        ("chains", POINTER(POINTER(_SimpleChain))),
    )


class _EnhancedUsage(ctypes.Structure):
    """CERT_ENHKEY_USAGE."""

    _fields_ = (("count", c_ulong), ("names", POINTER(c_char_p)))


class _UsageMatch(ctypes.Structure):
    """CERT_USAGE_MATCH."""

    _fields_ = (("type", c_ulong), ("usage", _EnhancedUsage))


class _Parameters(ctypes.Structure):
    """CERT_CHAIN_PARA."""

    _fields_ = (
        ("size", c_ulong),
        ("usage", _UsageMatch),
        ("policy", _UsageMatch),
        ("patience_ms", c_ulong),
        ("fresh", c_ulong),
        ("fresh_seconds", c_ulong),
        ("resync", c_void_p),
        ("strong", c_void_p),
        ("strong_flags", c_ulong),
    )


if sys.platform == "win32":
    _crypt32 = ctypes.WinDLL("crypt32", use_last_error=True)
    for _function, _result, _arguments in (
        ("CertOpenStore", c_void_p, (c_void_p, c_ulong, c_void_p, c_ulong, c_void_p)),
        ("CertCloseStore", c_ulong, (c_void_p, c_ulong)),
        (
            "CertAddEncodedCertificateToStore",
            c_ulong,
            (c_void_p, c_ulong, c_char_p, c_ulong, c_ulong, c_void_p),
        ),
        ("CertCreateCertificateContext", c_void_p, (c_ulong, c_char_p, c_ulong)),
        ("CertFreeCertificateContext", c_ulong, (c_void_p,)),
        (
            "CertGetCertificateChain",
            c_ulong,
            (
                *(c_void_p, c_void_p, c_void_p, c_void_p),
                *(POINTER(_Parameters), c_ulong, c_void_p, POINTER(POINTER(_Chain))),
            ),
        ),
        ("CertFreeCertificateChain", None, (POINTER(_Chain),)),
    ):
        getattr(_crypt32, _function).restype = _result
        getattr(_crypt32, _function).argtypes = _arguments

    def chain(shown: tuple[bytes, ...]) -> tuple[bytes, ...] | None:
        """The certificates (DER) from the first of `shown`, the server's own, to an authority that
        Windows believes; None where there is no such way. May take some seconds.
        """
        store = _crypt32.CertOpenStore(_IN_MEMORY, 0, None, 0, None)
        own = _crypt32.CertCreateCertificateContext(_ENCODING, shown[0], len(shown[0]))
        try:
            if not store or not own:
                return None
            for der in shown[1:]:
                _crypt32.CertAddEncodedCertificateToStore(
                    store, _ENCODING, der, len(der), _USE_EXISTING, None
                )
            return _built(own, store)
        finally:
            if own:
                _crypt32.CertFreeCertificateContext(own)
            if store:
                _crypt32.CertCloseStore(store, 0)

    def _built(own: int, store: int) -> tuple[bytes, ...] | None:
        parameters = _Parameters(size=sizeof(_Parameters), patience_ms=_PATIENCE_MS)
        parameters.usage.usage.count = 1
        parameters.usage.usage.names = (c_char_p * 1)(_SERVER_AUTH)
        found = POINTER(_Chain)()
        if not _crypt32.CertGetCertificateChain(
            None, own, None, store, byref(parameters), 0, None, byref(found)
        ):
            log.debug("Windows builds no chain: error %s", ctypes.get_last_error())
            return None
        try:
            whole = found.contents
            if whole.status.errors or not whole.count:  # CERT_TRUST_NO_ERROR is 0
                log.debug("Windows does not believe the chain: %#x", whole.status.errors)
                return None
            simple = whole.chains[0].contents
            elements = (simple.elements[place].contents for place in range(simple.count))
            return tuple(
                ctypes.string_at(one.certificate.contents.octets, one.certificate.contents.length)
                for one in elements
            )
        finally:
            _crypt32.CertFreeCertificateChain(found)
