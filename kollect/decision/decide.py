"""What is this mail, and what is to be done with it: the table of rules, read from the top.

    1  our own test mail, or the answer to one (not a no)  TEST
    2  from our own address, with a tag or without, or
       our own reply come back                             LOOP
    3  a delivery report                                   BOUNCE
    4  a member's 「配信停止」, 「退会」 or their like      STOP, or STOP_UNANSWERED
    5  written by a program                                AUTOMATIC
    6  not blank                                           OUT_OF_SCOPE
    7  blank, but no usable sender                         OUT_OF_SCOPE
    8  blank, known address, by setting no answer          IGNORED
    9  blank, too many answers to this address already     BRAKED
    10 blank, new address, too many new ones this hour     PAUSED
    11 blank, new address                                  NEW
    12 blank, known address (2重登録)                      DUPLICATE or RENUMBER, by setting

Rows 1 to 3 and 5 are what keeps two programs from answering each other for ever (RFC 3834); row 4
stops the mails whatever marks of a program it carries, and then confirms nothing: buttons of mail
programs that unsubscribe mark what they send as automatic. A delivery
report is recognised here by its header; which of our replies it is about, `bounce` reads from its
body. Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from kollect.decision.automatic import is_from_daemon, is_null_return_path, why_automatic
from kollect.decision.blank import is_blank
from kollect.decision.stop_request import asks_to_stop
from kollect.decision.types import Decision, Kind, Rules, SenderHistory
from kollect.mail.message import Mail
from kollect.mail.own_headers import REPLY_HEADER, TEST_HEADER
from kollect.mail.plus_address import is_own
from kollect.mail.trial_code import code_of_answer
from kollect.settings.model import DuplicateAction

ANSWER_TO_TRIAL = (
    "「自分の携帯・Gmailで試す」のメールへの返信です。サーバに残しています"
    "（「テスト後処理」で取り除きます）。"
)


def decide(mail: Mail, rules: Rules, known: SenderHistory) -> Decision:
    """Say what to do with one mail. Looks at its arguments and at nothing else.

    `known` is what the ledger knows of `mail.sender`.
    """
    return next(  # the last row fits every mail
        decision for fits in TABLE if (decision := fits(mail, rules, known))
    )


def _own_test(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if _carries(mail, TEST_HEADER, rules.test_mark):
        return Decision(Kind.TEST, "「メールの設定のテスト」で送ったメールです。", mail.sender)
    if is_delivery_report(mail) or _is_a_no(mail, known):
        return None
    if code_of_answer(mail, rules.test_mark):
        return Decision(Kind.TEST, ANSWER_TO_TRIAL, mail.sender)
    return None


def _loop(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if _carries(mail, REPLY_HEADER, rules.reply_mark):
        return Decision(
            Kind.LOOP, "このプログラムが送ったメールが戻ってきたものです。", mail.sender
        )
    if is_own(mail.sender, rules.own_address):
        return Decision(Kind.LOOP, "差出人がお店自身のメールアドレスです。", mail.sender)
    return None


def _delivery_report(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if not is_delivery_report(mail):
        return None
    return Decision(
        Kind.BOUNCE, "メールが届かなかったことなどを知らせる配信の通知です。", mail.sender
    )


def _automatic(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    reason = why_automatic(mail)
    return Decision(Kind.AUTOMATIC, reason, mail.sender) if reason else None


def _stop(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if not _is_a_no(mail, known):
        return None
    reason = "会員からの、メールの配信を止めるご依頼です。"
    if why_automatic(mail):
        reason += "自動で送られたメールのため、確認のメールは送りません。"
        return Decision(Kind.STOP_UNANSWERED, reason, mail.sender, known.member)
    if limit := _limit_reached(rules, known):
        reason += f"同じアドレスへの返信が上限（{limit}）に達したため、確認のメールは送りません。"
        return Decision(Kind.STOP_UNANSWERED, reason, mail.sender, known.member)
    return Decision(Kind.STOP, reason, mail.sender, known.member)


def _not_blank(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if is_blank(mail.subject, rules.blank_subjects):
        return None
    if mail.cut_off:
        reason = "メールの先頭（ヘッダー）が長く、すべては読めないため、空メールとして扱いません。"
    elif mail.subject is None:
        reason = "件名の文字を読み取れないため、空メールとして扱いません。"
    else:
        reason = "見出があるため、空メールではありません。"
    return Decision(Kind.OUT_OF_SCOPE, reason, mail.sender)


def _nobody(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if mail.sender:
        return None
    return Decision(Kind.OUT_OF_SCOPE, "空メールですが、差出人のメールアドレスを読み取れません。")


def _unanswered_by_setting(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if known.number is None or rules.duplicate_action is not DuplicateAction.IGNORE:
        return None
    reason = f"受付済み（受付番号 {known.number}）のため、設定により返信しません。"
    return Decision(Kind.IGNORED, reason, mail.sender, known.number)


def _brake(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    limit = _limit_reached(rules, known)
    if not limit:
        return None
    reason = f"同じアドレスへの返信が上限（{limit}）に達したため、返信しません。"
    return Decision(Kind.BRAKED, reason, mail.sender, known.number)


def _limit_reached(rules: Rules, known: SenderHistory) -> str:
    """Which brake holds the next answer to this address; "": none."""
    if known.replies_last_hour >= rules.replies_per_hour:
        return f"1時間に{rules.replies_per_hour}通"
    if known.replies_last_day >= rules.replies_per_day:
        return f"1日に{rules.replies_per_day}通"
    return ""


def _pause(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if known.number is not None or not known.flooded:
        return None
    reason = "新しいアドレスが短時間に多すぎるため、受付を一時見合わせています。"
    return Decision(Kind.PAUSED, reason, mail.sender)


def _new(mail: Mail, rules: Rules, known: SenderHistory) -> Decision | None:
    if known.number is not None:
        return None
    return Decision(Kind.NEW, "新しいアドレスからの空メールです。", mail.sender)


def _again(mail: Mail, rules: Rules, known: SenderHistory) -> Decision:
    if rules.duplicate_action is DuplicateAction.RENUMBER:
        reason = f"受付済み（受付番号 {known.number}）ですが、設定により新しい番号を発行します。"
        return Decision(Kind.RENUMBER, reason, mail.sender, known.number)
    reason = f"受付済み（受付番号 {known.number}）のアドレスからの空メールです。"
    return Decision(Kind.DUPLICATE, reason, mail.sender, known.number)


TABLE: tuple[Callable[[Mail, Rules, SenderHistory], Decision | None], ...] = (
    _own_test,
    _loop,
    _delivery_report,
    _stop,
    _automatic,
    _not_blank,
    _nobody,
    _unanswered_by_setting,
    _brake,
    _pause,
    _new,
    _again,
)


def is_delivery_report(mail: Mail) -> bool:
    """Whether the header says so: RFC 3464, or a mail server's letter that has no return path."""
    if mail.content_type == "multipart/report":
        return mail.parameter("report-type").lower() in (
            "delivery-status",
            "global-delivery-status",
        )
    return is_null_return_path(mail) and is_from_daemon(mail)  # qmail and old Exim: plain text


def _is_a_no(mail: Mail, known: SenderHistory) -> bool:
    return known.member is not None and asks_to_stop(mail.subject)


def _carries(mail: Mail, header: str, mark: str) -> bool:
    return bool(mark) and mark.encode() in mail.every(header.lower())
