"""What is told and asked at the start: what stands in the way, before there is a window; whatever
the state of the data folder asks for, once the menu is there.

    the last run crashed          told
    an older kollect.db put back  told
    `kollect demo`                the demo begins
    settings that cannot be read  told, and mended
    started at the login          mail is collected, and nothing is seen unless something is missing
    a place where data get lost   told once
    no settings yet               the demo, or the settings?
    a mailing broken off          go on with it?
    a 予約 whose time went by      what is to become of it?
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.preflight import (
    NO_CODE,
    NO_STORAGE,
    BrokenOff,
    Damaged,
    Lost,
    NeedsCode,
    Obstacle,
    Refused,
    Watch,
    come_inside,
    enter,
    look_inside,
    open_protected,
    wait,
)
from kollect.desktop.lock import FolderLock
from kollect.errors import StorageTrouble, Trouble
from kollect.settings.secret_place import has_secret_place
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_call import BackgroundCall
from kollect.ui.code_dialog import CodeDialog, why_asked
from kollect.ui.framework.window import Window
from kollect.ui.menu import FirstStart, FirstStartDialog
from kollect.ui.navigator import Navigator
from kollect.ui.opening_dialog import GOING_ON, LOOKING, OpeningDialog

log = logging.getLogger(__name__)

AT_ONCE = 0.3
"""Seconds: what is ready within them needs no window to wait in front of."""


def come_in(
    folder: DataFolder, lock: FolderLock, make_window: Callable[[], Window], *, unseen: bool
) -> int | None:
    """Take the folder, and see to what stands in the way: tell of it, or ask what to do.

    None: come in. Else the exit code; the user has been told, in a window made for it. `unseen`:
    nobody waits for a window, so none is made where there is nothing to ask.
    """
    found: Obstacle | None = enter(folder, lock)
    if found is None:
        found = _looked(partial(come_inside, folder), make_window, unseen=unseen)
    return _cleared(folder, found, make_window)


def _looked(
    look: Callable[[Watch], Obstacle | None], make_window: Callable[[], Window], *, unseen: bool
) -> Obstacle | None:
    """What `look` finds, in a thread; where that takes a while it is seen that it does."""
    seen = _SeenLater()
    call = BackgroundCall(lambda: look(seen), name="look at the data")
    if unseen or call.is_over_within(AT_ONCE):
        return call.result()

    def work(watch: Watch) -> Obstacle | None:
        seen.watch = watch
        return call.result()

    window = make_window()
    try:
        found: Obstacle | None = window.dialogs.show(
            OpeningDialog, window.jobs, LOOKING, work, otherwise=Refused(NO_STORAGE)
        )
    finally:
        window.close()
    return found


class _SeenLater:
    """A watch that hands on to another one as soon as there is one."""

    def __init__(self) -> None:
        self.watch: Watch = wait

    def __call__(self, part: float | None) -> bool:
        return self.watch(part)


def _cleared(
    folder: DataFolder, found: Obstacle | None, make_window: Callable[[], Window]
) -> int | None:
    if found is None:
        return None
    if isinstance(found, Refused) and found.trouble is None:
        return found.code
    window = make_window()
    look: Callable[[Watch], Obstacle | None] | None = None
    then: Obstacle | None = None
    try:
        match found:
            case Refused(code, trouble):
                assert trouble is not None, "else there is no window"
                window.dialogs.show_error(trouble)
                return code
            case NeedsCode():
                if not window.dialogs.show(
                    CodeDialog,
                    window.jobs,
                    partial(open_protected, folder),
                    why=why_asked(is_kept=has_secret_place()),
                ):
                    return NO_CODE
                look = partial(look_inside, folder)
            case BrokenOff():
                then = window.dialogs.show(
                    OpeningDialog,
                    window.jobs,
                    GOING_ON,
                    partial(come_inside, folder),
                    otherwise=Refused(NO_STORAGE),
                )
            case Lost(first):
                return None if _new_database_started(window, folder, first) else NO_STORAGE
            case Damaged():
                return None if _gone_back(window, folder, found) else NO_STORAGE
    except StorageTrouble as trouble:
        window.dialogs.show_error(trouble)
        return NO_STORAGE
    finally:
        window.close()
    if look is not None:
        then = _looked(look, make_window, unseen=False)
    return _cleared(folder, then, make_window)


def _new_database_started(window: Window, folder: DataFolder, first: int) -> bool:
    from kollect.app import recovery  # drags much along, and is rare

    agreed = window.dialogs.confirm(
        "受付の記録が見つかりません",
        f"受付の記録「{folder.database}」がなくなっています。控えもありません。\n\n"
        "ほかの場所に移した覚えがあるときは、「終了する」を押して、元の場所に戻してください。"
        "\n\n見つからないときは、新しい記録で始められます。これまでの受付番号は分からなくなり、"
        "登録済みのお客様にも新しい番号を発行します。番号が前のものと重ならないように、"
        f"ログなどを調べて {first} から発行します。",
        yes="新しい記録で始める",
        no="終了する",
        careful=True,
    )
    if agreed:
        recovery.start_new_database(folder, first)
    return agreed


def _gone_back(window: Window, folder: DataFolder, damage: Damaged) -> bool:
    """Offer to go on with the newest good copy."""
    from kollect.app import recovery
    from kollect.ui.damage_dialog import DamageDialog

    def go_back() -> None:
        recovery.go_back(folder, damage.cost, damage.found)

    there = folder.database.exists()
    return window.dialogs.show(DamageDialog, window.jobs, damage.cost, there=there, go_back=go_back)


class Startup:
    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        self._window = window
        self._real = workspaces.real
        self._workspaces = workspaces
        self._go = go

    def run(self, *, demo: bool, in_tray: bool, to_tell: Sequence[Trouble]) -> None:
        tray = self._go.tray
        for trouble in to_tell:
            log.error("%s", trouble)
            tray.when_seen(partial(self._window.dialogs.show_error, trouble))
        if demo:
            self._go.demo.begin(self._go.start_collecting)
            return
        try:
            settings = self._real.settings()
        except Trouble as trouble:
            tray.show()
            self._go.mend(trouble)
            return
        self._follow_login(settings.collect.start_at_login)
        self._look_around()
        if in_tray:
            self._go.prerequisites.ensure(self._collect_in_tray, before_asking=tray.show)
        elif not settings.mail_address:
            self._offer_first_steps()
            return
        self._go.take_up_mailings()

    def _collect_in_tray(self) -> None:
        """Start collecting; the window, unless it is seen already, stays unseen."""
        self._go.begin_collecting()
        if not self._window.root.winfo_viewable():  # else something had to be asked
            self._go.tray.stay_in_tray()

    def _follow_login(self, start_at_login: bool) -> None:
        def failed(trouble: Trouble) -> None:
            log.warning("%s", trouble)  # not in front of the user at every start

        self._window.jobs.run(
            lambda job: self._go.this_pc.sync_autostart(start_at_login),
            lambda result: None,
            owner=self._window.root,
            failed=failed,
        )

    def _look_around(self) -> None:
        def told(warning: Trouble | None) -> None:
            if warning is not None:
                log.warning("%s", warning)
                self._go.tray.when_seen(lambda: self._window.dialogs.show_error(warning))

        self._window.jobs.run(
            lambda job: self._real.warning_of_place(),
            told,
            owner=self._window.root,
            failed=lambda trouble: log.warning("%s", trouble),
        )

    def _offer_first_steps(self) -> None:
        match self._window.dialogs.show(FirstStartDialog):
            case FirstStart.DEMO:
                self._go.demo.begin(self._go.start_collecting)
            case FirstStart.SETTINGS:
                self._go.mail_settings()
