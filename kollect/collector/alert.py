"""The letters to the owner: polling has failed for long, and it is well again."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime

from kollect.errors import Trouble
from kollect.reply.letter import Sender, notice
from kollect.reply.outcome import Ending, Letter
from kollect.reply.post import Post
from kollect.settings.model import Passwords, Settings

log = logging.getLogger(__name__)

Load = Callable[[], tuple[Settings, Passwords]]


def send_alert(
    load: Load, mark: str, trouble: Trouble, since: datetime | None, now: datetime
) -> bool:
    """Tell the owner that polling fails. Returns whether that is settled; raises no Trouble."""
    began = f"{since:%m月%d日 %H:%M}" if since else "しばらく前"
    return _send(
        load,
        mark,
        "【コレクト】メールの受信が止まっています",
        f"{began} から、空メールの受信ができていません。\n\n"
        f"{trouble.title}\n{trouble.happened}\n{trouble.cure}\n\n"
        "届いた空メールはサーバに残っています。直りしだい、届いた順に返信します。\n",
        now,
    )


def send_all_clear(load: Load, mark: str, now: datetime) -> bool:
    """Tell the owner that polling works again. Returns whether that is settled."""
    return _send(
        load,
        mark,
        "【コレクト】メールの受信が元に戻りました",
        f"{now:%m月%d日 %H:%M} に、空メールの受信が元どおりできるようになりました。\n",
        now,
    )


def _send(load: Load, mark: str, subject: str, body: str, now: datetime) -> bool:
    try:
        settings, passwords = load()
        if not settings.alert_address:
            return True
        sender = Sender(settings.mail_address, settings.shop.name)
        octets = notice(
            sender,
            to=settings.alert_address,
            subject=subject,
            body=body,
            message_id=f"<{uuid.uuid4().hex}@{sender.domain}>",
            date=now,
            mark=mark,
        )
        post = Post(settings.send, settings.tls, settings.mail_address, passwords.send)
        try:
            letter = Letter(0, settings.alert_address, octets)
            endings = [o.ending for batch in post.deliver([letter]) for o in batch]
        finally:
            post.close()
    except Trouble as trouble:
        log.info("お知らせのメールを送れませんでした（%s）", trouble.title)
        return False
    return Ending.LATER not in endings
