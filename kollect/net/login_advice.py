"""Why a server takes no login, or no encryption before it: said alike for POP3, IMAP and SMTP, with
what the large providers ask for. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kollect.errors import IN_MAIL_SETTINGS, EncryptionGone, LoginTrouble, ServerTrouble, Stage
from kollect.net.server_errors import ASK_PROVIDER, SENDING_ROLE, Peer
from kollect.settings import microsoft

_UNENCRYPTED_AFTER_ALL = (
    "どうしても使えないときは、危険を承知のうえで「暗号化せずにパスワードを送る」を選べます。"
)


@dataclass(frozen=True, slots=True)
class _Provider:
    host: re.Pattern[str]
    sending: str
    receiving: str
    """What to do; `{protocol}` is POP, IMAP or SMTP."""
    words: re.Pattern[str] | None = None
    """What its servers answer, whatever they are called."""


_GMAIL = (
    "Gmailでは、ふだんのパスワードは使えません。Googleアカウントの2段階認証を有効にして"
    "「アプリ パスワード」を作り、それを入力してください。"
)
_YAHOO = (
    "Yahoo!メールの設定「IMAP/POP/SMTPアクセス」で{protocol}を有効にしてから、"
    "もう一度お試しください。アカウントは「@」より前の部分です。"
)
_ICLOUD = "iCloudメールでは、Appleのサイトで作る「App用パスワード」を入力してください。"
_PROVIDERS = (
    _Provider(
        re.compile(r"(^|\.)(gmail|googlemail|google)\.com$", re.IGNORECASE),
        sending=_GMAIL,
        receiving=_GMAIL + "Gmailの設定で{protocol}を有効にすることも必要です。",
        words=re.compile(r"\bgsmtp\b|application-specific", re.IGNORECASE),
    ),
    _Provider(
        microsoft.HOST,
        sending=f"{microsoft.SENDING_ENDING}{microsoft.ALLOW_SENDING}{microsoft.OTHER_ADDRESS}",
        receiving=f"{microsoft.NO_RECEIVING}{microsoft.OTHER_ADDRESS}",
        words=microsoft.ANSWERS,
    ),
    _Provider(
        re.compile(r"(^|\.)yahoo\.(co\.jp|com)$", re.IGNORECASE), sending=_YAHOO, receiving=_YAHOO
    ),
    _Provider(
        re.compile(r"(^|\.)(me|icloud)\.com$", re.IGNORECASE), sending=_ICLOUD, receiving=_ICLOUD
    ),
)
_OTHERS = _Provider(
    re.compile(""),
    sending=f"{IN_MAIL_SETTINGS}送信用のアカウントとパスワードを入力し直してください"
    "（大文字と小文字は別の文字です）。アカウントは、メールアドレス全体のこともあります。"
    "受信用と同じときは「受信用のアカウントを複写する」をお使いください。",
    receiving=f"{IN_MAIL_SETTINGS}アカウントとパスワードを入力し直してください"
    "（大文字と小文字は別の文字です）。アカウントは、メールアドレス全体のこともあります。"
    "プロバイダによっては、メールソフトからの受信（{protocol}）を有効にする必要があります。",
)


def of_provider(peer: Peer, protocol: str, answer: str = "") -> str | None:
    """What this provider asks for; None where it is none that we know."""
    for one in _PROVIDERS:
        if one.host.search(peer.host) or (one.words and one.words.search(answer)):
            return _for(one, peer, protocol)
    return None


def login_refused(peer: Peer, protocol: str, answer: str) -> LoginTrouble:
    """The server does not take the account or the password; `protocol` is POP, IMAP or SMTP."""
    return LoginTrouble(
        f"{peer.role}にログインできません",
        stage=Stage.LOGIN,
        happened=f"{peer.label}が、アカウントかパスワードを受け付けませんでした。",
        cure=of_provider(peer, protocol, answer) or _for(_OTHERS, peer, protocol),
        detail=answer,
    )


def unsafe(peer: Peer) -> LoginTrouble:
    """The password would have to go over a line on which others can listen."""
    if peer.role == SENDING_ROLE:
        cure = "「SMTP認証」を「する(SSL認証)」にして、ポート番号465か587をお試しください。"
    else:
        cure = "「メールの設定」の暗号化を「SSL」か「STARTTLS」にしてください。"
    return LoginTrouble(
        "パスワードを送るのをやめました",
        stage=Stage.LOGIN,
        happened=f"{peer.label}との通信が暗号化されていないため、"
        "パスワードを盗み見られるおそれがあります。",
        cure=cure + _UNENCRYPTED_AFTER_ALL,
        detail="password or digest on an unencrypted line",
    )


def unencryptable(peer: Peer, tls_port: int, answer: str) -> ServerTrouble:
    """STARTTLS is demanded by the settings or was offered, and does not come about."""
    return ServerTrouble(
        f"{peer.role}と暗号化して通信できません",
        stage=Stage.ENCRYPT,
        happened=f"{peer.label}は、暗号化（STARTTLS）に応じませんでした。",
        cure=f"{_safe(peer, tls_port)}に変えてお試しください。{ASK_PROVIDER}",
        detail=answer,
    )


def encryption_gone(peer: Peer, protocol: str, tls_port: int, answer: str) -> EncryptionGone:
    """A server that has encrypted before does not any more. `protocol`: as `server_errors` says."""
    return peer.encryption_gone(protocol, answer, safe=_safe(peer, tls_port))


def _for(provider: _Provider, peer: Peer, protocol: str) -> str:
    text = provider.sending if peer.role == SENDING_ROLE else provider.receiving
    return text.format(protocol=protocol)


def _safe(peer: Peer, tls_port: int) -> str:
    """The setting with which a line is encrypted from its start."""
    if peer.role == SENDING_ROLE:
        return f"「SMTP認証」を「する(SSL認証)」に、ポート番号を{tls_port}"
    return f"暗号化を「SSL」に、ポート番号を{tls_port}"
