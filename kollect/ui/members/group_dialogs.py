"""Into which グループ many members come, or out of which they go: asked with their count."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from kollect.desktop.ime import InputMode
from kollect.members import normalize
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.members.group_choice import GroupChoice
from kollect.ui.members.member_form_fields import LABEL_CHARACTERS, switch_ime
from kollect.ui.widgets.form import Form

Groups = tuple[str, ...]
"""As `normalize.groups` has them; empty: nothing is to be done."""


class IntoGroupDialog(Dialog[Groups]):
    def __init__(self, parent: tk.Misc, count: int, labels: Sequence[str]) -> None:
        """`labels`: the グループ that there are."""
        super().__init__(parent, "グループに入れる", otherwise=())
        paragraph(
            self.body,
            f"選んだ {count:,}名を、このグループに入れます。ほかのグループはそのままです。",
        ).pack(anchor="w", pady=(0, GAP))
        rows = Form(self.body, label_characters=LABEL_CHARACTERS)
        rows.pack(fill="x")
        self.groups = rows.line("グループ", characters=24)
        GroupChoice(rows, self.groups).offer(labels)
        switch_ime(self.groups.widget, InputMode.HIRAGANA)
        self.buttons(("キャンセル", self.cancel), ("入れる", self.accept))
        self.start_at(self.groups.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        groups = normalize.groups(self.groups.value)
        if groups:
            self.finish(groups)
        else:
            self.groups.show_error("グループの名前を入力してください。例: 常連")
            self.groups.focus()


class OutOfGroupDialog(Dialog[Groups]):
    def __init__(self, parent: tk.Misc, count: int, labels: Sequence[str]) -> None:
        """`labels`: the グループ that they are in, at least one."""
        super().__init__(parent, "グループから外す", otherwise=())
        paragraph(
            self.body,
            f"選んだ {count:,}名を、このグループから外します。ほかのグループはそのままです。",
        ).pack(anchor="w", pady=(0, GAP))
        rows = Form(self.body, label_characters=LABEL_CHARACTERS)
        rows.pack(fill="x")
        self.one = rows.choice("グループ", {label: label for label in labels})
        self.one.value = labels[0]
        self.buttons(("キャンセル", self.cancel), ("外す", self.accept))
        self.start_at(self.one.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        self.finish((self.one.value,))
