"""メール発信 in words: states, reasons, how long it will take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from kollect.delivery.refusal import address_is_dead, is_refusal
from kollect.mailing.mailing_csv import STEP_WORDS, result_word
from kollect.mailing.mailing_states import ExclusionReason, MailingState, RecipientState
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import MORNING

EACH_MORNING = f"朝{MORNING.hour}:{MORNING.minute:02}"
"""When 誕生日メール and ステップメール go."""
MAILING_STATE_LABELS = {
    MailingState.DRAFT: "下書き",
    MailingState.SCHEDULED: "予約",
    MailingState.SENDING: "発信中",
    MailingState.PAUSED: "一時停止中",
    MailingState.STOPPED: "中止",
    MailingState.DONE: "発信済",
}
WHY_LEFT_OUT = {
    ExclusionReason.WITHDRAWN: "退会された会員です。",
    ExclusionReason.STOPPED: "お客様から配信停止の申し出がありました。",
    ExclusionReason.NO_CONSENT: "メール配信の承諾をいただいていません。",
    ExclusionReason.UNDELIVERABLE: "前に送ったメールが届きませんでした。",
    ExclusionReason.SAME_ADDRESS: "同じアドレスの別の受付番号に、1通だけ送ります。",
    ExclusionReason.MERGED: "統合された同じお客様の別の受付番号に、1通だけ送ります。",
    ExclusionReason.CALLED_OFF: "送る前に中止しました。",
    ExclusionReason.TOO_LATE: "送る時刻に動いておらず、1日以上遅れました。",
}
ALL, SENT, WAITING, DEAD, UNSURE, LEFT_OUT = (
    *("すべて", "送信済", "これから送る", "届かなかった"),
    *("届いたか未確認", "送らなかった"),
)
FILTERS: Mapping[str, tuple[RecipientState, ...]] = {
    ALL: (),
    SENT: (RecipientState.SENT,),
    WAITING: (RecipientState.WAITING, RecipientState.SENDING, RecipientState.DEFERRED),
    DEAD: (RecipientState.UNDELIVERABLE,),
    UNSURE: (RecipientState.UNKNOWN, RecipientState.UNCERTAIN),
    LEFT_OUT: (RecipientState.LEFT_OUT,),
}
"""What the results can be narrowed to; no step: all of them."""
_RESULT_WORDS = {
    **STEP_WORDS,
    RecipientState.LEFT_OUT: LEFT_OUT,
    RecipientState.DEFERRED: "あとで送ります",
}
PACE_NOTE = (
    "メールの会社（プロバイダ）は、迷惑メールを防ぐため、1つの契約で送れる数を決めています。"
    "こえると、送信を断られたり、しばらくメールを使えなくなったりします。"
    "契約の案内に書かれた数より、少なくしてください。分からないときは、このままで大丈夫です。"
)

_MINUTE, _HOUR = 60, 3600
FASTEST = 1200
"""Letters a minute that a server takes at the least, where nobody has measured it."""


def count(counts: Mapping[RecipientState, int], word: str) -> int:
    """How many letters a filter leaves."""
    steps = FILTERS[word] or tuple(RecipientState)
    return sum(counts.get(step, 0) for step in steps)


def result(step: RecipientState, answer: str) -> str:
    """What became of a letter."""
    return (
        result_word(step, answer) if step is RecipientState.UNDELIVERABLE else _RESULT_WORDS[step]
    )


def why(step: RecipientState, answer: str) -> str:
    """Why a letter is where it is, in the words of the shop; the server's own are elsewhere."""
    match step:
        case RecipientState.UNDELIVERABLE if address_is_dead(answer):
            return "宛先がありません"
        case RecipientState.UNDELIVERABLE if is_refusal(answer):
            return "送信サーバが断りました"
        case RecipientState.UNDELIVERABLE:
            return "届けられませんでした"
        case RecipientState.UNKNOWN | RecipientState.UNCERTAIN:
            return "返事がありません"
        case RecipientState.DEFERRED if answer.startswith("5"):
            return "断られています"
        case RecipientState.DEFERRED if answer:
            return "いまは受け取れません"
        case RecipientState.LEFT_OUT:
            return answer
    return ""


def estimate(letters: int, pace: RateLimit, *, measured: int = 0, this_hour: int = 0) -> timedelta:
    """How long so many letters will take; `this_hour`: so many went out within the last one.

    `measured` are letters a minute, 0 where that is not known.
    """
    if letters <= 0:
        return timedelta()
    rate = min(measured or FASTEST, pace.per_minute or FASTEST)
    if not pace.per_hour:
        return timedelta(seconds=letters / rate * _MINUTE)
    rounds, rest = divmod(this_hour + letters - 1, pace.per_hour)
    if not rounds:
        return timedelta(seconds=letters / rate * _MINUTE)
    return timedelta(seconds=rounds * _HOUR + (rest + 1) / rate * _MINUTE)


def about(span: timedelta) -> str:
    """A length of time as people say it: 1分以内, 約12分, 約1時間20分, 約2日."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "1分以内"
    if minutes < 60:
        return f"約{minutes}分"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"約{round(hours / 24)}日"
    minutes = minutes // 10 * 10
    return f"約{hours}時間{minutes}分" if minutes else f"約{hours}時間"
