"""Before mail is collected or sent: everything that is needed for it is there, or is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.settings.model import Passwords, Settings
from kollect.settings.secret_place import has_secret_place
from kollect.settings.validation import ready_to_collect
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window

if TYPE_CHECKING:  # which makes this
    from kollect.ui.navigator import Navigator


class Prerequisites:
    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        self._window = window
        self._workspaces = workspaces
        self._go = go

    def ensure(
        self, then: Callable[[], None], *, before_asking: Callable[[], None] = lambda: None
    ) -> None:
        """Call `then` in Tk's thread as soon as all is there; not at all where the user gives up.

        `before_asking` is called before the user is asked or told anything.
        """
        workspace = self._workspaces.current
        try:
            settings = workspace.settings()
        except Trouble as trouble:
            before_asking()
            self._go.mend(trouble)
            return
        if missing := ready_to_collect(settings):
            before_asking()
            if self._window.dialogs.confirm(
                "メールの設定が終わっていません",
                "先に、「緒言設定」の「メールの設定」の入力が必要です。",
                yes="設定する",
            ):
                self._go.mail_settings(missing)
            return

        def work(job: Job) -> tuple[Passwords, Collection[str], bool]:
            missing = workspace.missing_passwords(settings)
            return workspace.passwords(), missing, bool(missing) and has_secret_place()

        def found(all_of_it: tuple[Passwords, Collection[str], bool]) -> None:
            known, missing, is_kept = all_of_it
            if missing:
                before_asking()
                self._ask_for(settings, known, missing, then, is_kept=is_kept)
            else:
                then()

        def failed(trouble: Trouble) -> None:
            before_asking()
            self._window.dialogs.show_error(trouble)

        self._window.jobs.run(work, found, owner=self._window.screen, failed=failed)

    def _ask_for(
        self,
        settings: Settings,
        known: Passwords,
        missing: Collection[str],
        then: Callable[[], None],
        *,
        is_kept: bool,
    ) -> None:
        from kollect.ui.settings.password_dialog import PasswordDialog

        passwords = self._window.dialogs.show(
            PasswordDialog, settings, known, missing, is_kept=is_kept
        )
        if passwords is None:
            return

        def keep(job: Job) -> None:
            self._workspaces.current.keep_passwords(passwords)

        self._window.jobs.run(keep, lambda result: then(), owner=self._window.screen)
