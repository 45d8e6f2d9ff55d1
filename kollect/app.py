"""Builds the parts, joins them, and owns the order of starting and stopping.

The window comes first; whatever takes long to load is loaded when it can be seen. Nobody imports
this module but who starts the program.
"""

from __future__ import annotations

import logging
import sys
import tkinter as tk
from collections.abc import Callable

from kollect.desktop.dpi import sharpen
from kollect.desktop.lock import FolderLock, signal_first
from kollect.desktop.open_file import open_file
from kollect.errors import AlreadyRunning, Problem, SettingsFileDamaged, StorageTrouble, Trouble
from kollect.folder import DataFolder
from kollect.screens.dialogs import Dialogs
from kollect.screens.garbage import collect_here
from kollect.screens.jobs import Job
from kollect.screens.menu import FirstStart, FirstStartDialog, MenuEntry, MenuScreen
from kollect.screens.services import Services
from kollect.screens.window import Screen, Window
from kollect.settings import inifile
from kollect.settings.check import ready_to_collect
from kollect.settings.model import Passwords, Settings, TextSize
from kollect.workplace import DemoWorkplace, Workplace

log = logging.getLogger(__name__)

OK, FAILED, WRONG, NO_STORAGE = 0, 1, 2, 5
LATER = "準備中です。この次の版で使えるようになります。"


