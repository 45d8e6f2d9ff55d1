"""Windows' own certificates, and what Windows fetches when it is asked."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kollect.settings import ini_file
from kollect.settings.model import Auth, Receive, Security, Send, Settings
from tests.exe.wine import Stick, windows_path
from tests.helpers.certificates import ServerCertificate
from tests.servers.authorities import Issued, Wanted, issue, tls_server

SECRETS = {"KOLLECT_RECEIVE_PASSWORD": "x", "KOLLECT_SEND_PASSWORD": "x"}


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue(Wanted("Fetched Root", authority=True, bits=2048))


@pytest.fixture(scope="module")
def middle(root: Issued) -> Issued:
    return issue(Wanted("Fetched Middle", authority=True, bits=2048), root)


@pytest.fixture(scope="module")
def place(middle: Issued) -> Iterator[str]:
    """Where the certificate in the middle is to be had."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/pkix-cert")
            self.send_header("Content-Length", str(len(middle.der)))
            self.end_headers()
            self.wfile.write(middle.der)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/middle.crt"
        server.shutdown()


def trouble(stick: Stick, certificate: ServerCertificate) -> str:
    """Why the poll fails: of itself the server says nothing but its greeting."""
    with tls_server(lambda: certificate) as port:
        receive = Receive(
            host="localhost", port=port, security=Security.SSL, account="x", timeout_seconds=5
        )
        send = Send("localhost", port=1, auth=Auth.NO)
        settings = Settings(mail_address="shop@shop.example", receive=receive, send=send)
        ini_file.save(stick.folder / "kollect.ini", settings)
        ran = stick.run("collect", "--once", "--json", **SECRETS)
    assert ran.code == 4, ran
    return json.loads(ran.out)["error"]["title"]


def test_a_certificate_that_is_not_sent_along_is_fetched(
    stick: Stick, root: Issued, middle: Issued, place: str, tmp_path: Path
):
    good = issue(Wanted("mail", bits=2048, issuer_at=place), middle).serving(tmp_path)
    assert "証明書がそろっていません" in trouble(stick, good), "its root is not believed yet"
    (tmp_path / "root.pem").write_bytes(root.pem)
    stick.pc.inside("trust", windows_path(tmp_path / "root.pem"))
    assert "証明書" not in trouble(stick, good)
    elsewhere = Wanted("other", bits=2048, issuer_at=place, hosts=("mail.example.jp",))
    assert "名前が違います" in trouble(stick, issue(elsewhere, middle).serving(tmp_path))
    stranger = issue(Wanted("A Stranger", authority=True, bits=2048))
    strange = issue(Wanted("strange", bits=2048), stranger).serving(tmp_path)
    assert "証明書を確認できません" in trouble(stick, strange)
