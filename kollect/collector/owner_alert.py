"""The letters to the owner: polling has failed for a long time, and it works again; any other."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from kollect.errors import Trouble
from kollect.letters.letter import Sender, notice
from kollect.settings.model import Passwords, Settings
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, OutgoingMail

Load = Callable[[], tuple[Settings, Passwords]]


def send_alert(
    load: Load,
    mark: str,
    trouble: Trouble,
    since: datetime | None,
    now: datetime,
    stopping: Callable[[], bool],
) -> bool:
    """Tell the owner that polling fails. Returns whether that is settled; raises Trouble."""
    began = f"{since:%m月%d日 %H:%M}" if since else "しばらく前"
    return _send(
        load,
        mark,
        "【コレクト】メールの受信が止まっています",
        f"{began} から、空メールの受信ができていません。\n\n"
        f"{trouble.title}\n{trouble.happened}\n{trouble.cure}\n\n"
        "届いた空メールはサーバに残っています。直りしだい、届いた順に返信します。\n",
        now,
        stopping,
    )


def send_all_clear(load: Load, mark: str, now: datetime, stopping: Callable[[], bool]) -> bool:
    """Tell the owner that polling works again. Returns whether that is settled; raises Trouble."""
    return _send(
        load,
        mark,
        "【コレクト】メールの受信が元に戻りました",
        f"{now:%m月%d日 %H:%M} に、空メールの受信が元どおりできるようになりました。\n",
        now,
        stopping,
    )


def _send(
    load: Load, mark: str, subject: str, body: str, now: datetime, stopping: Callable[[], bool]
) -> bool:
    settings, passwords = load()
    if not settings.alert_address:
        return True
    message_id = new_message_id(settings)
    status = send_to_owner(settings, passwords, mark, subject, body, message_id, now, stopping)
    return status not in (None, DeliveryStatus.LATER, DeliveryStatus.DOUBTED)


def new_message_id(settings: Settings) -> str:
    return f"<{uuid.uuid4().hex}@{_sender(settings).domain}>"


def send_to_owner(
    settings: Settings,
    passwords: Passwords,
    mark: str,
    subject: str,
    body: str,
    message_id: str,
    now: datetime,
    stopping: Callable[[], bool],
) -> DeliveryStatus | None:
    """One letter to 「異常の連絡先」. Returns how it ended; None: broken off by `stopping`, and
    nobody knows. Raises Trouble where it was not handed over."""
    octets = notice(
        _sender(settings),
        to=settings.alert_address,
        subject=subject,
        body=body,
        message_id=message_id,
        date=now,
        mark=mark,
    )
    post = SmtpClient(settings.send, settings.tls, settings.mail_address, passwords.send)
    letter = OutgoingMail(0, settings.alert_address, octets)
    ending: DeliveryStatus | None = None
    try:
        with closing(post.deliver([letter])) as deliveries:
            for outcomes in deliveries:
                ending = next((outcome.status for outcome in outcomes), ending)
                if stopping():  # the program's end does not wait ten minutes for an answer
                    break
    finally:
        post.close()
    return ending


def _sender(settings: Settings) -> Sender:
    return Sender(settings.mail_address, settings.shop.name)
