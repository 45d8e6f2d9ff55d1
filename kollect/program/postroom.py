"""Joins the screens of メール発信 with the workplace in force, its outbox and its sender."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kollect.program.workplace import Workplace
from kollect.screens.mailing_services import NO_MAILING, MailingServices

if TYPE_CHECKING:  # the window has to be there before sockets and SQL are loaded
    from kollect.collector.mailing_reports import MailingNews, MailingTrouble
    from kollect.members.choice import Choice
    from kollect.members.mailing import Mailing
    from kollect.members.outbox import Outbox

Watcher = Callable[["MailingNews"], None]


class Postroom:
    """`services` is for the screens; the rest is called in Tk's thread, where nothing else is said.

    The sender of a workplace is started with the first mailing that is to go out.
    """

    def __init__(
        self,
        place: Callable[[], Workplace],
        in_tk: Callable[..., None],
        ready: Callable[[Callable[[], None]], None],
        enter_shop: Callable[[], None],
    ) -> None:
        """`place` gives the workplace in force; `in_tk(function, …)` calls it in Tk's thread."""
        self._place = place
        self._in_tk = in_tk
        self._watchers: list[Watcher] = []
        self._latest: dict[int, MailingNews] = {}
        self._troubles: dict[int, tuple[MailingTrouble, int]] = {}
        """Until letters go out again; with how many had gone out by then."""
        self._told_of: Workplace | None = None
        self._lock = threading.Lock()
        self.services = MailingServices(
            members=self._members,
            outbox=self._outbox,
            now=_now,
            settings=lambda: place().settings(),
            digits=lambda: place().readable_settings().collect.number_digits,
            ready=ready,
            sample_address=self._sample_address,
            send_sample=self._send_sample,
            start=self._start,
            pause=lambda mailing: self._turn(lambda outbox: outbox.pause(mailing)),
            resume=lambda mailing: self._turn(lambda outbox: outbox.resume(mailing), send=True),
            stop=lambda mailing: self._turn(lambda outbox: outbox.stop(mailing, _now())),
            left_over=self._left_over,
            latest=self._latest_of,
            watch=self._watch,
            enter_shop=enter_shop,
        )

    @property
    def sending(self) -> bool:
        """A mailing is under way: it ends when the program does, and goes on at the next start."""
        from kollect.collector.mailing_reports import Progress

        known = self._latest.values() if self._told_of is self._place() else ()
        return self._place().mailing and any(isinstance(news, Progress) for news in known)

    def go_on(self) -> None:
        """Send on what a demo has interrupted."""
        self._wake()

    # ---- in any thread but Tk's ----

    def _members(self) -> closing:
        from kollect.members.members import Members

        return closing(Members(self._place().folder.database))

    def _outbox(self) -> closing:
        from kollect.members.outbox import Outbox

        return closing(Outbox(self._place().folder.database))

    def _send_sample(self, to: str, subject: str, body: str) -> None:
        from kollect.collector.encryption import encryption_kept
        from kollect.collector.mailing import send_sample
        from kollect.register.ledger import Ledger

        place = self._place()
        with closing(Ledger(place.folder.database)) as ledger:
            mark = ledger.mark("reply")
        settings = place.settings()
        with encryption_kept(place.folder.database, settings):
            send_sample(
                settings,
                place.passwords(),
                to=to,
                subject=subject,
                body=body,
                mark=mark,
                now=_now(),
            )

    def _start(self, mailing: int, choice: Choice) -> None:
        from kollect.reply.letter import Sender

        settings = self._place().settings()
        address = settings.mail_address
        with self._outbox() as outbox:
            outbox.start(
                mailing,
                choice,
                _now(),
                shop=settings.shop,
                mail_address=address,
                letter_domain=Sender(address).domain,
            )
        self._wake()

    def _turn(self, act: Callable[[Outbox], Any], *, send: bool = False) -> None:
        from kollect.members.mailing import IllegalMove

        # it may have come to its end in the moment before; the screen then shows that
        with self._outbox() as outbox, suppress(IllegalMove):
            act(outbox)
        if send:
            self._wake()
        else:
            self._place().look_for_mailings()

    def _left_over(self) -> list[Mailing]:
        if not self._place().folder.database.exists():
            return []
        with self._outbox() as outbox:
            return outbox.left_from_before(_now())

    def _wake(self) -> None:
        """Have the sender look at the outbox, and start it where it does not run."""
        place = self._place()
        with self._lock:
            place.start_mailing(lambda news: self._in_tk(self._heard, place, news))

    # ---- in Tk's thread ----

    def _sample_address(self) -> str:
        from kollect.collector.mailing import sample_address

        return sample_address(self._place().readable_settings())

    def _heard(self, place: Workplace, news: MailingNews) -> None:
        if place is not self._place():
            return  # an echo from before the demo, or from it
        if place is not self._told_of:
            self._told_of = place
            self._latest.clear()
            self._troubles.clear()
        self._note(news)
        for watcher in tuple(self._watchers):
            watcher(news)

    def _latest_of(self, mailing: int) -> MailingNews | None:
        if self._told_of is not self._place():
            return None
        for place in (NO_MAILING, mailing):
            if place in self._troubles:
                return self._troubles[place][0]
        return self._latest.get(mailing)

    def _note(self, news: MailingNews) -> None:
        """A trouble is over when a letter has gone out; that it is tried again is not enough."""
        from kollect.collector.mailing_reports import MailingTrouble, Progress

        mailing = news.mailing
        if isinstance(news, MailingTrouble):
            before = self._latest.get(mailing)
            sent = before.sent if isinstance(before, Progress) else 0
            self._troubles[mailing] = news, sent
            return
        self._latest[mailing] = news
        if mailing in self._troubles:
            trouble, sent = self._troubles[mailing]
            resumed = trouble.next_at is None
            if resumed or not isinstance(news, Progress) or news.sent > sent:
                del self._troubles[mailing]
        self._troubles.pop(NO_MAILING, None)

    def _watch(self, watcher: Watcher) -> Callable[[], None]:
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)


def _now() -> datetime:
    return datetime.now().astimezone()
