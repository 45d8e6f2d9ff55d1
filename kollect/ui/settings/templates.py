"""The dialog of 「テンプレート」: choose a provider, and its servers are filled in."""

from __future__ import annotations

import tkinter as tk

from kollect.settings.providers import Provider
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.settings.provider_table import ProviderTable


class TemplateDialog(Dialog[Provider | None]):
    """Answers with the provider, or None."""

    manual = "templates"

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "テンプレート (KKRE0102)", otherwise=None)
        paragraph(
            self.body,
            "お使いのプロバイダを選ぶと、サーバの名前やポート番号などを自動で入力します。"
            "アカウントとパスワードは、そのあとで確かめてください。",
            characters=44,
        ).pack(anchor="w", pady=(0, GAP))
        self.table = ProviderTable(self.body, take=self.accept)
        self.table.pack(fill="both", expand=True)
        _, self._ok = self.buttons(("キャンセル", self.cancel), ("この内容を入力する", self.accept))
        self.table.on_change(self._changed)
        self.start_at(self.table.search)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        provider = self.table.chosen
        if provider is not None and provider.password_login:
            self.finish(provider)

    def _changed(self) -> None:
        provider = self.table.chosen
        usable = provider is not None and provider.password_login
        self._ok.configure(state="normal" if usable else "disabled")
