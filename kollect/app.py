"""Builds the parts, joins them, and owns the order of starting and stopping.

The window comes first; whatever takes long to load is loaded when it can be seen. Nobody imports
this module but who starts the program.
"""

from __future__ import annotations

import logging
import sys
import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

from kollect.collector.reports import News
from kollect.commands.mending import refuse_damage
from kollect.counter import member_services
from kollect.desktop.dpi import sharpen
from kollect.desktop.lock import FolderLock, signal_first
from kollect.desktop.open_file import open_file
from kollect.errors import AlreadyRunning, Problem, SettingsFileDamaged, StorageTrouble, Trouble
from kollect.folder import DataFolder
from kollect.places import Places
from kollect.postroom import Postroom
from kollect.screens.demo_mode import DemoMode, Ways
from kollect.screens.dialogs import Dialogs
from kollect.screens.garbage import collect_here
from kollect.screens.icon import give_icon
from kollect.screens.menu import FirstStart, FirstStartDialog, MenuScreen, menu_entries
from kollect.screens.readiness import Readiness
from kollect.screens.resident import Errands, Resident
from kollect.screens.services import Services
from kollect.screens.window import Screen, Window
from kollect.settings import inifile
from kollect.settings.check import ready_to_collect
from kollect.settings.model import TextSize
from kollect.workplace import Workplace

if TYPE_CHECKING:
    from kollect.demo.session import Session

log = logging.getLogger(__name__)

OK, FAILED, WRONG, NO_STORAGE = 0, 1, 2, 5


def run(folder: DataFolder, *, demo: bool = False) -> int:
    """Open the program and stay until it is ended; returns the exit code."""
    sharpen()
    try:
        root = tk.Tk(className="Kollect")
    except tk.TclError as error:
        print(f"画面を開けません（{error}）。", file=sys.stderr)
        return FAILED
    root.withdraw()
    give_icon(root)
    lock = FolderLock(folder.path)
    try:
        folder.prepare()
        lock.acquire()
        refuse_damage(folder)  # a lost kollect.db made anew would give the old numbers once more
    except AlreadyRunning as trouble:
        if signal_first(folder.path):
            return OK
        Window(root).dialogs.trouble(trouble)
        return WRONG
    except StorageTrouble as trouble:
        Window(root).dialogs.trouble(trouble)
        return NO_STORAGE
    try:
        collect_here(root)
        program = Program(root, folder)
        program.start(lock, demo=demo)
        root.mainloop()
    finally:
        lock.release()
    return OK


