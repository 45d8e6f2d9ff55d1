"""From a parcel of a mailing to its letter, and the sample that the shop sends to itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from kollect.errors import Trouble
from kollect.letters import letter
from kollect.letters.letter import Sender
from kollect.mailing import mailing_text
from kollect.mailing.mailing_states import Mailing, MailingRecipient
from kollect.settings.model import Passwords, Settings
from kollect.settings.number_format import number_text
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, OutgoingMail

SAMPLE_NAME = "見本 花子"


class LetterBuilder:
    """Writes every letter of a mailing with the same settings."""

    def __init__(self, settings: Settings, mark: str, now: Callable[[], datetime]) -> None:
        """`mark` is what everything we send is marked with, to know it when it comes back."""
        self._settings = settings
        self._mark = mark
        self._now = now
        self._sender = Sender(settings.mail_address, settings.shop.name)
        self._unsubscribe = mailing_text.unsubscribe(settings.mail_address)

    def letter(self, mailing: Mailing, recipient: MailingRecipient) -> OutgoingMail:
        """Raises ValueError where nothing can be sent to this address."""
        person = mailing_text.TextPerson(recipient.name, self._shown(recipient.number))
        octets = self._octets(
            recipient.address,
            mailing.subject,
            mailing.body,
            mailing.footer,
            person,
            recipient.letter_id,
        )
        return OutgoingMail(
            recipient.id, recipient.address, octets, send_alone=recipient.unknowns > 0
        )

    def sample(self, to: str, subject: str, body: str) -> OutgoingMail:
        shop = self._settings.shop
        octets = self._octets(
            to,
            mailing_text.with_shop(subject, shop),
            mailing_text.with_shop(body, shop),
            mailing_text.footer(shop, self._settings.mail_address),
            mailing_text.TextPerson(SAMPLE_NAME, self._shown(self._settings.collect.first_number)),
            f"<{uuid.uuid4().hex}@{self._sender.domain}>",
        )
        return OutgoingMail(0, to, octets)

    def _octets(
        self,
        to: str,
        subject: str,
        body: str,
        footer: str,
        person: mailing_text.TextPerson,
        letter_id: str,
    ) -> bytes:
        return letter.mailing(
            self._sender,
            to=to,
            subject=mailing_text.fill(subject, person),
            text=mailing_text.complete(mailing_text.fill(body, person), footer),
            unsubscribe=self._unsubscribe,
            charset=self._settings.collect.charset,
            message_id=letter_id,
            date=self._now(),
            mark=self._mark,
        )

    def _shown(self, number: int) -> str:
        """The number as it was told to the member."""
        return number_text(number, self._settings.collect.number_digits)


def sample_address(settings: Settings) -> str:
    """Where a sample goes unless somebody chooses: the owner's own mailbox.

    Not the shop's address where there is another one: what comes there from itself is taken away
    as a loop.
    """
    return settings.forward_address or settings.alert_address or settings.mail_address


def send_sample(
    settings: Settings,
    passwords: Passwords,
    *,
    to: str,
    subject: str,
    body: str,
    mark: str,
    now: datetime,
) -> None:
    """自分に送って確かめる: the mailing as a member would get it, with a name made up, to `to`.

    `subject` and `body` as they were typed; the footer is put below. `mark` is the ledger's for
    "reply". Raises TextNotReady, ServerTrouble, and Trouble where the server refuses the letter.
    """
    mailing_text.check(subject, body, settings.shop)
    try:
        sample = LetterBuilder(settings, mark, lambda: now).sample(to, subject, body)
    except ValueError:
        raise _not_taken(f"「{to}」は、メールアドレスとして使えません。", "") from None
    post = SmtpClient(settings.send, settings.tls, settings.mail_address, passwords.send)
    try:
        outcomes = [outcome for batch in post.deliver([sample]) for outcome in batch]
    finally:
        post.close()
    for outcome in outcomes:
        if outcome.status is not DeliveryStatus.ACCEPTED:
            if post.trouble is not None:
                raise post.trouble
            raise _not_taken(
                f"送信サーバが、{to} 宛のメールを受け付けませんでした。",
                f"{outcome.code or ''} {outcome.text}".strip(),
            )


def _not_taken(happened: str, detail: str) -> Trouble:
    return Trouble(
        "確認用のメールを送れません",
        happened=happened,
        cure="宛先を確かめて、もう一度お試しください。会員には1通も送っていません。",
        detail=detail,
    )