def run(folder: DataFolder, *, demo: bool = False) -> int:
    """Open the program and stay until it is ended; returns the exit code."""
    sharpen()
    try:
        root = tk.Tk(className="Kollect")
    except tk.TclError as error:
        print(f"画面を開けません（{error}）。", file=sys.stderr)
        return FAILED
    root.withdraw()
    lock = FolderLock(folder.path)
    try:
        folder.prepare()
        lock.acquire()
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
        self.real = Workplace(folder, self._news)
        self.place: Workplace = self.real
        self.real.open()
        size = self.real.readable_settings().screen.text_size
        self.window = Window(root, text_size=size, dialogs=make_dialogs(root))
        self.window.on_text_size = self._text_size_chosen
        self.window.on_close = self.quit
        self.services = self._make_services()

    def start(self, lock: FolderLock, *, demo: bool) -> None:
        """Show the menu, then whatever the state of the data folder asks for."""
        self.show_menu()
        self._root.after_idle(self._after_start, lock, demo)

    def show_menu(self) -> None:
        """The first screen; the window is there when this returns."""
        self._identify()
        self.window.open(MenuScreen, self._menu(), self._state_of_things)
        self._root.deiconify()
        self._root.update()

    def _after_start(self, lock: FolderLock, demo: bool) -> None:
        lock.listen(lambda: self.window.pump.call(self.window.raise_up))
        if demo:
            self.begin_demo()
            return
        try:
            settings = self.real.settings()
        except Trouble as trouble:
            self._mend_settings(trouble)
            return
        if not settings.mail_address:
            match self.window.dialogs.show(FirstStartDialog):
                case FirstStart.DEMO:
                    self.begin_demo()
                case FirstStart.SETTINGS:
                    self._open_mail_settings()

    # ---- what the user asks for ----

    def change_settings(self) -> None:
        from kollect.screens.settings_screen import SettingsScreen

        try:
            self.window.open(SettingsScreen, self.services)
        except Trouble as trouble:
            self._mend_settings(trouble)

    def start_collecting(self) -> None:
        """「メール収集の起動」: when everything that is needed is there."""
        try:
            settings = self.place.settings()
        except Trouble as trouble:
            self._mend_settings(trouble)
            return
        if missing := ready_to_collect(settings):
            if self.window.dialogs.ask(
                "メールの設定が終わっていません",
                "メールの収集を始めるには、「緒言設定」の「メールの設定」の入力が必要です。",
                yes="設定する",
            ):
                self._open_mail_settings(missing)
            return

        def look(job: Job) -> tuple[Passwords, tuple[str, ...]]:
            return self.place.passwords(), self.place.missing_passwords(settings)

        self.window.jobs.run(
            look, lambda found: self._collect(settings, *found), owner=self.window.screen
        )

    def show_results(self) -> None:
        self._open_later("results", "ResultsScreen")

    def show_log(self) -> None:
        self._open_later("log_screen", "LogScreen")

    def quit(self) -> None:
        """「終了」: ask, let the collector finish the mail in hand, and end."""
        busy = self.place.worker is not None and self.place.worker.busy
        if busy:
            sure = self.window.dialogs.ask(
                "メールを処理しています",
                "いま、届いたメールを処理しています。少し待ってから、もう一度お試しください。\n"
                "「処理のあとで終了」を押すと、この処理が済んだところで終了します。",
                yes="処理のあとで終了",
                no="終了しない",
            )
        else:
            sure = self.window.dialogs.ask("終了の確認", "終了してよければ、OKを押してください")
        if sure and self.window.may_leave():
            self.place.stop_collecting()
            self._end_when_idle()

    def begin_demo(self) -> None:
        """「デモ設定を行う」: set the real things aside, and work in the demo's folder."""
        place = DemoWorkplace(self.real.folder, self._news)

        def work(job: Job) -> None:
            self.real.close()
            place.open()

        self._change_place(work, place)

    def end_demo(self) -> None:
        """「デモ設定の解除」: back to the real things."""
        place = self.place

        def work(job: Job) -> None:
            place.close()
            self.real.resume()

        self._change_place(work, self.real)

    # ---- how it is done ----

    def _change_place(self, work: Callable[[Job], None], then: Workplace) -> None:
        def done(result: None) -> None:
            self.place = then
            self.window.back_to(MenuScreen)
            self._identify()

        def failed(trouble: Trouble) -> None:
            self.place = self.real
            self.real.resume()
            self.window.back_to(MenuScreen)
            self._identify()
            self.window.dialogs.trouble(trouble)

        self.window.jobs.run(work, done, owner=self._root, failed=failed)

    def _collect(self, settings: Settings, known: Passwords, missing: tuple[str, ...]) -> None:
        if missing:
            from kollect.screens.password_dialog import PasswordDialog

            passwords = self.window.dialogs.show(PasswordDialog, settings, known, missing)
            if passwords is None:
                return
            self.window.jobs.run(
                lambda job: self.place.keep_passwords(passwords),
                lambda result: self._begin_collecting(),
                owner=self.window.screen,
            )
        else:
            self._begin_collecting()

    def _begin_collecting(self) -> None:
        self.place.start_collecting()
        self._open_later("collecting", "CollectingScreen")

    def _open_mail_settings(self, missing: tuple[Problem, ...] = ()) -> None:
        from kollect.screens.mail_page import MailPage
        from kollect.screens.settings_screen import SettingsScreen

        screen = self.window.open(SettingsScreen, self.services, MailPage)
        if missing:
            screen.complain(missing)

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

    def _end_when_idle(self) -> None:
        if self.place.collecting:
            self._root.after(100, self._end_when_idle)
            return
        self.place.close()
        self.real.close()
        self.window.close()

    def _news(self, news: object) -> None:
        """In the collector's thread."""
        self.window.pump.call(self.window.heard, news)

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

    def _menu(self) -> list[MenuEntry]:
        return [
            MenuEntry(
                "メール収集の起動",
                "空メールを受け取り、受付番号の返信を始めます。",
                self.start_collecting,
            ),
            MenuEntry(
                "収集結果表示", "集めたメールアドレスと受付番号を見ます。", self.show_results
            ),
            MenuEntry("ログの表示", "いつ何があったかの記録を見ます。", self.show_log),
            MenuEntry(
                "緒言設定", "メールのサーバや、お客様への文章を決めます。", self.change_settings
            ),
            MenuEntry("会員登録", LATER, None),
            MenuEntry("メール発信", LATER, None),
            MenuEntry("店頭ポスター・登録用紙", LATER, None),
            MenuEntry("終了", "コレクトを終わります。", self.quit),
        ]

    def _open_later(self, module: str, name: str) -> None:
        """A screen of its own module, loaded when it is asked for the first time."""
        import importlib

        kind: type[Screen] = getattr(importlib.import_module(f"kollect.screens.{module}"), name)
        self.window.open(kind, self.services)

    def _make_services(self) -> Services:
        return Services(
            folder=lambda: self.place.folder.path,
            settings=lambda: self.place.settings(),
            passwords=lambda: self.place.passwords(),
            save=lambda settings, passwords: self.place.save(settings, passwords),
            test_mail=lambda *given: self.place.test_mail(*given),
            fill_number=_fill_number,
            open_file=open_file,
            in_demo=lambda: self.place.in_demo,
            begin_demo=self.begin_demo,
            end_demo=self.end_demo,
            start_collecting=self.start_collecting,
            show_results=self.show_results,
            show_log=self.show_log,
            change_settings=self.change_settings,
            quit=self.quit,
        )


def _fill_number(template: str, number: int, digits: int) -> str:
    from kollect.reply.letter import fill

    return fill(template, number, digits)
