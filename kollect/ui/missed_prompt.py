"""予約配信 whose time went by more than a day ago: what is to become of it is asked here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window

if TYPE_CHECKING:  # the window has to be there before sockets and SQL are loaded
    from kollect.mailing.mailing_events import MailingEvent
    from kollect.mailing.mailing_states import Mailing
    from kollect.ui.navigator import Navigator

LATER, GIVE_UP, CHANGE, SEND = "あとで決める", "予約をやめる", "日時を直す", "いま送る"


class MissedPrompt:
    """In Tk's thread. Asks when the sender tells of it and the window is seen."""

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        self._window = window
        self._workspaces = workspaces
        self._go = go
        self._watches = False

    def begin(self) -> None:
        if not self._watches:
            self._watches = True
            self._go.mailings.watch(self._told)

    def _told(self, news: MailingEvent) -> None:
        from kollect.mailing.mailing_events import ReservationMissed

        if isinstance(news, ReservationMissed):
            self._go.tray.when_seen(partial(self.ask, news.mailing))

    def ask(self, mailing: int) -> None:
        """Where it is still a 予約: it may have been cancelled on another screen meanwhile."""
        from kollect.mailing.mailing_states import MailingState

        def work(job: Job) -> Mailing | None:
            with self._workspaces.current.outbox() as outbox:
                try:
                    found = outbox.mailing(mailing)
                except KeyError:
                    return None
                return found if found.state is MailingState.SCHEDULED else None

        def done(found: Mailing | None) -> None:
            if found is not None:
                self._ask(found)

        self._window.jobs.run(work, done, owner=self._window.root)

    def _ask(self, mailing: Mailing) -> None:
        assert mailing.due_at is not None, "it is written with its state"
        answer = self._window.dialogs.choose(
            "予約の時刻を過ぎたメールがあります",
            f"「{mailing.subject}」\n"
            f"予約した日時: {mailing.due_at.astimezone():%Y/%m/%d %H:%M}\n\n"
            "その時刻に動いていなかったか、日付が変わったか、データを控えに戻したため、"
            "自動では送りませんでした。送ってよいかを確かめます。\n"
            "パソコンの日付がまちがっているときは、日付を直してから決めてください。\n\n"
            f"「{GIVE_UP}」を押すと、下書きに戻ります。",
            (LATER, GIVE_UP, CHANGE, SEND),
            careful=True,
        )
        if answer == SEND:
            self._go.prerequisites.ensure(
                lambda: self._run(mailing, self._go.mailings.send_missed, "送信を始めます。")
            )
        elif answer == CHANGE:
            self._go.change_reservation(mailing)
        elif answer == GIVE_UP:
            act = self._go.mailings.cancel_reservation
            self._run(mailing, act, "予約をやめました。下書きに戻りました。")

    def _run(self, mailing: Mailing, act: Callable[[int], None], word: str) -> None:
        self._window.jobs.run(
            lambda job: act(mailing.id),
            lambda result: self._window.say_done(word),
            owner=self._window.root,
        )
