"""Whom this PC believes: its certificates, and on Windows the word of Windows itself.

Windows keeps only some of the authorities it believes; the others, and certificates that a server
forgot to send, it fetches when its own check asks for them. `truststore` makes that check, as it
does in pip; names, dates and strength are checked by OpenSSL all the same (see wire/trust.py).
"""

from __future__ import annotations

import logging
import socket
import ssl
import sys
from collections.abc import Callable

log = logging.getLogger(__name__)

STORES = ("CA", "ROOT")
"""The ones that Python reads too: intermediate authorities, and those at the root."""

Vouch = Callable[[socket.socket, str], bytes | None]


def believe_system(context: ssl.SSLContext) -> None:
    """Have `context` believe those whom this PC believes. Raises OSError where there are none.

    Windows' store is read one by one: `ssl` reads it in one go, and one certificate in it that
    OpenSSL cannot read (as some programs put there) would leave nobody to be believed.
    """
    context.set_default_verify_paths()
    if sys.platform == "win32":
        believe_stores(context, ssl.enum_certificates)


def believe_stores(
    context: ssl.SSLContext, read: Callable[[str], list[tuple[bytes, str, set[str] | bool]]]
) -> None:
    """What `believe_system` does on Windows; `read` gives the certificates of a store."""
    failure: OSError | None = None
    good = unreadable = 0
    for store in STORES:
        try:
            found = read(store)
        except OSError as error:
            log.warning("Windowsの証明書（%s）を読めませんでした: %s", store, error)
            failure = error
            continue
        for der, encoding, purposes in found:
            if encoding != "x509_asn":
                continue  # PKCS #7 packs hold no more than the other entries
            if purposes is not True and ssl.Purpose.SERVER_AUTH.oid not in (purposes or ()):
                continue
            try:
                context.load_verify_locations(cadata=der)
                good += 1
            except (ssl.SSLError, ValueError) as error:
                unreadable += 1
                log.debug("a certificate in %s cannot be read: %s", store, error)
    if unreadable:
        log.info("Windowsの証明書のうち%d個は読めないので、使いません。", unreadable)
    if not good and failure is not None:
        raise failure


def _windows_vouches(raw: socket.socket, host: str) -> bytes | None:
    """Ask Windows about the server on the line `raw`: its certificate (DER) where Windows finds a
    way from it to an authority it believes, else None. The line is used up. It may take Windows
    some seconds to fetch what is missing.
    """
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # whoever asks checks the name
    try:
        with raw, context.wrap_socket(raw, server_hostname=host) as tls:
            return tls.getpeercert(binary_form=True)
    except OSError as error:  # ssl.SSLError is one
        log.debug("Windows does not vouch for %s: %s", host, error)
        return None


vouches: Vouch | None = _windows_vouches if sys.platform == "win32" else None
"""None: this system knows no more than OpenSSL does."""
