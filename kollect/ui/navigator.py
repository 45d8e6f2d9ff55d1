"""From one screen to another, and what screens share that belongs to no workspace.

Each screen is loaded when it is asked for first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.machine_setup import MachineSetup
from kollect.app.mailing_control import MailingControl
from kollect.errors import Problem, StorageTrouble, Trouble
from kollect.settings.model import Passwords, Settings
from kollect.settings.validation import ready_to_collect
from kollect.ui.demo_mode import DemoMode
from kollect.ui.framework.window import Window
from kollect.ui.missed_prompt import MissedPrompt
from kollect.ui.prerequisites import Prerequisites
from kollect.ui.settings_repair import mend
from kollect.ui.shutdown import Shutdown
from kollect.ui.tray_controller import TrayController
from kollect.ui.unregistered_count import UnregisteredCount

if TYPE_CHECKING:  # loaded with the first screen of the members, or of the mailings
    from kollect.mailing.mailing_states import Mailing
    from kollect.members.member import Member


class Navigator:
    def __init__(self, window: Window, workspaces: ActiveWorkspace, this_pc: MachineSetup) -> None:
        self.window = window
        self.workspaces = workspaces
        self.this_pc = this_pc
        self.mailings = MailingControl(workspaces, window.tk_calls.call)
        self.unregistered = UnregisteredCount(window, workspaces)
        self.missed = MissedPrompt(window, workspaces, self)
        self._mailings_taken_up = False
        self.prerequisites = Prerequisites(window, workspaces, self)
        self.tray = TrayController(window, workspaces, self)
        self.shutdown = Shutdown(window, workspaces, self)
        self.demo = DemoMode(window, workspaces, self)

    # ---- the screens of the menu: where one is open already, back over those above it ----

    def collecting(self) -> None:
        from kollect.ui.collecting.screen import CollectingScreen

        if not self.window.uncover(CollectingScreen):
            self.window.open(CollectingScreen, self.workspaces, self)

    def results(self) -> None:
        from kollect.ui.results.screen import ResultsScreen

        if not self.window.uncover(ResultsScreen):
            self.window.open(ResultsScreen, self.workspaces, self)

    def unregistered_numbers(self) -> None:
        """「収集結果表示」 with the numbers that wait for their membership form."""
        from kollect.ui.results.screen import ResultsScreen

        self.results()
        screen = self.window.screen
        if isinstance(screen, ResultsScreen):
            screen.show_unregistered()

    def log(self) -> None:
        from kollect.ui.log.screen import LogScreen

        if not self.window.uncover(LogScreen):
            self.window.open(LogScreen, self.workspaces, self)

    def members(self) -> None:
        from kollect.ui.members.member_form import MemberFormScreen

        if not self.window.uncover(MemberFormScreen):
            self.window.open(MemberFormScreen, self.workspaces, self)

    def mailing_list(self) -> None:
        """「メール発信」"""
        from kollect.ui.mailing.mailing_list import MailingListScreen

        if not self.window.uncover(MailingListScreen):
            self.window.open(MailingListScreen, self.workspaces, self)

    def papers(self) -> None:
        from kollect.ui.papers.screen import PapersScreen

        if not self.window.uncover(PapersScreen):
            self.window.open(PapersScreen, self.workspaces, self)

    def arrival_sheet(self) -> None:
        """「返信が届かないとき」, ready to be printed."""
        from kollect.printing.documents import Paper
        from kollect.ui.papers.screen import PapersScreen

        self.papers()
        screen = self.window.screen
        if isinstance(screen, PapersScreen):
            screen.choose(Paper.SHEET)

    # ---- other screens ----

    def mailing(self, mailing: int) -> None:
        """How this one goes, above the list of all."""
        from kollect.ui.mailing.mailing_progress import MailingProgressScreen

        self.mailing_list()
        self.window.open(MailingProgressScreen, self.workspaces, self, mailing)

    def change_reservation(self, mailing: Mailing) -> None:
        """「日時の変更」 of a 予約."""
        from kollect.ui.mailing.due_fields import ReservationDialog

        answer = self.window.dialogs.show(ReservationDialog, mailing)
        if answer is None:
            return
        due, night = answer

        def done(result: None) -> None:
            self.window.say_done("送る日時を変えました。")

        self.window.jobs.run(
            lambda job: self.mailings.postpone(mailing.id, due, night=night),
            done,
            owner=self.window.root,
        )

    def standing_mailings(self) -> None:
        """「自動で送るメール」"""
        from kollect.ui.mailing.standing_list import StandingListScreen

        if not self.window.uncover(StandingListScreen):
            self.window.open(StandingListScreen, self.workspaces, self)

    def registration(self, number: int) -> None:
        """「会員登録」 of this number, above the screen that lists it."""
        from kollect.ui.members.member_form import MemberFormScreen

        # a form that is open further down may be half filled in, for somebody else
        self.window.open(MemberFormScreen, self.workspaces, self).begin_with(number)

    def member(self, member: Member, order: Sequence[int] = ()) -> None:
        """「会員の修正」; `order` as there."""
        from kollect.ui.members.member_edit import MemberEditScreen

        self.window.open(MemberEditScreen, self.workspaces, self, member, order)

    def settings(self) -> None:
        """緒言設定, with the page in front where something is still missing."""
        from kollect.ui.settings.screen import SettingsScreen

        if self.window.uncover(SettingsScreen):
            return
        try:
            missing = ready_to_collect(self.workspaces.current.settings())
            screen = self.window.open(SettingsScreen, self.workspaces, self)
        except Trouble as trouble:
            self.mend(trouble)
        else:
            screen.begin_with(missing)

    def settings_to_mend(self, readable: Settings, found: tuple[Problem, ...]) -> None:
        """緒言設定 with what could be read of the file, and what is wrong beside the fields."""
        from kollect.ui.settings.screen import SettingsScreen

        screen = self.window.open(SettingsScreen, self.workspaces, self, start=readable)
        screen.show_problems(found)

    def mail_settings(self, missing: tuple[Problem, ...] = ()) -> None:
        from kollect.ui.settings.mail_page import MailPage
        from kollect.ui.settings.screen import SettingsScreen

        screen = self.window.open(SettingsScreen, self.workspaces, self, MailPage)
        screen.begin_with(missing)

    def mend_mail_settings(self, trouble: Trouble) -> None:
        """「メールの設定を直す」: the page, and there the field that the trouble is about."""
        from kollect.ui.settings.field_at_fault import mended_in_the_test, place_at_fault
        from kollect.ui.settings.mail_page import MailPage
        from kollect.ui.settings.screen import SettingsScreen

        if mended_in_the_test(trouble):
            self.mail_test()
            return
        screen = self.window.open(SettingsScreen, self.workspaces, self, MailPage)
        screen.go_to(place_at_fault(trouble))

    def mail_test(self) -> None:
        from kollect.ui.settings.mail_test_page import MailTestPage
        from kollect.ui.settings.screen import SettingsScreen

        self.window.open(SettingsScreen, self.workspaces, self, MailTestPage)

    def arrival_trial(self) -> None:
        """「自分の携帯・Gmailで試す」 with the settings in force; a diagnosis where wanted."""
        from kollect.ui.settings.mail_test_page import MailTestPage, Test
        from kollect.ui.settings.screen import SettingsScreen
        from kollect.ui.settings.trial_dialog import TrialDialog

        workspace = self.workspaces.current
        settings = workspace.readable_settings()
        if self.window.dialogs.show(TrialDialog, self.window, workspace, settings, None):
            screen = self.window.open(SettingsScreen, self.workspaces, self, MailTestPage)
            screen.run_test(Test.DIAGNOSE)

    def shop_settings(self) -> None:
        from kollect.ui.settings.id_page import IdPage
        from kollect.ui.settings.screen import SettingsScreen

        self.window.open(SettingsScreen, self.workspaces, self, IdPage)

    def data_protection(self) -> None:
        """「データを保護する」 on the page 「ID」."""
        from kollect.ui.settings.id_page import IdPage
        from kollect.ui.settings.screen import SettingsScreen

        screen = self.window.open(SettingsScreen, self.workspaces, self, IdPage)
        screen.begin_with_protection()

    # ---- what more than one screen asks for ----

    def start_collecting(self) -> None:
        """「メール収集の起動」: when everything that is needed is there."""
        if self.workspaces.current.collecting:
            self.collecting()
        elif not self.demo.changing:
            self.prerequisites.ensure(self.begin_collecting)

    def begin_collecting(self) -> None:
        """Nothing is missing: collect, and show it."""
        workspace = self.workspaces.current
        if not workspace.collecting:
            workspace.start_collecting()
            self.tray.begin()
            self._go_on_by_the_clock()
        self.collecting()

    def take_up_mailings(self) -> None:
        """Once: what the last run of the program has left of メール発信, and what the clock sends.

        At the start; or when the collecting begins, where the start had something else to ask.
        """
        from kollect.ui.resume_prompt import offer

        if not self._mailings_taken_up:
            self._mailings_taken_up = True
            self.missed.begin()
            offer(self.window, self.workspaces, self)

    def _go_on_by_the_clock(self) -> None:
        """Where a password was missing at the start, it is there now."""
        if not (self._mailings_taken_up or self.workspaces.current.in_demo):
            self.take_up_mailings()
            return
        self.window.jobs.run(
            lambda job: self.mailings.go_on_by_the_clock(),
            lambda result: None,
            owner=self.window.root,
            failed=lambda trouble: (
                None
            ),  # the collector meets the same disk, and says what is wrong
        )

    def save_settings(self, settings: Settings, passwords: Passwords) -> None:
        """Put them into force, here and in what starts at the login. Not in Tk's thread.

        Raises Trouble, and then nothing has changed.
        """
        workspace = self.workspaces.current
        workspace.save(settings, passwords)
        self.window.tk_calls.call(self.tray.try_new_settings)
        if workspace.in_demo:
            return
        try:
            self.this_pc.sync_autostart(settings.collect.start_at_login)
        except StorageTrouble as trouble:  # the settings are saved nevertheless
            self.window.tk_calls.call(self.window.dialogs.show_error, trouble)

    def mend(self, trouble: Trouble) -> None:
        """The settings cannot be used as they are: help."""
        mend(trouble, self.window, self.workspaces, self)

    def identify(self) -> None:
        """Have the title name the shop whose data are worked with now."""
        shop = self.workspaces.current.readable_settings().shop
        self.window.identify(shop.id, locked=bool(shop.pin))


def open_manual(window: Window, page: str) -> None:
    """The built-in manual, at the page of this name."""
    from kollect.ui.manual.manual_dialog import ManualDialog

    window.dialogs.show(ManualDialog, page)
