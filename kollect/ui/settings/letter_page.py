"""The pages of 緒言設定 with a letter: the form, and beside it the letter as it will arrive."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.letters.letter_check import LetterKind, TextRemark, remarks
from kollect.settings.model import Settings
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.theme import HALF, WIDE
from kollect.ui.settings.settings_page import SettingsPage
from kollect.ui.widgets.form import Form
from kollect.ui.widgets.letter_check_strip import LetterCheckStrip
from kollect.ui.widgets.mail_preview import MailPreview

BESIDE = 65
"""So many full-width characters wide a page must be for a letter beside the form."""

Fill = Callable[[str, int, int], str]


class LetterPage(SettingsPage):
    """A form on the left, the letter as it will arrive on the right."""

    def __init__(self, parent: tk.Misc, fill: Fill, gather: Callable[[], Settings]) -> None:
        super().__init__(parent)
        self._fill = fill
        self._gather = gather
        self.form = Form(self.inside, label_characters=12)
        self.form.grid(row=0, column=0, sticky="new")
        self._side = ttk.Frame(self.inside)
        self.preview = MailPreview(self._side)
        self.preview.pack(fill="both", expand=True)
        self.check = LetterCheckStrip(self._side, self._remarks, self.scrolled.see)
        self.check.pack(fill="x", pady=(HALF, 0))
        self._previewed = True
        self._arrange()
        self.bind("<Configure>", lambda event: self._arrange())

    def watch(self) -> None:
        """Renew the preview whenever something is edited."""
        for field in self.fields.values():
            field.on_edit(self.refresh)

    def _arrange(self) -> None:
        """The preview beside the form where there is room for both, else below it."""
        if not self._previewed:
            self._side.grid_remove()
        beside = self.winfo_width() <= 1 or self.winfo_width() > em(self) * BESIDE
        # widths of the window alone: those of texts that fold to them would never come to rest
        shared = "half" if beside else ""
        self.inside.columnconfigure(0, weight=3, uniform=shared)
        self.inside.columnconfigure(1, weight=2 if beside else 0, uniform=shared)
        if self._previewed and beside:
            self._side.grid(row=0, column=1, sticky="new", padx=(WIDE, 0), pady=0)
        elif self._previewed:
            self._side.grid(row=1, column=0, sticky="new", padx=0, pady=(WIDE, 0))

    def show_preview(self, previewed: bool) -> None:
        self._previewed = previewed
        self._arrange()

    def refresh(self) -> None:
        """Let the preview follow the fields, of all tabs."""
        raise NotImplementedError

    def _letter_of(self, settings: Settings) -> tuple[str, str]:
        """Subject and body as they are written, with ★1★."""
        raise NotImplementedError

    def _remarks(self) -> tuple[TextRemark, ...]:
        settings = self._gather()
        return remarks(
            *self._letter_of(settings),
            shop_name=settings.shop.name,
            charset=settings.collect.charset,
            kind=LetterKind.REPLY,
        )

    def _sender(self, settings: Settings) -> str:
        name, address = settings.shop.name, settings.mail_address
        return f"{name} <{address}>" if name and address else name or address
