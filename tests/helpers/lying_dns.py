"""A DNS server on loopback that misbehaves on purpose, as each of its domains says (by dnslib)."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dnslib import QTYPE, RCODE, RR, TXT, A, DNSRecord

TXT_ROOM = 255


class _Lies:
    """What to answer. The label right of the last but one dot says how: `servfail.example`."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.asked: list[tuple[str, str, bool]] = []

    def answer(self, octets: bytes, *, tcp: bool) -> bytes | None:
        """None: nothing is sent."""
        question = DNSRecord.parse(octets)
        name = str(question.q.qname).rstrip(".").lower()
        kind = QTYPE[question.q.qtype]
        self.asked.append((name, kind, tcp))
        reply = question.reply()
        how = next((one for one in reversed(name.split(".")) if one in _WAYS), "")
        match how:
            case "silent":
                return None
            case "servfail" | "refused":
                reply.header.rcode = getattr(RCODE, how.upper())
                return bytes(reply.pack())
            case "garbage":
                return octets[:2] + b"\xff" * 40
            case "otherid":
                reply.header.id = (question.header.id + 1) % 65536
                return bytes(reply.pack())
            case "cut" if not tcp:
                return bytes(reply.pack()[: len(reply.pack()) - 3])
            case "halfsilent" if kind == "TXT":
                return None
            case "truncated" | "truncatedforever" if not tcp:
                reply.header.tc = 1
                return bytes(reply.pack())
            case "truncatedforever":
                return None
        if kind == "A":
            reply.add_answer(RR(name, QTYPE.A, rdata=A("192.0.2.1"), ttl=60))
        if kind == "TXT" and name in self.texts:
            text = self.texts[name].encode()
            pieces = [text[at : at + TXT_ROOM] for at in range(0, len(text), TXT_ROOM)]
            reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT(pieces), ttl=60))
        return bytes(reply.pack())


_WAYS = {
    *("silent", "servfail", "refused", "garbage", "otherid", "cut", "halfsilent"),
    *("truncated", "truncatedforever"),
}


@contextmanager
def lying(texts: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Its address and port. `texts`: TXT records by name; every name has an address, no MX."""
    lies = _Lies(texts)

    class OverUdp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            octets, sock = self.request
            if (answer := lies.answer(octets, tcp=False)) is not None:
                sock.sendto(answer, self.client_address)

    class OverTcp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            answer = lies.answer(self.rfile.read(struct.unpack("!H", head)[0]), tcp=True)
            if answer is None:
                over.wait(20)
            else:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

    over = threading.Event()
    with _ports(OverUdp, OverTcp) as (udp, tcp):
        threads = [threading.Thread(target=one.serve_forever, daemon=True) for one in (udp, tcp)]
        for thread in threads:
            thread.start()
        try:
            yield "127.0.0.1", udp.server_address[1]
        finally:
            over.set()
            for server in (udp, tcp):
                server.shutdown()


@contextmanager
def _ports(
    over_udp: type[socketserver.BaseRequestHandler], over_tcp: type[socketserver.BaseRequestHandler]
) -> Iterator[tuple[socketserver.ThreadingUDPServer, socketserver.ThreadingTCPServer]]:
    """The same number for both."""
    while True:
        tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), over_tcp)
        try:
            udp = socketserver.ThreadingUDPServer(tcp.server_address, over_udp)
        except OSError:
            tcp.server_close()
            continue
        tcp.daemon_threads = udp.daemon_threads = True
        tcp.block_on_close = udp.block_on_close = False
        with tcp, udp:
            yield udp, tcp
        return
