"""A kept mail to be read, and the address that is to get a number for it."""

from __future__ import annotations

import tkinter as tk
import unicodedata
from enum import StrEnum
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.ledger.kept_query import KeptMail
from kollect.mail import address
from kollect.mail.foreign_text import exact
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.widgets.dates import moment_text
from kollect.ui.widgets.folded_text import FoldedText
from kollect.ui.widgets.form import Form, wrapped

if TYPE_CHECKING:
    from kollect.mail.body import MailBody


class KeptMailAction(StrEnum):
    FORWARD = "転送する"
    NUMBER = "受付番号を発行"
    STOP = "配信停止にする"


class MailDialog(Dialog[KeptMailAction | None]):
    def __init__(self, parent: tk.Misc, mail: KeptMail, contents: MailBody) -> None:
        super().__init__(parent, "メールの内容", otherwise=None)
        self.body.columnconfigure(1, weight=1)
        lines = [
            ("差出人", contents.sender or exact(mail.address) or "（読み取れません）"),
            ("見出", contents.subject or "（見出なし）"),
            ("届いた日時", moment_text(mail.seen_at)),
            ("理由", mail.reason),
        ]
        if contents.attachments:
            lines.append(("添付ファイル", "\n".join(contents.attachments)))
        for row, (label, text) in enumerate(lines):
            ttk.Label(self.body, text=label, style="Faint.TLabel").grid(
                row=row, column=0, sticky="nw", padx=(0, GAP), pady="1p"
            )
            wrapped(self.body, text).grid(row=row, column=1, sticky="ew", pady="1p")
        self.body.rowconfigure(len(lines), weight=1)
        mail_text = FoldedText(self.body, lines=10, characters=64)
        mail_text.grid(row=len(lines), column=0, columnspan=2, sticky="nsew", pady=(GAP, 0))
        mail_text.show(contents.text or "（本文はありません）")
        self.text = mail_text.text
        if not contents.whole:
            note = "長いメールか、形のくずれたメールのため、読める部分だけを表示しています。"
            paragraph(self.body, note, style="Faint.TLabel").grid(
                row=len(lines) + 1, column=0, columnspan=2, sticky="w", pady=(HALF, 0)
            )
        wishes = [
            KeptMailAction.FORWARD,
            KeptMailAction.NUMBER,
            *([KeptMailAction.STOP] if mail.written_to else []),
        ]
        self.buttons(
            *((wish, partial(self.finish, wish)) for wish in wishes),
            ("閉じる", self.cancel),
            left=len(wishes),
        )


class NumberDialog(Dialog[str | None]):
    """Asks for the address of the customer; answers with one that a letter can be sent to."""

    def __init__(self, parent: tk.Misc, mail: KeptMail) -> None:
        super().__init__(parent, "受付番号の発行", otherwise=None, is_heading=True)
        paragraph(
            self.body,
            "次の受付番号を発行して、受付完了メールでお知らせします。"
            "お客様のメールアドレスを確かめてください。",
        ).pack(anchor="w", pady=(GAP, GAP))
        form = Form(self.body, label_characters=7)
        form.pack(fill="x")
        self.address = form.line("メールアドレス", characters=36)
        self.address.value = mail.address
        self.buttons(("キャンセル", self.cancel), ("発行する", self.accept))
        self.start_at(self.address.widget)

    def accept(self) -> None:
        typed = _in_half_width(self.address.value.strip())
        if address.is_usable(typed):
            self.finish(typed)
            return
        self.address.show_error(
            "メールアドレスを正しく入力してください（例: taro@example.ne.jp）。"
            if typed
            else "メールアドレスを入力してください。"
        )
        self.address.focus()


def _in_half_width(typed: str) -> str:
    """What a Japanese keyboard writes in full width, where that is all there is to it."""
    narrow = unicodedata.normalize("NFKC", typed)
    return narrow if narrow.isascii() else typed
