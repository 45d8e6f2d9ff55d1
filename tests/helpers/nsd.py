"""A real DNS server, NSD, on a free port of loopback, with zones of a test's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import dns.message
import dns.query

_START_SECONDS = 60

_CONFIGURATION = """
server:
  server-count: 1
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  logfile: "{folder}/nsd.log"
  hide-version: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""
_HEAD = (
    "$ORIGIN {origin}\n$TTL 60\n@ IN SOA ns.test. root.test. 1 600 600 600 60\n@ IN NS ns.test.\n"
)


@contextlib.contextmanager
def serving(folder: Path, zones: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Its address and port. `zones`: lines of a zone file by the name of the zone, `.` among them.

    Whatever is in none of the zones does not exist: NSD has a root of its own here.
    """
    port = _free_port()
    lines = [_CONFIGURATION.format(port=port, folder=folder)]
    for number, (name, text) in enumerate({".": "", **zones}.items()):
        origin = name if name == "." else f"{name}."
        (folder / f"{number}.zone").write_text(_HEAD.format(origin=origin) + text + "\n", "utf-8")
        lines.append(f'zone:\n  name: "{name}"\n  zonefile: "{number}.zone"\n')
    configuration = folder / "nsd.conf"
    configuration.write_text("\n".join(lines), "utf-8")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    program = shutil.which("nsd", path=path)
    assert program, "nsd is not installed"
    process = subprocess.Popen(
        [program, "-d", "-c", str(configuration)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(process, port, folder / "nsd.log")
        yield "127.0.0.1", port
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + _START_SECONDS
    question = dns.message.make_query(".", "SOA")
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(Exception):
            if dns.query.udp(question, "127.0.0.1", timeout=0.2, port=port).answer:
                return
        time.sleep(0.02)
    told = log.read_text("utf-8", "replace") if log.exists() else ""
    raise RuntimeError(f"NSD did not start: {told}")


def _free_port() -> int:
    """Free for TCP and for UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port
