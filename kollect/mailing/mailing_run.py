"""One round of メール発信: from the outbox to the SMTP server, each letter of a mailing tried once.

A letter is written down as SENDING before it is handed over and its ending after; a crash in
between repeats it under the same Message-ID. Not more than 20 are ever in that gap (`smtp.client`).
Memory does not grow with the mailing.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta

from kollect.delivery.retry_policy import Doubts, Patience
from kollect.errors import ServerTrouble, StorageTrouble, Trouble
from kollect.ledger.commit_retry import UntilWritten
from kollect.ledger.lived_clock import LivedClock
from kollect.mail.foreign_text import exact
from kollect.mailing.mailing_events import MailingEvent, MailingFailed, MailingProgress
from kollect.mailing.mailing_letters import LetterBuilder
from kollect.mailing.mailing_queue import MailingQueue
from kollect.mailing.mailing_states import (
    IllegalRecipientMove,
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientResult,
    RecipientState,
    SendResult,
)
from kollect.mailing.outbox import Outbox
from kollect.mailing.schedule import rests_until
from kollect.settings.model import Passwords, Settings
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from kollect.smtp.smtp_errors import LettersPutOff

log = logging.getLogger(__name__)

TELL_SECONDS = 0.25
IDLE_SECONDS = 60.0
"""A connection is kept over a wait so long; servers drop idle ones after some minutes."""


class MailingRun:
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
        listener: Callable[[MailingEvent], None],
        stopping: Callable[[], bool],
        wait: Callable[[datetime], None],
        patience: float | None = None,
    ) -> None:
        """`wait` waits until then, or for less where something has changed. `patience`: how many
        seconds it is tried to write down what was sent; None: as long as it takes.
        """
        self._outbox = outbox
        self._mailing = mailing
        self._writer = LetterBuilder(settings, mark, now)
        self._post = SmtpClient(settings.send, settings.tls, settings.mail_address, passwords.send)
        self._now = now
        self._listener = listener
        self._stopping = stopping
        self._wait = wait
        self._until_written = UntilWritten(
            stopping=stopping, tell=self._cannot_write, patience=patience
        )
        self._on_way: dict[int, MailingRecipient] = {}
        self._queue = MailingQueue(outbox, mailing, self._begin, self._closed, now, self._drop)
        self._clock = LivedClock(outbox.file, now)
        self._doubts: Doubts[int] = Doubts()
        self._refused: dict[int, DoubtfulRefusal] = {}
        """Those of the doubts, as they are written down by now."""
        self._of_the_shop: dict[int, DoubtfulRefusal] = {}
        """Refused in words about the shop."""
        self._paused_for = ""
        """The server's words for which the mailing was paused."""
        self._speed = SendingSpeed()
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
            self._end_old_doubts()
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
        return state is MailingState.SENDING and not (self._stopping() or self._rests())

    def _rests(self) -> bool:
        """It is night, and this mailing does not go out at night."""
        return rests_until(self._mailing.due_at, self._mailing.night, self._now()) is not None

    def _deliver(self) -> ServerTrouble | None:
        """What the pace allows now."""
        try:
            for outcomes in self._post.deliver(self._queue):
                self._settle(outcomes)
                if self._stopping():
                    self._post.stop_soon()
                if time.monotonic() - self._told_at >= TELL_SECONDS:
                    with suppress(StorageTrouble):  # it would take along what is on the way
                        self._tell()
        except ServerTrouble as trouble:
            self._queue.give_back()
            return trouble
        if self._queue.trouble is not None:
            raise self._queue.trouble
        self._queue.give_back()
        return self._post.trouble

    def _closed(self) -> bool:
        return self._stopping() or self._post.trouble is not None or self._rests()

    def _begin(self, recipient: MailingRecipient) -> OutgoingMail | None:
        try:
            letter = self._writer.letter(self._mailing, recipient)
        except ValueError as wrong:
            log.warning("受付番号 %d のメールを書けません（%s）", recipient.number, wrong)
            self._outbox.settle(
                [RecipientResult(recipient.id, SendResult.REFUSED, str(wrong))], self._now()
            )
            return None
        self._on_way[recipient.id] = recipient
        return letter

    def _drop(self, recipient: MailingRecipient) -> None:
        """It may not be begun any more; the outbox has written down why."""
        del self._on_way[recipient.id]

    # --- endings

    def _settle(self, outcomes: list[Outcome]) -> None:
        if not outcomes:
            return
        now = self._now()
        results = [
            RecipientResult(outcome.key, SendResult(outcome.status), _answer(outcome))
            for outcome in outcomes
            if outcome.tried
        ]
        before = deepcopy(self._doubts), dict(self._refused)
        alone: list[DoubtfulRefusal] = []

        def commit() -> None:
            self._doubts, self._refused = deepcopy(before[0]), dict(before[1])
            with self._outbox.transaction():
                alone[:] = self._judge(outcomes)
                self._outbox.settle(results, now)
                self._outbox.refuse([refused.recipient.id for refused in alone], now)
                self._outbox.give_back([o.key for o in outcomes if not o.tried], now)

        self._write(commit, [outcome.key for outcome in outcomes])
        self._tell_refused(alone)
        for outcome in outcomes:
            self._count(outcome, self._on_way.pop(outcome.key))
        if self._doubts.about_us and self._is_about_us():
            self._pause()

    def _write(self, commit: Callable[[], None], ids: list[int]) -> None:
        self._until_written(
            self._outbox.file, commit, lambda: not self._outbox.on_way(ids), letters=len(ids)
        )

    def _cannot_write(self, trouble: StorageTrouble, pause: timedelta) -> None:
        now = self._now()
        self._listener(MailingFailed(now, self._mailing.id, trouble, now + pause))

    def _judge(self, outcomes: list[Outcome]) -> list[DoubtfulRefusal]:
        """Tell the refusals apart that may be about us from those of one letter: those are
        returned, as soon as enough letters are taken that were begun after they were heard.
        """
        alone: list[int] = []
        lived = self._clock.lived()
        for outcome in outcomes:
            if outcome.status is DeliveryStatus.ACCEPTED:
                alone += self._doubts.taken(outcome.place)
            elif outcome.status is DeliveryStatus.DOUBTED or outcome.ours:
                recipient = self._on_way[outcome.key]
                refused = DoubtfulRefusal(
                    recipient, recipient.patience.after(_answer(outcome), lived)
                )
                if outcome.ours:
                    self._of_the_shop[recipient.id] = refused
                    continue
                self._doubts.refused(recipient.id, outcome.begun)
                self._refused[recipient.id] = refused
        return [self._refused[key] for key in alone]

    def _is_about_us(self) -> bool:
        """Not where these are the last ones of a mailing of which others were taken: they are tried
        again tomorrow, and nobody has to do anything about it."""
        counts = self._outbox.counts(self._mailing.id)
        if not counts.get(RecipientState.SENT):
            return True
        not_begun = (
            counts.get(RecipientState.SENDING, 0)
            - self._post.on_way
            + counts.get(RecipientState.WAITING, 0)
        )
        return not_begun > 0 and not self._queue.second_turn

    def _end_old_doubts(self) -> None:
        """The last ones, refused again and again; in words about the shop, for five days."""
        lived = self._clock.lived()
        left = [self._refused[key] for key in self._doubts.left()]
        over = [refused for refused in left if refused.patience.is_refused(lived)]
        if self._outbox.counts(self._mailing.id).get(RecipientState.SENT):  # the shop may send
            ours = self._of_the_shop.values()
            over += [one for one in ours if one.patience.is_refused_as_the_shop(lived)]
        if over and not self._paused_for and self._clock.is_trusted():
            self._outbox.refuse([refused.recipient.id for refused in over], self._now())
            self._tell_refused(over)

    def _pause(self) -> None:
        with suppress(
            IllegalRecipientMove, StorageTrouble
        ):  # somebody was faster; or at the next refusal
            self._outbox.pause(self._mailing.id)
            self._paused_for = self._refused[self._doubts.left()[-1]].patience.answer

    def _tell_refused(self, over: list[DoubtfulRefusal]) -> None:
        for refused in over:
            _log_refused(refused.recipient, refused.patience.answer)

    def _count(self, outcome: Outcome, recipient: MailingRecipient) -> None:
        match outcome.status:
            case DeliveryStatus.ACCEPTED:
                self.accepted += 1
                self._speed.add()
            case DeliveryStatus.REFUSED:
                _log_refused(recipient, _answer(outcome))
            case DeliveryStatus.UNKNOWN:
                log.info(
                    "メール発信: 受付番号 %d が届いたかどうか、サーバの答えがありません: %s",
                    *(recipient.number, exact(recipient.address)),
                )

    def _tell(self, waiting_until: datetime | None = None) -> None:
        self._told_at = time.monotonic()
        self._listener(
            MailingProgress(
                at=self._now(),
                mailing=self._mailing.id,
                counts=self._outbox.counts(self._mailing.id),
                per_minute=self._speed.per_minute(),
                waiting_until=waiting_until,
            )
        )


class SendingSpeed:
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
class DoubtfulRefusal:
    """A letter that the server refused, and did not say that its mailbox does not exist."""

    recipient: MailingRecipient
    patience: Patience
    """After this try."""


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


def _log_refused(recipient: MailingRecipient, answer: str) -> None:
    log.info(
        "メール発信: 受付番号 %d のメールは届けられません（%s）: %s",
        *(recipient.number, answer, exact(recipient.address)),
    )


def _answer(outcome: Outcome) -> str:
    return f"{outcome.code or ''} {outcome.text}".strip()
