"""緒言設定 「2重登録時の処理」: what a customer gets who has a number already."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from kollect.settings.model import DuplicateAction, Settings
from kollect.settings.validation import DUPLICATE_MARK
from kollect.ui.settings.letter_page import Fill, LetterPage

ACTION_WORDS = {
    DuplicateAction.REPLY: "返信メールを送る",
    DuplicateAction.IGNORE: "返信せずに削除する",
    DuplicateAction.RENUMBER: "新しい受付番号を発行する",
}


class DuplicatePage(LetterPage):
    title = "2重登録時の処理"
    manual = "duplicate"

    def __init__(self, parent: tk.Misc, fill: Fill, gather: Callable[[], Settings]) -> None:
        super().__init__(parent, fill, gather)
        form = self.form
        form.note(
            "受付番号をお知らせしたお客様から、もう一度空メールが届いたときの処理を決めます。"
        )
        action = form.radios("受付済みメールの処理方法", ACTION_WORDS, below=True)
        form.note(
            "「返信メールを送る」では、前と同じ受付番号を下の文章でお知らせします。"
            "「新しい受付番号を発行する」では、「制御情報」の受付完了メールを送ります。",
            under_fields=True,
        )
        subject = form.line("返信メール見出", characters=40)
        body = form.text("返信メール本文", lines=8)
        self.insert_button = form.under_label(
            f"{DUPLICATE_MARK}を挿入", lambda: body.insert(DUPLICATE_MARK)
        )
        self.fields = {
            ("duplicate", "action"): action,
            ("duplicate", "reply_subject"): subject,
            ("duplicate", "reply_body"): body,
        }
        self._letter = (subject, body)
        self._action = action
        self._enabled = True
        self.watch()

    def enable(self, enabled: bool) -> None:
        super().enable(enabled)
        self._enabled = enabled
        self.refresh()

    def refresh(self) -> None:
        settings = self._gather()
        duplicate = settings.duplicate
        answered = self._action.value is DuplicateAction.REPLY
        for field in self._letter:
            field.enable(answered and self._enabled)
        self.insert_button.configure(state="normal" if answered and self._enabled else "disabled")
        number, digits = settings.collect.first_number, settings.collect.number_digits
        self.show_preview(answered)
        if answered:
            self.preview.show(
                sender=self._sender(settings),
                subject=self._fill(duplicate.reply_subject, number, digits),
                body=self._fill(duplicate.reply_body, number, digits),
                note=f"{DUPLICATE_MARK}のところに、前にお知らせした受付番号が入ります"
                f"（見本は{number}番）。",
            )
            self.check.edited()

    def _letter_of(self, settings: Settings) -> tuple[str, str]:
        return settings.duplicate.reply_subject, settings.duplicate.reply_body
