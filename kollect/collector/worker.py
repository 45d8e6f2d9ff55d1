"""The resident collector: polls, waits, polls again, in a thread of its own or in the caller's.

Trouble never ends it: it is told once, the pauses grow, and the next good poll is told once too.
Whoever listens gets an `events.CollectorEvent`, in this thread; a listener must not block.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kollect.collector.events import (
    CollectorEvent,
    LogEntry,
    Phase,
    PhaseChanged,
    PollFinished,
    PollReport,
    WaitChanged,
)
from kollect.collector.failed_polls import FailureChange, FailureState
from kollect.collector.maintenance import upkeep
from kollect.collector.owner_alert import (
    new_message_id,
    send_alert,
    send_all_clear,
    send_to_owner,
)
from kollect.collector.poll import poll
from kollect.collector.poll_context import PollContext
from kollect.collector.poll_interval import PollDue, PollPace, learned, next_poll
from kollect.collector.wrong_clock import check_clock
from kollect.errors import StorageTrouble, Trouble
from kollect.inbox.idle_session import IdleSession
from kollect.inbox.imap_idle import WaitTimes
from kollect.inbox.open_mailbox import open_mailbox
from kollect.ledger.kept_folder import KeptFolder
from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_clock import LivedClock, running_seconds
from kollect.ledger.login_limits import LoginLimit, limit_of, write_limit
from kollect.net.server_memory import memory_of
from kollect.reports.weekly_sending import PAUSE, send_if_due
from kollect.settings.model import Passwords, Push, Receive, Settings
from kollect.settings.providers import least_interval
from kollect.smtp.standby import Standby
from kollect.storage.backup import damage_trouble
from kollect.storage.data_folder import DataFolder
from kollect.storage.log_sentences import COLLECTING_ENDED, POLL_FAILED, TROUBLE, WELL_AGAIN
from kollect.threads import safe_thread
from kollect.threads.background_thread import BackgroundThread, local_now
from kollect.threads.wake_event import WakeEvent

log = logging.getLogger(__name__)

A_SHORT_WHILE = 3600.0
"""Seconds from one poll to the next, after which new mails have just arrived."""
SAFETY_POLL = timedelta(minutes=5)
"""From one poll to the next where the server tells of mails by itself: it might forget one."""
PUSH_BEGINS = "メールが届くと、サーバがすぐ知らせてくれます。届きしだい返信します。"
PUSH_ENDS = "{}、これからは「受信チェック間隔」のとおりに受信します。"
NOT_BY_THESE_SETTINGS = "いまのメールの設定では、届いたことをサーバが知らせないため"
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


class CollectorWorker(BackgroundThread):
    """One collector on one data folder. `load` gives the settings in force, before each poll."""

    def __init__(
        self,
        folder: DataFolder,
        load: Callable[[], tuple[Settings, Passwords]],
        listener: Callable[[CollectorEvent], None],
        *,
        now: Callable[[], datetime] = local_now,
        running: Callable[[], float] = running_seconds,
        patience: float | None = None,
        safety_poll: timedelta = SAFETY_POLL,
        times: WaitTimes | None = None,
    ) -> None:
        """`running` is a clock that nobody sets. `patience`: how many seconds it is tried to write
        down what was sent; None: as long as it takes."""
        super().__init__("collector", now)
        self._wake: WakeEvent = WakeEvent()
        self._kept = IdleSession(times, wall=lambda: now().timestamp())
        self._safety_poll = safety_poll
        self._pushing = False
        """That the server tells of mails was said."""
        self._owing = False
        """Letters wait for the next poll."""
        self._running = running
        self._patience = patience
        self._folder = folder
        self._load = load
        self._listener = safe_thread.deaf_to_faults(listener)
        self._health = FailureState()
        self._standby = Standby()
        self._announced = False
        """The server has told of a mail that no poll has looked for yet."""
        self._ledger: Ledger | None = None
        self._opened: tuple[int, int] | None = None
        self._mark = ""
        self._saw_all: float | None = None
        """When a poll saw all that was in the mailbox, the last one if it did."""
        self._last_blank: float | None = None
        """When a blank mail last came, or was announced, by the clock that nobody sets."""
        self._limit = LoginLimit()
        self._due: PollDue | None = None
        self._due_at = 0.0
        """The end of its pause, by the same clock."""
        self._upkeep_failed = ""
        self._alert_failed = ""
        self._report_failed = ""
        self._report_not_before = 0.0
        """By the clock that nobody sets."""

    def poll_now(self) -> None:
        """End the present wait."""
        self._wake.set()

    def expect_customer(self) -> None:
        """Poll now, and then as often as after a blank mail: somebody is about to send one."""
        self._last_blank = self._running()
        self.poll_now()

    def run(self) -> None:
        """Poll until `stop`."""
        try:
            while True:
                self._wake.clear()  # before the look at _stop: a stop in between must end the wait
                if self._stop.is_set():
                    self._say(COLLECTING_ENDED)
                    return
                due = self._one_poll()
                if not self._poll_wanted_by_push(due):
                    self._wait(due)
        finally:
            self.close()
            self._wake.close()

    def once(self, *, expects_mail: bool = False) -> tuple[PollReport, Trouble | None]:
        """One poll, here and now. Never raises a Trouble: it is returned. `expects_mail`: the
        server has announced one.
        """
        self._busy.set()
        try:
            settings, passwords = self._load()
            waited = self._waited(settings)
            ledger = self._open_ledger()
            self._daily_work(ledger)
            session = self._kept if settings.receive.push is Push.AUTO else None
            if session is None:
                self._kept.drop()
            context = PollContext(
                settings=settings,
                passwords=passwords,
                ledger=ledger,
                kept=KeptFolder(self._folder.kept_dir),
                now=self._now,
                listener=self._listener,
                patience=self._patience,
            )
            report, trouble = poll(
                context,
                lambda: open_mailbox(
                    settings.receive, settings.tls, passwords.receive, session=session
                ),
                stopping=self._stop.is_set,
                standby=self._standby,
                expects_mail=expects_mail,
            )
            since, self._saw_all = self._saw_all, None if trouble else self._running()
            recently = since is not None and self._running() - since < A_SHORT_WHILE
            with suppress(StorageTrouble):  # the next poll finds out
                check_clock(context, just_arrived=recently)
                self._learn_limit(context, trouble, waited)
            if report.accepted or report.duplicate:
                self._last_blank = self._running()
            return report, trouble
        except Trouble as trouble:
            if isinstance(trouble, StorageTrouble):
                self.close()
            return PollReport(), trouble
        except safe_thread.FAULTS as error:
            # a fault of ours must not silence the collector for months
            safe_thread.log_error(error)
            self.close()
            if (damaged := damage_trouble(self._folder.database)) is not None:
                return PollReport(), damaged
            return PollReport(), safe_thread.unexpected(
                error,
                happened="コレクトの中で予期しない誤りが起きました。メールはサーバに残っています。",
                cure="次回の受信でもう一度試します。続くときは、ログを添えてお問い合わせください。",
            )
        finally:
            self._busy.clear()

    def close(self) -> None:
        """Let go of ledger, mailbox and sending server; the next poll opens them again. In the
        polling thread."""
        self._kept.drop()
        self._standby.end()
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            with suppress(*safe_thread.FAULTS):
                ledger.close()

    def fell(self, error: BaseException, at: datetime, again: datetime) -> None:
        trouble = safe_thread.unexpected(
            error,
            happened="コレクトの中で予期しない誤りが起きて、受信が途中で止まりました。"
            "メールはサーバに残っています。",
            cure="まもなく自動で受信し直します。続くときは、コレクトを終了して起動し直し、"
            "ログを添えてお問い合わせください。",
        )
        self._listener(PhaseChanged(Phase.ERROR))
        self._listener(PollFinished(at, PollReport(), trouble, again))

    def _open_ledger(self) -> Ledger:
        """The ledger, kept open between polls as long as it is still the file under its name.

        A stick that was pulled out, or a folder that was moved, must not leave us writing numbers
        into a file that nobody will ever see again.
        """
        if self._ledger is not None and _identity(self._folder.database) != self._opened:
            self.close()
        if self._ledger is None:
            if self._opened is not None and not self._folder.database.exists():
                raise _vanished(self._folder)  # a new file would give the old numbers once more
            self._ledger = Ledger(self._folder.database)
            exchanged = self._opened is not None
            self._opened = _identity(self._folder.database)
            if exchanged and (behind := self._ledger.behind()) is not None:
                log.warning("%s", behind)
                self._listener(LogEntry(self._now(), str(behind)))
            self._mark = self._ledger.mark("reply")
        return self._ledger

    def _daily_work(self, ledger: Ledger) -> None:
        """A backup that fails is told, and tried again at the next poll; the mails come first."""
        try:
            upkeep(self._folder, ledger, LivedClock(ledger, self._now))
            self._upkeep_failed = ""
        except StorageTrouble as trouble:
            if trouble.title != self._upkeep_failed:
                log.warning("1日1回の控えを作れませんでした。%s", trouble)
            self._upkeep_failed = trouble.title
        except safe_thread.FAULTS as error:
            if type(error).__name__ != self._upkeep_failed:
                safe_thread.log_error(error, "1日1回の控えを作れませんでした")
            self._upkeep_failed = type(error).__name__

    def _one_poll(self) -> datetime:
        """Poll, tell how it went, and say when the next poll is due."""
        announced, self._announced = self._announced, False
        report, trouble = self.once(expects_mail=announced)
        now = self._now()
        self._owing = report.deferred > 0
        self._health, change = self._health.after(trouble, self._steady())
        self._tell(change, trouble)
        self._alert(trouble, now)
        self._weekly_report(now)
        due = self._next_poll()
        next_at = now + due.pause
        going_on = not self._stop.is_set()
        self._listener(PhaseChanged(Phase.ERROR if trouble else Phase.WAITING))
        ended = PollFinished(now, report, trouble, next_at if going_on else None, due.slowed)
        self._listener(ended)
        return next_at

    def _poll_wanted_by_push(self, due: datetime) -> bool:
        """Wait until the server tells of a mail, where it does; False: wait until `due` instead.

        Letters that are owed are tried again as often as without it.
        """
        if self._health.failures:
            return False
        if self._pushing and not self._kept.waits:
            self._push_ends(NOT_BY_THESE_SETTINGS)
        safety = due if self._owing else self._now() + self._safety_poll
        begun = False

        def begin() -> None:
            nonlocal begun
            begun = True
            if not self._pushing:
                self._pushing = True
                self._say(PUSH_BEGINS)
            self._listener(WaitChanged(by_push=True, next_at=safety))

        waited = self._kept.wait(
            (safety - self._now()).total_seconds(),
            self._wake,
            stopping=self._stop.is_set,
            begun=begin,
        )
        self._announced = waited.by_news
        if waited.given_up:
            self._push_ends(waited.given_up)
        if begun and not waited.poll_at_once:
            self._listener(WaitChanged(by_push=False, next_at=due))
        return waited.poll_at_once

    def _push_ends(self, why: str) -> None:
        self._pushing = False
        self._say(PUSH_ENDS.format(why))

    def _say(self, text: str) -> None:
        log.info("%s", text)
        self._listener(LogEntry(self._now(), text))

    def _tell(self, change: FailureChange, trouble: Trouble | None) -> None:
        match change:
            case FailureChange.BROKE | FailureChange.OTHER_TROUBLE:
                log.log(TROUBLE, "%s", POLL_FAILED.format(trouble=trouble))
            case FailureChange.WELL_AGAIN:
                log.info("%s", WELL_AGAIN)

    def _alert(self, trouble: Trouble | None, now: datetime) -> None:
        """Write to the owner, once for a failure and once for its end; a failed try is repeated."""
        steady = self._steady()
        alert = trouble if self._health.alert_due(steady) else None
        if not self._mark or (alert is None and not self._health.all_clear_due()):
            return
        stopping = self._stop.is_set
        try:
            if alert is not None:
                since = now - (steady - (self._health.failing_since or steady))
                sent = send_alert(self._load, self._mark, alert, since, now, stopping)
            else:
                sent = send_all_clear(self._load, self._mark, now, stopping)
            self._alert_failed = ""
        except Trouble as failed:
            sent = False
            if failed.title != self._alert_failed:
                log.info("お知らせのメールを送れませんでした（%s）", failed.title)
            self._alert_failed = failed.title
        except safe_thread.FAULTS as error:
            sent = False
            if type(error).__name__ != self._alert_failed:
                safe_thread.log_error(error, "お知らせのメールを送れませんでした")
            self._alert_failed = type(error).__name__
        if sent:
            self._health = self._health.with_alert_sent()

    def _weekly_report(self, now: datetime) -> None:
        """「1週間のまとめ」, where it is due. What keeps it from going out is told once, and it is
        tried again after a while; no mail waits for that."""
        ledger = self._ledger
        if ledger is None or self._running() < self._report_not_before:
            return
        pause: timedelta | None = PAUSE
        try:
            settings, passwords = self._load()
        except Trouble:  # the poll has told it
            return
        try:
            if not LivedClock(ledger, self._now).is_dependable():
                return
            pause = send_if_due(
                self._folder,
                ledger,
                settings,
                now,
                lambda subject, body, message_id: send_to_owner(
                    *(settings, passwords, self._mark, subject, body, message_id),
                    now,
                    self._stop.is_set,
                ),
                lambda: new_message_id(settings),
                self._say,
            )
            self._report_failed = ""
        except StorageTrouble:  # the next poll finds out
            return
        except Trouble as failed:
            if failed.title != self._report_failed:
                log.info("「1週間のまとめ」を送れませんでした（%s）", failed.title)
            self._report_failed = failed.title
        except safe_thread.FAULTS as error:
            if type(error).__name__ != self._report_failed:
                safe_thread.log_error(error, "「1週間のまとめ」を送れませんでした")
            self._report_failed = type(error).__name__
        if pause is not None:
            self._report_not_before = self._running() + pause.total_seconds()

    def _steady(self) -> datetime:
        """For spans: it never jumps. Not a date for people."""
        return _SOME_DAY + timedelta(seconds=self._running())

    def _next_poll(self) -> PollDue:
        due = next_poll(self._pace(), self._health)
        if due.slowed and (self._due is None or due.slowed != self._due.slowed):
            log.info("%s", due.slowed)
        self._due, self._due_at = due, self._running() + due.pause.total_seconds()
        return due

    def _pace(self) -> PollPace:
        try:
            settings, _ = self._load()
        except safe_thread.FAULTS:
            return PollPace(usual=60, limit=self._limit.seconds)
        since = self._last_blank
        return PollPace(
            usual=settings.collect.interval_seconds,
            busy=settings.collect.busy_interval_seconds,
            since_blank=None if since is None else self._running() - since,
            server=max(least_interval(settings.receive), _login_delay(settings.receive)),
            limit=self._limit.seconds,
            pushed=self._kept.waits,
        )

    def _waited(self, settings: Settings) -> int:
        """The interval that has led to this poll; 0 where somebody asked for it before its time."""
        if self._due is None:
            return settings.collect.interval_seconds
        return self._due.interval if self._running() >= self._due_at - 1 else 0

    def _learn_limit(self, context: PollContext, trouble: Trouble | None, waited: int) -> None:
        """Raises StorageTrouble."""
        receive = context.settings.receive
        before = limit_of(context.metadata, receive)
        self._limit = learned(
            before,
            trouble,
            waited=waited,
            stated=_login_delay(receive) > 0,
            lived=context.clock.lived,
        )
        if self._limit != before:
            write_limit(context.metadata, receive, self._limit)


def _login_delay(receive: Receive) -> int:
    """Seconds, as the server said when it was last asked; 0 where it says nothing."""
    return memory_of(receive.protocol, receive.host, receive.port).login_delay


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file lies under this name now; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _vanished(folder: DataFolder) -> StorageTrouble:
    return StorageTrouble(
        "データが見つかりません",
        happened="さきほどまであった kollect.db がなくなりました。USBメモリが抜かれたか、"
        "フォルダが移されたようです。メールはサーバに残っています。",
        cure="USBメモリを差し直すか、フォルダを元の場所に戻してください。自動で再開します。",
        detail=str(folder.database),
    )
