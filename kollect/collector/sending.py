"""One round of メール発信: from the outbox to the SMTP server, each letter of a mailing tried once.

A letter is written down as SENDING before it is handed over and its ending after; a crash in
between repeats it under the same Message-ID. Not more than 20 are ever in that gap (`reply.post`).
Memory does not grow with the mailing.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from kollect.collector.mailing_letters import Writer
from kollect.collector.mailing_queue import MailingQueue
from kollect.collector.mailing_reports import MailingNews, Progress
from kollect.errors import ServerTrouble, Trouble
from kollect.foreign_text import exact
from kollect.members.mailing import (
    Fate,
    IllegalMove,
    Mailing,
    MailingState,
    Parcel,
    Result,
    address_is_dead,
)
from kollect.members.outbox import Outbox
from kollect.reply.outcome import Ending, Letter, Outcome
from kollect.reply.post import Post
from kollect.reply.troubles import LettersPutOff
from kollect.settings.model import Passwords, Settings

log = logging.getLogger(__name__)

MOST_REFUSED = 3
"""Letters refused in a row, for another reason than their mailbox: that is about us (a cap that is
reached, a text taken for spam), and no other one would fare better."""
DOUBTED_FOR = timedelta(hours=1)
"""One or two at the end of a mailing are tried so long: an hour's cap may be what they met."""
TELL_SECONDS = 0.25
IDLE_SECONDS = 60.0
"""A connection is kept over a wait so long; servers drop idle ones after some minutes."""


class MailingRound:
    """Everything that is owed of one mailing, once."""

    def __init__(
        self,
        outbox: Outbox,
        mailing: Mailing,
        settings: Settings,
        passwords: Passwords,
        mark: str,
        *,
        now: Callable[[], datetime],
        listener: Callable[[MailingNews], None],
        stopping: Callable[[], bool],
        wait: Callable[[datetime], None],
    ) -> None:
        """`wait` waits until then, or for less where something has changed."""
        self._outbox = outbox
        self._mailing = mailing
        self._writer = Writer(settings, mark, now)
        self._post = Post(settings.send, settings.tls, settings.mail_address, passwords.send)
        self._now = now
        self._listener = listener
        self._stopping = stopping
        self._wait = wait
        self._on_way: dict[int, tuple[Parcel, int]] = {}
        """With the place of each in the order in which they were handed over."""
        self._handed_over = 0
        self._queue = MailingQueue(outbox, mailing, self._begin, self._closed, now)
        self._doubtful: list[Refused] = []
        """Not of their mailboxes, and no letter begun after them has been taken yet."""
        self._paused_for = ""
        """The server's words for which the mailing was paused."""
        self._speed = Speed()
        self._told_at = 0.0
        self.accepted = 0

    def run(self) -> tuple[Trouble | None, bool]:
        """Returns why letters could not go out, and whether the mailing was paused for it.

        Those that the server has put off before come last, and that it puts them off once more is
        no trouble. Raises StorageTrouble.
        """
        try:
            trouble = self._turn()
            if trouble is None and self._is_sending():
                self._queue.begin_second_turn()
                again = self._turn()
                trouble = None if isinstance(again, LettersPutOff) else again
                self._give_up_old_doubts()
        finally:
            self._post.close()
        self._tell()
        if self._paused_for:
            return refused_for_us(self._paused_for), True
        return trouble, False

    # --- one turn, with its waits

    def _turn(self) -> ServerTrouble | None:
        while True:
            trouble = self._deliver()
            if trouble or self._queue.exhausted or not self._is_sending():
                return trouble
            pause = self._queue.wait()
            until = self._now() + pause
            self._tell(until)
            if pause.total_seconds() > IDLE_SECONDS:
                self._post.close()
            self._wait(until)
            if not self._is_sending():
                return None

    def _is_sending(self) -> bool:
        state = self._outbox.mailing(self._mailing.id).state
        return state is MailingState.SENDING and not self._stopping()

    def _deliver(self) -> ServerTrouble | None:
        """What the pace allows now."""
        try:
            for outcomes in self._post.deliver(self._queue):
                self._settle(outcomes)
                if self._stopping():
                    self._post.stop_soon()
                if time.monotonic() - self._told_at >= TELL_SECONDS:
                    self._tell()
        except ServerTrouble as trouble:
            self._queue.give_back()
            return trouble
        self._queue.give_back()
        return self._post.trouble

    def _closed(self) -> bool:
        return self._stopping() or self._post.trouble is not None

    def _begin(self, parcel: Parcel) -> Letter | None:
        try:
            letter = self._writer.letter(self._mailing, parcel)
        except ValueError as wrong:
            log.warning("受付番号 %d のメールを書けません（%s）", parcel.number, wrong)
            self._outbox.settle([Result(parcel.id, Fate.REFUSED, str(wrong))], self._now())
            return None
        self._handed_over += 1
        self._on_way[parcel.id] = parcel, self._handed_over
        return letter

    # --- endings

    def _settle(self, outcomes: list[Outcome]) -> None:
        if not outcomes:
            return
        now = self._now()
        alone = self._judge(outcomes)
        results = [
            Result(outcome.key, _fate(outcome), _answer(outcome))
            for outcome in outcomes
            if outcome.tried
        ]
        with self._outbox.transaction():
            self._outbox.settle(results, now)
            self._outbox.refuse([refused.parcel.id for refused in alone], now)
            self._outbox.give_back([o.key for o in outcomes if not o.tried], now)
        for refused in alone:
            _log_refused(refused.parcel, refused.answer)
        for outcome in outcomes:
            self._count(outcome, self._on_way.pop(outcome.key)[0])
        if len(self._doubtful) >= MOST_REFUSED:
            self._pause()

    def _judge(self, outcomes: list[Outcome]) -> list[Refused]:
        """Tell the refusals apart that are about us, and stop everything, from those of one letter:
        that one is returned as soon as another letter is taken that was begun after it was heard.
        """
        alone: list[Refused] = []
        for outcome in outcomes:
            parcel, place = self._on_way[outcome.key]
            if outcome.ending is Ending.ACCEPTED:
                alone += [refused for refused in self._doubtful if refused.until < place]
                self._doubtful = [r for r in self._doubtful if r.until >= place]
            elif _is_doubtful(outcome):
                again = self._queue.second_turn
                refused = Refused(parcel, _answer(outcome), self._handed_over, again)
                self._doubtful.append(refused)
        return alone

    def _give_up_old_doubts(self) -> None:
        """A few that are refused again and again, long after the others were taken."""
        old = [refused.parcel.id for refused in self._doubtful if refused.again]
        if old and not self._paused_for:
            now = self._now()
            self._outbox.refuse(old, now, begun_before=now - DOUBTED_FOR)

    def _pause(self) -> None:
        with suppress(IllegalMove):  # somebody was faster
            self._outbox.pause(self._mailing.id)
            self._paused_for = self._doubtful[-1].answer

    def _count(self, outcome: Outcome, parcel: Parcel) -> None:
        match outcome.ending:
            case Ending.ACCEPTED:
                self.accepted += 1
                self._speed.add()
            case Ending.REFUSED if not _is_doubtful(outcome):
                _log_refused(parcel, _answer(outcome))
            case Ending.UNKNOWN:
                log.info(
                    "メール発信: 受付番号 %d が届いたかどうか、サーバの答えがありません: %s",
                    *(parcel.number, exact(parcel.address)),
                )

    def _tell(self, waiting_until: datetime | None = None) -> None:
        self._told_at = time.monotonic()
        self._listener(
            Progress(
                at=self._now(),
                mailing=self._mailing.id,
                counts=self._outbox.counts(self._mailing.id),
                per_minute=self._speed.per_minute(),
                waiting_until=waiting_until,
            )
        )


