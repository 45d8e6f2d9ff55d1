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

    def then(
        self, go: Callable[[], None], *, before_asking: Callable[[], None] = lambda: None
    ) -> None:
        """Call `go` in Tk's thread as soon as all is there; not at all where the user gives up.

        `before_asking` is called before the user is asked or told anything.
        """
        try:
            settings = self.settings()
        except Trouble as trouble:
            before_asking()
            self.mend(trouble)
            return
        if missing := ready_to_collect(settings):
            before_asking()
            if self.window.dialogs.ask(
                "メールの設定が終わっていません",
                "先に、「緒言設定」の「メールの設定」の入力が必要です。",
                yes="設定する",
            ):
                self.enter_mail(missing)
            return

        def found(known: Passwords, missing: Collection[str]) -> None:
            if missing:
                before_asking()
                self._ask_for(settings, known, missing, go)
            else:
                go()

        def failed(trouble: Trouble) -> None:
            before_asking()
            self.window.dialogs.trouble(trouble)

        self.window.jobs.run(
            lambda job: self.passwords(settings),
            lambda both: found(*both),
            owner=self.window.screen,
            failed=failed,
        )

    def _ask_for(
        self,
        settings: Settings,
        known: Passwords,
        missing: Collection[str],
        go: Callable[[], None],
    ) -> None:
        from kollect.screens.password_dialog import PasswordDialog

        passwords = self.window.dialogs.show(PasswordDialog, settings, known, missing)
        if passwords is None:
            return

        def keep(job: Job) -> None:
            self.keep_passwords(passwords)

        self.window.jobs.run(keep, lambda result: go(), owner=self.window.screen)
