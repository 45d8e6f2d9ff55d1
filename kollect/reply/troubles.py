"""Why a sending server takes no letters, in words for shop staff. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kollect.errors import EncryptionGone, LoginTrouble, ServerTrouble, Stage
from kollect.foreign_text import one_line
from kollect.reply.answer import Answer
from kollect.wire.peer import ASK_PROVIDER, SMTP, Peer


class LettersPutOff(ServerTrouble):
    """One letter after the other was put off; whether for their own sake or not, is unknown."""


class LettersRefused(ServerTrouble):
    """Letters were refused, and none begun after them was taken: it may be about the shop."""


_RULES_OF_PROVIDERS = (
    (
        re.compile(r"(^|\.)(gmail|googlemail|google)\.com$", re.I),
        re.compile(r"\bgsmtp\b|application-specific", re.I),
        "Gmailでは、ふだんのパスワードは使えません。Googleアカウントの2段階認証を有効にして"
        "「アプリ パスワード」を作り、それを入力してください。",
    ),
    (
        re.compile(r"(^|\.)(outlook|office365|hotmail|live)\.(com|jp)$", re.I),
        re.compile(r"5\.7\.139|SmtpClientAuthentication|basic authentication", re.I),
        "マイクロソフトのメールは、パスワードでのログインを止めています。Microsoft 365では、"
        "管理者に「SMTP認証 (認証済みSMTP)」を有効にできるか確認してください。"
        "できないときは、ほかのプロバイダのメールアドレスをお使いください。",
    ),
    (
        re.compile(r"(^|\.)yahoo\.(co\.jp|com)$", re.I),
        None,
        "Yahoo!メールの設定「IMAP/POP/SMTPアクセス」でSMTPを有効にしてから、"
        "もう一度お試しください。アカウントは「@」より前の部分です。",
    ),
    (
        re.compile(r"(^|\.)(me|icloud)\.com$", re.I),
        None,
        "iCloudメールでは、Appleのサイトで作る「App用パスワード」を入力してください。",
    ),
)
_USUAL_CURE = (
    "「メールの設定」の送信用のアカウントとパスワードを入力し直してください"
    " (大文字と小文字は別の文字です)。"
    "アカウントは、メールアドレス全体のこともあります。"
    "受信用と同じときは「受信用のアカウントを複写する」をお使いください。"
)


def shown(answer: Answer) -> str:
    """The server's words, for 「詳細」."""
    return f"{answer.code} {answer.text}".strip()


def login_refused(peer: Peer, detail: str) -> LoginTrouble:
    """The server does not take the account or the password."""
    return LoginTrouble(
        f"{peer.role}にログインできません",
        stage=Stage.LOGIN,
        happened=f"{peer.label}が、アカウントかパスワードを受け付けませんでした。",
        cure=_cure_for(peer, detail),
        detail=detail,
    )


def _cure_for(peer: Peer, detail: str) -> str:
    for host, words, cure in _RULES_OF_PROVIDERS:
        if host.search(peer.host) or (words and words.search(detail)):
            return cure
    return _USUAL_CURE


def no_password_login(peer: Peer, mechanisms: frozenset[str]) -> LoginTrouble:
    """The server has no login at all here, or none with a password."""
    if mechanisms:
        cure = _cure_for(peer, "")
        if cure is _USUAL_CURE:
            cure = "プロバイダに、メールソフト用のパスワードでログインする方法を確認してください。"
        happened = f"{peer.label}は、パスワードでのログインに対応していません。"
    else:
        happened = f"{peer.label}は、このポートではSMTP認証を受け付けていません。"
        cure = (
            "「送信ポート番号」を587に変えてお試しください。"
            "プロバイダの案内に認証が不要とあるときは、「SMTP認証」を「しない」にしてください。"
        )
    return LoginTrouble(
        f"{peer.role}にログインできません",
        stage=Stage.LOGIN,
        happened=happened,
        cure=cure,
        detail=one_line(f"AUTH: {' '.join(sorted(mechanisms)) or '-'}"),
    )


def no_such_way(peer: Peer, mechanisms: Sequence[str], detail: str) -> LoginTrouble:
    """The server offers ways to log in and takes none of them; it has not judged the password."""
    return LoginTrouble(
        f"{peer.role}にログインできません",
        stage=Stage.LOGIN,
        happened=f"{peer.label}は、自分で案内しているログインの方式（{'、'.join(mechanisms)}）を"
        "受け付けませんでした。アカウントとパスワードは、まだ確かめられていません。",
        cure="「SMTP認証」を「する(SSL認証)」に、ポート番号を465か587に変えてお試しください。"
        + ASK_PROVIDER,
        detail=detail,
    )


def no_password(peer: Peer) -> LoginTrouble:
    """The settings ask for a login, and there is nothing to log in with."""
    return LoginTrouble(
        f"{peer.role}のパスワードが入力されていません",
        stage=Stage.LOGIN,
        happened="「SMTP認証」をする設定ですが、送信用のアカウントかパスワードが空です。",
        cure="「メールの設定」で、送信用のアカウントとパスワードを入力してください。",
        detail="no account or password",
    )


