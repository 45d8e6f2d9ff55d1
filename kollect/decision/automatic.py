"""Which mails a program wrote, and the sentence that says why: these are never answered (RFC 3834
section 2). Pure.
"""

from __future__ import annotations

import re

from kollect.mail.message import Mail

_COMMENT = re.compile(rb"\([^()]*\)")
_PRECEDENCE = frozenset({b"bulk", b"junk", b"list", b"auto_reply", b"auto-reply"})

_NO_ANSWERS = frozenset({b"all", b"oof", b"autoreply"})
"""Of X-Auto-Response-Suppress. The others (DR, NDR, RN, NRN) ask for no reports; Exchange writes
them into what people send ([MS-OXCMAIL] section 2.2.3.2.14)."""
_BETWEEN = re.compile(rb"[\s,;]+")

_DAEMON = re.compile(r"(?:mailer[-_.]?daemon|postmaster)(?![a-z])|microsoftexchange[0-9a-f]{8}")
_NO_REPLY = re.compile(
    r"""
      (?:no|do[-_.]?not|dont)[-_.]?reply                      # at the start, as in noreply123
    | .*[-_.+](?:no|do[-_.]?not|dont)[-_.]?reply(?![a-z])     # as words of their own: shop-noreply
    """,
    re.VERBOSE,
)


def why_automatic(mail: Mail) -> str | None:
    """The reason, as a Japanese sentence, or None for a mail that a person may have written."""
    for test in _TESTS:
        if reason := test(mail):
            return reason
    return None


def is_null_return_path(mail: Mail) -> bool:
    """Whether the envelope had no sender: nobody waits for an answer (RFC 5321 section 4.5.5)."""
    path = mail.first("return-path")
    return path is not None and b"".join(path.split()) == b"<>"


def is_from_daemon(mail: Mail) -> bool:
    """Whether a mail server signed as the sender, with an address or with its bare name."""
    if mail.sender:
        return bool(_DAEMON.match(_local_part(mail.sender)))
    return any(b"mailer-daemon" in value.lower() for value in mail.every("from"))


def _by_auto_submitted(mail: Mail) -> str | None:
    for value in mail.every("auto-submitted"):
        if _COMMENT.sub(b"", value).partition(b";")[0].strip().lower() != b"no":
            return "自動送信のメールです（Auto-Submitted）。"
    return None


def _by_return_path(mail: Mail) -> str | None:
    return (
        "配信の通知など、返信先のないメールです（Return-Path）。"
        if is_null_return_path(mail)
        else None
    )


def _by_precedence(mail: Mail) -> str | None:
    for value in mail.every("precedence"):
        if _COMMENT.sub(b"", value).strip().lower() in _PRECEDENCE:
            return "一斉配信または自動返信のメールです（Precedence）。"
    return None


def _by_list(mail: Mail) -> str | None:
    if any(name.startswith("list-") for name in mail.names):
        return "メーリングリストまたはメールマガジンのメールです（List-）。"
    return None


def _by_suppression(mail: Mail) -> str | None:
    for value in mail.every("x-auto-response-suppress"):
        wanted = {word.lower() for word in _BETWEEN.split(_COMMENT.sub(b"", value))}
        if wanted & _NO_ANSWERS:
            return "自動返信をしないよう求めているメールです（X-Auto-Response-Suppress）。"
    return None


def _by_autoreply(mail: Mail) -> str | None:
    if mail.names & {"x-autoreply", "x-autorespond", "x-autoresponder"}:
        return "自動返信のメールです（X-Autoreply）。"
    return None


def _by_report(mail: Mail) -> str | None:
    if mail.content_type == "multipart/report":
        return "開封確認など、自動で作られた通知です。"
    return None


def _by_sender(mail: Mail) -> str | None:
    if is_from_daemon(mail):
        return "メールサーバからのメールです（MAILER-DAEMON、postmaster）。"
    if _NO_REPLY.match(_local_part(mail.sender)):
        return "返信を受け付けない差出人（no-replyなど）からのメールです。"
    return None


_TESTS = (
    _by_auto_submitted,
    _by_return_path,
    _by_precedence,
    _by_list,
    _by_suppression,
    _by_autoreply,
    _by_report,
    _by_sender,
)


def _local_part(address: str) -> str:
    return address.rpartition("@")[0].strip('"').lower()
