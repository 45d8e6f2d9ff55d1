"""メール発信, second step: to whom it goes, how fast, and the word to begin."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from datetime import datetime

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mailing import mailing_text
from kollect.mailing.mailing_states import Audience, ExclusionReason, Mailing
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import goes_at
from kollect.members.member_filter import MemberFilter
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import HALF, WIDE
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.mailing.due_fields import DueFields, moment_words
from kollect.ui.mailing.mailing_audience import AudiencePanel
from kollect.ui.mailing.mailing_dialogs import PeopleDialog
from kollect.ui.mailing.mailing_fields import KeptChoices, PaceFields, WhomFields
from kollect.ui.mailing.mailing_words import WHY_LEFT_OUT, about, estimate
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import Form
from kollect.ui.widgets.scroll_frame import ScrollFrame
from kollect.ui.widgets.two_columns import TwoColumns

COUNT_AFTER_MS = 250
"""Whoever types on within this time does not want to see the result yet."""

NOT_SENT = "まだ送っていません。送るときは、もう一度 F12 を押し、「発信する」を選んでください。"


class MailingRecipientsScreen(Screen):
    code, heading = "KKRMS103", "メール発信（2. 送る相手を選ぶ）"
    manual = "mailing-recipients"

    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        mailing: int,
        kept: KeptChoices | None = None,
    ) -> None:
        """`kept`: what was chosen here before, and is left there again."""
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._id = mailing
        self._kept = kept or KeptChoices()
        self._mailing: Mailing | None = None
        self._counts: LatestOnly[Audience] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self._soon = Timer(self, self._count)
        self.audience: Audience | None = None
        """Whom the present choice reaches; None until it is counted."""
        scrolled = ScrollFrame(self)
        scrolled.pack(fill="both", expand=True)
        both = TwoColumns(scrolled.inside, 5, 4)
        both.pack(fill="both", expand=True)
        both.rowconfigure(0, weight=1)
        form = Form(both, label_characters=5)
        form.grid(row=0, column=0, sticky="new")
        self.when = DueFields(form.group("送る日時"), self._when_chosen)
        self.whom = WhomFields(form.group("送る相手"), self._count_soon)
        self.speed = PaceFields(form.group("送る速さ"), self._show)
        if self._kept.whom:
            self.whom.show(self._kept.whom)
            self.when.show(self._kept.when)
        self.panel = AudiencePanel(both, self.show_people)
        self.panel.grid(row=0, column=1, sticky="new", padx=(WIDE, 0), pady=(HALF, 0))
        both.settle()

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        there = self._mailing is not None and not self.is_busy
        word = "予約する" if self.when.reserved else "発信する"
        return [FunctionKey("F12", word, self.begin, enabled=there)]

    def search_entry(self) -> tk.Misc:
        return self.whom.text.widget

    def on_show(self) -> None:
        self.whom.group.focus()
        self._load()

    def on_close(self) -> None:
        self._kept.whom, self._kept.when = self.whom.values, self.when.values
        self._keep_pace()

    # ---- whom it reaches ----

    def _load(self) -> None:
        def work(job: Job) -> tuple[Mailing, list[tuple[str, int]]]:
            workspace = self._workspaces.current
            with workspace.outbox() as outbox, workspace.members() as members:
                return outbox.mailing(self._id), members.groups()

        def done(found: tuple[Mailing, list[tuple[str, int]]]) -> None:
            mailing, groups = found
            if self._mailing is None:
                self.speed.show(mailing.pace)
            self._mailing = mailing
            self.whom.offer_groups(groups)
            self.window.refresh_keys()
            self._count()

        self.work(work, done)

    def _count_soon(self) -> None:
        self._soon.start(COUNT_AFTER_MS)

    def _count(self) -> None:
        """Count in a thread; a change meanwhile is followed by another count."""
        self._soon.cancel()
        choice = self.whom.choice()
        if choice is None:
            self.audience = None
            self._show()
            return

        def work() -> Audience:
            with self._workspaces.current.outbox() as outbox:
                return outbox.audience(choice)

        def done(audience: Audience) -> None:
            if self._counts.outdated:
                return
            self.audience = audience
            self._show()

        self._counts.submit(work, done)

    def _show(self) -> None:
        self.panel.show(self.audience, self.speed.pace)

    def show_people(self, why: ExclusionReason | None) -> None:
        """「見る」: who gets it, or is left out for that reason."""
        choice = self.whom.choice()
        if choice is None:
            return

        def work(job: Job) -> list[int]:
            with self._workspaces.current.outbox() as outbox:
                return outbox.who(choice, why)

        def done(numbers: list[int]) -> None:
            title = f"送る会員　{len(numbers):,}名"
            text = "このメールを送る会員です。"
            if why is not None:
                title = f"{why}のため送らない会員　{len(numbers):,}名"
                text = WHY_LEFT_OUT[why]
            self.window.dialogs.show(
                PeopleDialog,
                title,
                text,
                numbers,
                self._workspaces.current.members,
                self.window.jobs,
                self._workspaces.current.number_text,
            )

        self.work(work, done)

    # ---- to begin ----

    def _all_right(self) -> MemberFilter | None:
        """What was chosen; None where something is wrong, which is said beside it."""
        wrong = [*self.when.wrong(), *self.speed.wrong()]
        choice = self.whom.choice()
        if wrong := [*self.whom.wrong(), *wrong]:
            wrong[0].focus()
            self.window.say_not_done("赤い字のところを直してください。")
            return None
        return choice

    def begin(self) -> None:
        """「発信する」: ask, with the number of recipients as it is at this moment."""
        if (choice := self._all_right()) is not None:
            self._go.prerequisites.ensure(lambda: self._count_and_ask(choice))

    def _count_and_ask(self, choice: MemberFilter) -> None:
        pace = self.speed.pace

        def work(job: Job) -> tuple[Audience, Mailing]:
            with self._workspaces.current.outbox() as outbox:
                mailing = outbox.mailing(self._id)
                outbox.rewrite(self._id, mailing.subject, mailing.body, pace)
                return outbox.audience(choice), mailing

        def done(found: tuple[Audience, Mailing]) -> None:
            self.audience, mailing = found
            self._show()
            if not self.audience.reached:
                self.window.say_not_done("送れる会員がいません。送る相手の条件を変えてください。")
                self.whom.group.focus()
                return
            due = self.when.due()
            if self.when.reserved and due is None:
                self.window.say_not_done("赤い字のところを直してください。")  # it went by meanwhile
            elif due is not None:
                if self._agreed_later(self.audience.reached, choice, mailing, due):
                    self._reserve(choice, due)
            elif self._agreed(self.audience.reached, choice, mailing, pace):
                self._start(choice)

        self.work(work, done, busy=True)

    def _agreed(
        self, reached: int, choice: MemberFilter, mailing: Mailing, pace: RateLimit
    ) -> bool:
        shop = self._workspaces.current.settings().shop
        return self.window.agrees(
            f"{reached:,}名にメールを送ります",
            f"送る相手: {choice}\n"
            f"見出: {mailing_text.with_shop(mailing.subject, shop)}\n"
            f"かかる時間: {about(estimate(reached, pace))}\n\n"
            "送ったメールは、取り消すことができません。発信してよろしいですか？",
            yes="発信する",
            no="戻る",
            otherwise=NOT_SENT,
        )

    def _agreed_later(
        self, reached: int, choice: MemberFilter, mailing: Mailing, due: datetime
    ) -> bool:
        shop = self._workspaces.current.settings().shop
        goes = goes_at(due, self.when.moment.night.value)
        return self.window.dialogs.confirm(
            f"{moment_words(goes)} に送る予約をします",
            f"送る相手: {choice}（いま選ばれている {reached:,}名）\n"
            f"見出: {mailing_text.with_shop(mailing.subject, shop)}\n\n"
            "その時刻に、このパソコンの電源が入っていて、コレクトが動いている必要があります。\n"
            "このあとで登録した会員には送りません。配信停止や退会をされた方にも送りません。\n"
            "送る前なら、「メール発信」で取り消せます。予約してよろしいですか？",
            yes="予約する",
            no="戻る",
        )

    def _reserve(self, choice: MemberFilter, due: datetime) -> None:
        from kollect.ui.mailing.mailing_list import MailingListScreen

        night = self.when.moment.night.value

        def done(result: None) -> None:
            self._mailing = None
            self.window.back_to(MailingListScreen)
            self.window.say_done("予約しました。")

        self.work(
            lambda job: self._go.mailings.reserve(self._id, choice, due, night=night),
            done,
            busy=True,
        )

    def _when_chosen(self) -> None:
        self.window.refresh_keys()

    def _start(self, choice: MemberFilter) -> None:
        from kollect.ui.mailing.mailing_list import MailingListScreen
        from kollect.ui.mailing.mailing_progress import MailingProgressScreen

        def done(result: None) -> None:
            self._mailing = None
            self.window.back_to(MailingListScreen)
            self.window.open(MailingProgressScreen, self._workspaces, self._go, self._id)

        self.window.set_status("発信の準備をしています…")
        self.work(lambda job: self._go.mailings.start(self._id, choice), done, busy=True)

    def _keep_pace(self) -> None:
        """Going back keeps the speed that was chosen, with the draft."""
        mailing, pace = self._mailing, self.speed.pace
        if mailing is None or pace == mailing.pace:
            return

        def work(job: Job) -> None:
            with self._workspaces.current.outbox() as outbox:
                now = outbox.mailing(mailing.id)
                outbox.rewrite(mailing.id, now.subject, now.body, pace)

        self.window.jobs.run(work, lambda result: None, owner=self.window.root)