class Speed:
    """How many letters were taken within the last minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds: deque[tuple[int, int]] = deque()
        """A second, and how many in it: what is kept does not grow with the speed."""

    def add(self) -> None:
        second = int(self._clock())
        count = 1
        if self._seconds and self._seconds[-1][0] == second:
            count += self._seconds.pop()[1]
        self._seconds.append((second, count))

    def per_minute(self) -> int:
        oldest = int(self._clock()) - 60
        while self._seconds and self._seconds[0][0] <= oldest:
            self._seconds.popleft()
        return sum(count for _, count in self._seconds)


@dataclass(frozen=True, slots=True)
class Refused:
    """A letter that the server refused, and did not say that its mailbox does not exist."""

    parcel: Parcel
    answer: str
    until: int
    """The last letter that was begun before this was heard."""
    again: bool
    """It was put off before."""


def refused_for_us(answer: str) -> Trouble:
    return Trouble(
        "送信サーバが、メールを断っています",
        happened="送信サーバがメールの受け取りを断ったため、メール発信を一時停止しました。"
        "1日や1時間に送れる数の上限に達したか、迷惑メールと見なされたおそれがあります。",
        cure="「詳細」のサーバの答えを見て、プロバイダに確かめてください。"
        "送信の速さや本文を見直してから、再開してください。"
        "断られたメールも、そのときにもう一度送ります。",
        detail=answer,
    )


def _is_doubtful(outcome: Outcome) -> bool:
    """The server's 5xx may be about us (RFC 3463 section 3.8: policy; 3.4: the mail system)."""
    refused = outcome.ending is Ending.REFUSED and outcome.code != 0
    return refused and not address_is_dead(_answer(outcome))


def _fate(outcome: Outcome) -> Fate:
    return Fate.LATER if _is_doubtful(outcome) else Fate(outcome.ending)


def _log_refused(parcel: Parcel, answer: str) -> None:
    log.info(
        "メール発信: 受付番号 %d のメールは届けられません（%s）: %s",
        *(parcel.number, answer, exact(parcel.address)),
    )


def _answer(outcome: Outcome) -> str:
    return f"{outcome.code or ''} {outcome.text}".strip()
