"""Builds the parts, joins them, and owns the order of starting and stopping.

The window comes first; whatever takes long to load is loaded when it can be seen. Nobody imports
this module but who starts the program.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.crash_report import CrashReport
from kollect.app.machine_setup import MachineSetup
from kollect.app.preflight import put_back
from kollect.app.workspace import Workspace
from kollect.collector.events import CollectorEvent
from kollect.desktop import memory
from kollect.desktop.dpi import enable_dpi_awareness
from kollect.desktop.lock import FolderLock
from kollect.desktop.session_end import SessionWatch
from kollect.errors import Trouble
from kollect.settings.model import TextSize
from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.dialogs import Dialogs
from kollect.ui.framework.gc_in_tk_thread import collect_here
from kollect.ui.framework.jobs import unexpected
from kollect.ui.framework.screen_memory import ScreenMemory
from kollect.ui.framework.window import Window, give_icon
from kollect.ui.menu import MenuScreen
from kollect.ui.navigator import Navigator, open_manual
from kollect.ui.startup import Startup, come_in
from kollect.ui.status_strip import StatusStrip

OK, FAILED = 0, 1
SESSION_END_SECONDS = 4.0
"""Windows waits 5 seconds for a program at the log-off, then it offers to end it by force."""
AFTER_SLEEP_MS = 5000
"""The network is back a little later than the PC."""


def run(
    folder: DataFolder, *, demo: bool = False, in_tray: bool = False, given: bool = False
) -> int:
    """Open the program and stay until it is ended; returns the exit code.

    `in_tray`: collect at once, unseen. `given`: the folder was named on the command line.
    """
    enable_dpi_awareness()
    try:
        root = _unseen_root()
    except tk.TclError as error:
        print(f"画面を開けません（{error}）。", file=sys.stderr)
        return FAILED
    with ExitStack() as at_the_end:
        lock = FolderLock(folder.path)
        at_the_end.callback(lock.release)
        refused = come_in(folder, lock, _lone_window, unseen=in_tray)
        if refused is not None:
            return refused
        put_back_by_hand = put_back(folder)
        crashed = at_the_end.enter_context(CrashReport(folder, _told))
        collect_here(root)
        program = Program(root, folder, given=given)
        at_the_end.callback(program.workspaces.close)
        watch = SessionWatch(ending=program.session_ends, resumed=program.session_resumed)
        watch.start()  # before a window is seen: a key pressed at once may open a question
        at_the_end.callback(watch.stop)
        to_tell = [one for one in (crashed, put_back_by_hand) if one is not None]
        program.start(lock, demo=demo, in_tray=in_tray, to_tell=to_tell)
        program.window.live()
    return OK


def _unseen_root() -> tk.Tk:
    root = tk.Tk(className="Kollect")
    root.withdraw()
    give_icon(root)
    return root


def _lone_window() -> Window:
    """For what must be told or asked before there is a program."""
    window = Window(_unseen_root())
    window.on_manual = partial(open_manual, window)
    return window


def _told(error: BaseException) -> bool:
    """Say why the program ends, in a window of its own: its own may be no more. Whether it was."""
    trouble = error if isinstance(error, Trouble) else unexpected(error)
    try:
        _lone_window().dialogs.show_error(trouble)
    except tk.TclError:
        return False
    return True


class Program:
    """The running program: one window, and the workspace in force, the real one or the demo's."""

    def __init__(
        self,
        root: tk.Tk,
        folder: DataFolder,
        make_dialogs: Callable[[tk.Tk], Dialogs] = Dialogs,
        *,
        given: bool = False,
    ) -> None:
        self._root = root
        self.workspaces = ActiveWorkspace(folder, self._news)
        self.workspaces.real.open()
        size = self.workspaces.real.readable_settings().screen.text_size
        self.window = Window(
            root,
            text_size=size,
            dialogs=make_dialogs(root),
            memory=ScreenMemory(folder.window),
        )
        self.window.on_text_size = self._text_size_chosen
        self.window.on_close = self._close_pressed
        self.go = Navigator(self.window, self.workspaces, MachineSetup(folder, given=given))
        self.window.on_manual = partial(open_manual, self.window)

    # ---- the beginning ----

    def start(
        self,
        lock: FolderLock,
        *,
        demo: bool,
        in_tray: bool = False,
        to_tell: Sequence[Trouble] = (),
    ) -> None:
        """Show the menu, then whatever the state of the data folder asks for.

        `to_tell`: how the last run ended, what was found out about the data.
        """
        self.show_menu(seen=not in_tray)
        # not when idle: Tk maps the root only after whatever is to be done then, dialogs and all
        self._root.after(1, self.after_start, lock, demo, in_tray, to_tell)

    def show_menu(self, *, seen: bool = True) -> None:
        """The first screen; the window is there when this returns."""
        self.go.identify()
        self.window.open(MenuScreen, self.workspaces, self.go)
        StatusStrip(self.window, self.workspaces, self.go)
        if seen:
            self.go.tray.show()

    def after_start(
        self,
        lock: FolderLock,
        demo: bool,
        in_tray: bool = False,
        to_tell: Sequence[Trouble] = (),
    ) -> None:
        """What comes once the window is there; `to_tell` as in `start`."""
        memory.share_heap()  # before there are threads
        lock.listen(lambda: self.window.tk_calls.call(self.go.tray.come_back))
        startup = Startup(self.window, self.workspaces, self.go)
        startup.run(demo=demo, in_tray=in_tray, to_tell=to_tell)

    # ---- what the PC tells ----

    def session_ends(self) -> None:
        """Log-off or shutdown: when this returns, all is written. In any thread."""
        self.window.tk_calls.call(self.go.shutdown.finish)
        self.workspaces.current.come_to_rest(SESSION_END_SECONDS)

    def session_resumed(self) -> None:
        """The PC has slept. In any thread."""
        self.window.tk_calls.call(self._root.after, AFTER_SLEEP_MS, self._go_on_after_sleep)

    def _go_on_after_sleep(self) -> None:
        workspace = self.workspaces.current
        workspace.poll_now()
        workspace.look_for_mailings()

    # ---- what window and collector tell ----

    def _close_pressed(self) -> None:
        """The window's ×: while mail is collected it only goes out of sight."""
        if self.workspaces.current.collecting and not self.go.shutdown.wanted:
            self.go.tray.to_tray()
        else:
            self.go.shutdown.quit()

    def _text_size_chosen(self, size: TextSize) -> None:
        workspace = self.workspaces.current
        self.window.jobs.run(
            lambda job: workspace.remember_text_size(size), lambda result: None, owner=self._root
        )

    def _news(self, workspace: Workspace, news: CollectorEvent) -> None:
        """In the collector's thread."""
        self.window.tk_calls.call(self._heard, workspace, news)

    def _heard(self, workspace: Workspace, news: CollectorEvent) -> None:
        if workspace is self.workspaces.current:  # else an echo from before the demo, or from it
            self.go.tray.on_collector_event(news)
            self.window.on_collector_event(news)