def unsafe(peer: Peer) -> LoginTrouble:
    """The password would have to go over a line on which others can listen."""
    return LoginTrouble(
        "パスワードを送るのをやめました",
        stage=Stage.LOGIN,
        happened=f"{peer.label}との通信が暗号化されていないため、"
        "パスワードを盗み見られるおそれがあります。",
        cure="「SMTP認証」を「する(SSL認証)」にして、ポート番号465か587をお試しください。"
        "どうしても使えないときは、危険を承知のうえで"
        "「暗号化せずにパスワードを送る」を選べます。",
        detail="password or digest on an unencrypted line",
    )


def unencryptable(peer: Peer, detail: str) -> ServerTrouble:
    """STARTTLS is demanded or was offered, and does not come about."""
    return ServerTrouble(
        f"{peer.role}と暗号化して通信できません",
        stage=Stage.ENCRYPT,
        happened=f"{peer.label}は、暗号化 (STARTTLS) を始められませんでした。",
        cure="「SMTP認証」を「する(SSL認証)」に、ポート番号を465に変えてお試しください。"
        + ASK_PROVIDER,
        detail=detail,
    )


def encryption_gone(peer: Peer, tls_port: int, detail: str) -> EncryptionGone:
    """A server that has encrypted before does not any more."""
    safe = f"「SMTP認証」を「する(SSL認証)」に、ポート番号を{tls_port}"
    return peer.encryption_gone(SMTP, detail, safe=safe)


def closed_for_now(peer: Peer, stage: Stage, answer: Answer) -> ServerTrouble:
    """The server asks to come back later."""
    return ServerTrouble(
        f"{peer.role}が混みあっています",
        stage=stage,
        happened=f"{peer.label}が、しばらくしてからつなぐように求めています。",
        cure="しばらくすると自動的にもう一度試します。長く続くときは、プロバイダに確認してください。",
        detail=shown(answer),
    )


def turned_away(peer: Peer, answer: Answer) -> ServerTrouble:
    """The server does not want to talk to this PC at all."""
    return ServerTrouble(
        f"{peer.role}に接続を断られました",
        stage=Stage.CONNECT,
        happened=f"{peer.label}が、このパソコンからの接続を断りました。",
        cure="送信サーバの名前とポート番号 (587か465) を確かめてください。" + ASK_PROVIDER,
        detail=shown(answer),
    )


def not_smtp(peer: Peer, stage: Stage, detail: str) -> ServerTrouble:
    """What came is not the language of a sending server."""
    return ServerTrouble(
        f"{peer.role}の返事がわかりません",
        stage=stage,
        happened=f"{peer.label}から、送信サーバのものではない返事が届きました。",
        cure="送信サーバの名前とポート番号を確かめてください。"
        "受信サーバの名前やポート番号が入っていることがあります。",
        detail=detail,
    )


def sending_refused(peer: Peer, detail: str) -> ServerTrouble:
    """The shop's own address or account may not send; no letter can go out."""
    return ServerTrouble(
        "送信サーバが、お店からの送信を認めません",
        stage=Stage.SEND,
        happened=f"{peer.label}が、お店のメールアドレスからの送信を断りました。",
        cure="「メールの設定」のEmailアドレス、「SMTP認証」、送信用のアカウントを確かめてください。"
        "送信数の上限に達しているときは、しばらくすると自動的に続きを送ります。",
        detail=detail,
    )


def refusing(peer: Peer, detail: str) -> LettersRefused:
    """A refusal that names no recipient: a limit, a policy, the text, or this one letter."""
    return LettersRefused(
        "送信サーバが、メールの受け取りを断っています",
        stage=Stage.SEND,
        happened=f"{peer.label}が、メールを断りました。送れる数の上限に達したか、お店のアカウントや"
        "文面が認められなかったおそれがあります。断られたメールは、なくさずに待たせています。",
        cure="次回も自動的に送ります。続くときは、「詳細」のサーバの答えを見て、「メールの設定」の"
        "「SMTP認証」とEmailアドレスを確かめ、プロバイダに問い合わせてください。",
        detail=detail,
    )


def refused_for_now(peer: Peer, detail: str) -> LettersPutOff:
    """One letter after the other was put off."""
    return LettersPutOff(
        "送信サーバが、いまは送信を受け付けません",
        stage=Stage.SEND,
        happened=f"{peer.label}が、続けて「あとで送るように」と答えました。",
        cure="残りのメールは、次回に自動的に送ります。長く続くときは、プロバイダに確認してください。",
        detail=detail,
    )


def keeps_hanging_up(peer: Peer, detail: str) -> ServerTrouble:
    """Line after line was lost without a letter going through."""
    return ServerTrouble(
        "送信サーバとの接続が続きません",
        stage=Stage.SEND,
        happened=f"{peer.label}との接続が、メールを送る前に切れました。",
        cure="残りのメールは、次回に自動的に送ります。",
        detail=detail,
    )
