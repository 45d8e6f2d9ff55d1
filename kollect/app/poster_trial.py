"""Does the server take the addresses of posters? A mail to one of them, looked for in the mailbox.

A poster whose mails came back would lose every customer who stands before it, so none is printed
before its own address is proved. The mail is one of our test mails: the collector leaves it in the
mailbox, and it is removed from here, or by 「テスト後処理」.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from kollect.app.arrival_trial import MailBeginning, refusal_of
from kollect.app.mail_test import LOOKED_AT, MailTestStopped, delivered
from kollect.decision.bounce import read_report
from kollect.decision.decide import is_delivery_report
from kollect.errors import MailboxBusy, ServerTrouble
from kollect.inbox.mailbox import CommandRefused, Mailbox
from kollect.inbox.open_mailbox import open_mailbox
from kollect.ledger.encryption_record import encryption_kept
from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import Posters, proof_place
from kollect.ledger.trial_results import TrialResults
from kollect.letters.letter import Sender, test_mail
from kollect.mail.message import Mail
from kollect.mail.own_headers import TEST_HEADER, TEST_SERIAL_HEADER
from kollect.mail.plus_address import with_tag
from kollect.mail.trial_code import code_in, code_of
from kollect.settings import providers
from kollect.settings.model import Passwords, Settings
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import OutgoingMail

WAIT_FOR = 60.0
"""Seconds for the mail to arrive; from the own server to the own mailbox it takes one or two."""
LOOK_EVERY = 3.0
"""Seconds between two logins; more where the provider wants it."""
ASK_EVERY = 1.0
_MOST_REPORTS = 5


class TagVerdict(StrEnum):
    ARRIVED = "arrived"
    REFUSED = "refused"
    """The sending server takes no mail to this address."""
    RETURNED = "returned"
    """The mail has come back."""
    MISSING = "missing"
    """It has not arrived in time."""


@dataclass(frozen=True, slots=True)
class TagProof:
    verdict: TagVerdict
    words: str = ""
    """The server's, of one that was refused or has come back."""


@dataclass(frozen=True, slots=True)
class PosterTrial:
    """`settings` and `passwords`: those in force."""

    settings: Settings
    passwords: Passwords
    database: Path
    now: Callable[[], datetime]

    def prove_and_write_down(self, tag: str, stopping: Callable[[], bool]) -> TagProof:
        """As `prove`; what it has shown decides whether that poster is printed. A mail that has not
        come in time shows nothing: it may be slow."""
        proof = self.prove(tag, stopping)
        if proof.verdict is not TagVerdict.MISSING:
            with closing(Posters(self.database)) as posters:
                if proof.verdict is TagVerdict.ARRIVED:
                    posters.prove(tag, proof_place(self.settings), self.now())
                else:
                    posters.disprove(tag)
        return proof

    def prove(
        self, tag: str, stopping: Callable[[], bool] = lambda: False, seconds: float | None = None
    ) -> TagProof:
        """Send a mail to the shop's address with this tag, and wait so long for it; by default
        `WAIT_FOR`. Raises ServerTrouble where nothing can be sent or fetched, MailTestStopped."""
        with closing(Ledger(self.database)) as ledger:
            mark = ledger.mark("test")
        code = code_of(mark, random.SystemRandom().getrandbits(20))
        serial = uuid.uuid4().hex
        with encryption_kept(self.database, self.settings):
            if words := self._send(tag, mark, code, serial, stopping):
                return TagProof(TagVerdict.REFUSED, words)
            return self._wait(
                mark, code, serial, stopping, WAIT_FOR if seconds is None else seconds
            )

    def _wait(
        self, mark: str, code: str, serial: str, stopping: Callable[[], bool], seconds: float
    ) -> TagProof:
        """What the collector has found counts too. Where the provider wants longer pauses between
        two logins than there is time, the mailbox is looked into once, at the end: by then the mail
        is there."""
        began = time.monotonic()
        ends = began + seconds
        least = providers.least_interval(self.settings.receive)
        look_at = ends if least >= seconds else began
        while True:
            if (proof := self._heard(code)) is not None:
                return proof
            if time.monotonic() >= look_at:
                if (proof := self._look_if_free(mark, code, serial)) is not None:
                    return proof
                look_at = time.monotonic() + max(LOOK_EVERY, least)
            if (now := time.monotonic()) > ends:
                return TagProof(TagVerdict.MISSING)
            _pause(min(ASK_EVERY, LOOK_EVERY, max(0.1, ends - now)), stopping)

    def _send(
        self, tag: str, mark: str, code: str, serial: str, stopping: Callable[[], bool]
    ) -> str:
        """The words of a refusal of this recipient; "" where the mail was taken."""
        own = self.settings.mail_address
        sender, to = Sender(own, self.settings.shop.name), with_tag(own, tag)
        octets = test_mail(
            sender,
            message_id=f"<kollect-{code}@{sender.domain}>",
            date=self.now(),
            mark=mark,
            serial=serial,
            to=to,
        )
        client = SmtpClient(self.settings.send, self.settings.tls, own, self.passwords.send)
        try:
            client.connect(lambda stage: None)
            return refusal_of(delivered(client, OutgoingMail(0, to, octets), stopping))
        finally:
            client.close()

    def _heard(self, code: str) -> TagProof | None:
        with TrialResults(self.database) as results:  # the collector may have been faster
            words = results.returned(code)
        return TagProof(TagVerdict.RETURNED, words) if words else None

    def _look_if_free(self, mark: str, code: str, serial: str) -> TagProof | None:
        try:
            mailbox = open_mailbox(self.settings.receive, self.settings.tls, self.passwords.receive)
        except MailboxBusy:  # the collector reads it just now
            return None
        try:
            proof, handles = self._look(mailbox, mark, code, serial)
            if proof is not None:
                # what cannot be removed now, 「テスト後処理」 removes
                with suppress(ServerTrouble):
                    mailbox.mark_deleted(handles)
                    mailbox.close()
            return proof
        finally:
            mailbox.abandon()

    def _look(
        self, mailbox: Mailbox, mark: str, code: str, serial: str
    ) -> tuple[TagProof | None, list[int]]:
        """What is there of the mail, and which mails are to be removed with that."""
        reports: list[int] = []
        wanted = [entry.handle for entry in mailbox.listing()[-LOOKED_AT:]]
        for handle, block in mailbox.headers(wanted):
            if isinstance(block, CommandRefused):
                continue
            mail = Mail.read(block)
            if (
                mail.first(TEST_HEADER.lower()) == mark.encode()
                and mail.first(TEST_SERIAL_HEADER.lower()) == serial.encode()
            ):
                return TagProof(TagVerdict.ARRIVED), [handle]
            if is_delivery_report(mail):
                reports.append(handle)
        for handle in reversed(reports[-_MOST_REPORTS:]):
            sink = MailBeginning()
            with suppress(CommandRefused):  # of one that does not come whole what has come
                mailbox.fetch(handle, sink)
            report = read_report(bytes(sink.octets))
            if report and report.failed and code_in(" ".join(report.ids), mark) == code:
                return TagProof(TagVerdict.RETURNED, report.reason), [handle]
        return None, []


def _pause(seconds: float, stopping: Callable[[], bool]) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if stopping():
            raise MailTestStopped
        time.sleep(0.1)
