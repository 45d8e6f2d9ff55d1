"""「自分の携帯・Gmailで試す」: a mail to an address of the owner, and what comes back of it.

What comes back is the owner's answer, or a delivery report. While mail is collected the collector
finds it, and is asked; else the mailbox is looked into from here. Nothing is deleted:
「テスト後処理」 removes the answers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from kollect.app.mail_test import LOOKED_AT, MailTestStopped, delivered
from kollect.decision.bounce import read_report
from kollect.decision.decide import is_delivery_report
from kollect.diagnosis.finding import Finding
from kollect.diagnosis.pasted_source import PastedSource, read_source
from kollect.errors import MailboxBusy, ServerTrouble, Stage
from kollect.inbox.mailbox import CommandRefused, Mailbox
from kollect.inbox.open_mailbox import open_mailbox
from kollect.ledger.encryption_record import encryption_kept
from kollect.ledger.ledger import Ledger
from kollect.ledger.trial_results import TrialResults
from kollect.letters.letter import Sender, trial_mail
from kollect.mail import encoded_words
from kollect.mail.foreign_text import one_line
from kollect.mail.mail_parts import MailParts, Part
from kollect.mail.message import Mail
from kollect.mail.plus_address import is_own
from kollect.mail.trial_code import code_in, code_of, code_of_answer
from kollect.settings import providers
from kollect.settings.model import Passwords, Settings
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail

WAIT_FOR = 15 * 60.0
"""Seconds for which an answer is waited for."""
LOOK_EVERY = 15.0
"""Seconds between two logins; more where the provider wants it."""
ASK_EVERY = 1.0
_TRIES = 3
_MOST_FETCHED = 20
"""So many of the newest delivery reports are read."""
POLL_EVERY = 30.0
"""Seconds after which the collector is woken again; more where the provider wants it."""
MOST_READ = 512 * 1024
_SOURCES = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


class EchoKind(StrEnum):
    ANSWER = "answer"
    """It has arrived, and was answered."""
    RETURNED = "returned"
    """A server has sent word that it could not be delivered."""


@dataclass(frozen=True, slots=True)
class TrialEcho:
    """What has come back of a trial."""

    kind: EchoKind
    words: str = ""
    """The server's, of one that could not be delivered."""
    findings: tuple[Finding, ...] = ()
    """What the header of our mail tells, where it came along; else empty."""


@dataclass(frozen=True, slots=True)
class SentTrial:
    to: str
    code: str
    mark: str = field(repr=False)
    """The secret that the code is made with."""
    refusal: str = ""
    """The server's words, with its code, where it refused the mail at once."""


