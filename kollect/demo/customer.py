"""The played customer: a phone that sends blank mails and shows what comes back.

Real SMTP and real POP3 to the demo's server. Knows nothing of how the shop works.
"""

from __future__ import annotations

import contextlib
import email
import email.errors
import email.header
import poplib
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from kollect.demo.phone import Phone, compose, new_message_id, usual_phone
from kollect.demo.server import DemoServer

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as a phone shows it."""

    subject: str
    body: str
    sender: str
    """The From line, readable."""
    reply_to: str
    message_id: str
    in_reply_to: str
    automatic: str
    """The value of Auto-Submitted (RFC 3834); empty where there is none."""
    attached: tuple[Received, ...] = ()
    """Mails that came inside this one as message/rfc822."""


class Customer:
    """One customer with a phone. `address` is used exactly as it is, dots and all."""

    def __init__(
        self, server: DemoServer, address: str, name: str, *, phone: Phone | None = None
    ) -> None:
        self.address = address
        self.name = name
        self.phone = phone or usual_phone(address)
        self.received: list[Received] = []
        """Everything that has come so far, oldest first."""
        self._server = server

    def send_blank(self, subject: str | None = None, *, to: str = "") -> str:
        """Send a blank mail to the shop; returns its Message-ID.

        `subject` None: empty, in this phone's way. Otherwise what the phone puts there by itself.
        `to`: the address of a poster.
        """
        return self._send(subject, "", to)

    def send(self, subject: str, body: str) -> str:
        """Send an ordinary mail to the shop; returns its Message-ID."""
        return self._send(subject, body)

    def read(self) -> list[Received]:
        """Fetch what has come since the last time; it also joins `received`."""
        fresh = read_mailbox(self._server, self.address)
        self.received += fresh
        return fresh

    def _send(self, subject: str | None, body: str, to: str = "") -> str:
        message_id = new_message_id(self.phone, self.address)
        server = self._server
        raw = compose(
            phone=self.phone,
            sender=self.address,
            name=self.name,
            recipient=to or server.shop_address,
            message_id=message_id,
            subject=subject,
            body=body,
        )
        # Without a name given, smtplib asks the system, which fails on a PC named in Japanese.
        with smtplib.SMTP(
            server.host,
            server.smtp_port,
            local_hostname=f"{self.phone.lower()}.example",
            timeout=TIMEOUT_SECONDS,
        ) as smtp:
            smtp.sendmail(self.address, [to or server.shop_address], raw)
        return message_id


def read_mailbox(server: DemoServer, address: str) -> list[Received]:
    """Take every mail out of a mailbox of the demo, as its owner's mail program does."""
    with contextlib.closing(
        poplib.POP3(server.host, server.pop3_port, timeout=TIMEOUT_SECONDS)
    ) as pop3:
        pop3.user(address)
        pop3.pass_(server.mailbox(address).password)
        count, _ = pop3.stat()
        fresh = []
        for number in range(1, count + 1):
            _, lines, _ = pop3.retr(number)
            fresh.append(_show(email.message_from_bytes(b"\r\n".join(lines) + b"\r\n")))
            pop3.dele(number)
        pop3.quit()
    return fresh


def _show(message: Message) -> Received:
    bodies = [_text(part) for part in _parts(message) if part.get_content_type() == "text/plain"]
    inside = [part.get_payload(0) for part in _parts(message) if _holds_mail(part)]
    return Received(
        subject=_readable(message["Subject"]),
        body=bodies[0] if bodies else "",
        sender=_readable(message["From"]),
        reply_to=_readable(message["Reply-To"]),
        message_id=_readable(message["Message-ID"]),
        in_reply_to=_readable(message["In-Reply-To"]),
        automatic=_readable(message["Auto-Submitted"]),
        attached=tuple(_show(mail) for mail in inside if isinstance(mail, Message)),
    )


def _holds_mail(part: Message) -> bool:
    return part.get_content_type() == "message/rfc822" and part.is_multipart()


def _parts(message: Message) -> Iterator[Message]:
    """The parts of a mail, without those of a mail inside it."""
    yield message
    if message.is_multipart() and not _holds_mail(message):
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part)


def _text(part: Message) -> str:
    octets = part.get_payload(decode=True)
    octets = octets if isinstance(octets, bytes) else b""
    try:
        text = octets.decode(part.get_content_charset("ascii"), "replace")
    except LookupError:
        text = octets.decode("ascii", "replace")
    return text.replace("\r\n", "\n").strip("\n")


def _readable(value: object) -> str:
    """A header's text, decoded where it can be."""
    if value is None:
        return ""
    try:
        return str(email.header.make_header(email.header.decode_header(str(value))))
    except (
        ValueError,
        LookupError,
        email.errors.MessageError,
    ):  # the sender's mistake: shown as it came
        return str(value)
