"""「メールの設定のテスト」: send a marked mail to ourselves, find it, remove it.

Uses the values it is given, saved or not. Nothing but our own test mails is ever removed: they are
known by a header whose value only this installation can write.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kollect.diagnosis.finding import Finding
from kollect.diagnosis.returned_mail import about_returned
from kollect.errors import (
    Certificate,
    CertificateTrouble,
    EncryptionGone,
    MailboxBusy,
    ServerTrouble,
    Stage,
    Trouble,
)
from kollect.inbox.mailbox import CommandRefused, Mailbox, MailboxEntry
from kollect.inbox.open_mailbox import open_mailbox
from kollect.letters.letter import Sender, test_mail
from kollect.mail import authentication_results
from kollect.mail.message import Mail
from kollect.mail.own_headers import TEST_HEADER, TEST_SERIAL_HEADER
from kollect.mail.trial_code import code_of_answer
from kollect.settings import providers
from kollect.settings.model import Passwords, Settings
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail

FIND_WITHIN = 60.0
"""Seconds for the test mail to arrive."""
LOOK_EVERY = 2.0
LOOKED_AT = 500
"""So many of the newest mails are searched for the one that was just sent."""


class MailTestPart(StrEnum):
    SEND = "送信のテスト"
    RECEIVE = "受信のテスト"
    CLEAN = "テスト後処理"


@dataclass(frozen=True, slots=True)
class MailTestStep:
    """One line of the test. `ok` is None while the step is under way."""

    part: MailTestPart
    name: str
    ok: bool | None
    seconds: float = 0.0
    happened: str = ""
    cure: str = ""
    detail: str = ""
    certificate: Certificate | None = None
    """Where only the certificate stands in the way: it can be shown and pinned."""
    encryption_gone: tuple[str, str, int] | None = None
    """The server (protocol, host, port) of which the user may say that it need not encrypt."""
    notes: tuple[Finding, ...] = ()
    """What the mail that came back tells of how ours arrive. They do not decide over `ok`."""

    def __str__(self) -> str:
        sign = {None: "…", True: "✓", False: "✗"}[self.ok]
        line = f"{sign} {self.part}: {self.name}（{self.seconds:.1f} 秒）"
        more = [text for text in (self.happened, self.cure, *map(str, self.notes)) if text]
        return "\n    ".join([line, *(text.replace("\n", "\n    ") for text in more)])

    def as_json(self) -> dict[str, object]:
        """The notes with the keys that they had before the diagnosis had findings."""
        notes = [
            {
                "grade": note.verdict.sign,
                "what": note.topic,
                "meaning": note.what,
                "cure": note.cure,
                "carriers": note.receivers,
            }
            for note in self.notes
        ]
        return asdict(self) | {"seconds": round(self.seconds, 3), "notes": notes}


@dataclass(slots=True)
class LastMailTest:
    """The test mail that was sent last, by its serial; "" before the first."""

    serial: str = ""


class MailTestStopped(Exception):
    """The user has stopped the test."""


@dataclass(frozen=True, slots=True)
class MailTest:
    """The buttons. Each returns whether all of its steps came out right; none raises."""

    settings: Settings
    passwords: Passwords
    mark: str
    on_step: Callable[[MailTestStep], None]
    now: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False
    last: LastMailTest = field(default_factory=LastMailTest)
    """Shared by the presses of the buttons: 「受信のテスト」 looks for this one alone."""

    def send(self) -> bool:
        """「送信のテスト」: a marked mail to the own address."""
        with_steps = _Steps(MailTestPart.SEND, self.on_step, self.stopping)
        return with_steps.run(lambda: self._send(with_steps))

    def receive(self, within: float = FIND_WITHIN) -> bool:
        """「受信のテスト」: find the mail that `send` has sent, at most 60 seconds long."""
        with_steps = _Steps(MailTestPart.RECEIVE, self.on_step, self.stopping)
        return with_steps.run(lambda: self._receive(with_steps, within))

    def clean(self) -> bool:
        """「テスト後処理」: remove our test mails and the answers to them, and nothing else."""
        with_steps = _Steps(MailTestPart.CLEAN, self.on_step, self.stopping)
        return with_steps.run(lambda: self._clean(with_steps))

    def all(self, within: float = FIND_WITHIN) -> bool:
        """「まとめてテスト」: the three in a row, as far as each has a meaning.

        A mail that was not sent is not waited for; the clean-up tells whether the login to the
        mailbox would do. A mailbox that cannot be opened is not tried a second time.
        """
        sent = self.send()
        received = sent and not self.stopping() and self._receive_all(within)
        if received is None or self.stopping():
            return False
        return self.clean() and received

    def _receive_all(self, within: float) -> bool | None:
        """None where not even the mailbox was opened."""
        steps = _Steps(MailTestPart.RECEIVE, self.on_step, self.stopping)
        received = steps.run(lambda: self._receive(steps, within))
        return received if received or Stage.MAILBOX in steps.begun else None

    def _send(self, steps: _Steps) -> None:
        settings, tls = self.settings.send, self.settings.tls
        sender = Sender(self.settings.mail_address, self.settings.shop.name)
        serial = uuid.uuid4().hex
        octets = test_mail(
            sender,
            message_id=f"<{serial}@{sender.domain}>",
            date=self.now(),
            mark=self.mark,
            serial=serial,
        )
        client = SmtpClient(settings, tls, self.settings.mail_address, self.passwords.send)
        try:
            client.connect(steps.begin)  # the letter goes over this connection: one login
            steps.begin(Stage.SEND)
            self.last.serial = serial
            outcome = delivered(
                client, OutgoingMail(0, self.settings.mail_address, octets), self.stopping
            )
        finally:
            client.close()
        if outcome.status is DeliveryStatus.UNKNOWN:
            raise ServerTrouble(
                "テストメールを送れたかどうか、わかりません",
                stage=Stage.SEND,
                happened="テストメールを渡しましたが、送信サーバの答えがありませんでした。",
                cure="「受信のテスト」で、届いているかどうかを確かめてください。",
                detail=outcome.text,
            )
        if outcome.status is not DeliveryStatus.ACCEPTED:
            raise ServerTrouble(
                "テストメールを送れませんでした",
                stage=Stage.SEND,
                happened=f"送信サーバがテストメールを受け取りませんでした（{outcome.text}）。",
                cure="「Emailアドレス」とアカウントが正しいか、確かめてください。",
                detail=f"{outcome.code} {outcome.text}".strip(),
            )
        steps.note(f"{self.settings.mail_address} にテストメールを送りました。")

    def _receive(self, steps: _Steps, within: float) -> None:
        ends = time.monotonic() + within
        seen: set[str] = set()
        mailbox: Mailbox | None = self._open(steps.begin)
        steps.begin(Stage.MAILBOX)
        while True:
            found = self._arrived(mailbox, steps, seen) if mailbox is not None else None
            if found is not None:
                steps.note("テストメールが届いています。", self._arrival(found))
                return
            if time.monotonic() > ends:
                raise ServerTrouble(
                    "テストメールが見つかりません",
                    stage=Stage.RECEIVE,
                    happened=f"{within:.0f} 秒待ちましたが、テストメールが届きませんでした。",
                    cure="先に「送信のテスト」を行ってください。行ったあとのときは、"
                    "「Emailアドレス」と受信用のアカウントが同じ人のものか、確かめてください。",
                )
            self._pause(LOOK_EVERY)
            try:
                mailbox = self._open(lambda stage: None)
            except MailboxBusy:  # some servers want a longer pause between two logins
                mailbox = None

    def _arrival(self, mail: Mail) -> tuple[Finding, ...]:
        """What the receiving server has written into our mail about its sender."""
        address = self.settings.mail_address
        report = authentication_results.read(mail, mailbox=address, host=self.settings.receive.host)
        return about_returned(report, own_domain=not providers.for_domain(address))

    def _arrived(self, mailbox: Mailbox, steps: _Steps, seen: set[str]) -> Mail | None:
        """The mail that was sent, where it is there."""
        try:
            listing = mailbox.listing()[-LOOKED_AT:]
            if Stage.RECEIVE not in steps.begun:
                steps.begin(Stage.RECEIVE)
            found = next(
                (
                    mail
                    for _, serial, mail in self._test_mails(mailbox, listing, seen)
                    if self.last.serial in ("", serial)
                ),
                None,
            )
            if found is None:
                mailbox.close()
                return None
        except BaseException:
            mailbox.abandon()
            raise
        mailbox.abandon()
        return found

    def _clean(self, steps: _Steps) -> None:
        mailbox = self._open(steps.begin)
        try:
            steps.begin(Stage.MAILBOX)
            ours = self._test_mails(mailbox, mailbox.listing(), set(), answers=True)
            removed = mailbox.mark_deleted([handle for handle, *_ in ours])
            mailbox.close()
        except BaseException:
            mailbox.abandon()
            raise
        steps.note(
            f"テストメールとその返信を{len(removed)}通、サーバから取り除きました。"
            if removed
            else "サーバに、テストメールはありません。"
        )

    def _open(self, trace: Callable[[Stage], None]) -> Mailbox:
        return open_mailbox(
            self.settings.receive, self.settings.tls, self.passwords.receive, trace=trace
        )

    def _test_mails(
        self,
        mailbox: Mailbox,
        listing: list[MailboxEntry],
        seen: set[str],
        *,
        answers: bool = False,
    ) -> Iterator[tuple[int, str, Mail]]:
        """Our test mails, handle and serial, among those not in `seen`, which grows. `answers`:
        also what was answered to 「自分の携帯・Gmailで試す」."""
        fresh = [listed for listed in listing if listed.uid is None or listed.uid not in seen]
        seen |= {listed.uid for listed in fresh if listed.uid is not None}
        for handle, block in mailbox.headers([listed.handle for listed in fresh]):
            if isinstance(block, CommandRefused):
                continue
            mail = Mail.read(block)
            is_ours = mail.first(TEST_HEADER.lower()) == self.mark.encode()
            if is_ours or (answers and code_of_answer(mail, self.mark)):
                serial = mail.first(TEST_SERIAL_HEADER.lower()) or b""
                yield handle, serial.decode("latin-1"), mail
            if self.stopping():
                raise MailTestStopped

    def _pause(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self.stopping():
                raise MailTestStopped
            time.sleep(0.1)


def delivered(client: SmtpClient, letter: OutgoingMail, stopping: Callable[[], bool]) -> Outcome:
    """How one letter ended. Looks about once a second whether it is to stop. Raises ServerTrouble
    and MailTestStopped."""
    with closing(client.deliver([letter])) as deliveries:
        for outcomes in deliveries:
            for outcome in outcomes:
                if client.trouble is not None:  # says more than the one answer
                    raise client.trouble
                if outcome.tried:  # else the trouble itself follows
                    return outcome
            if stopping():
                raise MailTestStopped
    raise AssertionError("a letter without an ending")


class _Steps:
    """Turns the stages of a connection into told steps, each with its time and its end."""

    def __init__(
        self, part: MailTestPart, said: Callable[[MailTestStep], None], stopping: Callable[[], bool]
    ) -> None:
        self.begun: list[Stage] = []
        self._part = part
        self._said = said
        self._stopping = stopping
        self._since = 0.0
        self._note = ""
        self._arrival: tuple[Finding, ...] = ()

    def begin(self, stage: Stage) -> None:
        """The step before has come out right, this one is under way."""
        if self.begun and self.begun[-1] is stage:
            return
        if self._stopping():
            raise MailTestStopped
        self._end(ok=True)
        self._start(stage)

    def _start(self, stage: Stage) -> None:
        self.begun.append(stage)
        self._since = time.monotonic()
        self._said(MailTestStep(self._part, stage, None))

    def note(self, text: str, arrival: tuple[Finding, ...] = ()) -> None:
        """What the present step has brought."""
        self._note, self._arrival = text, arrival

    def run(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except MailTestStopped:
            self._end(ok=False, happened="テストを中止しました。")
            return False
        except Trouble as trouble:
            if isinstance(trouble, ServerTrouble) and trouble.stage not in self.begun:
                self._end(ok=True)
                self._start(trouble.stage)
            self._end(
                ok=False,
                happened=f"{trouble.title}。{trouble.happened}",
                cure=trouble.cure_by_hand,
                detail=trouble.detail,
                certificate=(
                    trouble.certificate if isinstance(trouble, CertificateTrouble) else None
                ),
                encryption_gone=trouble.server if isinstance(trouble, EncryptionGone) else None,
            )
            return False
        self._end(ok=True)
        return True

    def _end(self, *, ok: bool, happened: str = "", **more: Any) -> None:
        """The step is over; `more` as the fields of MailTestStep."""
        if not self.begun:
            return
        seconds = time.monotonic() - self._since
        if ok:
            more["notes"] = self._arrival
        self._said(
            MailTestStep(self._part, self.begun[-1], ok, seconds, happened or self._note, **more)
        )
