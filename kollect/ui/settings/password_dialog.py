"""Asks once for the passwords that this PC does not know: the USB stick has moved."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Collection
from dataclasses import replace

from kollect.settings.model import Passwords, Settings
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.form import Form


class PasswordDialog(Dialog[Passwords | None]):
    """Answers with the passwords, the known ones as given; None where the user gives up."""

    manual = "mail"

    def __init__(
        self,
        parent: tk.Misc,
        settings: Settings,
        known: Passwords,
        missing: Collection[str],
        is_kept: bool,
    ) -> None:
        """`is_kept`: this PC will know them from now on."""
        super().__init__(parent, "パスワードの入力", otherwise=None)
        self._known = known
        paragraph(
            self.body,
            "このパソコンには、メールのパスワードがまだ登録されていません。"
            + (
                "一度入力すると、このパソコンが覚えます（USBメモリには残しません）。"
                if is_kept
                else "このパソコンには覚えさせる場所がないため、起動するたびに入力が必要です。"
            ),
        ).pack(anchor="w", pady=(0, GAP))
        form = Form(self.body)
        form.pack(fill="x")
        words = {
            "receive": ("受信用のパスワード", settings.receive.account),
            "send": ("送信用のパスワード", settings.send.account),
        }
        self.fields = {}
        for which in ("receive", "send"):
            if which in missing:
                label, account = words[which]
                form.note(f"アカウント: {account}", under_fields=True)
                self.fields[which] = form.line(label, characters=30, secret=True)
        self._copied = ""
        if len(self.fields) > 1 and settings.receive.account == settings.send.account:
            form.note("受信用と違うときだけ、送信用の欄を直してください。", under_fields=True)
            self.fields["receive"].on_edit(self._copy)
        self.reveal = form.checkbox("パスワードを見える形で入力する")
        self.reveal.on_edit(self._show_letters)
        self.buttons(("キャンセル", self.cancel), ("OK", self.accept))
        self.start_at(next(iter(self.fields.values())).widget)
        on_key(self, "<F12>", self.accept)

    def _copy(self) -> None:
        """One account has one password; what was typed for sending stays."""
        send = self.fields["send"]
        if send.value == self._copied:
            self._copied = send.value = self.fields["receive"].value

    def _show_letters(self) -> None:
        for field in self.fields.values():
            field.reveal(self.reveal.value)

    def accept(self) -> None:
        for field in self.fields.values():
            if not field.value:
                field.show_error("パスワードを入力してください。")
                field.focus()
                return
        self.finish(
            replace(self._known, **{which: field.value for which, field in self.fields.items()})
        )
