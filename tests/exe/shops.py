"""The shops of these tests: their settings, and the mails that come."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

from kollect.settings.model import Auth, Collect, Receive, Security, Send, Settings, Shop, Tls
from tests.exe.wine import windows_path
from tests.helpers.dovecot import Dovecot
from tests.helpers.postfix import Postfix

WITH_SUBJECT = (
    b"From: hanako@docomo.ne.jp\r\nTo: shop@shop.example\r\nSubject: =?utf-8?B?6LOq5ZWP?=\r\n"
    b"Date: Mon, 23 Nov 2026 10:00:00 +0900\r\nMessage-ID: <q@docomo.ne.jp>\r\n\r\n?\r\n"
)


def settings_with_tls(dovecot: Dovecot, postfix: Postfix, user: str) -> Settings:
    return Settings(
        shop=Shop(id="TEST", name="テスト商店"),
        collect=Collect(interval_seconds=10),
        receive=Receive(host=dovecot.host, port=dovecot.pop3s, security=Security.SSL, account=user),
        send=Send(host=postfix.host, port=postfix.plain, auth=Auth.SSL, account=postfix.account),
        tls=Tls(ca_file=windows_path(Path(dovecot.ca_file))),
        mail_address=f"{user}@shop.example",
        forward_address="owner@customer.example",
    )


def passwords(dovecot: Dovecot, postfix: Postfix) -> dict[str, str]:
    """As they are given to a program in its environment."""
    return {
        "KOLLECT_RECEIVE_PASSWORD": dovecot.password,
        "KOLLECT_SEND_PASSWORD": postfix.password,
    }


def subject(raw: bytes) -> str:
    return str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"])
