"""The mail as each single member will get it; ◀ ▶ go from one to the next."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.mailing import mailing_text
from kollect.mailing.mailing_text import TextPerson
from kollect.members.member_filter import EVERYBODY
from kollect.settings.model import Settings
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.window import Window
from kollect.ui.widgets.mail_preview import MailPreview

_LINES = 6
"""Asked for, however long the letter is: what stands below stays in sight."""
_SAMPLE = ("見本　花子", 1001)
_NOTE = "線の下（店名・住所・配信停止の方法）は、法律で決められているため、自動で付きます。"


class MemberPreview(ttk.Frame):
    """`load` finds out who the members are; `write` shows what one of them will read."""

    def __init__(self, parent: tk.Misc, window: Window, workspaces: ActiveWorkspace) -> None:
        super().__init__(parent)
        self._workspaces = workspaces
        self._window = window
        self._numbers: list[int] = []
        self._at = 0
        self._person: tuple[str, int] = _SAMPLE
        self._text = ("", "")
        self._settings = Settings()
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        bar = ttk.Frame(self)
        bar.grid(row=0, column=0, sticky="ew", pady=(0, HALF))
        bar.columnconfigure(1, weight=1)
        self.before = ttk.Button(bar, text="◀", width=4, command=lambda: self.go(-1))
        self.before.grid(row=0, column=0)
        self.who = ttk.Label(bar, anchor="center", style="Bold.TLabel")
        self.who.grid(row=0, column=1, sticky="ew", padx=GAP)
        self.after_ = ttk.Button(bar, text="▶", width=4, command=lambda: self.go(+1))
        self.after_.grid(row=0, column=2)
        self.mail = MailPreview(self, most=_LINES)  # it is given what height there is
        self.mail.grid(row=1, column=0, sticky="nsew")
        self._show()

    def write(self, subject: str, body: str, settings: Settings) -> None:
        """Show this text, filled in for the member at hand."""
        self._text, self._settings = (subject, body), settings
        self._show()

    def load(self) -> None:
        """Find out whom it can go to."""

        def work(job: Job) -> list[int]:
            with self._workspaces.current.outbox() as outbox:
                return outbox.who(EVERYBODY)

        def done(numbers: list[int]) -> None:
            self._numbers = numbers
            self._at = min(self._at, max(0, len(numbers) - 1))
            self.go(0)

        self._window.jobs.run(work, done, owner=self, failed=self._without)

    def go(self, step: int) -> None:
        """To the member so many places further on, around the end."""
        if not self._numbers:
            self._person = _SAMPLE
            self._show()
            return
        self._at = (self._at + step) % len(self._numbers)
        number = self._numbers[self._at]

        def work(job: Job) -> str:
            with self._workspaces.current.members() as members:
                member = members.get(number)
                return member.name if member else ""

        def done(name: str) -> None:
            if self._numbers and self._numbers[self._at] == number:
                self._person = (name, number)
                self._show()

        self._window.jobs.run(work, done, owner=self, failed=self._without)
        self._window.tk_calls.hurry()

    def _without(self, trouble: Trouble) -> None:
        """What cannot be read is told where it is needed; a made-up member does here."""
        self._numbers = []
        self._person = _SAMPLE
        self._show()

    def _show(self) -> None:
        settings, (subject, body) = self._settings, self._text
        name, number = self._person
        shop = settings.shop
        person = TextPerson(name, f"{number:0{settings.collect.number_digits or 1}d}")
        if self._numbers:
            where = f"{self._at + 1:,} ／ {len(self._numbers):,}　{name} 様"
        else:
            where = f"見本　{name} 様"
        self.who.configure(text=where)
        for button in (self.before, self.after_):
            button.configure(state="normal" if len(self._numbers) > 1 else "disabled")
        address = settings.mail_address
        self.mail.show(
            sender=f"{shop.name} <{address}>" if shop.name and address else shop.name or address,
            subject=mailing_text.fill(mailing_text.with_shop(subject, shop), person),
            body=mailing_text.complete(
                mailing_text.fill(mailing_text.with_shop(body, shop), person),
                mailing_text.footer(shop, address),
            ),
            note=_NOTE,
        )
