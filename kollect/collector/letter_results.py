"""What becomes of a mail and of its receipt by the way its letter ended, and what is told. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kollect.delivery.retry_policy import MOST_UNKNOWN
from kollect.ledger.records import Entry
from kollect.ledger.states import ReceiptState, Step
from kollect.mail.foreign_text import exact
from kollect.smtp.outgoing import Ending, Outcome


@dataclass(frozen=True, slots=True)
class End:
    step: Step
    """The mail's next one."""
    state: ReceiptState | None
    """The receipt's; None: it stays."""
    told: str
    counted: str = ""
    """In which count of the poll."""


def answer_of(outcome: Outcome) -> str:
    return f"{outcome.code or ''} {outcome.text}".strip()


def of_reply(entry: Entry, letter: str, outcome: Outcome, *, too_old: bool) -> End:
    """`letter` names it; `too_old`: the server has said "later" for five days."""
    who, answer = exact(entry.address), answer_of(outcome)
    match outcome.ending:
        case Ending.ACCEPTED:
            return End(Step.SENT, ReceiptState.REPLIED, f"{letter} を返信しました: {who}")
        case Ending.REFUSED:
            told = f"{letter} の返信は届けられません（{answer}）: {who}"
            return End(Step.UNDELIVERABLE, ReceiptState.UNDELIVERABLE, told, "undeliverable")
        case Ending.UNKNOWN if _is_too_unknown(entry):
            told = (
                f"{letter} の返信が届いたかどうか、2回ともサーバの答えがありません。"
                f"これ以上は自動で送りません: {who}"
            )
            return End(Step.KEPT, ReceiptState.UNKNOWN, told)
        case Ending.UNKNOWN:
            told = (
                f"{letter} の返信が届いたかどうか、サーバの答えがありません。"
                f"次回もう一度だけ送ります: {who}"
            )
            return End(Step.UNKNOWN, ReceiptState.UNKNOWN, told)
        case Ending.LATER if too_old:
            told = f"{letter} の返信を5日間送れませんでした（{answer}）: {who}"
            return End(Step.KEPT, ReceiptState.UNDELIVERABLE, told, "undeliverable")
        case Ending.LATER | Ending.DOUBTED:
            told = f"{letter} の返信は次回に送ります（{answer}）: {who}"
            return End(Step.DEFERRED, ReceiptState.PENDING, told)


def of_forward(entry: Entry, outcome: Outcome, *, too_old: bool) -> End:
    answer, kept = answer_of(outcome), f"保存先 {entry.kept}"
    match outcome.ending:
        case Ending.ACCEPTED:
            who = exact(entry.address) or "不明"
            told = f"対象外メールを転送しました（差出人 {who}、見出 {entry.subject}）"
            return End(Step.SENT, None, told, "forwarded")
        case Ending.REFUSED:
            return End(Step.KEPT, None, f"対象外メールを転送できません（{answer}）。{kept}")
        case Ending.UNKNOWN:
            told = f"転送が届いたかどうか、サーバの答えがありません。{kept}"
            return End(Step.KEPT if _is_too_unknown(entry) else Step.UNKNOWN, None, told)
        case Ending.LATER | Ending.DOUBTED:
            told = f"対象外メールは次回に転送します（{answer}）。{kept}"
            return End(Step.KEPT if too_old else Step.DEFERRED, None, told)


def of_refused_reply(entry: Entry, letter: str) -> End:
    """The refusal that it waited for was about this letter alone; nothing is said of the mailbox,
    and a later mail from there is answered."""
    told = f"{letter} の返信は断られました（{entry.answer}）: {exact(entry.address)}"
    return End(Step.UNDELIVERABLE, ReceiptState.REFUSED, told, "undeliverable")


def of_refused_forward(entry: Entry) -> End:
    told = f"対象外メールを転送できません（{entry.answer}）。保存先 {entry.kept}"
    return End(Step.KEPT, None, told)


def is_no_news(entry: Entry, step: Step, outcome: Outcome) -> bool:
    """Is there nothing to tell of this letter? The log has a change, not every repetition.

    Where the server said nothing of this very letter, the trouble itself is told, once for all.
    """
    if step is not Step.DEFERRED:
        return False
    # only the code: the words often count down the seconds
    return not outcome.code or (
        entry.step is step and entry.answer.partition(" ")[0] == str(outcome.code)
    )


def _is_too_unknown(entry: Entry) -> bool:
    return entry.unknowns + 1 >= MOST_UNKNOWN