class Program:
    """The running program: one window, and the workplace in force, the real one or the demo's."""

    def __init__(
        self, root: tk.Tk, folder: DataFolder, make_dialogs: Callable[[tk.Tk], Dialogs] = Dialogs
    ) -> None:
        self._root = root
        self._places = Places(folder, self._news)
        self.real = self._places.real
        self.real.open()
        size = self.real.readable_settings().screen.text_size
        self.window = Window(root, text_size=size, dialogs=make_dialogs(root))
        self.window.on_text_size = self._text_size_chosen
        self.window.on_close = self._close_pressed
        self.resident = Resident(self.window, self._errands())
        self.demo = DemoMode(self.window, self._ways())
        self.friends = member_services(
            lambda: self.place,
            poll_now=self.poll_now,
            enter_shop=self._open_shop_settings,
            enter_mail=self._open_mail_settings,
        )
        self.ready = Readiness(
            window=self.window,
            settings=lambda: self.place.settings(),
            mend=self._mend_settings,
            enter_mail=self._open_mail_settings,
            passwords=lambda settings: (
                self.place.passwords(),
                self.place.missing_passwords(settings),
            ),
            keep_passwords=lambda passwords: self.place.keep_passwords(passwords),
        )
        self.postroom = Postroom(
            lambda: self.place,
            in_tk=self.window.pump.call,
            ready=self.ready.then,
            enter_shop=self._open_shop_settings,
        )
        self.services = self._make_services()

    @property
    def place(self) -> Workplace:
        """The one in force."""
        return self._places.now

    def start(self, lock: FolderLock, *, demo: bool) -> None:
        """Show the menu, then whatever the state of the data folder asks for."""
        self.show_menu()
        self._root.after_idle(self._after_start, lock, demo)

    def show_menu(self) -> None:
        """The first screen; the window is there when this returns."""
        self._identify()
        self.window.open(MenuScreen, menu_entries(self.services), self._state_of_things)
        self._root.deiconify()
        self._root.update()

    def _after_start(self, lock: FolderLock, demo: bool) -> None:
        lock.listen(lambda: self.window.pump.call(self.resident.come_back))
        if demo:
            self.demo.begin(self.start_collecting)
            return
        try:
            settings = self.real.settings()
        except Trouble as trouble:
            self._mend_settings(trouble)
            return
        if not settings.mail_address:
            match self.window.dialogs.show(FirstStartDialog):
                case FirstStart.DEMO:
                    self.demo.begin(self.start_collecting)
                case FirstStart.SETTINGS:
                    self._open_mail_settings()
            return
        from kollect.screens.mailing_left import offer

        offer(self.window, self.postroom.services, self._show_mailing)

    # ---- what the user asks for ----

    def change_settings(self) -> None:
        from kollect.screens.settings_screen import SettingsScreen

        try:
            self.window.open(SettingsScreen, self.services)
        except Trouble as trouble:
            self._mend_settings(trouble)

    def start_collecting(self) -> None:
        """「メール収集の起動」: when everything that is needed is there."""
        if self.place.collecting:
            self._open_later("collecting", "CollectingScreen")
            return
        if self.demo.changing:
            return
        self.ready.then(self._begin_collecting)

    def show_results(self) -> None:
        self._open_later("results", "ResultsScreen")

    def show_log(self) -> None:
        self._open_later("log_screen", "LogScreen")

    def register_members(self) -> None:
        self._open_later("member_form", "MemberFormScreen", self.friends)

    def send_mailings(self) -> None:
        """「メール発信」"""
        self._open_later("mailing_list", "MailingListScreen", self.postroom.services)

    def show_papers(self) -> None:
        self._open_later("papers_screen", "PapersScreen", self.friends)

    def poll_now(self) -> None:
        """「今すぐ受信」"""
        if self.place.worker is not None:
            self.place.worker.poll_now()

    def quit(self) -> None:
        """「終了」「処理の終了」"""
        if not self.demo.changing:
            self.resident.quit()

    # ---- how it is done ----

    def _begin_collecting(self) -> None:
        if not self.place.collecting:
            self.place.start_collecting()
            self.resident.begin()
        self._open_later("collecting", "CollectingScreen")

    def _show_mailing(self, mailing: int) -> None:
        from kollect.screens.mailing_progress import MailingProgressScreen

        self.send_mailings()
        self.window.open(MailingProgressScreen, self.postroom.services, mailing)

    def _open_mail_settings(self, missing: tuple[Problem, ...] = ()) -> None:
        from kollect.screens.mail_page import MailPage
        from kollect.screens.settings_screen import SettingsScreen

        screen = self.window.open(SettingsScreen, self.services, MailPage)
        if missing:
            screen.complain(missing)

    def _open_shop_settings(self) -> None:
        from kollect.screens.id_page import IdPage
        from kollect.screens.settings_screen import SettingsScreen

        self.window.open(SettingsScreen, self.services, IdPage)

    def _mend_settings(self, trouble: Trouble) -> None:
        """The settings cannot be used as they are: say why, and help."""
        from kollect.screens.settings_screen import SettingsScreen

        if isinstance(trouble, SettingsFileDamaged) and trouble.backup:
            if self.window.dialogs.ask(
                trouble.title,
                f"{trouble.happened}\nひとつ前の設定が残っています。それに戻しますか？",
                yes="前の設定に戻す",
            ):
                inifile.restore_backup(self.real.folder.ini)
                self.real.reload()
                self._identify()
                self.window.screen.shown()
            return
        self.window.dialogs.trouble(trouble)
        if not isinstance(trouble, StorageTrouble | SettingsFileDamaged):
            start = self.place.readable_settings()
            screen = self.window.open(SettingsScreen, self.services, start=start)
            screen.complain(getattr(trouble, "problems", ()))

    def _close_pressed(self) -> None:
        """The window's ×: while mail is collected it only goes out of sight."""
        if self.place.collecting and not self.resident.ending:
            self.resident.to_tray()
        else:
            self.quit()

    def _end(self) -> None:
        self.demo.close()
        self._places.close()
        self.window.close()

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

    def _state_of_things(self) -> str:
        """The line above the menu."""
        if self.place.in_demo:
            return (
                "デモで動いています。「メール収集の起動」を押してから、"
                "「お客様の携帯」で空メールを送ってみてください。"
            )
        try:
            settings = self.place.settings()
        except Trouble:
            return "設定に誤りがあります。「緒言設定」で直してください。"
        if ready_to_collect(settings):
            return "メールの設定がまだです。はじめに「緒言設定」で入力してください。"
        name = f"{settings.shop.name}　" if settings.shop.name else ""
        return f"{name}受付用のメールアドレス: {settings.mail_address}"

    def _open_later(self, module: str, name: str, services: object = None) -> None:
        """A screen of its own module, loaded when it is asked for the first time."""
        import importlib

        kind: type[Screen] = getattr(importlib.import_module(f"kollect.screens.{module}"), name)
        if not any(isinstance(screen, kind) for screen in self.window.screens):
            self.window.open(kind, services or self.services)
            return
        while not isinstance(self.window.screen, kind):  # the way back to it
            if not self.window.back():
                return

    def _ways(self) -> Ways:
        def there() -> Session:
            from kollect.demo.session import Session

            place = self._places.to_demo()
            assert place.server is not None
            return Session(place.server, place.readable_settings)

        def changed() -> None:
            self.resident.forget()
            self.window.back_to(MenuScreen)
            self._identify()  # last: leaving 緒言設定 names the shop it has shown

        def returned() -> None:
            if self._places.resume_collecting:
                self.start_collecting()

        return Ways(
            there=there,
            back=self._places.to_real,
            changed=changed,
            returned=returned,
            sent=self.poll_now,
            collecting=lambda: self.place.collecting,
        )

    def _errands(self) -> Errands:
        return Errands(
            name=lambda: "コレクト（デモ）" if self.place.in_demo else "コレクト",
            collecting=lambda: self.place.collecting,
            busy=lambda: self.place.worker is not None and self.place.worker.busy,
            count=lambda since: self.place.count(since),
            poll_now=self.poll_now,
            show_results=self.show_results,
            show_log=self.show_log,
            stop_collecting=lambda: self.place.stop_collecting(),
            sending=lambda: self.postroom.sending,
            at_rest=lambda: not (self.place.collecting or self.place.mailing),
            stop_sending=lambda: self.place.stop_mailing(),
            end=self._end,
        )

    def _make_services(self) -> Services:
        return Services(
            folder=lambda: self.place.folder.path,
            settings=lambda: self.place.settings(),
            passwords=lambda: self.place.passwords(),
            save=lambda settings, passwords: self.place.save(settings, passwords),
            test_mail=lambda *given: self.place.test_mail(*given),
            fill_number=_fill_number,
            open_file=open_file,
            standing=lambda: self.resident.standing,
            watch=self.resident.watch,
            ending=lambda: self.resident.ending,
            poll_now=self.poll_now,
            to_tray=self.resident.to_tray,
            records=lambda: self.place.records(),
            in_demo=lambda: self.place.in_demo,
            begin_demo=self.demo.begin,
            end_demo=self.demo.end,
            start_collecting=self.start_collecting,
            show_results=self.show_results,
            show_log=self.show_log,
            change_settings=self.change_settings,
            register_members=self.register_members,
            send_mailings=self.send_mailings,
            show_papers=self.show_papers,
            quit=self.quit,
        )


def _fill_number(template: str, number: int, digits: int) -> str:
    from kollect.reply.letter import fill

    return fill(template, number, digits)
