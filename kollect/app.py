"""Builds the parts, joins them, and owns the order of starting and stopping.

The window comes first; whatever takes long to load is loaded when it can be seen. Nobody imports
this module but who starts the program.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from kollect.collector.reports import News
from kollect.desktop import memory
from kollect.desktop.dpi import sharpen
from kollect.desktop.lock import FolderLock
from kollect.desktop.session_end import SessionWatch
from kollect.errors import Trouble
from kollect.folder import DataFolder
from kollect.program import joints
from kollect.program.beginning import Beginning
from kollect.program.counter import member_services
from kollect.program.entrance import enter, put_back
from kollect.program.last_words import LastWords
from kollect.program.mender import Mender
from kollect.program.places import Places
from kollect.program.postroom import Postroom
from kollect.program.signposts import Signposts
from kollect.program.this_pc import ThisPC
from kollect.program.workplace import Workplace
from kollect.screens.demo_mode import DemoMode
from kollect.screens.dialogs import Dialogs
from kollect.screens.ending import Ending
from kollect.screens.garbage import collect_here
from kollect.screens.jobs import unexpected
from kollect.screens.menu import MenuScreen, menu_entries, state_of_things
from kollect.screens.resident import Resident
from kollect.screens.window import Window, give_icon
from kollect.settings.model import TextSize

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
    sharpen()
    try:
        root = _unseen_root()
    except tk.TclError as error:
        print(f"画面を開けません（{error}）。", file=sys.stderr)
        return FAILED
    with ExitStack() as at_the_end:
        lock = FolderLock(folder.path)
        at_the_end.callback(lock.release)
        refused = enter(folder, lock, lambda: Window(_unseen_root()))
        if refused is not None:
            return refused
        put_back_by_hand = put_back(folder)
        crashed = at_the_end.enter_context(LastWords(folder, _told))
        collect_here(root)
        program = Program(root, folder, given=given)
        at_the_end.callback(program.close_places)
        to_tell = [one for one in (crashed, put_back_by_hand) if one is not None]
        program.start(lock, demo=demo, in_tray=in_tray, to_tell=to_tell)
        watch = SessionWatch(ending=program.session_ends, resumed=program.session_resumed)
        watch.start()
        at_the_end.callback(watch.stop)
        program.window.live()
    return OK


def _unseen_root() -> tk.Tk:
    root = tk.Tk(className="Kollect")
    root.withdraw()
    give_icon(root)
    return root


def _told(error: BaseException) -> bool:
    """Say why the program ends, in a window of its own: its own may be no more. Whether it was."""
    trouble = error if isinstance(error, Trouble) else unexpected(error)
    try:
        Window(_unseen_root()).dialogs.trouble(trouble)
    except tk.TclError:
        return False
    return True


class Program:
    """The running program: one window, and the workplace in force, the real one or the demo's."""

    def __init__(
        self,
        root: tk.Tk,
        folder: DataFolder,
        make_dialogs: Callable[[tk.Tk], Dialogs] = Dialogs,
        *,
        given: bool = False,
    ) -> None:
        self._root = root
        self._this_pc = ThisPC(folder, given=given)
        self._places = Places(folder, self._news)
        self.real = self._places.real
        self.real.open()
        size = self.real.readable_settings().screen.text_size
        self.window = Window(root, text_size=size, dialogs=make_dialogs(root))
        self.window.on_text_size = self._text_size_chosen
        self.window.on_close = self._close_pressed
        self.go = Signposts(
            window=self.window,
            services=lambda: self.services,
            friends=lambda: self.friends,
            mailings=lambda: self.postroom.services,
            mend=self._mend,
        )
        self.resident = Resident(
            self.window,
            joints.errands(lambda: self.place, self.go, poll_now=self.poll_now, quit=self.quit),
        )
        self.ending = Ending(
            self.window,
            joints.at_work(lambda: self.place, lambda: self.postroom.sending),
            come_back=self.resident.come_back,
            told=self.resident.tell,
            end=self._end,
        )
        self.demo = DemoMode(
            self.window,
            joints.ways(
                self._places,
                changed=self._changed_places,
                resume=self.start_collecting,
                resume_mailing=lambda: self.postroom.go_on(),
                poll_now=self.poll_now,
            ),
        )
        self.ready = joints.readiness(self.window, lambda: self.place, self.go, mend=self._mend)
        self.postroom = Postroom(
            lambda: self.place,
            in_tk=self.window.pump.call,
            ready=self.ready.then,
            enter_shop=self.go.shop_settings,
        )
        self.friends = member_services(
            lambda: self.place,
            poll_now=self.poll_now,
            enter_shop=self.go.shop_settings,
            enter_mail=self.go.mail_settings,
        )
        self.services = joints.services(
            lambda: self.place,
            window=self.window,
            go=self.go,
            resident=self.resident,
            demo=self.demo,
            ending=self.ending,
            this_pc=self._this_pc,
            start_collecting=self.start_collecting,
            poll_now=self.poll_now,
            quit=self.quit,
        )

    @property
    def place(self) -> Workplace:
        """The one in force."""
        return self._places.now

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
        self._root.after(1, self._after_start, lock, demo, in_tray, to_tell)

    def show_menu(self, *, seen: bool = True) -> None:
        """The first screen; the window is there when this returns."""
        self._identify()
        self.window.open(
            MenuScreen,
            menu_entries(self.services),
            lambda: state_of_things(self.place.settings, in_demo=self.place.in_demo),
        )
        if seen:
            self.resident.show()

    def _after_start(
        self,
        lock: FolderLock,
        demo: bool,
        in_tray: bool = False,
        to_tell: Sequence[Trouble] = (),
    ) -> None:
        memory.share_heap()  # before there are threads
        lock.listen(lambda: self.window.pump.call(self.resident.come_back))
        begin = Beginning(
            window=self.window,
            resident=self.resident,
            demo=self.demo,
            ready=self.ready,
            go=self.go,
            this_pc=self._this_pc,
            settings=self.real.settings,
            mend=self._mend,
            warning=self.real.warning_of_place,
            mailings=lambda: self.postroom.services,
            start_collecting=self.start_collecting,
            collect_in_tray=self._collect_in_tray,
        )
        begin(demo=demo, in_tray=in_tray, to_tell=to_tell)

    # ---- what the user asks for ----

    def start_collecting(self) -> None:
        """「メール収集の起動」: when everything that is needed is there."""
        if self.place.collecting:
            self.go.collecting()
        elif not self.demo.changing:
            self.ready.then(self._begin_collecting)

    def poll_now(self) -> None:
        """「今すぐ受信」"""
        if self.place.worker is not None:
            self.place.worker.poll_now()

    def quit(self) -> None:
        """「終了」「処理の終了」"""
        if not self.demo.changing:
            self.ending.quit()

    # ---- what the PC tells ----

    def session_ends(self) -> None:
        """Log-off or shutdown: when this returns, all is written. In any thread."""
        self.window.pump.call(self.ending.finish)
        self.place.come_to_rest(SESSION_END_SECONDS)

    def session_resumed(self) -> None:
        """The PC has slept. In any thread."""
        self.window.pump.call(self._root.after, AFTER_SLEEP_MS, self.poll_now)

    # ---- how it is done ----

    def _begin_collecting(self) -> None:
        if not self.place.collecting:
            self.place.start_collecting()
            self.resident.begin()
        self.go.collecting()

    def _collect_in_tray(self) -> None:
        self._begin_collecting()
        if not self._root.winfo_viewable():  # else something had to be asked
            self.resident.stay_in_tray()

    def _mend(self, trouble: Trouble) -> None:
        Mender(window=self.window, go=self.go, real=self.real, restored=self._identify).mend(
            trouble
        )

    def _close_pressed(self) -> None:
        """The window's ×: while mail is collected it only goes out of sight."""
        if self.place.collecting and not self.ending.wanted:
            self.resident.to_tray()
        else:
            self.quit()

    def _end(self) -> None:
        """Everything is at rest."""
        with ExitStack() as steps:  # from below, each whatever becomes of the one before
            steps.callback(self.window.close)
            steps.callback(self.close_places)
            steps.callback(self.demo.close)
            steps.callback(self.resident.stop)

    def close_places(self) -> None:
        """End collector and sender after the mail in hand, the demo, the log. May take a while."""
        self._places.close()

    def _changed_places(self) -> None:
        """From the real workplace to the demo's, or back."""
        self.resident.forget()
        self.window.back_to(MenuScreen)
        self._identify()  # last: leaving 緒言設定 names the shop it has shown

    def _news(self, place: Workplace, news: News) -> None:
        """In the collector's thread."""
        self.window.pump.call(self._heard, place, news)

    def _heard(self, place: Workplace, news: News) -> None:
        if place is self.place:  # else it is an echo from before the demo, or from it
            self.resident.heard(news)
            self.window.heard(news)

    def _text_size_chosen(self, size: TextSize) -> None:
        self.window.jobs.run(
            lambda job: self.place.remember_text_size(size), lambda result: None, owner=self._root
        )

    def _identify(self) -> None:
        shop = self.place.readable_settings().shop
        self.window.identify(shop.id, locked=bool(shop.pin))
