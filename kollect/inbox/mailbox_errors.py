"""Why a receiving server refuses something, in the same words for POP3 and IMAP. Pure."""

from __future__ import annotations

import re

from kollect.errors import (
    FETCHED_LESS_OFTEN,
    FETCHED_SOON,
    TRIED_AGAIN,
    LoginTrouble,
    MailboxBusy,
    NotDeleted,
    ServerTrouble,
    Stage,
    TooManyLogins,
)
from kollect.net import login_advice
from kollect.net.server_errors import ASK_PROVIDER, Peer

_BUSY_CODES = frozenset({"IN-USE", "LOGIN-DELAY", "SYS/TEMP", "INUSE", "UNAVAILABLE", "LIMIT"})
# For servers without response codes: qpopper, Courier, older Japanese ones.
_BUSY_WORDS = re.compile(
    r"\block(ed)?\b|in use|\bbusy\b|temporar|try (again )?later|too many|too (soon|frequent)", re.I
)
_TOO_MANY_LOGINS = re.compile(
    # Hotmail; Gmail, which says [AUTH] and [SYS/PERM] to it
    r"exceeded (the |your |pop3? |imap )*(log-?in|command|connection|bandwidth|rate)"
    r"|(too many|excessive|too frequent)\W+"
    r"((?!fail|inval|wrong|incorrect|bad|simultan)\w+\W+){0,2}?"
    r"(log-?ins?|log-?ons?|sign-?ins?|auth\w*|checks?|polls?|requests|usage)\b"
    r"|\b(log-?in|log-?on|check|poll|connect|access)\w*\W+(\w+\W+){0,3}?"
    r"too (often|frequent|soon|quick)"
    # RFC 2449 section 8.1.1; GNU Mailutils, Cyrus, and others without their code
    r"|minimum (log-?in delay|(time|interval) between)|log-?ins must be at least"
    r"|(reduce|lower) the frequency|log-?in (rate|frequency) (limit|exceed)"
    r"|\brate[- ]limit|throttl",
    re.I,
)
"""Not "too many simultaneous connections": another program's lines, or ours not yet ended."""


def _is_too_many_logins(code: str, text: str) -> bool:
    return code == "LOGIN-DELAY" or _TOO_MANY_LOGINS.search(text) is not None


def busy(code: str, text: str) -> bool:
    """Whether the server's refusal means "not now"; `code` is its response code."""
    by_words = code in ("", "ALERT") and _BUSY_WORDS.search(text) is not None
    return code in _BUSY_CODES or by_words


def of_login(peer: Peer, protocol: str, code: str, text: str) -> ServerTrouble:
    """Why the server refused a greeting or a login, as a trouble; `protocol` is POP or IMAP."""
    detail = f"[{code}] {text}" if code else text
    if _is_too_many_logins(code, text):
        return TooManyLogins(
            "メールボックスを確認する間隔が短すぎます",
            stage=Stage.LOGIN,
            happened=f"{peer.label}が、次の受信まで間をあけるように求めています。",
            cure=f"{FETCHED_LESS_OFTEN}同じアカウントを使うメールソフトがあれば、"
            "終了してください。たびたび出るときは「受信チェック間隔」を長くしてください。",
            detail=detail,
        )
    if busy(code, text):
        return MailboxBusy(
            "メールボックスが使用中です",
            stage=Stage.LOGIN,
            happened=f"ほかのメールソフトが受信しているか、{peer.label}が混んでいます。",
            cure=f"{FETCHED_SOON}同じアカウントを使うメールソフトがあれば終了してください。",
            detail=detail,
        )
    if code == "SYS/PERM":
        return LoginTrouble(
            "メールボックスに故障があります",
            stage=Stage.LOGIN,
            happened=f"{peer.label}のメールボックスを、サーバが開けませんでした。",
            cure="プロバイダに知らせてください。",
            detail=detail,
        )
    return login_advice.login_refused(peer, protocol, detail)


def unspeakable(peer: Peer) -> LoginTrouble:
    """The account or password holds characters that no command can carry."""
    return LoginTrouble(
        f"{peer.role}にログインできません",
        stage=Stage.LOGIN,
        happened="アカウントかパスワードに、改行など、使えない文字が入っています。",
        cure="「メールの設定」のアカウントとパスワードを入力し直してください。",
        detail="control characters in the account or the password",
    )


def of_request(peer: Peer, stage: Stage, text: str) -> ServerTrouble:
    """The server would not do what belongs to every poll."""
    return ServerTrouble(
        f"{peer.role}が処理を断りました",
        stage=stage,
        happened=f"{peer.label}が、メールボックスの操作を受け付けませんでした。",
        cure=f"{TRIED_AGAIN}{ASK_PROVIDER}",
        detail=text,
    )


CANNOT_DELETE = "サーバからメールを削除できません"


def of_deletion(peer: Peer, text: str) -> NotDeleted:
    """The server did not delete what was marked."""
    return NotDeleted(
        CANNOT_DELETE,
        stage=Stage.RECEIVE,
        happened=f"{peer.label}が、処理の終わったメールの削除を断りました。"
        "受信と返信は続けています。二重に返信することはありません。",
        cure="次の受信のときに自動的にもう一度削除します。続くときは、サーバの設定 "
        "（「メールをサーバに残す」、削除の禁止）と、同じメールボックスを使うほかのメールソフトを"
        "確かめ、プロバイダに確認してください。",
        detail=text,
    )


def read_only(peer: Peer) -> NotDeleted:
    """The server opened the mailbox for reading alone (IMAP: READ-ONLY)."""
    return NotDeleted(
        CANNOT_DELETE,
        stage=Stage.RECEIVE,
        happened=f"{peer.label}が、メールボックスを「読み取り専用」で開いたため、処理の終わった"
        "メールを削除できません。受信と返信は続けています。二重に返信することはありません。",
        cure="このアカウントに削除の権限があるか、メールボックスの容量がいっぱいでないか、"
        "プロバイダ（またはサーバの管理者）に確認してください。"
        "削除できるようになると、自動的に片づけます。",
        detail="INBOX is READ-ONLY",
    )


def foreign_marks(peer: Peer, count: int) -> NotDeleted:
    """Deleting ours would delete for good what another program has only marked."""
    return NotDeleted(
        CANNOT_DELETE,
        stage=Stage.RECEIVE,
        happened=f"{peer.label}に、ほかのメールソフトが削除の印を付けたメールが{count}通あり、"
        "いっしょに消えてしまうため、削除をやめました。",
        cure="そのメールソフトで、削除済みのメールを完全に削除（または復元）してください。"
        "受信方式を「POP」に変えることもできます。",
        detail="no UIDPLUS, and mails marked \\Deleted by others",
    )
