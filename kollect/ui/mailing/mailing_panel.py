"""How far a mailing is: state and numbers in large letters, the bar, what it waits for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from datetime import datetime
from tkinter import ttk

from kollect.collector.status import wait_text
from kollect.mailing.mailing_events import MailingProgress
from kollect.mailing.mailing_states import Mailing, MailingState, RecipientState
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import Turn, goes_at, reservation_turn, rests_until
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.mailing.due_fields import moment_words
from kollect.ui.mailing.mailing_words import (
    DEAD,
    MAILING_STATE_LABELS,
    UNSURE,
    WAITING,
    about,
    count,
    estimate,
)
from kollect.ui.widgets.form import wrapped

GOING = (MailingState.SENDING, MailingState.PAUSED)
_MINUTE = 60


class ProgressPanel(ttk.Frame):
    """State and numbers in large letters, the bar, the speed, and what it waits for."""

    def __init__(self, parent: tk.Misc, stop: Callable[[], None]) -> None:
        super().__init__(parent, style="Paper.TFrame", padding=(WIDE, GAP))
        self.columnconfigure(1, weight=1)
        self.waiting = False
        """A countdown is shown."""
        self._first: MailingProgress | None = None
        """Since it began, or went on."""
        self.state_word = ttk.Label(self, style="State.TLabel")
        self.state_word.grid(row=0, column=0, sticky="w")
        self.numbers = ttk.Label(self, style="State.TLabel")
        self.numbers.grid(row=0, column=1, sticky="e")
        self.stop_button = ttk.Button(self, text="中止", width=8, command=stop)
        self.stop_button.grid(row=0, column=2, sticky="e", padx=(WIDE, 0))
        self.bar = ttk.Progressbar(self, maximum=1.0)
        self.bar.grid(row=1, column=0, columnspan=3, sticky="ew", pady=HALF)
        line = ttk.Frame(self, style="Paper.TFrame")
        line.grid(row=2, column=0, columnspan=3, sticky="ew")
        line.columnconfigure(0, weight=1)
        self.speed = wrapped(line, "", style="Paper.TLabel")
        self.speed.grid(row=0, column=0, sticky="ew")
        self.others = ttk.Label(line, style="PaperFaint.TLabel")
        self.others.grid(row=0, column=1, sticky="e", padx=(GAP, 0))
        self.letter = wrapped(self, "", style="PaperFaint.TLabel")
        """Which mailing it is."""
        self.letter.grid(row=3, column=0, columnspan=3, sticky="ew")

    def show(
        self,
        mailing: Mailing,
        counts: Mapping[RecipientState, int],
        progress: MailingProgress | None,
        now: datetime,
    ) -> None:
        started = mailing.started_at
        when = f"　{started.astimezone():%Y/%m/%d %H:%M} 発信" if started else ""
        self.letter.configure(text=f"「{mailing.subject}」　送る相手: {mailing.chosen}{when}")
        self.state_word.configure(text=MAILING_STATE_LABELS[mailing.state])
        total = sum(counts.values()) - counts.get(RecipientState.LEFT_OUT, 0)
        sent = counts.get(RecipientState.SENT, 0)
        self.numbers.configure(text=f"{sent:,} ／ {total:,}名に送信済")
        left = count(counts, WAITING) + counts.get(RecipientState.UNKNOWN, 0)
        self.bar.configure(value=(total - left) / total if total else 1.0)
        others = [
            f"{word} {number:,}名" for word in (DEAD, UNSURE) if (number := count(counts, word))
        ]
        self.others.configure(text="　".join(others))
        self.waiting = False
        if mailing.state is not MailingState.SENDING:
            self._first = None
        self.speed.configure(text=self._pace_text(mailing, left, progress, now))
        if mailing.state in GOING:
            self.stop_button.grid()
        else:
            self.stop_button.grid_remove()

    def be_low(self, is_low: bool) -> None:
        """Where there is little height, the table below needs it more than the words of what is
        sent, which 「送った内容を見る」 shows too.
        """
        if is_low:
            self.letter.grid_remove()
        else:
            self.letter.grid()

    def _pace_text(
        self, mailing: Mailing, left: int, progress: MailingProgress | None, now: datetime
    ) -> str:
        match mailing.state:
            case MailingState.SCHEDULED if mailing.due_at is not None:
                return _reservation_text(mailing.due_at, mailing.night, now)
            case MailingState.PAUSED:
                return f"あと {left:,}名に送ります。「再開」を押すと、続きを送ります。"
            case MailingState.SENDING:
                if until := rests_until(mailing.due_at, mailing.night, now):
                    return (
                        f"夜間は送りません。{moment_words(until)} から送ります（あと {left:,}名）。"
                    )
                if progress is None:
                    return "まもなく送り始めます。"
                if progress.waiting_until and progress.waiting_until > now:
                    self.waiting, self._first = True, None
                    if progress.tomorrow:
                        return f"残り{progress.tomorrow:,}通は明日もう一度送ります。"
                    wait = wait_text(progress.waiting_until - now)
                    if not progress.counts.get(RecipientState.WAITING):
                        return f"送れなかった {left:,}名に もう一度送るまで あと {wait}"
                    return f"次の送信まで あと {wait}（{_limits(mailing.pace)}）"
                speed = self._speed(progress)
                if not speed:
                    return "送っています…"
                hour = mailing.pace.per_hour
                span = estimate(
                    left,
                    mailing.pace,
                    measured=speed,
                    this_hour=progress.sent % hour if hour else 0,
                )
                return f"1分あたり {speed:,}通　終わるまで あと {about(span)}"
        ended = mailing.ended_at
        return f"{ended.astimezone():%Y/%m/%d %H:%M} に終わりました。" if ended else ""

    def _speed(self, progress: MailingProgress) -> int:
        """Letters a minute; within the first one, as many as there would be at this speed."""
        first = self._first
        if first is None or first.mailing != progress.mailing:
            first = self._first = progress
        seconds = (progress.at - first.at).total_seconds()
        if not 1 < seconds < _MINUTE:
            return progress.per_minute
        return round((progress.sent - first.sent) * _MINUTE / seconds)

    def wait(self, until: datetime | None, now: datetime, what: str) -> None:
        """It waits because of trouble."""
        if until is None:
            self.speed.configure(text="直してから「再開」を押すと、続きを送ります。")
        elif until > now:
            self.waiting = True
            self.speed.configure(text=f"{what} あと {wait_text(until - now)}（自動で続けます）")


def _reservation_text(due: datetime, night: bool, now: datetime) -> str:
    goes = goes_at(due, night)
    if reservation_turn(due, night, now) is Turn.ASK:
        return (
            f"予約の時刻（{moment_words(due)}）を過ぎましたが、送っていません。"
            "「メール発信」の一覧で、「日時の変更」か「予約の取り消し」を選んでください。"
        )
    return (
        f"{moment_words(goes)} に送ります。このパソコンの電源が入っていて、"
        "コレクトが動いている必要があります。"
    )


def _limits(pace: RateLimit) -> str:
    parts = [
        f"{span}に{most:,}通まで"
        for span, most in (("1分", pace.per_minute), ("1時間", pace.per_hour))
        if most
    ]
    return f"{'・'.join(parts)}の設定のため" if parts else "サーバの都合のため"
