"""Whom this PC believes: its certificates, and on Windows the word of Windows itself.

Windows keeps only some of the authorities it believes; the others, and certificates that a server
forgot to send, it fetches when it is asked itself.
"""

from __future__ import annotations

import logging
import ssl
import sys
from collections.abc import Callable

log = logging.getLogger(__name__)

STORES = ("CA", "ROOT")
"""The ones that Python reads too: intermediate authorities, and those at the root."""


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


chain: Callable[[tuple[bytes, ...]], tuple[bytes, ...] | None] | None = None
"""Ask the system about the certificates (DER) that a server has shown, its own first: all that lead
from it to an authority that the system believes, or None. May take seconds. Is None where the
system knows no more than OpenSSL does.
"""
if sys.platform == "win32":
    from kollect.desktop import windows_chain

    chain = windows_chain.chain
