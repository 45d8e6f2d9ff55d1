"""The two programs kollect is measured against, doing the same job on the same servers.

`raw`: sockets and nothing else, the fewest round trips there can be, no ledger, no checks.
`plain`: poplib and smtplib, one mail after the other: what a script would be.
"""

from __future__ import annotations

import poplib
import re
import smtplib
import socket
import threading
from collections import deque
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import formatdate, make_msgid, parseaddr

SHOP = "shop@shop.example"
WINDOW = 20


class _Wire:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def line(self) -> bytes:
        return self._file.readline()

    def lines(self) -> list[bytes]:
        """A POP3 answer of several lines, without its first."""
        self.line()
        found = []
        while (line := self.line()) != b".\r\n":
            found.append(line)
        return found

    def reply(self) -> bytes:
        while (line := self.line())[3:4] == b"-":
            pass
        return line

    def close(self) -> None:
        self._socket.close()


def _letter(number: int, sender: str) -> bytes:
    return (
        f"From: {SHOP}\r\nTo: {sender}\r\nSubject: {number}\r\nDate: {formatdate()}\r\n"
        f"Message-ID: <{number}@shop.example>\r\nAuto-Submitted: auto-replied\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nYour number is {number}.\r\n"
    ).encode()


def raw(pop3_port: int, smtp_port: int, user: str, password: str, *, chunking: bool) -> int:
    """Returns how many mails were answered."""
    pop3 = _Wire(pop3_port)
    pop3.line()
    pop3.send(f"USER {user}\r\nPASS {password}\r\nUIDL\r\n".encode())
    pop3.line(), pop3.line()
    count = len(pop3.lines())
    senders = []
    pop3_asked = 0
    while len(senders) < count:
        ask = min(count, pop3_asked + 500)
        pop3.send(b"".join(b"TOP %d 0\r\n" % n for n in range(pop3_asked + 1, ask + 1)))
        for _ in range(pop3_asked, ask):
            block = b"".join(pop3.lines())
            found = re.search(rb"(?m)^From:.*?([^\s<>]+@[^\s<>]+)", block)
            senders.append(found[1].decode() if found else "")
        pop3_asked = ask
    send_raw(smtp_port, senders, chunking=chunking)
    for start in range(0, count, 500):
        numbers = range(start + 1, min(start + 500, count) + 1)
        pop3.send(b"".join(b"DELE %d\r\n" % n for n in numbers))
        for _ in numbers:
            pop3.line()
    pop3.send(b"QUIT\r\n")
    pop3.line()
    pop3.close()
    return count


def send_raw(smtp_port: int, recipients: list[str], *, chunking: bool) -> None:
    """One letter to each of them."""
    letters = [(recipient, _letter(n, recipient)) for n, recipient in enumerate(recipients, 1)]
    if chunking:
        _stream(smtp_port, letters)
        return
    threads = [
        threading.Thread(target=_overlapped, args=(smtp_port, letters[part::4]))
        for part in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def send_plain(smtp_port: int, recipients: list[str]) -> None:
    """One letter to each of them, smtplib in a loop."""
    smtp = smtplib.SMTP("127.0.0.1", smtp_port, local_hostname="bench")
    for number, recipient in enumerate(recipients, 1):
        _send_one(smtp, number, recipient)
    smtp.quit()


def _send_one(smtp: smtplib.SMTP, number: int, recipient: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = SHOP, recipient, str(number)
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain="shop.example")
    letter.set_content(f"Your number is {number}.\n")
    smtp.sendmail(SHOP, [recipient], letter.as_bytes())


def _greeted(port: int) -> _Wire:
    smtp = _Wire(port)
    smtp.reply()
    smtp.send(b"EHLO bench\r\n")
    smtp.reply()
    return smtp


def _stream(port: int, letters: list[tuple[str, bytes]]) -> None:
    smtp = _greeted(port)
    waiting: deque[None] = deque()

    def take() -> None:
        smtp.reply(), smtp.reply()
        assert smtp.reply().startswith(b"250")
        waiting.popleft()

    for sender, letter in letters:
        if len(waiting) == WINDOW:
            take()
        smtp.send(
            f"MAIL FROM:<{SHOP}>\r\nRCPT TO:<{sender}>\r\nBDAT {len(letter)} LAST\r\n".encode()
            + letter
        )
        waiting.append(None)
    while waiting:
        take()
    smtp.send(b"QUIT\r\n")
    smtp.close()


def _overlapped(port: int, letters: list[tuple[str, bytes]]) -> None:
    smtp = _greeted(port)
    body = b""
    for sender, letter in letters:
        smtp.send(body + f"MAIL FROM:<{SHOP}>\r\nRCPT TO:<{sender}>\r\nDATA\r\n".encode())
        if body:
            assert smtp.reply().startswith(b"250")
        smtp.reply(), smtp.reply(), smtp.reply()
        body = letter + b".\r\n"
    smtp.send(body + b"QUIT\r\n")
    assert smtp.reply().startswith(b"250")
    smtp.close()


def plain(pop3_port: int, smtp_port: int, user: str, password: str) -> int:
    """Returns how many mails were answered."""
    box = poplib.POP3("127.0.0.1", pop3_port)
    box.user(user)
    box.pass_(password)
    count = box.stat()[0]
    smtp = smtplib.SMTP("127.0.0.1", smtp_port, local_hostname="bench")
    for number in range(1, count + 1):
        head = b"\r\n".join(box.top(number, 0)[1])
        sender = parseaddr(BytesHeaderParser(policy=compat32).parsebytes(head)["From"])[1]
        _send_one(smtp, number, sender)
        box.dele(number)
    smtp.quit()
    box.quit()
    return count
