"""Why a sending server takes no letters, in words for shop staff. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kollect.errors import (
    REST_SENT_LATER,
    SENT_LATER,
    SENT_WHEN_ALLOWED,
    TRIED_AGAIN,
    LoginTrouble,
    ServerTrouble,
    Stage,
)
from kollect.mail.foreign_text import one_line
from kollect.net import login_advice
from kollect.net.server_errors import ASK_PROVIDER, Peer
from kollect.smtp.replies import SmtpReply


class LettersPutOff(ServerTrouble):
    """One letter after the other was put off; whether for their own sake or not, is unknown."""


class LettersRefused(ServerTrouble):
    """Letters were refused, and none begun after them was taken: it may be about the shop."""


def shown(answer: SmtpReply) -> str:
    """The server's words, for 「詳細」."""
    return f"{answer.code} {answer.text}".strip()


def no_password_login(peer: Peer, mechanisms: frozenset[str]) -> LoginTrouble:
    """The server has no login at all here, or none with a password."""
    if mechanisms:
        cure = login_advice.of_provider(peer, "SMTP") or (
            "プロバイダに、メールソフト用のパスワードでログインする方法を確認してください。"
        )
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


def closed_for_now(peer: Peer, stage: Stage, answer: SmtpReply) -> ServerTrouble:
    """The server asks to come back later."""
    return ServerTrouble(
        f"{peer.role}が混みあっています",
        stage=stage,
        happened=f"{peer.label}が、しばらくしてからつなぐように求めています。",
        cure=f"{TRIED_AGAIN}長く続くときは、プロバイダに確認してください。",
        detail=shown(answer),
    )


def turned_away(peer: Peer, answer: SmtpReply) -> ServerTrouble:
    """The server does not want to talk to this PC at all."""
    return ServerTrouble(
        f"{peer.role}に接続を断られました",
        stage=Stage.CONNECT,
        happened=f"{peer.label}が、このパソコンからの接続を断りました。",
        cure="送信サーバの名前とポート番号（587か465）を確かめてください。" + ASK_PROVIDER,
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
        f"送信数の上限に達しているときは、{SENT_WHEN_ALLOWED}",
        detail=detail,
    )


def refusing(peer: Peer, detail: str) -> LettersRefused:
    """A refusal that names no recipient: a limit, a policy, the text, or this one letter."""
    return LettersRefused(
        "送信サーバが、メールの受け取りを断っています",
        stage=Stage.SEND,
        happened=f"{peer.label}が、メールを断りました。送れる数の上限に達したか、お店のアカウントや"
        "文面が認められなかったおそれがあります。断られたメールは、なくさずに待たせています。",
        cure=f"{SENT_LATER}続くときは、「詳細」のサーバの答えを見て、「メールの設定」の"
        "「SMTP認証」とEmailアドレスを確かめ、プロバイダに問い合わせてください。",
        detail=detail,
    )


def refused_for_now(peer: Peer, detail: str) -> LettersPutOff:
    """One letter after the other was put off."""
    return LettersPutOff(
        "送信サーバが、いまは送信を受け付けません",
        stage=Stage.SEND,
        happened=f"{peer.label}が、続けて「あとで送るように」と答えました。",
        cure=f"{REST_SENT_LATER}長く続くときは、プロバイダに確認してください。",
        detail=detail,
    )


def keeps_hanging_up(peer: Peer, detail: str) -> ServerTrouble:
    """One connection after the other was lost without a letter going through."""
    return ServerTrouble(
        "送信サーバとの接続が続きません",
        stage=Stage.SEND,
        happened=f"{peer.label}との接続が、メールを送る前に切れました。",
        cure=REST_SENT_LATER,
        detail=detail,
    )
