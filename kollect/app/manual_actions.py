"""What staff do by hand in 収集結果表示: 再送 (`resend`), 転送する (`forward`), 受付番号を発行
(`give_number`).

Each owes a letter that no mail in the mailbox asks for: it is written into the ledger, and the next
poll sends it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from kollect.collector.poll_context import FORWARDED
from kollect.decision.types import Kind
from kollect.errors import Trouble
from kollect.ledger.kept_query import KeptMail
from kollect.ledger.ledger import Ledger
from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.records import NewMail, Receipt
from kollect.ledger.states import MailState, ReceiptState
from kollect.mail import address
from kollect.mail.foreign_text import exact
from kollect.mail.plus_address import is_own
from kollect.settings.model import Settings
from kollect.storage.log_sentences import NUMBER_GIVEN
from kollect.storage.numbers_in_log import BY_HAND

log = logging.getLogger(__name__)


def resend(
    ledger: Ledger, settings: Settings, receipts: Iterable[Receipt], now: datetime
) -> list[int]:
    """再送: the number once more, as 返信メール; as 受付完了メール to whom none was delivered.

    Returns the rows of the letters.
    """
    domain = _letter_domain(settings)
    receipts, rows = list(receipts), []
    with ledger.transaction():
        for receipt in receipts:
            had_one = receipt.state is ReceiptState.REPLIED
            template = (_duplicate if had_one else _acknowledgement)(ledger, settings, now)
            rows.append(ledger.resend(receipt.number, now, template, domain))
    for receipt in receipts:
        log.info("受付番号 %d の再送を受け付けました: %s", receipt.number, exact(receipt.address))
    return rows


def forward(ledger: Ledger, settings: Settings, mail: KeptMail, now: datetime) -> int:
    """Forward the kept copy to 「対象外メールの送信先」. Returns the row of the letter."""
    if not settings.forward_address:
        raise Trouble(
            "転送先が決まっていません",
            happened="「対象外メールの送信先」のメールアドレスが空です。",
            cure="「緒言設定」の「メールの設定」で、「対象外メールの送信先」を入力してください。",
        )
    kind = mail.kind if mail.kind in FORWARDED else Kind.OUT_OF_SCOPE
    with ledger.transaction():
        uid = f"forward-{mail.id}-{uuid4().hex}"
        row = _owe(ledger, settings, mail, uid, kind, mail.address, now)
    log.info("対象外メールの転送を受け付けました（差出人 %s）", exact(mail.address) or "不明")
    return row


def give_number(
    ledger: Ledger, settings: Settings, mail: KeptMail, to: str, now: datetime, poster: str = ""
) -> int:
    """Give the next number to `to`, and owe the 受付完了メール as the answer to this mail; `poster`
    is the tag of the one that it was sent to.

    Raises AlreadyNumbered where the address has one, and then nothing has changed.
    """
    if is_own(to, settings.mail_address):
        raise Trouble(
            "お店のメールアドレスです",
            happened=f"「{to}」は、このお店が空メールを受け取るアドレスです。",
            cure="お客様のメールアドレスを入力してください。",
        )
    with ledger.transaction():
        template = _acknowledgement(ledger, settings, now)
        number = ledger.give_number(
            to, address.key(to), now,
            first=settings.collect.first_number, template=template, poster=poster,
        )  # fmt: skip
        _owe(
            ledger, settings, mail, f"number-{mail.id}-{number}", Kind.NEW, to, now,
            number=number, template=template,
        )  # fmt: skip
    log.info("%s%s", NUMBER_GIVEN.format(number=number, who=exact(to)), BY_HAND)
    return number


def _owe(
    ledger: Ledger,
    settings: Settings,
    mail: KeptMail,
    uid: str,
    kind: str,
    to: str,
    now: datetime,
    *,
    number: int | None = None,
    template: int | None = None,
) -> int:
    seen = NewMail(
        uid=uid,
        fingerprint="",
        kind=kind,
        reason=mail.reason,
        address=to,
        address_key=address.key(to) if to else "",
        subject=mail.subject,
        message_id=mail.message_id,
        thread=mail.thread,
    )
    identity = ledger.record(
        MANUAL, seen, MailState.OWED, now,
        template=template, number=number, letter_domain=_letter_domain(settings),
    )  # fmt: skip
    ledger.mark_kept(identity, mail.file, whole=mail.whole)
    return identity


def _letter_domain(settings: Settings) -> str:
    if not settings.mail_address:
        raise Trouble(
            "メールの設定がまだです",
            happened="お店のメールアドレスが決まっていないので、メールを送れません。",
            cure="「緒言設定」の「メールの設定」を入力してください。",
        )
    return address.wire(settings.mail_address)[0].rpartition("@")[2]


def _acknowledgement(ledger: Ledger, settings: Settings, now: datetime) -> int:
    collect = settings.collect
    return ledger.template_in_force(
        "acknowledgement", collect.reply_subject, collect.reply_body, now
    )


def _duplicate(ledger: Ledger, settings: Settings, now: datetime) -> int:
    duplicate = settings.duplicate
    return ledger.template_in_force("duplicate", duplicate.reply_subject, duplicate.reply_body, now)
