"""Microsoft 365 and Outlook.com: what they still take a password for, and what works instead. Pure.

The one place that knows it. Receiving by password ended in 2022 (Microsoft 365) and 2024
(Outlook.com). Sending by password is switched off for Microsoft 365 at the end of December 2026;
an administrator may switch it on again, new customers have it off (Exchange Team Blog, 2026-01-27,
"Updated Exchange Online SMTP AUTH Basic Authentication Deprecation Timeline").
"""

from __future__ import annotations

import re

HOST = re.compile(r"(^|\.)(outlook|office365|hotmail|live|onmicrosoft)\.(com|jp)$", re.IGNORECASE)
"""The servers, by which a shop enters them."""
ANSWERS = re.compile(r"5\.7\.139|SmtpClientAuthentication|basic authentication", re.IGNORECASE)
"""What they say where a password is not taken."""

SENDING_ENDS = "2026年12月31日"

NO_RECEIVING = (
    "マイクロソフトのメール（Outlook.com、Microsoft 365）は、パスワードでの受信を廃止したので、"
    "コレクトでは使えません。"
)
SENDING_ENDING = (
    "マイクロソフトのメールは、パスワードでの送信もやめていきます。Outlook.comではもう送れません。"
    f"Microsoft 365では{SENDING_ENDS}に、はじめから使えない設定に変わります。"
)
OTHER_ADDRESS = (
    "空メールを受ける宛先には、ほかのプロバイダのメールアドレスか、レンタルサーバのものをお使いください。"
    "いまの宛先を変えられないあいだは、マイクロソフトの側で、そのアドレスへ転送してください。"
)
ALLOW_SENDING = (
    "Microsoft 365で送るだけなら、管理者が「認証済みSMTP」を有効にしているあいだは使えます"
    "（管理センター ▸ ユーザー ▸ メール ▸ 電子メールアプリを管理する）。"
)
NO_PASSWORDS = f"{NO_RECEIVING}ほかのメールアドレスをお使いください。"


def is_microsoft(host: str) -> bool:
    """Whether this server is one of Microsoft's for mail."""
    return bool(HOST.search(host.strip().rstrip(".")))


def warning(receive_host: str, send_host: str) -> str:
    """What a shop must know before it goes on with these servers, in lines; empty: nothing."""
    texts: list[str] = []
    if is_microsoft(receive_host):
        texts += [NO_RECEIVING]
    if is_microsoft(send_host):
        texts += [SENDING_ENDING + ALLOW_SENDING]
    return "\n".join([*texts, OTHER_ADDRESS]) if texts else ""
