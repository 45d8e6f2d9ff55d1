"""The dialog of 「設定をさがす」: from the address and the password to the servers."""

from __future__ import annotations

import dataclasses
import tkinter as tk
from dataclasses import dataclass, replace
from tkinter import ttk

from kollect.app.workspace import Workspace
from kollect.errors import Trouble
from kollect.settings.field_rules import address_fault
from kollect.settings.model import Passwords, Settings
from kollect.settings.providers import Provider, filled_in, for_domain
from kollect.setup.found_servers import FoundServers, LookedUp
from kollect.setup.server_offer import strangers, with_servers
from kollect.ui.framework.dialogs import Dialog, Dialogs, paragraph
from kollect.ui.framework.jobs import Job, Jobs
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.tk_lifetime import tick_variable
from kollect.ui.settings import search_texts
from kollect.ui.widgets.form import Form, button_row


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """What is to be put into the fields. Without `settings`: 「テンプレートから選ぶ」."""

    settings: Settings | None = None
    passwords: Passwords = dataclasses.field(default_factory=Passwords)
    label: str = ""
    """Whose servers they are."""
    logged_in: bool = False
    """Both servers have taken the login."""


class FindServersDialog(Dialog[FoundSettings | None]):
    """Closes by itself where both servers have taken the login."""

    manual = "mail"

    def __init__(
        self,
        parent: tk.Misc,
        jobs: Jobs,
        dialogs: Dialogs,
        workspace: Workspace,
        settings: Settings,
        password: str,
    ) -> None:
        super().__init__(parent, "設定をさがす (KKRE0104)", otherwise=None)
        self._jobs = jobs
        self._dialogs = dialogs
        self._workspace = workspace
        self._settings = settings
        self._job: Job | None = None
        self._may_ask: bool | None = None
        """Whether the DNS and the web may be asked; None: the user was not asked yet."""
        self._half: FoundSettings | None = None
        """What can be filled in although it could not be tried out."""
        self._build(settings.mail_address, password)

    @property
    def running(self) -> bool:
        return self._job is not None

    def accept(self) -> None:
        """「設定をさがす」"""
        if self.running or not self._is_complete():
            return
        self._settings = replace(self._settings, mail_address=self.address.value.strip())
        known = for_domain(self._settings.mail_address)
        if known is not None and not known.password_login:
            self._tell(known.note, "Bad.TLabel")
            self._show_ways_out()
            return
        if known is not None and not self.password.value:
            self.finish(self._by_template(known))
            return
        if known is None and not self._has_word():
            return
        self._run()

    def cancel(self) -> None:
        if self._job is not None:
            self._job.stop()
        super().cancel()

    def cancel_or_stop(self) -> None:
        """「中止」 while it is searching, else 「キャンセル」."""
        if self._job is None:
            self.cancel()
            return
        self._job.stop()
        self._tell("中止しています…", "TLabel")

    def take_half(self) -> None:
        """「サーバの欄だけ入力する」"""
        if self._half is not None and not self.running:
            self.finish(self._half)

    def choose_template(self) -> None:
        if not self.running:
            self.finish(FoundSettings())

    # ---- the search ----

    def _run(self) -> None:
        self._half = None
        self._set_running(True)
        self._tell(search_texts.LOOKING_UP, "TLabel")
        settings, may_ask = self._settings, bool(self._may_ask)
        self._job = self._jobs.run(
            lambda job: self._workspace.look_up_servers(
                settings, may_ask=may_ask, stopping=job.stopping
            ),
            self._looked_up,
            owner=self,
            failed=self._failed,
        )

    def _looked_up(self, looked_up: LookedUp) -> None:
        if self._stopped():
            return
        unknown = strangers(looked_up.offers, self._settings.mail_address)
        asked = unknown[: search_texts.MOST_STRANGERS]
        allowed = bool(asked) and self._may_get_password(asked)
        if not self.winfo_exists():
            return
        left_out = set(unknown) - set(asked if allowed else ())
        offers = tuple(one for one in looked_up.offers if one.host not in left_out)
        looked_up = replace(looked_up, offers=offers)
        settings, password = self._settings, self.password.value

        def work(job: Job) -> FoundServers:
            def on_try(text: str) -> None:
                job.report(self._tell, f"{text}…", "TLabel")

            return self._workspace.try_servers(looked_up, settings, password, on_try, job.stopping)

        self._job = self._jobs.run(work, self._tried, owner=self, failed=self._failed)

    def _may_get_password(self, hosts: tuple[str, ...]) -> bool:
        answer = self._dialogs.choose(
            search_texts.STRANGERS_TITLE,
            search_texts.of_strangers(hosts, self._settings.mail_address),
            search_texts.STRANGERS_ANSWERS,
            careful=True,
        )
        return answer == search_texts.STRANGERS_ANSWERS[-1]

    def _tried(self, found: FoundServers) -> None:
        if self._stopped():
            return
        self._job = None
        self._set_running(False)
        base = self._settings
        if found.provider is not None:
            base = filled_in(base, found.provider, base.receive.protocol)
        password = self.password.value
        here = FoundSettings(
            with_servers(base, found.chosen),
            Passwords(receive=password, send=password),
            self._label(found.provider),
        )
        if found.found or found.has_own_account:
            self.finish(replace(here, logged_in=found.found))
            return
        self._half = here if found.provider is not None or found.chosen else None
        self._tell(search_texts.of_result(found, here.label), "Bad.TLabel")
        self._show_ways_out()

    def _stopped(self) -> bool:
        if self._job is None or not self._job.stopping():
            return False
        self._job = None
        self._set_running(False)
        self._tell("中止しました。", "TLabel")
        return True

    def _failed(self, trouble: Trouble) -> None:
        self._job = None
        self._set_running(False)
        self._tell(str(trouble), "Bad.TLabel")

    def _by_template(self, provider: Provider) -> FoundSettings:
        settings = filled_in(self._settings, provider, self._settings.receive.protocol)
        return FoundSettings(settings, Passwords(), self._label(provider))

    def _label(self, provider: Provider | None) -> str:
        if provider is not None:
            return provider.label.partition("（")[0]
        return self._settings.mail_address.rpartition("@")[2]

    def _is_complete(self) -> bool:
        address = self.address.value.strip()
        fault = address_fault(address) or (None if address else search_texts.NO_ADDRESS)
        if fault:
            self.address.show_error(fault)
            self.address.focus()
            return False
        if for_domain(address) is None and not self.password.value:
            self.password.show_error(search_texts.NO_PASSWORD)
            self.password.focus()
            return False
        return True

    def _has_word(self) -> bool:
        """Ask once whether the DNS and the web may be asked. False: the user wants to go back."""
        if self._may_ask is None:
            domain = self._settings.mail_address.rpartition("@")[2]
            back, without, ask = search_texts.WORD_ANSWERS
            said = self._dialogs.choose(
                search_texts.WORD_TITLE, search_texts.of_word(domain), (back, without, ask)
            )
            if said == back or not self.winfo_exists():
                return False
            self._may_ask = said == ask
        return True

    # ---- widgets ----

    def _build(self, address: str, password: str) -> None:
        paragraph(self.body, search_texts.INTRODUCTION).pack(anchor="w")
        self._visible = tick_variable(self)
        ttk.Checkbutton(  # before the fields, as on the page: Enter in the last one searches
            self.body,
            text="パスワードを見える形で入力する",
            variable=self._visible,
            command=lambda: self.password.reveal(self._visible.get()),
        ).pack(anchor="w", pady=(GAP, 0))
        form = Form(self.body, label_characters=8)
        form.pack(fill="x", pady=(GAP, 0))
        self.address = form.line("Emailアドレス", characters=44)
        self.password = form.line("パスワード", characters=44, secret=True)
        self.address.value, self.password.value = address, password
        self._progress = ttk.Progressbar(self.body, mode="indeterminate")
        self._told = paragraph(self.body, " ")
        self._told.pack(anchor="w", pady=(HALF, 0))
        self._ways_out, ways = button_row(
            self.body,
            {
                "テンプレートから選ぶ": self.choose_template,
                "サーバの欄だけ入力する": self.take_half,
            },
        )
        self._take_half = ways[1]
        self._cancel, self._search = self.buttons(
            ("キャンセル", self.cancel_or_stop), ("設定をさがす", self.accept)
        )
        self._set_running(False)
        self.start_at(self.password.widget if address else self.address.widget)
        on_key(self, "<F12>", self.accept)

    def _set_running(self, running: bool) -> None:
        for field in (self.address, self.password):
            field.enable(not running)
        if running:
            self._progress.pack(fill="x", pady=(GAP, 0), before=self._told)
            self._progress.start(40)
        else:
            self._progress.stop()
            self._progress.pack_forget()
            self.password.focus()  # what is most likely to be typed again
        self._ways_out.pack_forget()
        self._cancel.configure(text="中止" if running else "キャンセル")
        self._search.configure(state="disabled" if running else "normal")

    def _show_ways_out(self) -> None:
        """What else can be done where it was not found: by the template, or as far as it came."""
        self._ways_out.pack(anchor="w", pady=(GAP, 0))
        if self._half is None:
            self._take_half.pack_forget()
        else:
            self._take_half.pack(side="left")

    def _tell(self, text: str, style: str) -> None:
        self._told.configure(text=text, style=style)
