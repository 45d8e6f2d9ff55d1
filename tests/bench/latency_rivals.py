"""Those who answer a mail as it arrives, beside kollect: fetchmail with a script, and the limit.

`fetchmail_script`: fetchmail --idle hands each mail to a shell script, which answers by msmtp: what
somebody who knows Debian would build. `Limit`: raw sockets and the fewest round trips there can be
(IDLE, one FETCH, one flight of SMTP on a connection that is open already); no ledger, no checks.
"""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

SHOP = "shop@shop.example"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are: behind the delay, named localhost. The mailboxes are encrypted from
    the start, the sending server by STARTTLS."""

    imaps: int
    pop3s: int
    smtp: int
    ca_file: str
    account: str
    """Of the sending server; the password is the same everywhere."""
    password: str


# --- fetchmail, a script, msmtp

# no sslcertck: fetchmail wants a common name, which the certificate of the tests has not

_FETCHMAILRC = """
set daemon 5
set no bouncemail
set pidfile "{folder}/pid"
set idfile "{folder}/ids"
poll localhost protocol IMAP port {imaps}:
  user "{user}" there with password "{password}"
  ssl no sslcertck
  idle nokeep fetchall
  mda "{folder}/answer"
"""
_MSMTPRC = """
account default
host localhost
port {smtp}
tls on
tls_starttls on
tls_trust_file {ca_file}
auth plain
user {account}
password {password}
from {shop}
"""
_ANSWER = """#!/bin/sh
sender=$(sed -n 's/^From: *//p' | tr -d '\\r' | head -n 1)
number=$(($(cat {folder}/number) + 1))
echo $number > {folder}/number
printf 'From: {shop}\\nTo: %s\\nSubject: %s\\nAuto-Submitted: auto-replied\\n\\n%s\\n' \\
  "$sender" $number "Your number is $number." | msmtp -C {folder}/msmtprc -- "$sender"
"""


def missing_programs() -> list[str]:
    return [name for name in ("fetchmail", "msmtp") if shutil.which(name) is None]


@contextmanager
def fetchmail_script(servers: Servers, user: str, folder: Path) -> Iterator[None]:
    """Answers what comes for `user`, for the time of the block."""
    values = {
        "folder": folder, "user": user, "shop": SHOP, "imaps": servers.imaps,
        "smtp": servers.smtp, "ca_file": servers.ca_file, "account": servers.account,
        "password": servers.password,
    }  # fmt: skip
    texts = {"fetchmailrc": _FETCHMAILRC, "msmtprc": _MSMTPRC, "answer": _ANSWER, "number": "1000"}
    for name, text in texts.items():
        file = folder / name
        file.write_text(text.format(**values), "utf-8")
        file.chmod(stat.S_IRWXU if name == "answer" else stat.S_IRUSR | stat.S_IWUSR)
    command = ["fetchmail", "-f", str(folder / "fetchmailrc"), "--nodetach", "--nosyslog"]
    with (folder / "log").open("wb") as log, subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"HOME": str(folder)}
        | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
    ) as process:  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


# --- the limit


@dataclass(slots=True)
class Limit:
    """In a thread of its own. `pushed` is when the server has spoken of each sender's mail: what it
    takes until then, no client can shorten."""

    servers: Servers
    user: str
    pushed: dict[str, float] = field(default_factory=dict)
    _leaving: bool = False
    _imap: _Wire | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Limit:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving = True
        if self._imap is not None:
            self._imap.end()
        assert self._thread is not None
        self._thread.join(10)

    def _run(self) -> None:
        try:
            self._answer_mails()
        except OSError:
            if not self._leaving:
                raise

    def _answer_mails(self) -> None:
        servers = self.servers
        smtp = _Wire(servers.smtp)
        smtp.reply()
        smtp.send(b"EHLO bench\r\nSTARTTLS\r\n")
        smtp.reply(), smtp.reply()
        smtp.encrypt(servers.ca_file)
        login = b64encode(f"\0{servers.account}\0{servers.password}".encode()).decode()
        smtp.send(f"EHLO bench\r\nAUTH PLAIN {login}\r\n".encode())
        smtp.reply()
        assert smtp.reply().startswith(b"235")
        imap = self._imap = _Wire(servers.imaps)
        imap.encrypt(servers.ca_file)
        imap.line()
        imap.send(f"a LOGIN {self.user} {servers.password}\r\nb SELECT INBOX\r\n".encode())
        imap.until(b"a ")
        there = _exists(imap.until(b"b "))
        number = 1000
        while True:
            if not there:
                imap.send(b"c IDLE\r\n")
                imap.until(b"+")
                while not (there := _exists([imap.line()])):
                    pass
                now = time.time()
                imap.send(b"DONE\r\n")
            else:
                now = time.time()
            imap.send(b"d FETCH 1:%d (BODY.PEEK[HEADER.FIELDS (FROM)])\r\n" % there)
            lines = imap.until(b"d ")
            senders = [line[6:].strip().decode() for line in lines if line.startswith(b"From: ")]
            for sender in senders:
                self.pushed[sender] = now
                number += 1
                smtp.send(_flight(sender, number))
            for _ in senders:
                smtp.reply(), smtp.reply()
                assert smtp.reply().startswith(b"250")
            imap.send(b"e STORE 1:%d +FLAGS.SILENT (\\Deleted)\r\nf EXPUNGE\r\n" % there)
            there = _exists(imap.until(b"f "))


def _flight(sender: str, number: int) -> bytes:
    letter = (
        f"From: {SHOP}\r\nTo: {sender}\r\nSubject: {number}\r\nDate: {formatdate()}\r\n"
        f"Message-ID: <{number}.{time.time_ns()}@shop.example>\r\n"
        f"Auto-Submitted: auto-replied\r\n\r\nYour number is {number}.\r\n"
    ).encode()
    start = f"MAIL FROM:<{SHOP}>\r\nRCPT TO:<{sender}>\r\nBDAT {len(letter)} LAST\r\n"
    return start.encode() + letter


def _exists(lines: list[bytes]) -> int:
    """How many mails the server has last spoken of."""
    found = [int(m[1]) for line in lines if (m := re.match(rb"\* (\d+) EXISTS", line))]
    return found[-1] if found else 0


class _Wire:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("localhost", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def encrypt(self, ca_file: str) -> None:
        context = ssl.create_default_context(cafile=ca_file)
        self._file.close()
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def line(self) -> bytes:
        if not (line := self._file.readline()):
            raise ConnectionResetError("the server has closed the line")
        return line

    def until(self, start: bytes) -> list[bytes]:
        """The lines up to one that starts so, which is the last."""
        lines = [self.line()]
        while not lines[-1].startswith(start):
            lines.append(self.line())
        return lines

    def reply(self) -> bytes:
        """Of an SMTP server: its last line."""
        while (line := self.line())[3:4] == b"-":
            pass
        return line

    def end(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
