"""緒言設定 「ID」: who the shop is, and the PIN that protects the settings."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.members.phone_numbers import phone
from kollect.settings.model import Settings
from kollect.settings.pin import hashed
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.window import Window
from kollect.ui.navigator import Navigator
from kollect.ui.settings.backup_row import BackupRow
from kollect.ui.settings.pin_dialogs import NewPinDialog
from kollect.ui.settings.protection_row import ProtectionRow
from kollect.ui.settings.settings_page import SettingsPage
from kollect.ui.widgets.form import Form

if TYPE_CHECKING:
    from kollect.ui.settings.forget_pc_dialog import Farewell

DEMO_FOLDER = "デモのあいだだけのフォルダです。デモを解除すると消えます。"


class IdPage(SettingsPage):
    title = "ID"
    manual = "id"

    def __init__(
        self,
        parent: tk.Misc,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        open_folder: Callable[[], None],
        is_testing: Callable[[], bool],
    ) -> None:
        """`is_testing`: the mail settings are being tried just now."""
        super().__init__(parent)
        self._window = window
        self._workspaces = workspaces
        self._go = go
        self._in_demo = workspaces.current.in_demo
        self._pin = ""
        self._farewell: Farewell | None = None
        form = Form(self.inside)
        form.pack(fill="x")
        shop = form.group("お店")
        shop.note("ポスターと登録用紙、メールの差出人、「メール発信」の末尾に使います。")
        self.fields = {
            ("shop", "id"): shop.line("店番(ID)", characters=16, after="画面の一番上に出ます"),
            ("shop", "name"): shop.line("店名", characters=44),
            ("shop", "address"): shop.short_text("住所", lines=2, characters=44),
            ("shop", "phone"): shop.line("電話番号", characters=24),
        }
        self.phone = self.fields["shop", "phone"]
        self._phone_typed = False
        self.phone.on_edit(self._typed_phone)
        self.phone.widget.bind("<FocusOut>", lambda event: self._with_hyphens(), add="+")
        guard = form.group("暗証番号")
        self.protect = guard.checkbox("設定を保護する")
        guard.note(
            "暗証番号を知っている人だけが「緒言設定」を変更できるようになります（保守不可）。",
            under_fields=True,
        )
        self.protect.on_edit(self._protect_changed)
        self.protection = ProtectionRow(
            form.group("データを保護する"), window, workspaces, go, is_testing
        )
        data = form.group("データの入ったフォルダ")
        self.folder = data.line("場所", characters=34)
        self.folder.value = str(workspaces.current.folder.path)
        self.folder.widget.configure(state="readonly")
        self.open_button = ttk.Button(
            data.beside(self.folder), text="フォルダを開く", width=16, command=open_folder
        )
        entry = self.folder.widget
        self.open_button.pack(side="right", padx=(GAP, 0), before=entry)
        entry.pack_configure(fill="x", expand=True)
        if where := DEMO_FOLDER if self._in_demo else go.this_pc.where():
            data.note(where, under_fields=True)
        data.note(
            "設定と、集めたデータは、すべてこのフォルダの中にあります。"
            "パソコンを替えるときは、フォルダごと移してください。",
            under_fields=True,
        )
        self.backups = BackupRow(data, window, workspaces, go, is_testing)
        self.forget_button = ttk.Button(
            data.row(label="使うのをやめるとき"),
            text="このパソコンの登録を消す",
            width=26,
            command=self._forget,
        )
        self.forget_button.pack(side="left")
        data.note(
            "パソコンに覚えさせたパスワードと、「Windowsログイン時の起動」の登録を消します。",
            under_fields=True,
        )

    def show(self, settings: Settings) -> None:
        super().show(settings)
        self._phone_typed = False
        self._pin = settings.shop.pin
        self.protect.value = bool(self._pin)

    def _typed_phone(self) -> None:
        self._phone_typed = True

    def _with_hyphens(self) -> None:
        """As the members' numbers, however it was typed; what nobody has touched is no change."""
        if self._phone_typed and (written := phone(self.phone.value)) != self.phone.value:
            self.phone.value = written

    def gather(self, settings: Settings) -> Settings:
        self._with_hyphens()  # F12 is pressed in the field itself
        settings = super().gather(settings)
        return replace(settings, shop=replace(settings.shop, pin=self._pin))

    def enable(self, enabled: bool) -> None:
        super().enable(enabled)
        self.protect.enable(enabled)
        usable = enabled and not self._in_demo  # what the demo has collected goes with it
        self.protection.enable(usable)
        self.backups.enable(usable)
        self.forget_button.configure(state="normal" if usable else "disabled")

    def _forget(self) -> None:
        from kollect.ui.settings.forget_pc_dialog import Farewell

        if self._farewell is None:
            self._farewell = Farewell(self._window, self._workspaces, self._go)
        self._farewell.begin()

    def _protect_changed(self) -> None:
        if not self.protect.value:
            self._pin = ""
            return
        pin = self._window.dialogs.show(NewPinDialog)
        if pin is None:
            self.protect.value = False
        else:
            self._pin = hashed(pin)
