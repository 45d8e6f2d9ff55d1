"""What is said of letters that staff asked for, once they were sent or could not be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kollect.delivery.answer_words import cause_and_answer
from kollect.ledger.letter_query import LetterProgress
from kollect.ledger.states import MailState
from kollect.mail.foreign_text import exact
from kollect.settings.number_format import number_text

_NEXT = "次の受信のときに、もう一度送ります。"


@dataclass(frozen=True, slots=True)
class LetterOutcome:
    text: str
    is_done: bool
    """All were sent."""
    is_over: bool
    """Nothing more will become of any of them."""


def outcome(
    letters: Sequence[LetterProgress], digits: int, *, again: bool, trouble: str
) -> LetterOutcome | None:
    """After a poll; None where none of them was tried in it and nothing stood in its way.

    `again`: these are 再送; `trouble`: what stopped the poll or a part of it, in words.
    """
    waiting = [letter for letter in letters if letter.is_waiting]
    lost = [one for one in letters if one.step in (MailState.UNDELIVERABLE, MailState.KEPT)]
    failed = [*lost, *(one for one in waiting if one.answer or one.step is not MailState.OWED)]
    if waiting and not failed and not trouble:
        return None  # that poll had begun before
    if not (waiting or failed):
        when = max((one.step_at for one in letters), default=None)
        return LetterOutcome(_sent(letters, digits, when, again=again), True, True)
    who = _who(failed or waiting, digits)
    answers = [(exact(one.answer), one.address) for one in failed if one.answer]
    why = cause_and_answer(*answers[0]) if answers else ""
    why = why or trouble or "送信サーバから答えがありませんでした。"
    why = why if why.endswith("。") else f"{why}。"
    if waiting:
        return LetterOutcome(f"{who}、まだ送れていません。{why}{_NEXT}", False, False)
    return LetterOutcome(f"{who}、送れませんでした。{why}", False, True)


def _sent(
    letters: Sequence[LetterProgress], digits: int, when: datetime | None, *, again: bool
) -> str:
    clock = f"（{when.astimezone():%H:%M}）" if when else ""
    how = "もう一度送りました" if again else "送りました"
    if len(letters) != 1:
        return f"{len(letters)}件を{how}{clock}"
    number = letters[0].number
    if number is None:
        return f"メールを転送しました{clock}"
    return f"{number_text(number, digits)} に{how}{clock}"


def _who(letters: Sequence[LetterProgress], digits: int) -> str:
    if len(letters) != 1:
        return f"{len(letters)}件は"
    number = letters[0].number
    return "このメールは" if number is None else f"{number_text(number, digits)} には"
