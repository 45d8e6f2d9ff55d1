"""A real HTTPS server on loopback, which hands out the documents of a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.helpers.certificates import ServerCertificate

Reply = bytes | Callable[[BaseHTTPRequestHandler], None]
"""A document, or what is done instead of handing one out."""


@contextmanager
def serving(
    certificate: ServerCertificate, documents: Mapping[str, Reply]
) -> Iterator[tuple[int, list[str]]]:
    """Its port, and what was asked for: host and path together."""

    class Handler(BaseHTTPRequestHandler):
        asked: ClassVar[list[str]] = []
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            where = f"{self.headers.get('Host', '')}{self.path}"
            self.asked.append(where)
            reply = documents.get(where)
            if callable(reply):
                reply(self)
                return
            self.send_response(404 if reply is None else 200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(reply or b"")))
            self.end_headers()
            self.wfile.write(reply or b"")

        def log_message(self, *args: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    server.socket = certificate.context().wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1], Handler.asked
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what some tests are about."""


def redirect(url: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", url)
        handler.end_headers()

    return reply
