"""Before mail is collected or sent: everything that is needed for it is there, or is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from kollect.errors import Problem, Trouble
from kollect.screens.jobs import Job
from kollect.screens.window import Window
from kollect.settings.check import ready_to_collect
from kollect.settings.model import Passwords, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    window: Window
    settings: Callable[[], Settings]
    """Raises SettingsTrouble."""
    mend: Callable[[Trouble], None]
    """The settings cannot be used as they are: help."""
    enter_mail: Callable[[tuple[Problem, ...]], None]
    """Go to 「メールの設定」, where these are missing."""
    passwords: Callable[[Settings], tuple[Passwords, Collection[str]]]
    """Those known, and which are missing. Not in Tk's thread."""
    keep_passwords: Callable[[Passwords], None]
    """Not in Tk's thread."""

    def then(self, go: Callable[[], None]) -> None:
        """Call `go` in Tk's thread as soon as all is there; not at all where the user gives up."""
        try:
            settings = self.settings()
        except Trouble as trouble:
            self.mend(trouble)
            return
        if missing := ready_to_collect(settings):
            if self.window.dialogs.ask(
                "メールの設定が終わっていません",
                "先に、「緒言設定」の「メールの設定」の入力が必要です。",
                yes="設定する",
            ):
                self.enter_mail(missing)
            return
        self.window.jobs.run(
            lambda job: self.passwords(settings),
            lambda found: self._with_passwords(settings, *found, go),
            owner=self.window.screen,
        )

    def _with_passwords(
        self,
        settings: Settings,
        known: Passwords,
        missing: Collection[str],
        go: Callable[[], None],
    ) -> None:
        if not missing:
            go()
            return
        from kollect.screens.password_dialog import PasswordDialog

        passwords = self.window.dialogs.show(PasswordDialog, settings, known, missing)
        if passwords is None:
            return

        def keep(job: Job) -> None:
            self.keep_passwords(passwords)

        self.window.jobs.run(keep, lambda result: go(), owner=self.window.screen)
