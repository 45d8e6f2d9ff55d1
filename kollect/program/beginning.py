"""What happens once the menu is there: whatever the state of the data folder asks for.

    the last run crashed          told
    an older kollect.db put back  told
    `kollect demo`                the demo begins
    settings that cannot be read  told, and mended
    started at the login          mail is collected, and nothing is seen unless something is missing
    a place where data get lost   told once
    no settings yet               the demo, or the settings?
    a mailing broken off          go on with it?

Knows nothing of how any of it is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from kollect.errors import Trouble
from kollect.program.signposts import Signposts
from kollect.program.this_pc import ThisPC
from kollect.screens.demo_mode import DemoMode
from kollect.screens.mailing_services import MailingServices
from kollect.screens.menu import FirstStart, FirstStartDialog
from kollect.screens.readiness import Readiness
from kollect.screens.resident import Resident
from kollect.screens.window import Window
from kollect.settings.model import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    window: Window
    resident: Resident
    demo: DemoMode
    ready: Readiness
    go: Signposts
    this_pc: ThisPC
    settings: Callable[[], Settings]
    """The real ones. Raises Trouble."""
    mend: Callable[[Trouble], None]
    warning: Callable[[], Trouble | None]
    """What is to be said of the place of the data, once. Raises Trouble."""
    mailings: Callable[[], MailingServices]
    start_collecting: Callable[[], None]
    collect_in_tray: Callable[[], None]
    """Start collecting; the window, unless it is seen already, stays unseen."""

    def __call__(self, *, demo: bool, in_tray: bool, to_tell: Sequence[Trouble]) -> None:
        for trouble in to_tell:
            log.error("%s", trouble)
            self.resident.when_seen(partial(self.window.dialogs.trouble, trouble))
        if demo:
            self.demo.begin(self.start_collecting)
            return
        try:
            settings = self.settings()
        except Trouble as trouble:
            self.resident.show()
            self.mend(trouble)
            return
        self._follow_login(settings.collect.start_at_login)
        self._look_around()
        if in_tray:
            self.ready.then(self.collect_in_tray, before_asking=self.resident.show)
        elif not settings.mail_address:
            self._offer_first_steps()
            return
        self.resident.when_seen(self._offer_mailings)

    def _follow_login(self, start_at_login: bool) -> None:
        def failed(trouble: Trouble) -> None:
            log.warning("%s", trouble)  # not in front of the user at every start

        self.window.jobs.run(
            lambda job: self.this_pc.follow(start_at_login),
            lambda result: None,
            owner=self.window.root,
            failed=failed,
        )

    def _look_around(self) -> None:
        def told(warning: Trouble | None) -> None:
            if warning is not None:
                log.warning("%s", warning)
                self.resident.when_seen(lambda: self.window.dialogs.trouble(warning))

        self.window.jobs.run(
            lambda job: self.warning(),
            told,
            owner=self.window.root,
            failed=lambda trouble: log.warning("%s", trouble),
        )

    def _offer_first_steps(self) -> None:
        match self.window.dialogs.show(FirstStartDialog):
            case FirstStart.DEMO:
                self.demo.begin(self.start_collecting)
            case FirstStart.SETTINGS:
                self.go.mail_settings()

    def _offer_mailings(self) -> None:
        from kollect.screens.mailing_left import offer

        offer(self.window, self.mailings(), self.go.mailing)