@dataclass(frozen=True, slots=True)
class ArrivalTrial:
    """`settings`: saved or not. `collects` and `poll_now` speak of the collector."""

    settings: Settings
    passwords: Passwords
    database: Path
    now: Callable[[], datetime]
    collects: Callable[[], bool] = lambda: False
    poll_now: Callable[[], None] = lambda: None

    def send(self, to: str, stopping: Callable[[], bool] = lambda: False) -> SentTrial:
        """Send it. Raises ServerTrouble where the server takes no mail at all, or none now, and
        MailTestStopped."""
        with closing(Ledger(self.database)) as ledger:
            mark = ledger.mark("test")
        code = code_of(mark, random.SystemRandom().getrandbits(20))
        sender = Sender(self.settings.mail_address, self.settings.shop.name)
        octets = trial_mail(
            sender,
            to=to,
            code=code,
            message_id=f"<kollect-{code}@{sender.domain}>",
            date=self.now(),
            charset=self.settings.collect.charset,
        )
        client = SmtpClient(
            self.settings.send,
            self.settings.tls,
            self.settings.mail_address,
            self.passwords.send,
        )
        try:
            with encryption_kept(self.database, self.settings):
                client.connect(lambda stage: None)
                outcome = delivered(client, OutgoingMail(0, to, octets), stopping)
        finally:
            client.close()
        return SentTrial(to, code, mark, refusal_of(outcome))

    def wait(
        self, sent: SentTrial, stopping: Callable[[], bool], seconds: float = WAIT_FOR
    ) -> TrialEcho | None:
        """What comes back of it; None where nothing does, or where it is stopped. Raises
        ServerTrouble where the mailbox cannot be read."""
        ends = time.monotonic() + seconds
        seen: set[str] = set()
        look_at = poll_at = 0.0
        least = providers.least_interval(self.settings.receive)
        with suppress(MailTestStopped):
            while time.monotonic() < ends and not stopping():
                if self.collects():
                    if (echo := self._heard(sent)) is not None:
                        return echo
                    if time.monotonic() >= poll_at:
                        self.poll_now()
                        poll_at = time.monotonic() + max(POLL_EVERY, least)
                elif time.monotonic() >= look_at:
                    if (echo := self._look_if_free(sent, seen, stopping)) is not None:
                        return echo
                    look_at = time.monotonic() + max(LOOK_EVERY, least)
                _pause(ASK_EVERY, stopping)
        return None

    def read_pasted(self, sent: SentTrial, text: str) -> PastedSource:
        """The source of the mail, as it was pasted."""
        return read_source(
            text,
            shop=self.settings.mail_address,
            mailbox=sent.to,
            own_domain=not providers.for_domain(self.settings.mail_address),
        )

    # ---- what comes back ----

    def _heard(self, sent: SentTrial) -> TrialEcho | None:
        """What the collector has written down; of an answer that it has left in the mailbox, what
        stands in it."""
        with closing(TrialResults(self.database)) as results:
            if words := results.returned(sent.code):
                return TrialEcho(EchoKind.RETURNED, words)
            if not results.is_answered(sent.code, self.settings.mail_address):
                return None
        with suppress(ServerTrouble):  # it has arrived, whatever else can be read or not
            for _ in range(_TRIES):
                if (echo := self._look_if_free(sent, set(), lambda: False)) is not None:
                    return echo
                time.sleep(ASK_EVERY)
        return TrialEcho(EchoKind.ANSWER)

    def _look_if_free(
        self, sent: SentTrial, seen: set[str], stopping: Callable[[], bool]
    ) -> TrialEcho | None:
        try:
            with encryption_kept(self.database, self.settings):
                mailbox = open_mailbox(
                    self.settings.receive, self.settings.tls, self.passwords.receive
                )
                try:
                    return self._look(mailbox, sent, seen, stopping)
                finally:
                    mailbox.abandon()
        except MailboxBusy:  # somebody else reads it just now
            return None

    def _look(
        self, mailbox: Mailbox, sent: SentTrial, seen: set[str], stopping: Callable[[], bool]
    ) -> TrialEcho | None:
        """Among the newest mails that are not in `seen`, which grows."""
        listing = mailbox.listing()[-LOOKED_AT:]
        fresh = [entry for entry in listing if entry.uid is None or entry.uid not in seen]
        wanted: list[int] = []
        for handle, block in mailbox.headers([entry.handle for entry in fresh]):
            if stopping():
                raise MailTestStopped
            if isinstance(block, CommandRefused):
                continue
            mail = Mail.read(block)
            ours = is_own(mail.sender, self.settings.mail_address)
            if not ours and (
                code_of_answer(mail, sent.mark) == sent.code or is_delivery_report(mail)
            ):
                wanted.append(handle)
        for handle in reversed(wanted[-_MOST_FETCHED:]):
            if stopping():
                raise MailTestStopped
            if (echo := self._read(mailbox, handle, sent)) is not None:
                return echo
        seen |= {entry.uid for entry in fresh if entry.uid is not None}
        return None

    def _read(self, mailbox: Mailbox, handle: int, sent: SentTrial) -> TrialEcho | None:
        sink = MailBeginning()
        with suppress(CommandRefused):  # of one that does not come whole what has come
            mailbox.fetch(handle, sink)
        raw = bytes(sink.octets)
        mail = Mail.read(raw)
        if is_delivery_report(mail):
            report = read_report(raw)
            is_ours = report and code_in(" ".join(report.ids), sent.mark) == sent.code
            if report is None or not report.failed or not is_ours:
                return None
            return TrialEcho(EchoKind.RETURNED, report.reason)
        if code_of_answer(mail, sent.mark) != sent.code:
            return None
        return TrialEcho(EchoKind.ANSWER, findings=self._findings(raw, sent))

    def _findings(self, raw: bytes, sent: SentTrial) -> tuple[Finding, ...]:
        """Where the owner has forwarded the mail as an attachment, or put its source into the
        answer."""
        for part in MailParts(raw):
            if part.kind in _SOURCES:
                text = part.octets().decode("utf-8", "replace")
            elif part.kind == "text/plain":
                text = encoded_words.body_text(_charset(part), part.octets())
            else:
                continue
            if "authentication-results" not in text.lower():
                continue
            if found := self.read_pasted(sent, text).findings:
                return found
        return ()


class MailBeginning:
    """Keeps no more of a mail than is read."""

    def __init__(self) -> None:
        self.octets = bytearray()

    def write(self, data: bytes) -> None:
        self.octets += data[: max(0, MOST_READ - len(self.octets))]


def _charset(part: Part) -> bytes:
    given = part.head.get_param("charset")
    return str(given[2] if isinstance(given, tuple) else given or "").encode("ascii", "replace")


def _pause(seconds: float, stopping: Callable[[], bool]) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and not stopping():
        time.sleep(0.1)


def refusal_of(outcome: Outcome) -> str:
    """The words of a refusal that may be the recipient's; "" where the mail was taken.

    Raises ServerTrouble for everything else.
    """
    answer = f"{outcome.code or ''} {one_line(outcome.text)}".strip()
    match outcome.status:
        case DeliveryStatus.ACCEPTED | DeliveryStatus.UNKNOWN:
            return ""
        case DeliveryStatus.REFUSED | DeliveryStatus.DOUBTED if not outcome.ours:
            return answer
        case _:
            later = outcome.status is DeliveryStatus.LATER
            raise ServerTrouble(
                "テストメールを送れませんでした",
                stage=Stage.SEND,
                happened=f"送信サーバが受け取りませんでした（{answer}）。",
                cure="しばらくしてから、もう一度送ってください。"
                if later
                else "「送信のテスト」で、送信サーバの設定を確かめてください。",
                detail=answer,
            )
