"""緒言設定: the five tabs as one form. F12 checks them all, and saves all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.events import CollectorEvent, PollFinished
from kollect.desktop.open_file import open_file
from kollect.errors import Certificate, Problem, Trouble
from kollect.settings import pin
from kollect.settings.model import Passwords, Settings
from kollect.settings.validation import problems, ready_to_collect
from kollect.ui.demo.demo_dialog import DemoChoice, DemoDialog
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.navigator import Navigator
from kollect.ui.settings.control_page import ControlPage
from kollect.ui.settings.duplicate_page import DuplicatePage
from kollect.ui.settings.field_at_fault import PASSWORD
from kollect.ui.settings.find_servers_dialog import FindServersDialog, FoundSettings
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage, Test
from kollect.ui.settings.pin_dialogs import AskPinDialog
from kollect.ui.settings.settings_page import Place, SettingsPage

IN_DEMO = (
    "デモ用の設定は、さがさなくても入っています。デモを終えてから、お店の設定をさがしてください。"
)
NOT_FORWARDED = "対象外メールは転送せず、30日間このパソコンに残します。"


class SettingsScreen(Screen):
    code, heading = "KKRZS101", "緒言設定"

    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        tab: type[SettingsPage] = ControlPage,
        start: Settings | None = None,
    ) -> None:
        """`start`: what to show instead of the saved settings, where those cannot be read."""
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._saved = workspaces.current.settings() if start is None else start
        self._saved_passwords: Passwords | None = None
        self._trusted = self._saved.tls.trusted_fingerprints
        self._unlocked = False
        self._awaited_polls = 0
        """Saved in trouble: how many polls end until one has tried what was saved."""
        self._focus_first: Callable[[], None] = lambda: None
        """What gets the focus as soon as the passwords are there."""
        self._banner = ttk.Frame(self)
        self._build_banner()
        self.notebook = ttk.Notebook(self)
        self.notebook.pack(fill="both", expand=True)
        self.notebook.enable_traversal()
        fill = workspaces.current.fill_number
        self.control = ControlPage(self.notebook, fill, self.gather)
        self.duplicate = DuplicatePage(self.notebook, fill, self.gather)
        self.mail = MailPage(
            self.notebook,
            window.dialogs,
            self.gather,
            self.ask_demo,
            self.find_servers,
            window.say_done,
        )
        self.test = MailTestPage(self.notebook, window, workspaces, self.to_be_tried, self.trust)
        self.shop = IdPage(
            self.notebook, window, workspaces, go, self.open_folder, lambda: self.test.running
        )
        self.pages: tuple[SettingsPage, ...] = (
            self.control,
            self.duplicate,
            self.mail,
            self.test,
            self.shop,
        )
        for page in self.pages:
            self.notebook.add(page, text=page.title)
        self._show(self._saved)
        self._lock()
        self.select(tab)
        self._fetch_passwords()
        self.notebook.bind("<<NotebookTabChanged>>", lambda event: self.refresh_keys())

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        ready = self._saved_passwords is not None and not self.locked and not self.is_busy
        # on the page of tests the blue one is 「まとめてテスト」
        quiet = self.page is self.test
        return [FunctionKey("F12", "設定実行", self.save, enabled=ready, quiet=quiet)]

    @property
    def page(self) -> SettingsPage:
        """The one in front."""
        return next(page for page in self.pages if str(page) == self.notebook.select())

    def manual_page(self) -> str:
        return self.page.manual

    def on_show(self) -> None:
        """The first field of the page in front, where something can be typed there."""
        page = self.page
        if page is self.test:
            self.test.buttons[Test.ALL].focus_set()
        elif page.fields and not self.locked:
            next(iter(page.fields.values())).focus()
        else:
            self.notebook.focus_set()

    def on_collector_event(self, news: CollectorEvent) -> None:
        """Whether what was saved has mended what was wrong."""
        if self._awaited_polls and isinstance(news, PollFinished):
            self._awaited_polls -= 1
            if not self._awaited_polls and self.window.screen is self:
                self._tell_outcome(news.trouble)

    def has_unsaved_changes(self) -> bool:
        if self.locked or self._saved_passwords is None:
            return False
        changed = self.gather() != self._saved or any(True for _ in self._page_faults())
        return changed or self.mail.passwords() != self._saved_passwords

    def save_before_leaving(self, then: Callable[[], None]) -> None:
        self.save(then)

    def on_close(self) -> None:
        self.test.stop()
        self.window.identify(self._saved.shop.id, locked=bool(self._saved.shop.pin))

    def select(self, tab: type[SettingsPage]) -> None:
        """Bring a tab to the front."""
        self.notebook.select(next(page for page in self.pages if isinstance(page, tab)))

    # ---- the values ----

    def gather(self) -> Settings:
        """The settings as they stand in the fields; where one makes no sense, as saved."""
        settings = self._saved
        for page in self.pages:
            settings = page.gather(settings)
        return replace(settings, tls=replace(settings.tls, trusted_fingerprints=self._trusted))

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """F12: everything right and saved, or the first wrong field shown and nothing saved.

        `then` is done once it is saved.
        """
        if not self._all_right():
            return
        settings, passwords = self.gather(), self.mail.passwords()
        self.window.set_status("保存しています…")
        workspace = self._workspaces.current
        mends = workspace.collecting and self._go.tray.status.trouble is not None
        # a poll that is under way still uses what was saved before
        awaited = 1 + workspace.polling if mends else 0
        self._awaited_polls = 0

        def work(job: Job) -> None:
            self._go.save_settings(settings, passwords)
            self._awaited_polls = awaited  # the poll with them may end before `done`

        def done(result: None) -> None:
            self._saved, self._saved_passwords = settings, passwords
            self._unlocked = True  # whoever has just set a PIN may go on
            self.window.identify(settings.shop.id, locked=self.locked)
            self.refresh_keys()
            if self._awaited_polls:
                self.window.set_status("設定を保存しました。受信できるか試しています…")
            elif not mends:
                self.window.say_done(self._word_of_success(settings, passwords))
            then()

        self.work(work, done, busy=True)

    def _tell_outcome(self, trouble: Trouble | None) -> None:
        if trouble is None:
            self.window.say_done("設定を保存しました。受信できました。")
        else:
            self.window.say_not_done(
                f"設定は保存しましたが、まだ直っていません（{trouble.title}）。"
            )

    def to_be_tried(self) -> tuple[Settings, Passwords] | None:
        """What the test uses: the mail settings must make sense, the rest may be half-done."""
        if self._saved_passwords is None:
            return None
        settings = self.gather()
        wrong = [
            (place, text)
            for place, text in self._wrong()
            if place[0] in ("mail", "receive", "send", "tls")
        ]
        wrong += [((p.section, p.key), p.allowed) for p in ready_to_collect(settings)]
        if wrong:
            self._complain(wrong)
            return None
        return settings, self.mail.passwords()

    def run_test(self, test: Test) -> None:
        """Press a button of the page of tests, once the passwords are there."""
        self._focus_first = lambda: self.test.run(test)

    def begin_with(self, missing: Sequence[Problem]) -> None:
        """Go to the first field that is still to be filled in: nothing is wrong yet, so no red."""
        for problem in missing:
            for page in self.pages:
                if field := page.fields.get((problem.section, problem.key)):
                    self.notebook.select(page)
                    field.focus()
                    self.window.set_status(f"あと{len(missing)}か所の入力が必要です。")
                    return

    def begin_with_protection(self) -> None:
        """Bring 「データを保護する」 of the page 「ID」 into sight, its button in focus."""
        self.shop.protection.focus_when_known()
        self.shop.scrolled.see(self.shop.protection.begin_button)

    def go_to(self, place: Place | None) -> None:
        """Bring the focus to this field of 「メールの設定」; a password once it is there."""
        if place is None:
            return
        section, key = place
        passwords = {"receive": self.mail.receive_password, "send": self.mail.send_password}
        if key != PASSWORD:
            self.mail.fields[place].focus()
        elif self._saved_passwords is not None:
            passwords[section].focus()
        else:
            self._focus_first = passwords[section].focus

    def show_problems(self, found: Sequence[Problem]) -> None:
        """Show these problems, found elsewhere, beside their fields."""
        self._complain([((problem.section, problem.key), problem.allowed) for problem in found])

    def trust(self, certificate: Certificate) -> None:
        """「この証明書を信頼する」: from now on, in the test as well; saved by F12."""
        if certificate.fingerprint not in self._trusted:
            self._trusted = (*self._trusted, certificate.fingerprint)

    def _show(self, settings: Settings) -> None:
        for page in self.pages:
            page.show(settings)
        for page in (self.control, self.duplicate):
            page.refresh()

    def _word_of_success(self, settings: Settings, passwords: Passwords) -> str:
        missing = ready_to_collect(settings)
        if missing:
            return f"保存しました。収集を始める前に、あと{len(missing)}か所の入力が必要です。"
        if not passwords.receive:
            return "保存しました。収集を始める前に、パスワードの入力が必要です。"
        if self.page is self.mail and not settings.forward_address:
            return f"設定を保存しました。{NOT_FORWARDED}"
        return "設定を保存しました。"

    # ---- what is wrong ----

    def _all_right(self) -> bool:
        for page in self.pages:
            for field in page.fields.values():
                field.clear()
        wrong = list(self._wrong())
        if wrong:
            self._complain(wrong)
        return not wrong

    def _wrong(self) -> Iterator[tuple[Place, str]]:
        """Every wrong field once, in the order of the tabs."""
        found = dict(self._page_faults())
        for problem in problems(self.gather()):
            found.setdefault((problem.section, problem.key), problem.allowed)
        for page in self.pages:
            for place in page.fields:
                if place in found:
                    yield place, found.pop(place)
        yield from found.items()

    def _page_faults(self) -> Iterator[tuple[Place, str]]:
        for page in self.pages:
            yield from page.faults()

    def _complain(self, wrong: list[tuple[Place, str]]) -> None:
        """Say beside each field what is wrong, and go to the first."""
        first = True
        for place, text in wrong:
            page = next((page for page in self.pages if place in page.fields), None)
            if page is None:  # a line that only kollect.ini has
                section, key = place
                self.window.dialogs.show_info(
                    "設定ファイルの値が正しくありません", f"[{section}] {key}\n{text}"
                )
                continue
            field = page.fields[place]
            field.show_error(text)
            if first:
                first = False
                self.notebook.select(page)
                page.scrolled.see(field.widget)
                field.focus()
        self.window.say_not_done(f"直すところが{len(wrong)}か所あります。")

    # ---- the PIN ----

    @property
    def locked(self) -> bool:
        return bool(self._saved.shop.pin) and not self._unlocked

    def unlock(self) -> None:
        stored = self._saved.shop.pin
        ini = self._workspaces.current.folder.ini
        if self.window.dialogs.show(AskPinDialog, lambda typed: pin.fits(typed, stored), ini):
            self._unlocked = True
            self._lock()
            self.window.refresh_keys()

    def _lock(self) -> None:
        """Let fields and title follow whether the settings are locked."""
        locked = self.locked
        if locked:
            self._banner.pack(fill="x", pady=(0, GAP), before=self.notebook)
        else:
            self._banner.pack_forget()
        for page in self.pages:
            page.enable(not locked)
        self.window.identify(self._saved.shop.id, locked=locked)

    def _build_banner(self) -> None:
        ttk.Label(
            self._banner, text="設定は保護されています（保守不可）。見るだけで、変更はできません。"
        ).pack(side="left", padx=(HALF, WIDE))
        ttk.Button(self._banner, text="保護を解除する", width=16, command=self.unlock).pack(
            side="left"
        )

    # ---- the rest ----

    def ask_demo(self) -> None:
        """「デモ用設定/解除」"""
        choice = self.window.dialogs.show(DemoDialog, in_demo=self._workspaces.current.in_demo)
        if choice is not None:
            demo = self._go.demo
            self.window.leave(demo.begin if choice is DemoChoice.BEGIN else demo.end, "進む")

    def find_servers(self) -> FoundSettings | None:
        """「設定をさがす」"""
        window = self.window
        if self._workspaces.current.in_demo:
            window.dialogs.show_info("デモの途中です", IN_DEMO)
            return None
        return window.dialogs.show(
            FindServersDialog,
            window.jobs,
            window.dialogs,
            self._workspaces.current,
            self.gather(),
            self.mail.passwords().receive,
        )

    def open_folder(self) -> None:
        try:
            open_file(self._workspaces.current.folder.path)
        except Trouble as trouble:
            self.window.dialogs.show_error(trouble)

    def _fetch_passwords(self) -> None:
        """The keyring of the PC may be slow, or ask something itself."""
        for field in (self.mail.receive_password, self.mail.send_password):
            field.enable(False)

        def done(passwords: Passwords) -> None:
            self._saved_passwords = passwords
            self.mail.show_passwords(passwords)
            self.mail.enable(not self.locked)
            self.refresh_keys()
            self._focus_first()

        self.work(lambda job: self._workspaces.current.passwords(), done)
