"""Which screen stands behind which word of the menu. Each is loaded when it is asked for first.

Knows the screens by their names only, and nothing of what they show.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from kollect.errors import Problem, Trouble
from kollect.screens.mailing_services import MailingServices
from kollect.screens.member_services import MemberServices
from kollect.screens.services import Services
from kollect.screens.window import Screen, Window
from kollect.settings.model import Settings


@dataclass(slots=True, kw_only=True)
class Signposts:
    """`services`, `friends` and `mailings`: what the screens may ask of the program."""

    window: Window
    services: Callable[[], Services]
    friends: Callable[[], MemberServices]
    mailings: Callable[[], MailingServices]
    mend: Callable[[Trouble], None]
    """The settings cannot be used as they are: help."""

    def collecting(self) -> None:
        self._go("collecting", "CollectingScreen", self.services())

    def results(self) -> None:
        self._go("results", "ResultsScreen", self.services())

    def log(self) -> None:
        self._go("log_screen", "LogScreen", self.services())

    def members(self) -> None:
        self._go("member_form", "MemberFormScreen", self.friends())

    def mailing_list(self) -> None:
        """「メール発信」"""
        self._go("mailing_list", "MailingListScreen", self.mailings())

    def papers(self) -> None:
        self._go("papers_screen", "PapersScreen", self.friends())

    def mailing(self, mailing: int) -> None:
        """How this one goes, above the list of all."""
        from kollect.screens.mailing_progress import MailingProgressScreen

        self.mailing_list()
        self.window.open(MailingProgressScreen, self.mailings(), mailing)

    def settings(self) -> None:
        from kollect.screens.settings_screen import SettingsScreen

        try:
            self.window.open(SettingsScreen, self.services())
        except Trouble as trouble:
            self.mend(trouble)

    def settings_to_mend(self, readable: Settings, found: tuple[Problem, ...]) -> None:
        """緒言設定 with what could be read of the file, and what is wrong beside the fields."""
        from kollect.screens.settings_screen import SettingsScreen

        screen = self.window.open(SettingsScreen, self.services(), start=readable)
        screen.complain(found)

    def mail_settings(self, missing: tuple[Problem, ...] = ()) -> None:
        from kollect.screens.mail_page import MailPage
        from kollect.screens.settings_screen import SettingsScreen

        screen = self.window.open(SettingsScreen, self.services(), MailPage)
        if missing:
            screen.complain(missing)

    def shop_settings(self) -> None:
        from kollect.screens.id_page import IdPage
        from kollect.screens.settings_screen import SettingsScreen

        self.window.open(SettingsScreen, self.services(), IdPage)

    def _go(self, module: str, name: str, services: object) -> None:
        """To the screen where it is open already, back over those above it."""
        kind: type[Screen] = getattr(importlib.import_module(f"kollect.screens.{module}"), name)
        if not any(isinstance(screen, kind) for screen in self.window.screens):
            self.window.open(kind, services)
            return
        while not isinstance(self.window.screen, kind):
            if not self.window.back():
                return
