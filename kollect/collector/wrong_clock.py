"""Is the PC's clock wrong? Notified once, with 「日付と時刻」 as the cure.

Known by the clock itself, where it jumped, and by what others say of the time (`clock_evidence`).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from kollect.collector.clock_evidence import LATE, ahead_by
from kollect.collector.poll_context import PollContext
from kollect.ledger.lived_clock import FOUND_WRONG
from kollect.ledger.lived_time import LONG_CLOSED, Move

_NOTED_MOVE = "clock moved"

_CURE = "正しいかどうか、パソコンの設定の「日付と時刻」で確かめてください。"
SET_BACK = "パソコンの日付と時刻が、{} から {} に戻りました。" + _CURE
JUMPED = (
    "パソコンの日付が、{} から {} に進みました。" + _CURE + "念のため、古くなった保存メールや"
    "控えの削除を、この日付で1日動くまで見合わせます。"
)
AHEAD = "パソコンの時計が、{}進んでいるようです（サーバの時刻は {} ごろ）。" + _CURE
BEHIND = "パソコンの時計が、{}遅れているようです（サーバの時刻は {} ごろ）。" + _CURE


def check_clock(context: PollContext, *, just_arrived: bool) -> None:
    """Notify what is new about it. Raises `errors.StorageTrouble`.

    `just_arrived`: the mails were not there at a poll a short while ago.
    """
    now = context.now()
    move = context.clock.tick().move
    if move is not None and _is_worth_telling(move):
        moved = f"{move.before:%Y-%m-%dT%H:%M} {move.after:%Y-%m-%dT%H:%M}"
        if context.metadata.set_metadata(_NOTED_MOVE, moved):
            text = JUMPED if move.ahead > timedelta() else SET_BACK
            context.notify(text.format(_local(move.before), _local(move.after)))
    ahead = ahead_by(context.witnesses, now, just_arrived=just_arrived)
    if ahead is None:
        return
    if abs(ahead) > LATE:
        context.clock.doubt()
    which = "" if not ahead else "ahead" if ahead > timedelta() else "behind"
    if context.metadata.set_metadata(FOUND_WRONG, which) and which:
        text = AHEAD if which == "ahead" else BEHIND
        context.notify(text.format(_span(abs(ahead)), _local(now - ahead)))


def _is_worth_telling(move: Move) -> bool:
    return move.known or move.ahead > LONG_CLOSED


def _local(moment: datetime) -> str:
    with suppress(OSError, OverflowError):  # Windows has no time of a place before 1970
        moment = moment.astimezone()
    return f"{moment:%Y-%m-%d %H:%M}"


def _span(span: timedelta) -> str:
    if span.days:
        return f"約{span.days}日"
    minutes = int(span.total_seconds()) // 60
    return f"約{minutes // 60}時間" if minutes >= 120 else f"約{minutes}分"
