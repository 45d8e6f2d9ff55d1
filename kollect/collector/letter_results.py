"""How a letter ended: what this makes of its mail and its receipt, and the line for the log.
Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kollect.delivery.retry_policy import MOST_UNKNOWN
from kollect.ledger.records import MailRecord
from kollect.ledger.states import MailState, ReceiptState
from kollect.mail.foreign_text import exact
from kollect.smtp.outgoing import DeliveryStatus, Outcome
from kollect.storage import log_sentences


@dataclass(frozen=True, slots=True)
class End:
    step: MailState
    """The mail's next one."""
    state: ReceiptState | None
    """The receipt's; None: it stays."""
    told: str
    """The line for the log."""
    counted: str = ""
    """The count of the poll that it adds to."""


def answer_of(outcome: Outcome) -> str:
    return f"{outcome.code or ''} {outcome.text}".strip()


def of_reply(entry: MailRecord, letter: str, outcome: Outcome, *, too_old: bool) -> End:
    """`letter` names it; `too_old`: the server has said "later" for five days."""
    who, answer = exact(entry.address), answer_of(outcome)
    match outcome.status:
        case DeliveryStatus.ACCEPTED:
            return End(
                MailState.SENT,
                ReceiptState.REPLIED,
                log_sentences.REPLY_SENT.format(letter=letter, who=who),
            )
        case DeliveryStatus.REFUSED:
            told = log_sentences.REPLY_UNDELIVERABLE.format(letter=letter, answer=answer, who=who)
            return End(MailState.UNDELIVERABLE, ReceiptState.UNDELIVERABLE, told, "undeliverable")
        case DeliveryStatus.UNKNOWN if _is_too_unknown(entry):
            told = (
                f"{letter} の返信が届いたかどうか、2回ともサーバの答えがありません。"
                f"これ以上は自動で送りません: {who}"
            )
            return End(MailState.KEPT, ReceiptState.UNKNOWN, told)
        case DeliveryStatus.UNKNOWN:
            told = (
                f"{letter} の返信が届いたかどうか、サーバの答えがありません。"
                f"次回もう一度だけ送ります: {who}"
            )
            return End(MailState.UNKNOWN, ReceiptState.UNKNOWN, told)
        case DeliveryStatus.LATER if too_old:
            told = log_sentences.REPLY_GIVEN_UP.format(letter=letter, answer=answer, who=who)
            return End(MailState.KEPT, ReceiptState.UNDELIVERABLE, told, "undeliverable")
        case DeliveryStatus.LATER | DeliveryStatus.DOUBTED:
            told = log_sentences.REPLY_LATER.format(letter=letter, answer=answer, who=who)
            return End(MailState.DEFERRED, ReceiptState.PENDING, told)


def of_forward(entry: MailRecord, outcome: Outcome, *, too_old: bool) -> End:
    answer, kept = answer_of(outcome), f"保存先 {entry.kept}"
    match outcome.status:
        case DeliveryStatus.ACCEPTED:
            who = exact(entry.address) or "不明"
            told = log_sentences.FORWARDED.format(who=who, subject=entry.subject)
            return End(MailState.SENT, None, told, "forwarded")
        case DeliveryStatus.REFUSED:
            return End(MailState.KEPT, None, f"対象外メールを転送できません（{answer}）。{kept}")
        case DeliveryStatus.UNKNOWN:
            told = f"転送が届いたかどうか、サーバの答えがありません。{kept}"
            return End(MailState.KEPT if _is_too_unknown(entry) else MailState.UNKNOWN, None, told)
        case DeliveryStatus.LATER | DeliveryStatus.DOUBTED:
            told = f"対象外メールは次回に転送します（{answer}）。{kept}"
            return End(MailState.KEPT if too_old else MailState.DEFERRED, None, told)


def of_refused_reply(entry: MailRecord, letter: str) -> End:
    """The refusal that it waited for was about this letter alone; nothing is said of the mailbox,
    and a later mail from there is answered."""
    who = exact(entry.address)
    told = log_sentences.REPLY_REFUSED.format(letter=letter, answer=entry.answer, who=who)
    return End(MailState.UNDELIVERABLE, ReceiptState.REFUSED, told, "undeliverable")


def of_refused_forward(entry: MailRecord) -> End:
    told = f"対象外メールを転送できません（{entry.answer}）。保存先 {entry.kept}"
    return End(MailState.KEPT, None, told)


def is_no_news(entry: MailRecord, step: MailState, outcome: Outcome) -> bool:
    """Is there no news of this letter? The log has changes, not every repetition.

    Where the server said nothing about this letter itself, the trouble is notified, once for all.
    """
    if step is not MailState.DEFERRED:
        return False
    # only the code: the words often count down the seconds
    return not outcome.code or (
        entry.step is step and entry.answer.partition(" ")[0] == str(outcome.code)
    )


def _is_too_unknown(entry: MailRecord) -> bool:
    return entry.unknowns + 1 >= MOST_UNKNOWN
