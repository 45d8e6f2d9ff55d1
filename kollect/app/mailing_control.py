"""メール発信 as the screens start, stop and watch it, in the workspace in force."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.workspace import Workspace
from kollect.errors import ServerTrouble
from kollect.mailing.mailing_events import (
    NO_MAILING,
    MailingEvent,
    MailingFailed,
    MailingProgress,
    ReservationChanged,
    ReservationMissed,
)
from kollect.threads.background_thread import local_now

if TYPE_CHECKING:  # the window has to be there before sockets and SQL are loaded
    from datetime import datetime

    from kollect.mailing.mailing_states import Mailing
    from kollect.mailing.outbox import Outbox
    from kollect.members.member_filter import MemberFilter

Watcher = Callable[[MailingEvent], None]


class MailingControl:
    """The sender of a workspace is started with the first mailing that is to go out.

    What changes the sending is not for Tk's thread, and raises StorageTrouble.
    """

    def __init__(self, workspaces: ActiveWorkspace, in_tk: Callable[..., None]) -> None:
        """`in_tk(function, …)` calls it in Tk's thread."""
        self._workspaces = workspaces
        self._in_tk = in_tk
        self._watchers: list[Watcher] = []
        self._latest: dict[int, MailingEvent] = {}
        self._troubles: dict[int, tuple[MailingFailed, int]] = {}
        """Until letters go out again; with how many had gone out by then."""
        self._left_over: list[Mailing] | None = None
        """What the run before has left; None: nobody has looked yet."""
        self._looking = threading.Lock()
        self._undecided: set[int] = set()
        """Of these somebody is asked whether they go on."""
        self.by_the_clock = False
        """Something sends itself, which it can only while the program runs."""
        self._reporting: Workspace | None = None
        self._lock = threading.Lock()

    @property
    def sending(self) -> bool:
        """A mailing is under way: it ends when the program does, and goes on at the next start."""
        workspace = self._workspaces.current
        known = self._latest.values() if self._reporting is workspace else ()
        return workspace.mailing and any(isinstance(news, MailingProgress) for news in known)

    def go_on(self) -> None:
        """Have the sender look at the outbox, and start it where it does not run.

        For Tk's thread only where it has run before.
        """
        self._look_back()
        workspace = self._workspaces.current
        with self._lock:
            workspace.start_mailing(
                lambda news: self._in_tk(self._on_event, workspace, news),
                lambda: () if workspace.in_demo else tuple(self._undecided),
            )

    # ---- in any thread but Tk's ----

    def send_sample(self, to: str, subject: str, body: str) -> None:
        """To this address, a mail with this subject and body. Raises Trouble."""
        from kollect.ledger.encryption_record import encryption_kept
        from kollect.ledger.ledger import Ledger
        from kollect.mailing.mailing_worker import send_sample

        workspace = self._workspaces.current
        with closing(Ledger(workspace.folder.database)) as ledger:
            mark = ledger.mark("reply")
        settings = workspace.settings()
        with encryption_kept(workspace.folder.database, settings):
            try:
                send_sample(
                    settings,
                    workspace.passwords(),
                    to=to,
                    subject=subject,
                    body=body,
                    mark=mark,
                    now=local_now(),
                )
            except ServerTrouble as trouble:
                trouble.cure = trouble.cure_by_hand
                raise

    def start(self, mailing: int, choice: MemberFilter) -> None:
        """Begin a draft, to these members. Raises TextNotReady, NobodyToSendTo."""
        from kollect.letters.letter import Sender

        self._look_back()
        workspace = self._workspaces.current
        settings = workspace.settings()
        address = settings.mail_address
        with workspace.outbox() as outbox:
            outbox.start(
                mailing,
                choice,
                local_now(),
                shop=settings.shop,
                mail_address=address,
                letter_domain=Sender(address).domain,
            )
        self.go_on()

    def reserve(self, mailing: int, choice: MemberFilter, due: datetime, *, night: bool) -> None:
        """予約配信: a draft, to these members, at that time. Raises as `start` does."""
        from kollect.letters.letter import Sender

        workspace = self._workspaces.current
        settings = workspace.settings()
        with workspace.outbox() as outbox:
            outbox.reserve(
                mailing,
                choice,
                local_now(),
                due=due,
                night=night,
                shop=settings.shop,
                letter_domain=Sender(settings.mail_address).domain,
            )
        self.by_the_clock = True
        self._tell_changed(mailing)
        self.go_on()

    def postpone(self, mailing: int, due: datetime, *, night: bool) -> None:
        """「日時の変更」"""
        with self._outbox() as outbox:
            outbox.postpone(mailing, due, local_now(), night=night)
        self._tell_changed(mailing)
        self.go_on()

    def cancel_reservation(self, mailing: int) -> None:
        """「予約の取り消し」"""
        with self._outbox() as outbox:
            outbox.cancel_reservation(mailing)
        self._tell_changed(mailing)
        self._look_again()

    def send_missed(self, mailing: int) -> None:
        """A 予約 whose time went by, now. Raises TextNotReady."""
        settings = self._workspaces.current.settings()
        with self._outbox() as outbox:
            outbox.begin_reserved(
                mailing,
                local_now(),
                shop=settings.shop,
                mail_address=settings.mail_address,
                late=True,
            )
        self._tell_changed(mailing)
        self.go_on()

    def _tell_changed(self, mailing: int) -> None:
        news = ReservationChanged(local_now(), mailing)
        self._in_tk(self._on_event, self._workspaces.current, news)

    def switch_standing(self, standing: int, active: bool) -> None:
        """A 誕生日メール or ステップメール on or off. Raises TextNotReady."""
        workspace = self._workspaces.current
        shop = workspace.settings().shop
        with workspace.standing_mailings() as found:
            found.switch(standing, active, local_now(), shop)
        self._look_again()
        if active:
            self.go_on()

    def remove_standing(self, standing: int) -> None:
        with self._workspaces.current.standing_mailings() as found:
            found.remove(standing, local_now())
        self._look_again()

    def _look_again(self) -> None:
        workspace = self._workspaces.current
        self.by_the_clock = workspace.sends_by_itself()
        workspace.look_for_mailings()

    def pause(self, mailing: int) -> None:
        with self._outbox() as outbox:
            outbox.pause(mailing)
        self._undecided.discard(mailing)
        self._workspaces.current.look_for_mailings()

    def resume(self, mailing: int) -> None:
        self._look_back()
        with self._outbox() as outbox:
            outbox.resume(mailing)
        self._undecided.discard(mailing)
        self.go_on()

    def stop(self, mailing: int) -> None:
        with self._outbox() as outbox:
            outbox.stop(mailing, local_now())
        self._undecided.discard(mailing)
        self._workspaces.current.look_for_mailings()

    @contextmanager
    def _outbox(self) -> Iterator[Outbox]:
        """Where a mailing came to its end in the moment before: the screen then shows that."""
        from kollect.mailing.mailing_states import IllegalRecipientMove

        with self._workspaces.current.outbox() as outbox, suppress(IllegalRecipientMove):
            yield outbox

    def left_over(self) -> list[Mailing]:
        """What a crash or the end has left unfinished and nobody may want any more
        (`due_mailings.to_be_asked`), of which nobody has decided yet: it waits for an answer.
        """
        self._look_back()
        return [one for one in self._left_over or () if one.id in self._undecided]

    def _look_back(self) -> None:
        """Once, before anything is sent: later nobody could tell what was left from what this run
        has begun."""
        from kollect.mailing.due_mailings import to_be_asked

        workspace = self._workspaces.current
        if workspace.in_demo:
            return
        with self._looking:
            if self._left_over is not None:
                return
            found: list[Mailing] = []
            if workspace.folder.database.exists():
                now = local_now()
                with workspace.outbox() as outbox:
                    outbox.left_from_before(now)
                    found = to_be_asked(outbox, now)
            self._undecided.update(one.id for one in found)
            self._left_over = found

    def go_on_by_the_clock(self) -> None:
        """Have the sender run where something sends itself, and the passwords are there."""
        workspace = self._workspaces.current
        self.by_the_clock = workspace.sends_by_itself()
        if self.by_the_clock and not workspace.missing_passwords(workspace.settings()):
            self.go_on()

    # ---- in Tk's thread ----

    def sample_address(self) -> str:
        """Where 「自分に試し送信」 goes unless somebody chooses."""
        from kollect.mailing.mailing_worker import sample_address

        return sample_address(self._workspaces.current.readable_settings())

    def _on_event(self, workspace: Workspace, news: MailingEvent) -> None:
        if workspace is not self._workspaces.current:
            return  # an echo from before the demo, or from it
        if workspace is not self._reporting:
            self._reporting = workspace
            self._latest.clear()
            self._troubles.clear()
        if not isinstance(news, ReservationMissed | ReservationChanged):
            self._note(news)
        for watcher in tuple(self._watchers):
            watcher(news)

    def latest(self, mailing: int) -> MailingEvent | None:
        """What the sender told last of this mailing, or of its trouble with all of them."""
        if self._reporting is not self._workspaces.current:
            return None
        for which in (NO_MAILING, mailing):
            if which in self._troubles:
                return self._troubles[which][0]
        return self._latest.get(mailing)

    def is_failing(self, mailing: int) -> bool:
        """Whether its letters did not go out at the last try."""
        return isinstance(self.latest(mailing), MailingFailed)

    def _note(self, news: MailingEvent) -> None:
        """A trouble is over when a letter has gone out; that it is tried again is not enough."""
        mailing = news.mailing
        if isinstance(news, MailingFailed):
            before = self._latest.get(mailing)
            sent = before.sent if isinstance(before, MailingProgress) else 0
            self._troubles[mailing] = news, sent
            return
        self._latest[mailing] = news
        if mailing in self._troubles:
            trouble, sent = self._troubles[mailing]
            resumed = trouble.next_at is None
            if resumed or not isinstance(news, MailingProgress) or news.sent > sent:
                del self._troubles[mailing]
        self._troubles.pop(NO_MAILING, None)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have it called with all that the sender tells. Returns the function that ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)
