"""The sender of メール発信: works the outbox off, in a thread of its own or in the caller's.

What is to be sent, paused or stopped stands in the outbox, where screens and commands write it;
they then call `look`. Runs beside the collector on the same file. Whoever listens gets
`mailing_events.MailingEvent`, in this thread; a listener must not block.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from kollect.delivery.retry_policy import TOMORROW
from kollect.errors import Trouble
from kollect.ledger.encryption_record import encryption_kept
from kollect.ledger.ledger import Ledger
from kollect.mailing.due_mailings import DueMailings
from kollect.mailing.mailing_events import (
    NO_MAILING,
    MailingEnded,
    MailingEvent,
    MailingFailed,
    MailingProgress,
    ReservationMissed,
)
from kollect.mailing.mailing_letters import sample_address, send_sample
from kollect.mailing.mailing_run import MailingRun
from kollect.mailing.mailing_states import UNFINISHED, Mailing, MailingState, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.mailing.schedule import rests_until
from kollect.settings.model import Passwords, Settings
from kollect.storage.backup import damage_trouble
from kollect.storage.data_folder import DataFolder
from kollect.storage.log_sentences import TROUBLE
from kollect.threads import safe_thread
from kollect.threads.background_thread import BackgroundThread, local_now

__all__ = ["MailingWorker", "sample_address", "send_sample"]

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
"""Until what was put off is tried again; doubled each time that nothing went out."""
UNTIL_TOMORROW = timedelta(seconds=TOMORROW)
"""Until the last letters of a mailing are tried again, that were refused."""
MAILING_STATE_TEXTS = {
    MailingState.DONE: "終わりました",
    MailingState.PAUSED: "一時停止しました",
    MailingState.STOPPED: "中止しました",
}


class MailingWorker(BackgroundThread):
    """One sender on one data folder. `load` gives the settings in force, before each round.

    At the start mailings go on that a crash, a power cut or `stop` has left in SENDING.
    """

    def __init__(
        self,
        folder: DataFolder,
        load: Callable[[], tuple[Settings, Passwords]],
        listener: Callable[[MailingEvent], None],
        *,
        now: Callable[[], datetime] = local_now,
        patience: float | None = None,
        undecided: Callable[[], Collection[int]] = tuple,
    ) -> None:
        """`patience`: how many seconds it is tried to write down what was sent; None: as long as it
        takes. `undecided`: mailings of which somebody is still asked whether they go on."""
        super().__init__("mailing", now)
        self._patience = patience
        self._undecided = undecided
        self._folder = folder
        self._load = load
        self._listener = safe_thread.deaf_to_faults(listener)
        self._resident = False
        """It goes on until `stop`, and tries again by itself."""
        self._by_the_clock = False
        """What is due begins."""
        self._looked_back = False
        self._looked = False
        """Something was changed while a round waited."""
        self._look_at: datetime | None = None
        """When something is due by the clock."""
        self._under_way: set[int] = set()
        """Mailings of which the end is to be told."""
        self._barren = 0
        """Rounds in a row in which nothing went out."""
        self._told = ""
        self._tomorrow: dict[int, int] = {}
        """Of which mailings how many letters wait for tomorrow, as was told."""
        self._missed: set[tuple[int, datetime | None]] = set()
        """予約 of which was told that their time went by."""

    def look(self) -> None:
        """Something was begun, paused, resumed or stopped in the outbox. Returns at once.

        A letter on its way ends as it ends; no other one of a paused mailing goes out any more.
        """
        self._wake.set()

    def run(self) -> None:
        """Send what there is to send, and wait for more, until `stop`."""
        self._resident = self._by_the_clock = True
        while not self._stop.is_set():
            self._wake.clear()
            _, due = self._work()
            if self._looked:
                self._looked = False
            else:
                self._wait(due)

    def once(self, *, begin_due: bool = False) -> Trouble | None:
        """Every letter that is owed, tried once, here and now; waits as the pace asks. With
        `begin_due` also what is due by now of what sends itself.

        Never raises a Trouble: returns why letters could not go out.
        """
        self._by_the_clock = begin_due
        return self._work()[0]

    # --- one pass over the outbox

    def _work(self) -> tuple[Trouble | None, datetime | None]:
        """Returns what went wrong, and when to try or look again; None: when somebody says so."""
        self._busy.set()
        try:
            if not self._folder.database.exists():  # nobody begins a new file here
                return None, None
            outbox = Outbox(self._folder.database)
            try:
                return self._through(outbox)
            finally:
                outbox.close()
        except Trouble as trouble:
            return trouble, self._failed(trouble)
        except safe_thread.FAULTS as error:
            # a fault of ours must not end the sending without a word
            safe_thread.log_error(error)
            why = damage_trouble(self._folder.database) or _fault(error)
            return why, self._failed(why)
        finally:
            self._busy.clear()

    def fell(self, error: BaseException, at: datetime, again: datetime) -> None:
        self._listener(MailingFailed(at, NO_MAILING, _fault(error), again))

    def _failed(self, trouble: Trouble) -> datetime:
        """Trouble that is of no single mailing."""
        self._barren += 1
        due = self._now() + self._pause()
        self._say(NO_MAILING, trouble, due)
        return due

    def _through(self, outbox: Outbox) -> tuple[Trouble | None, datetime | None]:
        if not self._looked_back:
            outbox.left_from_before(self._now())
            self._looked_back = True
        late, look_at = self._begin_due(outbox)
        failed: tuple[Mailing, Trouble] | None = None
        paused = False
        accepted = 0
        for mailing in reversed(self._unfinished(outbox)):
            if self._stop.is_set() or failed:
                break  # what keeps one from going out keeps the others as well
            if self._rests_until(mailing):
                continue
            trouble, paused, count = self._one_round(outbox, mailing)
            accepted += count
            if trouble is not None:
                failed = mailing, trouble
            if trouble is not None and paused:
                self._under_way.discard(mailing.id)  # its end is told with the trouble
        self._tell_ended(outbox)
        due = None
        unfinished = self._unfinished(outbox)
        resting = [until for m in unfinished if (until := self._rests_until(m))]
        left = [m.id for m in unfinished if not self._rests_until(m)]
        tomorrow = self._tell_tomorrow(outbox, left)
        if not left:
            self._barren = 0
        elif failed is None and len(tomorrow) == len(left):
            self._barren = 0
            due = self._now() + UNTIL_TOMORROW
        else:
            self._barren = 1 if accepted else self._barren + 1
            due = self._now() + self._pause()
        next_at = min((m for m in (due, look_at, *resting) if m is not None), default=None)
        if failed is None:
            if self._resident:
                self._tell_waiting(outbox, left, due)
            if late is None:
                self._told = ""
            return late, next_at
        mailing, trouble = failed
        if paused or mailing.id in self._under_way:  # else somebody has paused or stopped it
            self._say(mailing.id, trouble, None if paused else due)
        return trouble, next_at

    def _unfinished(self, outbox: Outbox) -> list[Mailing]:
        undecided = self._undecided()
        return [one for one in outbox.mailings(MailingState.SENDING) if one.id not in undecided]

    def _rests_until(self, mailing: Mailing) -> datetime | None:
        return rests_until(mailing.due_at, mailing.night, self._now())

    def _begin_due(self, outbox: Outbox) -> tuple[Trouble | None, datetime | None]:
        """What is due by the clock begins. Returns what is in its way, and when to look again."""
        if not self._by_the_clock:
            return None, None
        found = DueMailings(outbox, lambda: self._load()[0], self._now).begin()
        self._look_at = found.again_at
        for mailing in found.missed:
            if (mailing.id, mailing.due_at) not in self._missed:
                self._missed.add((mailing.id, mailing.due_at))
                log.warning(
                    "メール発信「%s」: 予約の時刻を過ぎたため、まだ送っていません。",
                    mailing.subject,
                )
                self._listener(ReservationMissed(self._now(), mailing.id))
        if found.trouble is None:
            return None, found.again_at
        identity, trouble = found.trouble
        self._say(identity, trouble, found.again_at)
        return trouble, found.again_at

    def _one_round(self, outbox: Outbox, mailing: Mailing) -> tuple[Trouble | None, bool, int]:
        settings, passwords = self._load()
        if mailing.id not in self._under_way:
            self._under_way.add(mailing.id)
            counts = outbox.counts(mailing.id)
            left = sum(counts.get(step, 0) for step in UNFINISHED)
            log.info("メール発信「%s」を送ります（残り %d通）。", mailing.subject, left)
        one = MailingRun(
            outbox, mailing, settings, passwords, self._mark(),
            now=self._now, listener=self._listener,
            stopping=self._stop.is_set, patience=self._patience,
            wait=lambda until: self._wait_in_round(outbox, until),
        )  # fmt: skip
        with encryption_kept(self._folder.database, settings):
            trouble, paused = one.run()
        return trouble, paused, one.accepted

    def _mark(self) -> str:
        ledger = Ledger(self._folder.database)
        try:
            return ledger.mark("reply")
        finally:
            ledger.close()

    def _tell_ended(self, outbox: Outbox) -> None:
        for identity in sorted(self._under_way):
            mailing = outbox.mailing(identity)
            if mailing.state is MailingState.SENDING:
                continue
            self._under_way.discard(identity)
            counts = outbox.counts(identity)
            log.info(
                "メール発信「%s」は%s（送信済 %d通）。",
                *(
                    mailing.subject,
                    MAILING_STATE_TEXTS[mailing.state],
                    counts.get(RecipientState.SENT, 0),
                ),
            )
            self._listener(MailingEnded(self._now(), identity, mailing.state, counts))

    def _tell_tomorrow(self, outbox: Outbox, left: list[int]) -> dict[int, int]:
        """Mailings of which only refused letters are left, and how many of them."""
        found = {one: count for one in left if (count := outbox.only_refused(one))}
        for identity, count in found.items():
            if self._tomorrow.get(identity) != count:
                subject = outbox.mailing(identity).subject
                log.info("メール発信「%s」: 残り%d通は明日もう一度送ります。", subject, count)
        self._tomorrow = found
        return found

    def _tell_waiting(self, outbox: Outbox, left: list[int], due: datetime | None) -> None:
        """What the server has put off is tried again then."""
        for identity in sorted(self._under_way & {*left} if due else ()):
            self._listener(
                MailingProgress(
                    at=self._now(),
                    mailing=identity,
                    counts=outbox.counts(identity),
                    per_minute=0,
                    waiting_until=due,
                    tomorrow=self._tomorrow.get(identity, 0),
                )
            )

    def _say(self, mailing: int, trouble: Trouble, next_at: datetime | None) -> None:
        """To the listener each time, as the next try moves; to the log when it changes."""
        if trouble.title != self._told:
            log.log(TROUBLE, "メール発信: %s", trouble)
        self._told = trouble.title
        self._listener(MailingFailed(self._now(), mailing, trouble, next_at))

    # --- waiting

    def _pause(self) -> timedelta:
        pause: timedelta = FIRST_PAUSE * 2 ** min(self._barren - 1, 10)
        return min(pause, LONGEST_PAUSE)

    def _wait_in_round(self, outbox: Outbox, until: datetime) -> None:
        """What is due meanwhile begins, and has its turn after this round."""
        self._wait_within(until)
        is_time = self._look_at is not None and self._now() >= self._look_at
        if (self._looked or is_time) and not self._stop.is_set():
            self._begin_due(outbox)

    def _wait_within(self, until: datetime) -> None:
        """A wait in the middle of a round, which goes on afterwards."""
        self._wait(until)
        if self._wake.is_set() and not self._stop.is_set():
            self._wake.clear()
            self._looked = True  # what is new may be another mailing: its turn is after this one


def _fault(error: BaseException) -> Trouble:
    return safe_thread.unexpected(
        error,
        happened="メール発信で予期しない誤りが起きました。まだ送っていないメールは残っています。",
        cure="しばらくしてもう一度試します。続くときは、ログを添えてお問い合わせください。",
    )
